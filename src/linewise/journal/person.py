"""From the journal to a record: what was brought in, what was answered here, and what the diary said this week."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

import msgspec

from linewise.exchange import Codes
from linewise.exchange.profile import read_profile
from linewise.knowledge import Knowledge
from linewise.record import Course, Entry, Medication, Origin, Record, Unread
from linewise.record.model import NOT_KNOWN, TREATMENTS

from .documents import CheckIn, Diary, Health
from .proctcae import composite, terms

_SEX = "sex"
_SETTINGS: dict[str, Literal["adjuvant", "metastatic"]] = {"adjuvant": "adjuvant", "metastatic_lines": "metastatic"}
_GOING = {"yes": True, "no": False, "unknown": None}


def record_of(health: Health, diary: Diary, knowledge: Knowledge, codes: Codes, day: dt.date) -> Record:
    """One record of all of it. Answers given here are dated and count as the latest; nothing that was brought in is dropped."""
    answered = _answered(health, codes)
    if health.imported is not None:
        record = _joined(health.imported, answered, health, knowledge, codes, day)
    else:
        record = answered
    _leave_open(record, health, knowledge)
    record.entries = [*record.entries, *diary_entries(diary, knowledge, day)]
    last = _current(diary, knowledge, day)
    if last is not None:
        record.declared = record.declared | {"symptoms"}
    return record


def empty(health: Health) -> bool:
    """Whether nothing has been said yet."""
    return health.imported is None and not health.answers


def _answered(health: Health, codes: Codes) -> Record:
    """The answers as a record. The short form needs a sex; where it was not said, it is left out again."""
    answers: dict[str, Any] = {_SEX: "female", **health.answers}
    for member in _SETTINGS:
        if member in answers:
            answers[member] = [{name: value for name, value in one.items() if name != "going"} for one in answers[member]]
    record = read_profile(answers, "your answers", codes)
    record.courses = [_going(course, health) for course in record.courses]
    if _SEX not in health.answers:
        record.entries = [entry for entry in record.entries if entry.fact != _SEX]
    return record


def _going(course: Course, health: Health) -> Course:
    """Whether a course goes on, as it was said; where it was neither said nor why it stopped, nobody knows."""
    if course.setting != "metastatic" or course.number is None:
        return course
    said = health.answers["metastatic_lines"][course.number - 1]
    if "going" in said:
        return msgspec.structs.replace(course, ongoing=_GOING[said["going"]], assumed=())
    return msgspec.structs.replace(course, ongoing=None) if course.ongoing else course


def _leave_open(record: Record, health: Health, knowledge: Knowledge) -> None:
    """What was not asked yet, or answered with "I don't know", stays unknown. What a record that was brought in says is not touched."""
    for step in knowledge.guide.steps:
        member = step.member
        said = member in health.answers or (health.imported is not None and step.id not in health.unsure)
        if said or member in record.declared:
            continue
        if step.kind == "courses" and not any(one.setting == _SETTINGS[member] for one in record.courses):
            if record.administrations:
                continue
            drugs = (*health.coarse.get(step.id, ()), NOT_KNOWN)
            origin = Origin("your answers", "I don’t know" if step.id in health.unsure else "not asked yet")
            going = None if member == "metastatic_lines" else False  # what was given before the spread is over
            course = Course(drugs=drugs, setting=_SETTINGS[member], ongoing=going, undated=True, origins=(origin,))
            record.courses = [*record.courses, course]
        elif member == "medications" and not record.medications:
            record.medications = [Medication(drug=NOT_KNOWN, origin=Origin("your answers", "not known"))]
        elif member == "comorbidities":
            record.unsure = record.unsure | {member}


def _joined(imported: Record, answered: Record, health: Health, knowledge: Knowledge, codes: Codes, day: dt.date) -> Record:
    on = max(health.answered_on.values(), default=day)
    entries = [
        msgspec.structs.replace(entry, on=on, specimen="metastasis" if _of_tumour(entry.fact, knowledge) else None)
        for entry in answered.entries
        if entry.fact != "metastatic"
    ]
    joined = msgspec.structs.replace(imported)
    joined.courses, joined.medications = list(imported.courses), list(imported.medications)
    joined.entries = [*imported.entries, *entries]
    if answered.courses:
        joined.courses, joined.administrations = answered.courses, []
    joined.medications = [*imported.medications, *answered.medications]
    joined.declared = imported.declared | answered.declared
    joined.reactions = [*imported.reactions, *answered.reactions]
    joined.unread = [*(_settled(one, answered) for one in imported.unread), *answered.unread]
    joined.region = answered.region or imported.region
    return joined


def _settled(one: Unread, answered: Record) -> Unread:
    """What was not understood in a file leaves nothing open that was answered here since: a whole list, or all treatments."""
    lists = set(answered.declared) | ({TREATMENTS} if {"adjuvant", "metastatic_lines"} <= answered.declared else set())
    return msgspec.structs.replace(one, touches=tuple(name for name in one.touches if name.partition(":")[0] not in lists))


def _of_tumour(fact: str, knowledge: Knowledge) -> bool:
    return fact in knowledge.facts and knowledge.facts[fact].use == "metastasis-first"


def _current(diary: Diary, knowledge: Knowledge, day: dt.date) -> CheckIn | None:
    """The last check-in, as long as it still speaks of now."""
    days = knowledge.item_bank.recall_days
    last = max((one for one in diary.entries if one.on <= day), key=lambda one: one.on, default=None)
    return last if last is not None and (day - last.on).days <= days else None


def diary_entries(diary: Diary, knowledge: Knowledge, day: dt.date) -> list[Entry]:
    """The symptoms and the temperature of the last check-in, as entries of the record."""
    last = _current(diary, knowledge, day)
    return [] if last is None else check_in_entries(last, knowledge)


def check_in_entries(entry: CheckIn, knowledge: Knowledge) -> list[Entry]:
    """One check-in as entries. A symptom's grade is the composite of what was answered."""
    origin = Origin(f"diary {entry.on.isoformat()}", "check-in")
    found: dict[str, int | None] = dict.fromkeys(entry.symptoms)
    for term in terms(knowledge).values():
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
