# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What JAX writes, raised and run by simplicial-run, against JAX in float64.

    python jax_raise_test.py [--tool=build/bin/simplicial-run] [-k TEXT]

The functions are lowered as in examples/jax_composite. Needs jax; prints `N passed, N failed`.
"""

import argparse
import functools
import pathlib
import sys

import jax
import jax.numpy as jnp
import numpy as np

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "examples" / "jax_composite"))
import jax_composite as example

WINDOWS = {"w1": 3, "w2": 4, "causal": True}
TOLERANCE = 1e-5  # of the norm, in float32
# In 16 bits, what is between operations is rounded by JAX, too: that much of JAX's own error is allowed.
OF_JAX = 1.5

attention = functools.partial(example.attention, **WINDOWS)


def shaped(*like):
    return tuple(jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in like)


@jax.custom_vjp
def carried(*x):
    """(out, lse) by a custom call, and so in no other precision than x's."""
    b, n, h, _ = x[0].shape
    return jax.ffi.ffi_call("simplicial.attention", shaped((x[0].shape, x[0].dtype), ((b, h, n), jnp.float32)))(
        *x, w1=np.int64(3), w2=np.int32(4), causal=True)


def carried_forward(*x):
    out, lse = carried(*x)
    return (out, lse), (*x, out, lse)


def carried_backward(saved, cotangents):
    gradients = jax.ffi.ffi_call("simplicial.attention_grad", shaped(*((x.shape, x.dtype) for x in saved[:5])))
    return tuple(gradients(*saved, cotangents[0], w1=np.int64(3), w2=np.int64(4), causal=True))


carried.defvjp(carried_forward, carried_backward)


# The functions, of an attention and of arrays -------------------------------------------------------------------------


def product(equation, x, y):
    """Summed in f32, at least: what linalg is told to sum in 16 bits, it does."""
    wide = jnp.promote_types(x.dtype, jnp.float32)
    return jnp.einsum(equation, x, y, preferred_element_type=wide).astype(x.dtype)


def project(x, *weights):
    return [product("bnc,chd->bnhd", x, w) for w in weights]


def layer(attend, x, gain, wq, wk1, wk2, wv1, wv2, wo):
    h = gain * x * jax.lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + 1e-5)
    out, _ = attend(*project(h, wq, wk1, wk2, wv1, wv2))
    return x + product("bnhd,hdc->bnc", jax.nn.silu(out), wo)


def out_and_lse(attend, x, gain, wq, wk1, wk2, wv1, wv2, wo):
    return attend(*project(x, wq, wk1, wk2, wv1, wv2))


def rotated(attend, x, gain, wq, wk1, wk2, wv1, wv2, wo):
    """Rotary positions: slices, concatenations, tables that are computed."""
    angles = jnp.arange(x.shape[1])[:, None] * 100.0 ** (-jnp.arange(8) / 8)
    cos, sin = (f(angles)[:, None].astype(x.dtype) for f in (jnp.cos, jnp.sin))

    def rotate(z):
        a, b = jnp.split(z, 2, axis=-1)
        return jnp.concatenate([a * cos - b * sin, a * sin + b * cos], axis=-1)

    q, k1, k2, v1, v2 = project(x, wq, wk1, wk2, wv1, wv2)
    return attend(rotate(q), rotate(k1), rotate(k2), v1, v2)[0]


def beside_attention(attend, x, *weights):
    """Beside an ordinary attention, and a softmax over what both say."""
    y = layer(attend, x, *weights)
    scores = jnp.einsum("bnc,bmc->bnm", y, y) / 8
    seen = jnp.tril(jnp.ones(scores.shape[1:], bool))
    return jax.nn.softmax(jnp.where(seen, scores, -jnp.inf), axis=-1) @ y


def several(attend, x, *weights):
    for _ in range(3):
        x = jax.jit(layer, static_argnums=0)(attend, x, *weights)
    return x


def embedded(attend, x, *weights):
    """A table's rows by number, and a mean of what is taken along an axis: what a loss does."""
    numbers = (jnp.abs(x[..., 0]) * 10).astype(jnp.int32) % 32
    y = layer(attend, x + weights[-1].reshape(-1, 32)[numbers], *weights)
    chosen = jnp.take_along_axis(jax.nn.log_softmax(y, axis=-1), numbers[..., None], axis=-1)
    return -chosen.mean(), jnp.max(y, axis=(0, 1)), jnp.argmax(y, axis=-1).astype(x.dtype)


def moved(attend, x, *weights):
    y = layer(attend, x, *weights)
    padded = jnp.pad(y.swapaxes(0, 1), ((1, 2), (0, 0), (0, 0)))
    return padded[::-2], jnp.roll(y, 1, axis=1), jnp.cumsum(y, axis=1), jnp.clip(y, -1, 1), jnp.tile(y, (2, 1, 1))


def gradient(attend, *x):
    return jax.grad(lambda *x: jnp.sum(layer(attend, *x) ** 2), argnums=range(len(x)))(*x)


# -------------------------------------------------------------------------------------------------------------------


def relative_error(got, want):
    return np.linalg.norm(np.asarray(got, np.float64) - want) / np.linalg.norm(want)


def compare(tool, function, attend, dtype):
    """What is wrong with the function's results; None if nothing is."""
    arguments = [x.astype(dtype) for x in example.example_arguments()]
    text = example.to_mlir(functools.partial(function, attend), *arguments)
    plain = functools.partial(function, functools.partial(example.attention.__wrapped__, **WINDOWS))
    jaxs = [np.asarray(x) for x in jax.tree.leaves(jax.jit(plain)(*arguments))]
    with jax.enable_x64(True):
        exact = [jnp.asarray(np.asarray(x, np.float64)) for x in arguments]
        expected = [np.asarray(x) for x in jax.tree.leaves(jax.jit(plain)(*exact))]
    for i, (got, of_jax, want) in enumerate(zip(example.run(tool, text, arguments, len(expected)), jaxs, expected)):
        if got.shape != want.shape or want.dtype != np.float64:
            return f"result {i} is {got.dtype}{got.shape}, not {want.dtype}{want.shape}"
        limit = TOLERANCE if dtype == "float32" else OF_JAX * relative_error(of_jax, want)
        if not relative_error(got, want) <= limit:
            return f"result {i} has relative error {relative_error(got, want):.1e}, more than {limit:.1e}"
    return None


def refuse(tool, function, message):
    """What is wrong with how the function is refused; None if nothing is."""
    arguments = example.example_arguments()
    try:
        example.run(tool, example.to_mlir(function, *arguments), arguments, 1)
    except RuntimeError as error:
        return None if message in str(error) and str(error).count("error:") == 1 else f"another error: {error}"
    return "it ran"


def in_a_loop(*x):
    return jax.lax.fori_loop(0, 2, lambda i, y: layer(attention, y, *x[1:]), x[0])


def misnamed(*x):
    return jax.lax.composite(lambda q, *_, window: (q, jnp.zeros((2, 4, 9))), "simplicial.attention")(*x, window=4)


def tests(tool):
    """(name, function that says what is wrong)"""
    for function in (layer, out_and_lse, rotated, beside_attention, several, embedded, moved):
        yield f"composite, {function.__name__}", functools.partial(compare, tool, function, attention, "float32")
    for dtype in ("float16", "bfloat16"):
        for function in (layer, out_and_lse, rotated):
            yield (f"composite, {function.__name__}, {dtype}",
                   functools.partial(compare, tool, function, attention, dtype))
    for function in (layer, out_and_lse, gradient):
        yield f"custom call, {function.__name__}", functools.partial(compare, tool, function, carried, "float32")
    yield "an unknown attribute", functools.partial(
        refuse, tool, functools.partial(layer, misnamed), "has no attribute 'window'")
    yield "a loop, which jaxlib leaves", functools.partial(
        refuse, tool, in_a_loop, "'stablehlo.while' is no operation that is known here")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", default=SOURCE / "build" / "bin" / "simplicial-run")
    parser.add_argument("-k", dest="match", default="", help="run the tests whose names contain this")
    options = parser.parse_args()
    passed = failed = 0
    for name, test in tests(options.tool):
        if options.match not in name:
            continue
        try:
            problem = test()
        except RuntimeError as error:
            problem = str(error)
        print(f"FAIL {name}: {problem}" if problem else f"ok   {name}", flush=True)
        passed, failed = passed + (not problem), failed + bool(problem)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
