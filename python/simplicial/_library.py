# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The compiler's shared library by ctypes: where it is, its functions, and its errors as exceptions."""

import ctypes
import functools
import os
import pathlib

NAME = "libsimplicial_compiler.so"


class Error(RuntimeError):
    """What Simplicial reports; the text is its message."""


class Status(ctypes.Structure):
    """SimplicialStatus. It owns its message, of which no copy is made."""

    _fields_ = [("code", ctypes.c_int), ("message", ctypes.c_void_p)]


class Attributes(ctypes.Structure):
    """SimplicialAttentionAttributes."""

    _fields_ = [("w1", ctypes.c_int64), ("w2", ctypes.c_int64), ("causal", ctypes.c_bool), ("scale", ctypes.c_float),
                ("k2_bias", ctypes.c_float), ("v2_bias", ctypes.c_float), ("form", ctypes.c_int),
                ("two_lengths", ctypes.c_bool)]


class DataType(ctypes.Structure):
    """DLDataType."""

    _fields_ = [("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16)]


class Spec(ctypes.Structure):
    """SimplicialAttentionSpec."""

    _fields_ = [("dtype", DataType), ("b", ctypes.c_int64), ("nq", ctypes.c_int64), ("n", ctypes.c_int64),
                ("hq", ctypes.c_int64), ("hk", ctypes.c_int64), ("d", ctypes.c_int64), ("attributes", Attributes),
                ("lse", ctypes.c_bool), ("gradients", ctypes.c_uint), ("bound", ctypes.c_int), ("n2", ctypes.c_int64)]


class Device(ctypes.Structure):
    """DLDevice."""

    _fields_ = [("type", ctypes.c_int32), ("id", ctypes.c_int32)]


class CudaDevice(ctypes.Structure):
    """SimplicialCudaDevice."""

    _fields_ = [("name", ctypes.c_char * 128), ("major", ctypes.c_int), ("minor", ctypes.c_int)]


_pointer, _text, _size, _int = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int
_to_pointer, _to_size = ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_size_t)

# Result and arguments of each function that is called.
_PROTOTYPES = {
    "simplicialAttentionFunction": (Status, ctypes.POINTER(Spec), _text, _to_pointer),
    "simplicialAttentionModule": (Status, ctypes.POINTER(Spec), _text, _to_pointer, _to_size),
    "simplicialCompile": (Status, _pointer, _size, _text, _text, _int, _to_pointer, _to_size),
    "simplicialCudaGetDevice": (Status, ctypes.POINTER(CudaDevice)),
    "simplicialCudaSynchronize": (Status,),
    "simplicialFewQueries": (ctypes.c_int64, ctypes.c_int64, ctypes.c_int64),
    "simplicialFunctionCallOn": (Status, _pointer, _pointer, _int, _pointer),
    "simplicialFunctionPrepare": (Status, _pointer, _pointer, _int),
    "simplicialSetThreadCount": (None, _int),
    "simplicialStatusFree": (None, Status),
    "simplicialStatusMessage": (_text, Status),
    "simplicialTensorCreate": (Status, DataType, _int, _pointer, Device, _to_pointer),
    "simplicialThreadCount": (_int,),
    "simplicialVersion": (_text,),
}


def candidates():
    """The folders where the library may be: beside this file in a wheel, where the environment says, and, in a
    checkout, where `./dev build` puts it."""
    package = pathlib.Path(__file__).resolve().parent
    folders = [package]
    if folder := os.environ.get("SIMPLICIAL_LIBRARY_DIR"):
        folders.append(pathlib.Path(folder))
    return folders + [package.parents[1] / "build" / "lib"]


def path():
    """The library's path."""
    for folder in candidates():
        if (folder / NAME).exists():
            return folder / NAME
    raise Error(f"there is no {NAME} in {', '.join(map(str, candidates()))}: build it with `./dev build`, or set "
                "SIMPLICIAL_LIBRARY_DIR")


@functools.cache
def library():
    """The library, loaded at the first call."""
    try:
        loaded = ctypes.CDLL(str(path()))
        for name, (result, *arguments) in _PROTOTYPES.items():
            function = getattr(loaded, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise Error(f"{path()} cannot be used: {error}") from error
    return loaded


def error_of(status):
    """The exception for a status that is no success, whose message is freed."""
    text = library().simplicialStatusMessage(status).decode(errors="replace")
    library().simplicialStatusFree(status)
    return Error(text)


def check(status):
    if status.code:
        raise error_of(status)


def take_bytes(data, size):
    """Bytes that the library allocated for its caller, as a copy."""
    copy = ctypes.string_at(data, size.value)
    _free(data)
    return copy


_free = ctypes.CDLL(None).free
_free.argtypes, _free.restype = [ctypes.c_void_p], None
