"""What the app asks and shows, in its order: the guided questions, the item bank of the diary, the numbers to call.

Nothing here decides anything: it says which fact is asked when, in which words, and where its answer stands.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from linewise.logic import Node

from .basic import Ids, Review

StepKind = Literal["choice", "yes-no", "number", "set", "courses", "kinds", "names", "pick"]


class _Struct(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True, omit_defaults=True):
    pass


class Step(_Struct, frozen=True):
    """One question of the guide. `member` is where its answer stands in the short form of a record; `when` for whom it can matter."""

    id: str
    member: str
    section: str
    kind: StepKind | None = None
    question: str = ""
    why: str = ""
    where: str = ""
    help: str = ""
    choices: dict[str, str] = {}
    only: Ids = ()
    labels: dict[str, str] = {}
    report: str = ""
    unit: str = ""
    none: str = ""
    open: str = ""
    coarse: str = ""
    unsure: str = ""
    drops: Ids = ()
    late: bool = False
    when: Node | None = None


class Stop(_Struct, frozen=True):
    """One answer to how a treatment ended."""

    id: str
    label: str
    going: Literal["yes", "no", "unknown"]
    reason: str | None = None


class Group(_Struct, frozen=True):
    """Signs that belong together, where somebody feels unwell."""

    id: str
    title: str
    symptoms: Ids
    hint: str = ""
    temperature: bool = False


class Row(_Struct, frozen=True):
    """A row of the comparison that rests on effects."""

    label: str
    effects: Ids


class OnCard(_Struct, frozen=True):
    """An alert of the card for emergencies; `when` says for whom it is a risk, where its own criterion does not."""

    alert: str
    when: Node | None = None


class Example(_Struct, frozen=True):
    """The invented person that can be tried at once, in the short form of a record."""

    label: str
    profile: dict[str, Any]


class Generic(_Struct, frozen=True):
    """How a test is asked about when the fact has no question of its own."""

    question: str
    where: str


class Reading(_Struct, frozen=True):
    """Where to begin reading, and the topics in their order."""

    start: Ids = ()
    topics: dict[str, str] = {}


class Guide(_Struct, frozen=True):
    """`guide.yaml`: the questions and words of the app."""

    sections: dict[str, str]
    first_answer: int
    steps: tuple[Step, ...]
    generic: Generic
    example: Example
    kinds: dict[str, str] = {}
    stops: tuple[Stop, ...] = ()
    unworded: dict[str, str] = {}
    report: dict[str, str] = {}
    compare: tuple[Row, ...] = ()
    wishes: dict[str, str] = {}  # what matters to somebody, and the row of the comparison that it is about
    groups: tuple[Group, ...] = ()
    card: tuple[OnCard, ...] = ()
    learn: Reading = Reading()


class BankTerm(_Struct, frozen=True):
    """One symptom of the item bank: its name, the record's word for it, and its items by what they ask about."""

    name: str
    items: dict[str, str]
    plain: str = ""
    symptom: str = ""


class ItemBank(_Struct, frozen=True):
    """`proctcae.yaml`: the terms of PRO-CTCAE, whom which are asked, and the composite grade as published."""

    recall_days: int
    scales: dict[str, tuple[str, ...]]
    questions: dict[str, str]
    severity_alone: str
    composite: dict[str, Any]
    core: tuple[int, ...]
    terms: dict[int, BankTerm]
    with_: dict[str, tuple[int, ...]] = msgspec.field(default={}, name="with")
    at: dict[str, tuple[int, ...]] = {}
    source: Ids = ()
    composite_source: Ids = ()
    review: str | None = None


class Number(_Struct, frozen=True):
    """One number to call."""

    kind: Literal["emergency", "doctor", "crisis"]
    name: str
    dial: str
    source: Ids
    text: str = ""


class Place(_Struct, frozen=True):
    """The numbers of one region."""

    numbers: tuple[Number, ...]


class Numbers(_Struct, frozen=True):
    """`numbers.yaml`: whom to call, by region; `anywhere` where nobody knows where somebody is."""

    review: Review
    regions: dict[str, Place]
    anywhere: tuple[Number, ...]
    crisis_alerts: Ids = ()


class Receptor(_Struct, frozen=True):
    """A fact of the picture of receptors; `finer` is shown in its place where it has one of `values`."""

    fact: str
    finer: str = ""
    values: Ids = ()


class Shown(_Struct, frozen=True):
    """`shown.yaml`: the facts that faces show: of a plan, of a visit, in the picture, of a cohort. Of `always` and `visit` also that they are not known."""

    plan: Ids = ()
    always: Ids = ()
    visit: Ids = ()
    receptors: tuple[Receptor, ...] = ()
    cohort: Ids = ()
