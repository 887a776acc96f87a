"""Reading one NDJSON file with DuckDB: its resources as rows, and every different body once.

Rows go out as Parquet, split by person, with what their bodies said beside them. A file is done when its `done.json` is there, so a run that was
cut off goes on with the next file. Memory is DuckDB's to keep within the limit: what does not fit is spilled to the folder of the run.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import polars as pl

from linewise.errors import LinewiseError

from .faults import Faults
from .resources import KINDS, LINKED, Kind
from .templates import Templates

ROWS = {"patient": pl.String, "id": pl.UInt64, "template": pl.UInt64, "version": pl.String}
_DAY = (
    "try_cast(CASE WHEN {0}[:4] NOT BETWEEN '1850' AND '2150' THEN NULL WHEN length({0}) = 4 THEN {0} || '-01-01' WHEN length({0}) = 7 "
    "THEN {0} || '-01' WHEN length({0}) = 10 OR {0}[11] = 'T' THEN {0}[:10] END AS DATE)"
)
"""A day as the reader for one person takes it: of a month or a year alone the first; nothing beyond a lifetime."""


class Scanner:
    """Reads files of one export into a folder of rows, `parts` sets of people each."""

    def __init__(
        self, folder: Path, templates: Templates, faults: Faults, parts: int, memory: str, threads: int | None = None
    ) -> None:
        self.folder, self.templates, self.faults, self.parts = folder, templates, faults, parts
        spill = folder / "spill"
        spill.mkdir(parents=True, exist_ok=True)
        # Every thread of a read holds buffers of its own: little memory is for few threads.
        self.threads = threads or max(1, min(os.cpu_count() or 1, megabytes(memory) // 200))
        settings: dict[str, Any] = {"memory_limit": memory, "temp_directory": str(spill), "preserve_insertion_order": False}
        self.database = duckdb.connect(config=settings | {"threads": self.threads})
        self._links: set[str] = set()

    def beside(self) -> Scanner:
        """A scanner of the same run that reads other files at the same time, and counts its own faults."""
        other = copy.copy(self)
        other.database, other.faults = self.database.cursor(), Faults(self.faults.path)
        other.templates = Templates(self.templates.codes)
        other.templates.known = self.templates.known
        return other

    def link(self, member: str, files: list[Path]) -> None:
        """Make the resources that `member` names ready to be looked up."""
        about = LINKED[member]
        parts = ", ".join(f"'{name}': {sql}" for name, sql in about.members.items())
        day = _DAY.format(f"({about.day})") if about.day else "NULL::DATE"
        self.database.execute(
            f"CREATE OR REPLACE TABLE link_{member} AS SELECT id, {{{parts}}} AS body, {day} AS day FROM "
            f"read_json({_names(files)}, format='newline_delimited', ignore_errors=true, columns={about.columns}) WHERE id IS NOT NULL"
        )
        self._links.add(member)

    def file(self, path: Path, kind_name: str) -> None:
        """Read one NDJSON file, unless that was done before."""
        stat = path.stat()
        state = {"size": stat.st_size, "time": stat.st_mtime_ns, "parts": self.parts}
        columns = ", ".join(f"{name}: '{sql}'" for name, sql in columns_of(KINDS[kind_name]).items())
        query = (
            f"SELECT * FROM read_json({_names([path])}, format='newline_delimited', ignore_errors=true, columns={{{columns}}})"
        )
        self.query(path.name, kind_name, query, state, path)

    def query(self, name: str, kind_name: str, query: str, state: dict[str, Any], path: Path | None = None) -> None:
        """Read what a query gives, a row a resource of one type, unless that was done before. `state` tells whether it is the same as then."""
        target = self.folder / "files" / name
        done = target / "done.json"
        if done.exists() and json.loads(done.read_text())["state"] == state:
            self._again(target, json.loads(done.read_text()))
            return
        target.mkdir(parents=True, exist_ok=True)
        kind = KINDS[kind_name]
        before = self.faults.counts()
        self.database.execute(f"CREATE OR REPLACE TEMP TABLE raw AS {query}")
        days = self._days(kind_name, kind)
        self._bodies(kind_name, kind, days)
        for table, rows in self.templates.take().items():
            rows.write_parquet(target / f"said-{table}.parquet")
        count = self._rows(target, path, kind_name, days)
        told = {name: number - before.get(name, 0) for name, number in self.faults.counts().items()}
        done.write_text(json.dumps({"state": state, "rows": count, "faults": told}))

    def _again(self, target: Path, done: dict[str, Any]) -> None:
        """What an earlier run found out in this file."""
        for table in self.templates.rows:
            said = pl.read_parquet(target / f"said-{table}.parquet")
            self.templates.known.update(said["template"].to_list())
        self.faults.add_counts(done["faults"])

    # SQL

    def _days(self, kind_name: str, kind: Kind) -> list[str]:
        """The table `x` with hashes; returns the paths of the days that occur at all."""
        sql = self.database
        paths = {path: _path(path) for path in kind.days}
        counts = sql.execute(f"SELECT {', '.join(f'count({column})' for column in paths.values())} FROM raw").fetchone()
        days = [path for path, count in zip(paths, counts or (), strict=True) if count]
        who = "id" if kind.subject == "id" else f"{kind.subject}.reference"
        members = [_member(name) for name in kind.members]
        joined, linked = "", "NULL"
        if kind.link in self._links:
            joined = f"LEFT JOIN link_{kind.link} l ON l.id = {_key(f'raw.{kind.link}.reference')}"
            linked = "l.body"
        shown = f"raw.{kind.link}.display" if kind.link else "NULL"
        listed = ", ".join(f"{_DAY.format(_path(path, 'raw.'))} AS d{index}" for index, path in enumerate(days))
        linked_day = ", l.day AS d" + str(len(days)) if linked != "NULL" else ""
        if linked_day:
            days = [*days, "@linked"]
        names = [f"d{index}" for index in range(len(days))]
        order = [
            f"CASE WHEN {a} IS NULL OR {b} IS NULL THEN 3 WHEN {a} < {b} THEN 0 WHEN {a} = {b} THEN 1 ELSE 2 END"
            for i, a in enumerate(names)
            for b in names[i + 1 :]
        ]
        said = [f"hash('{kind_name}', {', '.join([*members, linked, shown])})", *(f"{name} IS NULL" for name in names), *order]
        # Narrow rows: what they say stays in `raw`, and is fetched for one of each kind only.
        sql.execute(
            f"CREATE OR REPLACE TEMP TABLE x AS SELECT * EXCLUDE (said), hash({', '.join(['said', *said[1:]])}) AS template FROM ("
            f"SELECT raw.rowid AS place, raw.id AS id, {_key(f'raw.{who}')} AS patient, resourceType AS type, (raw.meta->>'lastUpdated') AS version, "
            f"{said[0]} AS said{', ' if listed else ''}{listed}{linked_day} FROM raw {joined})"
        )
        return days

    def _bodies(self, kind_name: str, kind: Kind, days: list[str]) -> None:
        """Every body that is new is read once, as it stands in one resource."""
        names = [f"d{index}" for index in range(len(days))]
        good = f"id IS NOT NULL AND patient IS NOT NULL AND type = '{kind_name}'"
        linked, joined = "NULL", ""
        if kind.link in self._links:
            linked, joined = "l.body", f"LEFT JOIN link_{kind.link} l ON l.id = {_key(f'raw.{kind.link}.reference')}"
        shown = f"raw.{kind.link}.display" if kind.link else "NULL"
        columns = [
            *(f"{_member(name)} AS m_{name}" for name in kind.members),
            f"{linked} AS linked",
            f"{shown} AS shown",
            *(f"x.{name}" for name in names),
        ]
        first = self.database.execute(f"SELECT template, min(place) FROM x WHERE {good} GROUP BY template").fetchall()
        new = [(template, place) for template, place in first if template not in self.templates.known]
        for start in range(0, len(new), 20_000):
            self.database.execute("CREATE OR REPLACE TEMP TABLE wanted (template UBIGINT, place BIGINT)")
            share = new[start : start + 20_000]
            self.database.execute(
                "INSERT INTO wanted SELECT unnest(?::UBIGINT[]), unnest(?::BIGINT[])",
                [[t for t, _ in share], [p for _, p in share]],
            )
            found = self.database.execute(
                f"SELECT wanted.template, {', '.join(columns)} FROM wanted JOIN raw ON raw.rowid = wanted.place JOIN x ON x.place = wanted.place {joined}"
            )
            for rows in _batches(found):
                for template, *cells in rows:
                    self._read(template, kind_name, kind, cells, days)

    def _read(self, template: int, kind_name: str, kind: Kind, cells: list[Any], days: list[str]) -> None:
        size = len(kind.members)
        body: dict[str, Any] = {"resourceType": kind_name, "id": "r"}
        body |= {name: msgspec.json.decode(text) for name, text in zip(kind.members, cells, strict=False) if text is not None}
        linked, shown = cells[size], cells[size + 1]
        found: dict[str, Any] = {}
        if kind.link and linked:
            about = {name: msgspec.json.decode(text) for name, text in linked.items() if text is not None}
            about["resourceType"] = LINKED[kind.link].kind
            if "@linked" in days and kind.link == "specimen":
                about["collection"] = about.get("collection", {}) | {"collectedDateTime": f"@{days.index('@linked')}"}
            found[f"{LINKED[kind.link].kind}/linked"] = about
            body[kind.link] = {"reference": f"{LINKED[kind.link].kind}/linked"}
        elif kind.link and shown:
            body[kind.link] = {"display": shown}
        for index, path in enumerate(days):
            if path != "@linked":
                top, _, end = path.partition(".")
                body[top] = (body.get(top, {}) | {end: f"@{index}"}) if end else f"@{index}"
        self.templates.read(template, body, cells[size + 2 :], found)

    def _rows(self, target: Path, path: Path | None, kind_name: str, days: list[str]) -> int:
        """The resources as rows, split by person; what is wrong with some is counted."""
        sql, listed = self.database, ", ".join(f"d{index}" for index in range(len(days)))
        total, broken, other, nameless, nobody, late = sql.execute(
            f"SELECT count(*), count(*) FILTER (id IS NULL AND type IS NULL), count(*) FILTER (type <> '{kind_name}'), "
            f"count(*) FILTER (id IS NULL AND type IS NOT NULL), count(*) FILTER (patient IS NULL AND id IS NOT NULL), "
            f"{'count(*) FILTER (greatest(' + listed + ') > DATE ' + chr(39) + str(dt.date.today()) + chr(39) + ')' if days else '0'} FROM x"
        ).fetchone()  # type: ignore[misc]
        for kind, count in (
            ("not JSON, or a member of the wrong type", broken), ("another type of resource", other), ("no id", nameless),
            ("no person", nobody), ("dated in the future", late),
        ):  # fmt: skip
            self.faults.count(kind, count)
        if path is not None and (broken or other or nameless or nobody):
            self.faults.lines(path, kind_name, min(broken + other + nameless + nobody, 10_000))
        good = f"id IS NOT NULL AND patient IS NOT NULL AND type = '{kind_name}'"
        rows = target / f"rows-{kind_name}"
        shutil.rmtree(rows, ignore_errors=True)
        sql.execute(
            f"COPY (SELECT patient, hash(id) AS id, template, version, (hash(patient) % {self.parts})::INTEGER AS part"
            f"{', ' if days else ''}{listed} FROM x WHERE {good}) TO {_names([rows])[1:-1]} (FORMAT parquet, PARTITION_BY (part), COMPRESSION snappy)"
        )
        sql.execute("DROP TABLE x; DROP TABLE raw")
        return int(total)


def columns_of(kind: Kind) -> dict[str, str]:
    """The members that are read of a type, with their types in DuckDB: what says something is JSON, a day text."""
    tops = dict.fromkeys(day.split(".")[0] for day in kind.days)
    columns = {"id": "VARCHAR", "resourceType": "VARCHAR"} | dict.fromkeys(kind.members, "JSON")
    columns |= {top: ('STRUCT("start" VARCHAR, "end" VARCHAR)' if f"{top}.start" in kind.days else "VARCHAR") for top in tops}
    columns["meta"] = "JSON"
    if kind.subject != "id":
        columns[kind.subject] = "STRUCT(reference VARCHAR, identifier JSON)"
    if kind.link:
        columns[kind.link] = "STRUCT(reference VARCHAR, display VARCHAR)"
    return columns


def megabytes(size: str) -> int:
    """A size as DuckDB takes it, in MB: `2GB`, `512MB`. Raises LinewiseError for anything else."""
    found = re.fullmatch(r"\s*([\d.]+)\s*([KMGT])i?B\s*", size, re.IGNORECASE)
    if found is None:
        raise LinewiseError(f"`{size}` is not an amount of memory; write it as 2GB")
    return int(float(found[1]) * {"K": 1e-3, "M": 1.0, "G": 1e3, "T": 1e6}[found[2].upper()])


def _batches(found: Any) -> Iterator[list[tuple[Any, ...]]]:
    while rows := found.fetchmany(5000):
        yield rows


def _names(files: list[Path]) -> str:
    return "[" + ", ".join("'" + str(path).replace("'", "''") + "'" for path in files) + "]"


def _path(path: str, table: str = "") -> str:
    top, _, end = path.partition(".")
    return f'{table}{top}."{end}"' if end else f"{table}{top}"


def _key(reference: str) -> str:
    """The id at the end of a reference, whatever stands before it; the usual form without a search."""
    plain = f"starts_with({reference}, 'Patient/') AND NOT contains({reference}, '/_')"
    return (
        f"CASE WHEN {plain} THEN {reference}[9:] ELSE regexp_extract(split_part({reference}, '/_history', 1), '([^/:]+)$', 1) END"
    )


def _member(name: str) -> str:
    """A member that says something. Of members only that they are there; of the profile only its name."""
    if name == "hasMember":
        return "(CASE WHEN raw.hasMember IS NOT NULL THEN '[{}]' END)"
    if name == "meta":
        return "(CASE WHEN (raw.meta->'profile') IS NOT NULL THEN json_object('profile', (raw.meta->'profile')) END)"
    return f"raw.{name}"
