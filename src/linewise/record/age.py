"""How old somebody is on a day, and whether that is a child. `columns.age` is the same for many people at once."""

from __future__ import annotations

import datetime as dt


def whole_years(born: dt.date, day: dt.date) -> int:
    """Birthdays that lie behind somebody on a day; who was born on 29 February has the one of another year on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def is_child(born: dt.date | None, day: dt.date | None, adult: int) -> bool:
    """Whether somebody is younger than `adult` years on a day. Nobody is taken for a child where one of the two is not known."""
    return born is not None and day is not None and whole_years(born, day) < adult
