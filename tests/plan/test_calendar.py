"""Days of visits and tests, from the words of a label: what is a day becomes one, what is not stays in words."""

from __future__ import annotations

import datetime as dt

from linewise.knowledge import open_knowledge
from linewise.plan.calendar import calendar, icalendar


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
