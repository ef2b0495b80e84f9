# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""simplicial.torch on a GPU: results and gradients against float64, streams, CUDA graphs, devices."""

import sys
import unittest

import data
import torch
from data import NAMES, NEAR
from torch_test import WINDOWS, numpy

import simplicial
from simplicial.torch import Cache, TwoSimplicialAttention, attention


def inputs(dtype=torch.bfloat16, device="cuda", grad=True, **sizes):
    sizes = {"nq": 70, "n": 90, "hq": 8, "hk": 1, "d": 64} | sizes
    return [torch.from_numpy(x).to(device, dtype).requires_grad_(grad) for x in data.inputs(**sizes)]


class Cuda(unittest.TestCase):
    def check(self, x, near):
        out = attention(*x, **WINDOWS)
        self.assertEqual(out.device, x[0].device)
        d_out = torch.ones_like(out).cumsum(1).sin()
        got = torch.autograd.grad(out, x, d_out)
        x, d_out = [t.cpu() for t in x], d_out.cpu()
        self.assertLess(data.error(out.detach().cpu().double(), data.attention(*numpy(x), causal=True, **WINDOWS)[0]),
                        near)
        want = data.attention_grad(*numpy(x), numpy([d_out])[0], causal=True, **WINDOWS)
        for name, g, w in zip(NAMES, got, want):
            with self.subTest(name):
                self.assertLess(data.error(g.cpu().double(), w), 2 * near)

    def test_types(self):
        self.check(inputs(torch.bfloat16), NEAR["bfloat16"])
        self.check(inputs(torch.float16), NEAR["float16"])
        self.check(inputs(torch.float32), 1e-5)  # sums of three products of tf32

    def test_strides(self):
        self.check([t.transpose(1, 2).contiguous().transpose(1, 2) for t in inputs()], NEAR["bfloat16"])

    def test_streams(self):
        """Work on a stream waits for what is before it there."""
        x = inputs(grad=False, n=2000, nq=2000)
        want = attention(*x, w1=32, w2=256)
        stream = torch.cuda.Stream()
        torch.cuda.synchronize()
        with torch.cuda.stream(stream):
            torch.cuda._sleep(50_000_000)
            doubled = x[0].clone()
            doubled.zero_()
            doubled += x[0]
            out = attention(doubled, *x[1:], w1=32, w2=256)
            self.assertFalse(stream.query())  # the call did not wait
        stream.synchronize()
        self.assertTrue(torch.equal(out, want))

    def test_graphs(self):
        x = inputs()
        d_out = torch.randn_like(x[0])

        def step():
            out = attention(*x, **WINDOWS)
            return out, *torch.autograd.grad(out, x, d_out)

        stream = torch.cuda.Stream()
        with torch.cuda.stream(stream):
            want = [t.clone() for t in step()]
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            got = step()
        for t in got:
            t.detach().zero_()
        graph.replay()
        graph.replay()
        torch.cuda.synchronize()
        for g, w in zip(got, want):
            self.assertTrue(torch.equal(g, w))

    def test_compile_and_decode(self):
        torch.manual_seed(0)
        layer = TwoSimplicialAttention(256, 8, 1, 64, 16, 32, qk_norm=True, gate=True, device="cuda",
                                       dtype=torch.bfloat16)
        x = torch.randn(2, 60, 256, device="cuda", dtype=torch.bfloat16)
        with torch.no_grad():
            want = layer(x)
            cache = Cache()
            parts = [layer(part, cache) for part in x.split([40, *[1] * 20], 1)]
        torch.testing.assert_close(torch.cat(parts, 1), want, rtol=0.05, atol=0.02)
        try:
            compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")(x)
        finally:
            torch._dynamo.reset()
        torch.testing.assert_close(compiled, want, rtol=0.05, atol=0.02)

    def test_devices(self):
        x = inputs(grad=False)
        with self.assertRaisesRegex(simplicial.Error, "v1 is not in memory that the GPU can reach"):
            attention(*x[:3], x[3].cpu(), x[4], **WINDOWS)
        if torch.cuda.device_count() < 2:
            self.skipTest("there is one GPU")
        self.check(inputs(device="cuda:1"), NEAR["bfloat16"])  # device 0 is the current one
        with self.assertRaisesRegex(simplicial.Error, "k1 is on CUDA device 1"):
            attention(x[0], x[1].to("cuda:1"), *x[2:], **WINDOWS)


if __name__ == "__main__":
    if not torch.cuda.is_available():
        sys.exit(print("skipped: torch_cuda_test.py: PyTorch finds no GPU"))
    unittest.main()
