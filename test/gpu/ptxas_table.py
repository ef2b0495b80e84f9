# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What ptxas says of the kernels that are shipped, compared with a table of what it said before.

A row is a kernel: the chip, the operation, and whether rows must be aligned. Its columns are

  regs, stack, stores, loads, static   registers of a thread; bytes of its stack, of spill stores, of spill loads; bytes
                                       of static shared memory of a block: from `ptxas -v`, compared only if the version
                                       of ptxas is that of the table
  dynamic                              bytes of dynamic shared memory that the launch gives to a block
  wgmma, mma, ldm, cp, tma, ex2        instructions wgmma.mma_async, mma.sync, ldmatrix, cp.async (without commits and
                                       waits), cp.async.bulk.tensor and ex2.approx.ftz in the PTX

What ptxas says of wgmma that it had to serialize, and any warning, is an error; so is a stack, or spill stores, of more than
MAY_SPILL bytes.

--update writes the table anew.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "numerics"))

from cases import Case
from run import module

# Of one engine each: all operations. Of chips that have the first one's engine: some, since only ptxas may differ.
CHIPS = ("sm_80", "sm_90a")
ALIKE = ("sm_86", "sm_89", "sm_90", "sm_100", "sm_120")
FROM_PTXAS = ("regs", "stack", "stores", "loads", "static")
FROM_US = ("dynamic", "wgmma", "mma", "ldm", "cp", "tma", "ex2")
COLUMNS = FROM_PTXAS + FROM_US
MAY_SPILL = 64  # bytes of stack, and of spill stores


def operations():
    """(chip, operation). Left out is what shows nothing new: other types, forms, biases, windows and head dimensions are
    there for one size of the group."""
    base = dict(dtype="bf16", Hq=8, D=64, w1=32, w2=256, dynamic="B Nq N")
    for chip in CHIPS:
        for d in (64, 128):
            for group in (1, 8, 16, 64, 128):
                yield chip, Case(**{**base, "Hq": group, "D": d})
        for d in (192, 256):  # rows of 8 heads are shared by two of a thread's, those of more are not
            for group in (16, 64):
                yield chip, Case(**{**base, "Hq": group, "D": d})
        for change in ({"dtype": "f16"}, {"dtype": "f32"}, {"dtype": "f32", "operand": "tf32"}, {"D": 16}, {"D": 80}, {"D": 96},
                       {"D": 192}, {"D": 256}, {"D": 48, "form": "determinant"},
                       {"k2_bias": 0.5, "v2_bias": 1.0}, {"w1": 256, "w2": 32}, {"causal": False}):
            yield chip, Case(**{**base, **change})
    for chip in ALIKE:
        for change in ({}, {"dtype": "f32"}, {"Hq": 64, "D": 128}, {"D": 256}):
            yield chip, Case(**{**base, **change})


def describe(case):
    words = [case.operand or case.dtype, f"G={case.Hq}", f"D={case.D}", f"w={case.w1},{case.w2}"]
    words += [case.form] if case.form else []
    words += ["biases"] if case.k2_bias else []
    words += [] if case.causal else ["non-causal"]
    return " ".join(words)


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\nexit status {done.returncode}: {done.stderr}")
    return done.stdout + done.stderr


def from_ptxas(text):
    """{kernel: columns} of what `ptxas -v` prints."""
    kernels = {}
    for part in text.split("Compiling entry function '")[1:]:
        numbers = [re.search(pattern, part) for pattern in (
            r"Used (\d+) registers", r"(\d+) bytes stack frame", r"(\d+) bytes spill stores", r"(\d+) bytes spill loads",
            r"(\d+) bytes smem")]
        kernels[part.split("'")[0]] = [int(number[1]) if number else 0 for number in numbers]
    return kernels


def from_ptx(text):
    """{kernel: counts}."""
    kernels = {}
    for part in text.split(".entry ")[1:]:
        kernels[part.split("(")[0]] = [len(re.findall(pattern, part)) for pattern in (
            r"\twgmma\.mma_async\.", r"\tmma\.sync\.", r"\tldmatrix\.", r"\tcp\.async\.c[ag]\.",
            r"\tcp\.async\.bulk\.tensor\.", r"\tex2\.approx\.ftz\.")]
    return kernels


def from_launches(text):
    """{kernel: bytes of dynamic shared memory} of a GPU program."""
    constants = dict(re.findall(r"(%\S+) = arith\.constant (\d+) : i32", text))
    launches = re.findall(r"gpu\.launch_func +@\S+::@(\S+) .* dynamic_shared_memory_size (%\S+)", text)
    return {kernel: int(constants[size]) for kernel, size in launches}


def measure(tool, folder, chip, case):
    """The rows of an operation on a chip: {(chip, operation, kernel): columns}."""
    folder = folder / f"{chip} {describe(case)}"
    folder.mkdir()
    (folder / "f.mlir").write_text(module(case, chip))
    compile = lambda kind: run(tool, folder / "f.mlir", f"--target={chip}", f"--emit={kind}")
    ptx, gpu = compile("ptx"), compile("gpu")
    (folder / "f.ptx").write_text(ptx)
    output = run("ptxas", "-v", f"-arch={chip}", folder / "f.ptx", "-o", folder / "f.cubin")
    if remarks := re.findall(r".*(?:C75\d\d|warning).*", output):
        sys.exit(f"{chip} {describe(case)}: {remarks[0]}")
    said = from_ptxas(output)
    counts, dynamic = from_ptx(ptx), from_launches(gpu)
    if not said.keys() == counts.keys() == dynamic.keys() == {"f_tiles", "f_tiles_unaligned"}:
        sys.exit(f"{chip} {describe(case)}: kernels {sorted(said)}, {sorted(counts)}, {sorted(dynamic)}")
    return {(chip, describe(case), "unaligned" if name.endswith("_unaligned") else "aligned"):
            said[name] + [dynamic[name]] + counts[name] for name in sorted(said)}


def measure_all(tool, match):
    jobs = [(chip, case) for chip, case in operations() if match in f"{chip} {describe(case)}"]
    rows = {}
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for part in pool.map(lambda job: measure(tool, pathlib.Path(folder), *job), jobs):
            rows.update(part)
    return rows


def version():
    return re.search(r"release .*", run("ptxas", "--version"))[0]


def print_table(rows, file):
    """Blocks of a chip's rows."""
    width = max(len(operation) for _, operation, _ in rows)
    print(f"# ptxas {version()}; {pathlib.Path(__file__).name} --update wrote this", file=file)
    chips = list(dict.fromkeys(chip for chip, _, _ in rows))
    for chip in chips:
        heading = [f"{chip:<6}  {'':<{width}}  {'':<9}"] + [f"{name:>8}" for name in COLUMNS]
        print("", "".join(heading), sep="\n", file=file)
        for (row_chip, operation, kernel), columns in rows.items():
            if row_chip == chip:
                print(f"{chip:<6}  {operation:<{width}}  {kernel:<9}" + "".join(f"{n:>8}" for n in columns), file=file)


def read_table(path, match):
    """The version of ptxas, and the rows."""
    lines = path.read_text().splitlines()
    rows = {}
    for line in lines[1:]:
        words = re.split(r"  +", line)
        if len(words) == 3 + len(COLUMNS) and match in f"{words[0]} {words[1]}":
            rows[tuple(words[:3])] = [int(word) for word in words[3:]]
    return lines[0].removeprefix("# ptxas ").split(";")[0], rows


def compare(table, rows, columns):
    """The differences, a line each."""
    for key in list(table) + [key for key in rows if key not in table]:
        if key not in rows or key not in table:
            yield f"{' '.join(key)}: {'no longer there' if key in table else 'not in the table'}"
            continue
        changes = [f"{name} {old} -> {new}" for name, old, new in zip(COLUMNS, table[key], rows[key])
                   if name in columns and old != new]
        if changes:
            yield f"{' '.join(key)}: {', '.join(changes)}"


def spills(rows):
    """The kernels that spill more than they may, a line each."""
    for key, columns in rows.items():
        stack = [f"{name} {n}" for name, n in zip(COLUMNS, columns) if name in ("stack", "stores") and n > MAY_SPILL]
        if stack:
            yield f"{' '.join(key)}: {', '.join(stack)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tool", default="simplicial-compile", help="simplicial-compile to test")
    parser.add_argument("--table", type=pathlib.Path, default=HERE / "ptxas_table.txt", help="the table")
    parser.add_argument("--match", default="", help="only the operations whose chip and description contain this")
    parser.add_argument("--update", action="store_true", help="write the table anew")
    arguments = parser.parse_args()
    if arguments.update and arguments.match:
        parser.error("--update writes all of the table")

    rows = measure_all(arguments.tool, arguments.match)
    if spilled := list(spills(rows)):
        print(*spilled, f"{len(spilled)} of {len(rows)} kernels spill", sep="\n")
        return 1
    if arguments.update:
        with arguments.table.open("w") as file:
            print_table(rows, file)
        return 0
    made_by, table = read_table(arguments.table, arguments.match)
    same = made_by == version()
    if not same:
        print(f"ptxas is {version()}, the table's {made_by}: {', '.join(FROM_PTXAS)} are not compared")
    differences = list(compare(table, rows, COLUMNS if same else FROM_US))
    print(*differences, f"{len(rows)} kernels, {len(differences)} differ", sep="\n")
    return 1 if differences or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
