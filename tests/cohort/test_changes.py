"""Whose options changed, and by which statement: the same as two one-person judgements, and every change has its statement."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from linewise.cohort.changes import Side, impact
from linewise.cohort.report.page import Report
from linewise.columns.events import Events
from linewise.invented.draw import draw
from linewise.invented.run import content
from linewise.knowledge import Knowledge, open_knowledge
from linewise.knowledge.model import Region, Treatment, When
from linewise.logic import Decider, parse
from linewise.plan import Plan
from linewise.plan.judge import Judge
from linewise.record import Record

from .back import records_of

FIRST, LAST = dt.date(2021, 1, 1), dt.date(2026, 10, 31)


@pytest.fixture(scope="module")
def drawn() -> Events:
    return draw(content(open_knowledge()), 150, 11)


@pytest.fixture(scope="module")
def records(drawn: Events, knowledge: Knowledge) -> list[Record]:
    return records_of(drawn, knowledge)


def offered(record: Record, knowledge: Knowledge, day: dt.date, region: Region | None) -> dict[str, str]:
    """Of one person, as the record stands on the last day: the options that stood on a day, with their status."""
    plan = Plan(record, knowledge, LAST, region)
    if plan.scope is not None:
        return {}
    current = tuple(drug for course in plan.chart.courses if course.ongoing for drug in course.drugs)
    judge = Judge(knowledge, Decider(knowledge.vocabulary, plan.chart), day, current)
    places = (region,) if region else (record.region,) if record.region else knowledge.regions
    found = {name: judge.best(option, places).status for name, option in knowledge.treatments.items()}
    return {name: status for name, status in found.items() if status in ("preferred", "suitable")}


def counted(pairs: list[tuple[dict[str, str], dict[str, str]]]) -> dict[str, tuple[int, int, int, int]]:
    """For each option how many gained and lost it, and for how many it came to be named first, or was no longer."""
    found = {}
    for name in {name for pair in pairs for one in pair for name in one}:
        gained = sum(name in new and name not in old for old, new in pairs)
        lost = sum(name in old and name not in new for old, new in pairs)
        up = sum(old.get(name) == "suitable" and new.get(name) == "preferred" for old, new in pairs)
        down = sum(old.get(name) == "preferred" and new.get(name) == "suitable" for old, new in pairs)
        if gained or lost or up or down:
            found[name] = gained, lost, up, down
    return found


def told(report: Report) -> dict[str, tuple[int, int, int, int]]:
    return {row[1]: row[2:] for row in report.tables["impact"].iter_rows()}  # type: ignore[misc]


def whole(report: Report) -> None:
    """Every change stands beside a statement or another part of the option that turned it."""
    changed, said = report.tables["impact"], report.tables["statements"]
    for title, _, gained, lost, up, down in changed.iter_rows():
        own = said.filter(pl.col("option") == title)
        for name, count in (("gained", gained), ("lost", lost), ("named first", up), ("no longer named first", down)):
            assert own[name].sum() >= count, (title, name)
    assert not said["what"].str.contains("rest on").any()


@pytest.mark.parametrize("region", ["EU", "US", "UK", None])
def test_between_two_days(region: Region | None, drawn: Events, records: list[Record], knowledge: Knowledge) -> None:
    report = impact([("a", drawn)], Side(knowledge, FIRST, "then"), Side(knowledge, LAST, "now"), LAST, region, least=1)
    pairs = [(offered(one, knowledge, FIRST, region), offered(one, knowledge, LAST, region)) for one in records]
    assert told(report) == counted(pairs)
    assert report.tables["impact"].height > 5
    whole(report)
    for row in report.tables["statements"].iter_rows(named=True):
        assert row["what"] in ("began", "ended")
        assert re.match(r"since \d{4}", row["since or until"])
        assert row["source"]


def test_a_known_approval_is_named_with_its_day_and_source(drawn: Events, knowledge: Knowledge) -> None:
    days = Side(knowledge, dt.date(2024, 6, 16), "a"), Side(knowledge, dt.date(2024, 6, 17), "b")
    said = impact([("a", drawn)], *days, LAST, "EU", least=1).tables["statements"]
    row = said.filter(pl.col("statement").str.starts_with("EMA")).row(0, named=True)
    assert row["option"] == "Capivasertib with fulvestrant"
    assert (row["what"], row["since or until"]) == ("began", "since 2024-06-17")
    assert "European Medicines Agency" in row["source"]
    assert row["address"].startswith("https://")


# Two releases


def changed(knowledge: Knowledge, name: str, **parts: Any) -> Knowledge:
    option = msgspec.structs.replace(knowledge.treatments[name], **parts)
    treatments = {**knowledge.treatments, name: option}
    return Knowledge(msgspec.structs.replace(knowledge.content, treatments=treatments))


def between(old: Knowledge, new: Knowledge, drawn: Events, records: list[Record], region: Region = "EU") -> Report:
    report = impact([("a", drawn)], Side(old, LAST, "old"), Side(new, LAST, "new"), LAST, region, least=1)
    pairs = [(offered(one, old, LAST, region), offered(one, new, LAST, region)) for one in records]
    assert told(report) == counted(pairs)
    return report


OPTION = "fulvestrant-alone"


def option_of(knowledge: Knowledge) -> Treatment:
    return knowledge.treatments[OPTION]


def test_a_statement_that_was_taken_out(drawn: Events, records: list[Record], knowledge: Knowledge) -> None:
    report = between(knowledge, changed(knowledge, OPTION, standing=()), drawn, records)
    said = report.tables["statements"]
    assert told(report)[OPTION][1] > 0
    assert set(said["what"]) == {"statement removed"}
    whole(report)


def test_a_statement_that_was_put_in(drawn: Events, records: list[Record], knowledge: Knowledge) -> None:
    report = between(changed(knowledge, OPTION, standing=()), knowledge, drawn, records)
    assert told(report)[OPTION][0] > 0
    assert set(report.tables["statements"]["what"]) == {"statement added"}
    whole(report)


def test_a_withdrawal(drawn: Events, records: list[Record], knowledge: Knowledge) -> None:
    first = option_of(knowledge).standing[0]
    gone = msgspec.structs.replace(
        first, body="SOMEBODY", region=("EU",), says="withdrawn", since=When("2026-01-01"), until=None, fits=None, text=None
    ).under(knowledge.content.regions)
    report = between(knowledge, changed(knowledge, OPTION, standing=(*option_of(knowledge).standing, gone)), drawn, records)
    row = report.tables["statements"].row(0, named=True)
    assert row["statement"].startswith("SOMEBODY (EU): withdrawn")
    assert row["lost"] == told(report)[OPTION][1] > 0
    whole(report)


def test_other_criteria(drawn: Events, records: list[Record], knowledge: Knowledge) -> None:
    narrower = parse("hr is positive and her2 is negative and age >= 75")
    report = between(knowledge, changed(knowledge, OPTION, fits=narrower), drawn, records)
    rows = report.tables["statements"].filter(pl.col("what") == "criteria")
    assert rows["statement"].item().endswith("became: hr is positive and her2 is negative and age >= 75")
    assert rows["lost"].item() > 0
    whole(report)


def test_a_new_contraindication(drawn: Events, records: list[Record], knowledge: Knowledge) -> None:
    from linewise.knowledge.model import Caution

    caution = Caution(id="new", text="Not above 70.", severity="contraindicated", when=parse("age > 70"), source=())
    report = between(knowledge, changed(knowledge, OPTION, avoid=(*option_of(knowledge).avoid, caution)), drawn, records)
    row = report.tables["statements"].row(0, named=True)
    assert (row["what"], row["statement"]) == ("contraindication added", "Not above 70.")
    whole(report)


def test_an_option_that_is_new(drawn: Events, records: list[Record], knowledge: Knowledge) -> None:
    rest = {name: one for name, one in knowledge.treatments.items() if name != OPTION}
    before = Knowledge(msgspec.structs.replace(knowledge.content, treatments=rest))
    row = between(before, knowledge, drawn, records).tables["statements"].row(0, named=True)
    assert row["what"] == "option added"
    assert row["gained"] > 0


def test_a_word_that_means_something_else(drawn: Events, records: list[Record], knowledge: Knowledge) -> None:
    """The criteria of the option read the same; a fact that they rest on is defined anew."""
    fact = msgspec.structs.replace(knowledge.facts["endocrine-alone-open"], criterion=parse("age >= 90"))
    after = Knowledge(msgspec.structs.replace(knowledge.content, facts={**knowledge.facts, "endocrine-alone-open": fact}))
    report = between(knowledge, after, drawn, records)
    assert report.tables["statements"].height
    for row in report.tables["statements"].iter_rows(named=True):
        assert row["statement"] == f"another meaning of: {fact.label}"


def test_nothing_changed(drawn: Events, knowledge: Knowledge, tmp_path: Path) -> None:
    report = impact([("a", drawn)], Side(knowledge, LAST, "a"), Side(knowledge, LAST, "b"), LAST, "EU")
    report.write(tmp_path)
    assert "Nobody&#x27;s options changed." in (tmp_path / "report.html").read_text(encoding="utf-8")
