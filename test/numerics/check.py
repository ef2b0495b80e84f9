# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What makes a result right."""

import numpy as np

from data import exchanged, options, outer_second, round_to
from reference import attention


def relative_error(got, want):
    """Norm of the difference over the norm."""
    norm = np.linalg.norm(want)
    return np.linalg.norm(got - want) / norm if norm else float(np.any(got != want))


def worst_row(got, want):
    """The largest relative error of a row of D elements."""
    norm = np.linalg.norm(want, axis=-1)
    return np.max(np.linalg.norm(got - want, axis=-1)[norm > 0] / norm[norm > 0], initial=0.0)


class Verdict:
    """Collects what was measured and what is wrong with it."""

    def __init__(self):
        self.measured, self.problems = [], []

    def at_most(self, what, value, limit):
        self.measured.append(f"{what} {value:.1e}/{limit:.1e}")
        if not value <= limit:
            self.problems.append(f"{what} is {value:.3e}, more than {limit:.3e}")

    def require(self, condition, problem):
        if not condition:
            self.problems.append(problem)


def check(case, x, got, products="f32"):
    """The verdict on got = {"out": array, "lse": array} (either may be missing) for the inputs x.

    A target's matrix instructions take operands of type `products`; "f32" says that nothing is rounded but out, and
    "tf32" that the right operands are rounded like the left ones.
    """
    verdict = Verdict()
    want = dict(zip(("out", "lse"), attention(*x.values(), **options(case))))
    for name, value in got.items():
        verdict.require(value.dtype == (np.float16 if name == "out" and case.dtype == "f16" else np.float32),
                        f"{name} has type {value.dtype}")
        if value.shape != want[name].shape:
            verdict.problems.append(f"{name} has shape {value.shape}, not {want[name].shape}")
    if verdict.problems:
        return verdict

    # What is not finite is known exactly; the rest of this function looks at the finite elements.
    visible = np.isfinite(want["out"])
    empty = np.isneginf(want["lse"])
    if case.bad:
        verdict.require(not visible.all(), "no output sees what is not finite: the case tests nothing")
    for name, value in got.items():
        finite = np.isfinite(want[name])
        wrong = np.argwhere(np.isfinite(value) != finite)
        verdict.require(not len(wrong), f"{name} is finite where it should not be or the reverse, {len(wrong)} times, "
                                        f"first at {wrong[:1].tolist()}")
        got[name] = np.where(finite, value.astype(np.float64), 0)
        want[name] = np.where(finite, want[name], 0)
        if name == "lse":
            verdict.require(np.isneginf(value[empty]).all(), "lse of a query that sees nothing is not -inf")
        else:
            verdict.require(not value.transpose(0, 2, 1, 3)[empty].any(), "out of a query that sees nothing is not 0")

    rounded = lambda operand: round_to(products, operand)
    given = options(case)
    if outer_second(given):
        x, given, _ = exchanged(x, given)
    inputs = {name: rounded(value) if products == "tf32" and name in ("k2", "v2") else value for name, value in x.items()}
    plain, plain_lse = attention(**inputs, **given, dtype=np.float32, rounded=rounded)
    if "lse" in got:
        # Where the logits are large and exact in f32, the logarithm is good to a few units in the last place.
        limit = 2.5e-7 if case.data in ("winner", "ties", "up", "down") else 1e-5
        error = lambda lse: np.max(np.abs(lse - want["lse"]) / np.maximum(1, np.abs(want["lse"])), initial=0.0)
        if products != "f32":
            limit += 2 * error(np.where(np.isfinite(plain_lse), plain_lse, 0))
        verdict.at_most("lse", error(got["lse"]), limit)
    if "out" in got:
        out, exact_out = got["out"], want["out"]
        if case.dtype == products == "f32":
            verdict.at_most("out", relative_error(out, exact_out), 1e-5)
        else:
            plain = np.where(visible, round_to(case.dtype, plain), 0)
            for what, error in ("out", relative_error), ("row", worst_row):
                verdict.at_most(what, error(out, exact_out), 2 * error(plain, exact_out) + 1e-7)
        if case.data == "half":
            verdict.at_most("noise to signal", relative_error(out, exact_out), 1e-2)  # 40 dB
    return verdict
