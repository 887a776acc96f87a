"""The order of options rests on trials of people like this one, and says what each rank is."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from linewise.knowledge import Knowledge
from linewise.logic import Decider, parse
from linewise.plan.order import like_this, rank
from linewise.record import Chart, Entry, Origin, Record

DAY = dt.date(2026, 11, 30)


def decider(knowledge: Knowledge, age: float | None) -> Decider:
    entries = [] if age is None else [Entry(fact="age", value=age, origin=Origin("a record"))]
    return Decider(knowledge.vocabulary, Chart(Record(entries=entries), knowledge, DAY))


@pytest.mark.parametrize(("age", "like"), [(70.0, True), (50.0, False), (None, None)])
def test_a_trial_speaks_of_people_like_those_who_took_part(age: float | None, like: bool | None, knowledge: Knowledge) -> None:
    trial = msgspec.structs.replace(next(iter(knowledge.evidence.values())), people=parse("age >= 65"))
    assert like_this(trial, decider(knowledge, age)) is like


def test_a_trial_of_other_people_gives_no_rank(knowledge: Knowledge) -> None:
    asked = decider(knowledge, 50.0)
    option, name = next(
        (one, name) for one in knowledge.treatments.values() for name in one.evidence
        if len(one.evidence) == 1 and name in knowledge.evidence and rank(one, [], asked, knowledge).because
    )  # fmt: skip
    others = msgspec.structs.replace(knowledge.evidence[name], people=parse("age >= 65"))
    elsewhere = Knowledge(msgspec.structs.replace(knowledge.content, evidence=knowledge.evidence | {name: others}))
    assert rank(option, [], asked, knowledge).evidence < rank(option, [], asked, elsewhere).evidence
    assert not rank(option, [], asked, elsewhere).because
