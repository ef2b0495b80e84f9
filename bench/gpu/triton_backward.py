# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Plain Triton kernels for the gradients of causal 2-simplicial attention, as what ours are compared with.

They go as the paper has it (https://arxiv.org/abs/2507.02754): one kernel for d_k1 and d_v1, another for d_k2, d_v2
and d_q, which both make the logits again: 9 products in all. As in its forward kernel, the heads of one query are a
dimension of every product.

- `first`: a program has one key j. For each of its queries, W = dS k2 and Y = P v2 are summed over blocks of keys k:
  d_k1 = sum of q W, d_v1 = sum of d_out Y.
- `second`: a program has a block of keys k, whose d_k2 = sum of dS^T (q k1) and d_v2 = sum of P^T (d_out v1) it keeps.
  What it has of a query's d_q = sum of k1 (dS k2) it adds to memory, in f32, by atomics, as other blocks of keys do.

Before them a kernel makes delta, in f32, and behind them a copy makes d_q of the sums.
"""

import collections
import itertools

import torch
import triton
import triton.language as tl
from triton.errors import TritonError


@triton.jit(do_not_specialize=["N", "HQ"])
def make_delta(OUT, D_OUT, DELTA, N, HQ, D: tl.constexpr, BLOCK_H: tl.constexpr):
    """delta[b, h, i], the sum of d_out * out. The grid is N, the blocks of heads, and the batch."""
    i = tl.program_id(0)
    batch = tl.program_id(2).to(tl.int64)
    heads = tl.program_id(1) * BLOCK_H + tl.arange(0, BLOCK_H)
    there = heads < HQ
    offsets = ((batch * N + i) * HQ + heads)[:, None] * D + tl.arange(0, D)[None, :]
    out = tl.load(OUT + offsets, mask=there[:, None], other=0.0).to(tl.float32)
    d_out = tl.load(D_OUT + offsets, mask=there[:, None], other=0.0).to(tl.float32)
    tl.store(DELTA + (batch * HQ + heads) * N + i, tl.sum(out * d_out, 1), mask=there)


@triton.jit
def load_query(Q, D_OUT, LSE, DELTA, batch, i, head, group, first_head, N, HQ, D: tl.constexpr, BLOCK_H: tl.constexpr):
    """Of a block of the heads that share a key: their offsets, which are there, q, d_out, lse in base 2, and delta. Of
    those that are not there, lse makes P 0."""
    in_group = first_head + tl.arange(0, BLOCK_H)
    heads = head * group + in_group
    there = in_group < group
    offsets = ((batch * N + i) * HQ + heads)[:, None] * D + tl.arange(0, D)[None, :]
    q = tl.load(Q + offsets, mask=there[:, None], other=0.0)
    d_out = tl.load(D_OUT + offsets, mask=there[:, None], other=0.0)
    numbers = (batch * HQ + heads) * N + i
    lse = tl.load(LSE + numbers, mask=there, other=float("inf")) * 1.4426950408889634
    delta = tl.load(DELTA + numbers, mask=there, other=0.0)
    return offsets, there, q, d_out, lse, delta


@triton.jit(do_not_specialize=["N", "HQ", "HK", "W1", "W2"])
def first(Q, K1, K2, V1, V2, LSE, DELTA, D_OUT, D_K1, D_V1, N, HQ, HK, W1, W2, scale, D: tl.constexpr,
          BLOCK_H: tl.constexpr, BLOCK_K: tl.constexpr):
    """`scale` is that of the logits. The grid is N, HK, and the batch."""
    j = tl.program_id(0)
    head = tl.program_id(1)
    batch = tl.program_id(2).to(tl.int64)
    group = HQ // HK
    d = tl.arange(0, D)
    stride = HK * D
    base = (batch * N * HK + head) * D
    k1 = tl.load(K1 + base + j * stride + d)
    v1 = tl.load(V1 + base + j * stride + d)
    K2 += base
    V2 += base

    d_k1 = tl.zeros([D], tl.float32)
    d_v1 = tl.zeros([D], tl.float32)
    for i in range(j, tl.minimum(j + W1, N)):
        for first_head in range(0, group, BLOCK_H):
            _, _, q, d_out, lse, delta = load_query(Q, D_OUT, LSE, DELTA, batch, i, head, group, first_head, N, HQ, D,
                                                    BLOCK_H)
            rows = q * k1[None, :]
            d_rows = d_out * v1[None, :]
            w = tl.zeros([BLOCK_H, D], tl.float32)
            y = tl.zeros([BLOCK_H, D], tl.float32)
            for first_k in range(tl.maximum(i - W2 + 1, 0), i + 1, BLOCK_K):
                k = first_k + tl.arange(0, BLOCK_K)
                offsets = k[:, None] * stride + d[None, :]
                k2 = tl.load(K2 + offsets, mask=k[:, None] <= i, other=0.0)
                v2 = tl.load(V2 + offsets, mask=k[:, None] <= i, other=0.0)
                s = tl.dot(rows, tl.trans(k2))
                p = tl.exp2(s * (scale * 1.4426950408889634) - lse[:, None])
                p = tl.where(k[None, :] <= i, p, 0.0)
                ds = p * (tl.dot(d_rows, tl.trans(v2)) - delta[:, None])
                y = tl.dot(p.to(v2.dtype), v2, y)
                w = tl.dot(ds.to(k2.dtype), k2, w)
            d_k1 += tl.sum(q.to(tl.float32) * w, 0)
            d_v1 += tl.sum(d_out.to(tl.float32) * y, 0)
    tl.store(D_K1 + base + j * stride + d, (scale * d_k1).to(D_K1.dtype.element_ty))
    tl.store(D_V1 + base + j * stride + d, d_v1.to(D_V1.dtype.element_ty))


@triton.jit(do_not_specialize=["N", "HQ", "HK", "W1", "W2"])
def second(Q, K1, K2, V1, V2, LSE, DELTA, D_OUT, D_K2, D_V2, D_Q, N, HQ, HK, W1, W2, scale, D: tl.constexpr,
           BLOCK_H: tl.constexpr, BLOCK_K: tl.constexpr):
    """`scale` is that of the logits; D_Q is of f32, and 0. The grid is the blocks of keys, HK, and the batch."""
    first_k = tl.program_id(0) * BLOCK_K
    head = tl.program_id(1)
    batch = tl.program_id(2).to(tl.int64)
    group = HQ // HK
    d = tl.arange(0, D)
    stride = HK * D
    base = (batch * N * HK + head) * D
    k = first_k + tl.arange(0, BLOCK_K)
    offsets = k[:, None] * stride + d[None, :]
    k2 = tl.load(K2 + base + offsets, mask=k[:, None] < N, other=0.0)
    v2 = tl.load(V2 + base + offsets, mask=k[:, None] < N, other=0.0)
    K1 += base
    V1 += base

    d_k2 = tl.zeros([BLOCK_K, D], tl.float32)
    d_v2 = tl.zeros([BLOCK_K, D], tl.float32)
    for i in range(first_k, tl.minimum(first_k + BLOCK_K + W2 - 1, N)):
        seen = (k <= i) & (k > i - W2)
        for first_head in range(0, group, BLOCK_H):
            q_offsets, there, q, d_out, lse, delta = load_query(Q, D_OUT, LSE, DELTA, batch, i, head, group, first_head,
                                                                N, HQ, D, BLOCK_H)
            d_q = tl.zeros([BLOCK_H, D], tl.float32)
            for j in range(tl.maximum(i - W1 + 1, 0), i + 1):
                k1 = tl.load(K1 + j * stride + d)
                v1 = tl.load(V1 + j * stride + d)
                rows = q * k1[None, :]
                d_rows = d_out * v1[None, :]
                s = tl.dot(k2, tl.trans(rows))
                p = tl.exp2(s * (scale * 1.4426950408889634) - lse[None, :])
                p = tl.where(seen[:, None], p, 0.0)
                ds = p * (tl.dot(v2, tl.trans(d_rows)) - delta[None, :])
                ds = ds.to(k2.dtype)
                d_v2 = tl.dot(p.to(v2.dtype), d_rows, d_v2)
                d_k2 = tl.dot(ds, rows, d_k2)
                d_q += k1[None, :].to(tl.float32) * tl.dot(tl.trans(ds), k2)
            tl.atomic_add(D_Q + q_offsets, scale * d_q, mask=there[:, None], sem="relaxed")
    tl.store(D_K2 + base + offsets, (scale * d_k2).to(D_K2.dtype.element_ty), mask=k[:, None] < N)
    tl.store(D_V2 + base + offsets, d_v2.to(D_V2.dtype.element_ty), mask=k[:, None] < N)


# Configurations -------------------------------------------------------------------------------------------------------

Config = collections.namedtuple("Config", "kernel block_h block_k warps stages")
KERNELS = {"first": first, "second": second}
OUTPUTS = {"first": 2, "second": 3}
PRODUCTS = 9


def configs(kernel, group):
    """What is tried for a group of so many heads."""
    heads = [h for h in (32, 64) if h <= group] or [max(16, triton.next_power_of_2(group))]
    keys, warps, stages = ((32, 64, 128), (4, 8), (2, 3)) if kernel == "first" else ((64, 128), (4, 8), (1, 2))
    return [Config(kernel, *values) for values in itertools.product(heads, keys, warps, stages)]


def options(config, d):
    return dict(D=d, BLOCK_H=config.block_h, BLOCK_K=config.block_k, num_warps=config.warps, num_stages=config.stages)


def compile_config(dtype, d, config):
    """Puts a kernel into Triton's cache on disk. Returns what is wrong with it, or None."""
    outputs = [dtype, dtype, torch.float32][:OUTPUTS[config.kernel]]
    try:
        KERNELS[config.kernel].warmup(*[dtype] * 5, torch.float32, torch.float32, dtype, *outputs, 77, 1, 1, 1, 1, 1.0,
                                      grid=(1,), **options(config, d))
    except (TritonError, RuntimeError) as error:
        return f"{type(error).__name__}: {error}"
    return None


class Buffers:
    """The sums of d_q and delta, for inputs of one shape."""

    def __init__(self, q):
        batch, n, heads, _ = q.shape
        self.d_q = torch.empty_like(q, dtype=torch.float32)
        self.delta = torch.empty(batch, heads, n, device=q.device)


def launch_kernel(config, inputs, results, buffers, w1, w2):
    """One of the two kernels. Raises TritonError if the device cannot hold it."""
    q, k1, k2, v1, v2, _, lse, d_out = inputs
    _, d_k1, d_k2, d_v1, d_v2 = results
    batch, n, heads, d = q.shape
    kv_heads = k1.shape[2]
    one = config.kernel == "first"
    outputs = (d_k1, d_v1) if one else (d_k2, d_v2, buffers.d_q)
    grid = (n if one else triton.cdiv(n, config.block_k), kv_heads, batch)
    KERNELS[config.kernel][grid](q, k1, k2, v1, v2, lse, buffers.delta, d_out, *outputs, n, heads, kv_heads, w1, w2,
                                 d ** -0.5, **options(config, d))


def prepare(inputs, buffers):
    """What comes before the two kernels."""
    out, d_out = inputs[5], inputs[7]
    batch, n, heads, d = out.shape
    buffers.d_q.zero_()
    make_delta[n, triton.cdiv(heads, 32), batch](out, d_out, buffers.delta, n, heads, D=d, BLOCK_H=32)


def launch(configs, inputs, results, w1, w2, buffers=None):
    """All of backward, with a configuration for each of the two kernels."""
    buffers = buffers or Buffers(inputs[0])
    prepare(inputs, buffers)
    for config in configs:
        launch_kernel(config, inputs, results, buffers, w1, w2)
    results[0].copy_(buffers.d_q)
