"""A ViewDefinition as one SELECT.

The rows of a `select` are a list of structs, made of the resource by one expression; nested `select`s are their cross product, `unionAll` puts lists
one after the other, and only the outermost lists are unnested. So a query reads its source once, whatever the shape of the view.
The rules are those of the processing model, https://build.fhir.org/ig/FHIR/sql-on-fhir-v2/processing_model.html.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from linewise.errors import LinewiseError

from . import terms
from .columns import Column, cell, column_of
from .fhirpath import Node, PathError, parse
from .sql import MARK, Paths, PathUse, Scope, Value
from .terms import fresh, quoted

_SQL_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_KIND_NAME = re.compile(r"[A-Z][A-Za-z]*")
_SELECT_MEMBERS = {"column", "select", "forEach", "forEachOrNull", "repeat", "unionAll"}
_COLUMN_MEMBERS = {"path", "name", "description", "collection", "type", "tag"}
_ANYWHERE = {"id", "extension", "modifierExtension"}
_CONSTANTS = {
    "boolean": "boolean", "integer": "number", "integer64": "number", "decimal": "number", "positiveInt": "number", "unsignedInt": "number",
    "date": "date", "dateTime": "date", "instant": "date", "time": "date",
} | dict.fromkeys(("base64Binary", "canonical", "code", "id", "oid", "string", "uri", "url", "uuid", "markdown"), "string")  # fmt: skip
_DEEPEST = 100
"""How deep `repeat` goes down; deeper is an error, never a silent end."""


class ViewError(LinewiseError):
    """A view that cannot be compiled. `view` is its name, `place` the path in it (`select[0].column[2].path`), `what` the fault with what to do."""

    def __init__(self, view: str, place: str, what: str) -> None:
        self.view, self.place, self.what = view, place, what
        super().__init__(f"view {view}{', ' + place if place else ''}: {what}")


@dataclass(frozen=True)
class _Sql:
    """The parts of a query: the condition, what is made of a resource, the columns shown in the end, and which of what is made are lists to unnest."""

    met: str
    made: tuple[tuple[str, str], ...]
    shown: tuple[str, ...]
    lists: tuple[str, ...]


@dataclass(frozen=True)
class Query:
    """A compiled view. `kind` is the type of resource it reads, `members` those that must be columns of the source, each as JSON."""

    name: str
    kind: str
    columns: tuple[Column, ...]
    members: tuple[str, ...]
    _sql: _Sql
    _other: Callable[[str], _Sql]

    def over(self, source: str, tolerant: bool = False) -> str:
        """The SELECT over a source: a table or a query in brackets with the column `resourceType` (VARCHAR) and one JSON column for each member.

        A resource that does not fit the view (several values where one is declared, another type than declared) stops the query with a reason, see
        `reason`. `tolerant` leaves such resources out instead; `misfits` finds them.
        """
        sql = self._sql
        met = f"CASE WHEN {self._misfit()} THEN false ELSE {sql.met} END" if tolerant else sql.met
        query = f"SELECT {', '.join(f'{made} AS {name}' for name, made in sql.made)} FROM {source} AS resource WHERE {met}"
        for one in sql.lists:
            query = f"SELECT * EXCLUDE ({one}), unnest({one}) AS {one} FROM ({query})"
        return f"SELECT {', '.join(sql.shown)} FROM ({query})"

    def misfits(self, source: str) -> str:
        """The rows of the source that do not fit the view."""
        return f"SELECT * FROM {source} AS resource WHERE {self._misfit()}"

    def _misfit(self) -> str:
        """Whether a resource does not fit: what it gives hangs on what is put in the place of an error. (TRY would tell it too, a thousand times slower.)"""
        said = []
        for filling in ("nothing", "one"):
            sql = self._other(filling)
            said.append(f"hash({sql.met}, CASE WHEN {sql.met} THEN hash({', '.join(made for _, made in sql.made)}) END)")
        return f"CASE WHEN \"resourceType\" = '{self.kind}' THEN {said[0]} <> {said[1]} ELSE false END"

    def over_json(self, source: str, column: str, tolerant: bool = False) -> str:
        """The SELECT over a source with one JSON column that holds whole resources."""
        listed = ", ".join(f"""({column}->'$."{name}"') AS "{name}\"""" for name in self.members)
        return self.over(f"(SELECT ({column}->>'$.resourceType') AS \"resourceType\", {listed} FROM {source})", tolerant)


T = TypeVar("T")


@dataclass(frozen=True)
class _Rows:
    """The rows that a part of a view gives for one resource: exactly one, of `cells`, or, where that is None, a list of structs `sql`."""

    columns: tuple[Column, ...]
    cells: tuple[str, ...] | None = None
    sql: str = ""

    def listed(self) -> str:
        return self.sql if self.cells is None else f"[{_struct(self.columns, self.cells)}]"


def reason(error: Exception) -> str | None:
    """Why a resource does not fit the view, from the error of a query; None where the error is another."""
    parts = str(error).split(MARK)
    return parts[1] if len(parts) > 2 else None


def compile_view(view: Any) -> Query:
    """Compile a ViewDefinition (decoded JSON). Raises ViewError, which says where the fault is and what to do."""
    name = view.get("name") if isinstance(view, dict) else None
    try:
        return _Compiler(str(name or "without a name")).view(view)
    except RecursionError:
        raise ViewError(str(name or "without a name"), "", "it is nested too deep, or a path in it is too long.") from None


class _Compiler:
    """Compiles one view."""

    def __init__(self, name: str, filling: str = "") -> None:
        self.name, self.filling = name, filling

    def fail(self, place: str, what: str) -> ViewError:
        return ViewError(self.name, place, what)

    def view(self, view: Any) -> Query:
        if not isinstance(view, dict):
            raise self.fail("", "a ViewDefinition is an object with `resource` and `select`.")
        kind = view.get("resource")
        if not isinstance(kind, str) or not _KIND_NAME.fullmatch(kind):
            raise self.fail("resource", "the type of resource is missing; write it as Patient.")
        self.kind, self.whole = kind, view
        self.paths = Paths(kind, self._constants(view.get("constant", [])), self.filling)
        if view.get("name") is not None and not (isinstance(view["name"], str) and _SQL_NAME.fullmatch(view["name"])):
            raise self.fail(
                "name", "a name of letters, digits and underscores that begins with a letter is wanted: it names the table."
            )
        selects = self._list(view, "select", "")
        if not selects:
            raise self.fail("select", "it is missing or empty; it lists the columns.")
        met = [self._where(one, f"where[{index}]") for index, one in enumerate(self._list(view, "where", ""))]
        parts = [part for index, one in enumerate(selects) for part in self._parts(one, Scope(), f"select[{index}]")]
        columns = self._distinct(parts, "select")
        if not columns:
            raise self.fail("select", "there is no column in it.")
        return self._query(parts, met, columns)

    # The query

    def _query(self, parts: list[_Rows], met: list[str], columns: tuple[Column, ...]) -> Query:
        """Single rows as they are, lists unnested one after the other: what is unnested together would be paired, not crossed."""
        asked = f"\"resourceType\" = '{self.kind}'"
        made: list[tuple[str, str]] = []
        shown: list[str] = []
        lists: list[str] = []
        for part in parts:
            if part.cells is None:
                lists.append(f"p{len(lists)}")
                made.append((lists[-1], part.sql))
                shown += [f'{lists[-1]}."{column.name}" AS "{column.name}"' for column in part.columns]
            else:
                made += [(f"c_{column.name}", sql) for column, sql in zip(part.columns, part.cells, strict=True)]
                shown += [f'"c_{column.name}" AS "{column.name}"' for column in part.columns]
        condition = f"CASE WHEN {asked} THEN {' AND '.join(met)} ELSE false END" if met else asked
        members = tuple(dict.fromkeys(("id", *self.paths.used)))
        sql = _Sql(condition, tuple(made), tuple(shown), tuple(lists))
        return Query(
            self.name, self.kind, columns, members, sql, lambda filling: _Compiler(self.name, filling).view(self.whole)._sql
        )

    def _distinct(self, parts: list[_Rows], place: str) -> tuple[Column, ...]:
        columns = tuple(column for part in parts for column in part.columns)
        seen: set[str] = set()
        for column in columns:
            if column.name.lower() in seen:
                raise self.fail(place, f"the column `{column.name}` is there twice; names must differ, in more than capitals.")
            seen.add(column.name.lower())
        return columns

    # Selections

    def _parts(self, select: Any, scope: Scope, place: str) -> list[_Rows]:
        """What a selection is the cross product of: its columns, its selections, its union."""
        self._known(select, _SELECT_MEMBERS, place)
        each = [name for name in ("forEach", "forEachOrNull", "repeat") if name in select]
        if len(each) > 1:
            raise self.fail(place, f"only one of {' and '.join(each)} can be in a selection; nest the other in a `select`.")
        if each:
            return [self._each(select, each[0], scope, place)]
        return self._inner(select, scope, place)

    def _inner(self, select: dict[str, Any], scope: Scope, place: str) -> list[_Rows]:
        parts = []
        columns = [
            self._column(one, scope, f"{place}.column[{index}]") for index, one in enumerate(self._list(select, "column", place))
        ]
        if columns:
            parts.append(_Rows(tuple(column for column, _ in columns), tuple(sql for _, sql in columns)))
        for index, one in enumerate(self._list(select, "select", place)):
            parts += self._parts(one, scope, f"{place}.select[{index}]")
        branches = self._list(select, "unionAll", place)
        if branches:
            parts.append(self._union(branches, scope, f"{place}.unionAll"))
        return parts

    def _each(self, select: dict[str, Any], how: str, scope: Scope, place: str) -> _Rows:
        """One set of rows for each value of a path."""
        at = f"{place}.{how}"
        items, fhir, kind = self._repeated(select, scope, at) if how == "repeat" else self._items(select[how], scope, at)
        item, row = fresh("e"), fresh("i")
        inner = self._crossed(self._inner(select, Scope(Value(item, kind, fhir=fhir), f"{row} - 1"), place), place)
        if not inner.columns:
            raise self.fail(place, f"there is no column under {how}.")

        def rows(listed: str) -> str:
            if inner.cells is not None:
                return f"list_transform({listed}, lambda {item}, {row}: {_struct(inner.columns, inner.cells)})"
            return f"flatten(list_transform({listed}, lambda {item}, {row}: {inner.sql}))"

        if how != "forEachOrNull":
            return _Rows(inner.columns, None, rows(items))
        blank = _struct(
            inner.columns, tuple(f"CAST({'0' if column.is_row else 'NULL'} AS {column.sql_type})" for column in inner.columns)
        )
        sql = terms.let({"l": items}, lambda v: f"CASE WHEN len({v['l']}) = 0 THEN [{blank}] ELSE {rows(v['l'])} END")
        return _Rows(inner.columns, None, sql)

    def _items(self, path: Any, scope: Scope, place: str) -> tuple[str, str, str]:
        value = self._value(path, scope, place)
        return self._said(place, lambda: self.paths.as_list(value)), value.fhir, "json" if value.kind == "empty" else value.kind

    def _repeated(self, select: dict[str, Any], scope: Scope, place: str) -> tuple[str, str, str]:
        """Everything that the paths reach, from what they reach, and so on; parents before children. Level by level, as SQL has no other way."""
        paths = select["repeat"]
        if not isinstance(paths, list) or not paths:
            raise self.fail(place, 'it is a list of paths: ["item"].')

        def reached(scope: Scope) -> str:
            found = [self._items(path, scope, f"{place}[{index}]")[0] for index, path in enumerate(paths)]
            return found[0] if len(found) == 1 else f"list_concat({', '.join(found)})"

        done, level, one, child, number, last = (fresh(letter) for letter in "dloicf")
        below = reached(Scope(Value(f"{one}.item", "json"), scope.row))
        further = (
            f"list_transform(list_filter({done}, lambda {one}: {one}.level = {level}), lambda {one}: list_transform({below}, "
            f"lambda {child}, {number}: {{'place': list_append({one}.place, {number}), 'level': {level} + 1, 'item': {child}}}))"
        )
        too_deep = self.paths.failing(f"{place} goes down more than {_DEEPEST} levels", "JSON")

        def walked(v: dict[str, str]) -> str:
            text = f"CAST({v['l']} AS VARCHAR)"
            levels = f"range(least({_DEEPEST}, length({text}) - length(replace({text}, '{{', ''))))"
            start = f"list_transform({v['l']}, lambda {child}, {number}: {{'place': [{number}], 'level': 0::BIGINT, 'item': {child}}})"
            whole = f"list_sort(list_reduce({levels}, lambda {done}, {level}: list_concat({done}, flatten({further})), {start}))"
            return f"list_transform({whole}, lambda {last}: CASE WHEN {last}.level = {_DEEPEST} THEN {too_deep} ELSE {last}.item END)"

        return terms.let({"l": reached(scope)}, walked), "", "json"

    def _union(self, branches: list[Any], scope: Scope, place: str) -> _Rows:
        found: list[_Rows] = []
        for index, branch in enumerate(branches):
            rows = self._crossed(self._parts(branch, scope, f"{place}[{index}]"), f"{place}[{index}]")
            if found and [column.name for column in rows.columns] != [column.name for column in found[0].columns]:
                names = [", ".join(column.name for column in one.columns) or "none" for one in (found[0], rows)]
                raise self.fail(
                    f"{place}[{index}]",
                    f"its columns are {names[1]}, those of the first are {names[0]}; they must be the same, in order.",
                )
            for one, other in zip(rows.columns, found[0].columns if found else (), strict=False):
                if (one.sql_type, one.type) != (other.sql_type, other.type):
                    kinds = other.type or other.sql_type, one.type or one.sql_type
                    raise self.fail(
                        f"{place}[{index}]",
                        f"the column `{one.name}` is {kinds[1]} here and {kinds[0]} in the first; give both the same `type`.",
                    )
            found.append(rows)
        columns = found[0].columns
        if not columns:
            raise self.fail(place, "there is no column in it.")
        lists = [rows.listed() for rows in found]
        return _Rows(columns, None, lists[0] if len(lists) == 1 else f"list_concat({', '.join(lists)})")

    def _crossed(self, parts: list[_Rows], place: str) -> _Rows:
        """The cross product of parts."""
        columns = self._distinct(parts, place)
        lists = [part for part in parts if part.cells is None]
        names = {id(part): fresh("a") for part in lists}
        cells = tuple(
            cell
            for part in parts
            for cell in (
                part.cells if part.cells is not None else [f'{names[id(part)]}."{column.name}"' for column in part.columns]
            )
        )
        if not lists:
            return _Rows(columns, cells)
        sql = _struct(columns, cells)
        for depth, part in enumerate(reversed(lists)):
            sql = f"list_transform({part.sql}, lambda {names[id(part)]}: {sql})"
            sql = f"flatten({sql})" if depth else sql
        return _Rows(columns, None, sql)

    # Columns, paths, constants

    def _column(self, column: Any, scope: Scope, place: str) -> tuple[Column, str]:
        self._known(column, _COLUMN_MEMBERS, place)
        name = column.get("name")
        if not isinstance(name, str) or not _SQL_NAME.fullmatch(name):
            raise self.fail(f"{place}.name", "a name of letters, digits and underscores that begins with a letter is wanted.")
        value = self._value(column.get("path"), scope, f"{place}.path")
        made = self._said(place, lambda: column_of(column, value))
        return made, self._said(place, lambda: cell(self.paths, made, value))

    def _where(self, where: Any, place: str) -> str:
        self._known(where, {"path", "description"}, place)
        value = self._value(where.get("path"), Scope(), f"{place}.path")
        said = f"view {self.name}, {place}.path: `{where['path']}`"
        return f"({self._said(place, lambda: self.paths.truth(value, said, strict=True))})"

    def _value(self, path: Any, scope: Scope, place: str) -> Value:
        if not isinstance(path, str) or not path.strip():
            raise self.fail(place, "a FHIRPath expression as text is wanted.")
        try:
            node: Node = parse(path)
            return self.paths.value(node, scope)
        except PathError as fault:
            raise self.fail(place, str(fault)) from None
        except PathUse as fault:
            raise self.fail(place, f"`{path}`: {fault}") from None

    def _said(self, place: str, make: Callable[[], T]) -> T:
        try:
            return make()
        except PathUse as fault:
            raise self.fail(place, str(fault)) from None

    def _constants(self, constants: Any) -> Mapping[str, Value]:
        found: dict[str, Value] = {}
        if not isinstance(constants, list):
            raise self.fail("constant", "a list is wanted.")
        for index, constant in enumerate(constants):
            place = f"constant[{index}]"
            if (
                not isinstance(constant, dict)
                or not isinstance(constant.get("name"), str)
                or not _SQL_NAME.fullmatch(constant["name"])
            ):
                raise self.fail(place, "it has no name of letters, digits and underscores.")
            values = [key for key in constant if key.startswith("value")]
            kind = values[0][5:6].lower() + values[0][6:] if len(values) == 1 else ""
            if kind not in _CONSTANTS:
                raise self.fail(
                    place, f"%{constant['name']} needs exactly one value of a primitive type, as valueString or valueInteger."
                )
            found[constant["name"]] = self._constant(_CONSTANTS[kind], kind, constant[values[0]], place)
        return found

    def _constant(self, kind: str, fhir: str, value: Any, place: str) -> Value:
        if kind == "boolean" and isinstance(value, bool):
            return Value("true" if value else "false", kind, fhir=fhir)
        if kind == "number" and isinstance(value, int | float) and not isinstance(value, bool):
            exact = isinstance(value, int)
            return Value(str(value) if exact and value >= 0 else f"CAST('{value}' AS {terms.NUMBER})", kind, fhir=fhir)
        if kind in ("string", "date") and isinstance(value, str):
            return Value(quoted(value), kind, fhir=fhir)
        raise self.fail(place, f"its value is not a {fhir}.")

    def _list(self, of: dict[str, Any], name: str, place: str) -> list[Any]:
        found = of.get(name, [])
        if not isinstance(found, list):
            raise self.fail(f"{place}.{name}" if place else name, "a list is wanted: put it in [ ].")
        return found

    def _known(self, of: Any, names: set[str], place: str) -> None:
        if not isinstance(of, dict):
            raise self.fail(place, "an object is wanted: put it in { }.")
        for name in of:
            if name not in names | _ANYWHERE and not name.startswith("_"):
                raise self.fail(place, f"`{name}` is not known here; there are {', '.join(sorted(names))}.")


def _struct(columns: tuple[Column, ...], cells: tuple[str, ...]) -> str:
    return "{" + ", ".join(f"'{column.name}': {sql}" for column, sql in zip(columns, cells, strict=True)) + "}"
