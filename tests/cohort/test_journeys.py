"""Times and survival: as `lifelines` has them, as worked out on paper, and as the truth of an invented cohort says."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from linewise.cohort.journeys import MONTH, followed, lines
from linewise.cohort.report.cells import Cells
from linewise.cohort.report.survival import Times, curve, kaplan_meier, limits_of_median, median
from linewise.columns.events import Events, of_records
from linewise.invented.draw import draw
from linewise.invented.run import content
from linewise.knowledge import Knowledge, open_knowledge
from linewise.record import Administration, Event, Origin, Record

DAY = dt.date(2026, 10, 31)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_survival_is_that_of_lifelines(late: bool, seed: int) -> None:
    lifelines = pytest.importorskip("lifelines", reason="the referee of survival curves is not installed (extra `survival`)")
    from lifelines.utils import median_survival_times

    chance = np.random.default_rng(seed)
    months, died = np.round(chance.exponential(20, 300), 1) + 0.5, chance.random(300) < 0.7
    entry = np.round(chance.random(300) * np.minimum(months, 5) * 0.9, 2) if late else None
    fitted = lifelines.KaplanMeierFitter().fit(months, died, entry=entry)
    steps = kaplan_meier(months, died, entry)
    limits = fitted.confidence_interval_
    for time, alive, low, high in steps:
        assert alive == pytest.approx(float(fitted.survival_function_at_times(time).iloc[0]))
        assert (low, high) == pytest.approx(tuple(limits.loc[time]), nan_ok=True)
    assert median(steps) == pytest.approx(fitted.median_survival_time_)
    theirs = median_survival_times(limits).to_numpy().ravel()
    assert [one if one is not None else np.inf for one in limits_of_median(steps)] == pytest.approx(list(theirs))
    at_risk = fitted.event_table["at_risk"] - fitted.event_table["entrance"]  # who enters at a time is at risk behind it
    times = Times.of(months, died, entry)
    mine = dict(zip(times.deaths()[0].tolist(), times.deaths()[2].tolist(), strict=True))
    assert all(mine[time] == at_risk.loc[time] for time in mine)


# On paper: six people; deaths at 2, 5, 5 and 8 months, two still alive at 4 and 10.
MONTHS = np.array([2.0, 4.0, 5.0, 5.0, 8.0, 10.0])
DIED = np.array([True, False, True, True, True, False])


def test_six_people_on_paper() -> None:
    steps = kaplan_meier(MONTHS, DIED)
    assert [(time, pytest.approx(alive)) for time, alive, _, _ in steps] == [
        (2.0, 5 / 6),
        (5.0, 5 / 6 * 2 / 4),
        (8.0, 5 / 6 * 2 / 4 * 1 / 2),
    ]
    assert median(steps) == 5.0
    shown = curve("six", Times.of(MONTHS, DIED), [0, 4, 5, 9], Cells(1))
    assert (shown.people, shown.events) == (6, 4)
    assert shown.at_risk == [6, 4, 2, 1]


def test_who_enters_late_is_not_at_risk_before() -> None:
    # The two that died at 5 entered at 3: at 2 months one of four died, at 5 two of four.
    entry = np.array([0, 0, 3, 3, 0, 0])
    steps = kaplan_meier(MONTHS, DIED, entry)
    assert [alive for _, alive, _, _ in steps] == pytest.approx([3 / 4, 3 / 4 * 2 / 4, 3 / 4 * 2 / 4 * 1 / 2])
    shown = curve("six", Times.of(MONTHS, DIED, entry), [0, 3], Cells(1))
    assert shown.at_risk == [4, 5]


# On paper: a few people with lines


def person(name: str, spread: str, given: list[tuple[str, str, str | None, str | None]]) -> Record:
    """Drugs with start, end (None: going on) and why they stopped."""
    record = Record(id=name, declared=frozenset({"adjuvant", "metastatic_lines"}))
    record.events.append(Event(what="metastatic", on=dt.date.fromisoformat(spread), origin=Origin("m")))
    for drug, start, end, why in given:
        record.administrations.append(
            Administration(
                drug=drug, start=dt.date.fromisoformat(start), end=dt.date.fromisoformat(end) if end else None, ongoing=end is None,
                stopped_for=why, origin=Origin(f"{drug} {start}"),  # type: ignore[arg-type]
            )
        )  # fmt: skip
    return record


def seen(records: list[Record], last: list[str], died: list[str | None]) -> Events:
    events = of_records(records)
    people = events.patients.with_columns(
        pl.Series("last_seen", [dt.date.fromisoformat(day) for day in last]),
        pl.Series("died", [dt.date.fromisoformat(day) if day else None for day in died], dtype=pl.Date),
    )
    return Events(**{name: people if name == "patients" else getattr(events, name) for name in events.__dataclass_fields__})


@pytest.fixture(scope="module")
def three(knowledge: Knowledge) -> list[dict[str, Any]]:
    """A: two lines, then died. B: one line that goes on. C: one line ended, alive without another."""
    records = [
        person("A", "2020-01-01", [("letrozole", "2020-01-11", "2020-07-09", "progression"), ("capecitabine", "2020-07-19", "2020-12-31", "progression")]),
        person("B", "2021-01-01", [("letrozole", "2021-01-31", None, None)]),
        person("C", "2021-01-01", [("paclitaxel", "2021-01-01", "2021-06-30", "completion")]),
    ]  # fmt: skip
    events = seen(records, ["2021-02-01", "2023-01-31", "2022-01-01"], ["2021-01-15", None, None])
    return followed(events, knowledge, DAY).to_dicts()


def days(months: float | None) -> float | None:
    return None if months is None else round(months * MONTH, 1)


def test_times_on_paper(three: list[dict[str, Any]]) -> None:
    first, second, going, ended = three
    assert [(row["patient"], row["number"], row["regimen"]) for row in three] == [
        (0, 1, "letrozole"), (0, 2, "capecitabine"), (1, 1, "letrozole"), (2, 1, "paclitaxel"),
    ]  # fmt: skip
    assert (days(first["on"]), first["stopped"]) == (180, True)  # 11 January to 9 July 2020
    assert (days(first["to_next"]), first["moved"]) == (190, True)  # to 19 July
    assert (days(first["survived"]), first["dead"]) == (370, True)  # to 15 January 2021
    assert (days(second["to_next"]), second["moved"]) == (180, True)  # no third line: to death
    assert (days(going["on"]), going["stopped"]) == (730, False)  # still given when last seen, not on the day asked about
    assert (days(going["to_next"]), going["moved"]) == (730, False)
    assert (days(going["survived"]), going["dead"]) == (730, False)
    assert (days(ended["on"]), ended["stopped"]) == (180, True)
    assert (days(ended["to_next"]), ended["moved"]) == (365, False)
    # From the spread on people count only from the start of their first line.
    assert (days(first["diagnosed"]), days(first["late"])) == (380, 10)
    assert (days(going["diagnosed"]), days(going["late"])) == (760, 30)
    assert (days(ended["diagnosed"]), days(ended["late"])) == (365, 0)


def test_a_line_whose_end_is_not_known_has_no_time_on_treatment(knowledge: Knowledge) -> None:
    record = person("D", "2020-01-01", [("letrozole", "2020-01-11", "2020-07-09", None)])
    record.administrations = [Administration(drug="letrozole", start=dt.date(2020, 1, 11), origin=Origin("x"))]
    (row,) = followed(seen([record], ["2022-01-11"], [None]), knowledge, DAY).to_dicts()
    assert row["on"] is None
    assert (days(row["to_next"]), row["moved"]) == (731, False)


def test_time_before_a_registry_began_is_not_survived_in_it(knowledge: Knowledge) -> None:
    record = person("E", "2015-01-01", [("letrozole", "2015-01-11", "2016-01-11", "progression")])
    (row,) = followed(seen([record], ["2020-01-11"], [None]), knowledge, DAY, dt.date(2018, 1, 11)).to_dicts()
    assert days(row["entry"]) == (dt.date(2018, 1, 11) - dt.date(2015, 1, 11)).days
    assert row["late"] * MONTH == pytest.approx((dt.date(2018, 1, 11) - dt.date(2015, 1, 1)).days)


def test_left_truncation_undoes_what_a_late_registry_leaves_out(knowledge: Knowledge) -> None:
    """Only who lived until the registry began is in it. Counted from the start of the line they live too long; from the registry's day on, they do not."""
    everybody = draw(content(open_knowledge()), 6000, 4)
    since = dt.date(2017, 1, 1)
    people = everybody.patients.with_row_index("row")
    there = people.filter(pl.col("died").is_null() | (pl.col("died") > since))["row"].cast(pl.UInt32)
    part = everybody.take(there)
    # All observed until the same day: who has not died by then is alive.
    whole = _first_line(followed(everybody, knowledge, DAY))
    true = median(kaplan_meier(whole["survived"].to_numpy(), whole["dead"].to_numpy()))
    late = _first_line(followed(part, knowledge, DAY, since))
    naive = median(kaplan_meier(late["survived"].to_numpy(), late["dead"].to_numpy()))
    told = median(kaplan_meier(late["survived"].to_numpy(), late["dead"].to_numpy(), late["entry"].to_numpy()))
    assert true is not None and naive is not None and told is not None
    assert naive > true * 1.1
    assert abs(told - true) < true * 0.06


def _first_line(table: pl.DataFrame) -> pl.DataFrame:
    return table.filter(pl.col("number") == 1)


# The truth of an invented cohort


def test_lines_and_survival_are_those_of_the_truth(knowledge: Knowledge) -> None:
    """Against a slow loop over the people as they were drawn: lines in order, deaths, the days between."""
    truth = draw(content(open_knowledge()), 400, 2)
    table = followed(truth, knowledge, DAY)
    died = dict(zip(range(len(truth)), truth.patients["died"].to_list(), strict=True))
    last = dict(zip(range(len(truth)), truth.patients["last_seen"].to_list(), strict=True))
    for (patient,), own in table.sort("patient", "number").group_by(["patient"], maintain_order=True):
        rows = own.to_dicts()
        for row, after in zip(rows, [*rows[1:], None], strict=True):
            death = died[patient] if died[patient] and died[patient] <= DAY else None  # type: ignore[index]
            end = death or max(min(last[patient], DAY), row["start"])  # type: ignore[index]
            assert row["survived"] * MONTH == pytest.approx(max((end - row["start"]).days, 0.5))
            assert row["dead"] is (death is not None)
            moved = after["start"] if after else end
            assert row["to_next"] * MONTH == pytest.approx(max((moved - row["start"]).days, 0.5))


def test_the_report_tells_what_was_counted(knowledge: Knowledge) -> None:
    drawn = draw(content(open_knowledge()), 800, 2)
    table = followed(drawn, knowledge, DAY)
    report = lines(
        [("a", drawn.take(pl.Series(range(500)))), ("b", drawn.take(pl.Series(range(500, 800))))], knowledge, DAY, least=1
    )
    by_line = report.tables["survival-by-line"]
    for number in range(1, 5):
        own = table.filter(pl.col("number") == number)
        row = by_line.row(number - 1, named=True)
        assert (row["people"], row["deaths"]) == (own.height, own["dead"].sum())
        assert row["median months"] == pytest.approx(median(kaplan_meier(own["survived"].to_numpy(), own["dead"].to_numpy())))
    flows = report.tables["sequences"]
    for number in range(1, 4):
        assert flows.filter(pl.col("after line") == number)["people"].sum() == table.filter(pl.col("number") == number).height
    died = flows.filter((pl.col("to") == "died") & (pl.col("after line") == 1))["people"].sum()
    assert died == table.filter((pl.col("number") == 1) & pl.col("next").is_null() & pl.col("dead")).height
    by_both = report.tables["survival-by-subtype-and-line"]
    assert by_both.filter(pl.col("group") == "line 1")["people"].sum() == table.filter(pl.col("number") == 1).height


def test_a_drug_that_is_not_known_is_not_named(knowledge: Knowledge, tmp_path: Path) -> None:
    """It may be anything that stood in a record: a name, a street."""
    records = [
        person(
            str(n), "2020-01-01", [("letrozole", "2020-01-11", None, None), ("Mrs Smith, 4 Elm Road", "2020-01-11", None, None)]
        )
        for n in range(30)
    ]
    events = seen(records, ["2022-01-01"] * 30, [None] * 30)
    report = lines([("a", events)], knowledge, DAY)
    report.write(tmp_path)
    assert not any(b"Elm Road" in path.read_bytes() for path in tmp_path.iterdir())
