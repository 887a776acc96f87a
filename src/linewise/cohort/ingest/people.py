"""From rows to people: one set of persons at a time, what their resources say joined in, and what only the whole record tells concluded.

Whether a record is one of metastatic breast cancer follows `exchange.fhir.scope`.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl

from ..events import Events, made
from .faults import Faults
from .templates import dated, schema

_ADULT = 18
_NO_BREAST = "The record names no breast cancer."
_OTHER = "The record names another cancer, and no invasive breast cancer."
_IN_SITU = "The record names carcinoma in situ of the breast, not invasive cancer."
_UNPLACED = "The record names a cancer, but not in a way that tells whether it is breast cancer."
_EARLY = "Not metastatic on this record: nothing is offered."
_CHILD = "This is the record of a child; the knowledge is about adults."
_TABLES = ("entries", "administrations", "events", "reactions", "medications", "spread", "cancers", "unread")


class People:
    """Puts the people of a run together, part by part."""

    def __init__(self, folder: Path, faults: Faults) -> None:
        self.folder, self.faults = folder, faults
        self.said = {table: self._said(table) for table in _TABLES}

    def _said(self, table: str) -> pl.DataFrame:
        files = sorted((self.folder / "files").glob(f"*/said-{table}.parquet"))
        return (
            pl.concat([pl.read_parquet(file) for file in files]).unique(maintain_order=True)
            if files
            else pl.DataFrame(schema=schema(table))
        )

    def part(self, number: int) -> Events:
        """The people of one part."""
        found: dict[str, list[pl.DataFrame]] = {table: [] for table in _TABLES}
        patients, seen = pl.DataFrame(schema={"patient": pl.String, "d0": pl.Date}), []
        for kind, rows in self._rows(number):
            days = sorted(
                (name for name in rows.columns if name[0] == "d" and name[1:].isdigit()), key=lambda name: int(name[1:])
            )
            if kind == "Patient":
                patients = rows
            if days and kind != "Patient":
                seen.append(rows.group_by("patient").agg(pl.max_horizontal(days).max().alias("last_seen")))
            for table in _TABLES:
                # On the left what was said: few rows are joined to many, and the order of the file does not matter.
                said = rows.join(self.said[table], on="template", how="inner")
                if said.height:
                    found[table].append(dated(said, table, days).drop(days, "template", "version"))
        tables = {table: pl.concat(parts, how="diagonal") for table, parts in found.items() if parts}
        return self._people(patients, tables, seen)

    def _rows(self, number: int) -> list[tuple[str, pl.DataFrame]]:
        """The rows of a part by type, each resource once: of copies the latest."""
        by_kind: dict[str, list[pl.DataFrame]] = {}
        for path in sorted((self.folder / "files").glob(f"*/rows-*/part={number}/*.parquet")):
            rows = pl.read_parquet(path, hive_partitioning=False).drop("part", strict=False)
            by_kind.setdefault(path.parent.parent.name.removeprefix("rows-"), []).append(rows)
        found = []
        for kind, parts in by_kind.items():
            rows = pl.concat(parts, how="diagonal")
            if rows["version"].null_count() < rows.height:
                rows = rows.sort("version", nulls_last=False)
            once = rows.unique("id", keep="last")
            self.faults.count("the same resource twice", rows.height - once.height)
            found.append((kind, once))
        return found

    def _people(self, patients: pl.DataFrame, tables: dict[str, pl.DataFrame], seen: list[pl.DataFrame]) -> Events:
        who = (
            pl.concat([table.select("patient") for table in tables.values()], how="vertical")
            if tables
            else patients.select("patient")
        )
        if patients.height:
            strangers = who.join(patients, on="patient", how="anti")
            self.faults.count("about a person who is not in the export", strangers.height)
            ids = patients["patient"].unique().sort()
        else:
            ids = who["patient"].unique().sort()
        number = pl.DataFrame({"patient": ids, "row": pl.arange(len(ids), eager=True, dtype=pl.UInt32)})
        keyed = {
            table: part.join(number, on="patient", how="inner").drop("patient").rename({"row": "patient"})
            for table, part in tables.items()
        }
        for table, part in keyed.items():
            if table == "unread":
                for why, count in part["why"].value_counts().iter_rows():
                    self.faults.count(f"not understood: {why}", count)
        people = number.select(pl.col("patient").alias("id")).with_columns(pl.lit(True).alias("chart"))
        people = people.join(self._dates(patients), left_on="id", right_on="patient", how="left", maintain_order="left")
        if seen:
            last = pl.concat(seen).group_by("patient").agg(pl.col("last_seen").max())
            people = people.join(last, left_on="id", right_on="patient", how="left", maintain_order="left")
        return self._concluded(people, keyed)

    @staticmethod
    def _dates(patients: pl.DataFrame) -> pl.DataFrame:
        names = {"d0": "birth", "d1": "died"}
        return patients.select(
            "patient", *(pl.col(day).alias(name) for day, name in names.items() if day in patients.columns)
        ).unique("patient")

    def _concluded(self, people: pl.DataFrame, tables: dict[str, pl.DataFrame]) -> Events:
        entries = tables.get("entries", pl.DataFrame(schema={"patient": pl.UInt32, "fact": pl.String, "on": pl.Date}))
        events = tables.get("events", pl.DataFrame(schema={"patient": pl.UInt32, "what": pl.String, "on": pl.Date}))
        spread = tables.get("spread", pl.DataFrame(schema={"patient": pl.UInt32, "says": pl.Boolean, "on": pl.Date}))
        cancers = tables.get("cancers", pl.DataFrame(schema={"patient": pl.UInt32, "kind": pl.String}))
        yes, no = spread.filter(pl.col("says")), spread.filter(~pl.col("says"))
        only_no = no.join(yes, on="patient", how="anti")
        told = pl.concat([yes, only_no]).select(
            "patient",
            pl.lit("metastatic").alias("fact"),
            pl.col("says").cast(pl.Float64).alias("number"),
            "on",
            pl.lit(False).alias("absent"),
        )
        placed = entries.filter(pl.col("fact") != "sites")
        entries = pl.concat(
            [placed, entries.filter(pl.col("fact") == "sites").join(yes, on="patient", how="semi"), told], how="diagonal"
        )
        known = events.filter(pl.col("what") == "metastatic")
        staged = yes.join(known, on="patient", how="anti").select("patient", pl.lit("metastatic").alias("what"), "on")
        breast = cancers.filter(pl.col("kind") == "breast").select("patient").unique()
        second = cancers.filter(pl.col("kind") == "other").join(breast, on="patient", how="semi").select("patient").unique()
        second = second.with_columns(
            pl.lit("comorbidities").alias("fact"), pl.lit("second-cancer").alias("text"), pl.lit(False).alias("absent")
        )
        entries = pl.concat([entries, second], how="diagonal")
        given = tables.get("administrations", pl.DataFrame(schema={"patient": pl.UInt32, "start": pl.Date, "id": pl.UInt64}))
        scope = self._scope(people, entries, events, given, cancers, yes)
        tables = {
            "patients": people.with_columns(scope.alias("scope"), pl.lit([], dtype=pl.List(pl.String)).alias("declared")),
            "entries": entries, "events": pl.concat([events, staged], how="diagonal"),
            "administrations": given.with_columns(pl.col("id").cast(pl.String).str.zfill(20).alias("place")),
            "reactions": tables.get("reactions", pl.DataFrame(schema={"patient": pl.UInt32})),
            "medications": tables.get("medications", pl.DataFrame(schema={"patient": pl.UInt32})),
        }  # fmt: skip
        return made(tables)

    @staticmethod
    def _scope(
        people: pl.DataFrame,
        entries: pl.DataFrame,
        events: pl.DataFrame,
        given: pl.DataFrame,
        cancers: pl.DataFrame,
        yes: pl.DataFrame,
    ) -> pl.Series:
        """Why no plan can honestly be given, for each person; null where one can."""
        days = [
            entries.select("patient", "on"),
            events.select("patient", "on"),
            given.select("patient", pl.col("start").alias("on")),
        ]
        latest = pl.concat(days).group_by("patient").agg(pl.col("on").max().alias("latest"))
        people = people.with_row_index("row").with_columns(pl.col("row").cast(pl.UInt32))
        people = people.join(latest, left_on="row", right_on="patient", how="left", maintain_order="left")
        born = pl.col("birth") if "birth" in people.columns else pl.lit(None, dtype=pl.Date)
        child = (born.dt.offset_by(f"{_ADULT}y") > pl.col("latest")).fill_null(False)
        of = {kind: _has(cancers.filter(pl.col("kind") == kind)) for kind in ("breast", "other", "in-situ", "unknown-site")}
        receptors = _has(entries.filter(pl.col("fact").is_in(["er", "pr"])))
        return people.select(
            pl.when(child).then(pl.lit(_CHILD))
            .when(~of["breast"] & of["other"]).then(pl.lit(_OTHER))
            .when(~of["breast"] & of["in-situ"]).then(pl.lit(_IN_SITU))
            .when(~of["breast"] & of["unknown-site"]).then(pl.lit(_UNPLACED))
            .when(~of["breast"] & ~receptors).then(pl.lit(_NO_BREAST))
            .when(~_has(yes)).then(pl.lit(_EARLY))
            .alias("scope")
        ).to_series()  # fmt: skip


def _has(rows: pl.DataFrame) -> pl.Expr:
    """Who stands in these rows."""
    return pl.int_range(pl.len(), dtype=pl.UInt32).is_in(rows["patient"].unique().implode())


def whole(events: Events) -> dt.date | None:
    """The last day on which anything is recorded of anybody."""
    last = events.patients["last_seen"].max()
    return last if isinstance(last, dt.date) else None
