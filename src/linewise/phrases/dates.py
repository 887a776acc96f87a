"""Dates in a text: every way of writing them, with how exactly they are known.

The order of day and month in `03/04/2024` comes from the document: a date that can be read in one way only, else its country or language.
Where nothing says, the month is not known.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence

import msgspec


class Day(msgspec.Struct, frozen=True, gc=False):
    """A date as written: `month` and `day` are 0 where they are not said or not clear. `part`: the year was added from the document's date."""

    start: int
    end: int
    year: int
    month: int = 0
    day: int = 0
    part: bool = False

    @property
    def text(self) -> str:
        return (
            f"{self.year:04d}"
            + (f"-{self.month:02d}" if self.month else "")
            + (f"-{self.day:02d}" if self.month and self.day else "")
        )

    @property
    def key(self) -> tuple[int, int, int]:
        return self.year, self.month, self.day

    def months_to(self, other: Day) -> float | None:
        """Months from this date to another, to the day where both are known to the day; None where a month is not known."""
        if not self.month or not other.month:
            return None
        whole = float((other.year - self.year) * 12 + other.month - self.month)
        if self.day and other.day:
            whole += (other.day - self.day) / 30.4
        return round(whole, 1)


class Calendar(msgspec.Struct, frozen=True):
    """The words of dates in a language: months by name; what may stand before a month and year (`early`, `Anfang`)."""

    months: dict[str, int]
    seasons: dict[str, int]
    before_short: tuple[str, ...]  # words before which `05/21` is a month and a year
    between: tuple[str, ...] = ()  # words between the two ends of a time
    never: tuple[str, ...] = ()  # words after which `1/21` is a dose


_YEAR = r"(?:19[3-9]\d|20[0-4]\d)"


class Dates:
    """Finds dates with the words of some languages. Made once for a set of words."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        names = "|".join(sorted((re.escape(name) for name in calendar.months), key=len, reverse=True))
        seasons = "|".join(sorted((re.escape(name) for name in calendar.seasons), key=len, reverse=True))
        before = "|".join(re.escape(word) for word in calendar.before_short)
        between = "|".join(["-", "–", "—", *(re.escape(word) for word in calendar.between)])
        never = "|".join(["%", *(re.escape(word) for word in calendar.never)])
        flags = re.IGNORECASE
        month = rf"(?P<name>{names})\.?"
        self.rules = [
            ("iso", re.compile(rf"(?<![\d-])(?P<y>{_YEAR})-(?P<m>\d\d)-(?P<d>\d\d)(?!\d)")),
            ("name", re.compile(rf"(?<!\w)(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.)?[\s-]*(?:of\s+)?{month},?[\s-]*(?P<y>{_YEAR}|\d\d(?=\b))(?!\d)", flags)),
            ("name", re.compile(rf"(?<!\w){month}[\s-]*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,\s*|\s+|-)(?P<y>{_YEAR})(?!\d)", flags)),
            ("name", re.compile(rf"(?<!\w){month},?[\s/-]*(?P<y>{_YEAR})(?!\d)", flags)),
            ("name", re.compile(rf"(?<!\w){month}(?=\s*(?:{between})\s*(?:{names})\.?,?\s*(?P<y>{_YEAR})(?!\d))", flags)),  # `Feb-Jun 2023`
            ("season", re.compile(rf"(?<!\w)(?P<name>{seasons})[\s/-]*(?:of\s+)?(?P<y>{_YEAR})(?!\d)", flags)),
            ("dot", re.compile(rf"(?<![\d.,/])(?P<d>\d{{1,2}})\.\s?(?P<m>\d{{1,2}})\.\s?(?P<y>{_YEAR}|\d\d)(?![\d.]|,\d)")),
            ("slash", re.compile(rf"(?<![\d/.,-])(?P<a>\d{{1,2}})(?P<sign>[/-])(?P<b>\d{{1,2}})(?P=sign)(?P<y>{_YEAR}|\d\d)(?![\d/])")),
            ("month", re.compile(rf"(?<![\d/.,-])(?P<m>\d{{1,2}})\s?[/.]\s?(?P<y>{_YEAR})(?![\d/]|[.,]\d)")),
            ("month", re.compile(rf"(?<=\d{{4}}[-–])(?P<m>\d{{1,2}})/(?P<y>{_YEAR})(?![\d/]|[.,]\d)")),
            ("yearmonth", re.compile(rf"(?<![\d/.,-])(?P<y>{_YEAR})[/-](?P<m>0[1-9]|1[0-2])(?![\d/-])")),
            ("pair", re.compile(rf"(?<![\d/.,])(?P<m>0?[1-9]|1[0-2])/(?P<y>\d\d)\s*(?:{between})\s*(?P<m2>0?[1-9]|1[0-2])/(?P<y2>\d\d)(?![\d/%])", flags)),
            ("short", re.compile(rf"(?:(?<=^)|(?<=\s)|(?<=\())(?:{before})\.?:?\s+(?P<m>0?[1-9]|1[0-2])/(?P<y>[0-3]\d)(?![\d/]|\s*(?:{never}))", flags)),
            ("daymonth", re.compile(r"(?<![\d.,/])(?P<d>\d{1,2})\.(?P<m>0?[1-9]|1[0-2])\.(?![\d.])")),
            ("year", re.compile(rf"(?<![\w.,/-])(?P<y>{_YEAR})(?![\w]|[./]\d|,\d)")),
            ("year", re.compile(rf"(?<=\d{{4}}[-–])(?P<y>{_YEAR})(?![\w]|[./]\d|,\d)")),
        ]  # fmt: skip

    def find(self, text: str, day_first: bool | None, about: Day | None) -> list[Day]:
        """Every date, in order, none inside another. `about` is the document's own date: the year of dates without one."""
        taken: list[tuple[int, int]] = []
        found: list[Day] = []
        for kind, rule in self.rules:
            for match in rule.finditer(text):
                start = match.start("m") if kind == "short" else match.start()
                end = match.end()
                if any(start < b and end > a for a, b in taken):
                    continue
                if kind == "pair":
                    parts = match.groupdict()
                    both = [
                        (match.start("m"), match.end("y"), parts["m"], parts["y"]),
                        (match.start("m2"), end, parts["m2"], parts["y2"]),
                    ]
                    made = [_made(a, b, _year(str(y)), int(str(m)), 0) for a, b, m, y in both]
                    if all(made) and made[0].key <= made[1].key:  # type: ignore[union-attr]
                        taken.append((start, end))
                        found += [one for one in made if one is not None]
                    continue
                day = self._day(kind, match.groupdict(), start, end, day_first, about)
                if day is not None:
                    taken.append((start, end))
                    found.append(day)
        return sorted(found, key=lambda one: one.start)

    def _day(
        self, kind: str, part: Mapping[str, str | None], start: int, end: int, day_first: bool | None, about: Day | None
    ) -> Day | None:
        written = part.get("y")
        year = _year(written) if written else 0
        if kind == "season":
            return Day(start, end, year, self.calendar.seasons[str(part["name"]).lower()])
        if kind == "name":
            month = self.calendar.months[str(part["name"]).lower().rstrip(".")]
            return _made(start, end, year, month, int(part.get("d") or 0))
        if kind == "year":
            return Day(start, end, year)
        if kind == "slash":
            a, b = int(str(part["a"])), int(str(part["b"]))
            if a > 31 or b > 31 or (a > 12 and b > 12) or not a or not b:
                return None
            first = day_first if a <= 12 and b <= 12 else a > 12
            if first is None:
                return Day(start, end, year, a, b) if a == b else Day(start, end, year)
            return _made(start, end, year, b, a) if first else _made(start, end, year, a, b)
        month, day = int(part.get("m") or 0), int(part.get("d") or 0)
        if kind == "daymonth":
            if about is None or not about.month or day_first is False:  # where the month comes first, `2.2.` ends a sentence
                return None
            year = about.year if (month, day) <= (about.month, about.day or 31) else about.year - 1
            made = _made(start, end, year, month, day)
            return msgspec.structs.replace(made, part=True) if made else None
        return _made(start, end, year, month, day)


def _year(text: str) -> int:
    value = int(text)
    return value if value > 99 else value + (2000 if value < 50 else 1900)


def _made(start: int, end: int, year: int, month: int, day: int) -> Day | None:
    if not 1 <= month <= 12:
        return None
    try:
        dt.date(year, month, day or 1)
    except ValueError:
        return None
    return Day(start, end, year, month, day)


_SLASHED = re.compile(r"(?<![\d/.,-])(\d{1,2})[/](\d{1,2})[/](?:\d{4}|\d\d)(?![\d/])")


def day_first(text: str, guess: bool | None) -> bool | None:
    """Whether `03/04/2024` is the third of April here: what a date of the text shows, else `guess`."""
    pairs = [(int(a), int(b)) for a, b in _SLASHED.findall(text)]
    first = any(a > 12 >= b for a, b in pairs)
    second = any(b > 12 >= a for a, b in pairs)
    if first != second:
        return first
    return guess


def latest(days: Sequence[Day]) -> Day | None:
    return max(days, key=lambda day: day.key, default=None)
