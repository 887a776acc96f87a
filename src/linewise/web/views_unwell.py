"""I feel unwell: eight plain groups, one tap on a sign, and the answer at once. The week's questions come after it, never before."""

from __future__ import annotations

import secrets

from linewise.journal.documents import CheckIn, Diary, read, write
from linewise.knowledge.app import Group

from .frame import Answer, Ask, Go, Page, Refusal, View
from .views_diary import temperature_of


async def unwell(ask: Ask) -> Answer:
    """The eight groups."""
    groups = [{"id": one.id, "title": one.title, "hint": one.hint} for one in ask.knowledge.guide.groups]
    data = {"groups": groups, "entry": ask.one("entry", most=32), "week": ask.one("week") == "yes"}
    return Page(template="unwell.html", title="I feel unwell", data=data, context={"about_me": True})


async def group(ask: Ask) -> Answer:
    """The signs of one group. A tap on one is the answer; it stands in the diary of today."""
    found = next((one for one in ask.knowledge.guide.groups if one.id == ask.part("group")), None)
    if found is None:
        raise Refusal(404, "There is no group under this name.")
    errors: dict[str, str] = {}
    if ask.posted:
        temperature, wrong = temperature_of(ask.one("temperature"))
        signs = [name for name in ask.many("symptom") if name in found.symptoms]
        if wrong:
            errors["temperature"] = wrong
        elif not signs and temperature is None and ask.one("do") != "none":
            errors["symptom"] = "Tap the sign that you have."
        else:
            return Go(f"/diary/{_noted(ask, signs, temperature)}")
    return _page(ask, found, errors)


def _page(ask: Ask, found: Group, errors: dict[str, str]) -> Page:
    labels = ask.knowledge.facts["symptoms"].values
    data = {
        "id": found.id,
        "name": found.title,
        "signs": [{"id": name, "label": labels[name].label} for name in found.symptoms if name in labels],
        "entry": ask.one("entry", most=32),
        "errors": errors,
    }
    context = {"about_me": True, "temperature": found.temperature, "typed": ask.one("temperature")}
    return Page(template="unwell_group.html", title=found.title, data=data, context=context, status=422 if errors else 200)


def _noted(ask: Ask, signs: list[str], temperature: float | None) -> str:
    """Into the entry that was begun a moment ago, or into a new one of today; returns its id."""
    diary = read(ask.journal, Diary)
    entry = next((one for one in diary.entries if one.id == ask.one("entry", most=32) and one.on == ask.day), None)
    if entry is None:
        entry = CheckIn(id=secrets.token_hex(8), on=ask.day)
        diary.entries = [*diary.entries, entry]
    entry.symptoms = list(dict.fromkeys([*entry.symptoms, *signs]))
    entry.temperature = temperature if temperature is not None else entry.temperature
    write(ask.journal, diary)
    return entry.id


VIEWS = [
    View(path="/unwell", summary="I feel unwell: eight groups", handler=unwell),
    View(
        path="/unwell/{group}",
        summary="The signs of one group, and the answer at once",
        handler=group,
        methods=("GET", "POST"),
        query={"entry": "an entry of today that goes on"},
        fields={"symptom": "signs that are there", "temperature": "in °C or °F", "entry": "an entry of today that goes on"},
    ),
]
