"""Whole registry entries, written before the grammar was tried on them, in the formats of registries and for twenty people.

Nobody may fit who is excluded, or of whom something answerable is not known; no single criterion may be decided otherwise than a careful
trial nurse decides it.
"""

from __future__ import annotations

from typing import Any

import pytest

from linewise.knowledge import Knowledge
from linewise.trials.match import Judged, Match, Matcher, Status, parsed, status_of
from linewise.trials.model import Entry
from linewise.trials.read import entries_of
from linewise.trials.words import words_of
from places import ROOT, read_yaml
from trials.registry import written

ENTRIES: list[dict[str, Any]] = read_yaml(ROOT / "tests/trials/entries.yaml")
LEAST_RIGHT = 192
"""Of the 200 pairs, as many were right when these entries became a test; the others depend although a nurse could decide them."""


def entry_of(told: dict[str, Any], knowledge: Knowledge) -> Entry:
    name, content = written(told)
    (entry,) = entries_of(content, name, words_of(knowledge))
    return entry


def right_value(one: dict[str, Any], matcher: Matcher) -> bool | None:
    """What a nurse reads: the criterion under `when` surely, the one under `may` at all."""

    def holds(criterion: str) -> bool | None:
        node = parsed(criterion)
        assert node is not None, criterion
        return matcher.decider.value(node)

    if one.get("ask"):
        return None
    return True if holds(one["when"]) is True else False if holds(one.get("may", one["when"])) is False else None


def right_status(told: dict[str, Any], match: Match, matcher: Matcher) -> Status:
    points = [point for point in match.points if point.n]
    judged = [
        Judged(
            n=point.n,
            kind=point.kind,
            text="",
            value=right_value(one, matcher),
            open="ask" if one.get("ask") and not point.blocks else "fact",
            group=one.get("group", ""),
        )
        for point, one in zip(points, told["criteria"], strict=True)
    ]
    fields = [Judged(n=0, kind="inclusion", text="", value=right_value(one, matcher)) for one in told.get("fields", ())]
    return status_of(fields + judged)


@pytest.mark.parametrize("told", ENTRIES, ids=[one["id"] for one in ENTRIES])
def test_nobody_matches_who_should_not(told: dict[str, Any], twenty: dict[str, Matcher], knowledge: Knowledge) -> None:
    entry = entry_of(told, knowledge)
    for name, matcher in twenty.items():
        match = matcher.match(entry)
        right = right_status(told, match, matcher)
        assert match.status in (right, "depends"), f"{name}: {right}, and not {match.status}"
        for point, one in zip([one for one in match.points if one.n], told["criteria"], strict=True):
            assert point.value in (None, right_value(one, matcher)), f"{name}: {point.text}"


def test_most_pairs_are_right(twenty: dict[str, Matcher], knowledge: Knowledge) -> None:
    right = 0
    for told in ENTRIES:
        entry = entry_of(told, knowledge)
        for matcher in twenty.values():
            match = matcher.match(entry)
            right += match.status == right_status(told, match, matcher)
    assert len(ENTRIES) * len(twenty) == 200
    assert right >= LEAST_RIGHT
