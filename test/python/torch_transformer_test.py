# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""examples/transformer: it trains, resumes to the same bits, its tensor is the einsum, its texts do not leak."""

import dataclasses
import os
import pathlib
import sys
import tempfile
import unittest

import torch

os.environ["CUDA_VISIBLE_DEVICES"] = ""  # this is what CPUs do
sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "examples" / "transformer"))

import corpus  # noqa: E402
import model  # noqa: E402
import tensor  # noqa: E402
import train  # noqa: E402

from simplicial.torch import attention  # noqa: E402

torch.set_num_threads(1)  # there is nothing here that two would be faster at


class Model(unittest.TestCase):
    def test_equal_parameters(self):
        """But for the rounding of a SwiGLU's width in each layer that differs."""
        for size, shape in train.SIZES.items():
            for extra in ({}, {"rank": 32}):
                config = model.Config(**shape, **extra)
                plain = dataclasses.replace(config, attention="dot-product")
                counts = [model.count(model.Transformer(c)) for c in (config, plain)]
                with self.subTest(size, **extra):
                    self.assertLessEqual(abs(counts[0] - counts[1]),
                                         config.layers // config.every * 3 * config.dim * model.STEP / 2 + 0.5)
                    self.assertLess(abs(counts[0] / counts[1] - 1), 0.005)

    def test_is_causal(self):
        """And the second layer sees beyond its window by the first."""
        for kind in ("simplicial", "dot-product"):
            net = model.Transformer(model.Config(dim=32, layers=2, heads=2, head_dim=16, every=2, w1=3, w2=5,
                                                 attention=kind))
            tokens = torch.randint(256, (1, 24), generator=torch.Generator().manual_seed(0))
            changed = tokens.clone()
            changed[0, 12] += 1
            differs = (net(tokens) != net(changed)).any(-1)[0]
            self.assertEqual(differs[:12].any().item(), False)
            self.assertTrue(differs[12] and differs[20])

    def test_wrong_attention(self):
        with self.assertRaisesRegex(ValueError, "attention is 'simplicial' or 'dot-product'"):
            model.Config(attention="linear")
        with self.assertRaisesRegex(ValueError, "not of the determinant one"):
            model.Config(form="determinant", head_dim=48, rank=16)


class LearnableTensor(unittest.TestCase):
    DIM, HEADS, KV_HEADS, WINDOWS = 16, 4, 2, {"w1": 3, "w2": 5}

    def inputs(self):
        generator = torch.Generator().manual_seed(1)
        return [torch.randn(2, 9, heads, self.DIM, generator=generator)
                for heads in [self.HEADS] + 4 * [self.KV_HEADS]]

    def by_einsum(self, a, q, k1, k2, v1, v2):
        """The definition, with A of each query head, in float64."""
        k1, k2, v1, v2 = (x.repeat_interleave(self.HEADS // self.KV_HEADS, 2) for x in (k1, k2, v1, v2))
        logits = torch.einsum("hxyz,bihx,bjhy,bkhz->bhijk", a, q, k1, k2) * self.DIM ** -0.5
        i, j = torch.arange(9)[:, None], torch.arange(9)
        seen = [(j <= i) & (j > i - w) for w in self.WINDOWS.values()]
        logits = logits.masked_fill(~(seen[0][:, :, None] & seen[1][:, None, :]), -torch.inf)
        return torch.einsum("bhijk,bjhd,bkhd->bihd", logits.flatten(-2).softmax(-1).view_as(logits), v1, v2)

    def test_begins_as_the_trilinear_form(self):
        x = self.inputs()
        want = attention(*x, **self.WINDOWS)
        for rank in (16, 20, 32):
            form = tensor.Tensor(self.HEADS, self.KV_HEADS, self.DIM, rank)
            torch.testing.assert_close(form(attention, *x, **self.WINDOWS), want, rtol=1e-6, atol=1e-6)
        form = tensor.Tensor(self.HEADS, self.KV_HEADS, self.DIM, 8)
        x[0][..., 8:] = 0  # what the first 8 dimensions give
        torch.testing.assert_close(form(attention, *x, **self.WINDOWS), attention(*x, **self.WINDOWS), rtol=1e-6,
                                   atol=1e-6)

    def test_is_the_einsum(self):
        """With gradients of A's factors and of all inputs; ranks below, at and above D."""
        for rank in (5, 16, 40):
            form = tensor.Tensor(self.HEADS, self.KV_HEADS, self.DIM, rank)
            generator = torch.Generator().manual_seed(2)
            for p in form.parameters():
                p.data.normal_(0, 0.3, generator=generator)
            x = [t.requires_grad_() for t in self.inputs()]
            exact = tensor.Tensor(self.HEADS, self.KV_HEADS, self.DIM, rank).double()
            exact.load_state_dict(form.state_dict())
            d_out = torch.randn(x[0].shape, generator=generator)
            out = form(attention, *x, **self.WINDOWS)
            got = torch.autograd.grad(out, [*x, *form.parameters()], d_out)
            doubles = [t.detach().double().requires_grad_() for t in x]
            want = self.by_einsum(exact.full(), *doubles)
            wants = torch.autograd.grad(want, [*doubles, *exact.parameters()], d_out.double())
            for name, g, w in zip("out q k1 k2 v1 v2 u v w".split(), (out, *got), (want, *wants)):
                with self.subTest(rank=rank, of=name):
                    self.assertLess(((g - w).norm() / w.norm()).item(), 2e-6)

    def test_all_of_it_learns(self):
        """What is beyond the trilinear form has a gradient, too, at the beginning."""
        form = tensor.Tensor(self.HEADS, self.KV_HEADS, self.DIM, 32)
        form(attention, *self.inputs(), **self.WINDOWS).square().sum().backward()
        self.assertTrue((form.u.grad[..., self.DIM:] != 0).all())


class WithoutGradient(model.Whole):
    """Attention whose gradient of operand `number` is zero; None: of none."""

    def __init__(self, number):
        self.number = number

    def simplicial(self, *operands, **attributes):
        operands = list(operands)
        if self.number is not None:
            operands[self.number] = operands[self.number].clone()
            operands[self.number].register_hook(torch.zeros_like)
        return attention(*operands, **attributes)


class Training(unittest.TestCase):
    """Each token is answered with its sum mod 5 with the one before it, by one layer, which has to know pairs."""

    SHAPE = model.Config(vocabulary=5, outputs=5, positions=6, dim=32, layers=1, heads=2, kv_heads=1, head_dim=16,
                         every=1, w1=6, w2=6)
    STEPS, BOUND = 60, 0.1  # a guess has ln 5 = 1.6

    def last_loss(self, zero, without):
        """Of a model in which the projection to operand `zero` begins as zero, and the gradient of `without` is zero."""
        net = model.Transformer(self.SHAPE)
        projections = net.layers[0].attention.qkv.weight.data.split([2 * 16] + 4 * [16])
        projections[zero].zero_()
        optimizer = torch.optim.AdamW(net.parameters(), 1e-2, train.BETAS, weight_decay=0.0)
        for step in range(self.STEPS):
            tokens = torch.randint(5, (64, 6), generator=torch.Generator().manual_seed(step))
            logits = net(tokens, WithoutGradient(without))[:, 1:]
            answers = (tokens[:, 1:] + tokens[:, :-1]) % 5
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), answers.flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return loss.item()

    def test_every_gradient_is_needed(self):
        """The loss falls below a bound, which it does not where the gradient of one operand is zero. Were the operand
        not zero at first, the others would learn to do with what it is."""
        for number, name in enumerate(("q", "k1", "k2", "v1", "v2")):
            with self.subTest(name):
                self.assertLess(self.last_loss(number, None), self.BOUND)
                self.assertGreater(self.last_loss(number, number), 4 * self.BOUND)


def some_text(folder):
    """Two small texts, prepared."""
    for name in corpus.NAMES:
        found = [corpus.Document(str(i).encode(), f"{name}: {i} and {i * i} are {i + i * i}".encode())
                 for i in range(400)]
        corpus.prepare(folder, name, found)


class Runs(unittest.TestCase):
    SHAPE = model.Config(dim=32, layers=2, heads=2, head_dim=16, every=2, w1=4, w2=8)

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        some_text(self.folder)

    def trainer(self, name, shape=SHAPE, **options):
        options = {"length": 32, "batch": 6, "steps": 8, "warmup": 2, "evaluate": 3, "windows": 4} | options
        return train.Trainer(shape, train.Options(**options), self.folder / name, self.folder)

    def test_resume(self):
        """A run that ends between two checkpoints and goes on from the first gives the same bits."""
        whole = self.trainer("whole")
        whole.run(progress=False)
        self.trainer("parts").run(until=5, progress=False)
        parts = self.trainer("parts")
        self.assertEqual(parts.step, 3)
        parts.run(progress=False)
        for name, value in whole.model.state_dict().items():
            self.assertTrue(torch.equal(value, parts.model.state_dict()[name]), name)
        for a, b in zip(whole.optimizer.state.values(), parts.optimizer.state.values(), strict=True):
            self.assertTrue(all(torch.equal(a[key], b[key]) for key in ("step", "exp_avg", "exp_avg_sq")))
        logs = [[{**row, "seconds": 0} for row in run.log] for run in (whole, parts)]
        self.assertEqual(logs[0], logs[1])
        self.assertEqual([row["step"] for row in logs[0]], [3, 6, 8])
        self.assertEqual({path.name for path in (self.folder / "parts").iterdir()},
                         {"checkpoint.pt", "log.csv", "loss.svg", "result.json"})

    def test_another_run(self):
        self.trainer("run").run(until=3, progress=False)
        with self.assertRaisesRegex(SystemExit, "is of another run"):
            self.trainer("run", seed=1)

    def test_batches(self):
        """Follow from seed and step, half of each text."""
        run = self.trainer("run")
        self.assertTrue(torch.equal(run.batch(7), self.trainer("run").batch(7)))
        self.assertFalse(torch.equal(run.batch(7), run.batch(8)))
        self.assertFalse(torch.equal(run.batch(7), self.trainer("run", seed=1).batch(7)))
        self.assertEqual(run.batch(7).shape, (6, 33))


class Texts(unittest.TestCase):
    DATABASE = """$( A comment with $p in it. $) $c wff $.
      ${ a.1 $e |- ph $.  a $p |-  ps $= ( x ) AB $. $}
      $( Another proof of it. $) aALT $p |- ps $= ( y ) C $.  b $p |- ch $= ( x ) AB $."""

    def test_theorems(self):
        found = list(corpus.theorems(self.DATABASE))
        self.assertEqual([document.key for document in found], [b"$p |- ps", b"$p |- ps", b"$p |- ch"])
        self.assertEqual(found[0].text, b"$c wff $. ${ a.1 $e |- ph $. a $p |- ps $= ( x ) AB $.")
        self.assertEqual(found[1].text, b"$} aALT $p |- ps $= ( y ) C $.")

    def check_leaks(self, found):
        """A text or a key is in one split only, and each has its share."""
        splits = corpus.split(found)
        homes, keys, seen = {}, {}, set()
        for name, texts in splits.items():
            for text in texts:
                self.assertNotIn(text, homes)
                homes[text] = name
        for document in found:
            if document.text not in seen:
                seen.add(document.text)
                self.assertEqual(keys.setdefault(document.key, homes[document.text]), homes[document.text])
        for name, share in corpus.SPLITS.items():
            self.assertAlmostEqual(len(splits[name]) / len(homes), share, delta=0.03)

    def test_no_leaks(self):
        numbers = list(range(2000)) + list(range(0, 2000, 7))
        self.check_leaks([corpus.Document(b"%d" % (i // 2), b"text %d" % i) for i in numbers])

    def test_errors(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        with self.assertRaisesRegex(SystemExit, "there is no text 'english'; there are mathematics, code"):
            corpus.Corpus(folder, "english")
        some_text(folder)
        text = corpus.Corpus(folder, "code")
        with self.assertRaisesRegex(SystemExit, r"code.train has \d+ bytes, fewer than a sequence's 100000"):
            text.draw(1, 100000, torch.Generator())

    def test_splits_stay(self):
        """They are not of this run or machine."""
        others = {5: "validation", 6: "validation", 20: "test", 31: "validation"}
        self.assertEqual([corpus.split_of(b"%d" % i) for i in range(40)], [others.get(i, "train") for i in range(40)])

    def test_real_text(self):
        if not corpus.METAMATH.exists():
            print(f"skipped: texts of packages: there is no {corpus.METAMATH}")
            return
        for name in corpus.NAMES:
            with self.subTest(name):
                self.check_leaks(list(corpus.documents(name)))


if __name__ == "__main__":
    unittest.main()
