"""From the journal to a record: what was brought in, what was answered here, and what the diary said this week."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from linewise.exchange import Codes
from linewise.exchange.profile import read_profile
from linewise.knowledge import Knowledge
from linewise.record import Entry, Origin, Record

from .documents import CheckIn, Diary, Health
from .extras import extra
from .proctcae import composite, terms

_SEX = "sex"


def record_of(health: Health, diary: Diary, knowledge: Knowledge, codes: Codes, day: dt.date) -> Record:
    """One record of all of it. Answers given here are dated and count as the latest; nothing that was brought in is dropped."""
    answered = _answered(health, codes)
    if health.imported is not None:
        record = _joined(health.imported, answered, health, knowledge, codes, day)
    else:
        record = answered
    record.entries = [*record.entries, *diary_entries(diary, day)]
    last = _current(diary, day)
    if last is not None:
        record.declared = record.declared | {"symptoms"}
    return record


def empty(health: Health) -> bool:
    """Whether nothing has been said yet."""
    return health.imported is None and not health.answers


def _answered(health: Health, codes: Codes) -> Record:
    """The answers as a record. The short form needs a sex; where it was not said, it is left out again."""
    answers: dict[str, Any] = {_SEX: "female", **health.answers}
    record = read_profile(answers, "your answers", codes)
    if _SEX not in health.answers:
        record.entries = [entry for entry in record.entries if entry.fact != _SEX]
    return record


def _joined(imported: Record, answered: Record, health: Health, knowledge: Knowledge, codes: Codes, day: dt.date) -> Record:
    on = max(health.answered_on.values(), default=day)
    entries = [
        msgspec.structs.replace(entry, on=on, specimen="metastasis" if _of_tumour(entry.fact, knowledge) else None)
        for entry in answered.entries
        if entry.fact != "metastatic"
    ]
    joined = msgspec.structs.replace(imported)
    joined.entries = [*imported.entries, *entries]
    if answered.courses:
        joined.courses, joined.administrations = answered.courses, []
    joined.medications = [*imported.medications, *answered.medications]
    joined.declared = imported.declared | answered.declared
    joined.unread = [*imported.unread, *answered.unread]
    joined.region = answered.region or imported.region
    return joined


def _of_tumour(fact: str, knowledge: Knowledge) -> bool:
    return fact in knowledge.facts and knowledge.facts[fact].use == "metastasis-first"


def _current(diary: Diary, day: dt.date) -> CheckIn | None:
    """The last check-in, as long as it still speaks of now."""
    days = int(extra("proctcae.yaml")["recall-days"])
    last = max((one for one in diary.entries if one.on <= day), key=lambda one: one.on, default=None)
    return last if last is not None and (day - last.on).days <= days else None


def diary_entries(diary: Diary, day: dt.date) -> list[Entry]:
    """The symptoms and the temperature of the last check-in, as entries of the record."""
    last = _current(diary, day)
    return [] if last is None else check_in_entries(last)


def check_in_entries(entry: CheckIn) -> list[Entry]:
    """One check-in as entries. A symptom's grade is the composite of what was answered."""
    origin = Origin(f"diary {entry.on.isoformat()}", "check-in")
    found: dict[str, int | None] = dict.fromkeys(entry.symptoms)
    for term in terms().values():
        if not term.symptom or not any(item.id in entry.answers for item in term.items):
            continue
        grade = composite(term, entry.answers)
        present = (grade is not None and grade > 0) or (term.kinds == ("presence",) and entry.answers.get(term.items[0].id) == 1)
        if present:
            found[term.symptom] = max(found.get(term.symptom) or 0, grade or 0) or None
    entries = [Entry(fact="symptoms", value=name, grade=grade, on=entry.on, origin=origin) for name, grade in found.items()]
    if entry.temperature is not None:
        entries.append(Entry(fact="temperature", value=entry.temperature, on=entry.on, origin=origin))
    return entries
