# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs groups of cases (cases.py) through simplicial-run and checks every result against float64.

Prints a line a case, `error/limit` by output, and fails if any case does or if their number is not the expected one.
"""

import sys

import numpy as np

import data
import harness
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


def execute(tool, target, case, x, folder, threads, seed=0):
    """Runs the case's module on x; {name: array} of what it returns."""
    for name, value in x.items():
        np.save(folder / f"{name}.npy", value.astype(np.float16) if case.dtype == "f16" else value)
    (folder / "f.mlir").write_text(module(case, target))
    pads = case.pad or (0,) * len(data.NAMES)
    command = [tool, folder / "f.mlir", "--function=f", f"--target={target}"]
    command += [f"--input=@{folder}/{name}.npy" + (f":pad={pad}" if pad else "") for name, pad in zip(data.NAMES, pads)]
    command += [f"--threads={threads}"] if threads else []
    names = case.results.split()
    return dict(zip(names, harness.execute(command, [folder / f"{name}.npy" for name in names], seed)))


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
    except harness.Failure as failure:
        return f"FAIL {case}: {failure}\n{module(case, target)}"
    same = same_bits(got, serial)
    verdict = check(case, x, got, "f32" if target == "cpu" else case.operand or case.dtype)
    verdict.require(same, "the result depends on the number of threads, or on the emulator's seed")
    if verdict.problems:
        return f"FAIL {case}: {'; '.join(verdict.problems)}\n{module(case, target)}"
    return f"ok   {case}: {', '.join(verdict.measured)}"


def main():
    parser = harness.arguments(__doc__, "cases")
    parser.add_argument("--target", default="cpu", help="its --target")
    parser.add_argument("--list", action="store_true", help="print the groups and their number of cases")
    parser.add_argument("group", nargs="*", help=f"one of: {', '.join(GROUPS)} (default: all)")
    arguments = parser.parse_args()

    if arguments.list:
        print(*sorted(f"expect={len(cases)} {group}" for group, cases in GROUPS.items()), sep="\n")
        return 0

    cases = [case for group in arguments.group or GROUPS for case in GROUPS[group] if arguments.match in str(case)]
    with harness.folder(arguments.keep) as folder:
        lines = (run(arguments.tool, arguments.target, case, folder) for case in cases)
        return harness.report(lines, "cases", arguments.expect)


if __name__ == "__main__":
    sys.exit(main())
