"""The columnar event model: the records of many people as a few tables, one row an entry, a course, an administration.

It holds what `linewise.record.Record` holds, without the origins: `patient` in every table is the row of that person in
`patients`. Every table is sorted by patient, and keeps the order of the record within one. Dates are days, null where a record
has none.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from linewise.record import Record

Days = np.ndarray[Any, np.dtype[np.int32]]
"""Days since 1970-01-01, one for each person."""

SCHEMAS: dict[str, dict[str, Any]] = {
    "patients": {
        "id": pl.String,
        "birth": pl.Date,
        "region": pl.String,
        "scope": pl.String,
        "declared": pl.List(pl.String),
        "chart": pl.Boolean,
        "died": pl.Date,
        "last_seen": pl.Date,
    },
    "entries": {
        "patient": pl.UInt32,
        "fact": pl.String,
        "text": pl.String,
        "number": pl.Float64,
        "on": pl.Date,
        "specimen": pl.String,
        "grade": pl.Int16,
        "since_days": pl.Float64,
        "absent": pl.Boolean,
        "until": pl.Date,
    },
    "courses": {
        "patient": pl.UInt32,
        "setting": pl.String,
        "drugs": pl.List(pl.String),
        "start": pl.Date,
        "end": pl.Date,
        "months": pl.Float64,
        "months_since_end": pl.Float64,
        "stopped_for": pl.String,
        "best_response": pl.String,
        "ongoing": pl.Boolean,
    },
    "administrations": {
        "patient": pl.UInt32,
        "drug": pl.String,
        "start": pl.Date,
        "end": pl.Date,
        "ongoing": pl.Boolean,
        "supply": pl.String,
        "planned": pl.Boolean,
        "unsure": pl.Boolean,
        "setting": pl.String,
        "stopped_for": pl.String,
        "place": pl.String,
    },
    "events": {"patient": pl.UInt32, "what": pl.String, "on": pl.Date, "site": pl.String},
    "reactions": {
        "patient": pl.UInt32,
        "drug": pl.String,
        "effect": pl.String,
        "grade": pl.Int16,
        "ongoing": pl.Boolean,
        "on": pl.Date,
    },
    "medications": {"patient": pl.UInt32, "drug": pl.String, "start": pl.Date, "end": pl.Date, "unsure": pl.Boolean},
    "unread": {
        "patient": pl.UInt32,
        "touches": pl.String,
        "on": pl.Date,
        "until": pl.Date,
        "specimen": pl.String,
        "not_final": pl.Boolean,
    },
}
"""Every table with its columns. `unread` has a row for each thing that an entry touches which was not understood. An entry's value is in `text` (a choice, a member of a set) or `number` (also 0 and 1 for no and yes)."""

_EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True)
class Events:
    """Many records. `patients` has a column `as_of` where everybody is asked about a day of their own."""

    patients: pl.DataFrame
    entries: pl.DataFrame
    courses: pl.DataFrame
    administrations: pl.DataFrame
    events: pl.DataFrame
    reactions: pl.DataFrame
    medications: pl.DataFrame
    unread: pl.DataFrame

    def __len__(self) -> int:
        return self.patients.height

    @cached_property
    def entries_of(self) -> dict[str, pl.DataFrame]:
        """The entries of each fact."""
        parts = self.entries.partition_by("fact", as_dict=True, maintain_order=True)
        return {str(key[0]): part for key, part in parts.items()}

    def days(self, day: dt.date | None) -> Days:
        """The day that each person is asked about: the one given, or the person's own `as_of`."""
        if day is not None:
            return np.full(len(self), (day - _EPOCH).days, dtype=np.int32)
        if "as_of" not in self.patients.columns:
            raise ValueError("a day is needed: these people have none of their own")
        return self.patients["as_of"].to_physical().to_numpy().astype(np.int32)

    def declared(self, name: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Who has a list of this name, even an empty one."""
        return self.patients["declared"].list.contains(name).fill_null(False).to_numpy()

    def at(self, cases: pl.DataFrame) -> Events:
        """The same people asked on several days: a row in `cases` (`patient`, `as_of`, anything else) is one person on one day."""
        cases = cases.with_row_index("case").with_columns(pl.col("patient").cast(pl.UInt32), pl.col("case").cast(pl.UInt32))
        whole = (
            self.patients.with_row_index("patient").with_columns(pl.col("patient").cast(pl.UInt32)).drop("as_of", strict=False)
        )
        people = cases.join(whole, on="patient", how="left", maintain_order="left").sort("case").drop("case")
        keys = cases.select("case", "patient")
        parts = {name: _recast(keys, getattr(self, name)) for name in SCHEMAS if name != "patients"}
        return Events(patients=people.drop("patient"), **parts)

    def take(self, rows: pl.Series) -> Events:
        """Some of the people, by row, numbered anew."""
        return self.at(pl.DataFrame({"patient": rows.cast(pl.UInt32)}))

    def write(self, folder: Path) -> None:
        """Write the tables as Parquet. A folder is complete when `patients.parquet` is there: it is written last."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in reversed(SCHEMAS):
            part: pl.DataFrame = getattr(self, name)
            draft = folder / f".{name}.parquet"
            part.write_parquet(draft, compression="zstd", compression_level=1)
            draft.replace(folder / f"{name}.parquet")


def _recast(keys: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    joined = keys.join(table, on="patient", how="inner", maintain_order="left_right")
    return joined.drop("patient").rename({"case": "patient"}).select(table.columns)


def empty() -> Events:
    """Nobody."""
    return Events(**{name: pl.DataFrame(schema=schema) for name, schema in SCHEMAS.items()})


def read(folder: Path) -> Events:
    """The tables as they were written; a column that an earlier version did not have is null."""
    found = {}
    for name, schema in SCHEMAS.items():
        path = folder / f"{name}.parquet"
        table = pl.read_parquet(path) if path.exists() or name != "unread" else pl.DataFrame(schema=schema)
        lacking = [pl.lit(None, dtype=kind).alias(column) for column, kind in schema.items() if column not in table.columns]
        more = [column for column in table.columns if column not in schema]
        found[name] = table.with_columns(lacking).select(*schema, *more)
    return Events(**found)


def made(tables: dict[str, pl.DataFrame]) -> Events:
    """Events of tables that may lack columns or stand in any order of patients; what is missing is null."""
    found = {}
    for name, schema in SCHEMAS.items():
        table = tables.get(name, pl.DataFrame(schema=schema))
        lacking = [pl.lit(None, dtype=kind).alias(column) for column, kind in schema.items() if column not in table.columns]
        own = [column for column in table.columns if column not in schema] if name == "patients" else []
        table = table.with_columns(lacking).select(*(pl.col(c).cast(kind) for c, kind in schema.items()), *own)
        found[name] = table if name == "patients" else table.sort("patient", maintain_order=True)
    return Events(**found)


def joined(parts: Sequence[Events]) -> Events:
    """Several sets of people as one."""
    if not parts:
        return empty()
    before, moved = 0, []
    for part in parts:
        shift = pl.col("patient") + pl.lit(before, dtype=pl.UInt32)
        others = {one.name: getattr(part, one.name).with_columns(shift) for one in fields(part) if one.name != "patients"}
        moved.append(replace(part, **others))
        before += len(part)
    return Events(**{name: pl.concat([getattr(part, name) for part in moved]) for name in SCHEMAS})


def of_records(records: Iterable[Record]) -> Events:
    """The records of the one-person reader, as columns."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in SCHEMAS}
    for patient, record in enumerate(records):
        rows["patients"].append(
            {
                "id": record.id,
                "birth": record.birth,
                "region": record.region,
                "scope": record.scope,
                "declared": sorted(record.declared),
                "chart": record.chart,
            }
        )
        for name in ("courses", "administrations", "events", "reactions", "medications"):
            columns = [column for column in SCHEMAS[name] if column not in ("patient", "place", "drugs")]
            for thing in getattr(record, name):
                row = {"patient": patient} | {column: getattr(thing, column) for column in columns}
                if name == "administrations":
                    row["place"] = thing.origin.where
                if name == "courses":
                    row["drugs"] = list(thing.drugs)
                rows[name].append(row)
        for left in record.unread:
            days = {"on": left.on, "until": left.until, "specimen": left.specimen, "not_final": left.would is not None}
            rows["unread"] += [{"patient": patient, "touches": touched} | days for touched in left.touches]
        for entry in record.entries:
            kept = {c: getattr(entry, c) for c in ("fact", "on", "specimen", "grade", "since_days", "absent", "until")}
            said = {"text": entry.value} if isinstance(entry.value, str) else {"number": float(entry.value)}
            rows["entries"].append({"patient": patient} | kept | said)
    return Events(**{name: pl.DataFrame(rows[name], schema=schema) for name, schema in SCHEMAS.items()})
