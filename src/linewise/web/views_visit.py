"""My visit: my questions, what changed, and one sheet to print or keep as a PDF."""

from __future__ import annotations

import datetime as dt
from typing import Any

from linewise.errors import LinewiseError
from linewise.files import tagged_pdf
from linewise.journal.changes import changes
from linewise.journal.documents import Diary, Look, Visit, read, write
from linewise.journal.proctcae import composite, terms
from linewise.plan import Plan
from linewise.plan.questions import questions

from . import glance
from .frame import Answer, Ask, File, Go, Page, Refusal, View, page_html, plain


async def visit(ask: Ask) -> Answer:
    """Prepare a visit."""
    found, errors = read(ask.journal, Visit), {}
    if ask.posted and ask.one("do") == "pick":
        found.picked = list(dict.fromkeys([*found.picked, *ask.many("pick")]))
        write(ask.journal, found)
        return Go("/visit", "saved")
    if ask.posted:
        errors = _take(ask, found)
        if not errors:
            write(ask.journal, found)
            return Go("/visit/sheet" if ask.one("do") == "sheet" else "/visit", "" if ask.one("do") == "sheet" else "saved")
    asked = questions(ask.plan)
    data = {"visit": plain(found), "questions": plain(asked), "errors": errors, "version": found.version}
    topics = {topic: [one for one in asked if one.topic == topic] for topic in dict.fromkeys(one.topic for one in asked)}
    return Page(
        template="visit.html",
        title="My visit",
        data=data,
        context={"visit": found, "topics": topics, "typed_on": ask.one("on")},
        status=422 if errors else 200,
    )


def _take(ask: Ask, found: Visit) -> dict[str, str]:
    errors = {}
    ask.versioned(found)
    known = ask.knowledge.content.questions
    found.picked = [name for name in dict.fromkeys(ask.many("pick")) if name in known]
    found.own = [line.strip() for line in ask.one("own").splitlines() if line.strip()][:20]
    found.note = ask.one("note")
    found.on = None
    if ask.one("on"):
        try:
            found.on = dt.date.fromisoformat(ask.one("on"))
        except ValueError:
            errors["on"] = "Write the day as 2026-12-01."
    return errors


def _sheet(ask: Ask) -> Page:
    plan, found = ask.plan, read(ask.journal, Visit)
    known = ask.knowledge.content.questions
    asked = [*found.own, *(known[name].text for name in found.picked if name in known)]
    if not asked:
        asked = [one.text for one in questions(plan)[:5]]
    data: dict[str, Any] = {
        "on": found.on.isoformat() if found.on else None,
        "subject": plain(plan.subject),
        "questions": asked,
        "note": found.note,
        "urgent": [one.title for one in plan.urgent],
        "tests": [one.title for one in plan.tests if one.unlocks or one.due],
        "fits": [one.title for one in plan.offered],
        "depends": [one.title for one in plan.with_status("depends")],
        "changes": plain(changes(plan, read(ask.journal, Look)))[:6],
        "symptoms": _symptoms(ask),
        "disclaimer": plan.disclaimer,
    }
    context = {
        "facts": glance.known_facts(plan, plan.knowledge.content.shown.visit),
        "medicines": _medicines(plan),
        "asked": asked,
    }
    return Page(template="sheet.html", title="Visit sheet", data=data, context=context)


def _medicines(plan: Plan) -> list[str]:
    return [plan.knowledge.label(one.drug) for one in plan.chart.history.medications]


def _symptoms(ask: Ask) -> list[str]:
    entries = sorted(read(ask.journal, Diary).entries, key=lambda one: one.on)
    if not entries:
        return []
    last = entries[-1]
    words = [
        f"{term.name} ({composite(term, last.answers)} of 3)"
        for term in terms(ask.knowledge).values()
        if composite(term, last.answers)
    ]
    return [*words, *(ask.knowledge.facts["symptoms"].values[name].label for name in last.symptoms)]


async def sheet(ask: Ask) -> Answer:
    """The sheet as a page to print."""
    return _sheet(ask)


async def pdf(ask: Ask) -> Answer:
    """The sheet as a tagged PDF (PDF/UA-1), where the `pdf` extra is installed."""
    try:
        return File(make_pdf(page_html(ask, _sheet(ask))), "application/pdf", "visit.pdf")
    except LinewiseError as error:
        raise Refusal(424, str(error)) from None


def make_pdf(html: str) -> bytes:
    """A page as a tagged PDF. Raises LinewiseError with what to do where the library or its system parts are missing."""
    from importlib.resources import files

    css = (files("linewise.web") / "static" / "linewise.css").read_text(encoding="utf-8")
    return tagged_pdf(html, css + _PAPER)


_PAPER = "@page { size: A4; margin: 1.6cm } body { font-family: sans-serif }"

VIEWS = [
    View(
        path="/visit",
        summary="Prepare a visit",
        handler=visit,
        methods=("GET", "POST"),
        fields={
            "on": "the day",
            "pick": "ids of questions",
            "own": "own questions, one a line",
            "note": "free words",
            "do": "save, pick or sheet",
        },
        needs_plan=True,
    ),
    View(path="/visit/sheet", summary="The sheet to print", handler=sheet, needs_plan=True),
    View(path="/visit/sheet.pdf", summary="The sheet as a tagged PDF", handler=pdf, needs_plan=True, file=True),
]
