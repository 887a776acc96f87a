"""The reader for a table: the same criteria as Polars expressions, many people at once.

The table has one row per person and these columns, named by `base`; null is unknown throughout:

    <fact>            Boolean for yes-no, String for a choice, a number, List(String) for a set
    <fact>@complete   Boolean, for a set: whether what is not listed is known to be absent
    <fact>@open       Boolean, never null, for a fact or question asked whether it `is known`: it is unknown, and an entry that was not understood may be why
    <fact>@on         Date of the value, for a fact that is asked `within` a time
    as_of             Date the question is asked for, where anything is asked `within` a time
    <question>        Boolean or number, named by the question's key, such as `had some-drug`

Lists hold no nulls, and numbers are never NaN: what is not known is null.

The rules are those of `decide`, word for word, and every answer agrees with it. Two things of Polars shape the code:
`&`, `|` and `~` are Kleene's on nulls, and so is a comparison; `when(null)` takes the other branch, so it stands
only over conditions that cannot be null, or where that branch is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

import polars as pl

from .nodes import (
    And,
    Ask,
    AtLeast,
    Compare,
    Constant,
    Includes,
    Is,
    Known,
    Node,
    Not,
    Or,
    Within,
    subject,
    subjects,
    walk,
)
from .visitor import Visitor
from .vocabulary import Derivation, Vocabulary

AS_OF = "as_of"
_NULL = pl.lit(None, dtype=pl.Boolean)
_WRITTEN_OUT = 100
"""Clauses up to which criteria are written out whole: stages of derived facts cost more than they save (measured with Polars 2.1)."""
_OFFSETS = {"days": "d", "months": "mo", "years": "y"}


class Column(NamedTuple):
    """A column the table must have. `about` is the fact or question it belongs to, empty for the day asked for."""

    name: str
    type: str
    about: str


def base(nodes: Mapping[str, Node], vocabulary: Vocabulary) -> list[Column]:
    """The columns these criteria need, through every derived fact."""
    found: dict[str, Column] = {}
    needed = [*nodes.values()]
    for name in _in_order(needed, vocabulary):
        needed.extend(vocabulary.derived[name].nodes)
    for node in (one for top in needed for one in walk(top)):
        if isinstance(node, (Is, Known, Compare, Includes, Ask)):
            for column in _columns_of(node, vocabulary):
                found.setdefault(column.name, column)
        if isinstance(node, Known) and node.within is None:
            for leaf in leaves(node, vocabulary):
                about = named(leaf)
                found.setdefault(f"{about}@open", Column(f"{about}@open", "yes-no", about))
    return list(found.values())


def leaves(node: Node, vocabulary: Vocabulary) -> list[Is | Known | Compare | Includes | Ask]:
    """The clauses about base facts and questions that a criterion rests on, through every derived fact."""
    found: dict[Is | Known | Compare | Includes | Ask, None] = {}
    waiting, seen = [node], set[str]()
    while waiting:
        for one in walk(waiting.pop()):
            if not isinstance(one, (Is, Known, Compare, Includes, Ask)):
                continue
            name = named(one)
            if name not in vocabulary.derived:
                found[one] = None
            elif name not in seen:
                seen.add(name)
                waiting += vocabulary.derived[name].nodes
    return list(found)


def named(leaf: Is | Known | Compare | Includes | Ask) -> str:
    """The fact or the key of the question that a clause is about."""
    about = subject(leaf)
    return about if isinstance(about, str) else about.key


def expressions(nodes: Mapping[str, Node], vocabulary: Vocabulary) -> dict[str, pl.Expr]:
    """One Boolean expression for each criterion, over base columns alone: derived facts are written out inside.

    For many criteria over the same facts `decided` and `evaluate` are faster, as they work each derived fact out once.
    """
    writer = _Writer(vocabulary, staged=False)
    return {name: writer.visit(node).alias(name) for name, node in nodes.items()}


def decided(frame: pl.DataFrame | pl.LazyFrame, nodes: Mapping[str, Node], vocabulary: Vocabulary) -> pl.LazyFrame:
    """The criteria alone, a column each. A few short ones are written out over the base columns; else as `evaluate` does it."""
    size = _Size(vocabulary)
    if sum(map(size.of, nodes.values())) <= _WRITTEN_OUT:
        written = expressions(nodes, vocabulary)
        if all(one.meta.root_names() for one in written.values()):  # alone, one that asks nothing would be a single row
            return frame.lazy().select(written.values())
    return evaluate(frame, nodes, vocabulary).select(list(nodes))


def evaluate(
    frame: pl.DataFrame | pl.LazyFrame,
    nodes: Mapping[str, Node],
    vocabulary: Vocabulary,
    facts: Iterable[str] = (),
) -> pl.LazyFrame:
    """The table with the derived facts these criteria use, then the criteria, as further columns.

    `facts` names further derived facts to add. Raises ValueError where a criterion has the name of a column.
    """
    return Stages(nodes, vocabulary, facts).add_to(frame)


class Stages:
    """Criteria made ready to be added to tables: every derived fact that they use is worked out once, behind those that it rests on."""

    def __init__(self, nodes: Mapping[str, Node], vocabulary: Vocabulary, facts: Iterable[str] = ()) -> None:
        order = _in_order(nodes.values(), vocabulary, facts)
        self._names, self._derived = set(nodes), set(order)
        writer = _Writer(vocabulary, staged=True)
        doubted = _doubted([*nodes.values(), *(node for name in order for node in vocabulary.derived[name].nodes)], vocabulary)
        self._helpers: list[str] = []
        self._steps: list[list[pl.Expr]] = []
        for stage in _stages(order, vocabulary):
            cases: list[pl.Expr] = []
            for name in stage:
                steps = vocabulary.derived[name].steps
                names = [_case(name, index) for index in range(len(steps))]
                cases += (writer.visit(node).alias(case) for case, (_, node) in zip(names, steps, strict=True))
                self._helpers += names
            open_ = [writer.left_open(name).alias(_open(name)) for name in stage if name in doubted]
            self._helpers += [_open(name) for name in stage if name in doubted]
            self._steps += [cases, [*(writer.derived(name).alias(name) for name in stage), *open_]]
        # Clauses that several criteria share are found by the engine itself: naming them here gained nothing.
        self._steps.append([writer.visit(node).alias(name) for name, node in nodes.items()])

    def add_to(self, frame: pl.DataFrame | pl.LazyFrame) -> pl.LazyFrame:
        """The table with the derived facts and the criteria as further columns. Raises ValueError where a criterion has the name of a column."""
        lazy = frame.lazy()
        clash = sorted((set(lazy.collect_schema().names()) | self._derived) & self._names)
        if clash:
            raise ValueError(f"a criterion and a column have the same name: {', '.join(clash)}")
        for step in self._steps:
            lazy = lazy.with_columns(step)
        return lazy.drop(self._helpers)


class _Size:
    """How many clauses a criterion has with every derived fact written out."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._known: dict[str, int] = {}

    def of(self, node: Node) -> int:
        found = 0
        for part in walk(node):
            about = subject(part) if isinstance(part, Is | Known | Compare | Includes | Ask) else None
            if isinstance(about, str) and about in self.vocabulary.derived:
                found += self._derived(about)
            else:
                found += about is not None
        return found

    def _derived(self, name: str) -> int:
        if name not in self._known:
            self._known[name] = sum(map(self.of, self.vocabulary.derived[name].nodes))
        return self._known[name]


# Order of work


def _derived_in(nodes: Iterable[Node], vocabulary: Vocabulary) -> list[str]:
    return [name for name in subjects(*nodes) if isinstance(name, str) and name in vocabulary.derived]


def _inside(name: str, vocabulary: Vocabulary) -> list[str]:
    """The derived facts that a derived fact rests on itself."""
    return [one for one in vocabulary.derived[name].subjects if isinstance(one, str) and one in vocabulary.derived]


def _in_order(nodes: Iterable[Node], vocabulary: Vocabulary, facts: Iterable[str] = ()) -> list[str]:
    """The derived facts in use, each behind those it rests on."""
    order: dict[str, None] = {}

    def add(name: str) -> None:
        if name not in order:
            for inner in _inside(name, vocabulary):
                add(inner)
            order[name] = None

    for name in (*_derived_in(nodes, vocabulary), *facts):
        add(name)
    return list(order)


def _stages(order: list[str], vocabulary: Vocabulary) -> list[list[str]]:
    """The derived facts in groups that can be worked out at the same time."""
    depth: dict[str, int] = {}
    stages: list[list[str]] = []
    for name in order:
        inner = _inside(name, vocabulary)
        depth[name] = max((depth[one] + 1 for one in inner), default=0)
        if depth[name] == len(stages):
            stages.append([])
        stages[depth[name]].append(name)
    return stages


def _case(name: str, index: int) -> str:
    """The helper column of one case of a derived fact; `#` begins a comment, so no fact has this name."""
    return f"{name}#{index}"


def _open(name: str) -> str:
    """The helper column that says whether an entry that was not understood may change a derived fact."""
    return f"{name}#open"


def _doubted(nodes: Iterable[Node], vocabulary: Vocabulary) -> set[str]:
    """The derived facts that some criterion asks whether they are known, and those they rest on."""
    asked = [node.fact for top in nodes for node in walk(top) if isinstance(node, Known) and node.within is None]
    return set(_in_order((), vocabulary, [name for name in asked if name in vocabulary.derived]))


def _columns_of(leaf: Is | Known | Compare | Includes | Ask, vocabulary: Vocabulary) -> list[Column]:
    about = subject(leaf)
    if not isinstance(about, str):
        return [Column(about.key, "yes-no" if isinstance(leaf, Ask) else "number", about.key)]
    if about in vocabulary.derived:
        return []
    fact = vocabulary.facts.get(about)
    kind = fact.kind if fact else "set" if isinstance(leaf, Includes) else "choice"
    columns = [Column(about, kind, about)]
    if kind == "set":
        columns.append(Column(f"{about}@complete", "yes-no", about))
    if not isinstance(leaf, Ask) and leaf.within is not None:
        columns += [Column(f"{about}@on", "date", about), Column(AS_OF, "date", "")]
    return columns


# Expressions


@dataclass
class _Writer(Visitor[pl.Expr]):
    """Writes nodes as expressions. Staged, a derived fact is a column that is already there; else it is written out."""

    vocabulary: Vocabulary
    staged: bool

    def constant(self, node: Constant) -> pl.Expr:
        return pl.lit(node.value)

    def negated(self, node: Not) -> pl.Expr:
        return ~self.visit(node.item)

    def every(self, node: And) -> pl.Expr:
        return _all(map(self.visit, node.items))

    def some(self, node: Or) -> pl.Expr:
        return _any(map(self.visit, node.items))

    def counted(self, node: AtLeast) -> pl.Expr:
        return _at_least(node.n, [self.visit(item) for item in node.items])

    def asked(self, node: Ask) -> pl.Expr:
        return pl.col(node.question.key)

    def compared(self, node: Compare) -> pl.Expr:
        return _recent(_compared(pl.col(node.key), node), node.key, node.within)

    def includes(self, node: Includes) -> pl.Expr:
        return _recent(self._includes(node), node.fact, node.within)

    def derived(self, name: str) -> pl.Expr:
        """The value of a derived fact: the first case that holds, if none before it is unknown."""
        definition = self.vocabulary.derived[name]
        cases = self._cases(name, definition)
        if definition.criterion is not None:
            return cases[0]
        value = pl.lit(None, dtype=pl.String)
        for holds, (wanted, _) in reversed(list(zip(cases, definition.steps, strict=True))):
            fails = pl.when(~holds).then(value)
            value = pl.when(holds).then(pl.lit(wanted)).otherwise(fails)
        return value

    def _cases(self, name: str, definition: Derivation) -> list[pl.Expr]:
        if self.staged:
            return [pl.col(_case(name, index)) for index in range(len(definition.steps))]
        return [self.visit(node) for _, node in definition.steps]

    def is_(self, node: Is) -> pl.Expr:
        wanted = self.vocabulary.members(node.fact, node.values)
        definition = self.vocabulary.derived.get(node.fact)
        if definition is not None:
            if node.within is not None:
                return _NULL
            rest = _NULL
            steps = zip(self._cases(node.fact, definition), definition.steps, strict=True)
            for holds, (value, _) in reversed(list(steps)):
                rest = holds | rest if value in wanted else ~holds & rest
            return rest
        return _recent(self._one_of(pl.col(node.fact), node.fact, wanted), node.fact, node.within)

    def _one_of(self, column: pl.Expr, name: str, wanted: frozenset[str]) -> pl.Expr:
        fact = self.vocabulary.facts.get(name)
        if fact is not None and fact.kind == "yes-no":
            yes, no = "yes" in wanted, "no" in wanted
            if yes != no:
                return column if yes else ~column
            return column | ~column if yes else column & ~column
        if not wanted:
            return _false_where_known(column)
        return _any([column == value for value in sorted(wanted)]) if len(wanted) < 4 else column.is_in(sorted(wanted))

    def known(self, node: Known) -> pl.Expr:
        definition = self.vocabulary.derived.get(node.fact)
        if definition is not None:
            if node.within is not None:
                return pl.lit(False)
            value = pl.col(node.fact) if self.staged else self.derived(node.fact)
            misread = pl.col(_open(node.fact)) if self.staged else self.left_open(node.fact)
            return pl.when(value.is_not_null()).then(True).when(~misread).then(False)
        known = pl.col(node.fact).is_not_null()
        if node.within is not None:
            return known & _fresh(node.fact, node.within).fill_null(False)
        return pl.when(known).then(True).when(~pl.col(f"{node.fact}@open")).then(False)

    def left_open(self, name: str) -> pl.Expr:
        """Whether a clause that a derived fact rests on, itself or through other derived facts, is unknown and left open by an unread entry."""
        found: list[pl.Expr] = []
        for node in self.vocabulary.derived[name].nodes:
            for leaf in dict.fromkeys(one for one in walk(node) if isinstance(one, (Is, Known, Compare, Includes, Ask))):
                inner = named(leaf)
                if inner not in self.vocabulary.derived:
                    found.append(self.visit(leaf).is_null() & pl.col(f"{inner}@open"))
                else:
                    found.append(pl.col(_open(inner)) if self.staged else self.left_open(inner))
        return _any(found) if found else pl.lit(False)

    def _includes(self, node: Includes) -> pl.Expr:
        column, complete = pl.col(node.fact), pl.col(f"{node.fact}@complete")
        if node.mode == "only":
            members = sorted(self.vocabulary.members(node.fact, node.values))
            inside = column.list.eval(pl.element().is_in(members)).list.all()
            settled = pl.when(complete).then(column.list.len() > 0)
            return inside & settled
        wanted = [node.values] if node.mode == "any" else [(value,) for value in node.values]
        return _all(_present(column, complete, sorted(self.vocabulary.members(node.fact, values))) for values in wanted)


def _present(column: pl.Expr, complete: pl.Expr, members: list[str]) -> pl.Expr:
    """At least one member is in the set; absent is false only where the set is complete."""
    if not members:
        return _false_where_known(pl.when(complete).then(column))
    found = _any([column.list.contains(pl.lit(member)) for member in members])
    return found | pl.when(complete).then(found)


def _false_where_known(column: pl.Expr) -> pl.Expr:
    """The answer about a group that has no members."""
    return pl.when(column.is_not_null()).then(False)


def _compared(column: pl.Expr, node: Compare) -> pl.Expr:
    number = pl.lit(node.number)
    if node.op == "=":
        return column == number
    if node.op in ("<", "<="):
        return column < number if node.op == "<" else column <= number
    return column > number if node.op == ">" else column >= number


def _fresh(fact: str, within: Within) -> pl.Expr:
    earliest = pl.col(AS_OF).dt.offset_by(f"-{within.count}{_OFFSETS[within.unit]}")
    return pl.col(f"{fact}@on") >= earliest


def _recent(answer: pl.Expr, fact: str, within: Within | None) -> pl.Expr:
    return answer if within is None else pl.when(_fresh(fact, within)).then(answer)


def _at_least(n: int, items: list[pl.Expr]) -> pl.Expr:
    holding = pl.sum_horizontal(item.fill_null(False).cast(pl.UInt16) for item in items)
    possible = pl.sum_horizontal(item.fill_null(True).cast(pl.UInt16) for item in items)
    return pl.when(holding >= n).then(True).when(possible < n).then(False)


def _all(items: Iterable[pl.Expr]) -> pl.Expr:
    return reduce(lambda one, other: one & other, items)


def _any(items: Iterable[pl.Expr]) -> pl.Expr:
    return reduce(lambda one, other: one | other, items)
