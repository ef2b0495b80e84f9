# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A plain Triton kernel for causal 2-simplicial attention, as what ours is compared with.

It goes as the kernel that the paper describes (https://arxiv.org/abs/2507.02754): a program computes a block of heads
of one query, with heads as rows; the outer loop is over keys j, the inner one over blocks of keys k; the softmax is
online, in base 2.
"""

import collections
import itertools
import math

import torch
import triton
import triton.language as tl
from triton.errors import TritonError


@triton.jit
def tile(rows, v1, K2, V2, k, stride, last, scale, acc, m, total, D: tl.constexpr, MASKED: tl.constexpr):
    """A step of the online softmax. Of the keys `k`, those behind `last` do not count if MASKED."""
    offsets = k[:, None] * stride + tl.arange(0, D)[None, :]
    if MASKED:
        k2 = tl.load(K2 + offsets, mask=k[:, None] <= last, other=0.0)
        v2 = tl.load(V2 + offsets, mask=k[:, None] <= last, other=0.0)
    else:
        k2 = tl.load(K2 + offsets)
        v2 = tl.load(V2 + offsets)
    s = tl.dot(rows, tl.trans(k2))
    if MASKED:
        s = tl.where(k[None, :] <= last, s, -float("inf"))
    higher = tl.maximum(m, tl.max(s, 1) * scale)
    p = tl.exp2(s * scale - higher[:, None])
    alpha = tl.exp2(m - higher)
    total = total * alpha + tl.sum(p, 1)
    acc = acc * alpha[:, None] + v1[None, :] * tl.dot(p.to(v2.dtype), v2)
    return acc, higher, total


@triton.jit(do_not_specialize=["N", "HQ", "HK", "W1", "W2"])
def forward(Q, K1, K2, V1, V2, OUT, LSE, N, HQ, HK, W1, W2, scale, D: tl.constexpr, BLOCK_H: tl.constexpr,
            BLOCK_K: tl.constexpr, SPLIT: tl.constexpr):
    """`scale` is that of the logits in base 2. The grid is N, the blocks of heads, and the batch.

    With SPLIT, the last, incomplete block of a query's keys has code of its own and the others need no mask.
    """
    i = tl.program_id(0)
    batch = tl.program_id(2).to(tl.int64)
    group = HQ // HK
    blocks = tl.cdiv(group, BLOCK_H)
    kv_head = tl.program_id(1) // blocks
    in_group = tl.program_id(1) % blocks * BLOCK_H + tl.arange(0, BLOCK_H)
    heads = kv_head * group + in_group
    there = in_group < group
    d = tl.arange(0, D)

    q_offsets = ((batch * N + i) * HQ + heads)[:, None] * D + d[None, :]
    q = tl.load(Q + q_offsets, mask=there[:, None], other=0.0)
    stride = HK * D
    base = (batch * N * HK + kv_head) * D
    K1 += base
    K2 += base
    V1 += base
    V2 += base

    acc = tl.zeros([BLOCK_H, D], tl.float32)
    m = tl.full([BLOCK_H], -float("inf"), tl.float32)
    total = tl.zeros([BLOCK_H], tl.float32)
    first = tl.maximum(i - W2 + 1, 0)
    end = first + (i + 1 - first) // BLOCK_K * BLOCK_K if SPLIT else i + 1
    for j in range(tl.maximum(i - W1 + 1, 0), i + 1):
        rows = q * tl.load(K1 + j * stride + d)[None, :]
        v1 = tl.load(V1 + j * stride + d).to(tl.float32)
        for first_k in range(first, end, BLOCK_K):
            k = first_k + tl.arange(0, BLOCK_K)
            acc, m, total = tile(rows, v1, K2, V2, k, stride, i, scale, acc, m, total, D, not SPLIT)
        if end <= i:
            k = end + tl.arange(0, BLOCK_K)
            acc, m, total = tile(rows, v1, K2, V2, k, stride, i, scale, acc, m, total, D, True)

    tl.store(OUT + q_offsets, (acc / total[:, None]).to(OUT.dtype.element_ty), mask=there[:, None])
    lse = (m + tl.log2(total)) * 0.6931471805599453
    tl.store(LSE + (batch * HQ + heads) * N + i, lse, mask=there)


# Configurations -------------------------------------------------------------------------------------------------------

Config = collections.namedtuple("Config", "block_h block_k warps stages split")


def configs(group):
    """What is tried for a group of so many heads: blocks no larger than it, but of 16 rows at least."""
    heads = [h for h in (64, 128) if h <= group] or [max(16, triton.next_power_of_2(group))]
    return [Config(*values) for values in itertools.product(heads, (32, 64, 128), (4, 8), (1, 2, 3, 4), (False, True))]


def options(config, d):
    return dict(D=d, BLOCK_H=config.block_h, BLOCK_K=config.block_k, SPLIT=config.split, num_warps=config.warps,
                num_stages=config.stages)


def compile_config(dtype, d, config):
    """Puts the kernel into Triton's cache on disk. Returns what is wrong with it, or None."""
    try:
        forward.warmup(*[dtype] * 6, torch.float32, 77, 1, 1, 1, 1, 1.0, grid=(1,), **options(config, d))
    except (TritonError, RuntimeError) as error:
        return f"{type(error).__name__}: {error}"
    return None


def launch(config, inputs, results, w1, w2):
    """Raises TritonError if the device cannot hold the kernel."""
    batch, n, heads, d = inputs[0].shape
    kv_heads = inputs[1].shape[2]
    grid = (n, kv_heads * triton.cdiv(heads // kv_heads, config.block_h), batch)
    scale = d ** -0.5 / math.log(2)
    forward[grid](*inputs, *results, n, heads, kv_heads, w1, w2, scale, **options(config, d))
