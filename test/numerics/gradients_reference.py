# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The gradients of 2-simplicial attention in numpy, by the formulas and from nothing else in this repository.

With P and S of reference.py, delta[i] = sum_d d_out[i,d] * out[i,d], k2 and v2 with their biases,

    dP[i,j,k] = sum_d d_out[i,d] * v1[j,d] * v2[k,d]
    dS        = P * (dP - delta[i])
    d_q[i]    = scale * sum_{j,k} dS[i,j,k] * k1[j] * k2[k]
    d_k1[j]   = scale * sum_{i,k} dS[i,j,k] * q[i] * k2[k]
    d_k2[k]   = scale * sum_{i,j} dS[i,j,k] * q[i] * k1[j]
    d_v1[j]   = sum_{i,k} P[i,j,k] * d_out[i] * v2[k]
    d_v2[k]   = sum_{i,j} P[i,j,k] * d_out[i] * v1[j]

where i runs through the queries of all heads that share the keys. With the determinant, the products under scale are
cross products, in the order k1 x k2, k2 x q, q x k1; pairwise, they are sums.
"""

import numpy as np

from reference import attention, combine, constants, exact, window


def summed(ds, w, x, form, w_first=True):
    """Over the last axis of ds, whose elements have factors z each: sum ds * combine(z, x), or, not `w_first`, of
    combine(x, z), w being sum ds * z."""
    if form == "pairwise":
        return w + ds.sum(axis=-1, keepdims=True) * x
    return combine(w, x, form) if w_first else combine(x, w, form)


def seen(queries, keys1, keys2, w1, w2, causal, start=None, length=None):
    """Which queries of a sequence see a pair of keys, which keys j they see in one, and which keys k: three arrays of
    booleans."""
    q, first, second = np.zeros(queries, bool), np.zeros(keys1, bool), np.zeros(keys2, bool)
    n1, n2 = (keys if length is None else min(length, keys) for keys in (keys1, keys2))
    for i in range(queries):
        js, ks = (slice(*window(i, queries, w, n, causal, start)) for w, n in ((w1, n1), (w2, n2)))
        if js.start < js.stop and ks.start < ks.stop:
            q[i] = first[js] = second[ks] = True
    return q, first, second


def attention_grad(q, k1, k2, v1, v2, d_out, out=None, lse=None, w1=None, w2=None, causal=False, scale=None,
                   k2_bias=0.0, v2_bias=0.0, form="trilinear", start=None, lengths=None, dtype=np.float64, rounded=exact, right=exact,
                   pairs=False):
    """(d_q, d_k1, d_k2, d_v1, d_v2), computed throughout in `dtype`; out and lse are computed if they are not given.

    `rounded` is what the left operands of products become, `right` the right ones. As kernels have it whose outer keys
    are k1, d_q comes from products whose rows are (query, key j): q x k1, d_out * v1, dS; all else from those whose rows
    are (key j, key k): k1 x k2, v1 * v2, P, dS; or, of kernels by `pairs`, from the same q x k1 and d_out * v1, P and dS.
    """
    if out is None:
        out, lse = attention(q, k1, k2, v1, v2, w1, w2, causal, scale, k2_bias, v2_bias, form, start, lengths, dtype)
    q, k1, k2, v1, v2, d_out, out, lse = (np.asarray(x, dtype) for x in (q, k1, k2, v1, v2, d_out, out, lse))
    (batch, queries, heads, dim), kv_heads = q.shape, k1.shape[2]
    group = heads // kv_heads
    scale = dtype(dim ** -0.5 if scale is None else scale)
    with np.errstate(invalid="ignore"):
        k2, v2, delta = k2 + dtype(k2_bias), v2 + dtype(v2_bias), (d_out * out).sum(axis=-1)

    d_q, d_k1, d_k2, d_v1, d_v2 = (np.zeros_like(x) for x in (q, k1, k2, v1, v2))
    for b, i, h in np.ndindex(batch, queries, kv_heads):
        n1, n2 = (x.shape[1] if lengths is None else min(lengths[b], x.shape[1]) for x in (k1, k2))
        first = None if start is None else start[b]
        js = slice(*window(i, queries, w1, n1, causal, first))
        ks = slice(*window(i, queries, w2, n2, causal, first))
        if js.start == js.stop or ks.start == ks.stop:
            continue
        share = slice(h * group, (h + 1) * group)
        of_i, of_j, of_k = (b, i, share), (b, js, h), (b, ks, h)
        # Heads g, keys j, keys k: [G, D], [J, D], [K, D].
        qg, dg, k1j, v1j, k2k, v2k = q[of_i], d_out[of_i], k1[of_j], v1[of_j], k2[of_k], v2[of_k]

        def weights(s, dp):
            """P and dS, [G, J, K]."""
            p = np.exp(scale * s - lse[b, share, i][:, None, None])
            return p, p * (dp - delta[of_i][:, None, None])

        with np.errstate(invalid="ignore", over="ignore", under="ignore"):
            qk1 = combine(qg[:, None], k1j, form)
            dv1 = dg[:, None] * v1j
            p, ds = weights(rounded(qk1) @ right(k2k).T + constants(qg[:, None], k1j, form), rounded(dv1) @ right(v2k).T)
            d_q[of_i] = scale * summed(ds, rounded(ds) @ right(k2k), k1j, form, w_first=False).sum(axis=1)

            if pairs:
                p, ds, qk1, dv1 = (rounded(x) for x in (p, ds, qk1, dv1))
            elif rounded is not exact or right is not exact:
                k1k2 = combine(k1j[:, None], k2k, form)
                v1v2 = v1j[:, None] * v2k
                s = rounded(k1k2) @ right(qg).T + constants(k1j[:, None], k2k, form)
                p, ds = weights(*(np.moveaxis(x, -1, 0) for x in (s, rounded(v1v2) @ right(dg).T)))
                p, ds = rounded(p), rounded(ds)
                qg, dg = right(qg), right(dg)
                qk1, dv1 = combine(qg[:, None], k1j, form), dg[:, None] * v1j
            d_k1[of_j] += scale * summed(ds, ds @ k2k, qg[:, None], form).sum(axis=0)
            d_k2[of_k] += scale * np.tensordot(ds, qk1, ((0, 1), (0, 1)))
            d_v1[of_j] += (dg[:, None] * (p @ v2k)).sum(axis=0)
            d_v2[of_k] += np.tensordot(p, dv1, ((0, 1), (0, 1)))
    return d_q, d_k1, d_k2, d_v1, d_v2
