# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The code with torch in the documentation runs."""

import unittest

import docs


class Documentation(unittest.TestCase):
    def test_blocks(self):
        docs.run(self, "torch")


if __name__ == "__main__":
    unittest.main()
