# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The code with jax in the documentation runs."""

import unittest

import docs


class Documentation(unittest.TestCase):
    def test_blocks(self):
        docs.run(self, "jax")


if __name__ == "__main__":
    unittest.main()
