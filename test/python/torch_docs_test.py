# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The code with torch in the documentation, which test/docs leaves, runs."""

import pathlib
import sys
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(SOURCE / "test" / "docs"))

from check import blocks  # noqa: E402


class Documentation(unittest.TestCase):
    def test_blocks(self):
        for page in ("README.md", "docs/python.md"):
            codes = [code for _, code in blocks((SOURCE / page).read_text(), "python") if "torch" in code]
            self.assertTrue(codes)
            for code in codes:
                with self.subTest(page=page, code=code):
                    exec(code, {})


if __name__ == "__main__":
    unittest.main()
