"""The people of example cases in shapes that `houses` does not write: exports of record systems, converters and guides, and the envelopes that they come in.

Written before it was run, by somebody who had seen a part of the reader. What a vendor says in its own way is overridden here; the rest is as houses write it.
"""

# fmt: off
from __future__ import annotations

import base64
import datetime as dt
import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from typing import Any
from xml.sax.saxutils import quoteattr

from .houses import LOINC, SNOMED, _Person, coded

Json = dict[str, Any]
_CERNER = "https://fhir.cerner.com/ec2458f2-1e24-41c8-b71b-0e701af7583d/codeSet/72"
_DMD = "https://dmd.nhs.uk"
_MCODE = "http://hl7.org/fhir/us/mcode/StructureDefinition/mcode-"
_SCT_SITES = {
    "bone": ("94222008", "Secondary malignant neoplasm of bone (disorder)"), "liver": ("94381002", "Secondary malignant neoplasm of liver (disorder)"),
    "lung": ("94391008", "Secondary malignant neoplasm of lung (disorder)"), "brain": ("94225005", "Secondary malignant neoplasm of brain (disorder)"),
    "pleura": ("94493005", "Secondary malignant neoplasm of pleura (disorder)"), "skin": ("94579000", "Secondary malignant neoplasm of skin (disorder)"),
    "adrenal": ("94161006", "Secondary malignant neoplasm of adrenal gland (disorder)"), "peritoneum": ("94445008", "Secondary malignant neoplasm of peritoneum (disorder)"),
}
_PLAIN = {"bone": "bone", "liver": "liver", "lung": "lung", "brain": "brain", "skin": "skin", "pleura": "pleura", "peritoneum": "peritoneum", "adrenal": "adrenal gland"}
_ECOG = ["Fully active, able to carry on all pre-disease performance without restriction", "Restricted in physically strenuous activity but ambulatory and able to carry out work of a light or sedentary nature",
         "Ambulatory and capable of all self-care but unable to carry out any work activities; up and about more than 50% of waking hours", "Capable of only limited self-care; confined to bed or chair more than 50% of waking hours",
         "Completely disabled; cannot carry on any self-care; totally confined to bed or chair"]


def _tall(name: str) -> str:
    """A drug as hospitals of the US write it against mix-ups: PACLitaxel."""
    half = max(3, len(name) // 3)
    return name[:half].upper() + name[half:].lower()


class _Vendor(_Person):
    vendor = ""

    def concept(self, text: str, code: Json) -> Json:
        """The same thing as this vendor names it."""
        return self.one_of([code, {**code, "text": text}])

    def told(self, text: str, known: Json) -> Json:
        return {"valueCodeableConcept": self.one_of([{**known, "text": text}, known])}

    def site(self, name: str) -> Json:
        if name in _SCT_SITES:
            return self.condition(self.concept(f"Metastasis to {_PLAIN[name]}", coded(SNOMED, *_SCT_SITES[name])), self.spread)
        return super().site(name)

    def receptors(self) -> Iterator[Json]:
        for fact, code, name in (("er", "85337-4", "Estrogen receptor Ag [Presence] in Breast cancer specimen by Immune stain"), ("pr", "85339-0", "Progesterone receptor Ag [Presence] in Breast cancer specimen by Immune stain")):
            one = self.who.get(fact) or {}
            if not one:
                continue
            percent, status = one.get("percent"), one.get("status") or ("positive" if (one.get("percent") or 0) >= 1 else "negative")
            yield from self.receptor(fact, coded(LOINC, code, name), status, percent)
        yield from self.her2(self.spread)

    def receptor(self, fact: str, code: Json, status: str, percent: float | None) -> Iterator[Json]:
        yield self.observation(code, self.spread, **self.told(status.capitalize(), coded(SNOMED, {"positive": "10828004", "negative": "260385009", "low": "62482003"}[status], f"{status.capitalize()} (qualifier value)")))
        if percent is not None:
            yield self.observation(coded(LOINC, {"er": "85329-1", "pr": "85325-9"}[fact]), self.spread, valueQuantity={"value": percent, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"})


class _Cerner(_Vendor):
    vendor = "cerner"

    def concept(self, text: str, code: Json) -> Json:
        return {"coding": [{"system": _CERNER, "code": str(self.roll.randrange(10**8)), "display": text, "userSelected": True}], "text": text}

    def told(self, text: str, known: Json) -> Json:
        return {"valueCodeableConcept": {"coding": [{"system": _CERNER, "code": "3123", "display": text}], "text": text}}

    def receptor(self, fact: str, code: Json, status: str, percent: float | None) -> Iterator[Json]:
        name = {"er": "Estrogen Receptor", "pr": "Progesterone Receptor"}[fact]
        yield self.observation(self.concept(f"{name} Status, Path", code), self.spread, **self.told(status.capitalize(), {}))
        if percent is not None:
            yield self.observation(self.concept(f"{name} % Positive", code), self.spread, valueQuantity={"value": percent, "unit": "%"})

    def drug(self, name: str, start: dt.date, end: dt.date | None, why: str | None) -> Iterator[Json]:
        for one in super().drug(name, start, end, why):
            if one["resourceType"] in ("MedicationRequest", "MedicationStatement") and "medicationCodeableConcept" in one:
                one["medicationCodeableConcept"] = {"text": _tall(name.replace("-", " "))}
                one["dosageInstruction" if one["resourceType"] == "MedicationRequest" else "dosage"] = [{"text": "100 mg, IV, once", "route": {"text": "IV"}}]
            yield one


class _Epic(_Vendor):
    """Panels with components, values with line breaks, reference ranges in words."""
    vendor = "epic"

    def receptors(self) -> Iterator[Json]:
        parts = []
        for fact, name in (("er", "ESTROGEN RECEPTOR"), ("pr", "PROGESTERONE RECEPTOR")):
            one = self.who.get(fact) or {}
            if one:
                percent, status = one.get("percent"), one.get("status") or ("positive" if (one.get("percent") or 0) >= 1 else "negative")
                parts.append({"code": {"text": name}, "valueString": {"low": "Low Positive"}.get(status, status.capitalize()) + (f" ({percent:g}%)" if percent is not None else ""), "referenceRange": [{"text": "Negative: <1%; Low positive 1-10%"}]})
        if parts:
            yield self.observation({"coding": [{"system": "urn:oid:1.2.840.114350.1.13.861.1.7.2.768282", "code": "123", "display": "BREAST BIOMARKERS"}], "text": "BREAST BIOMARKERS"}, self.spread, component=parts)
        yield from self.her2(self.spread)

    def ecog(self, grade: int) -> Json:
        return self.observation({"coding": [{"system": "urn:oid:1.2.840.114350.1.13.861.1.7.2.727688", "code": "31000083940", "display": "ECOG Performance Status"}], "text": "ECOG Performance Status"}, valueString=f"{grade} - {_ECOG[grade]}")


class _Meditech(_Vendor):
    vendor = "meditech"

    def concept(self, text: str, code: Json) -> Json:
        return {"coding": [{"display": text.upper()}]}

    def told(self, text: str, known: Json) -> Json:
        return {"valueString": text.upper()}

    def receptor(self, fact: str, code: Json, status: str, percent: float | None) -> Iterator[Json]:
        yield self.observation(self.concept({"er": "Estrogen Receptor (ER)", "pr": "Progesterone Receptor (PR)"}[fact], code), self.spread, **self.told(f"{'low positive' if status == 'low' else status}{f', {percent:g}%' if percent is not None else ''}", {}))


class _Synthea(_Vendor):
    vendor = "synthea"

    def ecog(self, grade: int) -> Json:
        return self.observation(coded(LOINC, "89247-1", "ECOG Performance Status score"), valueQuantity={"value": float(grade), "unit": "{score}", "system": "http://unitsofmeasure.org", "code": "{score}"})


class _Ips(_Vendor):
    vendor = "ips"

    def drug(self, name: str, start: dt.date, end: dt.date | None, why: str | None) -> Iterator[Json]:
        for number, one in enumerate(super().drug(name, start, end, why)):
            code = one.pop("medicationCodeableConcept", None)
            if code and one["resourceType"] == "MedicationStatement":
                key = f"m-{name}-{start.isoformat()}-{number}"
                yield {"resourceType": "Medication", "id": key, "code": code}
                one["medicationReference"] = {"reference": f"urn:uuid:{key}"}
            elif code:
                one["medicationCodeableConcept"] = code
            yield one


class _Uk(_Vendor):
    vendor = "uk-core"

    def receptor(self, fact: str, code: Json, status: str, percent: float | None) -> Iterator[Json]:
        name = {"er": "Oestrogen receptor", "pr": "Progesterone receptor"}[fact]
        yield self.observation({"text": f"{name} status"}, self.spread, valueCodeableConcept={"text": f"{'Weakly positive' if status == 'low' else status.capitalize()}{f' ({percent:g}%)' if percent is not None else ''}"})

    def drug(self, name: str, start: dt.date, end: dt.date | None, why: str | None) -> Iterator[Json]:
        plain = name.replace("-", " ").capitalize()
        for one in super().drug(name, start, end, why):
            if "medicationCodeableConcept" in one:
                one["medicationCodeableConcept"] = self.one_of([coded(_DMD, "39113611000001102", f"{plain} 100mg tablets"), coded(SNOMED, "99999999", f"{plain} 300mg/50ml solution for infusion vials"), {"text": f"{plain} 2.5mg tablets"}])
            yield one

    def ecog(self, grade: int) -> Json:
        return self.observation({"text": self.one_of(["WHO performance status", "Performance status (WHO/ECOG)", "PS"])}, **self.one_of([{"valueString": f"PS {grade}"}, {"valueInteger": grade}, {"valueString": str(grade)}]))


class _Mii(_Vendor):
    vendor = "mii"

    def receptor(self, fact: str, code: Json, status: str, percent: float | None) -> Iterator[Json]:
        name = {"er": "Östrogenrezeptor-Status", "pr": "Progesteronrezeptor-Status"}[fact]
        word = {"positive": "positiv", "negative": "negativ", "low": "niedrig positiv"}[status]
        yield self.observation({**code, "text": name}, self.spread, valueCodeableConcept={"text": f"{word}{f' ({percent:g} %)' if percent is not None else ''}"})

    def menopause(self, status: str) -> Json:
        return self.observation({"text": "Menopausenstatus"}, valueCodeableConcept={"text": {"postmenopausal": "Postmenopause", "premenopausal": "Prämenopause", "perimenopausal": "Perimenopause"}[status]})


class _Mcode(_Vendor):
    """Marker tests with a method and an interpretation, secondary cancers with a body site and the primary, requests for drugs."""
    vendor = "mcode"

    def site(self, name: str) -> Json:
        places = {"bone": ("272673000", "Bone structure (body structure)"), "liver": ("10200004", "Liver structure (body structure)"), "lung": ("39607008", "Lung structure (body structure)"), "brain": ("12738006", "Brain structure (body structure)"), "skin": ("39937001", "Skin structure (body structure)"), "pleura": ("3120008", "Pleural membrane structure (body structure)")}
        if name not in places:
            return super().site(name)
        return self.condition(coded(SNOMED, "128462008", "Secondary malignant neoplastic disease (disorder)"), self.spread, bodySite=[coded(SNOMED, *places[name])], meta={"profile": [_MCODE + "secondary-cancer-condition|4.0.0"]},
                              category=[coded("http://terminology.hl7.org/CodeSystem/condition-category", "problem-list-item")], extension=[{"url": _MCODE + "related-primary-cancer-condition", "valueReference": {"reference": "Condition/r1"}}])

    def receptor(self, fact: str, code: Json, status: str, percent: float | None) -> Iterator[Json]:
        mark = {"positive": "POS", "negative": "NEG", "low": "POS"}[status]
        value = {"valueQuantity": {"value": percent, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}} if percent is not None else {"valueCodeableConcept": coded(SNOMED, {"positive": "10828004", "negative": "260385009", "low": "62482003"}[status])}
        yield self.observation(code if percent is None else coded(LOINC, {"er": "85329-1", "pr": "85325-9"}[fact]), self.spread, **value, interpretation=[coded("http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", mark)], meta={"profile": [_MCODE + "tumor-marker-test"]}, method=coded(SNOMED, "117617002", "Immunohistochemistry procedure"))


class _Cda(_Vendor):
    """What converters make of a C-CDA: OIDs for systems, names in the text, unknown codes as data absent."""
    vendor = "cda"

    def concept(self, text: str, code: Json) -> Json:
        one = {**code["coding"][0]} if "coding" in code else {}
        one["system"] = {LOINC: "urn:oid:2.16.840.1.113883.6.1", SNOMED: "urn:oid:2.16.840.1.113883.6.96"}.get(one.get("system", ""), one.get("system", ""))
        return {"coding": [one], "text": text}

    def receptor(self, fact: str, code: Json, status: str, percent: float | None) -> Iterator[Json]:
        for one in super().receptor(fact, code, status, percent):
            yield one | {"code": self.concept(one["code"]["coding"][0].get("display", ""), one["code"])}


class _Lab(_Vendor):
    """A laboratory's results as HL7 v2 became FHIR: the name in capitals, the value as text with its unit and mark."""
    vendor = "lab"

    def observation(self, code: Json, on: dt.date | None = None, **value: Any) -> Json:
        one = super().observation(code, on, **value)
        quantity = one.get("valueQuantity")
        if quantity and self.roll.random() < 0.5:
            one.pop("valueQuantity")
            one["valueString"] = f"{quantity['value']:g} {quantity.get('unit', '')}".strip()
        return one


class _Smart(_Vendor):
    """Each name only as text, days with times of a zone, answers as text of a concept with an extension."""
    vendor = "text-only"

    def observation(self, code: Json, on: dt.date | None = None, **value: Any) -> Json:
        name = code.get("text") or next((c.get("display") for c in code.get("coding", ()) if c.get("display")), "")
        return super().observation({"text": name} if name else code, on, **value)


VENDORS: dict[str, type[_Vendor]] = {one.vendor: one for one in (_Cerner, _Epic, _Meditech, _Synthea, _Ips, _Uk, _Mii, _Mcode, _Cda, _Lab, _Smart)}


def resources_of(profile: Json, as_of: dt.date, vendor: str) -> list[Json]:
    """One person's resources as a vendor writes them."""
    found = list(VENDORS[vendor](profile, as_of, random.Random(f"{vendor}/{profile.get('id')}")).resources())
    for number, one in enumerate(found):
        one.setdefault("id", f"r{number}")
    return found


# Envelopes

def _bundle(found: list[Json]) -> bytes:
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in found]}).encode()


def _transaction(found: list[Json]) -> bytes:
    """Every reference is a urn:uuid, as in a transaction that has not been sent."""
    text = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one, "request": {"method": "POST", "url": one["resourceType"]}} for one in found]})
    return text.replace('"Patient/p"', '"urn:uuid:p"').encode()


def _by_identifier(found: list[Json]) -> bytes:
    """Nobody is referred to by id: the number of the hospital stands instead."""
    mine = [dict(one) for one in found]
    mine[0] |= {"identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9000000009"}]}
    text = _bundle(mine).decode()
    return text.replace('{"reference": "Patient/p"}', '{"identifier": {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9000000009"}}').encode()


def _search_pages(found: list[Json]) -> bytes:
    """Pages of a search beside each other, one with what else was said of it."""
    half = len(found) // 2
    pages = [{"resourceType": "Bundle", "type": "searchset", "total": len(found), "entry": [{"fullUrl": f"https://a.b/fhir/{one['resourceType']}/{one['id']}", "resource": one, "search": {"mode": "match"}} for one in part]} for part in (found[:half], found[half:])]
    return json.dumps(pages).encode()


def _lines(found: list[Json]) -> bytes:
    return "\n".join(json.dumps(one) for one in found).encode()


def _document(found: list[Json]) -> bytes:
    """A document: the composition first, with sections that refer to everything."""
    first = {"resourceType": "Composition", "id": "c", "status": "final", "type": coded(LOINC, "60591-5", "Patient summary Document"), "subject": {"reference": "Patient/p"}, "date": "2024-01-01", "title": "Summary", "author": [{"display": "x"}],
             "section": [{"title": "All", "entry": [{"reference": f"{one['resourceType']}/{one['id']}"} for one in found]}]}
    return json.dumps({"resourceType": "Bundle", "type": "document", "entry": [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in (first, *found)]}).encode()


def _packed(found: list[Json]) -> bytes:
    return gzip.compress(_bundle(found))


def _folder(found: list[Json]) -> bytes:
    """The export of a phone: a zip with a file for each resource."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as pack:
        for one in found:
            pack.writestr(f"apple_health_export/clinical-records/{one['resourceType']}-{one['id']}.json", json.dumps(one))
    return held.getvalue()


def _marked(found: list[Json]) -> bytes:
    return b"\xef\xbb\xbf" + _bundle(found)


def _wide(found: list[Json]) -> bytes:
    return _bundle(found).decode().encode("utf-16")


def _within(found: list[Json]) -> bytes:
    return json.dumps({"fhirVersion": "4.0.1", "data": _bundle(found).decode()}).encode()


def _attached(found: list[Json]) -> bytes:
    return json.dumps({"resourceType": "Binary", "contentType": "application/fhir+json", "data": base64.b64encode(_bundle(found)).decode()}).encode()


def _xml(found: list[Json]) -> bytes:
    def member(name: str, value: Any) -> str:
        if isinstance(value, list):
            return "".join(member(name, one) for one in value)
        if isinstance(value, dict):
            if "resourceType" in value:
                return f"<{name}>{whole(value)}</{name}>"
            at = "".join(f" {key}={quoteattr(str(value[key]))}" for key in ("url", "id") if key in value and name in ("extension", "modifierExtension") and isinstance(value[key], str))
            return f"<{name}{at}>" + "".join(member(key, one) for key, one in value.items() if not (at and key in ("url", "id"))) + f"</{name}>"
        return f"<{name} value={quoteattr(str(value).lower() if isinstance(value, bool) else str(value))}/>"

    def whole(value: Json) -> str:
        kind = value["resourceType"]
        return f'<{kind} xmlns="http://hl7.org/fhir">' + "".join(member(name, one) for name, one in value.items() if name != "resourceType") + f"</{kind}>"

    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + whole(json.loads(_bundle(found)))).encode()


ENVELOPES: dict[str, Callable[[list[Json]], bytes]] = {
    "bundle": _bundle, "transaction": _transaction, "identifier": _by_identifier, "search": _search_pages, "ndjson": _lines, "document": _document, "gzip": _packed, "zip": _folder,
    "bom": _marked, "utf-16": _wide, "within": _within, "binary": _attached, "xml": _xml,
}
