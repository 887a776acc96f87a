"""The lists of words that readers compare what stands beside a term with: each that the code asks for is there, and none lies unused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from places import ROOT

KNOWLEDGE = ROOT / "knowledge" / "reading"
FILES = [KNOWLEDGE / "lists.yaml", *sorted(KNOWLEDGE.glob("*/lists.yaml"))]
ROOMS = ("phrases", "grammar", "reading")


def _kept() -> set[str]:
    return {
        f"{group}.{name}"
        for path in FILES
        for group, lists in yaml.safe_load(path.read_text(encoding="utf-8")).items()
        for name in lists
    }


def _asked() -> set[str]:
    texts = [path.read_text(encoding="utf-8") for room in ROOMS for path in (ROOT / "src" / "linewise" / room).glob("*.py")]
    calls = [call for text in texts for call in re.findall(r"(?:listed|written|beginnings)\(([^()]+)\)", text)]
    return {name for call in calls for name in re.findall(r"[\"']([a-z-]+\.[a-z-]+)[\"']", call)}


def test_the_code_asks_for_lists_that_stand_in_the_knowledge() -> None:
    assert len(_asked()) > 100
    assert _asked() - _kept() == set()


def test_every_list_is_asked_for() -> None:
    assert _kept() - _asked() == set()


@pytest.mark.parametrize("path", FILES, ids=[path.parent.name for path in FILES])
def test_a_list_holds_words_each_once(path: Path) -> None:
    for lists in yaml.safe_load(path.read_text(encoding="utf-8")).values():
        for name, words in lists.items():
            assert words, name
            assert all(isinstance(word, str) and word for word in words), name
            assert len(set(words)) == len(words), name
