"""Kaplan-Meier with left truncation and log-log confidence limits, as `lifelines` computes it (the tests compare the two)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .svg import Curve

Array = np.ndarray[Any, Any]
_Z = 1.959963984540054


def kaplan_meier(months: Array, died: Array, entry: Array | None = None) -> list[tuple[float, float, float, float]]:
    """Steps (months, share alive, lower, upper) at each time of a death. Who enters late counts at risk from then on."""
    entry = np.zeros(len(months)) if entry is None else entry
    keep = months > entry
    months, died, entry = months[keep], died[keep], entry[keep]
    times, deaths = np.unique(months[died], return_counts=True)
    starts, ends = np.sort(entry), np.sort(months)
    at_risk = np.searchsorted(starts, times, side="left") - np.searchsorted(ends, times, side="left")
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


def median(steps: list[tuple[float, float, float, float]]) -> float | None:
    """The first time at which no more than half are alive; None where that is not reached."""
    return next((time for time, alive, _, _ in steps if alive <= 0.5), None)


def curve(name: str, months: Array, died: Array, at: list[int], least: int, entry: Array | None = None) -> Curve:
    """A curve for a picture. It ends where fewer than `least` are at risk, so that nobody can be made out in its tail."""
    entry = np.zeros(len(months)) if entry is None else entry
    risk = [int(((entry <= month) & (months > month)).sum()) for month in at]
    ends = np.sort(months)
    last = float(ends[-least]) if len(ends) >= least else 0.0
    steps = [step for step in kaplan_meier(months, died, entry) if step[0] <= last]
    return Curve(name, steps, [f"{count}" if count >= least else "–" if count == 0 else f"<{least}" for count in risk])
