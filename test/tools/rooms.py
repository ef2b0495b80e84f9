# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""rooms.py SOURCES [OBJECTS]: whether files of different rooms need each other in a circle.

A room is a folder of SOURCES/lowering with files in it. A .c file and its header are one file. It needs those whose
header it includes and, where OBJECTS is a folder of its objects, those whose symbols it uses. Files of over 700 lines
are reported, too, and tests of rooms below tile programs that begin with attention. Exit status 1 if there is any.
"""

import pathlib
import re
import subprocess
import sys

MOST_LINES = 700


def unit(path):
    return str(path.with_suffix(""))


def by_includes(root):
    """{unit: other units whose headers it includes}."""
    files = [path for path in (root / "lowering").rglob("*") if path.suffix in (".c", ".h", ".cpp")]
    needs = {unit(path.relative_to(root)): set() for path in files}
    for path in files:
        name = unit(path.relative_to(root))
        for header in re.findall(r'^ *# *include "(.+)"', path.read_text(), re.MULTILINE):
            found = [folder / header for folder in (path.parent, root) if (folder / header).is_file()]
            needs[name] |= {unit(target.resolve().relative_to(root)) for target in found[:1]} - {name}
    return needs


def add_symbols(needs, objects):
    """Adds to `needs` whose symbols each unit uses."""
    defined, used = {}, {}
    for path in objects.rglob("*.o"):
        name = re.search(r"lowering/.*", str(path))
        name = name and re.sub(r"\.(c|cpp)\.o$", "", name[0])
        if name not in needs:
            continue
        for line in subprocess.run(["nm", "-P", path], capture_output=True, text=True, check=True).stdout.splitlines():
            symbol, kind = line.split()[:2]
            if kind == "U":
                used.setdefault(name, set()).add(symbol)
            elif kind in "TDBRC":
                defined[symbol] = name
    for name, symbols in used.items():
        needs[name] |= {defined[symbol] for symbol in symbols if symbol in defined} - {name}
    return len(used)


def circles(needs):
    """The sets of units that need each other: Tarjan's strongly connected components of more than one."""
    numbers, low, stack, found = {}, {}, [], []

    def visit(name):
        numbers[name] = low[name] = len(numbers)
        stack.append(name)
        for other in needs.get(name, ()):
            if other not in numbers:
                visit(other)
            if other in stack:
                low[name] = min(low[name], low[other])
        if low[name] == numbers[name]:
            members = stack[stack.index(name):]
            del stack[stack.index(name):]
            if len(members) > 1:
                found.append(sorted(members))

    for name in needs:
        if name not in numbers:
            visit(name)
    return found


def long_files(root):
    """(lines, path) of what is written by hand and too long."""
    suffixes = (".c", ".h", ".cpp", ".py", ".mlir", ".test", ".md", ".txt")
    for top in sorted(root.iterdir()):
        if top.name.startswith(("build", ".")):
            continue
        for path in sorted([top] if top.is_file() else top.rglob("*")):
            if path.suffix in suffixes and path.is_file():
                lines = len(path.read_text().splitlines())
                if lines > MOST_LINES:
                    yield lines, path.relative_to(root)


def tests_above(root):
    """Tests of what is below tile programs that begin above them."""
    for room in "cpu", "gpu":
        for path in sorted((root / "test" / "lowering" / room).rglob("*.mlir")):
            if "simplicial.attention" in path.read_text():
                yield path.relative_to(root)


def main():
    sys.setrecursionlimit(10000)
    root = pathlib.Path(sys.argv[1]).resolve()
    needs = by_includes(root)
    objects = add_symbols(needs, pathlib.Path(sys.argv[2])) if len(sys.argv) > 2 else 0
    problems = 0
    for members in circles(needs):
        if len({str(pathlib.Path(name).parent) for name in members}) > 1:
            problems += 1
            print("circle between rooms:")
            for name in members:
                print(f"  {name} needs {', '.join(sorted(needs[name] & set(members)))}")
    for lines, path in long_files(root):
        problems += 1
        print(f"{path} has {lines} lines, over {MOST_LINES}")
    for path in tests_above(root):
        problems += 1
        print(f"{path} begins with attention, not with a tile program")
    print(f"{len(needs)} files, {objects} objects, {problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
