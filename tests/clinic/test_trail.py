"""What stands in the trail whatever became of a request, and who may see what of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from linewise.clinic import audit
from linewise.clinic.app import create_app, house_of
from linewise.clinic.gather import TEMPLATES
from linewise.clinic.settings import Ehr, Settings
from linewise.clinic.store import open_store

from .conftest import Clinic
from .hospital import Hospital
from .people import RECORD, signed_in


@pytest.fixture(scope="module")
def people(clinic: Clinic) -> dict[str, Any]:
    return signed_in(clinic)


def latest(people: dict[str, Any], code: str) -> dict[str, Any]:
    """The latest event of this kind."""
    listed = people["auditor"].get("/api/v1/audit?_count=200").json()["entry"]
    return next(one["resource"] for one in listed if one["resource"]["subtype"][0]["code"] == code)


def named(event: dict[str, Any]) -> list[str]:
    return [one["what"]["reference"] for one in event.get("entity", []) if "reference" in one.get("what", {})]


def other(name: str) -> dict[str, Any]:
    """The record of the example person under another id."""
    text = json.dumps(RECORD).replace("Patient/anna", f"Patient/{name}").replace('"id": "anna"', f'"id": "{name}"')
    return dict(json.loads(text))


def test_a_work_list_names_every_patient_of_it(people: dict[str, Any]) -> None:
    answer = people["clinician"].post("/api/v1/worklist", json={"records": [RECORD, other("bertha")], "region": "US"})
    assert [one["id"] for one in answer.json()["patients"]] == ["anna", "bertha"]
    assert named(latest(people, "worklist")) == ["Patient/anna", "Patient/bertha"]


def test_an_answer_that_is_given_again_names_whom_it_is_about_and_is_for_those_who_treat(
    hospital: Hospital, tmp_path: Path
) -> None:
    own = Clinic(tmp_path, [hospital.settings()], keep_answers=True)
    try:
        people = signed_in(own)
        first = people["clinician"].post("/api/v1/plan?region=US", json=RECORD)
        id_ = first.headers["x-linewise-answer"]
        assert people["clinician"].get(f"/api/v1/answers/{id_}").content == first.content
        assert named(latest(people, "answers")) == ["Patient/anna"]
        for role in ("auditor", "admin"):  # they read the trail and see no patient
            assert people[role].get(f"/api/v1/answers/{id_}").status_code == 403
        assert people["clinician"].get("/api/v1/answers/nothing").status_code == 404
    finally:
        own.stop()


def test_the_trail_of_one_patient_is_whole_over_its_pages(people: dict[str, Any]) -> None:
    for _ in range(3):
        assert people["clinician"].post("/api/v1/plan?region=US", json=other("clara")).status_code == 200
        assert people["clinician"].post("/api/v1/plan?region=US", json=RECORD).status_code == 200
    found, address = [], "/api/v1/audit?_count=2&patient=clara"
    while address:
        page = people["auditor"].get(address).json()
        assert len(page["entry"]) <= 2
        found += [entry["resource"] for entry in page["entry"]]
        address = next((one["url"] for one in page.get("link", []) if one["relation"] == "next"), "")
        assert not address or "patient=clara" in address
    assert all("Patient/clara" in named(one) for one in found)
    assert sum(one["subtype"][0]["code"] == "plan" for one in found) == 3
    again = people["auditor"].get("/api/v1/audit?_count=1&patient=clara").json()["entry"][0]["resource"]
    assert again["subtype"][0]["code"] == "audit", "who asked for her trail stands in it"


def test_a_page_of_the_trail_asks_the_database_for_no_more_than_it_shows(tmp_path: Path) -> None:
    store = open_store(Settings(public_url="http://127.0.0.1:1", store=f"sqlite:///{tmp_path / 'a.sqlite'}"))
    for number in range(30):
        audit.append(store, audit.Act(what="plan", who="meier", patient="rare" if number in (3, 20) else f"p{number}"), "here")
    rows, _ = audit.page(store, patient="rare")
    assert [named(one) for one in rows] == [["Patient/rare"]] * 2
    first, before = audit.page(store, most=1, patient="rare")
    second, end = audit.page(store, before, most=1, patient="rare")
    assert [first[0]["id"], second[0]["id"]] == [one["id"] for one in rows] and before == 21 and end is None
    assert audit.page(store, patient="rar%")[0] == [] and audit.page(store, patient="x'y\"")[0] == []


def test_a_fault_of_the_server_has_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The server in this process, because a fault that nobody foresaw has to be put in."""
    from starlette.testclient import TestClient

    ehr = Ehr(name="General", fhir="http://127.0.0.1:9/fhir", client_id="linewise")
    house = house_of(
        Settings(public_url="http://127.0.0.1:1", store=f"sqlite:///{tmp_path / 'a.sqlite'}", trial=True, ehrs=(ehr,))
    )

    def breaks(*_: Any, **__: Any) -> Any:
        raise RuntimeError("Mrs Example, born 1961-04-17")

    monkeypatch.setattr(house, "plan", breaks)
    monkeypatch.setattr(house, "record", breaks)
    monkeypatch.setattr("linewise.clinic.smart.begin", breaks)
    monkeypatch.setattr(house.desk, "plan", breaks)
    house.store.add_user("meier", "x", "clinician")
    house.store.open_session("t" * 40, "meier", "clinician", 600.0)
    patient = {"resourceType": "Patient", "id": "anna"}
    call = {
        "hook": "patient-view", "hookInstance": "1", "context": {"patientId": "anna", "userId": "Practitioner/1"},
        "prefetch": dict.fromkeys(TEMPLATES) | {"patient": patient},
    }  # fmt: skip
    with TestClient(create_app(house), base_url="http://127.0.0.1:1") as browser:
        answers = [
            browser.post("/cds-services/linewise-patient-view", json=call),
            browser.get("/launch?iss=http://127.0.0.1:9/fhir", follow_redirects=False),
            browser.post("/api/v1/plan", json=RECORD, headers={"Authorization": f"Bearer {'t' * 40}"}),
        ]
        rows, _ = audit.page(house.store)
    assert [one.status_code for one in answers] == [500] * 3
    assert [(one["subtype"][0]["code"], one["outcome"], one["outcomeDesc"]) for one in reversed(rows)] == [
        ("cds", "8", "500"), ("launch", "8", "500"), ("plan", "8", "500"),
    ]  # fmt: skip
    assert named(rows[2]) == ["Patient/anna"]
    said = "".join([*(one.text for one in answers), *capfd.readouterr()])
    assert "Mrs Example" not in said and "Traceback" not in said


def test_the_trail_can_be_read_while_nobody_may_ask_about_patients(people: dict[str, Any]) -> None:
    for role in ("auditor", "admin"):
        assert people[role].get("/api/v1/audit").status_code == 200
        for method, path in (
            ("POST", "/plan"),
            ("POST", "/worklist"),
            ("GET", "/decisions"),
            ("GET", "/answers/x"),
            ("POST", "/why"),
        ):
            assert people[role].request(method, f"/api/v1{path}").status_code == 403, (role, path)
