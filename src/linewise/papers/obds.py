"""German cancer registry notifications (oBDS, and ADT before it): codes as the words that a letter would use."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .form import Tools
from .limits import check_text
from .sheet import Builder, Sheet
from .xml import child, children, parsed, tag, text_of


def open_obds(data: bytes, name: str, tools: Tools) -> list[Sheet]:
    root = parsed(data, name, "oBDS")
    sheets: list[Sheet] = []
    sent = _iso(text_of(child(root, "Meldedatum")))
    for patient in [one for one in root.iter() if tag(one) == "Patient"]:
        sheets.append(Notifications(patient, name, tools, sent).sheet())
    return sheets


class Notifications:
    """The notifications of one person."""

    def __init__(self, patient: Any, name: str, tools: Tools, sent: str = "") -> None:
        self.patient, self.sent = patient, sent
        self.codes: Mapping[str, Any] = tools.knowledge.content.extras["reading/forms"]["obds"]
        self.knowledge = tools.knowledge
        self.builder = Builder(name, "oBDS")
        self.builder.hints |= {"language": "de", "kind": "record"}
        self.days: list[str] = []
        self.seen: set[str] = set()

    def line(self, words: str, heading: str = "") -> None:
        """One line, each once: a notification repeats what earlier ones said."""
        if words in self.seen:
            return
        self.seen.add(words)
        self.builder.blank()
        if heading:
            self.builder.line(f"{heading}:", 2)
        self.builder.line(words)

    def day(self, element: Any, *names: str) -> str:
        for name in names:
            found = next((one for one in element.iter() if tag(one) == name and one.text), None)
            if found is not None:
                day = _iso(found.text or "")
                if day:
                    self.days.append(day)
                    return day
        return ""

    def sheet(self) -> Sheet:
        base = next(
            (one for one in self.patient.iter() if tag(one) in ("Patienten_Stammdaten", "Patienten_Stammdatum")), self.patient
        )
        sex = text_of(next((one for one in base.iter() if tag(one) in ("Geschlecht", "Patienten_Geschlecht")), None))
        if sex in self.codes["sex"]:
            self.builder.hints["sex"] = self.codes["sex"][sex]
        born = text_of(next((one for one in base.iter() if tag(one) in ("Geburtsdatum", "Patienten_Geburtsdatum")), None))
        if _iso(born):
            self.builder.hints["born"] = _iso(born)
        for notification in [one for one in self.patient.iter() if tag(one) in ("Meldung",)]:
            code = text_of(
                next((one for one in notification.iter() if tag(one) in ("Primaertumor_ICD", "Primaertumor_ICD_Code")), None)
            )
            if code and not re.match(r"C50|D05", code):
                self.builder.notes.append(f"a notification about another tumour ({code.split()[0]}) was not read")
                continue
            for part in notification.iter():
                kind = tag(part)
                if kind == "Diagnose":
                    self._diagnosis(part, notification)
                elif kind == "SYST":
                    self._therapy(part)
                elif kind == "Verlauf":
                    self._course(part)
                elif kind == "Pathologie":
                    self._pathology(part)
                elif kind == "OP":
                    self._operation(part)
                elif kind == "Tumorkonferenz":
                    words = text_of(child(part, "Therapieempfehlung"))
                    if words:
                        self.line(f"Empfehlung: {words}")
        if self.days:  # what goes on, goes on until the day on which it was told
            self.builder.hints["date"] = max(*self.days, self.sent)
        check_text(self.builder.name, self.builder.length, len(self.builder.lines))
        if not self.builder.lines:
            self.builder.line("Meldung ohne lesbaren Inhalt.")
        return self.builder.sheet()

    def _diagnosis(self, part: Any, notification: Any) -> None:
        day = self.day(notification, "Diagnosedatum", "Tumor_Diagnosedatum")
        self.line(f"Mammakarzinom, Erstdiagnose {day}", "Diagnose")
        self._places(part, day)
        self._histology(part, f"Primärtumor {day}")
        self._module(part, f"Primärtumor {day}")
        self._genes(part)
        self._performance(part, day)
        if any(tag(one) == "Fernmetastase" for one in part.iter()):
            self.line("Primär metastasiert.")
        for one in part.iter():
            if tag(one) == "TNM_M" and (one.text or "").strip().startswith("1"):
                self.line("Primär metastasiert, M1.")
                break

    def _module(self, part: Any, specimen: str) -> None:
        module = next((one for one in part.iter() if tag(one) == "Modul_Mamma"), None)
        if module is None:
            return
        words = []
        for name, label in (
            ("HormonrezeptorStatus_Oestrogen", "ER"),
            ("HormonrezeptorStatus_Progesteron", "PR"),
            ("Her2neuStatus", "HER2"),
        ):
            value = self.codes["receptor"].get(text_of(child(module, name)))
            if value and value != "unbekannt":
                words.append(f"{label} {value}")
        if words:
            self.line(f"{specimen}: {', '.join(words)}", "Rezeptorstatus")
        state = self.codes["menopause"].get(text_of(child(module, "Praetherapeutischer_Menopausenstatus")))
        if state:
            self.line(f"Menopausenstatus: {state}", "Anamnese")

    def _histology(self, part: Any, specimen: str) -> bool:
        """The tumour type; whether it is that of a metastasis."""
        metastasis = False
        for one in part.iter():
            if tag(one) != "Histologie":
                continue
            code = text_of(next((inner for inner in one.iter() if tag(inner) in ("Morphologie_ICD_O", "Morphologie_Code")), None))
            words = text_of(next((inner for inner in one.iter() if tag(inner) == "Morphologie_Freitext"), None))
            found = re.match(r"(\d{4})/(\d)", code)
            if found:
                metastasis = metastasis or found.group(2) == "6"
                label = self.codes["morphology"].get(found.group(1))
                if label:
                    self.line(f"{specimen}: {label}", "Histologie")
            if re.search(r"(?i)metastase", words):
                metastasis = True
        return metastasis

    def _places(self, part: Any, day: str) -> None:
        for one in part.iter():
            if tag(one) not in ("Fernmetastase",):
                continue
            place = text_of(next((inner for inner in one.iter() if tag(inner) in ("Lokalisation", "FM_Lokalisation")), None))
            when = self.day(one, "Diagnosedatum", "FM_Diagnosedatum") or day
            words = self.codes["places"].get(place)
            if words:
                self.line(f"Fernmetastasen {when}: {words}", "Diagnose")
            elif place in self.codes["places"]:
                self.line(f"Fernmetastasierung {when}", "Diagnose")

    def _genes(self, part: Any) -> None:
        for one in part.iter():
            if tag(one) != "Genetische_Variante":
                continue
            name = text_of(child(one, "Bezeichnung"))
            value = self.codes["gene"].get(text_of(child(one, "Auspraegung")))
            other = text_of(child(one, "Sonstige_Auspraegung"))
            when = self.day(one, "Datum")
            if name and (value or other):
                self.line(f"{when} {name}: {other or value}", "Molekularpathologie")

    def _performance(self, part: Any, day: str) -> None:
        value = text_of(next((one for one in part.iter() if tag(one) == "Allgemeiner_Leistungszustand"), None))
        if value in ("0", "1", "2", "3", "4"):
            self.line(f"{day} ECOG {value}", "Befund")
        elif value.endswith("%"):
            self.line(f"{day} Karnofsky {value}", "Befund")

    def _therapy(self, part: Any) -> None:
        drugs = list(self._drugs(part))
        protocol = text_of(child(part, "Protokoll")) or text_of(
            next((one for one in part.iter() if tag(one) == "SYST_Protokoll"), None)
        )
        start = self.day(part, "Beginn", "SYST_Beginn_Datum")
        end = self.day(part, "Ende", "SYST_Ende_Datum")
        reason = self.codes["end"].get(
            text_of(next((one for one in part.iter() if tag(one) in ("Ende_Grund", "SYST_Ende_Grund")), None)), ""
        )
        position = self.codes["position"].get(
            text_of(next((one for one in part.iter() if tag(one) in ("Stellung_OP", "SYST_Stellung_OP")), None)), ""
        )
        intention = self.codes["intention"].get(
            text_of(next((one for one in part.iter() if tag(one) in ("Intention", "SYST_Intention")), None)), ""
        )
        names = " + ".join(drugs) or protocol
        if not names:
            return
        dates = f"{start} - {end}" if start and end else f"seit {start}" if start else f"bis {end}" if end else ""
        setting = position or ("palliativ" if intention == "palliativ" else intention)
        self.line(f"{setting} {names} {dates}{', ' + reason if reason else ', laufend' if not end else ''}".strip(), "Therapie")
        for one in part.iter():
            if tag(one) != "Nebenwirkung":
                continue
            words = text_of(next((inner for inner in one.iter() if tag(inner) in ("Bezeichnung", "Nebenwirkung_Art")), None))
            grade = text_of(next((inner for inner in one.iter() if tag(inner) in ("Grad", "Nebenwirkung_Grad")), None))
            if words and re.match(r"[1-4]", grade):
                self.line(f"Nebenwirkung: {words} Grad {grade[:1]} unter {names}", "Verlauf")

    def _drugs(self, part: Any) -> Iterator[str]:
        seen: set[str] = set()
        for one in part.iter():
            if tag(one) not in ("Substanz", "SYST_Substanz"):
                continue
            code = text_of(child(one, "ATC", "Code")) if child(one, "ATC") is not None else ""
            name = text_of(child(one, "Bezeichnung")) if len(one) else (one.text or "").strip()
            if code:
                found = next((drug for drug, about in self.knowledge.drugs.items() if code in about.codes.get("atc", ())), "")
                name = name or found or code
            if name and name.lower() not in seen:
                seen.add(name.lower())
                yield name

    def _course(self, part: Any) -> None:
        day = self.day(part, "Untersuchungsdatum_Verlauf")
        metastasis = self._histology(part, f"Metastase {day}")
        when = self.day(part, "Tumor_Histologiedatum") or day
        self._places(part, day)
        self._module(part, f"{'Metastase' if metastasis else 'Rezidiv'} {when}")
        self._genes(part)
        self._performance(part, day)

    def _pathology(self, part: Any) -> None:
        day = self.day(part, "Tumor_Histologiedatum", "Datum")
        metastasis = self._histology(part, f"Histologie {day}")
        self._module(part, f"{'Metastase' if metastasis else 'Primärtumor'} {day}")
        self._genes(part)

    def _operation(self, part: Any) -> None:
        self.day(part, "Datum", "OP_Datum")


def _iso(text: str) -> str:
    text = text.strip()
    if re.match(r"\d{4}-\d\d-\d\d", text):
        return text[:10]
    found = re.fullmatch(r"(\d\d)\.(\d\d)\.(\d{4})", text)
    if found:
        day, month, year = found.groups()
        return f"{year}-{month if month != '00' else '01'}-{day if day != '00' else '01'}"
    return ""


def day_children(element: Any) -> list[Any]:
    return children(element, "Datum")
