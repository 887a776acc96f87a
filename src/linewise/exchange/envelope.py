"""What a record comes in: packed files, folders, FHIR in XML, JSON inside JSON. And the forms that are no record, refused by their names.

Documents (a PDF, a scan, a C-CDA, a message) are read by `linewise read`, which asks a person to confirm what it finds; they are never counted here.
"""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import Any

from linewise.errors import RecordError

MOST_UNPACKED = 400_000_000
"""Bytes that a packed file may become."""
MOST_FILES = 20_000
"""Files of one folder or archive that make one record."""
_READ = "Run “linewise read” on it: it shows what the document says, for you to confirm, and gives a profile to plan with."
_FORMS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF"), (b"\x89PNG", "a picture"), (b"\xff\xd8\xff", "a picture"), (b"II*\x00", "a scan (TIFF)"), (b"MM\x00*", "a scan (TIFF)"),
    (b"MSH|", "an HL7 v2 message"), (b"{\\rtf", "a document in RTF"), (b"\xd0\xcf\x11\xe0", "an old Word or Excel file"), (b"SQLite format 3", "a database"),
    (b"7z\xbc\xaf", "a 7-Zip archive"), (b"Rar!", "a RAR archive"), (b"PAR1", "a table in Parquet"),
)  # fmt: skip
_XML: tuple[tuple[str, str], ...] = (
    ("<clinicaldocument", "a C-CDA document, as portals give it"), ("<obds", "an oBDS file of a German cancer register"), ("<adt_gekid", "an ADT/GEKID file of a German cancer register"),
    ("<resultsreport", "a report of Foundation Medicine"), ("<mp ", "a German medication plan"), ("<html", "a web page"), ("<!doctype html", "a web page"), ("<healthdata", "an export of Apple Health"),
)  # fmt: skip
_OFFICE = {"word/document.xml": "a Word document", "xl/workbook.xml": "an Excel table", "content.xml": "an OpenDocument file"}


def from_folder(folder: Path) -> bytes:
    """Every JSON file of a folder and its folders as one JSON array: exports of single resources are one record."""
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix.lower() in (".json", ".ndjson") and not path.name.startswith(".")
    ]
    if not files:
        raise RecordError(
            str(folder),
            "this is a folder without a JSON file in it.",
            "Name a file in it, or run “linewise read” on a folder of documents.",
        )
    return _joined(str(folder), [(str(path.relative_to(folder)), path) for path in files])


def _joined(name: str, files: list[tuple[str, Any]]) -> bytes:
    if len(files) > MOST_FILES:
        raise RecordError(
            name, f"it holds {len(files)} files, more than {MOST_FILES}.", "Use “linewise cohort” for the records of many people."
        )
    parts: list[bytes] = []
    size = 0
    for label, path in files:
        data = path.read_bytes() if isinstance(path, Path) else path()
        size += len(data)
        if size > MOST_UNPACKED:
            raise RecordError(
                name, "it is too large to be one person's record.", "Use “linewise cohort” for the records of many people."
            )
        parts += _resources(data) or [_unreadable(label)]
    return b"[" + b",".join(parts) + b"]"


def _resources(data: bytes) -> list[bytes]:
    """The JSON values of one file: one, or one a line; nothing where it is neither."""
    import msgspec

    def whole(part: bytes) -> bool:
        try:
            msgspec.json.decode(part)
        except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError):
            return False
        return True

    data = data.removeprefix(b"\xef\xbb\xbf").strip()
    if whole(data):
        return [data]
    lines = [line for line in data.splitlines() if line.strip()]
    return (
        [line if whole(line) else _unreadable(f"line {number}") for number, line in enumerate(lines, 1)]
        if len(lines) > 1 and whole(lines[0])
        else []
    )


def _unreadable(where: str) -> bytes:
    import msgspec

    return msgspec.json.encode(unreadable(where))


def unreadable(where: str) -> dict[str, Any]:
    """Stands for a part of a file that could not be read: it leaves open whatever it may have said."""
    return {"resourceType": UNREADABLE, "where": where}


UNREADABLE = "Unreadable"


def unpacked(data: bytes, name: str) -> tuple[bytes, Any]:
    """The bytes of a record and None, or nothing and its value where it is not written as JSON or YAML. Raises RecordError that names any other form."""
    if data.startswith(b"\x1f\x8b"):
        data = _gunzipped(data, name)
    if data.startswith(b"PK\x03\x04"):
        data = _unzipped(data, name)
    head = data[:400].lstrip(b"\xef\xbb\xbf \t\r\n")
    for mark, what in _FORMS:
        if head.startswith(mark):
            raise RecordError(name, f"this is {what}, not a record that can be counted on.", _READ)
    if data[128:132] == b"DICM":
        raise RecordError(name, "this is a DICOM image.", "Give the report of the examination to “linewise read”.")
    if head.startswith(b"<"):
        return b"", _xml(data, name)
    return data, None


def _gunzipped(data: bytes, name: str) -> bytes:
    import gzip  # few records come packed

    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            found = file.read(MOST_UNPACKED + 1)
    except (OSError, EOFError, zlib.error):
        raise RecordError(name, "this packed file (gzip) is damaged or cut off.", "Download it again.") from None
    if len(found) > MOST_UNPACKED:
        raise RecordError(
            name, "it is too large to be one person's record.", "Use “linewise cohort” for the records of many people."
        )
    return found


def _unzipped(data: bytes, name: str) -> bytes:
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [one for one in archive.infolist() if not one.is_dir()]
            for member, what in _OFFICE.items():
                if any(one.filename == member for one in members):
                    raise RecordError(name, f"this is {what}, not a record that can be counted on.", _READ)
            if sum(one.file_size for one in members) > MOST_UNPACKED:
                raise RecordError(
                    name, "it is too large to be one person's record.", "Use “linewise cohort” for the records of many people."
                )
            chosen = sorted(
                (one for one in members if one.filename.lower().endswith((".json", ".ndjson"))), key=lambda one: one.filename
            )
            if not chosen:
                raise RecordError(name, "there is no JSON file in this zip.", _READ)
            return _joined(name, [(one.filename, lambda one=one: archive.read(one)) for one in chosen])
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError):
        raise RecordError(
            name, "this zip file is damaged, cut off or locked.", "Download it again, without a password."
        ) from None


def _xml(data: bytes, name: str) -> Any:
    start = data[:4000].decode("utf-8", "ignore").lower()
    for mark, what in _XML:
        if mark in start:
            raise RecordError(name, f"this is {what}, not a record that can be counted on.", _READ)
    if "hl7.org/fhir" not in start:
        raise RecordError(name, "this is XML of a form that is not known here.", "Ask for the record in FHIR R4 (JSON).")
    from linewise.papers.fhir import of_xml
    from linewise.papers.xml import parsed

    return typed(of_xml(parsed(data, name, "FHIR in XML")))


_TRUTH = {"true": True, "false": False}


def typed(value: Any, member: str = "") -> Any:
    """A value of FHIR XML as JSON has it: numbers and truth values are no text there."""
    if isinstance(value, dict):
        return {name: typed(part, name) for name, part in value.items()}
    if isinstance(value, list):
        return [typed(part, member) for part in value]
    if isinstance(value, str):
        if value in _TRUTH and member != "valueString":
            return _TRUTH[value]
        if member in ("value", "valueInteger", "valueDecimal") and _number(value) is not None:
            return _number(value)
    return value


def _number(text: str) -> float | int | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return None if found - found != 0 else int(found) if found.is_integer() and abs(found) < 1e15 else found
