"""Curves of survival, or of any time to an event: bands of 95 %, direct names, numbers at risk below."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from .cells import Cells
from .survival import Curve, Step
from .svg import COLOURS, drawing, line, short, text, wide

_DASHES = ("", "7 4", "2 3", "10 3 2 3", "5 2", "1 2")
_LEFT, _TOP, _HEIGHT, _WIDTH = 64.0, 14.0, 300.0, 760.0


def curves(title: str, shown: Sequence[Curve], months: Sequence[int], axis: str, cells: Cells) -> str:
    """A picture of several curves over the same months, with the numbers at risk at those months."""
    left = max(_LEFT, max((wide(short(one.name, 190)) for one in shown), default=0) + 72)
    width, end = _WIDTH - left - 24, float(months[-1])

    def x(month: float) -> float:
        return left + min(month, end) / end * width

    def y(share: float) -> float:
        return _TOP + (1 - share) * _HEIGHT

    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(line(left, y(share), left + width, y(share), strong=share == 0))
        parts.append(text(left - 8, y(share) + 4, f"{share:.0%}", "end", soft=True))
    for month in months:
        parts += [
            line(x(month), y(0), x(month), y(0) + 5, strong=True),
            text(x(month), y(0) + 19, str(month), "middle", soft=True),
        ]
    parts.append(text(left + width / 2, y(0) + 38, axis, "middle", soft=True))
    for index, one in enumerate(shown):
        parts += _curve(one, index, end, x, y)
    foot = y(0) + 64
    parts.append(text(0, foot, "at risk", soft=True))
    for index, one in enumerate(shown):
        row = foot + 20 * (index + 1)
        parts.append(_swatch(0, row - 4, index))
        parts.append(text(32, row, short(one.name, 190), colour=index))
        for month, count in zip(months, one.at_risk, strict=True):
            said = f"<{cells.least}" if count is None else f"{count:,}"
            parts.append(text(x(month), row, said, "middle"))
    return drawing(_WIDTH, foot + 20 * len(shown) + 12, title, parts)


def _swatch(x: float, y: float, index: int) -> str:
    return f"<line x1='{x}' y1='{y:.1f}' x2='{x + 26}' y2='{y:.1f}' {_stroke(index)}/>"


def _stroke(index: int) -> str:
    number, dash = index % len(COLOURS), _DASHES[index % len(_DASHES)]
    return f"stroke='{COLOURS[number]}' class='s{number}' stroke-width='2.2' fill='none'" + (
        f" stroke-dasharray='{dash}'" if dash else ""
    )


def _curve(one: Curve, index: int, end: float, x: object, y: object) -> list[str]:
    assert callable(x) and callable(y)
    steps: list[Step] = [(0.0, 1.0, 1.0, 1.0), *(step for step in one.steps if step[0] <= end)]
    paths: list[list[tuple[float, float]]] = [[], [], []]
    for number, step in enumerate(steps):
        for path, share in zip(paths, step[1:], strict=True):
            if number and not one.joined:
                path.append((step[0], path[-1][1]))
            path.append((step[0], share))
    middle, low, high = paths
    colour = index % len(COLOURS)
    band = " ".join(f"{x(m):.1f},{y(s):.1f}" for m, s in [*high, *reversed(low)])
    drawn = " ".join(f"{x(m):.1f},{y(s):.1f}" for m, s in middle)
    said = escape(
        f"{one.name}: " + ", ".join(f"{share:.0%} at {month:.0f}" for month, share, *_ in steps[:: max(len(steps) // 6, 1)])
    )
    return [
        f"<polygon points='{band}' fill='{COLOURS[colour]}' class='c{colour}' fill-opacity='0.14'/>",
        f"<polyline points='{drawn}' {_stroke(index)}><title>{said}</title></polyline>",
    ]
