"""The guided questions: which one comes next, and what an answer becomes. All their words stand in the knowledge."""

from __future__ import annotations

import datetime as dt
import difflib
import math
from collections.abc import Iterable
from typing import Any

import msgspec

from linewise.exchange import Codes
from linewise.journal.documents import Diary, Health
from linewise.journal.person import record_of
from linewise.knowledge import Knowledge, app
from linewise.knowledge.model import Fact
from linewise.logic import Decider, Node
from linewise.plan import Plan
from linewise.record import Chart


class Step(msgspec.Struct, kw_only=True):
    """One question. `member` is where its answer stands in the short form of a record."""

    id: str
    member: str
    kind: str  # choice, yes-no, number, set, courses, kinds, names, pick
    question: str
    section: str = ""
    why: str = ""
    where: str = ""
    help: str = ""
    choices: list[tuple[str, str]] = []
    report: str = ""
    unit: str = ""
    none: str = ""
    low: float | None = None
    high: float | None = None
    when: Node | None = None
    fact: str = ""
    because: str = ""
    open: str = ""  # the answer that leaves the question open
    coarse: str = ""  # of `kinds`: the course step that it is asked after, where that one was answered with "I don't know"
    unsure: str = ""  # asked only after that step was answered with "I don't know"
    drops: tuple[str, ...] = ()  # answers that go when this one is given: they were asked in its place
    late: bool = False  # asked after the first answer


def core(knowledge: Knowledge, codes: Codes) -> list[Step]:
    """The questions that are asked of everybody whom they can concern, in their order."""
    return [_step(one, knowledge, codes) for one in knowledge.guide.steps]


def _step(one: app.Step, knowledge: Knowledge, codes: Codes) -> Step:
    fact = knowledge.facts.get(codes.profile.members.get(one.member, ""))
    ask = fact.ask if fact else None
    choices = _choices(fact) if fact else []
    if one.choices:
        choices = list(one.choices.items())
    if one.only:
        choices = [pair for pair in choices if pair[0] in one.only]
    choices = [(value, one.labels.get(value, label)) for value, label in choices]
    if one.kind == "kinds":
        choices = list(knowledge.guide.kinds.items())
    kind = one.kind or (fact.type if fact else "names")
    return Step(
        id=one.id,
        member=one.member,
        kind="choice" if one.choices else kind,
        question=one.question or (ask.question if ask else fact.label if fact else one.id),
        section=one.section,
        why=one.why,
        where=one.where or (ask.where if ask and ask.where else ""),
        help=one.help or (ask.help if ask and ask.help else ""),
        choices=choices,
        report=one.report,
        unit=one.unit or (fact.unit if fact and fact.unit else ""),
        none=one.none,
        low=fact.range[0] if fact and fact.range else None,
        high=fact.range[1] if fact and fact.range else None,
        when=one.when,
        fact=fact.id if fact else "",
        open=one.open,
        coarse=one.coarse,
        unsure=one.unsure or one.coarse,
        drops=one.drops,
        late=one.late,
    )


def _choices(fact: Fact) -> list[tuple[str, str]]:
    if fact.type == "yes-no":
        return [("yes", "Yes"), ("no", "No")]
    return [(value, about.label) for value, about in fact.values.items()]


def asked(health: Health, plan: Plan | None, knowledge: Knowledge, codes: Codes, day: dt.date) -> list[Step]:
    """The questions that can matter on what is known so far, those behind us included. `day` is today, where there is no plan yet."""
    day = plan.day if plan else day
    chart = Chart(record_of(health, Diary(), knowledge, codes, day), knowledge, day)
    decider = Decider(knowledge.vocabulary, chart)
    found = [
        step
        for step in core(knowledge, codes)
        if (step.when is None or decider.value(step.when) is True) and (not step.unsure or step.unsure in health.unsure)
    ]
    tests = _tests(health, plan, knowledge, codes, {step.fact for step in found})
    order = list(knowledge.guide.sections)
    return sorted([*found, *tests], key=lambda step: (step.late, order.index(step.section)))


def _tests(health: Health, plan: Plan | None, knowledge: Knowledge, codes: Codes, have: set[str]) -> list[Step]:
    """Results that could open an option of this person, each with the options that wait for that very fact; the most waited for first.

    Those answered already stay in the list.
    """
    if plan is None:
        return []
    found: list[tuple[int, Step]] = []
    for fact in knowledge.facts.values():
        if fact.derived or fact.id in have or fact.type == "set" or fact.test is None:
            continue
        waiting = plan.waiting.get(fact.id, [])
        answered = get(health.answers, member_of(fact.id, codes)) is not None or f"test-{fact.id}" in health.unsure
        if waiting or answered:
            found.append((-len(waiting), _test(fact, waiting, knowledge, codes)))
    return [step for _, step in sorted(found, key=lambda pair: pair[0])]


def _test(fact: Fact, waiting: list[str], knowledge: Knowledge, codes: Codes) -> Step:
    generic = knowledge.guide.generic
    titles = ", ".join(knowledge.treatments[name].title for name in waiting[:3])
    more = f" and {len(waiting) - 3} more" if len(waiting) > 3 else ""
    return Step(
        id=f"test-{fact.id}",
        section="tests",
        member=member_of(fact.id, codes),
        kind=fact.type,
        question=fact.ask.question if fact.ask else generic.question.format(label=fact.label),
        where=fact.ask.where if fact.ask and fact.ask.where else generic.where,
        choices=_choices(fact),
        unit=fact.unit or "",
        low=fact.range[0] if fact.range else None,
        high=fact.range[1] if fact.range else None,
        fact=fact.id,
        because=f"It could make possible: {titles}{more}." if titles else "",
        late=True,
    )


def member_of(fact: str, codes: Codes) -> str:
    """Where a fact stands in the short form: `FACT.status`, `labs.NAME`, `variants.GENE`."""
    for member, name in codes.profile.members.items():
        if name == fact:
            return (
                member.replace("*.", "labs.") if not member.startswith("*.") or member[2:].islower() else f"variants.{member[2:]}"
            )
    return f"variants.{fact}"


def get(answers: dict[str, Any], member: str) -> Any:
    """The answer at a place, or None."""
    found: Any = answers
    for name in member.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def put(answers: dict[str, Any], member: str, value: Any) -> dict[str, Any]:
    """The answers with one of them set, or with None taken out."""
    first, _, rest = member.partition(".")
    found = dict(answers)
    if rest:
        inner = put(found.get(first) or {}, rest, value)
        found[first] = inner
        if not inner:
            del found[first]
    elif value is None:
        found.pop(first, None)
    else:
        found[first] = value
    return found


def done(step: Step, health: Health) -> bool:
    """Whether a question was answered, or answered with "I don't know"."""
    if step.kind == "kinds":
        return step.coarse in health.coarse or step.id in health.unsure
    return step.id in health.unsure or get(health.answers, step.member) is not None


def parse_answer(step: Step, values: list[str], none: bool, knowledge: Knowledge) -> tuple[Any, str]:
    """What was answered as the record holds it, or None and what is wrong."""
    if step.kind in ("set", "kinds", "names", "pick"):
        return _several(step, values, none, knowledge)
    text = values[0] if values else ""
    if not text:
        return None, "Choose an answer, or “I don’t know”."
    if step.kind == "number":
        return _number(step, text)
    if text not in {value for value, _ in step.choices}:
        return None, "This is not one of the answers."
    if step.kind == "yes-no":
        return text == "yes", ""
    return (int(text), "") if text.isdecimal() and knowledge.facts.get(step.fact, _NO_FACT).type == "number" else (text, "")


def number_of(text: str) -> float | None:
    """A number as people write it, `12,5` too; None for anything else, also for signs that only look like a figure (`²`), and for no end."""
    plain = text.strip().replace(",", ".")
    if not plain.isascii():
        return None
    try:
        value = float(plain)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


_NO_FACT = Fact(id="", label="", type="choice")


def _number(step: Step, text: str) -> tuple[Any, str]:
    value = number_of(text)
    if value is None:
        return None, "Write a number, such as 54."
    low, high = step.low, step.high
    if (low is not None and value < low) or (high is not None and value > high):
        return None, f"This number cannot be: it lies outside {low:g} to {high:g}."
    return (int(value) if value.is_integer() else value), ""


def _several(step: Step, values: list[str], none: bool, knowledge: Knowledge) -> tuple[Any, str]:
    if none and not values:
        return [], ""
    if not values:
        return None, f"Choose at least one, or “{step.none or 'None of these'}”."
    if step.kind in ("set", "kinds"):
        allowed = {value for value, _ in step.choices}
        return (
            ([value for value in values if value in allowed], "")
            if set(values) <= allowed
            else (None, "This is not one of the answers.")
        )
    if step.kind == "pick":
        return _picked(step, values)
    return [knowledge.find_drug(value) or value for value in values], ""


def _picked(step: Step, values: list[str]) -> tuple[Any, str]:
    by_label = {label.lower(): value for value, label in step.choices} | {value: value for value, _ in step.choices}
    found, unknown = [], []
    for value in values:
        name = by_label.get(value.lower())
        if name:
            found.append(name)
        else:
            near = difflib.get_close_matches(value.lower(), by_label, 2, 0.4)
            unknown.append(f"“{value}” is not in the list." + (f" Did you mean: {' or '.join(near)}?" if near else ""))
    return (None, " ".join(unknown)) if unknown else (list(dict.fromkeys(found)), "")


def drug_names(knowledge: Knowledge, cancer: bool) -> list[str]:
    """Names to choose from while typing: cancer drugs, or everything else."""
    names: list[str] = []
    for drug in knowledge.drugs.values():
        makes = any(knowledge.classes[name].makes_line for name in knowledge.classes_of(drug.id) if name in knowledge.classes)
        if makes is cancer:
            names += [drug.label, *drug.brands]
    return sorted(dict.fromkeys(names), key=str.lower)


def course(
    member: str, drugs: Iterable[str], months: str, since: str, stopped: str, knowledge: Knowledge
) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """One course of treatment from a form, or what is wrong in which field."""
    names, errors = _named(drugs, knowledge)
    made: dict[str, Any] = {"drugs": list(dict.fromkeys(names))}
    for field, text, key in (("months", months, "months"), ("since", since, "months_since_end")):
        if text:
            value = number_of(text)
            if value is None or not 0 <= value <= 600:
                errors[field] = "Write a number of months between 0 and 600, such as 12."
                continue
            made[key] = value
    if member == "metastatic_lines":
        stop = next((one for one in knowledge.guide.stops if one.id == stopped), None)
        if stop is None:
            errors["stopped"] = "Say whether it goes on, or why it stopped. “I don’t know” is fine."
        else:
            made["going"] = stop.going
            if stop.reason:
                made["stopped_for"] = stop.reason
    return (None, errors) if errors else (made, {})


def _named(drugs: Iterable[str], knowledge: Knowledge) -> tuple[list[str], dict[str, str]]:
    names, errors = [], {}
    for number, text in enumerate(drugs):
        found = knowledge.find_drug(text)
        if found is None:
            near = difflib.get_close_matches(text.lower(), [name.lower() for name in drug_names(knowledge, True)], 2, 0.6)
            errors[f"drug{number}"] = f"“{text}” is not a name that is known here." + (
                f" Did you mean {' or '.join(near)}?" if near else ""
            )
        else:
            names.append(found)
    if not names and not errors:
        errors["drug0"] = "Write at least one drug."
    return names, errors


def stop_words(course: dict[str, Any], knowledge: Knowledge) -> str:
    """How a course ended, in the words in which it was asked."""
    for one in knowledge.guide.stops:
        if course.get("stopped_for") == one.reason and course.get("going", one.going) == one.going:
            return one.label
    return ""
