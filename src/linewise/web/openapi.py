"""The JSON twins of all pages as one OpenAPI document, made from the same list as the addresses themselves."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from linewise import __version__

from .frame import View

_TEXTS = {
    403: "the form's token is missing or from another session",
    404: "there is no such thing, or no record yet",
    409: "it was changed in the meantime, or an answer is needed first",
    413: "too big",
    422: "something in it has to be corrected: `errors` says what, by field",
}


def document(views: list[View]) -> bytes:
    """The document as JSON."""
    paths: dict[str, Any] = {}
    for view in views:
        path = view.path if view.file else f"{view.path}.json"
        paths[path] = {method.lower(): _operation(view, method) for method in view.methods}
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Linewise",
                "version": __version__,
                "description": "The JSON twin of every page, under the same rules. It answers on this computer only. What is sent (POST) "
                "needs the token `csrf` of a page of the same session, as the header X-CSRF-Token.",
            },
            "paths": paths,
            "components": {"schemas": _SCHEMAS},
        }
    )


_SCHEMAS = {
    "Page": {
        "type": "object",
        "required": ["title", "csrf"],
        "properties": {
            "title": {"type": "string"},
            "csrf": {"type": "string"},
            "errors": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    },
    "Next": {"type": "object", "required": ["next"], "properties": {"next": {"type": "string"}}},
}


def _operation(view: View, method: str) -> dict[str, Any]:
    name = re.sub(r"\W+", "_", view.path).strip("_") or "home"
    found: dict[str, Any] = {
        "operationId": f"{method.lower()}_{name}",
        "summary": view.summary,
        "parameters": _parameters(view, method),
        "responses": _responses(view, method),
    }
    if method == "POST":
        properties = {
            field: {"type": ["string", "array", "integer", "number", "boolean"], "description": text}
            for field, text in view.fields.items()
            if field.isidentifier()
        }
        body = {"type": "object", "properties": properties}
        found["requestBody"] = {"content": {"application/json": {"schema": body}}}
    return found


def _parameters(view: View, method: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": part, "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[A-Za-z0-9-]+$"}}
        for part in re.findall(r"{(\w+)}", view.path)
    ]
    if method == "GET":
        found += [
            {"name": name, "in": "query", "description": text, "schema": {"type": "string"}} for name, text in view.query.items()
        ]
    else:
        found.append({"name": "X-CSRF-Token", "in": "header", "required": True, "schema": {"type": "string"}})
    return found


def _responses(view: View, method: str) -> dict[str, Any]:
    page = {"application/json": {"schema": {"$ref": "#/components/schemas/Page"}}}
    fine: dict[str, Any] = {"anyOf": [{"$ref": "#/components/schemas/Page"}, {"$ref": "#/components/schemas/Next"}]}
    content: dict[str, Any] = {"application/json": {"schema": fine}}
    if view.file:
        content = {"application/pdf": {}} if view.path.endswith("pdf") else {"application/json": {}, "application/fhir+json": {}}
    elif view.path.endswith("calendar"):
        content["text/calendar"] = {}
    answers = {"200": {"description": view.summary, "content": content}}
    for status, text in _TEXTS.items():
        if method == "POST" or status in (404, 422):
            answers[str(status)] = {"description": text, "content": page}
    if view.file:
        answers["424"] = {"description": "an extra is not installed", "content": page}
    return answers
