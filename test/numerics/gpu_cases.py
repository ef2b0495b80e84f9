# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The cases for GPUs, which also run on the emulator, and with the others all groups of cases."""

import math
import random

import cases
from cases import Case

SMALL = dict(dtype="bf16", N=13, w1=3, w2=19)


def gpu():
    small = SMALL
    for hq, hk in [(1, 1), (2, 1), (3, 1), (8, 1), (6, 2), (64, 1), (128, 1)]:
        yield Case(**{**small, "N": 7 if hq >= 64 else 13}, Hq=hq, Hk=hk)
    for d in (16, 80, 96, 128, 256):
        yield Case(**small, D=d, Hq=4)
    for w1, w2 in [(1, 1), (9, 2), (40, 3), (5, None), (None, 4)]:
        yield Case(**{**small, "w1": w1, "w2": w2}, Hq=4)
        yield Case(**{**small, "w1": w1, "w2": w2, "dtype": "f16"}, Hq=3, causal=False)
    yield Case(**{**small, "N": 40, "w2": 33}, Nq=2, Hq=128, D=256, config="block_h = 128")  # eight warps
    yield Case(**{**small, "N": 80, "w2": 70}, Nq=3, Hq=8)  # more than a tile of the inner window
    yield Case(**{**small, "N": 70, "w1": 66, "w2": 70}, Nq=2, Hq=1)  # and of the outer one
    rest = {**small, "N": 60, "w1": 6, "w2": 40}  # with whole inner tiles, outer ones that are not: logits of 0 would show
    for local in "true", "false":
        yield Case(**rest, Nq=2, Hq=4, data="down", scale=1.0,
                   config=f"block_q = 1, block_j = 4, block_k = 16, local_outer = {local}")
    yield Case(**small, B=2, Hq=4, Hk=2, causal=False, dynamic="B Nq N")
    yield Case(**small, Nq=17, Hq=4)  # queries that see nothing
    yield Case(**small, Hq=4, k2_bias=0.5, v2_bias=-0.3)
    yield Case(**{**small, "w1": 19, "w2": 3}, Hq=4, k2_bias=0.5, v2_bias=1.0, scale=0.2)
    for causal in (True, False):
        yield Case(**small, Hq=4, D=48, form="determinant", causal=causal)
    yield Case(**{**small, "dtype": "f16"}, Hq=4, pad=(8, 16, 8, 0, 24))  # aligned rows
    yield Case(**small, Hq=4, pad=(1, 2, 3, 4, 5))  # and rows that are not
    yield Case(**small, Hq=4, results="out", data="half")
    for d in (48, 144, 240):  # an inner tile of fewer keys, and one of many planes
        yield Case(**{**small, "dtype": "f16"}, Hq=8, D=d, form="determinant" if d == 240 else None)
    yield Case(**{**small, "N": 1}, Hq=64)
    yield Case(**{**small, "N": 6}, B=0, dynamic="B")
    yield Case(**{**small, "N": 0}, Nq=3, dynamic="N", Hq=3)
    yield Case(**small, Nq=0, dynamic="Nq", Hq=2, Hk=2)


def gpu_f32():
    """Products of f32, split or rounded to tf32."""
    small = {**SMALL, "dtype": "f32"}
    for operand in (None, "tf32"):
        yield Case(**{**small, "N": 7}, Hq=64, operand=operand)
        yield Case(**small, Hq=1, D=16, operand=operand)
        yield Case(**small, Hq=6, Hk=2, B=2, D=80, causal=False, dynamic="B Nq N", operand=operand)
        yield Case(**{**small, "N": 80, "w2": 70}, Nq=3, Hq=8, D=128, pad=(4, 8, 0, 4, 16), operand=operand)
        yield Case(**small, Hq=4, k2_bias=0.5, v2_bias=-0.3, pad=(1, 2, 3, 4, 5), operand=operand)
        yield Case(**small, Hq=4, D=48, form="determinant", operand=operand)
        yield Case(**small, Nq=17, Hq=3, operand=operand)
    yield Case(**{**small, "w1": 19, "w2": 3}, Hq=4, D=48, form="determinant", k2_bias=0.5)
    for data in ("winner", "ties"):
        yield Case(**small, data=data, scale=1.0, Hq=3)
    seen = dict(dtype="f32", N=24, w1=5, w2=7, Hq=3)
    yield Case(**seen, bad=(("v2", (0, 6, 0, 3), math.inf),))
    yield Case(**seen, bad=(("k2", (0, 6, 0, 3), math.nan),))


def gpu_warpgroups():
    """Tiles of 64 rows and more, for heads of 64 and 128: what warpgroups multiply where there are any."""
    small = {**SMALL, "N": 9}
    for d in (64, 128):
        for dtype in ("bf16", "f16"):
            yield Case(**{**small, "dtype": dtype}, Hq=64, D=d)
        yield Case(**{**small, "w1": 9, "N": 11}, Hq=16, D=d, causal=False)
        yield Case(**{**small, "w1": 20, "N": 23}, Nq=3, Hq=8, D=d, B=2, dynamic="B Nq N")
        yield Case(**{**small, "w1": None, "w2": None, "N": 150}, Nq=2, Hq=64, D=d)  # more than an inner tile
        yield Case(**small, Hq=64, D=d, k2_bias=0.5, v2_bias=-0.3, pad=(8, 16, 8, 0, 24))
    yield Case(**{**small, "N": 7}, Hq=128, D=128, pad=(1, 2, 3, 4, 5))
    parts = {**small, "N": 90, "w2": 77, "D": 192}  # products with values in parts
    for dtype in ("bf16", "f16"):
        yield Case(**{**parts, "dtype": dtype}, Nq=2, Hq=128, config="block_h = 128, block_k = 64, producer = true")
    yield Case(**parts, Nq=18, Hq=8, causal=False, config="block_q = 16, block_k = 64, producer = true")
    yield Case(**parts, Nq=2, Hq=128, pad=(1, 2, 3, 4, 5), config="block_h = 128, block_k = 64, producer = true")
    yield Case(**parts, Nq=2, Hq=128, k2_bias=0.5, v2_bias=-0.3, config="block_h = 128, block_k = 64")  # and not
    yield Case(**parts, Nq=2, Hq=128, data="up", scale=1.0, config="block_h = 128, block_k = 64, producer = true")
    yield Case(**{**small, "N": 5}, Hq=128, D=128, k2_bias=-0.3, v2_bias=0.5)
    yield Case(**{**small, "N": 5}, Hq=128, Hk=2, D=64, Nq=8)
    yield Case(**{**small, "w1": 19, "w2": 3}, Hq=64, D=128)
    yield Case(**small, Hq=64, D=192, form="determinant")
    yield Case(**small, Hq=64, D=128, data="winner", scale=1.0)
    yield Case(**small, Hq=64, D=64, bad=(("k2", (0, 6, 0, 3), math.nan),))


def gpu_queries():
    """Tiles of several queries: the ramps of windows, masks by row, the outer window in local memory or not."""
    few = lambda q, **others: "".join([f"block_q = {q} : i64", *[f", {name} = {value}" for name, value in others.items()]])
    small = {**SMALL, "N": 21}
    for group, q in (1, 16), (2, 8), (3, 5), (8, 2), (16, 4):
        yield Case(**small, Hq=group, config=few(q))
        yield Case(**{**small, "w2": 4}, Hq=group, causal=False, config=few(q, local_outer="false"))
    for group, d in (1, 64), (1, 128), (2, 128):  # more outer keys than rows, in other banks or not
        yield Case(**{**small, "N": 50, "w1": 30, "w2": 40}, Nq=18, Hq=group, D=d, config=few(16, local_outer="true"))
    for w1, w2 in (1, 1), (2, 40), (9, 2), (None, 5), (4, None), (None, None):
        yield Case(**{**small, "w1": w1, "w2": w2}, Hq=4, config=few(4))
        yield Case(**{**small, "w1": w1, "w2": w2, "dtype": "f16"}, Hq=4, causal=False, config=few(4))
    yield Case(**{**small, "N": 90, "w2": 64}, Nq=9, Hq=4, D=80, config=few(4, order='"jk"'))  # several inner tiles
    yield Case(**{**small, "N": 90, "w2": 70}, Nq=9, Hq=4, config=few(8, block_k="32 : i64", block_tail="0 : i64"))
    yield Case(**{**small, "N": 90, "w2": 50}, Nq=9, Hq=4, D=128, config=few(8, block_k="32 : i64", block_tail="32 : i64"))
    yield Case(**small, Nq=27, Hq=4, dynamic="B Nq N", config=few(8))  # queries that see nothing
    yield Case(**small, Nq=27, Hq=4, causal=False, dynamic="B Nq N", config=few(8))
    yield Case(**small, B=2, Hq=6, Hk=2, Nq=14, pad=(8, 16, 8, 0, 24), config=few(4))
    yield Case(**small, Hq=2, pad=(1, 2, 3, 4, 5), config=few(8))
    yield Case(**small, Hq=4, k2_bias=0.5, v2_bias=-0.3, config=few(4))
    yield Case(**{**small, "w1": 19, "w2": 3}, Hq=4, D=48, form="determinant", config=few(4))
    yield Case(**{**small, "dtype": "f32"}, Hq=4, config=few(4))
    yield Case(**{**small, "N": 5}, Hq=4, config=few(16))  # fewer queries than rows
    yield Case(**{**small, "N": 0}, Nq=3, dynamic="N", Hq=3, config=few(2))
    yield Case(**small, Nq=0, dynamic="Nq", Hq=2, config=few(2))
    yield Case(**small, data="winner", scale=1.0, Hq=4, config=few(4))
    for causal in (True, False):  # a logit of 0 that should be masked would show
        yield Case(**{**small, "N": 60, "w1": 6, "w2": 40}, Nq=9, Hq=4, causal=causal, data="down", scale=1.0,
                   config=few(4, block_k="16 : i64"))
    seen = dict(dtype="bf16", N=24, w1=5, w2=7, Hq=3)
    for name in ("q", "k1", "k2", "v1", "v2"):  # of the queries beside each other some see it and some do not
        yield Case(**seen, bad=((name, (0, 6, 0, 3), math.inf),), config=few(5))
        if name != "q":
            yield Case(**{**seen, "w2": 4}, causal=False, Nq=14, bad=((name, (0, 18, 0, 5), math.nan),), config=few(4))
    yield Case(**{**seen, "N": 3}, Nq=9, bad=(("v2", (0, 0, 0, 5), math.nan),), config=few(4))
    for group, q in (8, 8), (16, 8), (32, 4):  # what warpgroups multiply where there are any
        for d in (64, 128):
            yield Case(**{**SMALL, "w2": 7}, Hq=group, D=d, config=few(q))
    yield Case(**{**SMALL, "w2": 7}, Hq=8, D=128, bad=(("v2", (0, 4, 0, 7), math.inf),), config=few(8))
    # Small heads, one tile in a step: only windows' first and last keys are masked; maxima are looked for among what is
    # positive, and where nothing is all the same.
    one = {**SMALL, "N": 90, "w1": 5, "w2": 70, "D": 32, "Nq": 20}
    for data in ("down", "up", "winner", "peaked"):
        yield Case(**one, Hq=4, data=data, scale=1.0, config=few(16, block_k="32 : i64"))
    yield Case(**{**one, "N": 20}, Hq=4, data="down", scale=1.0, config=few(16, block_k="32 : i64"))  # beside masks
    yield Case(**{**one, "dtype": "f16", "Nq": 9}, Hq=8, causal=False, config=few(8, block_k="48 : i64"))
    yield Case(**{**one, "D": 64}, Hq=5, config=few(12, block_k="32 : i64"))
    for key in (20, 21, 70, 89):
        yield Case(**one, Hq=4, bad=(("k2", (0, key, 0, 3), math.nan),), config=few(16, block_k="32 : i64"))
    # Behind whole steps several outer keys are taken at once, from a multiple of them on: 4, or 2 of 6.
    rest = {**one, "N": 170, "w1": 8, "w2": 135}
    narrow = few(8, block_k="128 : i64", block_tail="16 : i64", tiles="1 : i64", local_outer="true")
    for change in ({}, {"w1": 6}, {"N": 9, "Nq": 14}, {"Nq": 90}, {"B": 2, "Nq": 31, "dynamic": "B Nq N"},
                   {"data": "winner", "scale": 1.0}, {"dtype": "f16", "data": "down", "scale": 1.0}, {"k2_bias": 0.5, "v2_bias": -0.3},
                   {"bad": (("v1", (0, 155, 0, 5), math.nan),)}, {"bad": (("v2", (0, 161, 0, 5), math.inf),)}):
        yield Case(**{**rest, **change}, Hq=8, config=narrow)
    yield Case(**rest, Hq=8, config=few(8, block_k="16 : i64", block_tail="16 : i64", tiles="1 : i64", local_outer="true"))


def gpu_shares():
    """Tiles of several queries and several outer keys of each, a share of the outer window by row."""
    rows = lambda q, h, j, *others: ", ".join([f"block_q = {q}, block_h = {h}, block_j = {j}, local_outer = true", *others])
    small = {**SMALL, "N": 50, "w1": 12}
    mixed = ((1, 1, 7, 16, 1, 30, 2), (5, 3, 9, 50), (-9, 20, 3))
    for h, q, j, d in ((1, 16, 4, 64), (1, 4, 12, 64), (2, 8, 2, 64), (3, 5, 3, 64), (8, 2, 4, 64), (4, 4, 1, 64),
                       (1, 32, 4, 64), (1, 64, 2, 128), (4, 8, 4, 128), (1, 16, 8, 64)):
        yield Case(**{**SMALL, "N": 60, "w1": 24, "w2": 40}, Nq=21, Hq=h, D=d, config=rows(q, h, j))
    for change in ({"N": 200, "w1": 100, "w2": 4, "Nq": 70}, {"N": 5}, {"N": 0, "Nq": 3, "dynamic": "N"},
                   {"Nq": 70, "dynamic": "B Nq N"}, {"pad": (1, 2, 3, 4, 5)}, {"k2_bias": 0.5, "v2_bias": -0.3},
                   {"D": 48, "form": "determinant"}, {"form": "pairwise"}, {"dtype": "f32"}, {"data": "winner", "scale": 1.0},
                   {"N": 60, "w2": 40, "Nq": 9, "data": "down", "scale": 1.0}, {"bad": (("v1", (0, 9, 0, 3), math.nan),)},
                   {"B": 4, "Nq": 40, "lengths": (50, 0, 7, 30)}, {"N": 30, "N2": 41, "Nq": 25}, {"B": 3, "documents": mixed},
                   {"N": 30, "N2": 12, "Nq": 25, "B": 3, "documents": mixed, "places": 40}, {"N": 300, "w1": 40, "w2": 100, "Nq": 18}):
        yield Case(**{**small, **change}, Hq=2, config=rows(8, 2, 4))
    yield Case(**{**small, "N": 90, "w2": 64}, Nq=9, Hq=4, D=80, config=rows(4, 4, 4, 'order = "jk"'))
    yield Case(**{**small, "N": 90, "w2": 70}, Nq=9, Hq=4, config=rows(4, 4, 3, "block_k = 32", "block_tail = 0"))
    for name, key in [(name, key) for name in ("q", "k1", "k2", "v1", "v2") for key in (3, 30)]:
        yield Case(**small, Hq=2, bad=((name, (0, key, 0, 3), math.inf),), config=rows(5, 2, 4))


def gpu_steps():
    """Of one warpgroup, all keys that its queries see in one step of several tiles; it goes on to keys that nobody sees, or
    the rest has some of them where those end. Rows are of one head, and all of them are read at once."""
    def step(q, j, *tiles, block_tail=16):
        block_k, block_last = tiles[0], tiles[-1]
        return (f"block_q = {q}, block_h = 1, block_j = {j}, local_outer = true, tiles = {len(tiles)}, block_k = {block_k}, "
                f"block_last = {block_last}, block_tail = {block_tail}")

    base = dict(dtype="bf16", N=100, Hq=2, Hk=2, w1=8, w2=40)
    usual = step(16, 4, 32, 32)
    for q, j, tiles, change in ((16, 4, (32, 32), {}), (32, 2, (32, 32, 16), {"Nq": 40}), (8, 8, (16, 16, 16), {"D": 128}),
                                (64, 1, (64, 64), {"D": 16}), (64, 1, (48,) * 3, {"causal": False}), (32, 2, (48, 32), {"D": 32, "Nq": 33}), (16, 4, (16,) * 4, {})):
        yield Case(**{**base, **change}, config=step(q, j, *tiles))
    for change in ({"dtype": "f16", "N": 17}, {"N": 5}, {"N": 0, "Nq": 3, "dynamic": "N"}, {"w1": 40, "w2": 8},
                   {"dynamic": "B Nq N", "B": 2}, {"data": "winner", "scale": 1.0}, {"data": "down", "scale": 1.0},
                   {"k2_bias": 0.5, "v2_bias": -0.3}, {"D": 48, "form": "determinant"}, {"form": "pairwise"},
                   {"B": 3, "lengths": (100, 0, 20)}, {"N": 30, "N2": 70, "Nq": 40}, {"B": 2, "documents": ((5, 3, 60, 32),)},
                   {"pad": (8, 16, 8, 0, 24)}, {"pad": (1, 2, 3, 4, 5)}):
        yield Case(**{**base, **change}, config=usual)
    for name, key in [(name, key) for name in ("k2", "v1", "v2") for key in (3, 50, 99)]:
        yield Case(**base, bad=((name, (0, key, 1, 3), math.inf),), config=usual)


def gpu_parts():
    """The same in parts of 16 keys, as many as there are blocks for."""
    one = dict(dtype="bf16", N=150, Nq=1, Hq=8, Hk=2, w1=3, w2=None)
    for blocks in (1, 2, 3, 4, 7, 20, 64, 1000):
        yield Case(**one, config=f"block_k = 16, tiles = 1, block_tail = 16, blocks = {blocks}")
    yield Case(**{**one, "N": 2100, "Hq": 1, "Hk": 1}, config="block_k = 16, blocks = 1000")  # more than are merged at once
    for nq, n in (1, 200), (16, 18):  # an outer tile of a whole window, and of what there is of it
        yield Case(**{**one, "Nq": nq, "N": n, "D": 128, "w1": 16})
    yield Case(**{**one, "N": 2, "N2": 90, "Nq": 4}, bad=(("v2", (0, 40, 0, 3), math.inf),))  # queries without outer keys
    yield Case(**one, config='order = "jk", block_j = 2, block_k = 16')  # several outer tiles
    yield Case(**one)
    yield Case(**{**one, "Nq": 5, "B": 2, "D": 128}, dynamic="B Nq N", few=True)
    yield Case(**{**one, "Nq": 18}, dynamic="Nq", few=True)
    yield Case(**{**one, "Nq": 18}, dynamic="Nq", config="few = {queries = 0}")  # which are many then
    yield Case(**{**one, "Nq": 17, "B": 2}, dynamic="B Nq N", config="few = {queries = 34}")
    yield Case(**{**one, "dtype": "f32"}, results="out")
    yield Case(**{**one, "w2": 40, "Nq": 16}, causal=False, results="lse")
    yield Case(**{**one, "D": 48}, form="determinant", k2_bias=0.3, v2_bias=1.0)
    yield Case(**one, data="down", scale=1.0, pad=(1, 2, 3, 5, 7))
    yield Case(**{**one, "N": 3, "Nq": 9}, dynamic="N")
    for w2 in (None, 30):  # no keys: with parts, of which there are none, and without
        yield Case(**{**one, "N": 0, "Nq": 2, "w1": 4, "w2": w2}, dynamic="N")
    yield Case(**{**one, "Nq": 5, "B": 2}, documents=((90, 58, 1), (147,)))
    yield Case(**{**one, "Nq": 5, "B": 3}, lengths=(150, 3, 40))
    yield Case(**one, bad=(("v2", (0, 100, 0, 7), math.nan), ("k2", (0, 20, 1, 7), math.nan)))


def gpu_documents():
    """Documents in tiles of one query and of several, which some rows are masked in."""
    mixed = ((1, 1, 7, 16, 1, 30, 2), (16, 16, 3), (5, -9, 20, -70))
    few = lambda q, **others: ", ".join([f"block_q = {q} : i64", *[f"{name} = {value}" for name, value in others.items()]])
    small = {**SMALL, "N": 40, "documents": mixed}
    yield Case(**small, B=3, Hq=4)
    yield Case(**{**small, "w1": None, "dtype": "f16"}, Hq=8, Hk=2, causal=False)
    for w1, w2 in (6, 30), (30, 6), (None, 9), (None, None):
        yield Case(**{**small, "w1": w1, "w2": w2}, Hq=4, config=few(4))
    yield Case(**{**small, "w2": 30}, B=3, Nq=23, Hq=2, causal=False, dynamic="B Nq N", config=few(8, local_outer="true"))
    yield Case(**{**small, "N": 5}, Nq=12, Hq=4, dynamic="B Nq N", config=few(4))
    yield Case(**{**small, "N": 0}, Nq=3, dynamic="N", Hq=3, config=few(2))
    yield Case(**{**small, "dtype": "f32"}, Hq=4, k2_bias=0.5, v2_bias=-0.3, config=few(4))
    yield Case(**{**small, "w2": 40}, Hq=4, D=48, form="determinant", config=few(4))
    for name in ("k1", "k2", "v1", "v2"):  # the end of a document: that behind it does not see it
        yield Case(**small, Hq=3, bad=((name, (0, 8, 0, 3), math.nan),), config=few(5))
    yield Case(**{**small, "w1": 12, "w2": 30, "N": 120}, Hq=8, Nq=40, config=few(8, block_k="32 : i64"))  # warpgroups
    yield Case(**{**small, "w2": 70, "N": 120, "documents": ((90, 2, 28),)}, Hq=8, D=128, Nq=32, config=few(8))
    yield Case(**small, Hq=64, D=128, Nq=14)


def gpu_pairwise():
    """The pairwise form, whose rows have a constant: in each kind of tile, with each type."""
    small = {**SMALL, "form": "pairwise"}
    few = lambda q, *others: ", ".join([f"block_q = {q} : i64", *others])
    yield Case(**small, Hq=4, k2_bias=0.5, v2_bias=-0.3)
    yield Case(**{**small, "N": 60, "w1": 6, "w2": 40}, Nq=2, Hq=4, data="down", scale=1.0,
               config="block_q = 1, block_j = 4, block_k = 16, local_outer = true")
    yield Case(**{**small, "dtype": "f32", "w1": 19, "w2": 3}, Hq=3, k2_bias=0.5, causal=False)
    yield Case(**{**small, "dtype": "f16", "N": 21}, Hq=4, causal=False, config=few(4), dynamic="B Nq N")
    yield Case(**{**small, "N": 40, "documents": ((1, 1, 7, 16, 1, 30, 2),)}, Hq=4, config=few(4))
    yield Case(**{**small, "N": 21, "w1": None, "lengths": (20, 0, 21)}, B=3, Nq=6, Hq=3)
    yield Case(**{**small, "N": 7}, Hq=64, D=128)
    yield Case(**{**small, "N": 90, "w2": 77}, Nq=2, Hq=64, k2_bias=0.5, v2_bias=-0.3, data="up", scale=1.0,
               config="block_k = 16, tiles = 4, stages = 1")
    yield Case(**{**small, "N": 100, "w1": 2, "w2": 70}, Nq=20, Hq=8, D=128, data="winner", scale=1.0,
               config=few(8, "block_k = 16, tiles = 4, stages = 1"))
    yield Case(**{**small, "N": 150, "w2": None}, Nq=1, Hq=8, Hk=2)
    for name in ("k1", "v2"):
        yield Case(dtype="bf16", form="pairwise", N=24, w1=5, w2=7, Hq=3, bad=((name, (0, 6, 0, 3), math.inf),), config=few(5))


def gpu_widths():
    """Values of another width than keys, in each kind of tile."""
    few = lambda q, *others: ", ".join([f"block_q = {q} : i64", *others])
    for d, dv in [(16, 64), (128, 48), (64, 256)]:
        yield Case(**SMALL, D=d, Dv=dv, Hq=4, v2_bias=0.5)
    yield Case(**{**SMALL, "dtype": "f32"}, D=32, Dv=80, Hq=3, causal=False, dynamic="B Nq N")
    yield Case(**{**SMALL, "N": 21, "dtype": "f16"}, D=64, Dv=128, Hq=4, config=few(4, "local_outer = true"))
    for d, dv in [(64, 128), (128, 64), (16, 128), (64, 192)]:
        yield Case(**{**SMALL, "N": 7}, D=d, Dv=dv, Hq=64)
    for d, dv in [(64, 128), (128, 32)]:
        yield Case(**{**SMALL, "N": 90, "w2": 77}, D=d, Dv=dv, Nq=2, Hq=64, config="block_k = 16, tiles = 4, stages = 1")
    yield Case(**{**SMALL, "N": 100, "w1": 2, "w2": 70}, Nq=20, Hq=8, D=32, Dv=128,
               config=few(8, "block_k = 16, tiles = 4, stages = 1"))
    yield Case(**{**SMALL, "N": 150, "w2": None}, Nq=1, Hq=8, Hk=2, D=64, Dv=32)
    yield Case(**{**SMALL, "N": 24, "w2": 7}, D=64, Dv=16, Hq=3, bad=(("v2", (0, 6, 0, 3), math.nan),), config=few(5))


def gpu_rings():
    """Tiles of 16 inner keys, so that a window has several, for sm_90a: copied by a producer, by TMA where they are
    whole and aligned; and by all warps."""
    small = dict(dtype="bf16", N=61, Nq=2, Hq=64, D=64, w1=3, w2=50)
    for config in ("stages = 2", "stages = 3", "stages = 4, block_tail = 0", 'order = "jk"', 'order = "jk", stages = 3'):
        yield Case(**small, config=f"block_k = 16, producer = true, {config}")
    for config in ("stages = 2", 'order = "jk", stages = 3'):
        yield Case(**small, config=f"block_k = 16, producer = false, {config}")
    small["config"] = "block_k = 16, producer = true, stages = 3"
    yield Case(**{**small, "dtype": "f16", "Hq": 128, "D": 128})
    yield Case(**{**small, "B": 2, "Hq": 128, "Hk": 2}, pad=(8, 16, 8, 0, 24), dynamic="B Nq N")
    yield Case(**{**small, "Hq": 16, "D": 128}, causal=False)
    yield Case(**{**small, "D": 192}, form="determinant")
    yield Case(**{**small, "w1": 50, "w2": 20})
    yield Case(**{**small, "Hq": 1, "D": 16})  # no warpgroups, and so no producer
    yield Case(**small, pad=(0, 0, 4, 0, 0))  # for TMA, not aligned
    yield Case(**small, pad=(0, 0, 0, 0, 1))
    for n in (0, 1, 16, 17):
        yield Case(**{**small, "N": n}, dynamic="N")
    yield Case(**{**small, "B": 0}, dynamic="B")
    for name in ("k2", "v2"):  # in the tile of the first query's last keys, behind them
        yield Case(**small, bad=((name, (0, 60, 0, 7), math.nan), (name, (0, 9, 0, 7), math.inf)))
    few = {**small, "Hq": 8, "Nq": 11,
           "config": "block_q = 8, block_j = 1, block_k = 32, block_tail = 16, producer = true, stages = 3"}
    yield Case(**few)
    yield Case(**few, bad=(("v2", (0, 55, 0, 7), math.nan),))  # some queries see it: one by one


def gpu_tiles():
    """Several inner tiles together, of 16 keys each: whole steps of them, single ones, and a rest. For sm_90a by a
    producer; or by all warps."""
    small = dict(dtype="bf16", N=90, Nq=2, Hq=64, D=64, w1=3, w2=77)
    tiles = lambda n, *others: ", ".join([f"block_k = 16, tiles = {n}", *others])
    for n, stages in (2, 2), (3, 1), (4, 1):
        for others in ("producer = true",), ("producer = false",), ("producer = true", 'order = "jk"'):
            yield Case(**small, config=tiles(n, f"stages = {stages}", *others))
    small["config"] = tiles(4, "stages = 1", "producer = true")
    yield Case(**{**small, "dtype": "f16", "Hq": 128, "D": 128})
    yield Case(**small, data="winner", scale=1.0)
    yield Case(**small, data="up", scale=1.0)
    yield Case(**small, data="up", scale=1.0, k2_bias=0.5, v2_bias=-0.3)
    yield Case(**{**small, "Hq": 16, "D": 128}, causal=False)
    yield Case(**{**small, "D": 192, "w2": 40}, form="determinant")
    yield Case(**small, pad=(0, 0, 4, 0, 0))  # for TMA, not aligned
    for name in ("k2", "v2"):
        yield Case(**small, bad=((name, (0, 70, 0, 7), math.inf),))
    for group, q in (1, 64), (8, 8), (16, 8):
        few = {**small, "Hq": group, "D": 128, "Nq": 2 * q + 1, "N": 77 + 2 * q, "w1": 2,
               "config": tiles(4, "stages = 1", "producer = true", f"block_q = {q}", "block_tail = 16")}
        yield Case(**few)
    yield Case(**few, data="up", scale=1.0)
    few = {**small, "Hq": 48, "Hk": 2, "B": 2, "D": 128, "Nq": 17, "w1": 2, "w2": 50,  # a group's heads in three blocks
           "config": tiles(3, "stages = 1", "producer = true", "block_h = 8", "block_q = 16", "block_tail = 16")}
    yield Case(**few)
    # Steps of 80 keys, of which windows have 77 together.
    few = {**small, "Hq": 8, "D": 128, "Nq": 20, "w1": 2, "w2": 70,
           "config": tiles(4, "stages = 1", "producer = true", "block_q = 8")}
    yield Case(**few)
    yield Case(**few, data="down", scale=1.0)
    for name in ("k2", "v2"):  # behind the windows of the first queries
        yield Case(**few, bad=((name, (0, 79, 0, 7), math.nan),))


def gpu_values():
    """Large logits, many of them equal, and what is not finite."""
    inf, nan = math.inf, math.nan
    for data in ("winner", "ties", "up", "down"):
        for dtype in ("f16", "bf16"):
            yield Case(**{**SMALL, "dtype": dtype}, data=data, scale=1.0, Hq=4 if dtype == "f16" else 3)
    yield Case(**{**SMALL, "w1": None, "w2": None}, data="winner", scale=1.0, causal=False)
    seen = dict(dtype="bf16", N=24, w1=5, w2=7, Hq=3)
    for name in ("q", "k1", "k2", "v1", "v2"):
        for value in (nan, inf):
            yield Case(**seen, bad=((name, (0, 6, 0, 3), value),))
    for name in ("k1", "k2", "v1", "v2"):  # at the ends, and next to queries that see nothing of it
        yield Case(**{**seen, "dtype": "f16", "Hq": 1}, causal=False,
                   bad=((name, (0, 0, 0, 0), nan), (name, (0, 23, 0, 63), nan)))
        yield Case(**{**seen, "w2": 4}, Nq=9, pad=(1,) * 5, bad=((name, (0, 18, 0, 5), -inf),))
    yield Case(**{**seen, "D": 48}, form="determinant", bad=(("k2", (0, 6, 0, 3), nan),))


def gpu_mixed():
    """Every feature at once, drawn by a fixed seed. Small groups have more queries: what is measured are the largest
    errors of a case, of which a few values say little."""
    rng = random.Random(7540)
    for _ in range(30):
        form = rng.choice([None, None, "determinant"])
        group, hk = rng.choice([1, 2, 3, 8, 16, 64, 128]), rng.choice([1, 1, 2])
        n = rng.choice([16, 19])
        if group >= 64:
            n, hk = 5, 1
        window = lambda: rng.choice([None, 1, 2, 4, 7, 8, 16, 33])
        yield Case(dtype=rng.choice(["f16", "bf16"]), B=rng.choice([1, 1, 2]), N=n,
                   Nq=rng.choice([None, 1, 4, n + 3] if group >= 8 else [None, n - 3, n + 3]), Hq=group * hk, Hk=hk,
                   D=rng.choice([48, 96] if form else [16, 64, 64, 80, 96, 128]), w1=window(), w2=window(),
                   causal=rng.random() < 0.6, scale=rng.choice([None, None, 0.2]),
                   k2_bias=rng.choice([None, None, 0.1, -0.5]), v2_bias=rng.choice([None, None, 1.0, -0.3]), form=form,
                   dynamic=rng.choice(["", "N", "B Nq N"]), pad=rng.choice([(), (), (8, 16, 0, 8, 24), (2, 4, 1, 0, 3)]),
                   results=rng.choice(["out lse", "out lse", "out", "lse"]))


def gpu_lengths():
    some = {**SMALL, "N": 21, "lengths": (20, 0, 1, 21)}
    few = "block_q = 4 : i64"
    yield Case(**some, B=3, Nq=6, Hq=4, dynamic="B Nq N")
    yield Case(**some, B=4, Hq=4, causal=False, config=few)
    yield Case(**{**some, "w1": None}, B=3, Hq=4, config=few)
    yield Case(**some, B=2, Nq=40, Hq=16)
    yield Case(**{**some, "dtype": "f32"}, B=2, Nq=7, Hq=3, config=few,
               bad=(("v1", (0, 19, 0, 3), math.nan), ("v2", (0, 20, 0, 3), math.nan)))


def gpu_two_lengths():
    some = {**SMALL, "N": 20, "N2": 29, "w2": 12, "Nq": 14}
    few = "block_q = 4 : i64"
    yield Case(**some, B=2, Hq=4, dynamic="B Nq N")
    yield Case(**{**some, "N": 29, "N2": 3}, Hq=4, causal=False, config=few)
    yield Case(**{**some, "w1": None}, Hq=3, config=few)
    yield Case(**{**some, "N": 30, "Nq": 25}, Hq=2, B=3, documents=((5, 3, 20), (-9, 30)), places=40, config=few)
    yield Case(**{**some, "Nq": 9}, Hq=16, B=2, documents=((9, 9, 20),))
    yield Case(**{**some, "w1": 20, "w2": 29, "Nq": 1}, Hq=8, D=128)  # rings
    yield Case(**{**some, "w1": 20, "w2": 29, "Nq": 1}, Hq=8, B=3, lengths=(0, 9, 40), dynamic="B Nq N", few=True)


GROUPS = cases.GROUPS | {group.__name__: list(group()) for group in (
    gpu, gpu_f32, gpu_queries, gpu_documents, gpu_lengths, gpu_two_lengths, gpu_pairwise, gpu_widths,
    gpu_warpgroups, gpu_shares, gpu_steps, gpu_parts, gpu_rings, gpu_tiles, gpu_values, gpu_mixed)}
