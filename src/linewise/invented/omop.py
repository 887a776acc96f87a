"""OMOP CDM 5.4 tables of an invented cohort, as CSV. Concept ids are local ones (above two thousand million); `concept` says what they stand for.

Places of spread are cancer modifiers and growth is an episode, under the ids that OMOP has for them. What has no place in one row stays out of the truth, and
is listed: results that take several codes at once (a gene, its change and its origin), where tissue came from, why a treatment ended, intolerances, and
that something goes on: OMOP wants an end, which is the last day of the data.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl

from linewise.bulk.concepts import rules_of
from linewise.columns.events import Events, made

from .coding import Body, Coding

_LOCAL = 2_000_000_001
_VOCABULARIES = {
    "http://loinc.org": "LOINC",
    "http://snomed.info/sct": "SNOMED",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
}
_EXPOSURE = {"given": "EHR administration record", "handed": "EHR dispensing record", "told": "EHR"}


class OmopWriter:
    """Writes the parts of a cohort behind each other."""

    def __init__(self, coding: Coding) -> None:
        self.coding = coding
        self.concepts: dict[tuple[str, str, str], int] = {}
        self.left_out: set[str] = {"where tissue came from", "why a treatment ended", "that a treatment goes on", "intolerances"}
        self._rows: Counter[str] = Counter()
        self._types = {name: self._named("Type Concept", name, name) for name in _EXPOSURE.values()}
        own: dict[str, int] = {}
        rules = rules_of(coding.codes)
        self._genders = {word: int(number) for number, word in rules["genders"].items()}
        for rule in reversed(rules["concepts"]):
            for said in (rule.get("condition"), rule.get("value")):
                for code in (said or {}).values():
                    own |= {str(code): int(number) for number in rule.get("ids", ())[:1]}
        self._own = own

    def write(self, events: Events, folder: Path) -> Events:
        """Write one part; returns the truth of what was written."""
        folder.mkdir(parents=True, exist_ok=True)
        entries, drugs, turns = self._entries(events), self._drugs(events), self._turns(events)
        rows = pl.concat([entries, turns], how="diagonal").sort("patient", maintain_order=True)
        self._append(folder, "person", self._persons(events))
        for table, kind in (
            ("condition_occurrence", "Condition"), ("measurement", "measurement"), ("observation", "observation"),
            ("procedure_occurrence", "Procedure"), ("episode", "episode"),
        ):  # fmt: skip
            self._append(folder, table, getattr(self, f"_{table}")(rows.filter(pl.col("kind") == kind)))
        self._append(folder, "drug_exposure", self._exposures(drugs))
        died = events.patients.select(_person(pl.int_range(pl.len())), pl.col("died").alias("death_date"))
        self._append(folder, "death", died.filter(pl.col("death_date").is_not_null()), number=False)
        self._concepts().write_csv(folder / "concept.csv")
        self._rows["person"] += len(events)
        whole = events.entries.filter(pl.col("fact").is_in(["sex", "metastatic"]))
        besides = pl.col("drug").is_in(sorted(self.coding.codes.anticancer))
        return made(
            {
                "patients": events.patients, "entries": pl.concat([whole, entries], how="diagonal"),
                "events": pl.concat([events.events.filter(pl.col("what") == "metastatic"), turns.select("patient", "what", "on", "site")], how="diagonal"),
                "administrations": drugs.filter(besides), "medications": drugs.filter(~besides & pl.col("end").is_not_null()),
            }
        )  # fmt: skip

    def _append(self, folder: Path, table: str, rows: pl.DataFrame, number: bool = True) -> None:
        """Rows behind those of the parts before, with a key of their own and the persons' numbers moved on."""
        before, path = self._rows[table], folder / f"{table}.csv"
        if "person_id" in rows.columns:
            rows = rows.with_columns(pl.col("person_id") + self._rows["person"])
        if number and table != "person":
            rows = rows.select(pl.int_range(before + 1, before + rows.height + 1).alias(f"{table}_id"), pl.all())
            self._rows[table] += rows.height
        with path.open("ab" if self._rows["person"] else "wb") as out:
            rows.write_csv(out, include_header=not self._rows["person"])

    # Concepts

    def _named(self, vocabulary: str, code: str, name: str) -> int:
        return self.concepts.setdefault((vocabulary, code, name), _LOCAL + len(self.concepts))

    def _concept(self, concept: Body | None) -> int | None:
        if not concept or "coding" not in concept:
            return None
        one = concept["coding"][0]
        return self._named(_VOCABULARIES.get(one["system"], one["system"]), one["code"], "")

    def _concepts(self) -> pl.DataFrame:
        rows = [(number, name, vocabulary, code) for (vocabulary, code, name), number in self.concepts.items()]
        return pl.DataFrame(rows, schema=["concept_id", "concept_name", "vocabulary_id", "concept_code"], orient="row")

    # Statements

    def _coded(self, key: tuple[Any, ...], body: Body | None) -> dict[str, Any] | None:
        """A body as the cells of a row, or None where it does not fit into one."""
        if body is None or "component" in body or "bodySite" in body:
            return None
        value, code = body.get("valueCodeableConcept"), self._concept(body["code"])
        kind = body["resourceType"]
        own = self._own.get(body["code"]["coding"][0]["code"]) if code is not None and kind == "Condition" else None
        if kind == "Observation":  # LOINC speaks of measurements; what is observed in other words is an observation
            kind = "measurement" if body["code"].get("coding", [{}])[0].get("system") == "http://loinc.org" else "observation"
        said = {
            "value": self._concept(value), "unit": body.get("valueQuantity", {}).get("code"), "words": body.get("valueString"),
            "source": body["code"].get("text"),
        }  # fmt: skip
        if value is not None and said["value"] is None:
            return None
        cells = {"kind": "measurement" if own else kind, "code": own or code or 0} | said
        return dict(zip(("fact", "text"), key, strict=True)) | cells

    def _entries(self, events: Events) -> pl.DataFrame:
        """Entries that fit, each with its cells. OMOP says nothing of where tissue came from: the result of the metastasis is the later one."""
        rows = []
        keys = (
            events.entries.filter(~pl.col("fact").is_in(["sex", "metastatic"]))
            .select("fact", "text")
            .unique()
            .sort("fact", "text")
        )
        for fact, text in keys.iter_rows():
            about = self.coding.knowledge.facts[fact]
            value = text if text is not None else float(round(sum(about.range or (0, 2)) / 2))
            cells = self._coded((fact, text), self.coding.entry(fact, value))
            if cells is None:
                self.left_out.add(f"{fact}: {text or 'number'}")
            else:
                rows.append(cells)
        found = events.entries.join(
            pl.DataFrame(rows, infer_schema_length=None), on=["fact", "text"], how="inner", nulls_equal=True
        )
        return found.with_columns(pl.lit(None, dtype=pl.String).alias("specimen"))

    def _turns(self, events: Events) -> pl.DataFrame:
        """The diagnosis, which everybody has; operations; and growth, as an episode."""
        growth, operation = self.coding.turn("progression"), self.coding.operation("breast")
        rows = [("diagnosis", "Condition", self._concept(self.coding.cancer()["code"]))]
        if growth is not None:
            said = self.coding.codes
            worse = [number for code, number in self._own.items() if _word(said, code) == "worsening"]
            rows.append(("progression", "episode", worse[0] if worse else None))
        if operation is not None:
            rows.append(("surgery", "Procedure", self._concept(operation["code"])))
        cells = pl.DataFrame(rows, schema={"what": pl.String, "kind": pl.String, "code": pl.Int64}, orient="row")
        found = events.events.filter(pl.col("what") != "metastatic")
        spread = (
            events.events.filter(pl.col("what") == "metastatic").group_by("patient", maintain_order=True).agg(pl.col("on").min())
        )
        known = found.filter(pl.col("what") == "diagnosis")
        without = spread.join(known, on="patient", how="anti", maintain_order="left").with_columns(
            pl.lit("diagnosis").alias("what")
        )
        return pl.concat([found, without], how="diagonal").join(
            cells.drop_nulls("code"), on="what", how="inner", maintain_order="left"
        )

    def _drugs(self, events: Events) -> pl.DataFrame:
        """Medicines with their concepts. Of what goes on, the end is the last day of the data; why a treatment ended is free text, and nobody writes it."""
        besides = events.medications.with_columns(pl.lit(True).alias("ongoing"), pl.lit(False).alias("planned"))
        given = pl.concat([events.administrations, besides], how="diagonal")
        rows = []
        for drug in sorted(given["drug"].unique().to_list()):
            body = self.coding.drug(drug, "MedicationStatement")
            code = self._concept(body["medicationCodeableConcept"]) if body else None
            rows.append(
                {"drug": drug, "code": code or 0, "source": body["medicationCodeableConcept"].get("text") if body else None}
            )
        found = given.join(pl.DataFrame(rows, infer_schema_length=None), on="drug", how="inner", maintain_order="left")
        last = events.patients["last_seen"].gather(found["patient"])
        end = pl.when(pl.col("ongoing").fill_null(False)).then(pl.lit(last)).otherwise(pl.col("end"))
        found = found.with_columns(end.alias("end"), pl.lit(None, dtype=pl.String).alias("stopped_for"))
        single = pl.col("end").is_null() | ((pl.col("end") == pl.col("start")) & pl.col("supply").is_null())
        over = pl.when(~single & pl.col("supply").is_null()).then(pl.lit(False))
        return found.with_columns(pl.when(~single).then(pl.col("end")).alias("end"), over.alias("ongoing"))

    # Tables

    def _persons(self, events: Events) -> pl.DataFrame:
        male = events.entries_of["sex"].filter(pl.col("text") == "male")["patient"]
        number = pl.int_range(pl.len())
        return events.patients.select(
            _person(number), pl.when(number.is_in(male.implode())).then(self._genders["male"]).otherwise(self._genders["female"]).alias("gender_concept_id"),
            pl.col("birth").dt.year().alias("year_of_birth"), pl.col("birth").dt.month().alias("month_of_birth"), pl.col("birth").dt.day().alias("day_of_birth"),
            pl.col("id").alias("person_source_value"),
        )  # fmt: skip

    @staticmethod
    def _condition_occurrence(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select(
            _person(), pl.col("code").alias("condition_concept_id"), pl.col("on").alias("condition_start_date"),
            pl.lit(None, dtype=pl.Date).alias("condition_end_date"), pl.col("source").alias("condition_source_value"),
        )  # fmt: skip

    @staticmethod
    def _procedure_occurrence(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select(_person(), pl.col("code").alias("procedure_concept_id"), pl.col("on").alias("procedure_date"))

    @staticmethod
    def _episode(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select(
            _person(),
            pl.col("code").alias("episode_concept_id"),
            pl.col("on").alias("episode_start_date"),
            pl.lit(0).alias("episode_object_concept_id"),
        )

    @staticmethod
    def _measurement(rows: pl.DataFrame) -> pl.DataFrame:
        return _valued(rows, "measurement").with_columns(
            rows["unit"].alias("unit_source_value"), rows["words"].alias("value_source_value")
        )

    @staticmethod
    def _observation(rows: pl.DataFrame) -> pl.DataFrame:
        return _valued(rows, "observation").with_columns(
            rows["unit"].alias("unit_source_value"), rows["words"].alias("value_as_string")
        )

    def _exposures(self, rows: pl.DataFrame) -> pl.DataFrame:
        handed, given = pl.col("supply").is_not_null(), pl.col("end").is_null()
        kind = (
            pl.when(handed)
            .then(self._types[_EXPOSURE["handed"]])
            .when(given)
            .then(self._types[_EXPOSURE["given"]])
            .otherwise(self._types[_EXPOSURE["told"]])
        )
        days = (pl.col("end") - pl.col("start")).dt.total_days() + 1
        return rows.sort("patient", maintain_order=True).select(
            _person(), pl.col("code").alias("drug_concept_id"), pl.col("start").alias("drug_exposure_start_date"),
            pl.coalesce("end", "start").alias("drug_exposure_end_date"), kind.alias("drug_type_concept_id"), pl.when(handed).then(days).alias("days_supply"),
            pl.lit(None, dtype=pl.String).alias("stop_reason"), pl.col("source").alias("drug_source_value"),
        )  # fmt: skip


def _person(number: pl.Expr | None = None) -> pl.Expr:
    return ((pl.col("patient") if number is None else number).cast(pl.Int64) + 1).alias("person_id")


def _valued(rows: pl.DataFrame, stem: str) -> pl.DataFrame:
    return rows.select(
        _person(), pl.col("code").alias(f"{stem}_concept_id"), pl.col("on").alias(f"{stem}_date"), pl.col("number").alias("value_as_number"),
        pl.col("value").alias("value_as_concept_id"), pl.col("source").alias(f"{stem}_source_value"),
    )  # fmt: skip


def _word(codes: Any, code: str) -> str:
    meaning = codes.meaning("snomed", code)
    return meaning.word if meaning is not None else ""
