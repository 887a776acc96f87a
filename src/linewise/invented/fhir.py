"""FHIR bulk export of an invented cohort: NDJSON by type, as whole columns of text, with the faults that real exports have.

What cannot be coded is left out of the truth as well, so that whoever reads the files can be held to the truth.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl

from linewise.columns.events import Events, made

from .coding import Body, Coding

_MEDICINES = ("MedicationStatement", "MedicationAdministration", "MedicationDispense")
_HOLE = "\x00"  # where the number of a measurement goes
_DATES = {
    "Observation": "effectiveDateTime", "Condition": "onsetDateTime", "Procedure": "performedDateTime", "AllergyIntolerance": "recordedDate",
    "MedicationAdministration": "effectiveDateTime", "MedicationDispense": "whenHandedOver",
}  # fmt: skip


class Writer:
    """Writes parts of a cohort. Every different statement is coded once, however many parts there are."""

    def __init__(self, coding: Coding, plan: Mapping[str, Any]) -> None:
        self.coding, self.plan = coding, plan
        self._entries: dict[tuple[str, str | None, str | None], str | None] = {}
        self._drugs: dict[tuple[str, str | None, str], str | None] = {}
        self._reactions: dict[tuple[str, str], str | None] = {}

    def write(self, events: Events, folder: Path, part: int, seed: int, compress: bool = False) -> tuple[Events, dict[str, int]]:
        """Write one part; returns the truth of what was written, and how many faults of each kind were put in."""
        truth, tables = self._tables(events)
        chance = np.random.default_rng([seed, 7, part])
        faults: dict[str, int] = {}
        folder.mkdir(parents=True, exist_ok=True)
        for kind, lines in tables.items():
            lines = self._damaged(kind, lines, chance, faults)
            ending = ".ndjson.gz" if compress else ".ndjson"
            target = folder / f"{kind}.{part:03d}{ending}"
            if compress:
                target.write_bytes(gzip.compress(("\n".join(lines.to_list()) + "\n").encode(), 1))
            else:
                lines.to_frame("line").write_csv(target, include_header=False, quote_style="never", separator="\x1f")
        return truth, faults

    # Text

    def _tables(self, events: Events) -> tuple[Events, dict[str, pl.Series]]:
        entries = events.entries.join(self._coded(events.entries), on=["fact", "text", "specimen"], how="left", nulls_equal=True)
        whole = entries.filter(pl.col("fact").is_in(["sex", "metastatic"]))
        entries = entries.filter(pl.col("body").is_not_null())
        drugs = self._medicines(events)
        reactions = self._harms(events.reactions)
        turns = self._turns(events)
        truth = made(
            {
                "patients": events.patients, "events": events.events, "courses": events.courses, "entries": pl.concat([whole, entries], how="diagonal"),
                "administrations": drugs.filter(pl.col("taken") == "administrations"), "medications": drugs.filter(pl.col("taken") == "medications"),
                "reactions": reactions,
            }
        )  # fmt: skip
        ids = events.patients["id"]
        statements = pl.concat([entries.select("patient", "on", "body", "number"), turns], how="diagonal")
        lines = {"Patient": self._people(events)}
        for kind in ("Observation", "Condition", "Procedure"):
            lines[kind] = self._lines(kind, statements.filter(pl.col("body").str.starts_with(f'"{kind}"')), ids)
        lines |= {kind: self._given(kind, drugs.filter(pl.col("kind") == kind), ids) for kind in _MEDICINES}
        lines["AllergyIntolerance"] = self._lines(
            "AllergyIntolerance", reactions.with_columns(pl.lit(None, dtype=pl.Date).alias("on")), ids
        )
        return truth, lines

    def _coded(self, entries: pl.DataFrame) -> pl.DataFrame:
        """The text of each different statement."""
        keys = entries.select("fact", "text", "specimen", pl.col("number").is_not_null().alias("numeric")).unique()
        keys = keys.filter(~pl.col("fact").is_in(["sex", "metastatic"]))
        rows = []
        for fact, text, specimen, numeric in keys.sort("fact", "text", "specimen").iter_rows():
            key = (fact, text, specimen)
            if key not in self._entries:
                self._entries[key] = self._entry(fact, text, specimen, numeric)
            rows.append((*key, self._entries[key]))
        schema = {"fact": pl.String, "text": pl.String, "specimen": pl.String, "body": pl.String}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def _entry(self, fact: str, text: str | None, specimen: str | None, numeric: bool) -> str | None:
        low = self.coding.knowledge.facts[fact].range
        value = float(round((low[0] + low[1]) / 2)) if numeric and low else text or 1.0
        body = self.coding.entry(fact, value, specimen)
        if body is None:
            return None
        if numeric:
            body["valueQuantity"]["value"] = _HOLE
        return _text(body)

    def _people(self, events: Events) -> pl.Series:
        sexes = events.entries_of["sex"].select("patient", "text")
        people = (
            events.patients.with_row_index("patient")
            .with_columns(pl.col("patient").cast(pl.UInt32))
            .join(sexes, on="patient", how="left")
        )
        died = pl.when(pl.col("died").is_not_null()).then(pl.format(',"deceasedDateTime":"{}"', "died")).otherwise(pl.lit(""))
        line = pl.concat_str(
            pl.lit('{"resourceType":"Patient","id":"'), "id", pl.lit('","gender":"'), "text",
            pl.lit('","birthDate":"'), pl.col("birth").cast(pl.String), pl.lit('"'), died, pl.lit("}"),
        )  # fmt: skip
        return people.sort("patient").select(line).to_series()

    def _lines(self, kind: str, rows: pl.DataFrame, ids: pl.Series) -> pl.Series:
        if not rows.height:
            return pl.Series([], dtype=pl.String)
        rows = rows.sort("patient", maintain_order=True)
        date = (
            pl.when(pl.col("on").is_null())
            .then(pl.lit(""))
            .otherwise(pl.concat_str(pl.lit(f',"{_DATES[kind]}":"'), pl.col("on").cast(pl.String), pl.lit('"')))
        )
        body = pl.col("body")
        if "number" in rows.columns:
            number = (
                pl.when(pl.col("number").is_null())
                .then(pl.lit(""))
                .otherwise(pl.col("number").cast(pl.String).str.replace(r"\.0$", ""))
            )
            parts = pl.col("body").str.split_exact(f'"{_escaped(_HOLE)}"', 1)
            head, tail = parts.struct.field("field_0"), parts.struct.field("field_1").fill_null("")
            body = pl.concat_str(head, number, tail)
        return rows.select(
            pl.concat_str(
                pl.lit('{"id":"'), pl.lit(kind[0].lower()), ids.gather(rows["patient"]), pl.lit("-"), pl.int_range(pl.len()).cast(pl.String),
                pl.lit('","subject":{"reference":"Patient/') if kind != "AllergyIntolerance" else pl.lit('","patient":{"reference":"Patient/'),
                ids.gather(rows["patient"]), pl.lit('"}'), date, pl.lit(',"resourceType":'), body,
            )
        ).to_series()  # fmt: skip

    # Medicines, harms, turns of the disease

    def _medicines(self, events: Events) -> pl.DataFrame:
        """Administrations and medicines besides, each with its text and where a reader puts it."""
        given = pl.concat(
            [
                events.administrations,
                events.medications.with_columns(pl.lit(True).alias("ongoing"), pl.lit(False).alias("planned")),
            ],
            how="diagonal",
        )
        # What is known to last or to have ended is stated; a single infusion is an administration; a supply is handed out.
        single = pl.col("ongoing").is_null() & pl.col("end").is_null()
        kind = pl.when(pl.col("supply").is_not_null()).then(pl.lit(_MEDICINES[2])).when(single).then(pl.lit(_MEDICINES[1]))
        given = given.with_columns(kind.otherwise(pl.lit(_MEDICINES[0])).alias("kind"))
        rows = []
        for key in given.select("drug", "stopped_for", "kind").unique().sort("drug", "stopped_for", "kind").iter_rows():
            if key not in self._drugs:
                self._drugs[key] = self._medicine(*key)
            rows.append((*key, self._drugs[key]))
        schema = {"drug": pl.String, "stopped_for": pl.String, "kind": pl.String, "body": pl.String}
        texts = pl.DataFrame(rows, schema=schema, orient="row")
        anticancer = pl.col("drug").is_in(sorted(self.coding.codes.anticancer))
        found = given.join(texts, on=["drug", "stopped_for", "kind"], how="left", nulls_equal=True).filter(
            pl.col("body").is_not_null()
        )
        return found.with_columns(
            pl.when(anticancer).then(pl.lit("administrations")).otherwise(pl.lit("medications")).alias("taken")
        )

    def _medicine(self, drug: str, why: str | None, kind: str) -> str | None:
        body = self.coding.drug(drug, "MedicationStatement")
        reason = self.coding.reason(why) if why else None
        if body is None or (why and reason is None):
            return None
        return _text(body | {"resourceType": kind} | ({"statusReason": [reason]} if reason else {}))

    def _given(self, kind: str, drugs: pl.DataFrame, ids: pl.Series) -> pl.Series:
        rows = drugs.sort("patient", maintain_order=True)
        if not rows.height:
            return pl.Series([], dtype=pl.String)
        start = pl.col("start").cast(pl.String)
        if kind == "MedicationStatement":
            end = (
                pl.when(pl.col("end").is_null())
                .then(pl.lit(""))
                .otherwise(pl.concat_str(pl.lit('","end":"'), pl.col("end").cast(pl.String)))
            )
            day = pl.concat_str(pl.lit(',"effectivePeriod":{"start":"'), start, end, pl.lit('"}'))
        else:
            day = pl.concat_str(pl.lit(f',"{_DATES[kind]}":"'), start, pl.lit('"'))
        if kind == "MedicationDispense":
            days = (pl.col("end") - pl.col("start")).dt.total_days() + 1
            day = pl.concat_str(day, pl.lit(',"daysSupply":{"value":'), days.cast(pl.String), pl.lit(',"unit":"d"}'))
        status = pl.when(pl.col("ongoing").fill_null(False)).then(pl.lit("active")).otherwise(pl.lit("completed"))
        return rows.select(
            pl.concat_str(
                pl.lit(f'{{"id":"{kind[10].lower()}'), ids.gather(rows["patient"]), pl.lit("-"), pl.int_range(pl.len()).cast(pl.String),
                pl.lit('","subject":{"reference":"Patient/'), ids.gather(rows["patient"]), pl.lit('"},"status":"'), status, pl.lit('"'),
                day, pl.lit(',"resourceType":'), pl.col("body"),
            )
        ).to_series()  # fmt: skip

    def _harms(self, reactions: pl.DataFrame) -> pl.DataFrame:
        rows = []
        for key in reactions.select("drug", "effect").unique().sort("drug", "effect").iter_rows():
            if key not in self._reactions:
                body = self.coding.reaction(*key)
                self._reactions[key] = _text(body) if body else None
            rows.append((*key, self._reactions[key]))
        texts = pl.DataFrame(rows, schema={"drug": pl.String, "effect": pl.String, "body": pl.String}, orient="row")
        return reactions.join(texts, on=["drug", "effect"], how="left").filter(pl.col("body").is_not_null())

    def _turns(self, events: Events) -> pl.DataFrame:
        coded = {
            "diagnosis": self.coding.cancer(),
            "progression": self.coding.turn("progression"),
            "surgery": self.coding.operation("breast"),
        }
        texts = {what: _text(body) for what, body in coded.items() if body}
        found = events.events.filter(pl.col("what").is_in(list(texts)))
        # Everybody has a diagnosis on record; of those whose disease had spread from the start, on the day of the spread.
        without = events.patients.with_row_index("patient").with_columns(pl.col("patient").cast(pl.UInt32))
        without = without.join(found.filter(pl.col("what") == "diagnosis"), on="patient", how="anti").select(
            "patient", pl.lit("diagnosis").alias("what")
        )
        found = pl.concat([found.select("patient", "what", "on"), without], how="diagonal")
        return found.with_columns(pl.col("what").replace_strict(texts, return_dtype=pl.String).alias("body")).select(
            "patient", "on", "body"
        )

    # Faults

    def _damaged(self, kind: str, lines: pl.Series, chance: np.random.Generator, faults: dict[str, int]) -> pl.Series:
        recording = self.plan["recording"]
        if not len(lines):
            return lines
        if kind == "Patient":
            nameless = self._some(lines, recording["nameless"], chance, faults, "nameless")
            return pl.concat([lines.rename("line"), nameless.str.replace('"id":"[^"]*",', "").rename("line")])
        extra = [lines, self._some(lines, recording["duplicate"], chance, faults, "duplicate")]
        wrong = self._some(lines, recording["unknown-code"], chance, faults, "unknown-code")
        extra.append(_renamed(wrong, "u").str.replace(r'"coding":\[\{"system":"[^"]*"', '"coding":[{"system":"urn:nobody-knows"'))
        if kind == "Observation":
            back = self._some(lines, recording["entered-in-error"], chance, faults, "entered-in-error")
            extra.append(_renamed(back, "e").str.replace('"status":"final"', '"status":"entered-in-error"', literal=True))
            measured = lines.filter(lines.str.contains('"valueQuantity"', literal=True))
            late = self._some(measured, recording["future"], chance, faults, "future")
            extra.append(_renamed(late, "f").str.replace('"effectiveDateTime":"20', '"effectiveDateTime":"21', literal=True))
            mad = self._some(measured, recording["impossible"], chance, faults, "impossible")
            extra.append(_renamed(mad, "i").str.replace('"value":[0-9.]+', '"value":987654'))
        broken = self._some(lines, recording["truncated"], chance, faults, "truncated")
        extra.append(broken.str.slice(0, 40))
        return pl.concat([one.rename("line") for one in extra])

    def _some(self, lines: pl.Series, share: float, chance: np.random.Generator, faults: dict[str, int], name: str) -> pl.Series:
        who = np.flatnonzero(chance.random(len(lines)) < share)
        faults[name] = faults.get(name, 0) + len(who)
        return lines.gather(who)


def _renamed(lines: pl.Series, letter: str) -> pl.Series:
    return lines.str.replace('{"id":"', '{"id":"' + letter, literal=True)


def _escaped(text: str) -> str:
    return msgspec.json.encode(text).decode().strip('"')


def _text(body: Body) -> str:
    """The body as the end of an object: its type first, without the name of that member."""
    kind = body["resourceType"]
    rest = msgspec.json.encode({name: value for name, value in body.items() if name not in ("resourceType",)}).decode()
    return f'"{kind}",{rest[1:]}'
