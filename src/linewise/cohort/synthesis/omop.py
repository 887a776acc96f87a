"""OMOP CDM 5.4 tables of an invented cohort, as CSV. Concept ids are local ones (above two thousand million); `concept` says what they stand for.

A result that takes several codes at once (a gene, its change and its origin) has no place in one row: it stays out, and is listed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from ..events import Events, made
from .coding import Body, Coding

_LOCAL = 2_000_000_001
_FEMALE, _MALE = 8532, 8507
_VOCABULARIES = {
    "http://loinc.org": "LOINC",
    "http://snomed.info/sct": "SNOMED",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
}


class OmopWriter:
    """Writes a cohort in one part."""

    def __init__(self, coding: Coding) -> None:
        self.coding = coding
        self.concepts: dict[tuple[str, str], int] = {}
        self.left_out: set[str] = set()

    def write(self, events: Events, folder: Path) -> Events:
        """Write the tables; returns the truth of what was written."""
        folder.mkdir(parents=True, exist_ok=True)
        entries = self._entries(events)
        drugs = self._drugs(events)
        turns = self._turns(events)
        people = events.patients.select(
            (pl.int_range(pl.len()) + 1).alias("person_id"), pl.col("birth").dt.year().alias("year_of_birth"),
            pl.col("birth").dt.month().alias("month_of_birth"), pl.col("birth").dt.day().alias("day_of_birth"), pl.col("id").alias("person_source_value"),
        )  # fmt: skip
        male = events.entries_of["sex"].filter(pl.col("text") == "male")["patient"] + 1
        people.with_columns(
            pl.when(pl.col("person_id").is_in(male.implode())).then(_MALE).otherwise(_FEMALE).alias("gender_concept_id")
        ).write_csv(folder / "person.csv")
        whole = pl.concat([entries, turns], how="diagonal")
        self._conditions(whole.filter(pl.col("kind") == "Condition")).write_csv(folder / "condition_occurrence.csv")
        self._measurements(whole.filter(pl.col("kind") == "Observation")).write_csv(folder / "measurement.csv")
        self._exposures(drugs).write_csv(folder / "drug_exposure.csv")
        died = events.patients.select((pl.int_range(pl.len()) + 1).alias("person_id"), pl.col("died").alias("death_date"))
        died.filter(pl.col("death_date").is_not_null()).write_csv(folder / "death.csv")
        rows = [
            {"concept_id": number, "vocabulary_id": system, "concept_code": code}
            for (system, code), number in self.concepts.items()
        ]
        pl.DataFrame(rows).write_csv(folder / "concept.csv")
        kept = events.entries.filter(pl.col("fact").is_in(["sex", "metastatic"]))
        return made(
            {
                "patients": events.patients, "entries": pl.concat([kept, entries], how="diagonal"), "events": events.events, "administrations": drugs,
                "medications": events.medications.clear(),
            }
        )  # fmt: skip

    def _concept(self, concept: Body | None) -> int | None:
        if not concept or "coding" not in concept:
            return None
        one = concept["coding"][0]
        key = (_VOCABULARIES.get(one["system"], one["system"]), one["code"])
        return self.concepts.setdefault(key, _LOCAL + len(self.concepts))

    def _coded(self, key: tuple[Any, ...], body: Body | None) -> dict[str, Any] | None:
        """A body as the cells of a row, or None where it does not fit into one."""
        if body is None or "component" in body or "bodySite" in body:
            return None
        value, code = body.get("valueCodeableConcept"), self._concept(body["code"])
        said = {
            "value": self._concept(value),
            "unit": body.get("valueQuantity", {}).get("code"),
            "words": body.get("valueString"),
        }
        if code is None or (value is not None and said["value"] is None):
            return None
        return dict(zip(("fact", "text"), key, strict=True)) | {"kind": body["resourceType"], "code": code} | said

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
        growth, cancer = self.coding.turn("progression"), self.coding.cancer()
        rows: list[tuple[str, str, int | None, int | None]] = [("diagnosis", "Condition", self._concept(cancer["code"]), None)]
        if growth is not None:
            rows.append(
                ("progression", "Observation", self._concept(growth["code"]), self._concept(growth["valueCodeableConcept"]))
            )
        cells = pl.DataFrame(
            rows, schema={"what": pl.String, "kind": pl.String, "code": pl.Int64, "value": pl.Int64}, orient="row"
        )
        found = events.events.filter(pl.col("what").is_in(["diagnosis", "progression"]))
        spread = events.events.filter(pl.col("what") == "metastatic").group_by("patient").agg(pl.col("on").min())
        without = spread.join(found.filter(pl.col("what") == "diagnosis"), on="patient", how="anti").with_columns(
            pl.lit("diagnosis").alias("what")
        )
        return pl.concat([found, without], how="diagonal").join(cells, on="what", how="inner")

    def _drugs(self, events: Events) -> pl.DataFrame:
        rows = []
        for drug in sorted(events.administrations["drug"].unique().to_list()):
            body = self.coding.drug(drug, "MedicationStatement")
            code = self._concept(body["medicationCodeableConcept"]) if body else None
            if code is not None:
                rows.append({"drug": drug, "code": code})
        found = events.administrations.join(pl.DataFrame(rows), on="drug", how="inner")
        # OMOP wants an end: of what goes on, the last day of the data.
        last = events.patients["last_seen"].gather(found["patient"])
        end = pl.when(pl.col("ongoing")).then(pl.lit(last)).otherwise(pl.col("end"))
        # Why a treatment ended is free text in OMOP, and nobody writes it.
        return found.with_columns(
            end.alias("end"), pl.lit(False).alias("ongoing"), pl.lit(None, dtype=pl.String).alias("stopped_for")
        )

    @staticmethod
    def _conditions(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select(
            pl.int_range(1, pl.len() + 1).alias("condition_occurrence_id"), (pl.col("patient") + 1).alias("person_id"),
            pl.col("code").alias("condition_concept_id"), pl.col("on").alias("condition_start_date"),
        )  # fmt: skip

    @staticmethod
    def _measurements(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select(
            pl.int_range(1, pl.len() + 1).alias("measurement_id"), (pl.col("patient") + 1).alias("person_id"),
            pl.col("code").alias("measurement_concept_id"), pl.col("on").alias("measurement_date"), pl.col("number").alias("value_as_number"),
            pl.col("value").alias("value_as_concept_id"), pl.col("unit").alias("unit_source_value"), pl.col("words").alias("value_source_value"),
        )  # fmt: skip

    @staticmethod
    def _exposures(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select(
            pl.int_range(1, pl.len() + 1).alias("drug_exposure_id"), (pl.col("patient") + 1).alias("person_id"),
            pl.col("code").alias("drug_concept_id"), pl.col("start").alias("drug_exposure_start_date"),
            pl.coalesce("end", "start").alias("drug_exposure_end_date"), pl.lit(None, dtype=pl.String).alias("stop_reason"),
        )  # fmt: skip
