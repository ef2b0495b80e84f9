# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The clock of the GPU's SMs while something else runs, which its driver does not say: what nvidia-smi prints is as old
as it likes, and while the power limit holds the clock down it is another one."""

import ctypes
import functools

import torch

# One warp beside what is measured: says that it has begun, counts clocks, of which %clock has 32 bits, and the time, until
# it is told to stop, or for about 10 s.
PTX = b"""
.version 7.0
.target sm_70
.address_size 64

.visible .entry sample(.param .u64 memory) {
  .reg .b64 %memory, %clocks, %passed, %begin, %time, %value;
  .reg .b32 %last, %now, %low, %rounds;
  .reg .pred %done;
  ld.param.u64 %memory, [memory];
  mov.u64 %clocks, 0;
  mov.u32 %rounds, 100000;
  mov.u64 %begin, %globaltimer;
  mov.u32 %last, %clock;
  st.volatile.global.u64 [%memory], 1;
again:
  nanosleep.u32 100000;
  mov.u32 %now, %clock;
  mov.u64 %time, %globaltimer;
  sub.u32 %low, %now, %last;
  mov.u32 %last, %now;
  cvt.u64.u32 %passed, %low;
  add.u64 %clocks, %clocks, %passed;
  sub.u32 %rounds, %rounds, 1;
  ld.volatile.global.u64 %value, [%memory+24];
  setp.ne.u64 %done, %value, 0;
  @%done bra end;
  setp.ne.u32 %done, %rounds, 0;
  @%done bra again;
end:
  sub.u64 %time, %time, %begin;
  st.volatile.global.u64 [%memory+8], %clocks;
  st.volatile.global.u64 [%memory+16], %time;
  ret;
}
"""


def call(name, *arguments):
    status = getattr(ctypes.CDLL("libcuda.so.1"), name)(*arguments)
    if status:
        raise RuntimeError(f"{name}: CUDA error {status}")


@functools.cache
def kernel():
    torch.cuda.init()
    torch.cuda.current_stream()  # its context is the current one
    module, function = ctypes.c_void_p(), ctypes.c_void_p()
    call("cuModuleLoadData", ctypes.byref(module), PTX)
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
