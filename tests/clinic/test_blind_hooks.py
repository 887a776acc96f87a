"""CDS Hooks 2.0 as its text has it, written from the specification before any of it was run. docs/testing.md has the figure of the first run."""

from __future__ import annotations

import gzip
import json
import re
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from .conftest import Clinic
from .hospital import Hospital, anna, prefetch_of, searchset, send
from .test_hooks import cards_of, drafts, options, order, suggestions

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def post(clinic: Clinic, hospital: Hospital, data: bytes, hook: str = "patient-view", **headers: str) -> Any:
    """A signed call with a body as it is."""
    path = f"/cds-services/{clinic.service(hook)}"
    bearer = {"Authorization": f"Bearer {hospital.jwt(clinic.base + path)}", "Content-Type": "application/json"}
    return clinic.client.post(path, content=data, headers={**bearer, **headers})


def answers(hospital: Hospital, path: str, data: bytes, status: int = 200, **headers: str) -> None:
    """Let a path of the hospital answer with these bytes."""

    def give(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Type": "application/fhir+json", **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    hospital.answers[path] = give


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in prefetch_of(anna()).items() if name not in names}


# Discovery


def test_discovery_is_json_for_everybody_and_names_each_service_once(clinic: Clinic) -> None:
    answer = clinic.client.get("/cds-services")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("application/json")
    services = answer.json()["services"]
    assert len({one["id"] for one in services}) == len(services)
    for one in services:
        assert re.fullmatch(r"[A-Za-z0-9\-._~]+", one["id"]) and isinstance(one["description"], str)
        assert None not in one.values()


def test_prefetch_uses_only_the_tokens_that_each_hook_has(clinic: Clinic) -> None:
    for one in clinic.client.get("/cds-services").json()["services"]:
        tokens = set(re.findall(r"{{(.*?)}}", json.dumps(one["prefetch"])))
        assert tokens <= {"context.patientId", "context.userId", "context.encounterId"}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_discovery_is_read_only(clinic: Clinic, method: str) -> None:
    assert clinic.client.request(method, "/cds-services").status_code == 405


def test_a_browser_of_a_listed_hospital_may_send_the_headers_that_a_call_needs(clinic: Clinic) -> None:
    ask = {
        "Origin": "https://ehr.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    answer = clinic.client.options(f"/cds-services/{clinic.service()}", headers=ask)
    assert answer.status_code in (200, 204) and "POST" in answer.headers["access-control-allow-methods"]
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert "authorization" in allowed and "content-type" in allowed


def test_an_answer_to_a_browser_carries_its_origin(clinic: Clinic, hospital: Hospital) -> None:
    answer = post(
        clinic, hospital, json.dumps(hospital.call(prefetch=prefetch_of(anna()))).encode(), Origin="https://ehr.example"
    )
    assert answer.headers["access-control-allow-origin"] == "https://ehr.example"
    refused = clinic.client.post(f"/cds-services/{clinic.service()}", json={}, headers={"Origin": "https://ehr.example"})
    assert refused.status_code == 401 and refused.headers["access-control-allow-origin"] == "https://ehr.example"


# Cards


def test_every_card_and_suggestion_has_a_uuid_of_its_own_in_every_answer(clinic: Clinic, hospital: Hospital) -> None:
    seen: set[str] = set()
    for _ in range(2):
        cards = cards_of(clinic.cds(hospital, hospital.call(prefetch=prefetch_of(anna()))))
        mine = [one["uuid"] for one in [*cards, *suggestions(cards)]]
        assert all(UUID.fullmatch(one) for one in mine) and len(set(mine)) == len(mine) and not set(mine) & seen
        seen |= set(mine)


def test_links_and_sources_are_absolute(clinic: Clinic, hospital: Hospital) -> None:
    for card in cards_of(clinic.cds(hospital, hospital.call(prefetch=prefetch_of(anna())))):
        for link in card.get("links", []):
            assert link["label"] and link["url"].startswith("http") and link["type"] in ("absolute", "smart")
        assert card["source"].get("url", "http").startswith("http")


def test_a_suggestion_creates_and_is_valid_fhir(clinic: Clinic, hospital: Hospital) -> None:
    models = pytest.importorskip("fhir.resources.R4B", reason="fhir.resources is not installed")
    found = suggestions(cards_of(clinic.cds(hospital, hospital.call(prefetch=prefetch_of(anna())))))
    assert found
    for one in found:
        assert one["label"] and one["actions"]
        for action in one["actions"]:
            assert action["type"] == "create" and action["description"] and "resourceId" not in action
            resource = action["resource"]
            models.get_fhir_model_class(resource["resourceType"]).model_validate(resource)
            assert resource["subject"] == {"reference": "Patient/anna"} and resource["requester"] == {
                "reference": "Practitioner/oncologist"
            }


def test_selection_behavior_is_of_its_value_set(clinic: Clinic, hospital: Hospital) -> None:
    for card in cards_of(clinic.cds(hospital, hospital.call(prefetch=prefetch_of(anna())))):
        assert card.get("selectionBehavior", "any") in ("any", "at-most-one")


def test_an_answer_holds_no_system_actions(clinic: Clinic, hospital: Hospital) -> None:
    assert set(clinic.cds(hospital, hospital.call(prefetch=prefetch_of(anna()))).json()) == {"cards"}


# The request


def test_what_a_call_holds_beyond_the_specification_is_let_be(clinic: Clinic, hospital: Hospital) -> None:
    body = hospital.call(
        prefetch=prefetch_of(anna()) | {"ours": {"resourceType": "Basic"}}, extension={"com.example": {"a": 1}}, unknown=None
    )
    body["context"] |= {"encounterId": "e1", "com.example": True}
    assert suggestions(cards_of(clinic.cds(hospital, body)))


@pytest.mark.parametrize(
    "id_", ["Patient/anna", "", " ", "an na", "a" * 65, "anna?x=1", "anna/../bertha", "änna", 7, None, ["anna"], {"id": "anna"}]
)
def test_a_patient_id_that_is_no_id_is_refused(clinic: Clinic, hospital: Hospital, id_: Any) -> None:
    body = hospital.call(prefetch=prefetch_of(anna()))
    body["context"]["patientId"] = id_
    assert clinic.cds(hospital, body).status_code == 400


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"7",
        b'"x"',
        b"[]",
        b"{",
        b'{"hook": "patient-view",}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"hook": NaN}',
        b"a=1",
    ],
    ids=["empty", "null", "number", "text", "list", "cut", "comma", "bytes", "deep-list", "deep-object", "nan", "form"],
)
def test_a_body_that_is_no_call_is_refused_in_words(clinic: Clinic, hospital: Hospital, data: bytes) -> None:
    answer = post(clinic, hospital, data)
    assert (
        answer.status_code == 400
        and answer.json()["resourceType"] == "OperationOutcome"
        and answer.json()["issue"][0]["severity"] == "error"
    )


def test_odd_letters_in_a_record_break_nothing(clinic: Clinic, hospital: Hospital) -> None:
    sent = prefetch_of(anna())
    text = json.dumps(hospital.call(prefetch=sent)).replace('"patient-view"', '"patient-view"', 1)
    odd = text.replace('"family": "', '"family": "\\ud83d\\ude00\\u0000\\u202e', 1)
    assert post(clinic, hospital, odd.encode()).status_code == 200
    lone = text.replace('"family": "', '"family": "\\ud800', 1)
    assert post(clinic, hospital, lone.encode()).status_code in (200, 400)


@pytest.mark.parametrize("member", ["hookInstance", "hook", "context"])
def test_what_every_call_must_hold_is_demanded(clinic: Clinic, hospital: Hospital, member: str) -> None:
    body = hospital.call(prefetch=prefetch_of(anna()))
    path = f"/cds-services/{clinic.service()}"
    del body[member]
    header = {"Authorization": f"Bearer {hospital.jwt(clinic.base + path)}"}
    assert clinic.client.post(path, json=body, headers=header).status_code == 400


@pytest.mark.parametrize(
    "given",
    [
        "token",
        [],
        {},
        {"access_token": ""},
        {"access_token": 7},
        {"access_token": "t", "token_type": "mac"},
        {"access_token": "a\r\nX-Evil: 1"},
    ],
)
def test_an_authorization_that_is_none_is_never_used(clinic: Clinic, hospital: Hospital, given: Any) -> None:
    answer = clinic.cds(
        hospital, hospital.call(prefetch=without("observations"), fhirServer=hospital.fhir, fhirAuthorization=given)
    )
    assert answer.status_code in (400, 412)
    assert not [path for path in hospital.asked if path.startswith("/fhir/")]


def test_a_token_without_a_server_is_malformed(clinic: Clinic, hospital: Hospital) -> None:
    answer = clinic.cds(
        hospital, hospital.call(prefetch=prefetch_of(anna()), fhirAuthorization={"access_token": "t", "token_type": "Bearer"})
    )
    assert answer.status_code == 400


def test_a_token_for_another_patient_reads_nothing(clinic: Clinic, hospital: Hospital) -> None:
    given = {
        "access_token": "t",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.rs",
        "subject": "linewise",
        "patient": "bertha",
    }
    answer = clinic.cds(
        hospital, hospital.call(prefetch=without("observations"), fhirServer=hospital.fhir, fhirAuthorization=given)
    )
    assert answer.status_code in (400, 412) and not [path for path in hospital.asked if path.startswith("/fhir/")]


# Reading from the FHIR server


def test_the_token_and_the_form_are_sent_with_every_search(clinic: Clinic, hospital: Hospital) -> None:
    seen: list[tuple[str, str]] = []

    def note(handler: BaseHTTPRequestHandler) -> None:
        seen.append((handler.headers.get("Authorization", ""), handler.headers.get("Accept", "")))
        send(handler, hospital.search("Observation", {}))

    hospital.answers["/fhir/Observation"] = note
    cards_of(
        clinic.cds(
            hospital,
            hospital.call(prefetch=without("observations"), fhirServer=hospital.fhir, fhirAuthorization={"access_token": "t0k"}),
        )
    )
    assert seen and all(token == "Bearer t0k" and "application/fhir+json" in form for token, form in seen)


def test_a_relative_next_link_is_followed_and_pages_add_up(clinic: Clinic, hospital: Hospital) -> None:
    whole = options(cards_of(clinic.cds(hospital, hospital.call(prefetch=prefetch_of(anna())))))
    mine = [one for one in anna() if one["resourceType"] == "Observation"]

    def pages(handler: BaseHTTPRequestHandler) -> None:
        second = "page=2" in handler.path
        here = searchset(mine[5:] if second else mine[:5])
        del here["total"]
        if not second:
            here["link"] = [{"relation": "self", "url": "x"}, {"relation": "next", "url": "Observation?patient=anna&page=2"}]
        send(handler, here)

    hospital.answers["/fhir/Observation"] = pages
    assert (
        options(cards_of(clinic.cds(hospital, hospital.call(prefetch=without("observations"), fhirServer=hospital.fhir))))
        == whole
    )


def test_a_resource_that_comes_twice_counts_once(clinic: Clinic, hospital: Hospital) -> None:
    sent = prefetch_of(anna())
    whole = options(cards_of(clinic.cds(hospital, hospital.call(prefetch=sent))))
    for bundle in sent.values():
        if bundle["resourceType"] == "Bundle":
            bundle["entry"] *= 2
            bundle["total"] = len(bundle["entry"])
    assert options(cards_of(clinic.cds(hospital, hospital.call(prefetch=sent)))) == whole


def test_a_packed_answer_is_unpacked(clinic: Clinic, hospital: Hospital) -> None:
    answers(
        hospital,
        "/fhir/Observation",
        gzip.compress(json.dumps(hospital.search("Observation", {})).encode()),
        Content_Encoding="gzip",
    )
    assert suggestions(cards_of(clinic.cds(hospital, hospital.call(prefetch=without("observations"), fhirServer=hospital.fhir))))


@pytest.mark.parametrize(
    ("data", "status", "headers"),
    [
        (b"<html>sign in</html>", 200, {"Content_Type": "text/html"}),
        (b"", 200, {}),
        (b"[]", 200, {}),
        (b'{"resourceType": "Bundle", "entry": [', 200, {}),
        (b'{"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "security"}]}', 200, {}),
        (b'{"resourceType": "OperationOutcome"}', 404, {}),
        (b"", 302, {"Location": "http://198.51.100.7/fhir/Observation"}),
        (b"", 429, {}),
        (b"", 503, {"Retry_After": "3600"}),
        (b"\x1f\x8b broken", 200, {"Content_Encoding": "gzip"}),
        (b'{"no": "type"}', 200, {}),
    ],
    ids=["html", "empty", "list", "cut", "outcome", "missing", "redirect", "busy", "later", "broken-gzip", "no-type"],
)
def test_what_cannot_be_read_is_never_nothing(
    clinic: Clinic, hospital: Hospital, data: bytes, status: int, headers: dict[str, str]
) -> None:
    """412 with the reason, or cards without a suggestion that say so."""
    answers(hospital, "/fhir/Observation", data, status, **headers)
    started = time.monotonic()
    answer = clinic.cds(hospital, hospital.call(prefetch=without("observations"), fhirServer=hospital.fhir))
    assert time.monotonic() - started < 10
    if answer.status_code == 412:
        assert answer.json()["resourceType"] == "OperationOutcome" and "observations" in answer.text
    else:
        cards = cards_of(answer)
        assert not suggestions(cards) and any("in part" in card["summary"] for card in cards)


def test_a_body_that_trickles_ends_in_time(clinic: Clinic, hospital: Hospital) -> None:
    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        try:
            for _ in range(200):
                handler.wfile.write(b" ")
                handler.wfile.flush()
                time.sleep(0.1)
        except OSError:
            return

    hospital.answers["/fhir/Observation"] = trickle
    started = time.monotonic()
    assert clinic.cds(hospital, hospital.call(prefetch=without("observations"), fhirServer=hospital.fhir)).status_code == 412
    assert time.monotonic() - started < 11


def test_a_prefetch_that_is_right_asks_nobody(clinic: Clinic, hospital: Hospital) -> None:
    cards_of(
        clinic.cds(
            hospital,
            hospital.call(prefetch=prefetch_of(anna()), fhirServer=hospital.fhir, fhirAuthorization={"access_token": "t"}),
        )
    )
    assert not [path for path in hospital.asked if path.startswith("/fhir")]


def test_a_search_may_come_as_one_resource_and_a_patient_in_a_bundle(clinic: Clinic, hospital: Hospital) -> None:
    sent = prefetch_of(anna())
    sent["patient"] = searchset([sent["patient"]])
    assert suggestions(cards_of(clinic.cds(hospital, hospital.call(prefetch=sent))))


def test_absolute_references_to_the_patient_are_the_same_patient(clinic: Clinic, hospital: Hospital) -> None:
    sent = json.loads(json.dumps(prefetch_of(anna())).replace('"Patient/anna"', f'"{hospital.fhir}/Patient/anna"'))
    cards = cards_of(clinic.cds(hospital, hospital.call(prefetch=sent)))
    assert suggestions(cards) and not any("another patient" in card["summary"] for card in cards)


def test_a_patient_without_an_id_is_not_the_one_of_the_context(clinic: Clinic, hospital: Hospital) -> None:
    sent = prefetch_of(anna())
    del sent["patient"]["id"]
    assert clinic.cds(hospital, hospital.call(prefetch=sent)).status_code in (400, 412)


# Orders


@pytest.mark.parametrize(
    "context",
    [{}, {"draftOrders": {}}, {"draftOrders": []}, {"draftOrders": {"resourceType": "MedicationRequest"}}, {"draftOrders": None}],
)
def test_orders_that_are_no_bundle_are_refused(clinic: Clinic, hospital: Hospital, context: dict[str, Any]) -> None:
    for hook in ("order-select", "order-sign"):
        more = {"selections": []} if hook == "order-select" else {}
        assert clinic.cds(hospital, hospital.call(hook, prefetch=prefetch_of(anna()), context=context | more)).status_code == 400


@pytest.mark.parametrize("selections", [None, "MedicationRequest/d1", [7], {}])
def test_selections_are_demanded_where_orders_are_selected(clinic: Clinic, hospital: Hospital, selections: Any) -> None:
    context = drafts(order("olaparib")) | {"selections": selections}
    assert clinic.cds(hospital, hospital.call("order-select", prefetch=prefetch_of(anna()), context=context)).status_code == 400


def test_odd_orders_are_passed_over(clinic: Clinic, hospital: Hospital) -> None:
    odd = [
        None,
        {},
        {"resource": None},
        {"resource": {"resourceType": "ServiceRequest", "id": "s"}},
        {"resource": {"resourceType": "MedicationRequest"}},
        7,
    ]
    context = drafts()
    context["draftOrders"]["entry"] = [*odd, {"resource": order("olaparib")}]
    for hook in ("order-select", "order-sign"):
        cards = cards_of(clinic.cds(hospital, hospital.call(hook, prefetch=prefetch_of(anna()), context=context)))
        assert any("laparib" in card["summary"] for card in cards)


@pytest.mark.parametrize("how", ["code", "contained", "bundled", "absolute-selection", "versioned-selection"])
def test_an_order_is_known_however_it_names_its_drug(clinic: Clinic, hospital: Hospital, how: str) -> None:
    coded = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1597582"}]}
    one, more, selected = order("olaparib"), [], "MedicationRequest/d1"
    medicine = {"resourceType": "Medication", "id": "m1", "code": {"text": "olaparib"}}
    if how == "code":
        one["medicationCodeableConcept"] = coded
    elif how in ("contained", "bundled"):
        del one["medicationCodeableConcept"]
        one["medicationReference"] = {"reference": "#m1" if how == "contained" else "Medication/m1"}
        one |= {"contained": [medicine]} if how == "contained" else {}
        more = [medicine] if how == "bundled" else []
    elif how == "absolute-selection":
        selected = f"{hospital.fhir}/MedicationRequest/d1"
    else:
        selected = "MedicationRequest/d1/_history/2"
    context = drafts(one, *more, selected=(selected,))
    cards = cards_of(clinic.cds(hospital, hospital.call("order-select", prefetch=prefetch_of(anna()), context=context)))
    assert any(card["indicator"] in ("warning", "critical") and card["overrideReasons"] for card in cards)


def test_a_selection_that_is_no_order_gives_no_warning(clinic: Clinic, hospital: Hospital) -> None:
    context = drafts(order("olaparib"), selected=("MedicationRequest/other",))
    cards = cards_of(clinic.cds(hospital, hospital.call("order-select", prefetch=prefetch_of(anna()), context=context)))
    assert not any("laparib" in card["summary"] for card in cards)


# Who calls


def test_a_refusal_names_the_scheme_and_no_reason(clinic: Clinic, hospital: Hospital) -> None:
    path = f"/cds-services/{clinic.service()}"
    said = set()
    for header in (
        {},
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic eDp5"},
        {"Authorization": f"Bearer {hospital.jwt('elsewhere')}"},
    ):
        answer = clinic.client.post(path, json=hospital.call(), headers=header)
        assert answer.status_code == 401 and answer.headers["www-authenticate"].startswith("Bearer")
        said.add(answer.text)
    assert len(said) == 1


def test_a_new_key_of_the_hospital_is_taken_at_once(clinic: Clinic, hospital: Hospital) -> None:
    from joserfc.jwk import ECKey

    cards_of(clinic.cds(hospital, hospital.call(prefetch=prefetch_of(anna()))))
    time.sleep(10.5)  # beyond the window in which keys that are not known are asked for a few times
    hospital.keys["three"] = ECKey.generate_key("P-384")
    try:
        cards_of(clinic.cds(hospital, hospital.call(prefetch=prefetch_of(anna())), kid="three"))
    finally:
        del hospital.keys["three"]


@pytest.mark.parametrize(
    "header",
    [
        {"jwk": {"kty": "EC"}},
        {"jku": "http://198.51.100.7/jwks"},
        {"x5u": "http://198.51.100.7/x"},
        {"crit": ["b64"], "b64": False},
        {"typ": "at+jwt"},
    ],
)
def test_a_header_leads_nowhere(clinic: Clinic, hospital: Hospital, header: dict[str, Any]) -> None:
    """A key or an address inside the JWT is never believed; without the name of a key there is none to choose."""
    if "x5u" in header or "jwk" in header:
        own = hospital.keys["one"]
        from joserfc.jwk import ECKey

        hospital.keys["one"] = ECKey.generate_key("P-384")  # not the one that the hospital publishes under this name
        try:
            token = hospital.jwt(f"{clinic.base}/cds-services/{clinic.service()}", header=header)
        finally:
            hospital.keys["one"] = own
        assert clinic.cds(hospital, hospital.call(prefetch=prefetch_of(anna())), token=token).status_code == 401
    else:
        assert clinic.cds(hospital, hospital.call(prefetch=prefetch_of(anna())), header=header).status_code == 401


def test_the_same_number_may_come_from_two_signers_and_calls_at_once_are_answered(clinic: Clinic, hospital: Hospital) -> None:
    body = hospital.call(prefetch=prefetch_of(anna()))
    jti = str(uuid.uuid4())
    with ThreadPoolExecutor(6) as pool:
        statuses = [one.status_code for one in pool.map(lambda _: clinic.cds(hospital, body, jti=jti), range(6))]
    assert sorted(statuses) == [200, 401, 401, 401, 401, 401], "one JWT, once, however many come at that moment"


# Feedback


def feedback(clinic: Clinic, hospital: Hospital, body: Any, service: str | None = None, signed: bool = True) -> Any:
    path = f"/cds-services/{service or clinic.service()}/feedback"
    header = {"Authorization": f"Bearer {hospital.jwt(clinic.base + path)}"} if signed else {}
    return clinic.client.post(path, json=body, headers=header)


AT = "2026-11-30T10:00:00Z"


@pytest.mark.parametrize(
    "one",
    [
        {"card": "c", "outcome": "overridden", "outcomeTimestamp": AT},
        {"card": "c", "outcome": "overridden", "overrideReason": {"userComment": "x"}, "outcomeTimestamp": AT},
        {
            "card": "c",
            "outcome": "overridden",
            "overrideReason": {"reason": {"code": "other", "system": "urn:linewise:override-reason", "display": "x"}},
            "outcomeTimestamp": AT,
        },
        {
            "card": "c",
            "outcome": "accepted",
            "acceptedSuggestions": [{"id": "a"}, {"id": "b"}],
            "outcomeTimestamp": "2026-11-30T10:00:00.123+01:00",
        },
        {
            "card": "c",
            "outcome": "accepted",
            "acceptedSuggestions": [{"id": "a", "extension": {}}],
            "outcomeTimestamp": AT,
            "extension": {"x": 1},
        },
    ],
)
def test_feedback_as_the_specification_shows_it_is_taken(clinic: Clinic, hospital: Hospital, one: dict[str, Any]) -> None:
    assert feedback(clinic, hospital, {"feedback": [one]}).status_code == 200
    assert feedback(clinic, hospital, {"feedback": [one, one]}).status_code == 200


@pytest.mark.parametrize(
    "one",
    [
        {"card": "c", "outcome": "overridden"},
        {"card": "c", "outcome": "overridden", "outcomeTimestamp": "yesterday"},
        {"card": "c", "outcome": "ignored", "outcomeTimestamp": AT},
        {"card": "c", "outcomeTimestamp": AT},
        {"outcome": "overridden", "outcomeTimestamp": AT},
        {"card": 7, "outcome": "overridden", "outcomeTimestamp": AT},
        {"card": "c", "outcome": "accepted", "outcomeTimestamp": AT},
        {"card": "c", "outcome": "accepted", "acceptedSuggestions": "a", "outcomeTimestamp": AT},
        {"card": "c", "outcome": "overridden", "overrideReason": "because", "outcomeTimestamp": AT},
        None,
        7,
    ],
)
def test_feedback_that_lacks_something_is_refused_and_nothing_of_it_is_kept(clinic: Clinic, hospital: Hospital, one: Any) -> None:
    good = {"card": str(uuid.uuid4()), "outcome": "overridden", "outcomeTimestamp": AT}
    assert feedback(clinic, hospital, {"feedback": [good, one]}).status_code == 400
    assert good["card"].encode() not in b"".join(path.read_bytes() for path in clinic.folder.glob("clinic.sqlite*"))


def test_feedback_is_for_signed_callers_and_known_services(clinic: Clinic, hospital: Hospital) -> None:
    good = {"feedback": [{"card": "c", "outcome": "overridden", "outcomeTimestamp": AT}]}
    assert feedback(clinic, hospital, good, signed=False).status_code == 401
    assert feedback(clinic, hospital, good, service="nothing").status_code == 404
    assert clinic.client.get(f"/cds-services/{clinic.service()}/feedback").status_code == 405
