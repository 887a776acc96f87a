"""Every criterion of the knowledge, its clauses, and what a clause says less when a part of it is dropped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from linewise.knowledge.model import Content
from linewise.logic import Node, Question
from linewise.logic.nodes import (
    And,
    Ask,
    AtLeast,
    Combination,
    Compare,
    Constant,
    Includes,
    Is,
    Leaf,
    Not,
    Or,
    ProgressedOn,
    ReactedTo,
    Treatment,
    children,
)

Path = tuple[int, ...]
"""The way from the top of a criterion to a part of it, as indexes of children."""


class Criterion(msgspec.Struct, frozen=True):
    """One criterion: the file it stands in, its name there, and its tree."""

    file: str  # "treatments/hr-positive/elacestrant.yaml"
    name: str  # "elacestrant: fits"
    node: Node


class Clause(msgspec.Struct, frozen=True):
    """A part of a criterion that asks something: a leaf, or one of several values or treatments inside a leaf."""

    path: Path
    leaf: Leaf
    text: str
    dropped: Node  # the whole criterion without it


# The criteria of the knowledge


def criteria_of(content: Content) -> list[Criterion]:
    """Every criterion, named so that the order of a list does not matter."""
    found: list[Criterion] = []
    names: dict[str, int] = {}
    for owner, what, node in _all(content):
        name = f"{owner.split('/', 1)[1]}: {what}"
        file = content.places[owner].rsplit(":", 1)[0].split("/", 1)[1]
        seen = names[file + name] = names.get(file + name, 0) + 1
        found.append(Criterion(file, name if seen == 1 else f"{name} ({seen})", node))
    return found


def _all(content: Content) -> Iterator[tuple[str, str, Node]]:
    for name, fact in content.facts.items():
        if fact.criterion is not None:
            yield f"facts/{name}", "derive", fact.criterion
        for case in fact.cases:
            yield f"facts/{name}", f"derive {case.value}", case.when
    for folder in ("classes", "drugs", "treatments"):
        for name, thing in getattr(content, folder).items():
            yield from _of_thing(f"{folder}/{name}", thing)
    for name, trial in content.evidence.items():
        if trial.people is not None:
            yield f"evidence/{name}", "people", trial.people
    for name, alert in content.alerts.items():
        yield f"alerts/{name}", "when", alert.when
    for name, question in content.questions.items():
        if question.when is not None:
            yield f"questions/{name}", "when", question.when


def _of_thing(owner: str, thing: Any) -> Iterator[tuple[str, str, Node]]:
    if hasattr(thing, "fits"):
        yield owner, "fits", thing.fits
    for one in getattr(thing, "needs", ()):
        yield owner, f"needs {one.class_}", one.when
    for kind in ("avoid", "caution"):
        for one in getattr(thing, kind):
            if one.when is not None:
                yield owner, f"{kind} {one.id}", one.when
    for one in getattr(thing, "conduct", ()):
        yield owner, f"{' or '.join(one.do)} {one.id}", one.when
    for one in getattr(thing, "standing", ()):
        if one.fits is not None:
            yield owner, f"{one.body} {'+'.join(one.region)} {one.since.text} {one.says}", one.fits


# Trees


def parts(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Every part of a criterion with the way to it, parents first."""
    yield path, node
    for index, item in enumerate(children(node)):
        yield from parts(item, (*path, index))


def at(node: Node, path: Path) -> Node:
    for index in path:
        node = children(node)[index]
    return node


def replaced(node: Node, path: Path, new: Node) -> Node:
    """The criterion with one part replaced."""
    if not path:
        return new
    items = list(children(node))
    items[path[0]] = replaced(items[path[0]], path[1:], new)
    return _with(node, items)


def without(node: Node, path: Path) -> Node:
    """The criterion without one part. What stood alone becomes what it did when it held."""
    while path and isinstance(at(node, path[:-1]), Not):
        path = path[:-1]
    if not path:
        return Constant(not isinstance(node, Not))
    above = at(node, path[:-1])
    items = [item for index, item in enumerate(children(above)) if index != path[-1]]
    if isinstance(above, AtLeast):
        left: Node = AtLeast(min(above.n, len(items)), tuple(items)) if items else Constant(True)
    else:
        left = items[0] if len(items) == 1 else _with(above, items)
    return replaced(node, path[:-1], left)


def _with(node: Node, items: list[Node]) -> Node:
    if isinstance(node, Not):
        return Not(items[0])
    if isinstance(node, And):
        return And(tuple(items))
    if isinstance(node, Or):
        return Or(tuple(items))
    assert isinstance(node, AtLeast)
    return AtLeast(node.n, tuple(items))


# Clauses


def clauses(node: Node) -> list[Clause]:
    """Every clause: each leaf, and inside a leaf each of several values, treatments, and each limit on them."""
    found: list[Clause] = []
    texts: dict[str, int] = {}

    def add(path: Path, leaf: Leaf, text: str, dropped: Node) -> None:
        seen = texts[text] = texts.get(text, 0) + 1
        found.append(Clause(path, leaf, text if seen == 1 else f"{text} ({seen})", dropped))

    for path, part in parts(node):
        if isinstance(part, Leaf):
            add(path, part, part.text, without(node, path))
            for word, less in narrowed(part):
                add(path, part, f"{part.text} | {word}", replaced(node, path, less))
    return found


def narrowed(leaf: Leaf) -> Iterator[tuple[str, Leaf]]:
    """The leaf with one word dropped, for each word that can be, and the word."""
    if isinstance(leaf, (Is, Includes)) and len(leaf.values) > 1:
        for index, value in enumerate(leaf.values):
            values = leaf.values[:index] + leaf.values[index + 1 :]
            mode = {"mode": "any"} if isinstance(leaf, Includes) and leaf.mode == "all" and len(values) == 1 else {}
            yield value, msgspec.structs.replace(leaf, values=values, **mode)
    if not isinstance(leaf, Ask) and getattr(leaf, "within", None) is not None:
        yield leaf.within.text, msgspec.structs.replace(leaf, within=None)  # type: ignore[union-attr]
    question = question_of(leaf)
    if question is not None:
        for word, less in _narrowed_question(question):
            yield word, asking(leaf, less)


def _narrowed_question(question: Question) -> Iterator[tuple[str, Question]]:
    treatment = getattr(question, "treatment", None)
    if treatment is not None:
        for word, less in _narrowed_treatment(treatment):
            yield word, msgspec.structs.replace(question, treatment=less)
    if getattr(question, "setting", "any") != "any" and not (
        isinstance(question, ProgressedOn) and question.setting == "metastatic"
    ):
        # `progressed on` without a setting means lines for metastatic disease.
        yield "setting", msgspec.structs.replace(question, setting="any")
    if isinstance(question, ReactedTo):
        if question.effect is not None:
            yield f"with {question.effect}", msgspec.structs.replace(question, effect=None)
        if question.grade is not None:
            yield f"at grade {question.grade}", msgspec.structs.replace(question, grade=None)
        if question.course is not None:
            yield question.course, msgspec.structs.replace(question, course=None)


def _narrowed_treatment(treatment: Treatment) -> Iterator[tuple[str, Treatment]]:
    ones = treatment.alternatives
    for index, one in enumerate(ones):
        if len(ones) > 1:
            yield one.text, Treatment(ones[:index] + ones[index + 1 :])
        for place, name in enumerate(one.has if len(one.has) > 1 or (one.has and one.without) else ()):
            less = Combination(one.has[:place] + one.has[place + 1 :], one.without)
            yield f"{one.text}: {name}", exchanged(treatment, index, less)
        for place, name in enumerate(one.without):
            less = Combination(one.has, one.without[:place] + one.without[place + 1 :])
            yield f"{one.text}: without {name}", exchanged(treatment, index, less)


def exchanged(treatment: Treatment, index: int, one: Combination) -> Treatment:
    ones = treatment.alternatives
    return Treatment((*ones[:index], one, *ones[index + 1 :]))


def question_of(leaf: Leaf) -> Question | None:
    """The question that a leaf asks the history, if it does."""
    if isinstance(leaf, Ask):
        return leaf.question
    return leaf.what if isinstance(leaf, Compare) and not isinstance(leaf.what, str) else None


def asking(leaf: Leaf, question: Any) -> Leaf:
    """The leaf with another question."""
    return Ask(question) if isinstance(leaf, Ask) else msgspec.structs.replace(leaf, what=question)


__all__ = [
    "Clause",
    "Criterion",
    "Path",
    "asking",
    "at",
    "clauses",
    "criteria_of",
    "exchanged",
    "narrowed",
    "parts",
    "question_of",
    "replaced",
    "without",
]
