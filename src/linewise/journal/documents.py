"""What a journal holds: one typed document for each part of it, read and written whole."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, TypeVar

import msgspec

from linewise.record import Record

from .vault import Journal

D = TypeVar("D", bound="Document")


class Document(msgspec.Struct, kw_only=True):
    """One document. `version` is not stored in it: it says which one was read.

    `stored` is its name in the vault: never changed, whatever the class is called. Where it must change after all, the old name goes
    to `earlier`: what stands under it is read, and stands under the new name from the next time it is saved.
    """

    stored: ClassVar[str]
    earlier: ClassVar[tuple[str, ...]] = ()

    version: int = 0


class Health(Document, kw_only=True):
    """The record: what was brought in from a file, and what was answered here (a profile, with the day of each answer)."""

    stored = "health"

    imported: Record | None = None
    imported_from: str = ""
    imported_on: dt.date | None = None
    answers: dict[str, Any] = {}
    answered_on: dict[str, dt.date] = {}
    unsure: list[str] = []  # steps answered with "I don't know"
    coarse: dict[str, list[str]] = {}  # of a course step answered so: the kinds of treatment that are known all the same
    example: bool = False


class CheckIn(msgspec.Struct, kw_only=True):
    """One entry of the diary."""

    id: str
    on: dt.date
    answers: dict[str, int] = {}
    symptoms: list[str] = []
    temperature: float | None = None
    weight: float | None = None
    note: str = ""


class Diary(Document, kw_only=True):
    """The check-ins, in the order of their days."""

    stored = "diary"

    entries: list[CheckIn] = []


class Contact(msgspec.Struct, kw_only=True):
    """Whom to call."""

    name: str
    phone: str
    when: str = ""


class Team(Document, kw_only=True):
    """My team's numbers."""

    stored = "team"

    contacts: list[Contact] = []


class Visit(Document, kw_only=True):
    """The next visit: my own questions, the ones I picked, my notes."""

    stored = "visit"

    on: dt.date | None = None
    picked: list[str] = []
    own: list[str] = []
    note: str = ""


class Look(Document, kw_only=True):
    """What the plan said when I last looked: to say later what changed, and why."""

    stored = "look"

    on: dt.date | None = None
    digest: str = ""
    region: str = ""
    statuses: dict[str, str] = {}
    statements: dict[str, list[str]] = {}
    alerts: list[str] = []


class Settings(Document, kw_only=True):
    """How pages are shown."""

    stored = "settings"

    region: str = ""
    team_view: bool = False
    feedback: list[dict[str, str]] = []


class Paper(msgspec.Struct, kw_only=True):
    """One paper: what it is, of which day, about whom, and whether the file is kept."""

    id: str
    name: str
    form: str
    on: str | None = None
    born: str | None = None
    person: str | None = None
    added_on: dt.date | None = None
    kept: bool = False


class Papers(Document, kw_only=True):
    """The papers of one person, in the order in which they were read."""

    stored = "papers"

    papers: list[Paper] = []


def read(journal: Journal, kind: type[D]) -> D:
    """A document of a journal; an empty one where there is none."""
    text, version = journal.read(kind.stored)
    for name in kind.earlier if text is None else ():
        text, _ = journal.read(name)
        if text is not None:
            break
    found = kind() if text is None else msgspec.json.decode(text, type=kind)
    found.version = version
    return found


def write(journal: Journal, document: Document) -> None:
    """Save a document over the version it was read from; raises StaleError where that is no longer the last."""
    document.version = journal.write(document.stored, msgspec.json.encode(document), document.version)
    for name in document.earlier:
        journal.drop(name)


KINDS: tuple[type[Document], ...] = (Health, Diary, Team, Visit, Look, Settings, Papers)


def everything(journal: Journal) -> dict[str, Any]:
    """All that a person entered, as plain values: for the export."""
    return {kind.stored: msgspec.to_builtins(read(journal, kind)) for kind in KINDS}
