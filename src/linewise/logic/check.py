"""Finds what is wrong with a criterion that could be read: names, types and ranges here, sense in `sense`.

Nothing is raised: a file with three mistakes gets three problems, so that its author corrects them in one go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import inf

from .nodes import (
    Ask,
    Compare,
    Constant,
    GradeOf,
    Includes,
    Is,
    Known,
    Node,
    Question,
    ReactedTo,
    number_text,
    subjects,
    walk,
)
from .parse import offset_of, offsets
from .sense import Finding, senseless
from .vocabulary import FactType, Vocabulary
from .where import Problem, Where, did_you_mean

_HIGHEST_GRADE = 5
_SHOWN_VALUES = 12


def check(node: Node, vocabulary: Vocabulary, where: Where | None = None) -> list[Problem]:
    """Every problem of a criterion, in the order of its text.

    With `where.text`, the text the criterion was parsed from, each problem has the line and column of the word it
    is about; otherwise those of the whole criterion.
    """
    where = where or Where()
    nodes = list(walk(node))
    findings = [found for one in nodes for found in _names(one, vocabulary)]
    if not findings:
        # What a criterion means is worth judging only once its names are right.
        findings.extend(senseless(node, vocabulary))
    if not findings:
        return []
    order = {id(one): index for index, one in enumerate(nodes)}
    starts = offsets(where.text) if where.text else [0] * len(nodes)
    problems: list[tuple[int, Problem]] = []
    for found in findings:
        offset = starts[order[id(found.node)]]
        if found.name and where.text:
            offset = offset_of(where.text, found.name, offset)
        line, column = where.at(where.text, offset)
        problem = Problem(found.message, where.file, line, column, found.node.text, found.hint)
        problems.append((offset, problem))
    problems.sort(key=lambda pair: pair[0])
    return list(dict.fromkeys(problem for _, problem in problems))


def check_definitions(vocabulary: Vocabulary, places: Mapping[str, Where] | None = None) -> list[Problem]:
    """Problems of derived facts that their single criteria do not show: their form, and facts that rest on themselves.

    `places` says where each fact is declared. The criteria themselves are for `check`, one by one.
    """
    problems: list[Problem] = []
    for name in vocabulary.derived:
        where = (places or {}).get(name, Where())
        fact = vocabulary.facts[name]
        messages = list(_form(fact))
        circle = _circle(name, vocabulary)
        if circle:
            messages.append(f"`{name}` rests on itself: {' → '.join(circle)}")
        problems.extend(Problem(message, where.file, where.line, where.column, name) for message in messages)
    return problems


def _form(fact: FactType) -> Iterator[str]:
    definition = fact.definition
    if definition is None:
        return
    if fact.kind not in ("yes-no", "choice"):
        yield f"a {fact.kind} cannot be derived"
    elif (fact.kind == "yes-no") != (definition.criterion is not None):
        yield "a yes-or-no fact is derived by one criterion, a choice by cases"
    ended = False
    for value, node in definition.cases:
        if value not in fact.values:
            yield f"the case `{value}` is not a value of the fact"
        if ended:
            yield f"the case `{value}` is never reached: the case before it always holds"
        ended = ended or node == Constant(True)


def _circle(start: str, vocabulary: Vocabulary) -> list[str]:
    """The way from a derived fact back to itself, or nothing."""
    seen: set[str] = set()
    ways: list[list[str]] = [[start]]
    while ways:
        way = ways.pop()
        definition = vocabulary.derived.get(way[-1])
        for name in subjects(*definition.nodes) if definition else ():
            if name == start:
                return [*way, start]
            if isinstance(name, str) and name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []


# Names, types, ranges


def _names(node: Node, vocabulary: Vocabulary) -> Iterator[Finding]:
    if isinstance(node, Ask):
        yield from _question(node, node.question, vocabulary)
    elif isinstance(node, Compare) and not isinstance(node.what, str):
        yield from _question(node, node.what, vocabulary)
        yield from _range(node, 0.0, float(_HIGHEST_GRADE) if isinstance(node.what, GradeOf) else inf)
    elif isinstance(node, (Is, Known, Compare, Includes)):
        name = node.what if isinstance(node, Compare) else node.fact
        fact = vocabulary.facts.get(str(name))
        if fact is None:
            yield _unknown_fact(node, str(name), vocabulary)
            return
        if node.within is not None and fact.definition is not None:
            hint = "put `within` into its definition"
            yield Finding(node, f"`{name}` is derived and has no date of its own", "within", hint)
        if isinstance(node, Is):
            yield from _is(node, fact)
        elif isinstance(node, Includes):
            yield from _includes(node, fact)
        elif isinstance(node, Compare):
            yield from _compare(node, fact)


def _unknown_fact(node: Node, name: str, vocabulary: Vocabulary) -> Finding:
    if name in vocabulary.treatments:
        hint = f"it is a treatment: `had {name}`, or `had (… or {name})` to join it to the treatment before"
    else:
        hint = did_you_mean(name, vocabulary.facts)
    return Finding(node, f"unknown fact `{name}`", name, hint)


def _is(node: Is, fact: FactType) -> Iterator[Finding]:
    if fact.kind == "yes-no":
        for value in node.values:
            if value not in ("yes", "no"):
                yield Finding(node, f"`{node.fact}` is yes or no, not `{value}`", value)
    elif fact.kind == "choice":
        if node.values == ("yes",) and not fact.members(("yes",)) & set(fact.values):
            yield Finding(node, f"`{node.fact}` needs a value behind it", node.fact, _choices(fact))
        else:
            yield from _values(node, node.fact, node.values, fact)
    else:
        say = f"{node.fact} >= 1" if fact.kind == "number" else f"{node.fact} include …"
        yield Finding(node, f"`{node.fact}` is a {fact.kind}, so `is` does not fit it", node.fact, f"say `{say}`")


def _includes(node: Includes, fact: FactType) -> Iterator[Finding]:
    if fact.kind == "set":
        yield from _values(node, node.fact, node.values, fact)
    else:
        yield Finding(node, f"`{node.fact}` is a {fact.kind} and includes nothing", node.fact)


def _values(node: Node, name: str, values: tuple[str, ...], fact: FactType) -> Iterator[Finding]:
    for index, value in enumerate(values):
        if value not in fact.values and value not in fact.groups:
            hint = did_you_mean(value, (*fact.values, *fact.groups)) or _choices(fact)
            yield Finding(node, f"`{name}` cannot be `{value}`", value, hint)
        elif index and fact.members((value,)) <= fact.members(values[:index]):
            yield Finding(node, f"`{value}` is already among the values before it", value)


def _choices(fact: FactType) -> str:
    names = (*fact.values, *fact.groups)
    return f"it can be {', '.join(names)}" if len(names) <= _SHOWN_VALUES else ""


def _compare(node: Compare, fact: FactType) -> Iterator[Finding]:
    name = node.key
    if fact.kind != "number":
        say = "say `include`" if fact.kind == "set" else f"say `{name} is …`" if fact.kind == "choice" else ""
        yield Finding(node, f"`{name}` is a {fact.kind}, not a number", name, say)
        return
    if node.unit is not None and node.unit != fact.unit:
        own = f"is in `{fact.unit}`" if fact.unit else "has no unit"
        yield Finding(node, f"`{name}` {own}, not in `{node.unit}`", name)
        return
    yield from _range(node, -inf if fact.low is None else fact.low, inf if fact.high is None else fact.high)


def _range(node: Compare, low: float, high: float) -> Iterator[Finding]:
    if low <= node.number <= high:
        return
    ends = [f"from {number_text(low)}"] if low > -inf else []
    ends += [f"up to {number_text(high)}"] if high < inf else []
    yield Finding(node, f"{number_text(node.number)} is outside the range of `{node.key}`, {' '.join(ends)}")


def _question(node: Node, question: Question, vocabulary: Vocabulary) -> Iterator[Finding]:
    symptom = getattr(question, "symptom", None)
    if symptom is not None:
        yield from _listed(node, "symptom", (symptom,), vocabulary.symptoms)
        return
    yield from _listed(node, "drug or class", question.treatment.names, vocabulary.treatments)  # type: ignore[union-attr]
    if isinstance(question, ReactedTo):
        if question.effect is not None:
            yield from _listed(node, "effect", (question.effect,), vocabulary.effects)
        if question.grade is not None and not 1 <= question.grade <= _HIGHEST_GRADE:
            yield Finding(node, f"grades go from 1 to {_HIGHEST_GRADE}", str(question.grade))


def _listed(node: Node, what: str, names: Iterable[str], known: frozenset[str]) -> Iterator[Finding]:
    for name in names:
        if name not in known:
            yield Finding(node, f"unknown {what} `{name}`", name, did_you_mean(name, known))
