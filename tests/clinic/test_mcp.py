"""`linewise mcp` with the official client: tools that read, with schemas, sources and bounds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

pytest.importorskip("mcp", reason="the extra `clinic` is not installed")
jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")

import anyio  # noqa: E402
from mcp import ClientSession, StdioServerParameters  # noqa: E402
from mcp.client.stdio import stdio_client  # noqa: E402

from places import ROOT  # noqa: E402

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


@pytest.fixture(scope="module")
def tools() -> Any:
    return conversation()[0]


def answered(name: str, given: dict[str, Any]) -> dict[str, Any]:
    tools, (result,) = conversation((name, given))
    assert not result.is_error, result.content
    jsonschema.validate(result.structured_content, next(one for one in tools if one.name == name).output_schema)
    assert len(result.model_dump_json()) < 100_000
    assert json.loads(result.content[0].text) == result.structured_content
    return dict(result.structured_content)


def test_every_tool_reads_only_and_has_schemas(tools: Any) -> None:
    assert {"plan", "why", "what_if", "interactions", "side_effects", "search", "knowledge", "read_document"} == {
        one.name for one in tools
    }
    for one in tools:
        assert one.annotations.read_only_hint is True and one.annotations.open_world_hint is False
        assert one.output_schema["type"] == "object" and one.description
        assert not {"path", "url", "file"} & set(one.input_schema["properties"])


@pytest.mark.parametrize("region", ["US", "EU", "UK", "DE"])
def test_the_plan_is_that_of_the_command_and_small(region: str) -> None:
    found = answered("plan", {"record": ANNA, "region": region, "as_of": "2026-11-30"})
    command = [
        sys.executable,
        "-m",
        "linewise",
        "plan",
        str(ROOT / "examples" / "anna.json"),
        "--region",
        region,
        "--as-of",
        "2026-11-30",
        "--format",
        "json",
    ]
    expected = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert {one["id"]: one["status"] for one in found["options"]} == {one["id"]: one["status"] for one in expected["options"]}
    assert found["as_of"] == "2026-11-30" and found["sources"] and "unknown" in found


def test_why_interactions_search_and_the_others() -> None:
    why = answered("why", {"record": ANNA, "option": "olaparib", "region": "US"})
    assert why["options"][0]["because"]["text"] and why["options"][0]["would_fit"]
    met = answered("interactions", {"medicines": ["ribociclib", "clarithromycin", "nobody knows"]})
    assert met["interactions"] and met["not_known"] == ["nobody knows"] and met["sources"]
    assert answered("search", {"query": "diarrhoea"})["results"]
    assert answered("knowledge", {"id": "elacestrant"})["things"]
    assert answered("side_effects", {"option": "elacestrant"})["side_effects"]
    assert answered("what_if", {"record": ANNA, "facts": {"ESR1": "wild-type"}, "region": "US"})["shifts"]
    assert "findings" in answered("read_document", {"text": "Invasive carcinoma. ER positive, HER2 negative (IHC 1+)."})


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
