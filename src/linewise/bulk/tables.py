"""The tables of OMOP CDM 5.4 that are read, and which of their columns.

After https://ohdsi.github.io/CommonDataModel/cdm54.html. A table that is not named here, and a column that is not named here, is not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """One table. `key` tells its rows apart; `needed` are the columns whose absence is told, beside the key; the others may be missing."""

    key: str
    needed: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()  # of both, those that hold days
    numbers: tuple[str, ...] = ()  # and those that hold numbers

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.key, *self.needed, *self.others)


def _coded(stem: str) -> tuple[str, str]:
    return f"{stem}_source_concept_id", f"{stem}_source_value"


_VALUE = ("value_as_number", "value_as_concept_id", "value_source_value", "unit_concept_id", "unit_source_value")

TABLES: dict[str, Table] = {
    "person": Table(
        "person_id", ("gender_concept_id", "year_of_birth"), ("month_of_birth", "day_of_birth"), numbers=("year_of_birth", "month_of_birth", "day_of_birth")
    ),
    "death": Table("person_id", ("death_date",), dates=("death_date",)),
    "concept": Table("concept_id", ("vocabulary_id", "concept_code"), ("concept_name",)),
    "condition_occurrence": Table(
        "condition_occurrence_id", ("person_id", "condition_concept_id", "condition_start_date"), ("condition_end_date", *_coded("condition")),
        ("condition_start_date", "condition_end_date"),
    ),
    "drug_exposure": Table(
        "drug_exposure_id", ("person_id", "drug_concept_id", "drug_exposure_start_date"),
        ("drug_exposure_end_date", "verbatim_end_date", "days_supply", "stop_reason", "drug_type_concept_id", *_coded("drug")),
        ("drug_exposure_start_date", "drug_exposure_end_date", "verbatim_end_date"), ("days_supply",),
    ),
    "measurement": Table(
        "measurement_id", ("person_id", "measurement_concept_id", "measurement_date"), (*_VALUE, "operator_concept_id", *_coded("measurement")),
        ("measurement_date",), ("value_as_number",),
    ),
    "observation": Table(
        "observation_id", ("person_id", "observation_concept_id", "observation_date"), (*_VALUE, "value_as_string", *_coded("observation")),
        ("observation_date",), ("value_as_number",),
    ),
    "procedure_occurrence": Table(
        "procedure_occurrence_id", ("person_id", "procedure_concept_id", "procedure_date"), _coded("procedure"), ("procedure_date",)
    ),
    "episode": Table(
        "episode_id", ("person_id", "episode_concept_id", "episode_start_date"), ("episode_end_date", "episode_object_concept_id", "episode_source_value"),
        ("episode_start_date", "episode_end_date"),
    ),
}  # fmt: skip

COLUMNS = {name: frozenset(table.columns) for name, table in TABLES.items()}
VOCABULARY = frozenset({"concept"})
"""Tables that hospitals often keep in a schema or a folder of their own."""
EVENTS = tuple(name for name in TABLES if name not in ("person", "death", "concept"))
"""Tables of what happened to people."""
