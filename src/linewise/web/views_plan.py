"""My plan, one option, comparing, the record as it was read, what changed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from linewise.journal.changes import changes, look
from linewise.journal.documents import Health, Look, Settings, read, write
from linewise.plan import Plan
from linewise.plan.answer import first, grouped
from linewise.plan.calendar import Calendar, calendar, icalendar
from linewise.plan.interactions import interactions
from linewise.plan.model import Option
from linewise.plan.questions import questions
from linewise.plan.side_effects import rates, strongest
from linewise.plan.why import changes_text

from . import glance
from .comparison import DAYS, comparison
from .frame import Answer, Ask, File, Go, Page, Refusal, View, plain

_MOST_COMPARED = 4
_ON_THE_PLAN = ("first", "also", "depends", "bone", "supportive")


async def plan(ask: Ask) -> Answer:
    """The plan, without the options that do not fit; they have their own page."""
    found = ask.plan
    document = found.document()
    looked = read(ask.journal, Look)
    changed = len(changes(found, looked)) if looked.on is not None else None
    lines = first(found, changed)
    data = {
        "first": plain(lines) | {"lines": lines.lines},
        "as_of": found.as_of,
        "region": found.region,
        "subject": plain(found.subject),
        "urgent": plain(found.urgent),
        "tests": plain(found.tests),
        "options": [_brief(option, found) for option in document.options],
        "cautions": plain([one for one in found.cautions if one.applies is not False]),
        "assumed": found.assumed,
        "unread": found.unread,
        "scope": found.scope,
        "disclaimer": found.disclaimer,
    }
    context = {
        "groups": [one for one in grouped(found) if one.id in _ON_THE_PLAN],
        "apart": [(one, len(one.options)) for one in grouped(found) if one.id not in _ON_THE_PLAN],
        "changed": changed,
    }
    return Page(template="plan.html", title="My plan", data=data, context=context)


def _brief(option: Option, found: Plan) -> dict[str, Any]:
    return {
        "id": option.id,
        "title": option.title,
        "kind": option.kind,
        "status": option.status,
        "reason": option.reason,
        "why": found.why(option.id),
        "group": option.group,
        "rank": option.rank,
        "plain": option.plain,
        "declined": option.declined,
        "depends_on": option.depends_on,
    }


async def rest(ask: Ask) -> Answer:
    """The options that are not possible now, by why: for later, not now, not wanted, not for this cancer."""
    found = [one for one in grouped(ask.plan) if one.id not in _ON_THE_PLAN]
    return Page(
        template="rest.html",
        title="For later, and what does not fit",
        data={"groups": [{"id": one.id, "options": [_brief(each, ask.plan) for each in one.options]} for one in found]},
        context={"apart": found},
    )


def _option(ask: Ask) -> Option:
    try:
        return ask.plan.option(ask.part("option"))
    except KeyError:
        raise Refusal(404, "There is no option under this name.") from None


async def option(ask: Ask) -> Answer:
    """One option, with everything that is known about it for this person."""
    one = _option(ask)
    found, knowledge = ask.plan, ask.knowledge
    mine = [each for each in interactions(found) if each.drug in _drugs(one)]
    asked = questions(found, one.id)
    effects = strongest(rates([one.id], knowledge))
    needed = changes_text(found.needed(one.id))
    data = {
        "option": {name: value for name, value in plain(one).items() if ask.team_view or name != "regimen"},
        "taken": glance.taken(knowledge.treatments[one.id], knowledge, ask.team_view),
        "effects": plain(effects),
        "interactions": plain(mine),
        "questions": plain(asked),
        "would_fit": needed,
        "sources": found.sources_of([one]),
    }
    drugs = [knowledge.drugs[name] for name in _drugs(one) if name in knowledge.drugs]
    kinds = [(drug.label, glance.class_label(drug.id, knowledge)) for drug in drugs]
    context = {
        "option": one,
        "drugs": drugs,
        "kinds": kinds,
        "effects": effects,
        "interactions": mine,
        "questions": asked,
        "treatment": knowledge.treatments[one.id],
        "why": found.why(one.id),
    }
    return Page(template="option.html", title=one.title, data=data, context=context)


def _drugs(one: Option) -> list[str]:
    return list(dict.fromkeys([*one.drugs, *(drug for choice in one.partners for drug in choice)]))


async def days(ask: Ask) -> Answer:
    """The visits and tests of the first weeks, day by day."""
    one = _option(ask)
    found = calendar(ask.knowledge.treatments[one.id], ask.knowledge, DAYS)
    start, error = _start(ask)
    if ask.posted and ask.one("do") == "ics" and not error:
        body = icalendar(found, start or ask.day, DAYS).encode()
        return File(body, "text/calendar; charset=utf-8", f"{one.id}.ics")
    data = {
        "option": one.id,
        "start": start.isoformat() if start else None,
        "calendar": plain(found),
        "errors": {"start": error} if error else {},
    }
    context = {"option": one, "rows": _rows(found, start), "calendar": found, "typed": ask.one("start")}
    return Page(
        template="calendar.html", title=f"Calendar: {one.title}", data=data, context=context, status=422 if error else 200
    )


def _start(ask: Ask) -> tuple[dt.date | None, str]:
    text = ask.one("start") if ask.posted else ""
    if not text:
        return None, ""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None, "Write the day as 2026-12-01."
    return (day, "") if 2000 <= day.year <= 2100 else (None, "This day is too far away.")


def _rows(found: Calendar, start: dt.date | None) -> list[dict[str, Any]]:
    rows = []
    for number in sorted({one.day for one in found.days}):
        here = [one for one in found.days if one.day == number]
        when = "Before the start" if number == 0 else f"Day {number}"
        on = start + dt.timedelta(days=number - 1) if start and number else None
        rows.append({"when": when, "on": f"{on:%a} {on.day} {on:%b %Y}" if on else "", "here": here})
    return rows


async def compare(ask: Ask) -> Answer:
    """Up to four options side by side, by what people choose by."""
    found = ask.plan
    wanted = [name for name in dict.fromkeys(ask.many("option")) if name in ask.knowledge.treatments]
    left = [ask.knowledge.treatments[name].title for name in wanted[_MOST_COMPARED:]]
    error = f"Choose at most four. Left out here: {', '.join(left)}." if left else ""
    chosen = [found.option(name) for name in wanted[:_MOST_COMPARED]]
    choices = [*found.offered, *found.with_status("depends")]
    rows = comparison(found, chosen) if chosen else []
    data = {"chosen": [one.id for one in chosen], "rows": plain(rows), "errors": {"option": error} if error else {}}
    context = {"chosen": chosen, "choices": choices, "grid": rows}
    return Page(template="compare.html", title="Compare", data=data, context=context, wide=True, status=422 if error else 200)


async def record(ask: Ask) -> Answer:
    """What was read: facts, treatments, what was not understood."""
    found, health = ask.plan, read(ask.journal, Health)
    data = {
        "facts": plain(found.facts),
        "lines": plain(found.lines),
        "notes": found.notes,
        "assumed": found.assumed,
        "unread": found.unread,
        "from_file": health.imported_from,
    }
    return Page(template="record.html", title="My record", data=data)


async def changed(ask: Ask) -> Answer:
    """What is different since the last look; looking is noted when it is confirmed."""
    before = read(ask.journal, Look)
    found = changes(ask.plan, before)
    if ask.posted:
        fresh = look(ask.plan)
        fresh.version = before.version
        write(ask.journal, fresh)
        return Go("/plan")
    if before.on is None:
        fresh = look(ask.plan)
        write(ask.journal, fresh)
    data = {
        "since": before.on.isoformat() if before.on else None,
        "changes": plain(found),
        "medicine_updated": before.digest not in ("", ask.knowledge.content.digest),
    }
    return Page(template="changes.html", title="What changed", data=data)


async def view_for(ask: Ask) -> Answer:
    """Switch between the person's view and the team's."""
    settings = read(ask.journal, Settings)
    settings.team_view = ask.one("team") == "yes"
    write(ask.journal, settings)
    return Go("/plan")


VIEWS = [
    View(path="/plan", summary="My plan", handler=plan, needs_plan=True),
    View(path="/plan/rest", summary="The options that do not fit", handler=rest, needs_plan=True),
    View(
        path="/plan/view",
        summary="The person's view or the team's",
        handler=view_for,
        methods=("POST",),
        fields={"team": "yes or no"},
    ),
    View(path="/option/{option}", summary="One option", handler=option, needs_plan=True),
    View(
        path="/option/{option}/calendar",
        summary="Visits and tests of an option",
        handler=days,
        methods=("GET", "POST"),
        fields={"start": "the first day, as 2026-12-01", "do": "ics: as a calendar file"},
        needs_plan=True,
    ),
    View(
        path="/compare",
        summary="Up to four options side by side",
        handler=compare,
        query={"option": "an id, up to four times"},
        needs_plan=True,
    ),
    View(path="/record", summary="The record as it was read", handler=record, needs_plan=True),
    View(path="/changes", summary="What changed since the last look", handler=changed, methods=("GET", "POST"), needs_plan=True),
]
