"""Whose figures are this person's: the people of a trial, the group that was counted, and whom trials leave out. Unknown is never a match."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from linewise.knowledge import Knowledge
from linewise.knowledge.model import Arm, Result, Trial
from linewise.logic import Decider, Explanation
from linewise.plan.words import Words
from linewise.record.lines import role

from .model import Like, Why


class Standpoint(msgspec.Struct):
    """One person on one day: today, or the day before the treatment of now began."""

    decider: Decider
    words: Words


class Fit(msgspec.Struct):
    """A result that speaks of this person; `not_known`: what is not known of them, or was taken from the record's silence."""

    result: Result
    like: Like
    not_known: list[str]


class Unfit(msgspec.Struct):
    """Why none does."""

    why: Why
    text: str = ""
    group: str = ""


def fitting(trial: Trial, results: list[Result], standpoint: Standpoint) -> Fit | Unfit:
    """The result of the people most like this one: those of a group before those of the whole trial."""
    decider, words = standpoint.decider, standpoint.words
    if trial.people is None:
        return Unfit("not-known", trial.population or trial.name)
    like = decider.value(trial.people)
    explained = decider.explain(trial.people)
    if like is not True:
        return Unfit("not-like" if like is False else "not-known", words.reasons(explained, 2))
    mine = [one for one in results if one.group and one.people is not None and decider.value(one.people) is True]
    mine += [one for one in results if not one.group]
    if not mine:
        return Unfit("other-group", group=next((one.group for one in results if one.group), ""))
    result = mine[0]
    assumed = list(dict.fromkeys(_assumed(explained, words)))
    if result.people is not None:
        assumed += _assumed(decider.explain(result.people), words)
    return Fit(result, "in-part" if assumed else "yes", list(dict.fromkeys(assumed)))


def left_out(knowledge: Knowledge, decider: Decider) -> str | None:
    """What is told to people whom trials leave out, or None."""
    return next((one.plain for one in knowledge.outlook.limits if decider.value(one.when) is True), None)


def not_told(knowledge: Knowledge, standpoint: Standpoint) -> list[str]:
    """What is not known of this person and would tell whether trials leave them out."""
    decider = standpoint.decider
    unknown = [one.when for one in knowledge.outlook.limits if decider.value(one.when) is None]
    found = [standpoint.words.reasons(decider.explain(when), 1) for when in unknown]
    return list(dict.fromkeys(one for one in found if one))


def is_arm(arm: Arm | None, drugs: frozenset[str], options: frozenset[str], knowledge: Knowledge) -> bool:
    """Whether an arm was given just these drugs, and of those among which there is a choice (`options`) no other."""
    if arm is None or not arm.drugs:
        return False
    makers = {drug for drug in drugs if role(knowledge, drug) == "makes"}
    given = drugs | options
    return bool(makers) and (
        all(any(_is(drug, name, knowledge) for drug in given) for name in arm.drugs)
        and all(any(_is(drug, name, knowledge) for name in arm.drugs) for drug in makers)
    )


def _is(drug: str, name: str, knowledge: Knowledge) -> bool:
    return drug == name or (name in knowledge.classes and knowledge.is_a(drug, name))


def _assumed(explained: Explanation, words: Words) -> Iterator[str]:
    for leaf in explained.reasons():
        if leaf.assumed:
            yield words.leaf(leaf)
