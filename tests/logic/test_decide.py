"""One person, one criterion: the value, the explanation, what is open and what would be needed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from field import AS_OF, VOCABULARY, Person

from linewise.logic import Decider, Derivation, FactType, Reading, Vocabulary, Within, parse
from linewise.logic.recent import earliest


def decider(readings: Mapping[str, Any] | None = None) -> Decider:
    return Decider(VOCABULARY, Person(readings))


def value(text: str, readings: Mapping[str, Any] | None = None) -> bool | None:
    return decider(readings).value(parse(text))


def on(days: int, what: Any = 60.0) -> Reading:
    return Reading(what, on=AS_OF - timedelta(days=days))


VALUES: list[tuple[str, dict[str, Any], bool | None]] = [
    # Silence is not an answer.
    ("ESR1 is not mutated", {}, None),
    ("ESR1 is wild-type", {}, None),
    ("ESR1 is known", {}, False),
    ("ESR1 is mutated and pregnant", {"pregnant": False}, False),
    ("ESR1 is mutated or pregnant", {"pregnant": True}, True),
    ("ESR1 is mutated or pregnant", {"pregnant": False}, None),
    ("at least 2 of (ESR1 is mutated, pregnant, hr is positive)", {"pregnant": True, "hr": "positive"}, True),
    ("at least 2 of (ESR1 is mutated, pregnant, hr is positive)", {"pregnant": False, "hr": "negative"}, False),
    ("at least 2 of (ESR1 is mutated, pregnant, hr is positive)", {"pregnant": True}, None),
    ("diabetes is any-diabetes", {"diabetes": "type-2"}, True),
    ("diabetes is not any-diabetes", {"diabetes": "none"}, True),
    ("lvef >= 50", {"lvef": 50}, True),
    ("lvef > 50", {"lvef": 50.0}, False),
    ("pregnant is no", {"pregnant": False}, True),
    # Old data are not current.
    ("lvef >= 50 within 6 months", {"lvef": on(10)}, True),
    ("lvef >= 50 within 6 months", {"lvef": on(1000)}, None),
    ("lvef >= 50 within 6 months", {"lvef": 60.0}, None),
    ("lvef >= 50", {"lvef": on(1000)}, True),
    ("lvef is known within 6 months", {"lvef": on(1000)}, False),
    ("lvef is known within 6 months", {"lvef": on(182)}, True),
    # Sets, known in full or in part.
    ("sites include visceral", {"sites": frozenset(("liver",))}, True),
    ("sites include visceral", {"sites": frozenset(("bone",))}, False),
    ("sites include visceral", {"sites": Reading(frozenset(("bone",)), complete=False)}, None),
    ("sites include liver", {"sites": Reading(frozenset(("liver",)), complete=False)}, True),
    ("sites include all of (visceral, bone)", {"sites": frozenset(("bone", "lung"))}, True),
    ("sites include all of (visceral, bone)", {"sites": frozenset(("bone",))}, False),
    ("sites include only bone", {"sites": frozenset(("bone",))}, True),
    ("sites include only bone", {"sites": frozenset()}, False),
    ("sites include only bone", {"sites": frozenset(("bone", "liver"))}, False),
    ("sites include only bone", {"sites": Reading(frozenset(("bone",)), complete=False)}, None),
    ("sites include only bone", {"sites": Reading(frozenset(("liver",)), complete=False)}, False),
    ("sites include liver", {}, None),
    # Questions.
    ("had fulvestrant", {}, None),
    ("had fulvestrant", {"had fulvestrant": True}, True),
    ("months since endocrine-therapy < 12", {"months since endocrine-therapy": 3.0}, True),
    # Derived facts: as precise as what is known allows.
    ("her2 is positive", {"her2-ihc": "3+"}, True),
    ("her2 is low", {"her2-ihc": "2+", "her2-ish": "not-amplified"}, True),
    ("her2 is low", {"her2-ihc": "2+"}, None),
    ("her2 is zero", {"her2-ihc": "2+"}, False),
    ("her2 is one of (low, positive)", {"her2-ihc": "2+"}, True),
    ("her2 is known", {"her2-ihc": "2+"}, False),
    ("triple-negative", {"hr": "positive"}, False),
    ("triple-negative", {"hr": "negative", "her2-ihc": "0"}, True),
    ("triple-negative is no", {"hr": "negative"}, None),
    ("her2 is low within 6 months", {"her2-ihc": "1+"}, None),
    ("her2 is known within 6 months", {"her2-ihc": "1+"}, False),
]


@pytest.mark.parametrize(("text", "readings", "expected"), VALUES)
def test_the_value_is(text: str, readings: dict[str, Any], expected: bool | None) -> None:
    assert value(text, readings) is expected


def test_each_base_fact_is_read_once() -> None:
    class Counting(Person):
        asked: list[object]

        def read(self, about: Any) -> Reading:
            self.asked.append(about)
            return super().read(about)

    person = Counting({"her2-ihc": "2+"})
    person.asked = []
    reader = Decider(VOCABULARY, person)
    for text in ("her2 is low", "her2 is not low or had fulvestrant", "triple-negative", "not had fulvestrant"):
        reader.explain(parse(text))
        reader.open(parse(text))
    assert len(person.asked) == len(set(person.asked)) == 4


def test_a_leaf_says_where_its_value_comes_from() -> None:
    reading = Reading(61.0, ("Echocardiogram of 1 May 2021",), on=date(2021, 5, 1), note="measured twice")
    leaf = decider({"lvef": reading}).explain(parse("lvef >= 50 % within 6 months"))
    assert (leaf.value, leaf.kind, leaf.about, leaf.on) == (None, "leaf", "lvef", date(2021, 5, 1))
    assert leaf.sources == ("Echocardiogram of 1 May 2021",)
    assert leaf.note == "measured twice; from 2021-05-01: not within 6 months"
    undated = decider({"lvef": 61.0}).explain(parse("lvef >= 50 within 6 months"))
    assert undated.note == "without a date"


def test_a_derived_fact_is_explained_by_its_definition() -> None:
    person = {
        "hr": Reading("negative", ("Biopsy",)),
        "her2-ihc": Reading("2+", ("Biopsy",)),
        "her2-ish": Reading("not-amplified", ("ISH report",), assumed=True),
    }
    leaf = decider(person).explain(parse("triple-negative"))
    assert (leaf.value, leaf.kind, leaf.assumed) == (True, "leaf", True)
    assert leaf.sources == ("Biopsy", "ISH report")
    (definition,) = leaf.children
    assert definition.text == "hr is negative and her2 is not positive"
    assert [child.text for child in definition.children] == ["hr is negative", "her2 is not positive"]
    reading = decider(person).fact("her2")
    assert (reading.value, reading.sources, reading.assumed) == ("low", ("Biopsy", "ISH report"), True)
    assert decider(person).fact("triple-negative").value is True


def test_the_case_that_made_the_value_explains_it() -> None:
    (case,) = decider({"her2-ihc": "3+"}).explain(parse("her2 is low")).children
    assert case.text == "her2-ihc is 3+ or (her2-ihc is 2+ and her2-ish is amplified)"
    (case,) = decider({"her2-ihc": "2+"}).explain(parse("her2 is low")).children
    assert case.value is None
    cases = decider({"her2-ihc": "1+"}).explain(parse("her2 is low")).children
    assert [case.value for case in cases] == [False, False]


def test_reasons_are_the_leaves_that_settle_the_answer() -> None:
    reader = decider({"hr": "negative", "pregnant": True, "lvef": 70.0})
    failed = reader.explain(parse("hr is positive and lvef > 50 and not pregnant"))
    assert [one.text for one in failed.reasons()] == ["hr is positive", "pregnant"]
    held = reader.explain(parse("hr is positive or lvef > 50"))
    assert [one.text for one in held.reasons()] == ["lvef > 50"]
    unsettled = reader.explain(parse("at least 2 of (lvef > 50, had fulvestrant, hr is positive)"))
    assert [one.text for one in unsettled.reasons()] == ["had fulvestrant"]


def open_names(text: str, readings: Mapping[str, Any] | None = None) -> list[str]:
    found = decider(readings).open(parse(text))
    return [about if isinstance(about, str) else about.key for about in found]


def test_open_names_what_could_still_change_the_answer() -> None:
    assert open_names("hr is positive and ESR1 is mutated", {"hr": "positive"}) == ["ESR1"]
    assert open_names("hr is positive and ESR1 is mutated", {"hr": "negative"}) == []
    assert open_names("had fulvestrant or had fulvestrant and pregnant".replace(" and ", " or ")) == [
        "had fulvestrant",
        "pregnant",
    ]
    assert open_names("triple-negative", {"hr": "negative"}) == ["her2-ihc", "her2-ish"]
    assert open_names("her2 is positive", {"her2-ihc": "2+"}) == ["her2-ish"]
    assert open_names("sites include liver", {"sites": Reading(frozenset(), complete=False)}) == ["sites"]
    assert open_names("lvef > 50 within 6 months", {"lvef": on(900)}) == ["lvef"]


def test_a_new_result_may_raise_the_next_question() -> None:
    """`open` looks one step ahead: a value that is measured anew can change, and then another fact comes open."""
    text = "(her2-ihc is 0 and her2-ihc is 0 within 1 year) or (her2-ihc is 3+ and hr is positive)"
    assert open_names(text, {"her2-ihc": Reading("0")}) == ["her2-ihc"]
    assert open_names(text, {"her2-ihc": Reading("0", on=AS_OF)}) == []
    assert open_names(text, {"her2-ihc": Reading("3+", on=AS_OF)}) == ["hr"]


def test_a_fact_whose_cases_give_out_stands_for_itself() -> None:
    cases = Derivation(cases=(("x", parse("a")), ("y", parse("b"))))
    vocabulary = Vocabulary(
        facts={"a": FactType("yes-no"), "b": FactType("yes-no"), "c": FactType("choice", ("x", "y"), definition=cases)}
    )
    reader = Decider(vocabulary, Person({"a": False, "b": False}))
    node = parse("c is x")
    assert reader.value(node) is None
    assert reader.fact("c").value is None
    assert reader.open(node) == ["c"]


def test_cases_that_ask_what_is_known_leave_open_what_they_rest_on() -> None:
    cases = Derivation(cases=(("x", parse("a is known and a")), ("y", parse("b is known and b"))))
    vocabulary = Vocabulary(
        facts={"a": FactType("yes-no"), "b": FactType("yes-no"), "c": FactType("choice", ("x", "y"), definition=cases)}
    )
    assert Decider(vocabulary, Person()).open(parse("c is x")) == ["a", "b"]
    assert Decider(vocabulary, Person({"a": False})).open(parse("c is not x")) == ["b"]
    assert Decider(vocabulary, Person({"b": True})).open(parse("c is x")) == []


def test_needed_says_what_would_have_to_be_different() -> None:
    reader = decider({"hr": "positive", "pregnant": True})
    need = reader.needed(parse("hr is positive and not pregnant and any of (ESR1 is mutated, lvef > 50)"))
    assert need.kind == "all"
    first, second = need.children
    assert (first.kind, first.text, first.about, first.value) == ("leaf", "not pregnant", "pregnant", False)
    assert second.kind == "any"
    assert [leaf.text for leaf in second.leaves()] == ["ESR1 is mutated", "lvef > 50"]
    assert reader.needed(parse("hr is positive")).kind == "nothing"
    assert reader.needed(parse("no")).kind == "never"
    assert reader.needed(parse("pregnant and no")).kind == "never"
    single = reader.needed(parse("hr is positive and hr is not positive"))
    assert (single.kind, single.text, single.value) == ("leaf", "hr is not positive", False)
    count = reader.needed(parse("at least 3 of (hr is positive, ESR1 is mutated, lvef > 50, had fulvestrant)"))
    assert (count.kind, count.n, len(count.children)) == ("count", 2, 3)


@pytest.mark.parametrize(
    ("as_of", "within", "day"),
    [
        (date(2026, 3, 31), Within(1, "months"), date(2026, 2, 28)),
        (date(2024, 2, 29), Within(1, "years"), date(2023, 2, 28)),
        (date(2026, 1, 15), Within(13, "months"), date(2024, 12, 15)),
        (date(2026, 1, 15), Within(15, "days"), date(2025, 12, 31)),
        (date(2026, 1, 15), Within(5000, "years"), date.min),
        (date(2026, 1, 15), Within(999999999, "days"), date.min),
    ],
)
def test_time_is_counted_on_the_calendar(as_of: date, within: Within, day: date) -> None:
    assert earliest(as_of, within) == day
    assert Decider(VOCABULARY, _person(as_of, day)).value(parse(f"lvef is known {within.text}")) is True


def _person(as_of: date, day: date) -> Person:
    person = Person({"lvef": Reading(60.0, on=day)})
    person.as_of = as_of
    return person


def test_the_table_counts_on_the_same_calendar() -> None:
    pl = pytest.importorskip("polars")
    rng = Random(3)
    days = [date(1990, 1, 1) + timedelta(days=rng.randrange(20_000)) for _ in range(3_000)]
    frame = pl.DataFrame({"day": days})
    for within in (Within(1, "months"), Within(7, "months"), Within(3, "years"), Within(45, "days")):
        step = f"-{within.count}" + {"days": "d", "months": "mo", "years": "y"}[within.unit]
        found = frame.select(pl.col("day").dt.offset_by(step))["day"].to_list()
        assert found == [earliest(day, within) for day in days]
