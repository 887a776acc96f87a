"""The twenty invented people of eligibility.yaml, each with what decides trials for them."""

from __future__ import annotations

import datetime as dt

import pytest

from linewise.exchange import Codes
from linewise.exchange.profile import read_profile
from linewise.knowledge import Knowledge
from linewise.trials.match import Matcher
from places import ROOT, read_yaml

DAY = dt.date(2026, 6, 1)


@pytest.fixture(scope="session")
def twenty(knowledge: Knowledge, codes: Codes) -> dict[str, Matcher]:
    people = read_yaml(ROOT / "tests/trials/eligibility.yaml")["people"]
    told = {name: {key: value for key, value in person.items() if value is not None} for name, person in people.items()}
    return {name: Matcher(read_profile(person, name, codes, lenient=True), knowledge, DAY) for name, person in told.items()}
