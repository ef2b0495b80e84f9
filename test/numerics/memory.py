# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Calls compiled functions through the C API on memory laid out to catch them out.

Every tensor ends at, or begins after, a page that must not be touched; inputs come in every layout whose innermost
stride is 1, with nan in the gaps. A wrong access ends the process; the last line printed names the case.
"""

import ctypes
import faulthandler
import sys

import numpy as np

import data
from gpu_cases import GROUPS
from check import check
from dlpack import TYPES, describe, from_stored, load, load_library, must, pointers, to_stored
from guarded import Guarded
from harness import Failure
from run import module, same_bits


# A layout is (order of the dimensions in memory, elements after each innermost row, dimension whose stride is 0 or
# None, dimension that runs backwards or None). D is always innermost with stride 1.
LAYOUTS = {
    "row major": ((0, 1, 2, 3), 0, None, None),
    "padded": ((0, 1, 2, 3), 3, None, None),
    "heads first": ((0, 2, 1, 3), 0, None, None),
    "batch last": ((1, 2, 0, 3), 5, None, None),
    "one batch repeated": ((0, 1, 2, 3), 0, 0, None),
    "backwards": ((0, 1, 2, 3), 1, None, 1),
}


def lay_out(x, dtype, layout, at_end):
    """(DLTensor, what must outlive it) holding x in guarded memory."""
    order, pad, repeated, backwards = LAYOUTS[layout]
    sizes = [1 if d == repeated else x.shape[d] for d in order]
    stored = np.ascontiguousarray(np.flip(x, backwards) if backwards is not None else x)
    stored = stored[:1] if repeated == 0 else stored
    stored = stored.transpose(order)
    rows = sizes[0] * sizes[1] * sizes[2]
    width = sizes[3] + pad
    count = max(rows * width - pad, 0)  # no gap after the last row: the guard page comes at once
    guarded = Guarded(count * np.dtype(TYPES[dtype][2]).itemsize)
    flat = guarded.array(count, TYPES[dtype][2], at_end)
    flat[:] = to_stored(dtype, np.full(1, np.nan, np.float32))[0]
    byte = flat.itemsize
    view = np.lib.stride_tricks.as_strided(
        flat, sizes, (sizes[1] * sizes[2] * width * byte, sizes[2] * width * byte, width * byte, byte))
    view[...] = to_stored(dtype, stored)
    in_memory = [sizes[1] * sizes[2] * width, sizes[2] * width, width, 1]
    strides = [0] * 4
    for place, d in enumerate(order):
        strides[d] = 0 if d == repeated else in_memory[place]
    address = flat.ctypes.data
    if backwards is not None and x.shape[backwards]:
        address += (x.shape[backwards] - 1) * strides[backwards] * byte
        strides[backwards] = -strides[backwards]
    return describe(address, dtype, x.shape, strides), (guarded, flat)


def run(library, function, case, x, layout, at_end):
    inputs, kept = zip(*(lay_out(value, case.dtype, layout, at_end) for value in x.values()))
    shapes = {"out": x["q"].shape, "lse": (case.B, case.Hq, case.queries)}
    outputs, tensors = {}, list(inputs)
    for name in case.results.split():
        dtype = case.dtype if name == "out" else "f32"
        count = int(np.prod(shapes[name]))
        guarded = Guarded(count * TYPES[dtype][1] // 8)
        flat = guarded.array(count, TYPES[dtype][2], at_end)
        flat.view(np.uint8)[:] = 0xFF  # nan until written
        outputs[name] = (guarded, flat, dtype)
        tensors.append(describe(flat.ctypes.data, dtype, shapes[name]))
    must(library.simplicialFunctionCall(ctypes.c_void_p(function), pointers(tensors), len(tensors)))
    return {name: from_stored(dtype, flat).reshape(shapes[name]).copy() for name, (_, flat, dtype) in outputs.items()}


def problems(library, compiler, case):
    """Compiles the case once and calls it on every layout; yields what is wrong, or None, for each call."""
    executable = load(library, compiler, module(case, "cpu"), "cpu")
    function = library.simplicialExecutableLookup(executable, b"f")
    original = data.make(case)
    first = {}  # results do not depend on where the tensors lie: the first one is checked, the others are equal
    for layout in LAYOUTS:
        repeated = LAYOUTS[layout][2] == 0 and case.B > 1
        x = {name: np.repeat(value[:1], case.B, axis=0) if repeated else value for name, value in original.items()}
        for at_end in (False, True):
            got = run(library, function, case, x, layout, at_end)
            if repeated in first:
                wrong = "" if same_bits(got, first[repeated]) else "the result depends on the layout"
            else:
                first[repeated] = got
                wrong = "; ".join(check(case, x, dict(got)).problems)
            yield wrong and f"{layout}, at the {'end' if at_end else 'beginning'}: {wrong}"
    library.simplicialExecutableRelease(executable)


def main():
    library = load_library(sys.argv[1])
    compiler = ctypes.c_void_p()
    must(library.simplicialCompilerCreate(ctypes.byref(compiler)))
    calls = failures = 0
    for case in GROUPS["mixed"] + GROUPS["dims"] + GROUPS["queries"] + GROUPS["strided"]:
        print(case, flush=True)
        try:
            for problem in problems(library, compiler, case):
                calls += 1
                if problem:
                    failures += 1
                    print(f"FAIL {problem}")
        except Failure as failure:
            failures += 1
            print(f"FAIL {failure}")
    library.simplicialCompilerDestroy(compiler)
    print(f"{calls} calls, {failures} failed")
    return 1 if failures else 0


faulthandler.enable()
sys.exit(main())
