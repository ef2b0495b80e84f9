# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks gradients_reference.py against central differences of reference.py, and against results known by hand."""

import itertools
import math

import numpy as np

from gradients_reference import attention_grad, seen
from reference import attention

SHAPES = [(1, 1, 1, 1, 1, 3), (2, 5, 5, 4, 2, 6), (1, 3, 6, 3, 1, 3), (1, 7, 4, 2, 2, 3)]  # B, Nq, N, Hq, Hk, D
WINDOWS = [(1, 1), (2, 4), (4, 2), (None, 3), (3, None), (None, None), (9, 9)]


def slope(loss, h=1e-3):
    """The derivative at 0, good to h**4."""
    return (8 * (loss(h) - loss(-h)) - (loss(2 * h) - loss(-2 * h))) / (12 * h)


def cases():
    for shape, (w1, w2), causal, form in itertools.product(SHAPES, WINDOWS, (False, True),
                                                           ("trilinear", "determinant", "pairwise")):
        yield shape, dict(w1=w1, w2=w2, causal=causal, scale=0.7, k2_bias=0.3, v2_bias=-1.1, form=form)


def make(rng, shape):
    """q, k1, k2, v1, v2 and d_out."""
    batch, queries, keys, heads, kv_heads, dim = shape
    q, d_out = rng.standard_normal((2, batch, queries, heads, dim))
    return [q, *rng.standard_normal((4, batch, keys, kv_heads, dim))], d_out


def check_against_differences():
    """In three random directions a tensor: an error has a component in each of them."""
    count = 0
    for shape, options in cases():
        rng = np.random.default_rng(count)
        x, d_out = make(rng, shape)
        grads = attention_grad(*x, d_out, **options)
        for at, _ in itertools.product(range(5), range(3)):
            direction = rng.standard_normal(x[at].shape)

            def loss(step):
                moved = [value + step * direction if n == at else value for n, value in enumerate(x)]
                return np.sum(d_out * attention(*moved, **options)[0])

            np.testing.assert_allclose(np.sum(grads[at] * direction), slope(loss), rtol=1e-7, atol=1e-8,
                                       err_msg=f"{shape} {options} of operand {at}")
        count += 1
    return count


def check_other_order():
    """What is computed in the order of kernels, but not rounded, is the same."""
    count = 0
    for shape, options in cases():
        x, d_out = make(np.random.default_rng(count), shape)
        out, lse = attention(*x, **options)
        want = attention_grad(*x, d_out, **options)
        got = attention_grad(*x, d_out, out, lse, **options, rounded=np.copy, right=np.copy)
        for a, b in zip(got, want):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12, err_msg=f"{shape} {options}")
        count += 1
    return count


def check_by_hand():
    # One key, so P = 1 whatever the logit: nothing for q, k1, k2; d_v1 = d_out * v2 and d_v2 = d_out * v1.
    q, k1, k2, v1, v2, d_out = (np.array(x, float).reshape(1, 1, 1, 2)
                                for x in ([1, 2], [2, 4], [3, 5], [2, 3], [7, 5], [1, -2]))
    grads = attention_grad(q, k1, k2, v1, v2, d_out, v2_bias=1.0)
    np.testing.assert_allclose([g.ravel() for g in grads], [[0, 0], [0, 0], [0, 0], [8, -12], [2, -6]], atol=1e-13)

    # Two heads and one key: the key's gradients are sums over heads.
    two = lambda *x: np.array(x, float).reshape(1, 1, 2, 1)
    one = np.ones((1, 1, 1, 1))
    grads = attention_grad(two(1, 2), one, one, 2 * one, 3 * one, two(5, 7))
    np.testing.assert_allclose(grads[3].ravel(), [(5 + 7) * 3])
    np.testing.assert_allclose(grads[4].ravel(), [(5 + 7) * 2])

    # q = 0, a window of one key j and of two keys k: P = 1/2 each, out = (3 + 9) / 2, dS = (v2[k] - out) / 2.
    q, pair = np.zeros((1, 1, 1, 1)), lambda *x: np.array(x, float).reshape(1, 2, 1, 1)
    grads = attention_grad(q, pair(1, 1), pair(2, 5), pair(1, 1), pair(3, 9), one, w1=1, w2=2, causal=True)
    np.testing.assert_allclose(grads[0].ravel(), 0.5 * (-3 * 2 + 3 * 5))
    np.testing.assert_allclose(grads[1:3], 0)
    np.testing.assert_allclose(grads[3].ravel(), [0, 6])  # the first key is before the window of one
    np.testing.assert_allclose(grads[4].ravel(), [0.5, 0.5])

    # The determinant's gradients are cross products: q, k1 = e0, e1 and k2 = e2 or -e2, S = 1 or -1.
    e = np.eye(3)
    keys = lambda *x: np.array(x, float).reshape(1, 2, 1, 3)
    grads = attention_grad(e[0].reshape(1, 1, 1, 3), keys(e[1], e[1]), keys(e[2], -e[2]), keys(e[0], e[0]),
                           keys(e[0], 0 * e[0]), e[0].reshape(1, 1, 1, 3), scale=1.0, form="determinant", w1=1, w2=2,
                           causal=True)
    p = 1 / (1 + math.exp(-2))
    np.testing.assert_allclose(grads[0].ravel(), 2 * p * (1 - p) * e[0], atol=1e-15)
    np.testing.assert_allclose(grads[1][0, 1, 0], 2 * p * (1 - p) * e[1], atol=1e-15)
    np.testing.assert_allclose(grads[2][0, :, 0], [p * (1 - p) * e[2], -p * (1 - p) * e[2]], atol=1e-15)

    # Pairwise, sums: of two keys k, S = 1 and 2, P = 1 - p and p, dP = 0 and 1, dS = -p (1 - p) and p (1 - p).
    grads = attention_grad(one, pair(0, 0), pair(1, 2), pair(1, 1), pair(0, 1), one, scale=1.0, form="pairwise", w1=1, w2=2,
                           causal=True)
    p = 1 / (1 + math.exp(-1))
    np.testing.assert_allclose([grads[0].item(), grads[1][0, 1].item()], 2 * [p * (1 - p) * (2 - 1)])
    np.testing.assert_allclose(grads[2].ravel(), [-p * (1 - p), p * (1 - p)])

    # 3 queries and 1 key: only the last query sees it. Without `causal`, windows bound what comes after.
    assert [x.tolist() for x in seen(3, 1, 1, None, None, True)] == [[False, False, True], [True], [True]]
    assert [x.tolist() for x in seen(1, 3, 3, 1, 2, True)] == [[True], [False, False, True], [False, True, True]]
    assert [x.tolist() for x in seen(4, 2, 2, 2, 3, False)] == [[False, True, True, True], [True, True], [True, True]]
    grads = attention_grad(np.ones((1, 3, 1, 1)), one, one, one, one, np.ones((1, 3, 1, 1)), causal=True)
    assert grads[0].ravel().tolist() == [0, 0, 0] and [g.item() for g in grads[1:]] == [0, 0, 1, 1]
    return 6


print(f"gradients: {check_against_differences()} cases agree with central differences, {check_other_order()} in another "
      f"order, {check_by_hand()} with hand results")
