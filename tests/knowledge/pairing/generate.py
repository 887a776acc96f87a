"""Makes the pairs of one criterion: for each clause two records that differ in it alone and get different answers.

What is stored already is kept where it still serves, so that a small change of the knowledge is a small change of the files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice, permutations, product
from typing import Any

from linewise.logic import Node, subjects, walk
from linewise.logic.nodes import And, Ask, AtLeast, Constant, Known, Leaf, Not, Or

from .bench import EMPTY, Bench, State, differing
from .criteria import Clause, Criterion, Path, at, clauses
from .golden import OPEN, Pairs, Record
from .moves import Moves
from .mutants import Mutant, mutants
from .reach import allowed
from .search import Accept, Answers, F, Goal, N, OutOfBudget, Search, Soft, T, decisive

MUTANTS = True
"""Whether to search for records that catch mutants, too; else only for the pairs of clauses."""
AGAIN = False
"""Whether to search again for what was not found before, and is stored so."""
EFFORT = 1.0
"""How long to search, of the usual."""
_SIBLINGS = 6
"""Drugs that are tried in place of one."""
_STARTS = 3
_BUDGETS = ((1500, False), (6000, True))  # how many changes to try, and whether loosely
_TRIES = 12
_LOGIC = "the same for every answer that its clauses can get"
_RECORDS = "no record tells them apart"
_LEAVES = 8
_DIFFERENT = tuple((a, b) for a, b in permutations((T, F, N), 2))


class Maker:
    """The pairs of one criterion while they are made."""

    def __init__(self, bench: Bench, criterion: Criterion, stored: Pairs | None) -> None:
        self.bench, self.criterion, self.node = bench, criterion, criterion.node
        self.mutants = mutants(self.node, bench.knowledge)
        self.moves = Moves(bench, [self.node, *(mutant.node for mutant in self.mutants)])
        self.same = stored is not None and stored.rests == rests_on(bench, self.node)
        self.stored = stored if stored is not None else Pairs("")
        self.states: list[State] = []
        for record in self.stored.records:
            if bench.decider(record.profile) is not None:
                self.states.append(record.profile)
        self.also: dict[int, str] = {}
        self.reached: dict[Node, set[tuple[str, ...]]] = {}
        self.gave_up = False

    def make(self) -> Pairs:
        self.find([[(self.node, T)]], [EMPTY], lambda state: self.value(state) is True)
        self.find([[(self.node, F)]], [EMPTY], lambda state: self.value(state) is False)
        pairs: dict[str, tuple[int, int]] = {}
        idle: dict[str, str] = {}
        for clause in clauses(self.node):
            before = self.settled(self.stored.idle.get(clause.text))
            pair = self.known_pair(clause) or (None if before else self.new_pair(clause))
            if before and pair is None:
                idle[clause.text] = before
            elif pair is None:
                idle[clause.text] = self.why(clause.dropped)
            else:
                pairs[clause.text] = pair
        equal = self.catch_mutants()
        return self.tidy(pairs, idle, equal)

    def settled(self, reason: str | None) -> str | None:
        """The stored reason why nothing tells a clause or a mutant apart, where it still counts."""
        return None if not self.same or (AGAIN and reason != _LOGIC) else reason

    def value(self, state: State, node: Node | None = None) -> bool | None:
        return self.bench.value(self.node if node is None else node, state)

    def keep(self, state: State) -> int:
        """The number of a record, stored if it is new."""
        if state not in self.states:
            self.states.append(state)
        return self.states.index(state)

    # Searching

    def search(
        self, goals: list[list[Goal]], starts: list[State], accept: Accept, effort: tuple[int, bool] = _BUDGETS[0]
    ) -> Iterator[State]:
        """Profiles that meet one of several sets of goals, tried one after the other from each start, and not longer than a few starts may take."""
        most = max(int(effort[0] * EFFORT), 50)
        left = _STARTS * most
        for one in goals:
            for start in starts:
                if left <= 0:
                    self.gave_up = True
                    return
                search = Search(self.bench, self.moves, min(most, left), accept, effort[1])
                before = search.budget
                try:
                    yield from search.run(one, start)
                except (OutOfBudget, RecursionError):
                    self.gave_up = True
                left -= before - search.budget

    def ways(self, path: Path, changed: Node) -> Iterator[tuple[tuple[int, bool], list[list[Goal]]]]:
        """Ways to let a part decide, the cleanest first: how long to try, and what must hold beside."""
        clean = decisive(self.node, path)
        unclean = decisive(self.node, path, self.soft(changed))
        for effort in _BUDGETS:
            self.gave_up = False
            yield effort, clean
            yield effort, unclean

    def soft(self, changed: Node) -> Soft:
        """Parts that may have to be unknown: they ask for the same as the changed part, or as another part beside it."""
        reach = self.reach

        def shares(node: Node, others: list[Node]) -> bool:
            return any(reach(node) & reach(other) for other in (changed, *others))

        return shares

    def reach(self, node: Node) -> set[tuple[str, ...]]:
        """The members of a profile that a part asks for."""
        if node not in self.reached:
            self.reached[node] = allowed(self.bench, node)
        return self.reached[node]

    def find(self, goals: list[list[Goal]], starts: list[State], accept: Accept) -> int | None:
        """The number of the first record that is stored already and serves, or of a new one."""
        for index, state in enumerate(self.states):
            if accept(state):
                return index
        found = next(self.search(goals, starts, accept), None)
        return None if found is None else self.keep(found)

    @property
    def starts(self) -> list[State]:
        return [*self.states[:1], EMPTY]

    # Pairs

    def known_pair(self, clause: Clause) -> tuple[int, int] | None:
        """Two records that are there already and are a pair for the clause."""
        before = self.stored.pairs.get(clause.text) if self.same else None
        if before is not None and max(before) < len(self.states) and self.is_pair(clause, *(self.states[i] for i in before)):
            return before
        beside, sharp = self.beside(clause), self.sharp(clause)
        for strict in (True, False) if not sharp else (True,):
            for one, other in permutations(range(len(self.states)), 2):
                p, q = self.states[one], self.states[other]
                if self.value(p) is None or (strict and self.value(q) is None):
                    continue
                if not self.all_told(sharp, p, q):
                    continue
                if self.is_pair(clause, p, q) and all(self.value(p, node) is self.value(q, node) for node in beside):
                    return self.ordered(one, other)
        return None

    def ordered(self, one: int, other: int) -> tuple[int, int]:
        """The record with yes first."""
        return (one, other) if self.value(self.states[one]) or self.value(self.states[other]) is False else (other, one)

    def beside(self, clause: Clause) -> list[Node]:
        """The parts that stand beside the clause on the way to it."""
        return [node for goals in decisive(self.node, clause.path)[:1] for node, _ in goals]

    def is_pair(self, clause: Clause, one: State, other: State) -> bool:
        if self.value(one) is self.value(other) or differing(one, other) - self.reach(clause.leaf):
            return False
        return self.tells(one, clause.dropped) or self.tells(other, clause.dropped)

    def tells(self, state: State, node: Node) -> bool:
        """Whether a record tells another criterion from this one."""
        return self.value(state, node) is not self.value(state)

    def sharp(self, clause: Clause) -> list[Mutant]:
        """The mutants that two records at the very limit of a comparison tell apart."""
        return [one for one in self.mutants if one.path == clause.path and one.kind in ("flip", "number")]

    def all_told(self, sharp: list[Mutant], one: State, other: State) -> bool:
        return all(self.tells(one, mutant.node) or self.tells(other, mutant.node) for mutant in sharp)

    def new_pair(self, clause: Clause) -> tuple[int, int] | None:
        """A pair, at the very limit of a comparison where that can be."""
        whole = " | " not in clause.text
        sharp = self.sharp(clause) if whole else []
        return (
            (self.found_pair(clause, whole, sharp) if sharp else None)
            or self.found_pair(clause, whole, [])
            or self.any_pair(clause)
        )

    def any_pair(self, clause: Clause) -> tuple[int, int] | None:
        """A pair where the clause never decides by itself, as in `x is not known and x is high`: it says what becomes of unknown."""
        goals = [[(clause.dropped, b), (self.node, a)] for a, b in _DIFFERENT]
        accept: Accept = lambda state: self.tells(state, clause.dropped)  # noqa: E731
        kept = [state for state in self.states if accept(state)]
        for one in [*kept, *islice(self.search(goals, self.starts, accept), _TRIES)]:
            for about in subjects(clause.leaf):
                for other in self.moves.about(about, one) if about not in self.bench.vocabulary.derived else ():
                    if self.bench.decider(other) is not None and self.is_pair(clause, one, other):
                        return self.ordered(self.keep(one), self.keep(other))
        return None

    def found_pair(self, clause: Clause, whole: bool, sharp: list[Mutant]) -> tuple[int, int] | None:
        less = None if whole else at(clause.dropped, clause.path)
        ends: list[list[Goal]] = [[(clause.leaf, one)] for one in (T, F, N)]
        if less is not None:
            ends = [[(clause.leaf, one), (less, other)] for one, other in _DIFFERENT]
        told = [mutant.node for mutant in sharp] or ([] if whole else [clause.dropped])
        accept = lambda state: not told or any(self.tells(state, node) for node in told)  # noqa: E731
        for effort, ways in self.ways(clause.path, clause.leaf):
            for end in ends:
                goals = [beside + end for beside in ways]
                for tries, one in enumerate(self.search(goals, self.starts, accept, effort)):
                    other = self.partner(clause, one, [answer for answer in (T, F, N) if answer != end[0][1]], sharp)
                    if other is not None:
                        return self.ordered(self.keep(one), self.keep(other))
                    if tries >= _TRIES:
                        break
        return None

    def partner(self, clause: Clause, one: State, wanted: list[Answers], sharp: list[Mutant]) -> State | None:
        """A record near to another that differs from it in the clause alone, and gets another answer."""
        accept = lambda state: self.is_pair(clause, one, state) and self.all_told(sharp, one, state)  # noqa: E731
        for ways in (
            decisive(self.node, clause.path),
            decisive(self.node, clause.path, self.soft(clause.leaf)),
        ):
            goals = [[*beside, (clause.leaf, answer)] for answer in wanted for beside in ways]
            found = next(self.search(goals, [one], accept), None)
            if found is not None:
                return found
        return None

    # Mutants

    def catch_mutants(self) -> dict[str, str]:
        """Add a record for each mutant that no pair catches; those that cannot be caught, and why."""
        equal: dict[str, str] = {}
        for mutant in self.mutants:
            if any(self.tells(state, mutant.node) for state in self.states) or self.caught_near(mutant):
                continue
            stored = self.stored.equal.get(mutant.text)
            before = self.settled(stored) if MUTANTS else stored
            if before is not None:
                equal[mutant.text] = before
            elif always_equal(self.node, mutant.node):
                equal[mutant.text] = _LOGIC
            elif not MUTANTS:
                equal[mutant.text] = OPEN
            elif not self.catch(mutant):
                equal[mutant.text] = OPEN if self.gave_up else _RECORDS
        return equal

    def catch(self, mutant: Mutant) -> bool:
        old, new = at(self.node, mutant.path), at(mutant.node, mutant.path)
        for effort, ways in self.ways(mutant.path, Or((old, new))):
            goals = [[*beside, (new, b), (old, a)] for a, b in _DIFFERENT for beside in ways]
            found = next(self.search(goals, self.starts, lambda state: self.tells(state, mutant.node), effort), None)
            if found is not None:
                self.also[self.keep(found)] = mutant.text
                return True
        goals = [[(mutant.node, b), (self.node, a)] for a, b in _DIFFERENT]
        found = next(self.search(goals, self.starts, lambda state: self.tells(state, mutant.node)), None)
        if found is not None:
            self.also[self.keep(found)] = mutant.text
        return found is not None

    def caught_near(self, mutant: Mutant) -> bool:
        """Whether a record beside a stored one tells a mutant of one leaf: quick, where a search over all that a record can say is not."""
        old, new = at(self.node, mutant.path), at(mutant.node, mutant.path)
        for state in tuple(self.states) if isinstance(old, Leaf) and isinstance(new, Leaf) else ():
            for one in self.neighbours(old, new, state):
                if self.bench.decider(one) is not None and self.tells(one, mutant.node):
                    self.also[self.keep(one)] = mutant.text
                    return True
        return False

    def neighbours(self, old: Node, new: Node, state: State) -> Iterator[State]:
        """A stored record with a drug that only the mutant names in place of one that the criterion names, or a reaction one grade beside."""
        for what in ("reactions", "medications", "adjuvant", "metastatic_lines"):
            for place, entry in enumerate(state.get(what) or ()):
                for other in self.exchanged(old, new, entry):
                    yield {**state, what: [*state[what][:place], other, *state[what][place + 1 :]]}

    def exchanged(self, old: Node, new: Node, entry: Any) -> Iterator[Any]:
        """An entry of a list with another drug, or another grade."""
        before, after = ({name for leaf in walk(node) for name in _named(leaf)} for node in (old, new))
        is_a, drugs = self.bench.knowledge.is_a, self.bench.knowledge.drugs
        wider = [*(after - before), *(drug for drug in drugs if any(is_a(drug, name) for name in after - before))]
        others = [name for name in wider if not any(is_a(name, one) for one in before)][:_SIBLINGS]
        if isinstance(entry, str):
            yield from others if any(is_a(entry, one) for one in before) else ()
        elif "drugs" in entry:
            for name in others:
                kept = [name if any(is_a(drug, one) for one in before) else drug for drug in entry["drugs"]]
                yield {**entry, "drugs": list(dict.fromkeys(kept))}
        else:
            yield from ({**entry, "drug": name} for name in others)
            if isinstance(entry.get("grade"), int):
                yield from ({**entry, "grade": entry["grade"] + step} for step in (-1, 1) if 1 <= entry["grade"] + step <= 4)

    def why(self, dropped: Node) -> str:
        """Why a clause has no pair."""
        if always_equal(self.node, dropped):
            return _LOGIC
        return OPEN if self.gave_up else _RECORDS

    # What is stored

    def tidy(self, pairs: dict[str, tuple[int, int]], idle: dict[str, str], equal: dict[str, str]) -> Pairs:
        """Only the records that serve, those with yes first."""
        used = {index for pair in pairs.values() for index in pair} or {0}
        caught_by = {index: text for index, text in self.also.items() if index not in used}
        for mutant in self.mutants:
            if mutant.text in equal or any(self.tells(self.states[index], mutant.node) for index in used):
                continue
            found = [index for index, state in enumerate(self.states) if self.tells(state, mutant.node)]
            chosen = next((index for index in found if index in caught_by), found[0])
            caught_by.setdefault(chosen, mutant.text)
            used.add(chosen)
        rank = {True: 0, False: 1, None: 2}
        order = sorted(used, key=lambda index: (rank[self.value(self.states[index])], index))
        number = {index: place for place, index in enumerate(order)}
        return Pairs(
            text=self.node.text,
            rests=rests_on(self.bench, self.node),
            records=[Record(self.value(self.states[index]), self.states[index]) for index in order],
            pairs={text: (number[a], number[b]) for text, (a, b) in pairs.items()},
            also={str(number[i]): text for i, text in sorted(caught_by.items(), key=lambda p: number.get(p[0], 0)) if i in used},
            idle=idle,
            equal=equal,
        )


def _named(node: Node) -> Iterator[str]:
    """The drugs and classes that a leaf names."""
    question = node.question if isinstance(node, Ask) else getattr(node, "what", None)
    treatment = getattr(question, "treatment", None)
    return treatment.names if treatment is not None else iter(())


def rests_on(bench: Bench, node: Node) -> str:
    """A short sign of a criterion and of all derived facts behind it: while it stays, what was proved stays proved."""
    texts, waiting, done = [node.text], [node], set[str]()
    while waiting:
        for about in subjects(waiting.pop()):
            if isinstance(about, str) and about in bench.vocabulary.derived and about not in done:
                done.add(about)
                cases = bench.vocabulary.derived[about].steps
                texts += [f"{about} {value}: {case.text}" for value, case in cases]
                waiting += [case for _, case in cases]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:8]


# Proof by all answers


def always_equal(one: Node, other: Node) -> bool:
    """Whether two criteria agree for every answer that their leaves can get, each by itself. Only tried where these are few."""
    leaves = list(dict.fromkeys(node for top in (one, other) for node in walk(top) if isinstance(node, Leaf)))
    if len(leaves) > _LEAVES:
        return False
    choices = [(True, False) if isinstance(leaf, Known) else (True, False, None) for leaf in leaves]
    for answers in product(*choices):
        given = dict(zip(leaves, answers, strict=True))
        if kleene(one, given) is not kleene(other, given):
            return False
    return True


def kleene(node: Node, given: dict[Leaf, bool | None]) -> bool | None:
    """The value of a criterion from those of its leaves."""
    if isinstance(node, Leaf):
        return given[node]
    if isinstance(node, Constant):
        return node.value
    if isinstance(node, Not):
        value = kleene(node.item, given)
        return None if value is None else not value
    values = [kleene(item, given) for item in node.items]
    if isinstance(node, And):
        return False if False in values else None if None in values else True
    if isinstance(node, Or):
        return True if True in values else None if None in values else False
    assert isinstance(node, AtLeast)
    if values.count(True) >= node.n:
        return True
    return None if values.count(True) + values.count(None) >= node.n else False
