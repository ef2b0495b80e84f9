# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Modules as users write them, with more in them than one attention, checked against float64.

Each is a text and a function of numpy arrays that says what @main returns. Runs them through simplicial-run, prints a
line a module, and fails if any result is wrong or if their number is not the expected one.
"""

import dataclasses
import pathlib
import sys
import typing

import numpy as np

import harness
from check import relative_error
from reference import attention

TYPES = """\
!q = tensor<2x9x4x16xf32>
!k = tensor<2x9x2x16xf32>
!l = tensor<2x4x9xf32>
!qd = tensor<?x?x4x16xf32>
!kd = tensor<?x?x2x16xf32>
!ld = tensor<?x4x?xf32>
"""
Q, K = (2, 9, 4, 16), (2, 9, 2, 16)
QKV = "%q: !q, %k1: !k, %k2: !k, %v1: !k, %v2: !k"
SHAPES = (Q, K, K, K, K)

MODULES = []


@dataclasses.dataclass(frozen=True)
class Module:
    text: str
    shapes: tuple  # of the inputs
    expected: typing.Callable
    gpu: bool      # whether GPUs take it
    name: str


def module(text, shapes=SHAPES, gpu=True):
    """Decorates a function of the inputs, in float64, that gives what @main returns."""
    def add(function):
        MODULES.append(Module(TYPES + text, shapes, function, gpu, function.__name__))
        return function
    return add


def attend(results, q, k1, k2, v1, v2, types="!q, !k, !k, !k, !k) -> (!q, !l"):
    attributes = "{causal, w1 = 3 : i64, w2 = 4 : i64}"
    return f'  {results}:2 = "simplicial.attention"({q}, {k1}, {k2}, {v1}, {v2}) {attributes} : ({types})\n'


def reference(*x):
    return attention(*x, w1=3, w2=4, causal=True)


ATTENTION = attend("%r", "%q", "%k1", "%k2", "%v1", "%v2")
RETURN = "  return %r#0, %r#1 : !q, !l\n}\n"

# Results ------------------------------------------------------------------------------------------------------------


@module(f"func.func @main({QKV}) -> (!q, !l, !q, !l) {{\n{ATTENTION}"
        "  return %r#0, %r#1, %r#0, %r#1 : !q, !l, !q, !l\n}\n")
def results_twice(*x):
    out, lse = reference(*x)
    return out, lse, out, lse


@module("func.func @main(%q: !qd, %k1: !kd, %k2: !kd, %v1: !kd, %v2: !kd) -> (!qd, !qd) {\n"
        + attend("%r", "%q", "%k1", "%k2", "%v1", "%v2", "!qd, !kd, !kd, !kd, !kd) -> (!qd, !ld")
        + "  return %r#0, %r#0 : !qd, !qd\n}\n")
def results_twice_dynamic(*x):
    return reference(*x)[0], reference(*x)[0]


@module(f"func.func @main({QKV}) -> tensor<2x1x4x16xf32> {{\n{ATTENTION}"
        "  %s = tensor.extract_slice %r#0[0, 8, 0, 0] [2, 1, 4, 16] [1, 1, 1, 1] : !q to tensor<2x1x4x16xf32>\n"
        "  return %s : tensor<2x1x4x16xf32>\n}\n")
def result_slice(*x):
    return (reference(*x)[0][:, 8:],)


@module(f"func.func @main({QKV}) -> (tensor<2x9x2x8xf32>, tensor<2x9x64xf32>) {{\n{ATTENTION}"
        "  %s = tensor.extract_slice %r#0[0, 0, 1, 3] [2, 9, 2, 8] [1, 1, 1, 1] : !q to tensor<2x9x2x8xf32>\n"
        "  %c = tensor.collapse_shape %r#0 [[0], [1], [2, 3]] : !q into tensor<2x9x64xf32>\n"
        "  return %s, %c : tensor<2x9x2x8xf32>, tensor<2x9x64xf32>\n}\n")
def result_slice_of_columns(*x):
    out = reference(*x)[0]
    return out[:, :, 1:3, 3:11], out.reshape(2, 9, 64)


@module(f"func.func @main({QKV}) -> (!q, !k, !q) {{\n{ATTENTION}  return %q, %k2, %r#0 : !q, !k, !q\n}}\n")
def inputs_returned(q, k1, k2, v1, v2):
    return q, k2, reference(q, k1, k2, v1, v2)[0]


@module(f"func.func @main({QKV}) -> !l {{\n{ATTENTION}  return %r#1 : !l\n}}\n")
def only_lse(*x):
    return (reference(*x)[1],)


@module(f"func.func @main({QKV}) -> !q {{\n{ATTENTION}  return %q : !q\n}}\n")
def nothing_used(q, *x):
    return (q,)


# Inputs -------------------------------------------------------------------------------------------------------------


@module("func.func @main(%q: !q, %cache: !k, %new: tensor<2x1x2x16xf32>, %k2: !k, %v1: !k, %v2: !k) -> (!q, !l, !k, !k) {\n"
        "  %k1 = tensor.insert_slice %new into %cache[0, 8, 0, 0] [2, 1, 2, 16] [1, 1, 1, 1]"
        " : tensor<2x1x2x16xf32> into !k\n" + ATTENTION + "  return %r#0, %r#1, %cache, %k1 : !q, !l, !k, !k\n}\n",
        (Q, K, (2, 1, 2, 16), K, K, K))
def cache_updated(q, cache, new, k2, v1, v2):
    k1 = cache.copy()
    k1[:, 8:] = new
    return *reference(q, k1, k2, v1, v2), cache, k1


@module("func.func @main(%p: tensor<2x9x12x16xf32>) -> (!q, !l) {\n"
        "  %q = tensor.extract_slice %p[0, 0, 0, 0] [2, 9, 4, 16] [1, 1, 1, 1] : tensor<2x9x12x16xf32> to !q\n"
        + "".join(f"  %{name} = tensor.extract_slice %p[0, 0, {h}, 0] [2, 9, 2, 16] [1, 1, 1, 1]"
                  " : tensor<2x9x12x16xf32> to !k\n" for name, h in (("k1", 4), ("k2", 6), ("v1", 8), ("v2", 10)))
        + ATTENTION + RETURN, ((2, 9, 12, 16),))
def packed(p):
    return reference(p[:, :, :4], p[:, :, 4:6], p[:, :, 6:8], p[:, :, 8:10], p[:, :, 10:])


@module("func.func @main(%q: tensor<2x9x64xf32>, %kv: tensor<4x2x9x2x16xf32>) -> (!q, !l) {\n"
        "  %e = tensor.expand_shape %q [[0], [1], [2, 3]] output_shape [2, 9, 4, 16] : tensor<2x9x64xf32> into !q\n"
        + "".join(f"  %{name} = tensor.extract_slice %kv[{i}, 0, 0, 0, 0] [1, 2, 9, 2, 16] [1, 1, 1, 1, 1]"
                  " : tensor<4x2x9x2x16xf32> to !k\n" for i, name in enumerate(("k1", "k2", "v1", "v2")))
        + attend("%r", "%e", "%k1", "%k2", "%v1", "%v2") + RETURN, ((2, 9, 64), (4, 2, 9, 2, 16)))
def stacked(q, kv):
    return reference(q.reshape(Q), *kv)


@module("func.func @main(%q: !q, %k2: !k, %v1: !k, %v2: !k) -> (!q, !l) {\n"
        "  %k1 = arith.constant dense<0.25> : !k\n" + ATTENTION + RETURN, (Q, K, K, K))
def constant_keys(q, k2, v1, v2):
    return reference(q, np.full(K, 0.25), k2, v1, v2)


@module("func.func @main(%k1: !k, %k2: !k, %v1: !k) -> (!q, !l) {\n"
        "  %zero = arith.constant 0.0 : f32\n"
        "  %q = arith.constant dense<0.5> : !q\n"
        "  %v2 = arith.constant dense<[[[[1.0, -2.0, 3.0, 0.0, 0.5, 0.25, 4.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]"
        "]]]> : tensor<1x1x1x16xf32>\n"
        "  %c = tensor.empty() : !k\n"
        + "".join(f"  %w{b}{n}{h} = tensor.insert_slice %v2 into %{'c' if not (b or n or h) else f'w{p}'}"
                  f"[{b}, {n}, {h}, 0] [1, 1, 1, 16] [1, 1, 1, 1] : tensor<1x1x1x16xf32> into !k\n"
                  for (b, n, h), p in zip(np.ndindex(2, 9, 2), [""] + ["%d%d%d" % i for i in np.ndindex(2, 9, 2)]))
        + attend("%r", "%q", "%k1", "%k2", "%v1", "%w181") + RETURN, (K, K, K))
def constant_values(k1, k2, v1):
    row = np.array([1, -2, 3, 0, 0.5, 0.25, 4, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    return reference(np.full(Q, 0.5), k1, k2, v1, np.broadcast_to(row, K))


# Several operations ------------------------------------------------------------------------------------------------


@module(f"func.func @main({QKV}) -> (!q, !l) {{\n" + attend("%a", "%q", "%k1", "%k2", "%v1", "%v2")
        + attend("%b", "%a#0", "%k2", "%k1", "%v2", "%v1") + attend("%r", "%b#0", "%k1", "%k2", "%v1", "%v2") + RETURN)
def chained(q, k1, k2, v1, v2):
    a, _ = reference(q, k1, k2, v1, v2)
    b, _ = reference(a, k2, k1, v2, v1)
    return reference(b, k1, k2, v1, v2)


@module("func.func @main(%q: !qd, %k1: !kd, %k2: !kd, %v1: !kd, %v2: !kd) -> (!qd, !ld) {\n"
        + attend("%a", "%q", "%k1", "%k2", "%v1", "%v2", "!qd, !kd, !kd, !kd, !kd) -> (!qd, !ld")
        + attend("%r", "%a#0", "%k1", "%k2", "%v1", "%v2", "!qd, !kd, !kd, !kd, !kd) -> (!qd, !ld")
        + "  return %r#0, %r#1 : !qd, !ld\n}\n")
def chained_dynamic(q, *x):
    return reference(reference(q, *x)[0], *x)


@module(f"func.func @main({QKV}) -> (!q, !q) {{\n" + attend("%a", "%q", "%k1", "%k2", "%v1", "%v2")
        + "  %new = tensor.extract_slice %q[0, 0, 0, 0] [2, 1, 4, 16] [1, 1, 1, 1] : !q to tensor<2x1x4x16xf32>\n"
        "  %u = tensor.insert_slice %new into %a#0[0, 4, 0, 0] [2, 1, 4, 16] [1, 1, 1, 1]"
        " : tensor<2x1x4x16xf32> into !q\n"
        + attend("%r", "%u", "%k1", "%k2", "%v1", "%v2") + "  return %r#0, %a#0 : !q, !q\n}\n")
def result_updated(q, *x):
    a, _ = reference(q, *x)
    u = a.copy()
    u[:, 4] = q[:, 0]
    return reference(u, *x)[0], a


LOOP = ("  %c0 = arith.constant 0 : index\n  %c1 = arith.constant 1 : index\n  %c3 = arith.constant 3 : index\n"
        "  %o = scf.for %i = %c0 to %c3 step %c1 iter_args(%x = %q) -> (!q) {\n"
        + attend("%r", "%x", "%k1", "%k2", "%v1", "%v2") + "    scf.yield %r#0 : !q\n  }\n")


@module(f"func.func @main({QKV}) -> !q {{\n{LOOP}  return %o : !q\n}}\n")
def loop(q, *x):
    for _ in range(3):
        q, _ = reference(q, *x)
    return (q,)


@module(f"func.func @main({QKV}) -> (!q, !q) {{\n{LOOP}" + attend("%s", "%o", "%k1", "%k2", "%v1", "%v2")
        + "  return %s#0, %o : !q, !q\n}\n")
def loop_and_more(q, *x):
    (o,) = loop(q, *x)
    return reference(o, *x)[0], o


@module(f"func.func @main({QKV}) -> (!q, !q) {{\n"
        "  %one = arith.constant 1 : index\n  %n = tensor.dim %q, %one : !q\n"
        "  %five = arith.constant 5 : index\n  %long = arith.cmpi sgt, %n, %five : index\n"
        "  %o:2 = scf.if %long -> (!q, !q) {\n" + attend("%r", "%q", "%k1", "%k2", "%v1", "%v2")
        + "    scf.yield %r#0, %q : !q, !q\n  } else {\n    scf.yield %q, %q : !q, !q\n  }\n"
        "  return %o#0, %o#1 : !q, !q\n}\n")
def branch(q, *x):
    return reference(q, *x)[0], q


# Functions ----------------------------------------------------------------------------------------------------------

INNER = f"func.func private @inner({QKV}) -> (!q, !l) {{\n{ATTENTION}{RETURN}"
CALL = "  %c:2 = call @inner({}, %k1, %k2, %v1, %v2) : (!q, !k, !k, !k, !k) -> (!q, !l)\n"


@module(f"{INNER}func.func @main({QKV}) -> (!q, !l) {{\n" + CALL.format("%q") + "  return %c#0, %c#1 : !q, !l\n}\n")
def private_call(*x):
    return reference(*x)


@module(f"func.func private @outer({QKV}) -> (!q, !l) {{\n" + CALL.format("%q")
        + "  %d:2 = call @inner(%c#0, %k1, %k2, %v1, %v2) : (!q, !k, !k, !k, !k) -> (!q, !l)\n"
        f"  return %d#0, %c#1 : !q, !l\n}}\n{INNER}func.func @main({QKV}) -> (!q, !l) {{\n"
        "  %e:2 = call @outer(%q, %k1, %k2, %v1, %v2) : (!q, !k, !k, !k, !k) -> (!q, !l)\n"
        "  return %e#0, %e#1 : !q, !l\n}\n")
def calls_in_calls(q, *x):
    out, lse = reference(q, *x)
    return reference(out, *x)[0], lse


@module(f"module {{\n  module @nested {{\n{INNER.replace('private @inner', '@main')}  }}\n"
        f"  func.func private @nothing({QKV}) -> (!q, !l) {{\n{ATTENTION}{RETURN}}}\n")
def nested_module(*x):
    return reference(*x)


@module(f'func.func @main({QKV}) -> !q {{\n  %r = "stablehlo.composite"(%q, %k1, %k2, %v1, %v2) <{{\n'
        '      name = "simplicial.attention", composite_attributes = {causal = true, w1 = 3 : i32, w2 = 4 : ui8}}>\n'
        "    : (!q, !k, !k, !k, !k) -> !q\n  return %r : !q\n}\n")
def composite(*x):
    return reference(*x)[:1]


# Beside attention ---------------------------------------------------------------------------------------------------


@module(f"func.func @main({QKV}) -> (!q, !l) {{\n{ATTENTION}"
        "  %t = arith.addf %r#0, %q : !q\n  %u = math.tanh %t : !q\n  %e = math.erf %u : !q\n"
        "  return %e, %r#1 : !q, !l\n}\n", gpu=False)
def elementwise(q, *x):
    import math
    out, lse = reference(q, *x)
    return np.vectorize(math.erf)(np.tanh(out + q)), lse


@module("func.func @main(%q: !qd, %k1: !kd, %k2: !kd, %v1: !kd, %v2: !kd) -> (!qd, !qd) {\n"
        "  %h = arith.constant dense<0.5> : tensor<f32>\n  %m = arith.mulf %q, %q : !qd\n"
        + attend("%r", "%m", "%k1", "%k2", "%v1", "%v2", "!qd, !kd, !kd, !kd, !kd) -> (!qd, !ld")
        + "  %t = arith.subf %r#0, %q : !qd\n  return %t, %m : !qd, !qd\n}\n", gpu=False)
def elementwise_dynamic(q, *x):
    return reference(q * q, *x)[0] - q, q * q


@module("#id = affine_map<(a, b, c) -> (a, b, c)>\n#lhs = affine_map<(r, c, k) -> (r, k)>\n"
        "#rhs = affine_map<(r, c, k) -> (k, c)>\n#res = affine_map<(r, c, k) -> (r, c)>\n"
        f"func.func @main({QKV}, %w: tensor<64x5xf32>) -> tensor<18x5xf32> {{\n{ATTENTION}"
        "  %f = tensor.collapse_shape %r#0 [[0, 1], [2, 3]] : !q into tensor<18x64xf32>\n"
        "  %zero = arith.constant 0.0 : f32\n  %e = tensor.empty() : tensor<18x5xf32>\n"
        "  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<18x5xf32>) -> tensor<18x5xf32>\n"
        "  %p = linalg.matmul ins(%f, %w : tensor<18x64xf32>, tensor<64x5xf32>) outs(%z : tensor<18x5xf32>)"
        " -> tensor<18x5xf32>\n  return %p : tensor<18x5xf32>\n}\n", SHAPES + ((64, 5),), gpu=False)
def projection(q, k1, k2, v1, v2, w):
    return (reference(q, k1, k2, v1, v2)[0].reshape(18, 64) @ w,)


@module("#all = affine_map<(b, n, h, d) -> (b, n, h, d)>\n#row = affine_map<(b, n, h, d) -> (b, n, h)>\n"
        f"func.func @main({QKV}) -> (!q, tensor<2x9x4xf32>) {{\n{ATTENTION}"
        "  %zero = arith.constant 0.0 : f32\n  %e = tensor.empty() : tensor<2x9x4xf32>\n"
        "  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<2x9x4xf32>) -> tensor<2x9x4xf32>\n"
        "  %s = linalg.generic {indexing_maps = [#all, #row],\n"
        '      iterator_types = ["parallel", "parallel", "parallel", "reduction"]}\n'
        "      ins(%r#0 : !q) outs(%z : tensor<2x9x4xf32>) {\n    ^bb0(%x: f32, %a: f32):\n"
        "      %m = arith.mulf %x, %x : f32\n      %n = arith.addf %a, %m : f32\n      linalg.yield %n : f32\n"
        "  } -> tensor<2x9x4xf32>\n  return %r#0, %s : !q, tensor<2x9x4xf32>\n}\n", gpu=False)
def row_norms(*x):
    out = reference(*x)[0]
    return out, (out * out).sum(axis=-1)


@module("#id = affine_map<(b, n, h, d) -> (b, n, h, d)>\n"
        f"func.func @main({QKV}) -> !q {{\n{ATTENTION}  %e = tensor.empty() : !q\n"
        '  %s = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}\n'
        "      outs(%e : !q) {\n    ^bb0(%x: f32):\n"
        "      %b = linalg.index 0 : index\n      %n = linalg.index 1 : index\n      %d = linalg.index 3 : index\n"
        "      %h = linalg.index 2 : index\n      %three = arith.constant 3 : index\n"
        "      %back = arith.subi %three, %h : index\n"
        "      %y = tensor.extract %r#0[%b, %n, %back, %d] : !q\n      linalg.yield %y : f32\n"
        "  } -> !q\n  return %s : !q\n}\n", gpu=False)
def indexed(*x):
    return (reference(*x)[0][:, :, ::-1],)


# What examples/jax_composite made of its layer: `jax_composite.py --save=...`, with jax 0.10.2.
@module((pathlib.Path(__file__).parent / "Inputs" / "jax_layer.mlir").read_text(),
        ((2, 9, 32), (32,), (32, 4, 16), *[(32, 2, 16)] * 4, (4, 16, 32)), gpu=False)
def jax_layer(x, gain, wq, wk1, wk2, wv1, wv2, wo):
    h = gain * x / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + 1e-5)
    out, _ = reference(*(np.einsum("bnc,chd->bnhd", h, w) for w in (wq, wk1, wk2, wv1, wv2)))
    return (x + np.einsum("bnhd,hdc->bnc", out / (1 + np.exp(-out)), wo),)


def names():
    """An attention in a function of each name."""
    for name in ("attention-fwd", "attention.fwd", "0", "two words", "größe", "malloc", "memrefCopy", "exp2f", "erff",
                 "__truncsfbf2", "simplicialAllocate", "simplicial_unload", "_mlir_ciface_main", "_", "a" * 300,
                 "main_kernels", "free"):
        def same(*x):
            return reference(*x)
        same.__name__ = f"name '{name[:20]}'"
        module(f'func.func @"{name}"({QKV}) -> (!q, !l) {{\n{ATTENTION}{RETURN}')(same)


names()


def run(tool, target, no_results, m, folder):
    """What is wrong with the module's results; None if nothing is."""
    rng = np.random.default_rng(len(m.text))
    inputs = [rng.standard_normal(shape).astype(np.float32) for shape in m.shapes]
    expected = m.expected(*(x.astype(np.float64) for x in inputs))
    (folder / "m.mlir").write_text(m.text)
    command = [tool, folder / "m.mlir", f"--target={target}"]
    for i, x in enumerate(inputs):
        np.save(folder / f"in{i}.npy", x)
        command.append(f"--input=@{folder}/in{i}.npy")
    outputs = [folder / f"out{i}.npy" for i in range(len(expected))]
    gpu = target.startswith("emulate") or target == "cuda"
    if gpu and not m.gpu:
        done = harness.finish([*command, *(f"--output=@{path}" for path in outputs)])
        if done.returncode == 1 and done.stderr.count("error:") == 1 and "has no code for GPUs" in done.stderr:
            return None
        return f"exit status {done.returncode}, where one diagnostic was due: {done.stderr[-2000:]}"
    results = harness.execute(command, outputs)
    for i, (got, want) in enumerate(() if no_results else zip(results, expected)):
        if got.shape != want.shape:
            return f"result {i} has shape {got.shape}, not {want.shape}"
        if not relative_error(got, want) <= 1e-5:
            return f"result {i} has relative error {relative_error(got, want):.1e}"
    return None


def compile_object(tool, target, m, folder):
    """What is wrong with the module's object for GPUs; None if nothing is."""
    (folder / "m.mlir").write_text(m.text)
    (folder / "m.o").unlink(missing_ok=True)
    done = harness.finish([tool, folder / "m.mlir", f"--target={target}", "--emit=object", "-o", folder / "m.o"])
    if m.gpu:
        return None if done.returncode == 0 and (folder / "m.o").exists() else f"no object: {done.stderr[-2000:]}"
    return None if done.returncode == 1 and "has no code for GPUs" in done.stderr else "an object, or another error"


def line(arguments, m, folder):
    """The line to print about the module, starting with "ok" or "FAIL"."""
    try:
        problem = (compile_object(arguments.objects, arguments.target, m, folder) if arguments.objects else
                   run(arguments.tool, arguments.target, arguments.no_results, m, folder))
    except harness.Failure as failure:
        problem = str(failure)
    return f"FAIL {m.name}: {problem}\n{m.text}" if problem else f"ok   {m.name}"


def main():
    parser = harness.arguments(__doc__, "modules")
    parser.add_argument("--target", default="cpu", help="its --target")
    parser.add_argument("--objects", help="make objects with this simplicial-compile, and run nothing")
    parser.add_argument("--no-results", action="store_true", help="do not look at what comes out")
    arguments = parser.parse_args()
    chosen = [m for m in MODULES if arguments.match in m.name]
    with harness.folder(arguments.keep) as folder:
        return harness.report(lambda module: line(arguments, module, folder), chosen, "modules", arguments)


if __name__ == "__main__":
    sys.exit(main())
