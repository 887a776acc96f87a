"""Small counts stay hidden, whatever is put together: margins, differences between tables, pictures, curves, two reports side by side."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from linewise.cohort.changes import Side, impact
from linewise.cohort.journeys import lines
from linewise.cohort.report.cells import Cells
from linewise.cohort.report.curves import curves
from linewise.cohort.report.page import without_formulas
from linewise.cohort.report.survival import Times, curve, kaplan_meier, median, rounded
from linewise.cohort.reports import describe, options
from linewise.invented.draw import draw
from linewise.invented.run import content
from linewise.knowledge import Knowledge, open_knowledge

from .back import part_of

SHOWN = Cells(11)
limits = st.sampled_from([2, 5, 6, 10, 11, 12, 20, 21, 30])


def test_no_text_of_a_table_is_taken_for_a_formula() -> None:
    table = pl.DataFrame({"person": ["=HYPERLINK(1)", "@a", "+1", "-1", "\tb", "p=1", None], "people": [-1, 2, 3, 4, 5, 6, 7]})
    plain = without_formulas(table)
    assert plain["person"].to_list() == ["'=HYPERLINK(1)", "'@a", "'+1", "'-1", "'\tb", "p=1", None]
    assert plain["people"].equals(table["people"])


@given(st.integers(0, 10**9), limits)
def test_a_count_is_shown_rounded_or_not_at_all(count: int, least: int) -> None:
    cells = Cells(least)
    shown = cells.shown(count)
    if count == 0:
        assert shown == 0
    elif count < least:
        assert shown is None
        assert cells.text(count) == f"<{least}"
    else:
        assert shown is not None
        assert shown >= least
        assert abs(shown - count) <= cells.step / 2
        assert (
            cells.shown((count - 1) // cells.step * cells.step + 1) == shown == cells.shown(-(-count // cells.step) * cells.step)
        )
    assert pl.DataFrame({"n": [count]}).select(cells.column("n"))["n"].to_list() == [shown]


@given(limits)
def test_as_many_counts_stand_behind_each_as_are_hidden(least: int) -> None:
    cells = Cells(least)
    behind: dict[int | None, int] = {}
    for count in range(1, cells.step * 20 + 1):
        behind[cells.shown(count)] = behind.get(cells.shown(count), 0) + 1
    assert set(behind.values()) == {least - 1}


def test_with_one_everything_is_shown() -> None:
    cells = Cells(1)
    assert [cells.shown(count) for count in (0, 1, 7, 1234)] == [0, 1, 7, 1234]
    assert cells.exact


def test_what_hangs_on_a_small_count_goes_with_it() -> None:
    frame = pl.DataFrame({"a": [5, 50, 0], "b": [20, 61, 40], "median": [0.2, 0.5, 0.1]})
    assert SHOWN.table(frame, ["a", "b"], ["median"]).rows() == [(None, 15, None), (45, 65, 0.5), (0, 35, 0.1)]


# An attacker with everything that is published about a table: parts, both margins, the total


def behind(shown: int | None, cells: Cells, dark: bool = False) -> range:
    """The counts that can stand behind one that is shown; `dark`: in a row of which nothing is shown, it may be none as well."""
    if shown is None:
        return range(0 if dark else 1, cells.least)
    counts = [count for count in range(max(shown - 25, 0), shown + 26) if cells.shown(count) == shown]
    return range(counts[0], counts[-1] + 1)


def recovered(table: np.ndarray[Any, Any], cells: Cells) -> dict[tuple[int, int], tuple[int, int]]:
    """For each hidden cell the smallest and the largest count that agree with all that is shown (an integer programme)."""
    scipy = pytest.importorskip("scipy.optimize", reason="the attacker needs scipy (extra `survival`)")
    whole = np.vstack([np.column_stack([table, table.sum(axis=1)]), [*table.sum(axis=0), table.sum()]])
    names = [str(number) for number in range(whole.shape[1])]
    shown = cells.table(pl.DataFrame(whole, schema=names, orient="row"), names).rows()
    may = [[behind(count, cells, dark=all(one is None for one in row)) for count in row] for row in shown]
    rows, columns = whole.shape
    place = np.arange(rows * columns).reshape(rows, columns)
    sums = []
    for parts, total in [
        *((place[r, :-1], place[r, -1]) for r in range(rows)),
        *((place[:-1, c], place[-1, c]) for c in range(columns)),
    ]:
        one = np.zeros(rows * columns)
        one[parts], one[total] = 1, -1
        sums.append(one)
    flat = [each for row in may for each in row]
    bounds = scipy.Bounds([each[0] for each in flat], [each[-1] for each in flat])
    held = scipy.LinearConstraint(np.array(sums), 0, 0)
    found = {}
    for r, c in itertools.product(range(rows - 1), range(columns - 1)):
        if shown[r][c] is None:
            target = np.zeros(rows * columns)
            target[place[r, c]] = 1
            ends = [
                scipy.milp(sign * target, constraints=held, bounds=bounds, integrality=np.ones(len(target))) for sign in (1, -1)
            ]
            assert all(end.success for end in ends)
            found[r, c] = round(ends[0].fun), round(-ends[1].fun)
    return found


tables = st.integers(2, 4).flatmap(
    lambda wide: st.lists(
        st.lists(st.one_of(st.just(0), st.integers(1, 14), st.integers(1, 300)), min_size=wide, max_size=wide),
        min_size=2,
        max_size=4,
    )
)


@settings(max_examples=150)
@given(tables, st.sampled_from([11, 21]))
@example([[0, 0, 6], [1, 5, 11]], 11)  # with counts rounded to the nearest 5, these margins gave the 6 away
@example([[0, 0, 0], [0, 8, 10]], 11)
@example([[1, 1, 1, 1], [1, 1, 1, 1]], 11)
def test_no_hidden_count_can_be_worked_out_from_all_margins(rows: list[list[int]], least: int) -> None:
    for (r, c), (smallest, largest) in recovered(np.array(rows), Cells(least)).items():
        assert smallest <= rows[r][c] <= largest
        assert not rows[r][c] or largest - smallest >= 3, (
            rows,
            r,
            c,
        )  # four counts at least stay possible; that there is none may be told


def test_the_attack_finds_what_weaker_ways_leave_open() -> None:
    """The same attacker reads tables in which small counts are hidden alone, and in which all others are rounded to the nearest 5."""

    class HidingAlone(Cells):
        def shown(self, count: float) -> int | None:
            return None if 0 < count < self.least else int(count)

        def table(self, frame: pl.DataFrame, counts: Any, rest: Any = ()) -> pl.DataFrame:
            return pl.DataFrame([[self.shown(one) for one in row] for row in frame.rows()], schema=frame.columns, orient="row")

    class NearestFive(HidingAlone):
        def shown(self, count: float) -> int | None:
            return None if 0 < count < self.least else max(15, int((count + 2) // 5 * 5)) if count else 0

    leak = np.array([[283, 2, 580], [40, 50, 60]])
    assert recovered(leak, HidingAlone(11)) == {(0, 1): (2, 2)}
    assert recovered(leak, Cells(11))[0, 1][1] >= 9
    finer = np.array([[0, 0, 6], [1, 5, 11]])
    assert recovered(finer, NearestFive(11))[0, 2] == (6, 6)
    low, high = recovered(finer, Cells(11))[0, 2]
    assert high - low >= 3


@given(st.integers(11, 400), st.integers(1, 10), st.integers(0, 3))
def test_two_reports_that_differ_in_a_few_people_do_not_tell_how_many(others: int, few: int, more: int) -> None:
    """The same total with and without some people, as of two days: the difference fits at least four sizes of the group."""
    with_them, without = SHOWN.shown(others + few + more), SHOWN.shown(others + more)
    possible = {size for total in behind(with_them, SHOWN) for rest in behind(without, SHOWN) if (size := total - rest) >= 0}
    assert few in possible
    assert set(range(1, 10)) <= possible


# Curves


def people(seed: int, size: int, late: bool = False) -> Times:
    chance = np.random.default_rng(seed)
    months = np.ceil(chance.exponential(20, size) * 30) / 30.4375
    entry = months * chance.random(size) * 0.3 if late else None
    return Times.of(months, chance.random(size) < 0.7, entry)


@given(st.integers(0, 10**6), st.integers(11, 400), st.booleans())
@settings(max_examples=80)
def test_no_step_of_a_curve_is_that_of_few_people(seed: int, size: int, late: bool) -> None:
    times = people(seed, size, late)
    told = [month for month, *_ in rounded(times, SHOWN)]
    before = 0.0
    for month in told:
        assert month == int(month)
        assert int((times.came & (times.months > before) & (times.months <= month)).sum()) >= 11
        before = month


@given(st.integers(0, 10**6), st.integers(15, 200))
@settings(max_examples=80)
def test_a_curve_does_not_show_a_death_more_or_less(seed: int, size: int) -> None:
    """Every height is worked out from multiples of 5: what a reader gets back from a curve is no exact count."""
    alive = 1.0
    for _, share, _, _ in rounded(people(seed, size), SHOWN):
        fraction = 1 - share / alive if alive else 1.0
        pairs = [(d, n) for n in range(15, 401, 5) for d in range(5, n + 1, 5) if abs(d / n - fraction) < 1e-9]
        assert pairs or fraction == 0
        alive = share


@pytest.mark.parametrize("size", [150, 300, 1000, 5000])
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_rounding_moves_a_curve_by_less_than_its_uncertainty(size: int, late: bool, seed: int) -> None:
    times = people(seed, size, late)
    exact = kaplan_meier(times.months, times.came, times.entry)
    told = rounded(times, SHOWN)
    assert len(told) >= 4
    for month, share, low, high in told:
        true = [step for step in exact if step[0] <= month][-1]
        width = true[3] - true[2]
        assert abs(share - true[1]) < width / 2
        assert abs((high - low) - width) < width / 3 + 0.01


def test_a_picture_of_curves_holds_rounded_counts_only() -> None:
    times = people(7, 300)
    shown = curve("line 1", times, [0, 12, 24, 36], SHOWN)
    assert all(count is None or count == 0 or count % 10 == 5 for count in shown.at_risk)
    assert shown.median[0] == round(median(kaplan_meier(times.months, times.came)) or 0)
    picture = curves("x", [shown], [0, 12, 24, 36], "months", SHOWN)
    numbers = [int(text.replace(",", "")) for text in re.findall(r">([\d,]+)</text>", picture)]
    assert set(numbers) - {0, 12, 24, 36} <= {count for count in shown.at_risk if count is not None}


def test_too_few_events_give_no_median() -> None:
    times = Times.of(np.arange(1.0, 41.0), np.arange(40) < 10)
    assert curve("few", times, [0], SHOWN).median == (None, None, None)
    assert curve("few", times, [0], SHOWN).events is None
    assert curve("few", times, [0], SHOWN).steps == []


def test_of_too_few_people_nothing_is_told(knowledge: Knowledge, tmp_path: Path) -> None:
    """Of ten people with ten different values each would be known to be one."""
    part, day = [("a", draw(content(open_knowledge()), 10, 3))], dt.date(2026, 10, 31)
    medicine = part_of(knowledge)
    before, after = (Side(medicine, one, "x") for one in (dt.date(2020, 1, 1), day))
    for report in (
        describe(part, medicine, day, "EU"),
        options(part, medicine, day, "EU", tmp_path),
        impact(part, before, after, day, "EU"),
        lines(part, medicine, day),
    ):
        assert not report.tables
        assert not report.pictures
        assert "too few" in report.html()
