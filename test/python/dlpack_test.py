# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""simplicial.attention of what is no NumPy array but has DLPack: a library of bf16 tensors, which is this module."""

import ctypes
import gc
import unittest

import data
import numpy as np
from data import assert_near, inputs

import simplicial

get = ctypes.pythonapi.PyCapsule_GetPointer
get.argtypes, get.restype = [ctypes.py_object, ctypes.c_char_p], ctypes.c_void_p
new = ctypes.pythonapi.PyCapsule_New
new.argtypes, new.restype = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p], ctypes.py_object
rename = ctypes.pythonapi.PyCapsule_SetName
rename.argtypes = [ctypes.py_object, ctypes.c_char_p]
USED = ctypes.create_string_buffer(b"used_dltensor")
CPU, BF16 = 1, (4, 16)


class Managed(ctypes.Structure):
    """DLManagedTensor, as dlpack.h has it."""


Managed._fields_ = [("data", ctypes.c_void_p), ("device", ctypes.c_int32), ("device_id", ctypes.c_int32),
                    ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8),
                    ("lanes", ctypes.c_uint16), ("shape", ctypes.POINTER(ctypes.c_int64)),
                    ("strides", ctypes.POINTER(ctypes.c_int64)), ("byte_offset", ctypes.c_uint64),
                    ("context", ctypes.c_void_p), ("deleter", ctypes.CFUNCTYPE(None, ctypes.POINTER(Managed)))]


class Tensor:
    """bf16, of numbers that it can hold. Offsets are in elements; `strides` None: row-major."""

    def __init__(self, x, strides=None, offset=0, kind=CPU):
        self.bits = np.zeros(x.size + offset, np.uint16)
        self.bits[offset:] = (np.ascontiguousarray(x, np.float32).view(np.uint32) >> 16).ravel()
        self.sizes = (ctypes.c_int64 * x.ndim)(*x.shape)
        self.steps = (ctypes.c_int64 * x.ndim)(*strides) if strides else None
        self.managed = Managed(self.bits.ctypes.data, kind, 0, x.ndim, *BF16, 1, self.sizes, self.steps, 2 * offset)

    def __dlpack_device__(self):
        return self.managed.device, 0

    def __dlpack__(self, **options):
        assert not options, "a CPU has no streams"
        return new(ctypes.addressof(self.managed), b"dltensor", None)


def from_dlpack(producer):
    """What this library makes of results: floats."""
    assert producer.__dlpack_device__() == (CPU, 0)
    capsule = producer.__dlpack__(max_version=(1, 0))
    tensor = ctypes.cast(get(capsule, b"dltensor"), ctypes.POINTER(Managed))
    rename(capsule, ctypes.cast(USED, ctypes.c_char_p))
    t = tensor.contents
    shape, wide = t.shape[:t.ndim], t.bits == 32
    bits = np.ctypeslib.as_array(ctypes.cast(t.data, ctypes.POINTER(ctypes.c_uint32 if wide else ctypes.c_uint16)),
                                 shape).astype(np.uint32)
    t.deleter(tensor)
    return (bits if wide else bits << 16).view(np.float32)


def rounded(x):
    """To what bf16 can hold."""
    return [(t.view(np.uint32) & 0xffff0000).view(np.float32) for t in x]


class DLPack(unittest.TestCase):
    def setUp(self):
        self.x = rounded(inputs())
        self.want, self.want_lse = data.attention(*self.x, causal=True, w1=3)

    def test_attention(self):
        out, lse = simplicial.attention(*map(Tensor, self.x), w1=3, return_lse=True)
        assert_near(self, out, self.want, "bfloat16")
        assert_near(self, lse, self.want_lse)
        gc.collect()

    def test_strides_and_offsets(self):
        def heads_first(t):
            b, n, h, d = t.shape
            return Tensor(t.swapaxes(1, 2), (h * n * d, d, n * d, 1), 3)

        tensors = [heads_first(t) for t in self.x]
        for tensor, t in zip(tensors, self.x):
            tensor.sizes[:] = t.shape
        out = simplicial.attention(*tensors, w1=3)
        assert_near(self, out, self.want, "bfloat16")

    def test_gradients(self):
        d_out = rounded(inputs(seed=9))[0]
        got = simplicial.attention_grad(*map(Tensor, self.x), Tensor(rounded([self.want.astype(np.float32)])[0]),
                                        self.want_lse.astype(np.float32), Tensor(d_out), w1=3, wanted=("k1", "v2"))
        want = data.attention_grad(*self.x, d_out, causal=True, w1=3)
        assert_near(self, got[1], want[1], "bfloat16")
        assert_near(self, got[4], want[4], "bfloat16")

    def test_what_is_kept_is_freed(self):
        """A result whose library fails to take it."""
        module, taken = globals(), []
        original = module["from_dlpack"]
        module["from_dlpack"] = lambda producer: taken.append(producer) or [][0]
        try:
            with self.assertRaises(IndexError):
                simplicial.attention(*map(Tensor, self.x), w1=3)
        finally:
            module["from_dlpack"] = original
        self.assertEqual(len(taken), 1)
        del taken[:]
        gc.collect()

    def test_errors(self):
        x = [Tensor(t) for t in self.x]
        with self.assertRaisesRegex(simplicial.Error, "k1 has element type f32 instead of bf16"):
            simplicial.attention(x[0], self.x[1], *x[2:])
        with self.assertRaisesRegex(simplicial.Error, "k2 has an innermost stride other than 1"):
            simplicial.attention(*x[:2], Tensor(self.x[2], (1, 1, 1, 2)), *x[3:])
        with self.assertRaisesRegex(simplicial.Error, "device of DLPack's type 7"):
            simplicial.attention(Tensor(self.x[0], kind=7), *x[1:])


if __name__ == "__main__":
    unittest.main()
