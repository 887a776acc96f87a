"""Pictures as our own SVG: text stands beside them in HTML, so that they grow, print and read aloud."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

_FILL = {"positive": "on", "low": "part", "ultralow": "part", "negative": "off"}


def receptors(found: Sequence[tuple[str, str, str]]) -> Markup:
    """A cell with its receptors: for each its name, its value in words, and the value's id (which chooses the drawing)."""
    width, step = 360, 360 // max(len(found), 1)
    parts = []
    for number, (label, words, value) in enumerate(found):
        x, state = step * number + step // 2, _FILL.get(value, "unknown")
        parts.append(_receptor(x, state))
        lines = _short(label).split(" ", 1)
        parts += [f'<text x="{x}" y="{151 + 16 * row}" class="pic-name">{escape(line)}</text>' for row, line in enumerate(lines)]
        parts.append(f'<text x="{x}" y="{169 if len(lines) == 1 else 186}" class="pic-value">{escape(words)}</text>')
    said = "; ".join(f"{label}: {words}" for label, words, _ in found)
    return Markup(
        f'<svg class="picture receptors" viewBox="0 0 {width} 194" role="img" '
        f'aria-label="{escape(f"Receptors on the cancer cell. {said}.")}">'
        f'<path class="pic-cell" d="M0 132 Q{width / 2} 62 {width} 132 V132 H0 Z"/>{"".join(parts)}</svg>'
    )


def _short(label: str) -> str:
    """`oestrogen receptor (ER)` is drawn as `ER`, anything else as it is."""
    return label[label.rfind("(") + 1 : -1] if label.endswith(")") else label


def _receptor(x: int, state: str) -> str:
    mark = {"on": "✓", "part": "~", "off": "–", "unknown": "?"}[state]
    return (
        f'<g class="receptor {state}"><path d="M{x} 112 V66 M{x} 66 L{x - 18} 40 M{x} 66 L{x + 18} 40"/>'
        f'<circle cx="{x}" cy="26" r="15"/><text x="{x}" y="32">{mark}</text></g>'
    )


def bar(value: float, most: float, kind: str = "one") -> Markup:
    """One bar of a chart, as long as its share of the longest. What it means stands beside it in words."""
    share = 0 if most <= 0 else max(0.0, min(100.0, 100 * value / most))
    return Markup(
        f'<svg class="bar {kind}" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        f'<rect class="bar-back" width="100" height="10"/><rect class="bar-front" width="{share:.1f}" height="10"/></svg>'
    )


def people(percent: float, label: str) -> Markup:
    """A hundred people as dots, as many of them filled as the share says."""
    count = round(max(0.0, min(100.0, percent)))
    rows = "".join(f"M5 {10 * row + 5}h91" for row in range(10))
    filled = "".join(f"M5 {10 * row + 5}h{min(10, count - 10 * row) * 10 - 9}" for row in range(10) if count > 10 * row)
    said = escape(f"{label}: {count} of 100 people")
    return Markup(
        f'<svg class="picture people" viewBox="0 0 100 100" role="img" aria-label="{said}">'
        f'<path class="person" d="{rows}"/>' + (f'<path class="person yes" d="{filled}"/>' if filled else "") + "</svg>"
    )


def trend(points: Sequence[tuple[float, float]], most: float, label: str, least: float = 0.0) -> Markup:
    """A line through values over time: x from 0 to 1, y between `least` and `most`."""
    span = most - least or 1.0
    placed = [(6 + 288 * x, 74 - 64 * (min(max(y, least), most) - least) / span) for x, y in points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in placed)
    return Markup(
        f'<svg class="picture trend" viewBox="0 0 300 84" role="img" aria-label="{escape(label)}">'
        f'<path class="trend-base" d="M6 74 H294"/><polyline points="{line}"/>{dots}</svg>'
    )


def report(highlight: str, rows: Iterable[tuple[str, str]]) -> Markup:
    """A pathology report drawn as a sheet, with the line that is asked for marked."""
    parts, y = [], 62
    for name, text in rows:
        mark = ' class="marked"' if name == highlight else ""
        box = f'<rect x="14" y="{y - 17}" width="292" height="25" rx="4" class="marker"/>' if mark else ""
        parts.append(f'{box}<text x="24" y="{y}"{mark}>{escape(text)}</text>')
        y += 29
    return Markup(
        f'<svg class="picture report" viewBox="0 0 320 {y + 6}" role="img" '
        'aria-label="A drawing of a report. The marked line is the one to look for.">'
        f'<path class="sheet" d="M6 4 H286 L314 32 V{y} H6 Z"/><path class="fold" d="M286 4 V32 H314"/>'
        f'<text x="24" y="32" class="report-title">Report</text>{"".join(parts)}</svg>'
    )


def works(drugs: Sequence[tuple[str, str]]) -> Markup:
    """How drugs meet a cancer cell: each drug with its kind, an arrow, the cell."""
    top = max(10, 48 - 29 * len(drugs[:4]))
    parts, y = [], top
    for name, kind in drugs[:4]:
        parts.append(f'<rect x="4" y="{y}" width="190" height="46" rx="23" class="drug"/>')
        parts.append(f'<text x="99" y="{y + (21 if kind else 28)}" class="pic-name">{escape(name[:26])}</text>')
        if kind:
            parts.append(f'<text x="99" y="{y + 37}" class="pic-small">{escape(kind[:34])}</text>')
        y += 58
    middle = (y - 12 + top) / 2
    for row in range(len(drugs[:4])):
        start = top + 23 + 58 * row
        parts.append(f'<path class="arrow" d="M198 {start} C230 {start} 232 {middle} 262 {middle}"/>')
    height = max(y, round(middle) + 44)
    said = "; ".join(f"{name}, {kind}" if kind else name for name, kind in drugs)
    return Markup(
        f'<svg class="picture works" viewBox="0 0 360 {height}" role="img" '
        f'aria-label="{escape(f"A drawing: {said}. It acts on the cancer cell.")}">'
        f'{"".join(parts)}<path class="arrow-head" d="M256 {middle - 7} L268 {middle} L256 {middle + 7}"/>'
        f'<circle cx="314" cy="{middle}" r="40" class="pic-cell"/><circle cx="314" cy="{middle}" r="15" class="nucleus"/>'
        f'<text x="314" y="{middle + 4}" class="pic-small">cell</text></svg>'
    )
