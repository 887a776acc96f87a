"""The rows of a run between reading and putting together: whom, when, and which template, split by person.

Rows of one export file stand in `files/<its name>/rows-<type>/part=<number>/`. A set of people is told by the hash of their ids, so that every file puts
a person into the same one. A row has `place`, `patient`, `id`, `template`, `version`, and the days `d0`, `d1` … of its members as far as any row of its type has them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl

_FLUSH = 2_000_000


class Rows:
    """Takes the rows of one file and writes them, `parts` sets of people each."""

    def __init__(self, folder: Path, kind: str, parts: int) -> None:
        self.folder, self.parts = folder / f"rows-{kind}", parts
        shutil.rmtree(self.folder, ignore_errors=True)
        self._held: list[pl.DataFrame] = []
        self._written = 0

    def ready(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows as they are held: in the set of their people, with the hash of the resource's id, which only tells copies apart."""
        return rows.with_columns(pl.col("id").hash(), (pl.col("patient").hash(7) % self.parts).cast(pl.UInt32).alias("part"))

    def take(self, rows: pl.DataFrame, ready: bool = False) -> None:
        """Some more rows. Those held are written when they are many, unless they are `ready`: then the caller sees to it."""
        if rows.height:
            self._held.append(rows if ready else self.ready(rows))
            if not ready and self.full:
                self.flush()

    @property
    def full(self) -> bool:
        """Whether so many rows are held that they should be written."""
        return sum(part.height for part in self._held) >= _FLUSH

    def flush(self) -> None:
        """Write what is held."""
        self.write(self.release())

    def release(self) -> tuple[int, list[pl.DataFrame]]:
        """What is held, to be written, with its number."""
        held, self._held, number = self._held, [], self._written
        self._written += 1
        return number, held

    def write(self, released: tuple[int, list[pl.DataFrame]]) -> None:
        """Write what was released; also beside other work."""
        number, held = released
        whole = pl.concat(held, how="diagonal") if held else pl.DataFrame({"part": []})
        for (part,), rows in sorted(whole.partition_by("part", as_dict=True, include_key=False).items()):
            folder = self.folder / f"part={part}"
            folder.mkdir(parents=True, exist_ok=True)
            rows.write_parquet(folder / f"{number:05d}.parquet", compression="lz4", statistics=False)


def rows_of(folder: Path, number: int) -> Iterator[tuple[str, str, pl.DataFrame]]:
    """What was read about one set of people: the type, the name of the file, and the rows."""
    for path in sorted((folder / "files").glob(f"*/rows-*/part={number}/*.parquet")):
        kind = path.parent.parent
        yield kind.name.removeprefix("rows-"), kind.parent.name, pl.read_parquet(path, hive_partitioning=False)
