"""The REST interface against a running server: who may ask what, what is said to whom, and what the trail holds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from places import ROOT

from .conftest import Clinic, httpx
from .hospital import Hospital
from .people import PASSWORDS, RECORD, signed_in


@pytest.fixture(scope="module")
def people(clinic: Clinic) -> dict[str, Any]:
    return signed_in(clinic)


def test_every_address_but_signing_in_needs_it(clinic: Clinic) -> None:
    paths = clinic.client.get("/openapi.json").json()["paths"]
    for path, methods in paths.items():
        for method in methods:
            if (path, method) != ("/api/v1/session", "post"):
                answer = clinic.client.request(method, path)
                assert answer.status_code == 401 and answer.headers["content-type"] == "application/problem+json", path
    assert clinic.client.get("/api/v1/nothing").status_code == 401


def test_the_document_is_openapi_3_1(clinic: Clinic) -> None:
    found = clinic.client.get("/openapi.json").json()
    assert found["openapi"].startswith("3.1")
    assert {
        "/api/v1/session",
        "/api/v1/plan",
        "/api/v1/why",
        "/api/v1/what-if",
        "/api/v1/knowledge",
        "/api/v1/changes",
        "/api/v1/audit",
    } <= set(found["paths"])
    validator = pytest.importorskip("openapi_spec_validator", reason="openapi-spec-validator is not installed")
    validator.validate(found)


def test_the_plan_is_that_of_the_command(people: dict[str, Any]) -> None:
    answer = people["clinician"].post("/api/v1/plan?region=EU&as_of=2025-06-01", json=RECORD)
    assert answer.status_code == 200
    command = [
        sys.executable,
        "-m",
        "linewise",
        "plan",
        str(ROOT / "examples" / "anna.json"),
        "--region",
        "EU",
        "--as-of",
        "2025-06-01",
        "--format",
        "json",
    ]
    expected = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert {one["id"]: one["status"] for one in answer.json()["options"]} == {
        one["id"]: one["status"] for one in expected["options"]
    }
    wrapped = people["clinician"].post("/api/v1/plan", json={"record": RECORD, "region": "EU", "as_of": "2025-06-01"})
    assert wrapped.content == answer.content


def test_why_what_if_and_the_others_answer(people: dict[str, Any]) -> None:
    ask = people["clinician"]
    why = ask.post("/api/v1/why", json={"record": RECORD, "option": "olaparib", "region": "US"}).json()
    assert why["options"] and why["options"][0]["option"]["because"]["text"]
    moved = ask.post("/api/v1/what-if", json={"record": RECORD, "facts": {"ESR1": "wild-type"}, "region": "US"})
    assert moved.status_code == 200 and moved.json()["shifts"]
    assert ask.post("/api/v1/what-if", json={"record": RECORD, "facts": {"ESR1": "green"}}).status_code == 422
    met = ask.post("/api/v1/interactions", json={"medicines": ["ribociclib", "clarithromycin", "nobody knows"]}).json()
    assert met["interactions"] and met["not_known"] == ["nobody knows"]
    assert ask.get("/api/v1/knowledge").json()["version"] and ask.get("/api/v1/knowledge/elacestrant").json()["drugs"]
    assert ask.get("/api/v1/knowledge/nothing-here").status_code == 404
    assert ask.get("/api/v1/search?q=diarrhoea").json()["found"]
    assert ask.get("/api/v1/changes?since=2025-01-01&region=US").json()["changes"]
    listed = ask.post("/api/v1/worklist", json={"records": [RECORD], "region": "US"}).json()["patients"]
    assert listed[0]["id"] == "anna" and listed[0]["missing"]


@pytest.mark.parametrize(
    ("role", "method", "path", "status"),
    [
        ("auditor", "POST", "/api/v1/plan", 403),
        ("admin", "POST", "/api/v1/plan", 403),
        ("clinician", "GET", "/api/v1/audit", 403),
        ("auditor", "GET", "/api/v1/audit", 200),
        ("admin", "GET", "/api/v1/audit", 200),
        ("clinician", "PATCH", "/api/v1/plan", 405),
        ("clinician", "GET", "/api/v1/nothing", 404),
    ],
)
def test_roles(people: dict[str, Any], role: str, method: str, path: str, status: int) -> None:
    answer = people[role].request(method, path)
    assert answer.status_code == status
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json" and answer.json()["status"] == status


def test_what_cannot_be_read_is_told_without_a_trace(people: dict[str, Any]) -> None:
    ask = people["clinician"]
    for body, status in (({"nonsense": 1}, 422), ({}, 422), ({"resourceType": "Bundle", "entry": []}, 422), (["x"], 422)):
        answer = ask.post("/api/v1/plan", json=body)
        assert answer.status_code == status, body
        assert "Traceback" not in answer.text and answer.json()["detail"]
    for query, name in (
        ("since=x", "since"),
        ("since=2025-01-01&until=x", "until"),
        ("since=2025-01-01&until=2024-01-01", "until"),
    ):
        answer = ask.get(f"/api/v1/changes?{query}")
        assert answer.status_code == 422 and answer.json()["detail"].startswith(name)
    assert ask.post("/api/v1/plan?region=MARS", json=RECORD).status_code == 422
    assert ask.post("/api/v1/plan?as_of=soon", json=RECORD).status_code == 422
    assert ask.post("/api/v1/plan", content=b"{", headers={"Content-Type": "application/json"}).status_code == 400
    assert ask.post("/api/v1/plan", content=b"a: 1", headers={"Content-Type": "text/yaml"}).status_code == 415


def test_an_idempotency_key_stands_for_one_request(people: dict[str, Any]) -> None:
    ask, key = people["clinician"], {"Idempotency-Key": "k-1"}
    decision = {"patient": "anna", "decision": "elacestrant", "reason": "ESR1"}
    first, again = (ask.post("/api/v1/decisions", json=decision, headers=key) for _ in range(2))
    assert first.status_code == again.status_code == 201 and first.json() == again.json()
    assert "idempotency-replayed" not in first.headers and again.headers["idempotency-replayed"] == "true"
    assert ask.post("/api/v1/decisions", json=decision | {"decision": "other"}, headers=key).status_code == 422
    assert len(ask.get("/api/v1/decisions?patient=anna").json()["decisions"]) == 1
    assert not ask.get("/api/v1/decisions?patient=bertha").json()["decisions"]


def test_the_trail_names_who_what_whom_and_refusals(people: dict[str, Any], clinic: Clinic) -> None:
    people["clinician"].post("/api/v1/plan?region=US", json=RECORD)
    people["auditor"].post("/api/v1/plan", json=RECORD)
    bundle = people["auditor"].get("/api/v1/audit?_count=50").json()
    events = [entry["resource"] for entry in bundle["entry"]]
    assert all(event["resourceType"] == "AuditEvent" for event in events)
    for event in events:
        assert sum(agent["requestor"] for agent in event["agent"]) == 1 and event["source"]["observer"] and event["recorded"]
    refused, seen = (
        events[0],
        next(event for event in events if event["subtype"][0]["code"] == "plan" and event["outcome"] == "0"),
    )
    assert refused["outcome"] == "4"
    assert seen["entity"][0]["what"]["reference"] == "Patient/anna" and seen["entity"][0]["role"]["code"] == "1"
    people_ = [event["agent"][0]["who"] for event in events]
    assert {"identifier": {"value": "clinician"}} in people_
    assert "breast" not in json.dumps(events) and "elacestrant" not in json.dumps(events)
    page = people["auditor"].get("/api/v1/audit?_count=2").json()
    following = people["auditor"].get(page["link"][0]["url"]).json()
    assert not {e["resource"]["id"] for e in page["entry"]} & {e["resource"]["id"] for e in following["entry"]}


def test_a_cookie_serves_too_but_not_from_another_site(clinic: Clinic, people: dict[str, Any]) -> None:
    browser = httpx.Client(base_url=clinic.base, trust_env=False)
    answer = browser.post("/api/v1/session", json={"name": "clinician", "password": PASSWORDS["clinician"]})
    assert "HttpOnly" in answer.headers["set-cookie"] and "SameSite=Strict" in answer.headers["set-cookie"]
    assert browser.get("/api/v1/session").json()["name"] == "clinician"
    assert browser.post("/api/v1/plan", json=RECORD, headers={"Origin": "https://evil.example"}).status_code == 403
    assert browser.delete("/api/v1/session").status_code == 204
    token = answer.json()["token"]
    assert clinic.client.get("/api/v1/session", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_an_unknown_name_and_a_wrong_password_look_alike_and_are_limited(clinic: Clinic, people: dict[str, Any]) -> None:
    wrong = clinic.client.post("/api/v1/session", json={"name": "auditor", "password": "wrong password"})
    unknown = clinic.client.post("/api/v1/session", json={"name": "stranger", "password": "wrong password"})
    assert (wrong.status_code, wrong.content) == (unknown.status_code, unknown.content) and wrong.status_code == 401
    statuses = [
        clinic.client.post("/api/v1/session", json={"name": "admin", "password": f"wrong {n}"}).status_code for n in range(25)
    ]
    assert 429 in statuses and set(statuses) <= {401, 429}


def test_somebody_gives_themselves_a_new_password(hospital: Hospital, tmp_path: Path) -> None:
    own = Clinic(tmp_path, [hospital.settings()])
    try:
        mine = signed_in(own)["clinician"]
        old, new = PASSWORDS["clinician"], "seven blue lamps and a dog"
        for asked, status in (
            ({"password": "wrong password", "new_password": new}, 403),
            ({"password": old, "new_password": "short"}, 422),
            ({"password": old, "new_password": "password1"}, 422),
            ({"password": old}, 422),
            ({"password": old, "new_password": new}, 204),
        ):
            assert mine.post("/api/v1/password", json=asked).status_code == status, asked
        assert mine.get("/api/v1/session").status_code == 401, "every session has ended"
        tried = [
            own.client.post("/api/v1/session", json={"name": "clinician", "password": one}).status_code for one in (old, new)
        ]
        assert tried == [401, 200]
        said = own.run("user", "add", "weber", "--role", "admin", typed="password1\n")
        assert said.returncode == 0 and "first passwords" in said.stderr
    finally:
        own.stop()


def test_on_https_no_other_host_can_set_a_cookie(hospital: Hospital, tmp_path: Path) -> None:
    own = Clinic(tmp_path, [hospital.settings()], public_url="https://linewise.hospital.example")
    try:
        assert own.run("user", "add", "meier", "--role", "clinician", typed="a long password\n").returncode == 0
        answer = own.client.post("/api/v1/session", json={"name": "meier", "password": "a long password"})
        cookie, token = answer.headers["set-cookie"], answer.json()["token"]
        assert cookie.startswith("__Secure-linewise_session=") and "Secure" in cookie and "SameSite=Strict" in cookie
        scheme = own.client.get("/openapi.json").json()["components"]["securitySchemes"]["cookie"]
        assert scheme["name"] == "__Secure-linewise_session"
        assert "includeSubDomains" in answer.headers["strict-transport-security"]
        for name, status in (("__Secure-linewise_session", 200), ("linewise_session", 401)):
            own.client.cookies.clear()
            assert own.client.get("/api/v1/session", headers={"Cookie": f"{name}={token}"}).status_code == status
    finally:
        own.stop()


def test_a_forwarded_address_is_not_believed(clinic: Clinic) -> None:
    wrong = {"name": "nobody-of-ours", "password": "wrong password"}
    statuses = [
        clinic.client.post(
            "/api/v1/session", json=wrong, headers={"X-Forwarded-For": f"203.0.113.{n}", "Forwarded": f"for=203.0.113.{n}"}
        )
        for n in range(25)
    ]
    assert 429 in {one.status_code for one in statuses}


def test_methods_that_show_or_trace_are_not_there(clinic: Clinic) -> None:
    for path in ("/cds-services", "/api/v1/plan", "/launch", "/health"):
        assert clinic.client.request("TRACE", path).status_code in (401, 404, 405)


def test_a_password_is_hashed_and_nowhere_in_the_log(clinic: Clinic, people: dict[str, Any]) -> None:
    data = b"".join(path.read_bytes() for path in clinic.folder.glob("clinic.sqlite*")) + clinic.log.read_bytes()
    assert b"$argon2id$" in data
    for password in PASSWORDS.values():
        assert password.encode() not in data
    assert b"anna" not in clinic.log.read_bytes()


@pytest.mark.slow
def test_whatever_is_sent_gets_an_answer_that_the_document_names(clinic: Clinic, people: dict[str, Any], tmp_path: Path) -> None:
    pytest.importorskip("schemathesis", reason="schemathesis is not installed")
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    for role in ("clinician", "auditor"):
        header = f"Authorization: {people[role].headers['authorization']}"
        command = [
            sys.executable,
            "-m",
            "schemathesis.cli",
            "run",
            f"{clinic.base}/openapi.json",
            "-H",
            header,
            "-c",
            checks,
            "-n",
            "20",
        ]
        found = subprocess.run(
            [*command, "--phases", "fuzzing", "--exclude-method", "DELETE"],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
        assert found.returncode == 0, found.stdout[-3000:]
