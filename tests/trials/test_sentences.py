"""Invented sentences of trials against invented people: what each sentence says, and that what is unknown stays open."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from linewise.exchange import codes_of
from linewise.exchange.profile import read_profile
from linewise.knowledge import open_knowledge
from linewise.logic import parse
from linewise.trials.match import Matcher
from linewise.trials.model import Entry, Kind, Point
from linewise.trials.words import words_of
from places import ROOT, read_yaml

DAY = dt.date(2026, 6, 1)
CASES = read_yaml(ROOT / "tests/trials/sentences.yaml")
_GOOD: dict[str, Any] = {
    "sex": "female",
    "age": 58,
    "menopausal_status": "postmenopausal",
    "brain": {"status": "none"},
    "visceral_crisis": False,
    "ecog": 1,
    "metastatic_sites": ["liver", "lymph-node"],
    "labs": {
        "neutrophils_10e9_l": 3.1,
        "platelets_10e9_l": 220,
        "haemoglobin_g_dl": 12.4,
        "bilirubin_x_uln": 0.6,
        "alt_x_uln": 0.8,
        "creatinine_clearance_ml_min": 92,
        "lvef_percent": 61.0,
    },
    "adjuvant": [],
    "comorbidities": [],
    "medications": [],
    "reactions": [],
    "symptoms": [],
}
PEOPLE: dict[str, dict[str, Any]] = {
    "hr": _GOOD
    | {
        "er": {"status": "positive", "percent": 90},
        "pr": {"status": "positive"},
        "her2": {"ihc": "0", "status": "negative"},
        "metastatic_lines": [
            {"drugs": ["ribociclib", "letrozole"], "months": 19, "months_since_end": 1.2, "stopped_for": "progression"},
        ],
    },
    "her2": _GOOD
    | {
        "er": {"status": "negative", "percent": 0},
        "pr": {"status": "negative", "percent": 0},
        "her2": {"ihc": "3+", "status": "positive"},
        "metastatic_lines": [{"drugs": ["trastuzumab", "pertuzumab"], "months": 12, "best_response": "PR"}],
    },
    "tnbc": _GOOD
    | {
        "er": {"status": "negative", "percent": 0},
        "pr": {"status": "negative", "percent": 0},
        "her2": {"ihc": "0", "status": "negative"},
        "metastatic_lines": [],
    },
    "silent": {"sex": "female", "metastatic_sites": ["liver"]},
}


@pytest.fixture(scope="module")
def matchers() -> dict[str, Matcher]:
    knowledge = open_knowledge()
    codes = codes_of(knowledge)
    return {name: Matcher(read_profile(profile, name, codes, lenient=True), knowledge, DAY) for name, profile in PEOPLE.items()}


def entry(kind: Kind, text: str) -> Entry:
    return Entry(id="X", points=(Point(n=1, kind=kind, parts=(text,)),))


@pytest.mark.parametrize("case", CASES, ids=[case["text"][:60] for case in CASES])
def test_a_sentence_says_what_a_careful_reader_says(case: dict[str, Any], matchers: dict[str, Matcher]) -> None:
    trial = entry(case["kind"], case["text"])
    for name, matcher in matchers.items():
        (judged,) = matcher.match(trial).points
        if case.get("ask"):
            assert (judged.value, judged.blocks) == (None, False), name
        else:
            expected = {"yes": True, "no": False, True: True, False: False, "open": None}[case[name]]
            assert judged.value is expected, f"{name}: {judged.says}, left {judged.left}"
            assert judged.blocks is (expected is None), name


def test_what_is_not_understood_never_matches(matchers: dict[str, Matcher]) -> None:
    assert matchers["hr"].match(entry("inclusion", "Confirmed zorbin receptor overexpression")).status == "depends"


def test_an_exception_takes_an_exclusion_back(matchers: dict[str, Matcher]) -> None:
    """What a text lets through with a condition is for the team to look at, never a reason to exclude."""
    text = "Prior ribociclib, unless it was stopped more than 12 months ago"
    assert matchers["hr"].match(entry("exclusion", text)).status == "depends"
    assert matchers["tnbc"].match(entry("exclusion", text)).status == "may-fit"


def test_every_rule_can_be_decided() -> None:
    """Each criterion of a rule is one of the language, with names that exist."""
    from linewise.logic import check

    knowledge = open_knowledge()
    words = words_of(knowledge)
    fill = {
        "{t}": "letrozole",
        "{c}": "letrozole",
        "{n|months}": "0.5",
        "{n}": "20",
        "{m}": "30",
        "{op}": "<=",
        "{grade}": "2",
        "{beyond}": "2",
    }
    meant = ("adds nothing", "already", "every value", "never be true")
    for rule in words.rules:
        for criterion in (rule.when, rule.may, rule.fine):
            if criterion in (None, "yes", "no"):
                continue
            text = str(criterion).replace("ecog {op} {n}", "ecog {op} 2").replace("ecog <= {n}", "ecog <= 2")
            for slot, value in fill.items():
                text = text.replace(slot, value)
            problems = [str(one) for one in check(parse(text), knowledge.vocabulary)]
            assert not [one for one in problems if not any(word in one for word in meant)], rule.id


def test_every_named_treatment_exists() -> None:
    knowledge = open_knowledge()
    names = {part for _, name in words_of(knowledge).treatments for one in name.split(" | ") for part in one.split(" with ")}
    assert names - set(knowledge.drugs) - set(knowledge.classes) == {"any treatment", "nothing-known"}
