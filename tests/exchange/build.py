"""Small FHIR records for tests, written the way the field writes them."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec

from linewise.exchange import Codes, read_bytes
from linewise.record.model import Entry, Record

LOINC, SNOMED, RXNORM = "http://loinc.org", "http://snomed.info/sct", "http://www.nlm.nih.gov/research/umls/rxnorm"
HGNC = "http://www.genenames.org"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
POSITIVE, NEGATIVE = (SNOMED, "10828004"), (SNOMED, "260385009")
_count = itertools.count(1)

Json = dict[str, Any]


def concept(system: str = "", code: str = "", display: str = "", text: str = "") -> Json:
    coding = {k: v for k, v in (("system", system), ("code", code), ("display", display)) if v}
    return ({"coding": [coding]} if coding else {}) | ({"text": text} if text else {})


def patient(**members: Any) -> Json:
    return {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1960-05-01"} | members


def about(kind: str, **members: Any) -> Json:
    number = next(_count)
    return {"resourceType": kind, "id": f"r{number}", "subject": {"reference": "Patient/p"}} | members


def observation(code: str, system: str = LOINC, **members: Any) -> Json:
    return about("Observation", status="final", code=concept(system, code)) | members


def condition(code: str, system: str = SNOMED, **members: Any) -> Json:
    active = concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active")
    return about("Condition", code=concept(system, code), clinicalStatus=active) | members


def medicine(code: str = "", kind: str = "MedicationStatement", name: str = "", **members: Any) -> Json:
    given = concept(RXNORM if code else "", code, name)
    return about(kind, status="active", medicationCodeableConcept=given) | members


def breast_cancer() -> list[Json]:
    """A woman with breast cancer that has spread to the bone: the ground on which single results are tested."""
    return [patient(), condition("254837009"), condition("94222008")]


def bundle(*resources: Json, kind: str = "collection") -> Json:
    return {"resourceType": "Bundle", "type": kind, "entry": [{"resource": resource} for resource in resources]}


def read_one(value: Any, codes: Codes) -> Record:
    (record,) = read_bytes(msgspec.json.encode(value), "test", codes)
    return record


def entries(record: Record, fact: str) -> list[Entry]:
    return [entry for entry in record.entries if entry.fact == fact]


def values(record: Record, fact: str) -> list[Any]:
    return [entry.value for entry in entries(record, fact)]


def result_of(found: Json, fact: str, codes: Codes) -> tuple[list[Any], list[str]]:
    """What one observation says of a fact, and why it was not understood if it was not."""
    record = read_one(bundle(*breast_cancer(), found), codes)
    place = f"Observation/{found['id']}"
    return values(record, fact), [item.why for item in record.unread if item.where.startswith(place)]
