# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""draw.py [FOLDER]: draws the pictures of the documentation as SVG files in FOLDER, or in this one.

A picture has a background of its own, and colours for a light and a dark page: the light ones are attributes of its
elements, which the style sheet replaces where the reader prefers dark.
"""

import pathlib
import sys
from xml.sax.saxutils import escape

# What an element is for -> its colours on a light and on a dark page. Names that begin with `line` are of strokes,
# all others of fills.
COLORS = {
    "page": ("#ffffff", "#161b22"),
    "text": ("#1f2328", "#e6edf3"),
    "faint": ("#59636e", "#9198a1"),
    "cell": ("#eaeef2", "#262c36"),
    "outer": ("#7fb2e8", "#2f6fb0"),
    "inner": ("#f2b880", "#a8632a"),
    "area": ("#d5e8c8", "#2c4a2c"),
    "pair": ("#2f8f4e", "#56d364"),
    "box": ("#eaf2fb", "#1d2d44"),
    "heart": ("#fdf0d5", "#3d3117"),
    "line": ("#8c959f", "#6e7681"),
    "line-strong": ("#1f2328", "#e6edf3"),
    "line-pair": ("#2f8f4e", "#56d364"),
}
LIGHT, DARK = range(2)
SANS, MONO = "Helvetica, Arial, DejaVu Sans, sans-serif", "Menlo, Consolas, DejaVu Sans Mono, monospace"


def paint(kind):
    attribute = "stroke" if kind.startswith("line") else "fill"
    return f'class="{kind}" {attribute}="{COLORS[kind][LIGHT]}"'


class Picture:
    def __init__(self, width, height, title):
        self.width, self.height, self.title, self.parts = width, height, title, []
        self.rect(0.5, 0.5, width - 1, height - 1, "page", radius=8, outline="line")

    def rect(self, x, y, width, height, kind, radius=0, outline=None):
        stroke = f' stroke="{COLORS[outline][LIGHT]}"' if outline else ""
        classes = f"{kind} {outline}" if outline else kind
        self.parts.append(f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="{radius}" class="{classes}" '
                          f'fill="{COLORS[kind][LIGHT]}"{stroke}/>')

    def line(self, points, kind="line", dashed=False, arrow=False, width=1.5):
        where = " ".join(f"{x},{y}" for x, y in points)
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        self.parts.append(f'<polyline points="{where}" fill="none" {paint(kind)} stroke-width="{width}"{dash}/>')
        if arrow:
            self.head(points[-2], points[-1])

    def head(self, before, tip):
        """An arrow's head at the tip of a horizontal or vertical line."""
        (x, y), size = tip, 7
        dx, dy = ((tip[i] > before[i]) - (tip[i] < before[i]) for i in range(2))
        corners = [(x, y), (x - size * dx + size / 2 * dy, y - size * dy + size / 2 * dx),
                   (x - size * dx - size / 2 * dy, y - size * dy - size / 2 * dx)]
        self.parts.append(f'<polygon points="{" ".join(f"{a},{b}" for a, b in corners)}" {paint("faint")}/>')

    def text(self, x, y, text, kind="text", size=13, anchor="start", mono=False, bold=False):
        font = f' font-family="{MONO}"' if mono else ""
        weight = ' font-weight="bold"' if bold else ""
        self.parts.append(f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}"{font}{weight} '
                          f'{paint(kind)}>{escape(text)}</text>')

    def svg(self):
        dark = "".join(f".{kind}{{{'stroke' if kind.startswith('line') else 'fill'}:{colors[DARK]}}}"
                       for kind, colors in COLORS.items())
        body = "\n".join(self.parts)
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}" '
                f'viewBox="0 0 {self.width} {self.height}" font-family="{SANS}">\n'
                f'<title>{escape(self.title)}</title>\n'
                f'<style>@media (prefers-color-scheme: dark){{{dark}}}</style>\n{body}\n</svg>\n')


# A pair in its two windows --------------------------------------------------------------------------------------------


def pair():
    keys, position, w1, w2, j, k = 22, 17, 5, 13, 14, 8
    size, left, top = 14, 128, 96
    picture = Picture(860, 440, "A pair of keys (j, k) in the windows of a query at position p")

    def place(number, origin):
        return origin + number * size

    def cells(x, y, number, horizontal, window, kind):
        for n in range(number):
            seen = position - window < n <= position
            at = (place(n, x), y) if horizontal else (x, place(n, y))
            picture.rect(at[0] + 1, at[1] + 1, size - 2, size - 2, kind if seen else "cell", radius=2)

    cells(left, top - 28, keys, True, w2, "inner")
    cells(left - 28, top, keys, False, w1, "outer")

    # The allowed pairs, and the square of all.
    picture.rect(left, top, keys * size, keys * size, "page", outline="line")
    x, y = place(position - w2 + 1, left), place(position - w1 + 1, top)
    picture.rect(x, y, w2 * size, w1 * size, "area", outline="line-pair")
    picture.line([(place(k, left) + size / 2, top - 14), (place(k, left) + size / 2, place(j, top))], "line-pair",
                 dashed=True)
    picture.line([(left - 14, place(j, top) + size / 2), (place(k, left), place(j, top) + size / 2)], "line-pair",
                 dashed=True)
    picture.rect(place(k, left) + 1, place(j, top) + 1, size - 2, size - 2, "pair", radius=2)
    picture.text(place(k + 1, left) + 6, place(j + 1, top) - 2, "(j, k)", "text", 13, bold=True)
    picture.text(x + w2 * size - 6, y + w1 * size - 8, "w1 x w2 pairs", "text", 12, "end")

    # The query's position on both axes.
    end = place(position + 1, left)
    picture.line([(end, top - 34), (end, top + keys * size)], "line-strong", dashed=True, width=1)
    end = place(position + 1, top)
    picture.line([(left - 34, end), (left + keys * size, end)], "line-strong", dashed=True, width=1)
    picture.text(place(position + 1, left) + 4, top - 36, "p", "text", 14, bold=True)
    picture.text(left - 38, place(position + 1, top) + 4, "p", "text", 14, "end", bold=True)

    picture.text(left, 26, "keys k: k2[k], v2[k]", "text", 13, bold=True)
    picture.text(place(position - w2 + 1, left), top - 36, "the last w2 keys", "faint", 12)
    picture.text(16, top - 12, "keys j:", "text", 13, bold=True)
    picture.text(16, top + 6, "k1[j], v1[j]", "text", 13, bold=True)
    picture.text(16, place(position - w1 + 1, top) + 22, "the last", "faint", 12)
    picture.text(16, place(position - w1 + 1, top) + 38, "w1 keys", "faint", 12)
    picture.text(left + keys * size / 2, top + keys * size + 22, "with causal, no key after position p is seen",
                 "faint", 12, "middle")

    # What becomes of the pair.
    x, y = 478, 104
    lines = [
        ("Query i stands at position p and sees", False, "text"),
        ("pairs (j, k), one key of each window.", False, "text"),
        ("", False, "text"),
        ("The logit of a pair is trilinear:", False, "text"),
        ("S[j,k] = scale * sum_d q[d] k1[j,d] k2[k,d]", True, "text"),
        ("", False, "text"),
        ("One softmax over all pairs of the rectangle:", False, "text"),
        ("P = softmax(S)", True, "text"),
        ("", False, "text"),
        ("A pair's value is the product of two:", False, "text"),
        ("out[d] = sum_jk P[j,k] v1[j,d] v2[k,d]", True, "text"),
        ("", False, "text"),
        ("S and P are never stored: tiles of the rectangle", False, "faint"),
        ("pass through registers, and an online softmax", False, "faint"),
        ("keeps a maximum and sums for each row.", False, "faint"),
    ]
    for number, (line, mono, kind) in enumerate(lines):
        picture.text(x, y + 20 * number, line, kind, 13, mono=mono)
    return picture


# One step of a block --------------------------------------------------------------------------------------------------


def step():
    picture = Picture(860, 366, "One step of a block: two products around an online softmax")
    top, rows, columns, deep = 92, 128, 112, 72  # of tiles: the rows, the keys, D

    def tile(x, y, width, height, kind, name, shape):
        picture.rect(x, y, width, height, kind, radius=3, outline="line")
        picture.text(x + width / 2, y + height / 2, name, "text", 14, "middle", bold=True)
        picture.text(x + width / 2, y + height / 2 + 17, shape, "text", 11, "middle", mono=True)

    def sign(x, text):
        picture.text(x, top + rows / 2 + 5, text, "text", 18, "middle")

    # Rows: pairs of a head and an outer key.
    heads, keys = 4, 2
    picture.text(16, top - 42, "rows are pairs", "text", 13, bold=True)
    picture.text(16, top - 26, "(head, j)", "text", 13, bold=True)
    for j in range(keys):
        for head in range(heads):
            picture.text(22, top + 13 + 16 * (heads * j + head), f"j + {j}, head {head}", "faint", 11)

    tile(112, top, deep, rows, "outer", "A", "[rows, D]")
    picture.text(112, top + rows + 20, "q .* k1[j]", "faint", 12, mono=True)
    sign(198, "x")
    tile(212, top, columns, deep, "inner", "k2 tile", "[D, keys]")
    sign(340, "=")
    tile(356, top, columns, rows, "area", "S, then P", "[rows, keys]")
    picture.text(356, top - 26, "row maximum, exp2,", "faint", 12)
    picture.text(356, top - 10, "row sum", "faint", 12)
    sign(482, "x")
    tile(496, top, deep, columns, "inner", "v2 tile", "[keys, D]")
    sign(584, "=")
    tile(600, top, deep, rows, "area", "pv", "[rows, D]")
    sign(686, ".*")
    tile(700, top, deep, rows, "outer", "V1", "[rows, D]")
    picture.text(700, top + rows + 20, "v1[j], by row", "faint", 12, mono=True)
    picture.text(812, top + rows / 2 - 4, "added", "text", 13, "middle")
    picture.text(812, top + rows / 2 + 13, "to acc", "text", 13, "middle")

    # The ring that inner tiles come from.
    y = 284
    picture.line([(268, y), (268, top + deep + 4)], arrow=True)
    picture.line([(532, y), (532, top + columns + 4)], arrow=True)
    for x, name in ((206, "k2"), (470, "v2")):
        for slot in range(2):
            picture.rect(x + 64 * slot, y, 60, 30, "inner" if slot == 0 else "cell", radius=3, outline="line")
            picture.text(x + 64 * slot + 30, y + 20, f"{name} slot {slot}", "text", 11, "middle")
    picture.text(210, y + 50, "rings of tiles in shared memory (GPUs): filled by asynchronous copies,", "faint", 12)
    picture.text(210, y + 66, "as far ahead of the one that is multiplied as there are slots", "faint", 12)
    picture.text(16, y + 20, "inner keys and values", "text", 13, bold=True)
    picture.text(660, y + 20, "global memory: k2, v2", "text", 13)
    picture.line([(650, y + 15), (602, y + 15)], arrow=True)
    return picture


# From the operation to machine code -----------------------------------------------------------------------------------


def pipeline():
    picture = Picture(860, 512, "From the operation to machine code")
    height = 32

    def state(x, y, width, *lines, heart=False):
        """IR between passes."""
        picture.rect(x, y, width, height + 16 * (len(lines) - 1), "heart" if heart else "page", radius=4,
                     outline="line-strong" if heart else "line")
        for number, line in enumerate(lines):
            picture.text(x + width / 2, y + 21 + 16 * number, line, "text", 13, "middle", bold=heart and number == 0)

    def passes(x, y, width, *names):
        """Passes, one below the other."""
        for number, name in enumerate(names):
            picture.rect(x, y + 24 * number, width, 22, "box", radius=11)
            picture.text(x + width / 2, y + 15 + 24 * number, name, "text", 12, "middle", mono=True)

    def right(x, y, length):
        picture.line([(x, y), (x + length, y)], arrow=True)

    def down(x, y, length):
        picture.line([(x, y), (x, y + length)], arrow=True)

    # All targets: from left to right.
    picture.text(24, 32, "every target", "faint", 13, bold=True)
    state(24, 68, 150, "simplicial.attention", "on tensors")
    right(174, 92, 22)
    passes(198, 57, 176, "simplicial-verify", "simplicial-inline", "simplicial-configure")
    right(374, 92, 22)
    passes(398, 69, 180, "simplicial-bufferize", "one-shot-bufferize")
    right(578, 92, 22)
    state(602, 68, 234, "simplicial.attention_into", "on memrefs, with a strategy")
    down(719, 116, 18)
    passes(629, 136, 180, "simplicial-tile")
    down(719, 158, 18)
    state(124, 178, 712, "tile program",
          "scf loops over tiles, with vector, arith, math and memref ops: no target, no attention", heart=True)

    # CPU.
    picture.text(24, 256, "CPU", "faint", 13, bold=True)
    down(210, 226, 36)
    passes(120, 264, 180, "simplicial-block", "simplicial-outline")
    down(210, 310, 22)
    state(120, 334, 180, "vectors and a loop", "for the thread pool")
    down(210, 382, 18)
    passes(120, 402, 180, "simplicial-allocate")
    down(210, 424, 34)
    state(100, 460, 220, "LLVM dialect, machine code")

    # GPU.
    picture.text(372, 256, "NVIDIA GPU", "faint", 13, bold=True)
    down(594, 226, 36)
    passes(504, 264, 180, "simplicial-stage", "simplicial-distribute")
    down(594, 310, 22)
    state(372, 334, 464, "GPU program: one thread's view,", "an op for each hardware instruction")
    down(500, 382, 18)
    passes(410, 402, 180, "simplicial-nvvm", "simplicial-launch")
    down(500, 448, 10)
    state(372, 460, 256, "PTX, machine code, and its launch")
    down(738, 382, 18)
    passes(648, 402, 180, "simplicial-emulate")
    down(738, 424, 34)
    state(640, 460, 196, "GPU threads on a CPU")
    return picture


PICTURES = {"pair.svg": pair, "pipeline.svg": pipeline, "step.svg": step}


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in PICTURES.items():
        (folder / name).write_text(draw().svg())


if __name__ == "__main__":
    main()
