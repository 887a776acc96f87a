"""What is wrong with the input: counted by kind for the report, and kept with file and line beside the results."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import msgspec
import polars as pl

_MOST = 10_000
"""Faults of one kind and file that are kept with their lines; all are counted."""


class Faults:
    """Faults so far. `path` is the side file, begun anew, one JSON object a line: file, line, kind, text. Several threads may write."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.unlink(missing_ok=True)
        self._counts: Counter[str] = Counter()
        self._kept: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def count(self, kind: str, number: int = 1) -> None:
        """So many more faults of a kind."""
        if number:
            with self._lock:
                self._counts[kind] += number

    def counts(self) -> dict[str, int]:
        """How many of each kind, the most frequent first."""
        return dict(self._counts.most_common())

    def add_counts(self, counts: dict[str, int]) -> None:
        with self._lock:
            self._counts.update(counts)

    def keep(self, file: str, line: int | None, kind: str, text: str) -> None:
        """One fault, with its place."""
        self.listed(file, kind, [(line, text)])

    def places(self, file: str, kind: str, places: Iterable[int | None], lines: pl.DataFrame | None = None) -> None:
        """Faults of one kind in a file, by their lines; `lines` (`place`, `line`) has their text."""
        if lines is None:
            self.listed(file, kind, ((place, "") for place in places))
        else:
            self.listed(file, kind, lines.filter(pl.col("place").is_in(list(places))).select("place", "line").iter_rows())

    def listed(self, file: str, kind: str, found: Iterable[tuple[int | None, str]]) -> None:
        """Faults of one kind in a file: the line of each, and what stands there."""
        with self._lock:
            kept = list(islice(found, max(_MOST - self._kept[file, kind], 0)))
            self._kept[file, kind] += len(kept)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            rows = [{"file": file, "line": line, "kind": kind, "text": text.strip()[:200]} for line, text in kept]
            with self.path.open("ab") as out:
                out.write(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
