"""What every part of the knowledge is made of: immutable structs, days that may be known in part, reviews."""

from __future__ import annotations

import datetime as dt
from functools import cached_property

import msgspec

Ids = tuple[str, ...]


class _Struct(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True, omit_defaults=True):
    pass


class When(msgspec.Struct, frozen=True, dict=True):
    """A day, or as much of it as is known: `2024-06-17`, `2024-06`, `2024`.

    `since` counts from the end of what is known and `until` from its start, so that nothing is in force a day too early
    or too long. Both give the first day that the interval (half-open) includes or excludes.
    """

    text: str

    def _parts(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.text.split("-"))

    @cached_property
    def first(self) -> dt.date:
        """The first day this can mean."""
        year, *rest = self._parts()
        return dt.date(year, rest[0] if rest else 1, rest[1] if len(rest) > 1 else 1)

    @cached_property
    def last(self) -> dt.date:
        """The last day this can mean."""
        year, *rest = self._parts()
        if len(rest) == 2:
            return self.first
        if not rest:
            return dt.date(year, 12, 31)
        return dt.date(year + rest[0] // 12, rest[0] % 12 + 1, 1) - dt.timedelta(days=1)


class Review(_Struct, frozen=True):
    """When a thing was last read over by a person, and when it must be again."""

    last: When
    next: When
    by: str | None = None
