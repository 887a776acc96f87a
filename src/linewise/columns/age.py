"""How old everybody is, as columns: the rules of `record.age`."""

from __future__ import annotations

import polars as pl


def whole_years(born: pl.Expr, day: pl.Expr) -> pl.Expr:
    """Birthdays that lie behind each person on a day; null where one of the two is not known."""
    month, of_month = born.dt.month(), born.dt.day()
    early = (day.dt.month() < month) | ((day.dt.month() == month) & (day.dt.day() < of_month))
    return day.dt.year() - born.dt.year() - early.cast(pl.Int32)


def is_child(born: pl.Expr, day: pl.Expr, adult: int) -> pl.Expr:
    """Who is younger than `adult` years on a day."""
    return (whole_years(born, day) < adult).fill_null(False)
