# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Inputs of a case: float32 arrays whose values the case's element type can represent."""

import zlib

import numpy as np

from reference import attention, logits, window

NAMES = ("q", "k1", "k2", "v1", "v2")
GRADIENT_NAMES = (*NAMES, "out", "lse", "d_out")


def round_to(dtype, x):
    """x, a float32 array, rounded to nearest in `dtype` (ties to even; tf32: away from zero) and widened again."""
    if dtype == "f16":
        return x.astype(np.float16).astype(np.float32)
    if dtype == "bf16":
        bits = x.view(np.uint32)
        rounded = (bits + 0x7FFF + (bits >> 16 & 1) & 0xFFFF0000).view(np.float32)
        return np.where(np.isnan(x), x, rounded)
    if dtype == "tf32":
        rounded = (np.ascontiguousarray(x).view(np.uint32) + 0x1000 & 0xFFFFE000).view(np.float32)
        return np.where(np.isfinite(x), rounded, x)
    return x


def bounds(case):
    """{name: array} of i32 that bounds what queries see: `start`, if the case has documents, or `lengths`."""
    if case.lengths:
        return {"lengths": np.array([case.lengths[b % len(case.lengths)] for b in range(case.B)], np.int32)}
    if not case.documents:
        return {}
    start = np.zeros((case.B, max(case.N, case.keys2) if case.places is None else case.places), np.int32)
    for b in range(case.B):
        at = 0
        for length in case.documents[b % len(case.documents)]:
            # A document, or positions that see nothing.
            start[b, at:] = at + max(0, -length)
            at += abs(length)
    return {"start": start}


def options(case):
    """The case's attributes, as keywords of reference.attention; floats as the IR holds them, in f32."""
    chosen = {name: float(np.float32(value)) for name in ("scale", "k2_bias", "v2_bias")
              if (value := getattr(case, name)) is not None}
    return dict(w1=case.w1, w2=case.w2, causal=case.causal, form=case.form or "trilinear", **bounds(case), **chosen)


def outer_second(given):
    """Whether k2 and v2 are the outer keys and values, which are those of the smaller window: what is multiplied with q and
    d_out, and rounded then, is theirs."""
    w1, w2 = given["w1"], given["w2"]
    return w2 is not None and (w1 is None or w2 < w1)


def exchanged(x, given):
    """The same attention with k2 and v2, and their biases, in the place of k1 and v1: (x, given, the sign that q has got)."""
    given = {**given, "w1": given["w2"], "w2": given["w1"]}
    k2_bias, v2_bias = (np.float32(given.pop(name, 0)) for name in ("k2_bias", "v2_bias"))
    sign = np.float32(-1 if given["form"] == "determinant" else 1)  # det[q, k1, k2] = det[-q, k2, k1]
    keys = {"k1": x["k2"] + k2_bias, "k2": x["k1"], "v1": x["v2"] + v2_bias, "v2": x["v1"]}
    return {**x, "q": sign * x["q"], **keys}, given, sign


def make(case):
    """{name: array}, the same in every run."""
    rng = np.random.default_rng(zlib.crc32(str(case).encode()))
    shapes = {name: (case.B, case.keys2 if name[1:] == "2" else case.N, case.Hk, case.D) for name in NAMES}
    shapes["q"] = (case.B, case.queries, case.Hq, case.D)
    for key, value in ("k1", "v1"), ("k2", "v2"):
        shapes[value] = (*shapes[key][:3], case.width)
    x = {name: MAKERS[case.data](rng, case, name, shapes[name]).astype(np.float32) for name in NAMES}
    if case.data == "winner":
        redraw_close_races(rng, case, x)
    x = {name: round_to(case.dtype, value) for name, value in x.items()}
    for name, index, value in case.bad:
        if name in x:
            x[name][index] = value
    return x


def make_gradient(case):
    """The inputs of the gradients: those of make, what attention makes of them in float64, and d_out."""
    x = make(case)
    out, lse = attention(*x.values(), **options(case))
    rng = np.random.default_rng(zlib.crc32(str(case).encode()) + 1)
    d_out = D_OUT_MAKERS[case.d_out](rng, out).astype(np.float32)
    x.update(out=out.astype(np.float32), lse=lse.astype(np.float32), d_out=d_out)
    for name in ("out", "d_out"):
        x[name] = round_to(case.dtype, x[name])
    for name, index, value in case.bad:
        if name == "d_out":
            x[name][index] = value
    return x


def peaked(rng, case, name, shape):
    """Logits of standard deviation 4: a uniform softmax would hide errors."""
    x = rng.standard_normal(shape)
    if name == "q":
        scale = case.D ** -0.5 if case.scale is None else case.scale
        terms = case.D * (2 if case.form == "determinant" else 1)
        k2_square = 1 + (case.k2_bias or 0) ** 2
        if case.form == "pairwise":  # with keys of half that, too
            return x * 4 / (scale * (case.D * (1 + k2_square)) ** 0.5)
        x *= 4 / (scale * (terms * k2_square) ** 0.5)
    return x


def half(rng, case, name, shape):
    return 0.5 * rng.standard_normal(shape)


def winner(rng, case, name, shape):
    """Small integers: logits are integers that f32 holds exactly, of standard deviation 3000 for D = 64."""
    return rng.standard_normal(shape) if name[0] == "v" else rng.integers(-12, 13, shape)


def redraw_close_races(rng, case, x):
    """Redraws queries until their largest logit leads by 40, so that the exact softmax picks one pair."""
    share = case.Hq // case.Hk
    for b, i, h in np.ndindex(case.B, case.queries, case.Hq):
        start = bounds(case).get("start", case.B * [None])[b]
        js, ks = (slice(*window(i, case.queries, w, n, case.causal, start))
                  for w, n in ((case.w1, case.N), (case.w2, case.keys2)))
        while True:
            s = logits(x["q"][b, i, h][None], x["k1"][b, js, h // share], x["k2"][b, ks, h // share], 1.0, 0.0,
                       case.form or "trilinear").ravel()
            if s.size < 2 or np.subtract(*np.partition(s, -2)[:-3:-1]) >= 40:
                break
            x["q"][b, i, h] = rng.integers(-12, 13, case.D)


def ties(rng, case, name, shape):
    """Powers of two: logits are multiples of 1024 up to more than 1e4, and many are equal."""
    if name[0] == "v":
        return rng.standard_normal(shape)
    return {"q": 16, "k1": 8, "k2": 4}[name] * rng.choice([-1, 1], shape)


def offset(sign):
    """Logits of standard deviation 4 around +-1e4, all of them exact in f32."""
    def draw(rng, case, name, shape):
        x = rng.standard_normal(shape)
        if name[0] == "v":
            return x
        x = np.round(x * 4) / (8 if name == "q" else 4)
        x[..., 0] = {"q": 100, "k1": 10, "k2": sign * 10}[name]
        return x
    return draw


def correlated(rng, case, name, shape):
    """All rows are alike, so that sums over heads, queries or keys do not cancel."""
    x = peaked(rng, case, name, shape)
    common = np.random.default_rng(1).standard_normal(shape[-1])
    return 0.6 * x + 0.8 * common * (np.std(x) if x.size else 0)


def one_hot(rng, case, name, shape):
    """One element a row, often the same one as in another row."""
    x = np.zeros(shape)
    at = rng.integers(0, 3, shape[:-1]) * (shape[-1] // 3)
    np.put_along_axis(x, at[..., None], 3 * rng.choice([-1, 1], (*shape[:-1], 1)), axis=-1)
    return x


MAKERS = dict(peaked=peaked, half=half, winner=winner, ties=ties, up=offset(1), down=offset(-1), correlated=correlated,
              one_hot=one_hot)


def d_out_one_hot(rng, out):
    """One element a row."""
    x = np.zeros(out.shape)
    np.put_along_axis(x, rng.integers(0, out.shape[-1], (*out.shape[:-1], 1)), 2.0, axis=-1)
    return x


D_OUT_MAKERS = {
    "normal": lambda rng, out: rng.standard_normal(out.shape),
    "large": lambda rng, out: 64 * rng.standard_normal(out.shape),
    "small": lambda rng, out: 1e-3 * rng.standard_normal(out.shape),
    "ones": lambda rng, out: np.ones(out.shape),  # of the loss sum(out)
    "out": lambda rng, out: np.nan_to_num(out, posinf=1, neginf=-1),  # of the loss sum(out ** 2) / 2
    "one_hot": d_out_one_hot,
    "zeros": lambda rng, out: np.zeros(out.shape),
}
