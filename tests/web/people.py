"""Invented people for the tests of the web app: the fullest first."""

from __future__ import annotations

import datetime as dt
from typing import Any

from linewise.exchange import codes_of
from linewise.exchange.profile import read_profile
from linewise.knowledge import Knowledge
from linewise.plan import Plan, make_plan

DAY = dt.date(2026, 11, 21)
SECOND_LINE: dict[str, Any] = {
    "id": "Example <b>name</b>",
    "region": "EU",
    "sex": "female",
    "age": 61,
    "menopausal_status": "postmenopausal",
    "er": {"status": "positive", "percent": 90},
    "pr": {"status": "positive", "percent": 40},
    "her2": {"ihc": "1+"},
    "receptors_from": "metastasis",
    "variants": {"ESR1": "mutated", "PIK3CA": "wild-type"},
    "metastatic_sites": ["bone", "liver"],
    "visceral_crisis": False,
    "ecog": 1,
    "adjuvant": [{"drugs": ["letrozole"], "months": 60, "months_since_end": 14}],
    "metastatic_lines": [{"drugs": ["ribociclib", "letrozole"], "months": 22, "stopped_for": "progression"}],
    "comorbidities": ["hypertension"],
    "medications": [],
    "symptoms": [],
}
EARLY: dict[str, Any] = {"sex": "female", "age": 50, "metastatic_sites": []}
UNKNOWN: dict[str, Any] = {"sex": "female"}


def plan_of(profile: dict[str, Any], knowledge: Knowledge, day: dt.date = DAY) -> Plan:
    """The plan of an invented person."""
    return make_plan(read_profile(profile, "test", codes_of(knowledge), True), knowledge, day, None)
