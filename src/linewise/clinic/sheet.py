"""The page for the meeting: one patient, what is asked, where the disease stands, what fits, what is missing, room for what the board decides."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from linewise.knowledge import Knowledge
from linewise.plan import Plan
from linewise.plan.model import Fact, LineOfTherapy, TestToAsk, TrialsToAsk, Urgent
from linewise.trials.ask import to_ask

from . import brief
from .brief import Line

QUESTION = "Which treatment comes next, and which tests come first?"
DECISION = (
    "Decision of the board",
    "Where it differs from what is shown here, and why",
    "Next steps, who, until when",
    "Names and date",
)
"""What is left empty for people to fill in."""


class Finding(msgspec.Struct, kw_only=True):
    """One result of the cancer, as the record has it: with its day, where it was taken, where it stands."""

    label: str
    value: str
    on: str = ""
    age: str = ""
    specimen: str = ""
    where: str = ""


class Sheet(msgspec.Struct, kw_only=True):
    """Everything on the page, worded once for every form that it is given out in."""

    title: str
    person: str
    as_of: str
    region: str
    question: str
    situation: list[str]
    scope: str
    urgent: list[Urgent]
    going_on: list[tuple[str, list[str]]]
    facts: list[Fact]
    findings: list[Finding]
    lines: list[LineOfTherapy]
    offered: list[Line]
    depends: list[Line]
    tests: list[TestToAsk]
    trials: list[tuple[str, str]]  # words, address
    trials_note: str
    cautions: list[str]
    assumed: list[str]
    unread: list[dict[str, str]]
    notes: list[str]
    sources: list[tuple[int, str, str]]  # number, words, address
    numbers: dict[str, int]  # id of a source -> its number
    medicine: str
    disclaimer: str
    decision: tuple[str, ...] = DECISION

    def cite(self, ids: list[str], most: int = 4) -> str:
        """`[1, 4]`: the numbers of sources."""
        found = sorted({self.numbers[name] for name in ids if name in self.numbers})[:most]
        return f"[{', '.join(map(str, found))}]" if found else ""


def sheet_of(plan: Plan) -> Sheet:
    """The sheet of a plan."""
    offered, waiting = brief.offered(plan), brief.depends(plan)
    cautions = [one for one in plan.cautions if one.applies is not False]
    cited = [name for one in (*offered, *waiting) for name in one.sources]
    cited += [name for one in plan.urgent for name in one.sources] + [name for one in plan.tests for name in one.sources]
    cited += [name for *_, names in brief.interrupted(plan) for name in names] + [
        name for one in cautions for name in one.sources
    ]
    known, trials = brief.cited(plan, cited), to_ask(plan)
    numbers = {name: number for number, name in enumerate(known, 1)}
    sources = []
    for name, one in known.items():
        words = ", ".join(str(one[key]) for key in ("publisher", "title", "date") if key in one)
        sources.append((numbers[name], words if "date" in one else f"{words}, without a date", str(one.get("url", ""))))
    return Sheet(
        title="Tumour conference",
        person=plan.subject.id or "without a name",
        as_of=plan.as_of,
        region=plan.region or "the best of all regions",
        question=QUESTION,
        situation=_situation(plan),
        scope=plan.scope or "",
        urgent=plan.urgent,
        going_on=[(words, rules) for words, _, rules, _ in brief.interrupted(plan)],
        facts=plan.facts,
        findings=_findings(plan),
        lines=plan.lines,
        offered=offered,
        depends=waiting,
        tests=[one for one in plan.tests if one.due or one.unlocks or one.before],
        trials=[(brief.trial_words(one), one.url) for one in trials.shown],
        trials_note=trials_note(trials),
        cautions=list(dict.fromkeys(brief.caution(plan, one) for one in cautions)),
        assumed=plan.assumed,
        unread=plan.unread,
        notes=plan.notes,
        sources=sources,
        numbers=numbers,
        medicine=plan.knowledge.edition,
        disclaimer=plan.disclaimer,
    )


def trials_note(trials: TrialsToAsk) -> str:
    """What to know about the trials that are shown, and how many more there are."""
    return trials.note + (f" {trials.more} more are not shown here." if trials.more else "")


def _situation(plan: Plan) -> list[str]:
    one = plan.subject
    sites = plan.knowledge.facts["sites"].values if "sites" in plan.knowledge.facts else {}
    found = [f"Subtype: {one.subtype}"]
    if one.age is not None or one.sex:
        found.insert(0, ", ".join(part for part in (f"{one.age} years" if one.age is not None else "", one.sex or "") if part))
    if one.sites:
        found.append(f"Spread to: {', '.join(sites[name].label if name in sites else name for name in one.sites)}")
    found.append(
        f"Next line: {one.line}" if one.line is not None else "Next line: not known, because drugs without a day are recorded"
    )
    return found


def _findings(plan: Plan) -> list[Finding]:
    """What the record says of the cancer, the latest first; nothing is chosen among results that differ."""
    found = []
    for entry in plan.record.entries:
        fact = plan.knowledge.facts.get(entry.fact)
        if fact is None or fact.of != "cancer" or fact.type == "set" or entry.absent:
            continue
        found.append(
            Finding(
                label=fact.label,
                value=_value(plan.knowledge, entry.fact, entry.value),
                on=entry.on.isoformat() if entry.on else "",
                age=_age(entry.on, plan.day),
                specimen=entry.specimen or "",
                where=entry.origin.where,
            )
        )
    return sorted(found, key=lambda one: (one.on, one.label), reverse=True)


def _value(knowledge: Knowledge, name: str, value: Any) -> str:
    fact = knowledge.facts[name]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}{f' {fact.unit}' if fact.unit else ''}"
    return fact.values[value].label if value in fact.values else str(value)


def _age(on: dt.date | None, day: dt.date) -> str:
    """`14 months`: how old a result is on the day of the meeting."""
    if on is None or on > day:
        return ""
    days = (day - on).days
    return f"{days} days" if days < 60 else f"{round(days / 30.4375)} months" if days < 1100 else f"{round(days / 365.25)} years"
