"""Published comparisons as a picture and a table: every number is of the knowledge, every row has its source, nothing is joined."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from pathlib import Path
from typing import Any

import pytest

from linewise.cli import main
from linewise.exchange import Codes, read_bytes
from linewise.knowledge import Knowledge
from linewise.outlook import make_outlook
from linewise.outlook.forest import COLUMNS, as_csv, as_svg
from linewise.outlook.model import Arms
from linewise.plan import make_plan
from places import ROOT

DAY = dt.date(2026, 12, 1)
ANNA = ROOT / "examples/anna.json"


@pytest.fixture(scope="module")
def arms(request: pytest.FixtureRequest) -> list[Arms]:
    knowledge: Knowledge = request.getfixturevalue("knowledge")
    codes: Codes = request.getfixturevalue("codes")
    (record,) = read_bytes(ANNA.read_bytes(), "anna", codes)
    found = make_outlook(make_plan(record, knowledge, DAY, "EU"), arms=True).arms
    assert any(one.hr is not None and one.ci for one in found), "the picture needs a ratio with an interval"
    return found


def test_the_table_holds_what_the_knowledge_holds(arms: list[Arms], knowledge: Knowledge) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(arms))))
    assert len(rows) == len(arms) and tuple(rows[0]) == COLUMNS
    by_name = {one.name: one for one in knowledge.evidence.values()}
    for row in rows:
        results = [
            one for one in by_name[row["trial"]].results if one.endpoint == row["endpoint"] and (one.group or "") == row["group"]
        ]
        figures: set[Any] = {
            tuple(
                "" if value is None else f"{value:g}" if isinstance(value, float | int) else value
                for value in (one.treatment, one.control, one.hr, *(one.ci or (None, None)))
            )
            for one in results
        }
        assert tuple(row[name] for name in ("treatment result", "control result", "hazard ratio", "lower", "upper")) in figures
        assert row["sources"] and all(name in knowledge.sources for name in row["sources"].split("; "))


def test_the_picture_draws_each_ratio_once_and_says_it(arms: list[Arms]) -> None:
    drawn = [one for one in arms if one.hr is not None]
    svg = as_svg(arms, "A title", "Below")
    assert svg.count("<rect") == len(drawn)
    assert svg.count('fill="currentColor" stroke') == sum(one.like is True for one in drawn), (
        "a filled square is people like this one"
    )
    for one in drawn:
        said = f"{one.hr:g} ({one.ci[0]:g} to {one.ci[1]:g})" if one.ci else f"{one.hr:g}"
        assert f">{said}" in svg and one.name in svg
    assert 'role="img"' in svg and "A title" in svg and ">Below<" in svg
    assert not re.search(r"nan|inf", svg)


def test_a_ratio_stands_where_the_scale_says(arms: list[Arms]) -> None:
    """Left of the line of one is better with the treatment; intervals lie around their ratio."""
    svg = as_svg(arms, "t", "b")
    (one,) = {float(place) for place in re.findall(r'<line x1="([\d.]+)" x2="[\d.]+" y1="42"', svg)}
    squares = [float(place) + 5 for place in re.findall(r'<rect x="([\d.]+)"', svg)]
    drawn = sorted(
        (arm for arm in arms if arm.hr is not None),
        key=lambda arm: (arm.like is not True, arm.name, arm.endpoint, arm.group or ""),
    )
    for arm, place in zip(drawn, squares, strict=True):
        assert arm.hr is not None and (place < one) is (arm.hr < 1)


@pytest.mark.parametrize("ending", ["svg", "csv"])
def test_the_command_writes_by_the_ending(ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / f"arms.{ending}"
    assert main(["outlook", str(ANNA), "--region", "EU", "--team", "--plot", str(target)]) == 0
    assert target.stat().st_size > 100 and "published comparisons" in capsys.readouterr().out


def test_a_plot_is_for_teams_and_of_a_kind_that_is_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["outlook", str(ANNA), "--plot", str(tmp_path / "a.svg")]) != 0
    assert "--team" in capsys.readouterr().err
    assert main(["outlook", str(ANNA), "--team", "--plot", str(tmp_path / "a.pdf")]) != 0
    assert ".svg, .png or .csv" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
