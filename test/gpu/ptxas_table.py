# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What ptxas says of the kernels that are shipped, compared with a table of what it said before.

A row is a kernel: the chip, the operation, and whether rows must be aligned. A gradient has several programs, and so has
an operation of few queries; their numbers are behind it, as they follow each other. The columns are

  regs, stack, stores, loads, static   registers of a thread; bytes of its stack, of spill stores, of spill loads; bytes
                                       of static shared memory of a block: from `ptxas -v`, compared only if the version
                                       of ptxas is that of the table
  dynamic                              bytes of dynamic shared memory that the launch gives to a block
  wgmma, mma, ldm, cp, tma, ex2        instructions wgmma.mma_async, mma.sync, ldmatrix, cp.async (without commits and
                                       waits), cp.async.bulk.tensor and ex2.approx.ftz in the PTX

What ptxas says of wgmma that it had to serialize, and any warning, is an error; so are a stack and spill stores of more
than MAY_SPILL bytes, of a gradient's kernels GRADIENT_MAY_SPILL.

--update writes the table anew.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "numerics"))

import gradients
import run as attention
from cases import Case
from gradients_cases import GradientCase

# Of one engine each: all operations. Of chips that have the first one's engine: some, since only ptxas may differ.
CHIPS = ("sm_80", "sm_90a")
ALIKE = ("sm_86", "sm_89", "sm_90", "sm_100", "sm_120")
FROM_PTXAS = ("regs", "stack", "stores", "loads", "static")
FROM_US = ("dynamic", "wgmma", "mma", "ldm", "cp", "tma", "ex2")
COLUMNS = FROM_PTXAS + FROM_US
MAY_SPILL = 64  # bytes of stack, and of spill stores
GRADIENT_MAY_SPILL = 256  # a step sums up several gradients at once


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
                       {"D": 192}, {"D": 256}, {"D": 48, "form": "determinant"}, {"form": "pairwise"},
                       {"k2_bias": 0.5, "v2_bias": 1.0}, {"w1": 256, "w2": 32}, {"causal": False}):
            yield chip, Case(**{**base, **change})
    for chip in ALIKE:
        for change in ({}, {"dtype": "f32"}, {"Hq": 64, "D": 128}, {"D": 256}):
            yield chip, Case(**{**base, **change})
    for chip in CHIPS:  # of what bench/gpu measures
        yield chip, GradientCase(**{**base, "Hq": 64, "D": 128, "w2": 512})
        yield chip, GradientCase(**{**base, "Hq": 16, "Hk": 16, "w1": 128, "w2": 32})
    yield "sm_90a", GradientCase(**{**base, "Hq": 8, "Hk": 2, "D": 128, "w2": 512})
    packed = {**base, "D": 128, "documents": ((1,),)}
    yield "sm_90a", Case(**{**packed, "Hq": 64})
    yield "sm_90a", Case(**{**packed, "Hk": 2})
    yield "sm_90a", GradientCase(**{**packed, "Hk": 2, "w2": 512})
    two = {**base, "D": 128, "N2": 40}
    yield "sm_80", Case(**two)
    yield "sm_90a", Case(**{**two, "Hq": 64})
    yield "sm_90a", GradientCase(**{**two, "Hk": 2, "w2": 512})
    yield "sm_90a", Case(**{**base, "Hq": 64, "D": 128, "form": "pairwise"})
    yield "sm_90a", GradientCase(**{**base, "Hq": 64, "D": 128, "w2": 512, "form": "pairwise"})
    decoding = {**base, "Nq": 1, "dynamic": "B N"}
    for chip in CHIPS:  # outer tiles of whole windows, and several
        yield chip, Case(**{**decoding, "Hk": 2, "D": 128, "w1": 16, "w2": None})
        yield chip, Case(**{**decoding, "Hk": 8})
        yield chip, Case(**{**decoding, "D": 128})


def is_gradient(case):
    return isinstance(case, GradientCase)


def has_several_programs(case):
    return is_gradient(case) or case.Nq is not None


def describe(case):
    words = [case.operand or case.dtype, f"G={case.Hq // case.Hk}", f"D={case.D}", f"w={case.w1},{case.w2}"]
    words += [case.form] if case.form else []
    words += ["biases"] if case.k2_bias else []
    words += [] if case.causal else ["non-causal"]
    words += ["documents"] if case.documents else []
    words += [f"N2={case.N2}"] if case.N2 is not None else []
    words += [f"Nq={case.Nq}"] if case.Nq is not None else []
    words += ["grad"] if is_gradient(case) else []
    return " ".join(words)


def run(*command, path=os.environ["PATH"]):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          env=dict(os.environ, PATH=path))
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
    """[{kernel: bytes of dynamic shared memory} of a program] of a GPU module."""
    constants = dict(re.findall(r"(%\S+) = arith\.constant (\d+) : i32", text))
    launches = re.findall(r"gpu\.launch_func +@(\S+)::@(\S+) .* dynamic_shared_memory_size (%\S+)", text)
    programs = {}
    for program, kernel, size in launches:
        programs.setdefault(program, {})[kernel] = int(constants[size])
    return list(programs.values())


# Stands where the compiler looks for ptxas, and keeps what that gets and says.
PTXAS = """#!/bin/sh
at=$(ls "{folder}" | grep -c ptx$)
cp "$3" "{folder}/$at.ptx"
"{ptxas}" -v "$@" > "{folder}/$at.said" 2>&1
status=$?
cat "{folder}/$at.said"
exit $status
"""


def assemble(tool, folder, chip):
    """[(PTX, what `ptxas -v` says)] of several programs, as they are compiled into an object."""
    bin = folder / "bin"
    bin.mkdir()
    (bin / "ptxas").write_text(PTXAS.format(folder=folder, ptxas=shutil.which("ptxas")))
    (bin / "ptxas").chmod(0o755)
    run(tool, folder / "f.mlir", f"--target={chip}", "--emit=object", "-o", folder / "f.o",
        path=f"{bin}{os.pathsep}{os.environ['PATH']}")
    files = sorted(folder.glob("*.ptx"), key=lambda file: int(file.stem))
    return [(file.read_text(), file.with_suffix(".said").read_text()) for file in files]


def measure(tool, folder, chip, case):
    """The rows of an operation on a chip: {(chip, operation, kernel): columns}."""
    title = describe(case)
    folder = folder / f"{chip} {title}"
    folder.mkdir()
    (folder / "f.mlir").write_text((gradients if is_gradient(case) else attention).module(case, chip))
    compile = lambda kind: run(tool, folder / "f.mlir", f"--target={chip}", f"--emit={kind}")
    launches = from_launches(compile("gpu"))
    if has_several_programs(case):
        programs = assemble(tool, folder, chip)
    else:
        ptx = compile("ptx")
        (folder / "f.ptx").write_text(ptx)
        programs = [(ptx, run("ptxas", "-v", f"-arch={chip}", folder / "f.ptx", "-o", folder / "f.cubin"))]
    if len(programs) != len(launches):
        sys.exit(f"{chip} {title}: {len(programs)} programs, and launches of {len(launches)}")
    rows = {}
    for number, ((ptx, output), dynamic) in enumerate(zip(programs, launches)):
        if remarks := re.findall(r".*(?:C75\d\d|warning).*", output):
            sys.exit(f"{chip} {title}: {remarks[0]}")
        said, counts = from_ptxas(output), from_ptx(ptx)
        # What has no rows of tiles is launched as if they were aligned.
        if not said.keys() == counts.keys() == {"f_tiles", "f_tiles_unaligned"} >= dynamic.keys() >= {"f_tiles"}:
            sys.exit(f"{chip} {title}: kernels {sorted(said)}, {sorted(counts)}, {sorted(dynamic)}")
        name = f"{title} {number}" if has_several_programs(case) else title
        rows.update({(chip, name, "unaligned" if kernel.endswith("_unaligned") else "aligned"):
                     said[kernel] + [dynamic[kernel]] + counts[kernel] for kernel in sorted(dynamic)})
    return rows


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
        most = GRADIENT_MAY_SPILL if " grad " in key[1] else MAY_SPILL
        stack = [f"{name} {n}" for name, n in zip(COLUMNS, columns) if name in ("stack", "stores") and n > most]
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
