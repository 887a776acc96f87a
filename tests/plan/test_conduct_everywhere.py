"""What no drug of a kind may let pass, and what may raise no alarm, asked of every drug: a sweep beside the examination's single situations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cases_reader import load_people, merged, plan_of
from linewise.exchange import Codes
from linewise.knowledge import Knowledge
from linewise.plan import Plan

PEOPLE = load_people(Path(__file__).parents[1] / "cases" / "exam-conduct")
CYTOTOXIC = (
    ("tnbc", "paclitaxel"), ("tnbc", "nab-paclitaxel"), ("tnbc", "docetaxel"), ("tnbc", "doxorubicin"), ("tnbc", "epirubicin"),
    ("tnbc", "pegylated-liposomal-doxorubicin"), ("tnbc", "carboplatin"), ("tnbc", "cisplatin"), ("tnbc", "gemcitabine"),
    ("tnbc", "vinorelbine"), ("tnbc", "eribulin"), ("tnbc", "capecitabine"), ("tnbc", "sacituzumab-govitecan"),
    ("her2", "trastuzumab-deruxtecan"), ("her2", "trastuzumab-emtansine"), ("hr", "datopotamab-deruxtecan"),
)  # fmt: skip
DANGEROUS: dict[str, dict[str, Any]] = {
    "neutrophils of 0.4": {"labs": {"neutrophils_10e9_l": 0.4}},
    "platelets of 15": {"labs": {"platelets_10e9_l": 15}},
    "ALT of 25 times normal": {"labs": {"alt_x_uln": 25}},
    "vomiting of grade 3": {"symptoms": [{"name": "vomiting", "grade": 3, "since_days": 1}]},
    "a mouth too sore to eat": {"symptoms": [{"name": "mouth-sores", "grade": 3, "since_days": 2}]},
}
TAKEN = (
    ("hr", "letrozole"), ("hr", "tamoxifen"), ("hr", "fulvestrant"), ("hr", "palbociclib"), ("hr", "ribociclib"), ("hr", "abemaciclib"),
    ("hr", "alpelisib"), ("hr", "capivasertib"), ("hr", "everolimus"), ("hr", "elacestrant"), ("tnbc", "olaparib"), ("tnbc", "talazoparib"),
    ("her2", "trastuzumab"), ("her2", "trastuzumab-deruxtecan"), ("her2", "trastuzumab-emtansine"), ("her2", "tucatinib"),
    ("tnbc", "sacituzumab-govitecan"), ("tnbc", "capecitabine"), ("tnbc", "paclitaxel"), ("tnbc", "eribulin"), ("tnbc", "carboplatin"),
)  # fmt: skip
EVERYDAY: dict[str, Any] = {
    "labs": {"haemoglobin_g_dl": 10.2, "creatinine_x_uln": 1.2, "calcium_mmol_l": 2.5, "bilirubin_x_uln": 1.1},
    "symptoms": [
        {"name": name, "grade": 1, "since_days": 30}
        for name in ("nausea", "fatigue", "joint-pain", "headache", "nail-changes", "hair-loss", "insomnia", "hot-flushes")
    ],
}


def plan(base: str, drug: str, more: dict[str, Any], knowledge: Knowledge, codes: Codes) -> Plan:
    person = merged(PEOPLE[base], {"metastatic_lines": [{"drugs": [drug], "months": 3}]})
    return plan_of({"id": drug, "profile": merged(person, more), "as_of": "2026-11-30", "region": "EU"}, knowledge, codes)


@pytest.mark.parametrize(("base", "drug"), CYTOTOXIC)
@pytest.mark.parametrize("danger", DANGEROUS)
def test_a_drug_that_harms_the_marrow_never_goes_on_in_danger(
    base: str, drug: str, danger: str, knowledge: Knowledge, codes: Codes
) -> None:
    found = plan(base, drug, DANGEROUS[danger], knowledge, codes)
    assert not any(option.id == "continue-current" for option in found.offered)
    assert any(alert.act in ("emergency", "same-day") for alert in found.urgent)


@pytest.mark.parametrize(("base", "drug"), TAKEN)
def test_everyday_complaints_and_slightly_wrong_values_are_no_alarm(
    base: str, drug: str, knowledge: Knowledge, codes: Codes
) -> None:
    found = plan(base, drug, EVERYDAY, knowledge, codes)
    assert any(option.id == "continue-current" for option in found.offered)
    assert [alert.id for alert in found.urgent if alert.act in ("emergency", "same-day")] == []
