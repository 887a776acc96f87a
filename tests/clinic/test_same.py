"""Cards, tools, REST, sheet and proposals say of one record what its plan says: over all examples and invented people."""

from __future__ import annotations

import datetime as dt
import json
import random
from typing import Any

import pytest

pytest.importorskip("sqlalchemy", reason="the extra `clinic` is not installed")
pytest.importorskip("starlette", reason="the extra `clinic` is not installed")

from linewise.clinic import cards
from linewise.clinic.desk import Desk
from linewise.clinic.gather import Gathered
from linewise.clinic.papers import care_plan, page
from linewise.clinic.settings import Settings
from linewise.clinic.sheet import sheet_of
from linewise.clinic.tools import MOST, TOOLS, answer, plan_value
from linewise.exchange import Codes, read
from linewise.knowledge import Knowledge
from linewise.plan import Plan, make_plan
from people import person
from places import EXAMPLES

DAY = dt.date(2026, 11, 30)
REGIONS = ("US", "EU", "UK", "DE")


def says(plan: Plan, codes: Codes) -> cards.Says:
    settings = Settings(public_url="http://127.0.0.1:1", store="sqlite://")
    return cards.Says(plan, Gathered(plan.subject.id or "x"), settings, None, codes, "Practitioner/1", "id")


def agree(plan: Plan, codes: Codes, desk: Desk) -> None:
    """Every face against the plan."""
    offered = {one.id for one in plan.offered}
    value = plan_value(plan)
    assert {one["id"]: one["status"] for one in value["options"]} == {name: one.status for name, one in plan.judged.items()}
    assert len(json.dumps(value)) < 2 * MOST
    assert [one["id"] for one in value["urgent"]] == [one.id for one in plan.urgent]
    shown = cards.patient_view(says(plan, codes))
    spoken = {one["id"]: one["status"] for card in shown for one in card["extension"][cards.EXTENSION]["options"]}
    assert all(plan.status(name) == status for name, status in spoken.items())
    assert not offered or offered <= set(spoken)
    assert all(len(card["summary"]) < 140 for card in shown)
    critical = [card for card in shown if card["indicator"] == "critical"]
    assert bool(critical) is any(one.act == "emergency" for one in plan.urgent)
    sheet = sheet_of(plan)
    assert {one.id for one in sheet.offered} == offered and page(sheet)
    proposed = care_plan(plan, codes, [], "")["entry"][0]["resource"]
    tests = sum(one.due or bool(one.unlocks) for one in plan.tests)
    assert len(proposed.get("activity", [])) == len(offered) + tests


@pytest.fixture(scope="module")
def desk(knowledge: Knowledge) -> Desk:
    return Desk(knowledge, lambda: DAY, lambda: None)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("region", REGIONS)
def test_examples(path: Any, region: str, knowledge: Knowledge, codes: Codes, desk: Desk) -> None:
    plan = make_plan(read(path, codes)[0], knowledge, DAY, region)
    agree(plan, codes, desk)


def _invented(count: int, knowledge: Knowledge, codes: Codes, desk: Desk) -> None:
    chance = random.Random(14)
    for number in range(count):
        profile = person(chance)
        region = REGIONS[number % 4]
        plan = desk.plan(profile, region, DAY.isoformat())
        agree(plan, codes, desk)
        if number % 10 == 0:
            told = answer(TOOLS["plan"], desk, {"record": profile, "region": region, "as_of": DAY.isoformat()})
            assert told == plan_value(plan)


def test_some_invented_people(knowledge: Knowledge, codes: Codes, desk: Desk) -> None:
    _invented(30, knowledge, codes, desk)


@pytest.mark.slow
def test_five_hundred_invented_people(knowledge: Knowledge, codes: Codes, desk: Desk) -> None:
    _invented(500, knowledge, codes, desk)
