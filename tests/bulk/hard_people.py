"""Hard people as FHIR: resources put together at random from the code tables, as no sane record is, to find where two readers differ.

Everything that the exported CQL says it reads occurs: panels, several codings, answers as codes, words, scores, numbers in every known unit, limits, ranges,
genes by old and new codes, conditions that are over or doubted, dates without a day, medicines by code, name and reference, harms by code and word.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable
from typing import Any

from linewise.exchange import Codes
from linewise.knowledge import Knowledge
from linewise.logic import Question
from linewise.logic.nodes import Had, ReactedTo, Taking

Json = dict[str, Any]
DAY = dt.date(2026, 11, 1)


class Hard:
    """Draws people. One for each seed."""

    def __init__(self, knowledge: Knowledge, codes: Codes, seed: int, asked: Iterable[Question] = ()) -> None:
        """`asked`: questions whose drugs and harms shall come up often."""
        asked = list(asked)
        self.knowledge, self.codes, self.chance = knowledge, codes, random.Random(seed)
        self.rows = [
            (system, code, codes.meanings[number]) for system, row in codes.codes.items() for code, number in row.items()
        ]
        plain = [
            row for row in self.rows if not row[2].drug and not row[2].bands
        ]  # scores of another scale: see `cql.facts.LIMITS`
        self.drugs = [row for row in self.rows if row[2].drug]
        self.about = [
            row for row in plain if (row[2].fact and row[2].value is None) or row[2].role in ("stage", "spread", "course")
        ]
        self.by_fact: dict[str, list[Any]] = {}
        for row in self.about:
            self.by_fact.setdefault(row[2].fact or row[2].role, []).append(row)
        self.ill = [row for row in plain if row[2].value is not None or row[2].cancer or row[2].secondary or row[2].histology]
        self.said = [row for row in plain if row[2].word or row[2].stage or row[2].value is not None]
        self.places = [row for row in plain if row[2].site]
        self.genes = [row for row in plain if row[2].role == "gene" and row[2].fact]
        self.words = [form for form, meant in codes.words.items() if meant]
        self.phrases = [form for form, meant in codes.phrases.items() if not meant.beside]
        self.effects = [row for row in plain if row[2].effect]
        self.harms = [*sorted(knowledge.content.effects), "a word nobody knows"]
        self.names = [name for name in codes.names if name.strip()]
        named = {name for one in asked if isinstance(one, Taking | Had) for name in one.treatment.names}
        self.wanted = [self._known_as(name) for name in sorted(named)]
        self.named_facts = [form for form, meant in codes.phrases.items() if meant.fact and meant.value is None]
        harmed = [one for one in asked if isinstance(one, ReactedTo)]
        self.harmed = [(name, one.effect) for one in harmed for name in sorted(one.treatment.names) if name]
        self.number = 0

    def _known_as(self, name: str) -> tuple[list[Any], list[str]]:
        """The codes, and the names, of the drugs that are something."""
        names = [form for form, drug in self.codes.names.items() if self.knowledge.is_a(drug, name) and form]
        return [row for row in self.drugs if self.knowledge.is_a(row[2].drug, name)], names

    def person(self, key: str) -> list[Json]:
        """The resources of one person."""
        made: list[Json] = [self._patient(key)]
        for kind, most, draw in (
            ("o", 30, self._observation), ("c", 12, self._condition), ("m", 14, self._medicine), ("a", 6, self._allergy), ("p", 3, self._procedure),
        ):  # fmt: skip
            for _ in range(self.chance.randint(0, most)):
                self.number += 1
                whose = "patient" if kind == "a" else "subject"
                made += [{"id": f"{kind}{self.number}", whose: {"reference": f"Patient/{key}"}} | one for one in draw()]
        return made

    def _is(self, share: float) -> bool:
        return self.chance.random() < share

    def _patient(self, key: str) -> Json:
        births = ["1961-02-28", "1960-02-29", "1955-11-01", "1955-11-02", "1980-05", "1972", "1990-06-15"]
        found: Json = {"resourceType": "Patient", "id": key, "birthDate": self.chance.choice(births)}
        if self._is(0.9):
            found["gender"] = self.chance.choice(["female", "female", "male", "other", "unknown"])
        if self._is(0.3):
            url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
            found["extension"] = [{"url": url, "valueCode": self.chance.choice(["F", "F", "M", "UNK"])}]
        return found

    # Parts

    def _day(self) -> str:
        on = DAY - dt.timedelta(days=self.chance.choice([-20, 0, 0, 1, 28, 31, 60, 61, 200, 365, 366, 900, 2000]))
        return self.chance.choice(
            [on.isoformat()] * 6 + [on.isoformat()[:7], on.isoformat()[:4], f"{on.isoformat()}T10:30:00+02:00"]
        )

    def _coding(self, row: Any) -> Json:
        system, code, _ = row
        addresses = self.codes.systems[system].addresses
        prefix = self.codes.systems[system].prefix
        shown = code.removeprefix(prefix) if prefix and self._is(0.3) else code
        if self.codes.systems[system].hierarchical and self._is(0.3):
            shown = f"{code}.9" if "." not in code else f"{code}1"
        return {"system": self.chance.choice(addresses), "code": shown}

    def _concept(self, rows: list[Any], wordings: list[str] | None = None) -> Json:
        kind = self.chance.random()
        if kind < 0.08:
            return {"coding": [{"system": "urn:nobody-knows", "code": "1"}], "text": "something else"}
        if wordings and kind < 0.3:
            said = self.chance.choice(wordings)
            return {"text": said.upper() if self._is(0.3) else said}
        codings = [self._coding(self.chance.choice(rows)) for _ in range(2 if kind > 0.93 else 1)]
        return {"coding": codings}

    def _quantity(self, fact: str) -> Json:
        shape = self.codes.facts.get(fact)
        low, high = (shape.low or 0.0, shape.high or 100.0) if shape and shape.type == "number" else (0.0, 100.0)
        units = [shape.unit if shape else "", *self.codes.units.get(fact, {}), "%", "furlong", ""]
        value = round(self.chance.uniform(low, high), self.chance.choice([0, 1, 2]))
        found: Json = {"value": self.chance.choice([value, value, 0, 1, 11, 60, 500, 0.5])}
        unit = self.chance.choice(units)
        if unit:
            found[self.chance.choice(["code", "unit"])] = unit
        if self._is(0.15):
            found["comparator"] = self.chance.choice(["<", ">", "<=", ">="])
        return found

    def _value(self, fact: str) -> Json:
        kind = self.chance.choice(
            ["coded"] * 4 + ["quantity"] * 4 + ["string", "string", "integer", "boolean", "range", "heard", "nothing"]
        )
        if kind == "coded":
            return {"valueCodeableConcept": self._concept(self.said, self.words + self.phrases)}
        if kind == "quantity":
            found: Json = {"valueQuantity": self._quantity(fact)}
            if self._is(0.5):
                found["referenceRange"] = [{"high": self._quantity(fact)}, {"high": {**found["valueQuantity"], "value": 40}}]
            return found
        if kind == "string":
            return {"valueString": self.chance.choice([*self.words, *self.phrases, "2", "7.5", "see report"])}
        if kind == "integer":
            return {"valueInteger": self.chance.randint(0, 6)}
        if kind == "boolean":
            return {"valueBoolean": self._is(0.5)}
        if kind == "range":
            return {"valueRange": {"low": self._quantity(fact), "high": {"value": 100}}}
        if kind == "heard":
            heard = [row for row in self.rows if row[2].word]
            return {"interpretation": [self._concept(heard)]}
        return {"dataAbsentReason": {"text": "not done"}}

    # Resources

    def _observation(self) -> list[Json]:
        if self._is(0.2):
            return [self._variant()]
        row = self.chance.choice(
            self.by_fact[self.chance.choice(list(self.by_fact))]
        )  # every fact as often, however many codes it has
        code = {"coding": [self._coding(row)]} if self._is(0.8) else {"text": self.chance.choice(self.named_facts)}
        if self._is(0.1):
            code = {"coding": [self._coding(self.chance.choice(self.about)), self._coding(row)]}
        found: Json = {
            "resourceType": "Observation",
            "status": self.chance.choice(["final"] * 8 + ["entered-in-error", "cancelled", "preliminary", "unknown"]),
            "code": code,
        }
        found |= self._timed()
        more = []
        if self._is(0.3):
            found["bodySite"] = self._concept(self.places)
        if self._is(0.15):
            self.number += 1
            found["specimen"] = {"reference": f"Specimen/s{self.number}"}
            places = {"bodySite": self._concept(self.places), "collectedDateTime": self._day()}
            more = [{"resourceType": "Specimen", "id": f"s{self.number}", "collection": places}]
        if self._is(0.15):
            parts = [
                ({"coding": [self._coding(part)]}, part[2].fact)
                for part in self.chance.choices(self.about, k=self.chance.randint(1, 4))
            ]
            found["component"] = [{"code": code, **self._answer(code, fact)} for code, fact in parts]
            if self._is(0.7):
                return [found, *more]
        return [found | self._answer(code, row[2].fact), *more]

    def _answer(self, code: Json, fact: str) -> Json:
        """A value. How many there are is no answer to whether the cancer has spread: readers may differ there."""
        value = self._value(fact)
        meant = [self.codes.meaning(coding["system"], coding["code"]) for coding in code.get("coding", [])]
        spread = any(one is not None and one.role == "spread" for one in meant)
        return {"valueBoolean": True} if spread and {"valueQuantity", "valueInteger", "valueRange"} & value.keys() else value

    def _timed(self) -> Json:
        kind = self.chance.random()
        if kind < 0.6:
            return {"effectiveDateTime": self._day()}
        if kind < 0.75:
            return {"effectivePeriod": {"start": self._day(), "end": self._day()} if self._is(0.5) else {"start": self._day()}}
        if kind < 0.85:
            return {"effectiveInstant": "2026-08-01T09:00:00Z"}
        return {"issued": "2026-07-01T09:00:00Z"} if kind < 0.93 else {}

    def _variant(self) -> Json:
        tops = [row for row in self.rows if row[2].role == "variant"]
        parts: list[Json] = []
        for role, most in (("gene", 2), ("variant-member", 3), ("variant-name", 1)):
            codes = [row for row in self.rows if row[2].role == role and not row[2].fact]
            for _ in range(self.chance.choice([1, 1, most]) if role == "gene" else self.chance.randint(0, most)):
                part: Json = {"code": {"coding": [self._coding(self.chance.choice(codes))]}}
                if role == "gene":
                    gene = self.chance.choice(self.genes)
                    part |= (
                        {"valueCodeableConcept": {"coding": [self._coding(gene)]}}
                        if self._is(0.8)
                        else {"valueString": gene[2].fact}
                    )
                elif role == "variant-name":
                    part["valueString"] = self.chance.choice(["BRAF V600E", "p.Val600Glu", "c.5266dup", "V600K"])
                else:
                    part |= {"valueCodeableConcept": self._concept([row for row in self.rows if row[2].word], self.words)}
                parts.append(part)
        found: Json = {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [self._coding(self.chance.choice(tops))]},
            "component": parts,
        }
        if self._is(0.8):
            yes = [row for row in self.rows if row[2].word in ("positive", "negative")]
            found["valueCodeableConcept"] = self._concept(yes, ["positive", "detected", "not detected"])
        if self._is(0.2):
            found["method"] = {"coding": [self._coding(self.chance.choice([row for row in self.rows if row[2].word]))]}
        return found | self._timed()

    def _condition(self) -> list[Json]:
        code = self._concept(self.ill, self.phrases)
        found: Json = {"resourceType": "Condition", "code": code}
        status = "http://terminology.hl7.org/CodeSystem/condition-clinical"
        if self._is(0.8):
            said = self.chance.choice(["active", "active", "resolved", "inactive", "remission", "recurrence"])
            found["clinicalStatus"] = {"coding": [{"system": status, "code": said}]}
        if self._is(0.3):
            said = self.chance.choice(["confirmed", "confirmed", "refuted", "provisional", "entered-in-error"])
            found["verificationStatus"] = {
                "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": said}]
            }
        found |= self.chance.choice(
            [{"onsetDateTime": self._day()}, {"onsetPeriod": {"start": self._day()}}, {"recordedDate": self._day()}, {}]
        )
        if self._is(0.25):
            found |= self.chance.choice([{"abatementDateTime": self._day()}, {"abatementPeriod": {"end": self._day()}}])
        if self._is(0.3):
            found["bodySite"] = [self._concept(self.places) for _ in range(self.chance.randint(1, 2))]
        if self._is(0.2):
            stages = [row for row in self.rows if row[2].stage]
            found["stage"] = [{"summary": self._concept(stages, ["stage iv", "stage iii"])}]
        if self._is(0.15):
            forms = [row for row in self.rows if row[2].histology or row[2].cancer]
            url = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-histology-morphology-behavior"
            found["extension"] = [{"url": url, "valueCodeableConcept": self._concept(forms)}]
        if self._is(0.2):
            kind = self.chance.choice(["primary", "secondary"])
            found["meta"] = {"profile": [f"http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-{kind}-cancer-condition"]}
        if not self._is(0.15):
            return [found]
        self.number += 1
        url = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-related-primary-cancer-condition"
        first = {
            "resourceType": "Condition",
            "id": f"x{self.number}",
            "code": self._concept([row for row in self.ill if row[2].cancer]),
        }
        linked = {"url": url, "valueReference": {"reference": f"Condition/x{self.number}"}}
        return [found | {"extension": [*found.get("extension", []), linked]}, first]

    def _medicine(self) -> list[Json]:
        kind = self.chance.choice(
            ["MedicationStatement"] * 3 + ["MedicationRequest", "MedicationAdministration", "MedicationDispense"]
        )
        found: Json = {
            "resourceType": kind,
            "status": self.chance.choice(
                ["active", "completed", "stopped", "on-hold", "intended", "draft", "not-taken", "cancelled"]
            ),
        }
        rows, names = self.chance.choice(self.wanted) if self.wanted and self._is(0.6) else (self.drugs, self.names)
        concept = self._concept(rows or self.drugs, names)
        more: list[Json] = []
        if self._is(0.1):
            self.number += 1
            more = [{"resourceType": "Medication", "id": f"d{self.number}", "code": concept}]
            found["medicationReference"] = {"reference": f"Medication/d{self.number}"}
        elif self._is(0.05):
            found["medicationReference"] = {"display": self.chance.choice(self.names)}
        else:
            found["medicationCodeableConcept"] = concept
        if kind == "MedicationRequest":
            found |= {"intent": self.chance.choice(["order", "order", "plan", "proposal"]), "authoredOn": self._day()}
            if self._is(0.3):
                found["dispenseRequest"] = {"validityPeriod": {"start": self._day(), "end": self._day()}}
            if self._is(0.1):
                found["doNotPerform"] = True
        elif kind == "MedicationDispense":
            found |= {"whenHandedOver": self._day()} if self._is(0.7) else {"whenPrepared": self._day()}
        else:
            period = {"start": self._day(), "end": self._day()} if self._is(0.6) else {"start": self._day()}
            found |= self.chance.choice(
                [{"effectivePeriod": period}, {"effectivePeriod": period}, {"effectiveDateTime": self._day()}, {}]
            )
        if kind != "MedicationAdministration" and self._is(0.2):
            name = "dosage" if kind == "MedicationStatement" else "dosageInstruction"
            found[name] = [{"timing": {"repeat": {"boundsPeriod": {"start": self._day(), "end": self._day()}}}}]
        if self._is(0.15):
            intents = [row for row in self.rows if row[2].word in ("curative", "palliative")]
            url = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-treatment-intent"
            if intents:
                found["extension"] = [
                    {"url": url, "valueCodeableConcept": {"coding": [self._coding(self.chance.choice(intents))]}}
                ]
        return [found, *more]

    def _allergy(self) -> list[Json]:
        words = [*self.harms, *(word for effect in self.knowledge.content.effects.values() for word in effect.also)]
        forms = [
            self._concept(self.effects, words) if self.effects else {"text": self.chance.choice(words)}
            for _ in range(self.chance.randint(0, 2))
        ]
        code = self._concept(self.drugs, self.names)
        if self.harmed and self._is(0.6):
            of, effect = self.chance.choice(self.harmed)
            code = {
                "coding": [
                    self._coding(
                        self.chance.choice([row for row in self.drugs if self.knowledge.is_a(row[2].drug, of)] or self.drugs)
                    )
                ]
            }
            forms = [{"text": effect}, *forms] if effect else forms
        found: Json = {"resourceType": "AllergyIntolerance", "code": code, "recordedDate": self._day()}
        if forms:
            found["reaction"] = [{"manifestation": forms}]
            if self._is(0.2):
                found["reaction"][0]["substance"] = self._concept(self.drugs)
        if self._is(0.1):
            found["verificationStatus"] = {"coding": [{"code": self.chance.choice(["refuted", "confirmed", "entered-in-error"])}]}
        return [found]

    def _procedure(self) -> list[Json]:
        rows = [row for row in self.rows if row[2].event or row[2].value is not None]
        when = self.chance.choice([{"performedDateTime": self._day()}, {"performedPeriod": {"start": self._day()}}, {}])
        return [
            {
                "resourceType": "Procedure",
                "status": self.chance.choice(["completed", "completed", "not-done"]),
                "code": self._concept(rows, self.phrases),
            }
            | when
        ]
