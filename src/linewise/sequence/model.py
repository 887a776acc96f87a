"""What a sequence holds: a small tree of steps, each with who says so, what was studied, and what it closes or opens."""

from __future__ import annotations

from typing import Any

import msgspec

from linewise.plan.model import LineOfTherapy, Status

SCHEMA = "linewise.sequence/1"


class _Struct(msgspec.Struct, kw_only=True):
    pass


class Change(_Struct):
    """An option that a step closes or opens, with the clause that decides. `common`: every other step shown beside it does so, too."""

    option: str
    title: str
    because: str
    fits: bool = False  # of what is opened: it fits, and does not only hang on something
    common: bool = False


class Said(_Struct):
    """Who says that this option stands, where the person lives."""

    body: str
    region: str
    statement: str
    since: str
    source: str
    review: str | None = None


class Study(_Struct):
    """A trial whose people were like this person at that point. `asked`: they had had the step before, or one like it; without it they would not have been."""

    trial: str
    name: str
    year: str | None
    asked: bool
    result: str
    sources: list[str]


class Step(_Struct):
    """One option at one depth: 1 is now, 2 what may follow, 3 what may follow that."""

    option: str
    title: str
    depth: int
    status: Status
    drugs: list[str]
    depends: str  # what it hangs on, where it is not certain that it fits
    says: list[Said]
    studies: list[Study]
    closes: list[Change] = []
    opens: list[Change] = []
    keeps: list[str] = []  # the options that stay open
    next: list[Step] = []
    more: int = 0  # further options of the next step that are not followed


class Sequence(_Struct):
    """The whole. `scope` says why there is no step at all."""

    schema: str
    as_of: str
    region: str | None
    id: str | None
    scope: str | None
    first: list[str]  # red flags that are up
    before: list[str]
    behind: list[LineOfTherapy]
    steps: list[Step]
    more: int
    after: list[str]
    sources: dict[str, dict[str, Any]]
    disclaimer: str
