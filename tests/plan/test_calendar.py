"""Days of visits and tests, from the words of a label: what is a day becomes one, what is not stays in words."""

from __future__ import annotations

import datetime as dt

import pytest

from linewise.knowledge import open_knowledge
from linewise.plan.calendar import _days, _gap, calendar, icalendar


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("before", [0]),
        ("day 15", [15]),
        ("about day 14 of cycle 1", [14]),
        ("day 15 of cycles 1 and 2", [15, 43]),
        ("start of cycle 2", [29]),
        ("before each dose", [1, 29, 57]),
        ("every 2 weeks for 2 months", [15, 29, 43]),
        ("weeks 1, 2 and 4", [7, 14, 28]),
        ("month 2", [56]),
        ("when symptoms appear", []),
        ("as indicated", []),
    ],
)
def test_days_from_words(words: str, days: list[int]) -> None:
    assert list(_days(words, 28, 84)) == days


@pytest.mark.parametrize(
    ("words", "gap"),
    [("monthly", 28), ("every 3 weeks", 21), ("each cycle", 28), ("about every 3 months", 84), ("regularly", None)],
)
def test_repeats_from_words(words: str, gap: int | None) -> None:
    assert _gap(words, 28) == gap


def test_a_loading_dose_belongs_to_the_first_cycle_only() -> None:
    knowledge = open_knowledge()
    found = calendar(knowledge.treatments["fulvestrant-alone"], knowledge, 84)
    assert [one.day for one in found.days if one.what == "fulvestrant"] == [1, 15, 29, 57]


def test_every_option_has_a_calendar_that_stays_inside_its_days() -> None:
    knowledge = open_knowledge()
    for treatment in knowledge.treatments.values():
        found = calendar(treatment, knowledge, 60)
        assert all(0 <= one.day <= 60 for one in found.days), treatment.id
        assert icalendar(found, dt.date(2026, 12, 1), 60).endswith("END:VCALENDAR\r\n")
