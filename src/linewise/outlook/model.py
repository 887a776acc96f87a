"""What an outlook holds. Months are months; `alive` and counts are people of 100."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

SCHEMA = "linewise.outlook/1"
Like = Literal["yes", "in-part"]
Why = Literal["not-like", "not-known", "other-group", "too-early", "still-alive", "closer"]
Counted = Literal["present", "option"]
"""From when a figure counts: the start of the treatment that is taken now, or the start of one that could begin."""


class _Struct(msgspec.Struct, kw_only=True, omit_defaults=False):
    pass


class Scenario(_Struct):
    """One end of a range: of 100 people, `alive` lived longer than `months`. `near`: on how many of 100 published curves such a multiple came near."""

    id: str
    months: float
    alive: int
    near: int | None


class Landmark(_Struct):
    """Of 100 people, how many were alive after so many months, as published."""

    months: float
    alive: float


class Part(_Struct):
    """Some of 100 people, who lived as long as `label` says. `sign` draws one of them; `share` is how long, 0 for the shortest and 1 for the longest."""

    count: int
    label: str
    sign: str
    share: float


class Figure(_Struct):
    """One arm of one trial whose people were like this one: what was published, and what multiples of its median say."""

    trial: str
    name: str
    counted: Counted
    arm: str
    head: str
    population: str
    group: str | None
    like: Like
    not_known: list[str]  # of this person, where the people were like them in part
    year: str | None
    median: float | None
    scenarios: list[Scenario]
    landmarks: list[Landmark]
    checked: str | None  # where the multiples were checked, by its id in the knowledge
    sentences: list[str]
    pictures: list[list[Part]]
    note: str | None  # of the comparison, for a team
    early: bool  # published before the trial was at its end
    review: str | None
    sources: list[str]


class Refused(_Struct):
    """A figure that is not shown, with the reason."""

    trial: str
    name: str
    why: Why
    text: str


class Arms(_Struct):
    """For a team: one published comparison, as it stands in the knowledge. `like`: whether its people were like this one; None: not known."""

    trial: str
    name: str
    population: str
    endpoint: str
    group: str | None
    unit: str | None
    treatment: str
    control: str
    treatment_result: float | str | None
    control_result: float | str | None
    hr: float | None
    ci: list[float] | None
    note: str | None
    like: bool | None
    differs: str
    year: str | None
    review: str | None
    sources: list[str]


class Outlook(_Struct):
    """The whole. `asked` says whether figures were asked for; without it there are none, and none was looked up."""

    schema: str
    as_of: str
    region: str | None
    id: str | None
    title: str
    asked: bool
    first: list[str]  # what comes before everything else: red flags that are up
    before: list[str]
    how: str
    meaning: list[str]
    figures: list[Figure]
    none: str | None  # why there is no figure at all
    refused: list[Refused]
    changes: list[str]
    stays: list[str]
    support: list[str]
    places: list[dict[str, str]]  # whom to talk to: name, what they do, phone, address
    arms: list[Arms]
    sources: dict[str, dict[str, Any]]
    disclaimer: str
