"""Word, OpenDocument, RTF and HTML files."""

from __future__ import annotations

import re
from typing import Any

from linewise.errors import RecordError

from .archive import entries, unpacked
from .form import Form, Tools
from .html import add_html
from .limits import MOST_TEXT, check_text, too_big
from .missing import need
from .plain import decoded, sheet_of_text
from .sheet import Builder, Sheet
from .xml import parsed, tag


def _is_docx(data: bytes, name: str) -> bool:
    return data.startswith(b"PK\x03\x04") and "word/document.xml" in entries(data, name)


def _is_odt(data: bytes, name: str) -> bool:
    return data.startswith(b"PK\x03\x04") and "content.xml" in entries(data, name) and b"opendocument.text" in data[:200]


def _is_rtf(data: bytes, name: str) -> bool:
    return data.lstrip()[:5] == b"{\\rtf"


def _is_html(data: bytes, name: str) -> bool:
    head = data[:2000].lower().lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith((b"<!doctype html", b"<html")) or (
        head.startswith(b"<")
        and (b"<html" in head or b"<body" in head or b"<p>" in head or b"<table" in head or b"<h1" in head)
        and b"<clinicaldocument" not in head
        and b"http://hl7.org/fhir" not in head
    )


# Word


class _Docx:
    """Writes the paragraphs and tables of a Word file into a sheet; what was deleted or struck through is left out."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder

    def body(self, element: Any) -> None:
        for one in element:
            name = tag(one)
            if name == "p":
                self.paragraph(one)
            elif name == "tbl":
                self.table(one)
            elif name in ("sdt", "sdtContent", "body", "ins", "smartTag", "customXml", "hdr", "ftr"):
                self.body(one)

    def paragraph(self, element: Any) -> None:
        style, listed, bold = "", False, True
        text = ""
        for part in element.iter():
            name = tag(part)
            if name == "pStyle":
                style = next((value for key, value in part.attrib.items() if key.endswith("val")), "")
            elif name == "numPr":
                listed = True
        runs = list(self._runs(element))
        for words, is_bold in runs:
            text += words
            bold = bold and (is_bold or not words.strip())
        if not text.strip():
            self.builder.blank()
            return
        depth = 0
        found = re.search(r"(?i)(?:heading|berschrift|title|titel)\s*(\d)?", style)
        if found:
            depth = int(found.group(1) or 1)
        elif bold and len(text.strip()) < 60 and not text.strip().endswith((".", ",")):
            depth = 3
        if depth:
            self.builder.gap = True
        for number, line in enumerate(text.split("\n")):
            self.builder.line(("• " if listed and not number else "") + line.expandtabs(8), depth)
        if depth or not listed:
            self.builder.gap = True

    def _runs(self, element: Any) -> Any:
        for run in element:
            name = tag(run)
            if name == "r":
                properties = next((one for one in run if tag(one) == "rPr"), None)
                marks = (
                    {
                        tag(one): next((value for key, value in one.attrib.items() if key.endswith("val")), "1")
                        for one in properties
                    }
                    if properties is not None
                    else {}
                )
                if any(marks.get(mark, "0") not in ("0", "false") for mark in ("strike", "dstrike", "vanish")):
                    continue
                text = ""
                for part in run:
                    kind = tag(part)
                    if kind == "t":
                        text += part.text or ""
                    elif kind == "tab":
                        text += "\t"
                    elif kind in ("br", "cr"):
                        text += "\n"
                    elif kind == "sym":
                        text += " "
                    elif kind in ("noBreakHyphen", "softHyphen"):
                        text += "-" if kind == "noBreakHyphen" else ""
                    elif kind in ("pict", "drawing", "AlternateContent"):
                        boxes = [box for box in part.iter() if tag(box) == "txbxContent"]
                        for box in boxes[:1]:
                            for paragraph in box.iter():
                                if tag(paragraph) == "p":
                                    text += "\n" + "".join(words for words, _ in self._runs(paragraph))
                yield text, marks.get("b", "0") not in ("0", "false")
            elif name in ("hyperlink", "ins", "smartTag", "sdt", "sdtContent", "fldSimple", "bdo", "moveTo"):
                yield from self._runs(run)

    def table(self, element: Any) -> None:
        rows: list[list[str]] = []
        for row in element.iter():
            if tag(row) != "tr":
                continue
            cells: list[str] = []
            for cell in row:
                if tag(cell) not in ("tc", "sdt"):
                    continue
                lines = [
                    "".join(words for words, _ in self._runs(paragraph)).strip()
                    for paragraph in cell.iter()
                    if tag(paragraph) == "p"
                ]
                cells.append(_joined([line for line in lines if line]))
                span = next((one for one in cell.iter() if tag(one) == "gridSpan"), None)
                if span is not None:
                    wide = next((value for key, value in span.attrib.items() if key.endswith("val")), "1")
                    cells += [""] * (min(int(wide), 40) - 1 if wide.isdigit() else 0)
            rows.append(cells)
            if len(rows) > 5000:
                raise too_big(self.builder.name, "a table of more than 5,000 rows")
        if rows and max(len(row) for row in rows) == 1:
            for cells in rows:
                self.builder.line(cells[0])
        elif rows:
            self.builder.table(rows)


def _joined(lines: list[str]) -> str:
    text = ""
    for line in lines:
        text += (" " if not text or text.endswith((";", ",", ":", ".", "-")) else "; ") + line if text else line
    return text


def _open_docx(data: bytes, name: str, tools: Tools) -> list[Sheet]:
    builder = Builder(name, "Word")
    writer = _Docx(builder)
    members = entries(data, name)
    for member in [one for one in sorted(members) if re.fullmatch(r"word/header\d*\.xml", one)][:2]:
        writer.body(parsed(unpacked(data, name, member), name, "Word files"))
        builder.gap = True
    root = parsed(unpacked(data, name, "word/document.xml"), name, "Word files")
    for body in root:
        writer.body(body)
    if "word/footnotes.xml" in members:
        for note in parsed(unpacked(data, name, "word/footnotes.xml"), name, "Word files"):
            writer.body(note)
    check_text(name, builder.length, len(builder.lines))
    if not builder.lines:
        raise RecordError(name, "this Word file holds no text.", "If it holds pictures of pages, give those.")
    return [builder.sheet()]


# OpenDocument


def _open_odt(data: bytes, name: str, tools: Tools) -> list[Sheet]:
    builder = Builder(name, "OpenDocument")
    root = parsed(unpacked(data, name, "content.xml"), name, "OpenDocument files")

    def words(element: Any) -> str:
        text = element.text or ""
        for part in element:
            kind = tag(part)
            text += {"tab": "\t", "line-break": "\n", "s": " "}.get(kind, "") or words(part)
            text += part.tail or ""
        return text

    def walk(element: Any) -> None:
        for one in element:
            kind = tag(one)
            if kind in ("p", "h"):
                for line in words(one).split("\n"):
                    builder.line(line.expandtabs(8), 1 if kind == "h" else 0)
                builder.gap = True
            elif kind == "table":
                rows = [
                    [" ".join(words(cell).split()) for cell in row if tag(cell) == "table-cell"]
                    for row in one.iter()
                    if tag(row) == "table-row"
                ]
                builder.table(rows)
            elif kind == "list":
                for item in one.iter():
                    if tag(item) == "p":
                        builder.line("• " + words(item))
            elif kind not in ("tracked-changes",):
                walk(one)

    walk(root)
    check_text(name, builder.length, len(builder.lines))
    return [builder.sheet()]


# RTF, HTML


def _open_rtf(data: bytes, name: str, tools: Tools) -> list[Sheet]:
    striprtf: Any = need("striprtf.striprtf", "RTF", name)
    text = data.decode("cp1252", errors="replace")
    text = re.sub(r"\\strike\b(?!0).*?(?=\\strike0|\\plain|\\par\b|\})", "", text)
    try:
        plain = str(striprtf.rtf_to_text(text[: 4 * MOST_TEXT], errors="ignore"))
    except Exception:  # whatever a broken file makes the library raise
        raise RecordError(name, "this RTF file is damaged.", "Save it again, or as PDF.") from None
    return [sheet_of_text(plain.replace("|\n", "\n").replace("|", "   "), name, "RTF")]


def _open_html(data: bytes, name: str, tools: Tools) -> list[Sheet]:
    builder = Builder(name, "HTML")
    text = decoded(data) or ""
    check_text(name, len(text), text.count("\n"))
    add_html(builder, text)
    if not builder.lines:
        raise RecordError(name, "this page holds no text.", "Save the page with its content, or as PDF.")
    return [builder.sheet()]


FORMS = (
    Form("docx", "Word file", _is_docx, _open_docx),
    Form("odt", "OpenDocument text", _is_odt, _open_odt),
    Form("rtf", "RTF", _is_rtf, _open_rtf),
    Form("html", "HTML", _is_html, _open_html),
)
