"""An engine that is not ours agrees with the one-person reader on every criterion that CQL can express."""

from __future__ import annotations

import datetime as dt
import json
import random
from pathlib import Path
from typing import Any

import pytest

from columns.people import DAY, filled
from linewise.cql.facts import OPEN, facts_library
from linewise.cql.library import Library, criteria_of, export, facts_of, library
from linewise.exchange import Codes
from linewise.exchange.profile import read_profile
from linewise.knowledge import Knowledge
from linewise.logic import Decider, Node, parse
from linewise.logic.columns import base
from linewise.record import Chart, Record
from people import person
from places import Shared

from .referee import engine, run

MORE = (
    "lvef >= 50 within 6 months", "er is known within 2 years", "sites include only (bone, skin)", "at least 2 of (er is positive, pr is positive, age > 50)",
    "comorbidities include all of (hypertension, diabetes)", "her2-level is known", "subtype is not one of (TNBC)", "er is positive within 40 days",
)  # fmt: skip


@pytest.fixture(scope="module")
def node() -> str:
    return engine()


def nodes_of(knowledge: Knowledge) -> dict[str, Node]:
    return criteria_of(knowledge) | {f"more {number}": parse(text) for number, text in enumerate(MORE)}


def written(
    records: list[Record], knowledge: Knowledge, made: Library, nodes: dict[str, Node], path: Path
) -> list[dict[str, Any]]:
    """Write the facts of each record; returns what each criterion is by the reader for one person."""
    columns = base(nodes, knowledge.vocabulary)
    lines, expected = [], []
    for record in records:
        chart = Chart(record, knowledge, DAY)
        decider = Decider(knowledge.vocabulary, chart)
        row = facts_of(made, decider)
        assert {name for name in row if not name.endswith("@unsure")} == {column.name for column in columns}
        lines.append(json.dumps(row))
        expected.append({name: decider.value(node) for name, node in nodes.items()})
    path.write_text("\n".join(lines) + "\n")
    return expected


def people(knowledge: Knowledge, codes: Codes, count: int, seed: int) -> list[Record]:
    chance = random.Random(seed)
    half = [read_profile(person(chance, chance.random()), f"p{number}", codes, True) for number in range(count // 2)]
    return half + [filled(chance, knowledge) for _ in range(count - len(half))]


def check(node: str, form: str, count: int, knowledge: Knowledge, codes: Codes, folder: Path, models: Path | None = None) -> None:
    nodes = nodes_of(knowledge)
    made = library(nodes, knowledge.vocabulary)
    path = folder / ("Linewise.elm.json" if form == "elm" else "Linewise.cql")
    path.write_text(json.dumps(made.elm()) if form == "elm" else made.text())
    expected = written(people(knowledge, codes, count, 11), knowledge, made, nodes, folder / "facts.ndjson")
    found = run(node, "facts", path, folder / "facts.ndjson", models=models)
    for mine, theirs in zip(expected, found, strict=True):
        differing = {name: (value, theirs.get(name)) for name, value in mine.items() if theirs.get(name) is not value}
        assert not differing


def test_the_library_as_elm_agrees(node: str, knowledge: Knowledge, codes: Codes, tmp_path: Path) -> None:
    check(node, "elm", 30, knowledge, codes, tmp_path)


@pytest.mark.slow
def test_the_library_as_cql_agrees(node: str, knowledge: Knowledge, codes: Codes, tmp_path: Path, shared: Shared) -> None:
    check(node, "cql", 10, knowledge, codes, tmp_path, shared / "records/cql_modelinfo")


@pytest.mark.slow
@pytest.mark.parametrize("form", ["elm", "cql"])
def test_two_thousand_people_agree(
    form: str, node: str, knowledge: Knowledge, codes: Codes, tmp_path: Path, shared: Shared
) -> None:
    check(node, form, 2000, knowledge, codes, tmp_path, shared / "records/cql_modelinfo")


def test_what_is_written(knowledge: Knowledge, codes: Codes, tmp_path: Path) -> None:
    made = export(knowledge, codes, tmp_path)
    libraries = ("Linewise", "LinewiseFacts", "LinewiseFHIR")
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{name}.{end}" for name in libraries for end in ("cql", "elm.json")
    } | {"NOT-IN-CQL.md"}
    assert len(made.criteria) == len(criteria_of(knowledge))
    handed = [line[3:-1] for line in (tmp_path / "NOT-IN-CQL.md").read_text().splitlines() if line.startswith("- `")]
    facts = facts_library(made.facts, made.questions, knowledge, codes)
    assert sorted(handed) == sorted(facts.handed)
    assert {*facts.worked_out, *facts.in_part, *facts.handed} - {OPEN} | {"as_of"} == {*made.facts, "as_of"}
    assert dt.date.today().isoformat() not in (tmp_path / "Linewise.cql").read_text()


def test_the_criteria_are_the_same_over_handed_facts_and_over_fhir(knowledge: Knowledge) -> None:
    """One text: `Facts` is a tuple in the one library and the library of facts in the other."""
    nodes = criteria_of(knowledge)
    handed, over = library(nodes, knowledge.vocabulary).text(), library(nodes, knowledge.vocabulary, on_fhir=True).text()
    assert handed.split("context Unfiltered\n")[1] == over.split("context Patient\n")[1]
