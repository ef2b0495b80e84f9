# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures the CPU kernels and prints a Markdown table.

Several times over, for each shape in turn: simplicial-run --benchmark, which also measures the peak of fused
multiply-adds; numpy, tiled by hand so that the (head, j) rows of a query are one matrix product; naive.c at
-O3 -march=native. All are causal, B = 1, Hk = 1. numpy and C run on one thread and on f32. Behind forward the
same shape's five gradients are measured, from `lse` of a uniform softmax and random tensors, and then forward once more:
a second table has them beside the mean of both.
"""

import argparse
import ctypes
import functools
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
try:
    import numpy as np
except ImportError:
    sys.exit("bench.py needs a Python with numpy")

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "gpu"))

from cases import EXECUTED, Case, gradient_module, module

# type, threads, N, Hq (= heads in a group), D, w1, w2
SHAPES = [
    ("f32", 1, 512, 8, 64, 16, 128),
    ("f32", 1, 512, 1, 64, 16, 128),
    ("f32", 1, 1024, 8, 128, 32, 512),
    ("f16", 1, 512, 8, 64, 16, 128),
    ("bf16", 1, 512, 8, 64, 16, 128),
    ("f32", 2, 512, 8, 64, 16, 128),
]


# Simplicial -----------------------------------------------------------------------------------------------------------


def case(dtype, threads, n, heads, d, w1, w2):
    return Case("", 1, n, heads, 1, d, dtype, w1, w2)


def run_simplicial(tool, folder, options, shape, backward=False):
    """What simplicial-run prints of the attention, or of its gradients."""
    dtype, threads, n, heads, d, w1, w2 = shape
    source = folder / "f.mlir"
    source.write_text((gradient_module if backward else module)(dtype, 1, n, heads, 1, d, w1, w2))
    random = lambda heads, seed: f"--input=1x{n}x{heads}x{d}x{dtype}:random={seed}"
    inputs = [random(heads, 1)] + [random(1, seed) for seed in range(2, 6)]
    if backward:
        pairs = [min(i + 1, w1) * min(i + 1, w2) for i in range(n)]
        np.save(folder / "lse.npy", np.tile(np.log(pairs).astype(np.float32), (1, heads, 1)))
        inputs += [random(heads, 6), f"--input=@{folder / 'lse.npy'}", random(heads, 7)]
    done = subprocess.run([tool, source, f"--function={'g' if backward else 'f'}", "--target=cpu", *inputs,
                           f"--threads={threads}", *options], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"simplicial-run failed:\n{done.stderr}")
    return done.stdout


def benchmark(tool, folder, repetitions, shape):
    """The figures of simplicial-run --benchmark: median and best ms, GFLOP/s, the peak's GFLOP/s, extra MiB."""
    text = run_simplicial(tool, folder, [f"--benchmark={repetitions}"], shape)
    found = re.search(r"time +([\d.]+) ms.*\(best ([\d.]+) ms\)\nthroughput +([\d.]+) GFLOP/s, .* of the ([\d.]+) GFLOP/s peak\n"
                      r"memory .*, (-?[\d.]+) MiB more", text)
    if not found:
        sys.exit(f"simplicial-run prints what bench.py does not expect:\n{text}")
    figures = dict(zip(("ms", "best", "gflops", "peak", "extra"), map(float, found.groups())))
    expected = 1e-6 * case(*shape).flops / figures["ms"]
    if not 0.99 < figures["gflops"] / expected < 1.01:
        sys.exit(f"simplicial-run counts other operations: {figures['gflops']} GFLOP/s instead of {expected}")
    return figures


def benchmark_gradients(tool, folder, repetitions, shape):
    """Median and best ms and extra MiB of the gradients."""
    text = run_simplicial(tool, folder, [f"--benchmark={repetitions}"], shape, backward=True)
    found = re.search(r"time +([\d.]+) ms.*\(best ([\d.]+) ms\)\n(?:throughput.*\n)?memory .*, (-?[\d.]+) MiB more",
                      text)
    if not found:
        sys.exit(f"simplicial-run prints what bench.py does not expect:\n{text}")
    return dict(zip(("ms", "best", "extra"), map(float, found.groups())))


# numpy and C ----------------------------------------------------------------------------------------------------------


def tiled_numpy(q, k1, k2, v1, v2, w1, w2):
    """Two matrix products a query, with the rows (head, j). q is [N, G, D], the others are [N, D]."""
    n, heads, d = q.shape
    q = q * np.float32(d ** -0.5)
    out = np.empty_like(q)
    for i in range(n):
        js, ks = slice(max(0, i - w1 + 1), i + 1), slice(max(0, i - w2 + 1), i + 1)
        s = (q[i, :, None] * k1[None, js]).reshape(-1, d) @ k2[ks].T
        by_head = s.reshape(heads, -1)
        by_head -= by_head.max(axis=1, keepdims=True)
        np.exp(s, out=s)
        t = (s @ v2[ks]).reshape(heads, -1, d)
        out[i] = np.einsum("hjd,jd->hd", t, v1[js]) / by_head.sum(axis=1, keepdims=True)
    return out


def load_naive(folder):
    """naive.c, compiled, as a function of numpy arrays."""
    library = folder / "naive.so"
    compiler = os.environ.get("CC", "cc")
    subprocess.run([compiler, "-O3", "-march=native", "-shared", "-fPIC", "-o", library, HERE / "naive.c", "-lm"],
                   check=True)
    function = ctypes.CDLL(str(library)).naive_attention
    function.restype = None

    def naive(q, k1, k2, v1, v2, w1, w2):
        out = np.empty_like(q)
        pointers = [x.ctypes.data_as(ctypes.c_void_p) for x in (q, k1, k2, v1, v2, out)]
        function(*pointers, *map(ctypes.c_int64, (*q.shape, w1, w2)))
        return out

    return naive


def milliseconds(function, *arguments):
    start = time.perf_counter()
    result = function(*arguments)
    return 1e3 * (time.perf_counter() - start), result


def median_of(repetitions, function, *arguments):
    """The median time of the calls, and what the last one returns."""
    times, results = zip(*(milliseconds(function, *arguments) for _ in range(repetitions)))
    return statistics.median(times), results[-1]


def blas_name():
    """The library numpy's matrix products run in."""
    np.ones((2, 2)) @ np.ones((2, 2))
    mapped = pathlib.Path("/proc/self/maps").read_text()
    if found := re.search(r"openblas|mkl|blis", mapped):
        return {"openblas": "OpenBLAS", "mkl": "MKL", "blis": "BLIS"}[found[0]]
    return "reference BLAS"


# The table ------------------------------------------------------------------------------------------------------------


def measure(shape, tool, naive, folder, repetitions):
    """One turn of each contestant: our figures, those of "backward" and of forward "again", and the ms of "numpy" and
    "C" where they take part."""
    dtype, threads, n, heads, d, w1, w2 = shape
    figures = benchmark(tool, folder, repetitions, shape)
    figures["backward"] = benchmark_gradients(tool, folder, repetitions, shape)
    figures["again"] = benchmark(tool, folder, repetitions, shape)
    if dtype == "f32" and threads == 1:
        rng = np.random.default_rng(0)
        inputs = [rng.standard_normal(size, dtype=np.float32) for size in [(n, heads, d)] + 4 * [(n, d)]]
        figures["numpy"], by_numpy = median_of(5, tiled_numpy, *inputs, w1, w2)
        figures["C"], by_c = median_of(1, naive, *inputs, w1, w2)
        if not np.allclose(by_numpy, by_c, rtol=1e-3, atol=1e-4):
            sys.exit("numpy and C disagree")
    return figures


def row(shape, rounds):
    """The table's cells: medians over the rounds, but for the share of the peak that the best of all calls reached."""
    best = min(figures["best"] for figures in rounds)
    middle = {key: statistics.median(figures[key] for figures in rounds) for key, value in rounds[0].items()
              if not isinstance(value, dict)}
    cells = [*shape, f"{middle['ms']:.2f}", f"{middle['gflops']:.1f}", f"{middle['gflops'] / middle['peak']:.2f}",
             f"{middle['gflops'] * middle['ms'] / best / middle['peak']:.2f}", f"{middle['extra']:.1f}"]
    for other in ("numpy", "C"):
        if ms := middle.get(other):
            share = 1e-6 * case(*shape).flops / ms / middle["peak"]
            cells.append(f"{ms:.1f} ms, {share:.2f} of peak: {ms / middle['ms']:.1f}x slower")
        else:
            cells.append("")
    return f"| {' | '.join(map(str, cells))} |"


def gradient_row(shape, rounds):
    """The cells of the gradients' table, of which the first figures are backward's time over forward's: the median of
    what the rounds say, and that of the best calls."""
    middle = lambda figure: statistics.median(map(figure, rounds))
    of_backward = lambda key: middle(lambda figures: figures["backward"][key])
    rate = lambda ms: 1e-6 * case(*shape).products(EXECUTED) / ms
    peak = lambda figures: max(figures["peak"], figures["again"]["peak"])
    ratio = lambda figures: 2 * figures["backward"]["ms"] / (figures["ms"] + figures["again"]["ms"])
    best = min(figures["backward"]["best"] for figures in rounds)
    forward = min(min(figures["best"], figures["again"]["best"]) for figures in rounds)
    cells = [*shape, f"{middle(ratio):.2f}", f"{best / forward:.2f}", f"{of_backward('ms'):.2f}",
             f"{middle(lambda figures: rate(figures['backward']['ms'])):.1f}",
             f"{middle(lambda figures: rate(figures['backward']['ms']) / peak(figures)):.2f}",
             f"{rate(best) / max(map(peak, rounds)):.2f}", f"{of_backward('extra'):.1f}"]
    return f"| {' | '.join(map(str, cells))} |"


def start_times(tool, folder, rounds):
    """Milliseconds of a whole simplicial-run with one query of one key, compiling it, and with it in the cache."""
    run = functools.partial(run_simplicial, tool, folder, [], ("f32", 1, 1, 8, 64, 16, 128))
    compiling = median_of(rounds, run)[0]
    os.environ.update(SIMPLICIAL_CACHE_SIZE="1", SIMPLICIAL_CACHE_DIR=str(folder / "cache"))
    run()
    return compiling, median_of(rounds, run)[0]


def processor():
    found = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent / "build", help="the build folder")
    parser.add_argument("--rounds", type=int, default=3, help="how often each contestant has its turn")
    parser.add_argument("--repetitions", type=int, default=20, help="runs of our kernel in a turn")
    arguments = parser.parse_args()
    tool = arguments.build / "bin" / "simplicial-run"
    os.environ["SIMPLICIAL_CACHE_SIZE"] = "0"

    shape_header = ["type", "threads", "N", "Hq/Hk", "D", "w1", "w2"]
    header = [*shape_header, "ms", "GFLOP/s", "of peak", "at best", "extra MiB", "numpy", "C"]
    rounds = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        naive = load_naive(folder)
        for number in range(arguments.rounds):
            print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr)
            rounds.append([measure(shape, tool, naive, folder, arguments.repetitions) for shape in SHAPES])
        compiling, cached = start_times(tool, folder, arguments.rounds)

    print(f"{processor()}, {len(os.sched_getaffinity(0))} CPUs; numpy {np.__version__} with {blas_name()}; "
          f"medians of {arguments.rounds} rounds\n")
    print(f"| {' | '.join(header)} |\n|{'---|' * len(header)}")
    for shape, figures in zip(SHAPES, zip(*rounds)):
        print(row(shape, figures))
    print(f"\nBackward, all five gradients; GFLOP/s count {EXECUTED} products:\n")
    header = [*shape_header, "backward / forward", "of best calls", "ms", "GFLOP/s", "of peak", "at best", "extra MiB"]
    print(f"| {' | '.join(header)} |\n|{'---|' * len(header)}")
    for shape, figures in zip(SHAPES, zip(*rounds)):
        print(gradient_row(shape, figures))
    speedup = statistics.median(figures[0]["ms"] / figures[-1]["ms"] for figures in rounds)
    print(f"\nTwo threads are {speedup:.2f} times as fast as one. Starting simplicial-run, compiling, loading and "
          f"calling a kernel once takes {compiling:.0f} ms, and {cached:.0f} ms if it is in the cache.")


if __name__ == "__main__":
    main()
