# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""python report.py OUT: table.md and plots of what experiment.py has in OUT, and, in speed.jsonl, speed.py. Needs NumPy
only."""

import csv
import json
import math
import pathlib
import sys

from chart import Line, chart
from fit import fits, load

KINDS = ("dot-product", "simplicial")
LEVELS = (0.95, 0.99)


def table(heads: list[str], rows: list[list]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"


# Tasks ----------------------------------------------------------------------------------------------------------------


def reached(run: dict, member: int, level: float) -> float:
    """Tokens until the accuracy is there for the first time."""
    return next((tokens for tokens, row in zip(run["tokens"], run["accuracy"]) if row[member] >= level), math.inf)


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def best(run: dict) -> dict:
    """The learning rate with the fewest tokens to 99%, then 95% (medians of the seeds), then the best accuracy."""
    choices = []
    for rate in run["settings"]["rates"]:
        members = [i for i, (_, own) in enumerate(run["members"]) if own == rate]
        final = [run["accuracy"][-1][i] for i in members]
        tokens = {level: median([reached(run, i, level) for i in members]) for level in LEVELS}
        there = sum(reached(run, i, LEVELS[1]) < math.inf for i in members)
        choices.append({"rate": rate, "members": members, "mean": sum(final) / len(final), "least": min(final),
                        "tokens": tokens, "there": f"{there}/{len(members)}"})
    return min(choices, key=lambda c: (*(c["tokens"][level] for level in reversed(LEVELS)), -c["mean"]))


def millions(tokens: float) -> str:
    return "never" if tokens == math.inf else f"{tokens / 1e6:.2f}"


def ratio(plain: float, pairs: float) -> str:
    if math.inf in (plain, pairs):
        return "neither" if plain == pairs else "only dot-product" if pairs == math.inf else "only simplicial"
    return f"{plain / pairs:.2f}"


def report_tasks(folder: pathlib.Path) -> tuple[str, dict[str, str]]:
    """A table, and plots by their names."""
    runs = {}
    for path in folder.glob("*.json"):
        run = json.loads(path.read_text())
        runs.setdefault((run["kind"], run["task"], run["layers"], run["every"]), {})[run["attention"]] = run
    both = [(key, runs[key]) for key in sorted(runs) if len(runs[key]) == 2]
    rows, plots = [], {}
    for (what, task, layers, every), pair in both:
        plain, pairs = (best(pair[kind]) for kind in KINDS)
        cells = [f"{100 * c['mean']:.1f} ({100 * c['least']:.1f}), {c['there']}, {c['rate']:g}" for c in (plain, pairs)]
        tokens = [f"{millions(plain['tokens'][level])} / {millions(pairs['tokens'][level])}" for level in LEVELS]
        rows.append([task, what, layers, every, *cells, *tokens,
                     ratio(plain["tokens"][LEVELS[1]], pairs["tokens"][LEVELS[1]])])
    for task in dict.fromkeys(key[1] for key, _ in both):
        lines = []
        for color, ((_, _, layers, _), pair) in enumerate((key, pair) for key, pair in both if key[1] == task):
            for kind in KINDS:
                members = best(pair[kind])["members"]
                curve = [sum(row[i] for i in members) / len(members) for row in pair[kind]["accuracy"]]
                lines.append(Line(f"{kind}, {layers} layers", pair[kind]["tokens"], curve, kind == KINDS[0], color))
        plots[f"{task}.svg"] = chart(lines, task, "tokens", "accuracy, mean of seeds")
    heads = ["task", "expected", "layers", "every",
             *(f"{kind}: accuracy (least seed), seeds at 99%, rate" for kind in KINDS),
             *(f"million tokens to {100 * level:.0f}%" for level in LEVELS), "times fewer to 99%"]
    return table(heads, rows), plots


# Language models ------------------------------------------------------------------------------------------------------


def report_language(folder: pathlib.Path) -> tuple[str, dict[str, str]]:
    runs = {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}
    rows, lines = [], []
    order = sorted(runs, key=lambda name: (runs[name]["parameters"], name))
    for name in order:
        run = runs[name]
        names, options = run["options"]["corpora"], run["options"]
        rows.append([name, run["parameters"], f"{options['rate']:g}", run["validation"]["step"],
                     f"{run['validation']['tokens'] / 1e6:.2f}", f"{run['seconds']:.0f}",
                     *(f"{run['validation'][text]:.4f}" for text in names)])
    seen = {}
    for name in order:
        run, how = runs[name], name.split("-")[-2]
        key = run["model_config"]["dim"], run["model_config"]["attention"]
        if how != "time" and (key not in seen or loss(run) < loss(runs[seen[key]])):
            seen[key] = name
    colors = {dim: color for color, dim in enumerate(dict.fromkeys(dim for dim, _ in seen))}
    for (dim, kind), name in seen.items():
        with open(folder / f"{name}.csv", newline="") as file:
            log = list(csv.DictReader(file))
        names = runs[name]["options"]["corpora"]
        lines.append(Line(f"{kind}, dim {dim}", [float(row["tokens"]) for row in log],
                          [sum(float(row[text]) for text in names) / len(names) for row in log],
                          kind == KINDS[0], colors[dim]))
    plots = {"loss.svg": chart(lines, "Validation loss, best run of each", "tokens", "nats a byte", logarithmic=True)}
    texts = runs[order[0]]["options"]["corpora"]
    heads = ["run", "parameters", "rate", "steps", "million tokens", "seconds", *(f"nats, {text}" for text in texts)]
    fitted, more = report_fit(folder)
    return f"{table(heads, rows)}\n{fitted}", plots | more


def loss(run: dict) -> float:
    return sum(run["validation"][name] for name in run["options"]["corpora"])


def report_fit(folder: pathlib.Path) -> tuple[str, dict[str, str]]:
    models, names = load(folder)
    if len(models["simplicial"]) < 2:
        return "", {}
    rows, lines = [], []
    for color, name in enumerate(names):
        for key, fit in fits(models, [name]).items():
            rows.append([name, key, f"{fit.exponent:.4f}", f"{fit.low:.4f} to {fit.high:.4f}"])
        for kind, sizes in models.items():
            lines.append(Line(f"{kind}, {name}", [size.parameters for size in sizes],
                              [float(size.losses[name].mean()) for size in sizes], kind == KINDS[0], color))
    plot = chart(lines, "Loss over parameters", "parameters without embeddings", "nats a byte", logarithmic=True)
    return table(["text", "model", "exponent", "95% of samples"], rows), {"fit.svg": plot}


def report_speed(path: pathlib.Path) -> str:
    """Of lines that speed.py has printed."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    compared, ranks = [], []
    for line in lines:
        if line["what"] == "parallel":
            ranks.append([line["ranks"], line["tokens"], f"{line['ms']:.1f}", f"{line['tokens a second']:.0f}"])
            continue
        times = {"a step": line["ms"]} if line["what"] == "step" else {
            f"a layer, {what}": {kind: line[kind][f"{what} ms"] for kind in KINDS}
            for what in ("forward", "forward and backward")}
        for what, of in times.items():
            compared.append([what, "{} x {}".format(*line["tokens"]), *(f"{of[kind]:.2f}" for kind in KINDS),
                             f"{of['simplicial'] / of['dot-product']:.2f}"])
    first = table(["what", "tokens", "dot-product, ms", "simplicial, ms", "times as long"], compared)
    return f"{first}\n{table(['GPUs', 'tokens', 'ms', 'tokens a second'], ranks)}"


def files(out: pathlib.Path) -> dict[pathlib.Path, str]:
    """What is to be written."""
    parts, found = [], {}
    for name, report in (("tasks", report_tasks), ("language", report_language)):
        if list((out / name).glob("*.json")):
            text, plots = report(out / name)
            parts.append(text)
            found |= {out / name / file: plot for file, plot in plots.items()}
    if (out / "speed.jsonl").exists():
        parts.append(report_speed(out / "speed.jsonl"))
    return found | {out / "table.md": "\n".join(parts)}


if __name__ == "__main__":
    for path, content in files(pathlib.Path(sys.argv[1])).items():
        path.write_text(content)
