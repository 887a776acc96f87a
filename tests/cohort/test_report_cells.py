"""Small counts stay hidden, whatever is put together: margins, differences between tables, pictures, curves, two reports side by side."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linewise.cohort.report.cells import Cells
from linewise.cohort.report.curves import curves
from linewise.cohort.report.survival import Times, curve, kaplan_meier, median, rounded

SHOWN = Cells(11)
limits = st.sampled_from([2, 5, 6, 10, 11, 12, 20, 21, 30])


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
        assert shown % cells.base == 0
        assert shown >= least
        assert abs(shown - count) <= max(cells.base / 2, cells.first - least)
    assert pl.DataFrame({"n": [count]}).select(cells.column("n"))["n"].to_list() == [shown]


@given(limits)
def test_at_least_three_counts_stand_behind_each_that_is_shown(least: int) -> None:
    cells = Cells(least)
    behind: dict[int | None, int] = {}
    for count in range(1, 400):
        behind[cells.shown(count)] = behind.get(cells.shown(count), 0) + 1
    last = cells.shown(399)
    assert all(size >= min(3, least - 1) for shown, size in behind.items() if shown != last), behind


def test_with_one_everything_is_shown() -> None:
    cells = Cells(1)
    assert [cells.shown(count) for count in (0, 1, 7, 1234)] == [0, 1, 7, 1234]
    assert cells.exact


def test_what_hangs_on_a_small_count_goes_with_it() -> None:
    frame = pl.DataFrame({"a": [5, 50, 0], "b": [20, 61, 40], "median": [0.2, 0.5, 0.1]})
    assert SHOWN.table(frame, ["a", "b"], ["median"]).rows() == [(None, 20, None), (50, 60, 0.5), (0, 40, 0.1)]


# An attacker with everything that is published about a table: parts, both margins, the total


def consistent(shown: int | None, cells: Cells) -> range:
    """The counts that can stand behind one that is shown."""
    if shown is None:
        return range(1, cells.least)
    return range(*_bounds(shown, cells))


def _bounds(shown: int, cells: Cells) -> tuple[int, int]:
    counts = [count for count in range(max(shown - 25, 0), shown + 26) if cells.shown(count) == shown]
    return counts[0], counts[-1] + 1


def recovered(table: np.ndarray[Any, Any], cells: Cells) -> dict[tuple[int, int], tuple[int, int]]:
    """For each hidden cell the smallest and the largest count that agree with all that is shown (an integer programme)."""
    scipy = pytest.importorskip("scipy.optimize", reason="the attacker needs scipy (extra `survival`)")
    rows, columns = table.shape
    size = rows * columns
    sums, low, high = [], [], []
    for axis, number in [*((0, r) for r in range(rows)), *((1, c) for c in range(columns)), (2, 0)]:
        mask = np.zeros((rows, columns))
        if axis == 0:
            mask[number, :] = 1
        elif axis == 1:
            mask[:, number] = 1
        else:
            mask[:] = 1
        may = consistent(cells.shown(int((table * mask).sum())), cells)
        sums.append(mask.ravel())
        low.append(may[0])
        high.append(may[-1])
    each = [consistent(cells.shown(int(count)), cells) for count in table.ravel()]
    bounds = scipy.Bounds([may[0] for may in each], [may[-1] for may in each])
    held = scipy.LinearConstraint(np.array(sums), low, high)
    found = {}
    for r, c in itertools.product(range(rows), range(columns)):
        if cells.shown(int(table[r, c])) is None:
            target = np.zeros(size)
            target[r * columns + c] = 1
            ends = [scipy.milp(sign * target, constraints=held, bounds=bounds, integrality=np.ones(size)) for sign in (1, -1)]
            assert all(end.success for end in ends)
            found[r, c] = round(ends[0].fun), round(-ends[1].fun)
    return found


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.one_of(st.just(0), st.integers(1, 14), st.integers(1, 300)), min_size=3, max_size=3), min_size=2, max_size=4
    ),
    st.sampled_from([11, 21]),
)
def test_no_hidden_count_can_be_worked_out_from_all_margins(rows: list[list[int]], least: int) -> None:
    for (r, c), (smallest, largest) in recovered(np.array(rows), Cells(least)).items():
        assert largest - smallest >= 2, (rows, r, c)  # three counts at least stay possible
        assert smallest <= rows[r][c] <= largest


def test_the_attack_would_find_what_hiding_alone_leaves_open() -> None:
    """The same attacker reads a table in which only the small counts are hidden and the others stand as they are."""

    class HidingAlone(Cells):
        base = 1  # type: ignore[assignment]
        first = 11  # type: ignore[assignment]

    table = np.array([[283, 2, 580], [40, 50, 60]])
    assert recovered(table, HidingAlone(11)) == {(0, 1): (2, 2)}
    (found,) = recovered(table, Cells(11)).values()
    assert found[1] - found[0] >= 3


@given(st.integers(11, 400), st.integers(1, 10), st.integers(0, 3))
def test_two_reports_that_differ_in_a_few_people_do_not_tell_how_many(others: int, few: int, more: int) -> None:
    """The same total with and without some people, as of two days: the difference fits at least four sizes of the group."""
    with_them, without = SHOWN.shown(others + few + more), SHOWN.shown(others + more)
    possible = {
        size for total in consistent(with_them, SHOWN) for rest in consistent(without, SHOWN) if (size := total - rest) >= 0
    }
    assert few in possible
    assert len(possible) >= 4


# Curves


def people(seed: int, size: int, late: bool = False) -> Times:
    chance = np.random.default_rng(seed)
    months = np.ceil(chance.exponential(20, size) * 30) / 30.4375
    entry = months * chance.random(size) * 0.3 if late else None
    return Times.of(months, chance.random(size) < 0.7, entry)


@given(st.integers(0, 10**6), st.integers(11, 400), st.booleans())
@settings(max_examples=80, deadline=None)
def test_no_step_of_a_curve_is_that_of_few_people(seed: int, size: int, late: bool) -> None:
    times = people(seed, size, late)
    told = [month for month, *_ in rounded(times, SHOWN)]
    before = 0.0
    for month in told:
        assert month == int(month)
        assert int((times.came & (times.months > before) & (times.months <= month)).sum()) >= 11
        before = month


@given(st.integers(0, 10**6), st.integers(15, 200))
@settings(max_examples=80, deadline=None)
def test_a_curve_does_not_show_a_death_more_or_less(seed: int, size: int) -> None:
    """Every height and limit is worked out from multiples of 5: what a reader gets back from a curve is a rounded count."""
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
    assert all(count is None or count % 5 == 0 for count in shown.at_risk)
    assert shown.median[0] == round(median(kaplan_meier(times.months, times.came)) or 0)
    picture = curves("x", [shown], [0, 12, 24, 36], "months", SHOWN)
    numbers = [int(text.replace(",", "")) for text in re.findall(r">([\d,]+)</text>", picture)]
    assert set(numbers) - {0, 12, 24, 36} <= {count for count in shown.at_risk if count is not None}


def test_too_few_events_give_no_median() -> None:
    times = Times.of(np.arange(1.0, 41.0), np.arange(40) < 10)
    assert curve("few", times, [0], SHOWN).median == (None, None, None)
    assert curve("few", times, [0], SHOWN).events is None
    assert curve("few", times, [0], SHOWN).steps == []
