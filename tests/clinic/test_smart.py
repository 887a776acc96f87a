"""SMART App Launch 2.2 against a running server: the launch, what is refused, the chart, proposals."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from .conftest import Clinic, httpx
from .hospital import Hospital, send
from .sign_in import SignIn


@pytest.fixture
def sign_in(hospital: Hospital) -> SignIn:
    return SignIn(hospital)


@pytest.fixture
def browser(clinic: Clinic) -> Iterator[Any]:
    with httpx.Client(base_url=clinic.base, timeout=30, trust_env=False) as found:
        yield found


def launched(browser: Any, hospital: Hospital, launch: str | None = "xyz") -> str:
    """The address of the authorization request."""
    query = {"iss": hospital.fhir} | ({"launch": launch} if launch else {})
    answer = browser.get("/launch", params=query)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["location"])


def opened(browser: Any, hospital: Hospital, sign_in: SignIn) -> str:
    """The address of an opened chart, without `/plan`."""
    answer = browser.get(sign_in.allow(launched(browser, hospital)))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).removesuffix("/plan")


# The launch


def test_the_authorization_request_holds_what_the_specification_demands(
    browser: Any, hospital: Hospital, sign_in: SignIn, clinic: Clinic
) -> None:
    address = launched(browser, hospital)
    asked = {name: values[-1] for name, values in parse_qs(urlsplit(address).query).items()}
    assert address.startswith(f"{hospital.base}/authorize?")
    assert (
        asked["response_type"] == "code"
        and asked["client_id"] == "linewise"
        and asked["redirect_uri"] == f"{clinic.base}/callback"
    )
    assert (
        asked["aud"] == hospital.fhir
        and asked["launch"] == "xyz"
        and asked["code_challenge_method"] == "S256"
        and len(asked["code_challenge"]) == 43
    )
    assert len(asked["state"]) >= 22 and asked["nonce"]
    scopes = asked["scope"].split()
    assert {"openid", "fhirUser", "launch", "patient/Patient.rs", "online_access"} <= set(scopes) and not any(
        "*" in one for one in scopes
    )
    sign_in.says = {"capabilities": ["launch-standalone"]}
    alone = {name: values[-1] for name, values in parse_qs(urlsplit(launched(browser, hospital, None)).query).items()}
    assert "launch" not in alone and {"launch/patient", "patient/Patient.read"} <= set(alone["scope"].split())
    assert alone["state"] != asked["state"] and alone["code_challenge"] != asked["code_challenge"]


def test_a_stranger_is_refused_before_it_is_contacted(browser: Any, hospital: Hospital) -> None:
    other = Hospital()
    try:
        for iss in (other.fhir, hospital.fhir + "/evil", hospital.fhir.replace("127.0.0.1", "127.0.0.1@evil.example"), ""):
            if iss:
                assert browser.get("/launch", params={"iss": iss, "launch": "x"}).status_code == 403
        assert other.asked == [] and hospital.asked == []
    finally:
        other.close()


def test_an_endpoint_on_an_unknown_server_is_refused(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    for name in ("token_endpoint", "authorization_endpoint"):
        sign_in.says = {name: "http://198.51.100.9/token"}
        assert browser.get("/launch", params={"iss": hospital.fhir, "launch": "x"}).status_code == 502


# The way back


def test_state_is_of_this_browser_and_used_once(browser: Any, hospital: Hospital, sign_in: SignIn, clinic: Clinic) -> None:
    back = sign_in.allow(launched(browser, hospital))
    with httpx.Client(trust_env=False) as other:
        assert other.get(back).status_code in (400, 403)
    assert browser.get(back).status_code == 303
    assert browser.get(back).status_code == 400
    assert browser.get("/callback?code=x&state=invented").status_code == 400
    assert browser.get("/callback").status_code == 400
    assert hospital.asked.count("/token") == 1


def test_a_refusal_and_another_issuer_end_the_launch(browser: Any, hospital: Hospital, sign_in: SignIn, clinic: Clinic) -> None:
    state = parse_qs(urlsplit(launched(browser, hospital)).query)["state"][0]
    assert browser.get("/callback", params={"error": "access_denied", "state": state}).status_code == 403
    back = sign_in.allow(launched(browser, hospital))
    assert browser.get(f"{back}&iss=https://evil.example").status_code == 400
    sign_in.says = {"authorization_response_iss_parameter_supported": True}
    assert browser.get(sign_in.allow(launched(browser, hospital))).status_code == 400
    assert browser.get(f"{sign_in.allow(launched(browser, hospital))}&iss={hospital.fhir}").status_code == 303


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "another-app"},
        {"aud": ["linewise", "another-app"]},
        {"exp": -600},
        {"iat": 600},
        {"iat": None},
        {"nonce": "other"},
        {"sub": ""},
    ],
)
def test_an_id_token_for_something_else_is_refused(
    browser: Any, hospital: Hospital, sign_in: SignIn, claims: dict[str, Any]
) -> None:
    """Times are in seconds from the moment of the test."""
    now = int(time.time())
    sign_in.claims = {name: now + value if name in ("exp", "iat") and value else value for name, value in claims.items()}
    assert browser.get(sign_in.allow(launched(browser, hospital))).status_code == 403


@pytest.mark.parametrize(
    "tokens",
    [
        {"id_token": None},
        {"id_token": "eyJhbGciOiJub25lIn0.e30."},
        {"patient": None},
        {"token_type": "mac"},
        {"access_token": None},
        {"access_token": ""},
        {"access_token": "a b\n"},
    ],
)
def test_an_answer_that_lacks_something_is_refused(
    browser: Any, hospital: Hospital, sign_in: SignIn, tokens: dict[str, Any]
) -> None:
    sign_in.tokens = tokens
    assert browser.get(sign_in.allow(launched(browser, hospital))).status_code in (403, 502)


def test_an_rsa_id_token_is_taken(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    sign_in.kid = "two"
    assert browser.get(sign_in.allow(launched(browser, hospital))).status_code == 303


# The chart


def test_the_chart_shows_the_plan_and_no_token(browser: Any, hospital: Hospital, sign_in: SignIn, clinic: Clinic) -> None:
    chart = opened(browser, hospital, sign_in)
    page, twin = browser.get(f"{chart}/plan"), browser.get(f"{chart}/plan.json")
    assert page.status_code == twin.status_code == 200
    found = twin.json()
    assert found["schema"] == "linewise.plan/1" and found["csrf"] and found["partial"] == []
    assert found["subject"]["id"] == "anna" and any(one["status"] == "suitable" for one in found["options"])
    assert '"token"' not in twin.text and "Bearer" not in page.text
    assert "frame-ancestors 'self' https://ehr.example" in page.headers["content-security-policy"]
    assert "x-frame-options" not in page.headers


def test_a_handle_is_of_one_browser(browser: Any, hospital: Hospital, sign_in: SignIn, clinic: Clinic) -> None:
    chart = opened(browser, hospital, sign_in)
    with httpx.Client(trust_env=False) as other:
        assert other.get(f"{chart}/plan").status_code == 401
        assert other.get(f"{clinic.base}/app/invented/plan").status_code == 401


def test_two_charts_in_one_browser_do_not_mix(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    first = launched(browser, hospital)
    second = launched(browser, hospital)
    one = browser.get(sign_in.allow(second)).headers["location"]
    two = browser.get(sign_in.allow(first)).headers["location"]
    assert one != two and browser.get(one).status_code == browser.get(two).status_code == 200


def test_a_chart_that_cannot_be_read_whole_offers_nothing(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    chart = opened(browser, hospital, sign_in)
    hospital.answers["/fhir/Observation"] = lambda handler: send(handler, {}, 403)
    found = browser.get(f"{chart}/plan.json").json()
    assert found["partial"] and not found["options"]
    answer = browser.post(f"{chart}/proposals", json={"options": ["elacestrant"]}, headers={"X-CSRF-Token": found["csrf"]})
    assert answer.status_code == 409 and not [path for path, _ in hospital.posted if path == "/fhir"]


def test_an_expired_token_is_renewed_or_ends_the_session(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    sign_in.tokens = {"expires_in": 1, "refresh_token": "again"}
    chart = opened(browser, hospital, sign_in)
    assert browser.get(f"{chart}/plan.json").status_code == 200
    assert sign_in.requests[-1]["grant_type"] == "refresh_token" and sign_in.requests[-1]["refresh_token"] == "again"
    sign_in.tokens = {"expires_in": 1}
    chart = opened(browser, hospital, sign_in)
    assert browser.get(f"{chart}/plan.json").status_code == 401


def test_of_two_requests_at_once_one_renews_and_both_are_answered(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    """A refresh token may be good for one use: the second to come waits for what the first brings."""
    sign_in.tokens, sign_in.slow = {"expires_in": 1, "refresh_token": "first"}, 0.7
    chart = opened(browser, hospital, sign_in)
    sign_in.tokens, sign_in.spent = {"expires_in": 300, "refresh_token": "second"}, set()
    kept = dict(browser.cookies)
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(httpx.get, f"{chart}/plan.json", cookies=kept, trust_env=False, timeout=60) for _ in range(4)]
        assert [one.result().status_code for one in asked] == [200] * 4
    assert [one["refresh_token"] for one in sign_in.requests if one["grant_type"] == "refresh_token"] == ["first"]


def test_a_click_after_the_token_has_expired_spends_one_refresh_token(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    """What is renewed for reading the record is what the proposals are written with."""
    sign_in.tokens, sign_in.spent = {"expires_in": 1, "refresh_token": "first"}, set()
    chart = opened(browser, hospital, sign_in)
    sign_in.tokens = {"expires_in": 1, "refresh_token": "second"}
    found = browser.get(f"{chart}/plan.json").json()
    good = next(one["id"] for one in found["options"] if one["status"] == "suitable")
    sign_in.tokens = {"expires_in": 300, "refresh_token": "third"}
    answer = browser.post(f"{chart}/proposals", json={"options": [good]}, headers={"X-CSRF-Token": found["csrf"]})
    assert answer.status_code == 201, answer.text
    assert [one["refresh_token"] for one in sign_in.requests if one["grant_type"] == "refresh_token"] == ["first", "second"]


def test_a_token_that_was_taken_back_is_renewed_once(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    """A record system may end a token before its time."""

    def only_renewed(kind: str) -> Any:
        def answer(handler: Any) -> None:
            fine = handler.headers.get("Authorization") == "Bearer renewed"
            send(handler, hospital.search(kind, {}) if fine else {}, 200 if fine else 401)

        return answer

    sign_in.tokens = {"refresh_token": "again"}
    chart = opened(browser, hospital, sign_in)
    hospital.answers["/fhir/Observation"] = only_renewed("Observation")
    assert browser.get(f"{chart}/plan.json").json()["partial"] == []
    assert [one["grant_type"] for one in sign_in.requests[1:]] == ["refresh_token"]
    hospital.answers["/fhir/Observation"] = lambda handler: send(handler, {}, 401)
    assert browser.get(f"{chart}/plan.json").json()["partial"], "no round without an end"
    assert len(sign_in.requests) <= 3


def test_a_chart_that_is_closed_while_it_is_renewed_stays_closed(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    sign_in.tokens, sign_in.slow = {"expires_in": 1, "refresh_token": "first"}, 1.5
    chart = opened(browser, hospital, sign_in)
    kept = dict(browser.cookies)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(httpx.get, f"{chart}/plan.json", cookies=kept, trust_env=False, timeout=60)
        time.sleep(0.5)
        assert browser.post("/logout").status_code == 200
        assert asked.result().status_code == 401
    assert httpx.get(f"{chart}/plan.json", cookies=kept, trust_env=False).status_code == 401


def test_a_renewal_that_fails_ends_the_session_for_everybody_who_waits(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    sign_in.tokens, sign_in.slow = {"expires_in": 1, "refresh_token": "first"}, 0.5
    chart = opened(browser, hospital, sign_in)
    sign_in.spent = {"first"}
    kept = dict(browser.cookies)
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(httpx.get, f"{chart}/plan.json", cookies=kept, trust_env=False, timeout=60) for _ in range(2)]
        assert [one.result().status_code for one in asked] == [401] * 2


# In the frame of the record system


def test_what_a_person_is_told_can_be_shown_in_the_frame(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    """Without that, the frame of a record system stays blank where something went wrong, and nobody knows why."""
    chart = opened(browser, hospital, sign_in)
    told = [
        browser.get("/launch", params={"iss": "https://evil.example", "launch": "x"}),
        browser.get("/callback?code=x&state=invented"),
        httpx.get(f"{chart}/plan", trust_env=False),
        browser.get(f"{chart}/sheet.nothing"),
        browser.post(f"{chart}/proposals", data={"options": "nothing", "csrf": "wrong"}),
        browser.get("/app/x"),
        browser.post("/logout"),
    ]
    assert [one.status_code for one in told] == [403, 400, 401, 404, 403, 404, 200]
    for one in told:
        assert one.headers["content-type"].startswith("text/html"), one.url
        assert "frame-ancestors 'self' https://ehr.example" in one.headers["content-security-policy"], one.url
        assert "x-frame-options" not in one.headers and "default-src 'none'" in one.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in browser.get("/api/v1/session").headers["content-security-policy"]


def test_closing_ends_every_chart_of_the_browser(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    chart = opened(browser, hospital, sign_in)
    kept = dict(browser.cookies)
    assert browser.post("/logout").status_code == 200
    assert browser.get(f"{chart}/plan").status_code == 401
    with httpx.Client(trust_env=False, cookies=kept) as thief:
        assert thief.get(f"{chart}/plan").status_code == 401


# Proposals


def test_a_proposal_is_written_on_a_click_only(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    chart = opened(browser, hospital, sign_in)
    found = browser.get(f"{chart}/plan.json").json()
    chosen = [one["id"] for one in found["options"] if one["status"] == "suitable" and one["drugs"]][:1]
    assert not [path for path, _ in hospital.posted if path == "/fhir"]
    for headers in ({}, {"X-CSRF-Token": "wrong"}, {"X-CSRF-Token": found["csrf"], "Origin": "https://evil.example"}):
        assert browser.post(f"{chart}/proposals", json={"options": chosen}, headers=headers).status_code == 403
    right = {"X-CSRF-Token": found["csrf"]}
    answer = browser.post(f"{chart}/proposals", json={"options": chosen}, headers=right)
    assert answer.status_code == 201 and answer.json()["results"][0]["location"]
    bundle = json.loads(next(body for path, body in hospital.posted if path == "/fhir"))
    assert bundle["type"] == "transaction"
    leading = bundle["entry"][0]["resource"]
    assert (
        leading["intent"] == "proposal" and leading["status"] == "draft" and leading["subject"] == {"reference": "Patient/anna"}
    )
    assert (leading.get("requester") or leading.get("author")) == {"reference": "Practitioner/7"}


def test_what_is_not_offered_is_not_proposed(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    chart = opened(browser, hospital, sign_in)
    found = browser.get(f"{chart}/plan.json").json()
    unfit = next(one["id"] for one in found["options"] if one["status"] == "not-indicated")
    for options in ([unfit], ["nothing"], [], "x", [1]):
        answer = browser.post(f"{chart}/proposals", json={"options": options}, headers={"X-CSRF-Token": found["csrf"]})
        assert answer.status_code == 422, options
    hospital.answers["/fhir"] = lambda handler: send(handler, {"resourceType": "OperationOutcome"}, 422)
    good = next(one["id"] for one in found["options"] if one["status"] == "suitable")
    answer = browser.post(f"{chart}/proposals", json={"options": [good]}, headers={"X-CSRF-Token": found["csrf"]})
    assert answer.status_code == 502 and "nothing was written" in answer.json()["detail"]


def cut_off(handler: Any) -> None:
    handler.connection.close()


@pytest.mark.parametrize(
    ("answers", "written"),
    [
        (lambda handler: send(handler, {"resourceType": "OperationOutcome"}, 422), "no"),
        (lambda handler: send(handler, {}, 401), "no"),
        (lambda handler: send(handler, {}, 500), "not known"),
        (lambda handler: send(handler, {}, 504), "not known"),
        (lambda handler: (time.sleep(7), send(handler, {}))[1], "not known"),
        (cut_off, "not known"),
        (lambda handler: send(handler, "written"), "not known"),
    ],
    ids=["refused", "not-allowed", "broke", "gateway", "silent", "cut-off", "unreadable"],
)
def test_that_nothing_was_written_is_said_only_where_it_is_known(
    browser: Any, hospital: Hospital, sign_in: SignIn, answers: Any, written: str
) -> None:
    chart = opened(browser, hospital, sign_in)
    found = browser.get(f"{chart}/plan.json").json()
    good = next(one["id"] for one in found["options"] if one["status"] == "suitable")
    hospital.answers["/fhir"] = answers
    answer = browser.post(f"{chart}/proposals", json={"options": [good]}, headers={"X-CSRF-Token": found["csrf"]})
    assert answer.status_code == 502 and answer.json()["written"] == written
    assert ("nothing was written" in answer.json()["detail"]) is (written == "no")


def test_a_transaction_that_was_taken_in_part_is_told(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    chart = opened(browser, hospital, sign_in)
    found = browser.get(f"{chart}/plan.json").json()
    good = next(one["id"] for one in found["options"] if one["status"] == "suitable")
    entries = [{"response": {"status": "201 Created"}}, {"response": {"status": "403 Forbidden"}}]
    hospital.answers["/fhir"] = lambda handler: send(
        handler, {"resourceType": "Bundle", "type": "batch-response", "entry": entries}
    )
    answer = browser.post(f"{chart}/proposals", json={"options": [good]}, headers={"X-CSRF-Token": found["csrf"]})
    assert answer.status_code == 502 and answer.json()["written"] == "in part" and "1 of 2" in answer.json()["detail"]


def test_the_page_works_without_a_script(browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    chart = opened(browser, hospital, sign_in)
    found = browser.get(f"{chart}/plan.json").json()
    good = next(one["id"] for one in found["options"] if one["status"] == "suitable")
    assert "<script" not in browser.get(f"{chart}/plan").text
    answer = browser.post(f"{chart}/proposals", data={"options": good, "csrf": found["csrf"]})
    assert answer.status_code == 200 and "Proposed" in answer.text
    for form in ("html", "fhir", "docx"):
        assert browser.get(f"{chart}/sheet.{form}").status_code == 200


def test_our_key_is_public_and_signs(hospital: Hospital, sign_in: SignIn, tmp_path: Any) -> None:
    from joserfc import jwt
    from joserfc.jwk import ECKey

    own = Clinic(tmp_path, [hospital.settings(client_auth="private_key_jwt")])
    try:
        (key,) = own.client.get("/.well-known/jwks.json").json()["keys"]
        assert "d" not in key and key["kid"] and key["kty"] == "EC"
        with httpx.Client(base_url=own.base, trust_env=False) as browser:
            opened(browser, hospital, sign_in)
        said = sign_in.requests[-1]
        claims = jwt.decode(said["client_assertion"], ECKey.import_key(key), algorithms=["ES384"]).claims
        assert claims["iss"] == claims["sub"] == "linewise" and claims["aud"] == f"{hospital.base}/token" and claims["jti"]
        assert b"PRIVATE" not in (tmp_path / "clinic.sqlite").read_bytes()
    finally:
        own.stop()


def test_a_chart_opens_on_https_with_cookies_that_no_other_host_can_set(
    hospital: Hospital, sign_in: SignIn, tmp_path: Any
) -> None:
    """Behind a proxy that speaks TLS: the browser sends the cookies back by their whole names."""
    own = Clinic(tmp_path, [hospital.settings()], public_url="https://linewise.hospital.example")
    try:
        begun = own.client.get("/launch", params={"iss": hospital.fhir, "launch": "x"})
        bound = begun.headers["set-cookie"].split(";")[0]
        back = sign_in.allow(begun.headers["location"]).removeprefix("https://linewise.hospital.example")
        own.client.cookies.clear()
        assert own.client.get(back, headers={"Cookie": bound.removeprefix("__Host-")}).status_code == 403
        opened_ = own.client.get(back, headers={"Cookie": bound})
        assert opened_.status_code == 303
        cookie = next(one for one in opened_.headers.get_list("set-cookie") if not one.startswith("__Host-lw_launch")).split(";")[
            0
        ]
        chart = opened_.headers["location"].removeprefix("https://linewise.hospital.example")
        own.client.cookies.clear()
        assert own.client.get(chart, headers={"Cookie": cookie}).status_code == 200
        assert own.client.get(chart, headers={"Cookie": cookie.removeprefix("__Host-")}).status_code == 401
        closed = own.client.post("/logout", headers={"Cookie": cookie})
        assert closed.headers["clear-site-data"] and own.client.get(chart, headers={"Cookie": cookie}).status_code == 401
    finally:
        own.stop()


def test_nothing_of_a_launch_is_in_the_log(clinic: Clinic, browser: Any, hospital: Hospital, sign_in: SignIn) -> None:
    browser.get(f"{opened(browser, hospital, sign_in)}/plan")
    said = clinic.log.read_text()
    for word in ("anna", "eyJ", "Practitioner", "Traceback", "code="):
        assert word not in said, word
