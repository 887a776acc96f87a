"""Example cases: what a published source expects of a plan, the project's own and, where present, those of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cases_reader import failures, load_cases, plan_of
from linewise.exchange import Codes
from linewise.knowledge import Knowledge
from places import SHARED

OWN = Path(__file__).parent / "cases"
OTHERS = SHARED / "cases"


@pytest.mark.parametrize("case", load_cases(OWN), ids=lambda case: str(case["id"]))
def test_own_case(case: dict[str, Any], knowledge: Knowledge, codes: Codes) -> None:
    assert failures(case, plan_of(case, knowledge, codes)) == []


@pytest.mark.skipif(not OTHERS.is_dir(), reason="the example cases of others are not beside this checkout")
@pytest.mark.parametrize("case", load_cases(OTHERS) if OTHERS.is_dir() else [], ids=lambda case: str(case["id"]))
def test_case_of_others(case: dict[str, Any], knowledge: Knowledge, codes: Codes) -> None:
    assert failures(case, plan_of(case, knowledge, codes)) == []
