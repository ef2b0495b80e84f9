# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiled functions, called with torch tensors."""

import ctypes
import functools

import torch


class Status(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int), ("message", ctypes.c_void_p)]


def memref(tensor):
    """The descriptor of a tensor: MLIR's of a memref of its rank."""
    sizes = ctypes.c_int64 * tensor.dim()

    class Memref(ctypes.Structure):
        _fields_ = [("allocated", ctypes.c_void_p), ("aligned", ctypes.c_void_p), ("offset", ctypes.c_int64),
                    ("sizes", sizes), ("strides", sizes)]

    data = tensor.data_ptr()
    return Memref(data, data, 0, sizes(*tensor.shape), sizes(*tensor.stride()))


class Kernel:
    """A function of a shared library."""

    def __init__(self, path, name="f"):
        self.path = path
        self.kernels = ctypes.CDLL(str(path))
        self.function = getattr(self.kernels, f"_mlir_ciface_{name}")
        self.function.restype = None
        self.kernels.simplicialTakeLaunchStatus.restype = Status
        self.kernels.simplicialStatusMessage.argtypes = self.kernels.simplicialStatusFree.argtypes = [Status]
        self.kernels.simplicialStatusMessage.restype = ctypes.c_char_p

    def bind(self, inputs, results):
        """A function without arguments that launches the kernel on them, on torch's current stream."""
        stream = torch.cuda.current_stream().cuda_stream
        self.kernels.simplicialSetStream(ctypes.c_void_p(stream))
        # The descriptors do not own the tensors: the function has to.
        tensors = (*inputs, *results)
        descriptors = [memref(tensor) for tensor in tensors]
        return functools.partial(self.launch, [ctypes.byref(descriptor) for descriptor in descriptors], tensors)

    def launch(self, arguments, tensors):
        self.function(*arguments)

    def time_launches(self, launch, calls):
        """Seconds that a C program takes for so many calls of what `bind` made, until the last one returns."""
        timer = ctypes.CDLL(str(self.path.with_name("launch.so"))).time_launches
        timer.restype = ctypes.c_double
        arguments = [ctypes.cast(argument, ctypes.c_void_p) for argument in launch.args[0]]
        return timer(self.function, (ctypes.c_void_p * len(arguments))(*arguments), calls)

    def check(self):
        """Waits for the launches so far, and raises RuntimeError if one failed."""
        status = self.kernels.simplicialTakeLaunchStatus()
        if status.code:
            message = self.kernels.simplicialStatusMessage(status).decode()
            self.kernels.simplicialStatusFree(status)
            raise RuntimeError(message)
        torch.cuda.synchronize()
