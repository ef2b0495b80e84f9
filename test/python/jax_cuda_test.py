# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""simplicial.jax on a GPU: results and gradients against float64, command buffers, errors."""

import functools
import os
import sys
import unittest

os.environ["XLA_FLAGS"] = "--xla_gpu_enable_command_buffer=FUSION,CUSTOM_CALL --xla_gpu_graph_min_graph_size=1"
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import data
import jax
import jax.numpy as jnp
import numpy as np
from data import NAMES, NEAR

from simplicial.jax import attention

WINDOWS = {"w1": 3, "w2": 5}
ALL = tuple(range(5))
attend = functools.partial(attention, **WINDOWS)


def inputs(dtype="bfloat16", **sizes):
    return [jnp.asarray(x, dtype) for x in data.inputs(**{"nq": 70, "n": 90, "hq": 8, "hk": 1, "d": 64} | sizes)]


def numpy(arrays):
    return [np.asarray(x, np.float64) for x in arrays]


class Cuda(unittest.TestCase):
    def check(self, dtype, near):
        x = inputs(dtype)
        out, back = jax.vjp(attend, *x)
        d_out = jnp.sin(jnp.cumsum(jnp.ones(out.shape), 1)).astype(dtype)
        self.assertLess(data.error(out, data.attention(*numpy(x), causal=True, **WINDOWS)[0]), near)
        want = data.attention_grad(*numpy(x), numpy([d_out])[0], causal=True, **WINDOWS)
        for name, g, w in zip(NAMES, back(d_out), want):
            with self.subTest(name):
                self.assertLess(data.error(g, w), 2 * near)

    def test_types(self):
        self.check("bfloat16", NEAR["bfloat16"])
        self.check("float16", NEAR["float16"])
        self.check("float32", 1e-5)  # sums of three products of tf32

    def test_command_buffers(self):
        """Calls between other kernels, which XLA records, replays, and records for other memory."""

        @jax.jit
        def step(x):
            out = attention(*(2 * t for t in x), w1=3, w2=7)
            out = attention(out + 1, *(t - 1 for t in x[1:]), w1=3, w2=7)
            return jnp.sin(out)

        for i in range(6):
            x = [(i + 1) / 4 * t for t in inputs("float32")]
            want = data.attention(*(2 * t for t in numpy(x)), causal=True, w1=3, w2=7)[0]
            want = data.attention(want + 1, *(t - 1 for t in numpy(x)[1:]), causal=True, w1=3, w2=7)[0]
            self.assertLess(data.error(step(x), np.sin(want)), 1e-4)

    def test_gradient_beside_command_buffers(self):
        x = inputs("float32")
        gradients = jax.jit(jax.grad(lambda *x: (3 * attend(*(2 * t for t in x))).sum(), ALL))
        d_out = np.full(x[0].shape, 3.0)
        want = data.attention_grad(*(2 * t for t in numpy(x)), d_out, causal=True, **WINDOWS)
        for _ in range(4):
            for g, w in zip(gradients(*x), want):
                self.assertLess(data.error(g, 2 * w), 1e-4)

    def test_vmap(self):
        x = inputs("float32")
        many = [jnp.stack([t, -t]) for t in x]
        got = jax.jit(jax.vmap(attend))(*many)
        for i in range(2):
            want = data.attention(*numpy(t[i] for t in many), causal=True, **WINDOWS)[0]
            self.assertLess(data.error(got[i], want), 1e-5)

    def test_errors(self):
        with self.assertRaisesRegex(jax.errors.JaxRuntimeError, "INVALID_ARGUMENT: attention: .*multiple of 16"):
            jax.block_until_ready(attend(*inputs(d=24)))

    def test_devices(self):
        devices = jax.devices()
        if len(devices) < 2:
            self.skipTest("there is one GPU")
        x = inputs("float32")
        out = attend(*jax.device_put(x, devices[1]))
        self.assertEqual(out.devices(), {devices[1]})
        self.assertLess(data.error(out, data.attention(*numpy(x), causal=True, **WINDOWS)[0]), 1e-5)


if __name__ == "__main__":
    if jax.default_backend() != "gpu":
        sys.exit(print("skipped: jax_cuda_test.py: JAX finds no GPU"))
    unittest.main()
