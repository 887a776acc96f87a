"""Views over the files of a bulk export, each written as one table. What is wrong with the input is kept in a side file, and the rest is answered.

DuckDB reads only the members that a view names. A view is run at once over all files of its type; where a resource does not fit it, it runs again
without those, and they are named.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from linewise.errors import LinewiseError
from linewise.files import FORMULA, megabytes, opened

from .columns import Column
from .view import Query, reason

_ENDINGS = (".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz")
_LOOK = 100
"""Lines of a file that are looked at to learn what it holds, where its name does not say it."""
_KEPT = 10_000
_EXPLAINED = 200
_FOR_A_THREAD = 200
"""MB of memory."""
_SPEAK = 10.0
"""Seconds between two words of progress."""
BROKEN, OTHER, UNPACKED, MISFIT = (
    "not JSON, or no resource", "another type of resource", "a file that cannot be read to its end, left out", "does not fit the view",
)  # fmt: skip


@dataclass(frozen=True)
class Table:
    """What became of one view: where its rows are, how many, and how many resources did not fit it and were left out."""

    name: str
    path: Path
    rows: int
    misfits: int


@dataclass
class Result:
    """A whole run. `faults` counts what was wrong by kind; each stands with its place in faults.ndjson beside the tables."""

    tables: list[Table] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)


class _Head(msgspec.Struct, gc=False):
    resourceType: str = ""  # noqa: N815


def run(
    export: Path, out: Path, views: list[Query], form: str = "parquet", memory: str = "", say: Callable[[str], None] = print
) -> Result:
    """Run views over an export (a folder of NDJSON files, or one) into `out`/<name>.parquet or .csv.

    `memory` limits what DuckDB holds, as 2GB; more goes to a folder in `out` for the time of the run. Raises LinewiseError where nothing can be read.
    """
    twice = [name for name, count in Counter(view.name.lower() for view in views).items() if count > 1]
    if twice:
        raise LinewiseError(f"two views have the name `{twice[0]}`; each is the name of a table, so give them different ones.")
    files = files_by_type(export)
    out.mkdir(parents=True, exist_ok=True)
    running = _Run(out, form, memory, say, files)
    try:
        for view in views:
            running.view(view)
    finally:
        running.close()
    return running.result


def files_by_type(export: Path) -> dict[str, list[Path]]:
    """The NDJSON files by the type that their name says, or else their first readable line. Raises LinewiseError where there are none."""
    if not export.exists():
        raise LinewiseError(f"{export}: there is no such file or folder.")
    listed = [export] if export.is_file() else sorted(file for file in export.iterdir() if file.name.endswith(_ENDINGS))
    found: dict[str, list[Path]] = {}
    for file in listed:
        kind = _type_in(file)
        found.setdefault(kind, []).append(file)
    if not any(found):
        raise LinewiseError(
            f"{export}: no NDJSON file with resources was found here; a bulk export has files like Patient.ndjson."
        )
    return found


def _type_in(file: Path) -> str:
    decode = msgspec.json.Decoder(_Head).decode
    try:
        with opened(file) as lines:
            for line, _ in zip(lines, range(_LOOK), strict=False):
                try:
                    if kind := decode(line).resourceType:
                        return kind
                except msgspec.DecodeError:
                    continue
    except (OSError, EOFError):
        pass  # it is tried again, and reported, when it is read
    return file.name.split(".")[0].split("-")[0]


class _Run:
    """The views one after the other, over one database."""

    def __init__(self, out: Path, form: str, memory: str, say: Callable[[str], None], files: dict[str, list[Path]]) -> None:
        self.out, self.form, self.say, self.files, self.result = out, form, say, files, Result()
        self.spill = out / "spill"
        settings: dict[str, Any] = {"temp_directory": str(self.spill)}
        if memory:  # every thread of a read holds buffers of its own: little memory is for few threads
            threads = max(1, min(os.cpu_count() or 1, megabytes(memory) // _FOR_A_THREAD))
            settings |= {"memory_limit": memory, "threads": threads}
        self.database = duckdb.connect(config=settings)
        self.faults = (out / "faults.ndjson").open("w", encoding="utf-8")
        self._checked: set[str] = set()

    def close(self) -> None:
        self.faults.close()
        if not self.result.faults:
            (self.out / "faults.ndjson").unlink()
        self.database.close()
        for part in self.out.glob(".*.part"):  # of a view that was cut off
            part.unlink()
        shutil.rmtree(self.spill, ignore_errors=True)

    def view(self, view: Query) -> None:
        """One view as one table; it takes its place only when it is whole."""
        self._check(view.kind)
        files = self.files.get(view.kind, [])
        size = sum(file.stat().st_size for file in files)
        self.say(f"{view.name}: {size / 1e6:,.0f} MB in {len(files)} file{'s' if len(files) != 1 else ''} of {view.kind}")
        started = time.monotonic()
        path, part = self.out / f"{view.name}.{self.form}", self.out / f".{view.name}.part"
        misfits = 0
        source = _source(files, view.members)
        try:
            try:
                rows = self._copy(view, view.over(source), part)
            except duckdb.ConversionException as error:
                if reason(error) is None:
                    raise
                misfits = self._misfits(view, files)
                rows = self._copy(view, view.over(source, tolerant=True), part)
        except duckdb.Error as error:
            raise self._failed(f"view {view.name}", error) from None
        part.replace(path)
        self.result.tables.append(Table(view.name, path, rows, misfits))
        self.say(f"{view.name}: {rows:,} rows in {time.monotonic() - started:.1f} s")

    def _copy(self, view: Query, query: str, target: Path) -> int:
        shown = ", ".join(_written(column, self.form) for column in view.columns)
        options = "FORMAT csv, HEADER" if self.form == "csv" else "FORMAT parquet, COMPRESSION zstd"
        found = self._patiently(view.name, f"COPY (SELECT {shown} FROM ({query})) TO {_text(str(target))} ({options})")
        return int(found[0][0])

    def _patiently(self, name: str, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query; says from time to time how far it is."""
        done = threading.Event()

        def speak() -> None:
            while not done.wait(_SPEAK):
                far = self.database.query_progress()
                self.say(f"{name}: {far:.0f} %" if far > 0 else f"{name}: at work")

        speaker = threading.Thread(target=speak, daemon=True)
        speaker.start()
        try:
            return list(self.database.execute(query).fetchall())
        finally:
            done.set()
            speaker.join()

    def _failed(self, what: str, error: Exception) -> LinewiseError:
        said = reason(error) or str(error).split("\n")[0]
        if isinstance(error, duckdb.OutOfMemoryException):
            return LinewiseError(f"{what}: there is too little memory for it; give more with --memory. ({said})")
        return LinewiseError(f"{what}: it could not be run: {said}")

    # What is wrong with the input

    def _check(self, kind: str) -> None:
        """Leave out files that cannot be read to their end; keep lines that are no resource, and count those of another type."""
        if kind in self._checked:
            return
        self._checked.add(kind)
        readable = []
        for file in self.files.get(kind, []):
            try:
                broken, other = self.database.execute(
                    'SELECT count(*) FILTER ("resourceType" IS NULL), count(*) FILTER ("resourceType" <> ?) FROM '
                    + _source([file], ()),
                    [kind],
                ).fetchone()  # type: ignore[misc]
            except (duckdb.OutOfMemoryException, duckdb.InvalidInputException, duckdb.IOException) as error:
                if isinstance(error, duckdb.OutOfMemoryException):
                    raise self._failed(f"{file.name}", error) from None
                self._keep(file, None, UNPACKED, str(error).split("\n")[0])
                continue
            readable.append(file)
            self.result.faults.update({OTHER: other} if other else {})
            if broken:
                self.result.faults[BROKEN] += broken
                self._broken(file)
        self.files[kind] = readable

    def _broken(self, file: Path) -> None:
        for number, line in _broken_lines(file):
            self._keep(file, number, BROKEN, line, count=False)

    def _misfits(self, view: Query, files: list[Path]) -> int:
        """Keep the resources that do not fit a view, each with the reason; returns how many there are."""
        source = _source(files, view.members, "filename=true, ")
        self._patiently(view.name, f"CREATE OR REPLACE TEMP TABLE misfit AS {view.misfits(source)}")
        count = int(self.database.execute("SELECT count(*) FROM misfit").fetchone()[0])  # type: ignore[index]
        self.result.faults[MISFIT] += count
        rows = self.database.execute(f"SELECT rowid, filename, (id->>'$') FROM misfit LIMIT {_KEPT}").fetchall()
        why = ""
        for number, (row, file, name) in enumerate(rows):
            if number < _EXPLAINED:
                try:
                    self.database.execute(view.over(f"(SELECT * FROM misfit WHERE rowid = {row})")).fetchall()
                except duckdb.Error as error:
                    why = reason(error) or str(error).split("\n")[0]
            else:
                why = f"{view.name}: {view.kind}/{name} does not fit"
            self._keep(Path(file), None, MISFIT, why, count=False, view=view.name, id=name)
            if number == 0:
                self.say(f"{view.name}: {count:,} resources do not fit it and are left out; the first: {why}")
        return count

    def _keep(self, file: Path, line: int | None, kind: str, text: str, count: bool = True, **more: str) -> None:
        self.result.faults[kind] += count
        self.faults.write(
            json.dumps({"file": file.name, "line": line, "kind": kind, "text": text, **more}, ensure_ascii=False) + "\n"
        )


def _broken_lines(file: Path) -> Iterator[tuple[int, str]]:
    """The lines that are no resource, with their numbers, as many as are kept."""
    decode, kept = msgspec.json.Decoder(_Head).decode, 0
    with opened(file) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                if decode(line).resourceType:
                    continue
            except msgspec.DecodeError:
                pass
            yield number, line.decode(errors="replace").strip()
            kept += 1
            if kept == _KEPT:
                return


def _source(files: list[Path], members: tuple[str, ...], more: str = "") -> str:
    """The members of the resources in files as columns; without files a table without rows."""
    columns = {"resourceType": "VARCHAR"} | dict.fromkeys(members, "JSON")
    if not files:
        return f"(SELECT {', '.join(f'CAST(NULL AS {kind}) AS {_name(name)}' for name, kind in columns.items())} WHERE false)"
    listed = ", ".join(f"{_name(name)}: '{kind}'" for name, kind in columns.items())
    names = ", ".join(_text(str(file)) for file in files)
    return f"read_json([{names}], format='newline_delimited', ignore_errors=true, {more}columns={{{listed}}})"


def _written(column: Column, form: str) -> str:
    """Parts of resources are written as the text of their JSON, which every reader knows; in a CSV lists too."""
    name = _name(column.name)
    if form == "csv" and column.collection:
        return f"CAST(to_json({name}) AS VARCHAR) AS {name}"
    if form == "csv" and column.element == "VARCHAR":  # no spreadsheet shall take text for a formula
        begins = f"left({name}, 1) IN ({', '.join(f'chr({ord(sign)})' for sign in FORMULA)})"
        return f"CASE WHEN {begins} THEN '''' || {name} ELSE {name} END AS {name}"
    return f"CAST({name} AS VARCHAR{'[]' if column.collection else ''}) AS {name}" if column.element == "JSON" else name


def _name(name: str) -> str:
    return f'"{name}"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
