"""A record as a FHIR R4 bundle: to take away, and to hand to another program.

The codes are the ones that the readers know, looked up the other way round; what has no code is written in words, so nothing is
left out. Days that the record does not know are not made up: a course of which only the length is known says so in a note.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from linewise.exchange.codes import Codes, Meaning
from linewise.exchange.fhir.medicines import SUPPLY
from linewise.knowledge import Knowledge
from linewise.record.model import Administration, Course, Entry, Medication, Reaction, Record

Resource = dict[str, Any]

_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_UCUM = "http://unitsofmeasure.org"
_ME = {"reference": "Patient/me"}


def bundle_of(record: Record, knowledge: Knowledge, codes: Codes) -> Resource:
    """The whole record as one collection bundle."""
    writer = _Writer(record, knowledge, codes)
    found = list(writer.resources())
    for number, one in enumerate(found):
        one.setdefault("id", f"r{number}")
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in found]}


def _codings(codes: Codes) -> Iterator[tuple[Resource, Meaning]]:
    """Every code of a system with an address, and what it stands for, in the order of the knowledge."""
    for short, table in codes.codes.items():
        about = codes.systems.get(short)
        if about is not None and about.addresses:
            for code, number in table.items():
                yield {"system": about.addresses[0], "code": code}, codes.meanings[number]


def drug_codings(codes: Codes) -> dict[str, list[Resource]]:
    """The codes of each drug, the first of each system."""
    found: dict[str, list[Resource]] = {}
    for coding, meaning in _codings(codes):
        if meaning.drug:
            known = found.setdefault(meaning.drug, [])
            if all(one["system"] != coding["system"] for one in known):
                known.append(coding)
    return found


def cancer_coding(codes: Codes) -> Resource | None:
    """The code of breast cancer itself."""
    return next(
        (coding for coding, one in _codings(codes) if one.cancer == "breast" and not one.general and not one.secondary), None
    )


class _Writer:
    def __init__(self, record: Record, knowledge: Knowledge, codes: Codes) -> None:
        self.record, self.knowledge, self.codes = record, knowledge, codes
        self._drugs: dict[str, list[Resource]] = {}
        self._values: dict[tuple[str, Any], Resource] = {}
        self._sites: dict[str, Resource] = {}
        self._facts: dict[str, Resource] = {}
        self._cancer: Resource | None = None
        self._invert()

    def _invert(self) -> None:
        """From what a code means to the code; of several, the first in the knowledge."""
        self._drugs, self._cancer = drug_codings(self.codes), cancer_coding(self.codes)
        for coding, meaning in _codings(self.codes):
            if meaning.drug:
                continue
            if meaning.secondary:
                self._sites.setdefault(str(meaning.value), coding)
            elif meaning.fact and meaning.value is not None:
                self._values.setdefault((meaning.fact, meaning.value), coding)
            elif meaning.fact and not meaning.general and meaning.fact not in self._facts:
                self._facts[meaning.fact] = coding

    def resources(self) -> Iterator[Resource]:
        yield self._patient()
        if any(entry.fact == "metastatic" for entry in self.record.entries):
            yield self._condition(self._cancer, "breast cancer", None, None)
        for entry in self.record.entries:
            if entry.fact not in ("sex", "age", "metastatic"):
                yield self._entry(entry)
        for course in self.record.courses:
            for drug in course.drugs:
                yield self._course(drug, course)
        for given in self.record.administrations:
            yield self._given(given)
        for medication in self.record.medications:
            yield self._medication(medication)
        for reaction in self.record.reactions:
            yield self._reaction(reaction)

    def _patient(self) -> Resource:
        found: Resource = {"resourceType": "Patient", "id": "me"}
        for entry in self.record.entries:
            if entry.fact == "sex":
                found["gender"] = str(entry.value)
            elif entry.fact == "age" and self.record.birth is None:
                found["text"] = {
                    "status": "generated",
                    "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{entry.value:g} years old</div>',
                }
        if self.record.birth is not None:
            found["birthDate"] = self.record.birth.isoformat()
        return found

    def _condition(self, coding: Resource | None, words: str, on: dt.date | None, until: dt.date | None) -> Resource:
        state = "resolved" if until else "active"
        found: Resource = {
            "resourceType": "Condition",
            "clinicalStatus": {"coding": [{"system": _CLINICAL, "code": state}]},
            "code": {"coding": [coding] if coding else [], "text": words},
            "subject": _ME,
        }
        if not coding:
            del found["code"]["coding"]
        if on is not None:
            found["onsetDateTime"] = on.isoformat()
        if until is not None:
            found["abatementDateTime"] = until.isoformat()
        return found

    def _entry(self, entry: Entry) -> Resource:
        fact = self.knowledge.facts.get(entry.fact)
        if fact is not None and fact.type == "set" and not entry.absent:
            value = str(entry.value)
            words = fact.values[value].label if value in fact.values else value
            coding = self._sites.get(value) if entry.fact == "sites" else self._values.get((entry.fact, value))
            found = self._condition(coding, words, entry.on, entry.until)
            if entry.fact == "sites":
                found["code"]["text"] = f"metastasis: {words}"
            if entry.grade is not None:
                found["severity"] = {"text": f"grade {entry.grade}"}
            return found
        return self._observation(entry)

    def _observation(self, entry: Entry) -> Resource:
        fact = self.knowledge.facts.get(entry.fact)
        coding = self._facts.get(entry.fact)
        words = fact.label if fact else entry.fact
        found: Resource = {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [coding], "text": words} if coding else {"text": words},
            "subject": _ME,
        }
        if entry.on is not None:
            found["effectiveDateTime"] = entry.on.isoformat()
        if entry.specimen is not None:
            found["bodySite"] = {"text": entry.specimen}
        value = entry.value
        if isinstance(value, bool):
            found["valueBoolean"] = value and not entry.absent
        elif isinstance(value, float | int):
            unit = fact.unit if fact and fact.unit else "1"
            found["valueQuantity"] = {"value": value, "unit": unit, "system": _UCUM, "code": unit}
        else:
            label = fact.values[value].label if fact and value in fact.values else value
            found["valueCodeableConcept"] = {"text": f"no {label}" if entry.absent else label}
        return found

    def _drug(self, name: str) -> Resource:
        found: Resource = {"text": self.knowledge.label(name)}
        if name in self._drugs:
            found["coding"] = self._drugs[name]
        return found

    def _statement(self, drug: str, status: str, start: dt.date | None, end: dt.date | None, note: str) -> Resource:
        found: Resource = {
            "resourceType": "MedicationStatement",
            "status": status,
            "medicationCodeableConcept": self._drug(drug),
            "subject": _ME,
        }
        period = {name: day.isoformat() for name, day in (("start", start), ("end", end)) if day is not None}
        if period:
            found["effectivePeriod"] = period
        if note:
            found["note"] = [{"text": note}]
        return found

    def _course(self, drug: str, course: Course) -> Resource:
        parts = [f"line {course.number} for metastatic disease" if course.number else f"{course.setting} treatment"]
        parts += [f"{course.months:g} months"] if course.months is not None else []
        parts += [f"ended {course.months_since_end:g} months before"] if course.months_since_end is not None else []
        parts += [f"stopped for {course.stopped_for}"] if course.stopped_for else []
        return self._statement(drug, _status(course.ongoing), course.start, course.end, ", ".join(parts))

    def _given(self, given: Administration) -> Resource:
        status = "intended" if given.planned else _status(given.ongoing)
        note = f"stopped for {given.stopped_for}" if given.stopped_for else ""
        found = self._statement(given.drug, status, given.start, given.end, note)
        return found | ({"extension": [{"url": SUPPLY, "valueCode": given.supply}]} if given.supply else {})

    def _medication(self, medication: Medication) -> Resource:
        return self._statement(medication.drug, "active", medication.start, medication.end, "")

    def _reaction(self, reaction: Reaction) -> Resource:
        found: Resource = {
            "resourceType": "AllergyIntolerance",
            "code": self._drug(reaction.drug),
            "patient": _ME,
            "reaction": [{"manifestation": [{"text": reaction.effect}]}],
        }
        if reaction.grade is not None:
            found["note"] = [{"text": f"grade {reaction.grade}"}]
        return found


def _status(ongoing: bool | None) -> str:
    return "unknown" if ongoing is None else "active" if ongoing else "completed"
