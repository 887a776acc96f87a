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
from linewise.logic import Node, walk
from linewise.logic.nodes import Compare, GradeOf, Includes, Is

CASES = Path(__file__).parents[1] / "cases" / "alarms"

_NOW = re.compile(r"\b(call|ring|go to|get|someone)\b[^.]*\bnow\b|\bat once\b|\bemergency\b", re.I)
_TODAY = re.compile(r"\b(today|(?:the )?same day)\b", re.I)
_CONDITION = re.compile(r"\b(if|unless|when|with)\b", re.I)


@pytest.fixture(scope="module")
def situations() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = load_cases(CASES)
    return found


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


def said(plain: str) -> set[str]:
    """The times that plain words give, outside sentences with a condition (`if you faint, …`)."""
    found = set()
    for sentence in _sentences(plain):
        if _CONDITION.search(sentence):
            continue
        found |= {"now"} if _NOW.search(sentence) else set()
        found |= {"today"} if _TODAY.search(sentence) else set()
    return found


def test_plain_words_say_the_time_of_the_alarm(knowledge: Knowledge) -> None:
    """An emergency says now, a same-day alarm today, and neither says the other; what can wait says neither."""
    wanted = {"emergency": {"now"}, "same-day": {"today"}, "next-visit": set()}
    wrong = {
        alert.id: said(alert.plain) for alert in knowledge.content.alerts.values() if not said(alert.plain) <= wanted[alert.act]
    }
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


def _acts(symptom: str, grade: int | None, taking: list[str], knowledge: Knowledge, codes: Codes) -> set[str]:
    """How fast a symptom alone calls for help, for an otherwise well person."""
    line = {"drugs": taking, "months": 3}
    told = {"name": symptom} | ({"grade": grade} if grade else {})
    profile = _PEOPLE["tnbc"] | {"metastatic_lines": [line], "symptoms": [told]}
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
                numbers = {_NUMBERS.get(word.lower(), word) for word in re.findall(r"\w+", text)}
                if first and grade in by_grade and int(first[1]) in numbers and when not in by_grade[grade]:
                    wrong.append(f"{name}: {first[1]} is grade {grade}, which is {sorted(by_grade[grade])}, not {when}")
    assert wrong == []


def test_acts_of_effects_are_those_of_alarms(knowledge: Knowledge) -> None:
    assert {act for effect in knowledge.content.effects.values() for act in effect.call} <= {
        "emergency",
        "same-day",
        "next-visit",
    }


def _symptoms(when: Node, knowledge: Knowledge, derived: bool) -> list[tuple[str, int | None]]:
    """The symptoms that a criterion names, with the grade that it asks for; through derived facts too where asked."""
    found: list[tuple[str, int | None]] = []
    waiting = [when]
    while waiting:
        for node in walk(waiting.pop()):
            if isinstance(node, Includes) and node.fact == "symptoms":
                found += [(name, None) for name in sorted(knowledge.vocabulary.members("symptoms", node.values))]
            elif isinstance(node, Compare) and isinstance(node.what, GradeOf) and node.op == ">=":
                found.append((node.what.symptom, int(node.number)))
            elif derived and isinstance(node, Is) and node.fact in knowledge.vocabulary.derived:
                waiting += knowledge.vocabulary.derived[node.fact].nodes
    return found


def test_rules_of_conduct_say_the_time_of_the_alarm(knowledge: Knowledge, codes: Codes) -> None:
    """Where a rule that waits for a symptom tells people when to call, it is not later than the alarm of a symptom that it names, and
    not sooner than the alarms of all that it can rest on.
    """
    wrong, seen = [], set()
    for drug in knowledge.drugs:

        def urgent(when: Node, derived: bool, drug: str = drug) -> list[str]:
            named = _symptoms(when, knowledge, derived)
            return [name for name, grade in named if "emergency" in _acts(name, grade, [drug], knowledge, codes)]

        for rule in knowledge.conduct(drug):
            plain = rule.plain or ""
            if plain in seen or not (_NOW.search(plain) or _TODAY.search(plain)) or not _symptoms(rule.when, knowledge, False):
                continue
            seen.add(plain)
            if not _NOW.search(plain) and (late := urgent(rule.when, False)):
                wrong.append(f"{drug}: {late} is an emergency: {plain}")
            if "now" in said(plain) and not urgent(rule.when, True):
                wrong.append(f"{drug}: no alarm says now: {plain}")
    assert wrong == []
