# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Gradients that simplicial-differentiate makes, checked against central differences in float64.

Each case is a text and a function of numpy arrays that says what @f returns. Runs @f and @f_grad through simplicial-run,
prints a line a case, and fails if any result is wrong or if the number of cases is not the expected one.
"""

import dataclasses
import sys
import typing

import numpy as np

import harness
from check import relative_error
from reference import attention

TYPES = """\
!q = tensor<1x5x2x16xf32>
!k = tensor<1x5x1x16xf32>
!l = tensor<1x2x5xf32>
!m = tensor<1x5x2x16xbf16>
!qd = tensor<?x?x2x16xf32>
!kd = tensor<?x?x1x16xf32>
!ld = tensor<?x2x?xf32>
"""
Q, K = (1, 5, 2, 16), (1, 5, 1, 16)

STEP = 1e-4       # of differences
TOLERANCE = 1e-5  # of a result, relative to its norm

CASES = []


@dataclasses.dataclass(frozen=True)
class Case:
    text: str
    shapes: tuple  # of the inputs
    function: typing.Callable
    gpu: bool      # whether GPUs take it
    name: str


def case(arguments, results, body, shapes, gpu=False):
    """Decorates a function of the inputs that gives a tuple of what @f returns, whose values and types are `results`."""
    values, types = results
    text = (f"{TYPES}func.func @f({arguments}) -> ({types}) attributes {{simplicial.differentiate}} {{\n{body}"
            f"  return {values} : {types}\n}}\n")

    def add(function):
        CASES.append(Case(text, shapes, function, gpu, function.__name__))
        return function
    return add


def attend(result, q, k1, k2, v1, v2, attributes, types="!q, !k, !k, !k, !k) -> (!q, !l"):
    return (f'  {result}, {result}_lse = "simplicial.attention"({q}, {k1}, {k2}, {v1}, {v2}) {{{attributes}}}'
            f" : ({types})\n")


HALF = "  %half = arith.constant dense<0.5> : !q\n"
KEYS = "%k1: !k, %k2: !k, %v1: !k, %v2: !k"

# Linear --------------------------------------------------------------------------------------------------------------


@case("%x: !q, %y: !q, %unused: !k", ("%s, %x", "!q, !q"),
      HALF + "  %m = arith.mulf %x, %y : !q\n  %d = arith.divf %half, %y : !q\n  %n = arith.negf %d : !q\n"
      "  %t = arith.subf %m, %n : !q\n  %s = arith.addf %t, %x : !q\n", (Q, Q, K))
def linear_arithmetic(x, y, _):
    return x * y + 0.5 / y + x, x


@case("%p: tensor<?x8xf32>, %new: tensor<2xf32>", ("%c, %s, %u", "tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x8xf32>"),
      "  %c0 = arith.constant 0 : index\n  %n = tensor.dim %p, %c0 : tensor<?x8xf32>\n"
      "  %a = tensor.extract_slice %p[0, 0] [%n, 4] [1, 1] : tensor<?x8xf32> to tensor<?x4xf32>\n"
      "  %b = tensor.extract_slice %p[0, 4] [%n, 4] [1, 1] : tensor<?x8xf32> to tensor<?x4xf32>\n"
      "  %c = tensor.extract_slice %p[0, 2] [%n, 4] [1, 1] : tensor<?x8xf32> to tensor<?x4xf32>\n"
      "  %s = arith.mulf %a, %b : tensor<?x4xf32>\n"
      "  %u = tensor.insert_slice %new into %p[1, 3] [1, 2] [1, 1] : tensor<2xf32> into tensor<?x8xf32>\n",
      ((5, 8), (2,)))
def linear_slices(p, new):
    u = p.copy()
    u[1, 3:5] = new
    return p[:, 2:6], p[:, :4] * p[:, 4:], u


@case("%x: tensor<5x32xf32>", ("%e", "tensor<10x16xf32>"),
      "  %h = arith.constant dense<0.5> : !m\n"
      "  %a = tensor.expand_shape %x [[0, 1], [2, 3]] output_shape [1, 5, 2, 16] : tensor<5x32xf32> into !q\n"
      "  %b = arith.truncf %a : !q to !m\n  %c = arith.mulf %b, %h : !m\n  %d = arith.extf %c : !m to !q\n"
      "  %e = tensor.collapse_shape %d [[0, 1, 2], [3]] : !q into tensor<10x16xf32>\n", ((5, 32),))
def linear_types(x):
    return (0.5 * x.reshape(10, 16),)


@case("%p: tensor<4x12xf32>", ("%b, %a", "tensor<4x6xf32>, tensor<4x3xf32>"),
      "  %a = tensor.extract_slice %p[0, 0] [4, 3] [1, 1] : tensor<4x12xf32> to tensor<4x3xf32>\n"
      "  %b = tensor.extract_slice %p[0, 5] [4, 6] [1, 1] : tensor<4x12xf32> to tensor<4x6xf32>\n", ((4, 12),), gpu=True)
def linear_slices_apart(p):
    return p[:, 5:11], p[:, :3]


# Attention -----------------------------------------------------------------------------------------------------------


@case(f"%q: !q, {KEYS}", ("%a", "!q"), attend("%a", "%q", "%k1", "%k2", "%v1", "%v2", ""), (Q, K, K, K, K), gpu=True)
def plain(*x):
    return (attention(*x)[0],)


@case(f"%x: !q, {KEYS}", ("%y", "!q"), attend("%a", "%x", "%k1", "%k2", "%v1", "%v2", "causal, w1 = 2 : i64")
      + HALF + "  %s = arith.mulf %a, %half : !q\n  %y = arith.addf %x, %s : !q\n", (Q, K, K, K, K))
def scaled_residual(x, *keys):
    return (x + 0.5 * attention(x, *keys, causal=True, w1=2)[0],)


@case("%x: !k", ("%a", "!k"), attend("%a", "%x", "%x", "%x", "%x", "%x", "k2_bias = 0.5 : f32, v2_bias = 1.5 : f32",
                                     "!k, !k, !k, !k, !k) -> (!k, tensor<1x1x5xf32>"), (K,))
def one_input(x):
    return (attention(x, x, x, x, x, k2_bias=0.5, v2_bias=1.5)[0],)


@case("%p: tensor<1x5x6x16xf32>", ("%a", "!q"),
      "  %q = tensor.extract_slice %p[0, 0, 0, 0] [1, 5, 2, 16] [1, 1, 1, 1] : tensor<1x5x6x16xf32> to !q\n"
      + "".join(f"  %{name} = tensor.extract_slice %p[0, 0, {h}, 0] [1, 5, 1, 16] [1, 1, 1, 1]"
                " : tensor<1x5x6x16xf32> to !k\n" for name, h in (("k1", 2), ("k2", 3), ("v1", 4), ("v2", 5)))
      + attend("%a", "%q", "%k1", "%k2", "%v1", "%v2", "causal"), ((1, 5, 6, 16),), gpu=True)
def packed(p):
    return (attention(p[:, :, :2], *(p[:, :, h:h + 1] for h in range(2, 6)), causal=True)[0],)


@case(f"%q: !q, {KEYS}, {KEYS.replace('%', '%m')}", ("%b", "!q"),
      attend("%a", "%q", "%k1", "%k2", "%v1", "%v2", "causal, w2 = 3 : i64")
      + attend("%b", "%a", "%mk1", "%mk2", "%mv1", "%mv2", "scale = 1.0 : f32"), (Q,) + 8 * (K,), gpu=True)
def chained(q, *keys):
    a = attention(q, *keys[:4], causal=True, w2=3)[0]
    return (attention(a, *keys[4:], scale=1.0)[0],)


@case("%q: !qd, %k: !kd, %v: !kd", ("%y, %a", "!qd, !qd"),
      attend("%a", "%q", "%k", "%k", "%v", "%v", "causal", "!qd, !kd, !kd, !kd, !kd) -> (!qd, !ld")
      + attend("%b", "%a", "%k", "%v", "%k", "%v", "w1 = 2 : i64", "!qd, !kd, !kd, !kd, !kd) -> (!qd, !ld")
      + "  %y = arith.mulf %a, %b : !qd\n", ((2, 3, 2, 16), (2, 4, 1, 16), (2, 4, 1, 16)))
def shared_keys_dynamic(q, k, v):
    a = attention(q, k, k, v, v, causal=True)[0]
    return a * attention(a, k, v, k, v, w1=2)[0], a


@case("%q: !q, %cache: !k, %new: tensor<1x1x1x16xf32>, %k2: !k, %v1: !k, %v2: !k", ("%last", "tensor<2x16xf32>"),
      "  %k1 = tensor.insert_slice %new into %cache[0, 4, 0, 0] [1, 1, 1, 16] [1, 1, 1, 1]"
      " : tensor<1x1x1x16xf32> into !k\n" + attend("%a", "%q", "%k1", "%k2", "%v1", "%v2", "causal")
      + "  %last = tensor.extract_slice %a[0, 4, 0, 0] [1, 1, 2, 16] [1, 1, 1, 1] : !q to tensor<2x16xf32>\n",
      (Q, K, (1, 1, 1, 16), K, K, K), gpu=True)
def cache_updated(q, cache, new, *keys):
    k1 = cache.copy()
    k1[:, 4:] = new
    return (attention(q, k1, *keys, causal=True)[0][0, 4],)


def differences(function, inputs, weights):
    """The gradients of the sum of the products of what a function returns and weights, by central differences."""
    def loss():
        return sum(np.sum(w * y) for w, y in zip(weights, function(*inputs)))

    gradients = [np.zeros(x.shape) for x in inputs]
    for x, gradient in zip(inputs, gradients):
        for at in np.ndindex(x.shape):
            value = x[at]
            x[at] = value + STEP
            above = loss()
            x[at] = value - STEP
            gradient[at] = (above - loss()) / (2 * STEP)
            x[at] = value
    return gradients


def call(arguments, source, function, inputs, count, folder):
    """What a function of a module returns, which is so many arrays."""
    command = [arguments.tool, source, f"--target={arguments.target}", f"--function={function}"]
    for i, x in enumerate(inputs):
        np.save(folder / f"in{i}.npy", x)
        command.append(f"--input=@{folder}/in{i}.npy")
    return harness.execute(command, [folder / f"out{i}.npy" for i in range(count)])


def compare(what, results, expected):
    """What is wrong with results; None if nothing is."""
    for i, (got, want) in enumerate(zip(results, expected)):
        if got.shape != want.shape:
            return f"{what} {i} has shape {got.shape}, not {want.shape}"
        if not relative_error(got, want) <= TOLERANCE:
            return f"{what} {i} has relative error {relative_error(got, want):.1e}"
    return None


def run(arguments, c, folder):
    """What is wrong with the case's results and gradients; None if nothing is. Inputs and weights are exact in bf16."""
    rng = np.random.default_rng(len(c.text))
    inputs = [(rng.integers(4, 24, shape) * rng.choice((-1, 1), shape) / 16).astype(np.float32) for shape in c.shapes]
    exact = [x.astype(np.float64) for x in inputs]
    expected = c.function(*exact)
    weights = [(rng.integers(-16, 17, y.shape) / 8).astype(np.float32) for y in expected]
    source = folder / "f.mlir"
    source.write_text(c.text)
    results = call(arguments, source, "f", inputs, len(expected), folder)
    gradients = call(arguments, source, "f_grad", inputs + weights, len(inputs), folder)
    return (compare("result", results, expected)
            or compare("gradient", gradients, differences(c.function, exact, weights)))


def line(arguments, c, folder):
    """The line to print about the case, starting with "ok" or "FAIL"."""
    try:
        problem = run(arguments, c, folder)
    except harness.Failure as failure:
        problem = str(failure)
    return f"FAIL {c.name}: {problem}\n{c.text}" if problem else f"ok   {c.name}"


def main():
    parser = harness.arguments(__doc__, "cases")
    parser.add_argument("--target", default="cpu", help="its --target")
    arguments = parser.parse_args()
    chosen = [c for c in CASES if arguments.match in c.name and (c.gpu or arguments.target == "cpu")]
    with harness.folder(arguments.keep) as folder:
        return harness.report(lambda case: line(arguments, case, folder), chosen, "cases", arguments)


if __name__ == "__main__":
    sys.exit(main())
