"""How a statement is coded: found in the knowledge's own code tables, and proved by reading it back.

For every statement there are candidates, from the most to the least usual. The first that the reader of `exchange` understands as
exactly that statement is taken. What no candidate can say is listed in `left_out`: it does not go into the files.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

import msgspec

from linewise.exchange import Codes
from linewise.exchange.fhir import read_fhir
from linewise.knowledge import Knowledge
from linewise.record import Record

Body = dict[str, Any]
PROBE = dt.date(2020, 2, 2)
_WORDS = ("positive", "negative")
_VARIANT = (
    ("positive",),
    ("positive", "fusion"),
    ("positive", "pathogenic", "germline"),
    ("positive", "uncertain", "germline"),
    ("negative",),
)


_ASKED = ("fact", "value", "role", "drug", "word", "event", "site", "cancer")
"""The members by which the tables are asked for codes."""


class Coding:
    """Codes for statements. Everything is asked once."""

    def __init__(self, knowledge: Knowledge, codes: Codes) -> None:
        self.knowledge, self.codes = (
            knowledge,
            msgspec.structs.replace(codes, worded=False),
        )  # what is written is coded, not worded
        self.left_out: list[str] = []

    # Look-ups in the tables

    @cached_property
    def _listed(self) -> list[tuple[str, str, Any]]:
        found = [
            (system, code, self.codes.meanings[number])
            for system, row in self.codes.codes.items()
            for code, number in row.items()
        ]
        return [(self.codes.systems[system].addresses[0], code, meaning) for system, code, meaning in found]

    @cached_property
    def _by_member(self) -> dict[tuple[str, Any], list[int]]:
        """Where in the list the meanings with a member stand: there are tens of thousands, and each thing to say asks for some of them."""
        found: dict[tuple[str, Any], list[int]] = {}
        for number, (_, _, meaning) in enumerate(self._listed):
            for name in _ASKED if not meaning.ignore else ():
                found.setdefault((name, getattr(meaning, name)), []).append(number)
        return found

    def _coded(self, **wanted: str | float | None) -> list[Body]:
        """Concepts whose meaning has these members."""
        fewest = min((self._by_member.get(one, []) for one in wanted.items()), key=len)
        found = (self._listed[number] for number in fewest)
        return [
            concept(system, code)
            for system, code, meaning in found
            if all(getattr(meaning, name) == value for name, value in wanted.items())
        ]

    def _word(self, word: str) -> list[Body]:
        return self._coded(word=word)[:1]

    # Statements

    def entry(self, fact: str, value: str | float, specimen: str | None = None) -> Body | None:
        """An Observation or a Condition that says it, without its day and its person."""
        probe = float(value) if isinstance(value, int) else value
        for body in self._candidates(fact, value):
            if specimen is not None:
                body = body | {"bodySite": next(self._sites(specimen == "primary"))}
            record = self._read(body)
            said = [one for one in record.entries if one.fact == fact] if record else []
            if len(said) == 1 and said[0].value == probe and specimen in (None, said[0].specimen) and said[0].on == PROBE:
                return body
        self.left_out.append(f"{fact}: {value}")
        return None

    def _sites(self, primary: bool) -> Iterator[Body]:
        places = self.knowledge.facts["sites"].values
        for system, code, meaning in self._listed:
            if (meaning.site == "breast") if primary else (meaning.site in places):
                yield concept(system, code)

    def _candidates(self, fact: str, value: str | float) -> Iterator[Body]:
        about = self.knowledge.facts[fact]
        whole = self._coded(fact=fact, value=value)
        if about.type == "set":
            yield from ({"resourceType": "Condition", "code": code} for code in whole)
            label = about.values[str(value)].label if str(value) in about.values else str(value)
            yield {"resourceType": "Condition", "code": {"text": label}}
            return
        yield from (observation(code) for code in whole)
        phrases = [
            {"text": phrase} for phrase, meaning in self.codes.phrases.items() if meaning.fact == fact and meaning.value is None
        ]
        codes = [*self._coded(fact=fact, value=None, role=""), {"text": about.label}, {"text": about.id}, *phrases]
        if about.type == "number":
            yield from (observation(code, valueQuantity=quantity(value, about.unit)) for code in codes)
            yield from self._genomic(fact, value)
            return
        answers = self.codes.answers.get(fact, {})
        words = [str(value), *(word for word, meant in answers.items() if meant == value), *_WORDS]
        for code in codes:
            for word in words:
                yield from (observation(code, valueCodeableConcept=said) for said in self._word(word))
            yield from (observation(code, valueCodeableConcept=said) for said in whole)
            yield observation(code, valueString=str(value))
        yield from self._genomic(fact, value)

    def _genomic(self, fact: str, value: str | float) -> Iterator[Body]:
        genes = self._coded(fact=fact, role="gene")
        tops, members = self._coded(role="variant"), self._coded(role="variant-member")
        names = [code for code in self._coded(role="gene") if code["coding"][0]["system"].endswith("loinc.org")]
        for gene in genes[:1]:
            for words in _VARIANT:
                parts = [{"code": name, "valueCodeableConcept": gene} for name in names[:1]]
                for word in words:
                    parts += [{"code": members[0], "valueCodeableConcept": said} for said in self._word(word)]
                yield observation(tops[0], component=parts)

    def drug(self, drug: str, kind: str, **more: Any) -> Body | None:
        """A medicine resource for a drug."""
        known = self.knowledge.drugs.get(drug)
        codes = [*self._coded(drug=drug), {"text": known.label if known else drug}, {"text": drug}]
        for code in codes:
            body = {"resourceType": kind, "medicationCodeableConcept": code} | more
            record = self._read(body | {"status": "active", "effectivePeriod": {"start": PROBE.isoformat()}})
            given = [one.drug for one in record.administrations] + [one.drug for one in record.medications] if record else []
            if given == [drug]:
                return body
        self.left_out.append(drug)
        return None

    def reason(self, why: str) -> Body | None:
        """Why a treatment was stopped."""
        found = self._word(why)
        return found[0] if found else None

    def turn(self, what: str) -> Body | None:
        """An Observation of how the disease went."""
        for system, code, meaning in self._listed:
            if meaning.role == "course":
                for word, meant in meaning.answers.items():
                    for said in self._word(word) if meant == what else ():
                        body = observation(concept(system, code), valueCodeableConcept=said)
                        record = self._read(body)
                        if record and [event.what for event in record.events] == [what]:
                            return body
        self.left_out.append(what)
        return None

    def operation(self, site: str) -> Body | None:
        """A Procedure that is an operation there."""
        for code in self._coded(event="surgery", site=site):
            body = {"resourceType": "Procedure", "status": "completed", "code": code}
            record = self._read(body)
            if record and [(event.what, event.site) for event in record.events] == [("surgery", site)]:
                return body
        self.left_out.append(f"an operation: {site}")
        return None

    def cancer(self) -> Body:
        """The diagnosis itself."""
        return {"resourceType": "Condition", "code": self._coded(cancer="breast")[0]}

    def reaction(self, drug: str, effect: str) -> Body | None:
        """An intolerance of a drug, with what it did."""
        medicine = self.drug(drug, "MedicationStatement")
        known = self.knowledge.content.effects.get(effect)
        forms = [*self._coded(effect=effect), {"text": effect}, *([{"text": known.label}] if known else [])]
        for form in forms if medicine else ():
            body = {
                "resourceType": "AllergyIntolerance",
                "code": medicine["medicationCodeableConcept"],  # type: ignore[index]
                "reaction": [{"manifestation": [form]}],
            }
            record = self._read(body)
            if record and [(one.drug, one.effect) for one in record.reactions] == [(drug, effect)]:
                return body
        self.left_out.append(f"{drug}: {effect}")
        return None

    def _read(self, body: Body) -> Record | None:
        days = {
            "Observation": "effectiveDateTime", "Condition": "onsetDateTime", "AllergyIntolerance": "recordedDate", "Procedure": "performedDateTime",
        }  # fmt: skip
        dated = {days[body["resourceType"]]: PROBE.isoformat()} if body["resourceType"] in days else {}
        resource = {"id": "r", "subject": {"reference": "Patient/p"}} | body | dated
        records = read_fhir([{"resourceType": "Patient", "id": "p"}, resource], "a probe", self.codes)
        return records[0] if not records[0].unread else None


def concept(system: str, code: str) -> Body:
    """A coded concept of one code."""
    return {"coding": [{"system": system, "code": code}]}


def observation(code: Body, **value: Any) -> Body:
    """A final observation of a value."""
    return {"resourceType": "Observation", "status": "final", "code": code} | value


def quantity(value: str | float, unit: str | None) -> Body:
    """A number with its UCUM unit."""
    return {"value": value} | ({"unit": unit, "system": "http://unitsofmeasure.org", "code": unit} if unit else {})


def statements(pairs: Iterable[tuple[str, str | float, str | None]], coding: Coding) -> dict[tuple[str, str, str | None], Body]:
    """The coded form of each different statement that can be coded."""
    found = {}
    for fact, value, specimen in pairs:
        body = coding.entry(fact, value, specimen)
        if body is not None:
            found[fact, str(value), specimen] = body
    return found
