"""OMOP CDM 5.4: each row of its tables, read as the resource that it stands for, by the reader for one person.

CSV or Parquet; a live database is copied by `database`. DuckDB reads the columns and finds the few thousand different things that the rows say;
`concepts` writes each as FHIR. A table or a column that is not there, and a cell that is not what it should be, is counted; the rest is read.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from linewise.errors import RecordError
from linewise.exchange import Codes
from linewise.files import megabytes

from .cells import Sql, cells_of, rows_of
from .concepts import Body, Concept, Concepts
from .faults import Faults
from .rows import Rows
from .scan import Scanner
from .source import Source, put_together
from .staging import Part, Staging, files_of, quoted
from .tables import EVENTS, TABLES
from .templates import MARK, Templates

_ROWS_A_MB, _ROWS_A_PART = 4_000, 12_000_000
"""Rows of people who are put together at a time: for each MB of memory that may be used, and at most."""
_BATCH = 500_000
_SHOWN = 10_000
_STAGED = "tables"
"""Where it is kept what was wrong with whole lines and files."""
_USABLE = "id IS NOT NULL AND patient IS NOT NULL"
# For each type of resource, the members that hold the first day and the second.
_DAYS = {
    "Patient": ("birthDate", "deceasedDateTime"),
    "Condition": ("onsetDateTime", "abatementDateTime"),
    "Observation": ("effectiveDateTime", ""),
    "Procedure": ("performedDateTime", ""),
    "MedicationStatement": ("effectivePeriod.start", "effectivePeriod.end"),
    "MedicationAdministration": ("effectiveDateTime", ""),
    "MedicationDispense": ("whenHandedOver", ""),
    "MedicationRequest": ("authoredOn", ""),
}


def is_omop(path: Path) -> bool:
    """Whether a folder holds OMOP tables."""
    return "person" in files_of(path)


def read_omop(
    path: Path, work: Path, codes: Codes, memory: str, progress: Callable[[str], None], threads: int | None = None
) -> Source:
    """Read the tables of a folder into `work`. Raises RecordError where there is no table of persons with their ids."""
    work.mkdir(parents=True, exist_ok=True)
    faults, files = Faults(work / "faults.ndjson"), files_of(path)
    scanner = Scanner(work, Templates(codes), faults, 1, f"{megabytes(memory) // 3}MB", threads)
    scanner.templates.again(scanner.said)
    staging = Staging(
        work / "tables", Faults(work / "files" / _STAGED / "faults.ndjson"), f"{megabytes(memory) // 3}MB", scanner.threads
    )
    parts = {table: staging.parts(table, files[table]) for table in TABLES if table in files}
    parts = {table: listed for table, listed in parts.items() if listed}
    faults.add_counts(staging.faults.counts())
    if "person" not in parts:
        raise RecordError(str(path), "there is no OMOP table of persons here.")
    if not any("person_id" in part.columns for part in parts["person"]):
        raise RecordError(
            str(path), "its table person has no column person_id.", "Without it nobody can be told from anybody else."
        )
    reader = _Reader(scanner, parts, Concepts(codes), progress)
    reader.run(min(megabytes(memory) * _ROWS_A_MB, _ROWS_A_PART))
    return put_together(scanner, progress)


class _Reader:
    """One run over the tables."""

    def __init__(
        self, scanner: Scanner, parts: dict[str, list[Part]], concepts: Concepts, progress: Callable[[str], None]
    ) -> None:
        self.scanner, self.parts, self.concepts, self.progress = scanner, parts, concepts, progress
        self.sql, self.faults, self.told = scanner.database, scanner.faults, scanner.faults
        self.cells = Sql(parts)

    def run(self, most: int) -> None:
        """Read every file that an earlier run has not read, for parts of at most so many rows."""
        for table in (*EVENTS, "concept", "death"):
            if table not in self.parts:
                self.faults.count(f"a table that is missing: {table}")
        self.faults.add_counts(self.cells.missing())
        rows = sum(self._rows(part) for table in EVENTS for part in self.parts.get(table, ()))
        self.scanner.parts = max(1, -(-rows // most))
        sign = self._concepts()
        listed = [part for table in ("person", *EVENTS) for part in self.parts.get(table, ())]
        self.scanner.forget({_STAGED, *(part.name for part in listed)})
        self._prepare()
        for part in listed:
            stat = part.path.stat()
            state = {"size": stat.st_size, "time": stat.st_mtime_ns, "concepts": sign}
            if not self.scanner.done(part.name, state):
                self.progress(f"reading {part.name}")
                self.told = Faults(self.scanner.folder / "files" / part.name / "faults.ndjson")
                self._read(part)
                self.scanner.finish(part.name, state, self.told)

    def _rows(self, part: Part) -> int:
        found = self.sql.execute(f"SELECT count(*) FROM read_parquet({quoted(str(part.path))})").fetchone()
        return int(found[0]) if found else 0

    def _concepts(self) -> str:
        """What is known of the concepts that occur; a sign of it, for another vocabulary may say something else."""
        self.sql.execute(f"CREATE OR REPLACE TEMP TABLE used AS {self.cells.used()}")
        if "concept" in self.parts:
            rows = self.sql.execute(
                f"SELECT * FROM ({self.cells.concepts()}) WHERE id IN (SELECT id FROM used) ORDER BY ALL"
            ).fetchall()
            for number, vocabulary, code, name in rows:
                if code is not None and number != "0":
                    self.concepts.known[number] = Concept(vocabulary or "", code, name or "")
        text = msgspec.json.encode(
            [sorted((number, about.code, about.vocabulary) for number, about in self.concepts.known.items())]
        )
        return hashlib.blake2b(text, digest_size=8).hexdigest()

    def _prepare(self) -> None:
        """When each person died (of several days the last, and that is told), and when anything was given."""
        self.sql.execute(f"CREATE OR REPLACE TEMP TABLE died AS {self.cells.deaths()}")
        several = self.sql.execute("SELECT count(*) FROM died WHERE days > 1").fetchone()
        self.faults.count("several days of death", several[0] if several else 0)
        self.sql.execute(f"CREATE OR REPLACE TEMP TABLE exposures AS {self.cells.exposures()}")

    # One file

    def _read(self, part: Part) -> None:
        table = part.table
        lines = [list(column) for column in zip(*part.lines, strict=True)]
        self.sql.execute(
            "CREATE OR REPLACE TEMP TABLE lines AS SELECT unnest(?::BIGINT[]) AS row, unnest(?::BIGINT[]) AS plus", lines
        )
        self.sql.execute(f"CREATE OR REPLACE TEMP TABLE raw AS {self.cells.rows(part)}")
        self._wrong(part)
        templates, strange = self._bodies(table)
        for system in sorted(set(strange.values())):  # they may be understood by the names of their concepts
            said = [number for number, name in strange.items() if name == system]
            self._tell(part, f"a code system that is not known: {system}", "said IN (SELECT unnest(?::UBIGINT[]))", [said])
        rows = Rows(self.scanner.folder / "files" / part.name, "Patient" if table == "person" else table, self.scanner.parts)
        found = self.sql.sql(f"SELECT place, patient, id, said, d0, d1 FROM raw WHERE {_USABLE} ORDER BY nth")
        batches: Any = found.to_arrow_reader(_BATCH)
        for batch in batches:
            some = pl.DataFrame(pl.from_arrow(batch)).join(templates, on="said", how="inner", maintain_order="left")
            version = pl.lit(None, dtype=pl.String).alias("version")
            rows.take(some.select(pl.col("place").cast(pl.UInt32), "patient", "id", "template", version, "d0", "d1"))
        rows.flush()
        self.sql.execute("DROP TABLE raw")

    def _wrong(self, part: Part) -> None:
        """Count what cannot be used, or cannot be true, and keep it with its place."""
        self._tell(part, "no id", "id IS NULL")
        self._tell(part, "no person", "id IS NOT NULL AND patient IS NULL")
        self._tell(part, "a date that cannot be read", "bad_day")
        self._tell(part, "a value of the wrong type", "bad_value")
        late = "greatest(d0, d1)" if part.table == "person" else "d0"  # what was handed out may last beyond today
        self._tell(part, "dated in the future", f"{late} > DATE '{dt.date.today()}'")
        if "concept" in self.parts and part.table in EVENTS:
            where = "concept <> '0' AND try_cast(concept AS BIGINT) IS NOT NULL AND concept NOT IN (SELECT unnest(?::VARCHAR[]))"
            self._tell(part, "a concept that is not in the table concept", where, [self.concepts.named()])

    def _tell(self, part: Part, kind: str, where: str, values: Sequence[Any] = ()) -> None:
        """Count the rows of which something is true, and keep them."""
        found = self.sql.execute(f"SELECT count(*) FROM raw WHERE {where}", values).fetchone()
        if found is None or not found[0]:
            return
        self.told.count(kind, found[0])
        listed = self.sql.execute(
            f"SELECT r.place, to_json(t) FROM (SELECT nth, place FROM raw WHERE {where} ORDER BY nth LIMIT {_SHOWN}) r "
            f"JOIN {rows_of(part)} ON t.file_row_number = r.nth ORDER BY r.nth",
            values,
        )
        for place, row in listed.fetchall():
            cells = {
                name: cell for name, cell in msgspec.json.decode(row).items() if cell is not None and name != "file_row_number"
            }
            self.told.keep(part.name, place, kind, msgspec.json.encode(cells).decode())

    def _bodies(self, table: str) -> tuple[pl.DataFrame, dict[int, str]]:
        """The template of everything different that the rows say; and what is said in code systems that nobody here knows."""
        listed = ", ".join(f"{name}: {name}" for name in ("d0", "d1", *cells_of(table)))
        found = self.sql.execute(f"SELECT said, any_value({{{listed}}}) FROM raw WHERE {_USABLE} GROUP BY said")
        templates, strange = [], {}
        while rows := found.fetchmany(5000):
            for said, cells in rows:
                days = cells["d0"], cells["d1"]
                body = self.concepts.body(table, cells | {"span": days[1] is not None and days[1] != days[0]})
                if body is None:
                    continue
                templates.append((said, self._template(body, days)))
                if "concept" in cells and (system := self.concepts.strange(cells)):
                    strange[int(said)] = system
        return pl.DataFrame(templates, {"said": pl.UInt64, "template": pl.UInt64}, orient="row"), strange

    def _template(self, body: Body, days: Sequence[dt.date | None]) -> int:
        """The template of a body with days; read when it is met for the first time."""
        used: list[dt.date | None] = [None, None]
        body = {**body, "id": "r"}
        for index, path in enumerate(_DAYS[body["resourceType"]]):
            if path and days[index] is not None:
                used[index] = days[index]
                top, _, end = path.partition(".")
                body[top] = (body.get(top, {}) | {end: f"{MARK}{index}"}) if end else f"{MARK}{index}"
        order = 3 if used[0] is None or used[1] is None else (used[0] >= used[1]) + (used[0] > used[1])
        template = int.from_bytes(hashlib.blake2b(msgspec.json.encode([body, order]), digest_size=8).digest())
        self.scanner.templates.read(template, body, used)
        return template
