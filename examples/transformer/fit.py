# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How loss falls with parameters at a fixed budget of tokens: loss = c * parameters^-exponent, for both models.

    python fit.py OUT          OUT/language being what experiment.py wrote

The exponent is the slope of a straight line through the logarithms. Its interval has 95% of those of samples with
replacement: of the windows that losses are means of, the same for all runs, and of the seeds of each size. It says how
certain the slope between these sizes is, not that it is a straight line, or goes on as one.
"""

import dataclasses
import json
import pathlib
import sys

import numpy as np

SAMPLES, CONFIDENCE = 2000, 0.95


@dataclasses.dataclass
class Size:
    """Runs of one model at one size, each with its seed."""
    parameters: int
    losses: dict[str, np.ndarray]  # of each text, [seeds, windows]


@dataclasses.dataclass
class Fit:
    exponent: float
    low: float
    high: float


def slope(parameters: np.ndarray, losses: np.ndarray) -> np.ndarray:
    """Minus the slope of log losses [..., sizes] over log parameters [sizes]."""
    x = np.log(parameters) - np.log(parameters).mean()
    return -(np.log(losses) * x).sum(-1) / (x * x).sum()


def weights(n: int, samples: int, random: np.random.Generator) -> np.ndarray:
    """[samples, n]: of n things, drawn n times with replacement."""
    return random.multinomial(n, np.full(n, 1 / n), samples) / n


def fits(models: dict[str, list[Size]], names: list[str], samples: int = SAMPLES) -> dict[str, Fit]:
    """Of each model, and the difference of the second from the first."""
    random = np.random.default_rng(0)
    kinds = list(models)
    windows = {name: weights(models[kinds[0]][0].losses[name].shape[1], samples, random) for name in names}
    exact, drawn = {}, {}
    for kind in kinds:
        parameters = np.array([size.parameters for size in models[kind]])
        means, sampled = [], []
        for size in models[kind]:
            seeds = weights(len(size.losses[names[0]]), samples, random)
            means.append(np.mean([size.losses[name].mean() for name in names]))
            sampled.append(np.mean([((seeds @ size.losses[name]) * windows[name]).sum(1) for name in names], 0))
        exact[kind], drawn[kind] = slope(parameters, np.array(means)), slope(parameters, np.stack(sampled, 1))
    exact["difference"], drawn["difference"] = (x[kinds[1]] - x[kinds[0]] for x in (exact, drawn))
    edges = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
    return {key: Fit(float(exact[key]), *map(float, np.quantile(drawn[key], edges))) for key in exact}


def load(folder: pathlib.Path) -> tuple[dict[str, list[Size]], list[str]]:
    """The sizes of both models that are there for both, and the texts' names. Of the runs that searched learning rates,
    the best one counts."""
    results = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
    runs = {}
    for name, result in results.items():
        config = result["model_config"]
        how, seed = name.split("-")[-2:]
        if how != "time":
            runs.setdefault((config["attention"], config["dim"], config["layers"], seed), []).append(result)
    names = next(iter(results.values()))["options"]["corpora"] if results else []
    models = {"dot-product": {}, "simplicial": {}}
    for (kind, dim, layers, _), found in runs.items():
        best = min(found, key=lambda result: sum(result["validation"][name] for name in names))
        models[kind].setdefault((dim, layers), []).append(best)
    both = sorted(set(models["dot-product"]) & set(models["simplicial"]))
    return {kind: [Size(found[size][0]["parameters"],
                        {name: np.array([run["windows"][name] for run in found[size]]) for name in names})
                   for size in both] for kind, found in models.items()}, names


def main():
    models, names = load(pathlib.Path(sys.argv[1]) / "language")
    if len(models["simplicial"]) < 2:
        raise SystemExit("there are not two sizes of both models")
    for chosen in ([name] for name in names):
        print(*chosen)
        for key, fit in fits(models, chosen).items():
            print(f"  {key:12s} {fit.exponent:+.4f}  {fit.low:+.4f} to {fit.high:+.4f}")


if __name__ == "__main__":
    main()
