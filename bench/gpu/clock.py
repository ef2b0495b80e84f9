# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The clock of the GPU's SMs while something else runs, which its driver does not say: what nvidia-smi prints is as old
as it likes, and while the power limit holds the clock down it is another one."""

import ctypes
import functools
import pathlib

import torch


def call(name, *arguments):
    status = getattr(ctypes.CDLL("libcuda.so.1"), name)(*arguments)
    if status:
        raise RuntimeError(f"{name}: CUDA error {status}")


@functools.cache
def kernel():
    torch.cuda.init()
    torch.cuda.current_stream()  # its context is the current one
    module, function = ctypes.c_void_p(), ctypes.c_void_p()
    call("cuModuleLoadData", ctypes.byref(module), pathlib.Path(__file__).with_suffix(".ptx").read_bytes())
    call("cuModuleGetFunction", ctypes.byref(function), module, b"sample")
    return function


def mhz_during(work):
    """The mean clock while `work`, a function, launches something and waits for it."""
    memory = torch.zeros(4, dtype=torch.int64).pin_memory()  # begun, clocks, ns, stop
    stream = torch.cuda.Stream()
    pointer = ctypes.c_void_p(memory.data_ptr())
    parameters = (ctypes.c_void_p * 1)(ctypes.cast(ctypes.byref(pointer), ctypes.c_void_p))
    call("cuLaunchKernel", kernel(), 1, 1, 1, 32, 1, 1, 0, ctypes.c_void_p(stream.cuda_stream), parameters, None)
    try:
        while not memory[0]:  # it has begun before the GPU is full
            pass
        work()
    finally:
        memory[3] = 1
        stream.synchronize()
    return 1e3 * memory[1].item() / memory[2].item()
