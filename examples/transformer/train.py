# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains a Transformer on bytes of text: on a CPU, on a GPU, or with torchrun on several.

    python train.py OUT                                              a tiny model, minutes on a CPU
    python train.py OUT --size=30M --steps=4000                      on a GPU: bf16, compiled
    torchrun --nproc-per-node=8 train.py OUT --context-parallel=4    sequences over 4 ranks, batches over 2 such groups

A batch is a function of seed and step, and nothing else is random. OUT gets log.csv, loss.svg, checkpoint.pt and, at
the end, result.json; a run that finds a checkpoint there goes on from it, to the same bits.
"""

import argparse
import csv
import dataclasses
import json
import math
import os
import pathlib
import platform
import sys
import time

import torch
import torch.distributed as dist
import torch.nn.functional as F
from chart import Line, chart
from corpus import NAMES, Corpus
from evaluate import window_losses
from model import Config, Transformer, Whole, count
from parallel import Split, sum_over_ranks

# By parameters without embeddings and head. Heads have 64 dimensions, keys one head.
SIZES = {
    "tiny": {"dim": 64, "layers": 4, "heads": 4, "head_dim": 16, "w1": 8, "w2": 64},
    "1M": {"dim": 128, "layers": 4, "heads": 2, "head_dim": 64},
    "3M": {"dim": 192, "layers": 8, "heads": 3, "head_dim": 64},
    "10M": {"dim": 320, "layers": 8, "heads": 5, "head_dim": 64},
    "30M": {"dim": 448, "layers": 12, "heads": 7, "head_dim": 64},
}
BETAS, WEIGHT_DECAY, MOST_NORM, LAST_RATE = (0.9, 0.95), 0.1, 1.0, 0.1

MOST_STEPS = 10 ** 6  # of a run: a generator's seed, of which 32 bits count, is one number for seed and step


@dataclasses.dataclass(frozen=True)
class Options:
    corpora: tuple[str, ...] = NAMES
    length: int = 1024  # tokens of a sequence
    batch: int = 32  # sequences of a step, on all ranks together
    steps: int = 1000
    warmup: int = 100
    rate: float = 2e-3
    seed: int = 0
    evaluate: int = 100  # every so many steps
    windows: int = 128  # of each corpus that are predicted then
    context_parallel: int = 1


class Ranks:
    """This process among those of torchrun: groups of `context_parallel` have a sequence together."""

    def __init__(self, options: Options):
        self.size, self.rank = int(os.environ.get("WORLD_SIZE", 1)), int(os.environ.get("RANK", 0))
        split = options.context_parallel
        if self.size % split or options.batch % (self.size // split):
            raise SystemExit(f"{self.size} ranks cannot share batches of {options.batch}, each sequence over {split}")
        self.device = torch.device("cpu")
        if torch.cuda.is_available():
            self.device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
            torch.cuda.set_device(self.device)
        self.context = Whole()
        if self.size > 1:
            if not dist.is_initialized():
                dist.init_process_group("nccl" if self.device.type == "cuda" else "gloo")
            groups = [dist.new_group(range(begin, begin + split)) for begin in range(0, self.size, split)]
            if split > 1:
                self.context = Split(options.length, groups[self.rank // split])
        rows = options.batch // (self.size // split)
        self.rows = slice(self.rank // split * rows, (self.rank // split + 1) * rows)

    def part(self, x: torch.Tensor) -> torch.Tensor:
        """Of a batch [B, N]: this rank's rows and positions."""
        return self.context.part(x[self.rows]) if isinstance(self.context, Split) else x[self.rows]

    def sum(self, tensors: list[torch.Tensor]):
        if self.size > 1:
            sum_over_ranks(tensors)

    def close(self):
        if self.size > 1:
            dist.destroy_process_group()


class Trainer:
    """A run in `folder`, on the prepared texts of `data`."""

    def __init__(self, config: Config, options: Options, folder: pathlib.Path, data: pathlib.Path,
                 compile_model: bool = False):
        self.config, self.options, self.folder = config, options, folder
        self.ranks = Ranks(options)
        self.corpora = [Corpus(data, name, self.ranks.device) for name in options.corpora]
        self.model = Transformer(config, options.seed).to(self.ranks.device)
        self.call = torch.compile(self.model) if compile_model else self.model
        self.optimizer = adamw(self.model, options.rate)
        self.step, self.seconds, self.log = 0, 0.0, []
        self.restore()

    def batch(self, step: int) -> torch.Tensor:
        """[B, 1 + length] of all corpora in turn, which depends on seed and step alone."""
        generator = torch.Generator().manual_seed(self.options.seed * MOST_STEPS + step)
        shares = len(self.corpora)
        counts = [(self.options.batch + i) // shares for i in range(shares)]
        drawn = [corpus.draw(n, self.options.length + 1, generator) for corpus, n in zip(self.corpora, counts)]
        return torch.cat(drawn)[torch.randperm(self.options.batch, generator=generator)]

    def train_step(self) -> torch.Tensor:
        """The loss, on all ranks that of the whole batch."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate_of(self.step, self.options)
        batch = self.batch(self.step)
        tokens, targets = self.ranks.part(batch[:, :-1]), self.ranks.part(batch[:, 1:])
        with torch.autocast(tokens.device.type, torch.bfloat16, enabled=tokens.is_cuda):
            logits = self.call(tokens, self.ranks.context)
        loss = F.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), reduction="sum")
        loss = loss / (self.options.batch * self.options.length)
        loss.backward()
        total = loss.detach().clone()
        self.ranks.sum([total] + [p.grad for p in self.model.parameters()])
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), MOST_NORM)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        return total

    def evaluate(self) -> dict[str, torch.Tensor]:
        """Losses of windows of each corpus."""
        rows = self.rows_of_evaluation()
        return {corpus.name: window_losses(self.call, corpus.windows("validation", self.options.windows,
                                                                     self.options.length + 1), rows, self.ranks.context)
                for corpus in self.corpora}

    def rows_of_evaluation(self) -> int:
        return self.ranks.rows.stop - self.ranks.rows.start

    def run(self, until: int | None = None, progress: bool = True, end: float = math.inf):
        """Trains up to step `until` (None: to the last), or to the first checkpoint after the time `end`."""
        options = self.options
        until = min(until or options.steps, options.steps)
        bar = Progress(options.steps, progress and self.ranks.rank == 0)
        losses, began = [], None
        while self.step < until:
            losses.append(self.train_step())
            if began is None:  # the first step compiles, and does not count
                losses[0].item()
                began = time.perf_counter() - self.seconds
            bar.show(self.step, losses[-1])
            if self.step % options.evaluate == 0 or self.step == options.steps:
                loss = torch.stack(losses).mean().item()  # waits for the GPU
                self.seconds = time.perf_counter() - began
                validation = self.evaluate()
                self.log.append({"step": self.step, "tokens": self.step * options.batch * options.length,
                                 "seconds": round(self.seconds, 3), "rate": rate_of(self.step - 1, options),
                                 "loss": loss} | {name: x.mean().item() for name, x in validation.items()})
                bar.line(self.log[-1], options.corpora)
                losses = []
                self.save(validation)
                if time.time() > end:
                    return
                began = time.perf_counter() - self.seconds  # evaluation and saving do not count

    # What stays -------------------------------------------------------------------------------------------------------

    def about(self) -> dict:
        return {"options": dataclasses.asdict(self.options) | {"corpora": list(self.options.corpora)},
                "model_config": dataclasses.asdict(self.config)}

    def save(self, validation: dict[str, torch.Tensor]):
        if self.ranks.rank != 0:
            return
        state = self.about() | {"step": self.step, "seconds": self.seconds, "log": self.log,
                                "model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        self.folder.mkdir(parents=True, exist_ok=True)
        torch.save(state, self.folder / "checkpoint.tmp")
        os.replace(self.folder / "checkpoint.tmp", self.folder / "checkpoint.pt")
        with open(self.folder / "log.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, self.log[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.log)
        lines = [Line(name, [row["tokens"] for row in self.log], [row[name] for row in self.log])
                 for name in self.options.corpora]
        (self.folder / "loss.svg").write_text(chart(lines, "Validation", "tokens", "nats a byte"))
        if self.step == self.options.steps:
            result = self.about() | {
                "parameters": count(self.model), "seconds": self.seconds, "validation": self.log[-1],
                "windows": {name: [round(x, 5) for x in losses.tolist()] for name, losses in validation.items()},
                "corpora": {corpus.name: corpus.about for corpus in self.corpora}, "machine": machine(self.ranks)}
            (self.folder / "result.json").write_text(json.dumps(result) + "\n")

    def restore(self):
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            return
        saved = torch.load(path, map_location=self.ranks.device, weights_only=True)
        about = {key: saved[key] for key in ("options", "model_config")}
        if about != self.about():
            raise SystemExit(f"{path} is of another run: {json.dumps(about)}")
        self.model.load_state_dict(saved["model"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.step, self.seconds, self.log = saved["step"], saved["seconds"], saved["log"]


def adamw(model: torch.nn.Module, rate: float) -> torch.optim.Optimizer:
    """Weights of normalisations do not decay."""
    parameters = list(model.parameters())
    groups = [{"params": [p for p in parameters if p.dim() > 1], "weight_decay": WEIGHT_DECAY},
              {"params": [p for p in parameters if p.dim() == 1], "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, rate, BETAS, fused=True)


def rate_of(step: int, options: Options) -> float:
    """Linear warm-up, then a cosine down to a tenth."""
    if step < options.warmup:
        return options.rate * (step + 1) / options.warmup
    done = (step - options.warmup) / max(1, options.steps - options.warmup)
    return options.rate * (LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * done)))


def machine(ranks: Ranks) -> dict:
    name = torch.cuda.get_device_name() if ranks.device.type == "cuda" else platform.processor() or platform.machine()
    return {"device": name, "ranks": ranks.size, "torch": torch.__version__, "python": platform.python_version()}


class Progress:
    """A bar where there is a terminal, which waits for a GPU a few times a second only."""

    def __init__(self, steps: int, shown: bool):
        self.steps, self.shown, self.began, self.first = steps, shown, time.perf_counter(), None
        self.shown_at = 0.0
        self.bar = shown and sys.stderr.isatty()

    def show(self, step: int, loss: torch.Tensor):
        self.first = step - 1 if self.first is None else self.first
        passed = time.perf_counter() - self.began
        if self.bar and passed > self.shown_at + 0.2:
            self.shown_at = passed
            left = passed / (step - self.first) * (self.steps - step)
            filled = 30 * step // self.steps
            print(f"\r[{'#' * filled:.<30}] {step}/{self.steps}  loss {loss.item():.3f}  {left:.0f} s left ", end="",
                  file=sys.stderr, flush=True)

    def line(self, row: dict, corpora: tuple[str, ...]):
        if self.shown:
            validation = "  ".join(f"{name} {row[name]:.3f}" for name in corpora)
            end = "\r\033[K" if self.bar else ""
            print(end, end="", file=sys.stderr, flush=True)
            print(f"step {row['step']:6d}  loss {row['loss']:.3f}  validation: {validation}  ({row['seconds']:.0f} s)",
                  flush=True)


def parse(arguments: list[str]) -> tuple[Config, Options, argparse.Namespace]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path, help="folder of the run")
    parser.add_argument("--size", choices=SIZES, default="tiny")
    parser.add_argument("--attention", choices=("simplicial", "dot-product"), default="simplicial")
    parser.add_argument("--every", type=int, default=4, help="one layer in so many is 2-simplicial")
    parser.add_argument("--form", choices=("trilinear", "determinant", "pairwise"), default="trilinear")
    parser.add_argument("--rank", type=int, default=0, help="of a learnable tensor in place of the trilinear form")
    parser.add_argument("--data", type=pathlib.Path, help="folder of prepared texts (default: OUT/../data)")
    parser.add_argument("--corpora", type=lambda text: tuple(text.split(",")), default=NAMES)
    for field in dataclasses.fields(Options)[1:]:
        parser.add_argument("--" + field.name.replace("_", "-"), type=field.type)
    parser.add_argument("--no-compile", action="store_true", help="on a GPU, too")
    given = parser.parse_args(arguments)
    sizes = SIZES[given.size]
    if given.form == "determinant":
        sizes = sizes | {"head_dim": 48}
    config = Config(attention=given.attention, every=given.every, form=given.form, rank=given.rank, **sizes)
    tiny = {"length": 128, "batch": 16, "steps": 800, "warmup": 40, "rate": 4e-3, "evaluate": 80, "windows": 32}
    options = tiny if given.size == "tiny" else {}
    options = options | {field.name: value for field in dataclasses.fields(Options)
                         if (value := getattr(given, field.name)) is not None}
    return config, Options(**options), given


def main(arguments: list[str]):
    config, options, given = parse(arguments)
    compiled = torch.cuda.is_available() and not given.no_compile
    trainer = Trainer(config, options, given.out, given.data or given.out.parent / "data", compiled)
    if trainer.ranks.rank == 0:
        size = f"{count(trainer.model)} parameters, {options.batch} x {options.length} bytes a step"
        print(f"{size}, from step {trainer.step} to {options.steps}, in {given.out}", flush=True)
    trainer.run()
    trainer.ranks.close()


if __name__ == "__main__":
    main(sys.argv[1:])
