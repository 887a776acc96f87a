"""From the columns back to records, one person each: for tests that ask the one-person plan about a cohort."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import polars as pl

from linewise.columns.events import Events
from linewise.knowledge import Knowledge
from linewise.plan.judge import CURRENT
from linewise.record import Administration, Course, Entry, Event, Medication, Origin, Reaction, Record

_KINDS: dict[str, type] = {
    "administrations": Administration, "courses": Course, "events": Event, "reactions": Reaction, "medications": Medication,
}  # fmt: skip


def part_of(knowledge: Knowledge, *kept: str, every: int = 4) -> Knowledge:
    """Knowledge with some of its options, those named among them: for what hangs on no option beside it, as each is made ready."""
    some = [one.id for one in knowledge.treatments.values() if CURRENT not in one.drugs][::every]
    options = {name: knowledge.treatments[name] for name in dict.fromkeys((*some, *kept))}
    return Knowledge(msgspec.structs.replace(knowledge.content, treatments=options))


def records_of(events: Events, knowledge: Knowledge) -> list[Record]:
    """Everybody's record."""
    rows = {name: _by_person(getattr(events, name)) for name in (*_KINDS, "entries")}
    yes_no = {name for name, fact in knowledge.facts.items() if fact.type == "yes-no"}
    return [_record(number, person, rows, yes_no) for number, person in enumerate(events.patients.iter_rows(named=True))]


def _by_person(table: pl.DataFrame) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for row in table.iter_rows(named=True):
        found.setdefault(row["patient"], []).append(row)
    return found


def _record(number: int, person: dict[str, Any], rows: dict[str, dict[int, list[dict[str, Any]]]], yes_no: set[str]) -> Record:
    record = Record(
        id=person["id"], region=person["region"], birth=person["birth"], scope=person["scope"], chart=bool(person["chart"]),
        declared=frozenset(person["declared"] or ()),
    )  # fmt: skip
    for name, kind in _KINDS.items():
        getattr(record, name).extend(_things(kind, rows[name].get(number, [])))
    record.entries += [_entry(row, row["fact"] in yes_no) for row in rows["entries"].get(number, [])]
    return record


def _things(kind: type, rows: list[dict[str, Any]]) -> Iterator[Any]:
    for row in rows:
        given = {key: value for key, value in row.items() if key in kind.__struct_fields__ and value is not None}
        if "drugs" in given:
            given["drugs"] = tuple(given["drugs"])
        if "origin" in kind.__struct_fields__:
            given["origin"] = Origin(row.get("place") or "here")
        yield kind(**given)


def _entry(row: dict[str, Any], yes_no: bool) -> Entry:
    kept = {key: row[key] for key in ("fact", "on", "specimen", "grade", "since_days", "until")}
    value = row["text"] if row["text"] is not None else row["number"] == 1 if yes_no else row["number"]
    return Entry(value=value, absent=bool(row["absent"]), origin=Origin("here"), **kept)
