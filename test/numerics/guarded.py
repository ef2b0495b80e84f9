# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Memory between two pages that must not be touched."""

import ctypes
import mmap

import numpy as np

from harness import Failure

PAGE = mmap.PAGESIZE
_libc = ctypes.CDLL(None, use_errno=True)


class Guarded:
    """At least so many bytes of it."""

    def __init__(self, size):
        self.size = -(-max(size, 1) // PAGE) * PAGE
        self.map = mmap.mmap(-1, self.size + 2 * PAGE)
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self.map)) + PAGE
        for page in (self.address - PAGE, self.address + self.size):
            if _libc.mprotect(ctypes.c_void_p(page), PAGE, 0):
                raise Failure("mprotect")

    def array(self, count, dtype, at_end):
        """A flat array of `count` elements at the end or at the beginning."""
        offset = self.size - count * np.dtype(dtype).itemsize if at_end else 0
        return np.frombuffer(self.map, dtype, count, PAGE + offset)
