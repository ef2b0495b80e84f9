# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A layer in JAX whose attention Simplicial compiles, with all that is around it, for the CPU.

    python jax_composite.py [--tool=build/bin/simplicial-run] [--save=layer.mlir]

In JAX `attention` is a function like any other: its body is what other compilers compile. That it is a composite named
"simplicial.attention" is kept in StableHLO, where simplicial-raise finds it. The rest becomes linalg by the passes that
are in jaxlib. What comes out is compared with what JAX itself makes of the body. Needs jax 0.10, and nothing else.
"""

import argparse
import functools
import pathlib
import subprocess
import sys
import tempfile

import jax
import jax.numpy as jnp
import numpy as np
from jaxlib.mlir import ir, passmanager
from jaxlib.mlir.dialects import stablehlo

BUILD = pathlib.Path(__file__).resolve().parents[2] / "build"
TO_LINALG = "builtin.module(func.func(chlo-legalize-to-stablehlo),stablehlo-legalize-to-linalg)"
TOLERANCE = 1e-5

stablehlo.register_stablehlo_passes()


@functools.partial(jax.lax.composite, name="simplicial.attention", version=1)
def attention(q, k1, k2, v1, v2, *, w1, w2, causal):
    """(out, lse) of q [B, N, Hq, D] and keys and values [B, N, Hk, D], as docs/operation.md has them; lse is f32.

    The composite has the attributes that a caller gives, and would know nothing of defaults here.
    """
    n, group = q.shape[1], q.shape[2] // k1.shape[2]
    q32, k1, k2, v1, v2 = (x.astype(jnp.promote_types(x.dtype, jnp.float32)) for x in (q, k1, k2, v1, v2))
    k1, k2, v1, v2 = (jnp.repeat(x, group, axis=2) for x in (k1, k2, v1, v2))
    logits = q.shape[3] ** -0.5 * jnp.einsum("bihd,bjhd,bkhd->bhijk", q32, k1, k2)
    behind = jnp.arange(n)[:, None] - jnp.arange(n)  # how far a key is behind a query
    seen = [(behind < w) & (behind >= 0 if causal else behind > -w) for w in (w1, w2)]
    logits = jnp.where(seen[0][:, :, None] & seen[1][:, None, :], logits, -jnp.inf)
    lse = jax.nn.logsumexp(logits, axis=(-2, -1))
    out = jnp.einsum("bhijk,bjhd,bkhd->bihd", jnp.exp(logits - lse[..., None, None]), v1, v2)
    return out.astype(q.dtype), lse


def layer(x, gain, wq, wk1, wk2, wv1, wv2, wo):
    """x [B, N, C] -> [B, N, C]: normalised, projected to heads, attended, projected back, added."""
    h = gain * x * jax.lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + 1e-5)
    heads = [jnp.einsum("bnc,chd->bnhd", h, w) for w in (wq, wk1, wk2, wv1, wv2)]
    out, _ = attention(*heads, w1=3, w2=4, causal=True)
    return x + jnp.einsum("bnhd,hdc->bnc", jax.nn.silu(out), wo)


def to_mlir(function, *arguments):
    """The text of a module whose @main is `function` of arrays like `arguments`: linalg, and the composites.

    The generic form needs no dialect of JAX's to be read.
    """
    lowered = jax.jit(function, keep_unused=True).lower(*arguments).compiler_ir("stablehlo")
    with lowered.context:
        module = ir.Module.parse(str(lowered))  # JAX keeps the one that it has
        passmanager.PassManager.parse(TO_LINALG).run(module.operation)
        return module.operation.get_asm(print_generic_op_form=True) + "\n"


def run(tool, text, arguments, results):
    """What @main of the module gives for these arrays: so many results, as NumPy has them (bf16 as f32)."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "module.mlir").write_text(text)
        command = [str(tool), str(folder / "module.mlir"), "--function=main", "--target=cpu"]
        for i, x in enumerate(arguments):
            np.save(folder / f"in{i}.npy", np.asarray(x, np.float32))
            command.append(f"--input=@{folder}/in{i}.npy")
        command += [f"--output=@{folder}/out{i}.npy" for i in range(results)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return [np.load(folder / f"out{i}.npy") for i in range(results)]


def example_arguments(channels=32, heads=4, kv_heads=2, dim=16):
    """Of `layer`: an x of 2 sequences of 9, and weights."""
    rng = np.random.default_rng(0)
    shapes = [(channels,), (channels, heads, dim), *[(channels, kv_heads, dim)] * 4, (heads, dim, channels)]
    weights = [rng.normal(scale=0.3, size=shape) for shape in shapes]
    return [jnp.asarray(x, jnp.float32) for x in (rng.normal(size=(2, 9, channels)), *weights)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", default=BUILD / "bin" / "simplicial-run", help="default: %(default)s")
    parser.add_argument("--save", type=pathlib.Path, help="where to write the module, too")
    options = parser.parse_args()
    arguments = example_arguments()
    text = to_mlir(layer, *arguments)
    if options.save:
        options.save.write_text(text)
    got, = run(options.tool, text, arguments, results=1)
    want = np.asarray(jax.jit(layer)(*arguments))
    error = np.linalg.norm(got - want) / np.linalg.norm(want)
    print(f"relative difference to JAX: {error:.1e}")
    return 0 if error <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
