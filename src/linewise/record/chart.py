"""One record read as of a day: what each fact is, from which entries, and what was assumed or too old.

Policies, in one place: entries after the day do not count; a value older than its fact allows is unknown; of several
results the latest decides (for receptors the latest from a metastasis), and results of the same day that
contradict each other leave the fact unknown. What was not understood leaves open what it may have said (`doubt`). Nothing is
thrown away: `others` keeps the results that did not decide.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from linewise.knowledge import Knowledge
from linewise.knowledge.model import Fact
from linewise.logic import UNKNOWN, Question, Reading, nodes
from linewise.logic.recent import earliest

from .age import whole_years
from .doubt import NOTHING, Doubt, Open
from .history import History, worded
from .lines import courses_of, other_medicines, role
from .model import Administration, Entry, Medication, Record
from .supply import medicine_of

UNREAD = "an entry that may be about it was not understood"
ONLY_DENIED = "the record says what is not there, and not whether that is all"


class Chart:
    """A person's facts on one day: the subject that criteria are decided for."""

    def __init__(self, record: Record, knowledge: Knowledge, day: dt.date) -> None:
        self.record, self.knowledge, self.as_of = record, knowledge, day
        self.doubt = Doubt(record.unread, day, _given(record, knowledge))
        self._entries: dict[str, list[Entry]] = {}
        for entry in record.entries:
            if entry.on is None or entry.on <= day:
                self._entries.setdefault(entry.fact, []).append(entry)
        self.courses = courses_of(record, knowledge, day)
        interval = self.read("disease-free-interval").value
        self.history = History(
            knowledge,
            self.courses,
            record.declared,
            [one for one in record.reactions if one.on is None or one.on <= day],
            self._medications(),
            interval if isinstance(interval, float) else None,
            self.doubt.lists(),
        )

    def _medications(self) -> list[Medication]:
        """What is taken on the day besides cancer treatment, bone and supportive drugs included."""
        found = [one for one in self.record.medications if _taken_on(one.start, one.end, self.as_of)]
        for given in other_medicines(self.record, self.knowledge):
            taken = medicine_of(given)
            if taken is not None and _taken_on(taken.start, taken.end, self.as_of):
                found.append(taken)
        return found

    def read(self, about: str | Question) -> Reading:
        """The reading of a base fact, or the answer to a question about the history."""
        if not isinstance(about, str):
            return _ANSWERS[type(about)](self, about)
        fact = self.knowledge.facts.get(about)
        if fact is None:
            return UNKNOWN
        entries = self._entries.get(about, []) or self._before(fact)
        if fact.type == "set":
            return self._set(fact, entries)
        if entries:
            return self._unless_replaced(fact, self._decide(fact, entries), entries)
        if about == "age" and self.record.birth is not None:
            years = whole_years(self.record.birth, self.as_of)
            return Reading(float(years), (f"born {self.record.birth.isoformat()}",))
        if about == "line":
            return self._line()
        if doubts := self._about(fact).words:
            return Reading(None, doubts, note=UNREAD, open=doubts)
        if fact.type == "yes-no" and self._taken_as_none(fact):
            return Reading(False, (), True, note="not recorded")
        return UNKNOWN

    def _before(self, fact: Fact) -> list[Entry]:
        """Of a fact that is the earlier value of another: that one's entries from before the day of the value that decides it."""
        now = self.read(fact.earlier) if fact.earlier is not None else UNKNOWN
        if fact.earlier is None or now.value is None or now.on is None:
            return []
        return [entry for entry in self._entries.get(fact.earlier, []) if entry.on is not None and entry.on < now.on]

    def _about(self, fact: Fact) -> Open:
        """What was not understood and may say something about a fact, as far as it is not too old to count."""
        if not self.doubt:
            return NOTHING
        since = earliest(self.as_of, fact.current_for) if fact.current_for else None
        return self.doubt.about(fact.id, since)

    def _unless_replaced(self, fact: Fact, found: Reading, entries: list[Entry]) -> Reading:
        """A result that was not understood may be the newer one: then nobody knows what the fact is."""
        if not self.doubt or (fact.stays and found.value is True):
            return found
        deciding = [one for one in entries if found.value is not None and one.on == found.on and one.value == found.value]
        later = self.doubt.later(fact.id, deciding, fact.use == "metastasis-first")
        if not later or (found.value is None and not self._about(fact)):
            return found
        said = f"{_shown(fact, deciding[0])} is recorded, and " if deciding else f"{found.note}; " if found.note else ""
        return Reading(None, (*found.sources, *later), on=found.on, note=f"{said}{UNREAD}", open=later)

    def _taken_as_none(self, fact: Fact) -> bool:
        return fact.silence == "none" or (fact.silence == "none-in-chart" and self.record.chart)

    def assumed_absent(self) -> list[Fact]:
        """The yes-or-no facts that this record's silence was taken to deny."""
        facts = self.knowledge.facts.values()
        return [
            fact
            for fact in facts
            if fact.type == "yes-no" and self._taken_as_none(fact) and fact.id not in self._entries and not self._about(fact)
        ]

    def others(self, name: str) -> list[Entry]:
        """The results of a fact that do not say what the deciding one says: shown beside it."""
        value = self.read(name).value
        entries = self._entries.get(name, [])
        return [entry for entry in entries if entry.value != value] if len(entries) > 1 else []

    # Facts

    def _decide(self, fact: Fact, entries: list[Entry]) -> Reading:
        note = ""
        current = entries
        if fact.current_for is not None:
            limit = earliest(self.as_of, fact.current_for)
            current = [entry for entry in entries if entry.on is None or entry.on >= limit]
            if not current:
                last = max(entries, key=_day)
                note = f"{_shown(fact, last)} is from {last.on}: older than {fact.current_for.span}, so it does not count"
                return Reading(None, (worded(last.origin),), False, last.on, note)
        if fact.use == "metastasis-first":
            current = [entry for entry in current if entry.specimen == "metastasis"] or current
        latest = max(_day(entry) for entry in current)
        deciding = [entry for entry in current if _day(entry) == latest]
        values = {entry.value for entry in deciding}
        if len(values) > 1 and fact.use in ("highest", "lowest"):
            best = (max if fact.use == "highest" else min)(float(value) for value in values)
            deciding = [entry for entry in deciding if entry.value == best]
        elif len(values) > 1:
            shown = " and ".join(sorted({_shown(fact, entry) for entry in deciding}))
            return Reading(None, _sources(deciding), False, deciding[0].on, f"results contradict each other: {shown}")
        if len({entry.value for entry in entries}) > 1:
            note = self._beside(fact, entries, deciding)
        first = deciding[0]
        value: Any = float(first.value) if fact.type == "number" else first.value
        return Reading(value, _sources(deciding), False, first.on, note)

    def _beside(self, fact: Fact, entries: list[Entry], deciding: list[Entry]) -> str:
        """What the other results say: shown, so that nobody thinks there was only one."""
        others = sorted({_dated(fact, entry) for entry in entries if entry.value != deciding[0].value})
        how = "from a metastasis" if fact.use == "metastasis-first" and deciding[0].specimen == "metastasis" else "latest"
        return f"{how} result used; also recorded: {', '.join(others)}"

    def _set(self, fact: Fact, entries: list[Entry]) -> Reading:
        limit = earliest(self.as_of, fact.current_for) if fact.current_for else None
        present, stated_absent, sources = set(), set(), []
        for entry in entries:
            if entry.absent:
                stated_absent.add(str(entry.value))
                continue
            if not self._there(entry, limit):
                continue
            present.add(str(entry.value))
            sources.append(worded(entry.origin))
        declared = fact.id in self.record.declared
        doubts = self._about(fact)
        if not entries and not declared and (fact.silence != "none" or fact.id in self.record.unsure):
            return Reading(None, doubts.words, note=UNREAD, open=doubts.words) if doubts else UNKNOWN
        only_denied = bool(entries) and all(entry.absent for entry in entries) and not declared and fact.silence != "none"
        members = frozenset(fact.values) if doubts.members is None or only_denied else doubts.members
        unsure = members - present - stated_absent
        found = tuple(dict.fromkeys(sources))
        if not unsure:
            return Reading(frozenset(present), found, not declared)
        return Reading(
            frozenset(present),
            (*found, *doubts.words),
            not declared and not only_denied,
            note=UNREAD if doubts else ONLY_DENIED,
            complete=False,
            unsure=unsure,
            open=doubts.words,
        )

    def _line(self) -> Reading:
        lines = self.history.lines
        silent = not lines and "metastatic_lines" not in self.record.declared
        sources = tuple(dict.fromkeys(worded(origin) for line in lines for origin in line.origins))
        if any(line.undated for line in lines):
            note = "drugs are recorded without a day: in how many lines they were given is not known"
            return Reading(None, sources, note=note, open=self.history.unread)
        if doubts := self.history.unread:
            return Reading(None, (*sources, *doubts), note=UNREAD, open=doubts)
        return Reading(float(len(lines) + 1), sources, silent)

    def _there(self, entry: Entry, limit: dt.date | None) -> bool:
        """Whether a member of a list is there on the day: not denied, not over, not too old."""
        over = entry.until is not None and entry.until <= self.as_of
        return not (entry.absent or over or (limit is not None and entry.on is not None and entry.on < limit))

    # Symptoms

    def _felt(self, symptom: str) -> list[Entry]:
        fact = self.knowledge.facts.get("symptoms")
        limit = earliest(self.as_of, fact.current_for) if fact is not None and fact.current_for else None
        return [entry for entry in self._entries.get("symptoms", []) if entry.value == symptom and self._there(entry, limit)]

    def _grade(self, symptom: str) -> Reading:
        found = self._felt(symptom)
        if not found:
            return self._without(symptom)
        grades = [entry.grade for entry in found]
        known = [grade for grade in grades if grade is not None]
        if len(known) < len(grades):
            return Reading(None, _sources(found), open=self._about(self.knowledge.facts["symptoms"]).words)
        return Reading(float(max(known)), _sources(found))

    def _days(self, symptom: str) -> Reading:
        found = self._felt(symptom)
        if not found:
            return self._without(symptom)
        days = [entry.since_days for entry in found if entry.since_days is not None]
        if days:
            return Reading(max(days), _sources(found))
        fact, latest = self.knowledge.facts["symptoms"], max(entry.on or dt.date.max for entry in found)
        if fact.standing_after is not None and latest <= earliest(self.as_of, fact.standing_after):
            return Reading(float((self.as_of - latest).days), _sources(found))  # at least since then
        return Reading(None, _sources(found), open=self._about(fact).words)

    def _without(self, symptom: str) -> Reading:
        """No entry of a symptom: it is not there, unless an entry that was not understood may be it."""
        fact = self.knowledge.facts.get("symptoms")
        listed = self.read("symptoms") if fact is not None else UNKNOWN
        if symptom in listed.unsure:
            return Reading(None, listed.open, note=UNREAD, open=listed.open)
        return Reading(0.0, (), "symptoms" not in self.record.declared)


_ANSWERS: dict[type, Callable[[Chart, Any], Reading]] = {
    nodes.Had: lambda chart, asked: chart.history.had(asked.treatment, asked.setting),
    nodes.ProgressedOn: lambda chart, asked: chart.history.progressed(asked.treatment, asked.setting),
    nodes.Receiving: lambda chart, asked: chart.history.receiving(asked.treatment),
    nodes.Taking: lambda chart, asked: chart.history.taking(asked.treatment),
    nodes.ReactedTo: lambda chart, asked: chart.history.reacted(asked),
    nodes.MonthsOn: lambda chart, asked: chart.history.months_on(asked.treatment, asked.setting),
    nodes.MonthsSince: lambda chart, asked: chart.history.months_since(asked.treatment, asked.setting),
    nodes.MonthsToRelapse: lambda chart, asked: chart.history.months_to_relapse(asked.treatment),
    nodes.LinesOf: lambda chart, asked: chart.history.lines_of(asked.treatment, asked.setting),
    nodes.GradeOf: lambda chart, asked: chart._grade(asked.symptom),
    nodes.DaysOf: lambda chart, asked: chart._days(asked.symptom),
}


def _given(record: Record, knowledge: Knowledge) -> list[Administration]:
    """What was given against the cancer, by its name."""
    if not record.unread:
        return []
    return [one for one in record.administrations if not one.planned and role(knowledge, one.drug) == "makes"]


def _taken_on(start: dt.date | None, end: dt.date | None, day: dt.date) -> bool:
    return (start is None or start <= day) and (end is None or day <= end)


def _day(entry: Entry) -> dt.date:
    """Undated entries count as the oldest: a dated result is newer than one that nobody dated."""
    return entry.on or dt.date.min


def _sources(entries: list[Entry]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(worded(entry.origin) for entry in entries))


def _shown(fact: Fact, entry: Entry) -> str:
    value = entry.value
    if isinstance(value, str):
        return fact.values[value].label if value in fact.values else value
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g} {fact.unit or ''}".strip()


def _dated(fact: Fact, entry: Entry) -> str:
    parts = [_shown(fact, entry)]
    if entry.specimen:
        parts.append("breast" if entry.specimen == "primary" else "metastasis")
    if entry.on:
        parts.append(entry.on.isoformat())
    return parts[0] + (f" ({', '.join(parts[1:])})" if parts[1:] else "")
