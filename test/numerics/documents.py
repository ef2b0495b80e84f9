# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Documents, beyond what their cases compare with float64: a packed sequence gives what its documents give alone, and
starts that are wrong touch no memory but the call's and change no other sequence of the batch.

All tensors end at a page that must not be touched; a wrong access ends the process, whose last line names the call.
"""

import ctypes
import dataclasses
import faulthandler
import sys

import numpy as np

import data
import gradients
import run
from cases import Case
from dlpack import TYPES, describe, load, load_library, must, pointers
from gradients_cases import GradientCase, pairs
from guarded import Guarded
from harness import Failure

TYPES["i32"] = (0, 32, np.int32)
SHORT, N = (7, 1, 12, 8), 28
WRONG = {
    "negative": np.full(N, -5), "least": np.full(N, -2**31), "most": np.full(N, 2**31 - 1), "end": np.full(N, N),
    "backwards": np.arange(N)[::-1], "up and down": np.arange(N) * 17 % 31, "late": np.arange(N) + 3,
    "any": np.random.default_rng(0).integers(-2**31, 2**31, N),
}
FORWARD = [dict(Hq=4, config="block_q = 4 : i64"), dict(Hq=2, w1=None, causal=False)]
BACKWARD = [(GradientCase, dict(Hq=3)), (pairs, dict(Hq=2))]


class Function:
    """The function of a case, whose tensors are f32."""

    def __init__(self, library, compiler, case, operation, target):
        self.library, self.names = library, getattr(case, operation.returned).split()
        executable = load(library, compiler, operation.module(case, target), target)
        self.pointer = ctypes.c_void_p(library.simplicialExecutableLookup(executable, b"f"))

    def __call__(self, x):
        """{name: result} for inputs by name, of which the last one is start."""
        shapes = {name: x["q" if name == "out" else name].shape for name in self.names if name != "lse"}
        shapes["lse"] = [x["q"].shape[d] for d in (0, 2, 1)]
        tensors, arrays = [], []
        for value in (*x.values(), *(np.full(shapes[name], np.nan, np.float32) for name in self.names)):
            array = Guarded(value.nbytes).array(value.size, value.dtype, True)
            array[:] = value.ravel()
            arrays.append(array)
            tensors.append(describe(array.ctypes.data, "i32" if value.dtype == np.int32 else "f32", value.shape))
        must(self.library.simplicialFunctionCall(self.pointer, pointers(tensors), len(tensors)))
        return {name: array.reshape(shapes[name]) for name, array in zip(self.names, arrays[len(x):])}


def wrong_starts(function, x):
    """Problems of starts of the first of two sequences."""
    good = data.bounds(Case(B=2, N=N, documents=((N,), SHORT)))["start"]
    want = function({**x, "start": good})
    for name, starts in WRONG.items():
        print(f"  {name}", flush=True)
        start = good.copy()
        start[0] = starts
        got = function({**x, "start": start})
        for result in got:
            if got[result][1].tobytes() != want[result][1].tobytes():
                yield f"{name}: {result} of the other sequence changes"
            if name in ("negative", "least") and got[result].tobytes() != want[result].tobytes():
                yield f"{name}: {result} is not that of 0"
            if name in ("most", "end") and not ((got[result][0] == 0) | np.isneginf(got[result][0])).all():
                yield f"{name}: {result} is not that of nothing"


def alone(function, x, exact):
    """Problems of a packed sequence, beside its documents alone."""
    packed = function({**x, "start": data.bounds(Case(B=2, N=N, documents=(SHORT,)))["start"]})
    for at, length in zip(np.cumsum((0, *SHORT)), SHORT):
        part = lambda name, value: value[:, :, at:at + length] if name == "lse" else value[:, at:at + length]
        inputs = {name: np.ascontiguousarray(part(name, value)) for name, value in x.items()}
        for name, value in function({**inputs, "start": np.zeros((2, length), np.int32)}).items():
            got = part(name, packed[name])
            far = not np.array_equal(got, value) if exact else np.abs(got - value).max() > 3e-6 * np.abs(value).max()
            if far:
                yield f"{name} of keys {at} to {at + length} is not what these give alone"


def main():
    library, compiler = load_library(sys.argv[1]), ctypes.c_void_p()
    must(library.simplicialCompilerCreate(ctypes.byref(compiler)))
    shape = dict(B=2, N=N, D=16, w1=5, w2=19, dynamic="B Nq N", documents=((1,),))
    calls = [(run.ATTENTION, Case(**shape | fields)) for fields in FORWARD]
    calls += [(gradients.GRADIENTS, make(**shape | fields)) for make, fields in BACKWARD]
    failures = 0
    for target in sys.argv[2:]:
        for operation, case in calls:
            print(target, case, flush=True)
            x = operation.make(dataclasses.replace(case, documents=((N,),)))
            function = Function(library, compiler, case, operation, target)
            exact = operation is run.ATTENTION and target == "cpu"
            try:
                problems = [*alone(function, x, exact), *wrong_starts(function, x)] if case.causal else \
                    [*wrong_starts(function, x)]
            except Failure as failure:
                problems = [str(failure)]
            failures += len(problems)
            print(*(f"FAIL {problem}" for problem in problems), sep="\n")
    library.simplicialCompilerDestroy(compiler)
    print(f"{failures} failed")
    return 1 if failures else 0


faulthandler.enable()
sys.exit(main())
