"""Start: the example, a file, the guided questions; keeping it under a passphrase, opening and closing it."""

from __future__ import annotations

import contextlib

import anyio.to_thread
import msgspec

from linewise.errors import LinewiseError, RecordError
from linewise.exchange import read_bytes, read_lines
from linewise.journal import WrongPassphraseError
from linewise.journal.documents import Health, Settings, Team, read, write
from linewise.journal.passphrases import check
from linewise.journal.person import empty
from linewise.record import Record

from .frame import Answer, Ask, Go, Page, Refusal, View
from .throttle import TooOftenError

_PARTS = {
    "health": "your record and your answers",
    "diary": "your diary",
    "team": "your team’s numbers",
    "visit": "your questions and notes for the visit",
    "look": "what the plan said when you last looked",
    "settings": "your settings",
    "papers": "your papers: letters and reports",
    "_documents": "the list of all parts",
}
_PACKED = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")


async def start(ask: Ask) -> Answer:
    """Where everybody begins."""
    health = read(ask.journal, Health)
    people = [] if ask.journal.kept else [msgspec.to_builtins(one) for one in ask.house.vault.people()]
    data = {"people": people, "open": ask.journal.kept, "has_record": not empty(health), "example": health.example}
    return Page(template="start.html", title="Start", data=data, context={"label": ask.journal.label})


async def example(ask: Ask) -> Answer:
    """Open the invented person, always as it was made. What is one's own is closed first, never mixed."""
    if ask.session.unsaved:
        raise Refusal(409, "You have answers that are not kept yet. Keep them first, or delete them on the page Mine.")
    team = read(ask.journal, Team)
    ask.session.close()
    health, settings = Health(example=True), Settings()
    health.answers = dict(ask.knowledge.guide.example.profile)
    settings.region = health.answers.pop("region", "")
    write(ask.journal, health)
    write(ask.journal, settings)
    if team.contacts:
        write(ask.journal, Team(contacts=team.contacts))
    return Go("/plan")


async def own(ask: Ask) -> Answer:
    """From the invented person to a record of one's own, which begins empty."""
    if ask.session.example:
        ask.session.begin_own()
    return Go("/guide")


async def bring_in(ask: Ask) -> Answer:
    """Read a record from a file, or from text that was pasted."""
    if not ask.posted:
        return _import_page(ask, "")
    data, name = b"", "the text"
    if ask.files:
        data, name = await ask.files[0].read(), "the file"
    elif ask.one("text", most=1_000_000):
        data = ask.one("text", most=1_000_000).encode()
    if not data.strip():
        return _import_page(ask, "Choose a file first, or paste its text.", 422)
    if data.startswith(_PACKED):
        return _import_page(ask, "This is a packed archive. Unpack it on your computer first, then choose the file inside.", 422)
    try:
        records = await anyio.to_thread.run_sync(_records, ask, data, name)  # others go on reading meanwhile
    except RecordError as fault:
        return _import_page(ask, str(fault), 422)
    if not records:
        return _import_page(ask, "There is no person in this file.", 422)
    ask.session.pending, ask.session.pending_name = records[:200], name
    ask.session.pending_invented = b'"HTEST"' in data
    return _take(ask, 0, False) if len(records) == 1 else Go("/start/choose")


def _records(ask: Ask, data: bytes, name: str) -> list[Record]:
    """One record a file; or, where the file is lines of JSON (NDJSON), what stands in them."""
    codes = ask.house.codes
    try:
        return read_bytes(data, name, codes)
    except RecordError as fault:
        lines = [line for line in data.split(b"\n", 2) if line.strip()]
        if len(lines) < 2 or not all(line.lstrip().startswith(b"{") for line in lines[:2]) or b"}" not in lines[0]:
            raise
        first = fault
    found: list[Record] = []
    with contextlib.suppress(StopIteration):
        for result in read_lines(data, name, codes):
            if not isinstance(result, RecordError):
                found += result
    if not found:
        raise first
    return found


def _import_page(ask: Ask, error: str, status: int = 200) -> Page:
    return Page(
        template="import.html", title="Bring in a record", data={"errors": {"file": error} if error else {}}, status=status
    )


async def choose(ask: Ask) -> Answer:
    """Which of several people, and whether a record that looks like somebody else's is meant."""
    pending = ask.session.pending
    if not pending:
        return Go("/start/import")
    if ask.posted:
        number = ask.whole("person")
        if number is None or number >= len(pending):
            return _choose_page(ask, "Choose one of them.", 422)
        return _take(ask, number, ask.one("sure") == "yes")
    return _choose_page(ask, "")


def _choose_page(ask: Ask, error: str, status: int = 200, other: str = "", number: int = 0) -> Page:
    people = [{"number": n, "text": _described(record)} for n, record in enumerate(ask.session.pending)]
    data = {"people": people, "other": other, "number": number, "errors": {"person": error} if error else {}}
    return Page(template="choose.html", title="Whose record is this?", data=data, status=status)


def _described(record: Record) -> str:
    parts = [record.id or "no name or number", f"born {record.birth.year}" if record.birth else "", record.format]
    return ", ".join(part for part in parts if part)


def _take(ask: Ask, number: int, sure: bool) -> Answer:
    """Put a record into the journal, asking first where it differs from the one that is there in who it is."""
    record: Record = ask.session.pending[number]
    if ask.session.example:
        ask.session.begin_own()
    health = read(ask.journal, Health)
    other = _differs(health.imported, record)
    if other and not sure:
        return _choose_page(ask, "", 409, other, number)
    health.imported, health.imported_from, health.imported_on = record, record.format, ask.day
    health.example = ask.session.pending_invented
    write(ask.journal, health)
    ask.session.pending = []
    return Go("/record", "imported")


def _differs(before: Record | None, now: Record) -> str:
    if before is None:
        return ""
    if before.birth and now.birth and before.birth != now.birth:
        return "The date of birth is another one than in the record you brought in before."
    if before.id and now.id and before.id != now.id:
        return "The name or number is another one than in the record you brought in before."
    sexes = [{entry.value for entry in one.entries if entry.fact == "sex"} for one in (before, now)]
    if all(sexes) and not sexes[0] & sexes[1]:
        return "The sex is another one than in the record you brought in before."
    return ""


async def keep(ask: Ask) -> Answer:
    """Keep everything under a passphrase. What losing it means is said first."""
    if ask.journal.kept:
        return Go("/mine")
    if ask.session.example:
        return Page(template="keep_not.html", title="This is an invented person", status=409 if ask.posted else 200)
    if not ask.posted:
        return _keep_page({}, "")
    label, first, second = ask.one("label", most=60), ask.one("passphrase"), ask.one("again")
    errors = {}
    if not label:
        errors["label"] = "Give it a short name, so that you find it again."
    try:
        check(first, label)
    except LinewiseError as weak:
        errors["passphrase"] = str(weak)
    if "passphrase" not in errors and first != second:
        errors["again"] = "The two are not the same."
    if ask.one("understood") != "yes":
        errors["understood"] = "Please tick this: it matters."
    if errors:
        return _keep_page(errors, label, 422)
    journal = ask.journal
    kept = await ask.house.throttle.run("", lambda: journal.keep(ask.house.vault, label, first))
    ask.session.open(kept)
    return Go("/plan" if not empty(read(ask.journal, Health)) else "/start", "kept")


def _keep_page(errors: dict[str, str], label: str, status: int = 200) -> Page:
    return Page(
        template="keep.html", title="Keep it on this computer", data={"errors": errors}, context={"typed": label}, status=status
    )


async def unlock(ask: Ask) -> Answer:
    """Open what is kept."""
    person = ask.part("person")
    label = next((one.label for one in ask.house.vault.people() if one.id == person), None)
    if label is None:
        raise Refusal(404, "There is nobody here under this name.")
    if ask.posted:
        if ask.session.unsaved and ask.one("discard") != "yes":
            error = "You have answers that are not kept yet. Tick the box to let go of them, or keep them first."
            return _unlock_page(person, label, {"discard": error}, True)
        try:
            passphrase = ask.one("passphrase")
            journal = await ask.house.throttle.run(person, lambda: ask.house.vault.open(person, passphrase))
        except (WrongPassphraseError, TooOftenError) as fault:
            return _unlock_page(person, label, {"passphrase": str(fault)}, False)
        damaged = journal.damaged()
        if damaged and ask.one("aside") != "yes":
            return _damaged_page(person, label, damaged)
        if damaged:
            journal.set_aside()
        ask.session.open(journal)
        return Go("/mine", "aside") if damaged else Go("/changes")
    return _unlock_page(person, label, {}, False)


def _damaged_page(person: str, label: str, damaged: list[str]) -> Page:
    """What is kept is damaged: which parts, before anything is shown."""
    parts = [_PARTS.get(name, "a part that this version does not know") for name in damaged]
    data = {"person": person, "label": label, "damaged": parts}
    return Page(template="damaged.html", title="Something is damaged", data=data, status=409)


async def forget(ask: Ask) -> Answer:
    """A lost passphrase: delete what nobody can open any more, and start again."""
    person = ask.part("person")
    label = next((one.label for one in ask.house.vault.people() if one.id == person), None)
    if label is None:
        raise Refusal(404, "There is nobody here under this name.")
    if ask.one("sure").lower() != "delete":
        return _unlock_page(person, label, {"sure": "Write the word delete, so that it does not happen by chance."}, False)
    await anyio.to_thread.run_sync(ask.house.vault.forget, person)
    return Go("/start", "deleted")


def _unlock_page(person: str, label: str, errors: dict[str, str], unsaved: bool) -> Page:
    data = {"person": person, "label": label, "errors": errors, "unsaved": unsaved}
    return Page(template="unlock.html", title="Open", data=data, status=422 if errors else 200)


async def close(ask: Ask) -> Answer:
    """Close: from now on only the passphrase opens it again."""
    if ask.session.unsaved and ask.one("sure") != "yes":
        return Page(template="close.html", title="Close without keeping?", data={"unsaved": True}, status=409)
    ask.session.close()
    return Go("/start", "closed")


VIEWS = [
    View(path="/start", summary="Where everybody begins", handler=start),
    View(path="/start/example", summary="Open the invented person", handler=example, methods=("POST",)),
    View(path="/start/own", summary="From the invented person to my own, empty record", handler=own, methods=("POST",)),
    View(
        path="/start/import",
        summary="Bring in a record",
        handler=bring_in,
        methods=("GET", "POST"),
        fields={"text": "the record as text: a profile, a FHIR R4 bundle, or NDJSON"},
    ),
    View(
        path="/start/choose",
        summary="Choose one of several people",
        handler=choose,
        methods=("GET", "POST"),
        fields={"person": "the number of the person", "sure": "yes, where it looks like somebody else"},
    ),
    View(
        path="/start/keep",
        summary="Keep everything under a passphrase",
        handler=keep,
        methods=("GET", "POST"),
        fields={"label": "a short name", "passphrase": "8 letters or more", "again": "the same", "understood": "yes"},
    ),
    View(
        path="/start/open/{person}",
        summary="Open what is kept",
        handler=unlock,
        methods=("GET", "POST"),
        fields={
            "passphrase": "the passphrase",
            "discard": "yes, to let go of what is not kept",
            "aside": "yes, to go on without what is damaged",
        },
    ),
    View(
        path="/start/forget/{person}",
        summary="A lost passphrase: delete what nobody can open",
        handler=forget,
        methods=("POST",),
        fields={"sure": "delete"},
    ),
    View(path="/start/close", summary="Close", handler=close, methods=("POST",), fields={"sure": "yes"}),
]
