"""Whose options changed, and by which statement: the same as two one-person judgements, and every change has its statement."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
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
from linewise.logic import parse
from linewise.plan import Plan
from linewise.plan.judge import Judge
from linewise.record import Record
from sizes import sizes

from .back import part_of, records_of

OPTION = "fulvestrant-alone"
FIRST, LAST = dt.date(2021, 1, 1), dt.date(2026, 10, 31)


Offered = dict[str, str]
"""The options that stand for one person, with their status."""


@pytest.fixture(scope="module", params=sizes(40, 150))
def people(request: pytest.FixtureRequest) -> int:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def drawn(people: int) -> Events:
    return draw(content(open_knowledge()), people, 11)


@pytest.fixture(scope="module")
def records(drawn: Events, knowledge: Knowledge) -> list[Record]:
    return records_of(drawn, knowledge)


@pytest.fixture(scope="module")
def release(people: int, knowledge: Knowledge) -> Knowledge:
    """A release of the knowledge. With the sample of people it has a part of the options: which there are is the same to all others."""
    return knowledge if people > 100 else part_of(knowledge, OPTION)


@pytest.fixture(scope="module")
def today(records: list[Record], release: Knowledge) -> list[Offered]:
    """What stands for everybody on the last day in the EU, under the release as it is."""
    return [offered(one, release, "EU", LAST)[0] for one in records]


def offered(record: Record, knowledge: Knowledge, region: Region | None, *days: dt.date) -> list[Offered]:
    """Of one person, as the record stands on the last day: the options that stood on each of some days."""
    plan = Plan(record, knowledge, LAST, region)
    if plan.scope is not None:
        return [{} for _ in days]
    current = tuple(drug for course in plan.chart.courses if course.ongoing for drug in course.drugs)
    places = (region,) if region else (record.region,) if record.region else knowledge.regions
    found = []
    for day in days:
        judge = Judge(knowledge, plan.decider, day, current)
        status = {name: judge.best(option, places).status for name, option in knowledge.treatments.items()}
        found.append({name: one for name, one in status.items() if one in ("preferred", "suitable")})
    return found


def counted(pairs: Sequence[Sequence[Offered]]) -> dict[str, tuple[int, int, int, int]]:
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
    assert told(report) == counted([offered(one, knowledge, region, FIRST, LAST) for one in records])
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


def with_options(knowledge: Knowledge, treatments: dict[str, Treatment]) -> Knowledge:
    return Knowledge(msgspec.structs.replace(knowledge.content, treatments=treatments))


def changed(release: Knowledge, name: str, **parts: Any) -> Knowledge:
    return with_options(release, {**release.treatments, name: msgspec.structs.replace(release.treatments[name], **parts)})


class Between:
    """Compares two releases, one of which is `release` as it is."""

    def __init__(self, release: Knowledge, drawn: Events, records: list[Record], today: list[Offered]) -> None:
        self.release, self.drawn, self.records, self.today = release, drawn, records, today

    def __call__(self, old: Knowledge, new: Knowledge) -> Report:
        report = impact([("a", self.drawn)], Side(old, LAST, "old"), Side(new, LAST, "new"), LAST, "EU", least=1)
        assert told(report) == counted(list(zip(self._of(old), self._of(new), strict=True)))
        return report

    def _of(self, side: Knowledge) -> list[Offered]:
        return self.today if side is self.release else [offered(one, side, "EU", LAST)[0] for one in self.records]


@pytest.fixture(scope="module")
def between(release: Knowledge, drawn: Events, records: list[Record], today: list[Offered]) -> Between:
    return Between(release, drawn, records, today)


def option_of(release: Knowledge) -> Treatment:
    return release.treatments[OPTION]


def test_a_statement_that_was_taken_out(between: Between, release: Knowledge) -> None:
    report = between(release, changed(release, OPTION, standing=()))
    said = report.tables["statements"]
    assert told(report)[OPTION][1] > 0
    assert set(said["what"]) == {"statement removed"}
    whole(report)


def test_a_statement_that_was_put_in(between: Between, release: Knowledge) -> None:
    report = between(changed(release, OPTION, standing=()), release)
    assert told(report)[OPTION][0] > 0
    assert set(report.tables["statements"]["what"]) == {"statement added"}
    whole(report)


def test_a_withdrawal(between: Between, release: Knowledge) -> None:
    first = option_of(release).standing[0]
    gone = msgspec.structs.replace(
        first, body="SOMEBODY", region=("EU",), says="withdrawn", since=When("2026-01-01"), until=None, fits=None, text=None
    ).under(release.content.regions)
    report = between(release, changed(release, OPTION, standing=(*option_of(release).standing, gone)))
    row = report.tables["statements"].row(0, named=True)
    assert row["statement"].startswith("SOMEBODY (EU): withdrawn")
    assert row["lost"] == told(report)[OPTION][1] > 0
    whole(report)


def test_other_criteria(between: Between, release: Knowledge) -> None:
    narrower = parse("hr is positive and her2 is negative and age >= 75")
    report = between(release, changed(release, OPTION, fits=narrower))
    rows = report.tables["statements"].filter(pl.col("what") == "criteria")
    assert rows["statement"].item().endswith("became: hr is positive and her2 is negative and age >= 75")
    assert rows["lost"].item() > 0
    whole(report)


def test_a_new_contraindication(between: Between, release: Knowledge) -> None:
    from linewise.knowledge.model import Caution

    caution = Caution(id="new", text="Not above 70.", severity="contraindicated", when=parse("age > 70"), source=())
    report = between(release, changed(release, OPTION, avoid=(*option_of(release).avoid, caution)))
    row = report.tables["statements"].row(0, named=True)
    assert (row["what"], row["statement"]) == ("contraindication added", "Not above 70.")
    whole(report)


def test_an_option_that_is_new(between: Between, release: Knowledge) -> None:
    rest = {name: one for name, one in release.treatments.items() if name != OPTION}
    before = with_options(release, rest)
    row = between(before, release).tables["statements"].row(0, named=True)
    assert row["what"] == "option added"
    assert row["gained"] > 0


def test_a_word_that_means_something_else(between: Between, release: Knowledge) -> None:
    """The criteria of the option read the same; a fact that they rest on is defined anew."""
    fact = msgspec.structs.replace(release.facts["endocrine-alone-open"], criterion=parse("age >= 90"))
    after = Knowledge(msgspec.structs.replace(release.content, facts={**release.facts, "endocrine-alone-open": fact}))
    report = between(release, after)
    assert report.tables["statements"].height
    for row in report.tables["statements"].iter_rows(named=True):
        assert row["statement"] == f"another meaning of: {fact.label}"


def test_nothing_changed(drawn: Events, knowledge: Knowledge, tmp_path: Path) -> None:
    report = impact([("a", drawn)], Side(knowledge, LAST, "a"), Side(knowledge, LAST, "b"), LAST, "EU")
    report.write(tmp_path)
    assert "Nobody&#x27;s options changed." in (tmp_path / "report.html").read_text(encoding="utf-8")
