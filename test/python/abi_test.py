# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""abi_test.py FOLDER [DRIVER]: what `simplicial.compile(emit="tvm-ffi")` makes, called by TVM FFI's C ABI without
TVM FFI. With the CUDA driver of test/unit/cuda_fake.h, which runs no kernels: the same for a GPU."""

import ctypes
import os
import pathlib
import subprocess
import sys
import unittest

import data
import numpy as np
from data import assert_near, inputs

import simplicial

NONE, INT, DL_TENSOR, TENSOR = 0, 1, 7, 70
CPU, CUDA = 1, 2


class Any(ctypes.Structure):
    """TVMFFIAny."""

    _fields_ = [("type", ctypes.c_int32), ("padding", ctypes.c_uint32), ("value", ctypes.c_int64)]


class Tensor(ctypes.Structure):
    """TVM FFI's tensor: TVMFFIObject, in front of DLTensor."""

    _fields_ = [("object", ctypes.c_int64 * 3), ("data", ctypes.c_void_p), ("device", ctypes.c_int32),
                ("device_id", ctypes.c_int32), ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8),
                ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16), ("shape", ctypes.c_void_p),
                ("strides", ctypes.c_void_p), ("byte_offset", ctypes.c_uint64)]


def words(values):
    return (ctypes.c_int64 * len(values))(*values)


class Arguments:
    """Arrays as values of TVM FFI: every other one a pointer to a DLTensor, the others objects."""

    def __init__(self, arrays, device=CPU, device_id=0):
        self.keep, self.values = [], (Any * len(arrays))()
        for i, x in enumerate(arrays):
            shape, strides = words(x.shape), words([stride // x.itemsize for stride in x.strides])
            tensor = Tensor(data=x.ctypes.data, device=device, device_id=device_id, ndim=x.ndim, code=2,
                            bits=8 * x.itemsize, lanes=1, shape=ctypes.addressof(shape),
                            strides=ctypes.addressof(strides))
            self.keep += [x, shape, strides, tensor]
            at = ctypes.addressof(tensor)
            self.values[i] = Any(TENSOR, 0, at) if i % 2 else Any(DL_TENSOR, 0, at + Tensor.data.offset)


def made(name, **options):
    path = FOLDER / f"{name}.so"
    path.write_bytes(simplicial.compile("float32", 4, 2, 16, w1=3, w2=5, return_lse=True, name=name, emit="tvm-ffi",
                                        **options))
    return path


def raised():
    return tuple((ctypes.c_char * 512).in_dll(STANDIN, name).value.decode() for name in ("raised_kind",
                                                                                        "raised_message"))


def arrays():
    x = inputs()
    return [*x, np.zeros_like(x[0]), np.zeros((2, 4, 6), np.float32)]


class Cpu(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.forward = ctypes.CDLL(str(made("forward")))["__tvm_ffi_forward"]

    def call(self, arguments, count=7):
        result = Any(INT, 0, 5)
        return self.forward(None, arguments.values, count, ctypes.byref(result)), result.type

    def test_results(self):
        x = arrays()
        self.assertEqual(self.call(Arguments(x)), (0, NONE))
        want, want_lse = data.attention(*x[:5], w1=3, w2=5, causal=True)
        assert_near(self, x[5], want)
        assert_near(self, x[6], want_lse)

    def test_strided(self):
        x = arrays()
        x[1] = np.ascontiguousarray(x[1].swapaxes(1, 2)).swapaxes(1, 2)
        x[5] = np.zeros((2, 4, 6, 16), np.float32).swapaxes(1, 2)
        self.assertEqual(self.call(Arguments(x)), (0, NONE))
        assert_near(self, x[5], data.attention(*x[:5], w1=3, w2=5, causal=True)[0])

    def test_errors(self):
        def wrong(index, array):
            x = arrays()
            x[index] = array
            return Arguments(x)

        other = Arguments(arrays())
        other.values[3] = Any(INT, 0, 1)
        far = Arguments(arrays(), CUDA)
        for arguments, count, kind, text in (
                (Arguments(arrays()), 6, "TypeError", "forward: 7 arguments are needed, not 6"),
                (other, 7, "TypeError", "forward: argument 3 is not a tensor"),
                (wrong(0, arrays()[0].astype(np.float64)), 7, "ValueError", "input 0: has element type f64"),
                (wrong(1, arrays()[1][0]), 7, "ValueError", "input 1: has rank 3 instead of 4"),
                (wrong(4, arrays()[4][:, :8].copy()), 7, "ValueError", "input 4: dimension 1 is 8 instead of 9"),
                (wrong(6, np.zeros((2, 4, 5), np.float32)), 7, "ValueError", "output 1: dimension 2 is 5 instead of 6"),
                (far, 7, "ValueError", "input 0: is not in memory that the CPU can reach")):
            with self.subTest(text):
                self.assertEqual(self.call(arguments, count), (-1, INT))
                self.assertEqual(raised()[0], kind)
                self.assertIn(text, raised()[1])


class Gpu(unittest.TestCase):
    def test_streams(self):
        """A call is on TVM FFI's stream of its tensors' device."""
        forward = ctypes.CDLL(str(made("forward", target="sm_80")))["__tvm_ffi_forward"]
        result = Any(INT, 0, 5)
        for device in (0, 1):
            arguments = Arguments(arrays(), CUDA, device)
            self.assertEqual(forward(None, arguments.values, 7, ctypes.byref(result)), 0, raised())
            self.assertEqual(STANDIN.launched_on(ctypes.c_void_p(FAKE())), 0x700 + device + 1)
        arguments = Arguments(arrays())
        self.assertEqual(forward(None, arguments.values, 7, ctypes.byref(result)), -1)
        self.assertIn("input 0: is not in memory that the GPU can reach", raised()[1])


def stand_in():
    """TVM FFI's stand-in, for libraries that are loaded later."""
    library, source = FOLDER / "standin.so", pathlib.Path(__file__).with_name("abi_standin.c")
    root = source.parents[2]
    subprocess.run(["cc", "-shared", "-fPIC", f"-I{root}", f"-I{root}/include", "-o", library, source], check=True)
    return ctypes.CDLL(str(library), ctypes.RTLD_GLOBAL)


class Alone(unittest.TestCase):
    def test_without_tvm_ffi(self):
        """A process without TVM FFI is told so, and goes on."""
        load = f"import ctypes; ctypes.CDLL({str(made('alone'))!r})"
        process = subprocess.run([sys.executable, "-c", load], capture_output=True, text=True)
        self.assertEqual(process.returncode, 1)
        self.assertRegex(process.stderr, "OSError: .*undefined symbol: TVMFFI")


if __name__ == "__main__":
    FOLDER, DRIVER = pathlib.Path(sys.argv[1]), sys.argv[2:]
    FOLDER.mkdir(parents=True, exist_ok=True)
    STANDIN = stand_in()
    tests = ["Cpu", "Alone"]
    if DRIVER:
        os.environ["SIMPLICIAL_CUDA_DRIVER"] = DRIVER[0]
        FAKE = ctypes.CDLL(DRIVER[0]).fakeCuda
        FAKE.restype = ctypes.c_void_p
        tests = ["Gpu"]
    unittest.main(argv=[sys.argv[0], *tests])
