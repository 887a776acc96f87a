"""Different people for the measurements: every so-many-th of the example cases, hard ones included, each on its day and in its region."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from linewise.bench.cases import load_cases
from linewise.exchange import Codes
from linewise.exchange.profile import read_profile
from linewise.record import Record

CASES = Path(__file__).parents[1] / "tests" / "cases"


@dataclass(frozen=True)
class Person:
    """A record, and the day and the region to plan for."""

    record: Record
    day: dt.date
    region: str | None


def people(codes: Codes, count: int = 150) -> list[Person]:
    """`count` people, spread evenly over all cases in the order of their files."""
    cases = load_cases(CASES)
    chosen = [cases[number * len(cases) // count] for number in range(count)]
    found = []
    for case in chosen:
        day = case["as_of"] if isinstance(case["as_of"], dt.date) else dt.date.fromisoformat(case["as_of"])
        region = case.get("region")
        record = read_profile(case["profile"], case["id"], codes, True)
        found.append(Person(record, day, None if region in (None, "any") else region))
    return found
