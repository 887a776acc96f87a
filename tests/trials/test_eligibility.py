"""Sentences of registry entries, written before the grammar was tried on them, for people who stand on their limits.

None may be decided otherwise than a careful trial nurse decides it, and none where she could not say. Leaving one open is allowed, but not often.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from linewise.exchange import codes_of
from linewise.exchange.profile import read_profile
from linewise.knowledge import open_knowledge
from linewise.trials.match import Matcher
from linewise.trials.model import Entry, Point
from places import ROOT, read_yaml

DAY = dt.date(2026, 6, 1)
FILE = read_yaml(ROOT / "tests/trials/eligibility.yaml")
PEOPLE: dict[str, dict[str, Any]] = FILE["people"]
SENTENCES: list[dict[str, Any]] = FILE["sentences"]
DECIDED = {"y": True, "n": False, "?": None}
LEAST_DECIDED = 0.89
"""Of what a nurse can decide from the records, the share that the grammar decided when these sentences became a test."""


@pytest.fixture(scope="module")
def matchers() -> dict[str, Matcher]:
    knowledge = open_knowledge()
    codes = codes_of(knowledge)
    told = {name: {key: value for key, value in person.items() if value is not None} for name, person in PEOPLE.items()}
    return {name: Matcher(read_profile(person, name, codes, lenient=True), knowledge, DAY) for name, person in told.items()}


def read(sentence: dict[str, Any], matcher: Matcher) -> tuple[bool | None, bool]:
    """What a sentence says of a person, and whether it keeps the trial open."""
    point = Point(n=1, kind=sentence["kind"], parts=tuple(sentence["text"].split("\n")))
    (judged,) = matcher.match(Entry(id="X", points=(point,))).points
    return judged.value, judged.blocks


@pytest.mark.parametrize("sentence", SENTENCES, ids=[one["text"][:70] for one in SENTENCES])
def test_no_sentence_is_decided_wrongly(sentence: dict[str, Any], matchers: dict[str, Matcher]) -> None:
    for letter, (name, matcher) in zip(sentence.get("answers", "?" * len(PEOPLE)), matchers.items(), strict=True):
        value, blocks = read(sentence, matcher)
        assert value in (None, DECIDED[letter]), f"{name}: {letter} is right"
        if sentence.get("ask"):
            assert blocks is (name in sentence.get("open-for", ())), name
        elif letter == "?":
            assert blocks, f"{name}: unknown must keep the trial open"


def test_most_of_what_can_be_decided_is_decided(matchers: dict[str, Matcher]) -> None:
    pairs = [
        read(sentence, matcher)[0] is not None
        for sentence in SENTENCES
        for letter, matcher in zip(sentence.get("answers", ""), matchers.values(), strict=False)
        if letter != "?"
    ]
    assert len(SENTENCES) >= 150 and len(PEOPLE) == 20
    assert sum(pairs) / len(pairs) >= LEAST_DECIDED
