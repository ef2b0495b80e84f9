# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks check.py: it must accept what plain f32 arithmetic gives, and reject every wrong variant of it."""

import dataclasses
import sys

import numpy as np

import data
from cases import Case
from check import check
from gpu_cases import GROUPS
from reference import attention, logits


def plain(case, x):
    """What a correct tool returns: the reference in f32, out rounded to the case's type."""
    out, lse = attention(*x.values(), **data.options(case), dtype=np.float32)
    out = data.round_to(case.dtype, out).astype(np.float16 if case.dtype == "f16" else np.float32)
    return {name: value for name, value in (("out", out), ("lse", lse)) if name in case.results.split()}


def other(**changes):
    """A tool that runs the case with other attributes."""
    return lambda case, x: plain(dataclasses.replace(case, **changes), x)


def edited(edit):
    """A tool whose correct result is then spoilt by edit(out, lse)."""
    def tool(case, x):
        got = plain(case, x)
        edit(got["out"], got["lse"])
        return got
    return tool


def interleaved_heads(case, x):
    """Query head h reads kv head h % Hk instead of h / (Hq / Hk)."""
    group = case.Hq // case.Hk
    order = np.arange(case.Hq).reshape(group, case.Hk).T.ravel()
    got = plain(case, {**x, "q": x["q"][:, :, order]})
    back = np.argsort(order)
    return {"out": got["out"][:, :, back], "lse": got["lse"][:, back]}


def swapped(a, b):
    return lambda case, x: plain(case, {**x, a: x[b], b: x[a]})


def scaled_row(out, lse):
    out[0, -1, 0] *= 1.02


def late(count):
    """Aligns queries with the first keys instead of the last ones."""
    def tool(case, x):
        return plain(case, {name: value if name == "q" else value[:, :-count] for name, value in x.items()})
    return tool


def wrong_tools():
    """(what is wrong, the case that shows it, the tool)."""
    for dtype in ("f32", "f16", "bf16"):
        case = Case(dtype=dtype, N=24, Hq=4, Hk=2, D=48, w1=4, w2=9, k2_bias=0.1, v2_bias=0.2, Nq=20)
        yield "w1 + 1", case, other(w1=5)
        yield "w1 - 1", case, other(w1=3)
        yield "w2 + 1", case, other(w2=10)
        yield "windows swapped", case, other(w1=9, w2=4)
        yield "not causal", case, other(causal=False)
        yield "causal", dataclasses.replace(case, causal=False), other(causal=True)
        yield "no k2_bias", case, other(k2_bias=None)
        yield "no v2_bias", case, other(v2_bias=None)
        yield "other form", case, other(form="determinant")
        yield "other scale", case, other(scale=0.15)
        yield "heads interleaved", case, interleaved_heads
        yield "k1 and k2 swapped", case, swapped("k1", "k2")
        yield "v1 and v2 swapped", case, swapped("v1", "v2")
        yield "queries aligned at the front", case, late(4)
        yield "one row off by 2%", case, edited(scaled_row)
        yield "lse to base 2", case, edited(lambda out, lse: np.multiply(lse, 1.4427, out=lse))
        yield "nan in a row", case, edited(lambda out, lse: out[0, 3, 0].fill(np.nan))
        empty = dataclasses.replace(case, N=5, Nq=9)
        yield "nan for an empty row", empty, edited(lambda out, lse: out[0, 0, 0].fill(np.nan))
        yield "not 0 for an empty row", empty, edited(lambda out, lse: out[0, 0, 0].fill(1e-3))
        yield "a number as lse of an empty row", empty, edited(lambda out, lse: lse[..., 0].fill(-1e30))
        poisoned = dataclasses.replace(case, bad=(("v2", (0, 12, 0, 0), np.nan),))
        yield "nan leaks", poisoned, edited(lambda out, lse: out[0, 0, 0, 0:1].fill(np.nan))
        yield "nan vanishes", poisoned, edited(lambda out, lse: np.nan_to_num(out, copy=False))
    packed, short = Case(N=24, Hq=2, documents=((7, 17),)), Case(N=24, Hq=2, lengths=(15,))
    yield "documents see each other", packed, other(documents=())
    yield "a document begins late", packed, other(documents=((8, 16),))
    yield "keys behind the last one", short, other(lengths=())
    large = Case(data="winner", scale=1.0, Hq=2)
    yield "large logits clipped", large, lambda case, x: plain(case, {**x, "q": x["q"] / 64})
    half = Case(dtype="bf16", N=48, data="half")
    yield "20 dB of noise", half, edited(lambda out, lse: np.multiply(out, 1 + 0.1 * (np.arange(64) % 2), out=out))


def main():
    failures = 0

    accepted = [case for group in GROUPS.values() for case in group]
    spread = []
    for case in accepted:
        x = data.make(case)
        verdict = check(case, x, plain(case, x))
        if verdict.problems:
            failures += 1
            print(f"rejects f32 arithmetic: {case}: {'; '.join(verdict.problems)}")
        if case.data == "peaked" and not case.bad and min(case.N, case.queries) > 9:
            kwargs = data.options(case)
            group = case.Hq // case.Hk
            spread.append(np.std(logits(
                x["q"][0, -1, :group], x["k1"][0, :, 0], x["k2"][0, :, 0],
                kwargs.get("scale", case.D ** -0.5), kwargs.get("k2_bias", 0), kwargs["form"])))
    if not np.mean(spread) > 3:
        failures += 1
        print(f"the softmax is too flat: logits have standard deviation {np.mean(spread)}")

    rejected = list(wrong_tools())
    for what, case, tool in rejected:
        x = data.make(case)
        if check(case, x, plain(case, x)).problems:
            failures += 1
            print(f"rejects f32 arithmetic: {case}")
        if not check(case, x, tool(case, x)).problems:
            failures += 1
            print(f"accepts a wrong result: {what}: {case}")

    print(f"{len(accepted)} results accepted, {len(rejected)} rejected, {failures} failed, "
          f"logits of standard deviation {np.mean(spread):.1f}")
    return 1 if failures else 0


sys.exit(main())
