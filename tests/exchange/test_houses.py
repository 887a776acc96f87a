"""The people of the example cases, written as record systems of many houses write them, get the plan that their profile gets."""

from __future__ import annotations

import datetime as dt
import json
import random
from pathlib import Path
from typing import Any

import pytest

from cases_reader import failures, load_cases, plan_of
from linewise.exchange import Codes, codes_of, read_bytes
from linewise.knowledge import Knowledge
from linewise.plan import make_plan
from sizes import sizes

from .houses import WAYS, bundle_of

CASES = Path(__file__).parents[1] / "cases"
LEAST = 0.96
"""Of the expectations that the profiles meet. What is lost, no coding of a record can say, or the writer does not."""


@pytest.fixture(scope="module")
def worded(knowledge: Knowledge) -> Codes:
    return codes_of(knowledge)


def _counted(expected: dict[str, Any]) -> int:
    return sum(len(value) if isinstance(value, list) else 1 for value in expected.values())


@pytest.mark.parametrize("count", sizes(60, 2000))
def test_records_of_many_houses_get_the_plan_of_their_profiles(
    count: int, knowledge: Knowledge, worded: Codes, codes: Codes
) -> None:
    cases = [case for case in load_cases(CASES) if "profile" in case and case.get("expect")]
    random.Random(2026).shuffle(cases)
    asked, lost = 0, []
    for number, case in enumerate(cases[:count]):
        if failures(case, plan_of(case, knowledge, codes)):
            continue  # its own test says so
        way = WAYS[number % len(WAYS)]
        day, region = dt.date.fromisoformat(str(case["as_of"])[:10]), case.get("region")
        bundle = bundle_of(json.loads(json.dumps(case["profile"], default=str)), day, way)
        (record,) = read_bytes(json.dumps(bundle).encode(), case["id"], worded)
        found = failures(case, make_plan(record, knowledge, day, None if region in (None, "any") else region))
        asked += _counted(case["expect"])
        lost += [f"{case['id']} ({way}): {one}" for one in found]
    assert not [one for one in lost if "wrongly offered" in one], "\n".join(lost)
    assert len(lost) <= (1 - LEAST) * asked, "\n".join(lost)
