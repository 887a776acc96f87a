"""How often side effects occur with an option and with its comparator, side by side, from the trials that the option rests on."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from linewise.knowledge import Knowledge
from linewise.knowledge.model import EffectRate, Trial


class Rate(msgspec.Struct, kw_only=True):
    """One effect in one trial, in percent of people; severe is CTCAE grade 3 or worse. None where it is not known."""

    option: str
    trial: str
    effect: str
    label: str
    treatment: float | None
    severe: float | None
    control: float | None
    control_severe: float | None
    control_label: str
    note: str = ""
    sources: list[str] = []
    review: str | None = None


def rates(options: Iterable[str], knowledge: Knowledge) -> list[Rate]:
    """The effects of these options (treatment ids), the most frequent first; one row for each trial that counted it."""
    found = []
    for name in options:
        for trial_id in knowledge.treatments[name].evidence:
            trial = knowledge.evidence.get(trial_id)
            if trial is not None:
                found += [_rate(name, trial, one, knowledge) for one in trial.effects]
    highest: dict[str, float] = {}
    for one in found:
        highest[one.effect] = max(highest.get(one.effect, 0.0), one.treatment or one.severe or 0.0)
    return sorted(found, key=lambda one: (-highest[one.effect], one.effect, one.option, one.trial))


def options_named(name: str, knowledge: Knowledge) -> list[str]:
    """The options that a name means: an option's id, or every option with that drug and with counted effects."""
    if name in knowledge.treatments:
        return [name]
    drug = knowledge.find_drug(name)
    counted = {id_ for id_, trial in knowledge.evidence.items() if trial.effects}
    return [id_ for id_, one in knowledge.treatments.items() if drug in one.drugs and counted & set(one.evidence)]


def _rate(option: str, trial: Trial, one: EffectRate, knowledge: Knowledge) -> Rate:
    effect = knowledge.content.effects.get(one.effect)
    group = f"{one.group}; " if one.group else ""
    return Rate(
        option=option,
        trial=trial.name,
        effect=one.effect,
        label=(effect.plain_name or effect.label) if effect else one.effect,
        treatment=one.treatment,
        severe=one.treatment_severe,
        control=one.control,
        control_severe=one.control_severe,
        control_label=trial.control.label if trial.control else "",
        note=f"{group}{one.note or ''}".strip("; "),
        sources=list(one.source),
        review=one.review,
    )
