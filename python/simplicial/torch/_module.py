# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A layer of 2-simplicial attention, and what it keeps when it decodes."""

import torch

from .._library import Error
from ._ops import attention


class Cache:
    """Keys and values of the positions that a layer has seen, as far as its windows reach: one for each layer and batch
    of sequences. It keeps no gradients. `length` is how many positions went by."""

    def __init__(self):
        self.length = 0
        self._buffer = None  # [B, capacity, heads, D]
        self._begin = self._end = 0

    def append(self, new: torch.Tensor, past: int | None) -> torch.Tensor:
        """Adds [B, T, heads, D], and returns these with up to `past` positions before them (None: all)."""
        count = new.shape[1]
        if self._buffer is not None and self._buffer.shape[::2] != new.shape[::2]:
            raise Error(f"attention: the cache is of {list(self._buffer.shape)}, not of {list(new.shape)}")
        if past is not None:
            self._begin = max(self._begin, self._end - past)
        if self._buffer is None or self._end + count > self._buffer.shape[1]:
            self._grow(new)
        self._buffer[:, self._end:self._end + count] = new.detach()
        self._end += count
        self.length += count
        return self._buffer[:, self._begin:self._end]

    def _grow(self, new):
        """Moves what is kept to the front of a buffer with as much room again."""
        kept = self._end - self._begin
        buffer = new.new_empty(new.shape[0], 2 * (kept + new.shape[1]), *new.shape[2:])
        if kept:
            buffer[:, :kept] = self._buffer[:, self._begin:self._end]
        self._buffer, self._begin, self._end = buffer, 0, kept


class TwoSimplicialAttention(torch.nn.Module):
    """2-simplicial self-attention with its projections: [B, N, dim] -> [B, N, dim].

    Arguments:
      dim               of the inputs and outputs
      heads, kv_heads   Hq and Hk (default: heads), of which the first is a multiple
      head_dim          D (default: dim / heads), a multiple of 16 up to 256
      w1, w2            windows of the first and second keys, in positions; None: all
      causal ... v2_bias  as attention() has them
      bias              whether projections have biases
      qk_norm           whether q, k1 and k2 are normalised (RMSNorm over D, with weights)
      gate              whether outputs of heads are multiplied by the sigmoid of a projection of the inputs

    Called with a Cache, inputs are the positions behind those that it has seen, of which causal attention sees as many
    as its windows reach: for decoding, without gradients of what is in the cache. Called with `start`, [B, N] of int32,
    position p sees none before start[b, p], as attention() has it: for documents that are packed.
    """

    def __init__(self, dim: int, heads: int, kv_heads: int | None = None, head_dim: int | None = None,
                 w1: int | None = None, w2: int | None = None, *, causal: bool = True, scale: float | None = None,
                 form: str = "trilinear", k2_bias: float = 0.0, v2_bias: float = 0.0, bias: bool = False,
                 qk_norm: bool = False, gate: bool = False, device=None, dtype=None):
        super().__init__()
        self.heads, self.kv_heads = heads, kv_heads or heads
        self.head_dim = head_dim or dim // heads
        if self.heads % self.kv_heads:
            raise Error(f"attention: {heads} heads are not a multiple of {kv_heads} key heads")
        self.w1, self.w2, self.causal, self.scale = w1, w2, causal, scale
        self.form, self.k2_bias, self.v2_bias = form, k2_bias, v2_bias
        options = {"device": device, "dtype": dtype}
        inner = self.heads * self.head_dim
        self.qkv = torch.nn.Linear(dim, inner + 4 * self.kv_heads * self.head_dim, bias, **options)
        self.out = torch.nn.Linear(inner, dim, bias, **options)
        self.gate = torch.nn.Linear(dim, inner, bias, **options) if gate else None
        self.norms = torch.nn.ModuleList(torch.nn.RMSNorm(self.head_dim, **options) for _ in range(3 * qk_norm))

    def extra_repr(self):
        return (f"heads={self.heads}, kv_heads={self.kv_heads}, head_dim={self.head_dim}, w1={self.w1}, w2={self.w2}, "
                f"causal={self.causal}, form={self.form!r}")

    def _past(self):
        """How many positions before the first query are seen; None: all."""
        return None if self.w1 is None or self.w2 is None else max(self.w1, self.w2) - 1

    def forward(self, x: torch.Tensor, cache: Cache | None = None, start: torch.Tensor | None = None) -> torch.Tensor:
        if cache is not None and start is not None:
            raise Error("attention: a cache has no documents")
        if cache is not None and not self.causal:
            raise Error("attention: only causal attention has a cache")
        kv = self.kv_heads
        q, k1, k2, v1, v2 = self.qkv(x).unflatten(-1, (-1, self.head_dim)).split([self.heads, kv, kv, kv, kv], -2)
        if self.norms:
            q, k1, k2 = (norm(t) for norm, t in zip(self.norms, (q, k1, k2)))
        if cache is not None:
            k1, k2, v1, v2 = cache.append(torch.cat((k1, k2, v1, v2), -2), self._past()).chunk(4, -2)
        out = attention(q, k1, k2, v1, v2, self.w1, self.w2, self.causal, self.scale, form=self.form,
                        k2_bias=self.k2_bias, v2_bias=self.v2_bias, start=start).flatten(-2)
        if self.gate is not None:
            out = out * torch.sigmoid(self.gate(x))
        return self.out(out)
