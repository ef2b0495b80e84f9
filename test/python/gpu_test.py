# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""gpu_test.py DRIVER: tensors of a GPU, on the CUDA driver of test/unit/cuda_fake.h, which runs no kernels."""

import ctypes
import os
import sys
import unittest

import dlpack_test
from data import inputs

import simplicial

GPU = 2


class Tensor(dlpack_test.Tensor):
    """On device `index`."""

    def __init__(self, x, index=0):
        super().__init__(x, kind=GPU)
        self.managed.device_id = index

    def __dlpack_device__(self):
        return GPU, self.managed.device_id

    def __dlpack__(self, stream):
        assert stream == 1, "functions run on the default stream"
        return super().__dlpack__()


def from_dlpack(producer):
    """The device, the shape and the address of a result, which is freed."""
    device = producer.__dlpack_device__()
    capsule = producer.__dlpack__(stream=1)
    tensor = ctypes.cast(dlpack_test.get(capsule, b"dltensor"), ctypes.POINTER(dlpack_test.Managed))
    dlpack_test.rename(capsule, ctypes.cast(dlpack_test.USED, ctypes.c_char_p))
    t = tensor.contents
    result = device, (t.device, t.device_id), t.shape[:t.ndim], t.data
    t.deleter(tensor)
    return result


class Gpu(unittest.TestCase):
    def test_results_are_there(self):
        out, lse = simplicial.attention(*map(Tensor, inputs()), w1=3, return_lse=True)
        for result, shape in ((out, [2, 6, 4, 16]), (lse, [2, 4, 6])):
            self.assertEqual(result[:3], ((GPU, 0), (GPU, 0), shape))
            self.assertGreater(result[3], 1 << 62)  # where the fake driver has its memory

    def test_errors(self):
        x = [Tensor(t) for t in inputs()]
        with self.assertRaisesRegex(simplicial.Error, "k2 is on CUDA device 3, but"):
            simplicial.attention(*x[:2], Tensor(inputs()[2], 3), *x[3:], w1=3)
        with self.assertRaisesRegex(simplicial.Error, "v1 is not in memory that the GPU can reach"):
            simplicial.attention(*x[:3], dlpack_test.Tensor(inputs()[3]), x[4], w1=3)


if __name__ == "__main__":
    os.environ["SIMPLICIAL_CUDA_DRIVER"] = sys.argv.pop(1)
    unittest.main()
