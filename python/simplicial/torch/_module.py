# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A layer of 2-simplicial attention, and what it keeps when it decodes."""

import torch

from .._library import Error
from ._ops import attention


class _Ring:
    """Keys and values of one side, [B, room, heads, D]: those of position p are at p % room. There is room for as many as
    the window has, and for no more than twice what there has been; without a window for all, so that nothing wraps."""

    def __init__(self, window: int | None):
        self._window = window
        self._buffer = None

    def extend(self, new: torch.Tensor, length: int) -> torch.Tensor:
        """Adds [B, T, heads, D] behind `length` positions. Returns what attention takes: of one position all of the ring,
        which is in no order; of several these, in order, behind as many as the first one's window reaches back to."""
        end, window = length + new.shape[1], self._window
        self._reserve(new, length, max(1, end if window is None else min(end, window)))
        begin = 0 if window is None else max(0, length - window + 1)
        if end == length + 1 or end <= self._buffer.shape[1]:
            self._store(new, length)
            return self._buffer if end == length + 1 else self._buffer[:, begin:end]
        past = [self._buffer[:, slots] for slots in self._slots(begin, length)]
        keys = torch.cat((*past, new), 1) if past else new
        self._store(new, length)
        return keys

    def _reserve(self, new, length, needed):
        buffer = self._buffer
        if buffer is not None and (buffer.shape[0], *buffer.shape[2:]) != (new.shape[0], *new.shape[2:]):
            raise Error(f"attention: the cache is of {list(buffer.shape)}, not of {list(new.shape)}")
        if buffer is not None and needed <= buffer.shape[1]:
            return
        room = 2 * needed if self._window is None else min(2 * needed, self._window)
        self._buffer = new.new_empty(new.shape[0], room, *new.shape[2:])
        if length:  # nothing has wrapped while there was less room than the window has
            self._buffer[:, :length] = buffer[:, :length]

    def _slots(self, begin, end):
        """Where positions [begin, end) are, of which there is room for all: slices, in order."""
        room, first = self._buffer.shape[1], begin % self._buffer.shape[1]
        behind = first + end - begin
        slots = [slice(first, min(behind, room)), slice(0, behind - room)]
        return [one for one in slots if one.start < one.stop]

    def _store(self, new, length):
        end = length + new.shape[1]
        begin = max(length, end - self._buffer.shape[1])
        for slots in self._slots(begin, end):
            count = slots.stop - slots.start
            self._buffer[:, slots] = new[:, begin - length:begin - length + count]
            begin += count


class Cache:
    """Keys and values of the positions that a layer has seen, as far as its windows reach: one for each layer and batch
    of sequences. It keeps no gradients. `length` is how many positions went by.

    k1 and v1 are in a ring of w1 positions, k2 and v2 in one of w2: memory does not grow with what went by, but for a side
    without a window. One position at a time attends to the rings as they are; several see different positions, which are
    copied in order for them, w - 1 of the past."""

    def __init__(self):
        self.length = 0
        self._windows = self._rings = None

    def append(self, k1: torch.Tensor, k2: torch.Tensor, v1: torch.Tensor, v2: torch.Tensor, w1: int | None,
               w2: int | None):
        """Adds [B, T, heads, D] of each. Returns k1, k2, v1, v2 and lengths that attention() takes for these positions,
        causal and with these windows."""
        if self._rings is None:
            self._windows, self._rings = (w1, w2), (_Ring(w1), _Ring(w2))
        if self._windows != (w1, w2):
            raise Error(f"attention: the cache is of windows {self._windows}, not of {w1, w2}")
        batch, count = k1.shape[:2]
        (k1, v1), (k2, v2) = (ring.extend(torch.cat(side, -2).detach(), self.length).chunk(2, -2)
                              for ring, side in zip(self._rings, ((k1, v1), (k2, v2))))
        self.length += count
        lengths = None
        if count == 1:
            lengths = torch.full((batch,), self.length, dtype=torch.int32, device=k1.device)
        return k1, k2, v1, v2, lengths


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

    def forward(self, x: torch.Tensor, cache: Cache | None = None, start: torch.Tensor | None = None) -> torch.Tensor:
        if cache is not None and start is not None:
            raise Error("attention: a cache has no documents")
        if cache is not None and not self.causal:
            raise Error("attention: only causal attention has a cache")
        kv = self.kv_heads
        q, k1, k2, v1, v2 = self.qkv(x).unflatten(-1, (-1, self.head_dim)).split([self.heads, kv, kv, kv, kv], -2)
        if self.norms:
            q, k1, k2 = (norm(t) for norm, t in zip(self.norms, (q, k1, k2)))
        lengths = None
        if cache is not None:
            k1, k2, v1, v2, lengths = cache.append(k1, k2, v1, v2, self.w1, self.w2)
        out = attention(q, k1, k2, v1, v2, self.w1, self.w2, self.causal, self.scale, form=self.form,
                        k2_bias=self.k2_bias, v2_bias=self.v2_bias, start=start, lengths=lengths).flatten(-2)
        if self.gate is not None:
            out = out * torch.sigmoid(self.gate(x))
        return self.out(out)
