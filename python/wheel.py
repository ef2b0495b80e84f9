# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""wheel.py LIBRARIES OUT [LICENSE...]: makes OUT/simplicial-VERSION-py3-none-TAG.whl, and prints its path.

In it are the package beside this file, libsimplicial_compiler.so of the folder LIBRARIES with what it needs of that
folder, and the licences: the project's own, and of what is linked in, each in a folder of the name that its own has. The
version is the library's. The same files make the same bytes. Libraries that need others than those that the tag promises,
or that show symbols of others, are an error, as is a wheel that is too large.
"""

import base64
import ctypes
import hashlib
import pathlib
import re
import subprocess
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
LIBRARY = "libsimplicial_compiler.so"
MOST_BYTES = 60 * 10**6

# Debian 12's glibc, and the libraries that manylinux takes for given.
GLIBC = (2, 36)
TAG = f"py3-none-manylinux_{GLIBC[0]}_{GLIBC[1]}_x86_64"
GIVEN = {"ld-linux-x86-64.so.2", "libc.so.6", "libdl.so.2", "libgcc_s.so.1", "libm.so.6", "libpthread.so.0",
         "librt.so.1", "libstdc++.so.6", "libz.so.1"}

METADATA = """\
Metadata-Version: 2.1
Name: simplicial
Version: {version}
Summary: 2-simplicial attention, compiled, for NumPy, PyTorch and JAX
License: Apache-2.0 WITH LLVM-exception
Requires-Python: >=3.10
Requires-Dist: numpy
Provides-Extra: torch
Requires-Dist: torch; extra == "torch"
Provides-Extra: jax
Requires-Dist: jax; extra == "jax"
Provides-Extra: tvm-ffi
Requires-Dist: apache-tvm-ffi; extra == "tvm-ffi"
"""

WHEEL = f"""\
Wheel-Version: 1.0
Generator: wheel.py
Root-Is-Purelib: false
Tag: {TAG}
"""


def readelf(option, path):
    return subprocess.run(["readelf", option, "-W", path], check=True, capture_output=True, text=True).stdout


def problems(path, foreign):
    """What keeps a library, which needs those `foreign` ones, out of a wheel."""
    for name in sorted(foreign - GIVEN):
        yield f"needs {name}, which {TAG} does not promise"
    for numbers in re.findall(r"GLIBC_(\d+)\.(\d+)", readelf("-V", path)):
        if tuple(map(int, numbers)) > GLIBC:
            yield f"needs glibc {'.'.join(numbers)}, newer than {TAG}'s"
    for name in re.findall(r" DEFAULT +(?!UND|ABS)\w+ (\w+)", readelf("--dyn-syms", path)):
        if not re.match(r"simplicial|memrefCopy$|__truncsfbf2$", name):
            yield f"shows {name}"


def libraries(folder):
    """The compiler's library and what it needs of the folder, by name."""
    if not (folder / LIBRARY).exists():
        sys.exit(f"wheel.py: error: there is no {LIBRARY} in {folder}")
    names = [LIBRARY]
    for name in names:
        needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", readelf("-d", folder / name)))
        ours = {other for other in needed if (folder / other).exists()}
        names += sorted(ours - set(names))
        if problem := next(problems(folder / name, needed - ours), None):
            sys.exit(f"wheel.py: error: {name} {problem}")
    return names


def version(library):
    function = ctypes.CDLL(str(library)).simplicialVersion
    function.restype = ctypes.c_char_p
    return function().decode()


def contents(folder, licenses):
    """The wheel's version, and (name, bytes) of its files but RECORD."""
    names = libraries(folder)
    number = version(folder / LIBRARY)
    info = f"simplicial-{number}.dist-info"
    package = pathlib.Path(__file__).resolve().parent / "simplicial"
    files = [(f"simplicial/{path.relative_to(package)}", path) for path in sorted(package.rglob("*.py"))]
    files += [(f"simplicial/{name}", folder / name) for name in names]
    files += [(f"{info}/licenses/LICENSE", ROOT / "LICENSE")]
    files += [(f"{info}/licenses/{path.parent.name}/{path.name}", path) for path in map(pathlib.Path, licenses)]
    texts = {"METADATA": METADATA.format(version=number), "WHEEL": WHEEL}
    described = [(f"{info}/{name}", text.encode()) for name, text in texts.items()]
    return number, [(name, path.read_bytes()) for name, path in files] + described


def record(files, name):
    """RECORD: each file's hash and size, and its own name without."""
    lines = []
    for other, data in files:
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{other},sha256={digest},{len(data)}\n")
    return "".join(lines + [f"{name},,\n"]).encode()


def write(path, files):
    """A zip of the files, which are of no time and no owner."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as wheel:
        for name, data in files:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = (0o100755 if ".so" in name else 0o100644) << 16
            wheel.writestr(entry, data, zipfile.ZIP_DEFLATED, 9)


def main():
    folder, out, *licenses = sys.argv[1:]
    number, files = contents(pathlib.Path(folder), licenses)
    name = f"simplicial-{number}.dist-info/RECORD"
    files.append((name, record(files, name)))
    path = pathlib.Path(out) / f"simplicial-{number}-{TAG}.whl"
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, files)
    if path.stat().st_size > MOST_BYTES:
        path.unlink()
        sys.exit(f"wheel.py: error: {path.name} would have more than {MOST_BYTES} bytes")
    print(path)


if __name__ == "__main__":
    main()
