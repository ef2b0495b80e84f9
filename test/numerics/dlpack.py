# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The compiler's library for ctypes: its entries, statuses, and tensors as DLPack describes them."""

import ctypes

import numpy as np

from harness import Failure

TYPES = {"f32": (2, 32, np.float32), "f16": (2, 16, np.float16), "bf16": (4, 16, np.uint16)}  # code, bits, stored as


class DLTensor(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32),
                ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8),
                ("lanes", ctypes.c_uint16), ("shape", ctypes.POINTER(ctypes.c_int64)),
                ("strides", ctypes.POINTER(ctypes.c_int64)), ("byte_offset", ctypes.c_uint64)]


class Status(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int), ("message", ctypes.c_char_p)]


def load_library(path, *more):
    """The library; what `more` names gives a status too."""
    library = ctypes.CDLL(path)
    for name in ("simplicialCompilerCreate", "simplicialCompilerLoad", "simplicialFunctionCall", *more):
        getattr(library, name).restype = Status
    library.simplicialExecutableLookup.restype = ctypes.c_void_p
    return library


def must(status):
    if status.code:
        raise Failure((status.message or b"").decode())


def load(library, compiler, source, target):
    """What a module is compiled to."""
    executable = ctypes.c_void_p()
    must(library.simplicialCompilerLoad(compiler, source.encode(), ctypes.c_size_t(len(source)), b"f.mlir",
                                        target.encode(), ctypes.byref(executable)))
    return executable


def describe(address, dtype, shape, strides=None):
    """A tensor there, on the CPU; strides are in elements."""
    code, bits, _ = TYPES[dtype]
    pointer = lambda values: (ctypes.c_int64 * max(len(values), 1))(*values)
    return DLTensor(address, 1, 0, len(shape), code, bits, 1, pointer(shape), pointer(strides) if strides else None, 0)


def pointers(tensors):
    return (ctypes.POINTER(DLTensor) * max(len(tensors), 1))(*map(ctypes.pointer, tensors))


def to_stored(dtype, x):
    """x as the type stores it; bf16 of what it can hold only."""
    if dtype == "bf16":
        return (x.view(np.uint32) >> 16).astype(np.uint16).reshape(x.shape)
    return x.astype(TYPES[dtype][2])


def from_stored(dtype, x):
    return (x.astype(np.uint32) << 16).view(np.float32).reshape(x.shape) if dtype == "bf16" else x
