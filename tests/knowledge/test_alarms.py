"""Alarms: each has a situation in which it is due and a calm one beside it, and says one time to act, the same everywhere."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cases_reader import load_cases
from linewise.knowledge import Knowledge
from linewise.knowledge.model import Alert

CASES = Path(__file__).parents[1] / "cases" / "alarms"

_NOW = re.compile(r"\b(now|at once|emergency number|straight away|immediately)\b", re.I)
_TODAY = re.compile(r"\b(today|(?:the )?same day)\b", re.I)
_CONDITION = re.compile(r"\b(if|unless|when|with)\b", re.I)


@pytest.fixture(scope="module")
def situations() -> list[dict[str, Any]]:
    return load_cases(CASES)


def test_every_alarm_is_due_somewhere_and_calm_beside_it(situations: list[dict[str, Any]], knowledge: Knowledge) -> None:
    due = {flag for case in situations for flag in case["expect"].get("flags", [])}
    calm = {flag for case in situations for flag in case["expect"].get("no_flags", [])}
    alarms = set(knowledge.content.alerts)
    assert alarms - due == set(), "write a situation in which it is due"
    assert alarms - calm == set(), "write a calm situation beside it"


def test_every_situation_names_its_source(situations: list[dict[str, Any]], knowledge: Knowledge) -> None:
    without = [case["situation"] for case in situations if not case["source"]]
    unknown = {one for case in situations for one in case["source"]} - set(knowledge.content.sources)
    assert (without, unknown) == ([], set())


def test_no_situation_stands_twice(situations: list[dict[str, Any]]) -> None:
    told = Counter(str(case["profile"]) for case in situations)
    assert [one for one, times in told.items() if times > 1] == []


def _sentences(text: str) -> list[str]:
    return [one for one in re.split(r"(?<=[.!?])\s+", text.replace("\n", " ")) if one]


def said(alert: Alert) -> set[str]:
    """The times that the plain words give, outside sentences with a condition (`if you faint, …`)."""
    found = set()
    for sentence in _sentences(alert.plain):
        if _CONDITION.search(sentence):
            continue
        found |= {"now"} if _NOW.search(sentence) else set()
        found |= {"today"} if _TODAY.search(sentence) else set()
    return found


def test_plain_words_say_the_time_of_the_alarm(knowledge: Knowledge) -> None:
    """An emergency says now, a same-day alarm today, and neither says the other; what can wait says neither."""
    wanted = {"emergency": {"now"}, "same-day": {"today"}, "next-visit": set()}
    wrong = {alert.id: said(alert) for alert in knowledge.content.alerts.values() if not said(alert) <= wanted[alert.act]}
    silent = [
        alert.id
        for alert in knowledge.content.alerts.values()
        if alert.act != "next-visit" and not (_NOW if alert.act == "emergency" else _TODAY).search(alert.plain)
    ]
    assert (wrong, silent) == ({}, [])
