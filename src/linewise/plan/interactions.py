"""What a person takes, against what they are given or could be given: one criterion each, so one explanation each."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from linewise.knowledge import Knowledge
from linewise.knowledge import model as known
from linewise.logic import Node, walk
from linewise.logic.nodes import Ask, Taking
from linewise.record import Medication, Origin, Record

from .make import Plan
from .shown import level


class Interaction(msgspec.Struct, kw_only=True):
    """One interaction: a drug, what it meets, how bad it is and what to do."""

    drug: str
    drug_label: str
    meets: list[str]
    meets_labels: list[str]
    id: str
    severity: str
    advice: str | None = None  # avoid, never-together: how strong the label itself is
    text: str
    plain: str
    now: bool  # the drug is being taken now, not only an option
    sources: list[str]
    review: str | None = None


def interactions(plan: Plan) -> list[Interaction]:
    """The interactions of what is taken now with the drugs that are given now or offered, worst first."""
    current = {drug for course in plan.chart.courses if course.ongoing is not False for drug in course.present}
    taken = {one.drug for one in plan.chart.history.medications}
    offered = {drug for option in plan.offered for drug in (*option.drugs, *(d for choice in option.partners for d in choice))}
    found: list[Interaction] = []
    for drug in sorted(current | taken | offered):
        for caution, severity in _cautions(plan.knowledge, drug):
            meets = _met(plan, caution.when, drug)
            if meets and caution.when is not None and plan.decider.value(caution.when) is True:
                found.append(_interaction(plan.knowledge, drug, caution, severity, meets, drug in current | taken))
    return sorted(found, key=lambda one: (not one.now, level(one.severity, one.advice), one.drug))


def interactions_of(names: Iterable[str], knowledge: Knowledge, plan_for: Record | None = None) -> tuple[Record, list[str]]:
    """A record that takes these things, for asking without a person; and the names that nobody knows."""
    record = plan_for or Record()
    unknown = []
    for name in names:
        drug = knowledge.find_drug(name)
        if drug is None:
            unknown.append(name)
        else:
            record.medications.append(Medication(drug=drug, origin=Origin("named", name)))
    return record, unknown


def _cautions(knowledge: Knowledge, drug: str) -> Iterable[tuple[known.Caution, str]]:
    for one in knowledge.avoid(drug):
        yield one, "contraindicated"
    for one in knowledge.cautions(drug):
        yield one, one.severity


def _met(plan: Plan, when: Node | None, drug: str) -> list[str]:
    """What is taken that a criterion asks about."""
    if when is None:
        return []
    asked = [part.question.treatment for part in walk(when) if isinstance(part, Ask) and isinstance(part.question, Taking)]
    names = {name for treatment in asked for name in treatment.names}
    taken = [one.drug for one in plan.chart.history.medications]
    taken += [one for course in plan.chart.courses if course.ongoing is not False for one in course.present]
    return [one for one in dict.fromkeys(taken) if one != drug and any(plan.knowledge.is_a(one, name) for name in names)]


def _interaction(
    knowledge: Knowledge, drug: str, caution: known.Caution, severity: str, meets: list[str], now: bool
) -> Interaction:
    return Interaction(
        drug=drug,
        drug_label=knowledge.label(drug),
        meets=meets,
        meets_labels=[knowledge.label(one) for one in meets],
        id=caution.id,
        severity=severity,
        advice=caution.advice,
        text=caution.text,
        plain=caution.plain or "",
        now=now,
        sources=list(caution.source),
        review=caution.review,
    )
