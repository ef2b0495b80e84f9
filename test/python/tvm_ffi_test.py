# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Libraries of simplicial.compile(emit="tvm-ffi"), called through TVM FFI from NumPy and PyTorch, against float64."""

import pathlib
import tempfile
import threading
import unittest

import data
import numpy as np
import tvm_ffi
from data import assert_near, inputs

import simplicial

try:
    import torch
except ImportError:
    torch = None
    print("skipped: tvm_ffi_test.py with torch: there is no torch")

WINDOWS = {"w1": 3, "w2": 5}


def loaded(folder, dtype="float32", **options):
    """The function of a library that is made in `folder`."""
    path = pathlib.Path(folder) / f"{dtype}{len(options)}.so"
    path.write_bytes(simplicial.compile(dtype, 4, 2, 16, **WINDOWS, name="forward", emit="tvm-ffi", **options))
    return tvm_ffi.load_module(str(path)).forward


class TvmFfi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.forward = staticmethod(loaded(cls.folder.name, return_lse=True))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_numpy(self):
        x = inputs()
        out, lse = np.empty_like(x[0]), np.empty((2, 4, 6), np.float32)
        self.assertIsNone(self.forward(*x, out, lse))
        want, want_lse = data.attention(*x, **WINDOWS, causal=True)
        assert_near(self, out, want)
        assert_near(self, lse, want_lse)

    @unittest.skipUnless(torch, "there is no torch")
    def test_torch(self):
        for name in ("float32", "float16", "bfloat16"):
            with self.subTest(name):
                forward = loaded(self.folder.name, name)
                x = [torch.from_numpy(array).to(getattr(torch, name)) for array in inputs()]
                x[1] = x[1].transpose(1, 2).contiguous().transpose(1, 2)
                out = torch.empty_like(x[0])
                forward(*x, out)
                want = data.attention(*(t.double().numpy() for t in x), **WINDOWS, causal=True)[0]
                assert_near(self, out.double().numpy(), want, name)

    def test_sizes_are_of_each_call(self):
        for n in (6, 9, 17):
            x = inputs(b=1, nq=n, n=n)
            out, lse = np.empty_like(x[0]), np.empty((1, 4, n), np.float32)
            self.forward(*x, out, lse)
            assert_near(self, out, data.attention(*x, **WINDOWS, causal=True)[0])

    def test_threads(self):
        wrong = []

        def call(seed):
            x = inputs(seed=seed)
            want = data.attention(*x, **WINDOWS, causal=True)[0]
            for _ in range(20):
                out, lse = np.empty_like(x[0]), np.empty((2, 4, 6), np.float32)
                self.forward(*x, out, lse)
                if not data.error(out, want) < data.NEAR["float32"]:
                    wrong.append(seed)

        threads = [threading.Thread(target=call, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_errors(self):
        x = inputs()
        results = np.empty_like(x[0]), np.empty((2, 4, 6), np.float32)
        for arguments, kind, text in (((), TypeError, "forward: 7 arguments are needed, not 0"),
                                      ((*x, results[0], 3), TypeError, "forward: argument 6 is not a tensor"),
                                      ((*x, np.empty((2, 6, 4, 16)), results[1]), ValueError,
                                       "forward: output 0: has element type f64 instead of f32"),
                                      ((x[0], x[1][:, :8], *x[2:], *results), ValueError,
                                       "forward: input 2: dimension 1 is 9 instead of 8"),
                                      ((x[0][0], *x[1:], *results), ValueError,
                                       "forward: input 0: has rank 3 instead of 4")):
            with self.subTest(text), self.assertRaisesRegex(kind, text):
                self.forward(*arguments)

    @unittest.skipUnless(torch and torch.cuda.is_available(), "there is no GPU")
    def test_gpu(self):
        major, minor = torch.cuda.get_device_capability()
        forward = loaded(self.folder.name, "bfloat16", target=f"sm_{major}{minor}" + "a" * (major == 9))
        x = [torch.from_numpy(array).bfloat16().cuda() for array in inputs()]
        out = torch.empty_like(x[0])
        with torch.cuda.stream(torch.cuda.Stream()):
            forward(*x, out)
            torch.cuda.current_stream().synchronize()
        want = data.attention(*(t.double().cpu().numpy() for t in x), **WINDOWS, causal=True)[0]
        assert_near(self, out.double().cpu().numpy(), want, "bfloat16")


if __name__ == "__main__":
    if torch and not torch.cuda.is_available():
        print("skipped: tvm_ffi_test.py on a GPU: there is none")
    unittest.main()
