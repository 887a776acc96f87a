"""Every FDA and EMA indication for metastatic breast cancer that an independent database lists stands in the knowledge, or is listed with the reason."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import pytest

from linewise.knowledge import open_knowledge
from linewise.knowledge.model import Statement, Treatment
from places import SHARED

DATABASE = SHARED / "records" / "moalmanac_db" / "referenced" / "indications.json"
pytestmark = pytest.mark.skipif(not DATABASE.is_file(), reason="the database of indications is not beside this checkout")

BODIES = {"fda": ("FDA", "US"), "ema": ("EMA", "EU")}
_EARLY = re.compile(r"adjuvant|early[- ](stage )?breast|\(EBC\)|high-risk early", re.IGNORECASE)

# Not represented, and why.
LEFT_OUT: dict[str, str] = {}

# Brands of combinations and other names: what they contain.
CONTAINS = {
    "phesgo": "pertuzumab",
    "herceptin": "trastuzumab",
    "taxotere": "docetaxel",
    "tyverb": "lapatinib",
    "verzenios": "abemaciclib",
}


def _indications() -> list[dict[str, Any]]:
    found = []
    for one in json.loads(DATABASE.read_text(encoding="utf-8")):
        agency = one["id"].split(":")[1].split(".")[0]
        text = one["indication"]
        if agency in BODIES and "breast" in text.lower() and not _EARLY.search(text):
            found.append(one)
    return found


@pytest.mark.parametrize("indication", _indications() if DATABASE.is_file() else [], ids=lambda one: one["id"])
def test_the_indication_is_in_the_knowledge(indication: dict[str, Any]) -> None:
    if indication["id"] in LEFT_OUT:
        pytest.skip(LEFT_OUT[indication["id"]])
    knowledge = open_knowledge()
    agency, brand = indication["id"].split(":")[1].split(".")
    body, region = BODIES[agency]
    drug = CONTAINS.get(brand) or knowledge.find_drug(brand)
    assert drug in knowledge.drugs, f"{brand} is no drug of the knowledge"
    stated = [
        (treatment, one)
        for treatment in knowledge.treatments.values()
        for one in treatment.standing
        if _states(treatment, one, drug, body)
    ]
    assert stated, f"no {body} approval of {drug} for any option"
    if indication["initial_approval_date"]:
        day = dt.date.fromisoformat(indication["initial_approval_date"])
        in_force = [treatment.id for treatment, one in stated if one.since.first <= day]
        assert in_force, (
            f"{drug}: {body} approval in {region} since {sorted(one.since.text for _, one in stated)}, the database has {day}"
        )


def _states(treatment: Treatment, one: Statement, drug: str, body: str) -> bool:
    return one.body == body and one.says == "approved" and drug in treatment.drugs
