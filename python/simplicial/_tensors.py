# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""NumPy's arrays and whatever has DLPack -> what functions take, and results as the same kind of array."""

import ctypes
import sys
import typing

import numpy as np

from ._functions import BOUND_TYPES, BOUNDS, CPU, CUDA, TYPES, device_word, type_word
from ._library import DataType, Device, Error, check, library


class View(typing.NamedTuple):
    """A tensor's memory. `owner` keeps it."""

    address: int
    device: tuple  # DLDeviceType and number
    dtype: tuple   # DLDataType's code and bits
    shape: tuple
    strides: tuple  # in elements
    owner: object

    def words(self):
        """As a Function wants it described."""
        return device_word(*self.device), type_word(*self.dtype, len(self.shape)), self.shape, self.strides


class _DLTensor(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("device", Device), ("ndim", ctypes.c_int32), ("dtype", DataType),
                ("shape", ctypes.POINTER(ctypes.c_int64)), ("strides", ctypes.POINTER(ctypes.c_int64)),
                ("byte_offset", ctypes.c_uint64)]


class _Managed(ctypes.Structure):
    """DLManagedTensor."""


_Managed._fields_ = [("tensor", _DLTensor), ("context", ctypes.c_void_p),
                     ("deleter", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Managed)))]

_capsule_get = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_get.argtypes, _capsule_get.restype = [ctypes.py_object, ctypes.c_char_p], ctypes.c_void_p
_capsule_new = ctypes.pythonapi.PyCapsule_New
_capsule_new.argtypes, _capsule_new.restype = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p], ctypes.py_object
_capsule_is = ctypes.pythonapi.PyCapsule_IsValid
_capsule_is.argtypes, _capsule_is.restype = [ctypes.py_object, ctypes.c_char_p], ctypes.c_int
_DEFAULT_STREAM = 1  # as DLPack numbers it; functions run there
_UNUSED = b"dltensor"  # the name of a capsule that nobody has taken the tensor of


def _row_major(shape):
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return tuple(reversed(strides))


def _numpy_view(name, x):
    dtype = (BOUND_TYPES if name in BOUNDS else TYPES).get(x.dtype.name)
    if dtype is None:
        taken = "int32 is" if name in BOUNDS else "float32, float16 and bfloat16 are"
        raise Error(f"attention: {name} has element type {x.dtype}; {taken} taken")
    size = x.itemsize
    rows = not x.ndim or x.strides[-1] == size or x.shape[-1] < 2
    if not (rows and x.flags.aligned and x.dtype.isnative and all(stride % size == 0 for stride in x.strides)):
        x = np.array(x, x.dtype.newbyteorder("="), order="C")
    strides = tuple(stride // size for stride in x.strides)
    return View(x.__array_interface__["data"][0], (CPU, 0), dtype, x.shape, strides, x)


def _dlpack_view(x):
    kind, index = x.__dlpack_device__()
    capsule = x.__dlpack__(stream=_DEFAULT_STREAM) if kind == CUDA else x.__dlpack__()
    tensor = ctypes.cast(_capsule_get(capsule, _UNUSED), ctypes.POINTER(_Managed)).contents.tensor
    shape = tuple(tensor.shape[:tensor.ndim])
    strides = tuple(tensor.strides[:tensor.ndim]) if tensor.strides else _row_major(shape)
    return View((tensor.data or 0) + tensor.byte_offset, (kind, index), (tensor.dtype.code, tensor.dtype.bits), shape,
                strides, capsule)


def call(function, views):
    """Calls the function."""
    function([view.address for view in views], [view[1:5] for view in views], lambda: [view.words() for view in views])


def view(name, x):
    """The View of an argument of this name. NumPy's arrays whose rows have gaps are copied."""
    if isinstance(x, np.ndarray):
        return _numpy_view(name, x)
    if hasattr(x, "__dlpack__"):
        return _dlpack_view(x)
    raise TypeError(f"attention: {name} is a {type(x).__name__}, neither a NumPy array nor anything with DLPack")


class _Result:
    """A tensor of the library's, for one consumer of DLPack."""

    def __init__(self, device, dtype, shape):
        pointer, self.device = ctypes.c_void_p(), device
        sizes = (ctypes.c_int64 * len(shape))(*shape)
        check(library().simplicialTensorCreate(DataType(*dtype, 1), len(shape), sizes, Device(*device), pointer))
        self.managed = ctypes.cast(pointer, ctypes.POINTER(_Managed))
        self.capsule = _capsule_new(pointer, _UNUSED, None)

    def __del__(self):
        if getattr(self, "capsule", None) and _capsule_is(self.capsule, _UNUSED):
            self.managed.contents.deleter(self.managed)

    def __dlpack_device__(self):
        return self.device

    def __dlpack__(self, stream=None, **_):
        if self.device[0] == CUDA and stream not in (None, _DEFAULT_STREAM):
            check(library().simplicialCudaSynchronize())
        return self.capsule


def _from_dlpack(like):
    """The from_dlpack of the library that `like` is of."""
    if hasattr(like, "__array_namespace__"):
        return like.__array_namespace__().from_dlpack
    module = sys.modules[type(like).__module__.partition(".")[0]]
    if not hasattr(module, "from_dlpack"):
        raise TypeError(f"attention: {module.__name__} has no from_dlpack, which results come from")
    return module.from_dlpack


class Output:
    """A new tensor for a result, of the kind of array that `like` is."""

    def __init__(self, like, view, shape, dtype=None):
        self._like = like
        if isinstance(like, np.ndarray):
            name = dtype and next(name for name, known in TYPES.items() if known == dtype)
            self._array = np.empty(shape, name or like.dtype.newbyteorder("="))
            self.view = _numpy_view("a result", self._array)
        else:
            self._result = _Result(view.device, dtype or view.dtype, shape)
            address = self._result.managed.contents.tensor.data or 0
            self.view = View(address, view.device, dtype or view.dtype, shape, _row_major(shape), self._result)

    def take(self):
        if isinstance(self._like, np.ndarray):
            return self._array
        return _from_dlpack(self._like)(self._result)


__all__ = ["CPU", "CUDA", "Output", "View", "call", "view"]
