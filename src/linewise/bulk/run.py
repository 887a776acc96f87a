"""A whole run: find the files, read each, put the people together part by part. Whatever is done stays done."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path

import msgspec

from linewise.errors import RecordError
from linewise.exchange import Codes
from linewise.files import megabytes, opened

from .faults import Faults
from .folder import read_folder
from .omop import is_omop, read_omop
from .reading import Reading
from .referred import FOLLOWED, Referred
from .resources import KINDS, LINKED
from .scan import Scanner
from .source import Source, put_together
from .templates import Templates

_PART_BYTES = 200_000_000
"""About as much of an export becomes one part."""
_FIRST_LINES = 1000
_ERRORS = "OperationOutcome"
_GZIP = 8
_LEAST_BLOCK, _MOST_BLOCK = 1_000_000, 32_000_000
"""Bytes of a file that are read at a time; a few times as much is held for each thread."""


def say(text: str) -> None:
    """Progress, for the person who waits."""
    print(f"linewise: {text}", file=sys.stderr, flush=True)


def ingest(
    path: Path, work: Path, codes: Codes, memory: str = "2GB", progress: Callable[[str], None] = say, threads: int | None = None
) -> Source:
    """Read an export into `work`; what an earlier run of the same export has done there is not done again.

    `path` is a folder of NDJSON by type, of records or bundles one a file, of OMOP tables, or of event tables. Raises RecordError where it is none.
    """
    if not path.exists():
        raise RecordError(str(path), "there is no such folder.")
    if (path / "patients.parquet").exists() or any(path.glob("part-*/patients.parquet")):
        return Source(path)
    files = bulk_files(path)
    if files:
        return _bulk(files, work, codes, memory, progress, threads)
    if is_omop(path):
        return read_omop(path, work, codes, memory, progress)
    return read_folder(path, work, codes, progress)


def bulk_files(path: Path) -> dict[str, list[Path]]:
    """The NDJSON files of an export by resource type, by their names or by what their first lines say. A file of several types stands at each that
    is looked up, and at one of those that are read; one that names none stands at the empty name.
    """
    found: dict[str, list[Path]] = {}
    listed = [path] if path.is_file() else sorted(path.iterdir())
    for file in listed:
        if file.name.endswith((".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz")):
            kind = file.name.split(".")[0].split("-")[0]
            kinds = [kind] if kind in KINDS or kind in _OTHERS else _kinds(file)
            read = [kind for kind in kinds if kind in KINDS]
            for kind in [*(read[:1] or kinds[:1]), *(kind for kind in kinds[1:] if kind in _OTHERS or kind in FOLLOWED)]:
                if file not in found.setdefault(kind, []):
                    found[kind].append(file)
    return found


_OTHERS = {one.kind for one in LINKED.values()}


class _Named(msgspec.Struct):
    resourceType: str = ""  # noqa: N815


def _kinds(file: Path) -> list[str]:
    """The types that the first lines of a file name, in their order; an empty name where none does."""
    found: dict[str, None] = {}
    decode = msgspec.json.Decoder(_Named).decode
    with opened(file) as lines:
        for line in islice(lines, _FIRST_LINES):
            with suppress(ValueError):  # it is counted when it is read
                found[decode(line).resourceType] = None
    return [kind for kind in found if kind] or [""]


def _bulk(
    files: dict[str, list[Path]], work: Path, codes: Codes, memory: str, progress: Callable[[str], None], threads: int | None
) -> Source:
    whole = megabytes(memory) * 1_000_000
    size = sum(file.stat().st_size * (_GZIP if file.suffix == ".gz" else 1) for listed in files.values() for file in listed)
    parts = max(1, -(-size // min(_PART_BYTES, whole // 10)))
    work.mkdir(parents=True, exist_ok=True)
    faults, templates = Faults(work / "faults.ndjson"), Templates(codes)
    scanner = Scanner(work, templates, faults, parts, f"{megabytes(memory) // 3}MB", threads)
    templates.again(scanner.said)
    for member, about in LINKED.items():
        if about.kind in files:
            scanner.link(member, files[about.kind])
    read: dict[Path, str] = {}
    for kind in sorted(files.keys() & KINDS.keys(), key=lambda kind: (kind in FOLLOWED, kind)):
        for file in files[kind]:
            read.setdefault(file, kind)
    Reading(scanner, max(_LEAST_BLOCK, min(whole // 64, _MOST_BLOCK)), progress, Referred(scanner, files)).files(
        list(read.items())
    )
    for file in files.get(_ERRORS, ()):
        _reported(file, faults)
    for kind in files.keys() - KINDS.keys() - _OTHERS - {_ERRORS}:
        faults.count(
            f"files of a type that is not read: {kind}" if kind else "files whose lines name no type of resource",
            len(files[kind]),
        )
    return put_together(scanner, progress)


def _reported(file: Path, faults: Faults) -> None:
    """Count what the exporting server reports as its own errors."""
    with opened(file) as lines:
        for number, line in enumerate(lines, 1):
            try:
                issues = msgspec.json.decode(line).get("issue", [])
                told = [str(one.get("diagnostics") or one.get("details", {}).get("text") or one.get("code")) for one in issues]
            except (ValueError, AttributeError):
                told = [line.decode(errors="replace")]
            for text in told:
                faults.count("an error that the exporting server reports")
                faults.keep(file.name, number, "an error that the exporting server reports", text)


def memory_in_use() -> str:
    """A limit that leaves room for everything else: half of what the machine has."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"{max(pages // 2 // 2**20, 512)}MB"
