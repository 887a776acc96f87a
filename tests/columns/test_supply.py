"""Supplies, single days and operations in a bulk export make the lines that the reader for one person makes of them."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from linewise.bulk import ingest
from linewise.columns import events as model
from linewise.columns.lines import courses_of
from linewise.exchange import Codes
from linewise.exchange.fhir import read_fhir
from linewise.knowledge import Knowledge
from linewise.record import Chart, Record
from linewise.record import lines as one_person

DAY = dt.date(2024, 6, 1)
_SNOMED, _RXNORM = "http://snomed.info/sct", "http://www.nlm.nih.gov/research/umls/rxnorm"
Json = dict[str, Any]


def coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def person(number: int, *given: Json) -> list[Json]:
    """Breast cancer that has spread to the bone, and what was given."""
    who = f"p{number}"
    found: list[Json] = [{"resourceType": "Patient", "id": who, "gender": "female", "birthDate": "1980-01-01"}]
    found += [
        {"resourceType": "Condition", "code": coded(_SNOMED, code), "onsetDateTime": "2023-01-01"}
        for code in ("254837009", "94222008")
    ]
    found += given
    for place, one in enumerate(found[1:]):
        one |= {"id": f"{who}-{place}", "subject": {"reference": f"Patient/{who}"}}
    return found


def medicine(kind: str, **members: Any) -> Json:
    return {"resourceType": kind, "status": "completed", "medicationCodeableConcept": coded(_RXNORM, "1601377")} | members


def packs(count: int, every: int, days: int = 28, first: dt.date = dt.date(2024, 1, 1)) -> list[Json]:
    starts = [first + dt.timedelta(days=every * number) for number in range(count)]
    return [medicine("MedicationDispense", whenHandedOver=day.isoformat(), daysSupply={"value": days}) for day in starts]


def infusions(*days: str) -> list[Json]:
    return [medicine("MedicationAdministration", effectiveDateTime=day) for day in days]


OPERATION = {
    "resourceType": "Procedure",
    "status": "completed",
    "code": {"text": "Bilateral oophorectomy"},
    "performedDateTime": "2024-02-01",
}
IRRADIATION = {
    "resourceType": "Procedure",
    "status": "completed",
    "code": coded(_SNOMED, "108290001"),
    "performedDateTime": "2024-02-01",
}
PEOPLE = {
    "supplied until after the day": (packs(6, 28), True, None),
    "run out, and the next still awaited": (packs(5, 28, first=dt.date(2023, 12, 20)), True, None),
    "run out long ago": (packs(2, 28), False, dt.date(2024, 2, 25)),
    "three packs at once, all used up in turn": (packs(3, 0, first=dt.date(2024, 3, 1)), True, None),
    "asked for, not handed over": (
        [medicine("MedicationRequest", authoredOn="2024-01-01", dispenseRequest={"expectedSupplyDuration": {"value": 90, "code": "d"}})],
        False,
        dt.date(2024, 3, 30),
    ),
    "infusions up to a short time ago": (infusions("2024-04-01", "2024-04-22", "2024-05-13"), None, None),
    "infusions long ago": (infusions("2023-06-01", "2023-06-22"), False, dt.date(2023, 6, 22)),
    "a statement that it is over": ([medicine("MedicationStatement", effectiveDateTime="2024-05-20")], False, None),
    "an operation and radiotherapy in between": ([*packs(6, 28), OPERATION, IRRADIATION], True, None),
}  # fmt: skip


@pytest.fixture(scope="module")
def records(codes: Codes) -> list[Record]:
    return [read_fhir(person(number, *given), "export", codes)[0] for number, (given, _, _) in enumerate(PEOPLE.values())]


@pytest.mark.parametrize(("number", "name"), list(enumerate(PEOPLE)), ids=lambda one: one if isinstance(one, str) else "")
def test_whether_it_goes_on(number: int, name: str, records: list[Record], knowledge: Knowledge) -> None:
    (only,) = one_person.courses_of(records[number], knowledge, DAY)
    assert (only.ongoing, only.end) == PEOPLE[name][1:]
    assert only.drugs == ("palbociclib",)
    if only.ongoing is not False:
        assert only.assumed  # nobody has said it


def test_ovaries_that_were_removed_are_no_line(records: list[Record], knowledge: Knowledge) -> None:
    operated = records[list(PEOPLE).index("an operation and radiotherapy in between")]
    assert Chart(operated, knowledge, DAY).read("menopausal-status").value == "postmenopausal"
    assert Chart(operated, knowledge, dt.date(2024, 1, 15)).read("menopausal-status").value is None
    assert [event.what for event in operated.events if event.what == "radiotherapy"] == ["radiotherapy"]


def test_the_bulk_reader_finds_the_same(tmp_path: Path, records: list[Record], knowledge: Knowledge, codes: Codes) -> None:
    files: dict[str, list[str]] = {}
    for number, (given, _, _) in enumerate(PEOPLE.values()):
        for resource in person(number, *given):
            files.setdefault(resource["resourceType"], []).append(json.dumps(resource))
    (tmp_path / "in").mkdir()
    for kind, lines in files.items():
        (tmp_path / "in" / f"{kind}.ndjson").write_text("\n".join(lines) + "\n")
    found = ingest(tmp_path / "in", tmp_path / "out", codes, progress=lambda text: None).whole()
    assert found.patients["id"].to_list() == [record.id for record in records]
    for day in (DAY, dt.date(2024, 2, 10)):
        mine, theirs = (courses_of(one, knowledge, day) for one in (found, model.of_records(records)))
        assert mine.equals(theirs)
        assert mine.height
    menopause = found.entries.filter(pl.col("fact") == "menopausal-status").select("text", "on")
    assert menopause.rows() == [("postmenopausal", dt.date(2024, 2, 1))]
