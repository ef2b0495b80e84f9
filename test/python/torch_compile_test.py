# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""simplicial.torch under torch.compile and torch.export, its registrations, and its module."""

import unittest

import data
import torch
import torch._dynamo
from torch_test import WINDOWS, inputs

import simplicial
from simplicial.torch import Cache, TwoSimplicialAttention, attention


def block(q, k1, k2, v1, v2):
    return attention(q * 2, k1, k2, v1, v2, **WINDOWS) + 1


class Compiled(unittest.TestCase):
    def setUp(self):
        torch._dynamo.reset()

    def test_one_compilation_for_all_lengths(self):
        compiled = torch.compile(block, fullgraph=True, dynamic=True, backend="aot_eager")
        # Sizes that are equal at first would be taken for the same one.
        for b, nq, n in ((3, 6, 9), (2, 9, 12), (5, 8, 17)):
            x, y = inputs(b=b, nq=nq, n=n), inputs(b=b, nq=nq, n=n)
            with torch._dynamo.config.patch(error_on_recompile=True):
                out = compiled(*x)
            want = block(*y)
            torch.testing.assert_close(out, want)
            for got, w in zip(torch.autograd.grad(out.sum(), x), torch.autograd.grad(want.sum(), y)):
                torch.testing.assert_close(got, w)
        with self.assertRaises(torch._dynamo.exc.RecompileError), torch._dynamo.config.patch(error_on_recompile=True):
            compiled(*inputs(torch.float16))  # as it would have been

    def test_inductor(self):
        x = inputs()
        compiled = torch.compile(block, fullgraph=True)
        out, want = compiled(*x), block(*x)
        torch.testing.assert_close(out, want)
        for got, w in zip(torch.autograd.grad(out.sum(), x), torch.autograd.grad(want.sum(), x)):
            torch.testing.assert_close(got, w)

    def test_autocast(self):
        x = inputs()

        def mixed(*x):
            with torch.autocast("cpu", torch.bfloat16):
                return attention(*x, **WINDOWS)

        out = torch.compile(mixed, fullgraph=True, backend="aot_eager")(*x)
        self.assertTrue(torch.equal(out, mixed(*x)))

    def test_export(self):
        class Block(torch.nn.Module):
            forward = staticmethod(block)

        batch, queries, keys = (torch.export.Dim(name) for name in ("batch", "queries", "keys"))
        shapes = ({0: batch, 1: queries}, *[{0: batch, 1: keys}] * 4)
        exported = torch.export.export(Block(), tuple(inputs(grad=False)), dynamic_shapes=shapes)
        x = inputs(grad=False, b=3, nq=5, n=14)
        torch.testing.assert_close(exported.module()(*x), block(*x))
        names = [str(node.target) for node in exported.graph.nodes]
        self.assertIn("simplicial.attention.default", names)

    def test_registrations(self):
        attributes = (3, 5, True, None, "trilinear", 0.0, 0.0)
        for grad in (False, True):
            x = inputs(grad=grad)
            torch.library.opcheck(torch.ops.simplicial.attention.default, (*x, *attributes))
        x = inputs(grad=False)
        out, lse = attention(*x, return_lse=True, **WINDOWS)
        torch.library.opcheck(torch.ops.simplicial.attention_grad.default,
                              (*x, out, lse, torch.randn_like(out), [True, False, True, True, False], *attributes))


class Module(unittest.TestCase):
    def layer(self, **options):
        torch.manual_seed(0)
        options = {"kv_heads": 1, "head_dim": 16, "w1": 3, "w2": 6} | options
        return TwoSimplicialAttention(48, 4, **options)

    def test_is_what_it_is_made_of(self):
        layer = self.layer(qk_norm=True, gate=True, bias=True)
        x = torch.randn(2, 9, 48)
        q, *rest = layer.qkv(x).view(2, 9, 8, 16).split([4, 1, 1, 1, 1], 2)
        normed = [torch.nn.functional.rms_norm(t, (16,)) for t in (q, *rest[:2])]
        want, _ = data.attention(*(t.detach().double().numpy() for t in (*normed, *rest[2:])), w1=3, w2=6, causal=True)
        want = layer.out(torch.from_numpy(want).float().flatten(2) * layer.gate(x).sigmoid())
        torch.testing.assert_close(layer(x), want)

    def test_learns(self):
        layer = self.layer(qk_norm=True, gate=True)
        x = torch.randn(2, 9, 48)
        target = torch.randn(2, 9, 48)
        optimizer = torch.optim.Adam(layer.parameters(), 1e-2)
        losses = []
        for _ in range(30):
            optimizer.zero_grad()
            loss = (layer(x) - target).square().mean()
            loss.backward()
            self.assertTrue(all(p.grad is not None and p.grad.isfinite().all() for p in layer.parameters()))
            optimizer.step()
            losses.append(loss.item())
        self.assertLess(losses[-1], 0.7 * losses[0])

    def decode(self, counts, **windows):
        """Positions in so many parts give what they give at once; the cache."""
        layer, cache = self.layer(**windows), Cache()
        x = torch.randn(2, sum(counts), 48)
        with torch.no_grad():
            parts = [layer(part, cache) for part in x.split(counts, 1)]
            torch.testing.assert_close(torch.cat(parts, 1), layer(x))
        self.assertEqual(cache.length, sum(counts))
        return cache

    def test_decodes(self):
        for windows in {}, {"w2": None}, {"w1": None, "w2": None}, {"w1": 1}, {"w1": 9, "w2": 2}, {"w2": 2 ** 40}:
            self.decode([5, 1, 1, 7, *[1] * 26], **windows)

    def test_decodes_in_every_rotation(self):
        """What comes after a prompt begins at each place of both rings, one position at a time and up to 16 of them."""
        for prompt in range(1, 16):  # windows of 3 and 5 positions are in one state of 15
            self.decode([prompt, 1, 1, 2, 1, 5, 1, 16, 1], w2=5)
        for count in 2, 5, 16:
            self.decode([1, *5 * [count], 1], w2=5)

    def test_caches_keep_as_much_as_windows_reach(self):
        rooms = lambda cache: [ring._buffer.shape[1] for ring in cache._rings]
        self.assertEqual(rooms(self.decode([7, 1, 16, *[1] * 30])), [3, 6])
        self.assertEqual(rooms(self.decode([0, 40, 0])), [3, 6])
        self.assertEqual(rooms(self.decode([1, 1, 1], w2=4096)), [3, 6])
        cache = self.decode([1, 1, 1, 1, 1])
        before = [ring._buffer.data_ptr() for ring in cache._rings]
        with torch.no_grad():
            self.layer()(torch.randn(2, 1, 48), cache)
        self.assertEqual(before, [ring._buffer.data_ptr() for ring in cache._rings])

    def test_half_types_and_errors(self):
        layer = self.layer(dtype=torch.bfloat16)
        self.assertEqual(layer(torch.randn(1, 4, 48, dtype=torch.bfloat16)).dtype, torch.bfloat16)
        with self.assertRaisesRegex(simplicial.Error, "4 heads are not a multiple of 3"):
            self.layer(kv_heads=3)
        with self.assertRaisesRegex(simplicial.Error, "only causal"):
            self.layer(causal=False)(torch.randn(1, 4, 48), Cache())
        cache = Cache()
        with torch.no_grad(), self.assertRaisesRegex(simplicial.Error, "the cache is of"):
            for batch in (1, 2):
                self.layer()(torch.randn(batch, 4, 48), cache)
        with torch.no_grad(), self.assertRaisesRegex(simplicial.Error, "the cache is of windows \\(3, 6\\)"):
            self.layer(w1=4)(torch.randn(1, 4, 48), cache)


if __name__ == "__main__":
    unittest.main()
