"""The door: the app answers only whom the person who started it let in.

The first address carries a key, made anew at each start and shown only to who started the app. It is exchanged for a cookie once a browser
opens it. The cookie's name carries the port, its value is bound to key and port, and neither scripts nor other sites can use it. Cookies
do not tell ports apart, so where the system says whose connection it is (Linux), one of another user is refused, whatever it brings.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from html import escape
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

CLOSED = (
    "Linewise is open here for the person who started it. Open it with the whole address that was shown when it started; "
    "it ends with a key. If that address is gone, stop Linewise (Ctrl+C) and start it again."
)
OTHER_USER = "Linewise is open here for another user of this computer."
_KEY = "key"
_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))


def new_key() -> str:
    """A key for one start of the app."""
    return secrets.token_urlsafe(24)


class Door:
    """ASGI middleware. Without the cookie, only the address with the key is answered, and the files that every page shares."""

    def __init__(self, app: ASGIApp, key: str, port: int) -> None:
        self.app, self.key, self.port = app, key, port
        self.name = f"linewise-door-{port}"
        self.value = hmac.new(key.encode(), f"door {port}".encode(), hashlib.sha256).hexdigest()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        """What to answer instead of the page; None where the page may come."""
        if other_user(scope.get("client"), self.port):
            return PlainTextResponse(OTHER_USER, 403)
        cookies: dict[str, str] = {}
        for name, value in scope["headers"]:
            if name.lower() == b"cookie":
                cookies.update(cookie_parser(value.decode("latin-1")))
        asked = parse_qsl(scope["query_string"].decode("latin-1"))
        given = dict(asked).get(_KEY, "")
        if scope["method"] == "GET" and given and _same(given, self.key):
            rest = urlencode([(name, value) for name, value in asked if name != _KEY])
            return self._let_in(scope["path"] + (f"?{rest}" if rest else ""))
        if _same(cookies.get(self.name, ""), self.value) or scope["path"].startswith("/static/"):
            return None
        return PlainTextResponse(CLOSED, 403)

    def _let_in(self, to: str) -> Response:
        """The cookie, and on to the same address without the key. A page that goes on by itself, not a redirect: whatever program opened
        the address, the next request comes from a page of ours, and so brings the cookie."""
        there = escape(to if to.startswith("/") and not to.startswith(("//", "/\\")) else "/", quote=True)
        response = HTMLResponse(
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0;url={there}">'
            f'<title>Linewise</title></head><body><p><a href="{there}">Open Linewise</a></p></body></html>'
        )
        response.set_cookie(self.name, self.value, httponly=True, samesite="strict", path="/")
        return response


def _same(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode())


def other_user(client: tuple[str, int] | list[object] | None, port: int) -> bool:
    """Whether the other end of a connection on this machine belongs to another user (root apart, who can read everything anyway).

    False where the system does not say: then key and cookie have to do.
    """
    if client is None or not hasattr(os, "getuid"):
        return False
    address, from_port = client[0], client[1]
    if address not in ("127.0.0.1", "::1") or not isinstance(from_port, int):
        return False
    near, far = f"{from_port:04X}", f"{port:04X}"
    for table in _TABLES:
        try:
            lines = table.read_text(encoding="ascii").splitlines()[1:]
        except (OSError, ValueError):
            continue
        for line in lines:
            fields = line.split()
            if len(fields) > 7 and fields[1].endswith(f":{near}") and fields[2].endswith(f":{far}") and fields[7].isdigit():
                return int(fields[7]) not in (os.getuid(), 0)
    return False
