"""What boards decide, kept beside what the plan said, and compared later."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import Clinic
from .people import RECORD, signed_in


@pytest.fixture(scope="module")
def people(clinic: Clinic) -> dict[str, Any]:
    return signed_in(clinic)


def decided(people: dict[str, Any], **more: Any) -> Any:
    return people["clinician"].post("/api/v1/decisions", json={"patient": "anna", "decision": "as discussed", **more})


def statuses(people: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in people["clinician"].post("/api/v1/plan?region=US", json=RECORD).json()["options"]:
        found.setdefault(one["status"], []).append(one["id"])
    return found


def test_a_decision_is_kept_with_what_the_plan_said_and_without_the_record(people: dict[str, Any], clinic: Clinic) -> None:
    known = statuses(people)
    fit, unfit = known["suitable"][0], known["not-indicated"][0]
    first = decided(people, option=fit, record=RECORD, region="US")
    assert first.status_code == 201 and first.json()["plan"]["status"] == "suitable" and fit in first.json()["plan"]["offered"]
    assert (
        decided(people, option=unfit, record=RECORD, region="US", deviation="trial").json()["plan"]["status"] == "not-indicated"
    )
    assert decided(people, record=RECORD, region="US", deviation="Mrs Example asked for it").status_code == 201
    assert decided(people).status_code == 201
    listed = people["clinician"].get("/api/v1/decisions?patient=anna").json()["decisions"]
    assert len(listed) == 4 and all(one["patient"] == "anna" and one["by"] == "clinician" for one in listed)
    assert listed[0]["plan"]["medicine"] and "entry" not in json.dumps(listed)
    for role in ("clinician", "auditor", "admin"):
        counts = people[role].get("/api/v1/concordance")
        assert counts.json() == {
            "decisions": 4, "without_a_plan": 1, "as_offered": 1, "by_status": {"no option of Linewise": 1, "not-indicated": 1, "suitable": 1},
            "why_it_differed": {"in words": 1, "trial": 1},
        }  # fmt: skip
    command = clinic.run("decisions")
    assert [json.loads(line)["patient"] for line in command.stdout.splitlines()] == [
        "anna"
    ] * 4 and "1 of 3 as offered" in command.stderr
    data = b"".join(path.read_bytes() for path in clinic.folder.glob("clinic.sqlite*"))
    assert b"Mrs Example" not in data and b"1961-04-17" not in data and b"as discussed" not in data


def test_the_trail_names_whose_decisions_were_read(people: dict[str, Any]) -> None:
    people["clinician"].post("/api/v1/decisions", json={"patient": "bertha", "decision": "wait"})
    listed = people["clinician"].get("/api/v1/decisions").json()["decisions"]
    event = people["auditor"].get("/api/v1/audit?_count=1").json()["entry"][0]["resource"]
    named = {one["what"]["reference"] for one in event["entity"] if "reference" in one.get("what", {})}
    assert named == {f"Patient/{one['patient']}" for one in listed} and "Patient/bertha" in named


@pytest.mark.parametrize(
    "more",
    [
        {"option": "no such option"},
        {"record": {"nonsense": 1}},
        {"record": RECORD, "patient": "bertha"},
        {"reason": "x" * 5000},
        {"record": RECORD, "region": "MARS"},
    ],
)
def test_a_decision_that_cannot_be_kept_is_told(people: dict[str, Any], more: dict[str, Any]) -> None:
    before = len(people["clinician"].get("/api/v1/decisions").json()["decisions"])
    assert decided(people, **more).status_code == 422
    assert len(people["clinician"].get("/api/v1/decisions").json()["decisions"]) == before


def test_what_is_erased_is_no_longer_counted(people: dict[str, Any], clinic: Clinic) -> None:
    assert clinic.run("erase", "--patient", "anna").returncode == 0 and clinic.run("erase", "--patient", "bertha").returncode == 0
    assert people["auditor"].get("/api/v1/concordance").json()["decisions"] == 0
