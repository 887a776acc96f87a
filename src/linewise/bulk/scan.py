"""What DuckDB parses: the lines whose shape nobody has learned, and queries that give resources. Every different body is read once.

The members that say something are hashed, and one resource of each hash is read by the reader for one person; the others get its template. Memory is
DuckDB's to keep within the limit: what does not fit is spilled to the folder of the run.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
import os
import shutil
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import polars as pl

from linewise.files import megabytes

from .faults import Faults
from .resources import KINDS, LINKED, Kind
from .rows import Rows
from .templates import DAY_TEXT, MARK, Templates, with_days

_DAY = (
    "try_cast(CASE WHEN {0}[:4] NOT BETWEEN '1850' AND '2150' THEN NULL WHEN length({0}) = 4 THEN {0} || '-01-01' WHEN length({0}) = 7 "
    "THEN {0} || '-01' WHEN length({0}) = 10 OR {0}[11] = 'T' THEN {0}[:10] END AS DATE)"
)
"""A day as the reader for one person takes it: of a month or a year alone the first; nothing beyond a lifetime."""
_BATCH = 200_000
_SHOWN = 10_000
"""Faults of one kind and file that are kept with their lines; all are counted."""


class Scanner:
    """Parses resources of one run, in the folder of that run; `parts` is the number of sets of people."""

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
        """A scanner of the same run for another thread."""
        other = copy.copy(self)
        other.database = self.database.cursor()
        return other

    def link(self, member: str, files: list[Path]) -> None:
        """Make the resources that `member` names ready to be looked up."""
        about = LINKED[member]
        parts = ", ".join(f"'{name}': {sql}" for name, sql in about.members.items())
        day = _DAY.format(f"({about.day})") if about.day else "NULL::DATE"
        columns = about.columns.replace("{", "{resourceType: 'VARCHAR', ", 1)
        self.database.execute(
            f"CREATE OR REPLACE TABLE link_{member} AS SELECT id, {{{parts}}} AS body, {day} AS day FROM "
            f"read_json({names_of(files)}, format='newline_delimited', ignore_errors=true, columns={columns}) "
            f"WHERE id IS NOT NULL AND resourceType = '{about.kind}'"
        )
        self._links.add(member)

    def lines(self, kind_name: str, lines: pl.DataFrame, file: str, faults: Faults) -> Iterator[pl.DataFrame]:
        """Rows of lines of JSON, `place` and `line`; what cannot be used is counted and kept with its line."""
        lines = lines.filter(pl.col("line").str.strip_chars() != "")
        self.database.register("odd", lines.to_arrow())
        shape = json.dumps({name: _nested(sql) for name, sql in columns_of(KINDS[kind_name]).items()}).replace("'", "''")
        self.database.execute(
            f"CREATE OR REPLACE TEMP TABLE raw AS SELECT place, unnest(from_json(CASE WHEN json_valid(line) THEN line END, '{shape}')) FROM odd"
        )
        self.database.unregister("odd")
        yield from self._parsed(kind_name, file, faults, lines)

    def kinds(self, lines: pl.DataFrame) -> pl.DataFrame:
        """The lines with the type of resource that each names, `kind`; null where it names none."""
        self.database.register("odd", lines.to_arrow())
        found = self.database.sql("SELECT place, CASE WHEN json_valid(line) THEN line->>'resourceType' END AS kind FROM odd").pl()
        self.database.unregister("odd")
        return lines.join(found.cast({"place": pl.UInt32, "kind": pl.String}), on="place", how="left", maintain_order="left")

    def query(self, name: str, kind_name: str, query: str, state: dict[str, Any]) -> None:
        """Read what a query gives, a row a resource of one type, unless that was done before. `state` tells whether it is the same as then.

        The query may tell the `place` of each row in its source.
        """
        target = self.folder / "files" / name
        if self.done(name, state):
            return
        target.mkdir(parents=True, exist_ok=True)
        self.database.execute(f"CREATE OR REPLACE TEMP TABLE raw AS {query}")
        columns = {row[0] for row in self.database.execute("DESCRIBE raw").fetchall()}
        if "place" not in columns:
            self.database.execute("ALTER TABLE raw ADD COLUMN place BIGINT; UPDATE raw SET place = rowid + 1")
        faults, rows = Faults(target / "faults.ndjson"), Rows(target, kind_name, self.parts)
        for part in self._parsed(kind_name, name, faults, None):
            rows.take(part)
        rows.flush()
        self.finish(name, state, faults)

    # What is done

    @property
    def said(self) -> Path:
        """Where it is written what bodies said: another place for each way to read them."""
        return self.folder / f"said-{self.templates.sign}"

    def done(self, name: str, state: dict[str, Any]) -> bool:
        """Whether a file was read by an earlier run, as it is now; what was wrong with it is counted again."""
        path = self.folder / "files" / name / "done.json"
        told = json.loads(path.read_text()) if path.exists() else {}
        if told.get("state") != self._state(state):
            self._outdated()
            return False
        self.faults.add_counts(told["faults"])
        return True

    def _state(self, state: dict[str, Any]) -> dict[str, Any]:
        return state | {"parts": self.parts, "sign": self.templates.sign}

    def finish(self, name: str, state: dict[str, Any], faults: Faults) -> None:
        """A file is done: what its bodies said is written before that is."""
        self.templates.write(self.said)
        target = self.folder / "files" / name
        target.mkdir(parents=True, exist_ok=True)
        (target / "done.json").write_text(json.dumps({"state": self._state(state), "faults": faults.counts()}))
        self.faults.add_counts(faults.counts())

    def forget(self, names: set[str]) -> None:
        """Files that an earlier run has read, and that are not there any more, go."""
        for folder in (self.folder / "files").glob("*"):
            if folder.name not in names:
                shutil.rmtree(folder)
                self._outdated()

    def _outdated(self) -> None:
        """What an earlier run has put together is not what the files say now."""
        for path in (self.folder / "faults.json", *self.folder.glob("part-*/patients.parquet")):
            path.unlink(missing_ok=True)

    # SQL

    def _parsed(self, kind_name: str, file: str, faults: Faults, lines: pl.DataFrame | None) -> Iterator[pl.DataFrame]:
        """The rows of the table `raw`."""
        kind = KINDS[kind_name]
        days = self._days(kind_name, kind)
        self._bodies(kind_name, kind, days)
        self._wrong(kind_name, file, faults, days, lines)
        found = self.database.sql(
            f"SELECT place::UINTEGER AS place, patient, id, template, version{''.join(f', d{index}' for index in days)} "
            f"FROM x WHERE {_good(kind_name)} ORDER BY place"
        )
        for batch in found.to_arrow_reader(_BATCH):
            yield pl.DataFrame(batch)
        self.database.execute("DROP TABLE x; DROP TABLE raw")

    def _days(self, kind_name: str, kind: Kind) -> list[int]:
        """The table `x` with hashes; returns which days occur at all, by their place in the kind. A linked resource's own day comes last."""
        sql = self.database
        counts = (
            sql.execute(f"SELECT {', '.join(f'count({_path(path)})' for path in kind.days)} FROM raw").fetchall()[0]
            if kind.days
            else ()
        )
        days = [index for index, count in enumerate(counts) if count]
        who = "id" if kind.subject == "id" else f"{kind.subject}.reference"
        listed = [f"{_DAY.format(_path(kind.days[index], 'raw.'))} AS d{index}" for index in days]
        linked, joined, shown = self._linked(kind)
        if joined:
            listed.append(f"l.day AS d{len(kind.days)}")
            days.append(len(kind.days))
        names = [f"d{index}" for index in days]
        order = [
            f"CASE WHEN {a} IS NULL OR {b} IS NULL THEN 3 WHEN {a} < {b} THEN 0 WHEN {a} = {b} THEN 1 ELSE 2 END"
            for a, b in combinations(names, 2)
        ]
        # Which days are meant is part of what is said: the same body with another member for its day is another.
        said = f"hash('{kind_name} {' '.join(names)}', {', '.join([*map(_member, kind.members), linked, shown])})"
        inner = f"regexp_matches(concat_ws('', {', '.join([*(f'{_member(name)}::VARCHAR' for name in kind.members), f'({linked})::VARCHAR'])}), '{DAY_TEXT}')"
        listed.append(f"{inner} AS inner_days")
        literal = f"CASE WHEN inner_days THEN hash({', '.join(names)}) END" if names else "NULL"
        template = ", ".join(["said", literal, *(f"{name} IS NULL" for name in names), *order])
        # Narrow rows: what they say stays in `raw`, and is fetched for one of each kind only.
        sql.execute(
            f"CREATE OR REPLACE TEMP TABLE x AS SELECT * EXCLUDE (said), hash({template}) AS template FROM ("
            f"SELECT raw.rowid AS row, raw.place AS place, raw.id AS id, {_key(f'raw.{who}')} AS patient, resourceType AS type, "
            f"(raw.meta->>'lastUpdated') AS version, {', '.join([f'{said} AS said', *listed])} FROM raw {joined})"
        )
        return days

    def _linked(self, kind: Kind) -> tuple[str, str, str]:
        """What a resource refers to: its body, the join for it, and the name that stands in its place."""
        if not kind.link:
            return "NULL", "", "NULL"
        shown = f"raw.{kind.link}.display"
        if kind.link not in self._links:
            return "NULL", "", shown
        return "l.body", f"LEFT JOIN link_{kind.link} l ON l.id = {_key(f'raw.{kind.link}.reference')}", shown

    def _bodies(self, kind_name: str, kind: Kind, days: list[int]) -> None:
        """Every body that is new is read once, as it stands in one resource."""
        linked, joined, shown = self._linked(kind)
        columns = [
            *(f"{_member(name)} AS m_{name}" for name in kind.members), f"{linked} AS linked", f"{shown} AS shown",
            "x.inner_days", *(f"x.d{index}" for index in days),
        ]  # fmt: skip
        first = self.database.execute(f"SELECT template, min(row) FROM x WHERE {_good(kind_name)} GROUP BY template").fetchall()
        new = [(template, row) for template, row in first if template not in self.templates.known]
        for start in range(0, len(new), 20_000):
            share = new[start : start + 20_000]
            self.database.execute("CREATE OR REPLACE TEMP TABLE wanted (template UBIGINT, row BIGINT)")
            self.database.execute(
                "INSERT INTO wanted SELECT unnest(?::UBIGINT[]), unnest(?::BIGINT[])",
                [[t for t, _ in share], [r for _, r in share]],
            )
            found = self.database.execute(
                f"SELECT wanted.template, {', '.join(columns)} FROM wanted JOIN raw ON raw.rowid = wanted.row JOIN x ON x.row = wanted.row {joined}"
            )
            for rows in _batches(found):
                for template, *cells in rows:
                    self._read(template, kind_name, kind, cells, days)

    def _read(self, template: int, kind_name: str, kind: Kind, cells: list[Any], days: list[int]) -> None:
        size = len(kind.members)
        body: dict[str, Any] = {"resourceType": kind_name, "id": "r"}
        body |= {name: msgspec.json.decode(text) for name, text in zip(kind.members, cells, strict=False) if text is not None}
        linked, shown, inner = cells[size : size + 3]
        dated: list[dt.date | None] = [None] * (len(kind.days) + 1)
        for index, day in zip(days, cells[size + 3 :], strict=True):
            dated[index] = day
        found: dict[str, Any] = {}
        if kind.link and linked:
            about = {name: msgspec.json.decode(text) for name, text in linked.items() if text is not None}
            about["resourceType"] = LINKED[kind.link].kind
            if dated[-1] is not None and kind.link == "specimen":
                about["collection"] = about.get("collection", {}) | {"collectedDateTime": f"{MARK}{len(kind.days)}"}
            found[f"{LINKED[kind.link].kind}/linked"] = about
            body[kind.link] = {"reference": f"{LINKED[kind.link].kind}/linked"}
        elif kind.link and shown:
            body[kind.link] = {"display": shown}
        self.templates.read(template, with_days(body, kind, dated), dated, found, bool(inner))

    def _wrong(self, kind_name: str, file: str, faults: Faults, days: list[int], lines: pl.DataFrame | None) -> None:
        """Count what cannot be used, or cannot be true, and keep it with its line."""
        late = f"greatest({', '.join(f'd{index}' for index in days)}) > DATE '{dt.date.today()}'" if days else "false"
        for what, where in (
            ("not JSON, or a member of the wrong type", "id IS NULL AND type IS NULL"), ("another type of resource", f"type <> '{kind_name}'"),
            ("no id", "id IS NULL AND type IS NOT NULL"), ("no person", "patient IS NULL AND id IS NOT NULL"), ("dated in the future", late),
        ):  # fmt: skip
            [(number, places)] = self.database.execute(
                f"SELECT count(*), (list(place ORDER BY place))[:{_SHOWN}] FROM x WHERE {where}"
            ).fetchall()
            faults.count(what, number)
            if number:
                faults.places(file, what, places, lines)


def _good(kind_name: str) -> str:
    return f"id IS NOT NULL AND patient IS NOT NULL AND type = '{kind_name}'"


def _nested(sql: str) -> Any:
    """A type of a column as `from_json` takes it."""
    if not sql.startswith("STRUCT("):
        return sql
    return {part.split()[0].strip('"'): part.split()[1] for part in sql.removeprefix("STRUCT(")[:-1].split(",")}


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


def _batches(found: Any) -> Iterator[list[tuple[Any, ...]]]:
    while rows := found.fetchmany(5000):
        yield rows


def names_of(files: list[Path]) -> str:
    """Files as a list in SQL."""
    return "[" + ", ".join("'" + str(path).replace("'", "''") + "'" for path in files) + "]"


def _path(path: str, table: str = "") -> str:
    top, _, end = path.partition(".")
    return f'{table}{top}."{end}"' if end else f"{table}{top}"


def _key(reference: str) -> str:
    """The id at the end of a reference, whatever stands before it; the usual form without a search."""
    plain = f"starts_with({reference}, 'Patient/') AND NOT contains({reference}, '/_')"
    return f"nullif(CASE WHEN {plain} THEN {reference}[9:] ELSE regexp_extract(split_part({reference}, '/_history', 1), '([^/:]+)$', 1) END, '')"


def _member(name: str) -> str:
    """A member that says something. Of members only that they are there; of the profile only its name."""
    if name == "hasMember":
        return "(CASE WHEN raw.hasMember IS NOT NULL THEN '[{}]' END)"
    if name == "meta":
        return "(CASE WHEN (raw.meta->'profile') IS NOT NULL THEN json_object('profile', (raw.meta->'profile')) END)"
    return f"raw.{name}"
