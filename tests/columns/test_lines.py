"""Lines of therapy as columns are those of the one-person reader, for every person."""

from __future__ import annotations

import datetime as dt
import random

import msgspec
import polars as pl
import pytest

from linewise.columns import events as model
from linewise.columns.lines import COURSES, courses_of
from linewise.knowledge import Knowledge
from linewise.record import Record
from linewise.record import lines as one_person
from linewise.record.parameters import STANDARD, Parameters

from .people import DAY, filled, history

_COLUMNS = [name for name in COURSES if name not in ("patient", "assumed", "reason", "contested")]


def expected(
    records: list[Record], knowledge: Knowledge, day: dt.date, parameters: Parameters = STANDARD
) -> list[list[dict[str, object]]]:
    return [
        [
            {name: getattr(course, name) for name in (*_COLUMNS, "assumed", "reason", "contested")}
            for course in one_person.courses_of(record, knowledge, day, parameters)
        ]
        for record in records
    ]


def found(table: pl.DataFrame, people: int) -> list[list[dict[str, object]]]:
    listed: list[list[dict[str, object]]] = [[] for _ in range(people)]
    for row in table.iter_rows(named=True):
        who = row.pop("patient")
        listed[who].append(row | {name: tuple(row[name]) for name in ("drugs", "dropped", "assumed")})
    return listed


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("day", [DAY, dt.date(2020, 3, 1)])
def test_lines_of_invented_histories_agree(seed: int, day: dt.date, knowledge: Knowledge) -> None:
    chance = random.Random(seed)
    records = [history(chance) for _ in range(400)]
    table = courses_of(model.of_records(records), knowledge, day)
    for record, mine, theirs in zip(records, found(table, len(records)), expected(records, knowledge, day), strict=True):
        assert mine == theirs, msgspec.json.encode(record.administrations)


@pytest.mark.parametrize(
    "parameters",
    [
        Parameters(window=0, grace=0),
        Parameters(window=60, maintenance=30, gap=90),
        Parameters(gap=0, stockpile=False),
        Parameters(grace=365, gap=180),
    ],
)
def test_lines_by_other_parameters_agree(parameters: Parameters, knowledge: Knowledge) -> None:
    chance = random.Random(str(parameters))
    records = [history(chance) for _ in range(600)]
    table = courses_of(model.of_records(records), knowledge, DAY, parameters)
    for record, mine, theirs in zip(
        records, found(table, len(records)), expected(records, knowledge, DAY, parameters), strict=True
    ):
        assert mine == theirs, msgspec.json.encode(record.administrations)


def test_stated_lines_agree(knowledge: Knowledge) -> None:
    chance = random.Random(99)
    records = [filled(chance, knowledge) for _ in range(200)]
    table = courses_of(model.of_records(records), knowledge, DAY)
    for mine, theirs in zip(found(table, len(records)), expected(records, knowledge, DAY), strict=True):
        assert [{k: row[k] for k in _COLUMNS} for row in mine] == [{k: row[k] for k in _COLUMNS} for row in theirs]


def test_nobody_has_no_lines(knowledge: Knowledge) -> None:
    assert courses_of(model.of_records([Record(), Record()]), knowledge, DAY).height == 0


def test_everybody_on_a_day_of_their_own(knowledge: Knowledge) -> None:
    chance = random.Random(5)
    records = [history(chance) for _ in range(100)]
    days = [dt.date(2018, 1, 1) + dt.timedelta(days=20 * number) for number in range(100)]
    cases = pl.DataFrame({"patient": list(range(100)) * 2, "as_of": [*days, *[DAY] * 100]})
    table = courses_of(model.of_records(records).at(cases), knowledge)
    theirs = [expected([record], knowledge, on)[0] for record, on in zip(records, days, strict=True)] + expected(
        records, knowledge, DAY
    )
    assert found(table, 200) == theirs
