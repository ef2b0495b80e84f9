# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What 2-simplicial layers are worth: many runs of both models, of equal parameters and equal tokens.

    python experiment.py tasks OUT [--seconds=540] [--share=0/2] [--small]       ensembles on synthetic tasks
    python experiment.py language OUT [--seconds=540] [--share=0/2] [--small]    language models on mathematics and code
    python report.py OUT                                                         tables and plots of what is there

What has a result in OUT is not run again, and after --seconds nothing is begun: call it until it says that all is done.
Runs come in the order of what they tell. --share is for several GPUs: a process takes every second run, say. --small is
the same at a size for CPUs, to see that it works: its numbers say nothing of larger ones.
"""

import argparse
import dataclasses
import functools
import json
import pathlib
import platform
import shutil
import sys
import time
import typing

import torch
from ensemble import Ensemble
from model import Config, count
from tasks import SMALL, TASKS, Task
from train import SIZES, Options, Trainer

KINDS = ("dot-product", "simplicial")


def machine() -> dict:
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else platform.machine()
    return {"device": name, "torch": torch.__version__, "python": platform.python_version()}


# Tasks ----------------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class TaskSettings:
    tasks: tuple[str, ...] = tuple(TASKS)
    depths: tuple[tuple[int, int], ...] = ((1, 1), (2, 2), (4, 4), (4, 2), (3, 2))  # layers, every
    dim: int = 128
    heads: int = 4
    steps: int = 4000
    batch: int = 64
    every: int = 100  # steps between tests
    tests: int = 512
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    rates: tuple[float, ...] = (5e-4, 1e-3, 2e-3)
    weight_decay: float = 0.01


TASK_SETTINGS = {
    False: TaskSettings(),
    True: TaskSettings(tasks=tuple(SMALL), depths=((1, 1), (2, 2)), dim=32, heads=2, steps=1600, batch=32, every=50,
                       tests=256, seeds=(0, 1, 2), rates=(3e-3, 8e-3))}
OWN_SETTINGS = {"multiplication": {"batch": 512, "weight_decay": 1.0}}  # a table that must be generalised, not a stream


def run_task(name: str, task: Task, layers: int, every: int, kind: str, settings: TaskSettings) -> dict:
    """An ensemble of all seeds and learning rates; its accuracies over the tokens that it has seen."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    settings = dataclasses.replace(settings, **OWN_SETTINGS.get(name, {}))
    config = Config(vocabulary=task.vocabulary, outputs=task.outputs, positions=task.length, dim=settings.dim,
                    layers=layers, heads=settings.heads, kv_heads=settings.heads,
                    head_dim=settings.dim // settings.heads, attention=kind, every=every, w1=task.length,
                    w2=task.length)
    members = [(seed, rate) for rate in settings.rates for seed in settings.seeds]
    ensemble = Ensemble(config, task, members, settings.batch, settings.weight_decay, device)
    test = task.test(settings.tests, torch.Generator(device).manual_seed(10 ** 6))
    tokens, accuracy, began = [], [], time.perf_counter()
    for step in range(settings.every, settings.steps + 1, settings.every):
        ensemble.train(settings.every)
        tokens.append(step * settings.batch * task.length)
        accuracy.append([round(x, 4) for x in ensemble.accuracy(*test)])
    return {"task": name, "kind": TASKS[name][1], "layers": layers, "every": every, "attention": kind,
            "parameters": count(ensemble.model), "sizes": dataclasses.asdict(task),
            "settings": dataclasses.asdict(settings), "members": members, "tokens": tokens, "accuracy": accuracy,
            "seconds": round(time.perf_counter() - began, 1), "machine": machine()}


def task_runs(small: bool) -> typing.Iterator[tuple[str, typing.Callable[[], dict]]]:
    settings = TASK_SETTINGS[small]
    for layers, every in settings.depths:
        for name in settings.tasks:
            for kind in KINDS:
                task = SMALL[name]() if small else TASKS[name][0]()
                yield (f"{name}-{layers}-{every}-{kind}",
                       functools.partial(run_task, name, task, layers, every, kind, settings))


# Language models ------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class LanguageSettings:
    sizes: dict[str, dict]
    rates: tuple[float, ...]  # of the first size, from which those of others follow
    seeds: dict[str, tuple[int, ...]]
    options: dict


LANGUAGE_SETTINGS = {
    False: LanguageSettings({size: SIZES[size] for size in ("1M", "3M", "10M", "30M")}, (1e-3, 2e-3, 4e-3),
                            {"1M": (0, 1, 2), "3M": (0, 1, 2), "10M": (0,), "30M": (0,)},
                            {"length": 1024, "batch": 32, "steps": 1500, "warmup": 100, "evaluate": 100,
                             "windows": 128}),
    True: LanguageSettings({f"dim-{dim}": SIZES["tiny"] | {"dim": dim, "heads": dim // 16} for dim in (32, 48, 64)},
                           (4e-3, 8e-3, 1.6e-2), {f"dim-{dim}": (0, 1, 2) for dim in (32, 48, 64)},
                           {"length": 128, "batch": 16, "steps": 500, "warmup": 50, "evaluate": 50, "windows": 64})}


class Later(Exception):
    """A run is not done: time is up, or it needs results that are not there."""


def result_of(folder: pathlib.Path, name: str) -> dict:
    path = folder / f"{name}.json"
    if not path.exists():
        raise Later(f"{name} is not there yet")
    return json.loads(path.read_text())


def loss_of(result: dict) -> float:
    """The mean of all texts."""
    names = result["options"]["corpora"]
    return sum(result["validation"][name] for name in names) / len(names)


def best_rate(folder: pathlib.Path, small: bool, kind: str) -> float:
    """Of the first size, by the mean loss of its first seed."""
    settings = LANGUAGE_SETTINGS[small]
    size = next(iter(settings.sizes))
    losses = {rate: loss_of(result_of(folder, f"{size}-{kind}-{rate:g}-{settings.seeds[size][0]}"))
              for rate in settings.rates}
    return min(losses, key=losses.get)


def first_result(folder: pathlib.Path, small: bool, size: str, kind: str) -> dict:
    """Of the first seed, with the best learning rate."""
    settings = LANGUAGE_SETTINGS[small]
    how = f"{best_rate(folder, small, kind):g}" if size == next(iter(settings.sizes)) else "best"
    return result_of(folder, f"{size}-{kind}-{how}-{settings.seeds[size][0]}")


def equal_steps(folder: pathlib.Path, small: bool, size: str) -> int:
    """How many steps of dot products take as long as the simplicial model's."""
    plain, pairs = (first_result(folder, small, size, kind)["seconds"] for kind in KINDS)
    evaluate, steps = (LANGUAGE_SETTINGS[small].options[key] for key in ("evaluate", "steps"))
    return max(evaluate, round(steps * pairs / plain / evaluate) * evaluate)


def run_language(folder: pathlib.Path, work: pathlib.Path, name: str, config: Config, options: Options, end: float
                 ) -> dict:
    """Its checkpoint stays in `work` until it is done, and its log goes to `folder`."""
    trainer = Trainer(config, options, work / name, work / "data", torch.cuda.is_available())
    trainer.run(end=end)
    if trainer.step < options.steps:
        raise Later("time is up; it goes on from its checkpoint")
    shutil.copy(work / name / "log.csv", folder / f"{name}.csv")
    result = json.loads((work / name / "result.json").read_text())
    shutil.rmtree(work / name)
    return result


def language_runs(small: bool, folder: pathlib.Path, work: pathlib.Path, end: float
                  ) -> typing.Iterator[tuple[str, typing.Callable[[], dict]]]:
    """First the learning rates of the smallest size for both models, then the sizes, then more seeds; at last dot
    products for as long as the simplicial model took, by more steps."""
    settings = LANGUAGE_SETTINGS[small]
    first = next(iter(settings.sizes))

    def run(size, kind, rate, seed, as_long=False):
        """Its name, and what runs it. A rate None is the best one, smaller for wider models."""
        def call():
            config = Config(attention=kind, **settings.sizes[size])
            if rate is None:
                best = best_rate(folder, small, kind)
                scaled = float(f"{best * (settings.sizes[first]['dim'] / config.dim) ** 0.5:.3g}")
            else:
                scaled = rate
            given = settings.options | {"steps": equal_steps(folder, small, size)} if as_long else settings.options
            options = Options(rate=scaled, seed=seed, **given)
            return run_language(folder, work, name, config, options, end)
        how = "time" if as_long else "best" if rate is None else f"{rate:g}"
        name = f"{size}-{kind}-{how}-{seed}"
        return name, call

    for rate in settings.rates:
        for kind in KINDS:
            yield run(first, kind, rate, settings.seeds[first][0])
    others = [(place, size, seed) for size, seeds in settings.seeds.items() for place, seed in enumerate(seeds)
              if place or size != first]
    for _, size, seed in sorted(others, key=lambda other: other[0]):
        for kind in KINDS:
            yield run(size, kind, None, seed)
    for size in settings.sizes:
        yield run(size, "dot-product", None, settings.seeds[size][0], as_long=True)


# Runs -----------------------------------------------------------------------------------------------------------------


def run_all(runs, folder: pathlib.Path, share: tuple[int, int], end: float) -> int:
    """How many of this share are still missing."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = 0
    for number, (name, run) in enumerate(runs):
        path = folder / f"{name}.json"
        if number % share[1] != share[0] or path.exists():
            continue
        if time.time() > end:
            missing += 1
            continue
        began = time.time()
        print(f"{name} ...", flush=True)
        try:
            result = run()
        except Later as reason:
            print(f"{name}: {reason}", flush=True)
            missing += 1
            continue
        path.write_text(json.dumps(result) + "\n")
        print(f"{name}: {time.time() - began:.0f} s", flush=True)
    return missing


def main(arguments: list[str]):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("tasks", "language"))
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--share", default="0/1", help="NUMBER/OF")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("build-transformer"),
                        help="folder of data and checkpoints (default: build-transformer)")
    given = parser.parse_args(arguments)
    torch.set_float32_matmul_precision("high")
    number, of = map(int, given.share.split("/"))
    end = time.time() + given.seconds
    folder = given.out / given.what
    if given.what == "tasks":
        runs = task_runs(given.small)
    else:
        runs = language_runs(given.small, folder, given.work, end)
    missing = run_all(runs, folder, (number, of), end)
    print(f"{missing} runs are missing" if missing else "all runs are done")


if __name__ == "__main__":
    main(sys.argv[1:])
