"""In which order the offered options stand, and why: a guideline's position, then the evidence, then the days in hospital.

Each rank is a fact that the plan can name in one clause. There is no score: the ranks are compared one after the other, and where all of
them are equal the options are equal and stand by their names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from linewise.knowledge import Knowledge
from linewise.knowledge.model import PLACES, Place, Region, Result, Statement, Treatment, Trial
from linewise.logic import Decider

_SURVIVAL, _PROGRESSION, _RESPONSE = frozenset({"OS"}), frozenset({"PFS", "TTP", "EFS"}), frozenset({"ORR"})
_NO_PLACE, _NO_EVIDENCE = len(PLACES), 3
_FOUR_WEEKS = 28


class Rank(msgspec.Struct, frozen=True):
    """Where an option stands among those of its kind and status. Lower comes first; `visits` are days in hospital in four weeks."""

    place: int
    evidence: int
    visits: float
    because: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[int, int, float]:
        return (self.place, self.evidence, self.visits)


def placed(deciding: Iterable[tuple[Statement, bool | None]], region: Region) -> list[Statement]:
    """The statements that give an option a place here and hold. What the region's own bodies say counts before what it takes over."""
    found = [one for one, holds in deciding if holds is True and one.position is not None]
    own = [one for one in found if region in one.region]
    return own or found


def rank(treatment: Treatment, places: Sequence[Statement], decider: Decider, knowledge: Knowledge) -> Rank:
    """The rank of an option, with a clause for each step that says something."""
    because = []
    best = min(places, key=lambda one: PLACES.index(_place(one)), default=None)
    if best is not None:
        because.append(f"{_PLACE_WORDS[_place(best)]} by {best.body} ({best.since.text})")
    trials = [knowledge.evidence[name] for name in treatment.evidence if name in knowledge.evidence]
    trials = [one for one in trials if _of_this(one, treatment)]
    evidence, trial = min(
        ((_strength(one), one.name) for one in trials if like_this(one, decider) is not False), default=(_NO_EVIDENCE, "")
    )
    if trial and evidence < _NO_EVIDENCE:
        because.append(f"{_EVIDENCE_WORDS[evidence]} in {trial}")
    visits = visits_in_four_weeks(treatment)
    return Rank(PLACES.index(_place(best)) if best is not None else _NO_PLACE, evidence, visits, tuple(because))


def like_this(trial: Trial, decider: Decider) -> bool | None:
    """Whether the people of a trial were like this person, where the trial says who they were; None where that is not known."""
    return decider.value(trial.people) if trial.people is not None else None


def visits_in_four_weeks(treatment: Treatment) -> float:
    """Days with a drip or an injection in four weeks, as the regimen has it. Tablets need none."""
    days: dict[int, set[int]] = {}
    for dose in treatment.regimen:
        if dose.cycle and dose.days and dose.route != "oral":
            days.setdefault(dose.cycle, set()).update(dose.days)
    return round(sum(len(found) * _FOUR_WEEKS / cycle for cycle, found in days.items()), 2)


def _of_this(trial: Trial, treatment: Treatment) -> bool:
    """Whether the option is what a trial tested, and not what it was compared with."""
    given = {*treatment.drugs, *(drug for partner in treatment.partners for drug in partner.one_of)}
    return trial.treatment is not None and set(trial.treatment.drugs) <= given


def _place(one: Statement) -> Place:
    assert one.position is not None
    return one.position


def _strength(trial: Trial) -> int:
    """What a trial showed: longer life (0), longer without growth (1), or that the cancer shrank (2)."""
    if any(_shown(one, _SURVIVAL) for one in trial.results):
        return 0
    if any(_shown(one, _PROGRESSION) for one in trial.results):
        return 1
    return 2 if any(one.endpoint in _RESPONSE for one in trial.results) else _NO_EVIDENCE


def _shown(one: Result, endpoints: frozenset[str]) -> bool:
    return one.proven and one.endpoint in endpoints and one.ci is not None and one.ci[1] < 1


_PLACE_WORDS: dict[Place, str] = {
    "first": "named as the first choice",
    "preferred": "named as preferred",
    "recommended": "recommended",
    "alternative": "named as an alternative",
    "possible": "named as possible",
}
_EVIDENCE_WORDS = {0: "people lived longer", 1: "longer without growth", 2: "the cancer shrank"}
