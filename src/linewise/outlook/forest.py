"""Published comparisons as a forest plot and as a table, for teams: each row one endpoint of one trial, with its own people and its source."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape

from .model import Arms

_LEFT, _PLOT, _RIGHT, _ROW, _TOP = 430, 300, 150, 34, 56
_LIKE = {True: "yes", False: "no", None: "not known"}
COLUMNS = (
    "trial", "year", "endpoint", "group", "unit", "treatment", "control", "treatment result", "control result",
    "hazard ratio", "lower", "upper", "people like this one", "differs", "note", "not confirmed", "sources",
)  # fmt: skip


def ordered(arms: Sequence[Arms]) -> list[Arms]:
    """Trials whose people were like this one first; within them by name and endpoint."""
    return sorted(arms, key=lambda one: (one.like is not True, one.name, one.endpoint, one.group or ""))


def as_csv(arms: Sequence[Arms]) -> str:
    """Every published comparison, with or without a hazard ratio, as a table."""
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(COLUMNS)
    for one in ordered(arms):
        lower, upper = one.ci or ("", "")
        what = (one.name, one.year, one.endpoint, one.group, one.unit, one.treatment, one.control)
        numbers = map(_number, (one.treatment_result, one.control_result, one.hr, lower, upper))
        rows.writerow(
            [*what, *numbers, _LIKE[one.like], one.differs, one.note, "yes" if one.review else "no", "; ".join(one.sources)]
        )
    return table.getvalue()


def as_svg(arms: Sequence[Arms], title: str, below: str) -> str:
    """The hazard ratios with their intervals on a logarithmic scale. Whoever was like this person has a filled square, others a hollow one.

    `below` is what stands under the picture. Comparisons without a ratio are not drawn: the table has them.
    """
    drawn = [one for one in ordered(arms) if one.hr is not None]
    ends = [value for one in drawn for value in (one.hr, *(one.ci or ())) if value is not None and value > 0]
    least, most = min([0.5, *ends]) / 1.05, max([1.5, *ends]) * 1.05

    def across(value: float) -> float:
        share = (math.log(value) - math.log(least)) / (math.log(most) - math.log(least))
        return round(_LEFT + share * _PLOT, 1)

    foot = _TOP + _ROW * len(drawn)
    marks = [value for value in (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0) if least <= value <= most]
    axis = [
        f'<line x1="{across(value)}" x2="{across(value)}" y1="{foot}" y2="{foot + 5}" stroke="currentColor"/>' for value in marks
    ]
    axis += [_text(across(value), foot + 18, f"{value:g}", anchor="middle") for value in marks]
    axis.append(
        f'<line x1="{across(1)}" x2="{across(1)}" y1="{_TOP - 14}" y2="{foot}" stroke="currentColor" stroke-dasharray="4 4"/>'
        f'<line x1="{_LEFT}" x2="{_LEFT + _PLOT}" y1="{foot}" y2="{foot}" stroke="currentColor"/>'
    )
    rows = [part for number, one in enumerate(drawn) for part in _row(one, _TOP + _ROW * number, across)]
    width, height = _LEFT + _PLOT + _RIGHT, foot + 62
    head = [
        _text(8, 20, title, size=15),
        _text(_LEFT, 38, "favours the treatment"),
        _text(_LEFT + _PLOT, 38, "favours the control", anchor="end"),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(title, {chr(34): "&quot;"})}" fill="currentColor" font-family="sans-serif" font-size="12">'
        f"<title>{escape(title)}</title>{''.join([*head, *axis, *rows, _text(8, foot + 42, below)])}</svg>"
    )


def _row(one: Arms, y: float, place: Callable[[float], float]) -> list[str]:
    assert one.hr is not None
    what = f"{one.endpoint}{f', {one.group}' if one.group else ''}"
    parts = [
        _text(8, y, f"{one.name} ({one.year or 'no year'}): {what}"[:66]),
        _text(8, y + 14, f"{one.treatment} v. {one.control}"[:72], size=10),
    ]
    x = place(one.hr)
    if one.ci:
        low, high = place(one.ci[0]), place(one.ci[1])
        parts.append(f'<line x1="{low}" x2="{high}" y1="{y}" y2="{y}" stroke="currentColor" stroke-width="2"/>')
    fill = "currentColor" if one.like is True else "none"
    parts.append(f'<rect x="{x - 5}" y="{y - 5}" width="10" height="10" fill="{fill}" stroke="currentColor" stroke-width="2"/>')
    said = f"{one.hr:g}{f' ({one.ci[0]:g} to {one.ci[1]:g})' if one.ci else ''}{' [not confirmed]' if one.review else ''}"
    return [*parts, _text(_LEFT + _PLOT + 10, y + 4, said)]


def _text(x: float, y: float, words: str, size: int = 12, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}">{escape(words)}</text>'


def _number(value: float | str | None) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float | int) else value
