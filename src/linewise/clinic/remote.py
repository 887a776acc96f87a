"""The tools for assistants over streamable HTTP: behind the sign-in, the roles, the limits and the trail of the server. One door for them and for REST."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message

from .answered import answered
from .api import Ask, sign_in_needed
from .assistant import SEEN, Seen, server
from .audit import Act
from .house import House
from .keys import digest_of
from .logs import say
from .refused import Refused, problem
from .settings import origin_of

PATH = "/mcp"
_ROLES = ("clinician",)


class Remote:
    """Each request stands for itself, so that any worker can answer it: nothing of a conversation is held here."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._origins = {
            origin_of(one) for one in (house.settings.base, *(each for ehr in house.settings.ehrs for each in ehr.origins))
        }
        self._manager = StreamableHTTPSessionManager(
            server(house.desk), json_response=True, stateless=True, max_request_body_size=house.settings.largest_mb * 1024 * 1024
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While the server runs."""
        async with self._manager.run():
            yield

    def route(self) -> Route:
        """The address."""
        return Route(PATH, self._door, methods=["GET", "POST", "DELETE", "PUT", "PATCH"])

    async def _door(self, request: Request) -> Response:
        started, act, seen = time.perf_counter(), Act(what="mcp", who=""), Seen()

        async def done() -> Response:
            answer = await self._through(request, act, seen)
            if seen.tool:
                act.what, act.patient = f"mcp-{seen.tool}", seen.patient
                if seen.answered:
                    act.answered = digest_of(seen.answered.encode())
                    await self._kept(act, seen)
                else:
                    act.refused(422)
            return answer

        found = await answered(self.house, act, problem, done, lambda given: bool(seen.tool) or given.status_code >= 400)
        say("mcp", what=act.what, status=found.status_code, ms=round((time.perf_counter() - started) * 1000))
        return found

    async def _through(self, request: Request, act: Act, seen: Seen) -> Response:
        origin = request.headers.get("origin")
        if origin is not None and origin_of(origin) not in self._origins:  # no page of another site speaks for a person
            raise Refused(403, "This came from another site.")
        ask = Ask(self.house, request, act)
        await sign_in_needed(ask, cookies=False)
        if ask.role not in _ROLES:
            raise Refused(403, f"This is for: {', '.join(_ROLES)}.")
        if request.method != "POST":
            raise Refused(405, "Each message is a POST; the server begins none.", {"Allow": "POST"})
        act.asked = digest_of(await request.body())
        SEEN.set(seen)
        return await self._whole(request)

    async def _whole(self, request: Request) -> Response:
        """What the protocol answers, whole, so that it does not leave before it stands in the trail."""
        parts: list[bytes] = []
        begun: Message = {"status": 500, "headers": []}
        sent = False

        async def take(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = message
            else:
                parts.append(message.get("body", b""))

        async def give() -> Message:
            nonlocal sent
            if sent:
                return await request.receive()
            sent = True
            return {"type": "http.request", "body": await request.body(), "more_body": False}

        await self._manager.handle_request(request.scope, give, take)
        names = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in begun["headers"]}
        kept = {name: value for name, value in names.items() if name not in ("content-length", "content-type")}
        return Response(b"".join(parts), begun["status"], kept, names.get("content-type"))

    async def _kept(self, act: Act, seen: Seen) -> None:
        house = self.house
        if house.settings.keep_answers and seen.patient:
            await house.asked(
                house.store.keep, "answer", act.id, seen.answered.encode(), house.settings.keep_days * 86_400.0, seen.patient
            )
