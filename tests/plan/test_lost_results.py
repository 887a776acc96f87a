"""A result that is lost whole was never said: what it forbade may be offered then, and never without a word about it."""

from __future__ import annotations

import copy
import datetime as dt
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cases_reader import load_cases
from linewise.exchange import Codes, read_bytes
from linewise.knowledge import Knowledge
from linewise.plan import Plan, make_plan
from linewise.plan.model import OFFERED
from sizes import sizes

CASES = Path(__file__).parents[1] / "cases"
SINGLE = ("ecog", "visceral_crisis", "menopausal_status", "age")
GROUPS = ("labs", "variants", "her2", "er", "pr", "pdl1")
Json = dict[str, Any]


def results(profile: Json) -> Iterator[tuple[str, ...]]:
    """The places of single results in a profile."""
    yield from ((name,) for name in SINGLE if name in profile)
    yield from ((name, inner) for name in GROUPS if isinstance(profile.get(name), dict) for inner in profile[name])


def without(profile: Json, place: tuple[str, ...]) -> Json:
    found = copy.deepcopy(profile)
    holder = found
    for name in place[:-1]:
        holder = holder[name]
    del holder[place[-1]]
    return found


def told(plan: Plan, lost: set[str]) -> bool:
    """Whether the plan asks for one of the lost facts: as a test, or in a note of its own."""
    facts = plan.knowledge.facts
    tests = {one.id for one in plan.tests}
    notes = "\n".join(plan.notes)
    return any(facts[name].test in tests or f"Not in the record: {facts[name].label}." in notes for name in lost)


def waited_for_an_alarm(whole: Plan, less: Plan, option: str) -> bool:
    """The explained exception: the lost value alone raised an alarm that going on waited for. Who was never measured has no such alarm."""
    still = {one.id for one in less.urgent}
    return option == "continue-current" and any(one.id not in still for one in whole.urgent)


@pytest.mark.parametrize("people", sizes(20, 1500))
def test_no_offer_is_gained_in_silence(people: int, knowledge: Knowledge, codes: Codes) -> None:
    """A contraindication or a limit of strength that nobody knows is a check before the start: the lost result is asked for where it counts."""
    cases = [case for case in load_cases(CASES) if "profile" in case]
    random.Random(11).shuffle(cases)
    silent, gained = [], 0
    for case in cases[:people]:
        profile = json.loads(json.dumps(case["profile"], default=str))
        day = dt.date.fromisoformat(str(case["as_of"])[:10])
        whole = _plan(profile, day, knowledge, codes)
        for place in results(profile):
            less = _plan(without(profile, place), day, knowledge, codes)
            more = [name for name in less.judged if less.status(name) in OFFERED and whole.status(name) not in OFFERED]
            gained += len(more)
            lost = {
                name
                for name in knowledge.facts
                if whole.decider.fact_value(name) is not None and less.decider.fact_value(name) is None
            }
            silent += [
                f"{case['id']} without {'.'.join(place)}: {name}"
                for name in more
                if not told(less, lost) and not waited_for_an_alarm(whole, less, name)
            ]
    assert gained, "nothing was gained at all: the test shows nothing"
    assert not silent, "\n".join(silent)


def _plan(profile: Json, day: dt.date, knowledge: Knowledge, codes: Codes) -> Plan:
    (record,) = read_bytes(json.dumps(profile).encode(), "a person", codes)
    return make_plan(record, knowledge, day, None)
