"""Finds criteria that say nothing: parts that can never hold, always hold, or repeat what others say.

A clause about one fact allows a region: a set of values, or a stretch of the number line. Two clauses about the same
fact are compared by their regions, all others by what they say. What is reported has no use whatever the record
says. Clauses that only say what unknown turns into have one and are left alone: `x is known` is false while x is
unknown, and `x is one of (every value)` stays unknown until x is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf

import msgspec

from .nodes import And, AtLeast, Compare, Constant, GradeOf, Is, Node, Not, Or, Question, Within, walk
from .vocabulary import Vocabulary

Key = tuple[str | Question, Within | None]
End = tuple[float, int]


class Finding(msgspec.Struct, frozen=True):
    """A problem at a node; `name` is the word to point at."""

    node: Node
    message: str
    name: str = ""
    hint: str = ""


class Stretch(msgspec.Struct, frozen=True):
    """A stretch of the number line. An end is a number and a mark: 1 just above it, -1 just below, 0 at it."""

    low: End = (-inf, 0)
    high: End = (inf, 0)

    def __bool__(self) -> bool:
        return self.low <= self.high

    def __and__(self, other: Stretch) -> Stretch:
        return Stretch(max(self.low, other.low), min(self.high, other.high))

    def __le__(self, other: Stretch) -> bool:
        return not self or (self.low >= other.low and self.high <= other.high)


Region = frozenset[str] | Stretch


class _Sense:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self.facts, self.members = vocabulary.facts, vocabulary.members

    # Regions

    def everything(self, leaf: Is | Compare) -> Region | None:
        """All that the fact or question can be, or None where that is not declared."""
        if isinstance(leaf, Compare) and not isinstance(leaf.what, str):
            return Stretch((0.0, 0), (5.0 if isinstance(leaf.what, GradeOf) else inf, 0))
        fact = self.facts.get(leaf.key if isinstance(leaf, Compare) else leaf.fact)
        if fact is None:
            return None
        if isinstance(leaf, Compare):
            low, high = (-inf if fact.low is None else fact.low), (inf if fact.high is None else fact.high)
            return Stretch((low, 0), (high, 0))
        return frozenset(("yes", "no") if fact.kind == "yes-no" else fact.values)

    def region(self, node: Node) -> tuple[Key, Region] | None:
        """What a clause allows its one fact to be; None for any other kind of clause."""
        negated = isinstance(node, Not)
        leaf = node.item if isinstance(node, Not) else node
        if not isinstance(leaf, (Is, Compare)):
            return None
        whole = self.everything(leaf)
        if whole is None:
            return None
        if isinstance(leaf, Is):
            if isinstance(whole, Stretch):
                return None
            members = self.members(leaf.fact, leaf.values)
            return (leaf.fact, leaf.within), whole - members if negated else whole & members
        stretch = _stretch(leaf, negated)
        if stretch is None or not isinstance(whole, Stretch):
            return None
        return (leaf.what, leaf.within), whole & stretch

    # What clauses say about each other

    def implies(self, one: Node, other: Node) -> bool:
        """Where the first holds, the second holds; where the second fails, the first fails."""
        if one == other:
            return True
        if isinstance(one, Or):
            return all(self.implies(part, other) for part in one.items)
        if isinstance(other, And):
            return all(self.implies(one, part) for part in other.items)
        if isinstance(one, And) and any(self.implies(part, other) for part in one.items):
            return True
        if isinstance(other, Or):
            return any(self.implies(one, part) for part in other.items)
        first, second = self.region(one), self.region(other)
        return bool(first and second and first[0] == second[0] and _inside(first[1], second[1]))

    def excludes(self, one: Node, other: Node) -> bool:
        """The two never hold together."""
        if _opposite(one) == other:
            return True
        for first, second in ((one, other), (other, one)):
            if isinstance(first, And):
                return any(self.excludes(part, second) for part in first.items)
            if isinstance(first, Or):
                return all(self.excludes(part, second) for part in first.items)
        a, b = self.region(one), self.region(other)
        return bool(a and b and a[0] == b[0] and not _both(a[1], b[1]))

    # The search

    def leaf(self, node: Is | Compare) -> Iterator[Finding]:
        found, whole = self.region(node), self.everything(node)
        if found is None or whole is None:
            return
        if not found[1]:
            yield Finding(node, "can never be true")
        elif isinstance(node, Compare) and _inside(whole, found[1]):
            about = found[0][0]
            hint = f"say `{about} is known`" if isinstance(about, str) else ""
            yield Finding(node, "is true of every value, so it asks nothing", hint=hint)

    def conjunction(self, node: And) -> Iterator[Finding]:
        items = list(_flat(node, And))
        impossible = list(self._impossible(items))
        yield from impossible
        # Beside a contradiction everything is superfluous, so that alone is reported.
        for index, item in enumerate(() if impossible else items):
            others = items[:index] + items[index + 1 :]
            yield from self._dead_branches(item, others)
            for place, other in enumerate(others):
                if self.implies(other, item) and (place < index or not self.implies(item, other)):
                    yield Finding(item, f"adds nothing: `{other.text}` already says it")
                    break

    def _impossible(self, items: list[Node]) -> Iterator[Finding]:
        regions: dict[Key, Region] = {}
        for index, item in enumerate(items):
            found = self.region(item)
            if found:
                key, region = found
                together = regions[key] = _both(regions.get(key, region), region)
                excluded = bool(region) and not together
            else:
                excluded = any(self.excludes(item, other) for other in items[:index])
            if excluded:
                yield Finding(item, "together with the clauses before it this can never be true")
                return

    def _dead_branches(self, item: Node, others: list[Node]) -> Iterator[Finding]:
        for branch in _flat(item, Or) if isinstance(item, Or) else ():
            for other in others:
                if not isinstance(other, Or) and self.excludes(branch, other):
                    yield Finding(branch, f"can never hold beside `{other.text}`")
                    break

    def disjunction(self, node: Or) -> Iterator[Finding]:
        items = list(_flat(node, Or))
        for index, item in enumerate(items):
            others = items[:index] + items[index + 1 :]
            for place, other in enumerate(others):
                if self.implies(item, other) and (place < index or not self.implies(other, item)):
                    yield Finding(item, f"adds nothing: `{other.text}` already allows it")
                    break
            else:
                if any(self._covers(item, other) for other in items[:index]):
                    yield Finding(item, "together with the clauses before it this is true of every value")

    def _covers(self, one: Node, other: Node) -> bool:
        """Between them, two stretches leave no number out."""
        if not all(isinstance(each.item if isinstance(each, Not) else each, Compare) for each in (one, other)):
            return False
        first, second = self.region(_opposite(one)), self.region(_opposite(other))
        return bool(first and second and first[0] == second[0] and not _both(first[1], second[1]))


def senseless(node: Node, vocabulary: Vocabulary) -> Iterator[Finding]:
    """Every part of a criterion that can never hold, always holds, or adds nothing. Names must be right already."""
    sense = _Sense(vocabulary)
    inner: set[int] = set()
    for one in walk(node):
        if isinstance(one, Constant) and one is not node:
            yield Finding(one, "a constant inside a criterion says nothing", one.text)
        elif isinstance(one, (Is, Compare)):
            yield from sense.leaf(one)
        elif isinstance(one, (And, Or)):
            # A conjunction inside a conjunction was judged with the outer one.
            inner.update(id(item) for item in one.items if type(item) is type(one))
            if id(one) not in inner:
                yield from sense.conjunction(one) if isinstance(one, And) else sense.disjunction(one)
        elif isinstance(one, AtLeast):
            yield from _repeated(one.items)


def _repeated(items: Iterable[Node]) -> Iterator[Finding]:
    seen: set[Node] = set()
    for item in items:
        if item in seen:
            yield Finding(item, "is counted twice")
        seen.add(item)


def _opposite(node: Node) -> Node:
    return node.item if isinstance(node, Not) else Not(node)


def _flat(node: Node, kind: type[And] | type[Or]) -> Iterator[Node]:
    if isinstance(node, kind):
        for item in node.items:
            yield from _flat(item, kind)
    else:
        yield node


def _stretch(leaf: Compare, negated: bool) -> Stretch | None:
    """What a comparison, or its negation, allows; None for `not =`, which is no stretch."""
    number = leaf.number
    op = leaf.op
    if negated:
        if op == "=":
            return None
        op = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}[op]  # type: ignore[assignment]
    if op == "=":
        return Stretch((number, 0), (number, 0))
    if op in ("<", "<="):
        return Stretch(high=(number, -1 if op == "<" else 0))
    return Stretch(low=(number, 1 if op == ">" else 0))


def _both(one: Region, other: Region) -> Region:
    if isinstance(one, Stretch) and isinstance(other, Stretch):
        return one & other
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return one & other
    return one


def _inside(one: Region, other: Region) -> bool:
    if isinstance(one, Stretch) and isinstance(other, Stretch):
        return one <= other
    return isinstance(one, frozenset) and isinstance(other, frozenset) and one <= other
