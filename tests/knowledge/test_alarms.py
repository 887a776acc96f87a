"""Alarms: each has a situation in which it is due and a calm one beside it, and says one time to act, the same everywhere."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cases_reader import load_cases, load_people, plan_of
from linewise.exchange import Codes
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


# The words of effects say what the alarms say

_PEOPLE = load_people(CASES)
_TREATMENTS = (["letrozole"], ["capecitabine"], ["paclitaxel", "bevacizumab"], ["pembrolizumab"], ["trastuzumab", "pertuzumab"])
"""What the words of an effect are about: hormone treatment, chemotherapy, antibodies against vessels and HER2, immunotherapy."""
_URGENT_KIND = {"weight-gain": "rapid-weight-gain"}
"""The symptom that the urgent words of an effect are about, where it has another name."""
_GRADES = (1, 2, 3)
_NUMBERS = {"four": 4, "six": 6, "seven": 7, "ten": 10}


def _acts(symptom: str, grade: int, taking: list[str], knowledge: Knowledge, codes: Codes) -> set[str]:
    """How fast a symptom alone calls for help, for an otherwise well person."""
    line = {"drugs": taking, "months": 3}
    profile = _PEOPLE["tnbc"] | {"metastatic_lines": [line], "symptoms": [{"name": symptom, "grade": grade}]}
    plan = plan_of({"id": symptom, "profile": profile, "as_of": "2026-11-30", "region": "EU"}, knowledge, codes)
    return {one.act for one in plan.urgent} - {"next-visit"}


@pytest.fixture(scope="module")
def acts(knowledge: Knowledge, codes: Codes) -> dict[str, dict[int, set[str]]]:
    """For each effect that is a symptom, and each grade: how fast to act, on one treatment or another."""
    effects = set(knowledge.content.effects) & set(knowledge.facts["symptoms"].values)
    return {
        name: {
            grade: set().union(*(_acts(_URGENT_KIND.get(name, name), grade, taking, knowledge, codes) for taking in _TREATMENTS))
            for grade in _GRADES
        }
        for name in sorted(effects)
    }


def test_an_effect_says_when_to_call_as_its_alarms_do(acts: dict[str, dict[int, set[str]]], knowledge: Knowledge) -> None:
    """What an alarm calls for, the effect says; what the effect says to call for the same day, an alarm calls for."""
    wrong = {}
    for name, by_grade in acts.items():
        raised, told = set().union(*by_grade.values()), set(knowledge.content.effects[name].call) - {"next-visit"}
        if raised - told or ("same-day" in told and not raised):
            wrong[name] = f"alarms: {sorted(raised)}, the effect: {sorted(told)}"
    assert wrong == {}


def test_a_number_stands_under_the_time_of_its_grade(acts: dict[str, dict[int, set[str]]], knowledge: Knowledge) -> None:
    """Seven stools a day are grade 3: they stand under the time that the alarm of grade 3 gives, and under no other."""
    wrong = []
    for name, by_grade in acts.items():
        effect = knowledge.content.effects[name]
        for grade, words in (effect.ctcae.grades if effect.ctcae else {}).items():
            first = re.match(r"(\d+) ", words)
            for when, text in effect.call.items():
                said = {_NUMBERS.get(word.lower(), word) for word in re.findall(r"\w+", text)}
                if first and grade in by_grade and int(first[1]) in said and when not in by_grade[grade]:
                    wrong.append(f"{name}: {first[1]} is grade {grade}, which is {sorted(by_grade[grade])}, not {when}")
    assert wrong == []


def test_acts_of_effects_are_those_of_alarms(knowledge: Knowledge) -> None:
    assert {act for effect in knowledge.content.effects.values() for act in effect.call} <= {
        "emergency",
        "same-day",
        "next-visit",
    }
