"""Reports hold what was asked, show no small cells and no person; survival is as `lifelines` has it; Spark gives the same bytes."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from linewise.cli import main
from linewise.cohort.ingest import Source, ingest
from linewise.cohort.journeys import matching
from linewise.cohort.report.page import suppressed
from linewise.cohort.report.survival import kaplan_meier, median
from linewise.exchange import Codes
from linewise.knowledge import Knowledge

DAY = "2026-10-31"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    assert main(["cohort", "synthesise", "400", "--seed", "3", "--out", str(folder), "--form", "fhir"]) == 0
    return folder


@pytest.mark.parametrize(
    "command",
    [["describe"], ["plan", "--region", "EU"], ["impact", "--from", "2022-01-01", "--to", DAY], ["lines", "--region", "EU"]],
)
def test_commands_answer(command: list[str], made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name, *more = command
    work = made / "work"
    assert main(["cohort", name, str(made / "fhir"), "--out", str(tmp_path), "--work", str(work), "--as-of", DAY, *more]) == 0
    assert capsys.readouterr().out.strip().endswith("report.html")
    page = (tmp_path / "report.html").read_text()
    assert "What was wrong with the input" in page
    assert "<script" not in page
    assert "http" not in re.sub(r"http://www.w3.org/2000/svg", "", page)
    assert not re.search(r"\bp\d{8}\b", page)
    for table in tmp_path.glob("*.csv"):
        if table.stem == "faults":
            continue
        frame = pl.read_csv(table)
        for column in {"people", "preferred", "suitable", "depends", "offered", "gained", "lost", "deaths"} & set(frame.columns):
            assert frame.filter((pl.col(column) > 0) & (pl.col(column) < 11)).is_empty(), (table.name, column)


def test_small_cells_go_with_what_gives_them_away() -> None:
    frame = pl.DataFrame({"a": [5, 50, 3], "b": [20, 60, 2], "c": [25, 110, 40], "rate": [0.2, 0.5, 0.1]})
    hidden = suppressed(frame, ["a", "b", "c"], ["rate"], 11)
    assert hidden.rows() == [(None, None, 25, None), (50, 60, 110, 0.5), (None, None, 40, None)]


@pytest.mark.parametrize("late", [False, True])
def test_survival_is_that_of_lifelines(late: bool) -> None:
    lifelines = pytest.importorskip("lifelines", reason="the referee of survival curves is not installed (extra `survival`)")
    chance = np.random.default_rng(4)
    months, died = np.round(chance.exponential(20, 300), 1) + 0.5, chance.random(300) < 0.7
    entry = np.round(chance.random(300) * np.minimum(months, 5) * 0.9, 2) if late else None
    fitted = lifelines.KaplanMeierFitter().fit(months, died, entry=entry)
    steps = kaplan_meier(months, died, entry)
    limits = fitted.confidence_interval_
    for time, alive, low, high in steps:
        assert alive == pytest.approx(float(fitted.survival_function_at_times(time).iloc[0]))
        assert (low, high) == pytest.approx(tuple(limits.loc[time]), nan_ok=True)
    assert median(steps) == pytest.approx(fitted.median_survival_time_)


def test_a_regimen_is_an_option_of_just_these_drugs(knowledge: Knowledge) -> None:
    for option in knowledge.treatments.values():
        if option.drugs and not option.partners and "current" not in option.drugs:
            joins = {
                drug
                for drug in option.drugs
                if any(knowledge.classes[c].joins_line for c in knowledge.classes_of(drug) if c in knowledge.classes)
            }
            if not joins:
                assert option.id in matching(frozenset(option.drugs), knowledge)
                assert option.id not in matching(frozenset(option.drugs) | {"an-unknown-drug"}, knowledge)


@pytest.mark.slow
def test_spark_gives_the_same_bytes(made: Path, tmp_path: Path, knowledge: Knowledge, codes: Codes) -> None:
    pytest.importorskip("pyspark", reason="Spark is not installed (extra `spark`)")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, which is not here")
    from linewise.cohort import spark

    whole = ingest(made / "fhir", made / "work", codes, progress=lambda text: None).whole()
    for number in range(3):
        whole.take(pl.Series(range(number, len(whole), 3))).write(tmp_path / "parts" / f"part-{number:05d}")
    source, day = Source(tmp_path / "parts"), dt.date.fromisoformat(DAY)
    for part in source.parts():
        spark.one(part, day, "EU", tmp_path / "local")
    done = spark.options(source, day, "EU", tmp_path / "spark", "local[2]")
    assert [path.read_bytes() for path in done] == [(tmp_path / "local" / path.name).read_bytes() for path in done]
    done[1].unlink()
    again = spark.options(source, day, "EU", tmp_path / "spark", "local[2]")
    assert again[1].read_bytes() == (tmp_path / "local" / again[1].name).read_bytes()
