# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""call.py LIBRARY SOURCE TARGET FUNCTION FOLDER: calls a function as a program would that embeds the compiler.

Its inputs are FOLDER/in0.npy ..., its results become FOLDER/out0.npy ... . Beside what simplicial-run does, it looks
whether the inputs are as they were. Exit status 1 and one error if there are no results.
"""

import ctypes
import pathlib
import sys

import numpy as np

F32, F16, BF16 = (2, 32), (2, 16), (4, 16)  # DLPack's code and bits


class DLTensor(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32),
                ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8),
                ("lanes", ctypes.c_uint16), ("shape", ctypes.POINTER(ctypes.c_int64)),
                ("strides", ctypes.POINTER(ctypes.c_int64)), ("byte_offset", ctypes.c_uint64)]


class TensorType(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16),
                ("rank", ctypes.c_int), ("shape", ctypes.c_int64 * 8)]


class Status(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int), ("message", ctypes.c_char_p)]


def must(status):
    if status.code:
        message = (status.message or b"").decode(errors="replace")
        print(f"call.py: {'' if 'error: ' in message else 'error: '}{message}", file=sys.stderr)
        sys.exit(1)


def describe(stored, kind):
    shape = (ctypes.c_int64 * max(stored.ndim, 1))(*stored.shape)
    return DLTensor(stored.ctypes.data, 1, 0, stored.ndim, *kind, 1, shape, None, 0)


def main():
    library, source, target, name, folder = sys.argv[1:]
    library, folder = ctypes.CDLL(library), pathlib.Path(folder)
    for entry in ("simplicialCompilerCreate", "simplicialCompilerLoad", "simplicialFunctionOutputShape",
                  "simplicialFunctionCall"):
        getattr(library, entry).restype = Status
    library.simplicialExecutableLookup.restype = ctypes.c_void_p
    library.simplicialFunctionArgument.restype = TensorType
    compiler, executable = ctypes.c_void_p(), ctypes.c_void_p()
    must(library.simplicialCompilerCreate(ctypes.byref(compiler)))
    text = pathlib.Path(source).read_bytes()
    must(library.simplicialCompilerLoad(compiler, text, ctypes.c_size_t(len(text)), source.encode(), target.encode(),
                                        ctypes.byref(executable)))
    function = ctypes.c_void_p(library.simplicialExecutableLookup(executable, name.encode(errors="surrogateescape")))
    if not function:
        must(Status(1, b"no such function"))

    arrays, kinds, tensors = [], [], []

    def add(kind, array):
        arrays.append(array)
        kinds.append(kind)
        tensors.append(describe(array, kind))

    def kind_of(i):
        type = library.simplicialFunctionArgument(function, i)
        return type.code, type.bits
    inputs, outputs = (getattr(library, f"simplicialFunction{what}Count")(function) for what in ("Input", "Output"))
    for i in range(inputs):
        x = np.load(folder / f"in{i}.npy")
        kind = kind_of(i)
        add(kind, np.ascontiguousarray((x.view(np.uint32) >> 16).astype(np.uint16) if kind == BF16 else x).reshape(x.shape))
    before = [array.tobytes() for array in arrays]
    pointers = lambda: (ctypes.POINTER(DLTensor) * max(len(tensors), 1))(*map(ctypes.pointer, tensors))
    for i in range(outputs):
        shape = (ctypes.c_int64 * 8)()
        must(library.simplicialFunctionOutputShape(function, pointers(), inputs, i, shape))
        kind = kind_of(inputs + i)
        rank = library.simplicialFunctionArgument(function, inputs + i).rank
        empty = np.empty(tuple(shape[:rank]), {F32: np.float32, F16: np.float16, BF16: np.uint16}[kind])
        empty.reshape(-1).view(np.uint8)[...] = 0xFF  # nan until written
        add(kind, empty)
    must(library.simplicialFunctionCall(function, pointers(), len(tensors)))
    for i, bits in enumerate(before):
        if arrays[i].tobytes() != bits:
            print(f"call.py: input {i} was written to", file=sys.stderr)
            sys.exit(3)
    for i in range(outputs):
        x = arrays[inputs + i]
        np.save(folder / f"out{i}.npy",
                (x.astype(np.uint32) << 16).view(np.float32).reshape(x.shape) if kinds[inputs + i] == BF16 else x)


main()
