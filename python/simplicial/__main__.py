# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""python -m simplicial: what there is on this machine, and whether attention is right. Exit status 1 if it is not."""

import importlib.metadata
import os
import pathlib
import sys
import time

import numpy as np

import simplicial
from simplicial import _library


def line(what, text):
    print(f"{what:<10} {text}")


def version(package):
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return f"no {package}"


def processor():
    try:
        for text in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if text.startswith("model name"):
                return text.partition(":")[2].strip()
    except OSError:
        pass
    return "unknown"


def gpu():
    device = _library.CudaDevice()
    status = _library.library().simplicialCudaGetDevice(device)
    if status.code:
        return f"none ({_library.error_of(status)})"
    return f"{device.name.decode()} (sm_{device.major}{device.minor})"


def cache():
    """The folder that compiler.h names."""
    most = os.environ.get("SIMPLICIAL_CACHE_SIZE", "256")
    if most == "0":
        return "off"
    folder = os.environ.get("SIMPLICIAL_CACHE_DIR")
    if not folder:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        folder = os.path.join(base, "simplicial")
    files = [path for path in pathlib.Path(folder).glob("*") if path.is_file()]
    used = sum(path.stat().st_size for path in files) / 2**20
    return f"{folder} ({len(files)} files, {used:.1f} of {most} MiB)"


def reference(q, k1, k2, v1, v2, w1, w2):
    """Causal attention in float64, for as many queries as keys and one key head."""
    q, k1, k2, v1, v2 = (x.astype(np.float64) for x in (q, k1[:, :, 0], k2[:, :, 0], v1[:, :, 0], v2[:, :, 0]))
    s = np.einsum("bihd,bjd,bkd->bhijk", q, k1, k2) / np.sqrt(q.shape[-1])
    i, j = np.ogrid[:q.shape[1], :q.shape[1]]
    first, second = (j <= i) & (j > i - w1), (j <= i) & (j > i - w2)
    p = np.where(first[:, :, None] & second[:, None, :], np.exp(s), 0)
    return np.einsum("bhijk,bjd,bkd->bihd", p / p.sum((-1, -2), keepdims=True), v1, v2)


def check():
    """The relative error of a small attention, and the seconds that compiling and calling it took."""
    random = np.random.default_rng(0)
    shapes = [(2, 24, 4, 32)] + 4 * [(2, 24, 1, 32)]
    x = [random.standard_normal(shape).astype(np.float32) for shape in shapes]
    begun = time.perf_counter()
    out = simplicial.attention(*x, w1=4, w2=8)
    took = time.perf_counter() - begun
    want = reference(*x, 4, 8)
    return np.linalg.norm(out - want) / np.linalg.norm(want), took


def main():
    line("simplicial", f"{simplicial.__version__}, {_library.path()}")
    line("python", f"{sys.version.split()[0]}, {version('numpy')}, {version('torch')}, {version('jax')}")
    line("CPU", f"{processor()}, {simplicial.get_num_threads()} threads")
    line("GPU", gpu())
    line("cache", cache())
    error, took = check()
    right = bool(error < 1e-5)
    verdict = "right" if right else "WRONG"
    line("attention", f"{verdict}: relative error {error:.1e} of float64, {took:.2f} s with compiling")
    return 0 if right else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except simplicial.Error as error:
        sys.exit(f"simplicial: error: {error}")
