"""The tools over streamable HTTP with the official client: the sign-in, the roles, the trail, and the same answers as on standard input."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytest.importorskip("mcp", reason="the extra `clinic` is not installed")

import anyio
import httpx2
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from .conftest import Clinic, httpx
from .people import RECORD, signed_in
from .test_mcp import conversation

CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "search", "arguments": {"query": "diarrhoea"}}}
ACCEPT = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}


@pytest.fixture(scope="module")
def people(clinic: Clinic) -> dict[str, Any]:
    return signed_in(clinic)


def talk(clinic: Clinic, headers: dict[str, str], *calls: tuple[str, dict[str, Any]]) -> tuple[Any, list[Any]]:
    """The tools, and what these calls answer, over HTTP."""

    async def conversation() -> tuple[Any, list[Any]]:
        async with (
            httpx2.AsyncClient(headers=headers, trust_env=False, timeout=60) as http,
            streamable_http_client(f"{clinic.base}/mcp", http_client=http) as (reading, writing, *_),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            tools = (await session.list_tools()).tools
            return tools, [await session.call_tool(name, given) for name, given in calls]

    return anyio.run(conversation)


def bearer(client: Any) -> dict[str, str]:
    return {"Authorization": str(client.headers["authorization"])}


def test_the_official_client_gets_what_it_gets_on_standard_input(clinic: Clinic, people: dict[str, Any]) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("plan", {"record": RECORD, "region": "US", "as_of": "2026-11-30"}),
        ("why", {"record": RECORD, "option": "olaparib", "region": "US", "as_of": "2026-11-30"}),
        ("interactions", {"medicines": ["ribociclib", "clarithromycin"]}),
    ]
    tools, here = talk(clinic, bearer(people["clinician"]), *calls)
    others, there = conversation(*calls)
    assert [one.model_dump() for one in tools] == [one.model_dump() for one in others]
    for one, other in zip(here, there, strict=True):
        assert not one.is_error and one.structured_content == other.structured_content


def test_a_call_has_its_row_with_whom_it_is_about(clinic: Clinic, people: dict[str, Any]) -> None:
    given = {"record": RECORD, "region": "US"}
    talk(
        clinic,
        bearer(people["clinician"]),
        ("plan", given),
        ("why", given | {"option": "olaparib"}),
        ("plan", {"record": {"x": "Mrs Secret"}}),
    )
    events = [one["resource"] for one in people["auditor"].get("/api/v1/audit?_count=3").json()["entry"]]
    assert [(one["subtype"][0]["code"], one["outcome"]) for one in reversed(events)] == [
        ("mcp-plan", "0"),
        ("mcp-why", "0"),
        ("mcp-plan", "4"),
    ]
    for one in events[1:]:
        assert (
            one["entity"][0]["what"]["reference"] == "Patient/anna"
            and one["agent"][0]["who"]["identifier"]["value"] == "clinician"
        )
    assert "Mrs Secret" not in json.dumps(events) + clinic.log.read_text() and "anna" not in clinic.log.read_text()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer invented"}, 401),
        ({"Authorization": "Basic Y2xpbmljaWFuOng="}, 401),
        ({"Origin": "https://evil.example"}, 403),
    ],
)
def test_nobody_gets_in_without_signing_in(clinic: Clinic, people: dict[str, Any], headers: dict[str, str], status: int) -> None:
    mine = bearer(people["clinician"]) if "Origin" in headers else {}
    for body in (CALL, {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}):
        answer = clinic.client.post("/mcp", json=body, headers=mine | ACCEPT | headers)
        assert answer.status_code == status and answer.headers["content-type"] == "application/problem+json"
        assert status != 401 or answer.headers["www-authenticate"] == "Bearer"


def test_a_cookie_is_no_key_and_other_roles_have_no_tools(clinic: Clinic, people: dict[str, Any]) -> None:
    token = bearer(people["clinician"])["Authorization"].removeprefix("Bearer ")
    with httpx.Client(base_url=clinic.base, trust_env=False, cookies={"linewise_session": token}) as browser:
        assert browser.post("/mcp", json=CALL, headers=ACCEPT).status_code == 401
    for role in ("auditor", "admin"):
        assert people[role].post("/mcp", json=CALL, headers=ACCEPT).status_code == 403
    assert people["clinician"].post("/mcp", json=CALL, headers=ACCEPT).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"7",
        b'{"jsonrpc": "2.0", "id": 1, "method": "nothing"}',
        b'{"jsonrpc": "1.0", "id": 1, "method": "tools/list"}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "nothing"}}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": 7}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "plan", "arguments": "Mrs Secret"}}',
    ],
)
def test_what_is_malformed_is_an_error_of_the_protocol(clinic: Clinic, people: dict[str, Any], body: bytes) -> None:
    answer = people["clinician"].post("/mcp", content=body, headers=ACCEPT | {"Content-Type": "application/json"})
    assert answer.status_code in (200, 400) and "Traceback" not in answer.text and "Mrs Secret" not in answer.text
    found = answer.json()
    assert "error" in found or found["result"]["isError"]


def test_only_messages_are_taken_and_up_to_a_size(clinic: Clinic, people: dict[str, Any]) -> None:
    for method in ("GET", "DELETE", "PUT"):
        answer = people["clinician"].request(method, "/mcp", headers=ACCEPT)
        assert answer.status_code == 405 and answer.headers["allow"] == "POST"
    assert people["clinician"].post("/mcp", content=b" " * (33 * 1024 * 1024), headers=ACCEPT).status_code == 413


def test_it_can_be_switched_off(tmp_path: Any) -> None:
    own = Clinic(tmp_path, [], mcp=False)
    try:
        assert own.client.post("/mcp", json=CALL).status_code == 404
    finally:
        own.stop()
