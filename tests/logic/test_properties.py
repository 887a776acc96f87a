"""What holds for every criterion and every record."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import msgspec
from field import AS_OF, VOCABULARY, Person, random_node, random_person, random_reading
from hypothesis import assume, given
from hypothesis import strategies as st

from linewise.logic import Decider, Need, Node, Question, Reading, children, parse, walk
from linewise.logic.nodes import And, AtLeast, Constant, Not, Or

randoms = st.randoms(use_true_random=False)


def value(node: Node, person: Person) -> bool | None:
    return Decider(VOCABULARY, person).value(node)


def key(about: str | Question) -> str:
    return about if isinstance(about, str) else about.key


@given(randoms)
def test_the_text_of_a_criterion_means_that_criterion(rng: Random) -> None:
    node = random_node(rng, 4)
    assert parse(node.text) == node
    for part in walk(node):
        assert parse(part.text) == part


@given(randoms)
def test_a_criterion_survives_encoding(rng: Random) -> None:
    node = random_node(rng)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(node), type=Node) == node


@given(randoms)
def test_kleene_laws_hold(rng: Random) -> None:
    a, b, c = (random_node(rng, 1) for _ in range(3))
    person = random_person(rng)
    pairs = [
        (Not(Not(a)), a),
        (Not(And((a, b))), Or((Not(a), Not(b)))),
        (Not(Or((a, b))), And((Not(a), Not(b)))),
        (And((a, b, c)), And((c, And((b, a))))),
        (Or((a, b, c)), Or((Or((c, a)), b))),
        (And((a, Or((b, c)))), Or((And((a, b)), And((a, c))))),
        (And((a, Or((a, b)))), a),
        (AtLeast(1, (a, b, c)), Or((a, b, c))),
        (AtLeast(3, (a, b, c)), And((a, b, c))),
        (AtLeast(2, (a, b, c)), Or((And((a, b)), And((a, c)), And((b, c))))),
    ]
    for left, right in pairs:
        assert value(left, person) is value(right, person), (left.text, right.text)


@given(randoms)
def test_more_knowledge_never_turns_an_answer_round(rng: Random) -> None:
    node = random_node(rng, known=False)
    person = random_person(rng, silence=0.6)
    before = value(node, person)
    assume(before is not None)
    unknown = [about for about in _about(node) if person.read(about).value is None]
    learnt = {key(about): random_reading(rng, about, fresh=True) for about in unknown}
    sets = {name: _completed(rng, reading) for name, reading in person.readings.items() if not reading.complete}
    assert value(node, Person({**person.readings, **learnt, **sets})) is before


def _about(node: Node) -> list[str | Question]:
    return Decider(VOCABULARY, Person()).open(node)


def _completed(rng: Random, reading: Reading) -> Reading:
    """The same set, with more in it and nothing left to find."""
    assert isinstance(reading.value, frozenset)
    others = [value for value in VOCABULARY.facts["sites"].values if rng.random() < 0.5]
    return msgspec.structs.replace(reading, value=reading.value | set(others), complete=True)


@given(randoms)
def test_open_is_empty_exactly_when_decided_and_its_answers_decide(rng: Random) -> None:
    node = random_node(rng, known=False)
    person = random_person(rng, silence=0.6)
    decider = Decider(VOCABULARY, person)
    found = decider.open(node)
    assert (found == []) is (decider.value(node) is not None)
    assert len(set(found)) == len(found)
    answers = {key(about): _answered(rng, about, person.read(about)) for about in found}
    assert value(node, Person({**person.readings, **answers})) is not None


def _answered(rng: Random, about: str | Question, before: Reading) -> Reading:
    """An answer of today that keeps what is known. One that takes a value back may raise the next question, as it should."""
    if before.value is None:
        return random_reading(rng, about, fresh=True)
    return msgspec.structs.replace(before if before.complete else _completed(rng, before), on=AS_OF)


@given(randoms)
def test_the_explanation_agrees_with_the_value(rng: Random) -> None:
    node = random_node(rng)
    person = random_person(rng)
    explained = Decider(VOCABULARY, person).explain(node)
    assert explained.value is value(node, person)
    assert explained.text == node.text
    pending = [explained]
    while pending:
        one = pending.pop()
        if one.kind != "leaf":
            pending.extend(one.children)
        assert one.value is value(parse(one.text), person)
    if explained.value is None:
        assert all(reason.value is None for reason in explained.reasons())


@given(randoms)
def test_a_derived_fact_agrees_with_its_comparisons(rng: Random) -> None:
    person = random_person(rng)
    decider = Decider(VOCABULARY, person)
    for name in ("her2", "subtype"):
        known = decider.fact(name).value
        for one in VOCABULARY.facts[name].values:
            answer = decider.value(parse(f"{name} is {one}"))
            assert answer is (known == one) if known is not None else answer is not True


@given(randoms)
def test_what_is_needed_is_enough(rng: Random) -> None:
    node = random_node(rng, known=False)
    leaves = [part for part in walk(node) if not children(part) and not isinstance(part, Constant)]
    decider = Decider(VOCABULARY, random_person(rng))
    need = decider.needed(node)
    assert (need.kind == "nothing") is (decider.value(node) is True)
    assume(need.kind != "never" and len(set(leaves)) == len(leaves))  # a clause that stands twice may be needed both ways
    changed = {}
    for text in chosen(need):
        wanted = parse(text)
        changed[wanted.item if isinstance(wanted, Not) else wanted] = not isinstance(wanted, Not)
    assert kleene(node, lambda leaf: changed.get(leaf, decider.value(leaf))) is True


def chosen(need: Need) -> list[str]:
    """One way to meet a need."""
    if need.kind == "leaf":
        return [need.text]
    return [text for child in need.children[: need.n] for text in chosen(child)]


def kleene(node: Node, leaf: Callable[[Node], bool | None]) -> bool | None:
    """Kleene's logic as a table of numbers, written apart from the code it judges: 0 false, 1 unknown, 2 true."""
    rank = {False: 0, None: 1, True: 2}
    back: list[bool | None] = [False, None, True]

    def level(one: Node) -> int:
        if isinstance(one, Not):
            return 2 - level(one.item)
        if isinstance(one, And):
            return min(map(level, one.items))
        if isinstance(one, Or):
            return max(map(level, one.items))
        if isinstance(one, AtLeast):
            return sorted(map(level, one.items))[-one.n]
        return rank[leaf(one)]

    return back[level(node)]


@given(randoms)
def test_compounds_follow_the_table(rng: Random) -> None:
    node = random_node(rng, 4)
    decider = Decider(VOCABULARY, random_person(rng))
    assert decider.value(node) is kleene(node, decider.value)
