# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""examples/transformer's context parallel: 2 and 4 processes with a sequence between them, against one with all."""

import multiprocessing
import os
import pathlib
import sys
import tempfile
import time
import traceback
import unittest

import torch
import torch.distributed as dist
import torch.nn.functional as F

os.environ["CUDA_VISIBLE_DEVICES"] = ""  # this is what CPUs do
sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "examples" / "transformer"))

import corpus  # noqa: E402
import model  # noqa: E402
import parallel  # noqa: E402
import train  # noqa: E402

SHAPE = {"dim": 32, "layers": 2, "heads": 4, "kv_heads": 2, "head_dim": 16, "every": 2}
WINDOWS = {"w1": 3, "w2": 9}
# Positions and windows: lengths that no number of ranks divides; chunks shorter than the halo, which comes from several
# ranks or is less at the first of them; as few positions as ranks; w1 > w2; windows of one; all keys; a tensor.
CASES = [(65, WINDOWS), (64, WINDOWS), (23, WINDOWS), (7, WINDOWS), (4, WINDOWS), (37, {"w1": 33, "w2": 5}),
         (29, {"w1": 1, "w2": 1}), (31, {"w1": None, "w2": 3}), (23, WINDOWS | {"rank": 32})]
NEAR = 2e-6  # norm of the difference over the norm: the rounding of f32


def error(got, want):
    return ((got - want).norm() / want.norm()).item()


def loss_and_gradients(net, tokens, context=None):
    """The sum of this process's part of the loss, and its gradients of all parameters."""
    net.zero_grad()
    inputs, targets = tokens[:, :-1], tokens[:, 1:]
    if context:
        inputs, targets = context.part(inputs), context.part(targets)
    loss = F.cross_entropy(net(inputs, context).flatten(0, 1), targets.flatten(), reduction="sum")
    loss.backward()
    return loss.detach().clone(), [p.grad.clone() for p in net.parameters()]


def case(n, windows):
    net = model.Transformer(model.Config(**SHAPE, **windows))
    return net, torch.randint(256, (2, n + 1), generator=torch.Generator().manual_seed(n))


def check_cases(folder, ranks):
    """What differs too much from what one process computes, as text."""
    wrong = []
    for (n, windows), wants in zip(CASES, torch.load(folder / "cases.pt")):
        net, tokens = case(n, windows)
        loss, gradients = loss_and_gradients(net, tokens, parallel.Split(n))
        parallel.sum_over_ranks([loss, *gradients])
        names = ["loss", *(name for name, _ in net.named_parameters())]
        differences = map(error, [loss, *gradients], wants)
        wrong += [f"{n} positions, {windows}: {name}: {difference:.1e}"
                  for name, difference in zip(names, differences, strict=True) if not difference < NEAR]
    return wrong


class Logged:
    """Operators and methods of Exchange, whose calls are added to `events`: of a process that does nothing else."""

    def __init__(self, events):
        self.events, self.operators = events, parallel.operators

    def attention(self, q, *rest):
        self.events.append(f"attention of {q.shape[1]}")
        return self.operators.attention(q, *rest)

    def attention_grad(self, *arguments):
        self.events.append(f"gradient of {arguments[0].shape[1]}")
        return self.operators.attention_grad(*arguments)

    def method(self, name):
        function = getattr(parallel.Exchange, name)

        def call(*arguments):
            self.events.append(name)
            return function(*arguments)
        return call


def check_order(folder, ranks):
    """Forward, what needs no halo is computed between start and end of a transfer."""
    events = []
    logged = Logged(events)
    for name in ("start_halo", "start_back", "finish"):
        setattr(parallel.Exchange, name, logged.method(name))
    parallel.operators = logged
    net = model.Transformer(model.Config(**SHAPE | {"layers": 1, "every": 1}, **WINDOWS))
    n = 20 * ranks
    loss_and_gradients(net, torch.zeros(1, n + 1, dtype=torch.long), parallel.Split(n))
    want = ["start_halo", "attention of 12", "finish", "attention of 8",
            "gradient of 20", "start_back", "finish"]
    return [] if events == want else [str(events)]


def check_errors(folder, ranks):
    try:
        parallel.Split(ranks - 1)
    except ValueError as problem:
        return [] if "positions cannot be split over" in str(problem) else [str(problem)]
    return ["no error"]


def train_some(folder, split):
    """A run of a few steps over all ranks: its losses and parameters."""
    options = train.Options(length=21, batch=4, steps=3, warmup=1, evaluate=3, windows=3,
                            context_parallel=split)
    name = f"run-{dist.get_world_size()}-{split}"
    run = train.Trainer(model.Config(**SHAPE, **WINDOWS), options, folder / name, folder)
    run.run(progress=False)
    losses = torch.tensor([run.log[-1][key] for key in ("loss", *corpus.NAMES)])
    return losses, torch.cat([p.detach().flatten() for p in run.model.parameters()])


def compute_wants(folder, ranks):
    """By one process."""
    cases = [loss_and_gradients(*case(n, windows)) for n, windows in CASES]
    torch.save([[loss, *gradients] for loss, gradients in cases], folder / "cases.pt")
    torch.save(train_some(folder, 1), folder / "training.pt")
    return []


def check_training(folder, ranks):
    """Data parallel, context parallel, and both."""
    want = torch.load(folder / "training.pt")
    wrong = []
    for split in (1, 2, 4):
        if split <= ranks:
            differences = [error(a, b) for a, b in zip(train_some(folder, split), want)]
            wrong += [f"{ranks} ranks, {split} a sequence: {differences}"] * (max(differences) > 10 * NEAR)
    return wrong


def work(rank, ranks, folder, check, queue):
    """A process of several: what `check` returns goes to the queue."""
    torch.set_num_threads(1)
    os.environ.update(RANK=str(rank), WORLD_SIZE=str(ranks))
    try:
        dist.init_process_group("gloo", init_method=f"file://{folder}/store-{check.__name__}-{ranks}", rank=rank,
                                world_size=ranks)
        queue.put(check(folder, ranks))
        dist.destroy_process_group()
    except BaseException:
        queue.put([traceback.format_exc()])


class Parallel(unittest.TestCase):
    SECONDS = 120  # after which a process hangs

    @classmethod
    def setUpClass(cls):
        """What one process computes, which leaves the others what it compiled."""
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        os.environ["SIMPLICIAL_CACHE_DIR"] = str(cls.folder / "cache")
        os.environ.pop("SIMPLICIAL_CACHE_SIZE", None)
        for name in corpus.NAMES:
            found = [corpus.Document(b"%d" % i, b"%d is not %d. " % (i, i * i)) for i in range(300)]
            corpus.prepare(cls.folder, name, found)
        wrong = cls.run_ranks(compute_wants, 1)
        if wrong:
            raise AssertionError(wrong)

    def check(self, check, *sizes):
        for ranks in sizes:
            with self.subTest(ranks=ranks):
                self.assertEqual(self.run_ranks(check, ranks), [])

    @classmethod
    def run_ranks(cls, check, ranks):
        """What is wrong, of all ranks. Forks: this process has started none of torch's threads."""
        fork = multiprocessing.get_context("fork")
        queue = fork.SimpleQueue()
        processes = [fork.Process(target=work, args=(rank, ranks, cls.folder, check, queue)) for rank in range(ranks)]
        for process in processes:
            process.start()
        end = time.monotonic() + cls.SECONDS
        for process in processes:
            process.join(max(0, end - time.monotonic()))
        wrong = [f"rank {i} hangs" for i, process in enumerate(processes) if process.is_alive()]
        for process in processes:
            process.kill()
        while not queue.empty():
            wrong += queue.get()
        return wrong

    def test_cases(self):
        self.check(check_cases, 2, 4)

    def test_order(self):
        self.check(check_order, 2)

    def test_errors(self):
        self.check(check_errors, 2)

    def test_training(self):
        self.check(check_training, 2, 4)


if __name__ == "__main__":
    unittest.main()
