"""CDS Hooks 2.0 against a running server: what is answered, and every way in which a record system goes wrong."""

from __future__ import annotations

import datetime as dt
import json
import socket
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from linewise.exchange import Codes
from linewise.exchange.fhir import read_fhir
from linewise.knowledge import Knowledge
from linewise.plan import make_plan

from .conftest import Clinic
from .hospital import Hospital, anna, prefetch_of, searchset, send

ORDERED = {"ribociclib": "1873916", "elacestrant": "2628529", "olaparib": "1597582"}


def cards_of(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return list(answer.json()["cards"])


def suggestions(cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for card in cards for one in card.get("suggestions", [])]


def options(cards: list[dict[str, Any]]) -> dict[str, str]:
    return {one["id"]: one["status"] for card in cards for one in card["extension"]["org.linewise.plan"]["options"]}


def order(drug: str, id_: str = "d1", **more: Any) -> dict[str, Any]:
    found = {
        "resourceType": "MedicationRequest",
        "id": id_,
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/anna"},
    }
    return found | {"medicationCodeableConcept": {"text": drug}, **more}


def drafts(*orders: dict[str, Any], selected: tuple[str, ...] = ("MedicationRequest/d1",)) -> dict[str, Any]:
    return {
        "selections": list(selected),
        "draftOrders": {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in orders]},
    }


# Discovery and the cards


def test_discovery_names_three_services_with_plain_prefetch(clinic: Clinic) -> None:
    services = clinic.client.get("/cds-services").json()["services"]
    assert {one["hook"] for one in services} == {"patient-view", "order-select", "order-sign"}
    for one in services:
        assert one["id"] and one["title"] and one["description"]
        assert one["prefetch"]["patient"] == "Patient/{{context.patientId}}"
        assert all("category" not in template and "_include" not in template for template in one["prefetch"].values())


def test_a_chart_that_is_opened_gives_well_formed_cards(clinic: Clinic, hospital: Hospital) -> None:
    cards = cards_of(clinic.cds(hospital, hospital.call(prefetch=prefetch_of(anna()))))
    assert cards and len({card["uuid"] for card in cards}) == len(cards)
    for card in cards:
        assert 0 < len(card["summary"]) < 140 and card["indicator"] in ("info", "warning", "critical") and card["source"]["label"]
        assert ("suggestions" in card) is ("selectionBehavior" in card)
        assert None not in card.values() and [] not in card.values()
        assert card["links"][0] == {"label": "Open the whole plan", "url": f"{clinic.base}/launch", "type": "smart"}
    for one in suggestions(cards):
        for action in one["actions"]:
            assert action["type"] == "create"
            resource = action["resource"]
            assert (resource["intent"], resource["status"]) == ("proposal", "draft")
            assert "dosageInstruction" not in resource and (resource.get("reasonReference") or resource.get("reasonCode"))


def test_cards_say_what_the_plan_says(clinic: Clinic, hospital: Hospital, knowledge: Knowledge, codes: Codes) -> None:
    shown = options(cards_of(clinic.cds(hospital, hospital.call(prefetch=prefetch_of(anna())))))
    plan = make_plan(read_fhir(anna(), "anna", codes)[0], knowledge, dt.date.today(), "US")
    assert shown and all(plan.status(name) == status for name, status in shown.items())
    assert {one.id for one in plan.offered} <= set(shown)


def test_prefetch_and_fetched_give_the_same(clinic: Clinic, hospital: Hospital) -> None:
    sent = options(cards_of(clinic.cds(hospital, hospital.call(prefetch=prefetch_of(anna())))))
    assert hospital.asked in (["/jwks"], [])
    fetched = options(
        cards_of(clinic.cds(hospital, hospital.call(fhirServer=hospital.fhir, fhirAuthorization={"access_token": "t"})))
    )
    hospital.page = 3
    paged = options(cards_of(clinic.cds(hospital, hospital.call(fhirServer=hospital.fhir))))
    assert sent == fetched == paged


def test_somebody_without_the_illness_gets_no_card(clinic: Clinic, hospital: Hospital) -> None:
    healthy = dict.fromkeys(prefetch_of(anna())) | {"patient": {"resourceType": "Patient", "id": "anna", "gender": "female"}}
    assert cards_of(clinic.cds(hospital, hospital.call(prefetch=healthy))) == []


# Orders


def test_an_order_that_does_not_fit_is_warned_of_with_reasons_to_go_on(clinic: Clinic, hospital: Hospital) -> None:
    for hook in ("order-select", "order-sign"):
        body = hospital.call(hook, prefetch=prefetch_of(anna()), context=drafts(order("olaparib")))
        cards = cards_of(clinic.cds(hospital, body))
        warning = next(card for card in cards if card["indicator"] in ("warning", "critical"))
        assert "laparib" in warning["summary"] and warning["detail"]
        assert all({"code", "system", "display"} == set(one) for one in warning["overrideReasons"])
        assert set(options([warning]).values()) <= {"not-indicated", "unsuitable", "depends"} and options([warning])


def test_an_order_that_fits_is_not_warned_of(clinic: Clinic, hospital: Hospital) -> None:
    body = hospital.call("order-select", prefetch=prefetch_of(anna()), context=drafts(order("elacestrant")))
    cards = cards_of(clinic.cds(hospital, body))
    assert [card["indicator"] for card in cards] == ["info"] and options(cards)["elacestrant"] in ("preferred", "suitable")
    body = hospital.call("order-sign", prefetch=prefetch_of(anna()), context=drafts(order("elacestrant")))
    assert cards_of(clinic.cds(hospital, body)) == []


def test_only_what_is_selected_is_judged_and_another_patients_order_is_told(clinic: Clinic, hospital: Hospital) -> None:
    context = drafts(order("olaparib"), order("elacestrant", "d2"), selected=("MedicationRequest/d2",))
    cards = cards_of(clinic.cds(hospital, hospital.call("order-select", prefetch=prefetch_of(anna()), context=context)))
    assert all("laparib" not in card["summary"] for card in cards)
    context = drafts(order("olaparib", subject={"reference": "Patient/other"}))
    cards = cards_of(clinic.cds(hospital, hospital.call("order-sign", prefetch=prefetch_of(anna()), context=context)))
    assert [card["summary"] for card in cards] == ["Entries about another patient were left out"]


# What is absent, empty, cut off


def test_absent_is_not_empty(clinic: Clinic, hospital: Hospital) -> None:
    answer = clinic.cds(hospital, hospital.call())
    assert answer.status_code == 412 and answer.json()["resourceType"] == "OperationOutcome"
    for name in prefetch_of(anna()):
        sent = prefetch_of(anna())
        del sent[name]
        assert clinic.cds(hospital, hospital.call(prefetch=sent)).status_code == 412, name
        assert cards_of(clinic.cds(hospital, hospital.call(prefetch=sent, fhirServer=hospital.fhir)))


def test_a_token_that_no_header_can_hold_reads_nothing(clinic: Clinic, hospital: Hospital) -> None:
    sent = prefetch_of(anna())
    del sent["observations"]
    given = {"access_token": "schlüssel", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs", "subject": "x"}
    answer = clinic.cds(hospital, hospital.call(prefetch=sent, fhirServer=hospital.fhir, fhirAuthorization=given))
    assert answer.status_code == 412


def test_null_is_empty_except_for_the_patient(clinic: Clinic, hospital: Hospital) -> None:
    sent = prefetch_of(anna()) | {"specimens": None, "allergies": None}
    assert suggestions(cards_of(clinic.cds(hospital, hospital.call(prefetch=sent, fhirServer=hospital.fhir))))
    assert not [path for path in hospital.asked if path.startswith("/fhir")]
    assert clinic.cds(hospital, hospital.call(prefetch=sent | {"patient": None})).status_code == 412


UNREAD: dict[str, Any] = {"null-entry": None, "empty-entry": {}, "no-type": {"resource": {"id": "x"}}}
FAULTS = (
    "outcome",
    "next-without-access",
    "other-server",
    "broken-page",
    "too-few",
    "outcome-inside",
    "other-type",
    "no-list",
    "total-in-words",
    "search-inside",
    "next-without-address",
    "patient-elsewhere",
)


@pytest.mark.parametrize("fault", [*FAULTS, *UNREAD])
def test_a_record_read_in_part_suggests_nothing(clinic: Clinic, hospital: Hospital, fault: str) -> None:
    sent, more = prefetch_of(anna()), {"fhirServer": hospital.fhir}
    results = sent["observations"]
    if fault == "outcome":
        sent["observations"] = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
    elif fault == "outcome-inside":
        results["entry"].append(
            {"resource": {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}, "search": {"mode": "outcome"}}
        )
    elif fault == "too-few":
        results["total"] = 400
    elif fault == "total-in-words":
        results |= {"total": "24", "entry": []}
    elif fault == "search-inside":
        sent["observations"] = searchset([results])
    elif fault == "next-without-address":
        results["link"] = [{"relation": "next"}]
    elif fault == "patient-elsewhere":
        results["entry"][0]["resource"]["subject"] = {"reference": "https://other.example/fhir/Patient/anna"}
    elif fault == "other-type":
        sent["observations"] = {"resourceType": "Parameters"}
    elif fault == "no-list":
        results["entry"] = {"0": results["entry"][0]}
    elif fault in UNREAD:
        results["entry"].append(UNREAD[fault])
    else:
        address = "http://198.51.100.7/fhir/next" if fault == "other-server" else f"{hospital.base}/nothing"
        results["link"] = [{"relation": "next", "url": address}]
        more = {} if fault == "next-without-access" else more
    cards = cards_of(clinic.cds(hospital, hospital.call(prefetch=sent, **more)))
    assert not suggestions(cards) and not options(cards)
    assert any("in part" in card["summary"] and "observation" in card["detail"].lower() for card in cards)


def test_an_old_prefetch_is_fetched_again_or_told(clinic: Clinic, hospital: Hospital) -> None:
    sent = prefetch_of(anna())
    sent["observations"]["meta"] = {"lastUpdated": "2026-01-05T08:00:00Z"}
    cards = cards_of(clinic.cds(hospital, hospital.call(prefetch=sent)))
    assert not suggestions(cards)
    assert suggestions(cards_of(clinic.cds(hospital, hospital.call(prefetch=sent, fhirServer=hospital.fhir))))


def test_another_patient_never_enters(clinic: Clinic, hospital: Hospital) -> None:
    assert clinic.cds(hospital, hospital.call(patient="bertha", prefetch=prefetch_of(anna()))).status_code == 400
    sent = prefetch_of(anna())
    stranger = json.loads(json.dumps(sent["observations"]["entry"][0]))
    stranger["resource"] |= {"id": "x", "subject": {"reference": "Patient/bertha"}}
    sent["observations"]["entry"].append(stranger)
    cards = cards_of(clinic.cds(hospital, hospital.call(prefetch=sent)))
    assert any("another patient" in card["summary"] for card in cards)


def test_a_slow_or_failing_server_ends_in_time(clinic: Clinic, hospital: Hospital) -> None:
    sent = prefetch_of(anna())
    del sent["observations"]
    hospital.answers["/fhir/Observation"] = lambda handler: (time.sleep(12), send(handler, {}))[1]
    started = time.monotonic()
    assert clinic.cds(hospital, hospital.call(prefetch=sent, fhirServer=hospital.fhir)).status_code == 412
    assert time.monotonic() - started < 10
    for status in (401, 403, 500):
        hospital.answers["/fhir/Observation"] = lambda handler, status=status: send(handler, {}, status)
        assert clinic.cds(hospital, hospital.call(prefetch=sent, fhirServer=hospital.fhir)).status_code == 412


def test_a_server_that_is_busy_is_asked_again_when_it_says(clinic: Clinic, hospital: Hospital) -> None:
    sent = prefetch_of(anna())
    del sent["observations"]
    busy = ["1", "0"]

    def at_times(handler: BaseHTTPRequestHandler) -> None:
        if not busy:
            send(handler, hospital.search("Observation", {}))
            return
        data = b"{}"
        handler.send_response(429 if len(busy) == 2 else 503)
        handler.send_header("Retry-After", busy.pop(0))
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    hospital.answers["/fhir/Observation"] = at_times
    assert suggestions(cards_of(clinic.cds(hospital, hospital.call(prefetch=sent, fhirServer=hospital.fhir))))
    busy[:] = ["600"]
    started = time.monotonic()
    assert clinic.cds(hospital, hospital.call(prefetch=sent, fhirServer=hospital.fhir)).status_code == 412
    assert time.monotonic() - started < 5, "nobody waits for a time that is not there"
    busy[:] = ["soon"]
    assert clinic.cds(hospital, hospital.call(prefetch=sent, fhirServer=hospital.fhir)).status_code == 412


def test_a_medicine_that_cannot_be_read_suggests_nothing(clinic: Clinic, hospital: Hospital) -> None:
    sent = prefetch_of(anna())
    unnamed = {"resourceType": "MedicationStatement", "id": "u", "status": "active", "subject": {"reference": "Patient/anna"}}
    sent["medicationStatements"]["entry"].append(
        {"resource": unnamed | {"medicationReference": {"reference": "Medication/gone"}}}
    )
    sent["medicationStatements"]["total"] += 1
    cards = cards_of(clinic.cds(hospital, hospital.call(prefetch=sent, fhirServer=hospital.fhir)))
    assert "/fhir/Medication/gone" in hospital.asked and not suggestions(cards)


def test_pages_that_go_round_end(clinic: Clinic, hospital: Hospital) -> None:
    def round_and_round(handler: BaseHTTPRequestHandler) -> None:
        send(handler, searchset([], link=[{"relation": "next", "url": f"{hospital.fhir}/Observation?again"}]))

    hospital.answers["/fhir/Observation"] = round_and_round
    cards = cards_of(clinic.cds(hospital, hospital.call(fhirServer=hospital.fhir)))
    assert not suggestions(cards)


def test_text_of_a_record_never_formats_a_card(clinic: Clinic, hospital: Hospital) -> None:
    sent = prefetch_of(anna())
    evil = "<script>x</script> [click](http://evil.example) **now** ![p](http://evil.example/p.png) www.evil.example"
    sent["medicationStatements"]["entry"].append(
        {
            "resource": {
                "resourceType": "MedicationStatement",
                "id": "e",
                "status": "active",
                "medicationCodeableConcept": {"text": evil},
                "subject": {"reference": "Patient/anna"},
            }
        }
    )
    sent["medicationStatements"]["total"] += 1
    details = "\n".join(card.get("detail", "") for card in cards_of(clinic.cds(hospital, hospital.call(prefetch=sent))))
    assert "script" in details
    for sign in ("<", "http://evil", "(http://evil", "**now", "![", "www.evil"):
        assert sign not in details, sign


def test_hospitals_with_one_signer_are_told_apart_by_their_server(hospital: Hospital, tmp_path: Path) -> None:
    other = Hospital()
    own = Clinic(tmp_path, [hospital.settings(), hospital.settings(name="Second", fhir=other.fhir, region="UK")])
    try:
        body = hospital.call(fhirServer=other.fhir)
        card = cards_of(own.cds(hospital, body))[0]
        assert card["extension"]["org.linewise.plan"]["region"] == "UK" and other.asked and "/fhir" not in "".join(hospital.asked)
        assert own.cds(hospital, hospital.call(fhirServer=hospital.fhir)).status_code == 200
        assert (
            own.cds(hospital, hospital.call(prefetch=prefetch_of(anna()))).status_code == 401
        )  # which region decides is not known
    finally:
        own.stop()
        other.close()


# What is malformed


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"hook": "patient-view"},
        {"hook": "order-sign", "hookInstance": "1", "context": {"patientId": "anna"}},
        {"hook": "patient-view", "hookInstance": "1"},
        {"hook": "patient-view", "hookInstance": "1", "context": {}},
        {"hook": "patient-view", "hookInstance": "1", "context": {"userId": "Practitioner/1", "patientId": "../../etc"}},
        {
            "hook": "patient-view",
            "hookInstance": "1",
            "context": {"userId": "Practitioner/1", "patientId": "anna"},
            "prefetch": [],
        },
        {
            "hook": "patient-view",
            "hookInstance": "1",
            "context": {"userId": "Practitioner/1", "patientId": "anna"},
            "prefetch": {"patient": 3},
        },
        *(
            {
                "hook": "patient-view",
                "hookInstance": "1",
                "context": {"patientId": "anna", **more},
                "prefetch": prefetch_of(anna()),
            }
            for more in ({}, {"userId": ""}, {"userId": None}, {"userId": 7})
        ),
        [],
        "no",
    ],
)
def test_what_is_malformed_is_refused(clinic: Clinic, hospital: Hospital, body: Any) -> None:
    path = f"/cds-services/{clinic.service()}"
    answer = clinic.client.post(path, json=body, headers={"Authorization": f"Bearer {hospital.jwt(clinic.base + path)}"})
    assert answer.status_code == 400 and answer.json()["resourceType"] == "OperationOutcome"


def test_not_json_unknown_and_wrong_method(clinic: Clinic, hospital: Hospital) -> None:
    path = f"/cds-services/{clinic.service()}"
    header = {"Authorization": f"Bearer {hospital.jwt(clinic.base + path)}"}
    assert clinic.client.post(path, content=b"{", headers=header).status_code == 400
    assert clinic.client.post("/cds-services/nothing", json={}).status_code == 404
    assert clinic.client.get(path).status_code == 405
    assert clinic.client.post("/cds-services").status_code == 405


# Who calls


def test_keys_of_both_kinds_and_spellings_of_the_audience_are_taken(clinic: Clinic, hospital: Hospital) -> None:
    body = hospital.call(prefetch=prefetch_of(anna()))
    address = f"{clinic.base}/cds-services/{clinic.service()}"
    assert clinic.cds(hospital, body, kid="two").status_code == 200
    assert clinic.cds(hospital, body, audience=[address, "https://other.example"]).status_code == 200
    now = int(time.time())
    assert clinic.cds(hospital, body, exp=now - 30, iat=now - 300, nbf=now + 30).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"audience": "https://other.example"},
        {"audience": None},
        {"iss": "https://stranger.example"},
        {"exp": -300},
        {"exp": None},
        {"iat": 300},
        {"nbf": 300},
        {"jti": None},
        {"header": {"jku": "http://127.0.0.1:1/jwks"}},
        {"header": {"kid": "three"}},
        {"token": "no.jwt"},
        {"token": "eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0."},
        {"token": "eyJhbGciOltdfQ.eyJpc3MiOiJ4In0."},  # alg: []
        {"token": "eyJhbGciOnt9fQ.eyJpc3MiOiJ4In0."},  # alg: {}
    ],
)
def test_a_call_that_is_not_signed_right_is_refused_without_a_reason(
    clinic: Clinic, hospital: Hospital, claims: dict[str, Any]
) -> None:
    now = int(time.time())
    claims |= {
        name: now + claims[name] for name in ("exp", "iat", "nbf") if claims.get(name)
    }  # seconds from now, when the test runs
    answer = clinic.cds(hospital, hospital.call(prefetch=prefetch_of(anna())), **claims)
    assert answer.status_code == 401
    assert answer.json()["issue"][0]["diagnostics"] == "Sign in first"


def test_without_a_signature_and_with_a_secret_as_key(clinic: Clinic, hospital: Hospital) -> None:
    from joserfc import jwt
    from joserfc.jwk import OctKey

    path = f"/cds-services/{clinic.service()}"
    assert clinic.client.post(path, json=hospital.call()).status_code == 401
    secret = OctKey.import_key(json.dumps(hospital.key_set()))
    claims = {"iss": hospital.iss, "aud": clinic.base + path, "exp": time.time() + 60, "iat": time.time(), "jti": "h"}
    token = jwt.encode({"alg": "HS256", "kid": "one"}, claims, secret)
    assert clinic.cds(hospital, hospital.call(), token=token).status_code == 401


def test_a_jwt_is_taken_once_also_after_a_restart(clinic: Clinic, hospital: Hospital) -> None:
    body = hospital.call(prefetch=prefetch_of(anna()))
    token = hospital.jwt(f"{clinic.base}/cds-services/{clinic.service()}")
    assert [clinic.cds(hospital, body, token=token).status_code for _ in range(2)] == [200, 401]
    assert clinic.stop() == 0
    clinic.start()
    assert clinic.cds(hospital, body, token=token).status_code == 401


def test_a_flood_of_unknown_keys_is_no_flood_of_calls(clinic: Clinic, hospital: Hospital) -> None:
    for number in range(20):
        assert clinic.cds(hospital, hospital.call(), header={"kid": f"k{number}"}).status_code == 401
    assert hospital.asked.count("/jwks") <= 3


def test_a_server_that_is_not_listed_is_never_contacted(clinic: Clinic, hospital: Hospital) -> None:
    other = Hospital()
    try:
        answer = clinic.cds(hospital, hospital.call(fhirServer=other.fhir, fhirAuthorization={"access_token": "secret"}))
        assert answer.status_code == 401 and other.asked == []
    finally:
        other.close()


# Feedback, browsers, logs


def test_feedback_is_kept_once_and_needs_its_members(clinic: Clinic, hospital: Hospital) -> None:
    path = f"/cds-services/{clinic.service()}/feedback"

    def tell(feedback: Any, audience: str = path) -> int:
        header = {"Authorization": f"Bearer {hospital.jwt(clinic.base + audience)}"}
        return int(clinic.client.post(path, json={"feedback": feedback}, headers=header).status_code)

    at = "2026-11-30T10:00:00Z"
    accepted = {"card": "c1", "outcome": "accepted", "acceptedSuggestions": [{"id": "s1"}], "outcomeTimestamp": at}
    reason = {"reason": {"code": "board", "system": "urn:linewise:override-reason"}, "userComment": "Mrs Example said so"}
    overridden = {"card": "c2", "outcome": "overridden", "overrideReason": reason, "outcomeTimestamp": at}
    assert tell([accepted, overridden]) == tell([accepted]) == tell([overridden], path.removesuffix("/feedback")) == 200
    for broken in (
        [{**accepted, "outcome": "maybe"}],
        [{**accepted, "acceptedSuggestions": None}],
        [{"outcome": "accepted"}],
        [],
        "x",
    ):
        assert tell(broken) == 400
    assert b"Mrs Example" not in (clinic.folder / "clinic.sqlite").read_bytes() + clinic.log.read_bytes()


def test_only_listed_browsers_may_call(clinic: Clinic) -> None:
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    good = clinic.client.options("/cds-services", headers={"Origin": "https://ehr.example", **ask})
    assert good.headers["access-control-allow-origin"] == "https://ehr.example"
    assert (
        "access-control-allow-origin"
        not in clinic.client.options("/cds-services", headers={"Origin": "https://evil.example", **ask}).headers
    )


def test_too_large_is_refused(clinic: Clinic) -> None:
    path = f"/cds-services/{clinic.service()}"
    assert clinic.client.post(path, content=b" " * (33 * 1024 * 1024)).status_code == 413


def test_a_request_that_arrives_too_slowly_is_ended(hospital: Hospital, tmp_path: Path) -> None:
    """Nobody holds a place by sending a byte at a time; the others are answered meanwhile."""
    own = Clinic(tmp_path, [hospital.settings()], body_seconds=1.5)
    try:
        path = f"/cds-services/{own.service()}"
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer {hospital.jwt(own.base + path)}\r\n"
        with socket.create_connection(("127.0.0.1", own.port), timeout=20) as slow:
            slow.sendall(f"{head}Content-Length: 1000\r\n\r\n".encode() + b'{"hook"')
            started = time.monotonic()
            assert own.client.get("/health").status_code == 200
            said = b"".join(iter(lambda: slow.recv(4096), b"")).decode()
        assert time.monotonic() - started < 10
        assert said.startswith("HTTP/1.1 408") and "OperationOutcome" in said
    finally:
        own.stop()


def test_nothing_of_a_patient_is_in_the_log(clinic: Clinic, hospital: Hospital) -> None:
    clinic.cds(hospital, hospital.call(prefetch=prefetch_of(anna())))
    hospital.answers["/fhir/Observation"] = lambda handler: send(handler, "broken")
    clinic.cds(hospital, hospital.call(fhirServer=hospital.fhir))
    said = clinic.log.read_text()
    assert "started" in said
    for word in ("anna", "Anna", anna()[0]["birthDate"], "Example", "eyJ", "Traceback", "breast"):
        assert word not in said, word
