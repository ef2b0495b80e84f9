# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""2-simplicial attention with a learnable third-order tensor A of q, k1 and k2 in place of the trilinear form.

    S[i,j,k] = scale * sum_abc A[a,b,c] q[i,a] k1[j,b] k2[k,c],  A[a,b,c] = sum_r U[a,r] V[b,r] W[c,r]

A has rank R: S is the trilinear form of the projections q U, k1 V and k2 W, which are R wide, and that is what the
kernel gets. Each query head has a U, each key head a V and a W.
"""

import typing

import torch
import torch.nn.functional as F
from torch import nn

MULTIPLE = 16  # of which the kernel takes widths


class Tensor(nn.Module):
    """A begins as the trilinear form, which is the diagonal tensor and has rank D; of R < D, as that of the first R
    dimensions."""

    def __init__(self, heads: int, kv_heads: int, head_dim: int, rank: int):
        super().__init__()
        self.u = nn.Parameter(torch.empty(heads, head_dim, rank))
        self.v = nn.Parameter(torch.empty(kv_heads, head_dim, rank))
        self.w = nn.Parameter(torch.empty(kv_heads, head_dim, rank))
        self.reset(torch.Generator().manual_seed(0))

    @torch.no_grad()
    def reset(self, generator: torch.Generator):
        """Products beyond the D-th begin as zeros because of U alone, so that they have a gradient."""
        _, dim, rank = self.u.shape
        for x in (self.u, self.v, self.w):
            x.copy_(torch.eye(dim, rank))
            if x is not self.u and rank > dim:
                x[..., dim:].normal_(0, dim ** -0.5, generator=generator)

    def full(self) -> torch.Tensor:
        """A of each query head, [heads, D, D, D]."""
        group = self.u.shape[0] // self.v.shape[0]
        v, w = (x.repeat_interleave(group, 0) for x in (self.v, self.w))
        return torch.einsum("har,hbr,hcr->habc", self.u, v, w)

    def forward(self, attention: typing.Callable[..., torch.Tensor], q: torch.Tensor, k1: torch.Tensor,
                k2: torch.Tensor, v1: torch.Tensor, v2: torch.Tensor, scale: float | None = None,
                **attributes) -> torch.Tensor:
        """attention(q, k1, k2, v1, v2) with A in it: q is [B, Nq, heads, D], the others [B, N, kv_heads, D].

        Keys are R wide, filled up with zeros to a multiple of 16; values stay as wide as they are.
        """
        _, dim, rank = self.u.shape
        width = -(-rank // MULTIPLE) * MULTIPLE
        keys = [torch.einsum("bnhd,hdr->bnhr", x, a.to(x.dtype)) for x, a in zip((q, k1, k2), (self.u, self.v, self.w))]
        keys = [F.pad(x, (0, width - rank)) for x in keys]
        return attention(*keys, v1, v2, scale=scale or dim ** -0.5, **attributes)
