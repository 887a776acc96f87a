"""The columns give every person the answer that the reader for one person gives."""

from __future__ import annotations

from random import Random

import pytest
from field import AS_OF, VOCABULARY, Person, random_node, random_person

from linewise.logic import Decider, Node, parse
from linewise.logic.columns import Column, base, decided, evaluate, expressions
from sizes import sizes

pl = pytest.importorskip("polars")

TYPES = {"yes-no": pl.Boolean, "number": pl.Float64, "choice": pl.String, "set": pl.List(pl.String), "date": pl.Date}


def table(people: list[Person], columns: list[Column]) -> pl.DataFrame:
    return pl.DataFrame(
        [pl.Series(column.name, [cell(person, column) for person in people], TYPES[column.type]) for column in columns]
    )


def cell(person: Person, column: Column) -> object:
    if column.name == "as_of":
        return AS_OF
    reading = person.read(column.about)
    if column.name.endswith("@open"):
        return bool(reading.open)
    if column.name.endswith("@on"):
        return reading.on
    if column.name.endswith("@complete"):
        return reading.complete if reading.value is not None else None
    return sorted(reading.value) if isinstance(reading.value, frozenset) else reading.value


def answers(people: list[Person], nodes: dict[str, Node]) -> dict[str, list[bool | None]]:
    deciders = [Decider(VOCABULARY, person) for person in people]
    return {name: [decider.value(node) for decider in deciders] for name, node in nodes.items()}


@pytest.mark.parametrize("records", sizes(1_500, 10_000))
def test_columns_agree_on_many_records(records: int) -> None:
    rng = Random(20260331)
    nodes = {f"criterion {index}": random_node(rng, 3) for index in range(80)}
    people = [random_person(rng) for _ in range(records)]
    frame = table(people, base(nodes, VOCABULARY))
    found = evaluate(frame, nodes, VOCABULARY).collect()
    for name, expected in answers(people, nodes).items():
        assert found[name].to_list() == expected, nodes[name].text


@pytest.mark.parametrize("seed", range(12))
def test_columns_agree_on_many_criteria(seed: int) -> None:
    rng = Random(seed)
    nodes = {f"criterion {index}": random_node(rng, 2) for index in range(100)}
    people = [random_person(rng, silence=rng.random()) for _ in range(150)]
    frame = table(people, base(nodes, VOCABULARY))
    expected = answers(people, nodes)
    staged = evaluate(frame, nodes, VOCABULARY).collect()
    written_out = frame.select(**expressions(nodes, VOCABULARY))
    alone = decided(frame, nodes, VOCABULARY).collect()
    assert alone.columns == list(nodes)
    for name, node in nodes.items():
        assert staged[name].to_list() == expected[name], node.text
        assert written_out[name].to_list() == expected[name], node.text
        assert alone[name].to_list() == expected[name], node.text
        assert decided(frame, {name: node}, VOCABULARY).collect()[name].to_list() == expected[name], node.text


def test_derived_facts_agree() -> None:
    rng = Random(7)
    people = [random_person(rng) for _ in range(2_000)]
    facts = list(VOCABULARY.derived)
    nodes = {name + "?": parse(f"{name} is known") for name in facts}
    found = evaluate(table(people, base(nodes, VOCABULARY)), nodes, VOCABULARY, facts).collect()
    for name in facts:
        assert found[name].to_list() == [Decider(VOCABULARY, person).fact(name).value for person in people]


def test_base_goes_through_derived_facts_and_names_what_it_needs() -> None:
    nodes = {"a": parse("triple-negative and sites include liver within 6 months and months since fulvestrant > 3")}
    assert set(base(nodes, VOCABULARY)) == {
        Column("sites", "set", "sites"),
        Column("sites@complete", "yes-no", "sites"),
        Column("sites@on", "date", "sites"),
        Column("as_of", "date", ""),
        Column("months since fulvestrant", "number", "months since fulvestrant"),
        Column("hr", "choice", "hr"),
        Column("her2-ihc", "choice", "her2-ihc"),
        Column("her2-ish", "choice", "her2-ish"),
    }


def test_helper_columns_do_not_stay() -> None:
    nodes = {"a": parse("subtype is luminal"), "b": parse("subtype is luminal and pregnant")}
    frame = table([Person()], base(nodes, VOCABULARY))
    found = evaluate(frame, nodes, VOCABULARY).collect()
    assert set(found.columns) == {*frame.columns, "her2", "triple-negative", "subtype", "a", "b"}


def test_a_criterion_may_not_take_the_name_of_a_column() -> None:
    frame = table([Person()], base({"hr": parse("hr is positive")}, VOCABULARY))
    with pytest.raises(ValueError, match="same name: hr"):
        evaluate(frame, {"hr": parse("hr is positive")}, VOCABULARY)
