"""FHIR, in JSON and XML: every resource as words under a heading, each report and each note as a document of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from linewise.errors import RecordError

from .attached import open_attached
from .form import Tools
from .html import add_html
from .limits import check_text
from .sheet import Builder, Sheet
from .xml import parsed, tag

Node = Mapping[str, Any]
_SNAKE = ("DiagnosticReport", "DocumentReference", "Composition")


def open_json(data: bytes, name: str, tools: Tools) -> list[Sheet]:
    try:
        value = msgspec.json.decode(data)
        if isinstance(value, str):
            value = msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as fault:
        lines = [line for line in data.splitlines() if line.strip()]
        try:
            value = [msgspec.json.decode(line) for line in lines]
        except (msgspec.DecodeError, RecursionError):
            raise RecordError(
                name, f"this is not JSON that can be read ({str(fault)[:60]}).", "Export or download it again."
            ) from None
    return Fhir(value, name, tools).sheets()


def open_xml(data: bytes, name: str, tools: Tools) -> list[Sheet]:
    root = parsed(data, name, "FHIR in XML")
    return Fhir(of_xml(root), name, tools).sheets()


def of_xml(element: Any) -> Any:
    """An element of FHIR XML as its JSON would be; members that repeat become lists."""
    found: dict[str, Any] = {}
    name = tag(element)
    if name[:1].isupper():
        found["resourceType"] = name
    if name == "div":
        return _markup(element)
    if "value" in element.attrib and len(element) == 0:
        return element.get("value")
    for key, value in element.attrib.items():
        if key in ("url", "id"):
            found[key] = value
    for child in element:
        kind = tag(child)
        value = of_xml(child) if kind not in ("resource", "contained") else (of_xml(child[0]) if len(child) else None)
        if kind in found:
            if not isinstance(found[kind], list):
                found[kind] = [found[kind]]
            found[kind].append(value)
        else:
            found[kind] = value
    return found


def _markup(element: Any) -> str:
    inner = (element.text or "") + "".join(_markup(child) + (child.tail or "") for child in element)
    name = tag(element)
    return f"<{name}>{inner}</{name}>"


def many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def node(value: Any) -> Node:
    return value if isinstance(value, Mapping) else {}


class Fhir:
    """The resources of one file as sheets: one for the record, one for each report or note."""

    def __init__(self, value: Any, name: str, tools: Tools) -> None:
        self.name, self.tools, self.knowledge = name, tools, tools.knowledge
        self.codes: Mapping[str, Any] = tools.knowledge.content.extras["reading/forms"]
        self.resources = list(_resources(value, 0))
        self.by_key: dict[str, Node] = {}
        for resource in self.resources:
            key = f"{resource.get('resourceType')}/{resource.get('id', '')}"
            self.by_key.setdefault(key, resource)
            self.by_key.setdefault(f"urn:uuid:{resource.get('id', '')}", resource)
        self.hints: dict[str, str] = {}
        self.notes: list[str] = []
        self.more: list[Sheet] = []
        self.builder = Builder(name, "FHIR")

    def of(self, *kinds: str) -> list[Node]:
        return [one for one in self.resources if one.get("resourceType") in kinds]

    def sheets(self) -> list[Sheet]:
        if not self.resources:
            raise RecordError(
                self.name, "this JSON or XML holds no FHIR resource.", "Give an export of your record, a report or a letter."
            )
        patients = self.of("Patient")
        if len({str(one.get("id")) for one in patients}) > 1:
            raise RecordError(self.name, f"this file is about {len(patients)} people.", "Give the record of one person.")
        self._person(patients)
        self.builder.hints = dict(self.hints)
        self._conditions()
        self._observations()
        self._medicines()
        self._allergies()
        self._others()
        dates = sorted(
            filter(
                None,
                (
                    _day(one)
                    for one in self.resources
                    if one.get("resourceType")
                    not in ("Patient", "Appointment", "CarePlan", "ServiceRequest", "FamilyMemberHistory")
                ),
            )
        )
        if dates:
            self.hints.setdefault("date", dates[-1])
        for report in self.of("DiagnosticReport"):
            self._report(report)
        for one in self.of("DocumentReference"):
            self._document(one)
        for one in self.of("Composition"):
            self._composition(one)
        for one in self.of("ClinicalImpression", "Communication"):
            self._note(one)
        own = self.builder.sheet() if self.builder.lines else None
        made = ([own] if own is not None else []) + self.more
        if not made:
            raise RecordError(self.name, "this record holds nothing that can be read.", "")
        for sheet in made:
            for key, value in self.hints.items():
                if key != "date" or sheet is own:
                    sheet.hints.setdefault(key, value)
            sheet.hints.setdefault("date", self.hints.get("date", ""))
        made[0].notes += self.notes
        return made

    # The person

    def _person(self, patients: list[Node]) -> None:
        self.hints["kind"] = "record"
        for patient in patients[:1]:
            if patient.get("gender") in ("female", "male"):
                self.hints["sex"] = str(patient["gender"])
            if re.match(r"\d{4}-\d\d-\d\d", str(patient.get("birthDate", ""))):
                self.hints["born"] = str(patient["birthDate"])
            for name in many(patient.get("name"))[:1]:
                given = " ".join(str(one) for one in many(node(name).get("given")))
                self.hints["name"] = str(node(name).get("text") or f"{given} {node(name).get('family', '')}").strip()
            language = next((text_of(node(one).get("language")) for one in many(patient.get("communication"))), "")
            if "german" in language.lower() or "deutsch" in language.lower():
                self.hints["language"] = "de"

    # Words of coded things

    def words(self, concept: Any) -> str:
        """A concept's own text, else the words of its codes, else what the knowledge says of a code."""
        value = node(concept)
        if value.get("text"):
            return str(value["text"])
        for coding in many(value.get("coding")):
            if node(coding).get("display"):
                return str(node(coding)["display"])
        for coding in many(value.get("coding")):
            known = self.codes["lab-loinc"].get(str(node(coding).get("code", "")))
            if known:
                return str(known)
        return ""

    def _value(self, resource: Node) -> str:
        for key in (
            "valueString",
            "valueCodeableConcept",
            "valueQuantity",
            "valueBoolean",
            "valueInteger",
            "valueRange",
            "valueRatio",
        ):
            if key not in resource:
                continue
            value = resource[key]
            if key == "valueCodeableConcept":
                return self.words(value)
            if key == "valueQuantity":
                quantity = node(value)
                unit = quantity.get("unit") or quantity.get("code") or ""
                return (
                    f"{quantity.get('comparator', '')}{quantity.get('value', '')} {unit}".strip()
                    if quantity.get("value") is not None
                    else ""
                )
            if key == "valueRange":
                low, high = node(node(value).get("low")), node(node(value).get("high"))
                return f"{low.get('value', '')} - {high.get('value', '')} {high.get('unit', '')}".strip()
            if key == "valueBoolean":
                return "yes" if value in (True, "true") else "no"
            return str(value)
        return ""

    # Sections

    def _heading(self, words: str) -> None:
        self.builder.blank()
        self.builder.line(f"{words}:", 2)

    def _conditions(self) -> None:
        status = self.codes["fhir-status"]
        past: list[str] = []
        now: list[str] = []
        for one in self.of("Condition"):
            verified = _codes(one.get("verificationStatus"))
            if verified & set(status["wrong"]):
                continue
            words = self.words(one.get("code"))
            sites = ", ".join(filter(None, (self.words(site) for site in many(one.get("bodySite")))))
            if sites and sites.lower() not in words.lower():
                words = f"{words} ({sites})"
            if verified & set(status["doubt"]):
                words = f"suspected {words}"
            stage = "; ".join(filter(None, (self.words(node(each).get("summary")) for each in many(one.get("stage")))))
            start = str(one.get("onsetDateTime") or node(one.get("onsetPeriod")).get("start") or one.get("recordedDate") or "")[
                :10
            ]
            notes = " ".join(str(node(note).get("text", "")) for note in many(one.get("note")))
            line = words + (f", {stage}" if stage else "") + (f", {start}" if start else "") + (f". {notes}" if notes else "")
            if not words:
                continue
            (past if _codes(one.get("clinicalStatus")) & set(status["condition-past"]) else now).append(line)
        if now:
            self._heading("Active problems")
            for line in now:
                self.builder.line(f"• {line}")
        if past:
            self._heading("Resolved problems")
            for line in past:
                self.builder.line(f"• {line}")

    def _observations(self) -> None:
        rows: list[list[str]] = []
        final = {
            (self.words(one.get("code")), _day(one))
            for one in self.of("Observation")
            if one.get("status") in ("final", "amended", "corrected")
        }
        for one in self.of("Observation"):
            if one.get("status") in self.codes["fhir-status"]["observation-skip"] or one.get("dataAbsentReason"):
                continue
            if one.get("status") == "preliminary" and (self.words(one.get("code")), _day(one)) in final:
                continue
            rows += self._rows(one)
        if rows:
            self._heading("Results")
            self.builder.table([["Test", "Result", "Reference", "Date", "Specimen"], *rows], True)

    def _rows(self, one: Node) -> Iterator[list[str]]:
        name, value = self.words(one.get("code")), self._value(one)
        specimen = self._specimen(one)
        if one.get("status") == "preliminary":
            value = f"{value} (preliminary, to be confirmed)" if value else ""
        interpretation = "; ".join(filter(None, (self.words(each) for each in many(one.get("interpretation")))))
        if not value and interpretation:
            value = interpretation
        notes = " ".join(str(node(note).get("text", "")) for note in many(one.get("note")))
        if notes:
            value = f"{value}. {notes}" if value else notes
        if name and value:
            yield [name, value, self._reference(one), _day(one), specimen]
        for part in many(one.get("component")):
            inner = node(part)
            label, worth = self.words(inner.get("code")), self._value(inner)
            if label and worth:
                yield [f"{name} {label}".strip(), worth, self._reference(inner), _day(one), specimen]

    def _specimen(self, one: Node) -> str:
        site = self.words(one.get("bodySite"))
        specimen = self._refer(one.get("specimen"))
        words = self.words(specimen.get("type")) if specimen else str(node(one.get("specimen")).get("display", ""))
        body = self.words(node(specimen.get("collection")).get("bodySite")) if specimen else ""
        return " ".join(filter(None, (site, words, body)))

    def _reference(self, one: Node) -> str:
        for limits in many(one.get("referenceRange")):
            if node(limits).get("text"):
                return str(node(limits)["text"])
            low, high = node(node(limits).get("low")), node(node(limits).get("high"))
            if high.get("value") is not None:
                return (
                    f"{low.get('value', '')} - {high['value']} {high.get('unit', '')}".strip(" -")
                    if low.get("value") is not None
                    else f"< {high['value']} {high.get('unit', '')}".strip()
                )
        return ""

    def _refer(self, value: Any) -> Node:
        reference = str(node(value).get("reference", ""))
        found = self.by_key.get(reference) or self.by_key.get("/".join(reference.split("/")[-2:]))
        return found or {}

    def _medicines(self) -> None:
        rows: list[list[str]] = []
        planned: list[list[str]] = []
        states = self.codes["fhir-status"]["medication"]
        for one in self.of("MedicationStatement", "MedicationRequest", "MedicationAdministration", "MedicationDispense"):
            status = str(one.get("status", ""))
            if states.get(status, status) == "" and str(one.get("intent", "")) not in ("proposal", "plan", "option"):
                continue
            medication = one.get("medicationCodeableConcept") or one.get("medication")
            target = self._refer(one.get("medicationReference"))
            words = (
                self.words(medication)
                or self.words(target.get("code"))
                or str(node(one.get("medicationReference")).get("display", ""))
            )
            words = words or self._drug(medication) or self._drug(target.get("code"))
            if not words:
                continue
            period = node(one.get("effectivePeriod") or node(one.get("dispenseRequest")).get("validityPeriod"))
            start = str(period.get("start") or one.get("effectiveDateTime") or one.get("authoredOn") or "")[:10]
            end = str(period.get("end") or "")[:10]
            reason = "; ".join(
                filter(None, (self.words(each) for each in (*many(one.get("statusReason")), *many(one.get("reasonCode")))))
            )
            dose = "; ".join(
                filter(
                    None, (str(node(each).get("text", "")) for each in many(one.get("dosage") or one.get("dosageInstruction")))
                )
            )
            state = "planned" if str(one.get("intent", "")) in ("proposal", "plan", "option") else states.get(status, status)
            if one.get("resourceType") == "MedicationAdministration" and state == "completed":
                state = "given"
            notes = " ".join(str(node(note).get("text", "")) for note in many(one.get("note")))
            (planned if state == "planned" else rows).append([words, dose, start, end, state, f"{reason} {notes}".strip()])
        for heading, listed in (("Medications", rows), ("Plan", planned)):
            if listed:
                self._heading(heading)
                self.builder.table([["Medication", "Sig", "Start Date", "End Date", "Status", "Reason"], *listed], True)

    def _drug(self, concept: Any) -> str:
        """The name of a drug of which only a code stands there."""
        for coding in many(node(concept).get("coding")):
            code = str(node(coding).get("code", ""))
            for name, drug in self.knowledge.drugs.items():
                if any(code in listed for listed in drug.codes.values()):
                    return name
        return ""

    def _allergies(self) -> None:
        lines = []
        for one in self.of("AllergyIntolerance"):
            if _codes(one.get("verificationStatus")) & {"refuted", "entered-in-error"}:
                continue
            words = self.words(one.get("code"))
            harms = ", ".join(
                filter(
                    None,
                    (
                        self.words(each)
                        for reaction in many(one.get("reaction"))
                        for each in many(node(reaction).get("manifestation"))
                    ),
                )
            )
            if words:
                lines.append(f"{words} – {harms}" if harms else words)
        if lines:
            self._heading("Allergies")
            for line in lines:
                self.builder.line(f"• {line}")
        for one in self.of("AdverseEvent"):
            words = self.words(one.get("event"))
            suspects = ", ".join(
                filter(
                    None,
                    (
                        str(node(node(each).get("instance")).get("display", ""))
                        or self.words(self._refer(node(each).get("instance")).get("medicationCodeableConcept"))
                        for each in many(one.get("suspectEntity"))
                    ),
                )
            )
            if words and suspects:
                self._heading("Allergies")
                self.builder.line(f"• {suspects} – {words}")

    def _others(self) -> None:
        for one in self.of("Procedure"):
            words = self.words(one.get("code"))
            if words and one.get("status") not in ("entered-in-error", "not-done", "preparation"):
                self._heading("Past surgical history")
                when = str(one.get("performedDateTime") or node(one.get("performedPeriod")).get("start") or "")[:10]
                self.builder.line(f"• {words}, {when}" if when else f"• {words}")
        for one in self.of("CarePlan", "ServiceRequest"):
            words = self.words(one.get("code")) or str(one.get("title", "") or one.get("description", ""))
            if words:
                self._heading("Plan")
                self.builder.line(f"• {words}")
        for one in self.of("QuestionnaireResponse"):
            for item in many(one.get("item")):
                for answer in many(node(item).get("answer")):
                    value = self._value(node(answer)) or self.words(node(node(answer).get("valueCoding")))
                    if node(item).get("text") and value:
                        self.builder.line(f"{node(item)['text']}: {value}")

    # Reports, notes, documents

    def _report(self, one: Node) -> None:
        if one.get("status") in self.codes["fhir-status"]["report-skip"]:
            return
        title = self.words(one.get("code"))
        same = [
            other
            for other in self.of("DiagnosticReport")
            if other is not one
            and self.words(other.get("code")) == title
            and str(other.get("effectiveDateTime", ""))[:10] == str(one.get("effectiveDateTime", ""))[:10]
        ]
        if one.get("status") in ("preliminary", "partial"):
            if any(other.get("status") in ("final", "amended", "corrected", "appended") for other in same):
                self.notes.append(f"a preliminary report ({title}) gave way to the final one")
                return
            self.notes.append(f"a report ({title}) is preliminary, and was not counted")
            return
        builder = Builder(f"{self.name}, {title or 'report'}", "FHIR report")
        builder.hints = {"date": _day(one)} if _day(one) else {}
        builder.line(title)
        builder.blank()
        if re.search(r"(?i)biop|cytolog|zytolog|punct|punkt|stanz", title):
            builder.line(f"Specimen: {title}")
            builder.blank()
        if re.search(r"(?i)brain|head|sch(?:ä|ae)del|cmrt", title):
            builder.hints["scan"] = "brain"
        specimen = ", ".join(filter(None, (self._specimen({"specimen": each}) for each in many(one.get("specimen")))))
        if specimen:
            builder.line(f"Specimen: {specimen}")
            builder.blank()
        if one.get("conclusion"):
            builder.line("Conclusion:", 2)
            for line in str(one["conclusion"]).split("\n"):
                builder.line(line)
        for each in many(one.get("conclusionCode")):
            builder.line(self.words(each))
        self._narrative(builder, one)
        self._attachments(many(one.get("presentedForm")), builder)
        if len(builder.lines) > 1:
            check_text(self.name, builder.length, len(builder.lines))
            self.more.append(builder.sheet())

    def _narrative(self, builder: Builder, one: Node) -> None:
        text = node(one.get("text"))
        if text.get("div") and text.get("status") != "empty":
            builder.blank()
            add_html(builder, str(text["div"]))

    def _attachments(self, attachments: list[Any], builder: Builder) -> None:
        for attachment in attachments:
            data = node(attachment).get("data")
            if not data:
                if node(attachment).get("url"):
                    self.notes.append("a document is only linked, and nothing is fetched")
                continue
            found = open_attached(
                str(data), str(node(attachment).get("contentType", "")), True, builder.name, self.tools, self.notes
            )
            for sheet in found:
                for key, value in builder.hints.items():
                    sheet.hints.setdefault(key, value)
            self.more += found

    def _document(self, one: Node) -> None:
        if one.get("status") in ("entered-in-error", "superseded") or one.get("docStatus") in ("entered-in-error", "preliminary"):
            return
        builder = Builder(f"{self.name}, {self.words(one.get('type')) or 'document'}", "FHIR document")
        if _day(one):
            builder.hints["date"] = _day(one)
        self._attachments([node(content).get("attachment") for content in many(one.get("content"))], builder)

    def _composition(self, one: Node) -> None:
        if one.get("status") == "entered-in-error":
            return
        builder = Builder(f"{self.name}, {one.get('title', 'document')}", "FHIR document")
        if _day(one):
            builder.hints["date"] = _day(one)
        stack = list(reversed(many(one.get("section"))))
        while stack:
            section = node(stack.pop())
            if section.get("title"):
                builder.blank()
                builder.line(str(section["title"]), 2)
            self._narrative(builder, section)
            stack += list(reversed(many(section.get("section"))))
        if builder.lines:
            check_text(self.name, builder.length, len(builder.lines))
            self.more.append(builder.sheet())

    def _note(self, one: Node) -> None:
        words = str(one.get("summary") or one.get("description") or "")
        if words:
            builder = Builder(f"{self.name}, note", "FHIR note")
            if _day(one):
                builder.hints["date"] = _day(one)
            for line in words.split("\n"):
                builder.line(line)
            self.more.append(builder.sheet())


def _resources(value: Any, depth: int) -> Iterator[Node]:
    if depth > 40:
        return
    if isinstance(value, list):
        for one in value:
            yield from _resources(one, depth + 1)
    elif isinstance(value, Mapping):
        if value.get("resourceType") == "Bundle":
            for entry in many(value.get("entry")):
                yield from _resources(node(entry).get("resource"), depth + 1)
        elif value.get("resourceType"):
            yield value
            for inner in many(value.get("contained")):
                yield from _resources(inner, depth + 1)
        elif "resource" in value:
            yield from _resources(value["resource"], depth + 1)


def _codes(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value}
    return {str(node(coding).get("code", "")) for coding in many(node(value).get("coding"))} | (
        {str(node(value)["text"]).lower()} if node(value).get("text") else set()
    )


def _day(one: Node) -> str:
    for key in ("effectiveDateTime", "issued", "date", "authoredOn", "recordedDate", "onsetDateTime", "performedDateTime"):
        if re.match(r"\d{4}-\d\d-\d\d", str(one.get(key, ""))):
            return str(one[key])[:10]
    period = node(one.get("effectivePeriod") or one.get("period"))
    return str(period.get("start", ""))[:10] if re.match(r"\d{4}-\d\d-\d\d", str(period.get("start", ""))) else ""


def text_of(value: Any) -> str:
    return str(
        node(value).get("text") or next((node(coding).get("display") for coding in many(node(value).get("coding"))), "") or ""
    )
