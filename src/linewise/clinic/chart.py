"""The pages of an opened chart: the team's plan, its JSON twin, proposals by a person's click, the end."""

from __future__ import annotations

import hmac
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from linewise.errors import LinewiseError, RecordError
from linewise.knowledge.model import Region
from linewise.plan import Plan
from linewise.plan.model import OFFERED

from . import pages, smart
from .answered import Form, answered
from .audit import Act
from .gather import Access, Gather, Gathered
from .house import House
from .jar import cookie, cookies_of
from .outside import OutsideError
from .papers import KINDS, paper
from .proposals import Proposals
from .refused import Refused, page, problem
from .sheet import sheet_of

_MOST_OPTIONS = 10


def routes(house: House) -> list[Route]:
    """The addresses of SMART App Launch and of the chart."""

    def audited(what: str, work: Any, json: bool = False) -> Any:
        async def answer(request: Request) -> Response:
            act = Act(what=what, who="")
            form = problem if json and not _by_form(request) else shown_in_frames(house)
            return await answered(house, act, form, lambda: work(house, request, act))

        return answer

    async def keys(request: Request) -> Response:
        return Response(msgspec.json.encode(await smart.key_set(house)), media_type="application/json")

    async def style(request: Request) -> Response:
        return Response(pages.stylesheet(), media_type="text/css", headers={"Cache-Control": "max-age=3600"})

    return [
        Route("/launch", audited("launch", _launch), methods=["GET"]),
        Route("/callback", audited("launch", _callback), methods=["GET"]),
        Route("/app/{handle}/plan.json", audited("plan", _twin, True), methods=["GET"]),
        Route("/app/{handle}/plan", audited("plan", _page), methods=["GET"]),
        Route("/app/{handle}/sheet.{form}", audited("sheet", _sheet), methods=["GET"]),
        Route("/app/{handle}/proposals", audited("proposal", _propose, True), methods=["POST"]),
        Route("/logout", audited("sign-out", _logout), methods=["POST"]),
        Route("/.well-known/jwks.json", keys, methods=["GET"]),
        Route("/style.css", style, methods=["GET"]),
    ]


def shown_in_frames(house: House) -> Form:
    """A refusal as a page that each listed record system may show in its frame: it says nothing of a patient."""
    return lambda fault: page(fault, pages.policy(smart.framed_by(house)))


def _by_form(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


def _cookie(house: House, name: str, value: str, seconds: int) -> str:
    """A cookie that also lives inside a record system's frame: there each system has its own jar (Partitioned)."""
    return cookie(house.settings, name, value, seconds, site="None")


async def _launch(house: House, request: Request, act: Act) -> Response:
    address = request.client.host if request.client else ""
    await house.limit(f"launch {address}", house.settings.calls_per_minute)
    iss, launch = request.query_params.get("iss", ""), request.query_params.get("launch", "")
    if not iss:
        known = [one for one in house.settings.ehrs if one.client_id]
        if len(known) != 1:
            raise Refused(400, "Name the record system: /launch?iss=ADDRESS")
        iss = known[0].fhir
    if len(iss) > 2000 or len(launch) > 4000:
        raise Refused(400, "iss or launch is too long.")
    where, cookie, bind = await smart.begin(house, iss, launch)
    answer = RedirectResponse(where, 302)
    answer.headers.append("Set-Cookie", _cookie(house, cookie, bind, 600))
    return answer


async def _callback(house: House, request: Request, act: Act) -> Response:
    query = dict(request.query_params)
    handle, bind, session = await smart.finish(house, query, cookies_of(house.settings, request))
    act.who, act.patient, act.hospital = session.user, session.patient, session.hospital
    answer = RedirectResponse(f"{house.settings.base}/app/{handle}/plan", 303)
    answer.headers.append("Set-Cookie", _cookie(house, smart.cookie_of(handle), bind, house.settings.session_minutes * 60))
    answer.headers.append("Set-Cookie", _cookie(house, smart.cookie_of_state(query["state"]), "", 0))
    return answer


async def _opened(house: House, request: Request, act: Act) -> tuple[smart.Session, Plan, Gathered]:
    """The session, and the plan of the record as it is now; nothing of it is kept."""
    handle = request.path_params["handle"]
    session = await smart.session_of(house, handle, cookies_of(house.settings, request))
    act.who, act.patient, act.hospital = session.user, session.patient, session.hospital
    house.check()
    gathered = await _gathered(house, handle, session)
    ehr = house.settings.at(session.fhir)
    region: Region | None = (ehr.region if ehr else None) or house.settings.region
    try:
        plan = await run_in_threadpool(lambda: house.plan(house.record(gathered.resources, session.patient), region))
    except RecordError as fault:
        raise Refused(422, f"The record cannot be read: {fault.what}") from None
    return session, plan, gathered


async def _gathered(house: House, handle: str, session: smart.Session) -> Gathered:
    """The record, page by page. A token that the record system took back before its end is renewed once, where it can be."""
    ehr = house.settings.at(session.fhir)
    for again in (False, True):
        access = Access(session.fhir, await smart.access_of(house, handle, session, fresh=again))
        gather = Gather(house.outside, house.settings, access, ehr.homes if ehr else ())
        try:
            found = await gather.all(session.patient, {}, in_part=True)
        except Refused:
            if again or not gather.denied or not session.refresh:
                raise
            continue
        if again or not gather.denied or not session.refresh:
            break
    return found


def _policy(house: House, session: smart.Session, style: str = "'self'") -> dict[str, str]:
    return pages.policy(smart.framed_by(house, session.fhir), style)


async def _page(house: House, request: Request, act: Act) -> Response:
    session, plan, gathered = await _opened(house, request, act)
    handle = request.path_params["handle"]
    html = await run_in_threadpool(
        lambda: pages.render(
            "chart.html",
            s=sheet_of(plan),
            handle=handle,
            csrf=session.csrf,
            gathered=gathered,
            user=session.user,
            forms=list(KINDS),
        )
    )
    return Response(html, media_type="text/html", headers=_policy(house, session))


async def _twin(house: House, request: Request, act: Act) -> Response:
    session, plan, gathered = await _opened(house, request, act)

    def made() -> bytes:
        value = msgspec.to_builtins(plan.document())
        if gathered.partial:  # what was not read could change every one of them
            value |= {"options": [], "tests": []}
        more = {
            "csrf": session.csrf,
            "partial": gathered.partial,
            "strangers": gathered.strangers,
            "patient": session.patient,
            "answer": act.id,
        }
        return msgspec.json.encode(value | more)

    return Response(await run_in_threadpool(made), media_type="application/json", headers=_policy(house, session))


async def _sheet(house: House, request: Request, act: Act) -> Response:
    """The sheet for the meeting, in each of its forms."""
    form = request.path_params["form"]
    if form not in KINDS:
        raise Refused(404, f"The sheet is given as {', '.join(KINDS)}.")
    session, plan, gathered = await _opened(house, request, act)
    if gathered.partial:
        raise Refused(409, f"The record was read in part, so there is no sheet: {'; '.join(gathered.partial)}.")
    try:
        data = await run_in_threadpool(paper, plan, form, house.codes, gathered.resources, session.user)
    except LinewiseError as fault:  # a library for this form is not installed here; the other forms are there
        raise Refused(501, str(fault)) from None
    style = "'unsafe-inline'" if form == "html" else "'self'"  # the page carries its style with it
    headers = {
        **_policy(house, session, style),
        "Content-Disposition": f'{"inline" if form == "html" else "attachment"}; filename="sheet.{form}"',
    }
    return Response(data, media_type=KINDS[form], headers=headers)


async def _propose(house: House, request: Request, act: Act) -> Response:
    """Write chosen options back as proposals: only after a click, only what the plan offers, in the name of the person."""
    act.action = "C"
    handle = request.path_params["handle"]
    session = await smart.session_of(house, handle, cookies_of(house.settings, request))
    act.who, act.patient, act.hospital = session.user, session.patient, session.hospital
    by_form = _by_form(request)
    names, token = await _chosen(request, by_form)
    if not hmac.compare_digest(token.encode(), session.csrf.encode()) or not smart.own_page(
        house, request.headers.get("origin"), request.headers.get("sec-fetch-site", "")
    ):
        raise Refused(403, "The token of the page is missing or from another session.")
    session, plan, gathered = await _opened(house, request, act)
    if gathered.partial:
        raise Refused(409, f"The record was read in part, so nothing is proposed: {'; '.join(gathered.partial)}.")
    wrong = [name for name in names if name not in plan.judged or plan.status(name) not in OFFERED]
    if wrong:
        raise Refused(422, f"Not offered on this record: {', '.join(sorted(wrong))[:500]}.")
    bundle = await run_in_threadpool(
        lambda: Proposals(plan, house.codes, gathered.resources, session.patient, session.user).transaction(names)
    )
    access = await smart.access_of(house, handle, session)
    headers = {"Authorization": f"Bearer {access}", "Content-Type": "application/fhir+json", "Accept": "application/fhir+json"}
    try:
        answer = await house.outside.json("POST", session.fhir.rstrip("/"), content=msgspec.json.encode(bundle), headers=headers)
    except OutsideError as fault:
        raise _not_taken(fault) from None
    failed = [one for one in map(_result, _entries(answer)) if not one.get("status", "2").startswith("2")]
    if failed:  # a record system that took the transaction for a batch
        states = ", ".join(sorted({one["status"] for one in failed}))[:200]
        told = f"The record system did not take {len(failed)} of {len(bundle['entry'])} entries ({states}). Look into the record."
        raise Refused(502, told, written="in part")
    made = [_result(one) for one in _entries(answer)]
    if by_form:
        return Response(
            pages.render("proposed.html", made=made, handle=handle), media_type="text/html", headers=_policy(house, session)
        )
    return Response(msgspec.json.encode({"proposed": names, "results": made}), 201, media_type="application/json")


def _not_taken(fault: OutsideError) -> Refused:
    """What is told where proposals were not confirmed: that nothing was written only where that is known."""
    if not fault.may_be_done:
        return Refused(502, f"The record system did not take the proposals ({fault.what}); nothing was written.", written="no")
    return Refused(
        502,
        f"The record system did not confirm the proposals ({fault.what}). Whether they were written is not known: look into the record before "
        "you send them again. They carry the same identifiers then, so that a record system that knows conditional creates writes none twice.",
        written="not known",
    )


def _entries(answer: dict[str, Any]) -> list[dict[str, Any]]:
    listed = answer.get("entry")
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


async def _chosen(request: Request, by_form: bool) -> tuple[list[str], str]:
    """The options and the token of a request. Raises Refused."""
    data = await request.body()
    token = request.headers.get("x-csrf-token", "")
    if by_form:
        from urllib.parse import parse_qs

        form = parse_qs(data.decode(errors="replace"))
        names: Any = form.get("options", [])
        token = token or form.get("csrf", [""])[-1]
    else:
        try:
            found = msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Refused(400, "The body is not JSON.") from None
        names = found.get("options") if isinstance(found, dict) else None
    if not isinstance(names, list) or not names or len(names) > _MOST_OPTIONS or not all(isinstance(one, str) for one in names):
        raise Refused(422, f"options must be a list of 1 to {_MOST_OPTIONS} ids.")
    return list(dict.fromkeys(names)), token


def _result(entry: dict[str, Any]) -> dict[str, str]:
    response = entry.get("response")
    said = response if isinstance(response, dict) else {}
    return {name: str(said[name])[:300] for name in ("status", "location") if name in said}


async def _logout(house: House, request: Request, act: Act) -> Response:
    """Close every chart that this browser has open here."""
    if not smart.own_page(house, request.headers.get("origin"), request.headers.get("sec-fetch-site", "")):
        raise Refused(403, "This came from another site.")
    answer = Response(pages.render("closed.html"), media_type="text/html", headers=pages.policy(smart.framed_by(house)))
    answer.headers["Clear-Site-Data"] = '"cache"'  # nothing of the chart stays in the browser
    for name, value in cookies_of(house.settings, request).items():
        if name.startswith("lw_") and not name.startswith("lw_launch_"):
            await smart.close(house, name, value)
            answer.headers.append("Set-Cookie", _cookie(house, name, "", 0))
    return answer
