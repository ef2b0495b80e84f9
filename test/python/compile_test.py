# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""compile_test.py LIBRARIES FOLDER: simplicial.compile makes objects that compute the same."""

import ctypes
import pathlib
import subprocess
import sys
import unittest

import data
import numpy as np
from data import assert_near, inputs
from dlpack_test import CPU, Managed

import simplicial
from simplicial import _library


def memref(x):
    """What _mlir_ciface_ functions take a pointer to."""
    words = [x.ctypes.data, x.ctypes.data, 0, *x.shape, *(stride // x.itemsize for stride in x.strides)]
    return (ctypes.c_int64 * len(words))(*words)


def tensor(x):
    """A row-major DLTensor, which DLManagedTensor begins with."""
    return Managed(x.ctypes.data, CPU, 0, x.ndim, 2, 32, 1, (ctypes.c_int64 * x.ndim)(*x.shape))


class Compile(unittest.TestCase):
    def test_object(self):
        code = simplicial.compile("float32", 4, 2, 16, w1=3, w2=5, return_lse=True, name="forward", keys=9)
        path, library = FOLDER / "forward.o", FOLDER / "forward.so"
        path.write_bytes(code)
        subprocess.run(["cc", "-shared", "-o", library, path, f"-L{LIBRARIES}", f"-Wl,-rpath,{LIBRARIES}",
                        "-lsimplicial_runtime", "-lm"], check=True)
        x = inputs()
        out, lse = np.empty_like(x[0]), np.empty((2, 4, 6), np.float32)
        ctypes.CDLL(str(library))._mlir_ciface_forward(*map(memref, (*x, out, lse)))
        want, want_lse = data.attention(*x, w1=3, w2=5, causal=True)
        assert_near(self, out, want)
        assert_near(self, lse, want_lse)

    def test_description(self):
        """The runtime checks and calls by the object's own description."""
        code = simplicial.compile("float32", 4, 2, 16, w1=3, w2=5, name="described")
        path, library = FOLDER / "described.o", FOLDER / "described.so"
        path.write_bytes(code)
        subprocess.run(["cc", "-shared", "-o", library, path, f"-L{LIBRARIES}", f"-Wl,-rpath,{LIBRARIES}",
                        "-lsimplicial_runtime", "-lm"], check=True)
        description = ctypes.c_char.in_dll(ctypes.CDLL(str(library)), "_simplicial_function_described")
        runtime = ctypes.CDLL(f"{LIBRARIES}/libsimplicial_runtime.so")
        runtime.simplicialObjectCall.restype = _library.Status
        x = inputs()
        out = np.empty_like(x[0])
        tensors = [tensor(array) for array in (*x, out)]
        pointers = (ctypes.c_void_p * 6)(*map(ctypes.addressof, tensors))
        for count, text in ((5, "described: 6 arguments are needed, not 5"), (6, None)):
            status = runtime.simplicialObjectCall(ctypes.byref(description), pointers, count)
            self.assertEqual(str(_library.error_of(status)) if status.code else None, text)
        assert_near(self, out, data.attention(*x, w1=3, w2=5, causal=True)[0])

    def test_header(self):
        header = simplicial.compile("bfloat16", 4, 2, 16, gradients=("q", "k2"), emit="header", name="backward")
        self.assertIn(b"simplicial_backward(", header)

    def test_kernels(self):
        self.assertIn(b".target sm_80", simplicial.compile("float16", 8, 1, 64, 32, 256, target="sm_80", emit="ptx"))

    def test_errors(self):
        for text, options in (("multiple of 16", {"head_dim": 20}), ("no element type", {"dtype": "int8"}),
                              ("nothing|no 'paper'", {"emit": "paper"}), ("sm_1", {"target": "sm_1"}),
                              ("no identifier", {"name": "a b"}), ("N is -3", {"keys": -3})):
            with self.subTest(text), self.assertRaisesRegex(simplicial.Error, text):
                simplicial.compile(**{"dtype": "float32", "heads": 4, "kv_heads": 2, "head_dim": 16} | options)


if __name__ == "__main__":
    LIBRARIES, FOLDER = sys.argv.pop(1), pathlib.Path(sys.argv.pop(1))
    FOLDER.mkdir(parents=True, exist_ok=True)
    unittest.main()
