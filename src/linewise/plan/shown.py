"""What every face says alike: the choice and the wording of what a plan holds, for terminal, pages and reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .make import Plan
from .model import Caution, Fact, Option, Standing

KINDS = {
    "systemic": "Treatment of the whole body",
    "local": "Treatment in one place",
    "bone": "Bone protection",
    "supportive": "Support and comfort",
}
STATUS = {
    "preferred": "Fits, named first by guidelines",
    "suitable": "Fits",
    "depends": "Depends on what is still unknown",
    "unsuitable": "Not possible now",
    "not-indicated": "Does not fit",
}
ACTS = {"emergency": "Now", "same-day": "Today", "next-visit": "At your next visit"}
SEVERITY = {"contraindicated": "Must not", "major": "Take care", "moderate": "Note"}
TOGETHER = {"contraindicated": "must not go together", "major": "take care", "moderate": "note"}
"""The same of two that meet."""
ADVISED = {"never-together": "Do not take together", "avoid": "Avoid together"}
"""Where a label itself says so of two that meet, its words are told, not only how bad it is."""


def together(severity: str, advice: str | None) -> str:
    """How strong a warning about two that meet is, in words that begin a sentence. A ban stays a ban."""
    return ADVISED[advice] if advice in ADVISED and severity != "contraindicated" else SEVERITY[severity]


def together_inside(severity: str, advice: str | None) -> str:
    """The same behind the names of both."""
    return ADVISED[advice].lower() if advice in ADVISED and severity != "contraindicated" else TOGETHER[severity]


def listed(names: Sequence[str]) -> str:
    """Names as one phrase: `a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def where(region: str | None, regions: Sequence[str]) -> str:
    """Of which region a plan speaks: `EU`, or `the best of US, EU, UK and DE` where none is named."""
    return region or f"the best of {listed(regions)}"


def known_facts(plan: Plan, always: Iterable[str] = ()) -> list[Fact]:
    """The facts to show: those that are known, and of some also that they are not."""
    return [fact for fact in plan.facts if fact.known or fact.id in always]


def standing_here(option: Option, plan: Plan) -> list[Standing]:
    """Who says so, where this person lives, today."""
    here = plan.knowledge.around(plan.region or option.region)
    return [one for one in option.standing if one.in_force and one.applies and one.region in here]


def cautions_for_me(cautions: Iterable[Caution]) -> list[Caution]:
    """What holds for this person: the personal before what holds for everybody, and of each the strongest first."""
    return sorted((one for one in cautions if one.applies is True), key=lambda one: (one.always, level(one.severity, one.advice)))


_LEVELS = ("contraindicated", "never-together", "avoid", "major", "moderate")


def level(severity: str, advice: str | None) -> int:
    """The place of a warning, strongest first: what a label itself forbids or says to avoid stands before what is only bad."""
    return min(_LEVELS.index(word) for word in (severity, advice) if word)


def cautions_open(cautions: Iterable[Caution]) -> list[Caution]:
    """What may hold: not known yet."""
    return [one for one in cautions if one.applies is None]
