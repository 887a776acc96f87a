"""What a row of an OMOP table says, as the FHIR resource that says the same: so that one reader reads both.

`concept` tells which code a concept stands for. What OMOP says in vocabularies of its own stands in `knowledge/cohort/omop.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from linewise.errors import LinewiseError
from linewise.exchange import Codes

Body = dict[str, Any]
Cells = Mapping[str, Any]
_NONE = ("", "0")
_FORM = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-histology-morphology-behavior"
_ICDO3 = re.compile(r"(\d{4}/(\d))-(C\d\d(?:\.\d)?)")


def rules_of(codes: Codes) -> Mapping[str, Any]:
    """`cohort/omop.yaml`. Raises LinewiseError where the knowledge has none."""
    if not codes.omop:
        raise LinewiseError("how OMOP is read stands in cohort/omop.yaml, and this knowledge has no such file.")
    return codes.omop


@dataclass(frozen=True)
class Concept:
    """One row of `concept`."""

    vocabulary: str
    code: str
    name: str


@dataclass
class Concepts:
    """Concepts that occur in the data, by id, and the rules for OMOP's own."""

    codes: Codes
    known: dict[str, Concept] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rules = rules_of(self.codes)
        self._by_id = {str(number): rule for rule in self.rules["concepts"] for number in rule.get("ids", ())}
        self._by_name = [(re.compile(rule["name"], re.IGNORECASE), rule) for rule in self.rules["concepts"]]
        self._own: dict[str, Mapping[str, Any] | None] = {}

    # Concepts

    def own(self, number: str | None) -> Mapping[str, Any] | None:
        """The rule for a concept of OMOP's own vocabularies."""
        if number is None or number in _NONE:
            return None
        if number not in self._own:
            about = self.known.get(number)
            named = about.name if about and about.vocabulary in ("Cancer Modifier", "Episode") else ""
            self._own[number] = self._by_id.get(number) or next(
                (rule for form, rule in self._by_name if named and form.fullmatch(named)), None
            )
        return self._own[number]

    def named(self) -> list[str]:
        """The ids of every concept of which anything is known."""
        return [*self.known, *self._by_id]

    def system(self, vocabulary: str) -> str:
        """The name of a code system as the knowledge has it."""
        return str(self.rules["vocabularies"].get(vocabulary, vocabulary))

    def strange(self, cells: Cells) -> str:
        """The vocabularies of what a row says it is, where none of them is known here."""
        found = [self.known[number].vocabulary for number in (cells.get("concept"), cells.get("source")) if number in self.known]
        if not found or any(self.system(name).lower() in self.codes.addresses for name in found):
            return ""
        return ", ".join(dict.fromkeys(found))

    def codings(self, *numbers: str | None) -> list[Body]:
        """The codes of concepts, each with its name."""
        found = []
        for number in numbers:
            about = self.known.get(number or "")
            if about is None or number in _NONE:
                continue
            parts = _ICDO3.fullmatch(about.code) if about.vocabulary == "ICDO3" else None
            found += self._cancer(parts[2], parts[3]) if parts else []
            found.append({"system": self.system(about.vocabulary), "code": about.code, "display": about.name})
        return found

    def _cancer(self, behaviour: str, place: str) -> list[Body]:
        """The place of an ICD-O-3 pair of form and place. Places are those of ICD-10; what has not grown in has another code there."""
        in_situ = {str(key): str(code) for key, code in self.rules["in-situ"].items()}
        icd = {"3": place, "2": in_situ.get(place[:3])}.get(behaviour)
        return [{"system": "ICD-10", "code": icd}] if icd else []

    def _condition(self, *numbers: str | None, words: str | None = None) -> Body:
        """A condition. The form of a tumour that stands in an ICD-O-3 pair is said beside it, as mCODE does."""
        body: Body = {"resourceType": "Condition", "code": self.concept(numbers[0], numbers[-1], words) or {"text": ""}}
        pairs = [
            _ICDO3.fullmatch(about.code)
            for number in numbers
            if (about := self.known.get(number or "")) and about.vocabulary == "ICDO3"
        ]
        forms = [{"coding": [{"system": "ICDO3", "code": pair[1]}]} for pair in pairs[:1] if pair]
        return body | ({"extension": [{"url": _FORM, "valueCodeableConcept": form} for form in forms]} if forms else {})

    def concept(self, standard: str | None, source: str | None = None, words: str | None = None) -> Body | None:
        """A coded concept: by the standard concept and that of the source; where there is neither, in the source's words."""
        codings = self.codings(standard, source if source != standard else None)
        if codings:
            return {"coding": codings}
        return {"text": words} if words else None

    def _written(self, named: Mapping[str, Any]) -> Body:
        """A concept as the knowledge writes it: `{snomed: 94222008}`, or `{text: …}`."""
        ((system, code),) = named.items()
        return {"text": code} if system == "text" else {"coding": [{"system": system, "code": str(code)}]}

    # Rows

    def body(self, table: str, cells: Cells) -> Body | None:
        """What the row of a table says, without whom and when; None where it says nothing that is asked for."""
        made: Body | None = getattr(self, f"_{table}")(cells)
        return made

    def _person(self, cells: Cells) -> Body:
        gender = self.rules["genders"].get(_number(cells["gender"]))
        return {"resourceType": "Patient"} | ({"gender": gender} if gender else {})

    def _condition_occurrence(self, cells: Cells) -> Body | None:
        if self.own(cells["concept"]) is not None:
            return self._by_rule(cells)
        return self._condition(cells["concept"], cells["source"], words=cells["words"])

    def _procedure_occurrence(self, cells: Cells) -> Body:
        return {"resourceType": "Procedure", "status": "completed", "code": self._code(cells)}

    def _measurement(self, cells: Cells) -> Body | None:
        if self.own(cells["concept"]) is not None:
            return self._by_rule(cells)
        return {"resourceType": "Observation", "status": "final", "code": self._code(cells)} | self._value(cells)

    def _observation(self, cells: Cells) -> Body | None:
        """An observation without a value states what its concept says, as a condition does."""
        if self.own(cells["concept"]) is not None:
            return self._by_rule(cells)
        value = self._value(cells)
        if not value:
            return self._condition(cells["concept"], cells["source"], words=cells["words"])
        return {"resourceType": "Observation", "status": "final", "code": self._code(cells)} | value

    def _drug_exposure(self, cells: Cells) -> Body:
        """Handed out or asked for: a supply. One day: an administration. Several days: a statement of a treatment that is over."""
        medicine: Body = {"medicationCodeableConcept": self._code(cells), "status": "completed"}
        if cells["words_end"]:
            medicine["statusReason"] = [{"text": cells["words_end"]}]
        days, kind = _number(cells["supply"]), self._supply(cells["type"])
        if kind == "dispensed" and days:
            return {"resourceType": "MedicationDispense", "daysSupply": {"value": days}} | medicine
        if kind == "requested" and days:
            asked = {"expectedSupplyDuration": {"value": days, "unit": "d"}}
            return {"resourceType": "MedicationRequest", "intent": "order", "dispenseRequest": asked} | medicine
        return {"resourceType": "MedicationStatement" if cells["span"] else "MedicationAdministration"} | medicine

    def _supply(self, kind: str | None) -> str:
        about = self.known.get(kind or "")
        for supply, rule in self.rules["supplies"].items():
            named = (
                about is not None and about.vocabulary == "Type Concept" and re.search(rule["name"], about.name, re.IGNORECASE)
            )
            if _number(kind) in rule["ids"] or named:
                return str(supply)
        return ""

    def supplies(self) -> list[str]:
        """The types of exposure that are supplies."""
        listed = [str(number) for rule in self.rules["supplies"].values() for number in rule["ids"]]
        return sorted(
            {
                *listed,
                *(number for number, about in self.known.items() if about.vocabulary == "Type Concept" and self._supply(number)),
            }
        )

    def _episode(self, cells: Cells) -> Body | None:
        rule = self.own(cells["concept"])
        if rule is not None and rule.get("object"):
            return self._condition(cells["object"], words=cells["words"])
        if rule is not None and rule.get("regimen"):
            if cells["exposed"]:
                return None  # what was given stands in drug_exposure
            about = self.known.get(cells["object"] or "")
            name = (about.name if about else cells["words"] or "").replace(" & ", " and ")
            return {"resourceType": "MedicationStatement", "status": "completed", "medicationCodeableConcept": {"text": name}}
        if rule is not None:
            return self._by_rule(cells)
        return {"resourceType": "Observation", "status": "final", "code": self._code(cells)}

    def _code(self, cells: Cells) -> Body:
        return self.concept(cells["concept"], cells.get("source"), cells["words"]) or {"text": ""}

    def _by_rule(self, cells: Cells) -> Body | None:
        """A concept that is a whole statement. One with a value that does not say that it holds is left with its name and its value, unread."""
        rule = self.own(cells["concept"])
        if rule is None or "silent" in rule:
            return None
        value = cells.get("value")
        if value not in (None, *_NONE) and not self._holds(str(value)):
            return {"resourceType": "Observation", "status": "final", "code": self._code(cells)} | self._value(cells)
        if "condition" in rule:
            return {"resourceType": "Condition", "code": self._written(rule["condition"])}
        said = {"valueCodeableConcept": self._written(rule["value"])}
        return {"resourceType": "Observation", "status": "final", "code": self._written(rule["observation"])} | said

    def _holds(self, value: str) -> bool:
        if _number(value) in self.rules["present"]["ids"]:
            return True
        meanings = [self.codes.meaning(coding["system"], coding["code"]) for coding in self.codings(value)]
        return any(meaning is not None and meaning.word == "positive" for meaning in meanings)

    def _value(self, cells: Cells) -> Body:
        """The value of a measurement or an observation: a number, else a coded answer, else words."""
        if cells["number"] is not None:
            unit = self.known.get(cells["unit"] or "")
            name = (unit.code if unit and cells["unit"] not in _NONE else "") or cells["unit_words"]
            sign = self.rules["operators"].get(_number(cells["operator"]))
            quantity = (
                {"value": cells["number"]}
                | ({"unit": name, "code": name} if name else {})
                | ({"comparator": sign} if sign else {})
            )
            return {"valueQuantity": quantity}
        codings = self.codings(cells["value"])
        if codings:
            return {"valueCodeableConcept": {"coding": codings}}
        return {"valueString": cells["value_words"]} if cells["value_words"] else {}


def _number(text: Any) -> int | None:
    """A whole number that stands as text, or None."""
    return int(text) if text is not None and str(text).isdigit() else None
