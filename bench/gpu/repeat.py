# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Calls the functions of a folder that build.py made thousands of times: all results must have the bits of the first.

These are checked against float64, and at last an input is changed, with which the bits must be others: otherwise the
comparison would see nothing. --sanitize calls them a few times under compute-sanitizer instead, once for each of its
tools. Needs torch. Fails if a result is wrong or differs, or if a tool reports anything.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

try:
    import torch
except ImportError as missing:
    sys.exit(f"repeat.py: error: it needs torch: {missing}")

import reference
from cases import Case
from kernels import Kernel

TOOLS = ("memcheck", "racecheck", "synccheck")
SANITIZED = ("--runs=3", "--length=77")  # its kernels take hundreds of times as long
AT_ONCE = 256  # runs that are queued


def bits(tensor):
    return tensor.view({2: torch.int16, 4: torch.int32}[tensor.element_size()])


def differences(results, first):
    """For each result, on the device, 1 if it has other bits than the first one."""
    return torch.stack([(bits(one) != bits(other)).any() for one, other in zip(results, first)]).long()


def count_differences(kernel, launch, results, first, runs):
    """How many of so many runs have other bits than `first`, for each result. Beside every other run something else is
    on the device, so that blocks begin at other times."""
    counts = torch.zeros(len(results), dtype=torch.long, device=reference.DEVICE)
    other = torch.randn(2048, 2048, device=reference.DEVICE)
    beside = torch.cuda.Stream()
    for run in range(runs):
        for result in results:
            result.fill_(float("nan"))  # until written
        if run % 2:
            with torch.cuda.stream(beside):
                torch.matmul(other, other)
        launch()
        counts += differences(results, first)
        if run % AT_ONCE == 0:
            kernel.check()
    kernel.check()
    return counts.tolist()


def problem_of(kernel, check, names, runs):
    """What is wrong with a function, for the inputs of a check; None if nothing is."""
    kept = []

    def function(inputs, results):
        kept[:] = inputs, results
        kernel.bind(inputs, results)()
        kernel.check()

    line, right = check(function)
    if not right:
        return line
    inputs, results = kept
    launch, first = kernel.bind(inputs, results), [result.clone() for result in results]
    counts = count_differences(kernel, launch, results, first, runs - 1)
    if any(counts):
        return "other bits: " + ", ".join(f"{name} in {n} runs" for name, n in zip(names, counts) if n)
    inputs[-1].view(-1)[-1] += 64
    launch()
    kernel.check()
    return None if differences(results, first).any() else "another input has the same results"


def functions(case, length):
    """(name, results' names, the check whose inputs it gets) of the functions of a case's library."""
    length = length or max(case.w1, case.w2) + 61
    yield "f", ("out", "lse"), lambda: reference.Check(case, length, 1, batch=1)
    if case.grad:
        yield "g", reference.NAMES, lambda: reference.GradientCheck(case, length, 1, batch=1)


def run(folder, cases, arguments):
    """How many functions fail."""
    count = failed = 0
    for case in {case.kernel: case for case in cases}.values():
        for name, results, check in functions(case, arguments.length):
            start = time.monotonic()
            try:
                problem = problem_of(Kernel(folder / f"{case.kernel}.so", name), check(), results, arguments.runs)
            except RuntimeError as error:
                problem = str(error)
            count += 1
            failed += bool(problem)
            print(f"FAIL {case.kernel} {name}: {problem}" if problem else
                  f"ok   {case.kernel} {name}: {arguments.runs} runs have the same bits, "
                  f"in {time.monotonic() - start:.0f} s", flush=True)
    print(f"{count} functions, {failed} failed")
    return failed


def sanitize(arguments):
    """How many of the tools report something."""
    tool = shutil.which("compute-sanitizer", path=os.pathsep.join([os.environ["PATH"], "/usr/local/cuda/bin"]))
    if not tool:
        sys.exit("repeat.py: error: there is no compute-sanitizer in PATH or /usr/local/cuda/bin")
    again = [sys.executable, __file__, arguments.folder, f"--match={arguments.match}", *SANITIZED]
    # Each tensor is an allocation of its own, so that what is beside it is seen; torch's kernels are not looked at.
    environment = dict(os.environ, PYTORCH_NO_CUDA_MEMORY_CACHING="1")
    only_ours = ["--kernel-name", "kernel_substring=_tiles"]
    failed = 0
    for kind in TOOLS:
        start = time.monotonic()
        done = subprocess.run([tool, "--tool", kind, "--error-exitcode", "3", *only_ours, *again], env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        failed += bool(done.returncode)
        print(*[f"{kind}: {line}" for line in done.stdout.splitlines()[-2000 if done.returncode else -3:]], sep="\n")
        print(f"{'FAIL' if done.returncode else 'ok  '} {kind}, in {time.monotonic() - start:.0f} s", flush=True)
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path, help="what build.py made")
    parser.add_argument("--match", default="", help="only the cases whose name contains this")
    parser.add_argument("--runs", type=int, default=10000, help="of each function (default: %(default)s)")
    parser.add_argument("--length", type=int, help="queries and keys (default: 61 more than the longer window)")
    parser.add_argument("--sanitize", action="store_true",
                        help=f"a few calls with {SANITIZED[-1]} under compute-sanitizer: {', '.join(TOOLS)}")
    arguments = parser.parse_args()

    if not (arguments.folder / "manifest.json").exists():
        sys.exit(f"repeat.py: error: {arguments.folder} has no manifest.json: it is not a folder that build.py made")
    if arguments.runs < 2:
        parser.error("--runs must be 2 at least")
    manifest = json.loads((arguments.folder / "manifest.json").read_text())
    cases = [case for case in (Case(**fields) for fields in manifest["cases"]) if arguments.match in case.name]
    if not cases:
        sys.exit(f"repeat.py: error: no case's name contains '{arguments.match}'")
    if not torch.cuda.is_available():
        sys.exit("repeat.py: error: torch finds no CUDA device")
    failed = sanitize(arguments) if arguments.sanitize else run(arguments.folder.resolve(), cases, arguments)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
