# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""call.py LIBRARY SOURCE TARGET FUNCTION FOLDER: calls a function as a program would that embeds the compiler.

Its inputs are FOLDER/in0.npy ..., its results become FOLDER/out0.npy ... . Beside what simplicial-run does, it looks
whether the inputs are as they were. Exit status 1 and one error if there are no results.
"""

import ctypes
import pathlib
import sys

import numpy as np

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "numerics"))
from dlpack import TYPES, Status, describe, from_stored, load_library, pointers, to_stored  # noqa: E402


class TensorType(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16),
                ("rank", ctypes.c_int), ("shape", ctypes.c_int64 * 8)]


def must(status):
    if status.code:
        message = (status.message or b"").decode(errors="replace")
        print(f"call.py: {'' if 'error: ' in message else 'error: '}{message}", file=sys.stderr)
        sys.exit(1)


def main():
    library, source, target, name, folder = sys.argv[1:]
    library, folder = load_library(library, "simplicialFunctionOutputShape"), pathlib.Path(folder)
    library.simplicialFunctionArgument.restype = TensorType
    compiler, executable = ctypes.c_void_p(), ctypes.c_void_p()
    must(library.simplicialCompilerCreate(ctypes.byref(compiler)))
    text = pathlib.Path(source).read_bytes()
    must(library.simplicialCompilerLoad(compiler, text, ctypes.c_size_t(len(text)), source.encode(), target.encode(),
                                        ctypes.byref(executable)))
    function = ctypes.c_void_p(library.simplicialExecutableLookup(executable, name.encode(errors="surrogateescape")))
    if not function:
        must(Status(1, b"no such function"))

    arrays, types, tensors = [], [], []

    def add(type, array):
        arrays.append(array)
        types.append(type)
        tensors.append(describe(array.ctypes.data, type, array.shape))

    def type_of(i):
        type = library.simplicialFunctionArgument(function, i)
        return next(name for name, (code, bits, _) in TYPES.items() if (code, bits) == (type.code, type.bits))
    inputs, outputs = (getattr(library, f"simplicialFunction{what}Count")(function) for what in ("Input", "Output"))
    for i in range(inputs):
        x = np.load(folder / f"in{i}.npy")
        type = type_of(i)
        add(type, np.ascontiguousarray(to_stored(type, x)).reshape(x.shape))
    before = [array.tobytes() for array in arrays]
    for i in range(outputs):
        shape = (ctypes.c_int64 * 8)()
        must(library.simplicialFunctionOutputShape(function, pointers(tensors), inputs, i, shape))
        type = type_of(inputs + i)
        rank = library.simplicialFunctionArgument(function, inputs + i).rank
        empty = np.empty(tuple(shape[:rank]), TYPES[type][2])
        empty.reshape(-1).view(np.uint8)[...] = 0xFF  # nan until written
        add(type, empty)
    must(library.simplicialFunctionCall(function, pointers(tensors), len(tensors)))
    for i, bits in enumerate(before):
        if arrays[i].tobytes() != bits:
            print(f"call.py: input {i} was written to", file=sys.stderr)
            sys.exit(3)
    for i in range(outputs):
        np.save(folder / f"out{i}.npy", from_stored(types[inputs + i], arrays[inputs + i]))


main()
