"""Questionnaires, reports, requests, plans of care, episodes and flags: in bulk each body is read by the rules of the reader for one person."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from exchange.build import NEGATIVE, POSITIVE, SNOMED, about, breast_cancer, concept, medicine, observation
from linewise.bulk import ingest
from linewise.columns import events as model
from linewise.exchange import Codes
from linewise.exchange.fhir import read_fhir

from .test_ingest import quiet

Json = dict[str, Any]


def question(words: str, **answer: Any) -> Json:
    return {"linkId": "1", "text": words, "answer": [answer]}


def report(**members: Any) -> Json:
    return about("DiagnosticReport", status="final", effectiveDateTime="2024-03-02", code={"text": "Pathology report"}, **members)


def inside() -> Json:
    return {k: v for k, v in observation("85337-4", valueCodeableConcept=concept(*POSITIVE)).items() if k != "subject"}


BODIES: dict[str, list[Json]] = {
    "answers": [about("QuestionnaireResponse", status="completed", authored="2024-03-01", item=[question("Shortness of breath", valueBoolean=True), question("ECOG performance status", valueInteger=2)])],
    "half of the answers": [about("QuestionnaireResponse", status="in-progress", authored="2024-03-01", item=[question("ECOG performance status", valueInteger=2)])],
    "a result inside a report": [report(contained=[inside()])],
    "a result inside a report with a day of its own": [report(contained=[inside() | {"effectiveDateTime": "2023-11-05"}])],
    "a conclusion in codes": [report(conclusionCode=[concept(SNOMED, "94381002")])],
    "a conclusion in codes that is not final": [report(conclusionCode=[concept(SNOMED, "94381002")]) | {"status": "preliminary"}],
    "a conclusion in a code that nobody knows": [report(conclusionCode=[concept("urn:local", "9", text="HER2 something")])],
    "a request": [about("ServiceRequest", status="active", intent="order", authoredOn="2024-03-01", code={"text": "Dental extraction"})],
    "a plan that names a drug": [about("CarePlan", status="completed", intent="plan", period={"start": "2023-01-05"}, title="Paclitaxel weekly")],
    "a plan that names a drug that was given": [
        about("CarePlan", status="completed", intent="plan", period={"start": "2023-01-05"}, title="Paclitaxel weekly"),
        medicine(name="paclitaxel", effectivePeriod={"start": "2023-01-05", "end": "2023-05-01"}),
    ],
    "an episode": [{k: v for k, v in about("EpisodeOfCare", status="finished", patient={"reference": "Patient/p"}, type=[{"text": "Chemotherapy"}]).items() if k != "subject"}],
    "a flag": [about("Flag", status="active", code={"text": "Heart failure"})],
    "a flag of what stands elsewhere": [about("Flag", status="active", code={"text": "Heart failure"}), about("Condition", code={"text": "Heart failure"})],
}  # fmt: skip


def written(resources: Iterable[Json], folder: Path) -> None:
    by_kind: dict[str, list[str]] = {}
    for one in resources:
        by_kind.setdefault(one["resourceType"], []).append(json.dumps(one))
    folder.mkdir()
    for kind, lines in by_kind.items():
        (folder / f"{kind}.ndjson").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_read_in_bulk_as_it_is_read_alone(name: str, tmp_path: Path, codes: Codes) -> None:
    resources = [*breast_cancer(), observation("85339-0", valueCodeableConcept=concept(*NEGATIVE)), *BODIES[name]]
    theirs = model.of_records(read_fhir(resources, "export", codes))
    written(resources, tmp_path / "in")
    source = ingest(tmp_path / "in", tmp_path / "out", codes, progress=quiet)
    found = source.whole()
    for table in ("entries", "administrations", "events", "reactions", "medications", "unread"):
        mine, own = (getattr(one, table).select(pl_all(table)).unique().sort(pl_all(table)) for one in (found, theirs))
        assert mine.equals(own), f"{table}: {mine.rows()} in bulk, {own.rows()} alone"
    said = {"entries", "unread", "events"}
    plain = model.of_records(
        read_fhir([*breast_cancer(), observation("85339-0", valueCodeableConcept=concept(*NEGATIVE))], "export", codes)
    )
    more = any(getattr(found, table).height > getattr(plain, table).height for table in said)
    assert more or "given" in name, "the body says nothing at all"


def pl_all(table: str) -> list[str]:
    return [one for one in model.SCHEMAS[table] if one not in ("place", "grade", "since_days")]


def test_the_text_of_a_report_is_counted_and_leaves_open_what_its_name_says(tmp_path: Path, codes: Codes) -> None:
    texts = [
        about("DiagnosticReport", status="final", code={"text": "HER2 FISH"}, conclusion="Amplified, ratio 4.1."),
        about("DiagnosticReport", status="final", code={"text": "CT chest"}, presentedForm=[{"contentType": "application/pdf", "data": "JVBERi0="}]),
        about("DiagnosticReport", status="final", code={"text": "Oestrogen receptor (ER) status"}, conclusion="Positive"),
    ]  # fmt: skip
    written([*breast_cancer(), observation("85337-4", valueCodeableConcept=concept(*POSITIVE)), *texts], tmp_path / "in")
    source = ingest(tmp_path / "in", tmp_path / "out", codes, progress=quiet)
    counted = {kind: number for kind, number in source.faults.items() if "report" in kind}
    assert sum(counted.values()) == 3
    assert any("her2" in kind for kind in counted)
    touched = set(source.whole().unread["touches"])
    assert {"her2-ish"} <= touched
    assert "er" not in touched, "a result that is known is not left open by a text"
