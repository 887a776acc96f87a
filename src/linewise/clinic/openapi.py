"""The REST interface as an OpenAPI 3.1 document, made from the same list as the addresses."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from linewise import __version__

from .api import COOKIE, ROOT, Endpoint
from .jar import name_of
from .settings import Settings

_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
_REFUSED = {
    "400": "malformed", "401": "not signed in", "403": "not for this role", "404": "there is no such thing", "405": "not with this method",
    "413": "too large", "415": "not JSON", "422": "well formed, and not readable", "429": "too many", "503": "the store or the medicine cannot answer",
}  # fmt: skip


def document(endpoints: list[Endpoint], settings: Settings) -> bytes:
    """The document as JSON."""
    paths: dict[str, Any] = {}
    for one in endpoints:
        paths.setdefault(f"{ROOT}{one.path}", {})[one.method.lower()] = _operation(one)
    found = {
        "openapi": "3.1.0",
        "info": {
            "title": "Linewise for clinics",
            "version": __version__,
            "description": "Informs and prepares a decision; it never takes one. Sign in first; send the token as a bearer token, or use the cookie.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": settings.base}],
        "security": [{"bearer": []}, {"cookie": []}],
        "paths": paths,
        "components": {
            "schemas": {"Problem": _PROBLEM},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": name_of(settings, COOKIE, "/api")},
            },
        },
    }
    return msgspec.json.encode(found)


def _operation(one: Endpoint) -> dict[str, Any]:
    name = re.sub(r"\W+", "_", one.path).strip("_")
    parameters = [
        {"name": part, "in": "path", "required": True, "schema": {"type": "string"}} for part in re.findall(r"{(\w+)}", one.path)
    ]
    parameters += [
        {"name": part, "in": "query", "description": text, "schema": {"type": "string"}} for part, text in one.query.items()
    ]
    if one.method == "POST" and not one.open:
        parameters.append({"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}})
    good = (
        "204"
        if one.method == "DELETE" or one.path == "/password"
        else "201"
        if one.path in ("/decisions", "/token") and one.method == "POST"
        else "200"
    )
    kind = "application/fhir+json" if one.path == "/audit" else "application/json"
    fine: dict[str, Any] = {"description": one.summary} | ({"content": {kind: {"schema": one.gives}}} if one.gives else {})
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    found: dict[str, Any] = {
        "operationId": f"{one.method.lower()}_{name}",
        "summary": one.summary,
        "description": f"For: {', '.join(one.roles)}." if not one.open else "For everybody.",
        "parameters": parameters,
        "responses": {good: fine} | {status: {"description": text, "content": problem} for status, text in _REFUSED.items()},
    }
    if one.body is not None:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": one.body}}}
    if one.open:
        found["security"] = []
    return found
