# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""simplicial.jax against float64, and against jax's own gradient of the definition; its transforms, errors, threads, and
what is exported to another process."""

import functools
import os
import subprocess
import sys
import tempfile
import threading
import unittest

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"
os.environ["JAX_PLATFORMS"] = "cpu"

import data
import jax
import jax.numpy as jnp
import numpy as np
from data import NAMES, NEAR, assert_near
from jax.sharding import PartitionSpec

import simplicial
from simplicial.jax import attention

jax.config.update("jax_enable_x64", True)  # for what it is compared with
WINDOWS = {"w1": 3, "w2": 5}
ALL = tuple(range(5))


def inputs(dtype="float32", **sizes):
    return [jnp.asarray(x, dtype) for x in data.inputs(**sizes)]


def numpy(arrays):
    return [np.asarray(x, np.float64) for x in arrays]


def by_einsum(q, k1, k2, v1, v2, w1, w2):
    """The definition, in float64, for jax to differentiate."""
    q, k1, k2, v1, v2 = (x.astype(jnp.float64) for x in (q, k1, k2, v1, v2))
    k1, k2, v1, v2 = (jnp.repeat(x, q.shape[2] // k1.shape[2], 2) for x in (k1, k2, v1, v2))
    s = jnp.einsum("bihd,bjhd,bkhd->bhijk", q, k1, k2) * q.shape[-1] ** -0.5
    p = jnp.arange(q.shape[1])[:, None] + k1.shape[1] - q.shape[1]
    j = jnp.arange(k1.shape[1])
    first, second = ((j <= p) & (j > p - w) for w in (w1, w2))
    s = jnp.where(first[:, :, None] & second[:, None, :], s, -jnp.inf)
    return jnp.einsum("bhijk,bjhd,bkhd->bihd", jax.nn.softmax(s, (-2, -1)), v1, v2)


def loss(f, **options):
    """A number of f's, with a gradient that is another for each element."""
    return lambda *x: jnp.sin(f(*x, **WINDOWS | options).astype(jnp.float64)).sum()


gradients = jax.grad(loss(attention), ALL)
own_gradients = jax.grad(loss(by_einsum), ALL)


class Case(unittest.TestCase):
    def near(self, got, want, bound=NEAR["float32"]):
        for g, w in zip(got, want, strict=True):
            self.assertEqual(g.shape, w.shape)
            self.assertLess(data.error(g, np.asarray(w, np.float64)), bound)


class Attention(Case):
    def check(self, x, dtype="float32", **options):
        """Results, and all gradients."""
        options = {"causal": True} | WINDOWS | options
        call = functools.partial(attention, **options)
        out, lse = call(*x, return_lse=True)
        want, want_lse = data.attention(*numpy(x), **options)
        self.assertEqual((out.dtype, lse.dtype), (x[0].dtype, jnp.float32))
        assert_near(self, out, want, dtype)
        assert_near(self, lse, want_lse)
        self.assertTrue((call(*x) == out).all())
        d_out = jnp.asarray(data.inputs(*out.shape[:2], hq=out.shape[2], d=out.shape[3], seed=9)[0], dtype)
        got = jax.vjp(call, *x)[1](d_out)
        wants = data.attention_grad(*numpy(x), numpy([d_out])[0], **options)
        for name, g, w, of in zip(NAMES, got, wants, x):
            with self.subTest(name):
                self.assertEqual(g.dtype, of.dtype)
                # As many roundings as out has, and those of out and d_out that come in.
                self.assertLess(data.error(g, w), 2 * NEAR[dtype])

    def test_types(self):
        for dtype in ("float32", "bfloat16", "float16"):
            self.check(inputs(dtype), dtype)

    def test_attributes(self):
        x = inputs(d=48)
        self.check(x, causal=False, scale=0.3, k2_bias=0.5, v2_bias=-1.5, form="determinant")
        self.check(x, form="pairwise")
        self.check(inputs(), w1=None)

    def test_two_lengths(self):
        self.check(inputs(n2=13))
        self.check(inputs(n=13, n2=3), causal=False, lengths=np.array([11, 7], np.int32))
        self.check(inputs(n2=13), start=np.broadcast_to(np.arange(30, dtype=np.int32) // 9 * 9, (2, 30)))
        with self.assertRaisesRegex(simplicial.Error, "v2 has shape"):
            x = inputs(n2=13)
            attention(*x[:4], x[3], **WINDOWS)

    def test_documents(self):
        self.check(inputs(), start=data.START)
        self.check(inputs(), lengths=data.LENGTHS)
        x, start = inputs(), jnp.asarray(data.START)
        want = attention(*x, **WINDOWS, start=start)
        got = jax.jit(jax.vmap(functools.partial(attention, **WINDOWS)))(*(t[:, None] for t in x), start=start[:, None])
        self.near([got[:, 0]], [want])
        many = jnp.asarray([data.LENGTHS, data.LENGTHS - 1])
        got = jax.vmap(lambda n: attention(*x, **WINDOWS, lengths=n))(many)
        self.near(list(got), [attention(*x, **WINDOWS, lengths=n) for n in many])
        with self.assertRaisesRegex(simplicial.Error, "start has shape"):
            attention(*x, **WINDOWS, start=start[:, 1:])
        with self.assertRaisesRegex(simplicial.Error, "start has shape"):
            attention(*inputs(n2=13), **WINDOWS, start=start[:1])
        with self.assertRaisesRegex(simplicial.Error, "start has element type float32; int32 is taken"):
            attention(*x, **WINDOWS, start=start.astype(jnp.float32))

    def test_numpy(self):
        x = data.inputs()
        self.assertTrue((attention(*x, **WINDOWS) == simplicial.attention(*x, **WINDOWS)).all())

    def test_jaxs_own_gradient(self):
        x = inputs()
        self.near(gradients(*x), own_gradients(*x))
        self.near(jax.jit(gradients)(*x), own_gradients(*x))
        self.near(jax.grad(jax.checkpoint(loss(attention)), ALL)(*x), own_gradients(*x))

    def test_some_gradients(self):
        x = inputs()
        for wanted in ((0,), (2, 3)):
            some = jax.jit(jax.grad(loss(attention), wanted))
            self.near(some(*x), [own_gradients(*x)[i] for i in wanted])
            # Others are not computed.
            self.assertIn(f"gradients = {sum(1 << i for i in wanted)} :", some.lower(*x).as_text())

    def test_lse_has_no_gradient(self):
        x = inputs()

        def both(*x):
            out, lse = attention(*x, **WINDOWS, return_lse=True)
            return jnp.sin(out.astype(jnp.float64)).sum() + lse.sum()

        self.near(jax.grad(both, ALL)(*x), own_gradients(*x))
        only = jax.grad(lambda q: attention(q, *x[1:], **WINDOWS, return_lse=True)[1].sum())(x[0])
        self.assertFalse(only.any())


class Transforms(Case):
    def test_jit_of_loops(self):
        x = inputs(nq=9)
        step = lambda q, _: (attention(q, *x[1:], **WINDOWS), None)
        got = jax.jit(lambda q: jax.lax.scan(step, q, length=3)[0])(x[0])
        want = x[0]
        for _ in range(3):
            want = by_einsum(want, *x[1:], **WINDOWS)
        self.near([got], [want], 3 * NEAR["float32"])

    def test_vmap(self):
        x = inputs()
        many = [jnp.stack([t, 2 * t, -t], 1) for t in x[:4]]
        mapped = lambda f: jax.jit(jax.vmap(f, (1, 1, 1, 1, None)))
        attend = mapped(functools.partial(attention, **WINDOWS, return_lse=True))
        out, lse = attend(*many, x[4])
        got = mapped(gradients)(*many, x[4])
        for i in range(3):
            each = [*(t[:, i] for t in many), x[4]]
            want, want_lse = data.attention(*numpy(each), causal=True, **WINDOWS)
            self.near([out[i], lse[i]], [want, want_lse])
            self.near([g[i] for g in got], own_gradients(*each))
        # One call, of a larger batch.
        self.assertEqual(attend.lower(*many, x[4]).as_text().count("@simplicial_attention("), 1)
        self.assertNotIn("while", attend.lower(*many, x[4]).as_text())
        # Over two dimensions, and the gradient of what is mapped.
        twice = [jnp.stack([t, t + 1]) for t in many]
        got = jax.vmap(jax.vmap(functools.partial(attention, **WINDOWS), (1, 1, 1, 1, None)), (0, 0, 0, 0, None))
        self.assertEqual(got(*twice, x[4]).shape, (2, 3, *x[0].shape))
        self.near([got(*twice, x[4])[0]], [out])
        summed = lambda f: jax.grad(lambda v2: mapped(loss(f))(*many, v2).sum())(x[4])
        self.near([summed(attention)], [summed(by_einsum)])

    def test_shards(self):
        mesh = jax.sharding.Mesh(jax.devices(), ("batch",))
        spec = PartitionSpec("batch")
        x = inputs()
        sharded = jax.shard_map(functools.partial(attention, **WINDOWS), mesh=mesh, in_specs=spec, out_specs=spec,
                                check_vma=False)
        self.assertTrue((jax.jit(sharded)(*x) == attention(*x, **WINDOWS)).all())
        self.near(jax.grad(lambda *x: jnp.sin(sharded(*x).astype(jnp.float64)).sum(), ALL)(*x), own_gradients(*x))


class Export(Case):
    def run_elsewhere(self, f, x, shapes):
        """What f exported for these shapes computes of x in another process."""
        checks = [jax.export.DisabledSafetyCheck.custom_call(name)
                  for name in ("simplicial_attention", "simplicial_attention_grad")]
        exported = jax.export.export(jax.jit(f), disabled_checks=checks)(*shapes)
        with tempfile.TemporaryDirectory() as folder:
            with open(f"{folder}/exported", "wb") as file:
                file.write(exported.serialize())
            np.savez(f"{folder}/x", *x)
            program = ("import sys, jax, numpy, simplicial.jax\n"
                       "exported = jax.export.deserialize(bytearray(open('exported', 'rb').read()))\n"
                       "y = exported.call(*numpy.load('x.npz').values())\n"
                       "numpy.savez('y', *(y if isinstance(y, (list, tuple)) else [y]))\n")
            paths = {name: os.path.abspath(os.environ[name]) for name in ("PYTHONPATH", "SIMPLICIAL_LIBRARY_DIR")
                     if name in os.environ}
            subprocess.run([sys.executable, "-c", program], cwd=folder, check=True, env=os.environ | paths)
            return list(np.load(f"{folder}/y.npz").values())

    def test_results(self):
        x = inputs()
        got = self.run_elsewhere(functools.partial(attention, **WINDOWS, return_lse=True), x, x)
        self.near(got, data.attention(*numpy(x), causal=True, **WINDOWS))

    def test_gradients_of_all_lengths(self):
        b, nq, n = jax.export.symbolic_shape("b, nq, n")
        shapes = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in [(b, nq, 4, 16)] + 4 * [(b, n, 2, 16)]]
        x = inputs(b=1, nq=4, n=7)
        f = lambda *x: jax.vjp(functools.partial(attention, **WINDOWS), *x)[1](jnp.ones_like(x[0]))
        want = jax.vjp(functools.partial(by_einsum, **WINDOWS), *x)[1](jnp.ones(x[0].shape))
        self.near(self.run_elsewhere(f, x, shapes), want)


class Errors(unittest.TestCase):
    def refuse(self, text, *x, error=simplicial.Error, **options):
        with self.assertRaisesRegex(error, text):
            jax.block_until_ready(attention(*x, **WINDOWS | options))

    def test_when_traced(self):
        x = inputs()
        self.refuse("k1 has element type float16 instead of float32", x[0], x[1].astype(jnp.float16), *x[2:])
        self.refuse(r"v2 has shape \(2, 8, 2, 16\) instead of \(2, 9, 2, 16\)", *x[:4], x[4][:, :8])
        self.refuse("k1 has shape .* instead of", x[0][:1], *x[1:])
        self.refuse("q has rank 3 instead of 4", x[0][0], *x[1:])
        self.refuse("q has element type int32", x[0].astype(jnp.int32), *x[1:])
        self.refuse("'w2' must be at least 1", *x, w2=0)
        self.refuse("'form' must be one of", *x, form="cubic")
        self.refuse("'scale' must be positive", *x, scale=-1.0)

    def test_when_run(self):
        error = jax.errors.JaxRuntimeError
        self.refuse("INVALID_ARGUMENT: attention: .*multiple of 16", *inputs(d=24), error=error)
        self.refuse("INVALID_ARGUMENT: attention: .*f32, f16 or bf16", *inputs("float64"), error=error)
        self.refuse("INVALID_ARGUMENT: attention: .*head", *inputs(hq=3), error=error)
        x = inputs()
        call = jax.ffi.ffi_call("simplicial_attention", jax.ShapeDtypeStruct(x[0].shape, x[0].dtype))
        with self.assertRaisesRegex(error, "INVALID_ARGUMENT: attention: the attribute 'w3' is unknown"):
            jax.block_until_ready(call(*x, w3=np.int64(3)))
        # It is as good as ever.
        self.assertTrue((attention(*x, **WINDOWS) == simplicial.attention(*map(np.asarray, x), **WINDOWS)).all())

    def test_what_has_no_gradient(self):
        x = inputs()
        first = jax.grad(loss(attention))
        with self.assertRaisesRegex(simplicial.Error, "no second gradients"):
            jax.grad(lambda *x: first(*x).sum())(*x)
        with self.assertRaisesRegex(TypeError, "forward-mode"):
            jax.jvp(lambda q: attention(q, *x[1:]), x[:1], x[:1])


class Threads(unittest.TestCase):
    def test_threads(self):
        x = inputs()
        want = gradients(*x)
        wrong = []

        def work(i):
            for _ in range(5):
                got = gradients(*x)
                # And one that nobody has compiled.
                attention(*x, w1=i + 1, w2=7)
                if not all((g == w).all() for g, w in zip(got, want)):
                    wrong.append(got)

        threads = [threading.Thread(target=work, args=(i // 2,)) for i in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertFalse(wrong)


if __name__ == "__main__":
    unittest.main()
