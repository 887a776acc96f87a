"""How published survival is shown to somebody who asks: ranges by multiples of a median, where they were checked, and whom trials leave out."""

from __future__ import annotations

from typing import Literal

from linewise.logic import Node

from .basic import Ids, _Struct

Name = Literal["worst", "lower", "upper", "best"]


class Scenario(_Struct, frozen=True):
    """One end of a range: of 100 people, `alive` lived longer than `times` the median."""

    id: Name
    alive: int
    times: float


class Checked(_Struct, frozen=True):
    """Trials in which the multiples were compared with the curves: of treatments of these classes, for people of whom `when` holds.

    `share` is the percentage of curves on which a multiple came near. A scenario without one could not be checked.
    """

    id: str
    classes: Ids
    share: dict[Name, int]
    when: Node | None = None
    plain: str = ""
    source: Ids = ()
    review: str | None = None


class Limit(_Struct, frozen=True):
    """People whom trials leave out: no figure of a trial is theirs while `when` holds."""

    id: str
    when: Node
    plain: str
    source: Ids = ()
    review: str | None = None


class Method(_Struct, frozen=True):
    """`outlook.yaml`. `near` is how far a multiple may be from the curve to count as near it, as a ratio."""

    scenarios: tuple[Scenario, ...]
    near: tuple[float, float]
    source: Ids
    checked: tuple[Checked, ...] = ()
    limits: tuple[Limit, ...] = ()
