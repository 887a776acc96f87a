"""How often side effects occur with an option and with its comparator, side by side, and whose names lead to them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from linewise.knowledge import Knowledge
from linewise.knowledge.counted import Count, counted, counted_with, drugs_of
from linewise.knowledge.model import Often

OFTEN: dict[Often, str] = {
    "very-common": "in 10 or more of 100 people",
    "common": "in 1 to 10 of 100 people",
    "uncommon": "in fewer than 1 of 100 people",
    "rare": "in fewer than 1 of 1,000 people",
}
"""The classes of frequency of a European label, in words."""
_LEAST: dict[Often, float] = {"very-common": 10.0, "common": 1.0, "uncommon": 0.1, "rare": 0.01}
"""The smallest share of people that each class stands for, in percent: where it goes among figures."""


class Rate(msgspec.Struct, kw_only=True):
    """One effect in one trial, in percent of people; severe is CTCAE grade 3 or worse. None where it is not known.

    `often` is the label's class of frequency, where it gives no figure. `own` is false where the figure was counted with a part of the
    option, or with the same drugs elsewhere.
    """

    option: str
    trial: str
    effect: str
    label: str
    treatment: float | None
    severe: float | None
    control: float | None
    control_severe: float | None
    control_label: str
    often: str = ""
    serious: bool = False
    own: bool = True
    note: str = ""
    sources: list[str] = []
    review: str | None = None


def rates(options: Iterable[str], knowledge: Knowledge) -> list[Rate]:
    """The effects of these options (treatment ids), the most frequent first; one row for each trial that counted it."""
    found = []
    for name in options:
        found += [_rate(name, one, knowledge) for one in counted(knowledge.treatments[name], knowledge)]
    return _in_order(found)


def rates_of_drug(drug: str, knowledge: Knowledge) -> list[Rate]:
    """The effects of one drug: as counted with it alone, and for what was not, with the options that contain it."""
    alone = [_rate("", one, knowledge) for one in counted_with([drug], knowledge)]
    known = {one.effect for one in alone if one.treatment is not None}
    within = [
        _rate(name, one, knowledge)
        for name, option in knowledge.treatments.items()
        if drug in drugs_of(option)
        for one in counted(option, knowledge)
        if one.rate.effect not in known and (one.own or (one.trial.treatment and drug in one.trial.treatment.drugs))
    ]
    return _in_order(alone + within)


def rates_of_effect(effect: str, knowledge: Knowledge) -> list[Rate]:
    """Where one effect was counted: a row for each trial or label."""
    found = []
    for trial in knowledge.evidence.values():
        label = trial.control.label if trial.control else ""
        found += [_rate("", Count(trial, one, label, True), knowledge) for one in trial.effects if one.effect == effect]
    return _in_order(found)


def options_named(name: str, knowledge: Knowledge) -> list[str]:
    """The options that a name means: an option's id or title, or every option with that drug or with a drug of that class."""
    if name in knowledge.treatments:
        return [name]
    titled = [id_ for id_, one in knowledge.treatments.items() if one.title.casefold() == name.casefold()]
    drug = knowledge.find_drug(name)
    if titled or drug is None:
        return titled
    return [
        id_
        for id_, one in knowledge.treatments.items()
        if any(each == drug or knowledge.is_a(each, drug) for each in drugs_of(one))
    ]


def strongest(found: Iterable[Rate]) -> list[Rate]:
    """One row an effect: of several the one with the highest share, so that nothing looks rarer than it was."""
    best: dict[str, Rate] = {}
    for one in found:
        if one.effect not in best or _share(one) > _share(best[one.effect]):
            best[one.effect] = one
    return list(best.values())


def _share(one: Rate) -> float:
    least = next((share for name, share in _LEAST.items() if OFTEN[name] == one.often), 0.0)
    return one.treatment or one.severe or least


def _in_order(found: list[Rate]) -> list[Rate]:
    highest: dict[str, float] = {}
    for one in found:
        highest[one.effect] = max(highest.get(one.effect, 0.0), _share(one))
    return sorted(found, key=lambda one: (-highest[one.effect], one.effect, one.option, one.trial))


def _rate(option: str, count: Count, knowledge: Knowledge) -> Rate:
    one, trial = count.rate, count.trial
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
        control_label=count.beside,
        often=OFTEN[one.often] if one.often else "",
        serious=one.serious,
        own=count.own,
        note=f"{group}{one.note or ''}".strip("; "),
        sources=list(one.source),
        review=one.review or (trial.review if isinstance(trial.review, str) else None),
    )
