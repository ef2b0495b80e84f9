# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes a folder with all that run.py needs on a machine with a GPU and without MLIR.

It holds a shared library for each distinct attention of the cases, one that times their launches, the runtime library,
the scripts, and manifest.json with the cases and what they were built from. For one chip, predictions.csv has what the
compiler predicts of each case.
"""

import argparse
import concurrent.futures
import csv
import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from cases import CASES, NEEDED, PREDICTIONS

CC = os.environ.get("CC", "cc")
HERE = pathlib.Path(__file__).resolve().parent
RUNTIME = "libsimplicial_runtime.so"  # a link, to the name that programs ask for
SCRIPTS = ("cases.py", "clock.ptx", "clock.py", "gradients.py", "kernels.py", "reference.py", "repeat.py", "report.py",
           "run.py", "triton_backward.py", "triton_peer.py")
PREDICTED = ("case", "clocks", "tflops", "mhz", "peak_share", "tile_clocks", "binding")


def execute(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"build.py: error: {' '.join(map(str, command))}\nexit status {done.returncode}: {done.stderr}")
    return done.stdout


def build_kernel(build, target, case, folder):
    with tempfile.TemporaryDirectory() as temporary:
        source, compiled = pathlib.Path(temporary, "f.mlir"), pathlib.Path(temporary, "f.o")
        source.write_text(case.module)
        execute(build / "bin" / "simplicial-compile", source, f"--target={target}", "--emit=object", "-o", compiled)
        execute(CC, "-shared", compiled, "-o", folder / f"{case.kernel}.so", "-L", build / "lib",
                "-lsimplicial_runtime", "-Wl,-rpath,$ORIGIN")


def predict(build, target, case):
    """The row of predictions.csv: clocks, and the rate at the chip's nominal clock. Of kernels that follow each other, as
    those of gradients do, the sum of them, the tile of the longest one, and the rate of the necessary products; None if
    it cannot be predicted: of documents, which only a call knows, of two strategies, or of gradients, which is said."""
    if case.packed or case.few:
        return None
    with tempfile.TemporaryDirectory() as temporary:
        source = pathlib.Path(temporary, "f.mlir")
        source.write_text(case.static_module)
        command = [build / "bin" / "simplicial-compile", source, f"--target={target}", "--analyze"]
        if case.grad:
            done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
            if done.returncode:
                print(f"{case.name}: no prediction of gradients: {done.stderr.strip()}")
                return None
            text = done.stdout
        else:
            text = execute(*command)
    find = lambda pattern, part: re.search(pattern, part).group(1)
    kernels = [kernel.split("launch:") for kernel in re.split(r"^kernel ", text, flags=re.M)[1:]]
    clocks = lambda kernel: int(find(r"clocks: (\d+)", kernel[1]))
    total = sum(map(clocks, kernels))
    tile, launch = max(kernels, key=clocks)
    ghz = float(find(r"at ([\d.]+) GHz", launch))
    if len(kernels) > 1:
        operations = case.products(NEEDED) if case.grad else case.flops
        rate, share = f"{1e-3 * operations / (total / ghz):.1f}", ""
    else:
        rate, share = find(r"TFLOP/s: ([\d.]+)", launch), find(r"tensor peak: ([\d.]+)%", launch)
    return {"case": case.name, "clocks": total, "tflops": rate, "mhz": round(1e3 * ghz), "peak_share": share,
            "tile_clocks": find(r"clocks: (\d+)", tile), "binding": find(r"binding: (.*)", tile)}


def commit():
    """Of the sources, with a "+" if they differ from it; "unknown" outside of git."""
    git = lambda *words: subprocess.run(["git", "-C", HERE, *words], capture_output=True, text=True)
    head = git("rev-parse", "HEAD")
    if head.returncode:
        return "unknown"
    return head.stdout.strip() + ("+" if git("status", "--porcelain", "--untracked-files=no").stdout else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path, help="the folder to make or to renew")
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parents[1] / "build", help="the build folder")
    parser.add_argument("--target", default="sm_90", help="simplicial-compile's --target (default: %(default)s)")
    parser.add_argument("--match", default="", help="only the cases whose name contains this")
    parser.add_argument("--numerics", action="store_true", help="also the numerics tests' cases, for run.py to begin with")
    arguments = parser.parse_args()

    cases = [case for case in CASES if arguments.match in case.name]
    if not cases:
        sys.exit(f"build.py: error: no case's name contains '{arguments.match}'")
    folder = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    kernels = {case.kernel: case for case in cases}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda case: build_kernel(arguments.build, arguments.target, case, folder), kernels.values()))
        if "," not in arguments.target:
            rows = pool.map(lambda case: predict(arguments.build, arguments.target, case), cases)
            with (folder / PREDICTIONS).open("w", newline="") as file:
                writer = csv.DictWriter(file, PREDICTED, lineterminator="\n")
                writer.writeheader()
                writer.writerows(row for row in rows if row)
    execute(CC, "-std=gnu11", "-O2", "-shared", "-fPIC", HERE / "launch.c", "-o", folder / "launch.so")
    if arguments.numerics:
        execute(sys.executable, HERE / "numerics.py", "make", folder / "numerics", "--build", arguments.build,
                "--target", arguments.target)
    runtime = arguments.build / "lib" / RUNTIME
    shutil.copy(runtime, folder / runtime.readlink())
    for script in SCRIPTS:
        shutil.copy(HERE / script, folder)
    manifest = {"commit": commit(), "target": arguments.target, "cases": [dataclasses.asdict(case) for case in cases]}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    print(f"{folder}: {len(kernels)} kernels for {arguments.target}, {len(cases)} cases")


if __name__ == "__main__":
    main()
