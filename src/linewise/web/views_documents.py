"""Papers: drop letters and reports, see each finding beside the words it rests on, confirm, and only then does it count."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import anyio.to_thread
import msgspec

from linewise.errors import LinewiseError, RecordError
from linewise.journal.documents import Diary, Health, Paper, Papers, read, write
from linewise.journal.papers import SEALED, Evidence, forget, joined, keep, record_of_papers
from linewise.journal.person import record_of
from linewise.papers.registry import open_bytes
from linewise.papers.sheet import Sheet
from linewise.plan import make_plan
from linewise.reading.model import Reading
from linewise.reading.proposals import Proposal, confirmed, proposals
from linewise.reading.reader import read_sheets

from .frame import Answer, Ask, File, Go, Page, Refusal, View

_MOST = 20  # files in one go


class Waiting(msgspec.Struct):
    """What was read and waits to be confirmed: in this process only, gone with the session."""

    reading: Reading
    sheets: list[Sheet]
    files: list[tuple[str, bytes]]
    proposals: list[Proposal]
    notice: str = ""


async def papers(ask: Ask) -> Answer:
    """Give papers, or see those that were read."""
    if not ask.posted:
        return _page(ask, "")
    files = [(one.filename or "a paper", await one.read()) for one in ask.files[:_MOST]]
    if not files and ask.one("text", most=400_000):
        files = [("pasted text.txt", ask.one("text", most=400_000).encode())]
    if not files:
        return _page(ask, "Choose a file first, or paste its text.", 422)
    try:
        ask.session.papers = await anyio.to_thread.run_sync(_read, ask, files)
    except RecordError as fault:
        return _page(ask, str(fault), 422)
    return Go("/papers/check")


def _page(ask: Ask, error: str, status: int = 200) -> Page:
    found = read(ask.journal, Papers)
    data = {"papers": msgspec.to_builtins(found.papers), "errors": {"file": error} if error else {}}
    return Page(template="papers.html", title="My papers", data=data, context={"kept": ask.journal.kept}, status=status)


def _read(ask: Ask, files: Sequence[tuple[str, bytes]]) -> Waiting:
    sheets = [sheet for name, data in files for sheet in open_bytes(data, name, ask.knowledge)]
    reading = read_sheets(sheets, ask.knowledge)

    def plan_of(profile: Mapping[str, Any]) -> object:
        health = read(ask.journal, Health)
        health = msgspec.structs.replace(health, imported=joined(health.imported, record_of_papers(profile, {}, ask.house.codes)))
        record = record_of(health, read(ask.journal, Diary), ask.knowledge, ask.house.codes, ask.day)
        plan = make_plan(record, ask.knowledge, ask.day, ask.region or None)
        return [plan.status(name) for name in plan.judged], [one.id for one in plan.urgent]

    found = proposals(reading, ask.knowledge, plan_of)
    return Waiting(reading, sheets, list(files), found, _stranger(reading, read(ask.journal, Papers)))


def _stranger(reading: Reading, before: Papers) -> str:
    """What speaks for papers of two people: other days of birth, among these or beside earlier ones."""
    born = {one.person.born for one in reading.documents if one.person.born}
    earlier = {one.born for one in before.papers if one.born}
    if len(born) > 1:
        return "These papers give different days of birth: " + ", ".join(sorted(born)) + "."
    if born and earlier and not born & earlier:
        return f"This paper gives the day of birth {min(born)}. Your earlier papers give {', '.join(sorted(earlier))}."
    return ""


async def check(ask: Ask) -> Answer:
    """Findings beside the words they rest on; what is confirmed counts from then on."""
    waiting: Waiting | None = ask.session.papers
    if waiting is None:
        return Go("/papers")
    if not ask.posted:
        return _check_page(ask, waiting, {})
    if ask.one("do") == "away":
        ask.session.papers = None
        return Go("/papers")
    if waiting.notice and ask.one("same") != "yes":
        return _check_page(ask, waiting, {"same": "Say first that these papers are about the same person."})
    keys, changed = _said(ask, waiting)
    if not keys and not changed:
        return _check_page(ask, waiting, {"right": "Nothing is marked as right. Mark what is right, or put the papers away."})
    profile = confirmed(waiting.reading.profile, keys, changed)
    try:
        record = record_of_papers(profile, _evidence(waiting), ask.house.codes)
    except LinewiseError as fault:
        return _check_page(ask, waiting, {"right": f"A value that was changed does not fit: {fault}"})
    if ask.session.example:
        ask.session.begin_own()
    health = read(ask.journal, Health)
    health.imported = joined(health.imported, record)
    health.imported_from, health.imported_on = health.imported_from or "your papers", ask.day
    write(ask.journal, health)
    _noted(ask, waiting)
    ask.session.papers = None
    return Go("/plan", "papers")


def _said(ask: Ask, waiting: Waiting) -> tuple[list[str], dict[str, Any]]:
    """What was marked right, and what was changed, of what was shown."""
    keys: list[str] = []
    changed: dict[str, Any] = {}
    for number, one in enumerate(waiting.proposals):
        answer = ask.one(f"a{number}")
        if answer == "right":
            if one.sure:
                keys.append(one.key)
            else:
                changed[one.key] = one.value
        elif answer == "change" and ask.one(f"v{number}"):
            text = ask.one(f"v{number}", most=60)
            changed[one.key] = _typed(one, text)
    return keys, changed


def _typed(one: Proposal, text: str) -> Any:
    if text in ("true", "false") and isinstance(one.value, bool):
        return text == "true"
    if one.number:
        try:
            value = float(text.replace(",", "."))
        except ValueError:
            return text
        return int(value) if value == int(value) else value
    return text


def _evidence(waiting: Waiting) -> dict[str, Evidence]:
    found: dict[str, Evidence] = {}
    for one in waiting.proposals:
        if one.where is not None:
            found.setdefault(
                one.key, Evidence(quote=one.quote, place=_place(waiting, one), on=_day_of(waiting, one), about=one.about)
            )
    return found


def _day_of(waiting: Waiting, one: Proposal) -> str | None:
    """The day of a finding: its own, else that of its paper."""
    paper = next((paper for paper in waiting.reading.documents if one.where and paper.name == one.where.document), None)
    return one.on or (paper.date if paper is not None else None)


def _place(waiting: Waiting, one: Proposal) -> str:
    """`pathology report of 2024-03-02, page 2`."""
    if one.where is None:
        return ""
    paper = next((paper for paper in waiting.reading.documents if paper.name == one.where.document), None)
    if paper is None:
        return one.where.document
    day = f" of {_spoken(paper.date)}" if paper.date else ""
    page = f", page {one.where.page}" if paper.pages > 1 else ""
    return f"{paper.form}{day}{page}"


def _spoken(text: str) -> str:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day.day} {day:%B %Y}"


def _noted(ask: Ask, waiting: Waiting) -> None:
    """Which papers these were; and the papers themselves, sealed, where that was wished."""
    found = read(ask.journal, Papers)
    wished = ask.journal.kept and ask.one("keep") == "yes"
    for document in waiting.reading.documents:
        paper = Paper(
            id=secrets.token_hex(6), name=document.name[:120], form=document.form, on=document.date, born=document.person.born,
            person=document.person.name, added_on=ask.day,
        )  # fmt: skip
        data = next((data for name, data in waiting.files if name == document.name), None)
        if wished and data is not None:
            keep(ask.journal, paper, data)
        found.papers.append(paper)
    write(ask.journal, found)


# The page


def _check_page(ask: Ask, waiting: Waiting, errors: dict[str, str]) -> Page:
    rows = [_row(ask, waiting, number, one) for number, one in enumerate(waiting.proposals)]
    sections = [
        ("first", "These change your plan. Please look at them first.", [row for row in rows if row["sure"] and row["matters"]]),
        ("rest", "The rest that the papers say", [row for row in rows if row["sure"] and not row["matters"]]),
        ("unsure", "Not certain. None of these is marked for you.", [row for row in rows if not row["sure"]]),
    ]
    data = {
        "documents": msgspec.to_builtins(waiting.reading.documents),
        "proposals": rows,
        "left": msgspec.to_builtins(waiting.reading.left[:60]),
        "conflicts": [one.why for one in waiting.reading.conflicts],
        "notice": waiting.notice,
        "errors": errors,
    }
    context = {
        "sections": [one for one in sections if one[2]],
        "texts": [_marked(sheet, waiting.proposals) for sheet in waiting.sheets],
        "kept": ask.journal.kept,
    }
    title = "Is this right?"
    return Page(template="papers_check.html", title=title, data=data, context=context, status=422 if errors else 200, wide=True)


def _row(ask: Ask, waiting: Waiting, number: int, one: Proposal) -> dict[str, Any]:
    answer = ask.one(f"a{number}") if ask.posted else ""
    return {
        "number": number,
        "key": one.key,
        "label": one.label,
        "words": one.words,
        "value": one.value,
        "sure": one.sure,
        "why": one.why,
        "matters": one.matters,
        "quote": one.quote,
        "place": _place(waiting, one),
        "on": one.on,
        "choices": [list(choice) for choice in one.choices],
        "can_change": bool(one.choices) or one.number,
        "answer": answer or ("right" if one.sure else ""),
        "typed": ask.one(f"v{number}") if ask.posted else "",
    }


def _marked(sheet: Sheet, found: Sequence[Proposal]) -> dict[str, Any]:
    """A paper's text in pieces: plain, or the place of one finding."""
    spans: list[tuple[int, int, int]] = []
    starts = {(line.page, line.number): line.start for line in sheet.lines}
    for number, one in enumerate(found):
        if one.where is None or one.where.document != sheet.name:
            continue
        start = starts.get((one.where.page, one.where.line))
        if start is not None:
            spans.append((start + one.where.from_, start + max(one.where.to, one.where.from_ + 1), number))
    pieces: list[dict[str, Any]] = []
    at = 0
    for start, end, number in sorted(spans):
        if start < at:
            pieces.append({"text": "", "number": number})  # inside another: only a place to go to
            continue
        pieces.append({"text": sheet.text[at:start], "number": None})
        pieces.append({"text": sheet.text[start:end], "number": number})
        at = end
    pieces.append({"text": sheet.text[at:], "number": None})
    return {"name": sheet.name, "pieces": pieces, "scanned": sheet.scanned}


async def paper(ask: Ask) -> Answer:
    """A paper that is kept, to see it again; or away with it."""
    number = ask.part("number")
    one = next((one for one in read(ask.journal, Papers).papers if one.id == number), None)
    if one is None:
        raise Refusal(404, "There is no such paper here.")
    if ask.posted:
        forget(ask.journal, number)
        return Go("/papers", "paper-gone")
    data, _ = ask.journal.read(SEALED + number) if one.kept else (None, 0)
    if data is None:
        raise Refusal(404, "This paper itself was not kept. What you confirmed of it is in your record.")
    ending = one.name.rsplit(".", 1)[-1] if "." in one.name else "bin"
    safe = "".join(sign for sign in ending if sign.isalnum())[:8]
    return File(data, "application/octet-stream", f"paper-{number}.{safe}")


VIEWS = [
    View(
        path="/papers",
        summary="My papers: letters and reports to be read",
        handler=papers,
        methods=("GET", "POST"),
        fields={"file": "files: PDF, photo, Word, text, C-CDA …", "text": "or the text of one"},
    ),
    View(
        path="/papers/check",
        summary="Confirm what the papers say",
        handler=check,
        methods=("GET", "POST"),
        fields={
            "a0": "for each finding: right, wrong or change",
            "v0": "its other value",
            "same": "yes: about the same person",
            "keep": "yes: keep the papers, locked",
            "do": "away: put them away",
        },
    ),
    View(path="/papers/{number}", summary="A paper that is kept", handler=paper, methods=("GET",), file=True),
    View(path="/papers/{number}/forget", summary="Take a paper away", handler=paper, methods=("POST",)),
]
