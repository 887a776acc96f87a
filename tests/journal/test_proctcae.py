"""The composite grade: all 179 combinations, as published (written out here a second time, by hand, as the tables print them)."""

from __future__ import annotations

from itertools import product

import pytest

from linewise.journal.proctcae import chosen, composite, imputed, terms
from linewise.knowledge import open_knowledge

KNOWLEDGE = open_knowledge()
_ = None
ONE = {
    ("frequency",): [0, 1, 1, 2, 3],
    ("severity",): [0, 1, 2, 3, 3],
    ("amount",): [0, 1, 1, 2, 2],
}
TWO = {
    ("frequency", "severity"): [[0, _, _, _, _], [1, 1, 1, 2, 2], [1, 1, 2, 2, 2], [1, 1, 2, 3, 3], [1, 1, 2, 3, 3]],
    ("frequency", "interference"): [[0, _, _, _, _], [1, 1, 1, 2, 2], [1, 1, 1, 2, 2], [1, 1, 2, 3, 3], [1, 1, 2, 3, 3]],
    ("severity", "interference"): [[0, _, _, _, _], [1, 1, 1, 2, 2], [1, 1, 2, 2, 3], [1, 2, 2, 3, 3], [2, 2, 2, 3, 3]],
}
THREE = """
0 0 0 - - - -
1 0 0 1 1 2 2
1 1 1 1 1 2 2
1 2 1 2 2 2 3
1 3 2 2 2 3 3
1 4 2 2 3 3 3
2 0 0 1 1 2 2
2 1 1 1 1 2 2
2 2 2 2 2 3 3
2 3 2 2 2 3 3
2 4 2 2 3 3 3
3 0 1 1 1 2 2
3 1 1 1 2 2 2
3 2 2 2 2 3 3
3 3 2 2 3 3 3
3 4 2 2 3 3 3
4 0 1 1 1 2 2
4 1 1 1 2 2 3
4 2 2 2 2 3 3
4 3 2 2 3 3 3
4 4 2 2 3 3 3
"""


def published() -> dict[tuple[str, ...], dict[tuple[int, ...], int]]:
    """Every defined combination: kinds, then answers, to the grade."""
    found: dict[tuple[str, ...], dict[tuple[int, ...], int]] = {}
    for kinds, row in ONE.items():
        found[kinds] = {(a,): grade for a, grade in enumerate(row)}
    for kinds, table in TWO.items():
        found[kinds] = {(a, b): grade for a, row in enumerate(table) for b, grade in enumerate(row) if grade is not None}
    three = {}
    for line in THREE.split("\n"):
        if line.strip():
            first, second, *grades = line.split()
            three.update({(int(first), int(second), i): int(grade) for i, grade in enumerate(grades) if grade != "-"})
    found["frequency", "severity", "interference"] = three
    return found


def test_there_are_179() -> None:
    assert sum(len(table) for table in published().values()) == 179


@pytest.mark.parametrize("term", terms(KNOWLEDGE).values(), ids=lambda term: str(term.number))
def test_every_combination_of_every_term(term) -> None:  # type: ignore[no-untyped-def]
    table = published().get(term.kinds)
    for values in product(range(5), repeat=len(term.items)):
        answers = {item.id: value for item, value in zip(term.items, values, strict=True)}
        if table is None:
            assert term.kinds == ("presence",)
            assert composite(term, answers) is None
        else:
            full = values if values[0] else (0,) * len(values)
            assert composite(term, answers) == table[full]


def test_a_missing_answer_has_no_composite_unless_skipped() -> None:
    pain = terms(KNOWLEDGE)[48]
    first, second, third = (item.id for item in pain.items)
    assert composite(pain, {}) is None
    assert composite(pain, {first: 2, second: 2}) is None
    assert composite(pain, {first: 0}) == 0
    assert imputed(pain, {first: 0, second: 3}) == {first: 0, second: 0, third: 0}
    assert composite(pain, {first: 9, second: 0, third: 0}) is None


def test_item_bank_is_whole() -> None:
    ids = [item.id for term in terms(KNOWLEDGE).values() for item in term.items]
    assert len(terms(KNOWLEDGE)) == 80
    assert len(ids) == len(set(ids)) == 124


def test_what_is_asked_follows_what_is_taken() -> None:
    plain = {term.number for term in chosen([], [], KNOWLEDGE)}
    more = {term.number for term in chosen(["taxane"], ["brain"], KNOWLEDGE)}
    assert 48 in plain and 27 not in plain
    assert {27, 49} <= more
