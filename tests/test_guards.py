"""The list of guards that `make guards` breaks is in step with the code and with the hazard log."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from guards import broken, listed

ROOT = Path(__file__).parents[1]
IN_WORDS = {"19", "24"}
"""Hazards whose guard is a sentence on every output, or in the docs."""
ELSEWHERE = {"17a", "17i", "21", "26"}
"""Hazards whose guard is the shape of the data: there is no one line to break."""


@pytest.mark.parametrize("guard", listed(), ids=lambda one: one["guard"])
def test_a_guard_stands_where_the_list_says(guard: dict[str, str]) -> None:
    source = (ROOT / "src/linewise" / guard["file"]).read_text(encoding="utf-8")
    assert broken(guard, source) != source
    for test in guard["tests"]:
        assert (ROOT / test).exists()


def test_every_hazard_has_a_guard_that_is_broken_on_purpose() -> None:
    rows = re.findall(r"^\| (\d+[a-z]?) \|", (ROOT / "docs/hazards.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert {*rows} == {str(one["hazard"]) for one in listed()} | IN_WORDS | ELSEWHERE
