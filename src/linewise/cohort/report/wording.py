"""Criteria in words, without a person: what an option asks for, part by part."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from linewise.knowledge import Knowledge
from linewise.logic import UNKNOWN, Decider, Node, Question, Reading, subject
from linewise.logic.nodes import And, Ask, AtLeast, Compare, Constant, Includes, Is, Known, Not, Or
from linewise.plan.words import Words, number, unit_words

_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_SIGNS = {"<": "below", "<=": "at most", ">": "above", ">=": "at least", "=": "just"}
_MOST = 4


class _Nobody:
    """A subject of which nothing is known: only the question itself is worded."""

    as_of = dt.date(1970, 1, 1)

    def read(self, about: str | Question) -> Reading:
        return UNKNOWN


def conjuncts(node: Node, knowledge: Knowledge) -> tuple[Node, ...]:
    """The parts of which all must hold, through derived facts that are themselves such a list: what can fail on its own."""
    found: dict[Node, None] = {}

    def add(one: Node) -> None:
        if isinstance(one, And):
            for item in one.items:
                add(item)
        elif isinstance(one, Not) and isinstance(one.item, Or):
            for item in one.item.items:
                add(Not(item))
        elif isinstance(one, Not) and isinstance(one.item, Not):
            add(one.item.item)
        else:
            inner = _criterion(one, knowledge)
            if isinstance(inner, And):
                add(inner)
            else:
                found[one] = None

    add(node)
    return tuple(found)


def _criterion(node: Node, knowledge: Knowledge) -> Node | None:
    if isinstance(node, Is) and node.values == ("yes",) and node.within is None and node.fact in knowledge.vocabulary.derived:
        return knowledge.vocabulary.derived[node.fact].criterion
    return None


class Wording:
    """Words for the criteria of one knowledge."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self._words = Words(knowledge, Decider(knowledge.vocabulary, _Nobody()))
        self.of = lru_cache(maxsize=None)(self._of)

    def _of(self, node: Node, holds: bool = True) -> str:
        """A criterion in words, or its opposite."""
        if isinstance(node, Not):
            return self._of(node.item, not holds)
        if isinstance(node, Ask):
            return self._words.question(node.question, holds)
        if isinstance(node, Is | Known | Includes):
            return self._fact(node, holds)
        if isinstance(node, Compare):
            return self._compared(node, holds)
        if isinstance(node, And | Or | AtLeast):
            return self._joined(node, holds)
        assert isinstance(node, Constant)
        return "always" if node.value is holds else "never"

    def _label(self, name: str) -> str:
        fact = self.knowledge.facts.get(name)
        return fact.label if fact else name

    def value(self, name: str, value: str) -> str:
        """The label of a value of a fact; of one that the knowledge does not list, `other`: it may be anything that stood in a record."""
        fact = self.knowledge.facts.get(name)
        if fact is not None and value in fact.values:
            return fact.values[value].label
        return value.replace("-", " ") if value in self.knowledge.vocabulary.members(name, (value,)) and fact is None else "other"

    def _fact(self, node: Is | Known | Includes, holds: bool) -> str:
        label, fact = self._label(node.fact), self.knowledge.facts.get(node.fact)
        within = f" ({node.within.text})" if node.within else ""
        if isinstance(node, Known):
            return f"{label}: {'known' if holds else 'not known'}{within}"
        if isinstance(node, Is) and fact is not None and fact.type == "yes-no":
            return f"{label}{within}" if ("yes" in node.values) == holds else f"not: {label}{within}"
        listed = [self._member(node.fact, one) for one in node.values]
        said = " or ".join(listed[:_MOST]) + (" or similar" if len(listed) > _MOST else "")
        only = "only " if isinstance(node, Includes) and node.mode == "only" else ""
        return f"{label}: {'' if holds else 'not '}{only}{said}{within}"

    def _member(self, name: str, value: str) -> str:
        fact = self.knowledge.facts.get(name)
        return fact.values[value].label if fact is not None and value in fact.values else value.replace("-", " ")

    def _compared(self, node: Compare, holds: bool) -> str:
        sign = node.op if holds else _OPPOSITE.get(node.op, node.op)
        if isinstance(node.what, str):
            fact = self.knowledge.facts.get(node.what)
            head, unit = self._label(node.what), f" {unit_words(fact.unit)}" if fact and fact.unit else ""
        else:
            head, unit = self._words.question(node.what, None).rsplit(":", 1)[0], ""
        within = f" ({node.within.text})" if node.within else ""
        return f"{head}: {_SIGNS[sign] if holds or node.op in _OPPOSITE else 'not just'} {number(node.number)}{unit}{within}"

    def _joined(self, node: And | Or | AtLeast, holds: bool) -> str:
        items = list(node.items)
        if isinstance(node, And):  # `x is known and x …` says no more than what it says of x
            about = {subject(item) for item in items if isinstance(item, Is | Compare | Includes)}
            items = [item for item in items if not (isinstance(item, Known) and item.fact in about)]
        parts = list(dict.fromkeys(self._part(item, holds) for item in items))
        if isinstance(node, AtLeast):
            return f"{'at least' if holds else 'fewer than'} {node.n} of: {'; '.join(self._part(item, True) for item in items)}"
        word = " and " if isinstance(node, And) == holds else ", or "
        return word.join(parts[:_MOST]) + (" …" if len(parts) > _MOST else "")

    def _part(self, node: Node, holds: bool) -> str:
        said = self._of(node, holds)
        compound = isinstance(node, And | Or | AtLeast) or (isinstance(node, Not) and isinstance(node.item, And | Or | AtLeast))
        return f"({said})" if compound and (" and " in said or ", or " in said) else said
