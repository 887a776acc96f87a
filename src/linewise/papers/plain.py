"""Plain text, in the encodings that people have."""

from __future__ import annotations

import codecs
import re

from linewise.errors import RecordError

from .form import Form, Tools
from .limits import check_text
from .sheet import Builder, Sheet

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def decoded(data: bytes) -> str | None:
    """Bytes as text: UTF-8 or UTF-16, else Windows-1252, which old German and British systems write; None where it is no text."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if data[1:2] == b"\0" and data[3:4] == b"\0":
        return data.decode("utf-16-le", errors="replace")
    if b"\0" in data:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
        strange = sum(1 for sign in text[:5000] if ord(sign) < 9 or sign == "\ufffd")
        return None if strange > len(text[:5000]) // 100 + 2 else text


def _recognise(data: bytes, name: str) -> bool:
    return decoded(data) is not None


def sheet_of_text(text: str, name: str, form: str = "text") -> Sheet:
    """A sheet of plain text: a form feed begins a page."""
    check_text(name, len(text), text.count("\n"))
    builder = Builder(name, form)
    clean = re.sub(
        r"[\x00-\x08\x0b\x0e-\x1f\x7f\u200b\u200c\u200d\u2060\ufeff\u202a-\u202e\u2066-\u2069]",
        "",
        text.replace("\r\n", "\n").replace("\r", "\n"),
    )
    clean = (
        clean.replace("\u00a0", " ")
        .replace("\u202f", " ")
        .replace("\u2009", " ")
        .replace("\u00ad\n", "-\n")
        .replace("\u00ad", "")
    )
    for number, page in enumerate(clean.split("\f")):
        if number:
            builder.new_page()
            builder.gap = True
        for line in page.split("\n"):
            builder.line(line.expandtabs(4)[:2000])
    return builder.sheet()


def _open(data: bytes, name: str, tools: Tools) -> list[Sheet]:
    text = decoded(data)
    if text is None:
        raise RecordError(name, "it holds no text.", "Save it as PDF or plain text.")
    return [sheet_of_text(text, name)]


FORMS = (Form("text", "plain text", _recognise, _open),)
