"""What was not understood is never "none", for every reader: which list an entry may belong to, and what the plan then says."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from linewise.exchange import Codes
from linewise.exchange.profile import read_profile
from linewise.knowledge import Knowledge
from linewise.logic import parse
from linewise.plan import Plan, make_plan
from linewise.record import Record

from .build import (
    ICD,
    NEGATIVE,
    POSITIVE,
    SNOMED,
    Json,
    about,
    breast_cancer,
    bundle,
    concept,
    condition,
    medicine,
    observation,
    patient,
    read_one,
)

DAY = dt.date(2024, 6, 1)
IPS = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
ATC = "http://www.whocc.no/atc"
QQQ = concept("urn:local", "Q99", "qqq unreadable", "qqq unreadable")


def illness(text: str, **members: Any) -> Json:
    return about("Condition", code={"text": text}) | members


def touched(record: Record, place: str) -> set[str]:
    return {name for one in record.unread if one.where.startswith(place) for name in one.touches}


def read(*resources: Json, codes: Codes) -> Record:
    return read_one(bundle(*breast_cancer(), *resources), codes)


def her2(*more: Json) -> list[Json]:
    receptors = [
        observation("85337-4", valueCodeableConcept=concept(*NEGATIVE)),
        observation("85339-0", valueCodeableConcept=concept(*NEGATIVE)),
    ]
    return [
        *breast_cancer(),
        *receptors,
        observation("85319-2", valueString="3+"),
        observation("89247-1", valueInteger=1, effectiveDateTime="2024-05-20"),
        *more,
    ]


def plan(resources: list[Json], codes: Codes, knowledge: Knowledge) -> Plan:
    return make_plan(read_one(bundle(*resources), codes), knowledge, DAY, "EU")


@pytest.mark.parametrize(
    ("resource", "names"),
    [
        (illness("Somebody's own word for it"), {"comorbidities", "symptoms"}),
        (illness("Malignant something"), {"comorbidities", "symptoms", "sites", "metastatic"}),
        (about("Condition", code=concept(SNOMED, "99999999")), {"comorbidities", "symptoms", "sites", "metastatic"}),
        (condition("59621000", verificationStatus=concept(VERIFIED, "provisional")), {"comorbidities:hypertension"}),
        (condition("94381002", verificationStatus=concept(VERIFIED, "differential")), {"sites:liver", "metastatic"}),
        (illness("Visceral crisis, perhaps"), {"comorbidities", "symptoms", "visceral-crisis-recorded"}),
        (medicine(name="qqq"), {"treatments", "medications"}),
        (medicine(name="Levocetirizine 5 mg tablet"), {"medications"}),
        (about("MedicationStatement", status="active", medicationCodeableConcept=concept(ATC, "R06AE09")), {"medications"}),
        (about("MedicationStatement", status="active", medicationCodeableConcept=concept(ATC, "L01XX99")), {"treatments", "medications"}),
        (about("AllergyIntolerance", code={"text": "qqq"}), {"reactions"}),
        (about("AllergyIntolerance", code={"text": "Penicillin G"}), set()),
        (about("AllergyIntolerance", code={"text": "qqq"}, category=["food"]), set()),
        (observation("85337-4", valueString="see the letter"), {"er", "er-percent"}),
        (about("Observation", status="final", code={"text": "LVEF by some new machine"}, valueString="poor"), {"lvef"}),
        (about("Observation", status="final", code={"text": "Favourite colour"}, valueString="green"), set()),
        (observation("21908-9", valueString="qqq"), {"metastatic"}),
        (observation("97509-4", valueString="qqq"), {"course"}),
        (about("Procedure", status="completed", code=concept(SNOMED, "367336001", "Chemotherapy"), performedDateTime="2023-05-01"), {"treatments:unnamed"}),
        (condition("59621000", verificationStatus=concept(VERIFIED, "entered-in-error")), set()),
    ],
)  # fmt: skip
def test_what_an_entry_may_be_about(resource: Json, names: set[str], codes: Codes) -> None:
    assert touched(read(resource, codes=codes), f"{resource['resourceType']}/{resource['id']}") == names


def test_a_profile_of_mcode_tells_what_a_result_is_about(codes: Codes) -> None:
    profile = {"profile": ["http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-tumor-marker"]}
    marker = about("Observation", status="final", code=QQQ, valueString="qqq", meta=profile)
    assert {"er", "her2-ihc"} <= touched(read(marker, codes=codes), "Observation")


def test_the_letter_of_a_code_tells_what_an_illness_cannot_be(codes: Codes) -> None:
    eye = touched(read(condition("H52.1", ICD), codes=codes), "Condition")
    assert "comorbidities:keratitis" in eye and "comorbidities:heart-failure" not in eye
    assert "comorbidities" in touched(read(condition("not a code", ICD), codes=codes), "Condition")


def test_an_illness_may_be_meant_by_any_letter_that_one_of_its_codes_begins_with(codes: Codes) -> None:
    for code, number in codes.codes["icd10"].items():
        meaning = codes.meanings[number]
        if meaning.fact in ("comorbidities", "symptoms", "sites") and isinstance(meaning.value, str):
            members = codes.members(meaning.fact, "icd10", code[0] + "99")
            assert members is not None and meaning.value in members, (code, meaning.value)


def test_what_is_over_leaves_open_only_what_counts_although_it_is_over(codes: Codes) -> None:
    record = read(illness("qqq", abatementDateTime="2020-01-01"), codes=codes)
    later = {name for one in record.unread if one.until is None for name in one.touches}
    assert later == {
        "comorbidities:stroke-history",
        "comorbidities:coronary-heart-disease",
        "comorbidities:pulmonary-embolism-history",
    }


@pytest.mark.parametrize("words", ["qqq unreadable", "Insuffisance du coeur"])
def test_an_unread_illness_leaves_no_heart_drug_offered(words: str, codes: Codes, knowledge: Knowledge) -> None:
    known = plan(her2(), codes, knowledge)
    offered = {one.id for one in known.offered if "trastuzumab" in one.drugs}
    assert offered
    found = plan(her2(illness(words)), codes, knowledge)
    assert {found.status(name) for name in offered} == {"depends"}
    assert "no other illness" in known.assumed and "no other illness" not in found.assumed
    option = found.option(min(offered))
    assert words in option.reason and "other illnesses" in option.reason
    assert any(words in note and "other illnesses" in note for note in found.notes)
    assert "(assumed)" not in " ".join(one.reason for one in found.options if "comorbid" in one.reason)


def test_an_illness_that_decides_nothing_here_leaves_nothing_open(codes: Codes, knowledge: Knowledge) -> None:
    known, found = plan(her2(), codes, knowledge), plan(her2(condition("H52.1", ICD), condition("195662009")), codes, knowledge)
    offered = {one.id for one in known.offered if "trastuzumab" in one.drugs}
    assert offered <= {one.id for one in found.offered}


def test_an_unread_cancer_drug_is_never_no_treatment(codes: Codes, knowledge: Knowledge) -> None:
    known, found = plan(her2(), codes, knowledge), plan(her2(medicine(name="qqq", status="completed")), codes, knowledge)
    assert known.subject.line == 1 and found.subject.line is None
    assert not any("no treatment" in text for text in found.assumed)
    first = {one.id for one in known.offered if one.kind == "systemic" and "chemotherapy" in one.classes}
    assert first
    assert {found.status(name) for name in first} <= {"depends", "not-indicated", "unsuitable"}


@pytest.mark.parametrize("status", ["unknown", "recorded", None])
def test_a_medicine_of_unknown_status_may_be_taken_now(status: str | None, codes: Codes, knowledge: Knowledge) -> None:
    taken = {**medicine(name="itraconazole"), "status": status}
    if status is None:
        del taken["status"]
    found = plan([*her2(), taken], codes, knowledge)
    assert [(one.drug, one.unsure) for one in found.chart.history.medications] == [("itraconazole", True)]
    assert not any("no longer taken" in note for note in found.notes)
    named = [c for one in found.options for c in one.cautions if "cyp3a4" in c.id]
    assert named and all(c.applies is None for c in named if c.applies is not True)


@pytest.mark.parametrize("kind", ["MedicationDispense", "MedicationRequest", "MedicationAdministration"])
def test_a_pack_of_some_days_ago_may_still_be_taken(kind: str, codes: Codes, knowledge: Knowledge) -> None:
    day = {
        "MedicationDispense": "whenHandedOver",
        "MedicationRequest": "authoredOn",
        "MedicationAdministration": "effectiveDateTime",
    }[kind]

    def taken(on: str) -> list[str]:
        given = {**medicine(name="itraconazole", kind=kind), "status": "completed", day: on}
        return [one.drug for one in plan([*her2(), given], codes, knowledge).chart.history.medications]

    assert taken("2024-05-28") == ["itraconazole"]
    assert taken("2023-05-28") == []


def test_stated_absence_counts_as_stated(codes: Codes, knowledge: Knowledge) -> None:
    none = [
        about("Condition", code=concept(IPS, "no-known-problems")),
        about("AllergyIntolerance", code=concept(SNOMED, "716186003")),
        about("MedicationStatement", status="active", medicationCodeableConcept={"text": "No current medications"}),
    ]
    found = plan(her2(*none), codes, knowledge)
    assert found.record.declared == {"comorbidities", "reactions", "medications"}
    assert not found.unread and "no other illness" not in found.assumed
    nothing = about("AllergyIntolerance", code=concept(IPS, "no-allergy-info"))
    assert read(nothing, codes=codes).declared == frozenset()


def test_what_is_refuted_is_stated_to_be_absent(codes: Codes, knowledge: Knowledge) -> None:
    refuted = condition("84114007", verificationStatus=concept(VERIFIED, "refuted"))
    found = plan(her2(illness("qqq"), refuted), codes, knowledge)
    assert "heart-failure" not in found.decider.reading("comorbidities").unsure


def test_a_place_that_is_denied_does_not_deny_the_others(codes: Codes, knowledge: Knowledge) -> None:
    """Whoever writes that the liver is free says nothing of the brain."""
    stage = observation("21908-9", valueString="IV")
    liver = condition("94381002", verificationStatus=concept(VERIFIED, "refuted"))
    asked = plan([patient(), condition("254837009"), stage, liver], codes, knowledge).decider
    found = asked.reading("sites")
    assert found.value == frozenset() and not found.complete and "brain" in found.unsure
    assert asked.value(parse("sites include any of (liver)")) is False
    assert asked.value(parse("sites include any of (brain)")) is None


def test_nothing_is_said_of_spread_over_an_entry_that_may_say_it(codes: Codes, knowledge: Knowledge) -> None:
    without = [patient(), condition("254837009")]
    assert "no stage and no metastasis is recorded" in str(plan(without, codes, knowledge).scope)
    for more in (
        illness("Filiae ossär"),
        observation("21908-9", valueString="qqq"),
        about("Condition", code=QQQ, meta={"profile": ["mcode-secondary-cancer-condition"]}),
    ):
        scope = str(plan([*without, more], codes, knowledge).scope)
        assert "Not known whether the cancer has spread" in scope or scope == "None", more


def test_a_newer_result_that_is_not_understood_leaves_the_older_one_no_say(codes: Codes, knowledge: Knowledge) -> None:
    old = observation("85337-4", valueCodeableConcept=concept(*POSITIVE), effectiveDateTime="2020-01-01")
    new = observation("85337-4", valueString="see the letter", effectiveDateTime="2024-01-01")
    dateless = observation("85337-4", valueCodeableConcept=concept(*NEGATIVE), effectiveDateTime="last week")
    assert plan([*breast_cancer(), old], codes, knowledge).decider.fact_value("er") == "positive"
    assert plan([*breast_cancer(), old, new], codes, knowledge).decider.fact_value("er") is None
    assert plan([*breast_cancer(), old, dateless], codes, knowledge).decider.fact_value("er") is None


def test_a_profile_says_which_list_a_word_belongs_to(codes: Codes, knowledge: Knowledge) -> None:
    value = {
        "sex": "female",
        "comorbidities": ["hart failure", "diabetes"],
        "symptoms": [{"name": "fevr"}],
        "labs": {"lvef_percnt": 30, "qtcf_ms": 5000},
        "variants": {"ESR-1": "mutated", "FAVOURITE": "blue"},
        "er": {"status": "positive"},
        "metastatic_sites": ["bone"],
    }
    record = read_profile(value, "p", codes)
    by_place = {one.where: set(one.touches) for one in record.unread}
    assert by_place["comorbidities[0]"] == {"comorbidities"}
    assert "comorbidities:type-2-diabetes" in by_place["comorbidities[1]"] and "comorbidities" not in by_place["comorbidities[1]"]
    assert (by_place["symptoms[0]"], by_place["labs.lvef_percnt"], by_place["labs.qtcf_ms"]) == ({"symptoms"}, {"lvef"}, {"qtcf"})
    assert (by_place["variants.ESR-1"], by_place["variants.FAVOURITE"]) == ({"ESR1"}, set())
    decider = make_plan(record, knowledge, DAY).decider
    assert decider.fact_value("lvef") is None and decider.reading("lvef").open


def test_a_reaction_to_something_else_leaves_nothing_open(codes: Codes) -> None:
    base = {"sex": "female", "metastatic_sites": ["bone"]}
    other = read_profile({**base, "reactions": [{"drug": "penicillin", "effect": "anaphylaxis"}]}, "p", codes)
    assert not other.reactions and not other.unread and "penicillin" in other.notes[0]
    strange = read_profile({**base, "reactions": [{"drug": "qqq", "effect": "anaphylaxis"}]}, "p", codes)
    assert strange.reactions and strange.unread
