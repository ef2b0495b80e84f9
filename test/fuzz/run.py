# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles and runs random modules; nothing may come of one but right results or one diagnostic.

    python3 test/fuzz/run.py --count 20000              with the tools in build/bin, from seed 0
    python3 test/fuzz/run.py --seed 1234 --count 1 -v   one module again: prints it, and what came of it
    python3 test/fuzz/run.py --seed 1234 --count 1 --minimize

A seed says what the module is (generate.py) and which way it takes: through simplicial-run on the CPU or on the
emulator, through the library (call.py, which also looks whether inputs were written to), through simplicial-compile
to some output, or through a few passes of simplicial-opt. Each process has a limit of time and one of memory, and no
cache. Then the module is (verdict.py)

  right       results agree with an interpretation of the program in float64; or what was compiled is there, objects
              link and ptxas takes PTX
  unchecked   the same, of a module whose meaning nobody knows
  diagnosed   exit status 1, one error on stderr and nothing else: no output, no message from inside the compiler
  failed      anything else; also a diagnostic of what must work, and none of what the dialect forbids

Failures are printed with how to run them again, and counted by kind. The last line is
`N modules: R right, U unchecked, D diagnosed, F failed`.
"""

import argparse
import collections
import dataclasses
import multiprocessing
import os
import pathlib
import random
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

import numpy as np  # noqa: E402

from generate import generate  # noqa: E402
from verdict import EVERYWHERE, NOT_IN, ON_CPUS, Outcome, compare_results, judge  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
PTXAS = shutil.which("ptxas", path=os.pathsep.join([os.environ["PATH"], "/usr/local/cuda/bin"]))
CC = shutil.which("cc")

EMULATED = ["emulate:sm_80", "emulate:sm_90a"]
CHIPS = ["sm_80", "sm_90a", "sm_86", "sm_90", "sm_120"]
EMITS = {"cpu": ["tile", "llvm", "object", "object", "header"],
         "gpu": ["tile", "gpu", "nvvm", "llvm", "ptx", "ptx", "header"] + ["object", "object", "cubin", "fatbin"] * bool(PTXAS)}
PASSES = ["simplicial-verify", "simplicial-configure", "simplicial-bufferize", "simplicial-tile", "simplicial-stage",
          "simplicial-distribute", "simplicial-interleave", "simplicial-block", "simplicial-outline", "simplicial-nvvm", "simplicial-launch",
          "simplicial-emulate", "simplicial-to-tile", "simplicial-to-tile,simplicial-to-cpu",
          "simplicial-to-tile,simplicial-to-gpu", "simplicial-to-tile,simplicial-to-gpu,simplicial-to-emulator"]
MOST_EMULATED = 3_000_000  # of Module.work: some seconds


@dataclasses.dataclass(frozen=True)
class Way:
    """What is done with a module: "run", "call", "compile" or "opt"."""
    tool: str
    target: str
    emit: str = ""

    def __str__(self):
        return " ".join(filter(None, (self.tool, self.target, self.emit)))

    @property
    def kind(self):
        return "cpu" if self.target == "cpu" else "gpu"

    @property
    def must(self):
        """The features that must work."""
        if self.tool == "opt":
            return None  # a pass may refuse what it meets
        return (ON_CPUS if self.kind == "cpu" else EVERYWHERE) - NOT_IN.get(self.emit, set())


def has_loops(module):
    """Whether running a mutated one may take for ever, or read what its indices no longer say."""
    return re.search(r"scf\.(for|while|forall)|\[.*%|call|cf\.", module.text)


def draw_way(module, only):
    """The way of the module; `only` is one of its parts, or empty."""
    rng = random.Random(f"{module.seed} way")
    for _ in range(100):
        tool = rng.choices(["run", "call", "emulate", "compile", "opt"], [35, 15, 15, 30, 5])[0]
        if tool == "compile":
            kind = rng.choice(["cpu", "gpu"])
            target = "cpu" if kind == "cpu" else rng.choice(CHIPS)
            way = Way("compile", target, rng.choice(EMITS[kind]))
        elif tool == "opt":
            way = Way("opt", "cpu", rng.choice(PASSES))
        elif module.inputs is None or module.kind == "mutated" and has_loops(module):
            continue
        elif tool == "emulate":
            way = Way("run", rng.choice(EMULATED))
            if module.work > MOST_EMULATED:
                continue
        else:
            way = Way(tool, "cpu")
        if only and only not in (way.tool, way.target, way.emit):
            continue
        # Most modules go where they must work.
        if module.expect == "valid" and way.must and not module.features <= way.must and rng.random() < 0.8:
            continue
        return way
    return Way("run", "cpu")


# Processes ------------------------------------------------------------------------------------------------------------

def command_of(way, module, folder, options):
    """The command, and the names of the files that it makes."""
    source, function = folder / "f.mlir", os.fsdecode(module.function)
    outputs = [f"out{i}.npy" for i in range(len(module.main.results) if module.main else 0)]
    if way.tool == "call":
        library = options.build / "lib" / "libsimplicial_compiler.so"
        return [sys.executable, HERE / "call.py", library, source, way.target, function, folder], outputs
    if way.tool == "run":
        pads = (f":pad={pad}" if pad else "" for _, _, pad in module.inputs)
        return [options.build / "bin" / "simplicial-run", source, f"--function={function}", f"--target={way.target}",
                *(f"--input=@{folder}/in{i}.npy{pad}" for i, pad in enumerate(pads)),
                *(f"--output=@{folder}/{name}" for name in outputs)], outputs
    if way.tool == "opt":
        return [options.build / "bin" / "simplicial-opt", f"--pass-pipeline=builtin.module({way.emit})", source,
                "-o", folder / "out"], ["out"]
    return [options.build / "bin" / "simplicial-compile", source, f"--target={way.target}", f"--emit={way.emit}", "-o",
            folder / "out"], ["out"]


def limited(memory):
    def limit():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if memory:
            resource.setrlimit(resource.RLIMIT_AS, (memory << 30, memory << 30))
    return limit


def execute(command, options):
    """Runs the command in a group of its own, all of which ends with it."""
    environment = dict(os.environ, SIMPLICIAL_CACHE_SIZE="0", PYTHONDONTWRITEBYTECODE="1", OPENBLAS_NUM_THREADS="1")
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               start_new_session=True, preexec_fn=limited(options.memory), env=environment)
    try:
        stdout, stderr = process.communicate(timeout=options.timeout)
        code = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        stdout, stderr = process.communicate()
        code = None
    return Outcome(code, stdout.decode(errors="replace"), stderr.decode(errors="replace"))


def try_module(module, way, options, folder):
    """(verdict, reason, the command) of the module in an empty folder."""
    (folder / "f.mlir").write_text(module.text, encoding="utf-8", errors="surrogateescape")
    for i, (x, element, _) in enumerate(module.inputs if way.tool in ("run", "call") else ()):
        np.save(folder / f"in{i}.npy", x.astype(np.float16) if element == "f16" else x)
    given = {path.name: path.read_bytes() for path in folder.iterdir()}
    command, outputs = command_of(way, module, folder, options)
    outcome = execute(command, options)
    command = shlex.join(map(str, command))
    there = {path.name for path in folder.iterdir()}
    changed = [name for name, content in given.items() if name not in there or (folder / name).read_bytes() != content]
    if changed:
        return "failed", f"changes {', '.join(changed)}", command
    outcome.left = tuple(sorted(there - set(given)))

    def compare():
        if set(outcome.left) != set(outputs):
            return f"made {outcome.left}, not {outputs}"
        if way.tool in ("run", "call"):
            if module.expect != "valid":
                return ""
            element = module.main.arguments[0].type.element
            return compare_results(module, [np.load(folder / name) for name in outputs],
                                   element if way.kind == "gpu" else "f32")
        return check_output(module, way, folder / "out", options)
    return *judge(module, way.must, outcome, compare), command


def check_output(module, way, path, options):
    """What is wrong with what was compiled."""
    content = path.read_bytes()
    if not content:
        return "an empty output"
    if way.emit == "object":
        if module.expect == "valid" and b"_mlir_ciface_" + module.function not in content:
            return "an object without the function"
        if CC and b"@" not in module.function:  # which begins a version, in a shared library
            linked = execute([CC, "-shared", "-x", "none", "-Wl,-z,defs", path, f"-L{options.build / 'lib'}",
                              "-lsimplicial_runtime", "-lm", "-o", path.with_name("linked")], options)
            if linked.code:
                return f"it does not link: {linked.stderr.strip()[-400:]}"
    if way.emit == "ptx" and PTXAS:
        assembled = execute([PTXAS, f"--gpu-name={way.target}", "-o", path.with_name("cubin"), path], options)
        if assembled.code:
            return f"ptxas: {assembled.stderr.strip()[:400]}"
    return ""


# One module -----------------------------------------------------------------------------------------------------------

@dataclasses.dataclass
class Report:
    seed: int
    verdict: str
    kind: str = ""   # of failure: the reason without what differs from module to module
    text: str = ""


def kind_of(way, reason):
    first = reason.splitlines()[0] if reason else ""
    first = re.sub(r"/\S*?/f\.mlir(:\d+:\d+)?", "f.mlir", first)
    first = re.sub(r"tensor<[^>]*>|memref<.*?>(?=[ ,']|$)|vector<[^>]*>", "T", first)
    first = re.sub(r"(?<!sm_)-?\d+(\.\d+)?(e[-+]?\d+)?", "N", first)
    return f"{way.tool} {way.emit if way.tool == 'opt' else way.kind}: {first[:200]}"


def attempt(module, way, options):
    with tempfile.TemporaryDirectory(prefix="fuzz") as folder:
        return try_module(module, way, options, pathlib.Path(folder))


def minimize(module, way, options, reason):
    """Takes away lines, and then words, of the module for as long as it fails in the same way (or patience ends)."""
    wanted, patience = kind_of(way, reason), 400
    # Another text means something else, so that only failures can be kept that any text may have.
    free = dataclasses.replace(module, expect="anything")
    for split in (lambda text: text.splitlines(keepends=True), lambda text: re.findall(r"\w+|\s+|.", text)):
        pieces = split(free.text)
        size = max(len(pieces) // 2, 1)
        while size:
            at = 0
            while at < len(pieces) and patience:
                patience -= 1
                free.text = "".join(pieces[:at] + pieces[at + size:])
                verdict, reason, _ = attempt(free, way, options)
                if verdict == "failed" and kind_of(way, reason) == wanted:
                    pieces = pieces[:at] + pieces[at + size:]
                else:
                    at += size
            size //= 2
        free.text = "".join(pieces)
    return free.text


def one(seed, options):
    module = generate(seed)
    way = draw_way(module, options.only)
    verdict, reason, command = attempt(module, way, options)
    report = Report(seed, verdict)
    again = f"python3 {HERE.name}/run.py --seed {seed} --count 1" + (f" --only {options.only}" if options.only else "")
    about = (f"seed {seed}, {module.kind}{module.note and ': ' + module.note}, expected {module.expect}, {way}, "
             f"needs {', '.join(sorted(module.features)) or 'nothing'}")
    if verdict == "failed":
        report.kind = kind_of(way, reason)
        text = minimize(module, way, options, reason) if options.minimize else module.text
        report.text = f"FAIL {about}\n  {reason[:2000]}\n  again: {again}\n  {command[:2000]}\n{text}\n"
    elif options.verbose:
        report.text = f"{verdict} {about}\n  {reason}\n  {command}\n{module.text}\n"
    return report


def work(seed):
    return one(seed, work.options)


def prepare(options):
    work.options = options


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent.parent / "build", help="the build folder")
    parser.add_argument("--seed", type=int, default=0, help="the first one")
    parser.add_argument("--count", type=int, default=300, help="how many modules")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", default="", help="run, call, compile, opt, a target or an output: the ways to take")
    parser.add_argument("--timeout", type=int, default=60, help="of each process, in seconds")
    parser.add_argument("--memory", type=int, default=8, help="of each process, in GiB; 0: no limit")
    parser.add_argument("--minimize", action="store_true", help="make the modules that fail smaller")
    parser.add_argument("--brief", action="store_true", help="print only how many failed in which way")
    parser.add_argument("-v", "--verbose", action="store_true", help="print all modules")
    options = parser.parse_args()
    options.build = options.build.resolve()
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # of names that are no UTF-8

    verdicts, kinds, first = collections.Counter(), collections.Counter(), {}
    with multiprocessing.Pool(options.jobs, prepare, (options,)) as pool:
        for report in pool.imap(work, range(options.seed, options.seed + options.count), chunksize=4):
            verdicts[report.verdict] += 1
            if report.kind:
                kinds[report.kind] += 1
                first.setdefault(report.kind, report.seed)
            if report.text and not options.brief:
                print(report.text, flush=True)
    for kind, count in kinds.most_common():
        print(f"{count:6} x {kind} (seed {first[kind]})")
    print(f"{options.count} modules: {verdicts['right']} right, {verdicts['unchecked']} unchecked, "
          f"{verdicts['diagnosed']} diagnosed, {verdicts['failed']} failed")
    return 1 if verdicts["failed"] or not verdicts["right"] else 0


if __name__ == "__main__":
    sys.exit(main())
