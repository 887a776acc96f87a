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


DYING: dict[str, Any] = {"ecog": 4, "preferences": {"declines": ["all-anticancer-treatment"]}}
VALUES: dict[str, dict[str, Any]] = {
    "calcium of 3.4": {"calcium_mmol_l": 3.4}, "calcium of 1.6": {"calcium_mmol_l": 1.6}, "potassium of 6.8": {"potassium_mmol_l": 6.8},
    "sodium of 114": {"sodium_mmol_l": 114}, "glucose of 38": {"glucose_mg_dl": 38}, "oxygen of 80": {"oxygen_saturation_percent": 80},
}  # fmt: skip


def acts(found: Plan) -> set[str]:
    return {alert.act for alert in found.urgent if alert.id != "thoughts-of-ending-life"}


def signs(knowledge: Knowledge) -> dict[str, dict[str, Any]]:
    """Every symptom alone at two grades, the values above, and what comes together: what may be an emergency."""
    found: dict[str, dict[str, Any]] = {
        f"{name}, grade {grade}": {"symptoms": [{"name": name, "grade": grade}]}
        for name in map(str, knowledge.facts["symptoms"].values)
        for grade in (2, 4)
    }
    found |= {name: {"labs": labs} for name, labs in VALUES.items()}
    found["a fever with few white cells"] = {
        "symptoms": [{"name": "fever", "celsius": 39}], "labs": {"neutrophils_10e9_l": 0.3}
    }  # fmt: skip
    found["a cord that is pressed"] = {"bone": {"cord_compression": "confirmed"}}
    found["vomiting and a swollen belly"] = {"symptoms": [{"name": "vomiting"}, {"name": "swollen-belly"}]}
    found["hives and wheeze"] = {"symptoms": [{"name": "hives"}, {"name": "wheeze"}]}
    return found


def test_a_dying_person_who_declines_treatment_is_never_sent_to_hospital_and_always_told_whom_to_call(
    knowledge: Knowledge, codes: Codes
) -> None:
    seen = 0
    for name, sign in signs(knowledge).items():
        person = merged(
            PEOPLE["hr"], {"metastatic_lines": [{"drugs": ["capecitabine"], "months": 3, "stopped_for": "choice"}]} | sign
        )
        well, dying = (
            plan_of({"id": name, "profile": merged(person, more), "as_of": "2026-11-30", "region": "EU"}, knowledge, codes)
            for more in ({}, DYING)
        )
        if "emergency" in acts(well):
            seen += 1
            assert acts(dying) and "emergency" not in acts(dying), (name, [alert.id for alert in dying.urgent])
    assert seen > 40


@pytest.mark.parametrize(
    ("base", "drug", "labs"),
    [
        ("her2", "trastuzumab-emtansine", {"alt_x_uln": 22}),
        ("her2", "trastuzumab-emtansine", {"alt_x_uln": 3.5, "bilirubin_x_uln": 2.5}),
        ("her2", "tucatinib", {"alt_x_uln": 4, "bilirubin_x_uln": 2.5}),
        ("hr", "ribociclib", {"alt_x_uln": 3.5, "bilirubin_x_uln": 2.2}),
    ],
)
def test_where_a_drug_ends_for_good_that_is_told_before_any_pause(
    base: str, drug: str, labs: dict[str, float], knowledge: Knowledge, codes: Codes
) -> None:
    found = plan(base, drug, {"labs": labs}, knowledge, codes)
    [going] = [one for one in found.going_on if one.drug == drug]
    assert going.action == "stop" and "stop" in going.rules[0].do
    assert going.rules[0].plain in found.option("continue-current").reason


def test_a_better_choice_is_one_for_this_person(knowledge: Knowledge, codes: Codes) -> None:
    lines = [{"drugs": [name], "months": 5, "stopped_for": "progression"} for name in ("paclitaxel", "capecitabine")]
    person = merged(PEOPLE["tnbc"], {"medications": ["atazanavir"], "metastatic_lines": lines})
    found = plan_of({"id": "x", "profile": person, "as_of": "2026-11-30", "region": "EU"}, knowledge, codes)
    reason = found.option("sacituzumab-govitecan").reason
    assert reason.startswith("Fits, with a better choice") and "trastuzumab" not in reason
