"""All criteria that decide options, each once, ready to be read as columns.

A set is asked only whether it includes something. So every such clause is lowered to a yes-or-no column of its own,
which is worked out once from bits instead of searching lists again and again. What it means does not change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import msgspec

from linewise.knowledge import Knowledge
from linewise.logic import Derivation, FactType, Node, Question, Vocabulary, walk
from linewise.logic.columns import Column, base
from linewise.logic.nodes import And, Ask, AtLeast, Compare, Includes, Is, Known, Not, NumberQuestion, Or


@dataclass(frozen=True)
class Criteria:
    """Criteria by name, after lowering, with the vocabulary that goes with them. `includes` are the clauses that became columns."""

    nodes: Mapping[str, Node]
    vocabulary: Vocabulary
    includes: Mapping[str, Includes]
    questions: Mapping[str, Question]
    facts: tuple[str, ...] = ()

    @cached_property
    def columns(self) -> list[Column]:
        """The base columns that these criteria and facts need."""
        return base({**self.nodes, **_wanted(self.facts)}, self.vocabulary)

    @cached_property
    def derived(self) -> list[str]:
        """The derived facts among those that are wanted."""
        return [name for name in self.facts if name in self.vocabulary.derived]


def lowered(nodes: Mapping[str, Node], knowledge: Knowledge, facts: Iterable[str] = ()) -> Criteria:
    """The criteria with every clause about a set as a column of its own. `facts` names further facts that are wanted as they are."""
    vocabulary = knowledge.vocabulary
    includes: dict[str, Includes] = {}
    found = {name: _lower(node, includes) for name, node in nodes.items()}
    types = {}
    for name, fact in vocabulary.facts.items():
        definition = fact.definition
        if definition is not None:
            types[name] = msgspec.structs.replace(fact, definition=_lower_definition(definition, includes))
        else:
            types[name] = fact
    types |= {text: FactType("yes-no") for text in includes}
    own = Vocabulary(types, vocabulary.treatments, vocabulary.effects, vocabulary.symptoms)
    names = tuple(facts)
    questions: dict[str, Question] = {}
    for top in _all_nodes({**found, **_wanted(names)}, own):
        for node in walk(top):
            if isinstance(node, Ask):
                questions[node.question.key] = node.question
            elif isinstance(node, Compare) and isinstance(node.what, NumberQuestion):
                questions[node.what.key] = node.what
    used = {column.name for column in base({**found, **_wanted(names)}, own)}
    return Criteria(found, own, {text: node for text, node in includes.items() if text in used}, questions, names)


def _wanted(facts: Iterable[str]) -> dict[str, Node]:
    return {f"?{name}": Is(name, ("yes",)) for name in facts}


def _all_nodes(nodes: Mapping[str, Node], vocabulary: Vocabulary) -> list[Node]:
    """The criteria, and those of every derived fact that they rest on."""
    found, seen = list(nodes.values()), set()
    for top in found:
        for node in walk(top):
            if isinstance(node, Is | Known):
                name = node.fact
                if name in vocabulary.derived and name not in seen:
                    seen.add(name)
                    found.extend(vocabulary.derived[name].nodes)
    return found


def _lower_definition(definition: Derivation, includes: dict[str, Includes]) -> Derivation:
    if definition.criterion is not None:
        return Derivation(criterion=_lower(definition.criterion, includes))
    return Derivation(cases=tuple((value, _lower(node, includes)) for value, node in definition.cases))


def _lower(node: Node, includes: dict[str, Includes]) -> Node:
    if isinstance(node, Includes):
        includes[node.text] = node
        return Is(node.text, ("yes",))
    if isinstance(node, Not):
        return Not(_lower(node.item, includes))
    if isinstance(node, And | Or):
        return type(node)(tuple(_lower(item, includes) for item in node.items))
    if isinstance(node, AtLeast):
        return AtLeast(node.n, tuple(_lower(item, includes) for item in node.items))
    return node
