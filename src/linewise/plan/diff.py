"""What changed in the medicine between two days, or two releases, and whose plan is different for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import msgspec

from linewise.knowledge import Knowledge
from linewise.knowledge.model import Region, Statement, Treatment
from linewise.record import Record

from .make import Plan, make_plan
from .options import statement_text


class Change(msgspec.Struct, kw_only=True):
    """One statement that came into force, ended, or was written differently."""

    option: str
    title: str
    what: str  # began, ended, added, removed, changed
    region: list[str]
    text: str
    sources: list[str]


class Shift(msgspec.Struct, kw_only=True):
    """An option whose status is different for one record, and why."""

    record: str
    option: str
    title: str
    before: str
    after: str
    because: str


def between_days(knowledge: Knowledge, first: dt.date, second: dt.date) -> list[Change]:
    """The statements that came into force or ended after the first day, up to the second."""
    found = []
    for treatment in knowledge.treatments.values():
        for one in treatment.standing:
            was, now = one.in_force(first), one.in_force(second)
            if was is not now:
                found.append(_change(treatment, one, "began" if now else "ended"))
    return sorted(found, key=lambda change: (change.text, change.option))


def between_releases(old: Knowledge, new: Knowledge) -> list[Change]:
    """The statements and criteria that were added, removed or changed from one knowledge to another."""
    found = []
    for name in sorted({*old.treatments, *new.treatments}):
        before, after = old.treatments.get(name), new.treatments.get(name)
        there = after or before
        assert there is not None
        had = set(before.standing) if before else set()
        has = set(after.standing) if after else set()
        found += [_change(there, one, "added") for one in sorted(has - had, key=statement_text)]
        found += [_change(there, one, "removed") for one in sorted(had - has, key=statement_text)]
        if before and after and before.fits != after.fits:
            text = f"criteria: {before.fits.text} became: {after.fits.text}"
            found.append(Change(option=name, title=after.title, what="changed", region=[], text=text, sources=[]))
    return found


def shifts(before: Plan, after: Plan) -> list[Shift]:
    """The options whose status differs between two plans of one person."""
    found = []
    for name in sorted({*before.judged, *after.judged}):
        old, new = before.status(name), after.status(name)
        if old != new:
            source = after if name in after.knowledge.treatments else before
            option = source.option(name)
            found.append(
                Shift(
                    record=after.record.id or "",
                    option=name,
                    title=option.title,
                    before=old,
                    after=new,
                    because=option.reason,
                )
            )
    return found


def shifts_of(
    records: Iterable[Record], old: Knowledge, new: Knowledge, first: dt.date, second: dt.date, regions: Sequence[Region | None]
) -> list[Shift]:
    """Whose plan differs: every record in every region, under the old knowledge on the first day and the new on the second."""
    return [
        shift
        for record in records
        for region in regions
        for shift in shifts(make_plan(record, old, first, region), make_plan(record, new, second, region))
    ]


def _change(treatment: Treatment, one: Statement, what: str) -> Change:
    return Change(
        option=treatment.id,
        title=treatment.title,
        what=what,
        region=list(one.region),
        text=statement_text(one),
        sources=list(one.source),
    )
