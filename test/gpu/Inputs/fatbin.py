# Prints what a fatbin contains.
import struct
import sys

data = open(sys.argv[1], "rb").read()
magic, _, at, size = struct.unpack_from("<IHHQ", data)
assert magic == 0xBA55ED50 and at + size == len(data)
while at < len(data):
    kind, _, header, size = struct.unpack_from("<HHIQ", data, at)
    chip, flags = struct.unpack_from("<I8xQ", data, at + 28)
    only = "a" if flags >> 20 & 1 else ""
    print(f"kind {kind} sm_{chip}{only}")
    at += header + size
