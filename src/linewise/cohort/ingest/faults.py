"""What is wrong with the input: counted by kind for the report, and kept with file and line beside the results."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path
from typing import IO

import msgspec

_MOST = 10_000
"""Faults of one file that are kept with their lines; all are counted."""


class Faults:
    """Faults so far. `path` is the side file, one JSON object a line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._counts: Counter[str] = Counter()

    def count(self, kind: str, number: int = 1) -> None:
        """So many more faults of a kind."""
        if number:
            self._counts[kind] += number

    def counts(self) -> dict[str, int]:
        """How many of each kind, the most frequent first."""
        return dict(self._counts.most_common())

    def add_counts(self, counts: dict[str, int]) -> None:
        self._counts.update(counts)

    def keep(self, file: str, line: int | None, kind: str, text: str) -> None:
        """One fault, with its place."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        row = {"file": file, "line": line, "kind": kind, "text": text[:200]}
        with self.path.open("ab") as out:
            out.write(msgspec.json.encode(row) + b"\n")

    def lines(self, path: Path, kind: str, most: int = _MOST) -> None:
        """Look up the lines of a file that could not be used, up to `most`. Read only where there are any."""
        decode, kept = msgspec.json.Decoder(_Line).decode, 0
        with opened(path) as file:
            for number, line in enumerate(file, 1):
                try:
                    found = decode(line)
                    if found.id and found.resourceType == kind and (found.subject or found.patient or kind == "Patient"):
                        continue
                    why = _why(found, kind)
                except msgspec.DecodeError:
                    why = "not JSON, or a member of the wrong type"
                    if not line.strip():
                        continue
                self.keep(path.name, number, why, line.decode(errors="replace").strip())
                kept += 1
                if kept == most:
                    return


class _Line(msgspec.Struct, gc=False):
    """What must be there for a resource to be used."""

    id: str = ""
    resourceType: str = ""  # noqa: N815
    subject: msgspec.Raw = msgspec.Raw()
    patient: msgspec.Raw = msgspec.Raw()


def opened(path: Path) -> IO[bytes]:
    """A file as bytes, unpacked where it is packed."""
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _why(found: _Line, kind: str) -> str:
    if found.resourceType != kind:
        return "another type of resource"
    return "no person" if found.id else "no id"
