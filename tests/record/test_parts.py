"""Lines that a record gives in parts are one line: after Saini and Twelves, growth or a new agent begins a line, and nothing else does."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from linewise.knowledge import Knowledge
from linewise.logic import parse
from linewise.logic.nodes import Ask
from linewise.record import Administration, Course, Event, Origin, Record
from linewise.record.chart import Chart
from linewise.record.lines import courses_of
from linewise.record.parts import IN_PARTS

DAY = dt.date(2024, 6, 1)


def line(*drugs: str, **more: Any) -> Course:
    return Course(drugs=drugs, setting="metastatic", origins=(Origin(f"line of {drugs}"),), **more)


def gave(drug: str, start: str, end: str | None = None, **more: Any) -> Administration:
    return Administration(drug=drug, start=day(start), end=day(end) if end else None, origin=Origin(f"{drug} {start}"), **more)


def event(what: Any, on: str) -> Event:
    return Event(what=what, on=day(on), origin=Origin(f"{what} {on}"))


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def lines(knowledge: Knowledge, *things: Administration | Event) -> tuple[Course, ...]:
    given = [one for one in things if isinstance(one, Administration)]
    events = [event("metastatic", "2018-01-01"), *(one for one in things if isinstance(one, Event))]
    return courses_of(Record(administrations=given, events=events), knowledge, DAY)


def read(knowledge: Knowledge, *courses: Course) -> tuple[Course, ...]:
    return courses_of(Record(courses=list(courses)), knowledge, DAY)


ONE_LINE = {
    "maintenance with a part of the regimen": [
        line("papa", "alfa", stopped_for="completion", best_response="PR"), line("alfa", ongoing=True)
    ],
    "a part goes on, and nobody says why the other ended": [line("papa", "alfa"), line("alfa", stopped_for="progression")],
    "a pause and a restart": [line("hotel", stopped_for="choice"), line("hotel", ongoing=True)],
    "a change inside a class for harm": [line("alfa", "hotel", stopped_for="toxicity"), line("bravo", "hotel", ongoing=True)],
    "hormone treatment as maintenance after chemotherapy": [line("papa", stopped_for="completion"), line("hotel", ongoing=True)],
    "hormone treatment joins the antibody when chemotherapy ends": [
        line("papa", "alfa", stopped_for="completion"), line("alfa", "hotel", ongoing=True)
    ],
}  # fmt: skip

TWO_LINES = {
    "growth": [line("papa", "alfa", stopped_for="progression"), line("alfa", ongoing=True)],
    "growth as the best response": [line("papa", "alfa", best_response="PD"), line("alfa", ongoing=True)],
    "a new agent beside the old": [line("alfa", stopped_for="completion"), line("alfa", "papa", ongoing=True)],
    "a change inside a class, and nobody says why": [line("alfa"), line("bravo", ongoing=True)],
    "a new agent after harm": [line("papa", stopped_for="toxicity"), line("alfa", ongoing=True)],
    "hormone treatment after chemotherapy that did not control the disease": [
        line("papa", stopped_for="toxicity"), line("hotel", ongoing=True)
    ],
}  # fmt: skip


@pytest.mark.parametrize("courses", ONE_LINE.values(), ids=ONE_LINE)
def test_parts_of_one_line_are_one_line(courses: list[Course], knowledge: Knowledge) -> None:
    (found,) = read(knowledge, *courses)
    assert (found.number, found.stopped_for, found.ongoing) == (1, courses[-1].stopped_for, courses[-1].ongoing)
    assert set(found.drugs) == {drug for course in courses for drug in course.drugs}
    assert set(found.present) == set(courses[-1].drugs)
    assert found.contested == IN_PARTS
    assert len(found.origins) == 2


@pytest.mark.parametrize("courses", TWO_LINES.values(), ids=TWO_LINES)
def test_growth_or_a_new_agent_is_a_line_of_its_own(courses: list[Course], knowledge: Knowledge) -> None:
    assert [course.number for course in read(knowledge, *courses)] == [1, 2]


def test_growth_that_is_recorded_between_two_parts_makes_them_two_lines(knowledge: Knowledge) -> None:
    courses = [line("papa", "alfa", start=day("2020-01-01")), line("alfa", start=day("2021-01-01"), ongoing=True)]
    grown = Record(courses=courses, events=[event("progression", "2020-12-01")])
    assert len(courses_of(Record(courses=courses), knowledge, DAY)) == 1
    assert len(courses_of(grown, knowledge, DAY)) == 2


def test_the_months_of_the_parts_add_up_and_unknown_stays_unknown(knowledge: Knowledge) -> None:
    first, second = line("papa", "alfa", months=6.0), line("alfa", months=14.0)
    assert [one.months for one in read(knowledge, first, second)] == [20.0]
    assert [one.months for one in read(knowledge, first, line("alfa"))] == [None]


def test_three_parts_are_one_line_and_say_so_once(knowledge: Knowledge) -> None:
    (found,) = read(knowledge, line("papa", "alfa"), line("alfa"), line("alfa", ongoing=True))
    assert found.contested == IN_PARTS


def asked(record: Record, knowledge: Knowledge, text: str) -> object:
    node = parse(text)
    assert isinstance(node, Ask)
    return Chart(record, knowledge, DAY).read(node.question).value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("had papa", True),
        ("had papa in last line", True),
        ("receiving papa", False),
        ("receiving alfa", True),
    ],
)
def test_what_was_dropped_was_given_and_is_not_given_now(text: str, value: bool, knowledge: Knowledge) -> None:
    stated = Record(courses=[line("papa", "alfa", stopped_for="completion"), line("alfa", ongoing=True)])
    grouped = Record(
        administrations=[gave("papa", "2023-01-01", "2023-06-01"), gave("alfa", "2023-01-01", ongoing=True)],
        events=[event("metastatic", "2022-12-01")],
    )
    for record in (stated, grouped):
        record.declared = frozenset({"metastatic_lines", "adjuvant"})
        assert asked(record, knowledge, text) is value


def test_the_disease_grew_on_what_was_still_given(knowledge: Knowledge) -> None:
    stated = Record(courses=[line("papa", "alfa", stopped_for="completion"), line("alfa", stopped_for="progression")])
    stated.declared = frozenset({"metastatic_lines", "adjuvant"})
    assert asked(stated, knowledge, "progressed on alfa") is True
    assert asked(stated, knowledge, "progressed on papa") is False


def test_single_days_that_ended_long_before_the_line_did(knowledge: Knowledge) -> None:
    days = ["2023-01-01", "2023-01-22", "2023-02-12"]
    more = ["2023-03-05", "2023-03-26", "2023-04-16", "2023-05-07", "2023-05-28"]
    (found,) = lines(
        knowledge,
        *(gave("papa", one) for one in days),
        *(gave("alfa", one) for one in (*days, *more)),
        event("progression", "2023-06-10"),
    )
    assert found.dropped == ("papa",)
    (once,) = lines(knowledge, gave("papa", days[0]), *(gave("alfa", one) for one in (*days, *more)))
    assert once.dropped == ()  # a single day says nothing of how long it was given
