"""Papers that a person had read: what was confirmed of them, with the words and the place; and, where it was wished, the papers themselves, sealed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from linewise.exchange import Codes
from linewise.exchange.profile import read_profile
from linewise.record import Entry, Origin, Record

from .documents import Paper, Papers, read, write
from .vault import Journal

SEALED = "paper/"
"""Before the name under which a paper itself is kept."""


class Evidence(msgspec.Struct, kw_only=True):
    """The words on which a confirmed member of the record rests, and where they stand."""

    quote: str
    place: str  # `pathology report of 2 March 2024, page 2`
    on: str | None = None
    about: str | None = None


def keep(journal: Journal, paper: Paper, data: bytes) -> None:
    """Put a paper itself into the journal, under its own name."""
    name = SEALED + paper.id
    _, version = journal.read(name)
    journal.write(name, data, version)
    paper.kept = True


def forget(journal: Journal, number: str) -> None:
    """Take a paper away. What was confirmed of it stays, with its words."""
    found = read(journal, Papers)
    found.papers = [one for one in found.papers if one.id != number]
    journal.drop(SEALED + number)
    write(journal, found)


def record_of_papers(profile: Mapping[str, Any], evidence: Mapping[str, Evidence], codes: Codes) -> Record:
    """The record that a confirmed profile makes: each entry with its day, its specimen, and the words and place it rests on.

    No list of it counts as complete: a paper tells of what it is about. Raises RecordError where the profile has no right shape.
    """
    record = read_profile({"sex": "female", **profile}, "your papers", codes)
    if "sex" not in profile:
        record.entries = [entry for entry in record.entries if entry.fact != "sex"]
    record.declared = frozenset()
    record.entries = [_entry(entry, profile, evidence) for entry in record.entries]
    record.courses = [
        msgspec.structs.replace(course, origins=tuple(_origin(one, profile, evidence) for one in course.origins))
        for course in record.courses
    ]
    record.medications = [
        msgspec.structs.replace(one, origin=_origin(one.origin, profile, evidence)) for one in record.medications
    ]
    record.reactions = [msgspec.structs.replace(one, origin=_origin(one.origin, profile, evidence)) for one in record.reactions]
    record.format = "your papers"
    return record


def joined(before: Record | None, papers: Record) -> Record:
    """What papers say, beside what was there. Courses that papers tell take the place of none that is there: the same drugs count once."""
    if before is None:
        return papers
    found = msgspec.structs.replace(before)
    found.entries = [*before.entries, *papers.entries]
    told = {(one.setting, frozenset(one.drugs)) for one in before.courses}
    found.courses = [*before.courses, *(one for one in papers.courses if (one.setting, frozenset(one.drugs)) not in told)]
    found.courses = _numbered(found.courses)
    taken = {one.drug for one in before.medications}
    found.medications = [*before.medications, *(one for one in papers.medications if one.drug not in taken)]
    known = {(one.drug, one.effect) for one in before.reactions}
    found.reactions = [*before.reactions, *(one for one in papers.reactions if (one.drug, one.effect) not in known)]
    return found


def _numbered(courses: list[Any]) -> list[Any]:
    number, found = 0, []
    for course in courses:
        if course.setting == "metastatic" and not course.undated:
            number += 1
            course = msgspec.structs.replace(course, number=number)
        found.append(course)
    return found


def _entry(entry: Entry, profile: Mapping[str, Any], evidence: Mapping[str, Evidence]) -> Entry:
    found = evidence.get(_key(entry.origin.where, profile))
    specimen: Literal["primary", "metastasis"] | None = None
    if found is not None and found.about in ("primary", "metastasis"):
        specimen = "primary" if found.about == "primary" else "metastasis"
    return msgspec.structs.replace(
        entry,
        on=_day(found.on) if found is not None else None,
        specimen=specimen,
        origin=_origin(entry.origin, profile, evidence),
    )


def _origin(origin: Origin, profile: Mapping[str, Any], evidence: Mapping[str, Evidence]) -> Origin:
    found = evidence.get(_key(origin.where, profile))
    return (
        Origin(found.place, found.quote) if found is not None and found.quote else Origin("your papers, confirmed", origin.text)
    )


def _key(where: str, profile: Mapping[str, Any]) -> str:
    """The key of a proposal for a place in a profile: `metastatic_sites[1]` is `metastatic_sites=liver`."""
    path, bracket, rest = where.partition("[")
    if not bracket or path in ("adjuvant", "metastatic_lines", "reactions", "symptoms"):
        return where
    value: Any = profile
    for part in path.split("."):
        value = value.get(part, {}) if isinstance(value, Mapping) else {}
    number = rest.rstrip("]")
    if isinstance(value, list) and number.isdigit() and int(number) < len(value):
        return f"{path}={value[int(number)]}"
    return where


def _day(text: str | None) -> dt.date | None:
    """A day that is known to the day; the first of a month that is known to the month."""
    try:
        return dt.date.fromisoformat(text if len(text or "") == 10 else f"{text}-01") if text and len(text) >= 7 else None
    except ValueError:
        return None
