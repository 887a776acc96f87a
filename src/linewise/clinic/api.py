"""The REST interface `/api/v1`: signed in, with roles, limits and idempotency keys. One list makes the addresses and their document."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from linewise.errors import LinewiseError, RecordError

from .answered import answered
from .audit import Act
from .house import House
from .jar import cookie, cookies_of
from .keys import digest_of
from .logs import say
from .refused import Refused, problem
from .settings import origin_of

ROOT = "/api/v1"
COOKIE = "linewise_session"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT = 86_400.0  # seconds for which an idempotency key is remembered


class Ask(msgspec.Struct):
    """One request of somebody who is signed in."""

    house: House
    request: Request
    act: Act
    who: str = ""
    role: str = ""
    token: str = ""
    query: dict[str, str] = {}
    body: Any = None
    parts: dict[str, str] = {}

    def one(self, name: str) -> Any:
        """A member of the body, or of the query where the body has none."""
        value = self.body.get(name) if isinstance(self.body, dict) else None
        return value if value is not None else self.query.get(name)


class Reply(msgspec.Struct):
    """What goes back: a value as JSON, or bytes as they are."""

    value: Any = None
    status: int = 200
    headers: dict[str, str] = {}
    kind: str = "application/json"


Handler = Callable[[Ask], Awaitable[Reply]]


class Endpoint(msgspec.Struct, frozen=True):
    """One address with one method: who may ask, what it takes and gives."""

    method: str
    path: str
    summary: str
    handler: Handler
    roles: tuple[str, ...] = ("clinician", "auditor", "admin")
    body: dict[str, Any] | None = None
    query: dict[str, str] = {}
    gives: dict[str, Any] = {}
    open: bool = False
    audited: bool = True

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))


def session_cookie(house: House, token: str, seconds: int) -> str:
    """The cookie of a session: for the API alone, and sent by our own pages only."""
    return cookie(house.settings, COOKIE, token, seconds, "/api", "Strict")


def routes(house: House, endpoints: list[Endpoint]) -> list[Route]:
    """One door for all addresses: who is not signed in learns nothing about them."""

    async def door(request: Request) -> Response:
        started, act = time.perf_counter(), Act(what="api", who="")
        quiet = False  # an answer about nobody, from an address that the trail leaves out

        async def done() -> Response:
            nonlocal quiet
            found, answer = await _through(house, request, endpoints, act)
            quiet = not found.audited
            return answer

        answer = await answered(house, act, problem, done, lambda given: not quiet)
        say("api", what=act.what, status=answer.status_code, ms=round((time.perf_counter() - started) * 1000))
        return answer

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
    return [Route(f"{ROOT}/{{rest:path}}", door, methods=methods), Route(ROOT, door, methods=methods)]


async def _through(house: House, request: Request, endpoints: list[Endpoint], act: Act) -> tuple[Endpoint, Response]:
    path = request.url.path.removeprefix(ROOT)
    here = [(one, match) for one in endpoints if (match := one.pattern.fullmatch(path))]
    chosen = next(((one, match) for one, match in here if one.method == request.method), None)
    ask = Ask(house, request, act)
    if chosen is None or not chosen[0].open:
        await sign_in_needed(ask)
    if not here:
        raise Refused(404, "There is no such address.")
    if chosen is None:
        raise Refused(405, "", {"Allow": ", ".join(one.method for one, _ in here)})
    endpoint, match = chosen
    act.what = endpoint.path.strip("/").split("/")[0]
    act.action = "E" if endpoint.method == "POST" else "R" if endpoint.method == "GET" else "D"
    if not endpoint.open and ask.role not in endpoint.roles:
        raise Refused(403, f"This is for: {', '.join(endpoint.roles)}.")
    ask.parts = match.groupdict()
    ask.query = {name: values[-1] for name, values in parse_qs(request.url.query).items()}
    data = await request.body()
    if endpoint.body is not None:
        ask.body = _json(request, data, endpoint.open)
        act.asked = digest_of(data)
    repeated = await _repeated(ask, endpoint, data)
    reply = await _handled(endpoint, ask)
    body = reply.value if isinstance(reply.value, bytes) else b"" if reply.value is None else msgspec.json.encode(reply.value)
    if endpoint.path in ("/plan", "/why", "/what-if"):
        act.answered = digest_of(body)
        if house.settings.keep_answers:
            await house.asked(house.store.keep, "answer", act.id, body, house.settings.keep_days * 86_400.0, act.patient)
    headers = {"X-Linewise-Answer": act.id, **reply.headers} | ({"Idempotency-Replayed": "true"} if repeated else {})
    return endpoint, Response(body, reply.status, headers, reply.kind if body else None)


async def _handled(endpoint: Endpoint, ask: Ask) -> Reply:
    try:
        return await endpoint.handler(ask)
    except RecordError as fault:
        raise Refused(422, f"The record cannot be read: {fault.what} {fault.todo}".strip()) from None
    except LinewiseError as fault:
        raise Refused(422, str(fault)) from None


async def sign_in_needed(ask: Ask, cookies: bool = True) -> None:
    """Who asks, by a bearer token or, with `cookies`, the cookie of the session. Raises Refused (401, 403, 429)."""
    request, house = ask.request, ask.house
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    by_cookie = kind.lower() != "bearer"
    token = (cookies_of(house.settings, request).get(COOKIE, "") if cookies else "") if by_cookie else token.strip()
    found = await house.asked(house.store.session, token) if token and len(token) < 200 else None
    if found is None:
        raise Refused(401)
    ask.who, ask.role = found
    ask.token, ask.act.who = token, found[0]
    if by_cookie and request.method not in ("GET", "HEAD"):
        _same_site(house, request)
    await house.limit(f"user {ask.who}", house.settings.calls_per_minute)


def _same_site(house: House, request: Request) -> None:
    """A cookie goes along by itself: what it lets through must come from our own pages, or from no browser."""
    origin = request.headers.get("origin")
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin") or (
        origin and origin_of(origin) != origin_of(house.settings.base)
    ):
        raise Refused(403, "This came from another site.")


def _json(request: Request, data: bytes, form: bool) -> Any:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if form and kind == "application/x-www-form-urlencoded":
        return {name: values[-1] for name, values in parse_qs(data.decode(errors="replace")).items()}
    if kind != "application/json" and not kind.endswith("+json"):
        raise Refused(415, "Send application/json.")
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        raise Refused(400, "The body is not JSON.") from None


async def _repeated(ask: Ask, endpoint: Endpoint, data: bytes) -> bool:
    """Whether a request with this idempotency key was here before. The same question gets the same answer; another question is refused."""
    key = ask.request.headers.get("idempotency-key")
    if key is None or endpoint.method != "POST" or endpoint.open:
        return False
    if not _KEY.fullmatch(key):
        raise Refused(400, "Idempotency-Key has 1 to 255 visible characters.")
    store, name = ask.house.store, f"{ask.who} {endpoint.path} {key}"
    asked = digest_of(ask.request.url.query.encode() + b"\n" + data).encode()
    if await ask.house.asked(store.keep_new, "once", name, asked, _KEPT):
        return False
    before = await ask.house.asked(store.kept, "once", name)
    if before is None:  # it was there, and its day has passed: it counts as new
        await ask.house.asked(store.keep, "once", name, asked, _KEPT)
        return False
    if before != asked:
        raise Refused(422, "This Idempotency-Key was used for another request.")
    return True


async def threaded(work: Callable[..., Any], *values: Any) -> Any:
    return await run_in_threadpool(work, *values)
