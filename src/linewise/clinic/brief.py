"""What every face of the clinic shows of a plan, taken from it once: cards, team's page, sheet, REST and assistants cannot say different things."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from linewise.plan import Plan
from linewise.plan.model import OFFERED, Action, Caution, Option, Status, TrialToAsk
from linewise.plan.words import UNCONFIRMED
from linewise.trials.ask import depends as depends_on
from linewise.trials.ask import places


class Line(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One option as a line: its status, why, who stands behind it, what it showed, what to know, with the sources that it cites."""

    id: str
    title: str
    status: Status
    kind: str
    drugs: list[str]
    reason: str
    standing: list[str] = []
    evidence: list[str] = []
    cautions: list[str] = []
    depends_on: list[str] = []
    sources: list[str] = []
    unconfirmed: str = ""


STATUS: dict[Status, str] = {
    "preferred": "fits, named first",
    "suitable": "fits",
    "depends": "depends on what is not known",
    "unsuitable": "must not be given",
    "not-indicated": "does not fit",
}
"""A status in words."""


def line(plan: Plan, name: str) -> Line:
    """One option, by its id."""
    return of(plan, plan.option(name, brief=True))


def of(plan: Plan, option: Option) -> Line:
    """The line of an option of a plan."""
    regions = plan.knowledge.around(option.region or plan.region)
    stands = [
        one for one in option.standing if one.in_force and one.applies is not False and (not regions or one.region in regions)
    ]
    said = dict.fromkeys(
        f"{one.body}: {one.statement}{f' ({one.strength})' if one.strength else ''}, since {one.since}" for one in stands
    )
    mine = [one for one in option.cautions if one.applies is not False]
    return Line(
        id=option.id,
        title=option.title,
        status=option.status,
        kind=option.kind,
        drugs=list(option.drugs),
        reason=option.reason,
        standing=list(said),
        evidence=[f"{one.trial}: {one.result}" for one in option.evidence if one.result],
        cautions=list(dict.fromkeys(caution(plan, one) for one in mine)),
        depends_on=list(option.depends_on),
        sources=_sources(option, [one.source for one in stands], mine),
        unconfirmed=UNCONFIRMED if option.review else "",
    )


def caution(plan: Plan, one: Caution) -> str:
    """`examplinib: prolongs QT (contraindicated)`, and whether it is known to apply."""
    doubt = "" if one.applies else ", not known whether it applies"
    return f"{plan.knowledge.label(one.drug)}: {one.text} ({one.severity}{doubt})"


def _sources(option: Option, standing: Iterable[str], cautions: Iterable[Caution]) -> list[str]:
    found = [*option.sources, *standing, *(name for one in option.evidence for name in one.sources)]
    return list(dict.fromkeys([*found, *(name for one in cautions for name in one.sources)]))


def statuses(plan: Plan) -> dict[str, Status]:
    """The status of every option that could be shown; empty where the record is not of metastatic breast cancer."""
    return {name: one.status for name, one in plan.judged.items()}


def offered(plan: Plan) -> list[Line]:
    return [of(plan, one) for one in plan.with_status(*OFFERED, brief=True)]


def depends(plan: Plan) -> list[Line]:
    return [of(plan, one) for one in plan.with_status("depends", brief=True)]


def cited(plan: Plan, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The sources under these ids: title, publisher, date, address; what is not known is left out."""
    found = {}
    for name, one in plan.knowledge.sources_of(tuple(dict.fromkeys(ids))).items():
        known = {"title": one.title, "publisher": one.publisher, "date": one.date.text if one.date else None, "url": one.url}
        found[name] = {key: value for key, value in known.items() if value}
    return found


def citation(plan: Plan, ids: Iterable[str], most: int = 3) -> list[str]:
    """`FDA: Examplinib, 2023-01-27, https://…`, for a line of text."""
    parts = [", ".join(str(one[key]) for key in ("title", "date", "url") if key in one) for one in cited(plan, ids).values()]
    return parts[:most]


def trial_words(one: TrialToAsk) -> str:
    """A trial to ask about, in words."""
    phase = f" ({one.phase})" if one.phase else ""
    return f"{one.id}: {one.title}{phase}, {places(one)}. {_sentence(one.ask)} {_sentence(depends_on(one))}"


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def interrupted(plan: Plan) -> list[tuple[str, Action, list[str], list[str]]]:
    """Each drug that is taken now and does not simply go on: words, what becomes of it, the rules behind it, their sources."""
    found: list[tuple[str, Action, list[str], list[str]]] = []
    for one in plan.going_on:
        if one.action != "goes-on":
            rules = [f"{rule.text}{f' ({rule.because})' if rule.because else ''}" for rule in one.rules]
            found.append((one.words, one.action, rules, [name for rule in one.rules for name in rule.sources]))
    return found
