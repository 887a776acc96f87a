"""Zip files and folders: what is in them, in the order of the names, within bounds."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from linewise.errors import RecordError

from .form import Form, Tools
from .limits import MOST_BYTES, MOST_PARTS, MOST_UNPACKED, too_big
from .sheet import Sheet

_OFFICE = ("word/document.xml", "xl/workbook.xml", "content.xml")
_PASSED = (".xsl", ".css", ".js", ".ds_store", ".html~", ".ini", ".db", ".json~", ".svg")


def _recognise(data: bytes, name: str) -> bool:
    if not data.startswith(b"PK\x03\x04"):
        return False
    return not any(entry in _OFFICE for entry in entries(data, name))


def entries(data: bytes, name: str) -> list[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.namelist()[: MOST_PARTS * 4]
    except zipfile.BadZipFile:
        return []


def unpacked(data: bytes, name: str, member: str, most: int = MOST_UNPACKED) -> bytes:
    """One member of a zip file, never more than a bound."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        try:
            with archive.open(member) as file:
                found = file.read(most + 1)
        except (RuntimeError, zipfile.BadZipFile, KeyError, NotImplementedError, OSError):
            raise RecordError(
                name, f"{member} cannot be taken out of it: it is locked or damaged.", "Unpack it and give the files."
            ) from None
    if len(found) > most:
        raise too_big(name, f"{member} unpacks to more than {most // 1_000_000} MB")
    return found


def _open(data: bytes, name: str, tools: Tools) -> list[Sheet]:
    members = [
        entry
        for entry in sorted(entries(data, name))
        if not entry.endswith("/") and "__MACOSX" not in entry and not entry.lower().endswith(_PASSED)
    ]
    if not members:
        raise RecordError(name, "this zip file is empty or damaged.", "")
    if len(members) > MOST_PARTS:
        raise too_big(name, f"{len(members)} files in it, at most {MOST_PARTS}")
    sheets: list[Sheet] = []
    total, faults = 0, []
    for member in members:
        if member.lower().endswith(".zip"):
            faults.append(f"{member}: a zip file inside a zip file is not opened")
            continue
        part = unpacked(data, name, member, min(MOST_BYTES, MOST_UNPACKED - total))
        total += len(part)
        try:
            sheets += tools.open(part, Path(member).name)
        except RecordError as fault:
            faults.append(str(fault))
    if not sheets:
        raise RecordError(name, f"nothing in it could be read: {'; '.join(faults[:3])}", "")
    sheets[0].notes += faults
    return sheets


def files_in(folder: Path) -> list[Path]:
    """The files of a folder and its folders, in order, within bounds."""
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".") and not path.name.lower().endswith(_PASSED)
    ]
    if len(found) > MOST_PARTS:
        raise too_big(str(folder), f"{len(found)} files in it, at most {MOST_PARTS}")
    if not found:
        raise RecordError(str(folder), "there is no file in this folder.", "")
    return found


FORMS = (Form("zip", "zip file", _recognise, _open),)
