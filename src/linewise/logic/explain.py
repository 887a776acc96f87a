"""What a decision hands out: the reading of a fact, the explanation of an answer, and what would change it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Literal

import msgspec

from .nodes import Node, Question

Value = bool | str | float | frozenset[str] | None
ExplanationKind = Literal["all", "any", "not", "count", "leaf", "constant"]
NeedKind = Literal["all", "any", "count", "leaf", "nothing", "never"]


class Reading(msgspec.Struct, frozen=True, gc=False):
    """What the record says about one fact or question.

    value: None is unknown. sources: the entries of the record, in words. assumed: the record's silence was taken
    as the answer. on: the day of the value. note: anything the reader should see, such as why a value was not used.
    complete: for a set, whether what is not in it is known to be absent. unsure: of a set that is not complete, the members that may
    be in it and are not known to; empty where any may. open: entries that were not understood and could change this answer, in words.
    """

    value: Value = None
    sources: tuple[str, ...] = ()
    assumed: bool = False
    on: date | None = None
    note: str = ""
    complete: bool = True
    unsure: frozenset[str] = frozenset()
    open: tuple[str, ...] = ()


UNKNOWN = Reading()


class Explanation(msgspec.Struct, frozen=True, gc=False):
    """Why a criterion is true, false or unknown.

    about: the fact or question of a leaf. A leaf with children is about a derived fact, and they are its
    definition. n: for a count, how many are needed. Sources stand at the leaves; `reasons` collects them.
    """

    node: Node
    value: bool | None
    kind: ExplanationKind
    about: str | Question = ""
    sources: tuple[str, ...] = ()
    assumed: bool = False
    on: date | None = None
    note: str = ""
    n: int = 0
    children: tuple[Explanation, ...] = ()

    @property
    def text(self) -> str:
        """The criterion in words."""
        return self.node.text

    def reasons(self) -> Iterator[Explanation]:
        """The leaves that this value rests on: of a failed `and` those that failed, of an `or` those that hold."""
        kind = self.kind
        if kind == "leaf":
            yield self
        elif kind == "not":
            yield from self.children[0].reasons()
        elif kind != "constant":
            for child in self.children:
                if child.value is self.value:
                    yield from child.reasons()


class Need(msgspec.Struct, frozen=True):
    """What would have to be different for a criterion to hold.

    all: every child. any: one of the children. count: `n` of the children. leaf: `text` would have to be true;
    `value` is what it is now, None for unknown. nothing: it holds already. never: nothing can make it hold.
    """

    kind: NeedKind
    text: str = ""
    about: str | Question = ""
    value: bool | None = None
    n: int = 0
    children: tuple[Need, ...] = ()

    def leaves(self) -> Iterator[Need]:
        """Every leaf of the tree."""
        if self.kind == "leaf":
            yield self
        for child in self.children:
            yield from child.leaves()
