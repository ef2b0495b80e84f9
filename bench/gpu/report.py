# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes a table (table.md) and two plots (speed.svg, roofline.svg) of results.csv and machine.json in a folder."""

import argparse
import csv
import json
import math
import pathlib
import sys
from xml.sax.saxutils import escape

from cases import EXECUTED, NEEDED, PREDICTIONS, Case

OURS, PEER = "simplicial", "triton"
COLORS = ("#0b5fa5", "#c8502d", "#2f8f4e", "#7d4ba0")


class Row:
    """A line of results.csv: None for a number that is not there, a case if it is of an attention of ours, and
    `gradient`, a case, if it is of its backward."""

    def __init__(self, fields):
        self.implementation, self.name = fields["implementation"], fields["case"]
        self.ms, self.tflops, self.share, self.gb_s = (
            float(fields[key]) if fields[key] else None for key in ("ms", "tflops", "share", "gb_s"))
        self.mhz = float(fields.get("sm_mhz") or 0)  # 0: not recorded
        self.ratio, self.executed = (float(fields.get(key) or 0) for key in ("ratio", "executed_tflops"))
        self.case = self.gradient = None
        if self.implementation in (OURS, PEER) and self.tflops:
            numbers = {key: int(fields[key]) for key in ("B", "N", "Hq", "Hk", "D", "w1", "w2")}
            case = Case(self.name, dtype=fields["dtype"], Nq=int(fields.get("Nq") or 0),
                        packed=bool(fields.get("packed")), **numbers)
            if fields.get("pass") == "backward":
                self.gradient = case
            else:
                self.case = case

    @property
    def users(self):
        """Whether it is of what users bring, which has a table of its own."""
        return self.case and self.name.startswith("users-")

    @property
    def apart(self):
        """Whether it is in a table of its own, and in no plot."""
        return self.users or (self.case and self.case.of_documents)


def find(rows, implementation, name, backward=False):
    wanted = (implementation, name, backward)
    return next((row for row in rows if (row.implementation, row.name, bool(row.gradient)) == wanted), None)


# The table ------------------------------------------------------------------------------------------------------------


def predicted(prediction, ours):
    """TFLOP/s at the clock that was measured, or else at the nominal one."""
    return prediction["tflops"] * (ours.mhz or prediction["mhz"]) / prediction["mhz"]


def table(rows, machine, predictions):
    """The lines of table.md."""
    yield f"{machine['device']}, driver {machine['driver']}, power limit {machine['power_limit']}; " \
          f"torch {machine['torch']}, triton {machine['triton']}, CUDA {machine['cuda']}; " \
          f"commit {machine['commit']}, target {machine['target']}."
    yield ""
    states = [f"{state['clocks.sm']} ({state['power.draw']}) {when}" for when, key in (
        ("before", "before"), ("during the matrix products", "under_load"), ("after", "after"))
        if (state := machine.get(key))]
    yield f"SM clock: {', '.join(states)}; at most {machine['before']['clocks.max.sm']}."
    yield ""
    for row in rows:
        if not row.case and not row.gradient:
            what = f"{row.tflops:.0f} TFLOP/s" if row.tflops else f"{row.gb_s:.0f} GB/s" if row.gb_s else \
                f"{1e3 * row.ms:.1f} us"
            yield f"- {row.implementation} {row.name}: {what}"
    yield ""
    header = ["type", "B", "N", "Hq/Hk", "D", "w1", "w2", "ms", "TFLOP/s", "of matmul", "Triton ms", "Triton TFLOP/s",
              "times as fast"]
    if predictions:
        header += ["SM MHz", "predicted TFLOP/s", "of predicted"]
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    backward = {row.name for row in rows if row.gradient}
    cases = dict.fromkeys(row.case for row in rows if row.case and not row.apart)
    for case in sorted(cases, key=lambda case: (case.dtype, -case.D, -case.Hq, case.w2, case.N)):
        ours, peer = (find(rows, implementation, case.name) for implementation in (OURS, PEER))
        cells = [case.dtype, case.B, case.N, f"{case.Hq}/{case.Hk}", case.D, case.w1, case.w2]
        cells += [f"{ours.ms:.3f}", f"{ours.tflops:.0f}", f"{ours.share:.2f}"] if ours else [""] * 3
        cells += [f"{peer.ms:.3f}", f"{peer.tflops:.0f}"] if peer else [""] * 2
        cells += [f"{peer.ms / ours.ms:.2f}"] if ours and peer else [""]
        if ours and case.name in predictions and case.name not in backward:
            rate = predicted(predictions[case.name], ours)
            cells += [f"{ours.mhz:.0f}" if ours.mhz else "", f"{rate:.0f}", f"{ours.tflops / rate:.2f}"]
        elif predictions:
            cells += [""] * 3
        yield f"| {' | '.join(map(str, cells))} |"
    yield from users(rows, machine, predictions)
    yield from documents(rows)
    yield from gradients(rows, predictions)
    if predictions:
        yield ""
        yield "Predictions are simplicial-compile's --analyze, at the SM clock during the measurement or, where that is not " \
              f"recorded, at {next(iter(predictions.values()))['mhz']:.0f} MHz."
    if machine.get("left_out"):
        yield ""
        yield f"Left out for lack of time: {', '.join(machine['left_out'])}."
    if machine.get("problems"):
        yield ""
        yield "What is wrong:"
        yield ""
        yield from (f"- {problem}" for problem in machine["problems"])


MUFU = 16  # exponentials of an SM in a clock


def limits(row, rows, machine):
    """{what: ms that it takes at least}: operations at the rate of the matrix product, bytes at the copy's, exponentials on
    the special function units at the clock that was measured."""
    matmul = next((row.tflops for row in rows if row.name.startswith("matmul")), None)
    copy = next((row.gb_s for row in rows if row.gb_s), None)
    found = {}
    if matmul:
        found["operations"] = 1e-9 * row.case.flops / matmul
    if copy:
        found["bytes"] = 1e-6 * row.case.bytes / copy
    if machine.get("sms") and row.mhz:
        found["exponentials"] = 1e-3 * row.case.exponentials / (MUFU * machine["sms"] * row.mhz)
    return found


def users(rows, machine, predictions):
    """The lines of the table of what users bring."""
    rows_of_users = [row for row in rows if row.users and row.implementation == OURS]
    if not rows_of_users:
        return
    yield ""
    yield "What users bring. A limit is the time that operations take at the rate of the matrix product, bytes at that of " \
          f"the copy, or exponentials at {MUFU} in a clock of an SM, whichever is longest."
    yield ""
    header = ["type", "B", "Nq", "N", "Hq/Hk", "D", "w1", "w2", "ms", "TFLOP/s", "limit ms", "of", "of its limit"]
    header += ["predicted ms"] if predictions else []
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in rows_of_users:
        case = row.case
        cells = [case.dtype, case.B, case.queries, case.N, f"{case.Hq}/{case.Hk}", case.D, case.w1 or "all",
                 case.w2 or "all", f"{row.ms:.4f}", f"{row.tflops:.0f}"]
        found = limits(row, rows, machine)
        what = max(found, key=found.get, default=None)
        cells += [f"{found[what]:.4f}", what, f"{found[what] / row.ms:.2f}"] if what else [""] * 3
        if case.name in predictions:
            cells += [f"{row.ms * row.tflops / predicted(predictions[case.name], row):.4f}"]
        elif predictions:
            cells += [""]
        yield f"| {' | '.join(map(str, cells))} |"


def documents(rows):
    """The lines of the table of packed documents."""
    packed = [row for row in rows if row.case and row.case.packed]
    if not packed:
        return
    yield ""
    yield "Packed documents, beside sequences that are not: what they take, of the time that their own pairs take at the " \
          "rate of the other."
    yield ""
    header = ["type", "B", "N", "Hq/Hk", "D", "w1", "w2", "pairs", "ms", "TFLOP/s", "without ms", "TFLOP/s", "times"]
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in packed:
        case = row.case
        whole = find(rows, OURS, case.name.replace("packed", "whole"))
        cells = [case.dtype, case.B, case.N, f"{case.Hq}/{case.Hk}", case.D, case.w1, case.w2]
        cells += [f"{case.flops / whole.case.flops:.2f}"] if whole else [""]
        cells += [f"{row.ms:.3f}", f"{row.tflops:.0f}"]
        cells += [f"{whole.ms:.3f}", f"{whole.tflops:.0f}", f"{whole.tflops / row.tflops:.2f}"] if whole else [""] * 3
        yield f"| {' | '.join(map(str, cells))} |"


def gradients(rows, predictions):
    """The lines of the table of backward."""
    cases = dict.fromkeys(row.gradient for row in rows if row.gradient)
    if not cases:
        return
    yield ""
    yield f"Backward, all five gradients. Its TFLOP/s are those of the {NEEDED} products that are necessary and of " \
          f"{EXECUTED}, as logits and dP are made twice; Triton's kernels execute 9."
    yield ""
    header = ["type", "B", "N", "Hq/Hk", "D", "w1", "w2", "backward / forward", "Triton's", "ms",
              f"TFLOP/s of {NEEDED}", f"of {EXECUTED}", "forward ms", "Triton ms", "times as fast"]
    if predictions:
        header += ["predicted ms", "of predicted"]
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for case in sorted(cases, key=lambda case: (case.dtype, -case.D, -case.Hq, case.w2, case.N)):
        ours, peer = (find(rows, implementation, case.name, True) for implementation in (OURS, PEER))
        forward = find(rows, OURS, case.name)
        cells = [case.dtype, case.B, case.N, f"{case.Hq}/{case.Hk}", case.D, case.w1, case.w2]
        cells += [f"{row.ratio:.2f}" if row else "" for row in (ours, peer)]
        cells += [f"{ours.ms:.3f}", f"{ours.tflops:.0f}", f"{ours.executed:.0f}"] if ours else [""] * 3
        cells += [f"{forward.ms:.3f}" if forward else "", f"{peer.ms:.3f}" if peer else ""]
        cells += [f"{peer.ms / ours.ms:.2f}" if ours and peer else ""]
        if predictions and ours and case.name in predictions:
            rate = predicted(predictions[case.name], ours)
            cells += [f"{ours.ms * ours.tflops / rate:.3f}", f"{ours.tflops / rate:.2f}"]
        elif predictions:
            cells += [""] * 2
        yield f"| {' | '.join(map(str, cells))} |"


# Plots ----------------------------------------------------------------------------------------------------------------


class Plot:
    """An SVG drawing with axes; `x` and `y` are (lowest, highest, whether logarithmic)."""

    def __init__(self, left, top, width, height, x, y):
        self.left, self.top, self.width, self.height, self.x, self.y = left, top, width, height, x, y
        self.parts = []

    @staticmethod
    def fraction(value, axis):
        low, high, logarithmic = axis
        return math.log(value / low) / math.log(high / low) if logarithmic else (value - low) / (high - low)

    def at(self, x, y):
        return (self.left + self.width * self.fraction(x, self.x),
                self.top + self.height * (1 - self.fraction(y, self.y)))

    def text(self, x, y, text, anchor="middle", size=12, color="#222"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{color}">'
                          f'{escape(text)}</text>')

    def polyline(self, points, color, dashed=False):
        """Through points in pixels."""
        dash = ' stroke-dasharray="6 4"' if dashed else ""
        self.parts.append(f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}" fill="none" '
                          f'stroke="{color}" stroke-width="2"{dash}/>')

    def marker(self, x, y, color, filled, title):
        """At a point in pixels; the title shows when it is pointed at."""
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{color if filled else "white"}" '
                          f'stroke="{color}" stroke-width="2"><title>{escape(title)}</title></circle>')

    def axes(self, title, x_title, y_title, x_ticks, y_ticks):
        bottom, right = self.top + self.height, self.left + self.width
        for value in y_ticks:
            y = self.at(self.x[0], value)[1]
            self.parts.append(f'<line x1="{self.left}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#ddd"/>')
            self.text(self.left - 8, y + 4, f"{value:g}", "end")
        for value in x_ticks:
            self.text(self.at(value, self.y[0])[0], bottom + 18, f"{value:g}")
        self.parts.append(f'<rect x="{self.left}" y="{self.top}" width="{self.width}" height="{self.height}" '
                          'fill="none" stroke="#222"/>')
        self.text(self.left + self.width / 2, self.top - 28, title, size=14)
        self.text(self.left + self.width / 2, bottom + 38, x_title)
        self.text(self.left, self.top - 10, y_title)


def svg(width, height, plots):
    body = "\n".join(part for plot in plots for part in plot.parts)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
            f'font-family="sans-serif">\n<rect width="{width}" height="{height}" fill="white"/>\n{body}\n</svg>\n')


def speed(rows):
    """TFLOP/s over N, a panel for each number of heads that is measured at several N, a color for each w2."""
    series = {}
    for row in rows:
        if row.case and not row.apart:
            case = row.case
            kind = (case.Hq, case.dtype, case.D, case.Hk, case.B, case.w1)
            series.setdefault(kind, {}).setdefault((case.w2, row.implementation), []).append(row)
    lengths = lambda lines: {row.case.N for line in lines.values() for row in line}
    panels = {kind: lines for kind, lines in series.items() if len(lengths(lines)) > 1}
    matmul = max((row.tflops for row in rows if row.name.startswith("matmul")), default=0)
    highest = 100 * math.ceil(max([matmul] + [row.tflops for row in rows if row.case and not row.apart], default=100) / 100)
    plots = []
    for panel, (kind, lines) in enumerate(sorted(panels.items(), reverse=True)):
        heads, dtype, dim, kv_heads, batch, w1 = kind
        ns = sorted(lengths(lines))
        plot = Plot(60 + 460 * panel, 50, 380, 320, (ns[0] / 1.2, ns[-1] * 1.2, True), (0, highest, False))
        plot.axes(f"{dtype}, B = {batch}, Hq/Hk = {heads}/{kv_heads}, D = {dim}, w1 = {w1}", "N", "TFLOP/s", ns,
                  range(0, highest + 1, 100))
        if matmul:
            left, y = plot.at(plot.x[0], matmul)
            plot.polyline([(left, y), (left + plot.width, y)], "#888")
            plot.text(left + 6, y - 5, "matrix product", "start", color="#666")
        widths = sorted({w2 for w2, _ in lines})
        for (w2, implementation), line in sorted(lines.items()):
            color = COLORS[widths.index(w2) % len(COLORS)]
            line = sorted(line, key=lambda row: row.case.N)
            points = [plot.at(row.case.N, row.tflops) for row in line]
            plot.polyline(points, color, implementation == PEER)
            for row, point in zip(line, points):
                plot.marker(*point, color, implementation == OURS,
                            f"{implementation} N={row.case.N} w2={w2}: {row.tflops:.0f} TFLOP/s")
        for number, w2 in enumerate(widths):
            plot.text(plot.left + 10 + 85 * number, 432, f"w2 = {w2}", "start", color=COLORS[number % len(COLORS)])
        plot.text(plot.left + plot.width, 408, "filled: ours, dashed: Triton", "end")
        plots.append(plot)
    return svg(40 + 460 * max(1, len(plots)), 450, plots)


def roofline(rows):
    """TFLOP/s over the operations for each byte that has to be moved, under what a copy and a matrix product reach."""
    copy = next((row.gb_s for row in rows if row.gb_s), None)
    matmul = next((row.tflops for row in rows if row.name.startswith("matmul")), None)
    plot = Plot(70, 50, 640, 380, (10, 1e5, True), (10, 2000, True))
    plot.axes("Roofline", "operations / byte of inputs and results", "TFLOP/s", [10, 100, 1000, 10000, 100000],
              [10, 20, 50, 100, 200, 500, 1000, 2000])
    if copy and matmul:
        ridge = matmul / copy * 1e3
        start = max(plot.x[0], 1e3 * plot.y[0] / copy)
        plot.polyline([plot.at(start, start * copy * 1e-3), plot.at(ridge, matmul), plot.at(plot.x[1], matmul)], "#222")
        plot.text(plot.left + 10, plot.top + 18, f"copy {copy:.0f} GB/s, matrix product {matmul:.0f} TFLOP/s", "start")
    for row in rows:
        if row.case and not row.apart:
            point = plot.at(row.case.flops / row.case.bytes, max(plot.y[0], row.tflops))
            plot.marker(*point, COLORS[0 if row.implementation == OURS else 1], row.implementation == OURS,
                        f"{row.implementation} {row.name}: {row.tflops:.0f} TFLOP/s")
    plot.text(plot.left + 10, plot.top + 36, "filled: ours", "start", color=COLORS[0])
    plot.text(plot.left + 10, plot.top + 54, "open: Triton", "start", color=COLORS[1])
    return svg(740, 490, [plot])


def read_predictions(folder):
    """Of predictions.csv, if there is one, by case."""
    if not (folder / PREDICTIONS).exists():
        return {}
    with (folder / PREDICTIONS).open(newline="") as file:
        return {row["case"]: {key: float(row[key]) for key in ("tflops", "mhz")} for row in csv.DictReader(file)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path, help="where run.py wrote its results")
    folder = parser.parse_args().folder
    try:
        with (folder / "results.csv").open(newline="") as file:
            rows = [Row(fields) for fields in csv.DictReader(file)]
        machine = json.loads((folder / "machine.json").read_text())
        predictions = read_predictions(folder)
    except (OSError, KeyError, ValueError) as error:
        sys.exit(f"report.py: error: {folder} does not hold what run.py writes: {error}")
    text = "\n".join(table(rows, machine, predictions)) + "\n"
    (folder / "table.md").write_text(text)
    (folder / "speed.svg").write_text(speed(rows))
    (folder / "roofline.svg").write_text(roofline(rows))
    print(text, end="")


if __name__ == "__main__":
    main()
