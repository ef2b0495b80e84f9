# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs gradients many times, no two in the same circumstances, and checks that all have the bits of the first.

Circumstances are the number of threads and, on the emulator, its seed: the order of blocks, the first warp, and when
what is asynchronous completes. The first gradients are checked against float64; at last a bit of an input is changed,
and so must be a gradient's: otherwise the comparison would see nothing.
"""

import ctypes
import random
import sys
import time

import numpy as np

import data
import harness
from dlpack import TYPES, describe, from_stored, load, load_library, must, pointers, to_stored
from gradients import module
from gradients_cases import GradientCase
from gradients_check import check

MOST_THREADS = 9

# Few numbers in many blocks, tiles and sums: the emulator takes its time.
SMALL = dict(dtype="bf16", D=16, N=13, w1=3, w2=9)
CASES = {
    "emulate:sm_80": [
        GradientCase(**SMALL, Hq=1),  # columns of queries
        GradientCase(**SMALL, Hq=16, Hk=1, B=2),  # of heads
        GradientCase(**{**SMALL, "N": 40, "w2": 4}, Hq=4, Hk=2, causal=False),  # several tiles, whose sums overlap
        GradientCase(**{**SMALL, "N": 80, "w2": 70, "dtype": "f16"}, Nq=2, Hq=8),
        GradientCase(**{**SMALL, "dtype": "f32"}, Hq=3),
        GradientCase(**{**SMALL, "D": 128, "N": 5, "w1": 2, "w2": 4}, Hq=4),  # two programs over keys
    ],
    "emulate:sm_90a": [
        GradientCase(**{**SMALL, "N": 5}, Hq=16),
        GradientCase(**{**SMALL, "N": 20, "w2": 4}, Hq=4, Hk=2, causal=False),
        GradientCase(**{**SMALL, "D": 128, "N": 4, "w1": 2}, Hq=16),
        GradientCase(**{**SMALL, "D": 128, "N": 4, "w1": None, "w2": None}, Hq=16),  # sums in global memory
    ],
    "cpu": [
        GradientCase(B=2, Hq=6, Hk=3),
        GradientCase(N=70, Hq=8, w1=9, w2=40, dtype="bf16"),
        GradientCase(N=70, Hq=1, w1=None, w2=None),
        GradientCase(Nq=3, N=90, Hq=4, Hk=2, w1=60, w2=5, causal=False),
    ],
}


class Gradient:
    """A compiled gradient function, the case's inputs, and places for its results."""

    def __init__(self, library, compiler, case, target):
        self.library, self.names = library, case.grads.split()
        self.executable = load(library, compiler, module(case, target), target)
        self.function = ctypes.c_void_p(library.simplicialExecutableLookup(self.executable, b"f"))
        self.x, self.dtype = data.make_gradient(case), case.dtype
        types = ["f32" if name == "lse" else case.dtype for name in self.x] + [case.dtype] * len(self.names)
        self.arrays = [np.ascontiguousarray(to_stored(type, x)) for type, x in zip(types, self.x.values())]
        self.results = [np.empty(self.x[name].shape, TYPES[case.dtype][2]) for name in self.names]
        self.tensors = [describe(array.ctypes.data, type, array.shape)
                        for type, array in zip(types, self.arrays + self.results)]

    def __call__(self):
        """The results' bits."""
        for result in self.results:
            result.reshape(-1).view(np.uint8)[:] = 0xFF  # nan until written
        must(self.library.simplicialFunctionCall(self.function, pointers(self.tensors), len(self.tensors)))
        return [result.tobytes() for result in self.results]

    def values(self):
        """{name: gradient} of the last call."""
        values = [from_stored(self.dtype, result) for result in self.results]
        return dict(zip(self.names, values))

    def change_an_input(self):
        """By the last bit of the exponent of an element of d_out that all gradients see."""
        d_out = self.arrays[list(self.x).index("d_out")]
        bits = d_out.reshape(-1).view(np.uint32 if d_out.itemsize == 4 else np.uint16)
        bits[-1] ^= bits.dtype.type(1 << {"f32": 23, "bf16": 7, "f16": 10}[self.dtype])

    def release(self):
        self.library.simplicialExecutableRelease(self.executable)


def circumstances(runs):
    """(seed, threads) of each run, the first as if nothing were said."""
    rng = random.Random(runs)
    yield 0, 1
    for seed in range(1, runs):
        yield seed, rng.randint(1, MOST_THREADS)


def problem_of(gradient, case, target, runs):
    """What is wrong with the case, or None."""
    first = None
    for seed, threads in circumstances(runs):
        gradient.library.simplicialEmulatorSetSeed(ctypes.c_uint64(seed))
        gradient.library.simplicialSetThreadCount(threads)
        bits = gradient()
        if first is None:
            first = bits
            products = "f32" if target == "cpu" else case.operand or case.dtype
            if problems := check(case, gradient.x, gradient.values(), products).problems:
                return "; ".join(problems)
        if bits != first:
            names = [name for name, one, other in zip(gradient.names, first, bits) if one != other]
            return f"with seed {seed} and {threads} threads other bits of {', '.join(names)}"
    gradient.change_an_input()
    if gradient() == first:
        return "another input has the same gradients"
    return None


def line(library, compiler, case, target, runs):
    try:
        gradient = Gradient(library, compiler, case, target)
        start = time.monotonic()
        problem = problem_of(gradient, case, target, runs)
        gradient.release()
    except harness.Failure as failure:
        problem = str(failure)
    return f"FAIL {case}: {problem}" if problem else \
        f"ok   {case}: {runs} runs have the same bits, in {time.monotonic() - start:.1f} s"


def main():
    parser = harness.arguments(__doc__, "cases")
    parser.add_argument("--library", required=True, help="libsimplicial_compiler.so")
    parser.add_argument("--target", choices=CASES, default="cpu")
    parser.add_argument("--runs", type=int, default=12, help="of each case (default: %(default)s)")
    arguments = parser.parse_args()
    if arguments.runs < 2:
        parser.error("--runs must be 2 at least")
    library, compiler = load_library(arguments.library), ctypes.c_void_p()
    must(library.simplicialCompilerCreate(ctypes.byref(compiler)))
    cases = [case for case in CASES[arguments.target] if arguments.match in str(case)]
    status = harness.report(lambda case: line(library, compiler, case, arguments.target, arguments.runs), cases, "cases",
                            arguments)
    library.simplicialCompilerDestroy(compiler)
    return status


if __name__ == "__main__":
    sys.exit(main())
