"""CDS Hooks 2.0: discovery, the services, and what comes back about their cards."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from linewise.errors import RecordError
from linewise.knowledge.model import Region

from . import cards, orders
from .answered import answered
from .audit import Act
from .gather import TEMPLATES, Access, Gather, check_id
from .house import House
from .keys import digest_of
from .logs import say
from .refused import Refused, outcome
from .settings import Ehr, same_base
from .tokens import Caller, caller

ABOUT = {
    "patient-view": ("linewise-patient-view", "What is urgent, missing and fitting", "Alarms, missing tests and fitting options"),
    "order-select": (
        "linewise-order-select",
        "Whether a selected order fits",
        "The selected order against the plan, with why not",
    ),
    "order-sign": (
        "linewise-order-sign",
        "Whether an order fits before it is signed",
        "The order against the plan, with why not",
    ),
}
HOOKS = {id_: hook for hook, (id_, _, _) in ABOUT.items()}
_USAGE = "Informs and prepares a decision; it never takes one. For people with metastatic breast cancer."


def discovery() -> dict[str, Any]:
    """The services as CDS Hooks lists them."""
    return {
        "services": [
            {
                "hook": hook,
                "id": id_,
                "title": title,
                "description": f"{text}. {_USAGE}",
                "prefetch": TEMPLATES,
                "usageRequirements": _USAGE,
            }
            for hook, (id_, title, text) in ABOUT.items()
        ]
    }


class Call(msgspec.Struct):
    """One call while it is answered: for the audit trail, whatever becomes of it."""

    service: str
    who: str = ""
    system: str = ""
    patient: str = ""
    ehr: Ehr | None = None
    signer: Caller | None = None
    asked: str = ""

    @property
    def hospital(self) -> str:
        return self.ehr.name if self.ehr else ""


def routes(house: House) -> list[Route]:
    """The addresses of the interface."""

    async def discover(request: Request) -> Response:
        return Response(msgspec.json.encode(discovery()), media_type="application/json")

    async def service(request: Request) -> Response:
        return await _audited(house, request, "cds", _answer)

    async def feedback(request: Request) -> Response:
        return await _audited(house, request, "cds-feedback", _feedback)

    return [
        Route("/cds-services", discover, methods=["GET"]),
        Route("/cds-services/{id}", service, methods=["POST"]),
        Route("/cds-services/{id}/feedback", feedback, methods=["POST"]),
    ]


async def _audited(house: House, request: Request, what: str, work: Any) -> Response:
    """Answer a call, and write into the trail what became of it before the answer leaves."""
    started, call = time.perf_counter(), Call(request.path_params["id"])
    act = Act(what=what, who="")

    async def done() -> Response:
        try:
            found: Response = await work(house, request, call, act)
            return found
        finally:
            act.who, act.system, act.patient = call.who or call.system, call.system, call.patient
            act.hospital, act.asked = call.hospital, call.asked

    answer = await answered(house, act, outcome, done, lambda given: given.status_code != 404)
    say(
        what,
        service=call.service if call.service in HOOKS else "",
        status=answer.status_code,
        ms=round((time.perf_counter() - started) * 1000),
    )
    return answer


async def _caller(house: House, request: Request, call: Call, paths: tuple[str, ...]) -> None:
    if call.service not in HOOKS:
        raise Refused(404, "There is no service of this name.")
    addresses = tuple(f"{house.settings.base}{path}" for path in paths)
    call.signer = await caller(house, request.headers.get("authorization"), addresses)
    if call.signer is not None:
        call.system = call.signer.iss
        await house.limit(f"hospital {call.signer.iss}", house.settings.calls_per_minute)


async def body_of(request: Request) -> dict[str, Any]:
    """The body as a JSON object. Raises Refused (400)."""
    try:
        found = msgspec.json.decode(await request.body())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        raise Refused(400, "The body is not JSON.") from None
    if not isinstance(found, dict):
        raise Refused(400, "The body must be a JSON object.")
    return found


async def _answer(house: House, request: Request, call: Call, act: Act) -> Response:
    path = f"/cds-services/{call.service}"
    await _caller(house, request, call, (path,))
    asked = await body_of(request)
    context = _checked(asked, HOOKS[call.service])
    call.patient = check_id(context.get("patientId"))
    call.who = context["userId"]
    access = _hospital(house, asked, call)
    house.check()
    prefetch = asked.get("prefetch")
    if prefetch is None:
        prefetch = {}
    if not isinstance(prefetch, dict):
        raise Refused(400, "prefetch must be an object.")
    chosen = drafted = None
    if HOOKS[call.service] != "patient-view":
        chosen, drafted, strange = orders.orders_of(house, context, call.patient, HOOKS[call.service] == "order-select")
    homes = call.ehr.homes if call.ehr else ()
    gathered = await Gather(house.outside, house.settings, access, homes).all(call.patient, prefetch)
    region: Region | None = (call.ehr.region if call.ehr else None) or house.settings.region

    def made() -> list[dict[str, Any]]:
        record = house.record(gathered.resources, call.patient)
        says = cards.Says(house.plan(record, region), gathered, house.settings, call.ehr, house.codes, call.who, act.id)
        if chosen is None or drafted is None:
            return cards.patient_view(says)
        gathered.strangers += strange
        return orders.order_cards(house, says, chosen, drafted, HOOKS[call.service] == "order-sign")

    try:
        found = await run_in_threadpool(made)
    except RecordError as fault:
        raise Refused(412, f"The record cannot be read: {fault.what}") from None
    data = msgspec.json.encode({"cards": found})
    call.asked, act.answered = digest_of(await request.body()), digest_of(data)
    if house.settings.keep_answers:
        await house.asked(house.store.keep, "answer", act.id, data, house.settings.keep_days * 86_400.0, call.patient)
    return Response(data, media_type="application/json", headers={"X-Linewise-Answer": act.id})


def _checked(asked: dict[str, Any], hook: str) -> dict[str, Any]:
    """The context of a call that is well formed. Raises Refused (400)."""
    if asked.get("hook") != hook:
        raise Refused(400, f"This service answers the hook {hook}.")
    if not isinstance(asked.get("hookInstance"), str) or not asked["hookInstance"].strip():
        raise Refused(400, "hookInstance is missing.")
    context = asked.get("context")
    if not isinstance(context, dict):
        raise Refused(400, "context is missing.")
    if not isinstance(context.get("userId"), str) or not context["userId"].strip():  # each of the three hooks demands it
        raise Refused(400, "context.userId must name who looks, such as Practitioner/123.")
    return context


def _hospital(house: House, asked: dict[str, Any], call: Call) -> Access | None:
    """Find the hospital of this call, and the access to its FHIR server. Raises Refused before anybody else is contacted."""
    server = asked.get("fhirServer")
    if server is not None and not isinstance(server, str):
        raise Refused(400, "fhirServer must be an address.")
    token = _token(asked.get("fhirAuthorization"), call.patient)
    if token and server is None:
        raise Refused(400, "fhirAuthorization needs a fhirServer.")
    if call.signer is not None:
        call.ehr = call.signer.hospital(server)
        if call.ehr is None:
            raise Refused(401)
    elif server is not None:
        call.ehr = house.settings.at(server)
    if server is None or call.ehr is None or not same_base(call.ehr.fhir, server):
        return None
    return Access(call.ehr.fhir, token)


def _token(given: Any, patient: str) -> str:
    """The token of a call; empty where none was given. Raises Refused (400) for one that could not be used, or only for somebody else."""
    if given is None:
        return ""
    if not isinstance(given, dict) or not isinstance(given.get("access_token"), str) or not given["access_token"].strip():
        raise Refused(400, "fhirAuthorization must hold an access_token.")
    if str(given.get("token_type", "Bearer")).lower() != "bearer":
        raise Refused(400, "fhirAuthorization must be a bearer token.")
    if given.get("patient") not in (None, patient):
        raise Refused(400, "fhirAuthorization is for another patient than the context.")
    return str(given["access_token"])


async def _feedback(house: House, request: Request, call: Call, act: Act) -> Response:
    """What became of cards. Batches and repeats are normal; free words are not kept, for they may speak of a person."""
    path = f"/cds-services/{call.service}"
    await _caller(house, request, call, (f"{path}/feedback", path))
    listed = (await body_of(request)).get("feedback")
    if not isinstance(listed, list) or not listed or len(listed) > 1000:
        raise Refused(400, "feedback must be a list.")
    hospital = call.signer.hospitals[0].name if call.signer and len(call.signer.hospitals) == 1 else call.system
    rows = [_feedback_row(one) | {"hospital": hospital or "trial", "service": call.service} for one in listed]
    await house.asked(house.store.add_feedback, rows)
    return Response(b"{}", media_type="application/json")


def _feedback_row(one: Any) -> dict[str, Any]:
    if not isinstance(one, dict) or not isinstance(one.get("card"), str) or not 0 < len(one["card"]) <= 64:
        raise Refused(400, "Each feedback names its card.")
    result, reason = one.get("outcome"), one.get("overrideReason")
    if result not in ("accepted", "overridden"):
        raise Refused(400, "outcome is accepted or overridden.")
    try:
        at = dt.datetime.fromisoformat(str(one.get("outcomeTimestamp"))).isoformat()
    except ValueError:
        raise Refused(400, "outcomeTimestamp must be a time.") from None
    accepted = one.get("acceptedSuggestions")
    if accepted is not None and (
        not isinstance(accepted, list) or not all(isinstance(each, dict) and isinstance(each.get("id"), str) for each in accepted)
    ):
        raise Refused(400, "acceptedSuggestions must be a list of ids.")
    if result == "accepted" and not accepted:
        raise Refused(400, "acceptedSuggestions is missing.")
    if reason is not None and not isinstance(reason, dict):
        raise Refused(400, "overrideReason must be an object.")
    coded = reason.get("reason") if reason else None
    if coded is not None and not isinstance(coded, dict):
        raise Refused(400, "overrideReason.reason must be an object.")
    code = str(coded.get("code", "")) if coded else ""
    known = code if code in {name for name, _ in orders.REASONS} else "unknown" if code else ""
    ids = ",".join(str(each["id"])[:64] for each in accepted or [])[:4000]
    commented = bool(reason and reason.get("userComment"))
    return {"card": one["card"], "at": at, "outcome": result, "suggestions": ids, "reason": known, "commented": commented}
