"""Mine: my team's numbers, how pages look, everything I entered to take away, and deleting it for good."""

from __future__ import annotations

from urllib.parse import urlsplit

import anyio.to_thread
import msgspec

from linewise.errors import LinewiseError
from linewise.exchange.out import bundle_of
from linewise.journal import WrongPassphraseError
from linewise.journal.documents import Contact, Diary, Health, Settings, Team, everything, read, write
from linewise.journal.person import empty, record_of

from .frame import Answer, Ask, File, Go, Page, View, plain
from .throttle import TooOftenError

INVENTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST", "display": "test health data"}
"""HL7's own mark for records of nobody: it goes with the invented person wherever it is taken."""
_THEMES = ("", "light", "dark")


async def mine(ask: Ask) -> Answer:
    """The page of one's own things."""
    return _page(ask, {})


def _page(ask: Ask, errors: dict[str, str], contacts: list[Contact] | None = None) -> Page:
    team, settings = read(ask.journal, Team), read(ask.journal, Settings)
    data = {
        "kept": ask.journal.kept,
        "region": settings.region,
        "contacts": plain(team.contacts if contacts is None else contacts),
        "version": team.version,
        "errors": errors,
    }
    names = {one: place.label for one, place in ask.knowledge.content.regions.items()}
    said = names.get(ask.region, "")
    regions = [("", f"As I said: {said}" if said and not settings.region else "In no place named here: show all of them")]
    regions += list(names.items())
    context = {"regions": regions, "label": ask.journal.label, "has_record": not empty(read(ask.journal, Health))}
    return Page(template="mine.html", title="Mine", data=data, context=context, status=422 if errors else 200)


async def team(ask: Ask) -> Answer:
    """Whom to call."""
    names, phones, whens = ask.form.get("name", []), ask.form.get("phone", []), ask.form.get("when", [])
    contacts, errors = [], {}
    for number, name in enumerate(names[:8]):
        phone = phones[number].strip()[:60] if number < len(phones) else ""
        when = whens[number].strip()[:120] if number < len(whens) else ""
        if not name.strip() and not phone:
            continue
        if not any(sign.isdigit() for sign in phone):
            errors["phone"] = "Write a phone number for each name."
        contacts.append(Contact(name=name.strip()[:80] or "My team", phone=phone, when=when))
    if errors:
        return _page(ask, errors, contacts)
    found = read(ask.journal, Team)
    ask.versioned(found)
    found.contacts = contacts
    write(ask.journal, found)
    return Go("/mine", "saved")


async def region(ask: Ask) -> Answer:
    """Where I live: approvals and guidelines differ."""
    chosen = ask.one("region")
    if chosen not in ("", *ask.knowledge.regions):
        return _page(ask, {"region": "Choose one of the regions."})
    settings = read(ask.journal, Settings)
    settings.region = chosen
    write(ask.journal, settings)
    return Go("/mine", "saved")


async def appearance(ask: Ask) -> Answer:
    """Light or dark, on this browser, and back to the page one came from."""
    theme, back = ask.one("theme"), ask.one("back")
    ask.session.theme = theme if theme in _THEMES else ""
    parts = urlsplit(back)
    ours = back.startswith("/") and not back.startswith("//") and "\\" not in back and not parts.netloc
    return Go(parts.path if ours and not parts.path.startswith("/start/open") else "/start")


async def export(ask: Ask) -> Answer:
    """Everything, as JSON."""
    body = msgspec.json.format(msgspec.json.encode({"schema": "linewise.journal/1", **everything(ask.journal)}), indent=2)
    return File(body, "application/json", _named("linewise.json", ask))


async def export_fhir(ask: Ask) -> Answer:
    """The record as a FHIR R4 bundle."""
    record = record_of(read(ask.journal, Health), read(ask.journal, Diary), ask.knowledge, ask.house.codes, ask.day)
    bundle = bundle_of(record, ask.knowledge, ask.house.codes)
    if ask.session.example:
        bundle["meta"] = {"tag": [INVENTED]}
    return File(msgspec.json.encode(bundle), "application/fhir+json", _named("linewise-fhir.json", ask))


def _named(name: str, ask: Ask) -> str:
    return f"invented-person-{name}" if ask.session.example else name


async def passphrase(ask: Ask) -> Answer:
    """A new passphrase."""
    new = ask.one("new")
    if new != ask.one("again"):
        return _page(ask, {"again": "The two are not the same."})
    try:
        journal, old = ask.journal, ask.one("old")
        await ask.house.throttle.run(journal.person, lambda: journal.change_passphrase(old, new))
    except TooOftenError as error:
        return _page(ask, {"old": str(error)})
    except WrongPassphraseError:
        return _page(ask, {"old": "This is not the passphrase you have now. Nothing was changed."})
    except LinewiseError as error:
        return _page(ask, {"new": str(error)})
    return Go("/mine", "rekeyed")


async def delete(ask: Ask) -> Answer:
    """Delete everything of this person for good: here and in every backup copy."""
    if ask.one("sure") != "delete":
        return _page(ask, {"sure": "Write the word delete, so that it does not happen by chance."})
    await anyio.to_thread.run_sync(ask.journal.delete)
    ask.session.close()
    return Go("/start", "deleted")


VIEWS = [
    View(path="/mine", summary="My own things", handler=mine),
    View(
        path="/mine/team",
        summary="Whom to call",
        handler=team,
        methods=("POST",),
        fields={"name": "names", "phone": "numbers", "when": "when to call", "version": "the version that was read"},
    ),
    View(
        path="/mine/region",
        summary="Where I live",
        handler=region,
        methods=("POST",),
        fields={"region": "a region as US, or empty for all"},
    ),
    View(
        path="/mine/look",
        summary="Light or dark",
        handler=appearance,
        methods=("POST",),
        fields={"theme": "light, dark, or empty", "back": "the page to go back to"},
    ),
    View(
        path="/mine/passphrase",
        summary="A new passphrase",
        handler=passphrase,
        methods=("POST",),
        fields={"old": "the one now", "new": "the new one", "again": "the new one"},
    ),
    View(path="/mine/export.json", summary="Everything, as JSON", handler=export, file=True),
    View(path="/mine/export-fhir.json", summary="The record as a FHIR R4 bundle", handler=export_fhir, file=True),
    View(path="/mine/delete", summary="Delete everything for good", handler=delete, methods=("POST",), fields={"sure": "delete"}),
]
