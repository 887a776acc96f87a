"""HL7 version 2 messages: results, documents and letters (ORU, MDM, and others with OBX segments)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from linewise.errors import RecordError

from .form import Form, Tools
from .limits import check_text
from .plain import decoded
from .sheet import Builder, Sheet

_START = re.compile(rb"^[\x0b\s]*(?:FHS|BHS|MSH)[|^~&]")


def _recognise(data: bytes, name: str) -> bool:
    return bool(_START.match(data.removeprefix(b"\xef\xbb\xbf")[:200]))


class _Message:
    def __init__(self, lines: list[str]) -> None:
        head = next((line for line in lines if line.startswith("MSH")), "MSH|^~\\&")
        self.field = head[3] if len(head) > 3 else "|"
        signs = head[4:8] if len(head) > 7 else "^~\\&"
        whole = signs + "^~\\&"[len(signs) :]
        self.part, self.again, self.escape, self.inner = whole[0], whole[1], whole[2], whole[3]
        self.segments = [line.split(self.field) for line in lines]

    def get(self, segment: list[str], at: int) -> str:
        return segment[at] if len(segment) > at else ""

    def parts(self, text: str) -> list[str]:
        return text.split(self.again)[0].split(self.part)

    def plain(self, text: str) -> str:
        """Escapes undone: `\\T\\` is `&`, `\\.br\\` a new line."""
        signs = {
            "F": self.field,
            "S": self.part,
            "T": self.inner,
            "R": self.again,
            "E": self.escape,
            ".br": "\n",
            "H": "",
            "N": "",
            ".sp": "\n",
            ".ce": "\n",
            ".in": "",
            ".fi": "",
            ".nf": "",
        }
        pattern = re.escape(self.escape) + r"([^" + re.escape(self.escape) + r"\s]{1,40}?)" + re.escape(self.escape)

        def change(found: re.Match[str]) -> str:
            code = found.group(1)
            if code in signs:
                return signs[code]
            if re.fullmatch(r"X(?:[0-9A-Fa-f]{2})+", code):
                try:
                    return bytes.fromhex(code[1:]).decode("utf-8")
                except (ValueError, UnicodeDecodeError):
                    return " "
            if code.startswith(".sp") or code.startswith(".br"):
                return "\n"
            return "" if code[:1] in ".CHMNZ" else found.group()

        return re.sub(pattern, change, text)

    def words(self, text: str) -> str:
        """A coded field as words: its text, else its alternate text, else its code."""
        parts = self.parts(text)
        return self.plain(next((parts[i] for i in (1, 4, 8, 0) if len(parts) > i and parts[i]), ""))


def _open(data: bytes, name: str, tools: Tools) -> list[Sheet]:
    text = decoded(data) or ""
    check_text(name, len(text), text.count("\r") + text.count("\n"))
    lines = [line.strip("\x0b\x1c ") for line in re.split(r"[\r\n]+", text) if line.strip("\x0b\x1c \t")]
    joined: list[str] = []
    for line in lines:
        if re.match(r"[A-Z][A-Z0-9]{2}(?:[|]|$)", line) or line.startswith(("MSH", "FHS", "BHS")):
            joined.append(line)
        elif joined:
            joined[-1] += "\\.br\\" + line
    codes: Mapping[str, Any] = tools.knowledge.content.extras["reading/forms"]
    messages: list[list[str]] = []
    for line in joined:
        if line.startswith("MSH"):
            messages.append([])
        if messages:
            messages[-1].append(line)
    if not messages:
        raise RecordError(name, "this HL7 message has no MSH segment.", "Export it again.")
    sheets: list[Sheet] = []
    for message in messages:
        sheets += _Writer(_Message(message), name, codes, tools).sheets()
    return sheets


class _Writer:
    """One message as a sheet."""

    def __init__(self, message: _Message, name: str, codes: Mapping[str, Any], tools: Tools) -> None:
        self.message, self.name, self.codes, self.tools = message, name, codes, tools
        self.builder = Builder(name, "HL7 v2")
        self.rows: list[list[str]] = []
        self.more: list[Sheet] = []

    def sheets(self) -> list[Sheet]:
        message = self.message
        final = any(message.get(s, 0) == "OBX" and message.get(s, 11) in ("F", "C") for s in message.segments)
        for segment in message.segments:
            kind = segment[0]
            if kind != "OBX":
                self._close()
            if kind == "PID":
                self._person(segment)
            elif kind == "OBR":
                self._order(segment)
            elif kind == "OBX":
                self._result(segment, final)
            elif kind == "NTE":
                for line in message.plain(message.get(segment, 3)).split("\n"):
                    self.builder.line(line)
            elif kind == "TXA":
                self._day(message.get(segment, 4) or message.get(segment, 6))
            elif kind == "SPM":
                words = message.words(message.get(segment, 4))
                site = message.words(message.get(segment, 8))
                self.builder.blank()
                self.builder.line(f"Specimen: {words} {site}".rstrip())
                self.builder.blank()
            elif kind == "AL1":
                self._once("Allergies:")
                self.builder.line(
                    f"{message.words(message.get(segment, 3))} - {message.plain(message.get(segment, 5).replace(message.again, ', '))}"
                )
            elif kind == "DG1":
                self._once("Diagnoses:")
                self.builder.line(message.words(message.get(segment, 3)) or message.plain(message.get(segment, 4)))
            elif kind in ("RXE", "RXA", "RXO", "RXD"):
                self._once("Medications:")
                at = {"RXE": 2, "RXA": 5, "RXO": 1, "RXD": 2}[kind]
                self.builder.line(message.words(message.get(segment, at)))
            elif kind == "MSH":
                self._day(message.get(segment, 6), weak=True)
        self._close()
        made = [self.builder.sheet()] if self.builder.lines else []
        if not made and not self.more:
            raise RecordError(self.name, "this HL7 message holds no result and no document.", "")
        for extra in self.more:
            extra.hints = {**self.builder.hints, **extra.hints}
        return made + self.more

    def _once(self, heading: str) -> None:
        if not self.builder.parts or heading not in self.builder.parts:
            self.builder.blank()
            self.builder.line(heading, 2)

    def _person(self, segment: list[str]) -> None:
        message = self.message
        born, sex = message.get(segment, 7)[:8], message.get(segment, 8)[:1]
        names = message.parts(message.get(segment, 5))
        if names and names[0]:
            self.builder.hints["name"] = " ".join(part for part in (names[1] if len(names) > 1 else "", names[0]) if part)
        if re.fullmatch(r"\d{8}", born):
            self.builder.hints["born"] = born
        if sex in ("F", "M"):
            self.builder.hints["sex"] = {"F": "female", "M": "male"}[sex]

    def _day(self, text: str, weak: bool = False) -> None:
        if re.match(r"\d{8}", text) and not (weak and "date" in self.builder.hints):
            self.builder.hints["date"] = text[:8]

    def _order(self, segment: list[str]) -> None:
        message = self.message
        title = message.words(message.get(segment, 4))
        day = message.get(segment, 7)[:8]
        source = message.get(segment, 15)
        self.builder.blank()
        self.builder.line(title)
        if day and re.fullmatch(r"\d{8}", day):
            self.builder.line(f"Collected: {day[:4]}-{day[4:6]}-{day[6:8]}")
        if source:
            words = message.plain(source.replace(message.part, " ").replace(message.inner, " ").strip())
            if words:
                self.builder.line(f"Specimen: {words}")
        reported = message.get(segment, 22)
        if reported:
            self._day(reported)
        reason = message.get(segment, 13)
        if reason:
            self.builder.line(f"Clinical history: {message.plain(reason)}")
        self.builder.blank()

    def _result(self, segment: list[str], final: bool) -> None:
        message = self.message
        kind, status = message.get(segment, 2), message.get(segment, 11)
        if status in self.codes["hl7-skip"] or (final and status in self.codes["hl7-preliminary"]):
            return
        raw = message.get(segment, 5)
        title = message.words(message.get(segment, 3))
        if kind == "ED" or (kind == "RP"):
            self._attached(raw)
            return
        if kind in ("TX", "FT", "") or (kind == "ST" and len(raw) > 60):
            self._close()
            words = message.plain(raw.replace(message.again, "\n"))
            for line in words.split("\n"):
                self.builder.line(line)
            if not words.strip():
                self.builder.blank()
            return
        value = (
            message.words(raw)
            if kind in ("CE", "CWE", "CNE", "CF")
            else message.plain(raw.replace(message.part, " ").strip() if kind == "SN" else raw)
        )
        if kind == "SN":
            value = "".join(message.plain(raw).split(message.part))
        unit = message.parts(message.get(segment, 6))[0]
        unit = message.plain(unit)
        when = message.get(segment, 14)[:8]
        day = f"{when[:4]}-{when[4:6]}-{when[6:8]}" if re.fullmatch(r"\d{8}", when) else ""
        self.rows.append([title, value, unit, message.plain(message.get(segment, 7)), day])

    def _close(self) -> None:
        if self.rows:
            self.builder.table([["Test", "Result", "Unit", "Reference", "Date"], *self.rows], True)
            self.rows = []

    def _attached(self, raw: str) -> None:
        parts = raw.split(self.message.part)
        found = max(parts, key=len)
        try:
            data = base64.b64decode(found.replace("\\.br\\", ""), validate=False)
        except (binascii.Error, ValueError):
            self.builder.notes.append("an attached document could not be unpacked")
            return
        try:
            self.more += self.tools.open(data, f"{self.name}, attached document")
        except RecordError as fault:
            self.builder.notes.append(str(fault))


FORMS = (Form("hl7", "HL7 v2 message", _recognise, _open),)
