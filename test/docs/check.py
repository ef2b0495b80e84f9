# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""check.py SOURCE [BUILD]: checks what the documentation in SOURCE says against what is there.

With BUILD, also the options of its tools. Prints each problem on a line, and fails if there is one.
"""

import csv
import importlib.util
import pathlib
import re
import subprocess
import sys

# Files of these folders are named by the README of their folder, or of one above.
NAMED = ("bench", "cmake", "dialect", "examples", "include", "lowering", "plugin", "python", "runtime", "tools")
NAMED_SUFFIXES = {".c", ".cpp", ".h", ".py", ".cmake", ".in", ".map", ".mlir"}
# These have a README of their own.
ROOMS = ("bench", "cmake", "dialect", "docs", "examples", "include/simplicial", "lowering", "lowering/*",
         "lowering/gpu/*", "plugin", "python", "runtime", "runtime/*", "test", "test/*", "tools")

problems = []


def problem(path, text):
    problems.append(f"{path}: {text}")


def without_code(page):
    """A page without its code, of which line numbers stay."""
    page = re.sub(r"^```.*?^```$", lambda match: "\n" * match[0].count("\n"), page, flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", "", page)


def pages(source):
    """(path, text) of each Markdown file."""
    for path in sorted(source.rglob("*.md")):
        relative = path.relative_to(source)
        if not re.match(r"build|\.", relative.parts[0]):
            yield relative, path.read_text()


def blocks(page, *languages):
    """(language, code) of each fenced block."""
    return [(language, code) for language, code in re.findall(r"^```(\w+)\n(.*?)^```$", page, re.M | re.S)
            if language in languages]


def commands(page):
    """The commands in a page's shell code, without comments, and lines that go on joined."""
    for _, code in blocks(page, "sh", "console"):
        for line in code.replace("\\\n", " ").splitlines():
            yield re.sub(r"\s#.*", "", line).removeprefix("$ ").strip()


# Links ----------------------------------------------------------------------------------------------------------------


def anchor(heading):
    """GitHub's name for a heading."""
    heading = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(page):
    return {anchor(heading) for heading in re.findall(r"^#+ (.*)$", without_code(page).replace("`", ""), re.M)} | {
        anchor(heading) for heading in re.findall(r"^#+ (.*)$", page, re.M)}


def links(page):
    """The targets of links and pictures, without those to other sites."""
    found = re.findall(r"\]\(([^)\s]+)\)", without_code(re.sub(r"\[`([^`\n]*)`\]", "[]", page)))
    return [target for target in found if not re.match(r"\w+:", target)]


def check_links(source):
    for path, page in pages(source):
        for target in links(page):
            name, _, fragment = target.partition("#")
            to = (source / path.parent / name).resolve() if name else source / path
            if not to.exists():
                problem(path, f"links to {target}, which is not there")
            elif source.resolve() not in (to.resolve(), *to.resolve().parents):
                problem(path, f"links to {target}, which is not in the repository")
            elif fragment and (to.suffix != ".md" or fragment not in anchors(to.read_text())):
                problem(path, f"links to {target}, which has no such heading")


# Folders --------------------------------------------------------------------------------------------------------------


def check_rooms(source):
    for room in ROOMS:
        for folder in sorted(source.glob(room)):
            if folder.is_dir() and folder.name != "__pycache__" and not (folder / "README.md").exists():
                problem(folder.relative_to(source), "has no README.md")


def check_map(source):
    """The README's map has each folder, and no other."""
    shown = set(re.findall(r"^    ([\w/]+)/  ", (source / "README.md").read_text(), re.M))
    there = {str(path.parent.relative_to(source)) for path in source.glob("*/README.md")} | {"include/simplicial"}
    check_set("README.md", "folder", shown, {name for name in there if not re.match(r"build|cmake", name)})


def check_names(source):
    """Each file is named, by a link to it or to another of its name (what has a .c needs no line for the .h)."""
    for top in NAMED:
        for path in sorted((source / top).rglob("*")):
            if not path.is_file() or path.suffix not in NAMED_SUFFIXES:
                continue
            relative = path.relative_to(source)
            readme = next(folder / "README.md" for folder in path.parents if (folder / "README.md").exists())
            targets = [(readme.parent / target).resolve() for target in links(readme.read_text())]
            if not any(target.parent == path.resolve().parent and target.stem == path.stem for target in targets):
                problem(readme.relative_to(source), f"does not name {relative}")


# Commands -------------------------------------------------------------------------------------------------------------


def check_dev(source):
    """What is shown of ./dev is what it offers, and CI runs nothing else."""
    offered = subprocess.run([source / "dev", "help"], capture_output=True, text=True, check=True).stdout
    offered = set(re.findall(r"^\./dev (\w+)", offered, re.M))
    shown = {}
    for path, page in pages(source):
        for command in commands(page):
            words = command.split()
            if words[:1] == ["./dev"]:
                shown.setdefault(path, set()).add(command)
                if words[1] not in offered:
                    problem(path, f"shows `{command}`, but ./dev help does not list {words[1]}")
    readme = shown.get(pathlib.Path("README.md"), set())
    for command in ("./dev demo", "./dev test"):
        if command not in readme:
            problem("README.md", f"does not show `{command}`")
    for line in (source / ".ci" / "run").read_text().splitlines():
        if line.startswith("./dev") and line not in readme:
            problem("README.md", f"does not show `{line}`, which .ci/run runs")
        elif line and not re.match(r"#|set |cd |\./dev", line):
            problem(".ci/run", f"does more than call ./dev: {line}")


def check_options(source, build):
    """The options of our tools that pages show, and files of the repository that they are given."""
    helps = {}
    for path, page in pages(source):
        for command in commands(page):
            words = command.split()
            if not words or not words[0].startswith("build/bin/"):
                continue
            tool = build / words[0].removeprefix("build/")
            if tool not in helps:
                helps[tool] = subprocess.run([tool, "--help"], capture_output=True, text=True, check=True).stdout
            for option in re.findall(r"(?<!\S)(--[\w-]+)", command):
                if not re.search(rf"{option}\b", helps[tool]):
                    problem(path, f"shows `{command}`, but {tool.name} has no {option}")
            for word in words[1:]:
                if re.match(r"(examples|test)/", word) and not (source / word).exists():
                    problem(path, f"shows `{command}`, but there is no {word}")


# Passes ---------------------------------------------------------------------------------------------------------------


def check_set(path, what, documented, there):
    for name in sorted(there - documented):
        problem(path, f"lacks the {what} {name}")
    for name in sorted(documented - there):
        problem(path, f"has the {what} {name}, which there is not")


def check_passes(source):
    path = "docs/passes.md"
    page = (source / path).read_text()
    passes = set(re.findall(r'"(simplicial-[\w-]+)"', (source / "lowering/pass.h").read_text()))
    check_set(path, "pass", set(re.findall(r"^## (simplicial-[\w-]+)$", page, re.M)), passes)
    sequences = set(re.findall(r'= \{"(simplicial-to-\w+)"', (source / "lowering/pipelines.c").read_text()))
    check_set(path, "sequence", set(re.findall(r"^\| `(simplicial-to-\w+)` \|", page, re.M)), sequences)
    header = (source / "include/simplicial/passes.h").read_text()
    entries = re.findall(r"^///   (\w+) *: (i64|bool|string|type) ", header, re.M)
    documented = re.findall(r"^\| `(\w+)` \| (i64|bool|string|type) \|", page, re.M)
    check_set(path, "entry", {" : ".join(entry) for entry in documented}, {" : ".join(entry) for entry in entries})


# Tables and pictures --------------------------------------------------------------------------------------------------


def rows(page):
    """Rows of tables that have milliseconds and the N of an attention, as dictionaries by heading."""
    lines = page.splitlines()
    for i, line in enumerate(lines):
        heads = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|") or not {"N", "ms", "times as fast"} <= set(heads):
            continue
        for row in lines[i + 2:]:
            if not row.startswith("|"):
                break
            yield dict(zip(heads, (cell.strip() for cell in row.strip("|").split("|"))))


def check_measured(source, path, defaults):
    """Each row of a table is one that was measured, rounded."""
    with open(source / "bench/results/h100/results.csv", newline="") as file:
        measured = [line for line in csv.DictReader(file) if line.get("pass") != "backward"]
    found = [row for row in rows((source / path).read_text()) if "of forward" not in row]
    if not found:
        problem(path, "has no table of speed")
    for row in found:
        case = defaults | {key: row[key] for key in ("type", "N", "Hq", "D", "w2") if key in row}
        keys = {"dtype": case["type"]} | {key: case[key] for key in ("B", "N", "Hq", "Hk", "D", "w1", "w2")}
        cells = {}
        for line in measured:
            if all(line[key] == value for key, value in keys.items()):
                cells[line["implementation"]] = line
        if set(cells) < {"simplicial", "triton"}:
            problem(path, f"has a row that was not measured: {row}")
            continue
        ours, peer = cells["simplicial"], cells["triton"]
        want = {"ms": f"{float(ours['ms']):.1f}", "TFLOP/s": f"{float(ours['tflops']):.0f}",
                "of matmul": f"{float(ours['share']):.2f}", "Triton TFLOP/s": f"{float(peer['tflops']):.0f}",
                "times as fast": f"{float(peer['ms']) / float(ours['ms']):.2f}"}
        for key, value in want.items():
            if row[key] != value:
                problem(path, f"says {key} {row[key]}, but {value} was measured: {row}")


def check_gradients(source, path):
    """The same of the table of gradients."""
    with open(source / "bench/results/h200/results.csv", newline="") as file:
        measured = [line for line in csv.DictReader(file) if line["pass"] == "backward"]
    found = [row for row in rows((source / path).read_text()) if "of forward" in row]
    if not found:
        problem(path, "has no table of gradients")
    for row in found:
        heads = dict(zip(("Hq", "Hk"), row["Hq/Hk"].split("/")))
        keys = {"dtype": "bf16", **heads, **{key: row[key] for key in ("B", "N", "D", "w1", "w2")}}
        cells = {line["implementation"]: line for line in measured
                 if all(line[key] == value for key, value in keys.items())}
        if "simplicial" not in cells:
            problem(path, f"has gradients that were not measured: {row}")
            continue
        ours, peer = cells["simplicial"], cells.get("triton")
        want = {"of forward": f"{float(ours['ratio']):.2f}", "ms": f"{float(ours['ms']):.1f}",
                "TFLOP/s": f"{float(ours['tflops']):.0f}",
                "Triton, of its forward": f"{float(peer['ratio']):.2f}" if peer else "",
                "times as fast": f"{float(peer['ms']) / float(ours['ms']):.2f}" if peer else ""}
        for key, value in want.items():
            if row[key] != value:
                problem(path, f"says {key} {row[key]}, but {value} was measured: {row}")


def check_experiments(source, path):
    """Tables and plots of the Transformer are what report.py makes of results, and the page's tables are of these."""
    sys.path.append(str(source / "examples/transformer"))
    report = importlib.import_module("report")
    measured = set()
    for out in sorted((source / "bench/results/token-efficiency").glob("*")):
        for name, text in report.files(out).items():
            if not name.exists() or name.read_text() != text:
                problem(name.relative_to(source), "is not what report.py makes: run it")
        measured |= set((out / "table.md").read_text().splitlines())
    for line in (source / path).read_text().splitlines():
        if re.match(r"\|.*\d", line) and line not in measured:
            problem(path, f"has a row that was not measured: {line}")


def check_ranges(source):
    """What pages say of a run as a whole."""
    table = (source / "bench/results/h100/table.md").read_text().split("\nBackward")[0]
    shares = [float(line.split("|")[-2]) for line in table.splitlines() if re.match(r"\| (b?f16) ", line)]
    product = re.search(r"matmul-8192: (\d+) TFLOP/s", table)[1]
    for path, text in (
            ("docs/gpu.md", f"{min(shares):.2f} to {max(shares):.2f} of what is predicted"),
            ("README.md", f"torch's 8192^3 bf16 product in the same run, {product} TFLOP/s"),
            ("docs/performance.md", f"8192^3 bf16 product of torch reaches {product} TFLOP/s in the same run")):
        if text not in " ".join((source / path).read_text().split()):
            problem(path, f"does not say `{text}`, which was measured")


def check_pictures(source):
    spec = importlib.util.spec_from_file_location("draw", source / "docs/pictures/draw.py")
    draw = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(draw)
    there = {path.name for path in (source / "docs/pictures").glob("*.svg")}
    check_set("docs/pictures", "picture", there, set(draw.PICTURES))
    for name in there & set(draw.PICTURES):
        if (source / "docs/pictures" / name).read_text() != draw.PICTURES[name]().svg():
            problem(f"docs/pictures/{name}", "is not what draw.py draws: run it")


def main():
    sys.dont_write_bytecode = True
    source = pathlib.Path(sys.argv[1]).resolve()
    check_links(source)
    check_rooms(source)
    check_map(source)
    check_names(source)
    check_dev(source)
    check_passes(source)
    check_gradients(source, "docs/performance.md")
    for path in ("README.md", "docs/performance.md"):
        check_measured(source, path, {"type": "bf16", "B": "4", "Hk": "1", "w1": "32"})
    check_experiments(source, "docs/token-efficiency.md")
    check_ranges(source)
    check_pictures(source)
    if len(sys.argv) > 2:
        check_options(source, pathlib.Path(sys.argv[2]).resolve())
    for line in problems:
        print(line)
    print(f"{len(list(pages(source)))} pages, {len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
