"""The reader for one person: decides a criterion in three values and says why.

Three rules, shared with every other reader:

- A compound is Kleene's: unknown stays unknown until what is known settles the answer.
- A fact is unknown where the record has no value, or, under `within`, none that is recent enough on the calendar.
  The day that lies exactly that far back still counts, and a value without a date is never recent.
- A derived fact is its definition. `is` over a derived choice unfolds into the cases: with cases c1, c2, … it is
  (c1 or rest) where the value of c1 is wanted and (not c1 and rest) where it is not, and unknown behind the last
  case. So a comparison can be decided although the fact itself is not, where every value left agrees on it.
  A derived fact has no date, so under `within` it is unknown.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, Protocol

from . import kleene
from .explain import Explanation, Need, Reading, Value
from .needs import need
from .nodes import (
    And,
    Ask,
    AtLeast,
    Compare,
    Constant,
    Includes,
    Is,
    Known,
    Leaf,
    Node,
    Not,
    Or,
    Question,
    Within,
    children,
    subject,
    subjects,
    walk,
)
from .recent import earliest
from .vocabulary import Derivation, Vocabulary

_MISSING: Any = object()


class Subject(Protocol):
    """One person's record, as criteria see it."""

    @property
    def as_of(self) -> date: ...

    def read(self, about: str | Question) -> Reading:
        """The reading of a base fact, by name, or of a question. Asked once for each."""
        ...


class Decider:
    """Decides criteria for one subject. Everything it works out is kept, so make one per subject and day."""

    __slots__ = ("_derived", "_explained", "_known", "_limits", "_misreads", "_readings", "_values", "subject", "vocabulary")

    def __init__(self, vocabulary: Vocabulary, subject: Subject) -> None:
        self.vocabulary, self.subject = vocabulary, subject
        self._derived = vocabulary.derived
        self._readings: dict[str | Question, Reading] = {}
        self._known: dict[Node, bool | None] = {}
        self._explained: dict[Node, Explanation] = {}
        self._values: dict[str, Value] = {}
        self._limits: dict[Within, date] = {}
        self._misreads: dict[Node, tuple[str | Question, ...]] = {}

    def value(self, node: Node) -> bool | None:
        """True, false, or None for unknown."""
        found = self._known.get(node, _MISSING)
        if found is _MISSING:
            explained = self._explained.get(node)
            found = _DECIDE[type(node)](self, node) if explained is None else explained.value
            self._known[node] = found
        return found  # type: ignore[no-any-return]

    def explain(self, node: Node) -> Explanation:
        """The value of every part, with the entries of the record it comes from."""
        found = self._explained.get(node)
        if found is None:
            found = self._explained[node] = _EXPLAIN[type(node)](self, node)
        return found

    def fact(self, name: str) -> Reading:
        """The reading of a fact, derived or not. A derived one carries the sources of what it was derived from."""
        definition = self._derived.get(name)
        if definition is None:
            return self.reading(name)
        sources, assumed = _origin(self._cases_that_count(definition))
        return Reading(self.fact_value(name), sources, assumed)

    def reading(self, about: str | Question) -> Reading:
        """What the record says, asked once."""
        found = self._readings.get(about)
        if found is None:
            found = self._readings[about] = self.subject.read(about)
        return found

    def fact_value(self, name: str) -> Value:
        """The value of a fact, derived or not, without its sources."""
        definition = self._derived.get(name)
        if definition is None:
            return self.reading(name).value
        found = self._values.get(name, _MISSING)
        if found is _MISSING:
            found = self._values[name] = self._first_case(definition)
        return found  # type: ignore[no-any-return]

    def open(self, node: Node) -> list[str | Question]:
        """The unknown facts and questions that could still settle the criterion, in the order of its text.

        Empty where it is settled. Where the cases of a derived fact leave it without a value, what it rests on is open,
        and where all of that is known, the derived fact itself. It looks one step ahead: an answer that takes a known
        value back can raise the next question.
        """
        found: dict[str | Question, None] = {}
        self._open(node, found)
        return list(found)

    def held(self, when: Node | None, waits: bool = False) -> bool | None:
        """Whether a criterion that forbids something holds (None: always does).

        Where it is unknown, `waits` says whether that leaves it open or is taken for a no, a check to be made. What is unknown because an
        entry was not understood is always open: the entry may be the very thing.
        """
        if when is None:
            return True
        holds = self.value(when)
        return None if holds is None and (waits or self.misread(when)) else holds is True

    def misread(self, node: Node) -> tuple[str, ...]:
        """The entries that were not understood and leave the criterion open, in words; none where it is settled, or open for other reasons."""
        if self.value(node) is not None:
            return ()
        return self._behind(node)

    def _behind(self, node: Node) -> tuple[str, ...]:
        """What was not understood behind the unknown clauses of a criterion, whatever it is itself."""
        return tuple(dict.fromkeys(word for about in self.doubtful(node) for word in self.reading(about).open))

    def doubtful(self, node: Node) -> tuple[str | Question, ...]:
        """The facts and questions behind the unknown clauses of a criterion that an entry leaves open which was not understood."""
        known = self._misreads.get(node)
        if known is None:
            found: dict[str | Question, None] = {}
            self._misread(node, found, set())
            known = self._misreads[node] = tuple(found)
        return known

    def passed_over(self, criterion: Node) -> set[str]:
        """The unknown facts that a criterion, or a derived fact behind it, does without: "… is not known or …", "… is known and …"."""
        found, seen, waiting = set[str](), set[str](), [criterion]
        while waiting:
            for part in walk(waiting.pop()):
                about = subject(part) if isinstance(part, Leaf) else None
                if not isinstance(about, str):
                    continue
                if about in self._derived:
                    waiting += self._derived[about].nodes if about not in seen else ()
                    seen.add(about)
                elif isinstance(part, Known) and self.reading(about).value is None:
                    found.add(about)
        return found

    def _misread(self, node: Node, found: dict[str | Question, None], seen: set[str]) -> None:
        if not isinstance(node, (Is, Known, Compare, Includes, Ask)):
            for item in children(node):
                self._misread(item, found, seen)
            return
        about = subject(node)
        definition = self._derived.get(about) if isinstance(about, str) else None
        if definition is None:
            if self.value(node) is None and self.reading(about).open:
                found[about] = None
        elif str(about) not in seen:
            seen.add(str(about))
            for part in definition.nodes:
                self._misread(part, found, seen)

    def needed(self, node: Node) -> Need:
        """What would have to be different for the criterion to hold."""
        return need(node, self.value)

    # Facts

    def _current(self, name: str, within: Within | None) -> Value:
        """The value of a base fact, or None where there is none or it is too old."""
        reading = self._readings.get(name) or self.reading(name)
        return None if within is not None and self._too_old(reading, within) else reading.value

    def _too_old(self, reading: Reading, within: Within) -> bool:
        limit = self._limits.get(within)
        if limit is None:
            limit = self._limits[within] = earliest(self.subject.as_of, within)
        return reading.on is None or reading.on < limit

    def _first_case(self, definition: Derivation) -> Value:
        for value, node in definition.steps:
            holds = self.value(node)
            if holds is None:
                return None
            if holds:
                return value if definition.criterion is None else value == "yes"
        return None

    def _unfold(self, definition: Derivation, wanted: frozenset[str]) -> list[bool | None]:
        """The value of `is` from each case onwards; the first entry is the answer, the last stands behind all cases."""
        rest: bool | None = None
        tail: list[bool | None] = [None]
        for value, node in reversed(definition.steps):
            holds, fits = self.value(node), value in wanted
            if holds is True or (holds is None and rest is not fits):
                rest = fits if holds else None
            tail.append(rest)
        tail.reverse()
        return tail

    def _cases_that_count(self, definition: Derivation) -> tuple[Explanation, ...]:
        """The cases that leave or make the value: not the false ones, unless nothing but a constant is left."""
        if definition.criterion is not None:
            return (self.explain(definition.criterion),)
        counted: list[Explanation] = []
        failed: list[Explanation] = []
        for _, node in definition.cases:
            if isinstance(node, Constant):
                counted.extend(() if counted else failed)
                break
            explained = self.explain(node)
            (failed if explained.value is False else counted).append(explained)
            if explained.value:
                break
        return tuple(counted or failed)

    def _about(self, leaf: Leaf, about: str | Question, within: Within | None) -> Explanation:
        value = self._known[leaf] = _DECIDE[type(leaf)](self, leaf)
        definition = self._derived.get(about) if type(about) is str else None
        if definition is not None:
            parts = self._cases_that_count(definition)
            sources, assumed = _origin(parts)
            return Explanation(leaf, value, "leaf", about, sources, assumed, children=parts)
        reading = self._readings.get(about) or self.reading(about)
        note = reading.note
        if within is not None and reading.value is not None and self._too_old(reading, within):
            age = f"from {reading.on.isoformat()}: not {within.text}" if reading.on else "without a date"
            note = f"{note}; {age}" if note else age
        return Explanation(leaf, value, "leaf", about, reading.sources, reading.assumed, reading.on, note)

    def _open(self, node: Node, found: dict[str | Question, None]) -> None:
        if self.value(node) is not None:
            return
        if not isinstance(node, (Is, Known, Compare, Includes, Ask)):
            for item in children(node):
                self._open(item, found)
            return
        about = subject(node)
        definition = self._derived.get(about) if isinstance(about, str) else None
        if definition is None or not isinstance(node, Is) or node.within is not None:
            found[about] = None
            return
        tail = self._unfold(definition, self.vocabulary.members(node.fact, node.values))
        unknown = False
        for index, (_, case) in enumerate(definition.steps):
            if tail[index] is not None:
                break
            unknown = unknown or self.value(case) is None
            self._open(case, found)
        if not unknown:
            self._open_behind(node.fact, definition, found)

    def _open_behind(self, name: str, definition: Derivation, found: dict[str | Question, None]) -> None:
        """Of a derived fact with no case left: what it rests on and is unknown, or itself where all that is known.

        Cases such as `x is known and x is high` are false, not unknown, while x is unknown.
        """
        behind = [about for about in subjects(*definition.nodes) if self._silent(about)]
        for about in behind:
            inner = self._derived.get(about) if isinstance(about, str) else None
            if inner is None:
                found[about] = None
            else:
                self._open_behind(str(about), inner, found)
        if not behind:
            found[name] = None

    def _silent(self, about: str | Question) -> bool:
        return (self.fact_value(about) if isinstance(about, str) else self.reading(about).value) is None


def _origin(parts: Iterable[Explanation]) -> tuple[tuple[str, ...], bool]:
    """The entries of the record behind these explanations, and whether any was assumed."""
    sources: dict[str, None] = {}
    assumed = False
    for part in parts:
        for leaf in part.reasons():
            assumed = assumed or leaf.assumed
            for source in leaf.sources:
                sources[source] = None
    return tuple(sources), assumed


# The value of each kind of node


def _constant(_: Decider, node: Constant) -> bool | None:
    return node.value


def _not(decider: Decider, node: Not) -> bool | None:
    return kleene.not_(decider.value(node.item))


def _and(decider: Decider, node: And) -> bool | None:
    return kleene.all_of(map(decider.value, node.items))


def _or(decider: Decider, node: Or) -> bool | None:
    return kleene.any_of(map(decider.value, node.items))


def _at_least(decider: Decider, node: AtLeast) -> bool | None:
    return kleene.at_least(node.n, [decider.value(item) for item in node.items])


def _is(decider: Decider, node: Is) -> bool | None:
    wanted = decider.vocabulary.members(node.fact, node.values)
    definition = decider._derived.get(node.fact)
    if definition is not None:
        return None if node.within is not None else decider._unfold(definition, wanted)[0]
    value = decider._current(node.fact, node.within)
    if value is None:
        return None
    if value is True:
        return "yes" in wanted
    return "no" in wanted if value is False else value in wanted


def _is_known(decider: Decider, node: Known) -> bool | None:
    """Unknown only where something was recorded that nobody understood: then it is neither known nor known to be missing."""
    definition = decider._derived.get(node.fact)
    if definition is None:
        known = decider._current(node.fact, node.within) is not None
        return known if known or node.within is not None or not decider.reading(node.fact).open else None
    if node.within is not None or decider.fact_value(node.fact) is not None:
        return node.within is None
    return None if any(decider._behind(part) for part in definition.nodes) else False


def _compare(decider: Decider, node: Compare) -> bool | None:
    what = node.what
    value: Any = decider._current(what, node.within) if type(what) is str else decider.reading(what).value
    return None if value is None else _OPERATORS[node.op](value, node.number)


def _includes(decider: Decider, node: Includes) -> bool | None:
    value: Any = decider._current(node.fact, node.within)
    if value is None:
        return None
    reading, members = decider.reading(node.fact), decider.vocabulary.members
    if node.mode == "only":
        if not value <= members(node.fact, node.values):
            return False
        settled = reading.complete or bool(reading.unsure and reading.unsure <= members(node.fact, node.values))
        return bool(value) if settled else None
    wanted = [members(node.fact, node.values)] if node.mode == "any" else [members(node.fact, (one,)) for one in node.values]
    return kleene.all_of(_within_set(one, value, reading) for one in wanted)


def _within_set(wanted: frozenset[str], value: frozenset[str], reading: Reading) -> bool | None:
    """Whether at least one of these is in a set of which not all may be known."""
    if not wanted.isdisjoint(value):
        return True
    absent = reading.complete or bool(reading.unsure and wanted.isdisjoint(reading.unsure))
    return False if absent else None


def _ask(decider: Decider, node: Ask) -> bool | None:
    value: Any = decider.reading(node.question).value
    return value  # type: ignore[no-any-return]


_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}
_DECIDE: dict[type, Callable[[Decider, Any], bool | None]] = {
    Constant: _constant,
    Not: _not,
    And: _and,
    Or: _or,
    AtLeast: _at_least,
    Is: _is,
    Known: _is_known,
    Compare: _compare,
    Includes: _includes,
    Ask: _ask,
}


# The explanation of each kind of node. Compounds take their value from the parts, which saves a second way down.


def _explain_constant(_: Decider, node: Constant) -> Explanation:
    return Explanation(node, node.value, "constant")


def _explain_not(decider: Decider, node: Not) -> Explanation:
    part = decider.explain(node.item)
    return Explanation(node, kleene.not_(part.value), "not", children=(part,))


def _explain_and(decider: Decider, node: And) -> Explanation:
    parts = tuple(map(decider.explain, node.items))
    return Explanation(node, kleene.all_of(part.value for part in parts), "all", children=parts)


def _explain_or(decider: Decider, node: Or) -> Explanation:
    parts = tuple(map(decider.explain, node.items))
    return Explanation(node, kleene.any_of(part.value for part in parts), "any", children=parts)


def _explain_count(decider: Decider, node: AtLeast) -> Explanation:
    return Explanation(node, decider.value(node), "count", n=node.n, children=tuple(map(decider.explain, node.items)))


def _explain_fact(decider: Decider, node: Is | Known | Includes) -> Explanation:
    return decider._about(node, node.fact, node.within)


def _explain_compare(decider: Decider, node: Compare) -> Explanation:
    return decider._about(node, node.what, node.within)


def _explain_ask(decider: Decider, node: Ask) -> Explanation:
    return decider._about(node, node.question, None)


_EXPLAIN: dict[type, Callable[[Decider, Any], Explanation]] = {
    Constant: _explain_constant,
    Not: _explain_not,
    And: _explain_and,
    Or: _explain_or,
    AtLeast: _explain_count,
    Is: _explain_fact,
    Known: _explain_fact,
    Includes: _explain_fact,
    Compare: _explain_compare,
    Ask: _explain_ask,
}
