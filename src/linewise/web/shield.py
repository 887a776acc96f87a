"""What stands before every page: the Host check, the size limit, the headers. No line of a record ever reaches a log."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from linewise.files import up_to

LARGEST_UPLOAD = 64 * 1024 * 1024
LARGEST_FORM = 1024 * 1024
UPLOADS = ("/start/import", "/start/import.json", "/papers", "/papers.json")

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), interest-cohort=()",
}
TOO_BIG = "This file is too big to be a patient record: the limit is 64 MB. Nothing was read."


class Shield:
    """ASGI middleware. `hosts` are the only names under which the app answers, so that no other site can stand in for it."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self.app, self.hosts = app, frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _with_headers(message["headers"], scope["path"])
            await send(message)

        if headers.get(b"host", "") not in self.hosts:
            await PlainTextResponse("Linewise answers under 127.0.0.1 and localhost only.", 421)(scope, receive, guarded)
            return
        limit = LARGEST_UPLOAD if scope["path"] in UPLOADS else LARGEST_FORM
        length = headers.get(b"content-length", "0")
        if not length.isascii() or not length.isdigit() or len(length) > 15 or int(length) > limit:
            await _refuse(scope, receive, guarded)
            return
        await self.app(scope, up_to(limit, receive), guarded)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Say so at once; what still arrives is thrown away as it comes, so that the browser shows the message."""
    more, seen = True, 0
    while more and seen < 1024 * 1024 * 1024:
        message = await receive()
        seen += len(message.get("body", b""))
        more = bool(message.get("more_body")) and message["type"] == "http.request"
    await PlainTextResponse(TOO_BIG, 413, headers={"connection": "close"})(scope, receive, send)


def _with_headers(found: Iterable[tuple[bytes, bytes]], path: str) -> list[tuple[bytes, bytes]]:
    kept = [(name, value) for name, value in found if name.lower() != b"server"]
    names = {name.lower() for name, _ in kept}
    extra = dict(HEADERS)
    extra["cache-control"] = "no-cache" if path.startswith("/static/") else "no-store"
    return kept + [(name.encode(), value.encode()) for name, value in extra.items() if name.encode() not in names]
