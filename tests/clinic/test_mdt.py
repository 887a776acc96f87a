"""The page for the meeting in every form; its FHIR judged by models that are not ours."""

from __future__ import annotations

import datetime as dt
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("jinja2", reason="the extra `clinic` is not installed")
pytest.importorskip("sqlalchemy", reason="the extra `clinic` is not installed")

from linewise.clinic import brief
from linewise.clinic.papers import paper
from linewise.clinic.proposals import Proposals
from linewise.clinic.sheet import DECISION, sheet_of
from linewise.exchange import Codes, read
from linewise.knowledge import Knowledge
from linewise.plan import Plan, make_plan
from linewise.trials.ask import to_ask
from places import EXAMPLES, ROOT

DAY = dt.date(2026, 11, 30)


def plan_of(path: Path, knowledge: Knowledge, codes: Codes, region: str = "US") -> Plan:
    return make_plan(read(path, codes)[0], knowledge, DAY, region)


def r4b(resource: dict[str, Any]) -> None:
    """Judge by the models of the package fhir.resources."""
    models = pytest.importorskip("fhir.resources.R4B", reason="fhir.resources is not installed")
    models.get_fhir_model_class(resource["resourceType"]).model_validate(resource)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("region", ["US", "DE"])
def test_every_form_says_what_the_plan_says(path: Path, region: str, knowledge: Knowledge, codes: Codes) -> None:
    plan = plan_of(path, knowledge, codes, region)
    html = paper(plan, "html", codes, []).decode()
    for one in [*plan.offered, *plan.with_status("depends")]:
        assert one.title in html.replace("&#39;", "'")
    for flag in plan.urgent:
        assert flag.title in html
    for words in DECISION:
        assert words in html
    bundle = json.loads(paper(plan, "fhir", codes, []))
    r4b(bundle)
    for entry in bundle["entry"]:
        r4b(entry["resource"])
    care = bundle["entry"][0]["resource"]
    assert (care["resourceType"], care["intent"], care["status"]) == ("CarePlan", "proposal", "draft")
    listed = {entry["fullUrl"] for entry in bundle["entry"]}
    assert {one["reference"]["reference"] for one in care.get("activity", [])} <= listed


def test_trials_to_ask_about_stand_in_every_form(knowledge: Knowledge, codes: Codes) -> None:
    plan = plan_of(ROOT / "examples" / "anna.json", knowledge, codes)
    shown = to_ask(plan).shown
    assert shown
    bundle = json.loads(paper(plan, "fhir", codes, []))
    care = bundle["entry"][0]["resource"]
    asked = {one["reference"] for one in care["supportingInfo"]}
    assert not asked & {one["reference"]["reference"] for one in care["activity"]}, "beside the options, never among them"
    for one in shown:
        entry = next(entry for entry in bundle["entry"] if one.id in entry["resource"].get("code", {}).get("text", ""))
        request = entry["resource"]
        assert entry["fullUrl"] in asked
        assert (request["resourceType"], request["intent"], request["status"]) == ("ServiceRequest", "proposal", "draft")
        assert request["extension"][0]["valueRelatedArtifact"]["url"] == one.url and one.ask[1:] in request["note"][0]["text"]
    assert any("trial team decides" in note["text"] for note in care["note"])


@pytest.mark.parametrize(
    ("said", "is_reason"),
    [
        ({}, True),
        ({"clinicalStatus": {"coding": [{"code": "active"}]}}, True),
        (
            {"clinicalStatus": {"coding": [{"code": "recurrence"}]}, "verificationStatus": {"coding": [{"code": "confirmed"}]}},
            True,
        ),
        ({"verificationStatus": {"coding": [{"code": "entered-in-error"}]}}, False),
        ({"verificationStatus": {"coding": [{"code": "refuted"}]}}, False),
        ({"verificationStatus": {"coding": [{"code": "differential"}]}}, False),
        ({"clinicalStatus": {"coding": [{"code": "resolved"}]}}, False),
        ({"clinicalStatus": {"coding": [{"code": "inactive"}]}}, False),
    ],
)
def test_a_proposal_is_for_a_cancer_that_stands(
    said: dict[str, Any], is_reason: bool, knowledge: Knowledge, codes: Codes
) -> None:
    """A Condition that was entered in error, refuted or is over is no reason for a drug; the code of the illness is."""
    record = json.loads((ROOT / "examples" / "anna.json").read_text(encoding="utf-8"))
    plan = plan_of(ROOT / "examples" / "anna.json", knowledge, codes)
    found = next(e["resource"] for e in record["entry"] if e["resource"]["resourceType"] == "Condition")
    kept = {name: value for name, value in found.items() if name not in ("clinicalStatus", "verificationStatus")} | {"id": "c1"}
    made = Proposals(plan, codes, [kept | said], "anna").option(plan.offered[0].id)[0][1]
    assert (made.get("reasonReference") == [{"reference": "Condition/c1"}]) is is_reason
    assert is_reason or made["reasonCode"][0]["coding"][0]["code"]


def test_word_and_pdf_open_and_hold_the_options(knowledge: Knowledge, codes: Codes) -> None:
    docx = pytest.importorskip("docx", reason="python-docx is not installed")
    plan = plan_of(ROOT / "examples" / "anna.json", knowledge, codes)
    text = "\n".join(part.text for part in docx.Document(io.BytesIO(paper(plan, "docx", codes, []))).paragraphs)
    assert plan.offered[0].title in text and "Not understood" in text
    pytest.importorskip("weasyprint", reason="weasyprint is not installed")
    data = paper(plan, "pdf", codes, [])
    assert data.startswith(b"%PDF-")


def test_proposals_are_coded_without_a_dose_and_from_a_person(knowledge: Knowledge, codes: Codes) -> None:
    record = json.loads((ROOT / "examples" / "anna.json").read_text(encoding="utf-8"))
    resources = [entry["resource"] for entry in record["entry"]]
    plan = plan_of(ROOT / "examples" / "anna.json", knowledge, codes)
    made = Proposals(plan, codes, resources, "anna", "Practitioner/7")
    single = next(one for one in plan.offered if len(one.drugs) == 1 and not one.partners)
    combined = next(one for one in plan.offered if len(one.drugs) > 1)
    bundle = made.transaction([single.id, combined.id])
    r4b(bundle)
    assert bundle["type"] == "transaction"
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert kinds[0] == "MedicationRequest" and "RequestGroup" in kinds and kinds[-1] == "Provenance"
    for entry in bundle["entry"]:
        resource = entry["resource"]
        assert entry["fullUrl"].startswith("urn:uuid:") and "dosageInstruction" not in resource
        if resource["resourceType"] == "Provenance":
            people = {agent["type"]["coding"][0]["code"]: agent["who"] for agent in resource["agent"]}
            assert people["author"] == {"reference": "Practitioner/7"} and "Linewise" in people["assembler"]["display"]
            continue
        assert entry["request"]["ifNoneExist"] and resource["status"] == "draft"
        assert resource["reasonReference"] == [{"reference": "Condition/breast-cancer"}]
        if resource["resourceType"] == "MedicationRequest":
            assert resource["medicationCodeableConcept"]["coding"][0]["code"] and resource["requester"] == {
                "reference": "Practitioner/7"
            }
            assert resource["intent"] == ("proposal" if resource is bundle["entry"][0]["resource"] else "option")


def test_a_line_is_that_of_the_option(knowledge: Knowledge, codes: Codes) -> None:
    plan = plan_of(ROOT / "examples" / "anna.json", knowledge, codes)
    for one in plan.offered:
        line = brief.of(plan, one)
        assert (line.id, line.title, line.status, line.reason) == (one.id, one.title, one.status, one.reason)
    assert [one.id for one in sheet_of(plan).offered] == [one.id for one in plan.offered]


def test_the_command_writes_and_refuses(tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "linewise", "mdt", *arguments], capture_output=True, text=True, check=False)

    out = tmp_path / "sheet.html"
    assert (
        run(
            str(ROOT / "examples" / "anna.json"),
            "--format",
            "html",
            "--output",
            str(out),
            "--region",
            "DE",
            "--as-of",
            "2026-11-30",
        ).returncode
        == 0
    )
    assert "<script" not in out.read_text() and "http-equiv" not in out.read_text()
    broken = tmp_path / "broken.json"
    broken.write_text('{"resourceType": "Bundle", "entry": [')
    refused = run(str(broken), "--format", "fhir", "--output", str(tmp_path / "x"))
    assert refused.returncode == 2 and "Traceback" not in refused.stderr and not (tmp_path / "x").exists()


def test_text_of_a_record_is_never_a_page(knowledge: Knowledge, codes: Codes) -> None:
    plan = plan_of(ROOT / "examples" / "anna.json", knowledge, codes)
    plan.record.notes.append("<script>alert(1)</script>")
    assert "<script>" not in paper(plan, "html", codes, []).decode()


def test_a_form_that_this_server_cannot_make_is_told(
    knowledge: Knowledge, codes: Codes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A library for PDF that is not installed is no fault of the request, and no failure without a word."""
    import asyncio

    from starlette.requests import Request

    from linewise.clinic import chart
    from linewise.clinic.app import house_of
    from linewise.clinic.audit import Act
    from linewise.clinic.gather import Gathered
    from linewise.clinic.refused import Refused
    from linewise.clinic.settings import Settings
    from linewise.clinic.smart import Session
    from linewise.errors import LinewiseError

    def lacks(*_: Any) -> bytes:
        raise LinewiseError("PDF files need the extra `pdf`.")

    session = Session("http://127.0.0.1:9/fhir", "General", "anna", "Practitioner/1", "t", 0.0, "", "", "", "")
    plan = plan_of(ROOT / "examples" / "anna.json", knowledge, codes)

    async def open_chart(*_: Any) -> Any:
        return session, plan, Gathered("anna")

    monkeypatch.setattr(chart, "_opened", open_chart)
    monkeypatch.setattr(chart, "paper", lacks)
    house = house_of(Settings(public_url="http://127.0.0.1:1", store=f"sqlite:///{tmp_path / 'a.sqlite'}"))
    request = Request(
        {"type": "http", "method": "GET", "path": "/", "headers": [], "path_params": {"form": "pdf", "handle": "h"}}
    )
    with pytest.raises(Refused) as told:
        asyncio.run(chart._sheet(house, request, Act(what="sheet", who="")))
    assert told.value.status == 501 and "extra" in told.value.text
