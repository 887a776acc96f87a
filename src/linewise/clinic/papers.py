"""The sheet for the meeting in each of its forms: a page, a tagged PDF, a Word file to write into, FHIR proposals."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from typing import Any

import msgspec

from linewise.errors import LinewiseError
from linewise.exchange.codes import Codes
from linewise.files import tagged_pdf
from linewise.plan import Plan
from linewise.trials.ask import to_ask

from . import brief
from .brief import Line
from .proposals import Proposals
from .sheet import Sheet, sheet_of, trials_note

KINDS = {
    "html": "text/html",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "fhir": "application/fhir+json",
}


def paper(plan: Plan, form: str, codes: Codes, resources: list[dict[str, Any]], by: str = "") -> bytes:
    """The sheet of a plan in a form of `KINDS`. Raises LinewiseError where a library is missing."""
    if form == "fhir":
        return msgspec.json.encode(care_plan(plan, codes, resources, by))
    if form == "docx":
        return _docx(sheet_of(plan))
    html = page(sheet_of(plan))
    return html.encode() if form == "html" else tagged_pdf(html)


def page(sheet: Sheet) -> str:
    """The sheet as one self-contained page."""
    from .pages import render, stylesheet

    return render("mdt.html", s=sheet, css=stylesheet())


def care_plan(plan: Plan, codes: Codes, resources: list[dict[str, Any]], by: str) -> dict[str, Any]:
    """What fits and what is missing as proposals under one CarePlan: for a tumour conference to decide on, nothing is ordered."""
    patient = plan.subject.id or "unknown"
    made = Proposals(plan, codes, resources, patient, by)
    groups = [made.option(one.id) for one in brief.offered(plan)]
    groups += [[made.test(one)] for one in plan.tests if one.due or one.unlocks]
    trials = to_ask(plan)
    asked = [made.trial(one) for one in trials.shown]  # beside the options, never among them
    entries = [*(one for group in groups for one in group), *asked]
    notes = [*(f"Urgent: {one.title}. {one.because}" for one in plan.urgent), *plan.assumed, *plan.notes]
    notes += [f"Not understood: {one['where']}: {one['what']} ({one['why']})" for one in plan.unread]
    if plan.scope:
        notes.append(plan.scope)
    if trials.shown:
        notes.append(trials_note(trials))
    care: dict[str, Any] = {
        "resourceType": "CarePlan",
        "status": "draft",
        "intent": "proposal",
        "category": [{"text": "Tumour conference"}],
        "title": "Proposals for the tumour conference",
        "description": f"{plan.disclaimer} {plan.knowledge.edition}. As of {plan.as_of}.",
        "subject": {"reference": f"Patient/{patient}"},
        "created": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "note": [{"text": one} for one in notes],
        "activity": [{"reference": {"reference": group[0][0]}} for group in groups],
        "supportingInfo": [{"reference": address} for address, _ in asked],
    }
    care = {name: value for name, value in care.items() if value}
    address = f"urn:uuid:{uuid.uuid4()}"
    origin = made.provenance([address, *(one for one, _ in entries)])
    listed = [(address, care), *entries, (f"urn:uuid:{uuid.uuid4()}", origin)]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": origin["recorded"],
        "entry": [{"fullUrl": one, "resource": each} for one, each in listed],
    }


def _docx(sheet: Sheet) -> bytes:
    """A Word file whose boxes the board fills in."""
    try:
        from docx import Document
    except ModuleNotFoundError:
        raise LinewiseError(
            "Word files need python-docx; install Linewise with its clinic extra: pip install 'linewise[clinic]'"
        ) from None
    made = Document()
    made.core_properties.title, made.core_properties.author = f"{sheet.title}: {_plain(sheet.person)}", "Linewise"
    writer = _Word(made)
    writer.heading(f"{sheet.title}: {sheet.person}", 0)
    writer.say(f"As of {sheet.as_of}, region {sheet.region}. {sheet.medicine}. {sheet.disclaimer}")
    writer.heading("Question to the board")
    writer.say(sheet.question)
    if sheet.urgent or sheet.going_on:
        writer.heading("Urgent")
        writer.items(
            [
                f"{one.title} ({one.act}). {one.text or one.plain} Because: {one.because} {sheet.cite(one.sources)}"
                for one in sheet.urgent
            ]
        )
        writer.items([f"{words}. {' '.join(rules)}" for words, rules in sheet.going_on])
    writer.heading("Where the disease stands")
    writer.items(sheet.situation)
    writer.table(
        ["What", "Result", "Day", "Age", "From", "In the record"],
        [[one.label, one.value, one.on or "not known", one.age, one.specimen or "not said", one.where] for one in sheet.findings],
    )
    writer.table(
        ["What the plan rests on", "Taken as", "Day", "Note"],
        [[one.label, f"{one.value}{' (assumed)' if one.assumed else ''}", one.on or "", one.note] for one in sheet.facts],
    )
    writer.heading("Lines of therapy")
    writer.table(
        ["Line", "Drugs", "From", "To", "Ended for", "Why a line of its own"],
        [
            [
                str(one.number or one.setting),
                " + ".join(one.drugs),
                one.start or "not known",
                one.end or ("goes on" if one.ongoing else "not known"),
                one.stopped_for or "",
                one.reason,
            ]
            for one in sheet.lines
        ],
    )
    if sheet.scope:
        writer.heading("No options on this record")
        writer.say(sheet.scope)
    writer.options(sheet, "What fits", sheet.offered)
    writer.options(sheet, "Depends on what is not known", sheet.depends)
    writer.heading("Missing before the meeting")
    writer.items(
        [f"{one.title}{' (due now)' if one.due else ''}: {one.because} {sheet.cite(one.sources)}" for one in sheet.tests]
    )
    if sheet.assumed:
        writer.say(f"Assumed, because the record is silent: {'; '.join(sheet.assumed)}.")
    if sheet.trials:
        writer.heading("Trials to ask about")
        writer.say(sheet.trials_note)
        writer.items([f"{words} {url}" for words, url in sheet.trials])
    writer.heading("Hazards of what is taken now")
    writer.items(sheet.cautions)
    writer.heading("Not understood in the record")
    writer.items([f"{one['where']}: {one['what']} ({one['why']})" for one in sheet.unread] + sheet.notes)
    writer.heading("Decision")
    writer.table(["", ""], [[words, "\n\n"] for words in sheet.decision])
    writer.heading("Sources")
    for number, words, url in sheet.sources:
        writer.say(f"{number}. {words} {url}".strip())
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


class _Word:
    """Writes into a Word file; letters that XML cannot hold are left out."""

    def __init__(self, made: Any) -> None:
        self.made = made

    def heading(self, text: str, level: int = 1) -> None:
        self.made.add_heading(_plain(text), level)

    def say(self, text: str) -> None:
        self.made.add_paragraph(_plain(text))

    def items(self, texts: list[str]) -> None:
        for text in texts:
            self.made.add_paragraph(_plain(text), style="List Bullet")

    def options(self, sheet: Sheet, title: str, lines: list[Line]) -> None:
        if lines or title == "What fits":
            self.heading(title)
        for one in lines:
            self.heading(f"{one.title}: {brief.STATUS[one.status]}", 2)
            self.say(one.reason)
            self.items(
                [*one.standing, *(f"Evidence: {text}" for text in one.evidence), *(f"Caution: {text}" for text in one.cautions)]
            )
            self.say(f"Sources {sheet.cite(one.sources, 12)}{f'. {one.unconfirmed}' if one.unconfirmed else ''}")
        if not lines and title == "What fits":
            self.say("Nothing is offered on this record.")

    def table(self, heads: list[str], rows: list[list[str]]) -> None:
        if not rows:
            return
        table = self.made.add_table(rows=1 if any(heads) else 0, cols=len(heads))
        table.style = "Table Grid"
        if any(heads):
            for cell, text in zip(table.rows[0].cells, heads, strict=True):
                cell.text = _plain(text)
        for row in rows:
            for cell, text in zip(table.add_row().cells, row, strict=True):
                cell.text = _plain(text)


def _plain(text: str) -> str:
    return "".join(
        sign
        for sign in text
        if sign in "\n\t" or (ord(sign) >= 32 and not 0xD800 <= ord(sign) < 0xE000 and ord(sign) not in (0xFFFE, 0xFFFF))
    )
