# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""examples/transformer's experiments: tasks by brute force, ensembles against torch's optimizer, fits of known laws,
and that runs are not run twice."""

import contextlib
import dataclasses
import io
import itertools
import os
import pathlib
import sys
import tempfile
import unittest

import numpy as np
import torch
import torch.nn.functional as F

os.environ["CUDA_VISIBLE_DEVICES"] = ""  # this is what CPUs do
sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "examples" / "transformer"))

import corpus  # noqa: E402
import ensemble  # noqa: E402
import experiment  # noqa: E402
import fit  # noqa: E402
import model  # noqa: E402
import report  # noqa: E402
import tasks  # noqa: E402

torch.set_num_threads(1)


def triple(task, x):
    def right(i, j, k):
        return (x[i][0] ^ x[j][0] ^ x[k][0] if task.xor else (x[i][0] + x[j][0] + x[k][0]) % task.m) == 0
    return [int(any(right(i, j, k) for j, k in itertools.combinations(range(i), 2)))
            for i in range(task.length - task.asked, task.length)]


def sum_asked(task, x):
    numbers = [row[0] for row in x[:task.n]]
    sums = {(a + b) % task.m for a, b in itertools.combinations(numbers, 2)}
    return [int(row[0] - task.m in sums) for row in x[task.n:]]


def join(task, x):
    n, keys, values = task.n, task.keys, task.values
    kind = n + 2 * keys + 2 * values
    memory, asked = x[:2 * n], x[2 * n:]
    second = {row[0]: row for row in memory if row[3] == kind + 1}
    table = {}
    for tag, a, r, what in memory:
        if what == kind:
            _, b, v, _ = second[tag]
            value = v - n - 2 * keys - values
            table[a, b] = (r - n - 2 * keys + value) % values if task.composed else value
    return [table[a, b] for a, b, _, _ in asked]


def apart(task, x):
    flat = [row[0] for row in x]
    table = {(flat[i], flat[i + 1]): flat[i + 2] - 2 * task.keys for i in range(0, 3 * task.n, 3)}
    answers = []
    for i in range(3 * task.n, len(flat), 2):
        answers += [tasks.IGNORED, table[flat[i], flat[i + 1]]]
    return answers


def recall(task, x):
    if task.apart:
        flat = [row[0] for row in x]
        table = {flat[i]: flat[i + 1] for i in range(0, 2 * task.n, 2)}
        asked = flat[2 * task.n:]
    else:
        table, asked = dict(x[:task.n]), [row[0] for row in x[task.n:]]
    return [table[key] - task.keys for key in asked]


def parity(task, x):
    count = task.tags * task.bits
    return [sum(bit - task.tags for tag, bit in x[:count] if tag == asked) % 2 for asked, _ in x[count:]]


def table(task, x):
    return [x[0][0] * x[1][0] % task.p]


BY_CLASS = {tasks.Triple: triple, tasks.SumAsked: sum_asked, tasks.Join: join, tasks.Apart: apart, tasks.Recall: recall,
            tasks.Parity: parity, tasks.Table: table}


class Tasks(unittest.TestCase):
    def test_answers(self):
        for name, make in [(name, make) for name, (make, _) in tasks.TASKS.items()] + list(tasks.SMALL.items()):
            task = make()
            for part in (task.batch, task.test):
                x, y = part(40, torch.Generator().manual_seed(3))
                with self.subTest(name):
                    self.assertEqual((x.shape[:2], y.shape), ((40, task.length), (40, task.asked)))
                    self.assertTrue(0 <= x.min() and x.max() < task.vocabulary and y.max() < task.outputs)
                    self.assertEqual(y.tolist(), [BY_CLASS[type(task)](task, row) for row in x.tolist()])

    def test_no_guess_is_good(self):
        for name, (make, _) in tasks.TASKS.items():
            task = make()
            _, y = task.batch(2000, torch.Generator().manual_seed(4))
            shares = torch.bincount(y[y != tasks.IGNORED], minlength=task.outputs) / (y != tasks.IGNORED).sum()
            with self.subTest(name):
                self.assertLess(shares.max().item(), 0.66 if task.outputs == 2 else 2.5 / task.outputs)

    def test_table_is_split(self):
        task = tasks.Table(13)
        seen = {tuple(row) for row in task.batch(5000, torch.Generator().manual_seed(5))[0][..., 0].tolist()}
        tests = {tuple(row) for row in task.test(10 ** 6, torch.Generator())[0][..., 0].tolist()}
        self.assertFalse(seen & tests)
        self.assertEqual(len(seen | tests), 13 * 13)


class Ensembles(unittest.TestCase):
    TASK = tasks.Recall(n=4, keys=8, values=4, asked=2)
    SHAPE = model.Config(vocabulary=TASK.vocabulary, outputs=4, positions=TASK.length, dim=32, layers=2, heads=2,
                         kv_heads=2, head_dim=16, every=2, w1=6, w2=6)

    def test_members(self):
        """Each is what torch's AdamW makes of the model alone."""
        members = [(0, 3e-3), (0, 1e-2), (1, 3e-3)]
        for kind in experiment.KINDS:
            shape = dataclasses.replace(self.SHAPE, attention=kind)
            many = ensemble.Ensemble(shape, self.TASK, members, 8, 0.1)
            many.train(4)
            for i, (seed, rate) in enumerate(members):
                net = model.Transformer(shape, seed)
                groups = [{"params": [p for p in net.parameters() if (p.dim() > 1) == decays],
                           "weight_decay": 0.1 * decays} for decays in (True, False)]
                optimizer = torch.optim.AdamW(groups, betas=ensemble.BETAS, eps=ensemble.EPSILON)
                tokens, answers = self.TASK.batch(4 * 8, torch.Generator().manual_seed(seed))
                for step, (x, y) in enumerate(zip(tokens.split(8), answers.split(8))):
                    for group in optimizer.param_groups:
                        group["lr"] = rate * (step + 1) / ensemble.WARMUP
                    optimizer.zero_grad()
                    F.cross_entropy(net(x)[:, -2:].flatten(0, 1), y.flatten()).backward()
                    torch.nn.utils.clip_grad_norm_(net.parameters(), ensemble.MOST_NORM)
                    optimizer.step()
                first = model.Transformer(shape, seed)
                for (name, p), before in zip(net.named_parameters(), first.parameters()):
                    change, want = many.parameters[name][i] - before, p - before
                    self.assertLess(((change - want).norm() / want.norm()).item(), 2e-3, (kind, i, name))

    def test_accuracy(self):
        many = ensemble.Ensemble(self.SHAPE, self.TASK, [(0, 1e-3), (1, 1e-3)], 8, 0.1)
        x, y = self.TASK.test(20, torch.Generator().manual_seed(1))
        with torch.no_grad():
            want = [(model.Transformer(self.SHAPE, seed)(x)[:, -2:].argmax(-1) == y).float().mean() for seed in (0, 1)]
        np.testing.assert_allclose(many.accuracy(x, y), want, atol=1e-6)


class Fits(unittest.TestCase):
    PARAMETERS = (1e6, 4e6, 1.6e7)

    def models(self, exponents, noise, seeds=12, data=1):
        """Windows' losses that are (parameters / 1e6)^-exponent of one hardness a window, with noise of each run."""
        random = np.random.default_rng(data)
        hardness = random.uniform(0.5, 3, 200)
        return {kind: [fit.Size(int(p), {"text": hardness * (p / 1e6) ** -exponent
                                         * np.exp(noise * random.standard_normal((seeds, 1)))})
                       for p in self.PARAMETERS] for kind, exponent in exponents.items()}

    def test_exact(self):
        found = fit.fits(self.models({"dot-product": 0.1, "simplicial": 0.13}, 0), ["text"], 50)
        for key, want in (("dot-product", 0.1), ("simplicial", 0.13), ("difference", 0.03)):
            np.testing.assert_allclose(dataclasses.astuple(found[key]), want, rtol=1e-9)

    def test_noise(self):
        """Intervals have the width that noise of the seeds makes, and the truth in them as often as they should."""
        widths, inside = [], 0
        for data in range(30):
            found = fit.fits(self.models({"dot-product": 0.1, "simplicial": 0.13}, 0.01, data=data), ["text"], 200)
            widths.append(found["dot-product"].high - found["dot-product"].low)
            inside += found["difference"].low < 0.03 < found["difference"].high
        x = np.log(self.PARAMETERS)
        want = 2 * 1.96 * 0.01 / np.sqrt(12) / np.sqrt(((x - x.mean()) ** 2).sum())
        self.assertAlmostEqual(np.mean(widths) / want, np.sqrt(11 / 12), delta=0.1)
        self.assertGreaterEqual(inside, 24)


class Runs(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def call(self, *arguments):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            experiment.main([*arguments, "--small", "--work", str(self.folder / "work")])
        return output.getvalue()

    def patch(self, name, value):
        self.addCleanup(setattr, experiment, name, getattr(experiment, name))
        setattr(experiment, name, value)

    def test_tasks(self):
        settings = dataclasses.replace(experiment.TASK_SETTINGS[True], tasks=("recall",), depths=((1, 1),), steps=4,
                                       every=2, batch=4, tests=8)
        self.patch("TASK_SETTINGS", {True: settings})
        out = str(self.folder)
        self.assertIn("1 runs are missing", self.call("tasks", out, "--seconds=0", "--share=1/2"))
        self.assertIn("recall-1-1-simplicial", self.call("tasks", out, "--share=1/2"))
        text = self.call("tasks", out)
        self.assertIn("recall-1-1-dot-product", text)
        self.assertNotIn("recall-1-1-simplicial", text)
        self.assertEqual(self.call("tasks", out), "all runs are done\n")
        self.assertIn("| recall | control | 1 | 1 |", report.report_tasks(self.folder / "tasks")[0])

    def test_language(self):
        """Runs that need the results of others, too."""
        for name in corpus.NAMES:
            found = [corpus.Document(b"%d" % i, b"%d, not %d. " % (i, i * i)) for i in range(300)]
            corpus.prepare(self.folder / "work" / "data", name, found)
        shapes = {f"dim-{dim}": {"dim": dim, "layers": 1, "heads": 2, "head_dim": 16, "every": 1, "w1": 2, "w2": 4}
                  for dim in (16, 32)}
        options = {"length": 16, "batch": 2, "steps": 4, "warmup": 1, "evaluate": 2, "windows": 4}
        self.patch("LANGUAGE_SETTINGS", {True: experiment.LanguageSettings(
            shapes, (1e-3, 1e-2), {"dim-16": (0, 1), "dim-32": (0,)}, options)})
        self.assertIn("3 runs are missing", self.call("language", str(self.folder), "--share=1/3", "--seconds=0"))
        text = self.call("language", str(self.folder), "--share=4/5")
        self.assertIn("dim-16-dot-product-0.001-0 is not there yet", text)
        self.assertIn("all runs are done", self.call("language", str(self.folder)))
        names = {path.stem for path in (self.folder / "language").glob("*.json")}
        self.assertEqual(names, {path.stem for path in (self.folder / "language").glob("*.csv")})
        hows = ("dim-16", "0.001-0"), ("dim-16", "0.01-0"), ("dim-16", "best-1"), ("dim-32", "best-0")
        self.assertEqual(names, {f"{size}-{kind}-{how}" for kind in experiment.KINDS for size, how in hows}
                         | {f"dim-{dim}-dot-product-time-0" for dim in (16, 32)})
        text, plots = report.report_language(self.folder / "language")
        self.assertIn("| mathematics | difference |", text)
        self.assertEqual(set(plots), {"loss.svg", "fit.svg"})


if __name__ == "__main__":
    unittest.main()
