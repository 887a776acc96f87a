"""Medicines: at every level of coding, given or only meant, beside the cancer's treatment, and the harm they did."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from linewise.exchange import Codes
from linewise.exchange.out import bundle_of
from linewise.knowledge import open_knowledge
from linewise.record.model import Record
from linewise.record.parameters import STANDARD

from .build import RXNORM, SNOMED, Json, about, breast_cancer, bundle, concept, medicine, read_one


def given(record: Record) -> list[tuple[str, dt.date | None, dt.date | None, bool | None]]:
    return [(item.drug, item.start, item.end, item.ongoing) for item in record.administrations]


@pytest.mark.parametrize(
    ("code", "name", "drugs"),
    [
        ("1156671", "", ["fulvestrant"]),  # dose-form group
        ("1601377", "", ["palbociclib"]),  # as the trial-matching records have it
        ("199224", "", ["anastrozole"]),  # clinical drug
        ("1946828", "", ["abemaciclib"]),
        ("", "Ibrance 125 MG Oral Capsule", ["palbociclib"]),
        ("", "10 ML doxorubicin hydrochloride 2 MG/ML Injection", ["doxorubicin"]),
        ("", "trastuzumab-anns 150 MG Injection [Kanjinti]", ["trastuzumab"]),
        ("", "fam-trastuzumab deruxtecan-nxki 100 MG Injection", ["trastuzumab-deruxtecan"]),
        ("", "Trastuzumab Injection [KADCYLA]", ["trastuzumab-emtansine"]),
        ("", "PACLitaxel protein-bound", ["nab-paclitaxel"]),
        ("2382603", "", ["pertuzumab", "trastuzumab"]),
        ("", "Hyaluronidase / pertuzumab / trastuzumab Injection", ["pertuzumab", "trastuzumab"]),
        ("", "trastuzumab duocarmazine", []),  # a conjugate that is not known is not its antibody
        ("1156671", "tamoxifen 20 MG Oral Tablet", []),  # code and name contradict each other
        ("424242424", "", []),
    ],
)
def test_drugs_at_every_level_of_coding(code: str, name: str, drugs: list[str], codes: Codes) -> None:
    record = read_one(bundle(*breast_cancer(), medicine(code, name=name)), codes)
    assert [item.drug for item in record.administrations] == drugs
    assert bool([item for item in record.unread if item.where.startswith("MedicationStatement")]) != bool(drugs)


FULVESTRANT = concept(RXNORM, "1156671")


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (medicine("1156671", effectiveDateTime="2023-01-05T08:00:00+01:00"), [("fulvestrant", dt.date(2023, 1, 5), None, True)]),
        (medicine("1156671", effectivePeriod={"start": "2023-01", "end": "2023-09-30"}), [("fulvestrant", dt.date(2023, 1, 1), dt.date(2023, 9, 30), False)]),
        (medicine("1156671", status="completed", effectiveDateTime="2023-01-05"), [("fulvestrant", dt.date(2023, 1, 5), None, False)]),
        (medicine("1156671", kind="MedicationRequest", intent="order", authoredOn="2023-01-05"), [("fulvestrant", dt.date(2023, 1, 5), None, True)]),
        (medicine("1156671", kind="MedicationRequest", effectiveDateTime="2019-04-01"), [("fulvestrant", dt.date(2019, 4, 1), None, True)]),  # STU1
        (medicine("1156671", kind="MedicationAdministration", status="in-progress", effectivePeriod={"start": "2023-01-05"}), [("fulvestrant", dt.date(2023, 1, 5), None, True)]),
        (medicine("1156671", kind="MedicationDispense", status="completed", whenHandedOver="2023-01-05"), [("fulvestrant", dt.date(2023, 1, 5), None, None)]),
        (medicine("1156671", kind="MedicationAdministration", status="completed", effectiveDateTime="2023-01-05"), [("fulvestrant", dt.date(2023, 1, 5), None, None)]),
        (medicine("1156671", kind="MedicationAdministration", status="completed", effectivePeriod={"start": "2023-01-05T09:00:00Z", "end": "2023-01-05T11:00:00Z"}), [("fulvestrant", dt.date(2023, 1, 5), dt.date(2023, 1, 5), None)]),
        (medicine("1156671", kind="MedicationRequest", status="completed", authoredOn="2023-01-05"), [("fulvestrant", dt.date(2023, 1, 5), None, None)]),
        (medicine("1156671", kind="MedicationRequest", status="stopped", authoredOn="2023-01-05"), [("fulvestrant", dt.date(2023, 1, 5), None, False)]),
        (medicine("1156671", status="not-taken"), []),
        (medicine("1156671", status="entered-in-error"), []),
        (medicine("1156671", kind="MedicationRequest", doNotPerform=True), []),
        (medicine("1156671", kind="MedicationAdministration", status="not-done"), []),
        (about("MedicationStatement", status="completed", medicationReference={"reference": "#m"}, contained=[{"resourceType": "Medication", "id": "m", "code": FULVESTRANT}]), [("fulvestrant", None, None, False)]),
        (about("MedicationStatement", status="completed", medicationReference={"display": "Faslodex"}), [("fulvestrant", None, None, False)]),
    ],
)  # fmt: skip
def test_when_a_drug_was_given(resource: Json, expected: list[Any], codes: Codes) -> None:
    assert given(read_one(bundle(*breast_cancer(), resource), codes)) == expected


@pytest.mark.parametrize(
    ("resource", "end", "supply"),
    [
        ({"kind": "MedicationDispense", "daysSupply": {"value": 28}}, dt.date(2023, 2, 1), "dispensed"),
        ({"kind": "MedicationDispense", "daysSupply": {"value": 4, "unit": "weeks", "code": "wk"}}, dt.date(2023, 2, 1), "dispensed"),
        ({"kind": "MedicationRequest", "dispenseRequest": {"expectedSupplyDuration": {"value": 28, "unit": "d"}}}, dt.date(2023, 2, 1), "requested"),
        ({"kind": "MedicationDispense", "daysSupply": {"value": 28, "unit": "tablets"}}, None, None),
        ({"kind": "MedicationDispense", "daysSupply": {"value": -3}}, None, None),
        ({"kind": "MedicationDispense", "daysSupply": {"value": 28000}}, None, None),
        ({"kind": "MedicationDispense", "daysSupply": "28"}, None, None),
    ],
)  # fmt: skip
def test_a_supply_lasts_as_long_as_it_says(resource: Json, end: dt.date | None, supply: str | None, codes: Codes) -> None:
    day = {"authoredOn": "2023-01-05"} if resource["kind"] == "MedicationRequest" else {"whenHandedOver": "2023-01-05"}
    record = read_one(bundle(*breast_cancer(), medicine("1156671", status="completed", **resource, **day)), codes)
    (only,) = record.administrations
    assert (only.start, only.end, only.ongoing, only.supply) == (dt.date(2023, 1, 5), end, None, supply)
    assert any("supply" in item.why for item in record.unread) == (
        supply is None and isinstance(resource.get("daysSupply"), dict)
    )


def test_what_an_active_request_says_comes_before_its_supply(codes: Codes) -> None:
    asked = medicine(
        "1156671",
        kind="MedicationRequest",
        authoredOn="2023-01-05",
        dispenseRequest={"expectedSupplyDuration": {"value": 28, "code": "d"}},
    )
    assert given(read_one(bundle(*breast_cancer(), asked), codes)) == [("fulvestrant", dt.date(2023, 1, 5), None, True)]


def test_a_pack_that_waits_to_be_fetched_is_not_given(codes: Codes) -> None:
    waiting = medicine(
        "1156671", kind="MedicationDispense", status="in-progress", whenPrepared="2023-01-05", daysSupply={"value": 28}
    )
    (only,) = read_one(bundle(*breast_cancer(), waiting), codes).administrations
    assert only.planned
    assert not only.ongoing


def test_other_medicines_are_taken_while_their_supply_lasts(codes: Codes) -> None:
    pack = medicine(
        name="Warfarin Sodium 5 MG Oral Tablet", kind="MedicationDispense", status="completed", whenHandedOver="2023-01-01",
        daysSupply={"value": 30},
    )  # fmt: skip
    record = read_one(bundle(*breast_cancer(), pack), codes)
    last = dt.date(2023, 1, 30) + dt.timedelta(days=STANDARD.grace)
    assert [(item.drug, item.start, item.end) for item in record.medications] == [("warfarin", dt.date(2023, 1, 1), last)]


def test_a_supply_written_out_is_read_back(codes: Codes) -> None:
    pack = medicine(
        "1156671", kind="MedicationDispense", status="completed", whenHandedOver="2023-01-05", daysSupply={"value": 28}
    )
    record = read_one(bundle(*breast_cancer(), pack), codes)
    back = read_one(bundle_of(record, open_knowledge(), codes), codes)
    assert [(item.drug, item.start, item.end, item.ongoing, item.supply) for item in back.administrations] == [
        ("fulvestrant", dt.date(2023, 1, 5), dt.date(2023, 2, 1), None, "dispensed")
    ]


def test_a_medicine_may_stand_in_a_resource_of_its_own(codes: Codes) -> None:
    shared = {"resourceType": "Medication", "id": "m1", "ingredient": [{"itemCodeableConcept": FULVESTRANT}]}
    statement = about("MedicationStatement", status="completed", medicationReference={"reference": "Medication/m1"})
    assert given(read_one(bundle(*breast_cancer(), shared, statement), codes)) == [("fulvestrant", None, None, False)]


def test_intended_drugs_are_planned_and_reasons_are_kept(codes: Codes) -> None:
    planned = medicine("1156671", kind="MedicationRequest", intent="proposal")
    toxic = medicine("199224", status="stopped", statusReason=[concept(SNOMED, "407563006")])
    intent = [
        {
            "url": "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-procedure-intent",
            "valueCodeableConcept": concept(SNOMED, "373808002"),
        }
    ]
    cure = medicine("198240", status="completed", extension=intent)
    record = read_one(bundle(*breast_cancer(), planned, toxic, cure), codes)
    said = {item.drug: (item.planned, item.ongoing, item.stopped_for, item.setting) for item in record.administrations}
    assert said == {
        "fulvestrant": (True, False, None, None),
        "anastrozole": (False, False, "toxicity", None),
        "tamoxifen": (False, False, None, "adjuvant"),
    }


def test_medicines_besides_the_cancer_treatment(codes: Codes) -> None:
    now = medicine(name="Warfarin Sodium 5 MG Oral Tablet", effectiveDateTime="2020-01-01")
    past = medicine(name="Simvastatin 10 MG Oral Tablet", status="completed")
    record = read_one(bundle(*breast_cancer(), now, past), codes)
    assert [(item.drug, item.start) for item in record.medications] == [("warfarin", dt.date(2020, 1, 1))]
    assert record.administrations == []
    assert any("Simvastatin" in note for note in record.notes)


def test_allergies_and_adverse_events(codes: Codes) -> None:
    allergy = {
        **about(
            "AllergyIntolerance",
            code=concept(RXNORM, "56946", "PACLitaxel"),
            reaction=[{"manifestation": [concept(SNOMED, "39579001")]}],
        ),
        "patient": {"reference": "Patient/p"},
    }
    nuts = {
        **about("AllergyIntolerance", code=concept(SNOMED, "91935009", "Peanuts"), category=["food"]),
        "patient": {"reference": "Patient/p"},
    }
    other = {**about("AllergyIntolerance", code=concept(text="a red tablet")), "patient": {"reference": "Patient/p"}}
    event = about(
        "AdverseEvent",
        actuality="actual",
        event=concept(text="Diarrhoea"),
        suspectEntity=[{"instance": {"reference": "Medication/m"}}],
    )
    cause = {"resourceType": "Medication", "id": "m", "code": FULVESTRANT}
    record = read_one(bundle(*breast_cancer(), allergy, nuts, other, event, cause), codes)
    assert [(item.drug, item.effect) for item in record.reactions] == [
        ("fulvestrant", "diarrhoea"),
        ("paclitaxel", "anaphylaxis"),
    ]
    assert [item.what for item in record.unread] == ["a red tablet"]


@pytest.mark.parametrize("status", ["intended", "draft"])
def test_a_medicine_that_is_only_planned_is_not_taken(status: str, codes: Codes) -> None:
    assert [one.drug for one in read_one(bundle(*breast_cancer(), medicine(name="omeprazole")), codes).medications] == [
        "omeprazole"
    ]
    for when in ({}, {"effectivePeriod": {"start": "2023-01-01", "end": "2030-01-01"}}):
        planned = medicine(name="omeprazole", status=status, **when)
        assert not read_one(bundle(*breast_cancer(), planned), codes).medications
