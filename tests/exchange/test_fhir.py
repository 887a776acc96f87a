"""FHIR records: envelopes, people, illnesses, medicines, and whether it is metastatic breast cancer at all."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import msgspec
import pytest

from linewise.errors import RecordError
from linewise.exchange import Codes, read_bytes
from linewise.record.model import Record

from .build import (
    ICD,
    LOINC,
    NEGATIVE,
    POSITIVE,
    RXNORM,
    SNOMED,
    Json,
    about,
    breast_cancer,
    bundle,
    concept,
    condition,
    entries,
    medicine,
    observation,
    patient,
    read_one,
    values,
)  # fmt: skip

CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
ER = "85337-4"


def er(**members: Any) -> Json:
    return observation(ER, valueCodeableConcept=concept(*POSITIVE), **members)


def full() -> list[Json]:
    specimen = about("Specimen", id="s1", collection={"bodySite": concept(SNOMED, "10200004", "Liver")})
    return [
        *breast_cancer(), specimen,
        er(effectiveDateTime="2019-03-01"),
        observation(ER, valueCodeableConcept=concept(*NEGATIVE), effectiveDateTime="2024-02-02", specimen={"reference": "Specimen/s1"}),
        condition("59621000", recordedDate="2015"),
        medicine("1156671", effectiveDateTime="2023-01-05"),
        medicine(name="Warfarin Sodium 5 MG Oral Tablet", kind="MedicationRequest", authoredOn="2022-01-01"),
        about("Procedure", status="completed", code=concept(SNOMED, "392021009"), performedDateTime="2019-04-01"),
        about("Encounter"), about("Claim"), about("Claim"),
    ]  # fmt: skip


# Envelopes


@pytest.mark.parametrize("kind", ["collection", "transaction", "searchset", "batch", "document"])
def test_bundles_of_every_kind(kind: str, codes: Codes) -> None:
    record = read_one(bundle(*breast_cancer(), er(), kind=kind), codes)
    assert values(record, "er") == ["positive"]
    assert record.format == f"FHIR R4 {kind} bundle"


def test_arrays_lines_and_single_resources(codes: Codes) -> None:
    resources = [*breast_cancer(), er()]
    expected = read_one(resources, codes)
    assert expected.format == "FHIR R4"
    lines = b"\n".join(map(msgspec.json.encode, resources))
    assert read_bytes(lines, "x.ndjson", codes) == [expected]
    assert read_one([bundle(*resources[:2]), bundle(*resources[2:])], codes) == expected
    assert read_one([{"resource": resource} for resource in resources], codes) == expected
    assert read_one(er(), codes).id == "p"


def test_lines_of_bundles_are_one_record_each(codes: Codes) -> None:
    second = [patient(id="q"), {**er(), "subject": {"reference": "Patient/q"}}]
    lines = msgspec.json.encode(bundle(*breast_cancer())) + b"\n" + msgspec.json.encode(bundle(*second))
    assert [record.id for record in read_bytes(lines, "x", codes, lines=True)] == ["p", "q"]
    assert [record.id for record in read_bytes(lines, "x", codes)] == ["p", "q"]


@pytest.mark.parametrize("seed", range(5))
def test_order_and_copies_change_nothing(seed: int, codes: Codes) -> None:
    resources = full()
    expected = read_one(bundle(*resources), codes)
    mixed = resources + resources[1:4]
    random.Random(seed).shuffle(mixed)
    assert read_one(bundle(*mixed), codes) == expected


def test_of_several_versions_the_latest_counts(codes: Codes) -> None:
    old = er(id="e1", meta={"versionId": "9", "lastUpdated": "2024-01-01T00:00:00Z"})
    new = old | {"valueCodeableConcept": concept(*NEGATIVE), "meta": {"versionId": "10", "lastUpdated": "2024-02-01T00:00:00Z"}}
    for order in ([old, new], [new, old]):
        assert values(read_one(bundle(*breast_cancer(), *order, kind="history"), codes), "er") == ["negative"]
    deleted = {"request": {"method": "DELETE", "url": "Observation/e1"}, "resource": old}
    changed = bundle(*breast_cancer(), kind="transaction")
    changed["entry"].append(deleted)
    assert values(read_one(changed, codes), "er") == []


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "Patient/p"},
        {"reference": "urn:uuid:p"},
        {"reference": "https://hospital.example/fhir/Patient/p"},
        {"reference": "https://hospital.example/fhir/Patient/p/_history/3"},
        {"reference": "urn:uuid:full"},
        {"type": "Patient", "identifier": {"system": "http://mrn", "value": "77"}},
    ],
)
def test_references_are_followed_by_id_address_and_identifier(reference: Json, codes: Codes) -> None:
    person = {"fullUrl": "urn:uuid:full", "resource": patient(identifier=[{"system": "http://mrn", "value": "77"}])}
    value = {"resourceType": "Bundle", "type": "collection", "entry": [person, {"resource": {**er(), "subject": reference}}]}
    assert values(read_one(value, codes), "er") == ["positive"]


def test_several_people_and_results_of_nobody(codes: Codes) -> None:
    theirs = {**er(), "subject": {"reference": "Patient/q"}}
    nobodys = {**er(id="lost"), "subject": {"reference": "Patient/unknown"}}
    unsaid = {key: value for key, value in er(id="unsaid").items() if key != "subject"}
    first, second = read_bytes(
        msgspec.json.encode(bundle(*breast_cancer(), patient(id="q", gender="male"), theirs, nobodys, unsaid)), "x", codes
    )
    assert (first.id, values(first, "er"), values(first, "sites")) == ("p", [], ["bone"])
    assert (second.id, values(second, "er"), values(second, "sex")) == ("q", ["positive"], ["male"])
    for record in (first, second):
        strays = {item.where: item.why for item in record.unread}
        assert strays["Observation/lost"] == "it is about a person who is not in the file"
        assert strays["Observation/unsaid"] == "it is not said whose it is"
    (alone,) = read_bytes(msgspec.json.encode(bundle(patient(), unsaid)), "x", codes)
    assert values(alone, "er") == ["positive"]  # one person: there is no doubt


def test_an_export_without_patients_keeps_people_apart(codes: Codes) -> None:
    two = [er(), {**er(), "subject": {"reference": "Patient/q"}}]
    assert [record.id for record in read_bytes(msgspec.json.encode(two), "x", codes)] == ["p", "q"]


@pytest.mark.parametrize(
    "resource",
    [about("MedicationOrder", status="active"), condition("254837009", clinicalStatus="active")],
)
def test_older_fhir_is_named(resource: Json, codes: Codes) -> None:
    with pytest.raises(RecordError, match="older FHIR, DSTU2 or STU3"):
        read_one(bundle(patient(), resource), codes)


# The person


def test_sex_and_birth(codes: Codes) -> None:
    birthsex = [{"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex", "valueCode": "M"}]
    assert read_one(patient(), codes).birth == dt.date(1960, 5, 1)
    assert values(read_one(patient(gender="male", birthDate="1950"), codes), "sex") == ["male"]
    assert values(read_one(patient(gender="other", extension=birthsex), codes), "sex") == ["male"]
    unsure = read_one(patient(extension=birthsex), codes)
    assert values(unsure, "sex") == [] and any("differ" in item.what for item in unsure.unread)
    assert read_one(patient(gender="unknown", birthDate="long ago"), codes).birth is None


def test_a_child_another_cancer_and_early_disease_are_out_of_scope(codes: Codes) -> None:
    child = [patient(birthDate="2015-01-01"), condition("254837009", onsetDateTime="2024-01-01")]
    assert "a child" in (read_one(child, codes).scope or "")
    lung = read_one([patient(), condition("254637007"), er()], codes).scope or ""
    assert "another cancer" in lung
    assert "names no breast cancer" in (read_one([patient(), condition("59621000")], codes).scope or "")
    assert "in situ" in (read_one([patient(), condition("D05.11", ICD)], codes).scope or "")
    silent = read_one([patient(), condition("254837009"), er()], codes)
    assert "no stage and no metastasis is recorded" in (silent.scope or "")
    assert values(silent, "metastatic") == []  # silence is not a no


def test_death_is_noted(codes: Codes) -> None:
    record = read_one(bundle(*breast_cancer()[1:], patient(deceasedDateTime="2020-03-04T10:00:00Z")), codes)
    assert "The record says that this person has died, on 2020-03-04." in record.notes


# The cancer


@pytest.mark.parametrize(
    ("resource", "site"),
    [
        (condition("94222008"), "bone"),
        (condition("94381002"), "liver"),
        (condition("94391008"), "lung"),
        (condition("94225005"), "brain"),
        (condition("94493005"), "pleura"),
        (condition("C79.51", ICD), "bone"),
        (condition("C78.02", ICD), "lung"),
        (condition("C78.7", "http://hl7.org/fhir/sid/icd-10-gm"), "liver"),
        (condition("C79.32", ICD), "leptomeninges"),
        (condition("C77.5", ICD), "lymph-node"),
        (condition("128462008", bodySite=[concept(SNOMED, "10200004")]), "liver"),
        (observation("44667-4", valueCodeableConcept=concept(SNOMED, "10200004", "Liver")), "liver"),
        (observation("1098951000119108", SNOMED), "liver"),
    ],
)
def test_places_of_spread(resource: Json, site: str, codes: Codes) -> None:
    record = read_one(bundle(patient(), condition("C50.911", ICD), resource), codes)
    assert values(record, "sites") == [site]
    assert values(record, "metastatic") == [True]
    assert record.scope is None
    assert [event.what for event in record.events] == ["diagnosis", "metastatic"]


def test_nearby_nodes_alone_are_not_metastatic_disease(codes: Codes) -> None:
    nodes = condition("94181007")
    alone = read_one(bundle(patient(), condition("254837009"), nodes), codes)
    assert values(alone, "metastatic") == values(alone, "sites") == []
    assert "nearby lymph nodes only" in (alone.scope or "")
    both = read_one(bundle(*breast_cancer(), nodes), codes)
    assert values(both, "sites") == ["bone", "lymph-node"]


def test_spread_of_another_tumour_is_not_taken_for_breast_cancer(codes: Codes) -> None:
    lung = condition("254637007", id="lung")
    link = [
        {
            "url": "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-related-primary-cancer-condition",
            "valueReference": {"reference": "Condition/lung"},
        }
    ]
    record = read_one(bundle(patient(), condition("254837009"), lung, condition("94225005", extension=link)), codes)
    assert values(record, "sites") == values(record, "metastatic") == []
    assert values(record, "comorbidities") == ["second-cancer"]
    assert any("another tumour" in item.why for item in record.unread)


@pytest.mark.parametrize(
    ("code", "system", "value", "metastatic"),
    [
        ("21908-9", LOINC, concept("http://cancerstaging.org", "4", "IV"), [True]),
        ("21908-9", LOINC, concept("http://cancerstaging.org", "c3A"), [False]),
        ("21908-9", LOINC, concept(SNOMED, "258228008"), [True]),
        ("399537006", SNOMED, concept(SNOMED, "1222769001"), [False]),
        ("399588009", SNOMED, concept(SNOMED, "1222837003"), [True]),
        ("21908-9", LOINC, concept(SNOMED, "9", "American Joint Committee on Cancer stage IIIB (qualifier value)"), [False]),
        ("21908-9", LOINC, concept(text="Stage IV"), [True]),
        ("21907-1", LOINC, concept(SNOMED, "30893008"), [False]),
        ("399387003", SNOMED, concept(SNOMED, "1229903009"), [True]),
        ("21907-1", LOINC, concept(text="cM0"), [False]),
        ("21907-1", LOINC, concept(text="MX"), []),
        ("21908-9", LOINC, concept(text="advanced"), []),
        ("1287652008", SNOMED, concept(*NEGATIVE), [False]),
    ],
)
def test_stages_and_categories(code: str, system: str, value: Json, metastatic: list[bool], codes: Codes) -> None:
    stage = observation(code, system, valueCodeableConcept=value)
    record = read_one(bundle(patient(), condition("254837009"), stage), codes)
    assert values(record, "metastatic") == metastatic
    assert (record.scope is None) == (metastatic == [True])


def test_contradicting_stages_are_noted(codes: Codes) -> None:
    first = condition(
        "254837009",
        stage=[{"summary": concept(SNOMED, "1222806003", "American Joint Committee on Cancer stage IIIC (qualifier value)")}],
    )
    second = observation(
        "399537006",
        SNOMED,
        valueCodeableConcept=concept(SNOMED, "1222769001", "American Joint Committee on Cancer stage IIB (qualifier value)"),
    )
    record = read_one(bundle(patient(), first, second), codes)
    assert any("different stages" in note and "IIIC" in note and "IIB" in note for note in record.notes)
    m0 = observation("21907-1", valueCodeableConcept=concept(SNOMED, "30893008"))
    against = read_one(bundle(*breast_cancer(), m0), codes)
    assert values(against, "metastatic") == [True]
    assert any("contradicts itself about spread" in note for note in against.notes)
    dated = [patient(), condition("254837009", onsetDateTime="2010"), condition("94222008", onsetDateTime="2020")]
    early = observation("21907-1", valueCodeableConcept=concept(SNOMED, "30893008"), effectiveDateTime="2010-02-01")
    later = read_one(bundle(*dated, early), codes)  # early once, metastatic ten years later: no contradiction
    assert values(later, "metastatic") == [True] and later.notes == []


def test_receptors_keep_their_day_and_specimen(codes: Codes) -> None:
    first, second = entries(read_one(bundle(*full()), codes), "er")
    assert {(item.value, item.on, item.specimen) for item in (first, second)} == {
        ("positive", dt.date(2019, 3, 1), None),
        ("negative", dt.date(2024, 2, 2), "metastasis"),
    }
    breast = er(bodySite=concept(SNOMED, "76752008"))
    assert entries(read_one(bundle(*breast_cancer(), breast), codes), "er")[0].specimen == "primary"


def test_the_course_of_the_disease(codes: Codes) -> None:
    worse = observation("88040-1", valueCodeableConcept=concept(SNOMED, "230993007"), effectiveDateTime="2024-05-01")
    better = observation("97509-4", valueCodeableConcept=concept(SNOMED, "268910001"), effectiveDateTime="2024-01-01")
    unsure = observation("97509-4", valueCodeableConcept=concept(SNOMED, "709137006", "undetermined"))
    record = read_one(bundle(*breast_cancer(), worse, better, unsure), codes)
    turns = {(event.what, event.on) for event in record.events}
    assert {("progression", dt.date(2024, 5, 1)), ("response", dt.date(2024, 1, 1))} <= turns
    assert len([item for item in record.unread if "undetermined" in item.what]) == 1


# Other illnesses


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (condition("59621000"), [("hypertension", None)]),
        (condition("I50.32", ICD), [("heart-failure", None)]),
        (condition("E11.9", ICD), [("type-2-diabetes", None)]),
        (condition("59621000", verificationStatus=concept(VERIFIED, "refuted")), []),
        (condition("59621000", verificationStatus=concept(VERIFIED, "entered-in-error")), []),
        (condition("59621000", verificationStatus=concept(VERIFIED, "provisional")), []),
        (condition("195967001", clinicalStatus=concept(CLINICAL, "resolved"), abatementDateTime="2001-02-03"), [("asthma", dt.date(2001, 2, 3))]),
        (condition("195967001", clinicalStatus=concept(CLINICAL, "resolved"), onsetDateTime="1990"), [("asthma", dt.date(1990, 1, 1))]),
        (condition("59282003", clinicalStatus=concept(CLINICAL, "resolved")), [("pulmonary-embolism-history", None)]),
        (condition("22298006", onsetDateTime="2024-01-01"), [("coronary-heart-disease", None), ("myocardial-infarction-recent", dt.date(2024, 7, 2))]),
        (condition("99999999"), []),
    ],
)  # fmt: skip
def test_illnesses_and_when_they_ended(resource: Json, expected: list[Any], codes: Codes) -> None:
    record = read_one(bundle(*breast_cancer(), resource), codes)
    assert [(item.value, item.until) for item in entries(record, "comorbidities")] == expected
    assert bool([item for item in record.unread if item.where.endswith(resource["id"])]) != bool(expected)


def test_what_is_said_to_be_absent(codes: Codes) -> None:
    absent = {
        "url": "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-related-condition-absent",
        "valueCodeableConcept": concept(SNOMED, "414916001", "Obesity"),
    }
    record = read_one(bundle(*breast_cancer(), observation("398192003", SNOMED, extension=[absent])), codes)
    (entry,) = entries(record, "comorbidities")
    assert (entry.value, entry.absent) == ("obesity", True)


# Medicines


def given(record: Record) -> list[tuple[str, dt.date | None, dt.date | None, bool]]:
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
        (medicine("1156671", kind="MedicationDispense", status="completed", whenHandedOver="2023-01-05"), [("fulvestrant", dt.date(2023, 1, 5), None, False)]),
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


# Procedures and what is only counted


def test_procedures_are_events_and_never_drugs(codes: Codes) -> None:
    rays = about(
        "Procedure",
        status="completed",
        code=concept(SNOMED, "53438000"),
        bodySite=[concept(SNOMED, "122496007")],
        performedPeriod={"start": "2023-02-01", "end": "2023-02-20"},
    )
    chemo = about("Procedure", status="completed", code=concept(SNOMED, "367336001", "Chemotherapy"))
    undone = about("Procedure", status="not-done", code=concept(SNOMED, "392021009", "Lumpectomy"))
    dialysis = about("Procedure", status="completed", code=concept(SNOMED, "265764009"))
    record = read_one(bundle(*breast_cancer(), rays, chemo, undone, dialysis), codes)
    assert [(e.what, e.on, e.site) for e in record.events if e.what in ("radiotherapy", "surgery")] == [
        ("radiotherapy", dt.date(2023, 2, 1), "bone")
    ]
    assert record.administrations == []
    assert values(record, "comorbidities") == ["dialysis"]
    assert [item.why for item in record.unread] == ["treatment was given, but the record does not name the drug here"]
    assert "Lumpectomy: recorded as not done, or not yet." in record.notes


def test_administration_is_counted_in_one_note_and_repeats_are_listed_once(codes: Codes) -> None:
    strange = [condition("99999999") | {"code": concept(text="Strangeness")} for _ in range(4)]
    kinds = [about("Encounter") for _ in range(3)] + [about("Claim"), about("VisionPrescription")]
    record = read_one(bundle(*breast_cancer(), *strange, *kinds), codes)
    assert "Not used for a plan: 1 Claim, 3 Encounter." in record.notes
    said = {(item.what, item.why) for item in record.unread}
    assert said == {
        ("Strangeness", "a condition that is not known here"),
        ("1 VisionPrescription", "resources of this type are not read"),
    }
    assert any(item.where.endswith("and 3 more") for item in record.unread)


def test_results_that_a_report_names_and_the_file_lacks(codes: Codes) -> None:
    report = about("DiagnosticReport", code=concept(text="Pathology"), result=[{"reference": "Observation/gone"}])
    record = read_one(bundle(*breast_cancer(), report), codes)
    assert [(item.what, item.why) for item in record.unread] == [
        ("Pathology: Observation/gone", "results of the report are not in the file")
    ]
