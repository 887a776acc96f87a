"""What stands before every address of the clinic's server: limits of size, headers, and no word of an error inside."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from linewise.errors import TooBigError
from linewise.files import up_to

from .refused import Refused, outcome, problem

_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
}


class Shield:
    """ASGI middleware: a request larger than `most` bytes is refused (413), also one that does not say how large it is; one that has not
    arrived whole after some `seconds`, too (408).
    """

    def __init__(self, app: ASGIApp, most: int, seconds: float) -> None:
        self.app, self.most, self.seconds = app, most, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = _with_headers(message["headers"])
            await send(message)

        length = Headers(scope=scope).get("content-length", "0")
        large = not (length.isascii() and length.isdigit() and len(length) < 16) or int(length) > self.most
        try:
            if large:
                raise TooBigError
            await self.app(scope, in_time(self.seconds, up_to(self.most, receive)), guarded)
        except TooBigError:
            if not started:
                await _refuse(scope, receive, guarded, self.most)


def in_time(seconds: float, receive: Receive) -> Receive:
    """What arrives of a request, until it is whole. Raises Refused (408) where that takes longer: nobody holds a place by sending slowly."""
    until, whole = asyncio.get_running_loop().time() + seconds, False

    async def timed() -> Message:
        nonlocal whole
        if whole:
            return await receive()
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError:
            raise Refused(408, "The request did not arrive in time.", {"Connection": "close"}) from None
        whole = not message.get("more_body", False)
        return message

    return timed


async def _refuse(scope: Scope, receive: Receive, send: Send, most: int) -> None:
    """Say so; some of what still arrives is thrown away, so that the other side reads the answer."""
    seen = 0
    while seen < 4 * most:
        message = await receive()
        seen += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            break
    fault = Refused(413, f"At most {most // 1024 // 1024} MB are taken.", {"Connection": "close"})
    form = outcome if scope["path"].startswith("/cds-services") else problem
    await form(fault)(scope, receive, send)


def _with_headers(found: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    kept = [(name, value) for name, value in found if name.lower() != b"server"]
    names = {name.lower() for name, _ in kept}
    return kept + [(name.encode(), value.encode()) for name, value in _HEADERS.items() if name.encode() not in names]
