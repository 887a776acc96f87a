"""The exported facts and criteria, worked out from FHIR resources by engines that are not ours, agree with the reader for one person.

Two kinds of people: a plausible cohort as a hospital would export it, and people put together at random from the code tables.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bulk.hard_people import DAY, Hard
from linewise.cql.facts import LIMITS, OPEN, FactsLibrary, facts_library
from linewise.cql.library import Library, criteria_of, facts_of, left_open, library
from linewise.cql.terms import included
from linewise.exchange import Codes
from linewise.exchange.fhir import read_fhir
from linewise.knowledge import Knowledge
from linewise.logic import Decider, Node, parse
from linewise.logic.nodes import DaysOf, GradeOf
from linewise.record import Chart
from places import Shared

from .fhir_people import bundle, bundles
from .referee import engine, run

Json = dict[str, Any]
MORE = (
    "lvef >= 50 within 6 months",
    "er is known within 2 years",
    "ecog is known within 40 days",
    "menopausal-status is known within 3 years",
)


class Referee:
    """The libraries of one folder, and people to run them on."""

    def __init__(self, knowledge: Knowledge, codes: Codes, folder: Path) -> None:
        self.node, self.knowledge, self.codes, self.folder = (
            engine("cql-exec-fhir"),
            knowledge,
            msgspec.structs.replace(codes, worded=False),
            folder,
        )  # words: see LIMITS
        self.nodes: dict[str, Node] = criteria_of(knowledge) | {f"more {number}": parse(text) for number, text in enumerate(MORE)}
        self.made: Library = library(self.nodes, knowledge.vocabulary)
        self.facts: FactsLibrary = facts_library(self.made.facts, self.made.questions, knowledge, codes)
        over = library(self.nodes, knowledge.vocabulary, on_fhir=True)
        over.definitions |= {f"Facts.{name}": included(name) for name in self.made.facts}  # said as well, to be compared
        for name, one in (("LinewiseFacts", self.facts), ("LinewiseFHIR", over)):
            (folder / f"{name}.cql").write_text(one.text())
            (folder / f"{name}.elm.json").write_text(json.dumps(one.elm()))

    def differing(self, expected: list[Json], form: str = "elm.json", models: Path | None = None) -> Counter[str]:
        """How many of the people asked last have another answer, by fact and criterion."""
        said = run(self.node, "fhir", self.folder / f"LinewiseFHIR.{form}", self.folder / "people.ndjson", DAY, models=models)
        found: Counter[str] = Counter()
        for mine, theirs in zip(expected, said, strict=True):
            assert mine.keys() <= theirs.keys()
            found.update(about for about, value in mine.items() if value != _plain(theirs[about]))
        return found

    def expected(self, people: list[Json]) -> list[Json]:
        """What the reader for one person says of each; writes the file of people with what the libraries are handed."""
        lines, found = [], []
        for one in people:
            (record,) = read_fhir(one, "invented", self.codes)
            decider = Decider(self.knowledge.vocabulary, Chart(record, self.knowledge, DAY))
            row = facts_of(self.made, decider)
            lines.append(
                json.dumps(
                    {
                        "bundle": one,
                        "history": {name: row[name] for name in self.facts.handed if name != OPEN}
                        | {OPEN: left_open(self.made, decider)},
                    }
                )
            )
            found.append(
                {f"Facts.{name}": value for name, value in row.items()} | {n: decider.value(x) for n, x in self.nodes.items()}
            )
        (self.folder / "people.ndjson").write_text("\n".join(lines) + "\n")
        return found

    def plausible(self, count: int, seed: int) -> list[Json]:
        return bundles(self.knowledge, self.codes, count, seed, self.folder / f"made{seed}")

    def hard(self, count: int, seed: int) -> list[Json]:
        drawn = Hard(self.knowledge, self.codes, seed, self.made.questions.values())
        return [bundle(drawn.person(f"p{number}")) for number in range(count)]


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, list) else value


@pytest.fixture(scope="module")
def referee(knowledge: Knowledge, codes: Codes, tmp_path_factory: pytest.TempPathFactory) -> Referee:
    return Referee(knowledge, codes, tmp_path_factory.mktemp("cql"))


def test_forty_people_agree(referee: Referee) -> None:
    assert not referee.differing(referee.expected(referee.plausible(20, 4) + referee.hard(20, 4)))


def test_a_wrong_code_is_noticed(referee: Referee) -> None:
    """A test that cannot fail proves nothing: with one word of the table changed, people differ."""
    path = referee.folder / "LinewiseFacts.elm.json"
    right = path.read_text()
    try:
        path.write_text(right.replace("fact=sites;value=bone;", "fact=sites;value=skin;"))
        found = referee.differing(referee.expected(referee.plausible(10, 4)))
    finally:
        path.write_text(right)
    assert found["Facts.sites"] > 3
    assert any(not name.startswith("Facts.") for name in found)


@pytest.mark.parametrize(
    ("limit", "resource"),
    [
        (0, {"code": {"coding": [{"system": "http://loinc.org", "code": "85337-4"}]}, "valueString": "positive (90 %)"}),
        (4, {"code": {"coding": [{"system": "http://loinc.org", "code": "89247-1"}]}, "valueRatio": {"numerator": {"value": 2}, "denominator": {"value": 1}}}),
    ],
)  # fmt: skip
def test_a_limit_is_still_one(limit: int, resource: Json, referee: Referee) -> None:
    """What is listed as read less fully is: else the list is out of date."""
    patient = {"resourceType": "Patient", "id": "p", "gender": "female"}
    said = {"resourceType": "Observation", "id": "o", "status": "final", "subject": {"reference": "Patient/p"}} | resource
    assert referee.differing(referee.expected([bundle([patient, said])])), LIMITS[limit]


@pytest.mark.slow
def test_two_thousand_plausible_people_agree(referee: Referee) -> None:
    assert not referee.differing(referee.expected(referee.plausible(2000, 11)))


@pytest.mark.slow
def test_two_thousand_hard_people_agree(referee: Referee) -> None:
    expected = referee.expected(referee.hard(2000, 12))
    assert not referee.differing(expected)
    # What is the same for everybody would agree in silence. Some symptoms have no code; radiotherapy and bone agents are in no line of therapy.
    same = {name for name in referee.facts.worked_out if len({str(row[f"Facts.{name}"]) for row in expected}) == 1}
    coded = {
        str(meaning.value) for meaning in (*referee.codes.meanings, *referee.codes.phrases.values()) if meaning.fact == "symptoms"
    }
    asked = referee.made.questions
    uncoded = {name for name, one in asked.items() if isinstance(one, GradeOf | DaysOf) and one.symptom not in coded}
    assert {name for name in same if not name.endswith("@complete")} <= {"had radiotherapy:bone", "had bisphosphonate", *uncoded}


@pytest.mark.slow
def test_the_translated_text_agrees(referee: Referee, shared: Shared) -> None:
    assert not referee.differing(
        referee.expected(referee.plausible(60, 13) + referee.hard(60, 13)), "cql", shared / "records/cql_modelinfo"
    )
