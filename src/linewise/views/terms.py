"""SQL of single values: texts, numbers, days and times, references. Every function takes and gives DuckDB expressions.

A FHIR resource is read as JSON. DuckDB keeps its numbers as it writes them itself, so of `1.00` remains `1.0`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

NUMBER = "DECIMAL(38, 10)"
"""Numbers in comparisons and arithmetic: FHIRPath asks for 28 digits and 8 after the point."""
_NUMBERS = "('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE')"
_DATE_LIKE = r"'\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?'"
_PARTS = r"'^(\d{4})(-\d\d)?(-\d\d)?(T[\d:.]+)?(Z|[+-]\d\d:\d\d)?$', ['y', 'm', 'd', 't', 'z']"
_SHORT = 60
_names = itertools.count()


def fresh(letter: str = "x") -> str:
    """A name for the variable of a lambda that no other has."""
    return f"{letter}_{next(_names)}"


def quoted(text: str) -> str:
    """A text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def let(values: dict[str, str], body: Callable[[dict[str, str]], str]) -> str:
    """An expression over values that are worked out once: DuckDB has no `let`, a list of one does it. What is short is as well said twice."""
    if all(len(sql) <= _SHORT for sql in values.values()):
        return f"({body({key: f'({sql})' for key, sql in values.items()})})"
    name = fresh("v")
    inside = ", ".join(f"'{key}': {sql}" for key, sql in values.items())
    return f"list_transform([{{{inside}}}], lambda {name}: {body({key: f'{name}.{key}' for key in values})})[1]"


def members(element: str, name: str) -> str:
    """The values of one member of a JSON element as a list: of an array its items, of one value a list of one. JSON nulls are no values."""
    path = f"""'$."{name}"'"""
    each = f"""'$."{name}"[*]'"""
    return _listed(f"json_type({element}, {path})", f"{element}->{each}", f"{element}->{path}")


def listed(json: str) -> str:
    """A JSON value that may be an array as a list of its items."""
    return _listed(f"json_type({json})", f"{json}->'$[*]'", json)


def _listed(kind: str, items: str, one: str) -> str:
    item = fresh("n")
    return f"list_filter(CASE {kind} WHEN 'ARRAY' THEN {items} ELSE [{one}] END, lambda {item}: {item} <> 'null')"


def at(start: str, path: str) -> str:
    """What stands at a JSON path of a column or variable."""
    return start if path == "$" else f"({start}->{quoted(path)})"


_AT = re.compile(r"\((\w+|\"\w+\")->('[^']+')\)")


def text(sql: str, kind: str) -> str:
    """The value as VARCHAR; what `at` gives is taken out of the JSON in one step."""
    if kind in ("json", "moment"):
        found = _AT.fullmatch(sql)
        return f"({found[1]}->>{found[2]})" if found else f"({sql}->>'$')"
    return sql if kind in ("string", "date") else f"CAST({sql} AS VARCHAR)"


def number(sql: str, kind: str) -> str:
    """The value as a number; null where it is none. A text in JSON is none, even if digits stand in it."""
    if kind == "number":
        return sql
    if kind == "json":
        return f"(CASE WHEN json_type({sql}) IN {_NUMBERS} THEN TRY_CAST({sql}->>'$' AS {NUMBER}) END)"
    return f"TRY_CAST({sql} AS {NUMBER})" if kind == "string" else f"CAST(NULL AS {NUMBER})"


def is_number(sql: str) -> str:
    """Whether a JSON value is a number."""
    return f"json_type({sql}) IN {_NUMBERS}"


def compared(operator: str, left: tuple[str, str], right: tuple[str, str]) -> str:
    """`left operator right` for two single values, each an expression with its kind; null where either is missing or it cannot be told.

    `moment` is the kind of JSON that is known to hold a day or time.
    """
    kinds = {left[1], right[1]}
    sign = "<>" if operator == "!=" else operator
    if "number" in kinds:
        return f"({number(*left)} {sign} {number(*right)})"
    if kinds & {"date", "moment"}:
        return let({"a": _canonical(text(*left)), "b": _canonical(text(*right))}, lambda v: _dates(sign, v["a"], v["b"]))
    if kinds != {"json"}:
        return f"({text(*left)} {sign} {text(*right)})"

    def both(v: dict[str, str]) -> str:
        a, b = text(v["a"], "json"), text(v["b"], "json")
        days = f"regexp_full_match({a}, {_DATE_LIKE}) AND regexp_full_match({b}, {_DATE_LIKE})"
        texts = let({"a": _canonical(a), "b": _canonical(b)}, lambda w: _dates(sign, w["a"], w["b"]))
        numbers = f"{number(v['a'], 'json')} {sign} {number(v['b'], 'json')}"
        return f"CASE WHEN {is_number(v['a'])} AND {is_number(v['b'])} THEN {numbers} WHEN {days} THEN {texts} ELSE {a} {sign} {b} END"

    return let({"a": left[0], "b": right[0]}, both)


def _canonical(day: str) -> str:
    """A day or time so written that the text compares: in UTC (which is taken where no zone is named), fractions of a second filled up."""
    zoned = f"{day} || CASE WHEN regexp_matches({day}, '(Z|[+-]\\d\\d:\\d\\d)$') THEN '' ELSE 'Z' END"
    moment = f"make_timestamp(epoch_us(TRY_CAST({zoned} AS TIMESTAMP WITH TIME ZONE)))"
    return (
        f"(CASE WHEN contains({day}, 'T') AND length({day}) >= 19 THEN strftime({moment}, '%Y-%m-%dT%H:%M:%S.%f') "
        f"WHEN {day}[3] = ':' AND length({day}) >= 8 THEN rpad({day} || CASE WHEN contains({day}, '.') THEN '' ELSE '.' END, 15, '0') "
        f"ELSE {day} END)"
    )


def _dates(sign: str, a: str, b: str) -> str:
    """Days of different precision compare only where the shorter one decides: 2010 is before 2011-05, but neither before nor after 2010-05."""
    same = "true" if sign in ("=", "<=", ">=") else "false"
    return (
        f"CASE WHEN {a} = {b} THEN {same} WHEN starts_with({a}, {b}) OR starts_with({b}, {a}) THEN NULL ELSE {a} {sign} {b} END"
    )


def reference_key(reference: str, kind: str = "") -> str:
    """The key of the resource that a Reference (JSON) names: its id, whatever address stands before it; null for another type and for contained ones."""
    found = text(at(reference, "$.reference"), "json")
    if not kind:  # the usual form first: patterns are slow
        usual = f"NOT contains({found}, ':') AND NOT contains({found}, '#') AND NOT contains({found}, '/_history')"
        return f"CASE WHEN {usual} THEN split_part({found}, '/', -1) ELSE {_last_part(found, '^(?:[^#].*?[/:])?([^/:#]+)')} END"
    types = f"({quoted(kind)}, {quoted('http://hl7.org/fhir/StructureDefinition/' + kind)})"
    named = f"CASE WHEN {text(at(reference, '$.type'), 'json')} IN {types} THEN {reference_key(reference)} END"
    rest = f"{found}[{len(kind) + 2}:]"
    long = f"coalesce({_last_part(found, rf'(?:^|/){kind}/([^/]+)')}, {named})"
    return f"CASE WHEN starts_with({found}, '{kind}/') AND NOT contains({rest}, '/') THEN {rest} ELSE {long} END"


def _last_part(reference: str, begins: str) -> str:
    """The id in a reference, without its version."""
    return f"nullif(regexp_extract({reference}, {quoted(begins + '(?:/_history/[^/]+)?$')}, 1), '')"


def boundary(sql: str, kind: str, fhir: str, high: bool) -> str:
    """The lowest or highest value that a day, time, number or Period may stand for, as text. `fhir` is its FHIR type where that is known.

    http://hl7.org/fhirpath/#lowboundaryprecision-integer-decimal-date-datetime-time
    """
    if kind != "json":
        return let({"v": text(sql, kind)}, lambda v: _boundary_of_text(v["v"], fhir, high))
    end = "end" if high else "start"

    def which(v: dict[str, str]) -> str:
        one = v["v"]
        return (
            f"CASE WHEN json_type({one}) = 'OBJECT' THEN {let({'t': f'({one}->>{quoted(end)})'}, lambda t: _moment(t['t'], 'dateTime', high))} "
            f"WHEN {is_number(one)} THEN {let({'t': text(one, 'json')}, lambda t: _decimal(t['t'], high))} "
            f"ELSE {let({'t': text(one, 'json')}, lambda t: _boundary_of_text(t['t'], fhir, high))} END"
        )

    return let({"v": sql}, which)


def _boundary_of_text(value: str, fhir: str, high: bool) -> str:
    time = f"substr({value} || {quoted('xx:xx:59.999' if high else 'xx:xx:00.000')}[length({value}) + 1:], 1, 12)"
    return (
        f"CASE WHEN {value}[3] = ':' THEN {time} WHEN {value}[5] = '-' OR length({value}) = 4 THEN {_moment(value, fhir, high)} "
        f"WHEN TRY_CAST({value} AS DOUBLE) IS NOT NULL THEN {_decimal(value, high)} END"
    )


def _decimal(value: str, high: bool) -> str:
    half = f"0.5 * pow(10, -length(split_part({value}, '.', 2)))"
    edge = f"CAST(TRY_CAST({value} AS {NUMBER}) {'+' if high else '-'} {half} AS {NUMBER})"
    return f"CASE WHEN NOT contains(lower({value}), 'e') THEN CAST(CAST({edge} AS DOUBLE) AS VARCHAR) END"  # 1e5 does not say how exact it is


def _moment(value: str, fhir: str, high: bool) -> str:
    def made(parts: dict[str, str]) -> str:
        p = parts["p"]
        month = f"CASE {p}.m WHEN '' THEN '{'-12' if high else '-01'}' ELSE {p}.m END"
        first = f"TRY_CAST({p}.y || {month} || '-01' AS DATE)"
        day = f"strftime({f'last_day({first})' if high else first}, '-%d')"
        date = f"{p}.y || {month} || CASE {p}.d WHEN '' THEN {day} ELSE {p}.d END"
        full = "T23:59:59.999" if high else "T00:00:00.000"
        clock = f"substr({p}.t || '{full}'[length({p}.t) + 1:], 1, 13)"
        moment = f"{date} || {clock} || CASE {p}.z WHEN '' THEN '{'-12:00' if high else '+14:00'}' ELSE {p}.z END"
        if fhir in ("dateTime", "instant"):
            out = moment
        elif fhir == "date":
            out = date
        else:
            out = f"CASE {p}.t WHEN '' THEN {date} ELSE {moment} END"
        return f"CASE WHEN {p}.y <> '' THEN {out} END"

    return let({"p": f"regexp_extract({value}, {_PARTS})"}, made)
