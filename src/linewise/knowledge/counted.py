"""Which counts of side effects speak of an option: those of its own trials, and for what these did not count, those of its drugs elsewhere.

A trial counts two arms. What was counted in the arm of others is told of them, never of the arm that a trial is named after.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from .book import Knowledge
from .model import EffectRate, Treatment, Trial

ENOUGH = 3
"""Effects with a frequency that an option must have before its side effects count as entered."""


class Count(msgspec.Struct, frozen=True):
    """One effect in one arm of a trial, turned so that `rate.treatment` is that arm; `beside` names the other one."""

    trial: Trial
    rate: EffectRate
    beside: str
    own: bool

    @property
    def told(self) -> bool:
        """Whether it says how often."""
        return self.rate.treatment is not None or self.rate.treatment_severe is not None or self.rate.often is not None


def counted(treatment: Treatment, knowledge: Knowledge) -> list[Count]:
    """Every count that speaks of an option.

    The option's own trials go before. An effect whose frequency none of them gives is taken from where the same drugs were counted, the
    combination with most of them first. So no figure of a drug alone stands where the option itself was counted.
    """
    drugs, own = drugs_of(treatment), set(treatment.evidence)
    found = [
        one
        for name in treatment.evidence
        if name in knowledge.evidence
        for one in _counts(knowledge.evidence[name], drugs, knowledge, own=True)
    ]
    known = {one.rate.effect for one in found if one.rate.treatment is not None}
    return found + [one for one in counted_with(drugs, knowledge, known) if one.trial.id not in own]


def counted_with(drugs: Iterable[str], knowledge: Knowledge, known: Iterable[str] = ()) -> list[Count]:
    """Every count of arms that were given nothing but these drugs, the largest combination first; effects that are known are left out."""
    among, told = set(drugs), set(known)
    by_size: dict[int, list[Count]] = defaultdict(list)
    for trial in knowledge.evidence.values():
        for one in _counts(trial, among, knowledge, own=False):
            by_size[_size(trial, one)].append(one)
    found: list[Count] = []
    for size in sorted(by_size, reverse=True):
        here = [one for one in by_size[size] if one.rate.effect not in told]
        found += here
        told |= {one.rate.effect for one in here if one.rate.treatment is not None}
    return found


def drugs_of(treatment: Treatment) -> set[str]:
    """The drugs of an option, with those among which there is a choice."""
    return {*treatment.drugs, *(drug for partner in treatment.partners for drug in partner.one_of)}


def tested(trial: Trial, treatment: Treatment, knowledge: Knowledge) -> bool:
    """Whether an option is what a trial tested, not what it was compared with: only then is what the trial found said of it."""
    return arm_of(trial, drugs_of(treatment), knowledge, own=True) == "treatment"


def gaps(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """What is left empty, as owner and message: an option of drugs whose side effects nobody entered, or with none that is serious."""
    for name, treatment in knowledge.treatments.items():
        offered = any(one.decides_in(None) for one in treatment.standing)
        if treatment.kind not in ("systemic", "bone") or not offered or not drugs_of(treatment) - {"current"}:
            continue
        rows = counted(treatment, knowledge)
        frequent = {one.rate.effect for one in rows if one.told}
        if len(frequent) < ENOUGH:
            yield (
                f"treatments/{name}",
                f"side effects: {len(frequent)} of {ENOUGH} have a frequency; enter them in evidence/labels/",
            )
        elif not any(one.rate.serious for one in rows):
            yield f"treatments/{name}", "side effects: none is marked as serious (`serious: true`)"


def _counts(trial: Trial, drugs: set[str], knowledge: Knowledge, own: bool) -> Iterator[Count]:
    """The counts of the arm that was given these drugs. A trial of the option itself may have given more to all."""
    arm = arm_of(trial, drugs, knowledge, own)
    if arm is None:
        return
    beside = trial.control if arm == "treatment" else trial.treatment
    for one in trial.effects:
        rate = one if arm == "treatment" else _turned(one)
        count = Count(trial, rate, beside.label if beside else "", own)
        if arm == "treatment" or count.told:
            yield count


def arm_of(trial: Trial, drugs: set[str], knowledge: Knowledge, own: bool) -> Literal["treatment", "control"] | None:
    """The arm that these drugs are, of a trial of the option's `own` or of any; None where they are neither. A class in it ("with chemotherapy") may be any of them, beside a drug that is named."""
    treatment = trial.treatment.drugs if trial.treatment else ()
    control = trial.control.drugs if trial.control else ()
    named = drugs & set(treatment)
    if named and all(_among(one, drugs, knowledge) for one in treatment):
        return "treatment"
    if control and drugs.issuperset(control):
        return "control"
    if not own:
        return None
    if not treatment or named or any(_among(one, drugs, knowledge) for one in treatment):
        return "treatment"
    return "control"  # a trial of the option that gave none of its drugs to those it is named after


def _turned(one: EffectRate) -> EffectRate:
    return msgspec.structs.replace(
        one,
        treatment=one.control,
        treatment_severe=one.control_severe,
        control=one.treatment,
        control_severe=one.treatment_severe,
        often=None,
        serious=False,
    )


def _size(trial: Trial, one: Count) -> int:
    arm = trial.control if trial.treatment is not None and one.beside == trial.treatment.label else trial.treatment
    return len(arm.drugs) if arm else 0


def _among(name: str, drugs: set[str], knowledge: Knowledge) -> bool:
    """Whether a drug or class that a trial gave is one of these."""
    return name in drugs or (name in knowledge.classes and any(knowledge.is_a(one, name) for one in drugs))
