"""Which form a file has, and what opens it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from linewise.errors import RecordError
from linewise.knowledge import Knowledge

from . import archive, foundation, hl7, office, pdf, picture, plain, plan, table, xml_records
from .form import Form, Tools
from .limits import check_bytes
from .sheet import Sheet


def forms() -> tuple[Form, ...]:
    """Every form, the most particular first. What opens one is loaded only when it is met."""
    return (
        *pdf.FORMS, *picture.FORMS, *archive.FORMS, *office.FORMS, *hl7.FORMS, *plan.FORMS, *foundation.FORMS, *xml_records.FORMS, *table.FORMS, *plain.FORMS,
    )  # fmt: skip


def form_of(data: bytes, name: str) -> Form | None:
    return next((form for form in forms() if form.recognise(data, name)), None)


def open_bytes(data: bytes, name: str, knowledge: Knowledge) -> list[Sheet]:
    """The sheets of one file. Raises RecordError, which names the form and the way out."""
    check_bytes(name, data)
    if not data.strip(b" \t\r\n\x00"):
        raise RecordError(name, "the file is empty.", "Give a report, a letter or a list.")
    form = form_of(data, name)
    if form is None:
        raise RecordError(name, f"this form of file is not read{_seems(data)}.", "Save it as PDF, Word (.docx) or plain text.")
    return form.open(data, name, Tools(knowledge, lambda inner, part: open_bytes(inner, part, knowledge)))


def open_files(paths: Sequence[str], knowledge: Knowledge) -> list[Sheet]:
    """The sheets of several files, folders and archives; pictures of pages that follow each other are one document."""
    sheets: list[Sheet] = []
    files: list[Path] = []
    for given in paths:
        path = Path(given)
        if path.is_dir():
            files += archive.files_in(path)
        else:
            files.append(path)
    several, rest = picture.pages_of(files)
    for group in several:
        sheets += picture.open_pages([(path.read_bytes(), path.name) for path in group], group[0].name)
    for path in rest:
        sheets += open_bytes(path.read_bytes(), path.name, knowledge)
    return sheets


def _seems(data: bytes) -> str:
    known = (
        (b"\xd0\xcf\x11\xe0", "an old Word or Excel file (.doc, .xls)"),
        (b"\x1f\x8b", "a gzip file"),
        (b"DICM", "a DICOM image"),
        (b"7z\xbc\xaf", "a 7-Zip archive"),
        (b"Rar!", "a RAR archive"),
    )
    for mark, name in known:
        if data.startswith(mark) or (mark == b"DICM" and data[128:132] == mark):
            return f": it is {name}"
    if b"\0" in data[:1000]:
        return ": it holds no text"
    return ""
