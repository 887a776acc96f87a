"""C-CDA documents: the words of their sections, with what the coded entries say of them (negated, ended), and entries without words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .form import Tools
from .html import HtmlText
from .limits import check_text
from .sheet import Builder, Sheet
from .xml import child, children, parsed, tag, text_of

_INLINE = {"content": "span", "sub": "sub", "sup": "sup", "linkHtml": "a", "footnote": "span"}
_BLOCK = {
    "paragraph": "p",
    "list": "ul",
    "item": "li",
    "caption": "p",
    "table": "table",
    "thead": "thead",
    "tbody": "tbody",
    "tr": "tr",
    "td": "td",
    "th": "th",
    "br": "br",
    "renderMultiMedia": "span",
    "text": "div",
}


def open_ccda(data: bytes, name: str, tools: Tools) -> list[Sheet]:
    root = parsed(data, name, "C-CDA documents")
    writer = Ccda(root, name, tools)
    return writer.sheets()


class Ccda:
    """One document."""

    def __init__(self, root: Any, name: str, tools: Tools) -> None:
        self.root, self.name, self.tools = root, name, tools
        self.codes: Mapping[str, Any] = tools.knowledge.content.extras["reading/forms"]
        self.builder = Builder(name, "C-CDA")
        self.more: list[Sheet] = []

    def sheets(self) -> list[Sheet]:
        self.builder.hints["kind"] = "record"
        self._person()
        title = text_of(child(self.root, "title"))
        if title:
            self.builder.line(title)
        body = child(self.root, "component", "structuredBody")
        if body is not None:
            for component in children(body, "component"):
                section = child(component, "section")
                if section is not None:
                    self._section(section, 2)
        self._attached(child(self.root, "component", "nonXMLBody", "text"))
        check_text(self.name, self.builder.length, len(self.builder.lines))
        for extra in self.more:
            extra.hints = {**self.builder.hints, **extra.hints}
        return [self.builder.sheet(), *self.more] if self.builder.lines or not self.more else self.more

    def _person(self) -> None:
        hints = self.builder.hints
        role = child(self.root, "recordTarget", "patientRole")
        patient = child(role, "patient") if role is not None else None
        if patient is not None:
            name = child(patient, "name")
            if name is not None:
                hints["name"] = text_of(name)
            gender = child(patient, "administrativeGenderCode")
            sex = {"F": "female", "M": "male"}.get(gender.get("code", "") if gender is not None else "")
            if sex:
                hints["sex"] = sex
            birth = child(patient, "birthTime")
            if birth is not None and re.match(r"\d{8}", birth.get("value", "")):
                hints["born"] = birth.get("value")[:8]
        time = child(self.root, "effectiveTime")
        if time is not None and re.match(r"\d{8}", time.get("value", "")):
            hints["date"] = time.get("value")[:8]
        language = child(self.root, "languageCode")
        if language is not None and language.get("code", "")[:2].lower() in ("en", "de"):
            hints["language"] = language.get("code", "")[:2].lower()

    def _section(self, section: Any, depth: int) -> None:
        if section.get("nullFlavor"):
            return
        code = child(section, "code")
        known = self.codes["ccda-sections"].get(code.get("code", "") if code is not None else "")
        title = text_of(child(section, "title")) or (code.get("displayName", "") if code is not None else "")
        self.builder.blank()
        if title:
            self.builder.line(title, depth)
        if known and known.lower() != title.lower():
            self.builder.line(f"{known}:", depth)
        words = child(section, "text")
        notes = self._notes(section)
        if words is not None and text_of(words):
            self._narrative(words, notes)
        else:
            self._entries(section)
        for component in children(section, "component"):
            inner = child(component, "section")
            if inner is not None:
                self._section(inner, depth + 1)

    # What the entries say of the words

    def _notes(self, section: Any) -> dict[str, str]:
        """For the id of a stretch of narrative: what its entry says that the words may not."""
        notes: dict[str, str] = {}
        for entry in section.iter():
            kind = tag(entry)
            if kind not in ("observation", "act", "substanceAdministration", "procedure"):
                continue
            note = self._note(entry, kind)
            if not note:
                continue
            for reference in [one for one in entry.iter() if tag(one) == "reference" and one.get("value", "").startswith("#")]:
                notes.setdefault(reference.get("value")[1:], note)
        return notes

    def _note(self, entry: Any, kind: str) -> str:
        status = child(entry, "statusCode")
        code = status.get("code", "").lower() if status is not None else ""
        if entry.get("negationInd") == "true":
            return "ruled out"
        if code == "nullified":
            return "entered in error"
        if kind == "substanceAdministration":
            if entry.get("moodCode") in ("INT", "RQO", "PRMS", "PRP") and code not in ("active",):
                return ""
            high = next((one for time in children(entry, "effectiveTime") for one in children(time, "high")), None)
            day = high.get("value", "")[:8] if high is not None else ""
            if code in self.codes["ended"] and day:
                return f"stopped {day[:4]}-{day[4:6]}-{day[6:8]}" if len(day) == 8 else "stopped"
        return ""

    def _narrative(self, words: Any, notes: Mapping[str, str]) -> None:
        writer = HtmlText(self.builder)

        def walk(element: Any) -> None:
            name = tag(element)
            html = _BLOCK.get(name) or _INLINE.get(name)
            style = element.get("styleCode", "")
            gone = "strike" in style.lower()
            if html:
                writer.handle_starttag("s" if gone else html, [])
            if element.text:
                writer.handle_data(element.text)
            for inner in element:
                walk(inner)
                if inner.tail:
                    writer.handle_data(inner.tail)
            note = notes.get(element.get("ID", ""))
            if note and note.split()[0] not in "".join(element.itertext()).lower():
                writer.handle_data(f" – {note}")
            if html and html != "br":
                writer.handle_endtag("s" if gone else html)

        walk(words)
        writer.close()

    # Entries without words

    def _entries(self, section: Any) -> None:
        rows: list[list[str]] = []
        for entry in children(section, "entry"):
            for one in entry.iter():
                kind = tag(one)
                if kind == "observation":
                    row = self._observation(one)
                    if row:
                        rows.append(row)
                elif kind == "substanceAdministration":
                    material = next((each for each in one.iter() if tag(each) == "manufacturedMaterial"), None)
                    code = child(material, "code") if material is not None else None
                    name = _display(code)
                    note = self._note(one, kind)
                    if name:
                        self.builder.line(name + (f" – {note}" if note else ""))
        if rows:
            self.builder.table([["Test", "Result", "Unit", "Reference", "Date"], *rows], True)

    def _observation(self, one: Any) -> list[str] | None:
        if one.get("negationInd") == "true":
            return None
        code, value = child(one, "code"), child(one, "value")
        if value is None or value.get("nullFlavor"):
            return None
        kind = next((text for key, text in value.attrib.items() if key.endswith("type")), "")
        name = _display(code)
        if kind.endswith(("CD", "CE", "CV")):
            words = _display(value)
            if words and name.lower() in ("problem", "diagnosis", "condition", "finding", "complaint", "assertion", "symptom"):
                self.builder.line(words)
                return None
            shown = words
        else:
            shown = value.get("value", "") or text_of(value)
        if not name or not shown:
            return None
        time = child(one, "effectiveTime")
        day = (
            (time.get("value") or (child(time, "low").get("value", "") if child(time, "low") is not None else ""))
            if time is not None
            else ""
        )
        day = f"{day[:4]}-{day[4:6]}-{day[6:8]}" if day and len(day) >= 8 else ""
        limits = next((each for each in one.iter() if tag(each) == "observationRange"), None)
        reference = ""
        if limits is not None:
            spread = child(limits, "value")
            low, high = (child(spread, "low"), child(spread, "high")) if spread is not None else (None, None)
            reference = (
                f"{low.get('value', '') if low is not None else ''} - {high.get('value', '') if high is not None else ''}"
                if spread is not None
                else text_of(limits)
            )
        return [name, shown, value.get("unit", ""), reference, day]

    def _attached(self, element: Any) -> None:
        if element is None:
            return
        from .attached import open_attached

        self.more += open_attached(
            element.text or "",
            element.get("mediaType", ""),
            element.get("representation", "") == "B64",
            self.name,
            self.tools,
            self.builder.notes,
        )


def _display(code: Any) -> str:
    if code is None:
        return ""
    original = child(code, "originalText")
    words = code.get("displayName", "") or (text_of(original) if original is not None else "")
    if not words:
        for translation in children(code, "translation"):
            words = words or translation.get("displayName", "")
    return str(words)
