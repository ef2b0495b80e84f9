# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""blocks.py SOURCE BUILD: checks the code in the documentation.

  mlir     is verified, by simplicial-opt
  c        all of a page's, in its order, is a file that compiles without warnings
  python   is run; what imports a framework, by its test in test/python, see docs.py there
  console  of a line `$ COMMAND`, the lines behind it are printed, in their order; where a page has `...` there may be
           others. Numbers may differ by a tenth, and spaces in number.
"""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

from check import blocks, pages

CHECKED_ELSEWHERE = {
    "add-a-pass.md",    # by add_a_pass.py
    "tile-program.md",  # by test/lowering/tile/examples.test
}
problems = []


def run(source, path, command, text=None, shown=""):
    """What a command prints; None, and a problem, if it fails."""
    done = subprocess.run([str(word) for word in command], input=text, capture_output=True, text=True, cwd=source)
    if done.returncode:
        problems.append(f"{path}: {shown}{done.stderr}")
        return None
    return done.stdout


def check_mlir(source, build, path, code):
    pipeline = "--pass-pipeline=builtin.module(simplicial-verify)"
    run(source, path, [build / "bin/simplicial-opt", pipeline, "-"], code, code)


def compile_flags(source, build):
    """Where the compiler's headers are, as the build has them for a file that includes them."""
    includes = [source / "include"]
    for line in (build / "CMakeCache.txt").read_text().splitlines():
        if match := re.match(r"(DLPACK_INCLUDE_DIR|MLIR_DIR):\w+=(.*)$", line):
            folder = pathlib.Path(match[2])
            includes.append(folder if match[1] == "DLPACK_INCLUDE_DIR" else folder.parents[2] / "include")
    return [f"-isystem{folder}" for folder in includes]


def check_c(source, build, path, code):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "page.c"
        file.write_text(code)
        run(source, path, [os.environ.get("CC", "cc"), "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                   *compile_flags(source, build), file], shown=code)


def check_python(source, build, path, code):
    environment = os.environ | {"PYTHONPATH": str(source / "python"), "SIMPLICIAL_LIBRARY_DIR": str(build / "lib")}
    if not any(f"import {name}\n" in code for name in ("torch", "jax", "tvm_ffi")):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
        if done.returncode:
            problems.append(f"{path}: {code}{done.stderr}")


NUMBER = r"\d+(?:\.\d+)?"


def is_like(want, got):
    want, got = " ".join(want.split()), " ".join(got.split())
    if re.sub(NUMBER, "#", want) != re.sub(NUMBER, "#", got):
        return False
    pairs = zip(re.findall(NUMBER, want), re.findall(NUMBER, got))
    return all(abs(float(x) - float(y)) <= 0.1 * abs(float(x)) for x, y in pairs)


def difference(want, got):
    """What there is in printed lines other than what a page wants; None: nothing."""
    at, others = 0, False
    for line in want:
        if line == "...":
            others = True
            continue
        end = len(got) if others else min(at + 1, len(got))
        found = next((i for i in range(at, end) if is_like(line, got[i])), None)
        if found is None:
            return f"does not print the line\n{line}\nbut\n" + "\n".join(got)
        at, others = found + 1, False
    return None if at == len(got) or others else "goes on with\n" + "\n".join(got[at:])


def check_console(source, build, path, code):
    for part in re.split(r"^\$ ", code, flags=re.M)[1:]:
        command, *want = part.splitlines()
        words = shlex.split(command)
        if words[0].startswith("build/"):
            words[0] = build / words[0].removeprefix("build/")
        printed = run(source, path, words, shown=command)
        if printed is not None and (text := difference(want, printed.splitlines())):
            problems.append(f"{path}: `{command}` {text}")


def main():
    source, build = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    counts = {"mlir": 0, "c": 0, "python": 0, "console": 0}
    for path, page in pages(source):
        if path.name in CHECKED_ELSEWHERE:
            continue
        found = {language: [code for _, code in blocks(page, language)] for language in counts}
        for code in found["mlir"]:
            check_mlir(source, build, path, code)
        if found["c"]:
            check_c(source, build, path, "\n".join(found["c"]))
        for code in found["python"]:
            check_python(source, build, path, code)
        for code in found["console"]:
            check_console(source, build, path, code)
        for language, codes in found.items():
            counts[language] += len(codes)
    for text in problems:
        print(text)
    print(", ".join(f"{count} of {language}" for language, count in counts.items()) + f": {len(problems)} problems")
    sys.exit(1 if problems or not all(counts.values()) else 0)


if __name__ == "__main__":
    main()
