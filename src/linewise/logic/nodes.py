"""The expression tree: what a criterion means, once its words have been read.

A criterion is a small immutable tree. Every reader (one person, columns, and any other, such as one that
writes the tree in another language) walks the same tree and nothing else, so a new reader needs only
this module: `children` gives the parts of a node, `walk` every node from the top, and the types below are all
there are.

    compound    And, Or, Not, AtLeast
    constant    Constant
    leaf        Is, Known, Compare, Includes    about a fact (Compare: or about a question that has a number)
                Ask                             a question that has a yes or a no
    question    Had, ProgressedOn, Receiving, Taking, ReactedTo                                   yes or no
                MonthsOn, MonthsSince, MonthsToRelapse, LinesOf, GradeOf, DaysOf                  a number

Every node has `text`, its canonical wording, which parses back to an equal node. Every question has `key`, the
same wording, which names it in a record and in a column. Nodes compare by value, hash in constant time after the
first call, and encode with msgspec as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property
from typing import Literal

import msgspec

Unit = Literal["days", "months", "years"]
Operator = Literal["<", "<=", ">", ">=", "="]
Mode = Literal["any", "all", "only"]
Setting = Literal["any", "adjuvant", "metastatic", "first", "last"]
Course = Literal["ongoing", "settled"]
"""Of a reaction: it is still there, or it is over."""

DAYS_IN: dict[Unit, float] = {"days": 1.0, "months": 30.4375, "years": 365.25}

SETTING_TEXT: dict[Setting, str] = {
    "any": "",
    "adjuvant": "as adjuvant",
    "metastatic": "for metastatic disease",
    "first": "in first line",
    "last": "in last line",
}


def number_text(number: float) -> str:
    """Write a number without an exponent and without an empty fraction: 50, 1.5, -2.5."""
    text = format(Decimal(repr(number)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _listed(names: tuple[str, ...]) -> str:
    return "(" + ", ".join(names) + ")"


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


class _Struct(msgspec.Struct, frozen=True, array_like=True, dict=True, cache_hash=True):
    """Immutable, compact when encoded, with room for cached wording."""


class Within(_Struct, frozen=True):
    """How recent a value must be.

    Months and years are kept as written, and readers count them on the calendar. `days` is the conversion for
    readers that cannot: a month is 30.4375 days, a year 365.25.
    """

    count: int
    unit: Unit

    @property
    def days(self) -> float:
        return self.count * DAYS_IN[self.unit]

    @cached_property
    def span(self) -> str:
        """How long, in words: `6 months`."""
        return f"{self.count} {self.unit[:-1] if self.count == 1 else self.unit}"

    @cached_property
    def text(self) -> str:
        return f"within {self.span}"


class Combination(_Struct, frozen=True):
    """Given together: all of `has`, none of `without`. With nothing in `has`, any treatment."""

    has: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @cached_property
    def text(self) -> str:
        start = " with ".join(self.has) if self.has else "any treatment"
        return _joined(start, *(f"without {name}" for name in self.without))


class Treatment(_Struct, frozen=True):
    """One or more combinations, of which any will do."""

    alternatives: tuple[Combination, ...]

    def __post_init__(self) -> None:
        if not self.alternatives:
            raise ValueError("a treatment needs at least one alternative")

    @cached_property
    def text(self) -> str:
        texts = [one.text for one in self.alternatives]
        return texts[0] if len(texts) == 1 else "(" + " or ".join(texts) + ")"

    @cached_property
    def bracketed(self) -> str:
        """The text, in brackets where a following `with` could be taken for a part of it."""
        one = self.alternatives[0]
        plain = len(self.alternatives) > 1 or (len(one.has) <= 1 and not one.without)
        return self.text if plain else f"({self.text})"

    @property
    def names(self) -> Iterator[str]:
        """Every drug and class named, in the order of the text."""
        for one in self.alternatives:
            yield from one.has
            yield from one.without


# Questions: what a history can be asked


class _Question(_Struct, frozen=True, tag=True):
    @cached_property
    def text(self) -> str:
        return self._words()

    @property
    def key(self) -> str:
        """The name of this question in a record and in a column."""
        return self.text

    def _words(self) -> str:
        raise NotImplementedError


class Had(_Question, frozen=True):
    treatment: Treatment
    setting: Setting = "any"

    def _words(self) -> str:
        return _joined("had", self.treatment.text, SETTING_TEXT[self.setting])


class ProgressedOn(_Question, frozen=True):
    treatment: Treatment
    setting: Setting = "any"

    def _words(self) -> str:
        return _joined("progressed on", self.treatment.text, SETTING_TEXT[self.setting])


class Receiving(_Question, frozen=True):
    """In the line that is going on now."""

    treatment: Treatment

    def _words(self) -> str:
        return _joined("receiving", self.treatment.text)


class Taking(_Question, frozen=True):
    """Now, whether in the line that is going on or among other medicines."""

    treatment: Treatment

    def _words(self) -> str:
        return _joined("taking", self.treatment.text)


class ReactedTo(_Question, frozen=True):
    """Had an unwanted effect; `grade` is the least grade that counts, `course` whether it is still there or over."""

    treatment: Treatment
    effect: str | None = None
    grade: int | None = None
    course: Course | None = None

    def _words(self) -> str:
        return _joined(
            "reacted to",
            self.treatment.bracketed,
            f"with {self.effect}" if self.effect is not None else "",
            f"at grade {self.grade}" if self.grade is not None else "",
            self.course or "",
        )


class MonthsOn(_Question, frozen=True):
    """Months of the longest course."""

    treatment: Treatment
    setting: Setting = "any"

    def _words(self) -> str:
        return _joined("months on", self.treatment.text, SETTING_TEXT[self.setting])


class MonthsSince(_Question, frozen=True):
    """Months since the latest course ended; 0 while it goes on."""

    treatment: Treatment
    setting: Setting = "any"

    def _words(self) -> str:
        return _joined("months since", self.treatment.text, SETTING_TEXT[self.setting])


class MonthsToRelapse(_Question, frozen=True):
    """Months from the end of an adjuvant treatment to the relapse; 0 where the relapse came on it."""

    treatment: Treatment

    def _words(self) -> str:
        return _joined("months from", self.treatment.text, "to relapse")


class LinesOf(_Question, frozen=True):
    """How many courses or lines contained the treatment."""

    treatment: Treatment
    setting: Setting = "any"

    def _words(self) -> str:
        return _joined("lines of", self.treatment.text, SETTING_TEXT[self.setting])


class GradeOf(_Question, frozen=True):
    """Grade of a symptom; 0 where it is absent."""

    symptom: str

    def _words(self) -> str:
        return f"grade of {self.symptom}"


class DaysOf(_Question, frozen=True):
    """For how many days a symptom has lasted."""

    symptom: str

    def _words(self) -> str:
        return f"days of {self.symptom}"


YesNoQuestion = Had | ProgressedOn | Receiving | Taking | ReactedTo
NumberQuestion = MonthsOn | MonthsSince | MonthsToRelapse | LinesOf | GradeOf | DaysOf
Question = YesNoQuestion | NumberQuestion


# Nodes: what can be true, false or unknown


class _Node(_Struct, frozen=True, tag=True):
    @cached_property
    def text(self) -> str:
        return self._words()

    def _words(self) -> str:
        raise NotImplementedError


class Constant(_Node, frozen=True):
    value: bool

    def _words(self) -> str:
        return "yes" if self.value else "no"


class Is(_Node, frozen=True):
    """The fact has one of the values, or one of the members of a group. A yes-or-no fact on its own is `is yes`."""

    fact: str
    values: tuple[str, ...]
    within: Within | None = None

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("`is` needs at least one value")

    def _words(self) -> str:
        return self.worded("is")

    def worded(self, verb: str) -> str:
        """The text with another verb: `is not` for the negation."""
        tail = self.within.text if self.within else ""
        if self.values == ("yes",):
            return _joined("not" if verb == "is not" else "", self.fact, tail)
        value = self.values[0] if len(self.values) == 1 else "one of " + _listed(self.values)
        return _joined(self.fact, verb, value, tail)


class Known(_Node, frozen=True):
    """There is a value. Unknown itself only where something was recorded that was not understood."""

    fact: str
    within: Within | None = None

    def _words(self) -> str:
        return self.worded("is")

    def worded(self, verb: str) -> str:
        return _joined(self.fact, verb, "known", self.within.text if self.within else "")


class Compare(_Node, frozen=True):
    """A number against a limit. `unit` is what was written behind the limit, if anything."""

    what: str | NumberQuestion
    op: Operator
    number: float
    unit: str | None = None
    within: Within | None = None

    @property
    def key(self) -> str:
        return self.what if isinstance(self.what, str) else self.what.key

    def _words(self) -> str:
        tail = self.within.text if self.within else ""
        return _joined(self.key, self.op, number_text(self.number), self.unit or "", tail)


class Includes(_Node, frozen=True):
    """A set against values or groups of values.

    any: at least one of them is in it. all: each of them is (of a group, at least one member).
    only: something is in it, and nothing that is not among them.
    """

    fact: str
    values: tuple[str, ...]
    mode: Mode = "any"
    within: Within | None = None

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("`include` needs at least one value")
        if len(self.values) == 1 and self.mode == "all":
            raise ValueError("`include all of` needs two values; one value is `include`")

    def _words(self) -> str:
        single = len(self.values) == 1
        head = "only" if self.mode == "only" else "" if single else f"{self.mode} of"
        value = self.values[0] if single else _listed(self.values)
        return _joined(self.fact, "include", head, value, self.within.text if self.within else "")


class Ask(_Node, frozen=True):
    """A question that has a yes or a no."""

    question: YesNoQuestion

    def _words(self) -> str:
        return self.question.text


class Not(_Node, frozen=True):
    item: Node

    def _words(self) -> str:
        item = self.item
        if isinstance(item, (Is, Known)):
            return item.worded("is not")
        if isinstance(item, Or):
            return f"none of ({', '.join(part.text for part in item.items)})"
        return f"not {_inner(item)}"


class And(_Node, frozen=True):
    items: tuple[Node, ...]

    def __post_init__(self) -> None:
        _at_least_two(self.items)

    def _words(self) -> str:
        return " and ".join(_inner(item) for item in self.items)


class Or(_Node, frozen=True):
    items: tuple[Node, ...]

    def __post_init__(self) -> None:
        _at_least_two(self.items)

    def _words(self) -> str:
        return " or ".join(_inner(item) for item in self.items)


class AtLeast(_Node, frozen=True):
    n: int
    items: tuple[Node, ...]

    def __post_init__(self) -> None:
        if not 1 <= self.n <= len(self.items):
            raise ValueError(f"at least {self.n} of {len(self.items)} cannot be counted")

    def _words(self) -> str:
        return f"at least {self.n} of ({', '.join(item.text for item in self.items)})"


Leaf = Is | Known | Compare | Includes | Ask
Node = And | Or | Not | AtLeast | Constant | Leaf


def _at_least_two(items: tuple[Node, ...]) -> None:
    if len(items) < 2:
        raise ValueError("`and` and `or` need at least two criteria")


def _inner(node: Node) -> str:
    """The text of a node inside another: brackets where the words would otherwise run together."""
    if isinstance(node, And):
        return f"({node.text})"
    if isinstance(node, Or):
        return f"any of ({', '.join(item.text for item in node.items)})"
    return node.text


def children(node: Node) -> tuple[Node, ...]:
    """The criteria directly inside a node; none for a leaf or a constant."""
    if isinstance(node, (And, Or, AtLeast)):
        return node.items
    return (node.item,) if isinstance(node, Not) else ()


def walk(node: Node) -> Iterator[Node]:
    """The node and every criterion inside it, parents first, in the order of the text."""
    yield node
    for item in children(node):
        yield from walk(item)


def subject(leaf: Leaf) -> str | Question:
    """What a leaf is about: a fact by its name, or a question."""
    if isinstance(leaf, Ask):
        return leaf.question
    return leaf.what if isinstance(leaf, Compare) else leaf.fact


def subjects(*nodes: Node) -> tuple[str | Question, ...]:
    """Every fact and question these criteria are about, once each, in the order of the text."""
    found: dict[str | Question, None] = {}
    for top in nodes:
        for node in walk(top):
            if isinstance(node, Leaf):
                found[subject(node)] = None
    return tuple(found)
