"""The trials of the knowledge: whom each takes, in our words, as its registry entry stood on the day it was read."""

from __future__ import annotations

from linewise.knowledge import Knowledge
from linewise.knowledge.model import Asked, Study

from .grammar import Reading
from .model import Entry, Point, Site
from .pair import NO, YES, Pair

REST = "what else the registry entry asks: read it there, and ask the trial team"


def known_entries(knowledge: Knowledge) -> list[Entry]:
    """The trials that the knowledge holds. One that is not whole is never more than "depends"."""
    return [_entry(study) for study in knowledge.content.studies.values()]


def readings_of(study: Study) -> list[Reading]:
    """Its criteria as they were written, in the order of its points."""
    said = [
        Reading(says=_pair(one), asked=one.when is None and one.may is None, rules=("written",), firm=True)
        for one in study.criteria
    ]
    return said if study.whole else [*said, Reading()]


def _pair(one: Asked) -> Pair:
    """When a criterion surely holds, and when it may: without `may` the two are the same."""
    if one.may is None:
        return Pair(one.when.text, one.when.text) if one.when is not None else Pair(NO, YES)
    return Pair(one.when.text if one.when is not None else NO, one.may.text)


def _entry(study: Study) -> Entry:
    points = [Point(n=one.n, kind=one.kind, parts=(one.text,)) for one in study.criteria]
    if not study.whole:
        points.append(Point(n=0, kind="inclusion", parts=(REST,)))
    return Entry(
        id=study.id,
        title=study.title,
        phase=study.phase or "",
        status=study.status or "",
        read_on=study.date.first,
        month_only=study.date.text.count("-") == 1,
        sex=study.sex,
        sites=tuple(Site(country) for country in study.countries),
        points=tuple(points),
        readings=tuple(readings_of(study)),
        url=study.url,
        format="knowledge",
    )
