"""Whether a trial may fit one person: every criterion true, false or unknown, and what is still to be asked.

May fit: nothing fails, and nothing that a record can tell is unknown. Does not fit: an inclusion fails or an exclusion holds. Depends:
everything else. What no record tells (consent, tissue, the team's judgement) is listed and never decides. A criterion that was not
understood is to be checked by the team: it never counts as fulfilled.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Literal

import msgspec

from linewise.knowledge import Knowledge
from linewise.logic import CriterionError, Decider, Node, Question, parse
from linewise.plan.words import Words as Wording
from linewise.record.model import Record

from .fields import field_points
from .grammar import Reading, read_point
from .model import Entry, Kind, Point
from .pair import NO, YES
from .subject import Cautious
from .words import words_of

Status = Literal["may-fit", "depends", "does-not-fit"]
Open = Literal["", "fact", "team", "ask"]
"""Why a criterion is not decided: a fact is not in the record; the text is to be read by the team; only asking can tell."""
_ORDER: dict[Status, int] = {"may-fit": 0, "depends": 1, "does-not-fit": 2}


class Judged(msgspec.Struct, kw_only=True):
    """One criterion for one person. `value` says whether the sentence holds, not whether it is good; None is not decided."""

    n: int
    kind: Kind
    text: str
    value: bool | None
    open: Open = ""
    says: str = ""
    missing: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    group: str = ""

    @property
    def fails(self) -> bool:
        return self.value is (self.kind == "exclusion")

    @property
    def blocks(self) -> bool:
        return self.value is None and self.open != "ask"


class Match(msgspec.Struct, kw_only=True):
    """A trial for a person."""

    entry: Entry
    status: Status
    points: tuple[Judged, ...]

    @property
    def failed(self) -> list[Judged]:
        return [one for one in self.points if one.fails]

    @property
    def unknown(self) -> list[Judged]:
        return [one for one in self.points if one.blocks]

    @property
    def asked(self) -> list[Judged]:
        return [one for one in self.points if one.value is None and not one.blocks]


class Matcher:
    """Decides trials for one person on one day. What is read of a text is kept for the next person by the caller's `readings`."""

    def __init__(self, record: Record, knowledge: Knowledge, day: dt.date) -> None:
        self.subject = Cautious(record, knowledge, day)
        self.decider = Decider(knowledge.vocabulary, self.subject)
        self.knowledge = knowledge
        self.wording = Wording(knowledge, self.decider)

    def match(self, entry: Entry, readings: Readings | None = None) -> Match:
        """One trial."""
        readings = readings or Readings(self.knowledge)
        read = readings.of(entry)
        points = [self._judged(point.n, point.kind, point.text, reading, point.group) for point, reading in read]
        said = [reading for _, reading in read]
        fields = [self._judged(0, "inclusion", text, reading, "") for text, reading in field_points(entry, said, self.knowledge)]
        judged = tuple(fields + points)
        return Match(entry=entry, status=status_of(judged), points=judged)

    def _judged(self, n: int, kind: Kind, text: str, reading: Reading, group: str) -> Judged:
        if reading.asked:
            return self._asked(n, kind, text, reading, group)
        when, may = reading.says.when, reading.says.may
        if reading.outside and not self.subject.knows_every_drug:
            may = YES
        value = self._value(when, may)
        open_: Open = "" if value is not None else "fact"
        missing: tuple[str, ...] = ()
        if value is None:
            missing = self._missing(when, may)
            open_ = "fact" if missing and not reading.says.says_nothing else "team"
        says = when if value is True or when not in (YES, NO) else may
        reasons = () if value is None else self._reasons(when if value else may)
        return Judged(
            n=n,
            kind=kind,
            text=text,
            value=value,
            open=open_,
            says=says,
            missing=missing,
            reasons=reasons,
            left=reading.left,
            group=group,
        )

    def _asked(self, n: int, kind: Kind, text: str, reading: Reading, group: str) -> Judged:
        """What only asking can tell; it blocks where something that the record tells should make sure of it first, and does not."""
        unsure = [one for one in reading.fine if self._decided(one) is not True]
        missing = tuple(dict.fromkeys(word for one in unsure for word in self._missing(one, one)))
        open_: Open = "fact" if unsure else "ask"
        return Judged(n=n, kind=kind, text=text, value=None, open=open_, missing=missing, group=group)

    def _value(self, when: str, may: str) -> bool | None:
        if self._decided(when) is True:
            return True
        return False if self._decided(may) is False else None

    def _decided(self, criterion: str) -> bool | None:
        if criterion in (YES, NO):
            return criterion == YES
        node = parsed(criterion)
        return None if node is None else self.decider.value(node)

    def _missing(self, *criteria: str) -> tuple[str, ...]:
        """What of the record is unknown and could settle it, in words."""
        found: dict[str, None] = {}
        for criterion in criteria:
            node = None if criterion in (YES, NO) else parsed(criterion)
            for about in () if node is None else self.decider.open(node):
                found[self._named(about)] = None
        return tuple(found)

    def _named(self, about: str | Question) -> str:
        if isinstance(about, str):
            fact = self.knowledge.facts.get(about)
            return fact.label if fact else about
        return self.wording.question(about, None)

    def _reasons(self, criterion: str) -> tuple[str, ...]:
        node = None if criterion in (YES, NO) else parsed(criterion)
        if node is None:
            return ()
        explained = self.decider.explain(node)
        return tuple(dict.fromkeys(self.wording.leaf(leaf) for leaf in explained.reasons()))


class Readings:
    """What the texts say: the same for everybody, so each is read once."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self._kept: dict[int, list[Reading]] = {}

    def of(self, entry: Entry) -> list[tuple[Point, Reading]]:
        """Every criterion of an entry with what it says."""
        if id(entry) not in self._kept:
            self._kept[id(entry)] = list(entry.readings) or self._read(entry)
        return list(zip(entry.points, self._kept[id(entry)], strict=True))

    def _read(self, entry: Entry) -> list[Reading]:
        words = words_of(self.knowledge)  # takes a moment to make: only where a text is read
        return [read_point(point, words) for point in entry.points]


def status_of(points: Iterable[Judged]) -> Status:
    """All that is for everybody, and one whole arm, phase or cohort where the text has several."""
    groups: dict[str, list[Judged]] = {}
    for one in points:
        groups.setdefault(one.group, []).append(one)
    common = _of(groups.pop("", []))
    if not groups or common == "does-not-fit":
        return common
    best = min((_of(members) for members in groups.values()), key=lambda status: _ORDER[status])
    if len(groups) == 1 and best == "does-not-fit":
        best = "depends"  # the other arm or phase, of which the text says nothing of its own, may still be open
    return max(common, best, key=lambda status: _ORDER[status])


def _of(points: list[Judged]) -> Status:
    if any(one.fails for one in points):
        return "does-not-fit"
    return "depends" if any(one.blocks for one in points) else "may-fit"


_NODES: dict[str, Node | None] = {}


def parsed(criterion: str) -> Node | None:
    """A criterion as a tree, kept; None where it cannot be parsed: then it stays open, and one text never stops the others."""
    if criterion not in _NODES:
        try:
            _NODES[criterion] = parse(criterion)
        except CriterionError:
            _NODES[criterion] = None
    return _NODES[criterion]
