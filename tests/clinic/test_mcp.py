"""`linewise mcp` with the official client: tools that read, with schemas, sources and bounds."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import pytest

pytest.importorskip("mcp", reason="the extra `clinic` is not installed")

import anyio
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from linewise.cli import main
from places import ROOT

ANNA = json.loads((ROOT / "examples" / "anna.json").read_text(encoding="utf-8"))


def conversation(*calls: tuple[str, dict[str, Any]]) -> tuple[Any, list[Any]]:
    """The tools, and what these calls answer."""

    async def talk() -> tuple[Any, list[Any]]:
        server = StdioServerParameters(command=sys.executable, args=["-m", "linewise", "mcp"], env=dict(os.environ))
        async with stdio_client(server) as (reading, writing), ClientSession(reading, writing) as session:
            await session.initialize()
            tools = (await session.list_tools()).tools
            return tools, [await session.call_tool(name, given) for name, given in calls]

    return anyio.run(talk)


def answered(*calls: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """What each call answers, of one server."""
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    tools, results = conversation(*calls)
    for (name, _), result in zip(calls, results, strict=True):
        assert not result.is_error, (name, result.content)
        jsonschema.validate(result.structured_content, next(one for one in tools if one.name == name).output_schema)
        assert len(result.model_dump_json()) < 100_000
        assert json.loads(result.content[0].text) == result.structured_content
    return [dict(result.structured_content) for result in results]


def test_every_tool_reads_only_and_has_schemas() -> None:
    tools, _ = conversation()
    assert {"plan", "why", "what_if", "interactions", "side_effects", "search", "knowledge", "read_document"} == {
        one.name for one in tools
    }
    for one in tools:
        assert one.annotations.read_only_hint is True and one.annotations.open_world_hint is False
        assert one.output_schema["type"] == "object" and one.description
        assert not {"path", "url", "file"} & set(one.input_schema["properties"])


def test_the_plan_is_that_of_the_command_and_small(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    regions, day = ("US", "EU", "UK", "DE"), "2026-11-30"
    plans = answered(*(("plan", {"record": ANNA, "region": region, "as_of": day}) for region in regions))
    for region, found in zip(regions, plans, strict=True):
        capfdbinary.readouterr()
        record = str(ROOT / "examples" / "anna.json")
        assert main(["plan", record, "--region", region, "--as-of", day, "--format", "json"]) == 0
        expected = json.loads(capfdbinary.readouterr().out)
        assert {one["id"]: one["status"] for one in found["options"]} == {
            one["id"]: one["status"] for one in expected["options"]
        }, region
        assert found["as_of"] == day and found["sources"] and "unknown" in found


def test_why_interactions_search_and_the_others() -> None:
    why, met, search, knowledge, effects, other, document = answered(
        ("why", {"record": ANNA, "option": "olaparib", "region": "US"}),
        ("interactions", {"medicines": ["ribociclib", "clarithromycin", "nobody knows"]}),
        ("search", {"query": "diarrhoea"}),
        ("knowledge", {"id": "elacestrant"}),
        ("side_effects", {"option": "elacestrant"}),
        ("what_if", {"record": ANNA, "facts": {"ESR1": "wild-type"}, "region": "US"}),
        ("read_document", {"text": "Invasive carcinoma. ER positive, HER2 negative (IHC 1+)."}),
    )
    assert why["options"][0]["because"]["text"] and why["options"][0]["would_fit"]
    assert met["interactions"] and met["not_known"] == ["nobody knows"] and met["sources"]
    assert search["results"] and knowledge["things"] and effects["side_effects"] and other["shifts"]
    assert "findings" in document


def test_what_is_wrong_is_said_without_a_trace() -> None:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("plan", {"record": "/etc/passwd"}), ("plan", {"record": {"nonsense": "Mrs Secret"}}), ("plan", {}), ("plan", {"record": ANNA, "region": "MARS"}),
        ("plan", {"record": ANNA, "as_of": "soon"}), ("why", {"record": ANNA, "option": "nothing"}), ("interactions", {"medicines": []}), ("nothing", {}),
        ("plan", {"record": ANNA, "path": "/etc/passwd"}), ("search", {"query": 3}),
    ]  # fmt: skip
    for (name, given), result in zip(calls, conversation(*calls)[1], strict=True):
        assert result.is_error, (name, list(given))
        assert (
            "Traceback" not in result.content[0].text
            and "Secret" not in result.content[0].text
            and "root:" not in result.content[0].text
        )
