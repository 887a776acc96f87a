"""On which days a test is done that goes with a drug: a small language, read when knowledge is loaded.

    before                              once, before the first dose
    day 15                              of treatment
    day 15 of cycles 1 and 2            of those cycles
    weeks 1, 2 and 4, month 3           at the end of each
    start of cycles 3, 4 and 5
    start of the first 6 cycles
    every 2 weeks for 2 months          and likewise: monthly for …, weekly for …, weekly to day 28
    each cycle, before each dose        as long as treatment goes on

`about` and `at least` may stand before any of them. `then` says how it goes on afterwards, with the words that have no end: `monthly`, `every 3 weeks`, `each cycle`. What a label says
in words that are no days ("as indicated") is written under `words` and shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from linewise.logic import Within

Unit = Literal["day", "week", "month", "cycle"]

IN_DAYS: dict[Unit, int] = {"day": 1, "week": 7, "month": 28}
"""Visits keep their day of the week: a month of a calendar of visits is four weeks. A cycle has its own length."""

EXAMPLES = "before, day 15, day 15 of cycles 1 and 2, every 2 weeks for 2 months, before each dose"
FURTHER = "monthly, weekly, every 3 weeks, each cycle"

_UNITS = "day|week|month|cycle"
_WORDS = {"weekly": (1, "week"), "monthly": (1, "month")}
_SOFTENED = re.compile(r"(about|at least) ")
_REPEAT = re.compile(rf"(?:(weekly|monthly)|every (\d+)? ?({_UNITS})s?)")
_EACH = re.compile(r"(?:(?:before|start of) )?(?:each|every) (?:dose|cycle)")
_DAY = re.compile(r"day (\d+)(?: of cycles? ([\d, and]+))?")
_POINTS = re.compile(r"(week|month)s? ([\d, and]+)")
_START = re.compile(r"start of cycles? ([\d, and]+)")
_FIRST = re.compile(r"start of the first (\d+) cycles")
_LIMITED = re.compile(rf"(.+?) (?:for (\d+) ({_UNITS})s?|to day (\d+))")


class Times(msgspec.Struct, frozen=True, omit_defaults=True):
    """Days of treatment (day 1 is the first, day 0 any time before), as points or as a repeat.

    `points` count in `unit`; with `cycles`, days of those cycles. A repeat comes every `gap` of `unit`, from day 1 on with
    `from_start` or after the first gap, without end or for `span` of `span_unit`.
    """

    text: str
    points: tuple[int, ...] = ()
    unit: Unit = "day"
    cycles: tuple[int, ...] = ()
    gap: int = 0
    from_start: bool = False
    span: int = 0
    span_unit: Unit = "day"

    def step(self, cycle: int) -> int:
        """Days between repeats, with cycles of so many days; 0 for points."""
        return self.gap * IN_DAYS.get(self.unit, cycle)

    def days(self, cycle: int, last: int) -> Iterator[int]:
        """The days up to `last`."""
        if self.gap:
            step = self.step(cycle)
            end = min(self.span * IN_DAYS.get(self.span_unit, cycle), last) if self.span else last
            yield from range(1 if self.from_start else 1 + step, end + 1, step)
        elif self.unit == "cycle":
            yield from (day for n in self.points if (day := (n - 1) * cycle + 1) <= last)
        else:
            starts = [(n - 1) * cycle for n in self.cycles] or [0]
            yield from (day for start in starts for n in self.points if (day := start + n * IN_DAYS[self.unit]) <= last)


def times(text: str) -> Times:
    """Read `at`. Raises ValueError with what to write for words that name no days."""
    words = _plain(text)
    found = _points(words) or _repeat(words)
    if found is None:
        raise ValueError(f"`{text}` names no days: write it as {EXAMPLES}, or under `words`")
    return msgspec.structs.replace(found, text=text)


def repeat(text: str) -> Times:
    """Read `then`, which goes on without an end. Raises ValueError with what to write for other words."""
    found = _repeat(_plain(text))
    if found is None or found.span:
        raise ValueError(f"`{text}` does not say how it goes on: write it as {FURTHER}, or under `words`")
    return msgspec.structs.replace(found, text=text)


def span(text: str) -> Within:
    """Read how long a value stays current: `10 days`, `6 months`, `2 years`. Raises ValueError for other words."""
    found = re.fullmatch(r"(\d+) (day|month|year)s?", text.strip())
    if found is None or not int(found[1]):
        raise ValueError(f"`{text}` is not a span of time: write it as 10 days, 6 months or 2 years")
    units: dict[str, Literal["days", "months", "years"]] = {"day": "days", "month": "months", "year": "years"}
    return Within(int(found[1]), units[found[2]])


def _plain(text: str) -> str:
    return _SOFTENED.sub("", text.lower().strip(), count=1)


def _points(words: str) -> Times | None:
    if words == "before":
        return Times("", (0,))
    if found := _DAY.fullmatch(words):
        return Times("", (int(found[1]),), cycles=_numbers(found[2] or ""))
    if found := _POINTS.fullmatch(words):
        return Times("", _numbers(found[2]), "week" if found[1] == "week" else "month")
    if found := _START.fullmatch(words):
        return Times("", _numbers(found[1]), "cycle")
    return None


def _repeat(words: str) -> Times | None:
    if _EACH.fullmatch(words):
        return Times("", unit="cycle", gap=1, from_start=True)
    if found := _FIRST.fullmatch(words):
        return Times("", unit="cycle", gap=1, from_start=True, span=int(found[1]), span_unit="cycle")
    if found := _REPEAT.fullmatch(words):
        gap, unit = _WORDS[found[1]] if found[1] else (int(found[2] or 1), found[3])
        return Times("", unit=_unit(unit), gap=gap) if gap else None
    if found := _LIMITED.fullmatch(words):
        inner = _repeat(found[1])
        span, unit = (int(found[4]), "day") if found[4] else (int(found[2]), found[3])
        return msgspec.structs.replace(inner, span=span, span_unit=_unit(unit)) if inner and span and not inner.span else None
    return None


def _unit(word: str) -> Unit:
    return msgspec.convert(word, Unit)  # type: ignore[no-any-return]


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text))
