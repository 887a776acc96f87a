"""FHIR records: envelopes, people, illnesses, medicines, and whether it is metastatic breast cancer at all."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import msgspec
import pytest

from linewise.errors import RecordError
from linewise.exchange import Codes, read_bytes

from .build import (
    ICD,
    LOINC,
    NEGATIVE,
    POSITIVE,
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


@pytest.mark.parametrize(("count", "says"), [({"value": 3}, [True]), ({"value": 0}, []), ({"value": 1, "comparator": "<"}, [])])
def test_a_count_of_metastases_says_something_only_if_there_are_any(count: Json, says: list[bool], codes: Codes) -> None:
    record = read_one(bundle(patient(), condition("C50.911", ICD), observation("44667-4", valueQuantity=count)), codes)
    assert values(record, "metastatic") == says


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
        ("44667-4", LOINC, concept(SNOMED, "260413007", "None (qualifier value)"), [False]),
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


def test_a_receptor_in_the_name_of_the_cancer_is_no_receptor_test(codes: Codes) -> None:
    record = read_one(bundle(patient(), condition("427685000"), condition("94222008")), codes)
    assert values(record, "her2-reported") == values(record, "her2-ihc") == []
    assert [item.why for item in record.unread] == ["a receptor comes from a receptor test"]


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
    assert [(item.value, item.until) for item in entries(record, "comorbidities") if not item.absent] == expected
    told = bool([item for item in record.unread if item.where.endswith(resource["id"])]) or any(
        "refuted" in note for note in record.notes
    )
    assert told != bool(expected)


def test_what_is_said_to_be_absent(codes: Codes) -> None:
    absent = {
        "url": "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-related-condition-absent",
        "valueCodeableConcept": concept(SNOMED, "414916001", "Obesity"),
    }
    record = read_one(bundle(*breast_cancer(), observation("398192003", SNOMED, extension=[absent])), codes)
    (entry,) = entries(record, "comorbidities")
    assert (entry.value, entry.absent) == ("obesity", True)


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


def test_of_a_person_who_has_died_nothing_goes_on(codes: Codes) -> None:
    given = about("MedicationStatement", status="active", medicationCodeableConcept={"text": "letrozole"}, effectivePeriod={"start": "2020-04-03"})  # fmt: skip
    people = [patient(deceasedDateTime="2021-11-27"), *breast_cancer()[1:], given]
    (one,) = read_one(bundle(*people), codes).administrations
    assert (one.ongoing, one.end) == (False, dt.date(2021, 11, 27))
