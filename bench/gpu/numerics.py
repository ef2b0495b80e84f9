# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The numerics tests' cases on a GPU, through functions that were compiled ahead of time.

`make FOLDER` compiles the groups of cases for GPUs (test/numerics/gpu_cases.py), a shared library a case, where Simplicial is
built. `run`, as the copy of this script in FOLDER, calls them on the machine with the GPU, which needs torch and no MLIR,
and checks the results against float64 as the tests do. Ends with `N passed, N failed`, and fails if any did.
"""

import argparse
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
NUMERICS = HERE.parents[1] / "test" / "numerics"
if NUMERICS.is_dir():
    sys.path.insert(0, str(NUMERICS))

from gpu_cases import GROUPS  # of the tests

SELECTED = [group for group in GROUPS if group.startswith("gpu")] + ["half_types"]
RUNTIME = "libsimplicial_runtime.so"  # a link, to the name that programs ask for


def selected(match):
    """{name of a file: case}. Without `out` among the results a function would need a buffer for it, which those for GPUs
    cannot have."""
    return {f"{group}-{number}": case for group in SELECTED for number, case in enumerate(GROUPS[group])
            if match in f"{group} {case}" and "out" in case.results.split()}


# Where Simplicial is built --------------------------------------------------------------------------------------------


def compile_case(build, target, folder, name, case):
    """The error, if there is one."""
    from run import module  # of the tests
    with tempfile.TemporaryDirectory() as temporary:
        source, compiled = pathlib.Path(temporary, "f.mlir"), pathlib.Path(temporary, "f.o")
        source.write_text(module(case, target))
        commands = [[build / "bin" / "simplicial-compile", source, f"--target={target}", "--emit=object", "-o", compiled],
                    [os.environ.get("CC", "cc"), "-shared", "-s", compiled, "-o", folder / f"{name}.so", "-L", build / "lib",
                     "-lsimplicial_runtime", "-Wl,-rpath,$ORIGIN"]]
        for command in commands:
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                return f"{name} {case}: {done.stderr}"


def make(arguments):
    folder = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    cases = selected(arguments.match)
    if not cases:
        sys.exit(f"numerics.py: error: no case's description contains '{arguments.match}'")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        compiled = [pool.submit(compile_case, arguments.build, arguments.target, folder, *case) for case in cases.items()]
    if errors := [error for job in compiled if (error := job.result())]:
        sys.exit("\n".join(errors))
    ours, tests = ("kernels.py", "numerics.py"), ("cases.py", "gpu_cases.py", "check.py", "data.py", "reference.py")
    for file in [*[HERE / name for name in ours], *[NUMERICS / name for name in tests]]:
        shutil.copy(file, folder)
    runtime = arguments.build / "lib" / RUNTIME
    shutil.copy(runtime, folder / runtime.readlink())
    print(f"{folder}: {len(cases)} cases for {arguments.target}")


# Where the GPU is -----------------------------------------------------------------------------------------------------


def call(kernel, case, x, bounds):
    """{name: float32 or float16 array} of what the case's function returns for the inputs x and what bounds them."""
    import numpy as np
    import torch
    types = {"bf16": torch.bfloat16, "f16": torch.float16, "f32": torch.float32}

    def padded(value, pad):
        tensor = torch.from_numpy(value).to("cuda", types[case.dtype])
        room = torch.empty(*value.shape[:-1], value.shape[-1] + pad, device="cuda", dtype=types[case.dtype])
        room[..., :value.shape[-1]] = tensor
        return room[..., :value.shape[-1]]

    inputs = [padded(np.ascontiguousarray(value), pad) for value, pad in zip(x.values(), case.pad or (0,) * len(x))]
    inputs += [torch.from_numpy(value).to("cuda") for value in bounds.values()]
    results = {"out": torch.full((case.B, case.queries, case.Hq, case.width), float("nan"), device="cuda",
                                 dtype=types[case.dtype]),
               "lse": torch.full((case.B, case.Hq, case.queries), float("nan"), device="cuda")}
    returned = {name: results[name] for name in case.results.split()}
    kernel.bind(inputs, list(returned.values()))()
    kernel.check()
    return {name: (value if value.dtype == torch.float16 else value.float()).cpu().numpy()
            for name, value in returned.items()}


def run(arguments):
    import data
    from check import check
    from kernels import Kernel
    failed = ran = 0
    for name, case in selected(arguments.match).items():
        library = HERE / f"{name}.so"
        if not library.exists():
            continue
        ran += 1
        x = data.make(case)
        try:
            returned = call(Kernel(library), case, x, data.bounds(case))
            verdict = check(case, x, returned, case.operand or case.dtype)
        except RuntimeError as error:
            problems = [str(error)]
        else:
            problems = verdict.problems
        if problems:
            failed += 1
            print(f"FAIL {name} {case}: {'; '.join(problems)}", flush=True)
    print(f"{ran - failed} passed, {failed} failed")
    return 1 if failed or not ran else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("make", help="compile the cases into a folder")
    making.add_argument("folder", type=pathlib.Path)
    making.add_argument("--build", type=pathlib.Path, default=HERE.parents[1] / "build", help="the build folder")
    making.add_argument("--target", default="sm_90a", help="simplicial-compile's --target (default: %(default)s)")
    running = commands.add_parser("run", help="run the cases of this script's folder")
    for command in making, running:
        command.add_argument("--match", default="", help="only the cases whose group and description contain this")
    arguments = parser.parse_args()
    return make(arguments) if arguments.command == "make" else run(arguments)


if __name__ == "__main__":
    sys.exit(main())
