"""SMART App Launch 2.2, REST, the trail, the sheet and assistants as their specifications have them, written before any of it was run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from .conftest import Clinic, httpx
from .hospital import Hospital, send
from .people import PASSWORDS, RECORD, signed_in
from .sign_in import SignIn
from .test_mcp import ANNA, conversation
from .test_smart import launched, opened


@pytest.fixture
def sign_in(hospital: Hospital) -> SignIn:
    return SignIn(hospital)


@pytest.fixture
def browser(clinic: Clinic) -> Iterator[Any]:
    with httpx.Client(base_url=clinic.base, timeout=30, trust_env=False) as found:
        yield found


@pytest.fixture(scope="module")
def people(clinic: Clinic) -> dict[str, Any]:
    return signed_in(clinic)


def asked(address: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(address).query).items()}


# The launch


def test_a_slash_at_the_end_of_iss_is_the_same_hospital(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    answer = browser.get("/launch", params={"iss": hospital.fhir + "/", "launch": "x"})
    assert answer.status_code == 302 and asked(answer.headers["location"])["aud"].rstrip("/") == hospital.fhir


def test_pkce_is_sent_also_where_it_is_not_announced(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    sign_in.says = {"code_challenge_methods_supported": None}
    assert asked(launched(browser, hospital))["code_challenge_method"] == "S256"


def test_an_address_of_authorization_with_a_query_keeps_it(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    sign_in.says = {"authorization_endpoint": f"{hospital.base}/authorize?tenant=7"}
    found = asked(launched(browser, hospital))
    assert found["tenant"] == "7" and found["state"]


@pytest.mark.parametrize(
    "says",
    [
        {"token_endpoint": None},
        {"authorization_endpoint": 7},
        {"token_endpoint": "ftp://x/y"},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
def test_a_configuration_that_lacks_an_address_is_refused_in_words(
    browser: Any, hospital: Hospital, sign_in: SignIn, says: Any
) -> None:
    sign_in.says = says
    answer = browser.get("/launch", params={"iss": hospital.fhir, "launch": "x"})
    assert answer.status_code == 502 and "Traceback" not in answer.text


@pytest.mark.parametrize("status", [404, 500])
def test_a_record_system_without_a_configuration_is_told(browser: Any, hospital: Hospital, sign_in: SignIn, status: int) -> None:
    hospital.answers["/fhir/.well-known/smart-configuration"] = lambda handler: send(handler, {}, status)
    assert browser.get("/launch", params={"iss": hospital.fhir, "launch": "x"}).status_code == 502


def test_cookies_of_a_launch_are_out_of_reach(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    answer = browser.get("/launch", params={"iss": hospital.fhir, "launch": "x"})
    assert all("HttpOnly" in one and "SameSite" in one for one in answer.headers.get_list("set-cookie"))
    assert answer.headers["cache-control"] == "no-store" and answer.headers["referrer-policy"] == "no-referrer"


def test_a_framed_app_on_https_keeps_its_cookie(hospital: Hospital, tmp_path: Path) -> None:
    SignIn(hospital)
    own = Clinic(tmp_path, [hospital.settings()], public_url="https://linewise.hospital.example")
    try:
        answer = own.client.get("/launch", params={"iss": hospital.fhir, "launch": "x"})
        (cookie,) = answer.headers.get_list("set-cookie")
        assert cookie.startswith("__Host-lw_launch_")
        assert {"SameSite=None", "Secure", "Partitioned", "Path=/"} <= {one.strip() for one in cookie.split(";")}
        assert asked(answer.headers["location"])["redirect_uri"] == "https://linewise.hospital.example/callback"
    finally:
        own.stop()


def test_what_the_record_system_says_of_an_error_is_never_a_page(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    state = asked(launched(browser, hospital))["state"]
    evil = {"error": "<script>alert(1)</script>", "error_description": "<img src=x onerror=alert(1)>", "state": state}
    answer = browser.get("/callback", params=evil)
    assert answer.status_code in (400, 403) and "<script" not in answer.text and "<img" not in answer.text


def test_a_state_serves_once_also_after_a_refusal(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    state = asked(launched(browser, hospital))["state"]
    browser.get("/callback", params={"error": "access_denied", "state": state})
    assert browser.get("/callback", params={"code": "x", "state": state}).status_code == 400


# Tokens


@pytest.mark.parametrize(
    "answer",
    [
        lambda handler: send(handler, {"error": "invalid_grant"}, 400),
        lambda handler: send(handler, {"error": "invalid_client"}, 401),
        lambda handler: send(handler, {}, 500),
        lambda handler: send(handler, "text"),
        lambda handler: send(handler, []),
        lambda handler: (time.sleep(7), send(handler, {}))[1],
        lambda handler: handler.connection.close(),
    ],
    ids=["grant", "client", "broken", "text", "list", "slow", "cut"],
)
def test_a_token_that_is_not_given_opens_no_chart(browser: Any, hospital: Hospital, sign_in: SignIn, answer: Any) -> None:
    back = sign_in.allow(launched(browser, hospital))
    hospital.answers["/token"] = answer
    found = browser.get(back)
    assert found.status_code in (400, 401, 403, 502, 504) and "Traceback" not in found.text
    assert "lw_launch" not in found.headers.get("location", "")


@pytest.mark.parametrize(
    "tokens",
    [
        {"expires_in": "300"}, {"expires_in": None}, {"scope": None}, {"scope": "patient/Patient.rs"}, {"token_type": "bearer"}, {"refresh_token": None},
        {"need_patient_banner": True, "smart_style_url": "https://x/y", "intent": "z", "encounter": "e", "fhirContext": [{"reference": "ImagingStudy/1"}]},
    ],
)  # fmt: skip
def test_what_real_systems_answer_opens_the_chart(
    browser: Any, hospital: Hospital, sign_in: SignIn, tokens: dict[str, Any]
) -> None:
    sign_in.tokens = tokens
    chart = opened(browser, hospital, sign_in)
    assert browser.get(f"{chart}/plan.json").status_code == 200


@pytest.mark.parametrize("patient", ["../bertha", "Patient/anna", "a b", 7, "", "x" * 65])
def test_a_patient_that_is_no_id_opens_no_chart(browser: Any, hospital: Hospital, sign_in: SignIn, patient: Any) -> None:
    sign_in.tokens = {"patient": patient}
    assert browser.get(sign_in.allow(launched(browser, hospital))).status_code in (400, 403, 502)


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "e30.e30.", 7, "x" * 20_000])
def test_an_id_token_that_is_none_opens_no_chart(browser: Any, hospital: Hospital, sign_in: SignIn, token: Any) -> None:
    sign_in.tokens = {"id_token": token}
    assert browser.get(sign_in.allow(launched(browser, hospital))).status_code == 403


@pytest.mark.parametrize(
    ("claims", "user"),
    [
        ({"fhirUser": "Practitioner/8"}, "Practitioner/8"),
        ({"fhirUser": None, "profile": "Practitioner/9"}, "Practitioner/9"),
        ({"fhirUser": "https://other.example/fhir/Practitioner/8"}, "https://other.example/fhir/Practitioner/8"),
    ],
)
def test_a_proposal_is_in_the_name_of_who_clicked(
    browser: Any, hospital: Hospital, sign_in: SignIn, claims: Any, user: str
) -> None:
    sign_in.claims = claims
    chart = opened(browser, hospital, sign_in)
    found = browser.get(f"{chart}/plan.json").json()
    good = next(one["id"] for one in found["options"] if one["status"] == "suitable")
    assert (
        browser.post(f"{chart}/proposals", json={"options": [good]}, headers={"X-CSRF-Token": found["csrf"]}).status_code == 201
    )
    bundle = json.loads(next(body for path, body in hospital.posted if path == "/fhir"))
    leading = bundle["entry"][0]["resource"]
    assert (leading.get("requester") or leading.get("author")) == {"reference": user}


def test_a_rotated_refresh_token_is_the_next_one(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    sign_in.tokens, sign_in.spent = {"expires_in": 1, "refresh_token": "first"}, set()
    chart = opened(browser, hospital, sign_in)
    sign_in.tokens = {"expires_in": 1, "refresh_token": "second"}
    assert browser.get(f"{chart}/plan.json").status_code == 200
    sign_in.tokens = {"expires_in": 300}
    assert browser.get(f"{chart}/plan.json").status_code == 200
    assert [one["refresh_token"] for one in sign_in.requests[1:]] == ["first", "second"]


def test_a_renewed_token_is_the_one_that_is_sent(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    seen: list[str] = []
    sign_in.tokens = {"expires_in": 1, "refresh_token": "again"}
    chart = opened(browser, hospital, sign_in)

    def note(handler: Any) -> None:
        seen.append(handler.headers.get("Authorization", ""))
        send(handler, hospital.search("Observation", {}))

    hospital.answers["/fhir/Observation"] = note
    assert browser.get(f"{chart}/plan.json").status_code == 200 and set(seen) == {"Bearer renewed"}


# The chart


def test_pages_of_a_chart_hold_no_token_and_are_kept_by_nobody(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    sign_in.tokens = {"access_token": "s3cr3t-access", "refresh_token": "s3cr3t-refresh"}
    chart = opened(browser, hospital, sign_in)
    for path in ("plan", "plan.json", "sheet.html", "sheet.fhir"):
        answer = browser.get(f"{chart}/{path}")
        assert (
            answer.status_code == 200
            and "s3cr3t" not in answer.text + str(answer.headers)
            and answer.headers["cache-control"] == "no-store"
        )
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_chart_reads_every_page_of_the_record(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    chart = opened(browser, hospital, sign_in)
    whole = browser.get(f"{chart}/plan.json").json()
    hospital.page = 4
    paged = browser.get(f"{chart}/plan.json").json()
    assert paged["partial"] == [] and [one["id"] for one in paged["options"]] == [one["id"] for one in whole["options"]]


@pytest.mark.parametrize("kind", ["Condition", "Observation", "MedicationStatement", "AllergyIntolerance", "Procedure"])
@pytest.mark.parametrize("status", [403, 500, 429])
def test_a_part_that_cannot_be_read_is_named_and_nothing_is_offered(
    browser: Any, hospital: Hospital, sign_in: SignIn, kind: str, status: int
) -> None:
    chart = opened(browser, hospital, sign_in)
    hospital.answers[f"/fhir/{kind}"] = lambda handler: send(handler, {}, status)
    page, found = browser.get(f"{chart}/plan"), browser.get(f"{chart}/plan.json").json()
    assert page.status_code == 200 and "Read in part" in page.text and 'name="options"' not in page.text
    assert found["partial"] and found["options"] == []


def test_a_patient_that_cannot_be_read_gives_no_page_of_a_plan(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    chart = opened(browser, hospital, sign_in)
    for status in (403, 404, 410, 500):
        hospital.answers["/fhir/Patient/anna"] = lambda handler, status=status: send(handler, {}, status)
        assert browser.get(f"{chart}/plan").status_code in (412, 422, 502)


def test_proposals_are_one_valid_transaction_that_can_be_sent_twice(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    models = pytest.importorskip("fhir.resources.R4B", reason="fhir.resources is not installed")
    chart = opened(browser, hospital, sign_in)
    found = browser.get(f"{chart}/plan.json").json()
    chosen = [one["id"] for one in found["options"] if one["status"] in ("suitable", "preferred")][:10]
    for _ in range(2):
        browser.post(f"{chart}/proposals", json={"options": chosen}, headers={"X-CSRF-Token": found["csrf"]})
    first, second = (json.loads(body) for path, body in hospital.posted if path == "/fhir")
    models.get_fhir_model_class("Bundle").model_validate(first)
    names = [[entry["request"].get("ifNoneExist") for entry in one["entry"]] for one in (first, second)]
    assert names[0] == names[1] and all(names[0][:-1]), "the same identifiers, so that none is made twice"
    addresses = [entry["fullUrl"] for entry in first["entry"]]
    assert len(set(addresses)) == len(addresses) and all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", one) for one in addresses)
    for entry in first["entry"]:
        assert entry["request"]["method"] == "POST" and entry["request"]["url"] == entry["resource"]["resourceType"]
        assert entry["resource"].get("intent") in ("proposal", "option", None) and "dosageInstruction" not in entry["resource"]
    origin = first["entry"][-1]["resource"]
    assert origin["resourceType"] == "Provenance" and {one["reference"] for one in origin["target"]} == set(addresses[:-1])


# REST and the trail


def test_events_are_valid_fhir(people: dict[str, Any], browser: Any, hospital: Hospital, sign_in: SignIn, clinic: Clinic) -> None:
    models = pytest.importorskip("fhir.resources.R4B", reason="fhir.resources is not installed")
    browser.get(f"{opened(browser, hospital, sign_in)}/plan")
    clinic.cds(hospital, hospital.call())
    people["clinician"].post("/api/v1/plan?region=US", json=RECORD)
    bundle = people["auditor"].get("/api/v1/audit?_count=30").json()
    for entry in bundle["entry"]:
        event = entry["resource"]
        models.get_fhir_model_class("AuditEvent").model_validate(event)
        assert [one["requestor"] for one in event["agent"]].count(True) == 1 and event["outcome"] in ("0", "4", "8", "12")
        assert event["type"]["code"] and event["action"] in "CRUDE" and event["source"]["observer"]
    assert bundle["type"] == "searchset"


def test_a_limit_says_when_to_come_again(clinic: Clinic) -> None:
    for number in range(40):
        answer = clinic.client.post("/api/v1/session", json={"name": "somebody", "password": f"wrong {number}"})
        if answer.status_code == 429:
            break
    assert (
        answer.status_code == 429
        and int(answer.headers["retry-after"]) > 0
        and answer.headers["content-type"] == "application/problem+json"
    )


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "clinician"},
        {"name": 7, "password": "x"},
        {"name": "clinician", "password": None},
        [],
        "x",
        {"name": "a" * 5000, "password": "x"},
    ],
)
def test_a_sign_in_that_lacks_something_is_malformed(clinic: Clinic, body: Any) -> None:
    answer = clinic.client.post("/api/v1/session", json=body)
    assert answer.status_code in (400, 401, 422) and answer.headers["content-type"] == "application/problem+json"


def test_a_wrong_method_names_the_right_ones(people: dict[str, Any]) -> None:
    answer = people["clinician"].request("DELETE", "/api/v1/plan")
    assert answer.status_code == 405 and "POST" in answer.headers["allow"]


def test_the_same_request_gets_the_same_bytes(people: dict[str, Any]) -> None:
    first, second = (people["clinician"].post("/api/v1/plan?region=US&as_of=2026-11-30", json=RECORD) for _ in range(2))
    assert first.content == second.content and first.headers["x-linewise-answer"] != second.headers["x-linewise-answer"]


def test_two_people_in_one_bundle_are_told(people: dict[str, Any]) -> None:
    both = json.loads(json.dumps(RECORD))
    both["entry"].append({"resource": {"resourceType": "Patient", "id": "bertha"}})
    answer = people["clinician"].post("/api/v1/plan", json=both)
    assert answer.status_code == 422 and "2" in answer.json()["detail"]


def test_ready_says_the_medicine(clinic: Clinic) -> None:
    found = clinic.client.get("/ready").json()
    assert found["status"] == "ready" and found["knowledge"] and clinic.client.get("/health").status_code == 200


def test_a_session_ends_for_somebody_who_is_removed(hospital: Hospital, tmp_path: Path) -> None:
    own = Clinic(tmp_path, [hospital.settings()])
    try:
        people = signed_in(own)
        assert people["clinician"].get("/api/v1/session").status_code == 200
        assert own.run("user", "remove", "clinician").returncode == 0
        assert people["clinician"].get("/api/v1/session").status_code == 401
        again = own.client.post("/api/v1/session", json={"name": "clinician", "password": PASSWORDS["clinician"]})
        assert again.status_code == 401
    finally:
        own.stop()


# The sheet


@pytest.mark.parametrize("data", [b"", b"{", b"not a record", b"\x00\x01", b'{"resourceType": "Bundle", "entry": []}'])
def test_a_record_that_cannot_be_read_ends_the_sheet_with_2(tmp_path: Path, data: bytes) -> None:
    record, out = tmp_path / "r.json", tmp_path / "o.html"
    record.write_bytes(data)
    command = [sys.executable, "-m", "linewise", "mdt", str(record), "--format", "html", "--output", str(out)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 2 and "Traceback" not in found.stderr and found.stderr.strip() and not out.exists()


# Assistants


def test_schemas_are_schemas_and_answers_hold_them() -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    tools, (plan, why) = conversation(("plan", {"record": ANNA, "region": "US"}), ("why", {"record": ANNA, "option": "olaparib"}))
    for one in tools:
        jsonschema.Draft202012Validator.check_schema(one.input_schema)
        jsonschema.Draft202012Validator.check_schema(one.output_schema)
        assert one.input_schema["type"] == "object" and set(one.input_schema["required"]) <= set(one.input_schema["properties"])
    found = plan.structured_content
    assert (
        found["as_of"]
        and found["options"]
        and {one["status"] for one in found["options"]} <= {"preferred", "suitable", "depends", "unsuitable", "not-indicated"}
    )
    cited = {name for one in found["options"] for name in one.get("sources", [])}
    assert cited <= set(found["sources"]) and all(one.get("title") and one.get("url") for one in found["sources"].values())
    assert not why.is_error


def test_what_a_tool_cannot_do_is_an_error_and_the_next_call_is_answered() -> None:
    deep: dict[str, Any] = {}
    for _ in range(60):
        deep = {"a": deep}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("plan", {"record": deep}), ("plan", {"record": {"resourceType": "Bundle", "entry": [None, 7, {"resource": {}}]}}), ("search", {"query": "x" * 100_000}),
        ("knowledge", {"id": "../../etc/passwd"}), ("interactions", {"medicines": ["x"] * 1000}), ("interactions", {"medicines": "x"}),
        ("read_document", {"text": ""}), ("plan", {"record": ANNA}),
    ]  # fmt: skip
    _, results = conversation(*calls)
    assert (
        [one.is_error for one in results[:2]] == [True, True]
        and all(one.is_error for one in results[3:6])
        and not results[-1].is_error
    )
    assert all("Traceback" not in one.content[0].text for one in results)
