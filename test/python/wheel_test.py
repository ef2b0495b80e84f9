# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""wheel_test.py OUT PACKAGE LIBRARIES: what is in the wheel in OUT, made of the package and of one library."""

import base64
import csv
import email
import hashlib
import io
import pathlib
import re
import sys
import unittest
import zipfile

OUT, PACKAGE, LIBRARIES = map(pathlib.Path, sys.argv[1:])
ROOT = PACKAGE.parents[1]
VERSION = re.search(r"VERSION (\S+) LANGUAGES", (ROOT / "CMakeLists.txt").read_text())[1]
INFO = f"simplicial-{VERSION}.dist-info"


class Wheel(unittest.TestCase):
    def setUp(self):
        self.path, = OUT.iterdir()
        with zipfile.ZipFile(self.path) as wheel:
            self.assertIsNone(wheel.testzip())
            self.entries = wheel.infolist()
            self.files = {entry.filename: wheel.read(entry) for entry in self.entries}

    def message(self, name):
        return email.message_from_bytes(self.files[f"{INFO}/{name}"])

    def test_files(self):
        want = {f"simplicial/{path.relative_to(PACKAGE)}": path for path in PACKAGE.rglob("*.py")}
        want["simplicial/libsimplicial_compiler.so"] = LIBRARIES / "libsimplicial_compiler.so"
        want[f"{INFO}/licenses/LICENSE"] = ROOT / "LICENSE"
        want[f"{INFO}/licenses/mit/copyright"] = LIBRARIES.parent / "mit" / "copyright"
        self.assertLess(5, len(want))
        for name, path in want.items():
            self.assertEqual(self.files[name], path.read_bytes(), name)
        described = {f"{INFO}/{name}" for name in ("METADATA", "RECORD", "WHEEL")}
        self.assertEqual(set(self.files), set(want) | described)
        self.assertEqual(len(self.files), len(self.entries))

    def test_record(self):
        rows = list(csv.reader(io.StringIO(self.files[f"{INFO}/RECORD"].decode())))
        self.assertEqual([row[0] for row in rows], list(self.files))
        self.assertEqual(rows.pop(), [f"{INFO}/RECORD", "", ""])
        for name, digest, size in rows:
            kind, _, text = digest.partition("=")
            self.assertEqual((kind, int(size)), ("sha256", len(self.files[name])))
            self.assertEqual(base64.urlsafe_b64decode(text + "="), hashlib.sha256(self.files[name]).digest())

    def test_metadata(self):
        metadata = self.message("METADATA")
        self.assertEqual((metadata["Name"], metadata["Version"]), ("simplicial", VERSION))
        self.assertEqual(metadata.get_all("Provides-Extra"), ["torch", "jax", "tvm-ffi"])
        self.assertEqual(metadata.get_all("Requires-Dist"),
                         ["numpy", 'torch; extra == "torch"', 'jax; extra == "jax"',
                          'apache-tvm-ffi; extra == "tvm-ffi"'])

    def test_tag(self):
        wheel = self.message("WHEEL")
        self.assertEqual(self.path.name, f"simplicial-{VERSION}-{wheel['Tag']}.whl")
        self.assertEqual((wheel["Wheel-Version"], wheel["Root-Is-Purelib"]), ("1.0", "false"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
