"""An engine that is not ours agrees with the one-person reader on every criterion that CQL can express."""

from __future__ import annotations

import datetime as dt
import json
import math
import os
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from linewise.exchange import Codes
from linewise.exchange.cql import FAR, Library, criteria_of, export, library
from linewise.exchange.profile import read_profile
from linewise.knowledge import Knowledge
from linewise.logic import Decider, Node, parse
from linewise.logic.columns import base
from linewise.record import Chart, Record
from people import person

from .people import DAY, filled

HERE = Path(__file__).parent / "cql"
MORE = (
    "lvef >= 50 within 6 months", "er is known within 2 years", "sites include only (bone, skin)", "at least 2 of (er is positive, pr is positive, age > 50)",
    "comorbidities include all of (hypertension, diabetes)", "her2-level is known", "subtype is not one of (TNBC)", "er is positive within 40 days",
)  # fmt: skip


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None or not (HERE / "node_modules" / "cql-execution").is_dir():
        pytest.skip("the CQL engine is not here: it needs node, and `npm ci` in tests/cohort/cql")
    return found


def nodes_of(knowledge: Knowledge) -> dict[str, Node]:
    return criteria_of(knowledge) | {f"more {number}": parse(text) for number, text in enumerate(MORE)}


def facts_of(
    records: list[Record], knowledge: Knowledge, made: Library, nodes: dict[str, Node], path: Path
) -> list[dict[str, Any]]:
    """Write the facts of each record; returns what each criterion is by the reader for one person."""
    columns = base(nodes, knowledge.vocabulary)
    questions = {n.question.key: n.question for n in _asked(nodes, knowledge)} | {
        n.what.key: n.what for n in _counted(nodes, knowledge)
    }
    lines, expected = [], []
    for record in records:
        chart = Chart(record, knowledge, DAY)
        decider = Decider(knowledge.vocabulary, chart)
        row = {
            column.name: _cell(chart, decider.reading(questions.get(column.about, column.about)), column.name)
            for column in columns
        }
        assert set(row) == set(made.facts)
        lines.append(json.dumps(row))
        expected.append({name: decider.value(node) for name, node in nodes.items()})
    path.write_text("\n".join(lines) + "\n")
    return expected


def _leaves(nodes: dict[str, Node], knowledge: Knowledge) -> list[Any]:
    from linewise.logic import walk

    every = [*nodes.values(), *(node for one in knowledge.vocabulary.derived.values() for node in one.nodes)]
    return [part for node in every for part in walk(node)]


def _asked(nodes: dict[str, Node], knowledge: Knowledge) -> list[Any]:
    return [part for part in _leaves(nodes, knowledge) if hasattr(part, "question")]


def _counted(nodes: dict[str, Node], knowledge: Knowledge) -> list[Any]:
    return [part for part in _leaves(nodes, knowledge) if hasattr(part, "what") and not isinstance(part.what, str)]


def _cell(chart: Chart, reading: Any, name: str) -> Any:
    if name == "as_of":
        return {"date": chart.as_of.isoformat()}
    if name.endswith("@on"):
        return {"date": reading.on.isoformat()} if reading.on and reading.value is not None else None
    if name.endswith("@complete"):
        return reading.complete if reading.value is not None else None
    value = reading.value
    if isinstance(value, frozenset):
        return sorted(value)
    return FAR if isinstance(value, float) and math.isinf(value) else value


def run(node: str, form: str, path: Path, facts: Path, shared: Path | None = None) -> list[dict[str, Any]]:
    environment = dict(os.environ) | ({"CQL_MODELINFO": str(shared / "cql_modelinfo")} if shared else {})
    done = subprocess.run(
        [node, "--stack-size=8000", str(HERE / "referee.mjs"), form, str(path), str(facts)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def people(knowledge: Knowledge, codes: Codes, count: int, seed: int) -> list[Record]:
    chance = random.Random(seed)
    half = [read_profile(person(chance, chance.random()), f"p{number}", codes, True) for number in range(count // 2)]
    return half + [filled(chance, knowledge) for _ in range(count - len(half))]


def check(node: str, form: str, count: int, knowledge: Knowledge, codes: Codes, folder: Path, shared: Path | None = None) -> None:
    nodes = nodes_of(knowledge)
    made = library(nodes, knowledge.vocabulary)
    path = folder / ("Linewise.elm.json" if form == "elm" else "Linewise.cql")
    path.write_text(json.dumps(made.elm()) if form == "elm" else made.text())
    expected = facts_of(people(knowledge, codes, count, 11), knowledge, made, nodes, folder / "facts.ndjson")
    found = run(node, form, path, folder / "facts.ndjson", shared)
    for mine, theirs in zip(expected, found, strict=True):
        differing = {name: (value, theirs.get(name)) for name, value in mine.items() if theirs.get(name) is not value}
        assert not differing


def test_the_library_as_elm_agrees(node: str, knowledge: Knowledge, codes: Codes, tmp_path: Path) -> None:
    check(node, "elm", 30, knowledge, codes, tmp_path)


@pytest.mark.slow
def test_the_library_as_cql_agrees(node: str, knowledge: Knowledge, codes: Codes, tmp_path: Path, shared: Path) -> None:
    check(node, "cql", 10, knowledge, codes, tmp_path, shared)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["elm", "cql"])
def test_two_thousand_people_agree(
    form: str, node: str, knowledge: Knowledge, codes: Codes, tmp_path: Path, shared: Path
) -> None:
    check(node, form, 2000, knowledge, codes, tmp_path, shared)


def test_what_is_written(knowledge: Knowledge, tmp_path: Path) -> None:
    made = export(knowledge, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"Linewise.cql", "Linewise.elm.json", "NOT-IN-CQL.md"}
    listed = (tmp_path / "NOT-IN-CQL.md").read_text()
    assert all(f"`{key}`" in listed for key in made.questions)
    assert len(made.criteria) == len(criteria_of(knowledge))
    assert dt.date.today().isoformat() not in (tmp_path / "Linewise.cql").read_text()
