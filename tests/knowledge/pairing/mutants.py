"""Every small mistake that somebody could make in a criterion."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from linewise.knowledge import Knowledge
from linewise.logic import Node, Question, Vocabulary
from linewise.logic.nodes import (
    And,
    Ask,
    AtLeast,
    Combination,
    Compare,
    DaysOf,
    GradeOf,
    Had,
    Includes,
    Is,
    Leaf,
    Not,
    Or,
    ProgressedOn,
    ReactedTo,
    Receiving,
    Setting,
    Taking,
    Treatment,
    number_text,
)

from .criteria import Path, asking, at, exchanged, narrowed, parts, question_of, replaced, without

_FLIPPED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "=": ">="}
_SETTING: dict[Setting, Setting] = {
    "any": "metastatic",
    "adjuvant": "metastatic",
    "metastatic": "any",
    "first": "last",
    "last": "metastatic",
}


class Mutant(msgspec.Struct, frozen=True):
    """A criterion with one mistake; `path` leads to the part that was changed, in both."""

    kind: str
    text: str
    path: Path
    node: Node


def mutants(node: Node, knowledge: Knowledge) -> list[Mutant]:
    """All mutants of a criterion, each different from it and from the others."""
    found: dict[Node, Mutant] = {}
    for mutant in _mutants(node, knowledge):
        if mutant.node != node:
            found.setdefault(mutant.node, mutant)
    texts: dict[str, int] = {}
    listed = []
    for mutant in found.values():
        seen = texts[mutant.text] = texts.get(mutant.text, 0) + 1
        listed.append(mutant if seen == 1 else msgspec.structs.replace(mutant, text=f"{mutant.text} ({seen})"))
    return listed


def step(number: float) -> float:
    """The smallest step in which a number like this is written: 1 for 50, 0.1 for 2.5."""
    digits = number_text(number).partition(".")[2]
    return float(10 ** -len(digits))


def _mutants(node: Node, knowledge: Knowledge) -> Iterator[Mutant]:
    for path, part in parts(node):
        if path and isinstance(at(node, path[:-1]), And | Or | AtLeast):
            yield Mutant("drop", f"drop: {part.text}", path[:-1], without(node, path))
        opposite = part.item if isinstance(part, Not) else Not(part)
        yield Mutant("negate", f"negate: {part.text}", path, replaced(node, path, opposite))
        if isinstance(part, Leaf):
            for kind, leaf in _of_leaf(part, knowledge):
                yield Mutant(kind, f"{kind}: {part.text} → {leaf.text}", path, replaced(node, path, leaf))
        elif isinstance(part, And | Or):
            other: Node = Or(part.items) if isinstance(part, And) else And(part.items)
            yield Mutant("and-or", f"and-or: {part.text}", path, replaced(node, path, other))
        elif isinstance(part, AtLeast):
            for n in (part.n - 1, part.n + 1):
                if 1 <= n <= len(part.items):
                    yield Mutant("count", f"{n}: {part.text}", path, replaced(node, path, AtLeast(n, part.items)))


def _of_leaf(leaf: Leaf, knowledge: Knowledge) -> Iterator[tuple[str, Leaf]]:
    vocabulary = knowledge.vocabulary
    for _, less in narrowed(leaf):
        yield "drop", less
    if isinstance(leaf, Compare):
        yield from _of_compare(leaf, vocabulary)
    elif isinstance(leaf, Is | Includes):
        yield from _of_values(leaf, vocabulary)
    question = question_of(leaf)
    if question is not None:
        for kind, other in _of_question(question, knowledge):
            yield kind, asking(leaf, other)
        if isinstance(leaf, Ask):
            yield from (("question", Ask(other)) for other in _confused(question))


def _of_compare(leaf: Compare, vocabulary: Vocabulary) -> Iterator[tuple[str, Leaf]]:
    yield "flip", msgspec.structs.replace(leaf, op=_FLIPPED[leaf.op])
    low, high = _range(leaf, vocabulary)
    for number in (leaf.number - step(leaf.number), leaf.number + step(leaf.number)):
        number = round(number, 6)
        if (low is None or low <= number) and (high is None or number <= high):
            yield "number", msgspec.structs.replace(leaf, number=number)


def _range(leaf: Compare, vocabulary: Vocabulary) -> tuple[float | None, float | None]:
    if not isinstance(leaf.what, str):
        return 0.0, 4.0 if isinstance(leaf.what, GradeOf) else None
    fact = vocabulary.facts[leaf.what]
    return fact.low, fact.high


def _of_values(leaf: Is | Includes, vocabulary: Vocabulary) -> Iterator[tuple[str, Leaf]]:
    fact = vocabulary.facts[leaf.fact]
    members = fact.members(leaf.values)
    others = [value for value in fact.values if value not in members]
    for index, value in enumerate(leaf.values if others else ()):
        # The next in the list of values: the one a slip of the eye would hit.
        place = fact.values.index(value) if value in fact.values else 0
        other = next((one for one in fact.values[place:] if one in others), others[0])
        values = (*leaf.values[:index], other, *leaf.values[index + 1 :])
        yield "value", msgspec.structs.replace(leaf, values=values)
    if isinstance(leaf, Includes):
        if len(leaf.values) > 1:
            for mode in ("any", "all"):
                yield "mode", msgspec.structs.replace(leaf, mode=mode)
        elif leaf.mode == "only":
            yield "mode", msgspec.structs.replace(leaf, mode="any")


def _of_question(question: Question, knowledge: Knowledge) -> Iterator[tuple[str, Question]]:
    treatment = getattr(question, "treatment", None)
    if treatment is not None:
        for other in _wider(treatment, knowledge):
            yield "parent", msgspec.structs.replace(question, treatment=other)
    setting = getattr(question, "setting", None)
    if setting is not None:
        # `progressed on` without a setting means lines for metastatic disease.
        progressed = isinstance(question, ProgressedOn) and setting in ("any", "metastatic")
        yield "setting", msgspec.structs.replace(question, setting="adjuvant" if progressed else _SETTING[setting])
    if isinstance(question, ReactedTo) and question.grade is not None:
        for grade in (question.grade - 1, question.grade + 1):
            if 1 <= grade <= 4:
                yield "number", msgspec.structs.replace(question, grade=grade)
    if isinstance(question, ReactedTo) and question.effect is not None:
        yield "value", msgspec.structs.replace(question, effect=_other_effect(question.effect, knowledge))
    if isinstance(question, GradeOf | DaysOf):
        yield "value", msgspec.structs.replace(question, symptom=_next(question.symptom, knowledge.vocabulary.symptoms))


def _wider(treatment: Treatment, knowledge: Knowledge) -> Iterator[Treatment]:
    """With a drug or class replaced by the class above it."""
    for index, one in enumerate(treatment.alternatives):
        for place, name in enumerate(one.has):
            for parent in above(name, knowledge):
                yield exchanged(treatment, index, Combination((*one.has[:place], parent, *one.has[place + 1 :]), one.without))
        for place, name in enumerate(one.without):
            for parent in above(name, knowledge):
                less = (*one.without[:place], parent, *one.without[place + 1 :])
                yield exchanged(treatment, index, Combination(one.has, less))


def above(name: str, knowledge: Knowledge) -> tuple[str, ...]:
    """The classes directly above a drug or class."""
    if name in knowledge.drugs:
        return knowledge.drugs[name].classes
    return knowledge.classes[name].is_ if name in knowledge.classes else ()


def _other_effect(effect: str, knowledge: Knowledge) -> str:
    """The next effect that is another one, and not another word for the same."""
    known = knowledge.find_effect(effect) or effect
    return _next(known, frozenset({known, *knowledge.content.effects}))


def _next(word: str, words: frozenset[str]) -> str:
    ordered = sorted(words)
    return ordered[(ordered.index(word) + 1) % len(ordered)]


def _confused(question: Question) -> Iterator[Had | ProgressedOn | Receiving | Taking]:
    """Another question that sounds alike."""
    if isinstance(question, Had):
        yield ProgressedOn(question.treatment, question.setting)
    elif isinstance(question, ProgressedOn):
        yield Had(question.treatment, question.setting)
    elif isinstance(question, Receiving):
        yield Had(question.treatment)
        yield Taking(question.treatment)
    elif isinstance(question, Taking):
        yield Receiving(question.treatment)


__all__ = ["Mutant", "above", "mutants", "step"]
