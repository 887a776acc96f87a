"""The set, the answers to it and their score, as they stand in files. Their JSON schemas are made from these structures."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

SET, QUESTIONS, ANSWERS, SCORE = (
    "linewise-decisions/1",
    "linewise-decisions-questions/1",
    "linewise-answers/1",
    "linewise-score/1",
)

About = Literal["option", "same-day", "alarm"]
Expected = Literal["offered", "not-offered", "raised", "not-raised"]
Says = Literal["offered", "depends", "not-offered"]
Given = Literal["offered", "depends", "not-offered", "raised", "not-raised", "no-answer"]


class _Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


class Cited(_Struct, frozen=True):
    """A source: the label, guideline or publication that an expectation rests on."""

    title: str
    publisher: str = ""
    date: str = ""
    url: str = ""


class Asked(_Struct, frozen=True):
    """One question of a case, with what is expected where the file tells it.

    option: is a treatment that holds every one of `names` to be offered on this day? `now`: the person takes them, and the question is whether that may go on.
    same-day: does anything in the record call for help the same day? alarm: is the alarm `names` raised?
    """

    about: About
    names: tuple[str, ...] = ()
    now: bool = False
    expected: Expected | None = None


class Case(_Struct, frozen=True):
    """One person on one day in one region. `profile` follows `profile.schema.json`; region `any` means that of no region in particular.

    `basis` is `memory` where the expectation is an examiner's memory of the source. `corrected` says what was wrong in the case as it was first written.
    """

    id: str
    as_of: str
    region: str
    profile: dict[str, Any]
    questions: tuple[Asked, ...]
    name: str = ""
    says: str = ""
    basis: Literal["source", "memory"] = "source"
    corrected: str = ""
    sources: tuple[Cited, ...] = ()


class Named(_Struct, frozen=True):
    """A drug or class that answers may name, and the classes that it counts as."""

    label: str
    is_: tuple[str, ...] = msgspec.field(default=(), name="is")


class Decisions(_Struct, frozen=True):
    """The whole set. `digest` names its content: answers say which set they answer."""

    format: str
    release: str
    digest: str
    licence: str
    names: dict[str, Named]
    alarms: dict[str, str]
    cases: tuple[Case, ...]


class Said(_Struct, frozen=True):
    """A treatment by all its drugs or classes, and what the system says of it."""

    names: tuple[str, ...]
    says: Says


class Answer(_Struct, frozen=True):
    """What a system says of one case.

    options: the treatments it offers or leaves open; what it does not name is not offered. `urgent`: whether help is needed the same day. `alarms`: those it raises. A member that is absent is no answer.
    """

    case: str
    options: tuple[Said, ...] | None = None
    urgent: bool | None = None
    alarms: tuple[str, ...] | None = None


class Answers(_Struct, frozen=True):
    """The answers of one system. `set` is the digest of the set that was answered."""

    format: str
    set: str
    system: str
    answers: tuple[Answer, ...]


class Wrong(_Struct, frozen=True):
    """One question that was not answered as expected."""

    case: str
    name: str
    about: About
    names: tuple[str, ...]
    expected: Expected
    given: Given


class Danger(_Struct, frozen=True):
    """How often one kind of mistake was made, of how many questions where it could be."""

    count: int
    of: int


class Score(_Struct, frozen=True):
    """How a system did: `confusion` by what is asked and expected, then by what was given; `dangers` the worst first."""

    format: str
    set: str
    system: str
    cases: int
    questions: int
    right: int
    confusion: dict[str, dict[str, int]]
    dangers: dict[str, Danger]
    wrong: tuple[Wrong, ...]
    unknown: tuple[str, ...] = ()
