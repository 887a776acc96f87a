"""From rows to people: one set of persons at a time, what their resources say joined in, and what only the whole record tells concluded.

Whether a record is one of metastatic breast cancer follows `exchange.fhir.scope`.
"""

from __future__ import annotations

import copy
import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl

from linewise.columns.age import is_child
from linewise.columns.events import SCHEMAS, Events, made
from linewise.exchange.fhir.chart import SILENT
from linewise.record.model import TREATMENTS

from .faults import Faults
from .rows import rows_of
from .templates import dated, said

_NO_BREAST = "The record names no breast cancer."
_OTHER = "The record names another cancer, and no invasive breast cancer."
_IN_SITU = "The record names carcinoma in situ of the breast, not invasive cancer."
_UNPLACED = "The record names a cancer, but not in a way that tells whether it is breast cancer."
_EARLY = "Not metastatic on this record: nothing is offered."
_UNREAD = "Not known whether the cancer has spread: the record may say so in words that are not understood. Nothing is offered."
_CHILD = "This is the record of a child; the knowledge is about adults."
_KEPT = 1000
"""Faults of one kind and part that are kept with their lines."""
_TABLES = ("entries", "administrations", "events", "reactions", "medications", "spread", "cancers", "declared", "unread")


class People:
    """Puts the people of a run together, part by part."""

    faults: Faults
    names: list[str]

    def __init__(self, folder: Path, spoken: Path, adult: int) -> None:
        self.folder, self.adult = folder, adult
        self.said = {table: said(spoken, table) for table in _TABLES}

    def part(self, number: int, faults: Faults) -> Events:
        """The people of one part; what is wrong with their resources is counted and kept. Several parts may be worked on at the same time."""
        own = copy.copy(self)
        own.faults, own.names = faults, []
        return own._part(number)

    def _part(self, number: int) -> Events:
        by_file: dict[tuple[str, str], list[pl.DataFrame]] = {}
        for kind, name, rows in rows_of(self.folder, number):
            by_file.setdefault((kind, name), []).append(rows)
        by_kind: dict[str, list[pl.DataFrame]] = {}
        for (kind, name), parts in by_file.items():
            rows = pl.concat(parts, how="diagonal")
            if not rows["place"].is_sorted():  # odd lines come behind the others
                rows = rows.sort("place")
            by_kind.setdefault(kind, []).append(rows.with_columns(pl.lit(len(self.names), dtype=pl.UInt32).alias("file")))
            self.names.append(name)
        kinds = {kind: pl.concat(parts, how="diagonal") for kind, parts in by_kind.items()}
        who = kinds["Patient"]["patient"] if "Patient" in kinds else self._named(list(kinds.values()))
        ids = who.unique().sort()
        numbered = pl.DataFrame({"patient": ids, "row": pl.arange(len(ids), eager=True, dtype=pl.UInt32)})
        found: dict[str, list[pl.DataFrame]] = {table: [] for table in _TABLES}
        patients, seen = pl.DataFrame(schema={"patient": pl.UInt32}), []
        for kind, rows in kinds.items():
            rows = self._once(self._known(rows, numbered))
            days = [name for name in rows.columns if name[0] == "d"]
            if kind == "Patient":
                patients = rows.unique("patient", keep="last", maintain_order=True)
            elif days:
                seen.append(rows.lazy().group_by("patient").agg(_seen(days).alias("last_seen")).collect())
            for table in _TABLES:
                told = rows.join(self.said[table], on="template", how="inner", maintain_order="left")
                if told.height:
                    if table == "unread":
                        self._unread(told)
                        told = told.filter(pl.col("touches") != "").drop("why", "what")
                    found[table].append(dated(told, table, days).drop(days, "template", "version", "file", "place"))
        tables = {table: pl.concat(parts, how="diagonal") for table, parts in found.items() if parts}
        return self._people(ids, patients, tables, seen)

    def _named(self, kinds: list[pl.DataFrame]) -> pl.Series:
        """The people of an export without patients: those of whom anything is understood."""
        spoken = pl.concat([part.select("template") for table, part in self.said.items() if table != "unread"]).unique()
        found = [rows.join(spoken, on="template", how="semi")["patient"].unique() for rows in kinds]
        return pl.concat(found) if found else pl.Series("patient", [], pl.String)

    def _known(self, rows: pl.DataFrame, numbered: pl.DataFrame) -> pl.DataFrame:
        """The rows of people who are in the export, by their numbers, in the order of the people and of the files."""
        mine = rows.join(numbered, on="patient", how="left", maintain_order="left")
        strange = mine.filter(pl.col("row").is_null())
        self._tell("about a person who is not in the export", strange)
        if strange.height:
            mine = mine.filter(pl.col("row").is_not_null())
        return mine.drop("patient").rename({"row": "patient"}).sort("patient", maintain_order=True)

    def _once(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Each resource once: of copies the latest version, of equal ones the last in the export."""
        twice = rows["id"].is_duplicated()
        if not twice.any():
            return rows
        copies = rows.with_row_index("at").filter(twice).sort("version", nulls_last=False, maintain_order=True)
        kept = copies.unique(["patient", "id"], keep="last", maintain_order=True)
        gone = copies.join(kept.select("at"), on="at", how="anti")
        self._tell("the same resource twice", gone)
        stays = np.ones(rows.height, bool)
        stays[gone["at"].to_numpy()] = False
        return rows.filter(stays)

    def _unread(self, told: pl.DataFrame) -> None:
        for (why,), part in sorted(told.partition_by("why", as_dict=True).items()):
            self._tell(f"not understood: {why}", part)

    def _tell(self, kind: str, rows: pl.DataFrame) -> None:
        """Count the faults of these rows, and keep them with file and line."""
        self.faults.count(kind, rows.height)
        for (file,), part in sorted(rows.head(_KEPT).partition_by("file", as_dict=True).items()) if rows.height else ():
            said = part["what"].to_list() if "what" in part.columns else [""] * part.height
            self.faults.listed(self.names[file], kind, zip(part["place"], said, strict=True))

    def _people(
        self, ids: pl.Series, patients: pl.DataFrame, tables: dict[str, pl.DataFrame], seen: list[pl.DataFrame]
    ) -> Events:
        people = (
            pl.DataFrame({"id": ids})
            .with_row_index("patient")
            .with_columns(pl.col("patient").cast(pl.UInt32), pl.lit(True).alias("chart"))
        )
        dates = [pl.col(day).alias(name) for day, name in {"d0": "birth", "d1": "died"}.items() if day in patients.columns]
        people = people.join(patients.select("patient", *dates), on="patient", how="left", maintain_order="left")
        if seen:
            last = pl.concat(seen).group_by("patient").agg(pl.col("last_seen").max())
            people = people.join(last, on="patient", how="left", maintain_order="left")
        return self._concluded(people.drop("patient"), tables)

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
        whole = given, tables.get("medications", pl.DataFrame(schema={"patient": pl.UInt32}))
        given, taken = (_ended_with_life(people, one) for one in whole)
        people = _seen_to_the_end(people, list(zip(whole, (given, taken), strict=True)))
        unread = tables.get("unread", pl.DataFrame(schema=SCHEMAS["unread"]))
        unread = unread.with_columns(pl.col("touches").str.split(" ")).explode("touches")
        unread = _where_silent(unread, entries, given)
        declared = self._declared(people, tables)
        scope = self._scope(people, entries, events, given, cancers, yes, no, unread)
        tables = {
            "patients": people.with_columns(scope.alias("scope"), declared.alias("declared")), "unread": unread,
            "entries": entries, "events": pl.concat([events, staged], how="diagonal"),
            "administrations": given.with_columns(pl.col("id").cast(pl.String).str.zfill(20).alias("place")),
            "reactions": tables.get("reactions", pl.DataFrame(schema={"patient": pl.UInt32})),
            "medications": taken,
        }  # fmt: skip
        return made(tables)

    @staticmethod
    def _declared(people: pl.DataFrame, tables: dict[str, pl.DataFrame]) -> pl.Series:
        """The lists of each person that the record says are whole."""
        told = tables.get("declared", pl.DataFrame(schema={"patient": pl.UInt32, "name": pl.String}))
        lists = told.select("patient", "name").unique().sort("patient", "name").group_by("patient").agg("name")
        rows = pl.DataFrame({"patient": pl.arange(people.height, eager=True, dtype=pl.UInt32)})
        return rows.join(lists, on="patient", how="left", maintain_order="left")["name"].fill_null([])

    def _scope(
        self,
        people: pl.DataFrame,
        entries: pl.DataFrame,
        events: pl.DataFrame,
        given: pl.DataFrame,
        cancers: pl.DataFrame,
        yes: pl.DataFrame,
        no: pl.DataFrame,
        unread: pl.DataFrame,
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
        child = is_child(born, pl.col("latest"), self.adult)
        of = {kind: _has(cancers.filter(pl.col("kind") == kind)) for kind in ("breast", "other", "in-situ", "unknown-site")}
        receptors = _has(entries.filter(pl.col("fact").is_in(["er", "pr"])))
        return people.select(
            pl.when(child).then(pl.lit(_CHILD))
            .when(~of["breast"] & of["other"]).then(pl.lit(_OTHER))
            .when(~of["breast"] & of["in-situ"]).then(pl.lit(_IN_SITU))
            .when(~of["breast"] & of["unknown-site"]).then(pl.lit(_UNPLACED))
            .when(~of["breast"] & ~receptors).then(pl.lit(_NO_BREAST))
            .when(~_has(yes) & ~_has(no) & _has(unread.filter(pl.col("touches").str.contains("^(sites|metastatic)")))).then(pl.lit(_UNREAD))
            .when(~_has(yes)).then(pl.lit(_EARLY))
            .alias("scope")
        ).to_series()  # fmt: skip


def _where_silent(unread: pl.DataFrame, entries: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    """What a text or a plan touches only where the record is silent goes where the record says it (`exchange.fhir.chart.Chart.where_silent`)."""
    if not unread.height:
        return unread
    asked = pl.col("touches").str.starts_with(SILENT)
    rows = unread.filter(asked).with_columns(pl.col("touches").str.strip_prefix(SILENT))
    said = entries.select(
        "patient", *(pl.col(one) if one in entries.columns else pl.lit(None, pl.String).alias(one) for one in ("fact", "text"))
    )
    facts = said.select("patient", pl.col("fact").alias("touches"))
    members = said.drop_nulls("text").select("patient", (pl.col("fact") + ":" + pl.col("text")).alias("touches"))
    drugs = given.filter(~pl.col("planned")) if "planned" in given.columns else given
    named = (
        drugs.select("patient", (pl.lit(f"{TREATMENTS}/") + pl.col("drug")).alias("touches"))
        if "drug" in drugs.columns
        else facts.clear()
    )
    any_drug = given.select("patient", pl.lit(TREATMENTS).alias("touches"))
    known = pl.concat([facts, members, named, any_drug], how="vertical_relaxed").unique()
    left = rows.join(known, on=["patient", "touches"], how="anti").with_columns(pl.col("touches").str.split("/").list.first())
    return pl.concat([unread.filter(~asked), left])


def _ended_with_life(people: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Of people who have died nothing goes on: what was going on ended with that day (`exchange.fhir.scope.end_with_life`)."""
    if "died" not in people.columns or not rows.height or "end" not in rows.columns:
        return rows
    died = people["died"].gather(rows["patient"])
    going = pl.col("end").is_null() & pl.col("died").is_not_null()
    if "ongoing" in rows.columns:
        going = going & (pl.col("ongoing").fill_null(False) | pl.col("unsure")) & ~pl.col("planned")
    over = rows.with_columns(died.alias("died")).with_columns(going.alias("going"))
    changed = [
        pl.when("going").then(pl.max_horizontal("start", "died")).otherwise("end").alias("end"),
        *(
            pl.when("going").then(False).otherwise(pl.col(name)).alias(name)
            for name in ("ongoing", "unsure")
            if name in rows.columns
        ),
    ]
    return over.with_columns(changed).drop("died", "going")


def _seen_to_the_end(people: pl.DataFrame, parts: list[tuple[pl.DataFrame, pl.DataFrame]]) -> pl.DataFrame:
    """Who was being treated when they died was seen until then, as a bundle of one person has it (a supply may outlast the person)."""
    if "last_seen" not in people.columns or "died" not in people.columns:
        return people
    last = people["last_seen"]
    for before, after in parts:
        if "end" not in before.columns:
            continue
        rows = after.filter(before["end"].is_null() & after["end"].is_not_null())
        if "supply" in rows.columns:
            rows = rows.filter(pl.col("supply").is_null())
        ends = rows.group_by("patient").agg(pl.col("end").max())
        found = pl.DataFrame({"patient": pl.arange(people.height, eager=True, dtype=pl.UInt32)})
        found = found.join(ends, on="patient", how="left", maintain_order="left")
        last = pl.select(pl.max_horizontal(last, found["end"])).to_series()
    return people.with_columns(last.alias("last_seen"))


def _seen(days: list[str]) -> pl.Expr:
    """The last of some days on which anybody can have been seen: what is dated in the future tells of no day."""
    return pl.max_horizontal(pl.when(pl.col(day) <= dt.date.today()).then(pl.col(day)) for day in days).max()


def _has(rows: pl.DataFrame) -> pl.Expr:
    """Who stands in these rows."""
    return pl.int_range(pl.len(), dtype=pl.UInt32).is_in(rows["patient"].unique().implode())


def whole(events: Events) -> dt.date | None:
    """The last day on which anything is recorded of anybody."""
    last = events.patients["last_seen"].max()
    return last if isinstance(last, dt.date) else None
