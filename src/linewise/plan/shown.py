"""What every face says alike: the choice and the wording of what a plan holds, for terminal, pages and reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .make import Plan
from .model import Fact


def listed(names: Sequence[str]) -> str:
    """Names as one phrase: `a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def where(region: str | None, regions: Sequence[str]) -> str:
    """Of which region a plan speaks: `EU`, or `the best of US, EU, UK and DE` where none is named."""
    return region or f"the best of {listed(regions)}"


def known_facts(plan: Plan, always: Iterable[str] = ()) -> list[Fact]:
    """The facts to show: those that are known, and of some also that they are not."""
    return [fact for fact in plan.facts if fact.known or fact.id in always]
