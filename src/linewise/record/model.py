"""One person's record: dated entries with their origin, before anything is concluded from them.

The record keeps everything that was read, also what contradicts itself: two receptor results from two biopsies are two
entries. Which one decides is a policy of `record.facts`, not of the reader. Nothing here knows a file format.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

Setting = Literal["adjuvant", "metastatic"]
StopReason = Literal["progression", "toxicity", "completion", "choice"]
Response = Literal["CR", "PR", "SD", "PD"]
Supply = Literal["dispensed", "requested"]
"""A supply that was handed over, so that what is left of it adds to the next; or one that was only asked for, or worked out."""
FactValue = bool | float | str


class Origin(msgspec.Struct, frozen=True):
    """Where an entry stands in what was read, in words a reader can find: `labs.NAME`, `entry[12] Observation/abc`."""

    where: str
    text: str = ""  # the original wording or code, kept as it was


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One statement about one fact of the dictionary: a receptor result, a laboratory value, an illness.

    For facts that are sets (sites, comorbidities, symptoms) each member is an entry of its own, its value the member's id.
    """

    fact: str
    value: FactValue
    on: dt.date | None = None  # the day it was true or measured; None: as of the record
    specimen: Literal["primary", "metastasis"] | None = None
    grade: int | None = None  # CTCAE grade, of a symptom
    since_days: float | None = None  # how long a symptom has been there
    absent: bool = False  # for sets: stated not to be there
    until: dt.date | None = None  # for sets: resolved or inactive since
    origin: Origin


class Administration(msgspec.Struct, frozen=True, kw_only=True):
    """One drug given, requested, dispensed or stated, at ingredient level, before grouping into lines.

    `start` or `end` may be unknown (None). `ongoing` is what the source says: going on (status active), over (a statement that
    is completed), or nothing (None), as a single infusion or a supply handed out says nothing of the next.
    Where `supply` is set, `end` is the last day for which there was some, not a day on which it was stopped.
    """

    drug: str
    start: dt.date | None = None
    end: dt.date | None = None
    ongoing: bool | None = None
    supply: Supply | None = None
    planned: bool = False  # ordered or intended only, never known to be given
    unsure: bool = False  # the source does not say whether it goes on (status unknown or missing), and it has no end
    setting: Setting | None = None
    stopped_for: StopReason | None = None
    origin: Origin


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A dated turn of the disease: relapse, progression, response. Progressions end lines."""

    what: Literal["diagnosis", "metastatic", "progression", "response", "stable", "surgery", "radiotherapy"]
    on: dt.date | None = None
    site: str | None = None
    origin: Origin


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """One course of treatment: an adjuvant course or one line for metastatic disease.

    Months count from start to stop; `months_since_end` from the stop to the record's day. An ongoing course has neither
    `stopped_for` nor `end`; None: whether it goes on is not known. What is `undated` is one course or several, in an order that nobody recorded:
    drugs known to have been given, and no more. `dropped` are those of `drugs` that were no longer given at its end, or are not now.
    """

    drugs: tuple[str, ...]
    dropped: tuple[str, ...] = ()
    setting: Setting
    number: int | None = None  # of the line, 1 = first for metastatic disease
    start: dt.date | None = None
    end: dt.date | None = None
    months: float | None = None
    months_since_end: float | None = None
    stopped_for: StopReason | None = None
    best_response: Response | None = None
    ongoing: bool | None = False
    undated: bool = False
    assumed: tuple[str, ...] = ()  # what was inferred about it, in words
    reason: str = ""  # why this is a line of its own (lines grouped from administrations)
    contested: str = ""  # the other way in which it could be read
    origins: tuple[Origin, ...] = ()

    @property
    def present(self) -> tuple[str, ...]:
        """The drugs that are given now, or were until the end: what the course goes on with, and what the disease grew on."""
        return tuple(drug for drug in self.drugs if drug not in self.dropped) if self.dropped else self.drugs


class Reaction(msgspec.Struct, frozen=True, kw_only=True):
    """A harm that a treatment caused."""

    drug: str
    effect: str
    grade: int | None = None
    ongoing: bool | None = None
    on: dt.date | None = None
    origin: Origin


class Medication(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken now besides cancer treatment: drugs, supplements, foods that matter.

    `unsure`: it may be taken between these days, and the source does not say that it is.
    """

    drug: str
    start: dt.date | None = None
    end: dt.date | None = None
    unsure: bool = False
    origin: Origin


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """Something in the record that was not understood. It is listed, never dropped.

    `touches` says what it may have said something about, as far as the reader can tell: a fact (`er`), a list (`comorbidities`), one member of a
    list (`comorbidities:heart-failure`), or one of `TREATMENTS`, `MEDICINES`, `REACTIONS`, `COURSE`. What it touches is not known to be "none"
    (see `record.doubt`). Empty: it decides nothing here.
    """

    where: str
    what: str
    why: str
    touches: tuple[str, ...] = ()
    on: dt.date | None = None  # when it began or was measured; None: not known
    until: dt.date | None = None  # from when on it is said to be over
    specimen: Literal["primary", "metastasis"] | None = None
    would: Entry | None = None  # of a result that is not final: what it says. It decides nothing, and may raise an alarm


NOT_KNOWN = "not known"
"""In the place of a drug: something may have been given, and nobody knows what. It is an answer, not an entry that was not understood."""
UNNAMED = "treatments:unnamed"
"""A cancer treatment that was given, without the drug's name: it touches `TREATMENTS` where no drug stands beside it that may be the one."""
TREATMENTS, MEDICINES, REACTIONS, COURSE = "treatments", "medications", "reactions", "course"
"""What an entry that was not understood may touch besides facts: cancer treatment, what is taken now, reactions, the course of the disease."""


class Record(msgspec.Struct, kw_only=True):
    """Everything read about one person.

    `adjuvant`, `lines`, `comorbidities` … may be declared complete: a list that was there, even empty. Where it was not, `declared`
    lacks its name and "none recorded" is an assumption that every answer resting on it shows.
    """

    id: str | None = None
    region: str | None = None
    day: dt.date | None = None  # the day the record speaks of, where it says so
    birth: dt.date | None = None
    entries: list[Entry] = msgspec.field(default_factory=list)
    courses: list[Course] = msgspec.field(default_factory=list)  # as stated by the source (profiles)
    administrations: list[Administration] = msgspec.field(default_factory=list)  # to be grouped into courses
    events: list[Event] = msgspec.field(default_factory=list)
    reactions: list[Reaction] = msgspec.field(default_factory=list)
    medications: list[Medication] = msgspec.field(default_factory=list)
    declared: frozenset[str] = frozenset()  # of: adjuvant, metastatic_lines, comorbidities, medications, symptoms, …
    unsure: frozenset[str] = (
        frozenset()
    )  # sets of which somebody said "I don't know": what is absent in them is unknown, never none
    unread: list[Unread] = msgspec.field(default_factory=list)
    notes: list[str] = msgspec.field(default_factory=list)  # said to the reader: contradictions, what was assumed on reading
    scope: str | None = None  # why no MBC plan can honestly be given (another cancer, early disease, a child), else None
    format: str = ""  # profile, FHIR R4 bundle, …
    chart: bool = False  # a clinical chart, which would say so if something acute were the case; a hand-written profile is not
