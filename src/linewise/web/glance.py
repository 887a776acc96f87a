"""What a page shows of a plan: chosen and grouped, never decided or worded anew."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from linewise.knowledge import Knowledge
from linewise.knowledge.counted import tested
from linewise.knowledge.model import Result, Trial
from linewise.plan import Plan
from linewise.plan.given import ROUTES as ROUTES
from linewise.plan.given import routes as routes
from linewise.plan.given import taken as taken
from linewise.plan.interactions import Interaction
from linewise.plan.model import Because, Caution, Option, Standing
from linewise.plan.shown import ACTS as ACTS
from linewise.plan.shown import KINDS as KINDS
from linewise.plan.shown import SEVERITY as SEVERITY
from linewise.plan.shown import STATUS as STATUS
from linewise.plan.shown import cautions_for_me as cautions_for_me
from linewise.plan.shown import cautions_open as cautions_open
from linewise.plan.shown import known_facts as known_facts
from linewise.plan.shown import listed
from linewise.plan.shown import standing_here as standing_here
from linewise.plan.shown import together as together
from linewise.plan.shown import where as where
from linewise.plan.side_effects import rates, strongest


def standing_elsewhere(option: Option, plan: Plan) -> list[Standing]:
    """All other statements: other regions, other days, other groups of people."""
    mine = [id(one) for one in standing_here(option, plan)]
    return [one for one in option.standing if id(one) not in mine]


def only_in(plan: Plan, option: Option) -> str:
    """Where nobody said where they are treated: in which places an offered option is used, unless it is in all of them."""
    if plan.region or not option.offered:
        return ""
    found: list[str] = list(plan.offered_in(option.id))
    if len(found) == len(plan.knowledge.regions):
        return ""
    places = plan.knowledge.content.regions
    names = [places[name].short for name in found if not set(places[name].also) & set(found)]
    return f"Only in {listed(names)}."


def for_me(one: Caution | Interaction, knowledge: Knowledge) -> str:
    """A warning in the reader's words. What was written for those who prescribe never reaches them: then it only says that there is something."""
    if one.plain:
        return one.plain
    words = knowledge.guide.unworded
    if isinstance(one, Interaction):
        return words["interaction"]
    return words["contraindicated" if one.severity == "contraindicated" else "caution"]


def checks(option: Option) -> list[str]:
    """What has to be known before an option starts, in words."""
    return sorted({check for caution in option.cautions if caution.applies is None for check in caution.check})


def lead(text: str) -> str:
    """The first sentence of a text: what a card has room for; the whole stands on the page of the option."""
    return re.split(r"(?<=[.!?])\s+(?=[A-Z])", text.strip(), maxsplit=1)[0] if text else ""


def may_do(option: Option, knowledge: Knowledge) -> tuple[str, bool]:
    """What a trial of an option found, in one sentence, and whether its people were like this person; of other people nothing is shown."""
    for one in option.evidence:
        trial = knowledge.evidence.get(one.id)
        if trial is not None and one.people is not False and tested(trial, knowledge.treatments[option.id], knowledge):
            text = lead(trial.plain or "")
            if text:
                return text, one.people is True
    return "", False


class Card(msgspec.Struct):
    """What a card has room for: at most nine lines on a phone. The rest stands on the page of the option, one tap away."""

    what: str
    how: str
    does: str
    like_me: bool
    care: Caution | None
    more_care: int


_LINES, _LETTERS, _TITLE_LETTERS, _NARROW, _WHAT = 9, 34, 20, 25, 3
"""Lines of a card, letters of a line, of a title, of bold or inset text, on a phone of 360 px; lines that the stylesheet leaves to what an option is."""


def card(option: Option, knowledge: Knowledge, why: str = "", where_only: str = "") -> Card:
    """What stands on the card of an option. Reasons for care in this person come first, then figures, then a third effect."""
    mine = [one for one in cautions_for_me(option.cautions) if not one.always]
    care = mine[0] if mine else None
    what = lead(option.plain)
    left = _LINES - 1 - _rows(option.title, _TITLE_LETTERS) - min(_WHAT, _rows(what)) - _rows(where_only, _NARROW)
    if why and _rows(why, _NARROW) > left:
        what = ""
    if care is not None:
        left -= _rows(f"Take care. {lead(for_me(care, knowledge))} +1", _NARROW)
    routes_, common = routes(knowledge.treatments[option.id], knowledge), common_effects(option.id, knowledge, 3)
    how = next((one for one in (_how(routes_, common[:most]) for most in (3, 2, 1, 0)) if _rows(one) <= left), "")
    does, like_me = may_do(option, knowledge)
    if _rows(f"People like you: {does}") > left - _rows(how):
        does = ""
    return Card(what, how, does, like_me, care, max(0, len(mine) - 1))


def _how(ways: list[str], effects: list[str]) -> str:
    way = ", ".join(ways)
    often = f" Often: {', '.join(effects)}." if effects else ""
    return f"{way[:1].upper()}{way[1:]}.{often}" if way else often.strip()


def _rows(text: str, letters: int = _LETTERS) -> int:
    return -(-len(text) // letters) if text else 0


class Figure(msgspec.Struct):
    """One result of a trial that can be drawn: two arms on one scale."""

    endpoint: str
    name: str
    group: str
    unit: str
    treatment: float
    control: float | None
    treatment_label: str
    control_label: str
    sources: list[str]
    ratio: str = ""


def figures(trial: Trial, knowledge: Knowledge) -> list[Figure]:
    """The results with figures, in the order in which the trial gives them."""
    found = []
    for one in trial.results:
        if isinstance(one.treatment, int | float):
            found.append(_figure(one, trial, knowledge))
    return found


def _figure(one: Result, trial: Trial, knowledge: Knowledge) -> Figure:
    control = float(one.control) if isinstance(one.control, int | float) else None
    ratio = f"hazard ratio {one.hr:g}" if one.hr is not None else ""
    if ratio and one.ci:
        ratio += f", 95% CI {one.ci[0]:g} to {one.ci[1]:g}"
    return Figure(
        endpoint=one.endpoint,
        name=glossed(one.endpoint, knowledge),
        group=one.group or "",
        unit=one.unit or "",
        treatment=float(one.treatment),  # type: ignore[arg-type]
        control=control,
        treatment_label=trial.treatment.label if trial.treatment else "with it",
        control_label=trial.control.label if trial.control else "without it",
        sources=list(one.source),
        ratio=ratio,
    )


def glossed(word: str, knowledge: Knowledge) -> str:
    """The plain term of an abbreviation where the glossary has one, else the word itself."""
    for term in knowledge.content.glossary.values():
        if word in term.also or word == term.id:
            return term.term
    return word


def deciding(node: Because) -> list[Because]:
    """The parts that a reader needs: of an answer no, only what says no."""
    if node.value is False and node.all:
        return [part for part in node.all if part.value is False] or node.parts
    return node.parts


def cited(plan: Plan, options: Iterable[Option]) -> dict[str, dict[str, str | None]]:
    """The sources that a page cites, numbered by their order."""
    return plan.sources_of(options)


def receptors(plan: Plan) -> list[tuple[str, str, str]]:
    """The receptors for the picture: label, value in words, and the value's id (the finer level where known)."""
    found = []
    by_id = {fact.id: fact for fact in plan.facts}
    for one in plan.knowledge.content.shown.receptors:
        if one.fact not in by_id:
            continue
        fact, value = by_id[one.fact], plan.decider.fact_value(one.fact)
        level = plan.decider.fact_value(one.finer) if one.finer in by_id else None
        if isinstance(level, str) and level in one.values:
            value, words = level, by_id[one.finer].value
        else:
            words = fact.value
        found.append((fact.label, words, str(value)))
    return found


def common_effects(option: str, knowledge: Knowledge, most: int = 4) -> list[str]:
    """The names of the most frequent effects of an option."""
    return [one.label.lower() for one in strongest(rates([option], knowledge))[:most]]


def class_label(drug: str, knowledge: Knowledge) -> str:
    """The label of the first class that a drug names itself."""
    found = knowledge.drugs.get(drug)
    return next((knowledge.label(name) for name in found.classes if name in knowledge.classes), "") if found else ""
