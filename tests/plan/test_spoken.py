"""Reasons for tired people: whole sentences, one for every answer, easy to read, and never against what the plan says."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from linewise.exchange import codes_of
from linewise.exchange.profile import read_profile
from linewise.knowledge import Knowledge
from linewise.knowledge.check_wording import faults, gaps
from linewise.plan import Plan, make_plan
from linewise.plan.answer import first, grouped

DAY = dt.date(2026, 11, 21)
HORMONE: dict[str, Any] = {
    "region": "EU",
    "sex": "female",
    "age": 61,
    "menopausal_status": "postmenopausal",
    "er": {"status": "positive", "percent": 90},
    "pr": {"status": "positive"},
    "her2": {"ihc": "1+"},
    "variants": {"ESR1": "mutated", "PIK3CA": "wild-type"},
    "metastatic_sites": ["bone", "liver"],
    "visceral_crisis": False,
    "ecog": 1,
    "metastatic_lines": [{"drugs": ["ribociclib", "letrozole"], "months": 22, "stopped_for": "progression"}],
}
HER2: dict[str, Any] = {
    "region": "UK",
    "sex": "female",
    "age": 48,
    "menopausal_status": "premenopausal",
    "er": {"status": "negative"},
    "pr": {"status": "negative"},
    "her2": {"ihc": "3+"},
    "metastatic_sites": ["liver", "brain"],
}
TRIPLE: dict[str, Any] = {
    "region": "US",
    "sex": "female",
    "age": 60,
    "er": {"status": "negative"},
    "pr": {"status": "negative"},
    "her2": {"ihc": "0"},
    "metastatic_sites": ["lung"],
    "metastatic_lines": [{"drugs": ["paclitaxel"], "months": 5, "stopped_for": "progression"}],
}
MAN: dict[str, Any] = {**HORMONE, "sex": "male", "menopausal_status": None, "region": "DE"}
UNKNOWN: dict[str, Any] = {"sex": "female", "metastatic_sites": ["bone"]}
PEOPLE = {"hormone": HORMONE, "her2": HER2, "triple": TRIPLE, "man": MAN, "unknown": UNKNOWN}


def plan_of(profile: dict[str, Any], knowledge: Knowledge) -> Plan:
    told = {name: value for name, value in profile.items() if value is not None}
    return make_plan(read_profile(told, "test", codes_of(knowledge), True), knowledge, DAY, None)


def grade(text: str) -> float:
    """The school grade of a text, after Flesch and Kincaid, with the names of drugs and genes counted as one easy word each."""
    textstat = pytest.importorskip("textstat", reason="textstat is not installed: it measures how easy a text is")
    return float(textstat.flesch_kincaid_grade(text))


def test_wording_names_only_what_there_is_and_has_every_answer_of_every_option(knowledge: Knowledge) -> None:
    assert list(faults(knowledge)) == []
    assert list(gaps(knowledge)) == []


@pytest.mark.parametrize("name", PEOPLE)
def test_every_option_has_whole_sentences(name: str, knowledge: Knowledge) -> None:
    plan = plan_of(PEOPLE[name], knowledge)
    for option in plan.options:
        why = plan.why(option.id)
        assert why, option.id
        for sentence in why:
            assert re.match(r"[A-Z“]", sentence) and sentence.endswith((".", "!", "?")), (option.id, sentence)
            assert not re.search(r"[{}_]|\.\.|not so that|is known whether|: no\b|: yes\b|\b(any|all) of these", sentence), (
                option.id,
                sentence,
            )


def test_every_sentence_of_a_fact_is_easy_and_has_no_double_negative(knowledge: Knowledge) -> None:
    for name, sentences in knowledge.wording.reasons.facts.items():
        for answer, text in sentences.items():
            assert len(text.split()) <= 22, (name, answer)
            assert len(re.findall(r"\b(not|no|nobody|never|without)\b", text.lower())) <= 1 or ", " in text, (name, answer, text)


def test_reasons_read_at_grade_eight_or_easier(knowledge: Knowledge) -> None:
    named = (knowledge.drugs, knowledge.classes, knowledge.facts)
    known = {one.label for things in named for one in things.values()} | {one.title for one in knowledge.tests.values()}
    known |= {"HER2-positive", "HER2-negative"}
    longest = sorted(known, key=len, reverse=True)
    hard = []
    for profile in PEOPLE.values():
        plan = plan_of(profile, knowledge)
        for option in plan.options:
            text = " ".join(plan.why(option.id))
            for word in longest:
                if word.lower() in text.lower():
                    text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "this", text, flags=re.IGNORECASE)
            if grade(text) > 8:
                hard.append((round(grade(text), 1), option.id, text))
    assert hard == []


def test_reasons_say_what_holds(knowledge: Knowledge) -> None:
    plan = plan_of(HORMONE, knowledge)
    assert plan.why("elacestrant")[:2] == [
        "Your cancer feeds on hormones and is not HER2-positive.",
        "Your cancer has a change in the ESR1 gene.",
    ]
    assert plan.why("paclitaxel-weekly") == ["Chemo is not due yet."]
    assert plan.why("vepdegestrant") == ["Nobody has approved or advised it in the EU so far."]


def test_what_is_only_assumed_says_so(knowledge: Knowledge) -> None:
    plan = plan_of(HER2, knowledge)
    told = [sentence for option in plan.options for sentence in plan.why(option.id)]
    assert any(sentence.startswith("As far as we know, ") for sentence in told)


def test_the_first_lines(knowledge: Knowledge) -> None:
    lines = first(plan_of(HORMONE, knowledge), 2)
    assert lines.urgent == "Nothing urgent in what you told us."
    assert lines.choices_line.startswith(f"You have {len(lines.choices)} choices now.")
    assert lines.test and lines.opens >= 1 and f"{lines.opens} more" in lines.test_line.replace("one more", "1 more")
    assert lines.new.startswith("2 things have changed")
    assert len(lines.lines) <= 5


def test_an_alarm_is_the_first_line_and_what_waits_the_next(knowledge: Knowledge) -> None:
    ill = {
        **TRIPLE,
        "symptoms": [{"name": "fever", "celsius": 38.9}],
        "metastatic_lines": [{"drugs": ["paclitaxel"], "months": 2}],
    }
    lines = first(plan_of(ill, knowledge))
    assert lines.act == "emergency" and lines.lines[0].startswith("Act now: ")
    assert lines.going_on == ["Paclitaxel: ask your team before the next dose."]


@pytest.mark.parametrize("name", PEOPLE)
def test_groups_hold_every_option_once(name: str, knowledge: Knowledge) -> None:
    plan = plan_of(PEOPLE[name], knowledge)
    listed = [option.id for group in grouped(plan) for option in group.options]
    assert sorted(listed) == sorted(plan.judged)
    for group in grouped(plan):
        offered = {option.offered for option in group.options}
        assert offered == {group.id in ("first", "also", "bone", "supportive")}, group.id


def test_nothing_is_counted_where_nothing_can_be_said(knowledge: Knowledge) -> None:
    lines = first(plan_of({"sex": "female", "metastatic_sites": []}, knowledge))
    assert lines.choices_line == lines.test_line == lines.new == "" and lines.choices == []
