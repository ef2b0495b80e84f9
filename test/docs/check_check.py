# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""check_check.py SOURCE FOLDER: checks check.py and blocks.py: each of these mistakes must be found.

Those of pages are made on a copy of the tree in FOLDER.
"""

import pathlib
import shutil
import subprocess
import sys

from add_a_pass import copy_tree
from blocks import difference

# File, what is in it, what replaces that (None: the file goes), and what check.py then says.
MISTAKES = [
    ("README.md", "(docs/cpu.md)", "(docs/cpus.md)", "README.md: links to docs/cpus.md, which is not there"),
    ("docs/gpu.md", "passes.md#simplicial-configure", "passes.md#configure", "has no such heading"),
    ("lowering/tile/README.md", "- [softmax.c](softmax.c)", "- softmax.c", "does not name lowering/tile/softmax.c"),
    ("lowering/cpu/exp2.c", None, None, "lowering/cpu/README.md: links to exp2.c, which is not there"),
    ("plugin/README.md", None, None, "plugin: has no README.md"),
    ("README.md", "./dev demo", "./dev show", "./dev help does not list show"),
    ("README.md", "    bench/  ", "    benches/  ", "README.md: has the folder benches, which there is not"),
    (".ci/run", "./dev test\n", "./dev test\n./dev bench\n", "does not show `./dev bench`, which .ci/run runs"),
    (".ci/run", "./dev test\n", "./dev test\nctest\n", "does more than call ./dev: ctest"),
    ("docs/passes.md", "## simplicial-nvvm", "## simplicial-ptx", "lacks the pass simplicial-nvvm"),
    ("docs/passes.md", "## simplicial-nvvm", "## simplicial-ptx", "has the pass simplicial-ptx, which there is not"),
    ("docs/passes.md", "| `simplicial-to-host` |", "| `simplicial-to-hosts` |", "the sequence simplicial-to-host"),
    ("docs/passes.md", "| `sum_columns` | i64 |", "| `columns` | i64 |", "lacks the entry sum_columns : i64"),
    ("README.md", "| 695 |", "| 696 |", "says TFLOP/s 696, but 695 was measured"),
    ("docs/performance.md", "| f16 | 4096 |", "| f16 | 8192 |", "has a row that was not measured"),
    ("bench/results/token-efficiency/cpu-small/table.md", "| sum-asked |", "| sums |", "is not what report.py makes"),
    ("docs/gpu.md", "is 0.80 to", "is 0.90 to", "does not say `0.80 to 1.13 of what is predicted`"),
    ("README.md", "753 TFLOP/s", "853 TFLOP/s", "in the same run, 753 TFLOP/s`, which was measured"),
    ("docs/pictures/pair.svg", "the last w2 keys", "the first w2 keys", "is not what draw.py draws"),
]

# What a page shows of a command, what that prints, and whether it may.
PRINTED = [
    (["a", "b 100"], ["a", "  b   100"], True),
    (["b 100"], ["b 109"], True),
    (["b 100"], ["b 111"], False),
    (["b 1.5"], ["b 1.5 c"], False),
    (["a", "c"], ["a", "b", "c"], False),
    (["a", "...", "c"], ["a", "b", "c"], True),
    (["c", "...", "a"], ["a", "b", "c"], False),
    (["a"], ["a", "b"], False),
    (["a", "..."], ["a", "b"], True),
]


def main():
    for want, got, may in PRINTED:
        if (difference(want, got) is None) != may:
            sys.exit(f"check_check.py: {want} and {got}: {difference(want, got)}")
    source, folder = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    copy_tree(source, folder)
    for name, old, new, says in MISTAKES:
        path = folder / name
        right = path.read_bytes()
        if old is None:
            path.unlink()
        elif old.encode() not in right:
            sys.exit(f"check_check.py: {name} has no {old!r}")
        else:
            path.write_bytes(right.replace(old.encode(), new.encode(), 1))
        done = subprocess.run([sys.executable, folder / "test/docs/check.py", folder], capture_output=True, text=True)
        if done.returncode == 0 or says not in done.stdout:
            sys.exit(f"check_check.py: {name}, {old!r} -> {new!r}: not `{says}`, but\n{done.stdout}{done.stderr}")
        path.write_bytes(right)
    shutil.rmtree(folder)
    print(f"{len(MISTAKES)} mistakes found")


if __name__ == "__main__":
    main()
