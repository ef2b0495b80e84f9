# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""add_a_pass.py SOURCE BUILD FOLDER: takes the steps of docs/add-a-pass.md on a copy of the tree in FOLDER.

Code behind a line "New file `PATH`:" is that file. Behind "Change `PATH`:" is what changes in one: lines with + are new
ones, those with a space must be in the file, once and behind each other. Then the plugin is built, the tests that were
written are run, and what the copy's documentation says is checked.
"""

import pathlib
import re
import shutil
import subprocess
import sys


def run(*command):
    print("+", *command, flush=True)
    if subprocess.run([str(word) for word in command]).returncode:
        sys.exit(f"add_a_pass.py: failed: {' '.join(map(str, command))}")


def copy_tree(source, folder):
    """Copies the sources: no builds, and nothing of git."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder, symlinks=True, ignore=lambda path, names: [
        name for name in names if pathlib.Path(path) == source and re.match(r"build|dist$|\.git$|\.cache$", name)])


def steps(page):
    """(whether it is a new file, path, lines of code) for each step."""
    for verb, path, code in re.findall(r"^(New file|Change) `([^`]+)`:\n\n```\w+\n(.*?)^```$", page, re.M | re.S):
        yield verb == "New file", path, code.splitlines()


def write(path, lines):
    if path.exists():
        sys.exit(f"add_a_pass.py: there is a {path} already")
    path.write_text("\n".join(lines) + "\n")


def change(path, lines):
    old = path.read_text().splitlines()
    context = [line[1:] for line in lines if line.startswith(" ")]
    if not context or any(line[:1] not in (" ", "+") for line in lines):
        sys.exit(f"add_a_pass.py: not a change of {path}: {lines}")
    places = [i for i in range(len(old)) if old[i:i + len(context)] == context]
    if len(places) != 1:
        sys.exit(f"add_a_pass.py: not once, but {len(places)} times in {path}:\n" + "\n".join(context))
    new = [line[1:] for line in lines]
    path.write_text("\n".join(old[:places[0]] + new + old[places[0] + len(context):]) + "\n")


def cached(build, name):
    """A variable of the build's."""
    match = re.search(rf"^{name}:[^=]*=(.*)$", (build / "CMakeCache.txt").read_text(), re.M)
    return match[1] if match else ""


def main():
    source, build, folder = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    copy_tree(source, folder)
    taken = []
    for is_new, name, lines in steps((folder / "docs" / "add-a-pass.md").read_text()):
        print(f"{len(taken) + 1}. {name}", flush=True)
        (write if is_new else change)(folder / name, lines)
        taken.append((is_new, name))
    tests = [name for is_new, name in taken if is_new and name.startswith("test/")]
    if not tests:
        sys.exit("add_a_pass.py: the page adds no test")

    copy = folder / "build"
    kept = ("CMAKE_C_COMPILER", "CMAKE_CXX_COMPILER", "CMAKE_C_COMPILER_LAUNCHER", "CMAKE_CXX_COMPILER_LAUNCHER",
            "SIMPLICIAL_TEST_PYTHON", "MLIR_DIR")
    run("cmake", "-S", folder, "-B", copy, "-G", cached(build, "CMAKE_GENERATOR"), "-DCMAKE_BUILD_TYPE=Debug",
        "-DCMAKE_C_FLAGS_DEBUG=-O0", "-DCMAKE_CXX_FLAGS_DEBUG=-O0",
        *(f"-D{name}={cached(build, name)}" for name in kept if cached(build, name)))
    run("cmake", "--build", copy, "--target", "SimplicialPlugin")
    lit = cached(build, "SIMPLICIAL_LIT")
    run(sys.executable, lit, "-v", *(copy / name for name in tests), copy / "test/lowering/pipelines.mlir")
    run(sys.executable, folder / "test/docs/check.py", folder)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
