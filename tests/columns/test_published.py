"""Published tools' own examples: what they make of them, what we do, and that every difference is one that we name."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2]))  # the benchmarks stand beside the tests

from benchmarks.lines import PUBLISHED, Example, Tool, of_many, of_one, tools, words

TOOLS = list(tools())
CASES = [(tool, example) for tool in TOOLS for example in tool.examples]


@pytest.mark.parametrize(("tool", "example"), CASES, ids=lambda one: getattr(one, "id", None) or getattr(one, "name", "?"))
def test_ours_is_theirs_or_differs_as_stated(tool: Tool, example: Example) -> None:
    assert words(of_one(tool, example)) == words(example.expected)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_many_people_are_grouped_as_one_is(tool: Tool) -> None:
    assert of_many(tool) == [of_one(tool, example) for example in tool.examples]


def test_a_difference_is_one_and_every_reason_is_needed() -> None:
    for tool in TOOLS:
        differing = [example for example in tool.examples if example.because]
        assert all(example.expected != example.theirs for example in differing)
        assert {example.because for example in differing} == set(tool.reasons)


def test_every_tool_says_where_its_examples_are_from() -> None:
    assert len(TOOLS) == len(list(PUBLISHED.glob("*.yaml"))) >= 4
    for tool in TOOLS:
        assert tool.source["repository"].startswith("https://")
        assert len(tool.source["commit"]) == 40
        assert tool.source["file"]


def test_most_examples_come_out_the_same() -> None:
    same = sum(example.expected == example.theirs for _, example in CASES)
    assert (same, len(CASES)) == (35, 47)
