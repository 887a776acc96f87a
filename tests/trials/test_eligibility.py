"""Sentences of registry entries, written before the grammar was tried on them, for people who stand on their limits.

None may be decided otherwise than a careful trial nurse decides it, and none where she could not say. Leaving one open is allowed, but not often.
"""

from __future__ import annotations

from typing import Any

import pytest

from linewise.trials.match import Matcher
from linewise.trials.model import Entry, Point
from places import ROOT, read_yaml

FILE = read_yaml(ROOT / "tests/trials/eligibility.yaml")
SENTENCES: list[dict[str, Any]] = FILE["sentences"]
LATER: list[dict[str, Any]] = FILE["later"]
DECIDED = {"y": True, "n": False, "?": None}
LEAST_DECIDED = {"sentences": 0.89, "later": 0.82}
"""Of what a nurse can decide from the records, the share that the grammar decided when these sentences became a test."""


def read(sentence: dict[str, Any], matcher: Matcher) -> tuple[bool | None, bool]:
    """What a sentence says of a person, and whether it keeps the trial open."""
    point = Point(n=1, kind=sentence["kind"], parts=tuple(sentence["text"].split("\n")))
    (judged,) = matcher.match(Entry(id="X", points=(point,))).points
    return judged.value, judged.blocks


@pytest.mark.parametrize("sentence", [*SENTENCES, *LATER], ids=[one["text"][:70] for one in [*SENTENCES, *LATER]])
def test_no_sentence_is_decided_wrongly(sentence: dict[str, Any], twenty: dict[str, Matcher]) -> None:
    for letter, (name, matcher) in zip(sentence.get("answers", "?" * 20), twenty.items(), strict=True):
        value, blocks = read(sentence, matcher)
        assert value in (None, DECIDED[letter]), f"{name}: {letter} is right"
        if sentence.get("ask"):
            assert blocks is (name in sentence.get("open-for", ())), name
        elif letter == "?":
            assert blocks, f"{name}: unknown must keep the trial open"


@pytest.mark.parametrize("name", LEAST_DECIDED)
def test_most_of_what_can_be_decided_is_decided(name: str, twenty: dict[str, Matcher]) -> None:
    pairs = [
        read(sentence, matcher)[0] is not None
        for sentence in FILE[name]
        for letter, matcher in zip(sentence.get("answers", ""), twenty.values(), strict=False)
        if letter != "?"
    ]
    assert len(SENTENCES) >= 150 and len(twenty) == 20
    assert sum(pairs) / len(pairs) >= LEAST_DECIDED[name]
