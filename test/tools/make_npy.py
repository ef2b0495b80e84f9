# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""make_npy.py FOLDER: writes .npy files, good and bad, for the function of Inputs/attention.mlir."""

import pathlib
import struct
import sys

import numpy as np

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(0)
q = rng.standard_normal((1, 12, 4, 16), np.float32)
kv = rng.standard_normal((1, 12, 2, 16), np.float32)


def npy(header, payload=b"", version=(1, 0), length=None):
    """The bytes of an .npy file with this header text."""
    text = header.encode()
    size = struct.pack("<H" if version == (1, 0) else "<I", len(text) if length is None else length)
    return b"\x93NUMPY" + bytes(version) + size + text + payload


def described(descr="'<f4'", order="False", shape="(1, 12, 4, 16)"):
    return npy(f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n", q.tobytes())


arrays = {
    # good
    "q": q, "kv": kv, "q_double": q.astype(np.float64), "q_half": q.astype(np.float16),
    # of a wrong shape
    "q_flat": q.ravel(), "q_rank5": q[None], "q_heads": q[:, :, :3], "q_dim": q[..., :8], "q_batch": np.repeat(q, 2, 0),
    "kv_short": kv[:, :11], "kv_empty": kv[:, :0], "scalar": np.float32(1),
    # of a wrong type
    "q_int": q.astype(np.int32), "q_long": q.astype(np.int64), "q_bool": q > 0, "q_complex": q.astype(np.complex64),
    "q_object": np.full(q.shape, None), "q_text": np.full(q.shape, "a"), "q_record": np.zeros(q.shape, "f4,f4"),
    # in an unusual form
    "q_fortran": np.asfortranarray(q), "q_swapped": q.astype(">f4"),
}
# bf16 as ml_dtypes has NumPy save it, and the same numbers in f32.
bits = (q.view(np.uint32) >> 16).astype(np.uint16)
arrays |= {"q_bf16": bits.view("V2"), "q_bf16_fortran": np.asfortranarray(bits.view("V2")),
           "q_rounded": (bits.astype(np.uint32) << 16).view(np.float32), "q_void4": q.view("V4")}
for name, array in arrays.items():
    np.save(folder / f"{name}.npy", array)

good = (folder / "q.npy").read_bytes()
data = len(good) - q.nbytes
files = {
    "empty": b"",
    "garbage": bytes(rng.integers(0, 256, 4096, np.uint8)),
    "text": b"hello\n" * 100,
    "magic_only": good[:6],
    "no_version": good[:7],
    "half_header": good[:data // 2],
    "no_data": good[:data],
    "truncated": good[:-1],
    "half": good[:data + q.nbytes // 2],
    "trailing": good + b"\0",
    "version_9": npy("{}\n", version=(9, 0)),
    "version_2": npy(good[10:data].decode(), q.tobytes(), version=(2, 0)),
    "header_long": npy("{}", length=65535),
    "header_huge": npy("{}", version=(2, 0), length=0xFFFFFFF0),
    "header_list": npy("[1, 2, 3]\n"),
    "header_quote": npy("{'descr': '<f4, 'fortran_order': False, 'shape': (1, 12, 4, 16), }\n", q.tobytes()),
    "no_shape": npy("{'descr': '<f4', 'fortran_order': False, }\n", q.tobytes()),
    "no_descr": npy("{'fortran_order': False, 'shape': (1, 12, 4, 16), }\n", q.tobytes()),
    "order_odd": described(order="Maybe"),
    "descr_odd": described(descr="'<f3'"),
    "descr_number": described(descr="4"),
    "shape_negative": described(shape="(1, -12, 4, 16)"),
    "shape_text": described(shape="(1, a, 4, 16)"),
    "shape_open": described(shape="(1, 12, 4, 16"),
    "shape_huge": described(shape="(1, 4611686018427387904, 4, 16)"),
    "shape_overflow": described(shape="(99999999999999999999999, 12, 4, 16)"),
    "shape_nothing": described(shape="(0, 4611686018427387904, 4611686018427387904, 16)"),
    "shape_nothing_last": described(shape="(4611686018427387904, 4611686018427387904, 16, 0)"),
    "shape_20_digits": described(shape="(0, 18446744073709551617, 4, 16)"),
    "q_bf16_typed": npy("{'descr': '<V2', 'fortran_order': False, 'shape': (1, 12, 4, 16), }\n", bits.tobytes()),
    "q_bf16_big": npy("{'descr': '>V2', 'fortran_order': False, 'shape': (1, 12, 4, 16), }\n", bits.astype(">u2").tobytes()),
    "descr_untyped": described(descr="'|f4'"),
    "descr_void": described(descr="'|V'"),
    "shape_rank9": described(shape="(1, 12, 4, 16, 1, 1, 1, 1, 1)"),
    "shape_large": described(shape="(1, 1000000000000, 4, 16)"),
}
for name, content in files.items():
    (folder / f"{name}.npy").write_bytes(content)
