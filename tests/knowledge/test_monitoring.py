"""When a test is done: the words that an author may write, the days that they mean, and what is refused."""

from __future__ import annotations

import pytest

from linewise.knowledge.monitoring import repeat, times


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("before", [0]),
        ("day 15", [15]),
        ("about day 14 of cycle 1", [14]),
        ("day 15 of cycles 1 and 2", [15, 43]),
        ("start of cycle 2", [29]),
        ("start of cycles 3, 4, 5 and 6", [57]),
        ("start of the first 2 cycles", [1, 29]),
        ("before each dose", [1, 29, 57]),
        ("each cycle", [1, 29, 57]),
        ("every 2 weeks for 2 months", [15, 29, 43]),
        ("at least every 2 weeks for 1 month", [15]),
        ("monthly for 2 months", [29]),
        ("weekly to day 28", [8, 15, 22]),
        ("every 2 weeks for 2 cycles", [15, 29, 43]),
        ("weeks 1, 2 and 4", [7, 14, 28]),
        ("month 2", [56]),
        ("Month 4", []),
    ],
)
def test_days_from_words(words: str, days: list[int]) -> None:
    assert list(times(words).days(28, 84)) == days


@pytest.mark.parametrize(
    ("words", "gap"),
    [
        ("monthly", 28),
        ("every 3 weeks", 21),
        ("each cycle", 28),
        ("about every 3 months", 84),
        ("at least monthly", 28),
        ("every month", 28),
    ],
)
def test_repeats_from_words(words: str, gap: int) -> None:
    assert repeat(words).step(28) == gap


@pytest.mark.parametrize(
    "words",
    [
        "befor",
        "day15",
        "when symptoms appear",
        "as indicated",
        "every 0 weeks for 2 months",
        "start of the next 4 cycles",
        "every 2 weeks for ever",
    ],
)
def test_words_that_name_no_days_are_refused(words: str) -> None:
    with pytest.raises(ValueError, match="names no days: write it as before, day 15"):
        times(words)


@pytest.mark.parametrize("words", ["regularly", "every 1 to 2 cycles", "monthly for 2 months", "day 15"])
def test_what_goes_on_has_no_end(words: str) -> None:
    with pytest.raises(ValueError, match="does not say how it goes on"):
        repeat(words)
