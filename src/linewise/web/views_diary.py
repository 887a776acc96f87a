"""My medicines and my diary: what is taken against what is given, the weekly check-in, trends, the report for the team."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from typing import Any

import msgspec

from linewise.journal.documents import CheckIn, Diary, Health, Team, read, write
from linewise.journal.person import check_in_entries, record_of
from linewise.journal.proctcae import Term, chosen, composite, terms
from linewise.knowledge import Knowledge
from linewise.logic import Node, walk
from linewise.logic.nodes import Compare, DaysOf, GradeOf, Includes, Is, Known
from linewise.plan import Plan, make_plan
from linewise.plan.interactions import interactions, interactions_of
from linewise.plan.model import Urgent
from linewise.record import Record
from linewise.record.model import NOT_KNOWN

from . import guide
from .frame import Answer, Ask, Go, Page, Refusal, View, plain

ACTS = ("emergency", "same-day", "next-visit")
_WORDS = ("not at all", "a little", "clearly", "badly")


async def medicines(ask: Ask) -> Answer:
    """What I take, and what it does with my treatment; a name can be tried before it is taken."""
    health, errors, tried = read(ask.journal, Health), {}, ask.one("name", most=100)
    have = list(health.answers.get("medications") or [])
    do = ask.one("do")
    if ask.posted and do.startswith("remove-"):
        health.answers = guide.put(health.answers, "medications", [name for name in have if name != do[7:]])
        return _keep(ask, health)
    known = ask.knowledge.find_drug(tried) if tried else None
    if ask.posted and do == "add":
        if known:
            health.answers = guide.put(health.answers, "medications", list(dict.fromkeys([*have, known])))
            return _keep(ask, health)
        errors["name"] = _unknown(ask, tried)
    elif ask.posted and not known:
        errors["name"] = _unknown(ask, tried)
    found = _with(ask, known) if known else ask.maybe_plan
    listed = interactions(found) if found else []
    listed = [one for one in listed if not known or known in one.meets or known == one.drug]
    mine = [one.drug for one in found.chart.history.medications if one.drug != NOT_KNOWN] if found else []
    data = {
        "medicines": [{"id": name, "label": ask.knowledge.label(name)} for name in mine if name != known or name in have],
        "tried": {"id": known, "label": ask.knowledge.label(known)} if known else None,
        "interactions": plain(listed),
        "errors": errors,
        "version": health.version,
    }
    context = {"names": guide.drug_names(ask.knowledge, False), "own": have, "typed": tried, "interactions": listed}
    return Page(template="medicines.html", title="My medicines", data=data, context=context, status=422 if errors else 200)


def _unknown(ask: Ask, name: str) -> str:
    if not name:
        return "Write a name first."
    return ask.knowledge.wording.advice.unknown_drug


def _with(ask: Ask, drug: str) -> Plan:
    """The plan as it would be with one more thing taken."""
    health = read(ask.journal, Health)
    base = record_of(health, read(ask.journal, Diary), ask.knowledge, ask.house.codes, ask.day) if ask.maybe_plan else Record()
    record = msgspec.structs.replace(base)
    record.medications = list(base.medications)
    record, _ = interactions_of([drug], ask.knowledge, record)
    return make_plan(record, ask.knowledge, ask.day, ask.maybe_plan.region if ask.maybe_plan else None)


def _keep(ask: Ask, health: Health) -> Answer:
    ask.versioned(health)
    write(ask.journal, health)
    return Go("/medicines", "saved")


def _terms(plan: Plan | None, knowledge: Knowledge) -> list[Term]:
    if plan is None:
        return chosen([], [], knowledge)
    taken = [drug for course in plan.chart.courses if course.ongoing is not False for drug in course.present]
    classes = [name for drug in dict.fromkeys(taken) for name in sorted(knowledge.classes_of(drug))]
    return chosen([*classes, *taken], plan.subject.sites, knowledge)


async def diary(ask: Ask) -> Answer:
    """The diary: trends and entries."""
    found = read(ask.journal, Diary)
    entries = sorted(found.entries, key=lambda one: one.on)
    trends = _trends(entries, ask.knowledge)
    data = {"entries": plain(entries), "trends": [{"name": name, "points": points} for name, points in trends]}
    return Page(
        template="diary.html", title="My diary", data=data, context={"trends": [_drawn(name, points) for name, points in trends]}
    )


def _trends(entries: list[CheckIn], knowledge: Knowledge) -> list[tuple[str, list[tuple[str, float]]]]:
    """For every symptom that was ever there, its grade over time; then weight and temperature."""
    found: list[tuple[str, list[tuple[str, float]]]] = []
    for term in terms(knowledge).values():
        grades = [(one.on.isoformat(), composite(term, one.answers)) for one in entries]
        points = [(on, float(grade)) for on, grade in grades if grade is not None]
        if any(grade > 0 for _, grade in points):
            found.append((term.name, points))
    for name, field in (("weight in kg", "weight"), ("temperature in °C", "temperature")):
        points = [(one.on.isoformat(), float(getattr(one, field))) for one in entries if getattr(one, field) is not None]
        if points:
            found.append((name, points))
    return found


def _drawn(name: str, points: list[tuple[str, float]]) -> dict[str, Any]:
    days = [dt.date.fromisoformat(on).toordinal() for on, _ in points]
    span = max(days[-1] - days[0], 1)
    symptom = not name.startswith(("weight", "temperature"))
    values = [value for _, value in points]
    least, most = (0.0, 3.0) if symptom else (min(values) - 1, max(values) + 1)
    placed = [((day - days[0]) / span, value) for day, value in zip(days, values, strict=True)]
    words = [f"{on}: {_WORDS[int(value)] if symptom else f'{value:g}'}" for on, value in points]
    return {"name": name, "points": placed, "least": least, "most": most, "words": words, "last": words[-1]}


async def check_in(ask: Ask) -> Answer:
    """The weekly check-in. What is red is answered at once."""
    asked = _terms(ask.maybe_plan, ask.knowledge)
    if not ask.posted:
        return _check_in_page(ask, asked, {})
    entry, errors = _entry(ask, asked)
    if errors:
        return _check_in_page(ask, asked, errors)
    found = read(ask.journal, Diary)
    ask.versioned(found)
    begun = _begun(ask, found)
    if begun is not None:
        entry.id = begun.id
        entry.symptoms = list(dict.fromkeys([*begun.symptoms, *entry.symptoms]))
        entry.temperature = begun.temperature if entry.temperature is None else entry.temperature
    found.entries = [*(one for one in found.entries if one is not begun), entry]
    write(ask.journal, found)
    return Go(f"/diary/{entry.id}")


def _begun(ask: Ask, diary: Diary) -> CheckIn | None:
    """The entry of today that began with a sign and now goes on with the week's questions."""
    return next((one for one in diary.entries if one.id == ask.one("entry", most=32) and one.on == ask.day), None)


def temperature_of(text: str) -> tuple[float | None, str]:
    """A temperature in °C from what was written, in °C or °F, or what is wrong with it. No figure means both."""
    if not text:
        return None, ""
    value = guide.number_of(re.sub(r"\s*°?\s*[cCfF]?$", "", text.strip()))
    if value is None:
        return None, "Write the temperature as a number, such as 36.8 or 98.2."
    if 86 <= value <= 113:
        value = round((value - 32) * 5 / 9, 1)
    return (value, "") if 30 <= value <= 44 else (None, "This temperature cannot be right. Please look again.")


def _entry(ask: Ask, asked: list[Term]) -> tuple[CheckIn, dict[str, str]]:
    errors: dict[str, str] = {}
    answers = {}
    for term in asked:
        for item in term.items:
            value = ask.whole(item.id)
            if value is not None and value < len(item.answers):
                answers[item.id] = value
    allowed = ask.knowledge.facts["symptoms"].values
    temperature, wrong = temperature_of(ask.one("temperature"))
    if wrong:
        errors["temperature"] = wrong
    weight = guide.number_of(ask.one("weight")) if ask.one("weight") else None
    if ask.one("weight") and (weight is None or not 20 <= weight <= 400):
        errors["weight"] = "Write your weight in kg as a number, such as 64."
    entry = CheckIn(
        id=secrets.token_hex(8),
        on=ask.day,
        answers=answers,
        symptoms=[name for name in ask.many("symptom") if name in allowed],
        temperature=temperature,
        weight=weight,
        note=ask.one("note", most=4000),
    )
    return entry, errors


def _check_in_page(ask: Ask, asked: list[Term], errors: dict[str, str]) -> Page:
    diary = read(ask.journal, Diary)
    begun = _begun(ask, diary)
    data = {
        "terms": plain(asked),
        "errors": errors,
        "version": diary.version,
        "entry": begun.id if begun else "",
        "ticked": ask.many("symptom"),
    }
    context: dict[str, Any] = {
        "asked": asked,
        "typed": {name: ask.one(name) for name in ("temperature", "weight", "note")},
        "answered": {item.id: ask.one(item.id) for term in asked for item in term.items},
    }
    return Page(template="check_in.html", title="How was your week?", data=data, context=context, status=422 if errors else 200)


async def entry(ask: Ask) -> Answer:
    """One entry, with what it means: urgent things first, never a promise that all is well."""
    found = read(ask.journal, Diary)
    one = next((each for each in found.entries if each.id == ask.part("entry")), None)
    if one is None:
        raise Refusal(404, "There is no entry under this address.")
    if ask.posted:
        found.entries = [each for each in found.entries if each.id != one.id]
        write(ask.journal, found)
        return Go("/diary", "deleted")
    plan = _plan_with(ask, one)
    maybe = _perhaps(plan, one, _plan_with(ask, CheckIn(id="", on=one.on)))
    graded = [(term.name, composite(term, one.answers)) for term in terms(ask.knowledge).values()]
    data = {
        "entry": plain(one),
        "urgent": plain(plan.urgent),
        "perhaps": plain(maybe),
        "symptoms": [{"name": name, "grade": grade} for name, grade in graded if grade],
        "contacts": plain(read(ask.journal, Team).contacts),
    }
    labels = [ask.knowledge.facts["symptoms"].values[name].label for name in one.symptoms]
    alarms = sorted(
        [*((True, each) for each in plan.urgent), *((False, each) for each in maybe)], key=lambda pair: ACTS.index(pair[1].act)
    )
    context = {
        "now": plan,
        "words": _WORDS,
        "labels": labels,
        "alarms": alarms,
        "going": one.on == ask.day and bool(one.symptoms or one.temperature) and not one.answers,
        "about_me": True,
    }
    return Page(template="entry.html", title="Your check-in", data=data, context=context)


def _plan_with(ask: Ask, one: CheckIn) -> Plan:
    """The plan on the day of an entry, with what the entry says. What somebody feels is never theirs who was invented."""
    health = Health() if ask.session.example else read(ask.journal, Health)
    record = record_of(health, Diary(), ask.knowledge, ask.house.codes, one.on)
    record.entries = [*record.entries, *check_in_entries(one, ask.knowledge)]
    return make_plan(record, ask.knowledge, one.on, None)


def _perhaps(plan: Plan, one: CheckIn, without: Plan) -> list[Urgent]:
    """Red flags that what was reported may raise, where the rest is not known: shown too, for nobody should miss one.

    They are those that are open and would be closed without this entry, and those that ask about a symptom that was reported.
    """
    reported = {str(each.value) for each in check_in_entries(one, plan.knowledge) if each.fact == "symptoms"}
    found = []
    for alert in plan.knowledge.content.alerts.values():
        if alert.act == "next-visit" or plan.decider.value(alert.when) is not None:
            continue
        if without.decider.value(alert.when) is False or reported & _symptoms_in(alert.when, plan.knowledge):
            found.append(
                Urgent(
                    id=alert.id,
                    title=alert.title,
                    act=alert.act,
                    because="",
                    sources=list(alert.source),
                    plain=alert.plain,
                    text="",
                )
            )
    return found


def _symptoms_in(when: Node, knowledge: Knowledge) -> set[str]:
    """The symptoms that a criterion asks about, itself or through a derived fact."""
    found: set[str] = set()
    waiting, seen = [when], set[str]()
    while waiting:
        for part in walk(waiting.pop()):
            if isinstance(part, Includes) and part.fact == "symptoms":
                found |= knowledge.vocabulary.members("symptoms", part.values)
            elif isinstance(part, Compare) and isinstance(part.what, GradeOf | DaysOf):
                found.add(part.what.symptom)
            elif isinstance(part, Is | Known) and part.fact in knowledge.vocabulary.derived and part.fact not in seen:
                seen.add(part.fact)
                waiting += knowledge.vocabulary.derived[part.fact].nodes
    return found


async def report(ask: Ask) -> Answer:
    """The diary of the last weeks for the team, on one page to print."""
    entries = sorted(read(ask.journal, Diary).entries, key=lambda one: one.on)[-8:]
    rows = []
    for term in terms(ask.knowledge).values():
        grades = [composite(term, one.answers) for one in entries]
        if any(grades):
            rows.append({"name": term.name, "grades": grades})
    data = {"days": [one.on.isoformat() for one in entries], "rows": rows, "entries": plain(entries)}
    return Page(template="report.html", title="Report for my team", data=data, wide=True)


VIEWS = [
    View(
        path="/medicines",
        summary="My medicines, and what does not go together",
        handler=medicines,
        methods=("GET", "POST"),
        fields={
            "name": "a drug, supplement, food or vaccine",
            "do": "check, add, or remove-ID",
            "version": "the version that was read",
        },
    ),
    View(path="/diary", summary="My diary", handler=diary),
    View(
        path="/diary/new",
        summary="The weekly check-in",
        handler=check_in,
        methods=("GET", "POST"),
        fields={
            "symptom": "what is there now",
            "entry": "an entry of today that goes on",
            "temperature": "in °C or °F",
            "weight": "in kg",
            "note": "free words",
            "PROCTCAE_…": "0 to 4",
        },
    ),
    View(path="/diary/report", summary="The report for the team", handler=report),
    View(path="/diary/{entry}", summary="One entry, and what it means", handler=entry, methods=("GET", "POST")),
]
