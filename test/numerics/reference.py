# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""2-simplicial attention in numpy, from its definition and from nothing else in this repository.

    S[i,j,k] = scale * sum_d q[i,d] * k1[j,d] * (k2[k,d] + k2_bias); or, pairwise,
               scale * (q[i] . k1[j] + q[i] . (k2[k] + k2_bias) + k1[j] . (k2[k] + k2_bias))
    P        = softmax of S[i] over the allowed pairs (j,k)
    out[i,d] = sum_{j,k} P[i,j,k] * v1[j,d] * (v2[k,d] + v2_bias)
    lse[i]   = ln sum_{j,k} exp(S[i,j,k])

q is [B, Nq, Hq, D]; k1, k2, v1, v2 are [B, N, Hk, D]; out is [B, Nq, Hq, D]; lse is [B, Hq, Nq]. The query at position p
of sequence b sees no key before start[b, p], if there is a start; with lengths, sequence b has lengths[b] keys in place of N.

k1 and v1 may have another N than k2 and v2: the last query stands at the last key of both. start is then of as many positions
as it has, the last one being the last key's; with lengths, both have as many keys as they say, or all.
"""

import numpy as np


def window(i, queries, size, n, causal, start=None):
    """The keys [lo, hi), of n, that query i of so many sees through a window of `size` keys (None: all), and none before
    what `start` says for it."""
    position = i + n - queries
    lo = 0 if size is None else max(0, position - size + 1)
    if start is not None and len(start):
        first = len(start) - n  # where key 0 is among the positions that start has
        lo = max(lo, max(0, start[max(0, first + position)]) - first)
    elif start is not None:
        lo = n
    hi = position + 1 if causal else n if size is None else min(n, position + size)
    return lo, max(lo, hi)


def combine(q, k1, form):
    """c such that sum_d c[d] * k2[d] is the form of q, k1 and k2; pairwise, less q . k1."""
    if form == "trilinear":
        return q * k1
    if form == "pairwise":
        return q + k1
    # det[a, b, c] = (a x b) . c for the vectors x_t = (x[t], x[D/3 + t], x[2D/3 + t])
    a0, a1, a2 = np.split(q, 3, axis=-1)
    b0, b1, b2 = np.split(k1, 3, axis=-1)
    return np.concatenate([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0], axis=-1)


def constants(x, y, form):
    """What the form of x, y and z has beside combine(x, y) . z."""
    return (x * y).sum(axis=-1, keepdims=True) if form == "pairwise" else 0


def exact(x):
    return x


def logits(q, k1, k2, scale, k2_bias, form, rounded=exact):
    """S of one query: q is [G, D] (the heads that share keys), k1 [J, D], k2 [K, D]; S is [G, J, K]."""
    rows = rounded(combine(q[:, None, :], k1[None, :, :], form))
    return scale * (rows @ (k2 + k2_bias).T + constants(q[:, None, :], k1[None, :, :], form))


def attention(q, k1, k2, v1, v2, w1=None, w2=None, causal=False, scale=None, k2_bias=0.0, v2_bias=0.0,
              form="trilinear", start=None, lengths=None, dtype=np.float64, rounded=exact):
    """(out, lse), computed throughout in `dtype`; `rounded` is what the left operands of the two products become."""
    q, k1, k2, v1, v2 = (np.asarray(x, dtype) for x in (q, k1, k2, v1, v2))
    (batch, queries, heads, dim), kv_heads = q.shape, k1.shape[2]
    group = heads // kv_heads
    scale = dtype(dim ** -0.5 if scale is None else scale)
    k2_bias, v2_bias = dtype(k2_bias), dtype(v2_bias)

    out = np.zeros(q.shape, dtype)
    lse = np.full((batch, heads, queries), -np.inf, dtype)
    for b, i, h in np.ndindex(batch, queries, kv_heads):
        n1, n2 = (x.shape[1] if lengths is None else min(lengths[b], x.shape[1]) for x in (k1, k2))
        first = None if start is None else start[b]
        js = slice(*window(i, queries, w1, n1, causal, first))
        ks = slice(*window(i, queries, w2, n2, causal, first))
        if js.start == js.stop or ks.start == ks.stop:
            continue
        share = slice(h * group, (h + 1) * group)
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            s = logits(q[b, i, share], k1[b, js, h], k2[b, ks, h], scale, k2_bias, form, rounded)
            m = s.max(axis=(1, 2))
            p = np.exp(s - m[:, None, None])
            total = p.sum(axis=(1, 2))
            pv = rounded(p) @ (v2[b, ks, h] + v2_bias)
            out[b, i, share] = (pv * v1[b, js, h]).sum(axis=1) / total[:, None]
            lse[b, share, i] = m + np.log(total)
    return out, lse
