# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What `./dev demo` shows: 2-simplicial attention from one operation, stage by
stage, to machine code, then run on .npy tensors, checked and timed."""

import argparse
import ctypes
import os
import pathlib
import re
import subprocess
import sys
import time

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent / "attention.mlir"
NAIVE = HERE.parent.parent / "bench" / "naive.c"

# The size shown. Heads, dimension and windows are those of SOURCE.
B, N, HQ, HK, D, W1, W2 = 1, 1024, 8, 1, 64, 32, 256

TOLERANCE = 1e-5
WIDTH = 110

# Pass, what it does, and what of its result to show: for each pattern the next
# line in which it is (just what it matches, where that ends in a brace).
STAGES = [
    ("simplicial-verify", "checks what the types cannot say; changes nothing", []),
    ("simplicial-configure", "picks the tile sizes", [r"simplicial\.config = \{[^}]*\}"]),
    ("simplicial-bufferize", "tensors become memory to write into", [r"attention_into"]),
    ("one-shot-bufferize", "upstream's: function boundaries too", [r"func\.func", r"attention_into"]),
    ("simplicial-tile", "the tile program: an online softmax over tiles, upstream dialects only",
     [r"scf\.forall", r"scf\.for ", r"vector\.contract", r"vector\.multi_reduction", r"math\.exp2", r"vector\.contract"]),
    ("simplicial-block", "CPU: rows on vector lanes, loops over what fits in registers",
     [r"memref\.alloca.*x.*x", r"= scf\.for ", r"= scf\.for ", r"vector\.load", r"memref\.load", r"vector\.broadcast",
      r"math\.fma", r"vector\.store"]),
    ("simplicial-outline", "CPU: the parallel loop becomes a function for the thread pool", 
     [r"simplicialParallelFor", r"func.*private.*(i64, i64|: i64, .*: i64)"]),
    ("reconcile-unrealized-casts", "the last of upstream's passes to the LLVM dialect",
     [r"llvm\.func internal", r"llvm\.load.*vector", r"llvm\.intr\.fma"]),
]


def command(*arguments):
    """Runs a program; gives (stdout, stderr), or ends the demo with what the program said."""
    result = subprocess.run([str(a) for a in arguments], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{pathlib.Path(arguments[0]).name} failed:\n{result.stdout}{result.stderr}")
    return result.stdout, result.stderr


def section(number, title):
    print(f"\n{number}. {title}\n")


def shorten(line, width=WIDTH):
    """The line without long attributes, and cut where it is still too long."""
    line = re.sub(r"\{.{40,}\} ", "{...} ", line)
    return line if len(line) <= width else line[:width - 4] + " ..."


def dedent(lines):
    shift = min((len(l) - len(l.lstrip()) for l in lines), default=0)
    return [l[shift:] for l in lines]


# --- 1 and 2: the operation and the stages -----------------------------------


def show_operation():
    lines = [l for l in SOURCE.read_text().splitlines() if not l.startswith("//")]
    print("\n".join("    " + l for l in lines if l))


def ir_after_each_pass(tools):
    """(pass name, lines of IR) after each pass of the CPU pipeline."""
    _, dumps = command(tools / "simplicial-opt", SOURCE, "--mlir-print-ir-after-all", "--mlir-disable-threading",
                       "--pass-pipeline=builtin.module(simplicial-to-tile,simplicial-to-cpu)")
    parts = re.split(r"^// -----// IR Dump After .*?\(([\w-]+).*?\).*//----- //$", dumps, flags=re.MULTILINE)
    return [(name, text.strip("\n").splitlines()) for name, text in zip(parts[1::2], parts[2::2])]


def excerpt(lines, patterns):
    """One line for each pattern, in order, without their common indentation."""
    found, at = [], 0
    for pattern in patterns:
        match = next((i for i in range(at, len(lines)) if re.search(pattern, lines[i])), None)
        if match is not None:
            found.append(lines[match] if not pattern.endswith("}") else re.search(pattern, lines[match])[0])
            at = match + 1
    return dedent(found)


def show_stages(tools):
    stages = ir_after_each_pass(tools)
    for name, does, patterns in STAGES:
        results = [lines for passed, lines in stages if passed == name]
        if not results:
            sys.exit(f"the pass {name} did not run")
        print(f"  {name}: {does} [{len(results[-1])} lines]")
        for line in excerpt(results[-1], patterns):
            print("    " + shorten(line, WIDTH - 4))


# --- machine code --------------------------------------------------------------


def innermost_loops(instructions):
    """The bodies of loops that hold no other loop, from (address, text) pairs."""
    spans = []
    for index, (address, text) in enumerate(instructions):
        jump = re.match(r"(?:j\w+|b\.\w+|cbn?z|tbn?z)\s+(?:\w+,\s*(?:#\d+,\s*)?)?([0-9a-f]+)\b", text)
        if jump and int(jump[1], 16) <= address:
            first = next((i for i, (a, _) in enumerate(instructions) if a == int(jump[1], 16)), None)
            if first is not None:
                spans.append((first, index))
    return [instructions[a:b + 1] for a, b in spans
            if not any(a <= c and d <= b and (a, b) != (c, d) for c, d in spans)]


def multiply_adds(loop):
    """Into how many registers, how many there are, and their share: the better the loop, the greater."""
    found = [text for _, text in loop if re.match(r"vfn?madd|fmla", text)]
    registers = {re.split(r"[\s,]+", text)[-1 if text.startswith("v") else 1] for text in found}
    return len(registers), len(found), len(found) / max(len(loop), 1)


def show_machine_code(tools, work):
    target = work / "attention.o"
    command(tools / "simplicial-compile", SOURCE, "--target=cpu", "--emit=object", "-o", target)
    listing, _ = command("objdump", "-d", "--no-show-raw-insn", target)
    instructions = [(int(m[1], 16), m[2].strip()) for m in re.finditer(r"^ +([0-9a-f]+):\t(.*)$", listing, re.MULTILINE)]
    print(f"  machine code: {target.stat().st_size // 1024} KiB of object file")
    best = max(innermost_loops(instructions), key=multiply_adds, default=[])
    registers, count, _ = multiply_adds(best)
    if count:
        print(f"    an inner loop: {count} multiply-adds, into {registers} registers, in {len(best)} instructions")
        for _, text in best[:8]:
            print("    " + shorten(re.sub(r"\s+", " ", text), WIDTH - 4))


# --- 3 and 4: running it -----------------------------------------------------------


def make_inputs(work):
    """Writes q, k1, k2, v1, v2 as .npy files; gives them."""
    random = np.random.default_rng(0)
    shapes = {"q": (B, N, HQ, D), **{name: (B, N, HK, D) for name in ("k1", "k2", "v1", "v2")}}
    inputs = {name: random.standard_normal(shape, dtype=np.float32) for name, shape in shapes.items()}
    for name, array in inputs.items():
        np.save(work / f"{name}.npy", array)
    return inputs


def windows(p):
    """The keys j and k that the query at position p sees."""
    return slice(max(0, p - W1 + 1), p + 1), slice(max(0, p - W2 + 1), p + 1)


def reference(q, k1, k2, v1, v2):
    """(out, lse) in float64, from the definition, a query at a time."""
    q, k1, k2, v1, v2 = (x.astype(np.float64) for x in (q, k1, k2, v1, v2))
    out, lse = np.zeros((B, N, HQ, D)), np.zeros((B, HQ, N))
    group = HQ // HK
    for b, p, h in np.ndindex(B, N, HK):
        (js, ks), heads = windows(p), slice(h * group, (h + 1) * group)
        rows = (q[b, p, heads, None] * k1[b, js, h] / np.sqrt(D)).reshape(-1, D)  # [(head, j), d]
        s = (rows @ k2[b, ks, h].T).reshape(group, -1)                           # [head, (j, k)]
        top = s.max(axis=1)
        e = np.exp(s - top[:, None])
        total = e.sum(axis=1)
        over_k = (e.reshape(len(rows), -1) @ v2[b, ks, h]).reshape(group, -1, D)
        out[b, p, heads] = (over_k * v1[b, js, h]).sum(axis=1) / total[:, None]
        lse[b, heads, p] = np.log(total) + top
    return out, lse


def run(tools, work, *options):
    """simplicial-run on the inputs in files; gives what it prints."""
    inputs = [f"--input=@{work / name}.npy" for name in ("q", "k1", "k2", "v1", "v2")]
    return command(tools / "simplicial-run", SOURCE, "--function=attention", "--target=cpu", *inputs, *options)[0]


def show_accuracy(tools, work, inputs):
    print(f"  $ simplicial-run {os.path.relpath(SOURCE)} --function=attention --target=cpu --input=@q.npy ...")
    run(tools, work, *(f"--output=@{work / name}.npy" for name in ("out", "lse")))
    for name, expected in zip(("out", "lse"), reference(**inputs)):
        value = np.load(work / f"{name}.npy")
        error = np.linalg.norm(value - expected) / np.linalg.norm(expected)
        print(f"  {name} {list(value.shape)}: relative error against float64 {error:.1e}")
        if not error < TOLERANCE:
            sys.exit(f"{name} is wrong: the error must be below {TOLERANCE}")


def show_speed(tools, work, inputs):
    flops = sum(4 * D * B * HQ * (j.stop - j.start) * (k.stop - k.start) for j, k in map(windows, range(N)))
    plain = plain_loop(work, inputs)
    print(f"  plain C, 1 thread      {plain * 1e3:8.1f} ms {flops / plain / 1e9:7.1f} GFLOP/s")
    for threads in sorted({1, len(os.sched_getaffinity(0))}):
        report = run(tools, work, "--benchmark=10", f"--threads={threads}")
        ms = float(re.search(r"([\d.]+) ms", report)[1])
        gflops, share = map(float, re.search(r"([\d.]+) GFLOP/s, ([\d.]+)% of", report).groups())
        print(f"  Simplicial, {threads} thread{'s' if threads > 1 else ' '}  {ms:8.1f} ms {gflops:7.1f} GFLOP/s, "
              f"{share:.0f}% of the multiply-add peak, {plain * 1e3 / ms:.1f} x as fast")


def plain_loop(work, inputs):
    """Seconds that bench/naive.c, a triple loop, takes for the same."""
    library = work / "naive.so"
    command(os.environ.get("CC", "cc"), "-O3", "-march=native", "-fPIC", "-shared", NAIVE, "-o", library, "-lm")
    function = ctypes.CDLL(str(library)).naive_attention
    out = np.empty_like(inputs["q"])
    arrays = [a.ctypes.data_as(ctypes.c_void_p) for a in (*inputs.values(), out)]
    start = time.perf_counter()
    function(*arrays, *map(ctypes.c_int64, (N, HQ, D, W1, W2)))
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="the build folder")
    build = parser.parse_args().build.resolve()
    tools, work = build / "bin", build / "demo"
    work.mkdir(exist_ok=True)

    print("2-simplicial attention: every query attends to pairs of keys")
    section(1, f"The operation ({os.path.relpath(SOURCE)})")
    show_operation()

    section(2, "Pass by pass, with simplicial-opt: a few lines of each result")
    show_stages(tools)
    show_machine_code(tools, work)

    section(3, f"On tensors of B={B} N={N} Hq={HQ} Hk={HK} D={D}, windows {W1} and {W2}, f32")
    inputs = make_inputs(work)
    show_accuracy(tools, work, inputs)

    section(4, "Speed")
    show_speed(tools, work, inputs)


if __name__ == "__main__":
    main()
