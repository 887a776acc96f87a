"""Calendar arithmetic for `within`: the earliest day that is recent enough."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from .nodes import Within


def later(day: date, months: int) -> date:
    """The same day some months later, or the last day of a shorter month."""
    return earliest(day, Within(-months, "months"))


def earliest(as_of: date, within: Within) -> date:
    """The first day that still counts. Months keep the day of the month, or take the last day of a shorter month.

    A span that reaches before the calendar begins allows every day.
    """
    if within.unit == "days":
        if within.count >= as_of.toordinal():
            return date.min
        return as_of - timedelta(days=within.count)
    months = within.count * (12 if within.unit == "years" else 1)
    index = as_of.year * 12 + as_of.month - 1 - months
    year, month = divmod(index, 12)
    if year < 1:
        return date.min
    return date(year, month + 1, min(as_of.day, monthrange(year, month + 1)[1]))
