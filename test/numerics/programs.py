# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs tile programs that are no attention of ours (test/programs) and checks every result against float64.

A program is a function on memrefs, of which the last are its results. It is called by a function on tensors that is made
here, and that gives it results with some rows behind them, which must stay as they are.
"""

import pathlib
import re
import sys

import numpy as np

import data
import harness

PROGRAMS = pathlib.Path(__file__).parent.parent / "programs"
TARGETS = "cpu", "emulate:sm_80", "emulate:sm_90a"

GUARD = 3  # rows behind results
SENTINEL = 12345.0
ROUNDING = 2e-6  # of sums in f32, relative to the norm of a result


def exact(x):
    return x


class Case:
    def __init__(self, program, shapes, reference, f32=False, data=None):
        """`program` is file:function; `shapes` are of its arguments; `reference(round, *inputs)` gives its results in
        float64, or, where `round` rounds as the program does, nearly what it should compute; with `f32`, the program's
        bf16 becomes f32; `data(random, shape)` makes an input."""
        self.program, self.f32 = program, f32
        self.file, self.function = program.split(":")
        self.shapes, self.reference = shapes, reference
        self.data = data or (lambda random, shape: random.normal(size=shape))

    def __str__(self):
        return f"{self.program}{' in f32' if self.f32 else ''}"


def in_f32(text):
    """A function with f32 in place of bf16, in which conversions between them are left out."""
    text = text.replace("bf16", "f32")
    conversion = re.compile(r"^ *(%\w+) = arith\.(?:extf|truncf) (%\w+) : (\S+) to \3\n", re.MULTILINE)
    while found := conversion.search(text):
        text = text[:found.start()] + text[found.end():]
        text = re.sub(re.escape(found[1]) + r"\b", found[2], text)
    return text


def function_of(case):
    """What stands before the functions of the case's file, and its function."""
    parts = re.split(r"^(?=func\.func @)", (PROGRAMS / f"{case.file}.mlir").read_text(), flags=re.MULTILINE)
    function = next(part for part in parts[1:] if part.startswith(f"func.func @{case.function}("))
    return parts[0], in_f32(function) if case.f32 else function


def module(case):
    """The module to run, its inputs' and its results' element types."""
    head, function = function_of(case)
    signature = function.split(") {", 1)[0]
    types = re.findall(r"%\w+: memref<([^>]*)>", signature)
    inputs = len(case.reference.__code__.co_varnames[1:case.reference.__code__.co_argcount])
    elements = [re.search(r"(\w+)$", t.split("x")[-1])[1] for t in types]
    static = ["x".join(map(str, shape)) + "x" + e for shape, e in zip(case.shapes, elements)]
    arguments, returned, lines, passed = [], [], [], []
    for i, (dynamic, shape, element) in enumerate(zip(types, case.shapes, elements)):
        if i < inputs:
            arguments.append(f"%t{i}: tensor<{dynamic}>")
            lines.append(f"%m{i} = bufferization.to_buffer %t{i} read_only : tensor<{dynamic}> to memref<{dynamic}>")
        else:
            longer = "x".join(map(str, (shape[0] + GUARD, *shape[1:]))) + "x" + element
            arguments.append(f"%t{i}: tensor<{longer}>")
            returned.append(f"tensor<{longer}>")
            strides = [int(np.prod(shape[d + 1:])) for d in range(len(shape))]
            view = f"memref<{static[i]}, strided<{strides}>>"
            lines += [f"%i{i} = bufferization.to_buffer %t{i} read_only : tensor<{longer}> to memref<{longer}>",
                      f"%b{i} = memref.alloc() : memref<{longer}>",
                      f"memref.copy %i{i}, %b{i} : memref<{longer}> to memref<{longer}>",
                      f"%v{i} = memref.subview %b{i}{[0] * len(shape)} {list(shape)} {[1] * len(shape)} : "
                      f"memref<{longer}> to {view}",
                      f"%m{i} = memref.cast %v{i} : {view} to memref<{dynamic}>"]
        passed.append(f"%m{i}")
    memrefs = ", ".join(f"memref<{t}>" for t in types)
    lines.append(f"func.call @{case.function}({', '.join(passed)}) : ({memrefs}) -> ()")
    results = range(inputs, len(types))
    lines += [f"%r{i} = bufferization.to_tensor %b{i} restrict writable : {t.replace('tensor', 'memref')} to {t}"
              for i, t in zip(results, returned)]
    lines.append(f"return {', '.join(f'%r{i}' for i in results)} : {', '.join(returned)}")
    body = "".join(f"  {line}\n" for line in lines)
    private = function.replace("func.func @", "func.func private @", 1)
    return (f"{head}{private}\nfunc.func @call({', '.join(arguments)}) -> ({', '.join(returned)}) {{\n{body}}}\n",
            elements[:inputs], elements[inputs:])


def rounded(x, element):
    return data.round_to(element, np.asarray(x, np.float32))


def execute(tool, target, folder, count, results, threads, seed):
    """The results as float64."""
    command = [tool, folder / "f.mlir", "--function=call", f"--target={target}", f"--threads={threads}"]
    command += [f"--input=@{folder}/in{i}.npy" for i in range(count)]
    outputs = [folder / f"out{i}.npy" for i in range(results)]
    return [x.astype(np.float64) for x in harness.execute(command, outputs, seed)]


def error(got, want):
    """Of the norm of what is written; the rest must be as it was."""
    written = want != SENTINEL
    if (got[~written] != SENTINEL).any():
        return np.inf
    return np.linalg.norm((got - want)[written]) / np.linalg.norm(want[written])


def run(tool, target, case, folder):
    """The line to print about the case, starting with "ok" or "FAIL"."""
    text, elements, results = module(case)
    random = np.random.default_rng(len(case.function))
    x = [rounded(case.data(random, shape), element) for shape, element in zip(case.shapes, elements)]
    kept = [np.full((shape[0] + GUARD, *shape[1:]), SENTINEL, np.float32) for shape in case.shapes[len(x):]]
    (folder / "f.mlir").write_text(text)
    for i, value in enumerate(x + kept):
        np.save(folder / f"in{i}.npy", value)
    try:
        got = execute(tool, target, folder, len(x) + len(kept), len(kept), threads=2, seed=0)
        again = execute(tool, target, folder, len(x) + len(kept), len(kept), threads=1, seed=1)
    except harness.Failure as failure:
        return f"FAIL {target:14} {case}: {failure}"
    wide = [value.astype(np.float64) for value in x]
    half = exact if case.f32 else lambda v: rounded(v, "bf16").astype(np.float64)
    want, near = case.reference(exact, *wide), case.reference(half, *wide)
    measured, problems = [], []
    for i, element in enumerate(results):
        rows = case.shapes[len(x) + i][0]
        limit = 2 * error(near[i] if element == "f32" else half(near[i]), want[i]) + ROUNDING
        is_now = error(got[i][:rows], want[i])
        measured.append(f"{is_now:.1e}/{limit:.1e}")
        if not is_now <= limit:
            problems.append(f"result {i} is wrong by {is_now:.1e}, allowed are {limit:.1e}")
        if not (got[i][rows:] == rounded([SENTINEL], element)).all():
            problems.append(f"result {i} was written past its end")
        if got[i].tobytes() != again[i].tobytes():
            problems.append(f"result {i} depends on the number of threads, or on the emulator's seed")
    return f"FAIL {target:14} {case}: {'; '.join(problems)}" if problems else \
        f"ok   {target:14} {case}: {', '.join(measured)}"


# References ----------------------------------------------------------------------------------------------------------


def mk_nk(r, a, b):
    return [a @ b.T]


def mk_kn(r, a, b):
    return [a @ b]


def km_nk(r, a, b):
    return [a.T @ b.T]


def km_kn(r, a, b):
    return [a.T @ b]


def pieces(r, a, b, x):
    y = (a @ b.T) * x
    return [y, np.array([y[i:i + 64].sum(0) for i in range(0, len(y), 64)])]


def softmax(x):
    p = np.exp(x - x.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True)


def attention(r, q, k, v):
    s = q @ k.T / 8
    p = np.exp(s - s.max(1, keepdims=True))
    return [r(p) @ v / p.sum(1, keepdims=True)]


def softmax_rows(r, x):
    return [softmax(x)]


def rms_norm(r, x, g):
    return [x / np.sqrt(np.mean(x**2, 1, keepdims=True) + 1e-5) * g]


def fill(r, x):
    return [np.full_like(x, 2.5)]


def halved_rows(r, x):
    y = x.copy()
    for i in range(0, len(x), 32):
        y[i:i + 32] *= 0.5 if (x[i:i + 32] > 2).any() else 1
    return [y]


def row_numbers(r, x, v):
    y = np.where(v > 1, 0, v)
    return [y, y + x.sum(1)]


def strided_sums(round, x):
    behind = np.concatenate([x, np.zeros((24, x.shape[1]))])
    return sum(behind[first:first + len(x)] for first in (0, 8, 16, 24)),


def transposed(r, x):
    return [x.T, x.T]


def chained(r, a, b, c):
    return [r(a @ b) @ c]


def two_widths(r, a, b, c):
    return [a @ b, a @ c]


def tiles_of(x, rows):
    return np.concatenate([x, np.zeros((-len(x) % rows, x.shape[1]))]).reshape(-1, rows, x.shape[1])


def everywhere(r, a, b, x):
    tiles = tiles_of(x, 64)
    return [sum(t @ b.T for t in tiles), sum(a @ t.T for t in tiles), sum(a @ t for t in tiles)]


def computed(r, a, b, x):
    t = r(sum(t @ t for t in tiles_of(x, 64)))
    return [t @ b.T, a @ t.T, a @ t, t.T @ a]


def two_sizes(r, a, e, b):
    return [a @ b.T, e @ b.T]


def halved(y):
    for i in range(0, len(y), 64):
        y[i:i + 64] *= 0.5 if (y[i:i + 64] > 20).any() else 1
    return y


def halved_products(r, a, b):
    return [halved(a @ b.T)]


def halved_steps(r, a, b):
    y = 0
    for k in range(0, a.shape[1], 64):
        y = halved(y + a[:, k:k + 64] @ b[:, k:k + 64].T)
    return [y]


def scaled(r, a, b, s, t):
    c = s[:, None] * (a @ b.T) + t
    return [np.pad(c, ((0, 0), (0, -len(b) % 64)))]


def numbers(r, a, x, s, t):
    d = 0
    for k in range(0, len(x), 64):
        tile = x[k:k + 64]
        columns = slice(k, k + len(tile))
        d = d + r((a @ tile.T + s[1, columns]) * t[2, columns]) @ tile
    return [d]


W1, W2, KEYS, SCALE = 4, 24, 16, 1 / 8  # of backward.mlir


def dq(r, q, k1, k2, v1, v2, do, lse, delta):
    d, parts = np.zeros_like(q), np.full((*q.shape[:2], W1, q.shape[3]), SENTINEL)
    shift = k1.shape[1] - q.shape[1]
    for b, i in np.ndindex(q.shape[:2]):
        p = i + shift
        ks = slice(max(0, p - W2 + 1), p + 1)
        first = max(0, p - W1 + 1)
        for j in range(first, p + 1):
            s = r(q[b, i] * k1[b, j]) @ k2[b, ks, 0].T
            dp = r(do[b, i] * v1[b, j]) @ v2[b, ks, 0].T
            ds = np.exp(s * SCALE - lse[b, :, i, None]) * (dp - delta[b, :, i, None])
            w = r(ds) @ k2[b, ks, 0]
            d[b, i] += SCALE * k1[b, j] * w
            parts[b, i, j - first] = SCALE * (q[b, i] * w).sum(0)
    return [d, parts]


def only_dq(r, q, k1, k2, v1, v2, do, lse, delta):
    return dq(r, q, k1, k2, v1, v2, do, lse, delta)[:1]


def kv(r, q, k1, k2, v1, v2, do, lse, delta):
    n, shift = k1.shape[1], k1.shape[1] - q.shape[1]
    tiles = -(-n // KEYS)
    dk2, dv2 = np.zeros_like(k2), np.zeros_like(v2)
    dk1, dv1 = (np.full((len(q), tiles, W1 + KEYS + W2, q.shape[3]), SENTINEL) for _ in range(2))
    for b, t in np.ndindex(len(q), tiles):
        keys = np.arange(t * KEYS, min(n, (t + 1) * KEYS))
        begin, end = max(keys[0], shift), min(n, keys[-1] + W2)
        first = max(0, begin - W1 + 1)
        for j in range(first, end):
            a, a2 = r(k2[b, keys, 0] * k1[b, j]), r(v2[b, keys, 0] * v1[b, j])
            u, w = np.zeros_like(a), np.zeros_like(a)
            for p in range(max(j, begin), min(end, j + W1)):
                i = p - shift
                seen = ((keys > p - W2) & (keys <= p))[:, None]
                prob = seen * np.exp(a @ q[b, i].T * SCALE - lse[b, :, i])
                ds = prob * (a2 @ do[b, i].T - delta[b, :, i])
                w += r(prob) @ do[b, i]
                u += r(ds) @ q[b, i]
            dk2[b, keys, 0] += SCALE * k1[b, j] * u
            dv2[b, keys, 0] += v1[b, j] * w
            dk1[b, t, j - first] = SCALE * (k2[b, keys, 0] * u).sum(0)
            dv1[b, t, j - first] = (v2[b, keys, 0] * w).sum(0)
    return [dk2, dv2, dk1, dv1]


def some_large(random, shape):
    """Every other block of 32 rows has an element above 2, and one only."""
    x = random.uniform(-2, 2, shape)
    x[7::64, 3] = 3.0
    return x


def one_large(random, shape):
    """Of the operands, the left one has a large row in every other block of 64."""
    x = random.normal(size=shape)
    if shape[0] > 64:
        x *= 0.3
        x[63::128] *= 30
    return x


def backward(results):
    B, N, NQ, H, D = 2, 40, 33, 16, 64
    queries, keys, sums = (B, NQ, H, D), (B, N, 1, D), (B, H, NQ)
    return [queries, keys, keys, keys, keys, queries, sums, sums, *results]


CASES = [
    Case("matmul:mk_nk", [(150, 192), (128, 192), (150, 128)], mk_nk),
    Case("matmul:mk_nk", [(150, 192), (128, 192), (150, 128)], mk_nk, f32=True),
    Case("matmul:mk_kn", [(150, 96), (96, 128), (150, 128)], mk_kn),
    Case("matmul:mk_kn", [(150, 96), (96, 128), (150, 128)], mk_kn, f32=True),
    Case("matmul:km_nk", [(192, 128), (128, 192), (128, 128)], km_nk),
    Case("matmul:km_nk", [(192, 128), (128, 192), (128, 128)], km_nk, f32=True),
    Case("matmul:km_kn", [(150, 256), (150, 128), (256, 128)], km_kn),
    Case("matmul:km_kn", [(150, 256), (150, 128), (256, 128)], km_kn, f32=True),
    Case("matmul:turned", [(128, 128), (128, 64), (128, 64)], mk_kn),
    Case("attention:attention", [(100, 64), (150, 64), (150, 64), (100, 64)], attention),
    Case("attention:attention", [(100, 64), (150, 64), (150, 64), (100, 64)], attention, f32=True),
    Case("attention:lazy", [(100, 64), (150, 64), (150, 64), (100, 64)], attention),
    Case("attention:lazy", [(100, 64), (150, 64), (150, 64), (100, 64)], attention, f32=True),
    Case("rows:softmax", [(100, 200), (100, 200)], softmax_rows),
    Case("rows:long_softmax", [(50, 320), (50, 320)], softmax_rows),
    Case("rows:rms_norm", [(50, 192), (192,), (50, 192)], rms_norm),
    Case("rows:rms_norm", [(50, 192), (192,), (50, 192)], rms_norm, f32=True),
    Case("rows:fill", [(50, 64), (50, 64)], fill),
    Case("rows:halved", [(150, 64), (150, 64)], halved_rows, data=some_large),
    Case("rows:numbers", [(100, 64), (100,), (100,), (100,)], row_numbers),
    Case("rows:strided_sums", [(100, 64), (100, 64)], strided_sums),
    Case("rows:strided_sums", [(100, 64), (100, 64)], strided_sums, f32=True),
    Case("rows:transposed", [(64, 96), (96, 64), (96, 64)], transposed),
    Case("products:chained", [(100, 96), (96, 128), (128, 64), (100, 64)], chained),
    Case("products:chained", [(100, 96), (96, 128), (128, 64), (100, 64)], chained, f32=True),
    Case("products:two_widths", [(100, 128), (128, 32), (128, 96), (100, 32), (100, 96)], two_widths),
    Case("products:two_widths", [(100, 128), (128, 32), (128, 96), (100, 32), (100, 96)], two_widths, f32=True),
    Case("products:everywhere", [(64, 64), (64, 64), (150, 64), (64, 64), (64, 64), (64, 64)], everywhere),
    Case("products:everywhere", [(64, 64), (64, 64), (150, 64), (64, 64), (64, 64), (64, 64)], everywhere, f32=True),
    Case("products:computed", [(64, 64), (64, 64), (128, 64), (64, 64), (64, 64), (64, 64), (64, 64)], computed),
    Case("products:computed", [(64, 64), (64, 64), (128, 64), (64, 64), (64, 64), (64, 64), (64, 64)], computed, f32=True),
    Case("products:two_sizes", [(50, 64), (200, 64), (64, 64), (50, 64), (200, 64)], two_sizes),
    Case("products:two_sizes", [(50, 64), (200, 64), (64, 64), (50, 64), (200, 64)], two_sizes, f32=True),
    Case("products:halved", [(250, 64), (64, 64), (250, 64)], halved_products, data=one_large),
    Case("products:halved", [(250, 64), (64, 64), (250, 64)], halved_products, data=one_large, f32=True),
    Case("products:halved_steps", [(250, 192), (64, 192), (250, 64)], halved_steps, data=one_large),
    Case("products:halved_steps", [(250, 192), (64, 192), (250, 64)], halved_steps, f32=True, data=one_large),
    Case("products:scaled", [(100, 64), (150, 64), (100,), (150,), (100, 192)], scaled),
    Case("products:scaled", [(100, 64), (150, 64), (100,), (150,), (100, 192)], scaled, f32=True),
    Case("products:numbers", [(100, 64), (300, 64), (3, 320), (3, 320), (100, 64)], numbers),
    Case("products:numbers", [(100, 64), (300, 64), (3, 320), (3, 320), (100, 64)], numbers, f32=True),
    Case("products:numbers", [(100, 64), (300, 64), (3, 321), (3, 320), (100, 64)], numbers),  # lines begin anywhere
    Case("products:own_memory", [(100, 192), (64, 192), (100, 64)], mk_nk),
    Case("products:own_memory", [(100, 192), (64, 192), (100, 64)], mk_nk, f32=True),
    Case("products:pieces", [(150, 64), (64, 64), (150, 64), (150, 64), (3, 64)], pieces),
    Case("products:pieces", [(150, 64), (64, 64), (150, 64), (150, 64), (3, 64)], pieces, f32=True),
    Case("products:global_memory", [(100, 192), (64, 192), (100, 64)], mk_nk),
    Case("products:global_memory", [(100, 192), (64, 192), (100, 64)], mk_nk, f32=True),
    Case("backward:dq", backward([(2, 33, 16, 64), (2, 33, 4, 64)]), dq),
    Case("backward:dq", backward([(2, 33, 16, 64), (2, 33, 4, 64)]), dq, f32=True),
    Case("backward:dq_local", backward([(2, 33, 16, 64)]), only_dq),
    Case("backward:dq_local", backward([(2, 33, 16, 64)]), only_dq, f32=True),
    Case("backward:kv", backward([(2, 40, 1, 64), (2, 40, 1, 64), (2, 3, 44, 64), (2, 3, 44, 64)]), kv),
    Case("backward:kv", backward([(2, 40, 1, 64), (2, 40, 1, 64), (2, 3, 44, 64), (2, 3, 44, 64)]), kv, f32=True),
]


def targets_of(case):
    """In f32 all GPUs have the same products."""
    return TARGETS[:2] if case.f32 else TARGETS


def main():
    parser = harness.arguments(__doc__, "cases")
    parser.add_argument("--target", action="append", choices=TARGETS, help="its --target (default: all)")
    arguments = parser.parse_args()

    with harness.folder(arguments.keep) as folder:
        chosen = [(target, case) for target in arguments.target or TARGETS for case in CASES
                  if arguments.match in str(case) and (arguments.target or target in targets_of(case))]
        return harness.report(lambda pair: run(arguments.tool, *pair, folder), chosen, "cases", arguments)


if __name__ == "__main__":
    sys.exit(main())
