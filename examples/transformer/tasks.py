# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Synthetic tasks: which of them need pairs of tokens, which do not, and which one expects a model of pairs to lose.

A task makes batches out of a generator: tokens [B, N, fields], of which the fields' embeddings are added, and answers
[B, asked] at the last positions. Sizes are fixed here; they are larger than those of a first look, of which TASKS says
what it found: "pairs" (2-simplicial layers needed fewer sequences), "control" (as many), "loses" (more).
"""

import dataclasses
import typing

import torch


class Task(typing.Protocol):
    vocabulary: int
    outputs: int
    length: int
    asked: int

    def batch(self, count: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]: ...

    def test(self, count: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]: ...


def draw(generator, high, *shape):
    return torch.randint(high, shape, generator=generator, device=generator.device)


def shuffle(generator, count, n):
    """`count` orders of n things."""
    return torch.rand(count, n, generator=generator, device=generator.device).argsort(1)


def pick(x, order):
    """x [B, n, ...] in the order [B, m] of each row."""
    return x.gather(1, order.view(*order.shape, *[1] * (x.dim() - 2)).expand(-1, -1, *x.shape[2:]))


def pairs_before(sums, wanted, last):
    """[B, asked]: whether sums [B, n, n] of a and b, a < b < last [asked], have `wanted` [B, asked]."""
    n = sums.shape[1]
    place = torch.arange(n, device=sums.device)
    allowed = (place[:, None] < place) & (place < last[:, None, None])
    return ((sums[:, None] == wanted[:, :, None, None]) & allowed).flatten(2).any(2).long()


class Fresh:
    """Tests are drawn as batches are."""

    def test(self, count, generator):
        return self.batch(count, generator)


@dataclasses.dataclass
class Triple(Fresh):
    """Numbers below m: do two before this one make it a sum of 0, modulo m or by exclusive or?"""
    n: int = 12
    m: int = 32
    xor: bool = False

    def __post_init__(self):
        self.vocabulary, self.outputs, self.length, self.asked = self.m, 2, self.n, self.n // 2

    def batch(self, count, generator):
        x = draw(generator, self.m, count, self.n)
        a, b = x[:, :, None], x[:, None, :]
        sums = a ^ b if self.xor else (a + b) % self.m
        own = x[:, -self.asked:]
        last = torch.arange(self.n - self.asked, self.n, device=x.device)
        return x[..., None], pairs_before(sums, own if self.xor else -own % self.m, last)


@dataclasses.dataclass
class SumAsked(Fresh):
    """Numbers below m, then sums: do two of the numbers make it, modulo m?"""
    n: int = 8
    asked: int = 8
    m: int = 41

    def __post_init__(self):
        self.vocabulary, self.outputs, self.length = 2 * self.m, 2, self.n + self.asked

    def batch(self, count, generator):
        x, c = draw(generator, self.m, count, self.n), draw(generator, self.m, count, self.asked)
        last = torch.full((self.asked,), self.n, device=x.device)
        answers = pairs_before((x[:, :, None] + x[:, None, :]) % self.m, c, last)
        return torch.cat((x, c + self.m), 1)[..., None], answers


@dataclasses.dataclass
class Join(Fresh):
    """n times two tokens with a common tag: (tag, x, r) and (tag, y, v), in any order; then pairs (x, y), which are all
    different. Asked is v, or, if `composed`, r + v."""
    composed: bool = False
    n: int = 8
    keys: int = 4
    values: int = 16
    asked: int = 4

    def __post_init__(self):
        self.length, self.outputs = 2 * self.n + self.asked, self.values
        self.vocabulary = self.n + 2 * self.keys + 2 * self.values + 4

    def batch(self, count, generator):
        n, keys, values = self.n, self.keys, self.values
        xs, ys, rs, vs, kinds = n, n + keys, n + 2 * keys, n + 2 * keys + values, n + 2 * keys + 2 * values
        xy = shuffle(generator, count, keys * keys)[:, :n]
        x, y, tag = xy // keys, xy % keys, shuffle(generator, count, n)
        r, v = draw(generator, values, count, n), draw(generator, values, count, n)

        def tokens(kind, *fields):
            nothing = torch.full_like(fields[0], kinds + 3)
            return torch.stack((*fields, *[nothing] * (3 - len(fields)), torch.full_like(fields[0], kinds + kind)), -1)

        first = tokens(0, tag, x + xs, r + rs) if self.composed else tokens(0, tag, x + xs)
        memory = torch.cat((first, tokens(1, tag, y + ys, v + vs)), 1)
        which = shuffle(generator, count, n)[:, :self.asked]
        asked = tokens(2, pick(x, which) + xs, pick(y, which) + ys)
        answers = (r + v) % values if self.composed else v
        return torch.cat((pick(memory, shuffle(generator, count, 2 * n)), asked), 1), pick(answers, which)


@dataclasses.dataclass
class Apart(Fresh):
    """A stream x y v x y v ... in which pairs (x, y) are all different, then x y of some: what is v? Tokens of a pair
    are neighbours, so that a layer before can join them."""
    n: int = 8
    keys: int = 4
    values: int = 16
    questions: int = 4

    def __post_init__(self):
        self.length, self.outputs = 3 * self.n + 2 * self.questions, self.values
        self.vocabulary, self.asked = 2 * self.keys + self.values, 2 * self.questions

    def batch(self, count, generator):
        xy = shuffle(generator, count, self.keys ** 2)[:, :self.n]
        x, y = xy // self.keys, xy % self.keys + self.keys
        v = draw(generator, self.values, count, self.n)
        which = shuffle(generator, count, self.n)[:, :self.questions]
        asked = torch.stack((pick(x, which), pick(y, which)), -1).flatten(1)
        tokens = torch.cat((torch.stack((x, y, v + 2 * self.keys), -1).flatten(1), asked), 1)
        nothing = torch.full_like(which, IGNORED)
        return tokens[..., None], torch.stack((nothing, pick(v, which)), -1).flatten(1)


@dataclasses.dataclass
class Recall(Fresh):
    """n keys, all different, with values, in one token or, if `apart`, in two; then keys: what is its value?"""
    apart: bool = False
    n: int = 16
    keys: int = 32
    values: int = 16
    asked: int = 4

    def __post_init__(self):
        self.length, self.outputs = (1 + self.apart) * self.n + self.asked, self.values
        self.vocabulary = self.keys + self.values + 1

    def batch(self, count, generator):
        k = shuffle(generator, count, self.keys)[:, :self.n]
        v = draw(generator, self.values, count, self.n)
        which = shuffle(generator, count, self.n)[:, :self.asked]
        asked, memory = pick(k, which), torch.stack((k, v + self.keys), -1)
        if self.apart:
            return torch.cat((memory.flatten(1), asked), 1)[..., None], pick(v, which)
        nothing = torch.full_like(asked, self.keys + self.values)
        return torch.cat((memory, torch.stack((asked, nothing), -1)), 1), pick(v, which)


@dataclasses.dataclass
class Parity(Fresh):
    """Bits with tags, `bits` of each; then tags: the parity of its bits."""
    tags: int = 4
    bits: int = 4
    asked: int = 4

    def __post_init__(self):
        self.length, self.outputs, self.vocabulary = self.tags * self.bits + self.asked, 2, self.tags + 3

    def batch(self, count, generator):
        bit = draw(generator, 2, count, self.tags, self.bits)
        tag = torch.arange(self.tags, device=bit.device)[:, None].expand_as(bit)
        memory = torch.stack((tag, bit + self.tags), -1).flatten(1, 2)
        which = shuffle(generator, count, self.tags)[:, :self.asked]
        asked = torch.stack((which, torch.full_like(which, self.tags + 2)), -1)
        memory = pick(memory, shuffle(generator, count, self.tags * self.bits))
        return torch.cat((memory, asked), 1), pick(bit.sum(2) % 2, which)


@dataclasses.dataclass
class Table:
    """a, b, =: their product modulo p. Half of all pairs is for training, the other for tests."""
    p: int = 97

    def __post_init__(self):
        self.vocabulary, self.outputs, self.length, self.asked = self.p + 1, self.p, 3, 1
        self.order = torch.randperm(self.p ** 2, generator=torch.Generator().manual_seed(7))

    def _rows(self, which):
        a, b = which // self.p, which % self.p
        return torch.stack((a, b, torch.full_like(a, self.p)), 1)[..., None], (a * b % self.p)[:, None]

    def batch(self, count, generator):
        half = self.order[:len(self.order) // 2].to(generator.device)
        return self._rows(half[draw(generator, len(half), count)])

    def test(self, count, generator):
        return self._rows(self.order[len(self.order) // 2:][:count].to(generator.device))


IGNORED = -100  # an answer that is not asked for
TASKS: dict[str, tuple[typing.Callable[[], Task], str]] = {
    "triple-xor": (lambda: Triple(xor=True), "pairs"),
    "triple-sum": (Triple, "pairs"),
    "sum-asked": (SumAsked, "pairs"),
    "compose": (lambda: Join(True, values=8), "pairs"),
    "pair-lookup": (Join, "pairs"),
    "pair-lookup-apart": (Apart, "loses"),
    "parity": (Parity, "pairs"),
    "multiplication": (Table, "control"),
    "recall": (Recall, "control"),
    "recall-apart": (lambda: Recall(True, n=12, keys=24), "loses"),
}
# The same at sizes for CPUs, about those of the first look.
SMALL: dict[str, typing.Callable[[], Task]] = {
    "triple-sum": lambda: Triple(n=6, m=15),
    "sum-asked": lambda: SumAsked(n=4, asked=4, m=9),
    "compose": lambda: Join(True, n=4, keys=3, values=4),
    "pair-lookup": lambda: Join(n=4, keys=3, values=4),
    "recall": lambda: Recall(n=6, keys=12, values=4),
    "recall-apart": lambda: Recall(True, n=4, keys=8, values=4),
}
