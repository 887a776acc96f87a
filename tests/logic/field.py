"""A small vocabulary that reads like the field, one person's record, and a generator of criteria and records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random
from typing import Any

from linewise.logic import UNKNOWN, Derivation, FactType, Node, Question, Reading, Vocabulary, parse
from linewise.logic import nodes as n

AS_OF = date(2026, 3, 31)

VOCABULARY = Vocabulary(
    facts={
        "hr": FactType("choice", ("positive", "negative")),
        "her2-ihc": FactType("choice", ("0", "1+", "2+", "3+"), groups={"faint": frozenset(("0", "1+"))}),
        "her2-ish": FactType("choice", ("amplified", "not-amplified")),
        "ESR1": FactType("choice", ("mutated", "wild-type")),
        "diabetes": FactType(
            "choice",
            ("none", "type-1", "type-2"),
            groups={"any-diabetes": frozenset(("type-1", "type-2")), "nothing": frozenset()},
        ),
        "pregnant": FactType("yes-no"),
        "postmenopausal": FactType("yes-no"),
        "lvef": FactType("number", unit="%", low=0, high=100),
        "t-score": FactType("number", low=-6, high=6),
        "sites": FactType(
            "set",
            ("bone", "liver", "lung", "node"),
            groups={"visceral": frozenset(("liver", "lung")), "no-site": frozenset()},
        ),
        "her2": FactType(
            "choice",
            ("positive", "low", "zero"),
            definition=Derivation(
                cases=(
                    ("positive", parse("her2-ihc is 3+ or (her2-ihc is 2+ and her2-ish is amplified)")),
                    ("zero", parse("her2-ihc is 0")),
                    ("low", parse("yes")),
                )
            ),
        ),
        "triple-negative": FactType("yes-no", definition=Derivation(criterion=parse("hr is negative and her2 is not positive"))),
        "subtype": FactType(
            "choice",
            ("luminal", "her2-enriched", "triple-negative"),
            definition=Derivation(
                cases=(
                    ("triple-negative", parse("triple-negative")),
                    ("her2-enriched", parse("her2 is positive and hr is negative")),
                    ("luminal", parse("yes")),
                )
            ),
        ),
    },
    treatments=frozenset(("endocrine-therapy", "cdk4-6-inhibitor", "fulvestrant", "capecitabine")),
    effects=frozenset(("diarrhoea", "rash")),
    symptoms=frozenset(("fever", "diarrhoea")),
)

QUESTIONS: tuple[str, ...] = (
    "had cdk4-6-inhibitor for metastatic disease",
    "progressed on (endocrine-therapy or fulvestrant with cdk4-6-inhibitor)",
    "receiving any treatment without capecitabine",
    "taking capecitabine",
    "reacted to (capecitabine with fulvestrant) with diarrhoea at grade 3",
    "reacted to any treatment at grade 2",
    "months on endocrine-therapy as adjuvant >= 24",
    "months since endocrine-therapy < 12",
    "months from endocrine-therapy to relapse <= 12",
    "lines of any treatment for metastatic disease > 1",
    "grade of fever >= 2",
    "days of diarrhoea = 3",
)
WITHIN = (n.Within(6, "months"), n.Within(1, "years"), n.Within(40, "days"), n.Within(1, "months"))
BASE = tuple(name for name in VOCABULARY.facts if name not in VOCABULARY.derived)


class Person:
    """A record given as readings by name of fact or key of question; everything else is unknown."""

    as_of = AS_OF

    def __init__(self, readings: Mapping[str, Reading | Any] | None = None) -> None:
        self.readings = {
            name: value if isinstance(value, Reading) else Reading(value) for name, value in (readings or {}).items()
        }

    def read(self, about: str | Question) -> Reading:
        return self.readings.get(about if isinstance(about, str) else about.key, UNKNOWN)


def random_leaf(rng: Random, known: bool = True) -> Node:
    if rng.random() < 0.25:
        return parse(rng.choice(QUESTIONS))
    name = rng.choice(list(VOCABULARY.facts))
    fact = VOCABULARY.facts[name]
    dated = fact.definition is None and rng.random() < 0.3
    within = rng.choice(WITHIN) if dated else None
    if known and rng.random() < 0.15:
        return n.Known(name, within)
    if fact.kind == "number":
        number = rng.choice((-2.5, 0.0, 1.5, 50.0))
        return n.Compare(name, rng.choice(("<", "<=", ">", ">=", "=")), number, fact.unit, within)
    choices = ["yes", "no"] if fact.kind == "yes-no" else [*fact.values, *fact.groups]
    values = tuple(rng.sample(choices, rng.randint(1, len(choices))))
    if fact.kind == "set":
        modes: tuple[n.Mode, ...] = ("any", "only") if len(values) == 1 else ("any", "all", "only")
        return n.Includes(name, values, rng.choice(modes), within)
    return n.Is(name, values, within)


def random_node(rng: Random, depth: int = 3, known: bool = True) -> Node:
    kind = rng.choice(("leaf", "not", "and", "or", "count", "constant")) if depth else "leaf"
    if kind == "leaf":
        return random_leaf(rng, known)
    if kind == "constant":
        return n.Constant(rng.random() < 0.5) if rng.random() < 0.2 else random_leaf(rng, known)
    if kind == "not":
        return n.Not(random_node(rng, depth - 1, known))
    items = tuple(random_node(rng, depth - 1, known) for _ in range(rng.randint(2, 4)))
    if kind == "count":
        return n.AtLeast(rng.randint(1, len(items)), items)
    return n.And(items) if kind == "and" else n.Or(items)


def random_reading(rng: Random, about: str | Question, fresh: bool = False) -> Reading:
    """A known reading; a fresh one is complete and of today."""
    days = rng.choice((0, 20, 31, 40, 41, 181, 182, 183, 365, 366, 900))
    on = AS_OF if fresh else rng.choice((None, AS_OF - timedelta(days=days)))
    if not isinstance(about, str):
        number = isinstance(about, n.NumberQuestion)
        return Reading(rng.choice((0.0, 1.0, 2.0, 3.0, 12.0, 24.0)) if number else rng.random() < 0.5)
    fact = VOCABULARY.facts[about]
    if fact.kind == "yes-no":
        return Reading(rng.random() < 0.5, on=on)
    if fact.kind == "number":
        return Reading(rng.choice((-3.0, -2.5, 0.0, 1.5, 49.9, 50.0)), on=on)
    if fact.kind == "choice":
        return Reading(rng.choice(fact.values), on=on)
    members = frozenset(rng.sample(fact.values, rng.randint(0, len(fact.values))))
    return Reading(members, on=on, complete=fresh or rng.random() < 0.5)


ASKED: tuple[Question, ...] = tuple(n.subject(parse(text)) for text in QUESTIONS)  # type: ignore[arg-type, misc]


def random_person(rng: Random, silence: float = 0.4) -> Person:
    """Some things are known of a person; of others an entry was not understood."""
    readings = {}
    for one in (*BASE, *ASKED):
        name = one if isinstance(one, str) else one.key
        if rng.random() >= silence:
            readings[name] = random_reading(rng, one)
        elif rng.random() < 0.2:
            readings[name] = Reading(open=("an entry that was not understood",))
    return Person(readings)
