# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The code with tvm_ffi in the documentation runs, with the library that the page makes."""

import os
import pathlib
import subprocess
import tempfile
import unittest

import docs


class Documentation(unittest.TestCase):
    def test_blocks(self):
        tool = pathlib.Path(os.environ["SIMPLICIAL_LIBRARY_DIR"]).resolve().parent / "bin" / "simplicial-compile"
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            subprocess.run([tool, docs.SOURCE / "examples/aot/decode.mlir", "--emit=tvm-ffi", "-o", "decode.so"],
                           check=True)
            docs.run(self, "tvm_ffi")


if __name__ == "__main__":
    unittest.main()
