# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""other_build.py LIBRARY FOLDER: copies the library that a link leads to into the folder, under the name that programs ask
for, as it would be if it were built from other sources: its build ID, the note of type 3 of GNU, is another."""

import pathlib
import struct
import sys

link = pathlib.Path(sys.argv[1])
library = bytearray(link.read_bytes())
start = struct.pack("<III4s", 4, 20, 3, b"GNU\0")
assert library.count(start) == 1, "not one build ID"
library[library.index(start) + len(start)] ^= 0xff
pathlib.Path(sys.argv[2], link.readlink()).write_bytes(library)
