"""What was worked out part by part, kept until the answer is whole: a long run that was cut off goes on where it stood."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import polars as pl

from linewise import __version__
from linewise.columns.events import Events
from linewise.knowledge import Knowledge

Parts = Iterable[tuple[str, Events]]
"""The people of a cohort, part by part, each part with its name."""

Tables = dict[str, pl.DataFrame]


class Kept:
    """Tables of each part, in a folder that goes when the answer is there. Without a folder nothing is kept."""

    def __init__(self, folder: Path | None = None, progress: Callable[[str], None] = lambda text: None, whole: int = 1) -> None:
        self.folder, self.progress, self.whole = folder, progress, whole

    @classmethod
    def of(cls, work: Path, asked: Iterable[object], knowledge: Knowledge, progress: Callable[[str], None], whole: int) -> Kept:
        """Kept for just this question: another day, region, knowledge or version begins anew."""
        key = "\0".join([__version__, knowledge.content.digest, *map(str, asked)])
        return cls(work / "answers" / hashlib.sha256(key.encode()).hexdigest()[:16], progress, whole)

    def each(self, parts: Parts, answer: Callable[[str, Events], Tables]) -> Iterator[Tables]:
        """The answer of every part, from the folder where it stands already."""
        for number, (name, events) in enumerate(parts, 1):
            found = self._read(name)
            if found is None:
                if self.whole > 1:
                    self.progress(f"deciding ({number} of {self.whole})")
                found = answer(name, events)
                self._write(name, found)
            yield found

    def done(self) -> None:
        """The answer is whole and written: nothing is kept any more."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self, name: str) -> Tables | None:
        if self.folder is None or not (self.folder / name / "whole").exists():
            return None
        return {path.stem: pl.read_parquet(path) for path in sorted((self.folder / name).glob("*.parquet"))}

    def _write(self, name: str, found: Tables) -> None:
        if self.folder is None:
            return
        inside = self.folder / name
        inside.mkdir(parents=True, exist_ok=True)
        for table, frame in found.items():
            frame.write_parquet(inside / f"{table}.parquet")
        (inside / "whole").touch()
