"""OMOP CDM 5.4: its tables, written as the resources that they stand for, and read like them.

CSV or Parquet; a live database is copied by `database`. Concepts are looked up in `concept`; where that table is missing, what stands
in the `_source_value` columns is read as text. A table or a column that is not there is counted, and the rest is read.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewise.errors import RecordError
from linewise.exchange import Codes

from .faults import Faults
from .resources import KINDS
from .scan import Scanner, columns_of
from .templates import Templates

if TYPE_CHECKING:
    from .run import Source

TABLES = (
    "person",
    "concept",
    "condition_occurrence",
    "drug_exposure",
    "measurement",
    "observation",
    "procedure_occurrence",
    "death",
)
_ROWS_A_PART = 12_000_000
# Names of code systems in OMOP that are not names of theirs elsewhere.
_SYSTEMS = "CASE c.vocabulary_id WHEN 'ICD10CM' THEN 'ICD-10-CM' WHEN 'ICD10' THEN 'ICD-10' WHEN 'ICD9CM' THEN 'ICD-9-CM' ELSE c.vocabulary_id END"

# For each table: the resource, and what its members are made of. `{x}` is a column (`{?x}` one that may be missing), `[x]` a coded concept of the column x.
_RESOURCES: dict[str, tuple[str, dict[str, str]]] = {
    "condition_occurrence": (
        "Condition",
        {"id": "{condition_occurrence_id}", "code": "[condition]", "onsetDateTime": "{condition_start_date}", "abatementDateTime": "{?condition_end_date}"},
    ),
    "measurement": (
        "Observation",
        {"id": "'m' || {measurement_id}", "status": "'\"final\"'", "code": "[measurement]", "effectiveDateTime": "{measurement_date}"},
    ),
    "observation": (
        "Observation",
        {"id": "'o' || {observation_id}", "status": "'\"final\"'", "code": "[observation]", "effectiveDateTime": "{observation_date}"},
    ),
    "procedure_occurrence": (
        "Procedure",
        {"id": "{procedure_occurrence_id}", "status": "'\"completed\"'", "code": "[procedure]", "performedDateTime": "{procedure_date}"},
    ),
    "drug_exposure": ("MedicationStatement", {"id": "{drug_exposure_id}", "medicationCodeableConcept": "[drug]"}),
}  # fmt: skip


def files_of(path: Path) -> dict[str, str]:
    """For each OMOP table in a folder, the DuckDB expression that reads it."""
    found = {}
    for name in TABLES if path.is_dir() else ():
        for ending, reader in (
            (".parquet", "read_parquet('{}')"),
            (".csv", "read_csv('{}', all_varchar=true)"),
            (".csv.gz", "read_csv('{}', all_varchar=true)"),
        ):
            for file in path.iterdir():
                if file.name.lower() == name + ending:
                    found[name] = reader.format(str(file).replace("'", "''"))
    return found


def is_omop(path: Path) -> bool:
    """Whether a folder holds OMOP tables."""
    return "person" in files_of(path)


def read_omop(
    path: Path, work: Path, codes: Codes, memory: str, progress: Callable[[str], None], threads: int | None = None
) -> Source:
    """Read the tables of a folder into `work`. Raises RecordError where there is no table of persons."""
    from .run import put_together

    tables = files_of(path)
    if "person" not in tables:
        raise RecordError(str(path), "there is no OMOP table of persons here.")
    faults, templates = Faults(work / "faults.ndjson"), Templates(codes)
    work.mkdir(parents=True, exist_ok=True)
    state = {"files": {file.name: file.stat().st_size for file in sorted(path.iterdir()) if file.is_file()}}
    scanner = Scanner(work, templates, faults, 1, memory, threads)
    reader = _Reader(scanner, tables, faults)
    scanner.parts = state["parts"] = max(1, -(-reader.rows() // _ROWS_A_PART))  # type: ignore[assignment]
    scanner.query("person", "Patient", reader.persons(), state)
    for table, (kind, members) in _RESOURCES.items():
        if table in tables:
            progress(f"reading {table}")
            scanner.query(table, kind, reader.resources(table, kind, members), state)
        else:
            faults.count(f"a table that is missing: {table}")
    return put_together(work, scanner.parts, faults, progress)


class _Reader:
    """Writes the queries. A column that a table does not have is taken as empty, and counted once."""

    def __init__(self, scanner: Scanner, tables: dict[str, str], faults: Faults) -> None:
        self.scanner, self.tables, self.faults = scanner, tables, faults
        self._columns = {table: self._names(source) for table, source in tables.items()}

    def _names(self, source: str) -> set[str]:
        return {str(row[0]).lower() for row in self.scanner.database.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}

    def rows(self) -> int:
        counts = [
            self.scanner.database.execute(f"SELECT count(*) FROM {self.tables[name]}").fetchone()
            for name in _RESOURCES
            if name in self.tables
        ]
        return sum(int(count[0]) for count in counts if count)

    def _column(self, table: str, name: str, needed: bool = True) -> str:
        if name in self._columns[table]:
            return f"t.{name}::VARCHAR"
        if needed:
            self.faults.count(f"a column that is missing: {table}.{name}")
        return "NULL::VARCHAR"

    def _concept(self, table: str, stem: str) -> tuple[str, str]:
        """A coded concept of a table's column as JSON, and the join that it needs."""
        source = self._column(table, f"{stem}_source_value", needed=False)
        if "concept" not in self.tables:
            return f"CASE WHEN {source} IS NOT NULL THEN json_object('text', {source}) END", ""
        join = f"LEFT JOIN {self.tables['concept']} {stem}_c ON {stem}_c.concept_id::VARCHAR = {self._column(table, f'{stem}_concept_id')}"
        about = f"{stem}_c"
        coding = f"json_object('system', {_SYSTEMS.replace('c.', about + '.')}, 'code', {about}.concept_code::VARCHAR)"
        return (
            f"CASE WHEN {about}.concept_code IS NOT NULL THEN json_object('coding', json_array({coding})) "
            f"WHEN {source} IS NOT NULL THEN json_object('text', {source}) END",
            join,
        )

    def persons(self) -> str:
        """Persons as patients."""
        year = self._column("person", "year_of_birth")
        month, day = (self._column("person", f"{part}_of_birth", False) for part in ("month", "day"))
        month, day = (f"lpad(coalesce(nullif({part}, ''), '1'), 2, '0')" for part in (month, day))
        died, join = "NULL::VARCHAR", ""
        if "death" in self.tables:
            died, join = (
                "d.death_date::VARCHAR",
                f"LEFT JOIN {self.tables['death']} d ON d.person_id::VARCHAR = t.person_id::VARCHAR",
            )
        gender = (
            f"CASE {self._column('person', 'gender_concept_id')} WHEN '8532' THEN '\"female\"' WHEN '8507' THEN '\"male\"' END"
        )
        birth = f"{year} || '-' || {month} || '-' || {day}"
        made = {"id": self._column("person", "person_id"), "gender": gender, "birthDate": birth, "deceasedDateTime": died}
        return self._select("person", "Patient", made, [join])

    def resources(self, table: str, kind: str, members: dict[str, str]) -> str:
        """One table as resources."""
        joins: list[str] = []
        made = {}
        for name, text in members.items():
            if text.startswith("["):
                made[name], join = self._concept(table, text[1:-1])
                joins.append(join)
            else:
                start, _, rest = text.partition("{")
                made[name] = start + (self._column(table, rest[:-1].lstrip("?"), not rest.startswith("?")) if rest else "")
        if kind == "Observation":
            joins += self._value(table, made)
        if kind == "MedicationStatement":
            self._exposure(table, made)
        made["subject"] = f"{{'reference': {self._column(table, 'person_id')}, 'identifier': NULL::JSON}}"
        return self._select(table, kind, made, joins)

    def _value(self, table: str, made: dict[str, str]) -> list[str]:
        value, join = ("NULL", "")
        if "value_as_concept_id" in self._columns[table]:
            value, join = self._concept(table, "value_as") if "concept" in self.tables else ("NULL", "")
        number = f"try_cast({self._column(table, 'value_as_number', False)} AS DOUBLE)"
        unit = self._column(table, "unit_source_value", False)
        quantity = f"json_object('value', {number}, 'unit', {unit}, 'code', {unit})"
        made["valueCodeableConcept"] = f"CASE WHEN {number} IS NULL THEN {value} END"
        made["valueQuantity"] = f"CASE WHEN {number} IS NOT NULL THEN {quantity} END"
        said = self._column(table, "value_source_value", False)
        made["valueString"] = f"CASE WHEN {number} IS NULL AND ({value}) IS NULL AND {said} <> '' THEN to_json({said}) END"
        return [join]

    def _exposure(self, table: str, made: dict[str, str]) -> None:
        """An exposure of one day is a single administration; one of several is a span."""
        start, end = self._column(table, "drug_exposure_start_date"), self._column(table, "drug_exposure_end_date", False)
        span = f"{end} IS NOT NULL AND {end} <> '' AND {end} <> {start}"
        made["effectivePeriod"] = f"CASE WHEN {span} THEN {{'start': {start}, 'end': {end}}} END"
        made["effectiveDateTime"] = f"CASE WHEN NOT ({span}) OR {end} IS NULL THEN {start} END"
        made["status"] = "'\"completed\"'"
        why = self._column(table, "stop_reason", False)
        made["statusReason"] = f"CASE WHEN {why} <> '' THEN json_array(json_object('text', {why})) END"

    def _select(self, table: str, kind: str, made: dict[str, str], joins: list[str]) -> str:
        parts = [f"'{kind}' AS resourceType"]
        for name, sql in columns_of(KINDS[kind]).items():
            if name == "resourceType":
                continue
            value: Any = made.get(name, "NULL")
            cast = "VARCHAR" if name == "id" else sql
            parts.append(f"({value})::{cast} AS {name}" if cast != "JSON" else f"({value})::JSON AS {name}")
        return f"SELECT {', '.join(parts)} FROM {self.tables[table]} t {' '.join(joins)}"
