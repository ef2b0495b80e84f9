# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The cases of the gradients' tests, by group."""

import dataclasses
import functools
import itertools
import math
import random

from cases import Case

ALL = "q k1 k2 v1 v2"


@dataclasses.dataclass(frozen=True)
class GradientCase(Case):
    """Of the fields of a case, `results` is not used; `pad` has those of out, lse and d_out as well."""
    grads: str = ALL       # whose gradients are computed
    d_out: str = "normal"  # how it is made, see data.py
    query: tuple = ()      # entries of simplicial.config's parts, for all targets
    keys: tuple = ()

    __str__ = Case.__str__


def grad():
    for hq, hk in [(1, 1), (3, 1), (3, 3), (4, 1), (5, 1), (6, 2), (8, 1), (9, 3), (16, 2), (64, 1), (128, 2)]:
        yield GradientCase(Hq=hq, Hk=hk, N=21 if hq < 64 else 9)
    for hq, hk in [(1, 1), (8, 2), (64, 1)]:
        yield GradientCase(Hq=hq, Hk=hk, B=2, N=13, causal=False)
    for d in (16, 32, 48, 64, 80, 96, 128, 192, 256):
        yield GradientCase(D=d, N=24, Hq=4)
        yield GradientCase(D=d, N=17, Hq=1, w1=9, causal=False)
    for n in (1, 2, 3, 7, 8, 9, 16, 17, 33, 64, 70):
        yield GradientCase(N=n, Hq=2)
    for n in (1, 2, 17, 40):
        yield GradientCase(N=n, Hq=3, w1=None, w2=None)
    for nq in (1, 2, 5, 36):
        yield GradientCase(Nq=nq, Hq=4)
        yield GradientCase(Nq=nq, B=2, Hq=4, Hk=2, causal=False)
    yield GradientCase(Nq=1, N=70, w1=16, w2=60)
    yield GradientCase(Nq=1, N=1)
    for causal in (True, False):
        yield GradientCase(k2_bias=0.25, causal=causal, Hq=3)
        yield GradientCase(v2_bias=1.0, causal=causal, Hq=3)
        yield GradientCase(k2_bias=-0.7, v2_bias=-3.3, causal=causal, Hq=3, B=2, N=21)
        yield GradientCase(k2_bias=0.3, v2_bias=0.6, causal=causal, w1=30, w2=4, Hq=2)
    for scale in (0.3, 1.0, 1e-3):
        yield GradientCase(scale=scale, Hq=2)
    for d in (48, 96, 192, 240):
        yield GradientCase(form="determinant", D=d, N=24, Hq=4)
        yield GradientCase(form="determinant", D=d, N=13, Hq=2, Hk=2, B=2, causal=False)
    yield GradientCase(form="determinant", D=48, w1=30, w2=4, k2_bias=0.4, v2_bias=1.0, Hq=6, Hk=2)
    yield GradientCase(form="determinant", D=48, Nq=3, scale=0.5)
    for names in ("B", "N", "Nq", "B Nq N"):
        yield GradientCase(dynamic=names, B=2, Hq=4, Hk=2)
        yield GradientCase(dynamic=names, B=3, N=20, Nq=7, Hq=3, causal=False)
    for at in range(8):
        yield GradientCase(pad=tuple(7 if i == at else 0 for i in range(8)), B=2, Hq=4, Hk=2, N=13)
    yield GradientCase(pad=(1, 2, 3, 4, 5, 6, 7, 8), B=2, Hq=6, Hk=3, causal=False, dynamic="B Nq N")
    for count in (1, 2, 3, 64):
        yield GradientCase(threads=count, B=2, Hq=6, Hk=3)
        yield GradientCase(threads=count, Nq=1, N=50)


def grad_windows():
    sizes = [(1, 1), (1, 19), (19, 1), (2, 3), (7, 37), (40, 3), (16, 16), (24, 9), (38, 38), (200, 300), (None, None),
             (None, 9), (9, None), (None, 1), (1, None), (2**40, 2**62)]
    for w1, w2 in sizes:
        yield GradientCase(w1=w1, w2=w2, Hq=4)
        yield GradientCase(w1=w1, w2=w2, Hq=1, causal=False)
    for w1, w2 in [(5, 66), (66, 5), (33, 40)]:  # more than a tile
        yield GradientCase(w1=w1, w2=w2, N=80, Nq=12, Hq=2)
        yield GradientCase(w1=w1, w2=w2, N=80, Nq=5, Hq=8, causal=False)


def grad_empty():
    """Keys that no query sees, and queries that see no key: some of them, or all."""
    for w1, w2 in [(3, 9), (9, 3), (None, 4), (1, 1)]:
        yield GradientCase(N=40, Nq=7, w1=w1, w2=w2, Hq=3)
        yield GradientCase(N=40, Nq=7, w1=w1, w2=w2, Hq=3, causal=False)
        yield GradientCase(N=5, Nq=12, w1=w1, w2=w2, Hq=3)
        yield GradientCase(N=5, Nq=12, w1=w1, w2=w2, Hq=3, causal=False)
    yield GradientCase(N=5, Nq=12, form="determinant", D=48, k2_bias=0.5, v2_bias=1.0)
    yield GradientCase(N=1, Nq=9, dynamic="B Nq N")
    yield GradientCase(N=0, Nq=6, dynamic="N")
    yield GradientCase(N=0, Nq=6, dynamic="B Nq N", causal=False, w1=None, w2=None)
    yield GradientCase(N=6, Nq=0, dynamic="Nq")
    yield GradientCase(N=6, Nq=0, dynamic="B Nq N", B=2, w1=None, w2=None)
    yield GradientCase(B=0, N=6, dynamic="B")
    yield GradientCase(N=0, dynamic="Nq N")


def grad_types():
    for dtype in ("f16", "bf16"):
        for hq, hk in [(1, 1), (2, 2), (3, 1), (8, 1), (64, 1)]:
            yield GradientCase(dtype=dtype, Hq=hq, Hk=hk, N=19)
        for d in (16, 48, 80, 128, 256):
            yield GradientCase(dtype=dtype, D=d, N=19, Hq=4)
        for w1, w2 in [(1, 1), (40, 3), (None, None), (200, 300)]:
            yield GradientCase(dtype=dtype, w1=w1, w2=w2, N=25, Hq=2, causal=False)
        yield GradientCase(dtype=dtype, N=1)
        yield GradientCase(dtype=dtype, N=5, Nq=12, Hq=3)
        yield GradientCase(dtype=dtype, Nq=3, B=2, Hq=4, Hk=2, k2_bias=1 / 64, v2_bias=1.0)
        yield GradientCase(dtype=dtype, scale=0.31, dynamic="B Nq N", pad=(8, 16, 0, 8, 24, 8, 0, 8))
        yield GradientCase(dtype=dtype, form="determinant", D=96, k2_bias=1 / 96, v2_bias=1.0, N=21, Hq=4)
        yield GradientCase(dtype=dtype, data="half", N=40, pad=(3, 1, 2, 5, 4, 7, 6, 9))


def grad_data():
    """Inputs whose gradients are unlike those of independent Gaussian ones."""
    for data in ("correlated", "one_hot", "half"):
        for d_out in ("normal", "ones", "out", "one_hot"):
            yield GradientCase(data=data, d_out=d_out, B=2, N=23, Hq=6, Hk=2, D=48)
        yield GradientCase(data=data, d_out="ones", form="determinant", D=48, causal=False, N=21)
        yield GradientCase(data=data, d_out="out", dtype="bf16", N=23, Hq=4)
    for d_out in ("large", "small", "ones", "out", "one_hot", "zeros"):
        yield GradientCase(d_out=d_out, B=2, N=23, Hq=3)
        yield GradientCase(d_out=d_out, dtype="f16", N=23, Hq=2, causal=False)
    for data in ("winner", "ties", "up", "down"):
        yield GradientCase(data=data, scale=1.0, Hq=2)
        yield GradientCase(data=data, scale=1.0, Hq=8, causal=False, w1=None, w2=None, N=13)
        yield GradientCase(data=data, scale=1.0, Hq=1, w1=30, w2=4)
        yield GradientCase(data=data, scale=1.0, Hq=4, dtype="bf16")


def grad_not_finite():
    """What is not finite stays in the pairs that have it, and in the queries that see one of those."""
    inf, nan = math.inf, math.nan
    for name in ("q", "k1", "k2", "v1", "v2", "d_out"):
        for value in (nan, inf, -inf):
            yield GradientCase(bad=((name, (0, 20, 0, 3), value),), N=48, Hq=3)
    for name in ("q", "k1", "k2", "v1", "v2", "d_out"):  # at the ends, and seen from both sides
        yield GradientCase(bad=((name, (0, 0, 0, 0), nan), (name, (0, 47, 0, 63), nan)), N=48, causal=False, Hq=1)
        yield GradientCase(bad=((name, (1, 9, 1, 5), nan),), B=2, Hq=4, Hk=2, N=40, w1=30, w2=3, dtype="bf16")
        at = 4 if name in ("q", "d_out") else 26
        yield GradientCase(bad=((name, (0, at, 0, 5), nan),), Hq=2, N=32, Nq=9, w1=3, w2=4, dtype="f16", pad=(1,) * 8)
        yield GradientCase(bad=((name, (0, at, 0, 5), inf),), Hq=2, N=70, Nq=60, w1=1, w2=1)
    yield GradientCase(bad=(("q", (0, 3, 5, 0), nan), ("q", (0, 30, 1, 63), inf)), N=40)
    yield GradientCase(bad=(("d_out", (0, 3, 5, 0), nan), ("d_out", (0, 30, 1, 63), inf)), N=40)
    for name in ("q", "k1", "k2", "v1", "v2", "d_out"):
        yield GradientCase(bad=((name, (0, 20, 0, 3), nan),), N=48, form="determinant", D=48, Hq=2)
    for grads in ("q", "k1", "k2", "v1", "v2"):
        yield GradientCase(bad=(("k1", (0, 20, 0, 3), nan), ("d_out", (0, 3, 1, 7), inf)), N=40, Hq=4, grads=grads)


def grad_unused():
    """Functions that return some of the gradients."""
    for name in ALL.split():
        yield GradientCase(grads=name, Hq=3)
        yield GradientCase(grads=name, dtype="bf16", B=2, Hq=4, Hk=2, N=21, w1=19, w2=3, causal=False, dynamic="B Nq N")
        yield GradientCase(grads=name, form="determinant", D=48, N=13, k2_bias=0.5, v2_bias=-0.3, Nq=16)
    for names in itertools.combinations(ALL.split(), 2):
        yield GradientCase(grads=" ".join(names), N=17, Hq=4)
    for names in itertools.combinations(ALL.split(), 4):
        yield GradientCase(grads=" ".join(names), N=17, Hq=4, Nq=5)
    for names in ("v2 v1 k2 k1 q", "k2 k1", "q q", "v1 k1 v1"):  # in other orders, and twice
        yield GradientCase(grads=names, N=17, Hq=4)


def grad_mixed():
    """Every feature at once, drawn by a fixed seed."""
    rng = random.Random(1909)
    for _ in range(40):
        form = rng.choice([None, "determinant"])
        group, hk = rng.choice([1, 2, 3, 4, 8, 11, 16, 64]), rng.choice([1, 1, 2, 3])
        n = rng.choice([2, 6, 16, 23, 40, 75]) if group < 16 else rng.choice([2, 6, 16])
        window = lambda: rng.choice([None, 1, 2, 4, 7, 8, 15, 16, 32, 33, 50])
        yield GradientCase(
            dtype=rng.choice(["f32", "f32", "f16", "bf16"]), B=rng.choice([1, 2]), N=n,
            Nq=rng.choice([None, None, 1, 4, n + 3]), Hq=group * hk, Hk=hk,
            D=rng.choice([48, 96] if form else [16, 48, 64, 80, 128]), w1=window(), w2=window(),
            causal=rng.random() < 0.6, scale=rng.choice([None, None, 0.2]), k2_bias=rng.choice([None, None, 0.1, -0.5]),
            v2_bias=rng.choice([None, None, 1.0, -0.3]), form=form, dynamic=rng.choice(["", "N", "B Nq N"]),
            pad=rng.choice([(), (), (2, 4, 1, 0, 3, 0, 1, 5)]), threads=rng.choice([None, 1, 4]),
            data=rng.choice(["peaked", "peaked", "correlated", "one_hot"]),
            d_out=rng.choice(["normal", "normal", "ones", "out"]),
            grads=rng.choice([ALL, ALL, ALL, "q k1 k2", "v1 v2", "k1 v1", "q"]))


def pairs(query=(), keys=(), **fields):
    """A case whose programs over keys have columns of pairs."""
    return GradientCase(**fields, query=query, keys=("by_pairs = true", *keys))


def grad_pairs():
    for hq, hk in [(1, 1), (3, 1), (8, 2), (5, 1), (64, 1)]:
        yield pairs(Hq=hq, Hk=hk, N=9 if hq >= 64 else 21)
        yield pairs(Hq=hq, Hk=hk, N=9, causal=False, query=("block_h = 1", "turns = 4"), keys=("block_h = 1",))
    for w1, w2 in [(1, 1), (1, 19), (40, 3), (24, 9), (200, 300), (None, None), (None, 9), (9, None)]:
        yield pairs(w1=w1, w2=w2, Hq=4)
        yield pairs(w1=w1, w2=w2, Hq=2, causal=False, B=2, query=("block_j = 3", "turns = 2"), keys=("block_j = 5",))
    for shape in (dict(N=40, Nq=7), dict(N=5, Nq=12), dict(N=0, Nq=6, dynamic="N"), dict(N=6, Nq=0, dynamic="Nq")):
        yield pairs(**shape, w1=3, w2=9, Hq=3)
        yield pairs(**shape, w1=None, w2=4, Hq=3, causal=False)
    for form in (dict(D=48, form="determinant"), dict(D=48, form="determinant", w1=30, w2=4), {}):
        yield pairs(**form, k2_bias=0.4, v2_bias=1.0, Hq=6, Hk=2, B=2, dynamic="B Nq N", pad=(1, 2, 3, 4, 5, 6, 7, 8))
    for dtype in ("f16", "bf16"):
        yield pairs(dtype=dtype, Hq=4, N=25, D=128)
        yield pairs(dtype=dtype, Hq=4, N=25, data="one_hot", causal=False)
    for name in ALL.split():
        yield pairs(grads=name, Hq=4, N=17)
    for names in ("q k1", "k1 v1", "k2 v2", "v1 v2"):
        yield pairs(grads=names, N=17, Hq=3)
    for name in ("q", "k1", "k2", "v1", "v2", "d_out"):
        yield pairs(bad=((name, (0, 20, 0, 3), math.nan),), N=48, Hq=3)
        yield pairs(bad=((name, (0, 0, 0, 0), math.inf), (name, (0, 47, 0, 63), math.nan)), N=48, causal=False, Hq=2)
        at = 4 if name in ("q", "d_out") else 26
        yield pairs(bad=((name, (0, at, 0, 5), math.inf),), Hq=2, N=32, Nq=9, w1=3, w2=4)
    yield pairs(threads=2, B=2, Hq=6, Hk=3)


def rows(**fields):
    """A case whose programs over keys have rows for several outer keys."""
    return GradientCase(**{"keys": ("block_j = 3", "block_k = 8"), **fields})


def grad_rows():
    for w1, w2 in [(1, 1), (40, 3), (24, 9), (None, None), (None, 9), (9, None)]:
        yield rows(w1=w1, w2=w2, Hq=4)
        yield rows(w1=w1, w2=w2, Hq=2, causal=False, B=2, keys=("block_j = 2",))
    for shape in (dict(N=40, Nq=7), dict(N=5, Nq=12), dict(N=0, Nq=6, dynamic="N"), dict(N=6, Nq=0, dynamic="Nq")):
        yield rows(**shape, w1=3, w2=9, Hq=16, Hk=2)
    for form in (dict(D=48, form="determinant", w1=30, w2=4), dict(form="pairwise", D=16), {}):
        yield rows(**form, k2_bias=0.4, v2_bias=1.0, Hq=6, Hk=2, B=2, dynamic="B Nq N", pad=(1, 2, 3, 4, 5, 6, 7, 8))
    for name in ALL.split():
        yield rows(grads=name, Hq=4, N=17)
    for name in ("q", "k1", "k2", "v1", "v2", "d_out"):
        yield rows(bad=((name, (0, 20, 0, 3), math.nan),), N=48, Hq=3)
        yield rows(bad=((name, (0, 0, 0, 0), math.inf), (name, (0, 47, 0, 63), math.nan)), N=48, causal=False, Hq=2)
    yield rows(N=34, B=4, D=16, Dv=32, Hq=3, documents=DOCUMENTS)
    yield rows(N=33, D=16, lengths=(0, 20, 33, 1, 7), B=5, Hq=4, causal=False, w2=6, keys=("block_j = 4", "block_k = 4"))
    yield rows(N=34, N2=20, Nq=12, D=16, B=4, Hq=2, documents=DOCUMENTS, places=50, causal=False, w2=6)


# Documents of one key, longer than windows, that begin at tiles' edges, and positions between them that see nothing.
DOCUMENTS = ((1, 1, 7, 7, 1, 30), (5, -9, 6, -4, 40), (16, 16, 3), (-8, 40))


def grad_documents():
    packed = dict(N=34, B=2, D=16, documents=DOCUMENTS)
    yield GradientCase(**{**packed, "B": 4}, Hq=4, Hk=2, w1=20, w2=6, k2_bias=0.4, v2_bias=1.0)
    yield pairs(**{**packed, "B": 4}, Hq=3, keys=("turns = 4",), query=("turns = 5",))
    yield GradientCase(**packed, causal=False, Hq=16, w1=None, w2=9)
    yield pairs(**packed, causal=False, Hq=2, w1=None, w2=None)
    yield GradientCase(**packed, Hq=2, threads=3)
    yield GradientCase(N=20, Hq=3, D=16, documents=(20 * (1,),))
    yield pairs(**packed, Hq=3, Nq=23, dynamic="B Nq N")
    yield GradientCase(N=5, Nq=12, Hq=2, D=16, documents=((2,),))
    yield GradientCase(N=0, Nq=6, D=16, documents=((2,),), dynamic="Nq N")
    yield GradientCase(**packed, Hq=3, grads="k1 v2", dtype="bf16")
    yield GradientCase(**{**packed, "D": 48}, Hq=4, form="determinant", dtype="f16")
    yield GradientCase(**packed, Hq=3, bad=(("k1", (0, 15, 0, 3), math.nan),))  # the end of a document
    padded = {**packed, "documents": DOCUMENTS[1:]}  # what is not finite, where it is seen and where it is not
    yield GradientCase(**padded, Hq=3, bad=tuple(("v2", (0, at, 0, 3), math.nan) for at in (3, 9)))
    yield pairs(**padded, Hq=3, bad=(("v2", (1, 3, 0, 3), math.nan), ("v2", (0, 9, 0, 3), math.nan)))


def grad_lengths():
    some = dict(N=33, D=16, lengths=(0, 20, 33, 1, 7))
    for causal in (True, False):
        yield GradientCase(**some, B=5, Hq=4, causal=causal)
        yield pairs(**some, B=4, Nq=9, Hq=4, Hk=2, w1=20, w2=6, causal=causal, dynamic="B Nq N", k2_bias=0.4, v2_bias=1.0)
    yield GradientCase(**some, B=2, Nq=40, Hq=16, w1=None, causal=False)
    yield GradientCase(**some, B=2, Nq=5, Hq=3, grads="k2 v1", dtype="bf16", w2=None)
    for make in (GradientCase, pairs):  # what is not finite behind the end, and before another one's
        yield make(**some, B=3, Hq=2, causal=False, bad=tuple(("k2", (b, 20, 0, 3), math.nan) for b in (1, 2)))
        yield make(**some, B=3, Hq=2, bad=tuple(("v1", (b, 20, 0, 3), math.nan) for b in (1, 2)))


def grad_two_lengths():
    for make in (GradientCase, pairs):
        for n, n2 in [(9, 37), (37, 9), (1, 20), (40, 17)]:
            yield make(N=n, N2=n2, Nq=12, D=16, Hq=4)
            yield make(N=n, N2=n2, Nq=30, D=16, Hq=3, w1=None, w2=9, causal=False, dynamic="B Nq N", B=2)
        yield make(N=33, N2=50, Nq=40, D=16, Hq=4, Hk=2, w1=20, w2=6, k2_bias=0.4, v2_bias=1.0)
        yield make(N=30, N2=12, Nq=16, D=16, B=4, Hq=2, lengths=(0, 8, 20, 50), dynamic="N")
        yield make(N=9, N2=31, Nq=6, D=16, B=4, Hq=3, lengths=(0, 8, 20, 50), causal=False, w2=None)
        yield make(N=20, N2=34, Nq=25, D=16, B=4, Hq=3, documents=DOCUMENTS)
        yield make(N=34, N2=20, Nq=12, D=16, B=4, Hq=2, documents=DOCUMENTS, places=50, causal=False, w2=6)
        yield make(N=34, N2=40, Nq=22, D=16, B=2, Hq=2, documents=DOCUMENTS, places=18, w1=20, w2=6, dynamic="N")
        yield make(N=0, N2=9, Nq=6, D=16, dynamic="Nq N")
        yield make(N=9, N2=0, Nq=6, D=16, dynamic="Nq N", causal=False)
        yield make(N=30, N2=12, Nq=16, Hq=3, D=16, bad=(("k1", (0, 20, 0, 3), math.nan), ("v2", (0, 7, 0, 3), math.nan)))
    yield GradientCase(N=9, N2=40, Nq=16, D=48, Hq=4, form="determinant", w1=12, w2=4, dtype="f16")
    yield GradientCase(N=20, N2=9, Nq=16, D=16, Hq=16, grads="k2 v1", dtype="bf16")
    yield GradientCase(N=5, N2=7, Nq=3, D=16, documents=DOCUMENTS, places=0, dynamic="N")


def grad_pairwise():
    pairwise = dict(form="pairwise", D=16)
    for make in (GradientCase, pairs):
        for w1, w2 in [(1, 1), (30, 4), (None, 9)]:
            yield make(**pairwise, w1=w1, w2=w2, Hq=3, k2_bias=0.4, v2_bias=1.0)
        yield make(**{**pairwise, "D": 64}, w1=None, w2=None, Hq=4, Hk=2, B=2, N=21, causal=False)
        yield make(**pairwise, Hq=16, N=21, dtype="bf16", dynamic="B Nq N", pad=(1, 2, 3, 4, 5, 6, 7, 8))
        yield make(**pairwise, Hq=3, N=5, Nq=12, k2_bias=0.5)
        yield make(**pairwise, Hq=2, N=20, Nq=13, data="correlated", d_out="ones", threads=3)
        yield make(**pairwise, Hq=2, N=20, data="up", scale=1.0)  # logits of keys alone are large: tiles' empty columns
        yield make(**pairwise, Hq=2, N=20, data="winner", scale=1.0)
        yield make(**pairwise, Hq=4, Hk=2, N=34, B=2, w1=20, w2=6, documents=DOCUMENTS)
        yield make(**pairwise, Hq=3, N=33, B=3, Nq=9, lengths=(0, 20, 33))
        for name in ("k1", "d_out"):
            yield make(**pairwise, Hq=3, N=48, bad=((name, (0, 20, 0, 3), math.nan),))
        for names in ("q", "k1", "k2", "v1 v2"):
            yield make(**pairwise, Hq=3, N=17, grads=names, k2_bias=0.5)


def grad_values():
    """Values of another width than keys."""
    for make in (GradientCase, pairs):
        for d, dv in [(16, 64), (64, 16)]:
            yield make(D=d, Dv=dv, Hq=3, N=21, k2_bias=0.5, v2_bias=-1.0)
            yield make(D=d, Dv=dv, Hq=4, Hk=2, B=2, N=21, w1=30, w2=4, causal=False, dtype="bf16", dynamic="B Nq N")
        yield make(D=48, Dv=16, Hq=2, form="determinant", pad=(1, 2, 3, 4, 5, 6, 7, 8))
        yield make(D=16, Dv=32, Hq=2, N=34, form="pairwise", documents=DOCUMENTS)
        for name in ("q", "k1", "v2", "d_out"):
            yield make(D=16, Dv=48, Hq=3, N=30, bad=((name, (0, 20, 0, 3), math.nan),))
        for names in ("k1", "v1", "k2 v2"):
            yield make(D=16, Dv=32, Hq=3, N=17, grads=names)


# The groups for GPUs have small cases: they also run on the emulator.
SMALL = dict(dtype="bf16", N=13, w1=3, w2=19)


def grad_gpu_pairs():
    for rows in (), ("block_j = 16",):  # of warps, and a warpgroup's
        yield pairs(**SMALL, Hq=8, Hk=2, D=128, query=rows)
        yield pairs(**SMALL, Hq=4, causal=False, dynamic="B Nq N", query=rows)
    yield pairs(**{**SMALL, "N": 40, "w1": 20}, Hq=4, D=128, query=("turns = 5",))
    for rows in (), ("block_j = 64",):
        yield pairs(**{**SMALL, "N": 90, "w1": 40, "w2": 20}, Hq=2, Hk=2, query=rows, keys=("turns = 3",))
    for sums in ("local_sums = true",), ("local_sums = false",):
        yield pairs(**{**SMALL, "N": 45, "w1": 20}, Hq=4, D=32, query=("turns = 6", *sums))
        yield pairs(**{**SMALL, "N": 26, "documents": DOCUMENTS}, B=2, Hq=2, Hk=2, D=64, query=("turns = 7", *sums))
    yield pairs(**SMALL, Hq=6, causal=False, dynamic="B Nq N")
    yield pairs(**{**SMALL, "w1": None}, Nq=20, Hq=3, k2_bias=0.5, v2_bias=-0.3)
    yield pairs(**SMALL, Hq=4, D=48, form="determinant")
    yield pairs(**{**SMALL, "N": 30, "w2": 5}, Nq=4, Hq=16, pad=(1, 2, 3, 4, 5, 6, 7, 8))
    yield pairs(**SMALL, Hq=4, grads="k1 v2")
    yield GradientCase(**SMALL, Hq=4, keys=("by_pairs = false",))  # where they are chosen
    yield GradientCase(**SMALL, Hq=4, D=192)  # and where they are not
    for name in ("q", "k1", "v2"):
        yield pairs(**{**SMALL, "w2": 4}, Hq=3, bad=((name, (0, 6, 0, 3), math.nan),))


def grad_gpu_two_lengths():
    some = {**SMALL, "N": 20, "N2": 29, "w2": 12, "Nq": 14}
    yield GradientCase(**some, Hq=16, dynamic="Nq N")
    yield GradientCase(**{**some, "N": 9, "w1": None}, Hq=2, keys=("by_pairs = false",))
    yield pairs(**{**some, "N": 31, "N2": 8, "w1": 20}, Hq=4, causal=False)
    yield pairs(**{**some, "Nq": 31}, B=2, Hq=4, D=128, documents=((5, 3, 20), (-9, 30)))
    yield GradientCase(**{**some, "D": 192}, B=3, Hq=2, lengths=(0, 22, 40))


def grad_gpu():
    small = SMALL
    for hq, hk in [(1, 1), (3, 1), (8, 1), (6, 2), (64, 1)]:
        yield GradientCase(**{**small, "N": 5 if hq >= 64 else 13}, Hq=hq, Hk=hk)
    for d in (16, 80, 128, 256):
        yield GradientCase(**small, D=d, Hq=4)
    for w1, w2 in [(1, 1), (40, 3), (5, None)]:
        yield GradientCase(**{**small, "w1": w1, "w2": w2}, Hq=4)
        yield GradientCase(**{**small, "w1": w1, "w2": w2, "dtype": "f16"}, Hq=3, causal=False)
    yield GradientCase(**{**small, "N": 80, "w2": 70}, Nq=3, Hq=8)  # more than a tile of keys
    yield GradientCase(**{**small, "N": 40, "w2": 4}, Hq=8)  # and of queries
    yield GradientCase(**{**small, "N": 5}, Hq=64, D=128)  # on warpgroups where there are any
    yield GradientCase(**{**small, "N": 21, "w2": 17}, Hq=16, D=128, dynamic="B Nq N")
    yield GradientCase(**small, B=2, Hq=4, Hk=2, causal=False, dynamic="B Nq N", d_out="ones")
    yield GradientCase(**small, Nq=17, Hq=4)  # queries that see nothing
    yield GradientCase(**{**small, "N": 30, "w2": 5}, Nq=4, Hq=4)  # keys that are not seen
    yield GradientCase(**{**small, "w1": 19, "w2": 3}, Hq=4, k2_bias=0.5, v2_bias=1.0, scale=0.2)
    yield GradientCase(**small, Hq=4, D=48, form="determinant", k2_bias=0.5, v2_bias=-0.3)
    yield GradientCase(**{**small, "dtype": "f16"}, Hq=4, pad=(8, 16, 8, 0, 24, 8, 0, 16))  # aligned rows
    yield GradientCase(**small, Hq=4, pad=(1, 2, 3, 4, 5, 6, 7, 8))  # and rows that are not
    for data in ("correlated", "one_hot"):
        yield GradientCase(**{**small, "N": 19, "w2": 9}, B=2, Hq=6, Hk=2, D=48, data=data)
    yield GradientCase(**{**small, "N": 1}, Hq=64)
    yield GradientCase(**{**small, "N": 0}, Nq=3, dynamic="N", Hq=3)
    yield GradientCase(**small, Nq=0, dynamic="Nq", Hq=2, Hk=2)
    yield GradientCase(**{**small, "N": 6}, B=0, dynamic="B")


def grad_gpu_pairwise():
    small = {**SMALL, "form": "pairwise"}
    yield GradientCase(**small, Hq=4, k2_bias=0.5, v2_bias=-0.3, keys=("by_pairs = false",))
    yield pairs(**small, Hq=4, k2_bias=0.5, v2_bias=-0.3)
    yield pairs(**{**small, "N": 40, "w1": 20}, Hq=8, Hk=2, D=128, query=("turns = 5",), data="half")
    yield pairs(**{**small, "w1": None}, Nq=20, Hq=3)
    yield GradientCase(**{**small, "N": 21, "w2": 17}, Hq=16, D=128, dynamic="B Nq N")
    yield GradientCase(**{**small, "N": 5}, Hq=64)
    for make in (GradientCase, pairs):  # logits of keys alone are large: tiles' empty columns
        yield make(**{**small, "dtype": "f16"}, Hq=3, data="up", scale=1.0)
    yield GradientCase(**{**small, "w1": 19, "w2": 3, "dtype": "f16"}, B=2, Hq=6, Hk=2, causal=False, k2_bias=0.5)
    yield GradientCase(**{**small, "dtype": "f32"}, Hq=3, D=16, k2_bias=0.5)
    yield GradientCase(**{**small, "N": 26, "documents": DOCUMENTS}, B=2, Hq=4, Hk=2, causal=False)
    yield pairs(**{**small, "N": 24, "lengths": (20, 1)}, B=2, Nq=9, Hq=3, dynamic="B Nq N")
    yield GradientCase(**small, Hq=4, D=256)
    for name in ("k1", "d_out"):
        yield pairs(**{**small, "w2": 4}, Hq=3, bad=((name, (0, 6, 0, 3), math.nan),))
    for names in ("q k1", "k2", "v1 v2"):
        yield GradientCase(**{**small, "w1": 6, "w2": 4}, Hq=16, grads=names)


def grad_gpu_widths():
    """Values of another width than keys, in each program."""
    for d, dv in [(64, 128), (128, 32)]:
        yield GradientCase(**{**SMALL, "N": 7}, D=d, Dv=dv, Hq=16, v2_bias=0.5)
        yield GradientCase(**SMALL, D=d, Dv=dv, Hq=4, keys=("by_pairs = false",))
        yield pairs(**SMALL, D=d, Dv=dv, Hq=4, dynamic="B Nq N")
    yield GradientCase(**{**SMALL, "N": 5}, D=64, Dv=192, Hq=16)
    yield GradientCase(**{**SMALL, "dtype": "f32"}, D=16, Dv=32, Hq=3, causal=False)
    yield pairs(**SMALL, D=32, Dv=16, Nq=20, Hq=3, grads="k1 v2")
    yield pairs(**{**SMALL, "w1": None}, D=32, Dv=16, Nq=20, Hq=3, grads="k1 v2")  # k2 and v2 are the outer ones
    yield pairs(**{**SMALL, "w1": None}, D=32, Dv=16, Nq=20, Hq=1)
    yield GradientCase(**{**SMALL, "N": 5, "w1": None}, D=128, Dv=64, Hq=64)  # sums in global memory


def grad_gpu_rows():
    """Rows of two outer keys, in each engine, whose sums are carried or in memory."""
    two = ("block_j = 2", "block_k = 64", "by_pairs = false")
    for sums in (("global_sums = true", "split = false"), ("global_sums = false", "split = true"),
                 ("global_sums = false", "split = false")):
        yield rows(**{**SMALL, "N": 30}, Hq=16, D=64, keys=(*two, *sums), causal=False)
    yield rows(**{**SMALL, "N": 80, "w2": 70}, Nq=9, Hq=16, D=128, keys=two)
    yield rows(**{**SMALL, "N": 26, "documents": DOCUMENTS}, B=2, Hq=4, D=128, keys=two)  # columns of queries
    yield rows(**{**SMALL, "N": 24, "lengths": (20, 1), "w1": 19, "w2": 3}, B=2, Hq=16, D=128, keys=two)
    yield rows(**{**SMALL, "w2": 4}, Hq=16, D=128, keys=two, bad=(("d_out", (0, 6, 0, 3), math.nan),))
    yield rows(**{**SMALL, "N": 20, "w2": 9}, Hq=16, D=32, keys=("block_j = 3", "block_k = 32", "by_pairs = false"))
    yield rows(**{**SMALL, "N": 12}, Hq=16, D=256, keys=("block_j = 2", "block_k = 16"), grads="k1 v2")


def grad_gpu_sums():
    """Sums of outer keys that go to global memory by way of a block's own."""
    sums = ("by_pairs = false", "split = false", "global_sums = true", "local_sums = true")
    case = functools.partial(GradientCase, **{**SMALL, "N": 30, "Hq": 16, "keys": sums})
    two = (*sums, "block_j = 2", "block_k = 64")
    yield case(D=128, keys=two, causal=False)
    yield case(D=48, B=2, keys=(*two, "block_h = 16"), dynamic="B Nq N")  # three times two pieces of a row
    yield case(D=64, Dv=128, keys=(*sums, "block_j = 3", "block_k = 32"), grads="k2 v1")
    yield case(D=128, Dv=64, N=80, w2=70, Nq=9, keys=two, k2_bias=0.5, v2_bias=-0.3)
    yield case(D=128, N=140, w1=2, w2=3, Nq=137, Hq=64, keys=(*sums, "block_j = 1", "block_k = 128"))
    yield case(D=64, dtype="f16", keys=(*two, "shared_left = false"), w1=19, w2=3)
    yield case(D=128, B=2, N=26, documents=DOCUMENTS, keys=two)
    yield case(D=128, B=2, N=24, lengths=(20, 1), keys=two)
    for name in ("q", "k1", "k2", "v1", "v2", "d_out"):
        yield case(D=64, N=24, w2=4, keys=two, bad=((name, (0, 6, 0, 3), math.nan),))
    yield case(D=64, N=24, w1=5, w2=4, keys=two, bad=(("v1", (0, 8, 0, 3), math.inf), ("k2", (0, 20, 0, 5), -math.inf)))


def grad_shares():
    """Tiles of keys that several blocks share."""
    def case(*keys, blocks=7, **fields):
        return GradientCase(**{**SMALL, "N": 30, "Hq": 4, "keys": (*keys, f"blocks = {blocks}"), **fields})

    rows = functools.partial(case, "by_pairs = false")
    columns = functools.partial(case, "by_pairs = true")
    for some in rows, columns:
        yield some(B=2, Hk=2, dynamic="B Nq N")
        yield some(blocks=1000, causal=False)  # as many shares as there are steps
        yield some(N=70, w1=9, w2=40, Nq=45, blocks=12)
        yield some(w1=None, w2=None, N=20, grads="k2 v1")
        yield some(B=2, N=26, documents=DOCUMENTS, blocks=64)
        yield some(B=2, N=24, lengths=(20, 1), blocks=9)
        yield some(N=24, w2=4, bad=(("k1", (0, 6, 0, 3), math.nan), ("q", (0, 9, 1, 5), math.inf)))
        yield some(form="pairwise", k2_bias=0.5, v2_bias=-0.3, grads="q k2")
        yield some(form="determinant", D=48, blocks=5, grads="k1 k2 v2")
        yield some(N=1, Nq=1, B=2)
        yield some(N=0, blocks=3)
    yield rows("block_q = 16", "block_h = 1", w1=20, w2=5)


def grad_gpu_shares():
    """The same where sums are in global memory, by way of a block's own or not, or keys and values are apart."""
    case = functools.partial(GradientCase, **{**SMALL, "N": 36, "Hq": 16, "D": 128})
    both = ("by_pairs = false", "split = false", "global_sums = true", "block_j = 2", "block_k = 32", "blocks = 7")
    yield case(keys=(*both, "local_sums = true"), B=2, causal=False, dynamic="B Nq N")
    yield case(keys=both, documents=DOCUMENTS[1:])
    yield case(keys=("by_pairs = true", "turns = 4", "blocks = 20"), Hq=4, D=64, N=130)
    yield case(keys=(*both, "local_sums = true"), w2=4, bad=(("k1", (0, 6, 0, 3), math.nan),))
    yield case(keys=(*both, "local_sums = true"), N=80, w2=70, Nq=9, grads="k1 k2 v2")
    yield case(keys=("by_pairs = false", "split = true", "global_sums = false", "block_k = 32", "blocks = 20"))


def grad_gpu_documents():
    packed = {**SMALL, "N": 26, "documents": DOCUMENTS}
    yield GradientCase(**packed, B=2, Hq=4, Hk=2, causal=False, dynamic="B Nq N")
    yield GradientCase(**{**packed, "w1": 12, "w2": 6}, Hq=16)  # on warpgroups where there are any
    yield GradientCase(**packed, Hq=4, keys=("by_pairs = false",))
    yield pairs(**packed, B=2, Hq=4)
    yield pairs(**{**packed, "w1": None, "documents": DOCUMENTS[1:]}, Nq=23, Hq=3, k2_bias=0.5, v2_bias=-0.3)
    yield GradientCase(**{**packed, "dtype": "f32", "documents": DOCUMENTS[1:]}, Hq=2)
    yield pairs(**{**packed, "documents": DOCUMENTS[1:]}, B=2, Hq=3,
                bad=(("k1", (1, 3, 0, 3), math.nan), ("v2", (0, 9, 0, 5), math.nan)))


def grad_gpu_lengths():
    some = {**SMALL, "N": 24, "lengths": (20, 1)}
    yield GradientCase(**some, B=2, Hq=4, Hk=2, causal=False, keys=("by_pairs = false",))
    yield pairs(**some, B=2, Nq=9, Hq=3, dynamic="B Nq N")
    yield GradientCase(**some, B=2, Hq=16, bad=(("k2", (1, 0, 0, 3), math.nan), ("k2", (0, 21, 0, 3), math.nan)))


def grad_gpu_f32():
    """Products of f32, split or rounded to tf32."""
    small = {**SMALL, "dtype": "f32"}
    for operand in (None, "tf32"):
        yield GradientCase(**small, Hq=6, Hk=2, B=2, D=80, causal=False, dynamic="B Nq N", operand=operand)
        yield GradientCase(**small, Hq=4, k2_bias=0.5, v2_bias=-0.3, pad=(1, 2, 3, 4, 5, 6, 7, 8), operand=operand)
        yield GradientCase(**small, Hq=4, D=48, form="determinant", operand=operand)
        yield GradientCase(**{**small, "N": 20, "w2": 5}, Nq=23, Hq=3, D=16, operand=operand)
    yield GradientCase(**{**small, "w1": 19, "w2": 3}, Hq=4, D=128)


def grad_gpu_values():
    """Large logits, what is not finite, and gradients that nobody uses."""
    inf, nan = math.inf, math.nan
    for data in ("winner", "ties", "up", "down"):
        yield GradientCase(**SMALL, data=data, scale=1.0, Hq=4)
    seen = dict(dtype="bf16", N=24, w1=5, w2=7, Hq=3)
    for name in ("q", "k1", "k2", "v1", "v2", "d_out"):
        yield GradientCase(**seen, bad=((name, (0, 6, 0, 3), nan),))
        yield GradientCase(**{**seen, "dtype": "f16", "w2": 4}, causal=False, bad=((name, (0, 11, 0, 3), inf),))
    for name in ALL.split():
        yield GradientCase(**{**SMALL, "w2": 4}, Hq=4, grads=name)
    for names in ("q k1", "k1 v1", "k2 v2", "v1 v2"):
        yield GradientCase(**{**SMALL, "w1": 6, "w2": 4}, Hq=4, grads=names)


GROUPS = {group.__name__: list(group()) for group in (
    grad, grad_windows, grad_empty, grad_documents, grad_lengths, grad_two_lengths, grad_types, grad_data, grad_not_finite, grad_unused, grad_mixed, grad_pairs, grad_rows, grad_pairwise, grad_values,
    grad_gpu, grad_gpu_documents, grad_gpu_lengths, grad_gpu_two_lengths, grad_gpu_pairwise, grad_gpu_widths, grad_gpu_f32, grad_gpu_values, grad_gpu_pairs, grad_gpu_rows,
    grad_gpu_sums, grad_shares, grad_gpu_shares)}
