# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs groups of cases (cases.py) through simplicial-run and checks every result against float64.

Prints a line a case, `error/limit` by output, and fails if any case does or if their number is not the expected one.
"""

import argparse
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

import numpy as np

import data
from cases import GROUPS
from check import check


def tensor(case, sizes, names, element):
    """The tensor type of these sizes, `?` where the case has that dimension dynamic."""
    dims = ["?" if name in case.dynamic.split() else str(size) for name, size in zip(names, sizes)]
    return f"tensor<{'x'.join(dims + [element])}>"


def module(case, target):
    """A module with a function @f that applies the case's operation."""
    q = tensor(case, (case.B, case.queries, case.Hq, case.D), ("B", "Nq", "", ""), case.dtype)
    kv = tensor(case, (case.B, case.N, case.Hk, case.D), ("B", "N", "", ""), case.dtype)
    types = {"out": q, "lse": tensor(case, (case.B, case.Hq, case.queries), ("B", "", "Nq"), "f32")}
    attributes = [f"{name} = {value} : i64" for name in ("w1", "w2") if (value := getattr(case, name)) is not None]
    attributes += [f"{name} = {float(value)!r} : f32" for name in ("scale", "k2_bias", "v2_bias")
                   if (value := getattr(case, name)) is not None]
    attributes += ["causal"] if case.causal else []
    attributes += [f'form = "{case.form}"'] if case.form else []
    config = [f"operand = {case.operand}"] if case.operand else []
    config += [case.config] if case.config else []
    if config and target != "cpu":
        attributes += [f"simplicial.config = {{{', '.join(config)}}}"]
    returned = case.results.split()
    return f"""\
func.func @f(%q: {q}, %k1: {kv}, %k2: {kv}, %v1: {kv}, %v2: {kv}) -> ({', '.join(types[r] for r in returned)}) {{
  %out, %lse = "simplicial.attention"(%q, %k1, %k2, %v1, %v2) {{{', '.join(attributes)}}}
    : ({q}, {kv}, {kv}, {kv}, {kv}) -> ({types['out']}, {types['lse']})
  return {', '.join('%' + r for r in returned)} : {', '.join(types[r] for r in returned)}
}}
"""


class Failure(Exception):
    pass


def execute(tool, target, case, x, folder, threads, seed=0):
    """Runs the case's module on x; {name: array} of what it returns."""
    for name, value in x.items():
        np.save(folder / f"{name}.npy", value.astype(np.float16) if case.dtype == "f16" else value)
    (folder / "f.mlir").write_text(module(case, target))
    for name in case.results.split():
        (folder / f"{name}.npy").unlink(missing_ok=True)
    pads = case.pad or (0,) * len(data.NAMES)
    command = [tool, folder / "f.mlir", "--function=f", f"--target={target}"]
    command += [f"--input=@{folder}/{name}.npy" + (f":pad={pad}" if pad else "") for name, pad in zip(data.NAMES, pads)]
    command += [f"--output=@{folder}/{name}.npy" for name in case.results.split()]
    command += [f"--threads={threads}"] if threads else []
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120,
                              env=dict(os.environ, SIMPLICIAL_EMULATOR_SEED=str(seed)))
    except subprocess.TimeoutExpired:
        raise Failure("no result after 120 s") from None
    if done.returncode:
        raise Failure(f"{shlex.join(map(str, command))}\nexit status {done.returncode}: {done.stderr[-4000:]}")
    return {name: np.load(folder / f"{name}.npy") for name in case.results.split()}


def same_bits(a, b):
    return all(a[name].tobytes() == b[name].tobytes() for name in a)


def run(tool, target, case, folder):
    """The line to print about the case, starting with "ok" or "FAIL"."""
    x = data.make(case)
    try:
        got = execute(tool, target, case, x, folder, case.threads)
        # Neither the number of threads may matter, nor the order in which emulated copies arrive.
        again = case.threads or target.startswith("emulate")
        serial = execute(tool, target, case, x, folder, 1, seed=1) if again else got
    except Failure as failure:
        return f"FAIL {case}: {failure}\n{module(case, target)}"
    same = same_bits(got, serial)
    verdict = check(case, x, got, "f32" if target == "cpu" else case.operand or case.dtype)
    verdict.require(same, "the result depends on the number of threads, or on the emulator's seed")
    if verdict.problems:
        return f"FAIL {case}: {'; '.join(verdict.problems)}\n{module(case, target)}"
    return f"ok   {case}: {', '.join(verdict.measured)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tool", default="simplicial-run", help="simplicial-run to test")
    parser.add_argument("--target", default="cpu", help="its --target")
    parser.add_argument("--match", default="", help="run only the cases whose description contains this")
    parser.add_argument("--expect", type=int, help="how many cases there must be")
    parser.add_argument("--list", action="store_true", help="print the groups and their number of cases")
    parser.add_argument("--keep", type=pathlib.Path, help="leave the last case's files in this folder")
    parser.add_argument("group", nargs="*", help=f"one of: {', '.join(GROUPS)} (default: all)")
    arguments = parser.parse_args()

    if arguments.list:
        print(*sorted(f"expect={len(cases)} {group}" for group, cases in GROUPS.items()), sep="\n")
        return 0

    cases = [case for group in arguments.group or GROUPS for case in GROUPS[group] if arguments.match in str(case)]
    failures = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for case in cases:
            line = run(arguments.tool, arguments.target, case, folder)
            failures += not line.startswith("ok ")
            print(line, flush=True)
    print(f"{len(cases)} cases, {failures} failed")
    if arguments.expect is not None and arguments.expect != len(cases):
        print(f"expected {arguments.expect} cases")
        failures += 1
    return 1 if failures or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
