"""The names a criterion may use, and what each fact can be.

The vocabulary is data: the room that loads the knowledge fills it in, and this room only asks it which names
exist, which values a fact can have, and how a derived fact follows from others.
"""

from __future__ import annotations

from functools import cached_property
from typing import Literal

import msgspec

from .nodes import Constant, Node, Question, subjects

Kind = Literal["choice", "yes-no", "number", "set"]


class Derivation(msgspec.Struct, frozen=True, dict=True):
    """How a derived fact follows from others: one `criterion` for a yes-or-no fact, `cases` in order for a choice."""

    criterion: Node | None = None
    cases: tuple[tuple[str, Node], ...] = ()

    def __post_init__(self) -> None:
        if (self.criterion is None) == (not self.cases):
            raise ValueError("a derivation has either one criterion or cases")

    @cached_property
    def steps(self) -> tuple[tuple[str, Node], ...]:
        """Both forms as cases: a criterion is `yes` where it holds, and otherwise `no`."""
        if self.criterion is not None:
            return (("yes", self.criterion), ("no", Constant(True)))
        return self.cases

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The criteria of the derivation, as they were written."""
        return (self.criterion,) if self.criterion is not None else tuple(node for _, node in self.cases)

    @cached_property
    def subjects(self) -> tuple[str | Question, ...]:
        """Every fact and question that the derivation is about, once each."""
        return subjects(*self.nodes)


class FactType(msgspec.Struct, frozen=True):
    """What a fact can be.

    values: for a choice or a set. groups: a name that stands for several values in `is` and `include`.
    low and high: the range of a number, both ends allowed. definition: how a derived fact is derived.
    """

    kind: Kind
    values: tuple[str, ...] = ()
    groups: dict[str, frozenset[str]] = {}
    unit: str | None = None
    low: float | None = None
    high: float | None = None
    definition: Derivation | None = None
    label: str = ""

    def members(self, values: tuple[str, ...]) -> frozenset[str]:
        """The values, with each group replaced by its members."""
        found: set[str] = set()
        for value in values:
            group = self.groups.get(value)
            if group is None:
                found.add(value)
            else:
                found |= group
                if value in self.values:
                    found.add(value)
        return frozenset(found)


class Vocabulary(msgspec.Struct, frozen=True, dict=True):
    """Every name that knowledge may use: facts with their types, drugs and classes, effects, symptoms."""

    facts: dict[str, FactType] = {}
    treatments: frozenset[str] = frozenset()
    effects: frozenset[str] = frozenset()
    symptoms: frozenset[str] = frozenset()

    @cached_property
    def derived(self) -> dict[str, Derivation]:
        """The derived facts and how they follow from others."""
        return {name: fact.definition for name, fact in self.facts.items() if fact.definition is not None}

    @cached_property
    def _members(self) -> dict[tuple[str, tuple[str, ...]], frozenset[str]]:
        return {}

    def members(self, fact: str, values: tuple[str, ...]) -> frozenset[str]:
        """The values of a fact that these words stand for. A fact nobody declared has no groups."""
        key = (fact, values)
        found = self._members.get(key)
        if found is None:
            kind = self.facts.get(fact)
            found = self._members[key] = kind.members(values) if kind else frozenset(values)
        return found
