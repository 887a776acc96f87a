"""Records as data: C-CDA, FHIR in JSON and XML, German registry notifications; other XML is refused by its name."""

from __future__ import annotations

import re

from linewise.errors import RecordError

from .form import Form, Tools
from .sheet import Sheet
from .xml import looks

_FHIR = re.compile(rb"<(?:[\w-]+:)?[A-Z]\w+[^>]*xmlns(?::\w+)?\s*=\s*[\"']http://hl7\.org/fhir")


def _is_ccda(data: bytes, name: str) -> bool:
    return looks(data, "ClinicalDocument")


def _open_ccda(data: bytes, name: str, tools: Tools) -> list[Sheet]:
    from .ccda import open_ccda

    return open_ccda(data, name, tools)


def _is_fhir_xml(data: bytes, name: str) -> bool:
    return data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and bool(_FHIR.search(data[:8000]))


def _open_fhir_xml(data: bytes, name: str, tools: Tools) -> list[Sheet]:
    from .fhir import open_xml

    return open_xml(data, name, tools)


def _is_obds(data: bytes, name: str) -> bool:
    return looks(data, "oBDS", "ADT_GEKID")


def _open_obds(data: bytes, name: str, tools: Tools) -> list[Sheet]:
    from .obds import open_obds

    return open_obds(data, name, tools)


def _is_json(data: bytes, name: str) -> bool:
    head = data[:200_000].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith((b"{", b"[", b'"')) and (b"resourceType" in head)


def _open_json(data: bytes, name: str, tools: Tools) -> list[Sheet]:
    from .fhir import open_json

    return open_json(data.removeprefix(b"\xef\xbb\xbf"), name, tools)


def _is_xml(data: bytes, name: str) -> bool:
    return data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<?xml") or bool(re.match(rb"\s*<[A-Za-z][\w:.-]*[\s>/]", data[:200]))


def _open_xml(data: bytes, name: str, tools: Tools) -> list[Sheet]:
    found = re.search(
        rb"<(?:[\w.-]+:)?([A-Za-z][\w.-]*)", re.sub(rb"<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^>]*>", b"", data[:20000], flags=re.DOTALL)
    )
    from .xml import parsed

    parsed(data, name)
    kind = found.group(1).decode(errors="replace") if found else "?"
    raise RecordError(
        name,
        f"this is XML of a kind that is not read (its first element is “{kind[:40]}”).",
        "C-CDA, FHIR, oBDS, medication plans (BMP) and Foundation Medicine reports are read.",
    )


FORMS = (
    Form("ccda", "C-CDA document", _is_ccda, _open_ccda),
    Form("fhir-xml", "FHIR in XML", _is_fhir_xml, _open_fhir_xml),
    Form("obds", "oBDS notification", _is_obds, _open_obds),
    Form("fhir-json", "FHIR in JSON", _is_json, _open_json),
    Form("xml", "XML", _is_xml, _open_xml),
)
