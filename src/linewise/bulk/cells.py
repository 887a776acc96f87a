"""The SQL of OMOP: the rows of each table with person, days and cells, whatever the columns are called and however they are written.

Every row has `nth` (its number in the Parquet file), `place` (its line, row or key), `patient`, `id`, `d0` and `d1` (days), `said` (a hash of what it says apart
from whom and when), `bad_day` and `bad_value`, and the cells that `concepts` turns into a resource.
"""

from __future__ import annotations

from collections import Counter

import duckdb

from .staging import Part, quoted
from .tables import EVENTS, TABLES

_STEMS = {
    "condition_occurrence": "condition", "drug_exposure": "drug", "measurement": "measurement", "observation": "observation",
    "procedure_occurrence": "procedure",
}  # fmt: skip
_WRITTEN = ("%Y%m%d", "%d-%b-%Y", "%d%b%Y", "%d.%m.%Y")
"""How days are written besides 2024-03-14, with or without a time behind it. Days like 3/14/2024 depend on the column."""
_SLASHES = r"^\d{1,2}/\d{1,2}/\d{4}"
_VALUE = ("number", "value", "value_words", "unit", "unit_words", "operator")
_CELLS: dict[str, tuple[str, ...]] = {
    "person": ("gender",),
    "condition_occurrence": ("concept", "source", "words"),
    "procedure_occurrence": ("concept", "source", "words"),
    "drug_exposure": ("concept", "source", "words", "words_end", "supply", "type"),
    "measurement": ("concept", "source", "words", *_VALUE),
    "observation": ("concept", "source", "words", *_VALUE),
    "episode": ("concept", "words", "object", "exposed"),
}


def cells_of(table: str) -> tuple[str, ...]:
    """The cells of a table that say something."""
    return _CELLS[table]


def rows_of(part: Part) -> str:
    """The rows of a file as they stand, as the table `t`; `file_row_number` counts them from 0."""
    return f"read_parquet({quoted(str(part.path))}, file_row_number=true) t"


class Sql:
    """Writes the queries over the files of one run."""

    def __init__(self, parts: dict[str, list[Part]]) -> None:
        self.parts = parts
        self.supplies: list[str] = []
        """Types of exposure that are supplies: their end is no day on which anybody was seen."""
        self._orders: dict[tuple[str, str], str] = {}

    def missing(self) -> dict[str, int]:
        """Columns that are needed and not there, as faults."""
        found: Counter[str] = Counter()
        for table, listed in self.parts.items():
            for column in (TABLES[table].key, *TABLES[table].needed):
                if not any(column in part.columns for part in listed):
                    found[f"a column that is missing: {table}.{column}"] += 1
        return dict(found)

    # Columns

    def _text(self, part: Part, column: str) -> str:
        """A cell as text; null where the column is missing or the cell is blank."""
        return f"nullif(trim(t.{column}::VARCHAR), '')" if column in part.columns else "NULL::VARCHAR"

    def _id(self, part: Part, column: str) -> str:
        """An id as text. What was written with a fraction of zero, as tools do that know no missing integers, is that integer."""
        kind = part.columns.get(column, "")
        if kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL"):
            return f"try_cast(t.{column} AS BIGINT)::VARCHAR"
        text = self._text(part, column)
        return (
            rf"CASE WHEN contains({text}, '.') THEN regexp_replace({text}, '\.0+$', '') ELSE {text} END"
            if kind == "VARCHAR"
            else text
        )

    def _day(self, part: Part, column: str) -> str:
        """A day within what may be a lifetime, or null."""
        if column not in part.columns:
            return "NULL::DATE"
        if part.columns[column] == "DATE" or part.columns[column].startswith("TIMESTAMP"):
            day = f"t.{column}::DATE"
        else:
            text, ways = self._text(part, column), [*_WRITTEN, *self._order(part, column)]
            day = f"coalesce(try_cast({text}[:10] AS DATE), try_strptime({text}, {ways})::DATE)"
        return f"CASE WHEN {day} BETWEEN DATE '1850-01-01' AND DATE '2150-12-31' THEN {day} END"

    def _order(self, part: Part, column: str) -> list[str]:
        """Whether the days of a column begin with the month or the day where they are written with slashes: as one value shows, and none contradicts."""
        key = (str(part.path), column)
        if key not in self._orders:
            first, second = (f"try_cast(split_part({column}, '/', {place}) AS INT) > 12" for place in (1, 2))
            asked = (
                f"SELECT bool_or({first}), bool_or({second}) FROM {rows_of(part)} WHERE regexp_matches({column}, '{_SLASHES}')"
            )
            day_first, month_first = duckdb.connect().execute(asked).fetchone() or (None, None)
            self._orders[key] = "" if bool(day_first) == bool(month_first) else "%d/%m/%Y" if day_first else "%m/%d/%Y"
        return [self._orders[key]] if self._orders[key] else []

    def _number(self, part: Part, column: str) -> str:
        text = f"try_cast({self._text(part, column)} AS DOUBLE)"
        return f"CASE WHEN isfinite({text}) THEN {text} END"

    def _bad_days(self, part: Part) -> str:
        """Whether a row has a day that is none. A year 9999 is how some write that there is no end."""
        asked = [
            f"({self._text(part, column)} NOT LIKE '9999%' AND {self._day(part, column)} IS NULL)"
            for column in TABLES[part.table].dates
            if column in part.columns
        ]
        return f"coalesce({' OR '.join(asked)}, false)" if asked else "false"

    def _bad_values(self, part: Part) -> str:
        """Whether a row has a number or the id of a concept that is none."""
        about = TABLES[part.table]
        asked = [
            f"({self._text(part, column)} IS NOT NULL AND {self._number(part, column)} IS NULL)"
            for column in about.numbers
            if column in part.columns
        ]
        asked += [
            f"({self._text(part, column)} IS NOT NULL AND try_cast({self._id(part, column)} AS BIGINT) IS NULL)"
            for column in about.columns
            if column.endswith("concept_id") and column in part.columns
        ]
        return f"coalesce({' OR '.join(asked)}, false)" if asked else "false"

    # Tables

    def used(self) -> str:
        """The ids of every concept that occurs, as `id`."""
        asked = [
            f"SELECT DISTINCT {self._id(part, column)} AS id FROM {rows_of(part)}"
            for table in EVENTS
            for part in self.parts.get(table, ())
            for column in TABLES[table].columns
            if column.endswith("concept_id") and column in part.columns
        ]
        return " UNION ".join(asked) or "SELECT NULL::VARCHAR AS id WHERE false"

    def concepts(self) -> str:
        """Id, vocabulary, code and name of every concept."""
        asked = [
            f"SELECT {self._id(part, 'concept_id')} AS id, {self._text(part, 'vocabulary_id')} AS vocabulary, "
            f"{self._text(part, 'concept_code')} AS code, {self._text(part, 'concept_name')} AS name FROM {rows_of(part)}"
            for part in self.parts["concept"]
        ]
        return " UNION ALL ".join(asked)

    def deaths(self) -> str:
        """The last day of death of each person, and how many different ones there are."""
        asked = [
            f"SELECT {self._id(part, 'person_id')} AS person, {self._day(part, 'death_date')} AS day FROM {rows_of(part)}"
            for part in self.parts.get("death", ())
        ]
        if not asked:
            return "SELECT NULL::VARCHAR AS person, NULL::DATE AS day, 0 AS days WHERE false"
        return f"SELECT person, max(day) AS day, count(DISTINCT day) AS days FROM ({' UNION ALL '.join(asked)}) WHERE person IS NOT NULL GROUP BY person"

    def exposures(self) -> str:
        """Who was given anything, and when."""
        asked = [
            f"SELECT DISTINCT {self._id(part, 'person_id')} AS person, {self._day(part, 'drug_exposure_start_date')} AS day FROM {rows_of(part)}"
            for part in self.parts.get("drug_exposure", ())
            if "episode" in self.parts
        ]
        return " UNION ".join(asked) or "SELECT NULL::VARCHAR AS person, NULL::DATE AS day WHERE false"

    def rows(self, part: Part) -> str:
        """The rows of one file. It needs the tables `died`, `exposures` and, where lines do not follow the rows, `lines`."""
        key = self._id(part, TABLES[part.table].key)
        cells, first, second = self._person(part) if part.table == "person" else self._event(part)
        place = (
            f"try_cast({key} AS UINTEGER)"
            if part.keyed
            else f"t.file_row_number + {part.lines[0][1] if len(part.lines) == 1 else 'l.plus'}"
        )
        joins = f"LEFT JOIN died ON died.person = {self._id(part, 'person_id')}" if part.table == "person" else ""
        if len(part.lines) > 1 and not part.keyed:
            joins += " ASOF JOIN lines l ON t.file_row_number >= l.row"
        listed = ", ".join(f"{value} AS {name}" for name, value in cells.items())
        order = "CASE WHEN d0 < d1 THEN 0 WHEN d0 = d1 THEN 1 ELSE 2 END"
        return (
            f"SELECT *, hash({', '.join(['d0 IS NULL', 'd1 IS NULL', order, *cells])}) AS said FROM (SELECT t.file_row_number AS nth, {place} AS place, "
            f"{self._id(part, 'person_id')} AS patient, {key} AS id, {first} AS d0, {second} AS d1, {self._bad_days(part)} AS bad_day, "
            f"{self._bad_values(part)} AS bad_value, {listed} FROM {rows_of(part)} {joins})"
        )

    def _person(self, part: Part) -> tuple[dict[str, str], str, str]:
        """Cells and days of a person: born, on the first of a month or a year of which no more is known, and died."""
        year, month, day = (f"try_cast({self._number(part, f'{name}_of_birth')} AS INT)" for name in ("year", "month", "day"))
        born = f"try_cast({year} || '-' || coalesce({month}, 1) || '-' || coalesce({day}, 1) AS DATE)"
        return {"gender": self._id(part, "gender_concept_id")}, born, "died.day"

    def _event(self, part: Part) -> tuple[dict[str, str], str, str]:
        """Cells, first and second day of what happened to a person."""
        table, stem = part.table, _STEMS.get(part.table)
        if stem is None:
            return self._episode(part)
        cells = {
            "concept": self._id(part, f"{stem}_concept_id"), "source": self._id(part, f"{stem}_source_concept_id"),
            "words": self._text(part, f"{stem}_source_value"),
        }  # fmt: skip
        if table == "condition_occurrence":
            return cells, self._day(part, "condition_start_date"), self._day(part, "condition_end_date")
        if table == "drug_exposure":
            return self._exposure(part, cells)
        if table in ("measurement", "observation"):
            cells |= {
                "number": self._number(part, "value_as_number"), "value": self._id(part, "value_as_concept_id"),
                "value_words": f"coalesce({self._text(part, 'value_as_string')}, {self._text(part, 'value_source_value')})",
                "unit": self._id(part, "unit_concept_id"), "unit_words": self._text(part, "unit_source_value"),
                "operator": self._id(part, "operator_concept_id"),
            }  # fmt: skip
        return cells, self._day(part, f"{stem}_date"), "NULL::DATE"

    def _exposure(self, part: Part, cells: dict[str, str]) -> tuple[dict[str, str], str, str]:
        """An exposure, with the day on which it ended: as the source had it, else as the table has it, else as long as the supply lasts."""
        start, supply = self._day(part, "drug_exposure_start_date"), f"try_cast({self._number(part, 'days_supply')} AS INT)"
        ends = [
            self._day(part, "verbatim_end_date"),
            self._day(part, "drug_exposure_end_date"),
            f"{start} + nullif({supply}, 0) - 1",
        ]
        more = {"words_end": self._text(part, "stop_reason"), "supply": supply, "type": self._id(part, "drug_type_concept_id")}
        supplied = f"{supply} > 0 AND {more['type']} IN ({', '.join(map(quoted, self.supplies)) or 'NULL'})"
        return cells | more, start, f"CASE WHEN {supplied} THEN NULL ELSE coalesce({', '.join(ends)}) END"

    def _episode(self, part: Part) -> tuple[dict[str, str], str, str]:
        """An episode. Of a regimen it matters whether what was given in its time stands in `drug_exposure`."""
        begin, end = self._day(part, "episode_start_date"), self._day(part, "episode_end_date")
        during = f"e.person = {self._id(part, 'person_id')} AND e.day BETWEEN {begin} AND coalesce({end}, {begin})"
        cells = {
            "concept": self._id(part, "episode_concept_id"), "words": self._text(part, "episode_source_value"),
            "object": self._id(part, "episode_object_concept_id"), "exposed": f"EXISTS (SELECT 1 FROM exposures e WHERE {during})",
        }  # fmt: skip
        return cells, begin, end
