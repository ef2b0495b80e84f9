# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs groups of cases (gpu_cases.py) through simplicial-run and checks every result against float64.

Prints a line a case, `error/limit` by output, and fails if any case does or if their number is not the expected one.
"""

import dataclasses
import sys
import typing

import numpy as np

import data
import harness
from check import check
from gpu_cases import GROUPS


def tensor(case, sizes, names, element):
    """The tensor type of these sizes, `?` where the case has that dimension dynamic."""
    dims = ["?" if name in case.dynamic.split() else str(size) for name, size in zip(names, sizes)]
    return f"tensor<{'x'.join(dims + [element])}>"


def attributes(case, target, strategies=()):
    """Those of the case's operation; its simplicial.config is one for each of the named strategies, if there are any, with
    entries of its own for all targets."""
    entries = [f"{name} = {value} : i64" for name in ("w1", "w2") if (value := getattr(case, name)) is not None]
    entries += [f"{name} = {float(value)!r} : f32" for name in ("scale", "k2_bias", "v2_bias")
                if (value := getattr(case, name)) is not None]
    entries += ["causal"] if case.causal else []
    entries += [f'form = "{case.form}"'] if case.form else []
    entries += ["two_lengths"] if case.N2 is not None else []
    config = [f"operand = {case.operand}"] if case.operand else []
    config += [case.config] if case.config else []
    config += ["blocks = 0"] if case.config and not strategies and "blocks" not in case.config else []
    config = [] if target == "cpu" else config
    config += ["few = {}"] if case.few else []
    dictionary = lambda entries: f"{{{', '.join(entries)}}}"
    parts = {name: [*config, *own] for name, own in dict(strategies).items()}
    if any(parts.values()) if strategies else config:
        every = [f"{name} = {dictionary(entries)}" for name, entries in parts.items()] if strategies else config
        entries += [f"simplicial.config = {dictionary(every)}"]
    return ", ".join(entries)


def types(case):
    """{name: tensor type} of q, the keys, the values, out, and lse."""
    query, key = ("B", "Nq", "", ""), ("B", "N", "", "")
    keys = lambda n, width: tensor(case, (case.B, n, case.Hk, width), key, case.dtype)
    return {"q": tensor(case, (case.B, case.queries, case.Hq, case.D), query, case.dtype),
            "k1": keys(case.N, case.D), "k2": keys(case.keys2, case.D),
            "v1": keys(case.N, case.width), "v2": keys(case.keys2, case.width),
            "out": tensor(case, (case.B, case.queries, case.Hq, case.width), query, case.dtype),
            "lse": tensor(case, (case.B, case.Hq, case.queries), ("B", "", "Nq"), "f32")}


def bound(case, place):
    """What there is of the operand that bounds what queries see: ", " and it as an argument, a value or a type."""
    if not data.bounds(case):
        return ""
    shape = next(iter(data.bounds(case).values())).shape
    kind = tensor(case, shape, ("B", "N"), "i32")
    return {"argument": f", %bound: {kind}", "value": ", %bound", "type": f", {kind}"}[place]


def module(case, target):
    """A module with a function @f that applies the case's operation."""
    q, k1, k2, v1, v2, out, lse = types(case).values()
    result = {"out": out, "lse": lse}
    returned = case.results.split()
    return f"""\
func.func @f(%q: {q}, %k1: {k1}, %k2: {k2}, %v1: {v1}, %v2: {v2}{bound(case, "argument")})
    -> ({', '.join(result[r] for r in returned)}) {{
  %out, %lse = "simplicial.attention"(%q, %k1, %k2, %v1, %v2{bound(case, "value")}) {{{attributes(case, target)}}}
    : ({q}, {k1}, {k2}, {v1}, {v2}{bound(case, "type")}) -> ({out}, {lse})
  return {', '.join('%' + r for r in returned)} : {', '.join(result[r] for r in returned)}
}}
"""


@dataclasses.dataclass(frozen=True)
class Operation:
    """What there is to know about an operation to test it."""
    groups: dict             # name: cases
    make: typing.Callable    # of a case: its inputs, {name: array}
    module: typing.Callable  # of a case and a target: a module with a function @f of these inputs
    check: typing.Callable   # of a case, its inputs, {name: result}, and the type of products' operands: the verdict
    returned: str            # the field of a case that names what @f returns


ATTENTION = Operation(GROUPS, data.make, module, check, "results")


def execute(tool, target, case, text, x, names, folder, threads, seed=0):
    """What the module of this text returns for the inputs x: the arrays of these names, of which some may be twice."""
    pads = (*case.pad, *(len(x) - len(case.pad)) * (0,), 0)
    x = {**x, **data.bounds(case)}
    for name, value in x.items():
        half = case.dtype == "f16" and name not in ("lse", "start", "lengths")
        np.save(folder / f"{name}.npy", value.astype(np.float16) if half else value)
    (folder / "f.mlir").write_text(text)
    command = [tool, folder / "f.mlir", "--function=f", f"--target={target}"]
    command += [f"--input=@{folder}/{name}.npy" + (f":pad={pad}" if pad else "") for name, pad in zip(x, pads)]
    command += [f"--threads={threads}"] if threads else []
    outputs = [folder / f"result{at}_{name}.npy" for at, name in enumerate(names)]
    return list(zip(names, harness.execute(command, outputs, seed)))


def same_bits(a, b):
    return all(a[name].tobytes() == b[name].tobytes() for name in a)


def run(operation, tool, target, case, folder):
    """The line to print about the case, starting with "ok" or "FAIL"."""
    x, text, names = operation.make(case), operation.module(case, target), getattr(case, operation.returned).split()
    try:
        returned = execute(tool, target, case, text, x, names, folder, case.threads)
        # Neither the number of threads may matter, nor the order in which emulated copies arrive.
        again = case.threads or target.startswith("emulate")
        serial = execute(tool, target, case, text, x, names, folder, 1, seed=1) if again else returned
    except harness.Failure as failure:
        return f"FAIL {case}: {failure}\n{text}"
    got = dict(serial)
    same = all(value.tobytes() == got[name].tobytes() for name, value in returned)
    verdict = operation.check(case, x, got, "f32" if target == "cpu" else case.operand or case.dtype)
    verdict.require(same, "the result depends on the number of threads, or on the emulator's seed")
    if verdict.problems:
        return f"FAIL {case}: {'; '.join(verdict.problems)}\n{text}"
    return f"ok   {case}: {', '.join(verdict.measured)}"


def main(doc, operation):
    parser = harness.arguments(doc, "cases")
    parser.add_argument("--target", default="cpu", help="its --target")
    parser.add_argument("--list", action="store_true", help="print the groups and their number of cases")
    parser.add_argument("group", nargs="*", help=f"one of: {', '.join(operation.groups)} (default: all)")
    arguments = parser.parse_args()

    groups = operation.groups
    if arguments.list:
        print(*sorted(f"expect={len(cases)} {group}" for group, cases in groups.items()), sep="\n")
        return 0

    cases = [case for group in arguments.group or groups for case in groups[group] if arguments.match in str(case)]
    with harness.folder(arguments.keep) as folder:
        return harness.report(lambda case: run(operation, arguments.tool, arguments.target, case, folder), cases, "cases",
                              arguments)


if __name__ == "__main__":
    sys.exit(main(__doc__, ATTENTION))
