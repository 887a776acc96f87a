"""How long a drug that is handed out lasts: packs that follow each other, early and late ones, two at once, the last."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linewise.record import Administration, Origin
from linewise.record.parameters import STANDARD, Parameters
from linewise.record.supply import Known, known_on

DAY = dt.date(2024, 6, 1)
FIRST = dt.date(2024, 1, 1)


def pack(start: int, days: int = 28, supply: str = "dispensed", number: int = 0) -> Administration:
    """A pack handed over so many days after the first of January."""
    begun = FIRST + dt.timedelta(days=start)
    return Administration(
        drug="alfa",
        start=begun,
        end=begun + dt.timedelta(days=days - 1),
        supply=supply,
        origin=Origin(f"pack {start} {number:02}"),
    )  # type: ignore[arg-type]


def known(
    *packs: Administration, until: dt.date = DAY, grown: int | None = None, parameters: Parameters = STANDARD
) -> list[Known]:
    progressions = [] if grown is None else [FIRST + dt.timedelta(days=grown)]
    return known_on(packs, until, progressions, parameters)


def last(
    *packs: Administration, until: int, grown: int | None = None, parameters: Parameters = STANDARD
) -> tuple[bool | None, int | None]:
    """Whether the last goes on, and the day on which it ended, counted from the first of January."""
    found = known(*packs, until=FIRST + dt.timedelta(days=until), grown=grown, parameters=parameters)[-1]
    return found.ongoing, (found.end - FIRST).days if found.end else None


@pytest.mark.parametrize(
    ("until", "expected"),
    [(5, (True, None)), (27, (True, None)), (28, (True, None)), (57, (True, None)), (58, (None, 27)), (300, (None, 27))],
)
def test_it_goes_on_while_supplied_and_while_the_next_is_awaited(until: int, expected: tuple[bool | None, int | None]) -> None:
    assert last(pack(0), until=until) == expected


def test_what_is_left_adds_to_the_next() -> None:
    two = (pack(0), pack(0, number=1))
    assert last(*two, until=85) == (True, None)
    assert last(*two, until=86) == (None, 55)
    assert last(*two, until=86, parameters=Parameters(stockpile=False)) == (None, 27)
    assert last(pack(0), pack(20), until=100) == (None, 55)


def test_what_was_only_asked_for_does_not_add_up() -> None:
    assert last(pack(0, supply="requested"), pack(0, supply="requested", number=1), until=86) == (None, 27)


def test_where_packs_were_handed_over_a_request_says_nothing_of_how_long() -> None:
    asked, handed = known(pack(0, 180, "requested"), pack(2))
    assert (asked.ongoing, asked.end, asked.supply) == (False, None, None)
    assert handed.end == FIRST + dt.timedelta(days=29)


def test_packs_without_a_break_are_one_stretch() -> None:
    first, second = known(pack(0), pack(58))
    assert first.end == second.start  # 30 days without, as many as are allowed
    first, _ = known(pack(0), pack(59))
    assert first.end == FIRST + dt.timedelta(days=27)


def test_a_progression_after_the_last_pack_ends_what_is_taken_as_going_on() -> None:
    assert last(pack(0), until=20, grown=10) == (None, None)
    assert last(pack(0), until=40, grown=10) == (None, 27)
    assert last(pack(0), until=20, grown=0) == (True, None)


def test_a_recorded_stop_comes_before_what_was_left() -> None:
    stop = Administration(drug="alfa", start=FIRST, end=FIRST + dt.timedelta(days=9), origin=Origin("statement"))
    _, found = known(stop, pack(0), until=FIRST + dt.timedelta(days=20))
    assert (found.ongoing, found.end) == (None, FIRST + dt.timedelta(days=9))


def test_what_the_source_says_comes_before_the_supply() -> None:
    going = Administration(drug="alfa", start=FIRST, end=FIRST, supply="dispensed", ongoing=True, origin=Origin("a"))
    (found,) = known(going)
    assert (found.ongoing, found.end, found.supply) == (True, None, None)


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 90)), min_size=1, max_size=12), st.integers(0, 600))
def test_it_is_what_somebody_finds_who_takes_one_a_day(packs: list[tuple[int, int]], until: int) -> None:
    handed = sorted(one for one in packs if one[0] <= until)
    if not handed:
        return
    left, today, latest = 0, handed[0][0], handed[-1][0]
    while today <= latest:
        left = max(left - 1, 0) if today > handed[0][0] else 0
        left += sum(days for start, days in handed if start == today)
        today += 1
    covered = latest + left - 1
    given_ = [pack(start, days, number=number) for number, (start, days) in enumerate(handed)]
    expected = (True, None) if until <= covered else (None, covered)
    assert last(*given_, until=until, parameters=Parameters(grace=0)) == expected
