# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks reference.py against the definition written out number by number, and against results known by hand."""

import itertools
import math

import numpy as np

from reference import attention


def allowed(key, position, size, causal):
    if causal:
        return key <= position and (size is None or key > position - size)
    return size is None or abs(key - position) < size


def det(a, b, c):
    return (a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0])
            + a[2] * (b[0] * c[1] - b[1] * c[0]))


def logit(q, k1, k2, scale, form):
    if form == "trilinear":
        return scale * math.fsum(x * y * z for x, y, z in zip(q, k1, k2))
    if form == "pairwise":
        return scale * math.fsum(x * y for a, b in ((q, k1), (q, k2), (k1, k2)) for x, y in zip(a, b))
    third = len(q) // 3
    planes = [[(x[t], x[third + t], x[2 * third + t]) for t in range(third)] for x in (q, k1, k2)]
    return scale * math.fsum(det(*vectors) for vectors in zip(*planes))


def brute_force(q, k1, k2, v1, v2, w1, w2, causal, scale, k2_bias, v2_bias, form):
    (batch, queries, heads, dim), (_, keys, kv_heads, _) = q.shape, k1.shape
    out, lse = np.zeros(q.shape), np.full((batch, heads, queries), -math.inf)
    for b, i, h in itertools.product(range(batch), range(queries), range(heads)):
        g, position, weights = h * kv_heads // heads, i + keys - queries, {}
        for j, k in itertools.product(range(keys), range(keys)):
            if allowed(j, position, w1, causal) and allowed(k, position, w2, causal):
                weights[j, k] = math.exp(logit(q[b, i, h], k1[b, j, g], k2[b, k, g] + k2_bias, scale, form))
        if weights:
            total = math.fsum(weights.values())
            lse[b, h, i] = math.log(total)
            for d in range(dim):
                out[b, i, h, d] = math.fsum(w * v1[b, j, g, d] * (v2[b, k, g, d] + v2_bias)
                                            for (j, k), w in weights.items()) / total
    return out, lse


def check_against_brute_force():
    count = 0
    shapes = [(1, 1, 1, 1, 1, 3), (2, 5, 5, 4, 2, 6), (1, 3, 6, 3, 1, 3), (1, 7, 4, 2, 2, 3)]  # B, Nq, N, Hq, Hk, D
    windows = [(1, 1), (2, 4), (4, 2), (None, 3), (3, None), (None, None), (9, 9)]
    for shape, (w1, w2), causal, form in itertools.product(
            shapes, windows, (False, True), ("trilinear", "determinant", "pairwise")):
        batch, queries, keys, heads, kv_heads, dim = shape
        rng = np.random.default_rng(count)
        q = 2 * rng.standard_normal((batch, queries, heads, dim))
        kv = [rng.standard_normal((batch, keys, kv_heads, dim)) for _ in range(4)]
        options = dict(w1=w1, w2=w2, causal=causal, scale=0.7, k2_bias=0.3, v2_bias=-1.1, form=form)
        got, want = attention(q, *kv, **options), brute_force(q, *kv, **options)
        for x, y in zip(got, want):
            np.testing.assert_allclose(x, y, rtol=1e-11, atol=1e-12, err_msg=f"{shape} {options}")
        count += 1
    return count


def check_by_hand():
    # One key, so P = 1: out = v1 * (v2 + v2_bias), and lse is the logit (1*2*3 + 2*4*5) / sqrt(2).
    q, k1, k2, v1, v2 = (np.array(x, float).reshape(1, 1, 1, 2) for x in ([1, 2], [2, 4], [3, 5], [2, 3], [7, 5]))
    out, lse = attention(q, k1, k2, v1, v2, v2_bias=1.0)
    np.testing.assert_allclose(out.ravel(), [16, 18])
    np.testing.assert_allclose(lse.ravel(), 46 / math.sqrt(2))

    # q = 0: uniform over the 2 x 3 pairs that the last of 3 queries sees, out the product of the two means.
    v = np.arange(1.0, 4.0).reshape(1, 3, 1, 1)
    out, lse = attention(0 * v, v, v, v, v, w1=2, w2=3, causal=True)
    np.testing.assert_allclose(out.ravel(), [1, 1.5 * 1.5, 2.5 * 2])
    np.testing.assert_allclose(lse.ravel(), np.log([1, 4, 6]))

    # det of the unit vectors is 1, of two swapped ones -1, of a repeated one 0.
    e = np.eye(3).reshape(3, 1, 1, 1, 3)
    for (a, b, c), want in {(0, 1, 2): 1, (1, 0, 2): -1, (2, 0, 1): 1, (0, 0, 2): 0}.items():
        assert attention(e[a], e[b], e[c], e[0], e[0], scale=1.0, form="determinant")[1] == want

    # 1*2 + 2*4 of q and k1, 1*3 + 2*5 of q and k2, 2*3 + 4*5 of k1 and k2; a bias is one of k2.
    assert attention(q, k1, k2, v1, v2, scale=1.0, form="pairwise")[1] == 10 + 13 + 26
    assert attention(q, k1, k2, v1, v2, scale=1.0, k2_bias=1.0, form="pairwise")[1] == 10 + (13 + 3) + (26 + 6)

    # 3 queries and 1 key: the first two stand before it and see nothing, the last one stands at it.
    one = np.ones((1, 1, 1, 1))
    out, lse = attention(np.ones((1, 3, 1, 1)), one, one, one, one, causal=True)
    assert out.ravel().tolist() == [0, 0, 1] and lse.ravel().tolist() == [-math.inf, -math.inf, 1]
    return 5


print(f"reference: {check_against_brute_force()} cases agree with brute force, {check_by_hand()} with hand results")
