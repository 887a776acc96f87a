"""Who was never tested and could act on a result: one possible result, added to the record, would make an option fit that does not now.

It is decided by deciding: each possible result is put in and all options that rest on it are asked again, for everybody who lacks it. The tests
do the same with one-person plans.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import polars as pl

from linewise.columns.decide import Matrix
from linewise.knowledge import Knowledge
from linewise.knowledge.model import Fact, Treatment
from linewise.logic import Node, walk
from linewise.logic.columns import AS_OF, base
from linewise.logic.nodes import Compare

_OFFERED = ("preferred", "suitable")
_AT_A_TIME = 400_000
_KIND = "systemic"
"""Of which options it is asked: drugs against the cancer. A result that only calls for help with what it finds, as a low blood count, opens none."""


Statuses = TypeVar("Statuses", pl.Series, pl.Expr)


def offered(status: Statuses) -> Statuses:
    """Whether each is offered."""
    return status.cast(pl.String).is_in(_OFFERED)


@dataclass(frozen=True)
class Test:
    """A test, the facts that its result may be, the options that rest on them, and what is derived from them alone."""

    __test__ = False  # not a test case, whatever pytest thinks of the name

    id: str
    facts: tuple[Fact, ...]
    options: tuple[str, ...]
    derived: tuple[str, ...] = ()


def needed_tests(matrix: Matrix) -> list[Test]:
    """The tests that an option of drugs against the cancer hangs on."""
    knowledge = matrix.knowledge
    about = {option.id: _about(matrix, option) for option in matrix.options if option.kind == _KIND}
    by_test: dict[str, list[Fact]] = {}
    for fact in knowledge.facts.values():
        if fact.test and not fact.derived and fact.type in ("choice", "number", "yes-no"):
            by_test.setdefault(fact.test, []).append(fact)
    rests, found = _resting(knowledge), []
    for test, facts in by_test.items():
        used = [fact for fact in facts if any(fact.id in names for names in about.values())]
        options = tuple(name for name, names in about.items() if any(fact.id in names for fact in used))
        if options:
            found.append(Test(test, tuple(used), options, _derived(used, options, rests, knowledge)))
    return found


def _about(matrix: Matrix, option: Treatment) -> set[str]:
    """The facts on which hangs whether an option fits, through every derived one."""
    nodes = {"fits": option.fits} | {str(n): one.fits for n, one in enumerate(option.standing) if one.fits is not None}
    nodes |= {f"w{n}": one.when for n, one in enumerate(_waiting(matrix.knowledge, option)) if one.when is not None}
    return {column.about for column in base(nodes, matrix.knowledge.vocabulary)}


def _waiting(knowledge: Knowledge, option: Treatment) -> Iterable[Any]:
    """The contraindications that leave an option waiting while they are unknown."""
    every = [*option.avoid, *(one for drug in (*option.drugs, *option.classes) for one in knowledge.avoid(drug))]
    return [one for one in every if one.unknown == "depends"]


def _resting(knowledge: Knowledge) -> dict[str, set[str]]:
    """For each derived fact the base facts and questions that it rests on."""
    derived, vocabulary = knowledge.vocabulary.derived, knowledge.vocabulary
    return {
        name: {column.about for column in base({str(n): node for n, node in enumerate(definition.nodes)}, vocabulary)}
        for name, definition in derived.items()
    }


def _derived(
    facts: Sequence[Fact], options: Sequence[str], rests: Mapping[str, set[str]], knowledge: Knowledge
) -> tuple[str, ...]:
    """What follows from the results of one test alone, and is asked by one of these options: it may stay open although the test was done."""
    own = {fact.id for fact in facts}
    found = []
    for name in knowledge.vocabulary.derived:
        if rests[name] and rests[name] <= own and any(_names(knowledge.treatments[one], name, knowledge) for one in options):
            found.append(name)
    inner = {column for name in found for column in _rests_on(name, knowledge)}
    return tuple(name for name in found if name not in inner)


def _rests_on(name: str, knowledge: Knowledge) -> set[str]:
    """The derived facts that a derived fact names itself."""
    tops = knowledge.vocabulary.derived[name].nodes
    return {fact for top in tops for node in walk(top) if isinstance(fact := getattr(node, "fact", None), str)}


def _names(option: Treatment, fact: str, knowledge: Knowledge) -> bool:
    """Whether the criteria of an option, as they are written or through derived facts, ask a derived fact."""
    waiting = [option.fits, *(one.fits for one in option.standing if one.fits is not None)]
    seen: set[str] = set()
    while waiting:
        for node in walk(waiting.pop()):
            name = getattr(node, "fact", None)
            if name == fact:
                return True
            if isinstance(name, str) and name in knowledge.vocabulary.derived and name not in seen:
                seen.add(name)
                waiting.extend(knowledge.vocabulary.derived[name].nodes)
    return False


def results(fact: Fact, matrix: Matrix) -> list[Any]:
    """What a test may say: every value; of a number both ends of its range, and both sides of every limit that a criterion sets."""
    if fact.type == "choice":
        return list(fact.values)
    if fact.type == "yes-no":
        return [True, False]
    low, high = fact.range or (0.0, 100.0)
    limits = {node.number for top in _every(matrix) for node in walk(top) if isinstance(node, Compare) and node.what == fact.id}
    sides = {side for limit in limits for side in (limit - 1, limit, limit + 1) if low <= side <= high}
    return sorted({float(low), float(high), *sides})


def _every(matrix: Matrix) -> list[Node]:
    return [*matrix.criteria.nodes.values(), *(node for one in matrix.criteria.vocabulary.derived.values() for node in one.nodes)]


def untested(matrix: Matrix, people: pl.DataFrame, on_record: pl.DataFrame) -> pl.DataFrame:
    """For each test: who has no result on record, and who of them could act on one. A row a test, and one for what its results leave open.

    `people` are facts, criteria and status; `on_record` says of each fact whether any result of it, however old, is on record.
    """
    rows, tests = [], needed_tests(matrix)
    lacking = {test.id: _lacking(test, people, on_record) for test in tests}
    act = _could_act(matrix, people, tests, {test: np.logical_or.reduce(list(one.values())) for test, one in lacking.items()})
    for test in tests:
        rows += [
            _row(test.id, name, people.height, one, act[test.id])
            for name, one in lacking[test.id].items()
            if not name or one.any()
        ]
    schema = {"test": pl.String, "open": pl.String, "people": pl.Int64, "lacking": pl.Int64, "could act": pl.Int64}
    return pl.DataFrame(rows, schema=schema)


def _lacking(test: Test, people: pl.DataFrame, on_record: pl.DataFrame) -> dict[str, Any]:
    """Who has no result of a test on record (under an empty name), and for whom its results leave a derived fact open (under its name)."""
    never = ~on_record.select(pl.any_horizontal(*(fact.id for fact in test.facts))).to_series()
    return {"": never.to_numpy(), **{name: (~never & people[name].is_null()).to_numpy() for name in test.derived}}


def _row(test: str, name: str, people: int, lacking: Any, act: Any) -> dict[str, Any]:
    return {"test": test, "open": name, "people": people, "lacking": int(lacking.sum()), "could act": int((lacking & act).sum())}


def _could_act(matrix: Matrix, people: pl.DataFrame, tests: Sequence[Test], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Of those who are asked about each test, for whom some result of a fact that is not known would open an option that rests on it."""
    needed = {column.name for column in matrix.criteria.columns} | {AS_OF}
    facts = people.select(name for name in people.columns if name in needed or name.startswith("#"))
    before = people.select(
        offered(people[name]).alias(name) for name in dict.fromkeys(name for one in tests for name in one.options)
    )
    opened = {test.id: np.zeros(people.height, bool) for test in tests}
    unknown = {fact.id: facts[fact.id].is_null().to_numpy() for test in tests for fact in test.facts}
    waiting: list[tuple[Test, Any, pl.DataFrame]] = []

    def decide() -> None:
        """Many results at a time: to decide is cheap, to begin deciding is not."""
        if waiting:
            found = _opens(matrix, pl.concat([frame for _, _, frame in waiting]), before, waiting)
            for (test, who, _), yes in zip(waiting, found, strict=True):
                opened[test.id][who[yes]] = True
            waiting.clear()

    for test in tests:
        for fact in test.facts:
            for value in results(fact, matrix):
                who = np.flatnonzero(asked[test.id] & unknown[fact.id] & ~opened[test.id])
                if sum(len(rows) for _, rows, _ in waiting) + len(who) > _AT_A_TIME:
                    decide()
                    who = who[~opened[test.id][who]]
                if len(who):
                    waiting.append((test, who, _with(facts[who], fact, value)))
    decide()
    return opened


def _with(facts: pl.DataFrame, fact: Fact, value: Any) -> pl.DataFrame:
    """The facts of people with one result put in, as of their day."""
    put = [pl.lit(value, dtype=facts.schema[fact.id]).alias(fact.id)]
    if f"{fact.id}@on" in facts.columns:
        put.append(pl.col(AS_OF).alias(f"{fact.id}@on"))
    return facts.with_columns(put)


def _opens(
    matrix: Matrix, facts: pl.DataFrame, before: pl.DataFrame, parts: Sequence[tuple[Test, Any, pl.DataFrame]]
) -> list[Any]:
    """Of each part, whether an option that rests on its test is offered that was not offered before."""
    names = list(dict.fromkeys(name for test, _, _ in parts for name in test.options))
    after = matrix.status(matrix.decided(facts)).select(names).collect().select(offered(pl.col(name)) for name in names)
    found, first = [], 0
    for test, who, frame in parts:
        now, was = after[first : first + frame.height].select(test.options), before[who].select(test.options)
        found.append((now.to_numpy() & ~was.to_numpy()).any(axis=1))
        first += frame.height
    return found
