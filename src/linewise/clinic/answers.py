"""What stands behind the addresses of the REST interface."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlencode

from linewise.journal.passphrases import common

from . import audit
from .api import Ask, Endpoint, Reply, session_cookie, threaded
from .decisions import DECISION, compare, decide, decisions
from .passwords import fits, hash_of
from .refused import Refused

_CLINICAL = ("clinician",)
_TEAM = ("clinician", "admin", "auditor")
_TRAIL = ("auditor", "admin")

# Schemas, as OpenAPI 3.1 (JSON Schema 2020-12) has them

_TEXT: dict[str, Any] = {"type": "string"}
_REGION: dict[str, Any] = {"type": "string", "description": "as US, EU, UK or DE"}
_DAY: dict[str, Any] = {"type": "string", "format": "date"}
_RECORD: dict[str, Any] = {"type": "object", "description": "a FHIR R4 bundle or a profile"}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties}


_ASKED = {"region": _REGION, "as_of": _DAY}
_PLAN_QUERY = {"region": "US, EU, UK or DE", "as_of": "a day such as 2026-11-30"}


# Sign-in


async def sign_in(ask: Ask) -> Reply:
    """The same answer, after the same time, for an unknown name and a wrong password."""
    house, settings, act = ask.house, ask.house.settings, ask.act
    act.what = "sign-in"
    if not settings.passwords:
        raise Refused(403, "Nobody signs in with a password here. Sign in at /sign-in.")
    body = ask.body if isinstance(ask.body, dict) else {}
    name = body.get("name") or body.get("username") or body.get("user")
    password = body.get("password")
    if not isinstance(name, str) or not isinstance(password, str) or not name or len(name) > 64:
        raise Refused(400, "name and password are missing.")
    known = await house.asked(house.store.user, name)
    act.who = name if known else "unknown"
    address = ask.request.client.host if ask.request.client else ""
    tries = [
        (f"sign-in {name} {address}", settings.sign_ins_per_minute),
        (f"sign-in {address}", settings.sign_ins_per_minute * 20),
    ]
    for who, most in tries:
        if await house.asked(house.store.counted, who) >= most:
            raise Refused(429, "Too many wrong passwords; try again in a minute.", {"Retry-After": "60"})
    if not await threaded(fits, password, known[0] if known else None) or known is None:
        for who, most in tries:
            await house.asked(house.store.allowed, who, most)
        raise Refused(401, "The name or the password is wrong.")
    token, seconds = secrets.token_urlsafe(32), settings.session_minutes * 60
    await house.asked(house.store.open_session, token, name, known[1], float(seconds))
    return Reply(_token(token, seconds, name, known[1]), 200, {"Set-Cookie": session_cookie(house, token, seconds)})


def _token(token: str, seconds: int, name: str, role: str) -> dict[str, Any]:
    return {"token": token, "access_token": token, "token_type": "Bearer", "expires_in": seconds, "name": name, "role": role}


async def token(ask: Ask) -> Reply:
    """A further session of the same person for a program; signing out of it leaves the others open."""
    ask.act.what = "sign-in"
    made, seconds = secrets.token_urlsafe(32), ask.house.settings.session_minutes * 60
    await ask.house.asked(ask.house.store.open_session, made, ask.who, ask.role, float(seconds))
    return Reply(_token(made, seconds, ask.who, ask.role), 201)


async def password(ask: Ask) -> Reply:
    """A new password of one's own, with the old one; every session of that name ends."""
    house, old, new = ask.house, ask.one("password"), ask.one("new_password")
    ask.act.what, ask.act.action = "password", "U"
    if not isinstance(old, str) or not isinstance(new, str):
        raise Refused(422, "password and new_password are missing.")
    tries = f"sign-in {ask.who} password"
    if await house.asked(house.store.counted, tries) >= house.settings.sign_ins_per_minute:
        raise Refused(429, "Too many wrong passwords; try again in a minute.", {"Retry-After": "60"})
    known = await house.asked(house.store.user, ask.who)
    if known is None or not await threaded(fits, old, known[0]):
        await house.asked(house.store.allowed, tries, house.settings.sign_ins_per_minute)
        raise Refused(403, "The password is wrong.")
    if common(new, ask.who):
        raise Refused(422, "This is one of the first passwords that others would try.")
    await house.asked(house.store.add_user, ask.who, await threaded(hash_of, new), known[1])
    return Reply(None, 204)


async def who(ask: Ask) -> Reply:
    return Reply({"name": ask.who, "role": ask.role})


async def sign_out(ask: Ask) -> Reply:
    ask.act.what = "sign-out"
    await ask.house.asked(ask.house.store.close_session, ask.token)
    return Reply(None, 204, {"Set-Cookie": session_cookie(ask.house, "", 0), "Clear-Site-Data": '"cache"'})


# The plan


def _record(ask: Ask) -> Any:
    """The record: the member `record` of the body, or the body itself."""
    body = ask.body
    return body["record"] if isinstance(body, dict) and "record" in body else body


def _about(ask: Ask, patient: str | None) -> None:
    ask.act.patient = patient or ""


async def plan(ask: Ask) -> Reply:
    def made() -> bytes:
        found = ask.house.desk.plan(_record(ask), ask.one("region"), ask.one("as_of"))
        _about(ask, found.subject.id)
        return found.json()

    return Reply(await threaded(made))


async def why(ask: Ask) -> Reply:
    option = ask.one("option")
    if not isinstance(option, str) or not option:
        raise Refused(422, "option is missing: the id of an option, or the name of a drug.")

    def made() -> dict[str, Any]:
        found, options = ask.house.desk.why(_record(ask), option, ask.one("region"), ask.one("as_of"))
        _about(ask, found.subject.id)
        listed = [{"option": one, "would_fit": changes} for one, changes in options]
        sources = found.sources_of([one for one, _ in options])
        return {
            "as_of": found.as_of,
            "region": found.region,
            "options": listed,
            "sources": sources,
            "disclaimer": found.disclaimer,
        }

    return Reply(await threaded(made))


async def what_if(ask: Ask) -> Reply:
    def made() -> dict[str, Any]:
        found, moved = ask.house.desk.what_if(_record(ask), ask.one("facts"), ask.one("region"), ask.one("as_of"))
        _about(ask, found.subject.id)
        return {"as_of": found.as_of, "region": found.region, "shifts": moved, "disclaimer": found.disclaimer}

    return Reply(await threaded(made))


async def interactions(ask: Ask) -> Reply:
    def made() -> dict[str, Any]:
        found, unknown = ask.house.desk.interactions(ask.one("medicines"))
        return {"interactions": found, "not_known": unknown}

    return Reply(await threaded(made))


# Knowledge


async def edition(ask: Ask) -> Reply:
    return Reply(ask.house.desk.edition)


async def thing(ask: Ask) -> Reply:
    try:
        return Reply(await threaded(ask.house.desk.thing, ask.parts["id"]))
    except Exception as fault:
        if type(fault).__name__ == "LinewiseError":
            raise Refused(404, str(fault)) from None
        raise


async def search(ask: Ask) -> Reply:
    return Reply({"found": await threaded(ask.house.desk.search, str(ask.one("q") or ""))})


async def changes(ask: Ask) -> Reply:
    found = await threaded(ask.house.desk.changes, ask.one("since"), ask.one("until"), ask.one("region"))
    return Reply({"changes": found})


# The trail, and what came back


async def trail(ask: Ask) -> Reply:
    """AuditEvents as a FHIR searchset, the latest first."""
    most, before = _number(ask, "_count", 100, 1000), _number(ask, "before", 0, 2**31)
    patient = str(ask.one("patient") or "").removeprefix("Patient/")
    ask.act.patient = patient
    found, last = await ask.house.asked(audit.page, ask.house.store, before or None, most, patient)
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in found]}
    if last is not None:
        asked = urlencode({"_count": most, "before": last} | ({"patient": patient} if patient else {}))
        bundle["link"] = [{"relation": "next", "url": f"{ask.house.settings.base}/api/v1/audit?{asked}"}]
    return Reply(bundle, kind="application/fhir+json")


def _number(ask: Ask, name: str, usual: int, most: int) -> int:
    said = ask.query.get(name)
    if said is None:
        return usual
    if not said.isascii() or not said.isdigit() or not 1 <= int(said[:12]) <= most:
        raise Refused(422, f"{name} must be a number from 1 to {most}.")
    return int(said)


async def feedback(ask: Ask) -> Reply:
    return Reply({"feedback": await ask.house.asked(ask.house.store.feedback)})


async def replay(ask: Ask) -> Reply:
    """An earlier answer, whole: it holds the record's findings, so it is for those who treat. The row of that answer says about whom it is."""
    ask.act.others = tuple(await ask.house.asked(audit.patients_of, ask.house.store, ask.parts["id"]))
    found = await ask.house.asked(ask.house.store.kept, "answer", ask.parts["id"])
    if found is None:
        raise Refused(404, "No answer is kept under this id.")
    return Reply(found)


async def worklist(ask: Ask) -> Reply:
    """The patients of a day: for each what is urgent and what is still missing before the meeting."""
    records = ask.one("records")
    if not isinstance(records, list) or not records or len(records) > 100:
        raise Refused(422, "records must be a list of 1 to 100 records.")

    def made() -> list[dict[str, Any]]:
        desk, listed = ask.house.desk, []
        for number, one in enumerate(records, 1):
            found = desk.plan(one, ask.one("region"), ask.one("as_of"))
            missing = [test.title for test in found.tests if test.due or test.unlocks]
            listed.append(
                {
                    "number": number,
                    "id": found.subject.id,
                    "urgent": [flag.title for flag in found.urgent],
                    "missing": missing,
                    "unread": len(found.unread),
                    "offered": len(found.offered),
                    "scope": found.scope,
                }
            )
        return listed

    listed = await threaded(made)
    ask.act.others = tuple(one["id"] for one in listed if one["id"])
    return Reply({"patients": listed})


_PLAN_BODY = {"anyOf": [_object(["record"], record=_RECORD, **_ASKED), _RECORD]}
_PLAN = _object(
    ["schema", "as_of", "options"],
    schema=_TEXT,
    as_of=_TEXT,
    options={"type": "array", "items": _object(["id", "status"], id=_TEXT, status=_TEXT)},
)
_LIST: dict[str, Any] = {"type": "array", "items": {"type": "object"}}

ENDPOINTS = [
    Endpoint(
        "POST", "/session", "Sign in", sign_in, open=True, body=_object(["name", "password"], name=_TEXT, password=_TEXT),
        gives=_object(["token", "role"], token=_TEXT, role=_TEXT, expires_in={"type": "integer"}),
    ),
    Endpoint("GET", "/session", "Who is signed in", who, audited=False, gives=_object(["name", "role"], name=_TEXT, role=_TEXT)),
    Endpoint("DELETE", "/session", "Sign out", sign_out),
    Endpoint(
        "POST", "/password", "A new password of one's own; every session ends", password,
        body=_object(["password", "new_password"], password=_TEXT, new_password=_TEXT),
    ),
    Endpoint("POST", "/token", "A token for a program of who is signed in", token, gives=_object(["token", "role"], token=_TEXT, role=_TEXT, expires_in={"type": "integer"})),
    Endpoint("POST", "/plan", "The plan of a record", plan, _CLINICAL, _PLAN_BODY, _PLAN_QUERY, _PLAN),
    Endpoint(
        "POST", "/why", "Why an option fits or not, and what would have to be different", why, _CLINICAL,
        _object(["record", "option"], record=_RECORD, option=_TEXT, **_ASKED), _PLAN_QUERY, _object(["options"], options=_LIST),
    ),
    Endpoint(
        "POST", "/what-if", "The options that would move if facts were different", what_if, _CLINICAL,
        _object(["record", "facts"], record=_RECORD, facts={"type": "object"}, **_ASKED), _PLAN_QUERY, _object(["shifts"], shifts=_LIST),
    ),
    Endpoint(
        "POST", "/interactions", "What medicines do together", interactions, _CLINICAL,
        _object(["medicines"], medicines={"type": "array", "items": _TEXT, "minItems": 1}), {}, _object(["interactions"], interactions=_LIST),
    ),
    Endpoint(
        "POST", "/worklist", "The patients of a day, and what is missing for each", worklist, _CLINICAL,
        _object(["records"], records={"type": "array", "items": _RECORD, "minItems": 1, "maxItems": 100}, **_ASKED), _PLAN_QUERY,
        _object(["patients"], patients=_LIST),
    ),
    Endpoint("POST", "/decisions", "Keep what the board decided, beside what the plan said", decide, _CLINICAL, DECISION, {}, _object(["id"], id=_TEXT)),
    Endpoint("GET", "/decisions", "What the board decided", decisions, _CLINICAL, query={"patient": "an id"}, gives=_object(["decisions"], decisions=_LIST)),
    Endpoint("GET", "/concordance", "What was decided against what the plan said, as counts", compare, _TEAM, gives=_object(["decisions", "by_status"], decisions={"type": "integer"})),
    Endpoint("GET", "/knowledge", "Which medicine answers", edition, _TEAM, audited=False, gives=_object(["version", "digest"], version=_TEXT, digest=_TEXT)),
    Endpoint("GET", "/knowledge/{id}", "Everything that stands under an id", thing, _TEAM, audited=False, gives={"type": "object"}),
    Endpoint("GET", "/search", "Search everything that is known", search, _TEAM, audited=False, query={"q": "words"}, gives=_object(["found"], found=_LIST)),
    Endpoint(
        "GET", "/changes", "What changed in the medicine between two days", changes, _TEAM, audited=False,
        query={"since": "a day", "until": "a day; today without it", "region": "US, EU, UK or DE"}, gives=_object(["changes"], changes=_LIST),
    ),
    Endpoint(
        "GET", "/audit", "The audit trail as FHIR AuditEvents, the latest first", trail, _TRAIL,
        query={"_count": "how many", "before": "where the page before ended", "patient": "an id"}, gives=_object(["resourceType"], resourceType=_TEXT),
    ),
    Endpoint("GET", "/feedback", "What came back about cards", feedback, _TRAIL, audited=False, gives=_object(["feedback"], feedback=_LIST)),
    Endpoint("GET", "/answers/{id}", "An earlier answer, byte for byte", replay, _CLINICAL, gives={"type": "object"}),
]  # fmt: skip
