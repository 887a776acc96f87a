"""The record one line further on: an option given, and the cancer grown on it."""

from __future__ import annotations

import datetime as dt

import msgspec

from linewise.knowledge.model import Treatment
from linewise.plan import Plan
from linewise.plan.judge import CURRENT
from linewise.record import Course, Record
from linewise.record.lines import other_medicines
from linewise.record.model import Origin


def given(treatment: Treatment) -> tuple[str, ...]:
    """The drugs of an option as one line: its own, and of each choice among partners the first."""
    own = [drug for drug in treatment.drugs if drug != CURRENT]
    return tuple(dict.fromkeys([*own, *(one.one_of[0] for one in treatment.partners if one.one_of)]))


def grown_on(plan: Plan, treatment: Treatment, day: dt.date) -> Record:
    """The record of a plan with this option as a line that ended because the disease grew.

    How long it was given is not known, so what depends on that stays open. Where the option is to go on, the line of now is the one that ends.
    """
    record, courses = plan.record, list(plan.chart.courses)
    if CURRENT in treatment.drugs:
        courses = [_ended(one) if one.ongoing and one.setting == "metastatic" else one for one in courses]
    drugs = given(treatment)
    if drugs:
        origin = Origin("a step ahead", treatment.title)
        courses.append(
            Course(drugs=drugs, setting="metastatic", start=day, stopped_for="progression", ongoing=False, origins=(origin,))
        )
    return msgspec.structs.replace(record, courses=courses, administrations=other_medicines(record, plan.knowledge))


def _ended(course: Course) -> Course:
    return msgspec.structs.replace(course, ongoing=False, stopped_for="progression", months=None, end=None)
