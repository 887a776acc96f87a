"""What reading a document gives: findings with the words they rest on, courses of treatment, conflicts, and what was left.

The shapes are those of the contract (`docs/reading-documents.md`); nothing here knows a form of file or a word of medicine.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from linewise.papers.place import Where
from linewise.phrases.claims import About

State = Literal["given", "going-on", "planned", "declined", "suggested"]


class Person(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whom a document says it is about."""

    name: str | None = None
    born: str | None = None
    sex: str | None = None


class DocumentRead(msgspec.Struct, frozen=True):
    """One document: what it is called, what kind it is, when it was written, about whom."""

    name: str
    form: str
    language: str
    date: str | None
    pages: int
    person: Person
    notes: tuple[str, ...] = ()


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One fact as a document states it. `sure`: a careful reader would take it without a doubt; `why` says what speaks for or against."""

    id: str
    fact: str
    value: Any
    on: str | None
    about: About | None
    quote: str
    where: Where
    sure: bool
    why: str
    unit: str | None = None


class TreatmentRead(msgspec.Struct, frozen=True, omit_defaults=True, rename={"from_": "from"}):
    """One course of treatment as a document states it."""

    drugs: tuple[str, ...]
    from_: str | None
    to: str | None
    stopped_for: str | None
    setting: str | None
    state: str
    quote: str
    where: Where
    sure: bool
    why: str
    months: float | None = None
    best_response: str | None = None


class Conflict(msgspec.Struct, frozen=True):
    """Places that disagree; none of them is sure."""

    fact: str
    findings: tuple[str, ...]
    why: str


class Left(msgspec.Struct, frozen=True):
    """What looks like a finding and was not understood."""

    quote: str
    where: Where
    why: str


class Reading(msgspec.Struct, frozen=True):
    """Everything that was read of one person's documents."""

    schema: str
    documents: tuple[DocumentRead, ...]
    findings: tuple[Finding, ...]
    treatments: tuple[TreatmentRead, ...]
    conflicts: tuple[Conflict, ...]
    left: tuple[Left, ...]
    profile: dict[str, Any]


SCHEMA = "linewise.reading/1"
