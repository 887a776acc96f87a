"""From what a path gives to what stands in a column: the type that the view declares, as a type of DuckDB.

Booleans, integers and decimals become BOOLEAN, INTEGER (BIGINT for integer64) and DOUBLE; other primitives, days and times too, are VARCHAR, as FHIR
allows a year alone; types that are not primitive are JSON. A tag `ansi/type` asks for another type. What does not fit its type stops the query.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from . import terms
from .sql import Paths, PathUse, Value, Walk
from .terms import fresh

_PREFIXES = ("http://hl7.org/fhir/StructureDefinition/", "http://hl7.org/fhirpath/System.")
_TYPES = {
    "boolean": "BOOLEAN", "integer": "INTEGER", "positiveInt": "INTEGER", "unsignedInt": "INTEGER", "integer64": "BIGINT", "decimal": "DOUBLE",
}  # fmt: skip
_TEXTS = {
    "string", "code", "id", "uri", "url", "canonical", "oid", "uuid", "markdown", "base64Binary", "date", "dateTime", "instant", "time", "xhtml",
}  # fmt: skip
_ANSI = re.compile(
    r"(CHARACTER VARYING|CHAR|VARCHAR)(\(\d+\))?|DATE|TIME|TIMESTAMP( WITH TIME ZONE)?|BOOLEAN|SMALLINT|INTEGER|INT|BIGINT|REAL|FLOAT"
    r"|DOUBLE( PRECISION)?|(DECIMAL|NUMERIC)\(\d{1,2}, ?\d{1,2}\)"
)

_USUAL = {"VARCHAR": "('VARCHAR')", "BOOLEAN": "('BOOLEAN')", "DOUBLE": "('DOUBLE', 'UBIGINT', 'BIGINT')"}


@dataclass(frozen=True)
class Column:
    """A column of a view: its FHIR type as declared ("" where it is not), its type in DuckDB of one value, and whether it holds lists.

    `is_row`: it is `%rowIndex` itself, which is 0, not null, where a forEachOrNull finds nothing.
    """

    name: str
    type: str
    element: str
    collection: bool
    is_row: bool = False

    @property
    def sql_type(self) -> str:
        return self.element + ("[]" if self.collection else "")


def column_of(column: dict[str, Any], value: Value) -> Column:
    """The column that a view declares. Raises PathUse."""
    declared = column.get("type", "")
    if not isinstance(declared, str):
        raise PathUse("`type` is the name of a FHIR type, as text.")
    for prefix in _PREFIXES:
        declared = declared.removeprefix(prefix)
    collection = column.get("collection", False)
    if not isinstance(collection, bool):
        raise PathUse("`collection` is true or false.")
    kind = declared or value.fhir
    element = _TYPES.get(kind, "VARCHAR" if kind in _TEXTS else "JSON" if kind else _inferred(value))
    for tag in column.get("tag", []):
        if isinstance(tag, dict) and tag.get("name") == "ansi/type":
            element = str(tag.get("value", "")).strip().upper()
            if not _ANSI.fullmatch(element):
                raise PathUse(f"the tag ansi/type names `{tag.get('value')}`, which is no type that is known here.")
    return Column(column["name"], declared, element, collection, str(column.get("path", "")).strip() == "%rowIndex")


def _inferred(value: Value) -> str:
    return {"boolean": "BOOLEAN", "number": "DOUBLE"}.get(value.kind, "VARCHAR")


def cell(paths: Paths, column: Column, value: Value) -> str:
    """The expression of a column. Raises PathUse."""
    if value.root:
        raise PathUse("the whole resource is no value of a column; name a member of it.")
    if value.kind == "empty":
        return f"CAST({'[]' if column.collection else 'NULL'} AS {column.sql_type})"
    if column.collection:
        item = fresh("c")
        return f"CAST(list_transform({paths.as_list(value)}, lambda {item}: {_typed(paths, column, item, value.kind)}) AS {column.sql_type})"
    if not value.many:
        if value.kind != "json":
            return _typed(paths, column, value.sql, value.kind)
        return terms.let({"c": value.sql}, lambda v: _typed(paths, column, v["c"], value.kind))

    def one(v: dict[str, str]) -> str:
        return _typed(paths, column, f"{v['l']}[1]", value.kind)

    if value.single:
        return _either(paths, column, value, terms.let({"l": value.sql}, one))
    several = paths.failing(
        f"the column `{column.name}` has several values; declare it a collection, or choose with first() or where()",
        column.element,
    )
    sql = terms.let({"l": value.sql}, lambda v: f"CASE WHEN len({v['l']}) > 1 THEN {several} ELSE {one(v)} END")
    return _either(paths, column, value, sql)


def _either(paths: Paths, column: Column, value: Value, listed: str) -> str:
    """The short way where it holds; for a walk to a value of the usual type one look at its type tells that."""
    plain, wanted = value.plain, _USUAL.get(column.element)
    if plain is None:
        return listed
    if isinstance(plain, Walk) and wanted:
        text = terms.text(plain.sql, "json")
        short = {"VARCHAR": text, "BOOLEAN": f"{text} = 'true'"}.get(column.element, f"TRY_CAST({text} AS {column.element})")
        kind = f"json_type({plain.start}, {terms.quoted(plain.path)})"
        return f"CASE WHEN {plain.absent} THEN NULL WHEN {kind} IN {wanted} THEN {short} ELSE {listed} END"
    return plain.or_else(lambda sql: _typed(paths, column, sql, value.kind), listed)


def _typed(paths: Paths, column: Column, sql: str, kind: str) -> str:
    """One value as the type of the column."""
    target = column.element
    wrong = paths.failing(
        f"the column `{column.name}` is declared {column.type or target}, and another type stands there", target
    )
    if kind == "json":
        return _from_json(target, sql, wrong)
    if target == "JSON":
        raise PathUse(f"the column `{column.name}` is declared {column.type}, but its path gives a {kind}.")
    if (kind == "boolean") != (target == "BOOLEAN") and kind in ("boolean", "number", "date"):
        raise PathUse(f"the column `{column.name}` is declared {column.type or target}, but its path gives a {kind}.")
    if kind == "boolean" or (kind == "number" and target in ("INTEGER", "BIGINT", "DOUBLE")):
        return f"CAST({sql} AS {target})"
    text = terms.text(sql, kind)
    if target == "VARCHAR":
        return text
    return terms.let(
        {"t": text}, lambda v: f"CASE WHEN {v['t']} IS NOT NULL THEN coalesce(TRY_CAST({v['t']} AS {target}), {wrong}) END"
    )


def _from_json(target: str, sql: str, wrong: str) -> str:
    text = terms.text(sql, "json")
    if target == "JSON":
        return sql
    if target == "BOOLEAN":
        return f"CASE WHEN json_type({sql}) = 'BOOLEAN' THEN {text} = 'true' WHEN {sql} IS NOT NULL THEN {wrong} END"
    if target == "VARCHAR":
        return f"CASE WHEN json_type({sql}) IN ('OBJECT', 'ARRAY') THEN {wrong} ELSE {text} END"
    fits = {"DOUBLE": terms.is_number(sql), "INTEGER": f"json_type({sql}) IN ('BIGINT', 'UBIGINT')"}.get(target, "true")
    cast = f"TRY_CAST({text} AS {target})"
    return f"CASE WHEN {sql} IS NOT NULL THEN CASE WHEN {fits} AND {cast} IS NOT NULL THEN {cast} ELSE {wrong} END END"
