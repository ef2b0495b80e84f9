# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The code of a framework in the documentation, which test/docs leaves."""

import pathlib
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(SOURCE / "test" / "docs"))

from check import blocks  # noqa: E402


def run(test, framework):
    """Runs each block that imports the framework."""
    found = 0
    for page in ("README.md", "docs/python.md", "docs/embedding.md"):
        codes = [code for _, code in blocks((SOURCE / page).read_text(), "python") if f"import {framework}\n" in code]
        found += len(codes)
        for code in codes:
            with test.subTest(page=page, code=code):
                exec(code, {})
    test.assertTrue(found)
