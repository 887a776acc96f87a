"""What the server refuses, and how it says so: one error inside, and the form that each interface demands outside."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

_KINDS = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    408: "timeout",
    409: "conflict",
    412: "incomplete",
}
_KINDS |= {413: "too-long", 422: "invalid", 429: "throttled", 500: "exception", 501: "not-supported", 503: "transient"}
_TITLES = {400: "Malformed request", 401: "Sign in first", 403: "Not allowed", 404: "Not found", 405: "Method not allowed"}
_TITLES |= {
    408: "Too slow",
    409: "Conflict",
    412: "Data missing",
    413: "Too large",
    415: "Wrong kind of content",
    422: "Not readable",
}
_TITLES |= {
    429: "Too many requests",
    500: "The server failed",
    501: "Not here",
    502: "The record system failed",
    503: "Cannot answer now",
}


class Refused(Exception):
    """A request that gets no answer. `text` is for the caller and never holds a line of a record."""

    def __init__(self, status: int, text: str = "", headers: dict[str, str] | None = None, **more: Any) -> None:
        super().__init__(text)
        self.status, self.text, self.headers, self.more = status, text, headers or {}, more


def title(status: int) -> str:
    return _TITLES.get(status, "Refused")


def outcome(fault: Refused) -> Response:
    """As CDS Hooks has it: a FHIR OperationOutcome. Why a signature was refused is not told."""
    issue: dict[str, Any] = {"severity": "error", "code": _KINDS.get(fault.status, "processing")}
    issue["diagnostics"] = title(401) if fault.status == 401 else fault.text or title(fault.status)
    body = {"resourceType": "OperationOutcome", "issue": [issue]}
    return _json(fault, body, "application/json")


def problem(fault: Refused) -> Response:
    """As the REST interface has it: RFC 9457."""
    body = {"type": "about:blank", "title": title(fault.status), "status": fault.status}
    if fault.text:
        body["detail"] = fault.text
    return _json(fault, body | fault.more, "application/problem+json")


def page(fault: Refused, headers: dict[str, str] | None = None) -> Response:
    """As a person sees it; `headers` say who may show it in a frame."""
    import html

    text = html.escape(fault.text or title(fault.status))
    body = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{html.escape(title(fault.status))} · Linewise</title><link rel="stylesheet" href="/style.css"></head><body>'
        f"<main><h1>{html.escape(title(fault.status))}</h1>"
        f"<p>{text}</p></main></body></html>"
    )
    return Response(body, fault.status, {**(headers or {}), **fault.headers}, "text/html")


def _json(fault: Refused, body: dict[str, Any], kind: str) -> Response:
    headers = dict(fault.headers)
    if fault.status == 401:
        headers.setdefault("WWW-Authenticate", "Bearer")
    return Response(msgspec.json.encode(body), fault.status, headers, kind)
