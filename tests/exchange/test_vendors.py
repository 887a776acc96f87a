"""The people of the example cases in the shapes of further vendors and in every envelope get the plan that their profile gets."""

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

from .vendors import ENVELOPES, VENDORS, resources_of

CASES = Path(__file__).parents[1] / "cases"
LEAST = 0.97
"""Of the expectations that the profiles meet."""


def _counted(expected: dict[str, Any]) -> int:
    return sum(len(value) if isinstance(value, list) else 1 for value in expected.values())


@pytest.mark.parametrize("count", sizes(30, 1000))
def test_records_of_further_vendors_get_the_plan_of_their_profiles(count: int, knowledge: Knowledge, codes: Codes) -> None:
    worded = codes_of(knowledge)
    cases = [case for case in load_cases(CASES) if "profile" in case and case.get("expect")]
    random.Random(771).shuffle(cases)
    vendors, envelopes, asked, lost = list(VENDORS), list(ENVELOPES), 0, []
    for number, case in enumerate(cases[:count]):
        if failures(case, plan_of(case, knowledge, codes)):
            continue  # its own test says so
        vendor, envelope = vendors[number % len(vendors)], envelopes[number % len(envelopes)]
        day, region = dt.date.fromisoformat(str(case["as_of"])[:10]), case.get("region")
        written = ENVELOPES[envelope](resources_of(json.loads(json.dumps(case["profile"], default=str)), day, vendor))
        (record,) = read_bytes(written, case["id"], worded)
        found = failures(case, make_plan(record, knowledge, day, None if region in (None, "any") else region))
        asked += _counted(case["expect"])
        lost += [f"{case['id']} ({vendor}, {envelope}): {one}" for one in found]
    assert not [one for one in lost if "wrongly offered" in one], "\n".join(lost)
    assert len(lost) <= (1 - LEAST) * asked, "\n".join(lost)
