# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""exports.py NM READELF INCLUDE LIBRARY...: fails if a library shows other names than those that the headers in INCLUDE
declare, MLIR's C API, and what compiled functions call, or if its own name has no version."""

import pathlib
import re
import subprocess
import sys

nm, readelf, include, *libraries = sys.argv[1:]
HEADERS = "".join(path.read_text() for path in pathlib.Path(include).glob("simplicial/*.h"))
DECLARED = set(re.findall(r"\b(simplicial\w+)\(", HEADERS))
assert {"simplicialOk", "simplicialCompile", "simplicialEmulate"} <= DECLARED, "headers are missing"

# What compiled functions call by a name that is in no header; what only one of the files shows.
EMULATED = re.compile(r"simplicialEmulate[A-Z]")
OWN = {"libsimplicial_runtime": {"memrefCopy", "__truncsfbf2"}, "SimplicialPlugin": {"mlirGetPassPluginInfo"}}


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def problems(path):
    kind = path.name.split(".")[0]
    shown = set(output(nm, "-D", "--defined-only", "--format=just-symbols", path).split())
    if kind == "SimplicialPlugin":
        allowed = set()
    else:
        allowed = shown & DECLARED
        allowed |= {name for name in shown if kind == "libsimplicial_emulator" and EMULATED.match(name)}
        allowed |= {name for name in shown if kind == "libsimplicial_compiler" and name.startswith("mlir")}
    allowed |= OWN.get(kind, set())
    for name in sorted(shown - allowed):
        yield f"shows {name}"
    for name in sorted(OWN.get(kind, set()) - shown):
        yield f"does not show {name}"
    if kind != "SimplicialPlugin":
        if not shown & DECLARED:
            yield "shows nothing"
        soname = re.search(r"\(SONAME\).*\[(.*)\]", output(readelf, "-d", path))[1]
        if not re.fullmatch(rf"{kind}\.so(\.\d+)+", soname) or not (path.parent / soname).exists():
            yield f"is called {soname}"


failed = [f"{path}: {problem}" for path in map(pathlib.Path, libraries) for problem in problems(path)]
print("\n".join(failed) or f"{len(libraries)} libraries show what they should")
sys.exit(bool(failed))
