"""Visits and tests of the first months of an option, day by day, and as an iCalendar file.

Days come from the regimen (`cycle`, `days`) and from the monitoring of its drugs (`at`, `then`). What a label says in words that are
not days ("as indicated") is kept as it is and shown beside the calendar, never turned into a date.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator

import msgspec

from linewise.knowledge import Knowledge
from linewise.knowledge.model import Monitoring, Treatment


class Day(msgspec.Struct, kw_only=True):
    """What falls on one day; day 1 is the first of treatment, day 0 any time before it."""

    day: int
    what: str
    kind: str  # treatment, test
    text: str = ""
    sources: list[str] = []


class Calendar(msgspec.Struct, kw_only=True):
    """The days of an option, and what could not be put on a day."""

    option: str
    title: str
    note: str
    days: list[Day]
    also: list[Day]

    def upto(self, last: int) -> list[Day]:
        return [one for one in self.days if one.day <= last]


def calendar(treatment: Treatment, knowledge: Knowledge, days: int = 84) -> Calendar:
    """The days of an option up to `days`, in order."""
    found: list[Day] = []
    also: list[Day] = []
    cycle = next((dose.cycle for dose in treatment.regimen if dose.cycle), 28)
    for dose in treatment.regimen:
        label = knowledge.label(dose.drug)
        words = " ".join(part for part in (dose.dose, dose.schedule) if part)
        if dose.cycle is None or not dose.days:
            also.append(Day(day=0, what=label, kind="treatment", text=words, sources=list(dose.source)))
            continue
        by_mouth = dose.route == "oral"
        for start in range(0, days, dose.cycle):
            usual = dose.first_days if dose.first_days and not start else dose.days
            for day in usual[:1] if by_mouth else usual:
                if start + day <= days:
                    what = f"{label}: new pack" if by_mouth and start else label
                    found.append(Day(day=start + day, what=what, kind="treatment", text=words, sources=list(dose.source)))
    drugs = dict.fromkeys([*treatment.drugs, *(drug for partner in treatment.partners for drug in partner.one_of[:1])])
    for one in (*treatment.monitor, *(one for drug in drugs for one in knowledge.monitoring(drug))):
        placed, left = _tests(one, cycle, days, knowledge)
        found += placed
        also += left
    note = knowledge.wording.advice.usual_plan
    return Calendar(option=treatment.id, title=treatment.title, note=note, days=_sorted(found), also=_sorted(also))


def _tests(one: Monitoring, cycle: int, days: int, knowledge: Knowledge) -> tuple[list[Day], list[Day]]:
    test = knowledge.tests.get(one.test)
    title = test.title if test else one.test

    def day(number: int, text: str) -> Day:
        return Day(day=number, what=title, kind="test", text=text, sources=list(one.source))

    placed, last = [], 0
    for times in one.at:
        numbers = list(times.days(cycle, days))
        placed += [day(number, one.plain or one.text or "") for number in numbers]
        last = max([last, *numbers])
    if one.then is not None:
        gap = one.then.step(cycle)
        placed += [day(number, one.plain or one.text or "") for number in range((last or 1) + gap, days + 1, gap)]
    return placed, [day(0, one.words)] if one.words else []


def _sorted(days: Iterable[Day]) -> list[Day]:
    once = {(one.day, one.kind, one.what, one.text): one for one in days}
    return sorted(once.values(), key=lambda one: (one.day, one.kind != "treatment", one.what))


def icalendar(found: Calendar, start: dt.date, last: int = 84) -> str:
    """The calendar as an iCalendar file (RFC 5545): one all-day event for each day on which something falls."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Linewise//calendar//EN", "CALSCALE:GREGORIAN"]
    for number in sorted({one.day for one in found.upto(last) if one.day > 0}):
        here = [one for one in found.days if one.day == number]
        on = start + dt.timedelta(days=number - 1)
        what = "; ".join(dict.fromkeys(one.what for one in here))
        uid = hashlib.sha256(f"{found.option} {number} {start}".encode()).hexdigest()[:24]
        lines += [
            "BEGIN:VEVENT",
            f"UID:{uid}@linewise",
            f"DTSTAMP:{start:%Y%m%d}T000000Z",
            f"DTSTART;VALUE=DATE:{on:%Y%m%d}",
            f"SUMMARY:{_escaped(f'{found.title}, day {number}: {what}')}",
            f"DESCRIPTION:{_escaped(found.note)}",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """Lines of at most 75 octets; what follows is led in by a space."""
    part = ""
    for sign in line:
        if len((part + sign).encode()) > 74:
            yield part
            part = " "
        part += sign
    yield part
