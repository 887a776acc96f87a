"""A walk over the ten kinds of nodes: a reader of criteria says what each becomes, and none can be forgotten."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from .nodes import And, Ask, AtLeast, Compare, Constant, Includes, Is, Known, Node, Not, Or

T = TypeVar("T")


class Visitor(ABC, Generic[T]):
    """What a reader makes of a criterion, node by node; `visit` is the way in, and down.

    `Decider` has tables of its own with the same ten rows: it keeps two answers for every node, and is asked most.
    """

    def visit(self, node: Node) -> T:
        """What a node becomes."""
        write: Callable[[Any], T] = getattr(self, _METHODS[type(node)])
        return write(node)

    @abstractmethod
    def constant(self, node: Constant) -> T: ...

    @abstractmethod
    def negated(self, node: Not) -> T: ...

    @abstractmethod
    def every(self, node: And) -> T: ...

    @abstractmethod
    def some(self, node: Or) -> T: ...

    @abstractmethod
    def counted(self, node: AtLeast) -> T: ...

    @abstractmethod
    def is_(self, node: Is) -> T: ...

    @abstractmethod
    def known(self, node: Known) -> T: ...

    @abstractmethod
    def compared(self, node: Compare) -> T: ...

    @abstractmethod
    def includes(self, node: Includes) -> T: ...

    @abstractmethod
    def asked(self, node: Ask) -> T: ...


_METHODS: dict[type, str] = {
    Constant: "constant",
    Not: "negated",
    And: "every",
    Or: "some",
    AtLeast: "counted",
    Is: "is_",
    Known: "known",
    Compare: "compared",
    Includes: "includes",
    Ask: "asked",
}
