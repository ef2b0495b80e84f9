# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Context parallel: a sequence is split over ranks, each of which has its positions' part of every tensor.

    rank 0    |--------|
    rank 1             |--------|        a rank computes what its queries see
    rank 2        |....|        |--------|
                   halo          positions of rank 2: it gets the last max(w1, w2) - 1 keys and values before them

The queries of a rank that see no halo are computed while it is on its way, forward, and while its gradient is on its
way back, backward. If ranks have fewer positions than a halo, it comes from several.
"""

import torch
import torch.distributed as dist
from model import Whole
from torch.nn.attention.bias import causal_lower_right
from torch.nn.functional import pad, scaled_dot_product_attention

from simplicial.torch import attention


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
    def simplicial(self, q, k1, k2, v1, v2, *, w1, w2, **attributes):
        halo = self.bounds[-1] if w1 is None or w2 is None else max(w1, w2) - 1
        near = min(halo, q.shape[1])  # queries that may see the halo
        own = torch.cat((k1, k2, v1, v2), 2)
        exchange = Exchange(self, halo)
        parts = []
        before = _Start.apply(own, exchange)
        if near < q.shape[1]:
            parts.append(attention(q[:, near:], k1, k2, v1, v2, w1, w2, **attributes))
        before = _Finish.apply(before, exchange)
        if near:
            keys = torch.cat((before, own[:, :near]), 1).chunk(4, 2)
            parts.insert(0, attention(q[:, :near], *keys, w1, w2, **attributes))
        return torch.cat(parts, 1)


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

    def start(self, receives, sends):
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


class _Start(torch.autograd.Function):
    """[B, n, ...] of this rank -> the halo, [B, halo, ...], which is there after _Finish. Backward, it is the last."""

    @staticmethod
    def forward(ctx, own, exchange):
        ctx.exchange, ctx.shape = exchange, own.shape
        first = exchange.split.begin
        halo = own.new_empty(first - exchange.begin, own.shape[0], *own.shape[2:])
        receives = [(rank, halo[begin - exchange.begin:end - exchange.begin])
                    for rank, (begin, end) in exchange.incoming]
        sends = [(rank, own[:, begin - first:end - first].transpose(0, 1).contiguous())
                 for rank, (begin, end) in exchange.outgoing]
        exchange.start(receives, sends)
        return halo.transpose(0, 1)

    @staticmethod
    def backward(ctx, gradient):
        exchange, first = ctx.exchange, ctx.exchange.split.begin
        exchange.finish()
        own = gradient.new_zeros(ctx.shape)
        for (_, (begin, end)), piece in zip(exchange.outgoing, exchange.pieces):
            own[:, begin - first:end - first] += piece.transpose(0, 1)
        exchange.pieces = None
        return own, None


class _Finish(torch.autograd.Function):
    """Waits for the halo. Backward, its gradient goes back to the ranks that it came from."""

    @staticmethod
    def forward(ctx, halo, exchange):
        ctx.exchange = exchange
        exchange.finish()
        return halo.view_as(halo)

    @staticmethod
    def backward(ctx, gradient):
        exchange = ctx.exchange
        halo = gradient.transpose(0, 1).contiguous()
        exchange.pieces = [halo.new_empty(end - begin, *halo.shape[1:]) for _, (begin, end) in exchange.outgoing]
        sends = [(rank, halo[begin - exchange.begin:end - exchange.begin])
                 for rank, (begin, end) in exchange.incoming]
        exchange.start([(rank, piece) for (rank, _), piece in zip(exchange.outgoing, exchange.pieces)], sends)
        return gradient, None


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
