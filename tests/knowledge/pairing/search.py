"""Looks for a profile on which criteria have wanted values: goals are split until only facts are left, then facts are set.

The search tries every change of `Moves` for every fact, and goes back where a change breaks what was reached. It gives
profiles one after another; it has ended without exhausting its budget only when there is no other way through these changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import msgspec

from linewise.logic import Node, subject
from linewise.logic.nodes import And, AtLeast, Constant, Includes, Is, Known, Leaf, Not, Or, children

from .bench import Bench, State
from .criteria import Path
from .moves import Moves

Answers = frozenset[bool | None]
T: Answers = frozenset({True})
F: Answers = frozenset({False})
N: Answers = frozenset({None})
Goal = tuple[Node, Answers]
Accept = Callable[[State], bool]
Soft = Callable[[Node, list[Node]], bool]
_UNKNOWN = 3


class OutOfBudget(Exception):
    """The search was given up: nothing is proved."""


class Search(msgspec.Struct):
    """One search: what may be changed, and how many changes may be tried in all.

    A change must not break what was reached by a change before it. Unless the search is `loose`, it must not break what was
    right from the start either.
    """

    bench: Bench
    moves: Moves
    budget: int
    accept: Accept
    loose: bool = False

    def run(self, goals: list[Goal], start: State, reached: frozenset[Goal] = frozenset()) -> Iterator[State]:
        """Profiles on which every goal is met and that are accepted, beginning near `start`."""
        if self._contradict(goals):
            return
        for index, (node, wanted) in enumerate(goals):  # noqa: B007
            if self.bench.value(node, start) not in wanted:
                break
        else:
            if self.accept(start):
                yield start
            return
        if not self._is_base(node):
            for parts in self._split(node, wanted):
                yield from self.run(goals[:index] + parts + goals[index + 1 :], start, reached)
            return
        kept = list(reached)
        if not self.loose:
            kept = [goal for goal in goals if self._is_base(goal[0]) and self.bench.value(goal[0], start) in goal[1]]
        for new in self.moves.about(subject(node), start):  # type: ignore[arg-type]
            self.budget -= 1
            if self.budget < 0:
                raise OutOfBudget
            decider = self.bench.decider(new)
            if decider is None or decider.value(node) not in wanted:
                continue
            if all(decider.value(leaf) in answers for leaf, answers in kept):
                yield from self.run(goals, new, reached | {(node, wanted)})

    def _is_base(self, node: Node) -> bool:
        """A leaf about something that a record says, and not about what follows from it."""
        return isinstance(node, Leaf) and (isinstance(node, _BASE) or subject(node) not in self.bench.vocabulary.derived)

    def _contradict(self, goals: list[Goal]) -> bool:
        wanted: dict[Node, Answers] = {}
        for node, answers in goals:
            left = wanted.get(node, answers) & answers
            if not left or (isinstance(node, Constant) and node.value not in left) or (isinstance(node, Known) and left == N):
                return True
            wanted[node] = left
        return False

    # One goal as goals about its parts

    def _split(self, node: Node, wanted: Answers) -> Iterator[list[Goal]]:
        """The ways in which a compound or a derived fact can have one of the answers."""
        if isinstance(node, Not):
            yield [(node.item, frozenset(None if one is None else not one for one in wanted))]
        elif isinstance(node, And):
            yield from self._joined(node.items, wanted, True)
        elif isinstance(node, Or):
            yield from self._joined(node.items, wanted, False)
        elif isinstance(node, AtLeast):
            yield from self._counted(node, wanted)
        elif isinstance(node, Is):
            yield from self._derived(node, wanted)
        elif isinstance(node, Known):
            yield from self._derived_known(node, wanted)

    def _joined(self, items: tuple[Node, ...], wanted: Answers, unit: bool) -> Iterator[list[Goal]]:
        """`and` with the unit True; `or` is the same with everything turned round."""
        all_, one = (T, F) if unit else (F, T)
        if unit in wanted:
            yield [(item, all_) for item in items]
        if None in wanted and unit in wanted:
            yield [(item, all_ | N) for item in items]
        if unit not in wanted:
            yield from ([(item, one)] for item in items)
        if None in wanted and unit not in wanted:
            for index, item in enumerate(items):
                rest = items[:index] + items[index + 1 :]
                yield [(item, N), *((other, all_ | N) for other in rest)]

    def _counted(self, node: AtLeast, wanted: Answers) -> Iterator[list[Goal]]:
        if True in wanted:
            for some in combinations(node.items, node.n):
                yield [(item, T) for item in some]
        if False in wanted:
            for some in combinations(node.items, len(node.items) - node.n + 1):
                yield [(item, F) for item in some]

    def _derived(self, node: Is, wanted: Answers) -> Iterator[list[Goal]]:
        steps = self.bench.vocabulary.derived[node.fact].steps
        members = self.bench.vocabulary.members(node.fact, node.values)
        for answer in (True, False):
            if answer not in wanted:
                continue
            for index, (value, case) in enumerate(steps):
                if (value in members) is answer:
                    before = [earlier for name, earlier in steps[:index] if (name in members) is not answer]
                    yield [(case, T), *((earlier, F) for earlier in before)]
        if None in wanted:
            for index, (_, case) in enumerate(steps):
                yield [(case, N), *((earlier, F) for _, earlier in steps[:index])]
            yield [(case, F) for _, case in steps]

    def _derived_known(self, node: Known, wanted: Answers) -> Iterator[list[Goal]]:
        steps = self.bench.vocabulary.derived[node.fact].steps
        for index, (_, case) in enumerate(steps):
            before: list[Goal] = [(earlier, F) for _, earlier in steps[:index]]
            if True in wanted:
                yield [(case, T), *before]
            if False in wanted:
                yield [(case, N), *before]
        if False in wanted:
            yield [(case, F) for _, case in steps]


_BASE = (Includes,)


def decisive(root: Node, path: Path, soft: Soft | None = None) -> list[list[Goal]]:
    """What must hold beside a part so that the whole goes by that part: everything beside it in an `and`, nothing in an `or`.

    With `soft`, up to a few of the parts beside that it allows are unknown instead: in `x is known and x is high`, the second
    clause cannot hold where the first does not. What is given first leaves the fewest unknown.
    """
    found: list[list[Goal]] = []
    for goals in _beside(root, path):
        if soft is None:
            found.append(goals)
            continue
        open_ = [index for index, (node, _) in enumerate(goals) if soft(node, [other for other, _ in goals if other is not node])]
        for size in range(1, min(len(open_), _UNKNOWN) + 1):
            for some in combinations(open_, size):
                found.append([(node, N if index in some else answers) for index, (node, answers) in enumerate(goals)])
    return found


def _beside(root: Node, path: Path) -> Iterator[list[Goal]]:
    if not path:
        yield []
        return
    items = children(root)
    others = [item for index, item in enumerate(items) if index != path[0]]
    for inner in _beside(items[path[0]], path[1:]):
        if isinstance(root, And):
            yield [*((item, T) for item in others), *inner]
        elif isinstance(root, Or):
            yield [*((item, F) for item in others), *inner]
        elif isinstance(root, AtLeast):
            for some in combinations(others, root.n - 1):
                yield [*((item, T if item in some else F) for item in others), *inner]
        else:
            yield inner


__all__ = ["Accept", "Answers", "F", "Goal", "N", "OutOfBudget", "Search", "Soft", "T", "decisive"]
