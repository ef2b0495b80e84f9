# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What makes gradients right."""

import dataclasses

import numpy as np

from check import Verdict
from data import NAMES, bounds, exchanged, options, outer_second, round_to
from gradients_reference import attention_grad, seen

# d_q, d_k1 and d_k2 are made of differences: of one pair, P = 1 and dP - delta = 0. Their errors are relative to their
# norm and this part of what it would be if nothing cancelled in these; those of a row, to the average row's norm as well.
UNREDUCED = 0.03


def relative_error(got, want, unreduced):
    """Norm of the difference over the norm."""
    norm = np.linalg.norm(want) + UNREDUCED * np.linalg.norm(unreduced)
    return np.linalg.norm(got - want) / norm if norm else float(np.any(got != want))


def worst_row(got, want, unreduced):
    """The largest relative error of a row of D elements."""
    norms = np.linalg.norm(want, axis=-1) + UNREDUCED * np.linalg.norm(unreduced, axis=-1)
    if not norms.any():
        return float(np.any(got != want))
    return np.max(np.linalg.norm(got - want, axis=-1) / (norms + np.sqrt(np.mean(norms ** 2))))


def seeing(case):
    """{name: which of a gradient's rows [B, N] have any pair}."""
    start, lengths = (bounds(case).get(name, case.B * [None]) for name in ("start", "lengths"))
    of_each = [seen(case.queries, case.N, case.keys2, case.w1, case.w2, case.causal, start[b], lengths[b])
               for b in range(case.B)]
    q, first, second = (np.array([rows[i] for rows in of_each], bool).reshape(case.B, n)
                        for i, n in enumerate((case.queries, case.N, case.keys2)))
    return {"q": q, "k1": first, "k2": second, "v1": first, "v2": second}


def in_f32(x, given, outer_second, **how):
    """{name: gradient}, computed in f32; `outer_second`: with k2 and v2 in the place of k1 and v1."""
    if not outer_second:
        return dict(zip(NAMES, attention_grad(**x, **given, dtype=np.float32, **how)))
    x, given, sign = exchanged(x, given)
    q, k2, k1, v2, v1 = attention_grad(**x, **given, dtype=np.float32, **how)
    return dict(zip(NAMES, (sign * q, k1, k2, v1, v2)))


@dataclasses.dataclass(frozen=True)
class Expected:
    """{operand's name: array} each."""
    want: dict
    unreduced: dict
    plains: list  # in f32, by each way that kernels have


def expected(case, x, products):
    """What is known of the inputs x before there is a result; `products` as for check.check."""
    given = options(case)
    want = dict(zip(NAMES, attention_grad(*(x[name] for name in (*NAMES, "d_out")), **given)))
    largest = {"v1": np.abs(x["v1"]), "v2": np.abs(x["v2"] + given.get("v2_bias", 0)), "d_out": np.abs(x["d_out"]),
               "out": np.zeros_like(x["out"])}
    unreduced = dict(zip(NAMES, attention_grad(**{**x, **largest}, **{**given, "v2_bias": 0})))
    unreduced.update((name, np.zeros_like(x[name])) for name in ("v1", "v2"))
    rounded = lambda operand: round_to(products, operand)
    right = {"right": rounded} if products == "tf32" else {}
    plains = [in_f32(x, given, outer_second(given), rounded=rounded, pairs=pairs, **right)
              for pairs in {False, products != "f32"}]  # of f32, there is nothing to round
    return Expected(want, unreduced, plains)


def check(case, x, got, products="f32", known=None):
    """The verdict on got = {operand's name: its gradient} for the inputs x, of which expected() may be known."""
    verdict = Verdict()
    known = known or expected(case, x, products)
    want = known.want
    for name, value in got.items():
        verdict.require(value.dtype == (np.float16 if case.dtype == "f16" else np.float32),
                        f"d_{name} has type {value.dtype}")
        if value.shape != want[name].shape:
            verdict.problems.append(f"d_{name} has shape {value.shape}, not {want[name].shape}")
    if verdict.problems:
        return verdict

    if case.bad:
        visible = all(np.isfinite(want[name]).all() for name in got)
        verdict.require(not visible, "no gradient sees what is not finite: the case tests nothing")
    for name, rows in seeing(case).items():
        if name not in got:
            continue
        verdict.require(not got[name][~rows].any(), f"d_{name} of what no pair has is not 0")
        # What is not finite is known exactly; the rest looks at the finite elements.
        finite = np.isfinite(want[name])
        wrong = np.argwhere(np.isfinite(got[name]) != finite)
        verdict.require(not len(wrong), f"d_{name} is finite where it should not be or the reverse, {len(wrong)} times, "
                                        f"first at {wrong[:1].tolist()}")
        result, exact, whole, *models = (np.where(finite, value.astype(np.float64), 0) for value in (
            got[name], want[name], known.unreduced[name],
            *(round_to(case.dtype, plain[name]) for plain in known.plains)))
        for what, error, times, least in ("", relative_error, 2, 1e-7), (" row", worst_row, 3, 1e-6):
            limit = times * max(error(model, exact, whole) for model in models) + least
            # An error of lse is one of all of P: where logits are large, f32 holds no better one.
            steep = case.data in ("winner", "ties", "up", "down")
            if case.dtype == products == "f32" and not steep:
                limit = 0
            # Of 16-bit types no more is asked than of f32.
            limit = max(100 * least, limit)
            verdict.at_most(f"d_{name}{what}", error(result, exact, whole), limit)
    return verdict
