# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks and times the kernels of a folder that build.py made, and a Triton kernel, on the GPU of this machine.

Writes results.csv and machine.json, of which report.py makes tables and plots. Fails if a result is wrong.

A time is the median of several measurements with CUDA events, each of so many calls that they take 20 ms; the calls
go through several copies of small inputs, so that these do not stay in the L2 cache from one call to the next.
"""

import argparse
import concurrent.futures
import csv
import functools
import itertools
import json
import math
import multiprocessing
import os
import pathlib
import platform
import queue
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time

try:
    import torch
    import triton
    from triton.errors import TritonError
except ImportError as missing:
    sys.exit(f"run.py: error: it needs torch and triton: {missing}")

import reference
import triton_peer
from cases import NEEDED, PREDICTIONS, Case
from clock import mhz_during
from kernels import Kernel

FIELDS = ("implementation", "case", "dtype", "B", "N", "Nq", "Hq", "Hk", "D", "w1", "w2", "config", "calls", "ms",
          "ms_min", "ms_max", "tflops", "share", "gb_s", "sm_mhz", "pass", "ratio", "executed_tflops", "packed")
MEASUREMENT_MS = 20
CLOCKED = 3  # times as long the clock is measured
FINALISTS = 3
QUIET_SECONDS = 110  # a process that says nothing for so long is ended

# Measuring ------------------------------------------------------------------------------------------------------------


def measure(launches, repetitions):
    """(milliseconds a call of each measurement, calls in each, MHz of the SMs) of the launches in turn. The clock is that
    of as much work behind the measurements: what counts clocks takes a warp's place on an SM."""
    turn = itertools.cycle(launches)

    def timed(calls):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        for _ in range(calls):
            next(turn)()
        end.record()
        return start, end

    def elapsed(events, calls):
        events[1].synchronize()
        return events[0].elapsed_time(events[1]) / calls

    # Warm-up: compilation and loading, then an estimate, then as much work as a measurement.
    elapsed(timed(len(launches)), 1)
    calls = math.ceil(MEASUREMENT_MS / elapsed(timed(1), 1))
    if calls > 1:
        calls = math.ceil(MEASUREMENT_MS / elapsed(timed(calls), calls))
    measurements = [timed(calls) for _ in range(repetitions)]
    ms = [elapsed(events, calls) for events in measurements]
    return ms, calls, mhz_during(lambda: elapsed(timed(CLOCKED * calls), CLOCKED * calls))


def copies(bytes):
    """How many copies of so many bytes are twice the L2 cache, but no more than 16."""
    return min(16, math.ceil(2 * torch.cuda.get_device_properties(0).L2_cache_size / bytes))


def tensors(case):
    """Copies of (inputs, results) of the case."""
    dtype = reference.TYPES[case.dtype]
    random = lambda n, heads: torch.randn(case.B, n, heads, case.D, device="cuda", dtype=dtype)
    lse = lambda: torch.empty(case.B, case.Hq, case.queries, device="cuda")
    sets = []
    for _ in range(copies(case.bytes)):
        q = random(case.queries, case.Hq)
        inputs = [q] + [random(case.N, case.Hk) for _ in range(4)]
        if case.packed:
            inputs.append(reference.starts(case.B, case.N))
        sets.append((inputs, (torch.empty_like(q), lse())))
    return sets


class Results:
    """What is measured goes to the terminal and to results.csv at once."""

    def __init__(self, file, repetitions, header=True):
        self.file, self.repetitions = file, repetitions
        self.writer = csv.DictWriter(file, FIELDS)
        if header:
            self.writer.writeheader()
            file.flush()
        self.matmul = None
        self.problems = []

    def add(self, implementation, name, ms, calls, mhz=None, flops=None, bytes=None, **columns):
        """The times `ms` of a call, at a clock of so many `mhz`, that does so many operations or moves so many bytes;
        returns its operations a ms."""
        median = statistics.median(ms)
        row = dict(columns, implementation=implementation, case=name, calls=calls, ms=f"{median:.5g}",
                   ms_min=f"{min(ms):.5g}", ms_max=f"{max(ms):.5g}")
        title = f"{name} backward" if columns.get("pass") == "backward" else name
        line = f"{implementation:<12} {title:<28} {median:10.4f} ms"
        if flops:
            row["tflops"] = f"{1e-9 * flops / median:.5g}"
            line += f" {1e-9 * flops / median:8.1f} TFLOP/s"
            if self.matmul:
                row["share"] = f"{flops / median / self.matmul:.4f}"
                line += f", {flops / median / self.matmul:.2f} of matmul"
        if bytes:
            row["gb_s"] = f"{1e-6 * bytes / median:.5g}"
            line += f" {1e-6 * bytes / median:8.0f} GB/s"
        if mhz:
            row["sm_mhz"] = f"{mhz:.0f}"
            line += f" at {mhz:.0f} MHz"
        print(line, columns.get("config", ""), flush=True)
        self.writer.writerow(row)
        self.file.flush()
        return flops and flops / median

    @staticmethod
    def shape(case):
        return {name: getattr(case, name) for name in ("dtype", "B", "N", "Nq", "Hq", "Hk", "D", "w1", "w2")}

    def add_case(self, implementation, case, measured, config=""):
        self.add(implementation, case.name, *measured, flops=case.flops, config=config, packed=int(case.packed) or "",
                 **{"pass": "forward"}, **self.shape(case))

    def add_gradient(self, implementation, case, forward, backward, executed, config=""):
        """Backward, which executes so many products, and forward, as `measure` returns them."""
        ms = statistics.median(backward[0])
        ratio, rate = ms / statistics.median(forward[0]), 1e-9 * case.products(executed) / ms
        print(f"{implementation:<12} {case.name} backward takes {ratio:.2f} times as long as forward; "
              f"{executed} products: {rate:.1f} TFLOP/s")
        self.add(implementation, case.name, *backward, flops=case.products(NEEDED), config=config, ratio=f"{ratio:.4g}",
                 executed_tflops=f"{rate:.5g}", **{"pass": "backward"}, **self.shape(case))


# The machine ----------------------------------------------------------------------------------------------------------


def nvidia_smi():
    fields = ("name", "driver_version", "power.limit", "power.draw", "temperature.gpu", "clocks.sm", "clocks.max.sm",
              "clocks.mem")
    done = subprocess.run(["nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,noheader"],
                          capture_output=True, text=True, check=True)
    return dict(zip(fields, done.stdout.splitlines()[0].split(", ")))


def describe(manifest):
    state = nvidia_smi()
    return {"device": state["name"], "driver": state["driver_version"], "power_limit": state["power.limit"],
            "torch": torch.__version__, "triton": triton.__version__, "cuda": torch.version.cuda,
            "sms": torch.cuda.get_device_properties(0).multi_processor_count, "python": platform.python_version(), "commit": manifest["commit"], "target": manifest["target"],
            "command": shlex.join(sys.argv), "before": state}


def ceilings(results, machine):
    """A matrix product and a copy: what the device does at best. Also the clocks while it multiplies."""
    n = 8192
    a, b = (torch.randn(n, n, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    c = torch.empty_like(a)
    product = lambda: torch.matmul(a, b, out=c)
    results.matmul = results.add("torch", f"matmul-{n}", *measure([product], results.repetitions), flops=2 * n ** 3,
                                 dtype="bf16")
    for _ in range(1000):
        product()
    machine["under_load"] = nvidia_smi()
    torch.cuda.synchronize()
    del a, b, c

    size = 2 << 30
    x = torch.ones(size, device="cuda", dtype=torch.uint8)
    y = torch.empty_like(x)
    results.add("torch", "copy-2GiB", *measure([lambda: y.copy_(x)], results.repetitions), bytes=2 * size)


def dot_product_attention(results, case):
    """torch's flash attention, causal, with as many heads as the case and about as many operations."""
    per_pair = 4 * case.B * case.Hq * case.D
    n = max(128, round(math.sqrt(2 * case.flops / per_pair) / 128) * 128)
    q, k, v = (torch.randn(case.B, case.Hq, n, case.D, device="cuda", dtype=torch.bfloat16) for _ in range(3))
    attend = functools.partial(torch.nn.functional.scaled_dot_product_attention, q, k, v, is_causal=True)
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.FLASH_ATTENTION):
        measured = measure([attend], results.repetitions)
    results.add("torch", f"flash-attention-n{n}", *measured, flops=per_pair * n * (n + 1) // 2, dtype="bf16", B=case.B,
                N=n, Hq=case.Hq, Hk=case.Hq, D=case.D)


# Simplicial -----------------------------------------------------------------------------------------------------------


def launch_overhead(results, kernel, case):
    """The time of a call with a single query, as C makes it, until it returns: fewer calls than CUDA queues."""
    calls = 500
    tiny = Case("launch", 1, max(1, case.Nq), case.Hq, case.Hk, case.D, case.dtype, case.w1, case.w2, Nq=case.Nq)
    launch = kernel.bind(*tensors(tiny)[0])

    def milliseconds():
        seconds = kernel.time_launches(launch, calls)
        kernel.check()
        return 1e3 * seconds / calls

    milliseconds()
    results.add("simplicial", tiny.name, [milliseconds() for _ in range(results.repetitions)], calls)


def is_right(results, implementation, case, checks, function):
    """Whether it passes the checks; they are printed."""
    right = True
    for check in checks:
        try:
            line, passed = check(function)
        except RuntimeError as error:
            line, passed = f"FAIL {error}", False
        print(f"{implementation:<12} {case.kernel}: {line}", flush=True)
        if not passed:
            results.problems.append(f"{implementation} {case.kernel}: {line}")
        right = right and passed
    return right


class Simplicial:
    name = "simplicial"

    def __init__(self, folder, cases):
        self.kernels = {case.kernel: Kernel(folder / f"{case.kernel}.so") for case in cases}
        self.right = {}

    def check(self, results, case, checks):
        kernel = self.kernels[case.kernel]

        def function(inputs, outputs):
            kernel.bind(inputs, outputs)()
            kernel.check()

        self.right[case.kernel] = is_right(results, self.name, case, checks, function)

    def time(self, results, case, sets):
        if self.right[case.kernel]:
            kernel = self.kernels[case.kernel]
            measured = measure([kernel.bind(*one) for one in sets], results.repetitions)
            kernel.check()
            results.add_case(self.name, case, measured)
            return measured


# Triton ---------------------------------------------------------------------------------------------------------------


class Triton:
    """Every configuration is timed once on a small problem with the case's heads, dimension and type, and the best few
    again on the case itself: the best of these counts."""

    name = "triton"

    def __init__(self, pool):
        self.pool = pool
        self.compiled, self.ranked, self.right = {}, {}, {}

    def prepare(self, case):
        """Begins to compile what the case needs, in other processes."""
        for config in triton_peer.configs(case.Hq // case.Hk):
            key = (reference.TYPES[case.dtype], case.D, config)
            if key not in self.compiled:
                self.compiled[key] = self.pool.submit(triton_peer.compile_config, *key)

    def rank(self, case):
        """The configurations that compile and fit the device, the fastest first."""
        key = (case.dtype, case.D, case.Hq, case.Hk)
        if key not in self.ranked:
            small = Case("", 1, 2048, case.Hq, case.Hk, case.D, case.dtype, 32, 512)
            inputs, outputs = tensors(small)[0]
            times, skipped = {}, []
            for config in triton_peer.configs(case.Hq // case.Hk):
                if problem := self.compiled[reference.TYPES[case.dtype], case.D, config].result():
                    skipped.append(problem)
                    continue
                launch = functools.partial(triton_peer.launch, config, inputs, outputs, w1=small.w1, w2=small.w2)
                start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
                try:
                    launch()
                except TritonError as error:  # too much shared memory
                    skipped.append(str(error))
                    continue
                start.record()
                launch()
                end.record()
                end.synchronize()
                times[config] = start.elapsed_time(end)
            self.ranked[key] = sorted(times, key=times.get)
            print(f"{self.name:<12} {case.kernel}: {len(times)} configurations, {len(skipped)} do not compile or fit",
                  *[f"(such as: {problem.splitlines()[0]})" for problem in skipped[:1]], flush=True)
        return self.ranked[key]

    def time(self, results, case, checks, sets):
        finalists = {}
        for config in self.rank(case)[:FINALISTS]:
            launch = functools.partial(triton_peer.launch, config, w1=case.w1, w2=case.w2)
            if (case.kernel, config) not in self.right:
                self.right[case.kernel, config] = is_right(results, self.name, case, checks, launch)
            if self.right[case.kernel, config]:
                finalists[config] = measure([functools.partial(launch, *one) for one in sets], results.repetitions)
        if finalists:
            config = min(finalists, key=lambda config: statistics.median(finalists[config][0]))
            text = " ".join(f"{name}={value}" for name, value in config._asdict().items())
            results.add_case(self.name, case, finalists[config], text)
        else:
            results.problems.append(f"{self.name} {case.name}: no configuration is usable")
            print(results.problems[-1], flush=True)


# Gradients ------------------------------------------------------------------------------------------------------------


def lines_of(process, quiet):
    """What it prints, a line at a time. If it prints nothing for `quiet` seconds it is ended, and its children."""
    lines = queue.SimpleQueue()

    def read():
        for line in process.stdout:
            lines.put(line.rstrip("\n"))
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    try:
        while (line := lines.get(timeout=quiet)) is not None:
            yield line
    except queue.Empty:
        print(f"nothing printed for {quiet} s: ended", flush=True)
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


def run_gradients(arguments, out, results, deadline):
    """Has gradients.py do all steps, in a new process behind each that ends one. Returns what is left out."""
    left_out, skip = [], 0
    while True:
        command = [sys.executable, pathlib.Path(__file__).with_name("gradients.py"), arguments.folder.resolve(), out,
                   f"--skip={skip}", f"--match={arguments.match}", f"--repetitions={results.repetitions}",
                   f"--seconds={deadline - time.monotonic()}", f"--matmul={results.matmul}"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   errors="replace", start_new_session=True)
        begun, done, name, tail = None, None, "", ""
        for line in lines_of(process, QUIET_SECONDS):
            if not line.startswith("@"):
                print(line, flush=True)
                tail = line
                continue
            said = json.loads(line[1:])
            begun, done, name = said.get("step", begun), said.get("done", done), said.get("name", name)
            if "problem" in said:
                results.problems.append(said["problem"])
            if "left_out" in said:
                left_out.append(said["left_out"])
        if process.returncode == 0:
            return left_out
        if begun != done:
            results.problems.append(f"{name}: the process ended with {process.returncode}: {tail}")
        if begun is None:
            results.problems.append(f"gradients: ended before any step, with {process.returncode}: {tail}")
            return left_out
        skip = begun + 1


# The whole run --------------------------------------------------------------------------------------------------------


def run_numerics(results, folder):
    """Runs the numerics tests' cases, if the folder has them."""
    script = folder / "numerics" / "numerics.py"
    if not script.exists():
        print("numerics     not in the folder: build.py --numerics makes them")
        return
    done = subprocess.run([sys.executable, script, "run"], capture_output=True, text=True)
    lines = (done.stdout + done.stderr).splitlines()
    print(*[f"numerics     {line}" for line in lines], sep="\n", flush=True)
    if done.returncode:
        results.problems.append(f"numerics: {lines[-1] if lines else done.returncode}")


def run_forward(arguments, folder, cases, results, pool, deadline):
    simplicial, peer = Simplicial(folder, cases), Triton(pool)
    plain = next((case for case in cases if not case.packed), None)
    if plain:
        launch_overhead(results, simplicial.kernels[plain.kernel], plain)
    dot_product_attention(results, cases[0])

    # While other processes compile the peer, nothing is timed.
    for case in cases:
        if case.has_peer:
            peer.prepare(case)
    checks = {}
    for case in cases:
        if case.kernel not in checks:
            checks[case.kernel] = reference.checks(case)
            simplicial.check(results, case, checks[case.kernel])

    left_out = []
    for case in cases:
        if time.monotonic() > deadline:
            left_out.append(case.name)
            continue
        torch.cuda.empty_cache()
        if case.has_peer:
            peer.rank(case)
        sets = tensors(case)
        simplicial.time(results, case, sets)
        if case.has_peer:
            peer.time(results, case, checks[case.kernel], sets)
        del sets
    return left_out


def run_all(arguments, folder, out, cases, machine, results, pool):
    deadline = time.monotonic() + arguments.budget
    torch.manual_seed(0)
    run_numerics(results, folder)
    ceilings(results, machine)
    left_out = []
    if forward := [case for case in cases if not case.grad]:
        left_out += run_forward(arguments, folder, forward, results, pool, deadline)
    if len(forward) < len(cases):
        torch.cuda.empty_cache()
        left_out += run_gradients(arguments, out, results, deadline)
    if left_out:
        print(f"left out after {arguments.budget} s: {', '.join(left_out)}")
    return left_out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path, help="what build.py made")
    parser.add_argument("--out", type=pathlib.Path, help="where the results go (default: FOLDER/results)")
    parser.add_argument("--match", default="", help="only the cases whose name contains this")
    parser.add_argument("--budget", type=float, default=380,
                        help="after so many seconds no case is started (default: %(default)s)")
    parser.add_argument("--repetitions", type=int, default=5, help="measurements of each time (default: %(default)s)")
    arguments = parser.parse_args()

    if not (arguments.folder / "manifest.json").exists():
        sys.exit(f"run.py: error: {arguments.folder} has no manifest.json: it is not a folder that build.py made")
    manifest = json.loads((arguments.folder / "manifest.json").read_text())
    cases = [case for case in (Case(**fields) for fields in manifest["cases"]) if arguments.match in case.name]
    if not cases:
        sys.exit(f"run.py: error: no case's name contains '{arguments.match}'")
    if not torch.cuda.is_available():
        sys.exit("run.py: error: torch finds no CUDA device")

    out = arguments.out or arguments.folder / "results"
    out.mkdir(parents=True, exist_ok=True)
    machine = describe(manifest)
    if (arguments.folder / PREDICTIONS).exists() and out.resolve() != arguments.folder.resolve():
        shutil.copy(arguments.folder / PREDICTIONS, out)
    workers = min(16, len(os.sched_getaffinity(0)))
    context = multiprocessing.get_context("spawn")
    with (out / "results.csv").open("w", newline="") as file, \
         concurrent.futures.ProcessPoolExecutor(workers, context) as pool:
        results = Results(file, arguments.repetitions)
        try:
            machine["left_out"] = run_all(arguments, arguments.folder.resolve(), out.resolve(), cases, machine, results,
                                          pool)
        finally:
            pool.shutdown(cancel_futures=True)
            machine["problems"] = results.problems
            machine["after"] = nvidia_smi()
            (out / "machine.json").write_text(json.dumps(machine, indent=1) + "\n")
    print(f"{out}: results.csv and machine.json; {len(results.problems)} problems")
    return 1 if results.problems else 0


if __name__ == "__main__":
    sys.exit(main())
