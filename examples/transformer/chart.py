# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Line charts as SVG."""

import dataclasses
import math
from xml.sax.saxutils import escape

COLORS = ("#2f6fb0", "#c2571a", "#2f8f4e", "#7d4fa8", "#59636e", "#b03060")
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 680, 400, 64, 210, 36, 48


@dataclasses.dataclass
class Line:
    name: str
    x: list[float]
    y: list[float]
    dashed: bool = False
    color: int | None = None  # of COLORS; None: by its place
    spread: list[tuple[float, float]] | None = None  # of each y


def ticks(low: float, high: float, logarithmic: bool) -> list[float]:
    if logarithmic:
        steps = [m * 10.0 ** e for e in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
                 for m in (1, 2, 3, 5)]
        steps = [x for x in steps if low <= x <= high]
        if len(steps) > 2:
            return steps
    step = 10 ** math.floor(math.log10((high - low) / 2))
    step = next(m * step for m in (1, 2, 5, 10) if (high - low) / (m * step) <= 6)
    return [step * i for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def label(x: float) -> str:
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(x) >= unit:
            return f"{x / unit:g}{letter}"
    return f"{x:.4g}"


def chart(lines: list[Line], title: str, x_label: str, y_label: str, logarithmic: bool = False) -> str:
    """Both axes are logarithmic, or none."""
    points = [(x, y) for line in lines for x, y in zip(line.x, line.y)]
    points += [(x, y) for line in lines for x, spread in zip(line.x, line.spread or ()) for y in spread]
    scale = math.log if logarithmic else float
    bounds = [(min(values), max(values)) for values in zip(*points)]
    (left, right), (low, high) = [(a, b) if a < b else (a * 0.9, b * 1.1 or 1) for a, b in bounds]

    def at(x, y):
        across = (scale(x) - scale(left)) / (scale(right) - scale(left))
        up = (scale(y) - scale(low)) / (scale(high) - scale(low))
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    parts = [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             f'<text x="{LEFT}" y="22" font-size="15" font-weight="bold">{escape(title)}</text>',
             f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">{escape(x_label)}</text>',
             f'<text x="14" y="{HEIGHT / 2}" text-anchor="middle" transform="rotate(-90 14 {HEIGHT / 2})">'
             f'{escape(y_label)}</text>']
    for tick in ticks(left, right, logarithmic):
        x, _ = at(tick, low)
        parts.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#e5e8eb"/>')
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{label(tick)}</text>')
    for tick in ticks(low, high, logarithmic):
        _, y = at(left, tick)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#e5e8eb"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label(tick)}</text>')
    for number, line in enumerate(lines):
        color = COLORS[(number if line.color is None else line.color) % len(COLORS)]
        path = " ".join("%.1f,%.1f" % at(x, y) for x, y in zip(line.x, line.y))
        dash = ' stroke-dasharray="5 4"' if line.dashed else ""
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"{dash}/>')
        for x, spread in zip(line.x, line.spread or ()):
            (where, a), (_, b) = at(x, spread[0]), at(x, spread[1])
            parts.append(f'<path d="M{where:.1f} {a:.1f}V{b:.1f}" stroke="{color}" stroke-width="1.5"/>')
        y = TOP + 8 + 20 * number
        parts.append(f'<path d="M{WIDTH - RIGHT + 10} {y}h22" stroke="{color}" stroke-width="2"{dash}/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 38}" y="{y + 4}">{escape(line.name)}</text>')
    body = "\n".join(parts)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'font-family="sans-serif" font-size="12" fill="#1f2328">\n{body}\n</svg>\n')
