# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""simplicial.torch's operator, eager: against float64, and against torch's own gradient of the definition."""

import os
import threading
import unittest

import data
import torch
from data import NAMES, NEAR, assert_near

import simplicial
from simplicial.torch import attention

WINDOWS = {"w1": 3, "w2": 5}


def inputs(dtype=torch.float32, grad=True, **sizes):
    return [torch.from_numpy(x).to(dtype).requires_grad_(grad) for x in data.inputs(**sizes)]


def numpy(tensors):
    return [t.detach().double().numpy() for t in tensors]


def by_einsum(q, k1, k2, v1, v2, w1, w2, causal=True):
    """The definition, in float64, for torch to differentiate."""
    q, k1, k2, v1, v2 = (t.double() for t in (q, k1, k2, v1, v2))
    group = q.shape[2] // k1.shape[2]
    k1, k2, v1, v2 = (t.repeat_interleave(group, 2) for t in (k1, k2, v1, v2))
    s = torch.einsum("bihd,bjhd,bkhd->bhijk", q, k1, k2) * q.shape[-1] ** -0.5
    p = torch.arange(q.shape[1])[:, None] + k1.shape[1] - q.shape[1]
    j = torch.arange(k1.shape[1])
    seen = [(j <= p) & (j > p - w) for w in (w1, w2)]
    s = s.masked_fill(~(seen[0][:, :, None] & seen[1][:, None, :]), -torch.inf)
    return torch.einsum("bhijk,bjhd,bkhd->bihd", s.flatten(-2).softmax(-1).view_as(s), v1, v2)


class Operator(unittest.TestCase):
    def check(self, x, dtype="float32", **options):
        """Results and all gradients that x requires."""
        options = WINDOWS | options
        out, lse = attention(*x, return_lse=True, **options)
        options = {name: value.numpy() if torch.is_tensor(value) else value for name, value in options.items()}
        want, want_lse = data.attention(*numpy(x), **{"causal": True} | options)
        self.assertEqual(out.dtype, x[0].dtype)
        assert_near(self, out.detach().double(), want, dtype)
        assert_near(self, lse.detach(), want_lse)
        needed = [t for t in x if t.requires_grad]
        if needed:
            d_out = torch.from_numpy(data.inputs(*out.shape[:2], hq=out.shape[2], d=out.shape[3], seed=9)[0])
            d_out = d_out.to(out.dtype)
            gradients = iter(torch.autograd.grad(out, needed, d_out))
            wants = data.attention_grad(*numpy(x), numpy([d_out])[0], **{"causal": True} | options)
            for name, t, w in zip(NAMES, x, wants):
                if t.requires_grad:
                    with self.subTest(name):
                        # As many roundings as out has, and those of out and d_out that come in.
                        self.assertLess(data.error(next(gradients).double(), w), 2 * NEAR[dtype])
        return out

    def test_types(self):
        for dtype in ("float32", "bfloat16", "float16"):
            self.check(inputs(getattr(torch, dtype)), dtype)

    def test_attributes(self):
        x = inputs(d=48)
        self.check(x, causal=False, scale=0.3, k2_bias=0.5, v2_bias=-1.5)
        self.check(x, form="determinant")
        self.check(x, form="pairwise", k2_bias=0.5)
        self.check(inputs(), w1=None)

    def test_documents(self):
        self.check(inputs(), start=torch.from_numpy(data.START))
        self.check(inputs(torch.bfloat16), "bfloat16", start=torch.from_numpy(data.START), causal=False)
        self.check(inputs(), lengths=torch.from_numpy(data.LENGTHS))

    def test_two_lengths(self):
        self.check(inputs(n2=13))
        self.check(inputs(n=13, n2=3), causal=False, lengths=torch.tensor([11, 7], dtype=torch.int32))
        self.check(inputs(n2=13), start=torch.arange(30, dtype=torch.int32).expand(2, -1) // 9 * 9)

    def test_strides(self):
        leaves = inputs()
        self.check([t.transpose(1, 2).contiguous().transpose(1, 2) for t in leaves])
        fused = torch.cat(inputs(n=6, hq=2), 2)
        self.check(list(fused.split([2] * 5, 2)))
        self.check([t[:1].expand(t.shape) for t in leaves])
        self.check([t.transpose(1, 3).contiguous().transpose(1, 3) for t in leaves])

    def test_torchs_own_gradient(self):
        x = inputs()
        d_out = torch.randn_like(x[0])
        got = torch.autograd.grad(attention(*x, **WINDOWS), x, d_out)
        want = torch.autograd.grad(by_einsum(*x, **WINDOWS), x, d_out.double())
        for name, g, w in zip(NAMES, got, want):
            with self.subTest(name):
                self.assertLess(data.error(g, w.double().numpy()), NEAR["float32"])

    def test_some_gradients(self):
        for wanted in ((0,), (1, 4), (2, 3)):
            x = inputs(grad=False)
            for i in wanted:
                x[i].requires_grad_()
            self.check(x)

    def test_gradients_of_no_memory(self):
        x = inputs()
        want = torch.autograd.grad(attention(*x, **WINDOWS), x, torch.ones_like(x[0]))
        got = torch.autograd.grad(attention(*x, **WINDOWS).sum(), x)  # d_out is one number, with strides 0
        for g, w in zip(got, want):
            self.assertTrue(torch.equal(g, w))

    def test_no_gradient(self):
        x = inputs()
        with torch.no_grad():
            self.assertFalse(attention(*x, **WINDOWS).requires_grad)
        with torch.inference_mode():
            self.assertTrue(attention(*x, **WINDOWS).is_inference())

    def test_autocast(self):
        x = inputs()
        with torch.autocast("cpu", torch.bfloat16):
            out = attention(*x, **WINDOWS)
        self.assertEqual(out.dtype, torch.bfloat16)
        assert_near(self, out.detach().double(), data.attention(*numpy([t.bfloat16() for t in x]), causal=True,
                                                               **WINDOWS)[0], "bfloat16")
        out.sum().backward()
        self.assertEqual(x[0].grad.dtype, torch.float32)

    def test_transforms(self):
        x = inputs(grad=False)
        gradient = torch.func.grad(lambda q: attention(q, *x[1:], **WINDOWS).sin().sum())(x[0])
        x[0].requires_grad_()
        want, = torch.autograd.grad(by_einsum(*x, **WINDOWS).sin().sum(), x[0])
        self.assertLess(data.error(gradient, want.double().numpy()), NEAR["float32"])
        many = [torch.stack([t.detach(), 2 * t.detach(), -t.detach()], 1) for t in x]
        got = torch.vmap(lambda *t: attention(*t, **WINDOWS), (1, 1, 1, 1, None))(*many[:4], x[4].detach())
        for i in range(3):
            want = attention(*(t[:, i] for t in many[:4]), x[4].detach(), **WINDOWS)
            torch.testing.assert_close(got[i], want)
        start = torch.from_numpy(data.START)
        for dim, starts in (None, start), (0, torch.stack([start, 0 * start, start])):
            got = torch.vmap(lambda q, s: attention(q, *x[1:], **WINDOWS, start=s), (1, dim))(many[0], starts)
            for i in range(3):
                want = attention(many[0][:, i], *x[1:], **WINDOWS, start=start if dim is None else starts[i])
                torch.testing.assert_close(got[i], want)
        lengths = torch.from_numpy(data.LENGTHS)
        got = torch.vmap(lambda n: attention(*x, **WINDOWS, lengths=n))(torch.stack([lengths, lengths - 1]))
        torch.testing.assert_close(got[1], attention(*x, **WINDOWS, lengths=lengths - 1))

    def test_numpy_and_dlpack(self):
        x = inputs(torch.bfloat16, grad=False)
        self.assertTrue(torch.equal(simplicial.attention(*x, **WINDOWS), attention(*x, **WINDOWS)))


class Errors(unittest.TestCase):
    def refuse(self, text, *x, **options):
        with self.assertRaisesRegex(simplicial.Error, text):
            attention(*x, **WINDOWS | options)

    def test_arguments(self):
        x = inputs()
        self.refuse("k1 has element type f16 instead of f32", x[0], x[1].half(), *x[2:])
        self.refuse("v2 dimension 1 is 8 instead of 9", *x[:4], x[4][:, :8])
        self.refuse("q has rank 3 instead of 4", x[0][0], *x[1:])
        self.refuse("q has element type torch.int32", x[0].int(), *x[1:])
        self.refuse("must be f32, f16 or bf16", *(t.double() for t in x))
        self.refuse("multiple of 16", *inputs(d=24))
        self.refuse("'w2' must be at least 1", *x, w2=0)
        self.refuse("start has element type torch.int64", *x, start=torch.from_numpy(data.START).long())
        self.refuse("either start or lengths", *x, start=torch.from_numpy(data.START),
                    lengths=torch.from_numpy(data.LENGTHS))
        self.refuse("start dimension 0 is 1 instead of 2", *x, start=torch.from_numpy(data.START)[:1])

    def test_what_has_no_gradient(self):
        x = inputs()
        out, lse = attention(*x, return_lse=True, **WINDOWS)
        self.assertEqual((out.requires_grad, lse.requires_grad), (True, False))
        gradient, = torch.autograd.grad(attention(*x, **WINDOWS).sum(), x[0], create_graph=True)
        with self.assertRaisesRegex(simplicial.Error, "no second gradients"):
            gradient.sum().backward()


class Processes(unittest.TestCase):
    def test_threads(self):
        x = inputs()
        want = torch.autograd.grad(attention(*x, **WINDOWS).sum(), x)
        wrong = []

        def work():
            for _ in range(20):
                got = torch.autograd.grad(attention(*x, **WINDOWS).sum(), x)
                if not all(map(torch.equal, got, want)):
                    wrong.append(got)

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertFalse(wrong)

    def test_data_loader(self):
        """Workers are forks of a process that has called it."""
        x = inputs(grad=False)
        want = attention(*x, **WINDOWS)

        class Batches(torch.utils.data.Dataset):
            def __len__(self):
                return 4

            def __getitem__(self, i):
                return attention(*x, **WINDOWS), os.getpid()

        for out, process in torch.utils.data.DataLoader(Batches(), num_workers=2):
            self.assertTrue(torch.equal(out[0], want))
            self.assertNotEqual(process.item(), os.getpid())


if __name__ == "__main__":
    unittest.main()
