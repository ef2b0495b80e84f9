# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The cases of the numerics tests, by group."""

import dataclasses
import math
import random


@dataclasses.dataclass(frozen=True)
class Case:
    dtype: str = "f32"
    B: int = 1
    N: int = 37
    Nq: int = None            # N, if None
    Hq: int = 8
    Hk: int = 1
    D: int = 64
    w1: int = 5
    w2: int = 19
    causal: bool = True
    scale: float = None
    k2_bias: float = None
    v2_bias: float = None
    form: str = None
    dynamic: str = ""         # dimensions that are `?` in the IR: some of "B", "Nq", "N"
    pad: tuple = ()           # elements after each row of q, k1, k2, v1, v2 (strided inputs)
    results: str = "out lse"  # what the function returns
    threads: int = None
    operand: str = None       # element type of the operands of products, if not what the target takes by itself
    config: str = ""          # entries of simplicial.config for GPUs
    few: bool = False         # it has a strategy for few queries beside that for many
    documents: tuple = ()     # for each sequence in turn, lengths of documents, the last one reaching further; below 0: of
                              # positions that see nothing
    Dv: int = None            # of values and results; D, if None
    lengths: tuple = ()       # for each sequence in turn, how many keys it has
    data: str = "peaked"      # how the inputs are made, see data.py
    bad: tuple = ()           # ((input name, index, value), ...): single elements overwritten by inf or nan
    N2: int = None            # keys of k2 and v2; None: N, and the operation has one length
    places: int = None        # positions that start has, with N2; None: as many as there are keys of more

    @property
    def keys2(self):
        return self.N if self.N2 is None else self.N2

    @property
    def queries(self):
        return self.N if self.Nq is None else self.Nq

    @property
    def width(self):
        return self.D if self.Dv is None else self.Dv

    def __str__(self):
        """The fields that differ from the defaults, and the shape."""
        shown = [f"{self.dtype} B={self.B} N={self.N} Hq={self.Hq} Hk={self.Hk} D={self.D} w1={self.w1} w2={self.w2}"]
        for field in dataclasses.fields(self)[9:]:
            value = getattr(self, field.name)
            if value != field.default:
                shown.append(f"{field.name}={value}".replace(" ", ""))
        return " ".join(shown + ([f"Nq={self.Nq}"] if self.Nq is not None else []))


def heads():
    for hq, hk in [(1, 1), (2, 1), (2, 2), (3, 1), (3, 3), (5, 1), (6, 2), (7, 1), (8, 1), (8, 8), (9, 3), (12, 3),
                   (16, 2), (17, 1), (24, 1), (64, 1), (65, 1), (128, 1), (128, 2)]:
        yield Case(Hq=hq, Hk=hk, N=21)
    for hq, hk in [(1, 1), (3, 1), (8, 2), (64, 1)]:
        yield Case(Hq=hq, Hk=hk, B=2, N=21, causal=False)


def windows():
    sizes = [(1, 1), (1, 19), (19, 1), (2, 3), (7, 37), (40, 3), (16, 16), (24, 9), (36, 37), (38, 38), (200, 300),
             (None, None), (None, 9), (9, None), (None, 1), (1, None), (2**40, 2**62)]
    for w1, w2 in sizes:
        yield Case(w1=w1, w2=w2, Hq=4)
        yield Case(w1=w1, w2=w2, Hq=1, causal=False)
    for w1, w2 in [(16, 128), (130, 5), (33, 140), (64, 65)]:  # more than a tile of the inner window
        yield Case(w1=w1, w2=w2, N=150, Nq=12, Hq=2)
        yield Case(w1=w1, w2=w2, N=150, Nq=5, Hq=8, causal=False)
    yield Case(w1=100, w2=520, N=600, Nq=2, Hq=4)
    yield Case(w1=520, w2=20, N=600, Nq=2, Hq=4, D=128)


def dims():
    for d in (16, 32, 48, 64, 80, 96, 112, 128, 192, 256):
        yield Case(D=d, N=24)
        yield Case(D=d, N=24, Hq=1, w1=9, causal=False)
    yield Case(D=256, Hq=64, N=9)


def lengths():
    for n in (1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 100):
        yield Case(N=n, Hq=2)
    for n in (1, 2, 17, 40):
        yield Case(N=n, Hq=3, w1=None, w2=None)
        yield Case(N=n, Hq=3, w1=8, w2=8, causal=False)


def queries():
    for nq in (1, 2, 5, 36):
        yield Case(Nq=nq)
        yield Case(Nq=nq, B=2, Hq=4, Hk=2, causal=False)
    yield Case(Nq=1, N=200, w1=16, w2=128)
    yield Case(Nq=1, N=70, w1=None, w2=None)
    yield Case(Nq=1, N=1)


def empty():
    """Queries that stand before the first key: all of them see nothing, or their window begins to."""
    yield Case(N=5, Nq=12)
    yield Case(N=5, Nq=12, Hq=1, w1=None, w2=None)
    yield Case(N=5, Nq=12, causal=False, w1=3, w2=4)
    yield Case(N=5, Nq=12, causal=False, w1=4, w2=3, Hq=3)
    yield Case(N=5, Nq=12, causal=False, w1=3, w2=None)
    yield Case(N=1, Nq=9, w1=1, w2=1)
    yield Case(N=1, Nq=9, dynamic="B Nq N", dtype="bf16")
    yield Case(N=0, Nq=6, dynamic="N")
    yield Case(N=0, Nq=6, dynamic="B Nq N", causal=False, w1=None, w2=None, dtype="f16")
    yield Case(N=6, Nq=0, dynamic="Nq")
    yield Case(B=0, N=6, dynamic="B")
    yield Case(N=0, dynamic="Nq N")
    yield Case(N=5, Nq=12, form="determinant", D=48, k2_bias=0.5, v2_bias=1.0)


def documents():
    """Packed sequences: documents of one key, longer than windows, that begin at tiles' edges, with padding between."""
    mixed = ((1, 1, 7, 16, 1, 30, 2), (16, 16, 32, 3), (70,))
    for causal in (True, False):
        yield Case(N=70, D=16, B=3, documents=mixed, causal=causal)
        yield Case(N=70, D=16, B=2, Hq=4, Hk=2, w1=None, w2=None, documents=mixed, causal=causal)
        yield Case(N=70, D=16, B=2, Hq=1, w1=20, w2=6, documents=mixed, causal=causal, k2_bias=0.3, v2_bias=-1.0)
    yield Case(N=40, D=16, Hq=3, documents=(40 * (1,),))
    yield Case(N=70, D=16, B=3, Hq=2, documents=((-9, 20), (5, -8, 20, -3, 30), (-70,)))
    yield Case(N=70, D=16, Nq=9, B=3, Hq=4, documents=((62, 1), (-64, 3), (30,)), dynamic="B Nq N")
    yield Case(N=5, D=16, Nq=12, Hq=2, documents=((2,),))
    yield Case(N=0, D=16, Nq=6, documents=((2,),), dynamic="Nq N")
    yield Case(N=70, D=48, form="determinant", w1=12, w2=30, documents=mixed)
    yield Case(N=70, D=16, B=2, Hq=4, dtype="bf16", documents=mixed[1:], threads=3)
    yield Case(N=70, D=16, dtype="f16", w1=None, documents=mixed)


def key_lengths():
    """Sequences of different lengths, from none to all of the keys."""
    some = dict(N=33, D=16, lengths=(0, 1, 33, 20, 7))
    for causal in (True, False):
        yield Case(**some, B=5, Hq=4, causal=causal)
        yield Case(**some, B=4, Nq=9, Hq=4, Hk=2, w1=None, w2=None, causal=causal, dynamic="B Nq N")
    yield Case(**some, B=5, Nq=1, Hq=3, w1=20, w2=6)
    yield Case(**some, B=2, Nq=40, Hq=3, w1=None, causal=False, k2_bias=0.3, v2_bias=-1.0)
    yield Case(N=0, Nq=6, D=16, lengths=(0,), dynamic="Nq N")
    yield Case(**{**some, "D": 48}, B=5, form="determinant", threads=3)
    yield Case(**some, B=5, Hq=2, dtype="f16", bad=(("k1", (3, 19, 0, 3), math.nan), ("v2", (4, 7, 0, 3), math.nan)))


def two_lengths():
    """k1 and k2 of different lengths: shorter than windows, than queries, and of none; rings that are full."""
    for n, n2 in [(9, 37), (37, 9), (16, 100), (1, 20), (40, 17)]:
        for causal in (True, False):
            yield Case(N=n, N2=n2, Nq=12, D=16, Hq=4, causal=causal)
            yield Case(N=n, N2=n2, Nq=5, D=16, B=2, Hq=3, w1=None, w2=None, causal=causal, dynamic="B Nq N")
    for w1, w2 in [(20, 6), (2, 60), (None, 4), (7, None)]:
        yield Case(N=70, N2=33, D=16, Hq=2, Hk=2, Nq=40, w1=w1, w2=w2, k2_bias=0.3, v2_bias=-1.0)
        yield Case(N=33, N2=70, D=16, Hq=5, Nq=80, w1=w1, w2=w2, causal=False, dtype="bf16")
    for w1, w2 in [(16, 300), (300, 16)]:  # rings of as many keys as windows have
        yield Case(N=w1, N2=w2, Nq=1, D=16, B=2, Hq=4, w1=w1, w2=w2)
        yield Case(N=w1, N2=w2, Nq=1, D=16, B=2, Hq=4, w1=None, w2=None, causal=False, dynamic="N", few=True)
    yield Case(N=20, N2=20, D=16, Hq=3, Nq=7, dynamic="Nq N")  # the same, after all
    yield Case(N=0, N2=9, Nq=6, D=16, dynamic="Nq N")
    yield Case(N=9, N2=0, Nq=6, D=16, dynamic="Nq N", causal=False)
    yield Case(N=9, N2=40, Nq=16, D=48, Hq=4, form="determinant", w1=12, w2=4)
    yield Case(N=30, N2=12, Nq=9, Hq=3, D=16, dtype="f16", bad=(("k1", (0, 25, 0, 3), math.nan), ("v2", (0, 7, 0, 3), math.nan)))
    # Rings that are not yet full, or just so: each has as many keys as there is room for.
    for causal in (True, False):
        yield Case(N=8, N2=24, Nq=1, D=16, B=5, Hq=4, w1=8, w2=24, lengths=(0, 5, 8, 20, 30), causal=causal)
        yield Case(N=40, N2=9, Nq=6, D=16, B=4, Hq=2, w1=None, lengths=(0, 4, 20, 50), causal=causal, dynamic="B Nq N")
    documents = ((1, 1, 7, 16, 1, 30, 2), (-9, 20), (16, 16, 32, 3))
    for causal in (True, False):
        yield Case(N=20, N2=70, Nq=15, D=16, B=3, Hq=4, documents=documents, causal=causal)
        yield Case(N=70, N2=31, Nq=50, D=16, B=3, Hq=2, w1=None, documents=documents, causal=causal, dynamic="Nq N")
        yield Case(N=30, N2=12, Nq=25, D=16, B=2, Hq=3, documents=documents, places=90, causal=causal)
        yield Case(N=40, N2=50, Nq=25, D=16, B=2, Hq=3, documents=documents[1:], places=20, causal=causal)
    yield Case(N=5, N2=7, Nq=3, D=16, documents=documents, places=0, dynamic="N")


def attributes():
    for causal in (True, False):
        yield Case(k2_bias=0.25, causal=causal)
        yield Case(v2_bias=1.0, causal=causal)
        yield Case(k2_bias=1 / 64, v2_bias=1.0, causal=causal)
        yield Case(k2_bias=-0.7, v2_bias=-3.3, causal=causal, Hq=3, B=2)
    yield Case(k2_bias=0.3, v2_bias=0.6, w1=None, w2=None, N=21)
    yield Case(k2_bias=0.3, v2_bias=0.6, w1=30, w2=4)
    for scale in (0.3, 1.0, 1e-3, 2.5):
        yield Case(scale=scale, Hq=2)
    yield Case(form="trilinear")


def determinant():
    for d in (48, 96, 192, 240):
        for causal in (True, False):
            yield Case(form="determinant", D=d, causal=causal, N=24)
    for hq, hk in [(1, 1), (3, 3), (6, 2), (64, 1)]:
        yield Case(form="determinant", D=48, Hq=hq, Hk=hk, B=2, N=17)
    for w1, w2 in [(1, 1), (30, 4), (None, None), (99, 99), (12, None)]:
        yield Case(form="determinant", D=48, w1=w1, w2=w2, Hq=2)
    yield Case(form="determinant", D=48, k2_bias=0.4)
    yield Case(form="determinant", D=48, v2_bias=1.0, k2_bias=-0.2, w1=30, w2=4)
    yield Case(form="determinant", D=48, scale=0.5, Nq=3)
    yield Case(form="determinant", D=96, dynamic="B Nq N", dtype="bf16", k2_bias=1 / 96, v2_bias=1.0)
    yield Case(form="determinant", D=96, dtype="f16", causal=False)


def pairwise():
    for d in (16, 80, 128, 256):
        yield Case(form="pairwise", D=d, N=24, Hq=4)
    for hq, hk in [(1, 1), (6, 2), (64, 1)]:
        yield Case(form="pairwise", Hq=hq, Hk=hk, B=2, N=17, causal=False)
    for w1, w2 in [(1, 1), (30, 4), (None, None), (99, 99), (12, None)]:
        yield Case(form="pairwise", D=16, w1=w1, w2=w2, Hq=2)
    for w1, w2 in [(5, 19), (30, 4)]:
        yield Case(form="pairwise", k2_bias=0.4, v2_bias=1.0, w1=w1, w2=w2, scale=0.5, Nq=13)
    yield Case(form="pairwise", D=96, dynamic="B Nq N", dtype="bf16", k2_bias=1 / 96)
    yield Case(form="pairwise", D=96, dtype="f16", causal=False, pad=(1, 2, 3, 4, 5))
    yield Case(form="pairwise", N=5, Nq=12, k2_bias=0.5, results="lse out", threads=3)
    yield Case(form="pairwise", N=70, D=16, B=3, w1=12, w2=30, documents=((1, 1, 7, 16, 1, 30, 2), (16, 16, 32, 3), (70,)))
    yield Case(form="pairwise", N=33, D=16, B=5, w1=None, lengths=(0, 1, 33, 20, 7))
    yield Case(form="pairwise", Nq=9, N=300, w1=2, w2=None, D=16, Hq=1, few=True)
    for data in ("winner", "up", "down"):
        yield Case(form="pairwise", data=data, scale=1.0, Hq=2)
    for name in ("q", "k1", "k2", "v1", "v2"):
        yield Case(form="pairwise", bad=((name, (0, 20, 0, 3), math.inf),), N=48, Hq=3)


def values():
    """Values of another width than keys."""
    for d, dv in [(16, 64), (64, 16), (48, 256), (256, 32)]:
        yield Case(D=d, Dv=dv, Hq=4, N=24, k2_bias=0.5, v2_bias=-1.0)
        yield Case(D=d, Dv=dv, Hq=6, Hk=2, B=2, N=21, w1=30, w2=4, causal=False, dtype="bf16", dynamic="B Nq N")
    yield Case(D=48, Dv=16, form="determinant", pad=(1, 2, 3, 4, 5))
    yield Case(D=16, Dv=80, form="pairwise", N=70, documents=((1, 16, 30),))
    yield Case(D=16, Dv=32, Nq=1, N=1000, w1=1, w2=None, dtype="f16")
    yield Case(D=16, Dv=48, N=33, B=3, lengths=(0, 33, 20), bad=(("v2", (1, 20, 0, 40), math.nan),))


def half_types():
    for dtype in ("f16", "bf16"):
        for hq, hk in [(1, 1), (2, 2), (3, 1), (8, 1), (64, 1)]:
            yield Case(dtype=dtype, Hq=hq, Hk=hk, N=25)
        for d in (16, 48, 80, 96, 128, 256):
            yield Case(dtype=dtype, D=d, N=25, Hq=4)
        for w1, w2 in [(1, 1), (40, 3), (None, None), (200, 300)]:
            yield Case(dtype=dtype, w1=w1, w2=w2, Hq=2, causal=False)
        yield Case(dtype=dtype, N=1)
        yield Case(dtype=dtype, Nq=3, B=2, Hq=4, Hk=2, k2_bias=1 / 64, v2_bias=1.0)
        yield Case(dtype=dtype, w1=16, w2=140, N=150, Nq=9)
        yield Case(dtype=dtype, scale=0.31, dynamic="B Nq N")
        for hq, d in [(1, 64), (8, 128), (3, 48)]:
            yield Case(dtype=dtype, Hq=hq, D=d, data="half", N=48)


def dynamic():
    for names in ("B", "N", "Nq", "Nq N", "B Nq N"):
        yield Case(dynamic=names, B=2)
        yield Case(dynamic=names, B=3, N=20, Nq=7, Hq=4, Hk=2, causal=False, dtype="f16")
    for n in (1, 7, 64):
        yield Case(dynamic="B Nq N", N=n)
    yield Case(dynamic="B Nq N", w1=None, w2=None, Nq=4)


def strided():
    yield Case(pad=(3, 3, 3, 3, 3))
    yield Case(pad=(16, 0, 0, 0, 0))
    for at in range(1, 5):
        yield Case(pad=tuple(7 if i == at else 0 for i in range(5)), B=2, Hq=4, Hk=2)
    yield Case(pad=(1, 2, 3, 4, 5), B=2, Hq=6, Hk=3, causal=False, dynamic="B Nq N")
    for dtype in ("f16", "bf16"):
        yield Case(pad=(5, 4, 3, 2, 1), B=2, Hq=6, Hk=2, dtype=dtype, Nq=9)
    yield Case(pad=(1, 1, 1, 1, 1), form="determinant", D=48, w1=30, w2=4)


def results():
    for returned in ("out", "lse", "lse out"):
        yield Case(results=returned, Hq=3)
        yield Case(results=returned, dynamic="B Nq N", B=2, dtype="bf16", causal=False)


def threads():
    for count in (1, 2, 3, 8, 64):
        yield Case(threads=count, B=2, Hq=6, Hk=3)
        yield Case(threads=count, Nq=1, N=50, dtype="bf16")


def large_logits():
    """Logits of +-1e4, exact in f32: one pair decides ("winner"), or many are as large or nearly (the others)."""
    for data in ("winner", "ties", "up", "down"):
        yield Case(data=data, scale=1.0, Hq=2)
        yield Case(data=data, scale=1.0, Hq=8, causal=False, w1=None, w2=None, N=17)
        yield Case(data=data, scale=1.0, Hq=1, w1=30, w2=4)
    for dtype in ("f16", "bf16"):
        yield Case(data="winner", scale=1.0, dtype=dtype, Hq=4)


def not_finite():
    """What is not finite stays in the rows that see it: all else must be as exact as ever."""
    inf, nan = math.inf, math.nan
    for name in ("q", "k1", "k2", "v1", "v2"):
        for value in (nan, inf, -inf):
            yield Case(bad=((name, (0, 20, 0, 3), value),), N=48, Hq=3)
    for name in ("k1", "k2", "v1", "v2"):  # at the ends, and seen from both sides
        yield Case(bad=((name, (0, 0, 0, 0), nan), (name, (0, 47, 0, 63), nan)), N=48, causal=False, Hq=1)
        yield Case(bad=((name, (1, 9, 1, 5), nan),), B=2, Hq=4, Hk=2, N=40, w1=40, w2=3, dtype="bf16")
        yield Case(bad=((name, (0, 26, 0, 5), nan),), Hq=2, N=32, Nq=9, w1=3, w2=4, dtype="f16", pad=(1,) * 5)
    yield Case(bad=(("q", (0, 3, 5, 0), nan), ("q", (0, 30, 1, 63), inf)), N=40)
    yield Case(bad=(("k2", (0, 20, 0, 3), nan),), N=48, form="determinant", D=48)


def mixed():
    """Every feature at once, drawn by a fixed seed."""
    rng = random.Random(2507)
    for _ in range(40):
        form = rng.choice([None, "determinant"])
        group, hk = rng.choice([1, 2, 3, 4, 8, 11, 16, 64]), rng.choice([1, 1, 2, 3])
        n = rng.choice([1, 6, 16, 23, 40, 75])
        window = lambda: rng.choice([None, 1, 2, 4, 7, 8, 15, 16, 32, 33, 50])
        yield Case(dtype=rng.choice(["f32", "f32", "f16", "bf16"]), B=rng.choice([1, 2]), N=n,
                   Nq=rng.choice([None, None, 1, 4, n + 3]), Hq=group * hk, Hk=hk,
                   D=rng.choice([48, 96] if form else [16, 48, 64, 80, 128]), w1=window(), w2=window(),
                   causal=rng.random() < 0.6, scale=rng.choice([None, None, 0.2]),
                   k2_bias=rng.choice([None, None, 0.1, -0.5]), v2_bias=rng.choice([None, None, 1.0, -0.3]), form=form,
                   dynamic=rng.choice(["", "N", "B Nq N"]), pad=rng.choice([(), (), (2, 4, 1, 0, 3)]),
                   results=rng.choice(["out lse", "out lse", "out"]), threads=rng.choice([None, 1, 4]))


def parts():
    """Few queries, whose windows several blocks share: parts of 128 keys on the CPU."""
    for nq in (1, 3, 16, 17):  # so many are not few any more
        yield Case(Nq=nq, N=400, w1=3, w2=None, D=16, Hq=2, dynamic="Nq", few=True)
    yield Case(Nq=1, N=600, w1=None, w2=1, D=16, Hq=1)
    yield Case(Nq=2, N=500, w1=2, w2=300, D=16, Hq=6, Hk=3, causal=False, dynamic="B Nq N", few=True)
    yield Case(Nq=1, N=1000, w1=1, w2=None, D=16, B=2, Hq=3, dtype="bf16", results="out")
    yield Case(Nq=1, N=1000, w1=1, w2=None, D=16, results="lse", scale=1.0, data="down")
    yield Case(Nq=9, N=300, w1=2, w2=None, D=48, form="determinant", k2_bias=0.3, v2_bias=1.0, Hq=1)
    yield Case(Nq=1, N=400, w1=3, w2=None, D=16, scale=1.0, data="up", threads=3)
    yield Case(Nq=12, N=5, w1=3, w2=None, dynamic="N", causal=False)
    for w1 in (3, 20):
        yield Case(Nq=7, N=300, w1=w1, w2=None, D=16, Hq=2, config='order = "jk"')
    yield Case(Nq=4, N=2, N2=300, w1=3, w2=None, D=16, config='order = "jk", block_j = 4', bad=(("v2", (0, 40, 0, 3), math.inf),))
    yield Case(Nq=5, N=400, w1=3, w2=None, D=16, B=3, documents=((90, 308, 1, 1), (396,), (1,)))
    yield Case(Nq=5, N=400, w1=3, w2=None, D=16, B=3, lengths=(400, 3, 140))
    for name in ("k2", "v2"):
        yield Case(Nq=3, N=400, w1=3, w2=None, D=16, Hq=2, bad=((name, (0, 200, 0, 3), math.nan),))


GROUPS = {group.__name__: list(group()) for group in (
    heads, windows, dims, lengths, queries, empty, documents, key_lengths, two_lengths, attributes, determinant,
    pairwise, values, half_types, dynamic, strided, results, threads, large_logits, not_finite, mixed, parts)}
