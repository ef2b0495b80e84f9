# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""gpu_bench.py FOLDER: checks the cases of bench/gpu, that its scripts are Python, and the plots in FOLDER."""

import pathlib
import sys
import xml.etree.ElementTree

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "bench" / "gpu"
sys.path.insert(0, str(SCRIPTS))

from build import SCRIPTS as COPIED
from cases import CASES, DOCUMENTS, GRADIENTS, Case, documents, pairs

# Cases.

names = [case.name for case in CASES]
assert len(set(names)) == len(names), "two cases have one name"
kernels = {case.kernel: case.module for case in CASES}
assert all(kernels[case.kernel] == case.module for case in CASES), "two functions have one name"
assert len(set(kernels.values())) == len(kernels), "a function is compiled twice"
for case in CASES:
    assert case.Hq % case.Hk == 0 and case.D % 16 == 0, case
grid = {(case.N, case.Hq, case.w2) for case in CASES if case.D == 128 and case.dtype == "bf16"}
for n in 1024, 2048, 4096, 8192, 16384:
    for heads in 64, 128:
        for w2 in 256, 512, 1024:
            assert (n, heads, w2) in grid, (n, heads, w2)
assert GRADIENTS == [case for case in CASES if case.name.startswith("grad-")] == [case for case in CASES if case.grad]
assert all(case.N == 16384 for case in CASES[:6]), "the longest do not come first"

for n, w1, w2 in (1, 1, 1), (7, 2, 3), (7, 3, 9), (5, 9, 9), (12, 4, 1):
    counted = sum(i - j < w1 and i - k < w2 for i in range(n) for j in range(i + 1) for k in range(i + 1))
    assert pairs(n, w1, w2) == counted, (n, w1, w2)
    assert pairs(n, w1, w2, 1) == min(n, w1) * min(n, w2), (n, w1, w2)
assert pairs(7, 2, 0) == pairs(7, 2, 7) and pairs(7, 0, 3, 2) == pairs(7, 7, 3, 2)
small = Case("small", B=2, N=3, Hq=4, Hk=2, D=16, dtype="bf16", w1=1, w2=1)
assert small.flops == 4 * 16 * 2 * 4 * 3
assert small.products(5) == 10 * 16 * 2 * 4 * 3
assert small.bytes == 2 * 3 * (2 * 16 * (4 + 4 + 4 * 2) + 4 * 4)
one = Case("one", B=2, N=9, Hq=4, Hk=2, D=16, dtype="bf16", w1=3, w2=0, Nq=1)
assert (one.exponentials, one.flops) == (2 * 4 * 3 * 9, 4 * 16 * 2 * 4 * 3 * 9)
assert one.bytes == 2 * (4 * (2 * 2 * 16 + 4) + (2 * 3 + 2 * 9) * 2 * 2 * 16)
assert "tensor<?x1x4x16xbf16>" in one.module and "w2" not in one.module and "w1 = 3" in one.module

# Documents: of each sequence all positions, once; only their own pairs count.

for n in 1, 33, 300, 4096:
    for b in range(9):
        found = documents(n, b)
        assert [i for begin, end in found for i in range(begin, end)] == list(range(n)), (n, b)
assert [end - begin for begin, end in documents(10 ** 4, 1)][:3] == [260, 5, 700]
packed = Case("packed", B=2, N=40, Hq=4, Hk=2, D=16, dtype="bf16", w1=3, w2=5, packed=True)
assert packed.exponentials == 4 * (pairs(33, 3, 5) + pairs(7, 3, 5) + pairs(40, 3, 5))
assert packed.module.count("tensor<?x?xi32>") == 2 and packed.kernel.endswith("_packed") and not packed.has_peer
assert [case.packed for case in DOCUMENTS] == len(DOCUMENTS) // 2 * [False, True]

# Scripts.

for name in (name for name in COPIED if name.endswith(".py")):
    compile((SCRIPTS / name).read_text(), name, "exec")

# Plots: within the picture, and a marker for each measurement of a kernel.

tag = lambda name: "{http://www.w3.org/2000/svg}" + name
for name, markers in ("speed.svg", 3), ("roofline.svg", 5):
    root = xml.etree.ElementTree.parse(pathlib.Path(sys.argv[1], name)).getroot()
    assert root.tag == tag("svg"), name
    width, height = float(root.get("width")), float(root.get("height"))
    circles = list(root.iter(tag("circle")))
    assert len(circles) == markers, (name, len(circles))
    points = [(float(circle.get("cx")), float(circle.get("cy"))) for circle in circles]
    points += [tuple(map(float, point.split(","))) for line in root.iter(tag("polyline"))
               for point in line.get("points").split()]
    assert all(0 < x < width and 0 < y < height for x, y in points), name
    if name == "speed.svg":
        # Shorter is to the left, faster is higher up.
        at = {next(circle.iter(tag("title"))).text: point for circle, point in zip(circles, points)}
        find = lambda start: next(point for title, point in at.items() if title.startswith(start))
        ours, peer, short = map(find, ("simplicial N=4096", "triton N=4096", "simplicial N=1024"))
        assert short[0] < ours[0] == peer[0] and peer[1] < ours[1]
