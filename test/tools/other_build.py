# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""other_build.py LIBRARY COPY: copies a library, as it would be if it were built from other sources: its build ID, the
note of type 3 of GNU, is another."""

import pathlib
import struct
import sys

library = bytearray(pathlib.Path(sys.argv[1]).read_bytes())
start = struct.pack("<III4s", 4, 20, 3, b"GNU\0")
assert library.count(start) == 1, "not one build ID"
library[library.index(start) + len(start)] ^= 0xff
pathlib.Path(sys.argv[2]).write_bytes(library)
