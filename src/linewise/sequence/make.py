"""Record + knowledge + day + region -> the tree of what may follow what. Pure, like the plan that it asks at every step."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import msgspec

from linewise.errors import KnowledgeError
from linewise.knowledge import Knowledge
from linewise.knowledge.model import Region
from linewise.plan import Plan, make_plan
from linewise.plan.model import OFFERED, Option, Standing
from linewise.plan.order import like_this
from linewise.plan.shown import standing_here
from linewise.record import Record

from .ahead import given, grown_on
from .model import SCHEMA, Change, Said, Sequence, Step, Study

DEPTH, WIDTH = 3, 3
"""Lines ahead, and options followed at each step: beyond that a tree says more than anybody knows."""
_OPEN = (*OFFERED, "depends")


def make_sequence(record: Record, knowledge: Knowledge, day: dt.date, region: Region | None = None) -> Sequence:
    """The tree for one record. Raises LinewiseError for a region that the knowledge does not know."""
    words = knowledge.wording.sequence
    if words is None:
        raise KnowledgeError(["wording/sequence.yaml is not in the knowledge"])
    plan = make_plan(record, knowledge, day, region)
    making = _Making(knowledge, day)
    steps, more = making.steps(plan, None, 1) if plan.scope is None else ([], 0)
    return Sequence(
        schema=SCHEMA,
        as_of=plan.as_of,
        region=plan.region,
        id=record.id,
        scope=plan.scope,
        first=[
            words.sentences["urgent"].format(title=one.title, plain=one.plain) for one in plan.urgent if one.act != "next-visit"
        ],
        before=[one.plain for one in words.before],
        behind=[one for one in plan.lines if one.setting == "metastatic"],
        steps=steps,
        more=more,
        after=[one.plain for one in words.after] if steps else [],
        sources=making.sources(),
        disclaimer=plan.disclaimer,
    )


class _Making:
    def __init__(self, knowledge: Knowledge, day: dt.date) -> None:
        self.knowledge, self.day = knowledge, day
        self.used: set[str] = set()

    def steps(self, plan: Plan, before: Plan | None, depth: int) -> tuple[list[Step], int]:
        """The first options of a plan, each followed as far as the tree goes, and how many more there are.

        `before` is the plan without the line that led here.
        """
        options = _systemic(plan)
        found = [self._step(option, plan, before, depth) for option in options[:WIDTH]]
        _mark_common([one.closes for one in found])
        _mark_common([one.opens for one in found])
        return found, len(options) - len(found)

    def _step(self, option: Option, plan: Plan, before: Plan | None, depth: int) -> Step:
        treatment = self.knowledge.treatments[option.id]
        step = Step(
            option=option.id,
            title=option.title,
            depth=depth,
            status=option.status,
            drugs=list(given(treatment)) or [drug for line in plan.lines if line.ongoing for drug in line.drugs],
            depends=option.reason if option.status == "depends" else "",
            says=self._says(option, plan),
            studies=self._studies(option, plan, before),
        )
        if depth < DEPTH:
            ahead = make_plan(grown_on(plan, treatment, self.day), self.knowledge, self.day, plan.region)
            self._changes(step, plan, ahead)
            step.next, step.more = self.steps(ahead, plan, depth + 1)
        return step

    def _says(self, option: Option, plan: Plan) -> list[Said]:
        found = [
            Said(
                body=one.body,
                region=one.region,
                statement=one.statement.removesuffix("."),
                since=one.since,
                source=one.source,
                review=one.review,
            )
            for one in self._standing(option, plan)
        ]
        self.used.update(one.source for one in found)
        return found

    def _standing(self, option: Option, plan: Plan) -> list[Standing]:
        """The statements in force here that support an option. For an option that depends on something, also those that may apply."""
        holds = standing_here(option, plan)
        here = self.knowledge.around(plan.region or option.region)
        return holds or [one for one in option.standing if one.in_force and one.applies is None and one.region in here]

    def _studies(self, option: Option, plan: Plan, before: Plan | None) -> list[Study]:
        """The trials of an option whose people were like this person by then; those that asked for the step before go first."""
        found = []
        for one in option.evidence:
            if one.people is True and not one.comparator:
                trial = self.knowledge.evidence[one.id]
                asked = before is not None and like_this(trial, before.decider) is not True
                found.append(
                    Study(
                        trial=one.id,
                        name=one.trial,
                        year=self._year(one.sources),
                        asked=asked,
                        result=one.result,
                        sources=one.sources,
                    )
                )
                self.used.update(one.sources)
        return sorted(found, key=lambda one: not one.asked)

    def _year(self, ids: Iterable[str]) -> str | None:
        dates = [self.knowledge.sources[name].date for name in ids if name in self.knowledge.sources]
        return max((one.text[:4] for one in dates if one is not None), default=None)

    def _changes(self, step: Step, plan: Plan, ahead: Plan) -> None:
        """What this step closes, opens and keeps open, compared with not having had it."""
        for name in self._names():
            was, will = plan.status(name) in _OPEN, ahead.status(name) in _OPEN
            if name == step.option or not (was or will):
                continue
            if was and will:
                step.keeps.append(name)
            else:
                fits = ahead.status(name) in OFFERED
                change = Change(option=name, title=self.knowledge.treatments[name].title, because=_clause(ahead, name), fits=fits)
                (step.closes if was else step.opens).append(change)

    def _names(self) -> list[str]:
        return [name for name, one in self.knowledge.treatments.items() if one.kind == "systemic"]

    def sources(self) -> dict[str, dict[str, str | None]]:
        known = self.knowledge.sources
        return {
            name: {"title": one.title, "publisher": one.publisher, "date": one.date.text if one.date else None, "url": one.url}
            for name in sorted(self.used)
            if (one := known.get(name)) is not None
        }


def _systemic(plan: Plan) -> list[Option]:
    """What is open at a point, in the order of the plan: what fits, then what hangs on something. What a person does not want is left out."""
    options = [*plan.offered, *plan.with_status("depends", brief=True)]
    return [one for one in options if one.kind == "systemic" and not one.declined]


def _clause(plan: Plan, name: str) -> str:
    """The clause by which an option stands or falls: of its own criteria, else the plan's sentence."""
    judged = plan.judged[name]
    if judged.fits is False:
        return plan.words.reasons(plan.decider.explain(judged.treatment.fits), 1)
    return plan.option(name, brief=True).reason.strip().removesuffix(".")


def _mark_common(lists: list[list[Change]]) -> None:
    """What every step shown does alike tells nothing about the choice between them."""
    if len(lists) > 1:
        common = set.intersection(*({one.option for one in changes} for changes in lists))
        for changes in lists:
            changes[:] = [msgspec.structs.replace(one, common=one.option in common) for one in changes]
            changes.sort(key=lambda one: one.common)
