"""Registry exports as entries: which format a file has, and the criteria of its text."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from linewise.errors import RecordError

from . import formats
from .model import Entry
from .split import split
from .words import Words

_ENDINGS = {".json", ".ndjson", ".jsonl", ".xml", ".csv", ".yml", ".yaml"}
_MOST, _MOST_YAML = 400_000_000, 2_000_000
"""Bytes of a file, and letters of one in YAML, which is read slowly."""
_MOST_ALIASES, _DEEPEST = 10, 12
"""References of a file in YAML to what stands in it before; groups around a trial."""
_ALIAS = re.compile(r"(?m)(?:^|[\s,\[{:])\*\w")
_READERS: tuple[tuple[Callable[[Any], bool], Callable[[Any], Entry]], ...] = (
    (formats.is_api, formats.from_api),
    (formats.is_fhir, formats.from_fhir),
    (formats.is_ctis, formats.from_ctis),
    (formats.is_ctml, formats.from_ctml),
)


def read_entries(
    paths: Sequence[str | Path], words: Words, left_out: Callable[[RecordError], None] = lambda fault: None
) -> list[Entry]:
    """The entries of files and of the files in folders, by number of the registry; the newest of one trial counts.

    A file of a folder that holds no trial is handed to `left_out` and skipped. Raises RecordError where a path, as a whole, holds nothing that
    can be read as a trial.
    """
    found: dict[str, Entry] = {}
    for path in paths:
        for entry in _of_path(Path(path), words, left_out):
            known = found.get(entry.id)
            if known is None or (entry.updated is not None and (known.updated is None or entry.updated >= known.updated)):
                found[entry.id] = entry
    return list(found.values())


def _of_path(path: Path, words: Words, left_out: Callable[[RecordError], None]) -> list[Entry]:
    found: list[Entry] = []
    faults: list[RecordError] = []
    for file in _files(path):
        try:
            found += _of_file(file, words)
        except RecordError as fault:
            faults.append(fault)
    if faults and not found:
        raise faults[0]
    for one in faults:
        left_out(one)
    return found


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise RecordError(str(path), "there is no such file.", "Name a file or folder with exports of a trial registry.")
    if not path.is_dir():
        return [path]
    found = sorted(one for one in path.rglob("*") if one.suffix.lower() in _ENDINGS and one.is_file())
    if not found:
        raise RecordError(
            str(path), "no export of a trial registry is in this folder.", "JSON, XML, CSV and YAML files are read."
        )
    return found


def _of_file(path: Path, words: Words) -> list[Entry]:
    try:
        if not path.is_file():
            raise RecordError(str(path), "it is no file that can be read to its end.", "Save the export as a file.")
        if path.stat().st_size > _MOST:
            raise RecordError(str(path), "it is too large for an export of trials.", "Export fewer trials, or several files.")
        data = path.read_bytes()
    except OSError as fault:
        raise RecordError(str(path), f"it cannot be read: {fault.strerror}.") from None
    entries = entries_of(data, str(path), words)
    if not entries:
        raise RecordError(
            str(path), "no trial was found in it.", "ClinicalTrials.gov, CTIS, FHIR ResearchStudy and CTML are read."
        )
    return entries


def entries_of(data: bytes, name: str, words: Words) -> list[Entry]:
    """The entries in the content of a file. What the readers cannot bear is told as a fault of the file."""
    try:
        return _entries(data, name, words)
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError, csv.Error) as fault:
        raise RecordError(name, f"it holds something that cannot be read as a trial ({type(fault).__name__}).") from None


def _entries(data: bytes, name: str, words: Words) -> list[Entry]:
    text = data.decode("utf-8-sig", errors="replace")
    if text.lstrip().startswith("<"):
        found = formats.from_xml(text, name)
    elif name.lower().endswith(".csv"):
        found = formats.from_csv(text)
    else:
        found = [entry for value in _values(text, name) for entry in _of_value(value)]
    for entry in found:
        parts = split(entry.text, words)
        if not entry.points:
            entry.points = tuple(parts.points)
        entry.notes = tuple(parts.notes)
    return found


def _values(text: str, name: str) -> list[Any]:
    """The values of a file. Nothing that it says ends a run otherwise than with a word on the file."""
    try:
        return _parsed(text, name)
    except RecursionError:
        raise RecordError(name, "its brackets are nested too deeply to be an export of trials.") from None


def _parsed(text: str, name: str) -> list[Any]:
    try:
        return [json.loads(text)]
    except ValueError as fault:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > 1 and lines[0].lstrip().startswith("{") and lines[0].rstrip().endswith("}"):
            try:
                return [json.loads(line) for line in lines]
            except ValueError:
                pass
        if not name.lower().endswith((".yml", ".yaml")):
            raise RecordError(name, f"it is no JSON: {fault}.") from None
    if len(text) > _MOST_YAML or len(_ALIAS.findall(text)) > _MOST_ALIASES:
        raise RecordError(name, "it is YAML that is too long, or repeats itself too often by reference, to be read safely.")
    from linewise.knowledge.files import Fault, parse_yaml

    try:
        return [parse_yaml(text, name).value]
    except Fault as fault:
        raise RecordError(name, f"it cannot be read as YAML: {fault}.") from None


def _of_value(value: Any, depth: int = 0) -> Iterator[Entry]:
    """The entries in a value: one, a list of them, or a search result that holds them. A value may hold itself: it is not followed for ever."""
    if depth > _DEEPEST:
        return
    for fits, reader in _READERS:
        if fits(value):
            yield reader(value)
            return
    if isinstance(value, list):
        for one in value:
            yield from _of_value(one, depth + 1)
    elif isinstance(value, dict):
        for member in ("studies", "entry", "resource", "results", "data", "trials"):
            inner = value.get(member)
            if isinstance(inner, list | dict):
                yield from _of_value(inner, depth + 1)
