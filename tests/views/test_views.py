"""SQL-on-FHIR v2: the public suite, views that are run beside plain Python, the reader's own views, and what is said where a view is wrong."""

from __future__ import annotations

import datetime as dt
import gzip
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linewise.bulk.resources import KINDS, LINKED
from linewise.cli import main
from linewise.views.definitions import reader_views
from linewise.views.fhirpath import Binary, Literal, Member, PathError, parse
from linewise.views.run import run
from linewise.views.view import Query, ViewError, compile_view, reason
from places import SHARED, Shared

SUITE = SHARED / "records/conformance/sql_on_fhir_v2/tests"
LEFT_OUT: dict[str, str] = {}
"""Cases of the suite that do not pass, `file: title`, with the reason. docs/cohort.md has the same list."""
Row = dict[str, Any]
DATABASE = duckdb.connect()


def rows_of(view: Any, resources: list[Any], tolerant: bool = False) -> list[Row]:
    """The rows of a view over resources in memory."""
    query = compile_view(view)
    DATABASE.execute("CREATE OR REPLACE TABLE stored (resource JSON)")
    DATABASE.executemany("INSERT INTO stored VALUES (?)", [[json.dumps(one)] for one in resources])
    found = DATABASE.execute(query.over_json("stored", "resource", tolerant))
    names = [column[0] for column in found.description]
    assert names == [column.name for column in query.columns]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def column(path: str, **more: Any) -> Row:
    return {"name": "x", "path": path, **more}


def asked(path: str, resource: Row, **more: Any) -> Any:
    """What one path gives of one resource."""
    view = {"resource": resource["resourceType"], "select": [{"column": [column(path, **more)]}]}
    return rows_of(view, [resource])[0]["x"]


def same(found: list[Row], expected: list[Row]) -> bool:
    """The same rows, in whatever order. An integer may be written as 5 or 5.0, a boolean is neither."""

    def plain(value: Any) -> str:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return repr(float(value)) if number else json.dumps(value, sort_keys=True)

    flat = [sorted(sorted((name, plain(value)) for name, value in row.items()) for row in rows) for rows in (found, expected)]
    return flat[0] == flat[1]


# The public suite


def _suite() -> Iterator[Any]:
    if not any(SUITE.glob("*.json")):
        yield pytest.param(
            None, None, id="absent", marks=pytest.mark.skip("the public suite is not here; set LINEWISE_SHARED to its folder")
        )
    for file in sorted(SUITE.glob("*.json")):
        suite = json.loads(file.read_text(encoding="utf-8"))
        for case in suite["tests"]:
            yield pytest.param(suite["resources"], case, id=f"{file.stem}: {case['title']}")


@pytest.mark.parametrize(("resources", "case"), list(_suite()))
def test_the_public_suite(resources: list[Row], case: Row, request: pytest.FixtureRequest) -> None:
    why = LEFT_OUT.get(request.node.callspec.id)
    if why is None:
        _passes(resources, case)
        return
    with pytest.raises((AssertionError, ViewError, duckdb.Error)):  # one that passes must leave the list
        _passes(resources, case)


def _passes(resources: list[Row], case: Row) -> None:
    if case.get("expectError"):
        with pytest.raises((ViewError, duckdb.Error)) as raised:
            rows_of(case["view"], resources)
        assert isinstance(raised.value, ViewError) or reason(raised.value), "an error that we did not foresee"
        return
    found = rows_of(case["view"], resources)
    if "expectColumns" in case:
        assert [one.name for one in compile_view(case["view"]).columns] == case["expectColumns"]
    assert same(found, case["expect"]), found


def test_the_suite_is_whole() -> None:
    if not any(SUITE.glob("*.json")):
        pytest.skip("the public suite is not here; set LINEWISE_SHARED to its folder")
    listed = [param.id for param in _suite()]
    assert len(listed) == 134
    assert set(LEFT_OUT) <= set(listed)


# Beside plain Python: the processing model of the specification, word by word

NAMES = st.sampled_from(["a", "b", "c"])
LEAVES = st.one_of(st.sampled_from(["x", "y", "it's"]), st.integers(0, 3), st.booleans())
ELEMENTS = st.recursive(
    st.dictionaries(NAMES, LEAVES, max_size=3),
    lambda inner: st.dictionaries(NAMES, st.one_of(LEAVES, inner, st.lists(st.one_of(inner, st.none()), max_size=3)), max_size=3),
    max_leaves=12,
)
PATHS = st.lists(NAMES, min_size=1, max_size=2).map(".".join)


@st.composite
def selections(draw: Any, depth: int = 2) -> Row:
    """A selection whose columns are named later."""
    made: Row = {"column": [{"path": draw(PATHS)} for _ in range(draw(st.integers(1 if depth == 0 else 0, 2)))]}
    made |= {how: draw(PATHS) for how in draw(st.sampled_from([[], ["forEach"], ["forEachOrNull"]]))}
    if draw(st.booleans()):
        made["column"].append({"path": "%rowIndex"})
    if depth:
        made["select"] = draw(st.lists(selections(depth=depth - 1), max_size=2))
        if draw(st.booleans()):
            branch = st.fixed_dictionaries({"column": st.just([{"path": "a"}, {"path": "b.c"}]), "forEach": PATHS})
            made["unionAll"] = draw(st.lists(branch, min_size=1, max_size=3))
    return made


def named(select: Row, number: Iterator[int]) -> Row:
    """The selection with a name for every column; branches of a union share theirs."""
    for one in select.get("column", []):
        one |= {"name": f"c{next(number)}", "collection": one["path"] != "%rowIndex"}
        one |= {"type": "integer"} if not one["collection"] else {"type": "Element"}
    for inner in select.get("select", []):
        named(inner, number)
    start = next(number)
    for branch in select.get("unionAll", []):
        named(branch, itertools.count(start))
    for _ in range(10):
        next(number)
    return select


def walked(node: Any, path: str) -> list[Any]:
    nodes = [node]
    for step in path.split("."):
        below = [one[step] for one in nodes if isinstance(one, dict) and step in one]
        nodes = [part for one in below for part in (one if isinstance(one, list) else [one]) if part is not None]
    return nodes


def columns_in(select: Row) -> list[Row]:
    inner = [one for part in select.get("select", []) for one in columns_in(part)]
    return [*select.get("column", []), *inner, *(columns_in(select["unionAll"][0]) if select.get("unionAll") else [])]


def process(select: Row, node: Any, row: int) -> list[Row]:
    """Process(S, N) of https://build.fhir.org/ig/FHIR/sql-on-fhir-v2/processing_model.html."""
    each = select.get("forEach", select.get("forEachOrNull"))
    foci = [(node, row)] if each is None else [(one, index) for index, one in enumerate(walked(node, each))]
    out = []
    for focus, index in foci:
        own = {
            one["name"]: index if one["path"] == "%rowIndex" else walked(focus, one["path"]) for one in select.get("column", [])
        }
        parts = [[own], *(process(one, focus, index) for one in select.get("select", []))]
        if select.get("unionAll"):
            parts.append([made for one in select["unionAll"] for made in process(one, focus, index)])
        out += [{name: value for part in chosen for name, value in part.items()} for chosen in itertools.product(*parts)]
    if not foci and "forEachOrNull" in select:
        out.append({one["name"]: 0 if one["path"] == "%rowIndex" else None for one in columns_in(select)})
    return out


@settings(max_examples=100)
@given(st.lists(selections(), min_size=1, max_size=2), st.lists(ELEMENTS, min_size=1, max_size=3))
def test_any_view_gives_the_rows_of_the_processing_model(selects: list[Row], bodies: list[Row]) -> None:
    number = itertools.count()
    selects = [named(select, number) for select in selects]
    if not any(columns_in(select) for select in selects):
        selects[0]["column"] = [{"name": "only", "path": "a", "type": "Element", "collection": True}]
    resources = [body | {"resourceType": "Basic", "id": str(index)} for index, body in enumerate(bodies)]
    expected = [row for resource in resources for row in process({"select": selects}, resource, 0)]
    try:
        found = rows_of({"resource": "Basic", "select": selects}, resources)
    except ViewError as fault:
        assert "there is no column under" in str(fault)  # a selection that only repeats
        return
    read = [
        {name: [json.loads(part) for part in value] if isinstance(value, list) else value for name, value in row.items()}
        for row in found
    ]
    assert same(read, expected)


@settings(max_examples=300)
@given(
    ELEMENTS, st.lists(NAMES, min_size=1, max_size=3), st.booleans(), st.sampled_from(["string", "decimal", "boolean", "Element"])
)
def test_one_value_is_found_by_the_short_way_and_the_long(body: Row, steps: list[str], first: bool, kind: str) -> None:
    resource = body | {"resourceType": "Basic", "id": "1"}
    values = walked(resource, ".".join(steps))[: 1 if first else None]
    path = ".".join(steps) + (".first()" if first else "")
    view = {"resource": "Basic", "select": [{"column": [column(path, type=kind)]}]}
    number = [isinstance(value, int) and not isinstance(value, bool) for value in values]
    fits = {
        "decimal": number,
        "boolean": [isinstance(value, bool) for value in values],
        "string": [not isinstance(value, dict) for value in values],
    }
    if len(values) > 1 or not all(fits.get(kind, [True])):
        with pytest.raises(duckdb.Error) as raised:
            asked(path, resource, type=kind)
        assert reason(raised.value)
        assert rows_of(view, [resource], tolerant=True) == []
        return
    found = asked(path, resource, type=kind)
    assert rows_of(view, [resource], tolerant=True) == [{"x": found}]
    value = values[0] if values else None
    if kind == "string" and value is not None:
        assert found == (value if isinstance(value, str) else json.dumps(value))
    else:
        assert (json.loads(found) if kind == "Element" and found is not None else found) == value


def test_selections_within_a_repetition_are_crossed() -> None:
    inner = [{"forEach": path, "column": [{"name": path, "path": "$this"}]} for path in ("a", "b", "c")]
    view = {"resource": "Basic", "select": [{"forEach": "of", "column": [{"name": "i", "path": "%rowIndex"}], "select": inner}]}
    parts: list[Row] = [{"a": ["1", "2"], "b": ["3", "4"], "c": ["5", "6"]}, {"a": ["7"], "b": ["8", "9"], "c": []}]
    found = rows_of(view, [{"resourceType": "Basic", "id": "1", "of": parts}])
    assert same(found, [{"i": 0, "a": a, "b": b, "c": c} for a in "12" for b in "34" for c in "56"])


# Paths

PATIENT = {
    "resourceType": "Patient", "id": "p1", "active": True, "birthDate": "1970-06", "_birthDate": {"extension": [{"url": "http://e", "valueCode": "q"}]},
    "name": [{"family": "O'Hara", "given": ["Ann", None, "Lee"], "_given": [None, {"id": "g"}, None]}, {"family": "Low", "use": "old"}],
    "link": [{"other": {"reference": "http://here/fhir/Patient/p2/_history/3"}}], "multipleBirthInteger": 3,
    "contained": [{"resourceType": "Organization", "name": "O"}, {"resourceType": "Device"}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "more", "answer"),
    [
        ("name.given", {"collection": True}, ["Ann", "Lee"]),  # a null in a list of primitives is no value
        ("name.family = 'O\\'Hara'", {}, False),  # two families are not one
        ("name[0].family = 'O\\'Hara'", {}, True),
        ("name.exists(use = 'old' and family.startsWith('L'))", {}, True),
        ("name.where(use.empty()).family", {}, "O'Hara"),
        ("name.all(family.exists())", {}, True),
        ("name.count() * 2 - 1", {"type": "integer"}, 3),
        ("name.last().family", {}, "Low"),
        ("name.select(given.first())", {"collection": True}, ["Ann"]),
        ("name.given.join('-')", {}, "Ann-Lee"),
        ("Patient.name.first().family", {}, "O'Hara"),
        ("birthDate < @1971", {}, True),
        ("birthDate < @1970-06-15", {}, None),  # June may be before the 15th or after
        ("birthDate = @1970", {}, None),
        ("birthDate.lowBoundary()", {"type": "dateTime"}, "1970-06-01"),
        ("birthDate.extension('http://e').value.ofType(code)", {}, "q"),
        ("multipleBirth.ofType(integer) >= 3", {}, True),
        ("(1 | 2)", {}, PathError),
        ("1 / 0", {"type": "decimal"}, None),
        ("7 div 2 + 7 mod 2", {"type": "integer"}, 4),
        ("0.1 + 0.2 = 0.3", {}, True),
        ("'a' + 'b' & {}", {}, "ab"),
        ("active and {}", {}, None),
        ("active.not() or {}", {}, None),
        ("{} implies true", {}, True),
        ("true xor active", {}, False),
        ("link.other.getReferenceKey(Patient)", {}, "p2"),
        ("link.other.getReferenceKey(Group)", {}, None),
        ("contained.ofType(Organization).name", {}, "O"),
        ("name.where($this.use = 'old').family", {}, "Low"),
        ("resourceType", {}, "Patient"),
    ],
)  # fmt: skip
def test_what_a_path_gives(path: str, more: Row, answer: Any) -> None:
    if answer is PathError:
        with pytest.raises(ViewError, match="not part of what views can use"):
            asked(path, PATIENT, **more)
        return
    assert asked(path, PATIENT, **more) == answer


@pytest.mark.parametrize(
    ("one", "sign", "other", "answer"),
    [
        ("2015-02-07T13:28:17+02:00", "=", "2015-02-07T11:28:17.000Z", True),
        ("2015-02-07T23:30:00-05:00", ">", "2015-02-08T01:00:00Z", True),
        ("2015-02", "<", "2015-02-07", None),
        ("2015-01", "<=", "2015-02-07", True),
        ("2015", "!=", "2016-01-01", True),
        ("18:12:00", "=", "18:12:00.000", True),
        ("18:12", ">", "18:11:59", True),
    ],
)
def test_days_compare_as_far_as_they_are_known(one: str, sign: str, other: str, answer: bool | None) -> None:
    kind = "Time" if one[2] == ":" else "DateTime"
    resource = {"resourceType": "Observation", "id": "o", f"value{kind}": one, f"effective{kind}": other}
    low = kind[0].lower() + kind[1:]
    assert asked(f"value.ofType({low}) {sign} effective.ofType({low})", resource) is answer
    literal = f"@T{other}" if kind == "Time" else f"@{other}"
    assert asked(f"value.ofType({low}) {sign} {literal}", resource) is answer


@pytest.mark.parametrize(
    ("body", "path", "low", "high"),
    [
        (
            {"valueDateTime": "2024-02"},
            "value.ofType(dateTime)",
            "2024-02-01T00:00:00.000+14:00",
            "2024-02-29T23:59:59.999-12:00",
        ),
        (
            {"valueDateTime": "2024-02-03T10:11:12Z"},
            "value.ofType(dateTime)",
            "2024-02-03T10:11:12.000Z",
            "2024-02-03T10:11:12.999Z",
        ),
        ({"valueInteger": 4}, "value.ofType(integer)", "3.5", "4.5"),
        ({"effectivePeriod": {"start": "2023"}}, "effective.ofType(Period)", "2023-01-01T00:00:00.000+14:00", None),
    ],
)
def test_boundaries(body: Row, path: str, low: str, high: str | None) -> None:
    resource = {"resourceType": "Observation", "id": "o"} | body
    assert asked(f"{path}.lowBoundary()", resource, type="string") == low
    assert asked(f"{path}.highBoundary()", resource, type="string") == high


@pytest.mark.parametrize(
    ("reference", "typed", "key"),
    [
        ({"reference": "Patient/1"}, True, "1"),
        ({"reference": "Patient/1/_history/2"}, True, "1"),
        ({"reference": "https://here:80/fhir/Patient/a-b.c/_history/2"}, True, "a-b.c"),
        ({"reference": "Group/1"}, False, "1"),
        ({"reference": "XPatient/1"}, False, "1"),
        ({"reference": "urn:uuid:00-11"}, False, "00-11"),
        ({"reference": "urn:uuid:00-11", "type": "Patient"}, True, "00-11"),
        ({"reference": "#inside"}, False, None),
        ({"identifier": {"value": "7"}}, False, None),
    ],
)
def test_the_key_of_a_reference(reference: Row, typed: bool, key: str | None) -> None:
    one = {"resourceType": "Observation", "id": "o", "subject": reference}
    assert asked("subject.getReferenceKey()", one) == key
    assert asked("subject.getReferenceKey(Patient)", one) == (key if typed else None)
    assert asked("performer.getReferenceKey(Patient).join()", one | {"performer": [reference] * 2}) == (
        2 * str(key) if typed else ""
    )


def test_precedence_is_that_of_fhirpath() -> None:
    assert parse("a = 1 or b and c") == Binary(
        "or", Binary("=", Member(None, "a"), Literal("number", "1")), Binary("and", Member(None, "b"), Member(None, "c"))
    )
    assert parse("1 + 2 * 3 > 4 = true") == parse("((1 + (2 * 3)) > 4) = true")


@settings(max_examples=300)
@given(st.text(alphabet="ab.()[]%$'`@0= +-/*{}\\\n", max_size=20))
def test_any_text_is_a_path_or_an_error_in_words(text: str) -> None:
    try:
        compile_view({"resource": "Patient", "select": [{"column": [column(text)]}]})
    except ViewError as fault:
        assert "select[0].column[0].path" in str(fault)


def test_repeat_goes_all_the_way_down() -> None:
    deep: Row = {"linkId": "60"}
    for level in range(59, 0, -1):
        deep = {"linkId": str(level), "item": [deep]}
    view = {
        "resource": "Questionnaire",
        "select": [{"repeat": ["item"], "column": [column("linkId"), column("%rowIndex") | {"name": "i"}]}],
    }
    found = rows_of(view, [{"resourceType": "Questionnaire", "id": "q", "item": [deep]}, {"resourceType": "Questionnaire"}])
    assert [(row["x"], row["i"]) for row in found] == [(str(level), level - 1) for level in range(1, 61)]
    for _ in range(60):
        deep = {"item": [deep]}
    with pytest.raises(duckdb.Error, match="goes down more than 100 levels"):
        rows_of(view, [{"resourceType": "Questionnaire", "id": "q", "item": [deep]}])


# Errors


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ([], "a ViewDefinition is an object"),
        ({"resource": "Patient"}, "select: it is missing or empty"),
        ({"resource": "patient; drop", "select": [{}]}, "the type of resource is missing"),
        ({"resource": "Patient", "select": {"column": []}}, "select: a list is wanted"),
        ({"resource": "Patient", "select": [{"foreach": "name"}]}, "select[0]: `foreach` is not known here"),
        ({"resource": "Patient", "select": [{"column": [column("id"), column("id")]}]}, "the column `x` is there twice"),
        ({"resource": "Patient", "select": [{"column": [{"name": "a-b", "path": "id"}]}]}, "select[0].column[0].name"),
        ({"resource": "Patient", "select": [{"column": [column("name.famly(")]}]}, "character 12: the path ends too early"),
        ({"resource": "Patient", "select": [{"column": [column("name.matches('a')")]}]}, "the function matches() is not one"),
        ({"resource": "Observation", "select": [{"column": [column("value")]}]}, "say which: value.ofType"),
        ({"resource": "Patient", "select": [{"column": [column("name.exists()", type="string")]}]}, "its path gives a boolean"),
        (
            {"resource": "Patient", "select": [{"forEach": "a", "repeat": ["b"], "column": [column("id")]}]},
            "only one of forEach and repeat",
        ),
        ({"resource": "Patient", "select": [{"column": [column("id")]}], "where": [{"path": "'a'"}]}, "where[0].path"),
        ({"resource": "Patient", "select": [{"column": [column("((((" * 10 + "id")]}]}, "`)` is missing"),
        ({"resource": "Patient", "select": [{"column": [column("((((" * 200 + "id")]}]}, "nested too deep"),
        ({"resource": "Patient", "select": [{"column": [column("-" * 200 + "1")]}]}, "nested more than 100 deep"),
        (
            {"resource": "Patient", "select": [{"column": [column("a" + ".a" * 5000)]}]},
            "nested too deep, or a path in it is too long",
        ),
        ({"resource": "Patient", "name": "../x", "select": [{"column": [column("id")]}]}, "name: a name of letters"),
    ],
)
def test_a_wrong_view_says_where_and_what(view: Any, words: str) -> None:
    with pytest.raises(ViewError) as raised:
        compile_view(view)
    assert words in str(raised.value)


def test_a_resource_that_does_not_fit_is_named_or_left_out() -> None:
    view = {
        "resource": "Patient",
        "select": [{"column": [column("birthDate", type="date"), column("name.given") | {"name": "y"}]}],
    }
    good, several = (
        {"resourceType": "Patient", "id": "a"},
        {"resourceType": "Patient", "id": "b", "name": [{"given": ["x", "y"]}]},
    )
    typed = {"resourceType": "Patient", "id": "c", "birthDate": {"year": 1970}}
    with pytest.raises(duckdb.Error) as raised:
        rows_of(view, [good, several])
    assert (
        reason(raised.value)
        == "the column `y` has several values; declare it a collection, or choose with first() or where(), in Patient/b"
    )
    with pytest.raises(duckdb.Error) as raised:
        rows_of(view, [good, typed])
    assert "the column `x` is declared date, and another type stands there, in Patient/c" in str(reason(raised.value))
    assert rows_of(view, [good, several, typed], tolerant=True) == [{"x": None, "y": None}]
    asking = {
        "resource": "Patient",
        "select": [{"column": [column("id")]}],
        "where": [{"path": "name.given.first() != 'z'"}, {"path": "name.given < 'z'"}],
    }
    one = {"resourceType": "Patient", "id": "d", "name": [{"given": ["x"]}]}
    with pytest.raises(duckdb.Error, match=r"name\.given has several values where one is wanted"):
        rows_of(asking, [several])
    assert rows_of(asking, [good, several, one], tolerant=True) == [{"x": "d"}]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("boolean", True, "true"), ("integer", 5, 5.5), ("integer", -1, "5"), ("integer", 0, 2**40), ("decimal", 1.5, "1.5"),
        ("string", "5", {"a": 1}), ("integer64", 2**40, "much"), ("code", "a", [["a"]]),
    ],
)  # fmt: skip
def test_a_value_of_another_type_than_declared_is_an_error(kind: str, good: Any, bad: Any) -> None:
    assert asked("a", {"resourceType": "Basic", "id": "1", "a": good}, type=kind) == good
    with pytest.raises(duckdb.Error) as raised:
        asked("a", {"resourceType": "Basic", "id": "1", "a": bad}, type=kind)
    assert f"the column `x` is declared {kind}, and another type stands there, in Basic/1" in str(reason(raised.value))


def test_a_tag_asks_for_a_type_of_the_database() -> None:
    day = {"type": "date", "tag": [{"name": "ansi/type", "value": "DATE"}]}
    assert asked("birthDate", {"resourceType": "Patient", "id": "1", "birthDate": "1970-06-05"}, **day) == dt.date(1970, 6, 5)
    with pytest.raises(duckdb.Error, match="another type stands there"):
        asked("birthDate", {"resourceType": "Patient", "id": "1", "birthDate": "1970"}, **day)


def test_texts_of_a_view_are_never_sql() -> None:
    quoted = "'; DROP TABLE stored; --"
    view = {
        "resource": "Patient",
        "constant": [{"name": "c", "valueString": quoted}],
        "select": [{"column": [column("name.where(family = %c).family"), {"name": "y", "path": "'it\\'s'"}]}],
    }
    assert rows_of(view, [{"resourceType": "Patient", "id": "a", "name": [{"family": quoted}]}]) == [{"x": quoted, "y": "it's"}]


# The reader's own views


def test_the_reader_looks_at_what_its_views_say() -> None:
    assert KINDS["Observation"].days == (
        "effectiveDateTime",
        "effectiveInstant",
        "effectivePeriod.start",
        "effectivePeriod.end",
        "issued",
    )
    assert KINDS["Observation"].link == "specimen"
    assert {"valueCodeableConcept", "hasMember", "bodySite"} <= set(KINDS["Observation"].members)
    assert KINDS["Patient"].subject == "id"
    assert KINDS["AllergyIntolerance"].subject == "patient"
    assert KINDS["MedicationRequest"].link == "medicationReference"
    assert LINKED["specimen"].kind == "Specimen"
    assert LINKED["specimen"].day == "collection->>'collectedDateTime'"
    assert LINKED["medicationReference"].columns == "{id: 'VARCHAR', code: 'JSON', ingredient: 'JSON'}"
    assert {view["resource"] for view in reader_views()} == set(KINDS) | {one.kind for one in LINKED.values()}


def own_rows(query: Query, lines: list[Row]) -> list[Row]:
    """The rows of a view of the reader, which only walks members, by plain Python."""
    views = {view["name"]: view for view in reader_views()}
    out = []
    for resource in lines:
        row: Row = {}
        columns: list[Row] = views[query.name]["select"][0]["column"]
        for one in columns:
            path = one["path"].replace("getResourceKey()", "id")
            head, key, _ = path.partition(".getReferenceKey(")
            steps: list[str] = []
            for step in head.split("."):
                kind = step.removeprefix("ofType(").removesuffix(")")
                steps = [*steps[:-1], steps[-1] + kind[0].upper() + kind[1:]] if step != kind else [*steps, step]
            found = walked(resource, ".".join([*steps, "reference"] if key else steps))
            found = [value.split("/")[-1] for value in found] if key else found
            row[one["name"]] = found if one.get("collection") else next(iter(found), None)
        out.append(row)
    return out


def test_the_views_of_the_reader_on_a_real_export(shared: Shared, tmp_path: Path) -> None:
    export = shared / "records/synthea_bulk_ndjson"
    queries = [compile_view(view) for view in reader_views()]
    result = run(export, tmp_path, queries, say=lambda text: None)
    assert not result.faults
    seen = 0
    for query, table in zip(queries, result.tables, strict=True):
        lines = [
            json.loads(line)
            for file in export.glob(f"{query.kind}.*.ndjson")
            for line in file.read_text(encoding="utf-8").splitlines()
        ]
        complex_ = {column.name for column in query.columns if column.element == "JSON"}
        rows = pl.read_parquet(table.path).to_dicts()
        for row in rows:
            for name in complex_ & {name for name, value in row.items() if value is not None}:
                row[name] = [json.loads(part) for part in row[name]] if isinstance(row[name], list) else json.loads(row[name])
        assert rows == own_rows(query, lines), query.name
        seen += len(rows)
    assert seen > 2000


# The command


def export_of(folder: Path, resources: list[Row], *broken: str, name: str = "Patient.ndjson") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join([*(json.dumps(one) for one in resources), *broken]) + "\n", encoding="utf-8")
    return folder


def test_the_command_keeps_what_is_wrong_and_answers_the_rest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people: list[Row] = [{"resourceType": "Patient", "id": f"p{number}", "gender": "female"} for number in range(5)]
    people[3]["gender"] = {"code": "female"}
    export = export_of(tmp_path / "in", people, '{"resourceType": "Patient", "id": "cut', '{"resourceType": "Device", "id": "d"}')
    (export / "more.ndjson.gz").write_bytes(gzip.compress(b'{"resourceType": "Patient", "id": "packed"}\n'))
    (export / "Patient-2.ndjson.gz").write_bytes(gzip.compress(b'{"resourceType": "Patient", "id": "q"}\n' * 50_000)[:-40])
    assert main(["cohort", "views", str(export), "--out", str(tmp_path / "out")]) == 1
    assert pl.read_parquet(tmp_path / "out/patient.parquet")["id"].sort().to_list() == ["p0", "p1", "p2", "p4", "packed"]
    kept = [json.loads(line) for line in (tmp_path / "out/faults.ndjson").read_text(encoding="utf-8").splitlines()]
    assert {(one["file"], one["line"], one["kind"].split(",")[0]) for one in kept} == {
        ("Patient.ndjson", 6, "not JSON"),
        ("Patient-2.ndjson.gz", None, "a file that cannot be read to its end"),
        (str(Path("Patient.ndjson")), None, "does not fit the view"),
    }
    assert "Patient/p3" in capsys.readouterr().err
    assert not list((tmp_path / "out").glob(".*"))


def test_a_view_of_ones_own_as_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    formula = {"resourceType": "Patient", "id": "=1+1"}
    export = export_of(tmp_path / "in", [PATIENT, formula])
    view = {
        "resource": "Patient",
        "name": "names",
        "select": [{"column": [column("id"), column("name.given", collection=True) | {"name": "given"}]}],
    }
    (tmp_path / "names.json").write_text(json.dumps(view), encoding="utf-8")
    assert (
        main(
            [
                "cohort",
                "views",
                str(export),
                "--out",
                str(tmp_path / "out"),
                "--view",
                str(tmp_path / "names.json"),
                "--form",
                "csv",
            ]
        )
        == 0
    )
    assert (tmp_path / "out/names.csv").read_text(encoding="utf-8").splitlines() == [
        "x,given",
        'p1,"[""Ann"",""Lee""]"',
        "'=1+1,[]",
    ]
    assert not (tmp_path / "out/faults.ndjson").exists()
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "there is no such file or folder"),
        (["."], "no NDJSON file with resources was found here"),
        (["in", "--view", "none.json"], "none.json: there is no such file"),
        (["in", "--view", "broken.json"], "this is not JSON"),
        (["in", "--view", "wrong.json"], "view wrong, select[0].column[0].path: `name.`, character 6: the path ends too early"),
        (["in", "--view", "good.json", "--view", "good.json"], "two views have the name `good`"),
        (["in", "--memory", "much"], "is not an amount of memory"),
    ],
)  # fmt: skip
def test_the_command_says_what_is_wrong(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    export_of(tmp_path / "in", [PATIENT])
    Path("broken.json").write_text("{", encoding="utf-8")
    for name, path in (("wrong", "name."), ("good", "id")):
        Path(f"{name}.json").write_text(
            json.dumps({"resource": "Patient", "select": [{"column": [column(path)]}]}), encoding="utf-8"
        )
    assert main(["cohort", "views", *arguments, "--out", "out"]) == 2
    assert words in capsys.readouterr().err
