# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks gradients_check.py: it must accept what f32 arithmetic gives, whether operands are rounded or not and whichever
keys are the outer ones, and reject every wrong variant of it."""

import dataclasses
import functools
import sys

import numpy as np

import data
import harness
from data import NAMES, round_to
from gradients_cases import GROUPS, GradientCase
from gradients_check import check, expected, in_f32


def model(case, x, products="f32", other_roles=False, **changes):
    """What a correct tool returns whose products have operands of this type; `other_roles`: which of the two pairs of keys
    and values is the outer one is the reverse."""
    given = {**data.options(case), **changes}
    rounded = {} if products == "f32" else {"rounded": lambda operand: round_to(products, operand)}
    grads = in_f32(x, given, data.outer_second(given) != other_roles, **rounded)
    result = np.float16 if case.dtype == "f16" else np.float32
    return {name: round_to(case.dtype, grads[name]).astype(result) for name in case.grads.split()}


def other(**changes):
    """A tool that runs the case with other attributes."""
    return lambda case, x: model(dataclasses.replace(case, **changes), x)


def given(edit):
    """A tool that changes its inputs: edit(x) returns those that differ."""
    return lambda case, x: model(case, {**x, **edit(x)})


def edited(edit):
    """A tool whose correct result is then spoilt by edit(got)."""
    def tool(case, x):
        got = model(case, x)
        edit(got)
        return got
    return tool


def of(name, edit):
    """The same, by edit(gradient) of one of them."""
    return edited(lambda got: got.update({name: edit(got[name])}))


def first_heads(case, x):
    """Gradients of keys are sums over all heads of a group but the last."""
    group = case.Hq // case.Hk
    last = np.arange(case.Hq) % group == group - 1
    return {**model(case, {**x, "d_out": np.where(last[:, None], 0, x["d_out"])}), "q": model(case, x)["q"]}


def interleaved_heads(case, x):
    """Query head h reads kv head h % Hk instead of h / (Hq / Hk)."""
    order = np.arange(case.Hq).reshape(-1, case.Hk).T.ravel()
    got = model(case, {**x, **{name: x[name][:, :, order] for name in ("q", "out", "d_out")}, "lse": x["lse"][:, order]})
    return {**got, "q": got["q"][:, :, np.argsort(order)]}


def low_delta(case, x):
    """delta in bf16: by an element of out that makes d_out * out add up to it."""
    delta = np.sum(x["d_out"] * x["out"], axis=-1, keepdims=True)
    out = np.zeros_like(x["out"])
    out[..., :1] = round_to("bf16", delta) / x["d_out"][..., :1]
    return model(case, {**x, "out": out})


def one_query_twice(case, x):
    d_out = x["d_out"].copy()
    d_out[0, -3] *= 2
    return {**model(case, {**x, "d_out": d_out}), "q": model(case, x)["q"]}


def reversed_cross(case, x):
    """Of q and k1, in the gradient of k2."""
    return {**model(case, x), "k2": -model(case, x)["k2"]}


def no_bias(name):
    """A tool that leaves out a bias in the gradients alone: out and lse have it."""
    return lambda case, x: model(case, x, **{name: 0.0})


def roll(axis):
    return lambda grad: np.roll(grad, 1, axis)


def scaled_row(factor):
    """Of the row that is the largest one."""
    def edit(grad):
        grad = grad.copy()
        norms = np.linalg.norm(grad.astype(np.float32), axis=-1)
        grad[np.unravel_index(np.argmax(norms), norms.shape)] *= grad.dtype.type(factor)
        return grad
    return edit


def filled(value, *at):
    def edit(grad):
        grad = grad.copy()
        grad[at] = value
        return grad
    return edit


def wrong_tools():
    """(what is wrong, the case that shows it, the tool)."""
    for dtype in ("f32", "f16", "bf16"):
        case = GradientCase(dtype=dtype, B=2, N=24, Hq=4, Hk=2, D=48, w1=4, w2=9, k2_bias=0.1, v2_bias=0.2, Nq=20)
        off = 1.05 if dtype == "bf16" else 1.01
        for name in NAMES:
            yield f"sign of d_{name}", case, of(name, np.negative)
            yield f"d_{name} doubled", case, of(name, lambda grad: 2 * grad)
            yield f"d_{name} is 0", case, of(name, np.zeros_like)
            yield f"d_{name} of another batch", case, of(name, roll(0))
            yield f"d_{name} of another position", case, of(name, roll(1))
            yield f"d_{name} of another head", case, of(name, roll(2))
            yield f"d_{name} of another element", case, of(name, roll(3))
            yield f"d_{name} of the first batch only", case, of(name, filled(0, 1))
            yield f"a row of d_{name} off", case, of(name, scaled_row(off))
            yield f"a row of d_{name} is missing", case, of(name, filled(0, 1, 15, 1))
            yield f"a nan in d_{name}", case, of(name, filled(np.nan, 0, 12, 1, 3))
            yield f"d_{name} in another type", case, of(name, lambda grad: grad.astype(np.float64))
            yield f"d_{name} has another shape", case, of(name, lambda grad: grad[:, 1:])
        for a, b in ("k1", "k2"), ("v1", "v2"), ("k1", "v1"):
            yield f"d_{a} and d_{b} swapped", case, edited(lambda got, a=a, b=b: got.update({a: got[b], b: got[a]}))
            yield f"{a} and {b} swapped", case, given(lambda x, a=a, b=b: {a: x[b], b: x[a]})
        yield "without scale", case, edited(lambda got: got.update({n: got[n] * 48 ** 0.5 for n in ("q", "k1", "k2")}))
        yield "a head missing in sums", case, first_heads
        yield "heads interleaved", case, interleaved_heads
        yield "a query counted twice", case, one_query_twice
        yield "without delta", case, given(lambda x: {"out": 0 * x["out"]})
        yield "delta doubled", case, given(lambda x: {"out": 2 * x["out"]})
        yield "delta of another query", case, given(lambda x: {"out": np.roll(x["out"], 1, 1)})
        yield "delta of another head", case, given(lambda x: {"out": np.roll(x["out"], 1, 2)})
        yield "lse to base 2", case, given(lambda x: {"lse": np.float32(1.4427) * x["lse"]})
        yield "lse of another head", case, given(lambda x: {"lse": np.roll(x["lse"], 1, 1)})
        yield "lse of another query", case, given(lambda x: {"lse": np.roll(x["lse"], 1, 2)})
        yield "lse of another batch", case, given(lambda x: {"lse": np.roll(x["lse"], 1, 0)})
        yield "w1 + 1", case, other(w1=5)
        yield "w1 - 1", case, other(w1=3)
        yield "w2 + 1", case, other(w2=10)
        yield "w2 - 1", case, other(w2=8)
        yield "windows swapped", case, other(w1=9, w2=4)
        yield "not causal", case, other(causal=False)
        yield "causal", dataclasses.replace(case, causal=False), other(causal=True)
        yield "no k2_bias", case, no_bias("k2_bias")
        yield "no v2_bias", case, no_bias("v2_bias")
        yield "other form", case, other(form="determinant")
        yield "order of a cross product", dataclasses.replace(case, form="determinant"), reversed_cross
        yield "other scale", case, other(scale=0.15)
        yield "queries aligned at the front", dataclasses.replace(case, N=24, Nq=20, w1=None), lambda case, x: {
            name: np.pad(grad, ((0, 0), (0, 0 if name == "q" else 4), (0, 0), (0, 0))) for name, grad in model(
                case, {name: x[name][:, :-4] if name in NAMES[1:] else x[name] for name in x}).items()}
        few = dataclasses.replace(case, Nq=9)
        yield "a gradient of a key that no query sees", few, of("k1", filled(1e-6, 0, 0, 0, 0))
        empty = dataclasses.replace(case, N=5, Nq=9)
        yield "nan for an empty row", empty, of("q", filled(np.nan, 0, 0, 0))
        yield "not 0 for an empty row", empty, of("q", filled(1e-6, 0, 0, 0))
        poisoned = dataclasses.replace(case, bad=(("v2", (0, 12, 0, 0), np.nan),))
        yield "nan leaks to a key", poisoned, of("v1", filled(np.nan, 0, 12, 0, 1))
        yield "nan leaks to a query", poisoned, of("q", filled(np.nan, 0, 2, 0))
        yield "nan vanishes", poisoned, edited(lambda got: got.update({n: np.nan_to_num(got[n]) for n in got}))
        one = GradientCase(dtype=dtype, N=1, Hq=3)
        yield "noise where P = 1", one, of("q", lambda grad: grad + grad.dtype.type(0.5))
        zeros = dataclasses.replace(case, d_out="zeros")
        yield "not 0 of zeros", zeros, of("v1", filled(1e-6, 0, 12, 0, 1))
    case = GradientCase(N=24, Hq=4)
    yield "delta in bf16", case, low_delta
    yield "delta in bf16", dataclasses.replace(case, data="correlated"), low_delta
    yield "lse in bf16", case, given(lambda x: {"lse": round_to("bf16", x["lse"])})
    yield "out in bf16", case, given(lambda x: {"out": round_to("bf16", x["out"])})
    yield "products of bf16", case, lambda case, x: model(case, x, "bf16")
    yield "products of tf32", case, lambda case, x: model(case, x, "tf32")
    packed, short = GradientCase(N=24, Hq=2, documents=((7, 17),)), GradientCase(N=24, Hq=2, lengths=(15,))
    yield "documents see each other", packed, other(documents=())
    yield "keys behind the last one", short, other(lengths=())
    yield "a gradient behind the last key", short, of("v1", filled(1e-6, 0, 15, 0, 0))
    large = GradientCase(data="winner", scale=1.0, Hq=2)
    yield "large logits clipped", large, given(lambda x: {"q": x["q"] / 64})
    yield "without delta, of one pair", large, given(lambda x: {"out": 0 * x["out"]})


@functools.lru_cache(maxsize=64)
def inputs(case, products):
    """They, and what is known of them: many tools are checked with the same."""
    x = data.make_gradient(case)
    return x, expected(case, x, products)


def main():
    arguments = harness.arguments(__doc__, "cases").parse_args()
    accepted = failures = 0
    for case in harness.chosen([case for group in GROUPS.values() for case in group], arguments):
        for products in [case.operand] if case.operand else sorted({"f32", case.dtype}):
            x, known = inputs(case, products)
            for other_roles in False, True:
                accepted += 1
                verdict = check(case, x, model(case, x, products, other_roles), products, known)
                if verdict.problems:
                    failures += 1
                    roles = ", of other roles" if other_roles else ""
                    print(f"rejects products of {products}{roles}: {case}: {'; '.join(verdict.problems)}")

    rejected = list(wrong_tools())
    for what, case, tool in rejected:
        x, known = inputs(case, "f32")
        if check(case, x, model(case, x), "f32", known).problems:
            failures += 1
            print(f"rejects f32 arithmetic: {case}")
        with np.errstate(over="ignore"):
            wrong = tool(case, x)
        if not check(case, x, wrong, "f32", known).problems:
            failures += 1
            print(f"accepts a wrong result: {what}: {case}")

    print(f"{accepted} results accepted, {len(rejected)} rejected, {failures} failed")
    return 1 if failures else 0


sys.exit(main())
