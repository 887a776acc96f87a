"""Lines of therapy: administrations, in any order and with gaps in what is known, grouped into courses.

After the framework of Saini and Twelves (Determining lines of therapy in patients with solid cancers, Br J Cancer 2021;125:155-163,
doi:10.1038/s41416-021-01319-8): a new line begins when an agent is started because the disease grew, or when a regimen is replaced by an unrelated one. Agents
started together are one regimen. Not a new line: a swap inside a class without progression, maintenance with part of a
regimen or with an endocrine agent after chemotherapy, a pause. Bone agents and ovarian suppression are never lines.
What the framework leaves to judgement is decided here by the parameters below, said in `reason`, and marked `contested`.

Which drugs make, join or leave a line is knowledge (`classes/`), not code.
"""

from __future__ import annotations

import datetime as dt

import msgspec

from linewise.knowledge import Knowledge

from .model import Administration, Course, Event, Origin, Record, Setting, StopReason

REGIMEN_WINDOW = dt.timedelta(days=28)
"""Agents started within this time of the first, one usual cycle, are one regimen."""

MAINTENANCE_GAP = dt.timedelta(days=90)
"""Maintenance begins within this time of the end of what it follows."""

_DAYS_PER_MONTH = 30.4375


class _Line(msgspec.Struct):
    """A line while it is being put together."""

    setting: Setting
    start: dt.date | None
    reason: str
    given: dict[str, list[Administration]]
    contested: str = ""
    stopped_for: StopReason | None = None
    assumed: list[str] = msgspec.field(default_factory=list)

    def add(self, one: Administration) -> None:
        self.given.setdefault(one.drug, []).append(one)

    def last_day(self) -> dt.date | None:
        """The last day on which something of it is known to have been given."""
        days = [day for ones in self.given.values() for one in ones for day in (one.start, one.end) if day]
        return max(days, default=None)

    def ended(self, drug: str, day: dt.date) -> bool:
        """Whether a drug was not given any more on a day, as far as is known."""
        ones = self.given[drug]
        return not any(one.ongoing or (one.end is not None and one.end > day) for one in ones)


def courses_of(record: Record, knowledge: Knowledge, day: dt.date) -> tuple[Course, ...]:
    """The courses of a record as of a day: those that it states, or those grouped from its administrations."""
    stated = [course for course in record.courses if course.start is None or course.start <= day]
    if stated or not record.administrations:
        return tuple(_numbered(stated))
    return tuple(_numbered(_Grouping(record, knowledge, day).courses()))


def other_medicines(record: Record, knowledge: Knowledge) -> list[Administration]:
    """Administrations of drugs that make or join no line: bone agents, supportive drugs, everything else."""
    return [one for one in record.administrations if role(knowledge, one.drug) == "other"]


class _Grouping:
    def __init__(self, record: Record, knowledge: Knowledge, day: dt.date) -> None:
        self.knowledge, self.day = knowledge, day
        counted = [
            _as_of(one, day) for one in record.administrations if not one.planned and (one.start is None or one.start <= day)
        ]
        self.making = sorted((one for one in counted if role(knowledge, one.drug) == "makes"), key=_order)
        self.joining = sorted((one for one in counted if role(knowledge, one.drug) == "joins"), key=_order)
        dated = [event for event in record.events if event.on is not None and event.on <= day]
        self.progressions = sorted(event.on for event in dated if event.what == "progression" and event.on)
        self.settled = sorted(event.on for event in dated if event.what in ("response", "stable") and event.on)
        spread = [event for event in record.events if event.what == "metastatic" and (event.on is None or event.on <= day)]
        self.spread_on = min((event.on for event in spread if event.on), default=None)
        self.spread = bool(spread) or any(entry.fact == "metastatic" and entry.value is True for entry in record.entries)

    def courses(self) -> list[Course]:
        lines: list[_Line] = []
        for one in self.making:
            current = lines[-1] if lines else None
            if current is None or not self._belongs(one, current):
                current = _Line(self._setting(one), one.start, self._why_new(one, current), {})
                lines.append(current)
            current.add(one)
        for one in self.joining:
            home = self._home(one, lines)
            if home is not None:
                home.add(one)
        self._carry(lines)
        return [self._course(line, lines[index + 1] if index + 1 < len(lines) else None) for index, line in enumerate(lines)]

    def _carry(self, lines: list[_Line]) -> None:
        """An agent that is still being given is part of the line that is going on, in whichever line it was begun."""
        last = {line.setting: line for line in lines}
        there = {setting: set(line.given) for setting, line in last.items()}
        for line in lines:
            if line is last[line.setting]:
                continue
            for one in [one for ones in line.given.values() for one in ones]:
                if _going_on(one) and one.drug not in there[line.setting]:
                    last[line.setting].add(one)

    # Which line

    def _belongs(self, one: Administration, line: _Line) -> bool:
        """Whether an administration is part of the line that is being built."""
        if self._setting(one) != line.setting:
            return False
        if one.start is None or line.start is None:
            return one.drug in line.given
        grown = self._grew(line.start, one.start)
        if one.drug in line.given:
            return not grown or self._before(one.drug, line, grown)
        if one.start - line.start <= REGIMEN_WINDOW and not grown:
            return True
        if grown:
            return False
        return self._swap(one, line) or self._maintenance(one, line)

    def _grew(self, since: dt.date, until: dt.date) -> dt.date | None:
        """The last progression after `since` and not after `until`."""
        found = [day for day in self.progressions if since < day <= until]
        return found[-1] if found else None

    def _before(self, drug: str, line: _Line, grown: dt.date) -> bool:
        """Carried on through a progression: the same drug was being given before and goes on after it."""
        return any(one.start and one.start < grown and (one.ongoing or (one.end and one.end > grown)) for one in line.given[drug])

    def _swap(self, one: Administration, line: _Line) -> bool:
        classes = self.knowledge.classes
        mine = {name for name in self.knowledge.classes_of(one.drug) if name in classes and classes[name].swaps}
        for other in list(line.given):
            if mine & self.knowledge.classes_of(other) and one.start and line.ended(other, one.start + REGIMEN_WINDOW):
                line.contested = (
                    f"{one.drug} took the place of {other} inside its class and no progression is recorded: the same line. "
                    "Were it given for progression, it would be a line of its own."
                )
                return True
        return False

    def _maintenance(self, one: Administration, line: _Line) -> bool:
        follows = {
            name
            for c in self.knowledge.classes_of(one.drug)
            if c in self.knowledge.classes
            for name in self.knowledge.classes[c].maintains
        }
        last = line.last_day()
        if not follows or last is None or one.start is None or one.start - last > MAINTENANCE_GAP:
            return False
        if not all(any(self.knowledge.is_a(drug, name) for name in follows) for drug in line.given):
            return False
        completed = any(given.stopped_for == "completion" for ones in line.given.values() for given in ones)
        controlled = any(line.start is not None and line.start < day <= one.start for day in self.settled)
        if not (completed or controlled):
            return False
        line.contested = f"{one.drug} followed without progression, as maintenance: the same line."
        return True

    def _setting(self, one: Administration) -> Setting:
        if one.setting is not None:
            return one.setting
        if not self.spread:
            return "adjuvant"
        if self.spread_on is None or one.start is None:
            return "metastatic"
        return "metastatic" if one.start >= self.spread_on - REGIMEN_WINDOW else "adjuvant"

    def _why_new(self, one: Administration, previous: _Line | None) -> str:
        if previous is None or previous.setting != self._setting(one):
            return "first treatment recorded in this setting"
        grown = self._grew(previous.start, one.start) if previous.start and one.start else None
        if grown and one.start:
            return f"new agent {(one.start - grown).days} days after progression"
        return "a different agent, after the one before"

    def _home(self, one: Administration, lines: list[_Line]) -> _Line | None:
        """The line that was going on when a joining drug was started, or the next one."""
        if one.start is None:
            return lines[-1] if lines else None
        going = [line for line in lines if line.start is not None and line.start <= one.start + REGIMEN_WINDOW]
        return going[-1] if going else (lines[0] if lines else None)

    # The finished course

    def _course(self, line: _Line, following: _Line | None) -> Course:
        makers = [one for drug, ones in line.given.items() if role(self.knowledge, drug) == "makes" for one in ones]
        follows = following is not None and following.setting == line.setting
        ongoing = not follows and any(one.ongoing for one in makers) and (following is None or line.setting == "metastatic")
        end = None if ongoing else max((one.end for one in makers if one.end is not None), default=None)
        assumed = list(line.assumed)
        if line.setting == "metastatic" and self.spread_on is None and not any(one.setting for one in makers):
            assumed.append("taken as given for metastatic disease: the day it was found is not recorded")
        if not ongoing and end is None and follows and following is not None and following.start is not None:
            end = following.start
            assumed.append("taken as given until the next line began: no end is recorded")
        stopped = self._stopped(line, makers, following, assumed) if not ongoing else None
        until = self.day if ongoing else end
        return Course(
            drugs=tuple(sorted(line.given)),
            setting=line.setting,
            start=line.start,
            end=end,
            months=_months(line.start, until),
            months_since_end=_months(end, self._until(line)) if end is not None else None,
            stopped_for=stopped,
            ongoing=ongoing,
            assumed=tuple(assumed),
            reason=line.reason,
            contested=line.contested,
            origins=tuple(sorted({one.origin for ones in line.given.values() for one in ones}, key=lambda o: (o.where, o.text))),
        )

    def _until(self, line: _Line) -> dt.date:
        """Up to when "since its end" counts: the relapse for an adjuvant course, the day for a line."""
        return self.spread_on if line.setting == "adjuvant" and self.spread_on is not None else self.day

    def _stopped(
        self, line: _Line, makers: list[Administration], following: _Line | None, assumed: list[str]
    ) -> StopReason | None:
        said = [one.stopped_for for one in makers if one.stopped_for is not None]
        if said:
            return "progression" if "progression" in said else said[-1]
        if line.setting == "adjuvant":
            return None
        until = following.start if following is not None else self.day
        if line.start is not None and until is not None and self._grew(line.start, until):
            return "progression"
        if following is not None and following.setting == "metastatic" and not any(_going_on(one) for one in makers):
            assumed.append("taken as stopped because the disease grew: no reason is recorded, and a new line followed")
            return "progression"
        return None


def _as_of(one: Administration, day: dt.date) -> Administration:
    """What was known of an administration on a day: one that ended later was going on, and nobody knew why it would stop."""
    if one.end is None or one.end <= day:
        return one
    return msgspec.structs.replace(one, end=None, ongoing=True, stopped_for=None)


def _going_on(one: Administration) -> bool:
    return one.ongoing is True and one.stopped_for is None


def role(knowledge: Knowledge, drug: str) -> str:
    """What a drug is to a line: it `makes` one, `joins` one, or is `other` medicine."""
    classes = [knowledge.classes[name] for name in knowledge.classes_of(drug) if name in knowledge.classes]
    if any(one.makes_line for one in classes):
        return "makes"
    return "joins" if any(one.joins_line for one in classes) else "other"


def _order(one: Administration) -> tuple[dt.date, str, str]:
    return (one.start or dt.date.max, one.drug, one.origin.where)


def _months(start: dt.date | None, end: dt.date | None) -> float | None:
    if start is None or end is None:
        return None
    return round(max((end - start).days, 0) / _DAYS_PER_MONTH, 1)


def _numbered(courses: list[Course]) -> list[Course]:
    """Lines for metastatic disease numbered from 1, in their order; a line that another followed is over."""
    last = sum(course.setting == "metastatic" for course in courses)
    found: list[Course] = []
    number = 0
    for course in courses:
        if course.setting != "metastatic":
            found.append(course)
            continue
        number += 1
        changes: dict[str, object] = {"number": number}
        if course.ongoing and number < last:
            changes |= {
                "ongoing": False,
                "stopped_for": "progression",
                "assumed": (*course.assumed, "taken as stopped because the disease grew: a new line followed"),
            }
        found.append(msgspec.structs.replace(course, **changes))
    return found


__all__ = ["MAINTENANCE_GAP", "REGIMEN_WINDOW", "Event", "Origin", "courses_of", "other_medicines"]
