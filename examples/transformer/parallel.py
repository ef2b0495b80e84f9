# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Context parallel: a sequence is split over ranks, each of which has its positions' part of every tensor.

    rank 0    |--------|
    rank 1             |--------|        a rank computes what its queries see
    rank 2        |....|        |--------|
                   halo          positions of rank 2: it gets the last max(w1, w2) - 1 keys and values before them

The queries of a rank that see no halo are computed while it is on its way. If ranks have fewer positions than a halo, it
comes from several.
"""

import torch
import torch.distributed as dist
from model import Whole
from torch.nn.attention.bias import causal_lower_right
from torch.nn.functional import pad, scaled_dot_product_attention

import simplicial.torch  # noqa: F401, which defines them

operators = torch.ops.simplicial


class Split(Whole):
    """This rank's part of sequences of n positions: a model that gets it as its context has [B, end - begin] tokens."""

    def __init__(self, n: int, group: dist.ProcessGroup | None = None):
        self.group = group
        ranks, self.rank = dist.get_world_size(group), dist.get_rank(group)
        if n < ranks:
            raise ValueError(f"{n} positions cannot be split over {ranks} ranks")
        self.bounds = [n * rank // ranks for rank in range(ranks + 1)]
        self.begin, self.end = self.bounds[self.rank:self.rank + 2]

    def part(self, x: torch.Tensor) -> torch.Tensor:
        """Of [B, N, ...]."""
        return x[:, self.begin:self.end]

    def positions(self, n, device):
        return torch.arange(self.begin, self.end, device=device)

    @torch.compiler.disable
    def dot_product(self, q, k, v):
        """Of ordinary attention each query sees all keys before it: they are gathered from all ranks."""
        k, v = _Gather.apply(torch.cat((k, v), 2), self)[:, :self.end].chunk(2, 2)
        q, k, v = (x.transpose(1, 2) for x in (q, k, v))
        mask = causal_lower_right(q.shape[2], k.shape[2])
        return scaled_dot_product_attention(q, k, v, mask, enable_gqa=True).transpose(1, 2)

    @torch.compiler.disable
    def simplicial(self, q, k1, k2, v1, v2, *, w1, w2, form, scale=None):
        halo = self.bounds[-1] if w1 is None or w2 is None else max(w1, w2) - 1
        inputs = q, k1, k2, v1, v2
        if torch.is_autocast_enabled(q.device.type):
            inputs = (x.to(torch.get_autocast_dtype(q.device.type)) for x in inputs)
        return _Simplicial.apply(*inputs, Exchange(self, halo), (w1, w2, True, scale, form, 0.0, 0.0))


class Exchange:
    """Who needs which positions of whom, and the transfers under way. Tensors are [N, B, ...], of which any range of
    positions is in one piece."""

    def __init__(self, split: Split, halo: int):
        self.split, self.halo = split, halo
        ranks = range(len(split.bounds) - 1)
        self.begin = self._begin(split.rank)
        self.incoming = [(rank, piece) for rank in ranks if (piece := self._piece(rank, split.rank))]
        self.outgoing = [(rank, piece) for rank in ranks if (piece := self._piece(split.rank, rank))]

    def _begin(self, rank):
        return max(0, self.split.bounds[rank] - self.halo)

    def _piece(self, owner, rank):
        """The range of positions that `rank` gets from `owner`, if any."""
        begin = max(self.split.bounds[owner], self._begin(rank))
        end = min(self.split.bounds[owner + 1], self.split.bounds[rank])
        return (begin, end) if begin < end else None

    def start_halo(self, own: torch.Tensor) -> torch.Tensor:
        """[B, n, ...] of this rank -> the halo, [B, halo, ...], which is there after finish()."""
        first = self.split.begin
        halo = own.new_empty(first - self.begin, own.shape[0], *own.shape[2:])
        receives = [(rank, halo[begin - self.begin:end - self.begin]) for rank, (begin, end) in self.incoming]
        sends = [(rank, own[:, begin - first:end - first].transpose(0, 1).contiguous())
                 for rank, (begin, end) in self.outgoing]
        self._start(receives, sends)
        return halo.transpose(0, 1)

    def start_back(self, gradient: torch.Tensor) -> list[tuple[tuple[int, int], torch.Tensor]]:
        """Sends the gradient of the halo, [B, halo, ...], to whom it came from. What others send is there after
        finish(): gradients [B, end - begin, ...] of ranges (begin, end) of this rank's positions."""
        halo, first = gradient.transpose(0, 1).contiguous(), self.split.begin
        pieces = [halo.new_empty(end - begin, *halo.shape[1:]) for _, (begin, end) in self.outgoing]
        sends = [(rank, halo[begin - self.begin:end - self.begin]) for rank, (begin, end) in self.incoming]
        self._start([(rank, piece) for (rank, _), piece in zip(self.outgoing, pieces)], sends)
        return [((begin - first, end - first), piece.transpose(0, 1))
                for (_, (begin, end)), piece in zip(self.outgoing, pieces)]

    def _start(self, receives, sends):
        """Of (rank, tensor)."""
        peers = [(dist.irecv, rank, x) for rank, x in receives] + [(dist.isend, rank, x) for rank, x in sends]
        group = self.split.group
        ops = [dist.P2POp(op, x, group=group, group_peer=rank) for op, rank, x in peers]
        self.sent = sends  # kept until finish()
        self.works = dist.batch_isend_irecv(ops) if ops else []

    def finish(self):
        for work in self.works:
            work.wait()
        self.works = self.sent = None


def join(tensors: list[torch.Tensor]) -> torch.Tensor:
    """[B, N, heads, D] of each, whose D may differ -> [B, N, all of them]."""
    return torch.cat([x.flatten(2) for x in tensors], 2)


def split_as(joined: torch.Tensor, shapes: list[torch.Size]) -> list[torch.Tensor]:
    """What join() has joined, of tensors [..., heads, D]."""
    parts = joined.split([heads * dim for *_, heads, dim in shapes], 2)
    return [part.unflatten(2, shape[2:]) for part, shape in zip(parts, shapes)]


class _Simplicial(torch.autograd.Function):
    """Attention of this rank's queries to its own keys and those of the halo. `attributes` are the operator's."""

    @staticmethod
    def forward(ctx, q, k1, k2, v1, v2, exchange, attributes):
        own, shapes = join([k1, k2, v1, v2]), [k1.shape, k2.shape, v1.shape, v2.shape]
        near = min(exchange.halo, q.shape[1])  # queries that may see the halo
        parts = []
        halo = exchange.start_halo(own)
        if near < q.shape[1]:
            parts.append(operators.attention(q[:, near:], k1, k2, v1, v2, *attributes))
        exchange.finish()
        keys = torch.cat((halo, own), 1)
        if near:
            seen = split_as(keys[:, :halo.shape[1] + near], shapes)
            parts.insert(0, operators.attention(q[:, :near], *seen, *attributes))
        out, lse = torch.cat([out for out, _ in parts], 1), torch.cat([lse for _, lse in parts], 2)
        ctx.save_for_backward(q, keys, out, lse)
        ctx.exchange, ctx.shapes, ctx.attributes = exchange, shapes, attributes
        return out

    @staticmethod
    def backward(ctx, d_out):
        """One call, of which the part that sees no halo is not apart: kernels of so many keys fill a GPU a whole number
        of times, and those of a halo alone would take as long as one time more."""
        exchange, (q, keys, out, lse) = ctx.exchange, ctx.saved_tensors
        inputs = q, *split_as(keys, ctx.shapes), out, lse, d_out
        d_q, *gradients = operators.attention_grad(*inputs, 5 * [True], *ctx.attributes)
        halo, own = join(gradients).split([keys.shape[1] - q.shape[1], q.shape[1]], 1)
        pieces = exchange.start_back(halo)
        exchange.finish()
        for (begin, end), piece in pieces:
            own[:, begin:end] += piece
        return d_q, *split_as(own, ctx.shapes), None, None


class _Gather(torch.autograd.Function):
    """[B, n, ...] of each rank -> [B, N, ...]. Backward, each gets the sum of all ranks' gradients of its part."""

    @staticmethod
    def forward(ctx, own, split):
        ctx.split = split
        sizes = [end - begin for begin, end in zip(split.bounds, split.bounds[1:])]
        own = pad(own.transpose(0, 1), (0, 0) * (own.dim() - 1) + (0, max(sizes) - own.shape[1])).contiguous()
        parts = [torch.empty_like(own) for _ in sizes]
        dist.all_gather(parts, own, group=split.group)
        return torch.cat([part[:size] for part, size in zip(parts, sizes)]).transpose(0, 1)

    @staticmethod
    def backward(ctx, gradient):
        gradient = gradient.contiguous()
        dist.all_reduce(gradient, group=ctx.split.group)
        return ctx.split.part(gradient), None


def sum_over_ranks(tensors: list[torch.Tensor], group: dist.ProcessGroup | None = None):
    """Adds up each tensor over the ranks, in place, in one message."""
    flat = torch.cat([x.flatten() for x in tensors])
    dist.all_reduce(flat, group=group)
    for x, total in zip(tensors, flat.split([x.numel() for x in tensors])):
        x.copy_(total.view_as(x))
