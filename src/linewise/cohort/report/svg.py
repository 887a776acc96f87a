"""Pictures as SVG, drawn from numbers that may be shown: bars, shares, flows from line to line, medians with their limits.

Every colour is written out, for print, and has a class, by which the page changes it for a dark screen. Nothing is told by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

COLOURS = ("#1b6ca8", "#b3501f", "#2f7a3c", "#7a4b94", "#8a6d00", "#55636e", "#a8326a", "#1f7f7f")
_GREY, _BRIGHT = 5, (0, 1, 2, 3, 4, 6, 7)
INK, SOFT, LINE, PAPER = "#1a1a1a", "#55606a", "#c9ced3", "#ffffff"
SIZE = 13
_FONT = f"font-family=\"'Linewise Sans','DejaVu Sans Condensed','Liberation Sans',Arial,sans-serif\" font-size='{SIZE}'"


def drawing(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    """A whole picture. `title` is what is read out in its place."""
    size = f"viewBox='0 0 {width:.0f} {height:.0f}' width='{width:.0f}' height='{height:.0f}'"
    head = f"<svg xmlns='http://www.w3.org/2000/svg' {size} role='img' aria-label='{escape(title, True)}' {_FONT}>"
    return head + "".join(parts) + "</svg>"


def text(x: float, y: float, words: str, anchor: str = "start", soft: bool = False, colour: int | None = None) -> str:
    """A line of words, its foot at `y`."""
    fill, name = (SOFT, "soft") if soft else (INK, "ink")
    if colour is not None:
        fill, name = COLOURS[colour % len(COLOURS)], f"c{colour % len(COLOURS)}"
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' fill='{fill}' class='{name}'>{escape(words)}</text>"


def rect(x: float, y: float, width: float, height: float, colour: int, title: str = "") -> str:
    """A filled box."""
    index = colour % len(COLOURS)
    inner = f"<title>{escape(title)}</title>" if title else ""
    return (
        f"<rect x='{x:.1f}' y='{y:.1f}' width='{max(width, 0):.1f}' height='{max(height, 0):.1f}' "
        f"fill='{COLOURS[index]}' class='c{index}'>{inner}</rect>"
    )


def line(x1: float, y1: float, x2: float, y2: float, strong: bool = False) -> str:
    """A rule of an axis."""
    stroke, name = (SOFT, "axis") if strong else (LINE, "rule")
    return f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='{stroke}' class='{name}'/>"


def wide(words: str) -> float:
    """About how wide a text is drawn, on the safe side."""
    return sum(0.38 if c in _NARROW else 0.78 if c in _BROAD else 0.66 if c.isupper() else 0.57 for c in words) * SIZE


_NARROW, _BROAD = " .,:;'!|()[]-fijlrt/", "mwMWQOGN@%+<>=≥≤→"


def short(words: str, room: float) -> str:
    """A text cut to the room that it has."""
    if wide(words) <= room:
        return words
    kept = words
    while kept and wide(kept + "…") > room:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def _gutter(labels: Sequence[str], most: float = 300.0) -> float:
    return min(max((wide(label) for label in labels), default=40) + 8, most)


def bars(title: str, rows: Sequence[tuple[str, float, str]]) -> str:
    """Horizontal bars: name, length, and what is written behind it."""
    left, top = _gutter([name for name, _, _ in rows]), max((value for _, value, _ in rows), default=1) or 1
    room = 700 - left - max((wide(said) for _, _, said in rows), default=0) - 20
    parts = []
    for number, (name, value, said) in enumerate(rows):
        y, length = 6 + number * 25, value / top * room
        parts.append(text(left, y + 14, short(name, left), "end"))
        parts.append(rect(left + 8, y, length, 18, 0))
        parts.append(text(left + 14 + length, y + 14, said, soft=True))
    return drawing(700, 12 + 25 * len(rows), title, parts)


def sentences(title: str, rows: Sequence[tuple[str, float, str]]) -> str:
    """Bars under sentences, for what is too long to stand beside them: sentence, length, and what is written behind the bar."""
    top, y = max((value for _, value, _ in rows), default=1) or 1, 0.0
    room, parts = 700 - max((wide(said) for _, _, said in rows), default=0) - 14, []
    for sentence, value, said in rows:
        for piece in _wrapped(sentence, 690):
            y += 17
            parts.append(text(0, y, piece))
        parts.append(rect(0, y + 5, value / top * room, 12, 0))
        parts.append(text(value / top * room + 6, y + 15, said, soft=True))
        y += 25
    return drawing(700, y + 6, title, parts)


def _wrapped(words: str, room: float) -> list[str]:
    lines = [""]
    for word in words.split():
        if lines[-1] and wide(f"{lines[-1]} {word}") > room:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def nested(title: str, rows: Sequence[tuple[str, float, float, str]]) -> str:
    """Bars inside bars: name, the part, the whole that it is a part of, and what is written behind it."""
    left, top = _gutter([row[0] for row in rows]), max((row[2] for row in rows), default=1) or 1
    room = 700 - left - max((wide(row[3]) for row in rows), default=0) - 14
    parts = []
    for number, (name, part, whole, said) in enumerate(rows):
        y, length = 6 + number * 25, max(part, whole) / top * room
        parts.append(text(left, y + 14, short(name, left), "end"))
        parts.append(
            f"<rect x='{left + 8:.1f}' y='{y}' width='{length:.1f}' height='18' fill='{COLOURS[0]}' class='c0' fill-opacity='0.22'/>"
        )
        parts.append(rect(left + 8, y + 3, part / top * room, 12, 0))
        parts.append(text(left + 14 + length, y + 14, said, soft=True))
    return drawing(700, 12 + 25 * len(rows), title, parts)


def two_sided(title: str, rows: Sequence[tuple[str, float, str, float, str]], left_name: str, right_name: str) -> str:
    """Bars to both sides of a line: name, what goes to the left with its words, what goes to the right with its words."""
    gutter = _gutter([row[0] for row in rows])
    said = max((max(wide(row[2]), wide(row[4])) for row in rows), default=20) + 8
    left, right = (any(row[1] or row[2] not in ("", "0") for row in rows), any(row[3] or row[4] not in ("", "0") for row in rows))
    top = max((max(row[1], row[3]) for row in rows), default=1) or 1
    room = 700 - gutter - 16 - said * 2
    most = [max((row[1] for row in rows), default=0) / top, max((row[3] for row in rows), default=0) / top]
    scale = room / (sum(most) or 1)
    middle = gutter + 8 + said + most[0] * scale
    parts = [text(middle - 8, 14, left_name, "end", soft=True)] if left else []
    parts += [text(middle + 8, 14, right_name, soft=True)] if right else []
    for number, (name, lost, lost_words, gained, gained_words) in enumerate(rows):
        y = 26 + number * 25
        parts.append(text(gutter, y + 14, short(name, gutter), "end"))
        if lost_words not in ("", "0"):
            parts.append(rect(middle - lost / top * scale, y, lost / top * scale, 18, 1))
            parts.append(text(middle - lost / top * scale - 6, y + 14, lost_words, "end", soft=True))
        if gained_words not in ("", "0"):
            parts.append(rect(middle, y, gained / top * scale, 18, 0))
            parts.append(text(middle + gained / top * scale + 6, y + 14, gained_words, soft=True))
    parts.append(line(middle, 20, middle, 26 + 25 * len(rows), strong=True))
    return drawing(700, 34 + 25 * len(rows), title, parts)


def shares(
    title: str,
    names: Sequence[str],
    rows: Sequence[tuple[str, Sequence[float]]],
    unit: str = "lines",
    colours: Sequence[int] = (),
) -> str:
    """One bar a row, cut into shares of its whole; the names of the parts stand above."""
    colours = colours or range(len(names))
    left = _gutter([name for name, _ in rows])
    room, parts = 700 - left - 70, []
    x, y = 0.0, 12.0
    for index, name in enumerate(names):
        if x + wide(name) + 24 > 700:
            x, y = 0.0, y + 20
        parts += [rect(x, y - 10, 12, 12, colours[index]), text(x + 17, y + 1, name)]
        x += wide(name) + 34
    top = y + 16
    for number, (label, values) in enumerate(rows):
        whole, at, row = sum(values) or 1, left + 8, top + number * 29
        parts.append(text(left, row + 15, short(label, left), "end"))
        for index, value in enumerate(values):
            length = value / whole * room
            parts.append(rect(at, row, length - 1, 22, colours[index], f"{names[index]}: {value / whole:.0%}"))
            if length > 34:
                percent = f"<text x='{at + length / 2:.1f}' y='{row + 15:.1f}' text-anchor='middle' fill='{PAPER}' class='paper'>"
                parts.append(f"{percent}{value / whole:.0%}</text>")
            at += length
        parts.append(text(at + 6, row + 15, f"{int(whole):,}" if sum(values) else "–", soft=True))
    parts.append(text(700, top + 29 * len(rows) + 14, f"behind each bar: {unit}, as shown", "end", soft=True))
    return drawing(700, top + 29 * len(rows) + 22, title, parts)


def flows(title: str, columns: Sequence[str], links: Sequence[tuple[int, str, str, int]], last: Sequence[str] = ()) -> str:
    """An alluvial picture: from each node of a column to those of the next; a link is (column, from, to, people).

    Names in `last` (where people have no further line) stand below the others and have no colour.
    """
    sizes: list[dict[str, int]] = [{} for _ in columns]
    gone: list[dict[str, int]] = [{} for _ in columns]
    for column, source, target, count in links:
        gone[column][source] = gone[column].get(source, 0) + count
        sizes[column + 1][target] = sizes[column + 1].get(target, 0) + count
    # What leaves a node may be more than what came in: small flows are left out. The larger of the two is drawn.
    for column, nodes in enumerate(gone):
        for name, count in nodes.items():
            sizes[column][name] = max(sizes[column].get(name, 0), count)
    order = {name: sum(one.get(name, 0) for one in sizes) for one in sizes for name in one}
    ranked = sorted(order, key=lambda name: (name in last, -order[name], name))
    index = {name: _GREY if name in last else _BRIGHT[number % len(_BRIGHT)] for number, name in enumerate(ranked)}
    drawn = _Flows(sizes, ranked, index, len(columns))
    parts = [text(drawn.x(number), 14, name, soft=True) for number, name in enumerate(columns)]
    return drawing(1000, drawn.height + 40, title, [*drawn.bands(links), *parts, *drawn.nodes()])


class _Flows:
    """Where everything of an alluvial picture stands."""

    wide, gap = 12, 7.0

    def __init__(self, sizes: list[dict[str, int]], ranked: list[str], colour: dict[str, int], columns: int) -> None:
        self.sizes, self.ranked, self.colour = sizes, ranked, colour
        most = max((len(one) for one in sizes), default=1)
        total = max((sum(one.values()) for one in sizes), default=1) or 1
        self.height = 430.0
        self.scale = (self.height - self.gap * most) / total
        self.step = (1000 - 170) / max(columns - 1, 1)
        self.tops: list[dict[str, float]] = []
        for one in sizes:
            y, tops = 26.0, {}
            for name in (name for name in ranked if name in one):
                tops[name] = y
                y += one[name] * self.scale + self.gap
            self.tops.append(tops)

    def x(self, column: int) -> float:
        return column * self.step

    def bands(self, links: Sequence[tuple[int, str, str, int]]) -> list[str]:
        out, into = [dict(one) for one in self.tops], [dict(one) for one in self.tops]
        place = {name: number for number, name in enumerate(self.ranked)}
        found = []
        for column, source, target, count in sorted(links, key=lambda link: (link[0], place[link[1]], place[link[2]])):
            thick, x1, x2 = count * self.scale, self.x(column) + self.wide, self.x(column + 1)
            y1, y2, middle = out[column][source], into[column + 1][target], (x1 + x2) / 2
            out[column][source] += thick
            into[column + 1][target] += thick
            index = self.colour[source]
            found.append(
                f"<path d='M{x1:.1f},{y1:.1f} C{middle:.1f},{y1:.1f} {middle:.1f},{y2:.1f} {x2:.1f},{y2:.1f} L{x2:.1f},{y2 + thick:.1f} "
                f"C{middle:.1f},{y2 + thick:.1f} {middle:.1f},{y1 + thick:.1f} {x1:.1f},{y1 + thick:.1f} Z' fill='{COLOURS[index]}' class='c{index}' "
                f"fill-opacity='0.28'><title>{escape(f'{source} → {target}: {count:,}')}</title></path>"
            )
        return found

    def nodes(self) -> list[str]:
        found = []
        for column, tops in enumerate(self.tops):
            foot = 0.0
            for name, y in tops.items():
                size, x = self.sizes[column][name] * self.scale, self.x(column)
                found.append(rect(x, y, self.wide, size, self.colour[name], f"{name}: {self.sizes[column][name]:,}"))
                middle = y + size / 2 + 4
                if middle - foot >= SIZE:  # a name that would run into the one above is left to the table
                    room = self.step - self.wide - 12 if column + 1 < len(self.tops) else 150
                    found.append(text(x + self.wide + 5, middle, short(name, room)))
                    foot = middle
        return found


def intervals(
    title: str,
    rows: Sequence[tuple[str, float | None, float | None, float | None, str]],
    axis: str,
    gap_before: Sequence[int] = (),
) -> str:
    """A point with its limits for each row: name, middle, lower, upper (None: not reached), and what is written behind it."""
    left = _gutter([row[0] for row in rows], 320.0)
    right = 700 - max((wide(row[4]) for row in rows), default=0) - 10
    ends = [value for row in rows for value in row[1:4] if value is not None]
    tick = next((step for step in (1, 2, 3, 6, 12, 24, 60) if max(ends, default=1) / step <= 8), 120)
    top = (int(max(ends, default=1) // tick) + 1) * tick
    parts, y, place = [], 12.0, []
    for number, row in enumerate(rows):
        y += 10 if number in gap_before else 0
        place.append((y, row))
        y += 23

    def x(value: float) -> float:
        return left + 14 + value / top * (right - left - 22)

    for value in range(0, top + 1, tick):
        parts += [line(x(value), 4, x(value), y + 2), text(x(value), y + 18, str(value), "middle", soft=True)]
    for y_row, (name, middle, low, high, said) in place:
        parts.append(text(left, y_row + 9, short(name, left), "end"))
        parts.append(text(right + 6, y_row + 9, said, soft=True))
        if middle is None:
            continue
        begin, end = x(low if low is not None else middle), x(high if high is not None else top)
        dash = " stroke-dasharray='4 3'" if high is None else ""
        parts.append(
            f"<line x1='{begin:.1f}' y1='{y_row + 5:.1f}' x2='{end:.1f}' y2='{y_row + 5:.1f}' stroke='{COLOURS[0]}' class='s0' "
            f"stroke-width='2'{dash}/>"
        )
        parts.append(f"<circle cx='{x(middle):.1f}' cy='{y_row + 5:.1f}' r='5' fill='{COLOURS[0]}' class='c0'/>")
    parts.append(text((left + right) / 2, y + 36, axis, "middle", soft=True))
    return drawing(700, y + 44, title, parts)
