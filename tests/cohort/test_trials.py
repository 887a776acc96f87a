"""Who could join a trial, for many people at once: never more sure than the matcher for one person, and ids only when the owner asks."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import polars as pl
import pytest

from linewise.cli import main
from linewise.cohort.trials import matched, status, trials
from linewise.columns.events import Events, of_records
from linewise.exchange import Codes
from linewise.exchange.profile import read_profile
from linewise.invented.draw import draw
from linewise.invented.run import content
from linewise.knowledge import Knowledge
from linewise.record import Record
from linewise.trials.known import REST, known_entries
from linewise.trials.match import Match, Matcher
from people import person

from .back import records_of

DAY = dt.date(2026, 10, 31)


def profiles(count: int, codes: Codes) -> list[Record]:
    return [read_profile(person(random.Random(seed)), f"p{seed}", codes, True) for seed in range(count)]


def lets_in(match: Match) -> list[bool | None]:
    """Of one person whether each criterion that a record can tell lets her in, the field of sex first."""
    told = [one for one in match.points if one.open != "ask" and one.text != REST]
    return [one.value if one.value is None or one.kind == "inclusion" else not one.value for one in told]


def compared(records: list[Record], events: Events, knowledge: Knowledge) -> tuple[int, int]:
    """How many criteria the columns decide, of those that are decided for one person; each one alike."""
    studies = list(knowledge.content.studies.values())
    found = matched(events, knowledge, DAY, studies)
    assert found.height > len(records) / 6
    decided = whole = 0
    for row in found.iter_rows(named=True):
        matcher = Matcher(records[row["row"]], knowledge, DAY)
        for study, entry in zip(studies, known_entries(knowledge), strict=True):
            for n, alone in enumerate(lets_in(matcher.match(entry))):
                value = row[f"{study.id}|{n}"]
                assert value is None or value == alone, (row["row"], study.id, n, value, alone)
                decided, whole = decided + (value is not None), whole + (alone is not None)
    return decided, whole


def test_no_criterion_is_decided_otherwise_than_for_one_person(knowledge: Knowledge, codes: Codes) -> None:
    records = profiles(60, codes)
    decided, whole = compared(records, of_records(records), knowledge)
    assert decided > 0.8 * whole


def test_people_of_an_export_are_decided_as_alone(knowledge: Knowledge) -> None:
    drawn = draw(content(knowledge), 80, 4)
    decided, whole = compared(records_of(drawn, knowledge), drawn, knowledge)
    assert decided > 0.6 * whole


def test_the_counts_are_those_of_the_people(knowledge: Knowledge, codes: Codes, tmp_path: Path) -> None:
    events = of_records(profiles(60, codes))
    report = trials([("a", events)], knowledge, DAY, tmp_path, least=1)
    found = matched(events, knowledge, DAY, list(knowledge.content.studies.values()))
    for study in knowledge.content.studies.values():
        said = found.select(status(study))[study.id]
        (row,) = report.tables["trials"].filter(pl.col("trial") == study.id).iter_rows(named=True)
        for name in ("nothing open on record", "depends", "does not fit"):
            assert row[name] == (said == name).sum()
        assert row["entry read on"] == study.date.text
    assert "Nobody is said to fit" in report.html()
    assert not (tmp_path / "persons").exists()


def test_who_they_are_is_written_only_for_the_owner(knowledge: Knowledge, codes: Codes, tmp_path: Path) -> None:
    """The report holds no id; the list holds nobody whom something on record excludes."""
    events = of_records(profiles(60, codes))
    study = next(iter(knowledge.content.studies.values()))
    report = trials([("a", events)], knowledge, DAY, tmp_path, least=1, only=study.id, people=True)
    listed = pl.read_csv(tmp_path / "persons" / "trials-a.csv")
    found = matched(events, knowledge, DAY, [study])
    kept = found.filter(status(study) != "does not fit")["row"]
    assert set(listed["patient"]) == set(events.patients["id"].gather(kept)) and listed.height
    assert set(listed["trial"]) == {study.id}
    assert listed.filter(pl.col("open") > 0)["what is open"].null_count() == 0
    words = report.html()
    assert not [name for name in listed["patient"] if f">{name}<" in words]


def test_who_has_died_is_asked_about_no_trial(knowledge: Knowledge) -> None:
    drawn = draw(content(knowledge), 60, 4)
    studies = list(knowledge.content.studies.values())[:1]
    rows = matched(drawn, knowledge, DAY, studies)["row"]
    died = drawn.patients["died"]
    assert (died <= DAY).sum() and rows.len()
    assert not (died.gather(rows) <= DAY).any()
    sooner = matched(drawn, knowledge, dt.date(2016, 1, 1), studies)["row"]
    assert (died.gather(sooner) > dt.date(2016, 1, 1)).any()


def test_the_command_refuses_a_trial_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.yaml").write_text("sex: female\nage: 60\nmetastatic_sites: [bone]\n", encoding="utf-8")
    asked = ["cohort", "trials", str(tmp_path / "in"), "--out", str(tmp_path / "out")]
    assert main([*asked, "--trial", "NCT1"]) == 2
    assert "no such trial is in the knowledge" in capsys.readouterr().err
    assert main(asked) == 0
    assert "report.html" in capsys.readouterr().out
