"""The columns of everybody's facts are what each person's chart says."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_series_equal

from linewise.columns import events as model
from linewise.columns.criteria import Criteria, lowered
from linewise.columns.decide import Matrix, plan
from linewise.columns.facts import Facts, frame_of
from linewise.errors import RecordError
from linewise.exchange import Codes, read
from linewise.exchange.profile import read_profile
from linewise.knowledge import Knowledge
from linewise.logic import parse
from linewise.plan import make_plan
from linewise.record import Record
from people import person
from places import Shared
from sizes import sizes

from .people import DAY, filled

DAYS = [DAY, dt.date(2021, 6, 1)]


@pytest.fixture(scope="module")
def criteria(knowledge: Knowledge) -> Criteria:
    """Everything that options ask, and a few things that none does."""
    nodes = Matrix(knowledge, None, None).criteria.nodes
    more = [
        "lvef >= 50 within 6 months", "er is known within 2 years", "sites include only (bone, skin)", "comorbidities include all of (hypertension, diabetes)",
        "had any treatment without chemotherapy in first line", "months since cdk4-6-inhibitor for metastatic disease > 3", "days of fever >= 2",
        "progressed on endocrine-therapy as adjuvant", "progressed on endocrine-therapy with cdk4-6-inhibitor in first line", "grade of fever = 0",
        "months on (endocrine-therapy or taxane) for metastatic disease >= 6", "sites include liver within 1 year", "had fulvestrant in last line",
    ]  # fmt: skip
    facts = [name for name, fact in knowledge.facts.items()]
    return lowered({**nodes, **{f"more {number}": parse(text) for number, text in enumerate(more)}}, knowledge, facts)


def check(records: list[Record], knowledge: Knowledge, day: dt.date, criteria: Criteria) -> None:
    expected = frame_of(records, knowledge, day, criteria)
    found = Facts(model.of_records(records), knowledge, criteria, day).table().collect()
    assert found.columns == expected.columns
    for name in expected.columns:
        assert_series_equal(found[name].cast(expected[name].dtype), expected[name], check_exact=True)


def check_plans(records: list[Record], knowledge: Knowledge, day: dt.date, region: str | None) -> None:
    found = plan(model.of_records(records), knowledge, day, region)  # type: ignore[arg-type]
    for record, row in zip(records, found.iter_rows(named=True), strict=True):
        mine = make_plan(record, knowledge, day, region)  # type: ignore[arg-type]
        assert row == {name: mine.status(name) for name in knowledge.treatments}, record.id


@pytest.mark.parametrize("people", sizes(40, 360))
@pytest.mark.parametrize("day", DAYS)
def test_facts_of_invented_records_agree(day: dt.date, people: int, knowledge: Knowledge, criteria: Criteria) -> None:
    chance = random.Random(0)
    check([filled(chance, knowledge) for _ in range(people)], knowledge, day, criteria)


def profiles(chance: random.Random, codes: Codes, count: int) -> list[Record]:
    return [read_profile(person(chance, chance.random()), f"p{number}", codes, True) for number in range(count)]


@pytest.mark.parametrize("people", sizes(40, 250))
def test_facts_of_profiles_agree(people: int, knowledge: Knowledge, codes: Codes, criteria: Criteria) -> None:
    check(profiles(random.Random(4), codes, people), knowledge, DAY, criteria)


@pytest.mark.parametrize("people", sizes(20, 90))
@pytest.mark.parametrize("region", ["US", "EU", "UK", "DE", None])
def test_every_option_of_every_person_agrees(region: str | None, people: int, knowledge: Knowledge, codes: Codes) -> None:
    chance = random.Random(str(region))
    records = profiles(chance, codes, people * 2 // 3) + [filled(chance, knowledge) for _ in range(people // 3)]
    for record in records[::5]:
        record.region = chance.choice(["US", "DE"])
    check_plans(records, knowledge, chance.choice(DAYS), region)


def test_everybody_on_a_day_of_their_own(knowledge: Knowledge, codes: Codes) -> None:
    chance = random.Random(3)
    records = profiles(chance, codes, 30) + [filled(chance, knowledge) for _ in range(30)]
    days = [chance.choice([dt.date(2016, 6, 1), dt.date(2019, 1, 1), dt.date(2023, 3, 1), DAY]) for _ in records]
    cases = pl.DataFrame({"patient": range(len(records)), "as_of": days})
    found = plan(model.of_records(records).at(cases), knowledge, None, "EU")
    for record, day, row in zip(records, days, found.iter_rows(named=True), strict=True):
        mine = make_plan(record, knowledge, day, "EU")
        assert row == {name: mine.status(name) for name in knowledge.treatments}


@pytest.mark.parametrize("every", sizes(4, 1))
def test_reference_records_agree(every: int, shared: Shared, knowledge: Knowledge, codes: Codes, criteria: Criteria) -> None:
    records: list[Record] = []
    for path in shared.files("records", "*.json", 100)[::every]:
        if path.stat().st_size < 8_000_000 and any(
            part in str(path) for part in ("synthea_breast", "trial_matching", "mcode_pathways", "example")
        ):
            try:
                records += read(path, codes)
            except RecordError:
                continue
    assert len(records) > 8
    check(records, knowledge, DAY, criteria)
    check_plans(records, knowledge, DAY, None)


def test_the_model_survives_being_written(tmp_path: Path, knowledge: Knowledge) -> None:
    chance = random.Random(8)
    events = model.of_records(filled(chance, knowledge) for _ in range(20))
    events.write(tmp_path)
    back = model.read(tmp_path)
    assert all(getattr(back, name).equals(getattr(events, name)) for name in model.SCHEMAS)
    halves = model.joined([events.take(pl.Series(range(10))), events.take(pl.Series(range(10, 20)))])
    assert all(getattr(halves, name).equals(getattr(events, name)) for name in model.SCHEMAS)
