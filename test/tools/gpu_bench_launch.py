# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""gpu_bench_launch.py LIBRARY: checks that bench/gpu/launch.c calls a function as it should, and how long that takes."""

import ctypes
import sys
import time

CALLS, SECONDS = 20, 0.005
calls = []


@ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 7)
def function(*arguments):
    calls.append(arguments)
    time.sleep(SECONDS)


time_launches = ctypes.CDLL(sys.argv[1]).time_launches
time_launches.restype = ctypes.c_double
start = time.monotonic()
measured = time_launches(function, (ctypes.c_void_p * 7)(*range(11, 18)), CALLS)
passed = time.monotonic() - start
assert calls == [tuple(range(11, 18))] * CALLS, calls
assert CALLS * SECONDS <= measured <= passed, (measured, passed)
