"""Pictures as SVG, drawn from numbers: bars, flows from line to line, survival curves with bands and numbers at risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

COLOURS = ("#1b6ca8", "#c0572b", "#3a7d44", "#7a4b94", "#a68a00", "#4d5b66", "#b03a6b", "#2b8a8a")
_FONT = "font-family='system-ui,sans-serif' font-size='12'"


@dataclass
class Curve:
    """One survival curve: steps of (months, share alive, lower, upper), and how many were at risk at given months."""

    name: str
    steps: list[tuple[float, float, float, float]]
    at_risk: list[str] = field(default_factory=list)


def _svg(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    head = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:.0f} {height:.0f}' role='img' aria-label='{escape(title, True)}' {_FONT}>"
    return head + f"<title>{escape(title)}</title>" + "".join(parts) + "</svg>"


def bars(title: str, rows: Sequence[tuple[str, float, str]], most: float | None = None) -> str:
    """Horizontal bars: name, length, and what is written behind it."""
    top = most or max((value for _, value, _ in rows), default=1) or 1
    parts = []
    for number, (name, value, text) in enumerate(rows):
        y = 8 + number * 24
        parts.append(f"<text x='230' y='{y + 13}' text-anchor='end'>{escape(name)}</text>")
        parts.append(f"<rect x='240' y='{y}' width='{max(value / top * 330, 0):.1f}' height='17' fill='{COLOURS[0]}'/>")
        parts.append(f"<text x='{246 + max(value / top * 330, 0):.1f}' y='{y + 13}'>{escape(text)}</text>")
    return _svg(700, 16 + 24 * len(rows), title, parts)


def flows(title: str, columns: Sequence[str], links: Sequence[tuple[int, str, str, int]]) -> str:
    """An alluvial picture: from each node of a column to those of the next; a link is (column, from, to, people)."""
    sizes: list[dict[str, int]] = [{} for _ in columns]
    for column, source, target, count in links:
        if column == 0:
            sizes[0][source] = sizes[0].get(source, 0) + count
        sizes[column + 1][target] = sizes[column + 1].get(target, 0) + count
    height, gap, wide = 460.0, 6.0, 14
    total = max((sum(one.values()) for one in sizes), default=1) or 1
    most = max((len(one) for one in sizes), default=1)
    scale = (height - gap * most) / total
    step = 860 / max(len(columns) - 1, 1)
    tops: list[dict[str, float]] = []
    parts: list[str] = []
    names = sorted({name for one in sizes for name in one})
    colour = {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(names)}
    for column, nodes in enumerate(sizes):
        y, x = 30.0, 20 + column * step
        tops.append({})
        parts.append(f"<text x='{x}' y='16'>{escape(columns[column])}</text>")
        for name, size in sorted(nodes.items(), key=lambda item: -item[1]):
            tops[column][name] = y
            parts.append(f"<rect x='{x:.0f}' y='{y:.1f}' width='{wide}' height='{size * scale:.1f}' fill='{colour[name]}'/>")
            if size * scale > 11:
                parts.append(f"<text x='{x + wide + 4:.0f}' y='{y + size * scale / 2 + 4:.1f}'>{escape(name)}</text>")
            y += size * scale + gap
    out = [dict(one) for one in tops]
    into = [dict(one) for one in tops]
    for column, source, target, count in sorted(links):
        if source not in out[column] or target not in into[column + 1]:
            continue
        thick = count * scale
        x1, x2 = 20 + column * step + wide, 20 + (column + 1) * step
        y1, y2 = out[column][source], into[column + 1][target]
        out[column][source] += thick
        into[column + 1][target] += thick
        middle = (x1 + x2) / 2
        parts.insert(
            0,
            f"<path d='M{x1:.0f},{y1:.1f} C{middle:.0f},{y1:.1f} {middle:.0f},{y2:.1f} {x2:.0f},{y2:.1f} L{x2:.0f},{y2 + thick:.1f} "
            f"C{middle:.0f},{y2 + thick:.1f} {middle:.0f},{y1 + thick:.1f} {x1:.0f},{y1 + thick:.1f} Z' fill='{colour[source]}' opacity='0.3'/>",
        )
    return _svg(1060, height + 40, title, parts)


def survival(title: str, curves: Sequence[Curve], months: Sequence[int]) -> str:
    """Survival curves with their bands, and the numbers at risk below."""
    left, top, width, height = 150.0, 20.0, 560.0, 300.0
    end = float(months[-1])

    def x(month: float) -> float:
        return left + min(month, end) / end * width

    def y(share: float) -> float:
        return top + (1 - share) * height

    parts = [f"<line x1='{left}' y1='{y(0)}' x2='{left + width}' y2='{y(0)}' stroke='#333'/>"]
    parts.append(f"<line x1='{left}' y1='{top}' x2='{left}' y2='{y(0)}' stroke='#333'/>")
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(f"<text x='{left - 8}' y='{y(share) + 4:.0f}' text-anchor='end'>{share:.0%}</text>")
    for tick in months:
        parts.append(f"<text x='{x(tick):.0f}' y='{y(0) + 18:.0f}' text-anchor='middle'>{tick}</text>")
    parts.append(f"<text x='{left + width / 2}' y='{y(0) + 36:.0f}' text-anchor='middle'>months</text>")
    for index, curve in enumerate(curves):
        colour = COLOURS[index % len(COLOURS)]
        steps = [step for step in curve.steps if step[0] <= end]
        line, low, high = f"M{x(0):.1f},{y(1):.1f}", [(0.0, 1.0)], [(0.0, 1.0)]
        for month, share, lower, upper in steps:
            line += f" H{x(month):.1f} V{y(share):.1f}"
            low += [(month, low[-1][1]), (month, lower)]
            high += [(month, high[-1][1]), (month, upper)]
        band = " ".join(f"{x(m):.1f},{y(s):.1f}" for m, s in [*high, *reversed(low)])
        parts.append(f"<polygon points='{band}' fill='{colour}' opacity='0.15'/>")
        parts.append(f"<path d='{line}' fill='none' stroke='{colour}' stroke-width='2'/>")
        row = y(0) + 66 + index * 18
        parts.append(f"<text x='8' y='{row:.0f}' fill='{colour}'>{escape(curve.name)}</text>")
        parts += [
            f"<text x='{x(m):.0f}' y='{row:.0f}' text-anchor='middle'>{escape(n)}</text>"
            for m, n in zip(months, curve.at_risk, strict=False)
        ]
    parts.append(f"<text x='8' y='{y(0) + 48:.0f}'>at risk</text>")
    return _svg(740, top + height + 80 + 18 * len(curves), title, parts)
