"""Medians and hazard ratios agree with digitised trial curves that others made, where both exist."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from linewise.knowledge import open_knowledge
from linewise.knowledge.model import Result, Trial
from places import SHARED

KMDATA = SHARED / "records" / "kmdata"
KEY = KMDATA / "kmdata_key_all.csv"
pytestmark = pytest.mark.skipif(not KEY.is_file(), reason="the digitised trial curves are not beside this checkout")

# A curve is read from a printed figure: a month, or a tenth of the median, is within the width of its line.
_ABSOLUTE, _RELATIVE = 1.0, 0.1
_ENDPOINTS = {"PFS": "PFS", "OS": "OS", "TTP": "PFS"}


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", re.sub(r"\(.*?\)", "", name.lower()))


def _curves() -> list[tuple[str, str, str, list[float | None]]]:
    """Figure, trial, endpoint, and the median of each arm, of metastatic trials whose time is in months."""
    with KEY.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["Cancer"] == "Breast" and row["Outcome"] in _ENDPOINTS]
    found = []
    for row in rows:
        path = KMDATA / "ipd" / f"{row['name']}.csv"
        if path.exists() and row["Units"].lower().startswith("month"):
            found.append((row["name"], row["ClinicalTrial"], _ENDPOINTS[row["Outcome"]], _medians(path)))
    return found


def _medians(path: Path) -> list[float | None]:
    """The Kaplan-Meier median of each arm."""
    arms: dict[str, list[tuple[float, bool]]] = {}
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            arms.setdefault(row["arm"], []).append((float(row["time"]), row["event"] in ("1", "1.0", "TRUE", "True")))
    return [_median(people) for people in arms.values()]


def _median(people: list[tuple[float, bool]]) -> float | None:
    surviving, at_risk = 1.0, len(people)
    for time, event in sorted(people, key=lambda pair: (pair[0], not pair[1])):
        if event:
            surviving *= 1 - 1 / at_risk
        at_risk -= 1
        if surviving <= 0.5:
            return time
    return None


def _matches(result: Result, medians: list[float | None]) -> bool:
    ours = sorted(value for value in (result.treatment, result.control) if isinstance(value, int | float))
    theirs = sorted(value for value in medians if value is not None)
    return bool(ours) and all(any(abs(a - b) <= max(_ABSOLUTE, _RELATIVE * b) for b in theirs) for a in ours)


def _same(trial: Trial, name: str) -> bool:
    plain = _plain(name)
    return plain in {_plain(trial.name), _plain(trial.id), _plain(trial.nct or "-")}


# Curves of another analysis than the one that the knowledge holds.
SUPERSEDED = {
    "MONALEESA2_1": "first interim analysis, median not reached; the knowledge holds the later one",
    "TH3RESA_4": "first interim analysis of survival; the knowledge holds the final one",
    "PALOMA2_1A": "by central review; the knowledge holds the assessment of the investigators, the trial's primary endpoint",
}


@pytest.mark.parametrize(
    ("figure", "name", "endpoint", "medians"), _curves() if KEY.is_file() else [], ids=lambda value: str(value)[:24]
)
def test_our_medians_are_those_of_the_curve(figure: str, name: str, endpoint: str, medians: list[float | None]) -> None:
    trials = [trial for trial in open_knowledge().evidence.values() if _same(trial, name)]
    results = [
        one for trial in trials for one in trial.results if one.endpoint == endpoint and isinstance(one.treatment, int | float)
    ]
    if not results:
        pytest.skip(f"{name} {endpoint}: not in the knowledge")
    if figure in SUPERSEDED:
        pytest.skip(SUPERSEDED[figure])
    shown = [(one.group, one.treatment, one.control) for one in results]
    assert any(_matches(one, medians) for one in results), f"{name} {endpoint}: curve {medians}, knowledge {shown}"
