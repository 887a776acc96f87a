"""Kaplan-Meier with left truncation and log-log confidence limits, as `lifelines` computes it (the tests compare the two).

The exact curve is a list of single deaths: the height of each step gives it away. What goes into a report is therefore drawn from rounded counts:
one step for each run of whole months with at least as many deaths as may be shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .cells import Cells

Array = np.ndarray[Any, Any]
Step = tuple[float, float, float, float]
"""Months, share without the event, lower and upper limit."""

_Z = 1.959963984540054


@dataclass
class Curve:
    """One curve as it may be shown: steps, how many were at risk at given months, the median with its limits (None: not reached)."""

    name: str
    people: int | None
    events: int | None
    steps: list[Step] = field(default_factory=list)
    at_risk: list[int | None] = field(default_factory=list)
    median: tuple[float | None, float | None, float | None] = (None, None, None)
    joined: bool = False
    """Whether the steps are joined by straight lines: between them nothing is told."""


@dataclass(frozen=True)
class Times:
    """Times to an event of many people, in months: until when each was seen, whether it came, and from when on they were at risk."""

    months: Array
    came: Array
    entry: Array

    @classmethod
    def of(cls, months: Array, came: Array, entry: Array | None = None) -> Times:
        """Only who was seen after entering counts."""
        entry = np.zeros(len(months)) if entry is None else entry
        keep = months > entry
        return cls(months[keep], came[keep], entry[keep])

    def __len__(self) -> int:
        return len(self.months)

    def at_risk(self, month: float) -> int:
        """How many had entered by a month and were still seen after it. At 0 those who enter there count."""
        return int(((self.entry <= month) & (self.months > month)).sum())

    def deaths(self) -> tuple[Array, Array, Array]:
        """Each time of an event, how many came then, and how many were at risk just before."""
        times, counts = np.unique(self.months[self.came], return_counts=True)
        entered = np.searchsorted(np.sort(self.entry), times, side="left")
        return times, counts, entered - np.searchsorted(np.sort(self.months), times, side="left")


def kaplan_meier(months: Array, died: Array, entry: Array | None = None) -> list[Step]:
    """The exact steps, one at each time of a death. Who enters late counts at risk from then on."""
    return _steps(*Times.of(months, died, entry).deaths())


def _steps(times: Array, deaths: Array, at_risk: Array) -> list[Step]:
    alive, spread, steps = 1.0, 0.0, []
    for time, dead, risk in zip(times.tolist(), deaths.tolist(), at_risk.tolist(), strict=True):
        alive *= 1 - dead / risk
        spread += dead / (risk * (risk - dead)) if risk > dead else math.inf
        steps.append((time, alive, *_limits(alive, spread)))
    return steps


def _limits(alive: float, spread: float) -> tuple[float, float]:
    if alive <= 0.0 or alive >= 1.0:
        return (alive, alive)
    about = math.log(-math.log(alive))
    wide = _Z * math.sqrt(spread) / abs(math.log(alive))
    return math.exp(-math.exp(about + wide)), math.exp(-math.exp(about - wide))


def median(steps: Sequence[Step]) -> float | None:
    """The first time at which no more than half are left; None where that is not reached."""
    return next((time for time, alive, _, _ in steps if alive <= 0.5), None)


def limits_of_median(steps: Sequence[Step]) -> tuple[float | None, float | None]:
    """The times at which the lower and the upper limit of the curve come down to a half (Brookmeyer and Crowley, Biometrics 1982;38:29-41)."""
    low = next((time for time, _, lower, _ in steps if lower <= 0.5), None)
    return low, next((time for time, _, _, upper in steps if upper <= 0.5), None)


def rounded(times: Times, cells: Cells) -> list[Step]:
    """The curve from rounded counts: a step at the end of each run of whole months with at least `cells.least` events.

    Of a run, the numbers at risk are those that give just the fall and the spread of the exact curve; they and the running total of events are
    rounded to half a step of `cells`. How many left between two steps, the difference of three such counts, is then known less well than a hidden
    count. The curve ends with the last run behind which enough are left. With counts that are shown as they are, it is the exact one.
    """
    when, deaths, at_risk = times.deaths()
    if cells.exact:
        return _steps(when, deaths, at_risk)
    half = max(cells.step // 2, 1)
    enough = max(cells.least, cells.first - half // 2)  # fewer would be rounded up by more than half of that
    alive, spread, steps = 1.0, 0.0, []
    run, ratio, wide, total, told = 0, 1.0, 0.0, 0, 0
    for index, (time, dead, risk) in enumerate(zip(when.tolist(), deaths.tolist(), at_risk.tolist(), strict=True)):
        run, ratio = run + dead, ratio * (1 - dead / risk)
        wide += dead / (risk * (risk - dead)) if risk > dead else math.inf
        month = math.ceil(time)
        if run < enough or (index + 1 < len(when) and when[index + 1] <= month) or times.at_risk(month) < cells.least:
            continue
        total += run
        reached = _nearest(total, half)
        fall = reached - told
        for_share, for_spread = run / (1 - ratio), (run + math.sqrt(run * run + 4 * run / wide)) / 2
        left, weight = (max(_nearest(one, half), cells.first) for one in (for_share, for_spread))
        alive *= 1 - min(fall, left) / left
        spread += fall / (weight * (weight - fall)) if weight > fall else math.inf
        steps.append((float(month), alive, *_limits(alive, spread)))
        run, ratio, wide, told = 0, 1.0, 0.0, reached
    return steps


def _nearest(count: float, base: int) -> int:
    return int((count + base / 2) // base * base)


def curve(name: str, times: Times, at: Sequence[int], cells: Cells) -> Curve:
    """A curve with what belongs to it, as it may be shown. The median is that of the exact curve, in whole months where counts are rounded."""
    exact = _steps(*times.deaths())
    events = int(times.came.sum())
    told: tuple[float | None, float | None, float | None] = (None, None, None)
    if events >= cells.least:
        found = (median(exact), *limits_of_median(exact))
        told = found if cells.exact else tuple(None if one is None else float(round(one)) for one in found)  # type: ignore[assignment]
    at_risk = [cells.shown(times.at_risk(month)) for month in at]
    return Curve(name, cells.shown(len(times)), cells.shown(events), rounded(times, cells), at_risk, told, joined=not cells.exact)
