"""Inputs that mean harm, or that nobody meant: made by a grammar of records. Nothing but a clear fault or a record comes back, in bounded time.

A short form runs always; the nightly form (`slow`) makes 200,000, or as many as LINEWISE_FUZZ says. What ever broke a reader stays in `BROKE`.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import random
import time
from typing import Any

import pytest

from linewise.errors import RecordError
from linewise.exchange import Codes, codes_of, read_bytes, read_lines
from linewise.knowledge import Knowledge
from linewise.plan import make_plan

from .build import LOINC, RXNORM, SNOMED, breast_cancer

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1e308, -1e308, 10**400, 1e-320, "", " ", "\x00", "²", "½", "٣", "\u202e", "\ud7ff", "0" * 5000, "A" * 3000, "[[[", "{{", "<script>", "=1+1", "../../etc",
    [], {}, [[]], [None], {"value": None}, {"coding": "x"}, {"coding": [None, 3, "y"]}, {"coding": [{"system": 3, "code": []}]}, "2026-13-45", "0000-00-00", "9999-12-31", "2026", "NaN", "Infinity",
)  # fmt: skip
CODES = (
    (LOINC, "85337-4"), (LOINC, "89247-1"), (LOINC, "89243-0"), (LOINC, "69548-6"), (LOINC, "21902-2"), (LOINC, "94076-7"), (LOINC, "1975-2"), (LOINC, "62238-1"), (SNOMED, "254837009"), (SNOMED, "94222008"),
    (SNOMED, "84114007"), (SNOMED, "385421009"), (SNOMED, "62315008"), (RXNORM, "72965"), ("urn:x", "y"),
)  # fmt: skip
WORDS = (
    "ER, IHC", "HER2", "Bone metastases", "no bone metastases", "CHF", "letrozole", "Letrozol 2,5 mg", "PD-L1 (22C3), combined positive score", "ESR1", "Positive (90%)", "GT 60", "38 10*3/uL (L)",
    "p.Tyr537Ser detected", "rule out", "grade 3", "(((((", "%%%", "90 - 80 %", "<1", ">= ", "1/0", "IRS 12/12", "…", "Östrogenrezeptor", "Diarrhea, grade 9",
)  # fmt: skip
KINDS = (
    "Patient", "Condition", "Observation", "MedicationStatement", "MedicationRequest", "MedicationDispense", "MedicationAdministration", "Procedure", "AllergyIntolerance", "AdverseEvent", "DiagnosticReport",
    "DocumentReference", "Composition", "ServiceRequest", "Specimen", "Bundle", "Unreadable", "Nonsense",
)  # fmt: skip
MEMBERS = (
    "code", "valueCodeableConcept", "valueQuantity", "valueString", "valueBoolean", "valueInteger", "valueRange", "valueRatio", "component", "status", "effectiveDateTime", "effectivePeriod", "onsetDateTime",
    "clinicalStatus", "verificationStatus", "medicationCodeableConcept", "medicationReference", "dispenseRequest", "daysSupply", "statusReason", "reaction", "suspectEntity", "event", "severity", "outcome",
    "extension", "interpretation", "referenceRange", "bodySite", "stage", "conclusion", "presentedForm", "content", "section", "text", "contained", "subject", "specimen", "date", "meta", "id", "note",
)  # fmt: skip
BROKE: tuple[bytes, ...] = (
    b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"p"}},{"resource":{"resourceType":"MedicationRequest","subject":{"reference":"Patient/p"},"authoredOn":"2026-01-01",'
    b'"medicationCodeableConcept":{"text":"letrozole"},"dispenseRequest":{"expectedSupplyDuration":{"value":1e308,"unit":"wk"}}}}]}',
    b'{"resourceType":"Patient","id":"p","birthDate":"\\u0000"}',
    b"[" * 5000, b'{"a":' * 5000, b"\x1f\x8b\x08\x00garbage", b"PK\x03\x04garbage", b"%PDF-1.7\n", b"MSH|^~\\&|", b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><Bundle xmlns='http://hl7.org/fhir'>&b;</Bundle>",
    b'"' + b"[" * 100 + b'"', b"\x00", b"", b"\xff\xfe\x00", "²".encode(), b"null", b"3", b"[]", b"{}",
)  # fmt: skip


@pytest.fixture(scope="module")
def worded(knowledge: Knowledge) -> Codes:
    return codes_of(knowledge)


def value(roll: random.Random, depth: int = 0) -> Any:
    """A value that a member may have, or that none should."""
    kind = roll.random()
    if kind < 0.25:
        return roll.choice(ODD)
    if kind < 0.45:
        return roll.choice(WORDS)
    if kind < 0.6:
        system, code = roll.choice(CODES)
        return {"coding": [{"system": system, "code": code, "display": roll.choice(WORDS)}]}
    if kind < 0.7:
        return {
            "value": roll.choice((1, 90, 1e308, -4, "90", None)),
            "unit": roll.choice(("%", "mg/dL", "", None, "wk")),
            "comparator": roll.choice((None, "<", ">", "?")),
        }
    if kind < 0.8:
        return {"text": roll.choice(WORDS)}
    if depth > 3:
        return f"20{roll.randrange(10, 30)}-0{roll.randrange(1, 9)}-1{roll.randrange(0, 9)}"
    if kind < 0.9:
        return [value(roll, depth + 1) for _ in range(roll.randrange(3))]
    return {roll.choice(MEMBERS): value(roll, depth + 1) for _ in range(roll.randrange(4))}


def resource(roll: random.Random) -> Any:
    made = {"resourceType": roll.choice(KINDS), "id": f"r{roll.randrange(50)}", "subject": {"reference": "Patient/p"}}
    for _ in range(roll.randrange(1, 8)):
        made[roll.choice(MEMBERS)] = value(roll)
    return made if roll.random() < 0.97 else roll.choice(ODD)


def written(roll: random.Random) -> bytes:
    """One input: a bundle, lines, a profile, or bytes that were damaged on the way."""
    entries = [{"resource": one} for one in (*breast_cancer(), *(resource(roll) for _ in range(roll.randrange(1, 6))))]
    kind = roll.random()
    if kind < 0.15:
        profile = {
            "sex": "female",
            "age": 60,
            roll.choice(("er", "her2", "labs", "metastatic_lines", "comorbidities", "symptoms")): value(roll),
        }
        data = json.dumps(profile).encode()
    elif kind < 0.3:
        data = b"\n".join(json.dumps(one["resource"]).encode() for one in entries)
    else:
        data = json.dumps(
            {"resourceType": "Bundle", "type": roll.choice(("collection", "history", None, 3)), "entry": entries}
        ).encode()
    if roll.random() < 0.2:
        at = roll.randrange(len(data))
        data = roll.choice(
            (
                data[:at],
                data[:at] + bytes([roll.randrange(256)]) + data[at + 1 :],
                data + data[at:],
                gzip.compress(data),
                gzip.compress(data)[: at + 10],
            )
        )
    return data


def tried(data: bytes, codes: Codes, knowledge: Knowledge, plan: bool) -> None:
    start = time.perf_counter()
    try:
        records = read_bytes(data, "an input", codes)
    except RecordError as fault:
        assert fault.what
        records = []
    assert not any("please report" in str(one.why).lower() for record in records for one in record.unread)
    for record in records[:2] if plan else ():
        make_plan(record, knowledge, dt.date(2026, 6, 1), None).json(False)
    assert time.perf_counter() - start < 20


@pytest.mark.parametrize("data", BROKE)
def test_what_ever_broke_a_reader(data: bytes, worded: Codes, knowledge: Knowledge) -> None:
    tried(data, worded, knowledge, True)
    list(read_lines(data, "lines", worded))


def test_a_few_hundred_odd_inputs(worded: Codes, knowledge: Knowledge) -> None:
    roll = random.Random(7)
    for number in range(300):
        tried(written(roll), worded, knowledge, number % 25 == 0)


@pytest.mark.slow
def test_very_many_odd_inputs(worded: Codes, knowledge: Knowledge) -> None:
    roll = random.Random(dt.date.today().toordinal())
    for number in range(int(os.environ.get("LINEWISE_FUZZ", "200000"))):
        tried(written(roll), worded, knowledge, number % 200 == 0)
