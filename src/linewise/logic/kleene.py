"""Three values: true, false, and None for unknown, as Kleene joins them. Every answer of the house about one person is joined here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def not_(value: bool | None) -> bool | None:
    """The opposite; of unknown, unknown."""
    return None if value is None else not value


def all_of(values: Iterable[bool | None]) -> bool | None:
    """False where one is false, else unknown where one is unknown; of none at all, true. The first false ends it."""
    answer: bool | None = True
    for value in values:
        if value is False:
            return False
        if value is None:
            answer = None
    return answer


def any_of(values: Iterable[bool | None]) -> bool | None:
    """True where one is true, else unknown where one is unknown; of none at all, false. The first true ends it."""
    answer: bool | None = False
    for value in values:
        if value is True:
            return True
        if value is None:
            answer = None
    return answer


def at_least(n: int, values: Sequence[bool | None]) -> bool | None:
    """Whether `n` or more are true: unknown where those that are unknown could make it so."""
    holding = values.count(True)
    if holding >= n:
        return True
    return None if holding + values.count(None) >= n else False
