"""What the outlook shows, against digitised curves of published trials: the medians, and the ranges that are multiples of them."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from linewise.knowledge import Knowledge
from places import Shared

Person = tuple[float, bool]

ARMS = {  # figure: (trial of the knowledge, {arm of the figure: side of the trial}, why the median may differ)
    "BOLERO2_1": ("bolero-2", {"eve_exe": "treatment", "pbo_exe": "control"}, ""),
    "CLEOPATRA_2A": ("cleopatra", {"pertuzumab": "treatment", "control": "control"}, ""),
    "NCT00337103_2A": ("study-301", {"eribulin": "treatment", "cap": "control"}, ""),
    "TH3RESA_4": (
        "th3resa",
        {"trastuzumab_emtansine": "treatment", "physicians_choice": "control"},
        "the curve is of the first interim analysis, the knowledge holds the final one",
    ),
}
LINE = 0.1
"""A curve is read from a printed figure: a tenth of the median is within the width of its line."""
FEWEST_CURVES = 10


def curve(path: Path) -> dict[str, list[Person]]:
    arms: dict[str, list[Person]] = {}
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            arms.setdefault(row["arm"], []).append((float(row["time"]), row["event"] in ("1", "1.0", "TRUE", "True")))
    return arms


def alive_until(people: list[Person], share: int) -> float | None:
    """The Kaplan-Meier time after which `share` of 100 people are left; None where the curve ends before."""
    surviving, at_risk = 1.0, len(people)
    for time, event in sorted(people, key=lambda one: (one[0], not one[1])):
        if event:
            surviving *= 1 - 1 / at_risk
        at_risk -= 1
        if surviving <= share / 100:
            return time
    return None


def test_the_medians_shown_are_those_of_the_curves(knowledge: Knowledge, shared: Shared) -> None:
    folder, differences = shared / "records/kmdata/ipd", []
    for figure, (trial, arms, why) in ARMS.items():
        (result, *_) = [one for one in knowledge.evidence[trial].results if one.endpoint == "OS"]
        for arm, side in arms.items():
            ours, theirs = getattr(result, side), alive_until(curve(folder / f"{figure}.csv")[arm], 50)
            if theirs is None or abs(ours - theirs) > max(LINE * ours, 1.0):
                differences.append(f"{trial}, {arm}: knowledge {ours:g}, curve {theirs}{f' ({why})' if why else ''}")
    assert differences == [
        "th3resa, trastuzumab_emtansine: knowledge 22.7, curve None (the curve is of the first interim analysis, the knowledge holds the final one)"
    ], "list a difference in docs/outlook.md with its reason, or mend the figure"


def test_the_multiples_come_near_the_curves(knowledge: Knowledge, shared: Shared) -> None:
    """On every metastatic survival curve at hand that reaches so far: how often a multiple of its own median is near the curve.

    The papers counted on other curves. Here no share may be below the lowest that the knowledge states for that end; an end that few curves
    reach (the best case) is not judged.
    """
    with (shared / "records/kmdata/kmdata_key_all.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = [
        row["name"]
        for row in rows
        if (row["Cancer"], row["Metastatic"], row["Outcome"]) == ("Breast", "Metastatic", "OS")
        and not re.match("RECOURSE", row["name"])
    ]
    low, high = knowledge.outlook.near
    near: dict[str, list[bool]] = {}
    for name in names:
        path = shared / "records/kmdata/ipd" / f"{name}.csv"
        for people in curve(path).values():
            median = alive_until(people, 50)
            for one in knowledge.outlook.scenarios:
                time = alive_until(people, one.alive)
                if median is not None and time is not None and time > 0:
                    near.setdefault(one.id, []).append(low <= one.times * median / time <= high)
    counted = {end: (sum(found), len(found)) for end, found in near.items()}
    judged = {end: right / total for end, (right, total) in counted.items() if total >= FEWEST_CURVES}
    assert set(judged) >= {"worst", "lower", "upper"}, counted
    for end, share in judged.items():
        assert 100 * share >= min(one.share[end] for one in knowledge.outlook.checked if end in one.share), counted
