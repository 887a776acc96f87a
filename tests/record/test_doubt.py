"""What was not understood is never "none": what an unread entry leaves open on a day, and what it does not."""

from __future__ import annotations

import datetime as dt

import pytest

from linewise.knowledge import Knowledge
from linewise.logic import Decider, parse
from linewise.record import Administration, Chart, Course, Entry, Medication, Origin, Reaction, Record, Unread

DAY = dt.date(2024, 6, 1)
WORDS = "Condition/1: CHF"


def unread(*touches: str, on: str | None = None, **more: object) -> Unread:
    day = dt.date.fromisoformat(on) if on else None
    return Unread(where="Condition/1", what="CHF", why="not known here", touches=touches, on=day, **more)  # type: ignore[arg-type]


def entry(fact: str, value: bool | float | str, on: str | None = None, **more: object) -> Entry:
    day = dt.date.fromisoformat(on) if on else None
    return Entry(fact=fact, value=value, on=day, origin=Origin(fact), **more)  # type: ignore[arg-type]


def decider(knowledge: Knowledge, *left: Unread, **members: object) -> Decider:
    return Decider(knowledge.vocabulary, Chart(Record(unread=list(left), **members), knowledge, DAY))  # type: ignore[arg-type]


def answers(person: Decider, *criteria: str) -> list[bool | None]:
    return [person.value(parse(text)) for text in criteria]


def test_a_list_that_an_unread_entry_may_belong_to_has_no_none(knowledge: Knowledge) -> None:
    person = decider(knowledge, unread("comorbidities"), entries=[entry("comorbidities", "gout")])
    assert answers(person, "comorbidities include gout", "comorbidities include asthma") == [True, None]
    assert person.misread(parse("comorbidities include asthma")) == (WORDS,)


def test_only_the_members_that_it_may_be_are_open(knowledge: Knowledge) -> None:
    person = decider(knowledge, unread("comorbidities:asthma"))
    assert answers(person, "comorbidities include asthma", "comorbidities include gout") == [None, False]


def test_what_is_stated_to_be_absent_stays_absent(knowledge: Knowledge) -> None:
    denied = [entry("comorbidities", "asthma", absent=True)]
    person = decider(knowledge, unread("comorbidities"), entries=denied)
    assert answers(person, "comorbidities include asthma", "comorbidities include gout") == [False, None]


def test_a_declared_list_is_open_too(knowledge: Knowledge) -> None:
    person = decider(knowledge, unread("comorbidities"), declared=frozenset({"comorbidities"}))
    assert answers(person, "comorbidities include gout") == [None]


@pytest.mark.parametrize(
    ("left", "open_"),
    [
        (unread("comorbidities", on="2024-06-01"), True),
        (unread("comorbidities", on="2024-06-02"), False),
        (unread("comorbidities", until=dt.date(2024, 6, 1)), False),
        (unread("comorbidities", until=dt.date(2024, 6, 2)), True),
        (unread(), False),
    ],
)
def test_it_counts_on_its_days_and_only_for_what_it_touches(left: Unread, open_: bool, knowledge: Knowledge) -> None:
    assert answers(decider(knowledge, left), "comorbidities include gout") == [None if open_ else False]


def test_a_newer_result_that_nobody_understood_takes_the_older_one_away(knowledge: Knowledge) -> None:
    known = [entry("marker", "positive", "2022-03-01")]
    for on, value in (("2021-01-01", True), ("2022-03-01", None), ("2023-01-01", None), (None, None)):
        assert answers(decider(knowledge, unread("marker", on=on), entries=known), "marker is positive") == [value], on


def test_a_result_of_the_breast_takes_none_of_a_metastasis_away(knowledge: Knowledge) -> None:
    known = [entry("marker", "positive", "2022-03-01", specimen="metastasis")]
    for specimen, value in (("primary", True), ("metastasis", None), (None, None)):
        person = decider(knowledge, unread("marker", on="2023-01-01", specimen=specimen), entries=known)
        assert answers(person, "marker is positive") == [value], specimen


def test_what_has_spread_stays_so(knowledge: Knowledge) -> None:
    spread = [entry("metastatic", True, "2022-03-01")]
    assert answers(decider(knowledge, unread("metastatic", on="2023-01-01"), entries=spread), "metastatic") == [True]
    assert answers(decider(knowledge, unread("metastatic")), "metastatic") == [None]


def test_that_a_fact_is_not_known_is_not_known_either(knowledge: Knowledge) -> None:
    assert answers(decider(knowledge), "pump is known and pump < 50") == [False]
    person = decider(knowledge, unread("pump", on="2024-05-01"))
    assert answers(person, "pump is known and pump < 50") == [None]
    assert person.held(parse("pump is known and pump < 50")) is None


def test_a_treatment_that_nobody_understood_leaves_the_history_open(knowledge: Knowledge) -> None:
    line = Administration(drug="alfa", start=dt.date(2023, 1, 1), end=dt.date(2023, 6, 1), origin=Origin("a"))
    person = decider(knowledge, unread("treatments", on="2020-01-01", until=dt.date(2020, 5, 1)), administrations=[line])
    asked = (
        "had alfa",
        "had poison",
        "progressed on poison",
        "lines of poison > 0",
        "months on poison > 1",
        "receiving poison",
        "line = 2",
    )
    assert answers(person, *asked) == [True, None, None, None, None, False, None]
    assert answers(decider(knowledge, unread("treatments"), administrations=[line]), "receiving poison") == [None]


def test_a_treatment_without_a_name_is_the_drug_that_stands_beside_it(knowledge: Knowledge) -> None:
    given = [Administration(drug="papa", start=dt.date(2023, 1, 1), end=dt.date(2023, 6, 1), origin=Origin("a"))]
    near, far = unread("treatments:unnamed", on="2023-03-01"), unread("treatments:unnamed", on="2019-03-01")
    assert answers(decider(knowledge, near, administrations=given), "had blocker") == [False]
    assert answers(decider(knowledge, far, administrations=given), "had blocker") == [None]
    assert answers(decider(knowledge, near), "had poison") == [None]


def test_a_medicine_or_a_reaction_that_nobody_understood(knowledge: Knowledge) -> None:
    assert answers(decider(knowledge, unread("medications")), "taking alfa", "had alfa") == [None, False]
    assert answers(decider(knowledge, unread("reactions")), "reacted to alfa with rash", "taking alfa") == [None, False]
    strange = [
        Reaction(drug="alfa", effect="qqq", origin=Origin("r")),
        Reaction(drug="nobody", effect="rash", origin=Origin("s")),
    ]
    person = decider(knowledge, reactions=strange)
    assert answers(person, "reacted to alfa with rash", "reacted to bravo with rash", "reacted to bravo with cough") == [
        None,
        None,
        False,
    ]
    assert person.misread(parse("reacted to bravo with rash"))


def test_a_reaction_after_the_day_does_not_count(knowledge: Knowledge) -> None:
    later = [Reaction(drug="alfa", effect="rash", on=dt.date(2024, 6, 2), origin=Origin("r"))]
    assert answers(decider(knowledge, reactions=later), "reacted to alfa") == [False]


def test_a_medicine_of_unknown_status_may_be_taken(knowledge: Knowledge) -> None:
    person = decider(knowledge, medications=[Medication(drug="bonafide", unsure=True, origin=Origin("m"))])
    assert answers(person, "taking bonafide", "taking alfa") == [None, False]
    assert person.held(parse("taking bonafide")) is None


def test_a_line_of_unknown_status_may_go_on(knowledge: Knowledge) -> None:
    given = [Administration(drug="alfa", start=dt.date(2022, 1, 1), unsure=True, origin=Origin("a"))]
    person = decider(knowledge, administrations=given, entries=[entry("metastatic", True)])
    assert answers(person, "receiving alfa", "had alfa") == [None, True]


def test_how_the_disease_went_may_have_ended_a_line(knowledge: Knowledge) -> None:
    course = Course(drugs=("alfa",), setting="metastatic", stopped_for="choice", origins=(Origin("c"),))
    person = decider(knowledge, unread("course"), courses=[course])
    assert answers(person, "progressed on poison", "line = 2", "had alfa") == [None, None, True]


def test_a_symptom_that_nobody_understood_has_no_grade(knowledge: Knowledge) -> None:
    person = decider(knowledge, unread("symptoms:fever"), entries=[])
    assert answers(person, "grade of fever >= 2", "grade of cough >= 2", "symptoms include fever") == [None, False, None]
