"""A trial as its registry tells it, and the single criteria of its text."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

import msgspec

Kind = Literal["inclusion", "exclusion"]
Sex = Literal["all", "female", "male"]


class Site(msgspec.Struct, frozen=True):
    """A place where a trial recruits, as far as the entry names it."""

    country: str = ""
    city: str = ""
    name: str = ""
    status: str = ""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One criterion of the text: a bullet with what is indented below it. `group` names the arm, phase or cohort it is for alone."""

    n: int
    kind: Kind
    parts: tuple[str, ...]
    group: str = ""

    @property
    def text(self) -> str:
        return "\n".join(self.parts)


class Entry(msgspec.Struct, kw_only=True):
    """One entry of a registry. `updated` is the day of the entry; `read_on` the day it was read, where another than today.

    Ages are in years. `unread` lists what could not be understood of the file.
    """

    id: str
    title: str = ""
    phase: str = ""
    status: str = ""
    updated: dt.date | None = None
    read_on: dt.date | None = None
    month_only: bool = False  # of the day it was read only the month is known
    conditions: tuple[str, ...] = ()
    drugs: tuple[str, ...] = ()
    arms: tuple[str, ...] = ()
    sex: Sex = "all"
    youngest: float | None = None
    oldest: float | None = None
    sites: tuple[Site, ...] = ()
    text: str = ""
    points: tuple[Point, ...] = ()
    notes: tuple[str, ...] = ()
    url: str = ""
    format: str = ""
    complete: bool = True
    unread: tuple[str, ...] = ()
    readings: tuple[Any, ...] = ()  # what the criteria say, where they were written by hand

    @property
    def countries(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(site.country for site in self.sites if site.country))
