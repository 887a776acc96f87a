"""Medicine is data: code names no fact, value, code or sentence of advice but the anchors that the knowledge is checked for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from linewise.knowledge import open_knowledge
from linewise.knowledge.anchors import ANCHORS, ANSWERS
from places import ROOT

SRC = ROOT / "src" / "linewise"
READERS = ("grammar", "reading", "papers", "phrases")
"""Rooms that read documents: one reader for each family of facts, which names them."""
OTHER_WORDS = {
    "planned": "a drug that is not given yet", "primary": "a specimen of the first tumour", "metastasis": "a specimen of a metastasis",
    "breast": "a specimen of the breast, or a cancer of it", "biopsy": "a specimen", "active": "a status of FHIR",
    "PR": "a partial response", "arm": "a group of people in a trial", "ER": "a name in a registry of trials", "HER2": "a name in a registry of trials", "none": "nothing", "other": "anything else", "0": "a digit", "back": "the way back on a page",
    "head": "a page of HTML", "oral": "a route", "after": "a time", "before": "a time",
    "surgery": "an event of a record", "radiotherapy": "an event of a record", "food": "a category of FHIR",
}  # fmt: skip
"""Words that the code uses in a sense of their own, and that are also values or classes of the knowledge."""
CODES = {
    "LOINC": r"\d{3,5}-\d", "SNOMED CT": r"[1-9]\d{6,17}", "ICD-10": r"[A-TV-Z]\d\d\.\w+", "ATC": r"[A-Z]\d\d[A-Z]{2}(\d\d)?", "NCIt": r"C\d{4,6}",
}  # fmt: skip
ADVICE = re.compile(
    r"\b(ask|tell|show|call|with|give|gives) (your|the) (team|doctor|nurse|pharmacist|clinic)\b|\byour team gives\b",
    re.IGNORECASE,
)
HELP = ("chosen by the plan",)
"""What the help of the command line says of a command."""


@cache
def literals() -> tuple[tuple[str, str], ...]:
    """Every text in the code with its place; docstrings are none."""
    return tuple(found for path in sorted(SRC.rglob("*.py")) for found in literals_of(path))


def literals_of(path: Path) -> Iterator[tuple[str, str]]:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    told = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield f"{path.relative_to(SRC).as_posix()}:{node.lineno}", node.value


def named() -> set[str]:
    return {*ANCHORS, *ANSWERS, *(value for anchor in ANCHORS.values() for value in anchor.values)}


def test_code_names_no_fact_or_value_but_the_anchors() -> None:
    content = open_knowledge().content
    kinds = (content.facts, content.classes, content.drugs, content.treatments, content.alerts, content.effects, content.tests)
    names = {name for kind in kinds for name in kind} | {value for fact in content.facts.values() for value in fact.values}
    left = names - named() - set(OTHER_WORDS)
    found = [f"{place}: {text}" for place, text in literals() if text in left and place.split("/")[0] not in READERS]
    assert not found, "\n".join(["move these to knowledge/, or say in ANCHORS why code must know them:", *found])


def test_every_anchor_is_used() -> None:
    told = {text for place, text in literals() if not place.startswith("knowledge/anchors.py")}
    assert named() - told == set()


def test_every_other_word_is_used_and_is_of_the_knowledge() -> None:
    told = {text for place, text in literals() if place.split("/")[0] not in READERS}
    assert set(OTHER_WORDS) - told == set()


def test_code_holds_no_code_of_a_terminology() -> None:
    found = [
        f"{place}: {text} is a code of {system}"
        for place, text in literals()
        for system, form in CODES.items()
        if re.fullmatch(form, text)
    ]
    assert found == []


def test_code_gives_no_advice() -> None:
    """Sentences of advice are in knowledge/wording/en/advice.yaml."""
    found = [f"{place}: {text}" for place, text in literals() if ADVICE.search(text) and not text.endswith(HELP)]
    assert found == []
