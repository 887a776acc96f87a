"""Small changes to a profile, each of which may give one fact or question another answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice, product
from typing import Any

from linewise.logic import Node, Question, subject, walk
from linewise.logic.nodes import (
    Combination,
    Compare,
    DaysOf,
    GradeOf,
    Includes,
    Is,
    Leaf,
    LinesOf,
    MonthsOn,
    MonthsSince,
    MonthsToRelapse,
    ProgressedOn,
    ReactedTo,
    Receiving,
    Taking,
    Treatment,
)

from .bench import Bench, State, put
from .mutants import above, step

_COMBINATIONS = 24
_PARTS = 6
_STOPS = ("toxicity", "progression", None)
_GRADES = (1, 2, 3, 4)
_COURSES: tuple[dict[str, Any], ...] = (
    {},
    *({"grade": grade, "ongoing": True} for grade in reversed(_GRADES)),
    *({"grade": grade} for grade in _GRADES),
)
"""What is told of a reaction beside its effect."""


class Moves:
    """The changes that matter to some criteria: thresholds and their neighbours, the values named, drugs of each class named.

    Of all drugs that the criteria cannot tell apart, one stands for the others.
    """

    def __init__(self, bench: Bench, nodes: Iterable[Node]) -> None:
        self.bench, self.facts = bench, bench.vocabulary.facts
        self.numbers: dict[str, set[float]] = {}
        self.values: dict[str, dict[str, None]] = {}
        names: dict[str, None] = {}
        effects: dict[str, None] = {}
        for leaf in self._leaves(nodes):
            self._learn(leaf)
            about = subject(leaf)
            if not isinstance(about, str):
                treatment = getattr(about, "treatment", None)
                names.update(dict.fromkeys(treatment.names if treatment is not None else ()))
            if isinstance(about, ReactedTo) and about.effect:
                effects[about.effect] = None
        self.effects = [*effects] or ["rash"]
        self._drugs(names)
        self._lists: dict[Treatment, list[list[str]]] = {}

    def _leaves(self, nodes: Iterable[Node]) -> list[Leaf]:
        """Every leaf of the criteria, and of the derived facts that they rest on."""
        found: dict[Leaf, None] = {}
        done: set[str] = set()
        waiting = list(nodes)
        while waiting:
            for node in walk(waiting.pop(0)):
                if not isinstance(node, Leaf):
                    continue
                found[node] = None
                about = subject(node)
                if isinstance(about, str) and about in self.bench.vocabulary.derived and about not in done:
                    done.add(about)
                    waiting += self.bench.vocabulary.derived[about].nodes
        return list(found)

    def _learn(self, leaf: Leaf) -> None:
        if isinstance(leaf, Compare):
            key = leaf.what if isinstance(leaf.what, str) else type(leaf.what).__name__
            size = step(leaf.number)
            near = {round(leaf.number + add, 6) for add in (-size, 0.0, size)}
            self.numbers.setdefault(key, set()).update(number for number in near if number >= 0)
        elif isinstance(leaf, Is | Includes):
            # Each value, then for a group its members, in the order of the dictionary.
            fact = self.facts[leaf.fact]
            members = fact.members(leaf.values)
            self.values.setdefault(leaf.fact, {}).update(dict.fromkeys(v for v in fact.values if v in members))

    def _drugs(self, names: dict[str, None]) -> None:
        knowledge = self.bench.knowledge
        of: dict[frozenset[str], str] = {}
        given = {drug for one in knowledge.treatments.values() for drug in one.drugs}
        for drug in sorted(knowledge.drugs, key=lambda drug: (drug not in given, drug)):
            of.setdefault(frozenset(name for name in names if knowledge.is_a(drug, name)), drug)
        self.stands_for = {drug: signature for signature, drug in of.items()}
        self.ordered = sorted(self.stands_for, key=lambda drug: (len(self.stands_for[drug]), drug not in given, drug))

    # Facts

    def about(self, what: str | Question, state: State) -> Iterator[State]:
        """Every change that may matter to one fact or question."""
        if not isinstance(what, str):
            yield from self._history(what, state)
        elif what == "line":
            yield from self._count(state)
        elif self.facts[what].kind == "set":
            yield from self._set(what, state)
        else:
            yield from self._single(what, state)

    def _single(self, fact: str, state: State) -> Iterator[State]:
        kind = self.facts[fact]
        values: list[Any] = list(kind.values)
        if kind.kind == "yes-no":
            values = [True, False]
        elif kind.kind == "number":
            low, high = kind.low or 0.0, kind.high if kind.high is not None else 1e6
            values = sorted(number for number in self.numbers.get(fact, {low}) if low <= number <= high)
        now = self.bench.get(state, fact)
        for value in [*values, None]:
            if value != now or type(value) is not type(now):
                yield self.bench.put(state, fact, value)

    def _set(self, fact: str, state: State) -> Iterator[State]:
        named = self.values.get(fact, {})
        other = [value for value in self.facts[fact].values if value not in named][:1]
        now = self.bench.get(state, fact)
        if fact == "symptoms":
            now = [one["name"] for one in now] if now is not None else None
        have = now or []
        lists: list[list[str] | None] = [[*have, value] for value in [*named, *other] if value not in have]
        lists += [[one for one in have if one != value] for value in have]
        lists += [[one for one in have if one not in named], other, []]
        lists += [[value] for value in named] + [None]
        for values in lists:
            if values != now:
                yield self._symptoms(state, values) if fact == "symptoms" else self.bench.put(state, fact, values)

    def _symptoms(self, state: State, names: list[str] | None) -> State:
        known = {one["name"]: one for one in state.get("symptoms", ())}
        return put(state, ("symptoms",), None if names is None else [known.get(name, {"name": name}) for name in names])

    def _count(self, state: State) -> Iterator[State]:
        lines = state.get("metastatic_lines", [])
        most = int(max(self.numbers.get("line", {3.0})))
        for number in range(most + 2):
            drug = self.ordered[0]
            more = [{"drugs": [drug], "months": 9, "stopped_for": "progression"}] * (number - len(lines))
            yield {**state, "metastatic_lines": [*lines[:number], *more]}

    # Histories

    def lists(self, treatment: Treatment) -> list[list[str]]:
        """Drugs to give: those that are the treatment, those that come near, one that has nothing to do with it."""
        found = self._lists.get(treatment)
        if found is None:
            ordered: dict[tuple[str, ...], None] = {}
            for one in treatment.alternatives:
                ordered.update(dict.fromkeys(self._combined(one)))
            named = [*treatment.names]
            parents = [parent for name in named for parent in above(name, self.bench.knowledge)]
            near = [drug for drug in self.ordered if self.stands_for[drug] & {*named, *parents}]
            ordered.update(dict.fromkeys((drug,) for drug in near))
            ordered[(self.ordered[0],)] = None
            ordered.update(dict.fromkeys((name,) for name in [*named, *parents]))  # a class, where nobody noted which drug
            found = self._lists[treatment] = [list(drugs) for drugs in ordered]
        return found

    def _combined(self, one: Combination) -> Iterator[tuple[str, ...]]:
        choices = [[drug for drug in self.ordered if name in self.stands_for[drug]][:_PARTS] or [name] for name in one.has]
        plain = list(islice(product(*choices or [self.ordered[:1]]), _COMBINATIONS))
        yield from (tuple(dict.fromkeys(drugs)) for drugs in plain)
        for name in one.without:
            for drug in [drug for drug in self.ordered if name in self.stands_for[drug]][:_PARTS]:
                yield from (tuple(dict.fromkeys((*drugs, drug))) for drugs in plain[:_PARTS])

    def _history(self, asked: Question, state: State) -> Iterator[State]:
        if isinstance(asked, GradeOf | DaysOf):
            yield from self._symptom(asked, state)
            return
        lists = self.lists(asked.treatment)
        if isinstance(asked, ReactedTo):
            yield from self._reactions(asked, lists, state)
            return
        if isinstance(asked, Taking):
            yield from self._medicines(lists, state)
        if isinstance(asked, MonthsToRelapse):
            yield from self._interval(lists, state, asked)
        yield from self._longer(asked, state)
        for new in self._templates(asked):
            for drugs in lists:
                yield from self._added(state, new | {"drugs": drugs}, asked)
        yield from self._changed(asked, lists, state)

    def _months(self, asked: Question) -> list[float]:
        return sorted(self.numbers.get(type(asked).__name__, ()))

    def _templates(self, asked: Question) -> list[dict[str, Any]]:
        """Courses to add, without their drugs. `at` says where: a line or an adjuvant course."""
        setting = getattr(asked, "setting", "any")
        line, adjuvant = {"at": "line", "months": 9.0}, {"at": "adjuvant", "months": 9.0}
        if isinstance(asked, MonthsToRelapse):
            return [adjuvant | {"months_since_end": number} for number in [*self._months(asked), 30.0]]
        if isinstance(asked, MonthsSince):
            kinds = [line | {"stopped_for": "toxicity"}, adjuvant]
            ended = [kind | {"months_since_end": number} for kind in kinds for number in self._months(asked)]
            return [*ended, line]
        if isinstance(asked, MonthsOn):
            kinds = [
                line | {"stopped_for": "progression"},
                line | {"stopped_for": "toxicity"},
                adjuvant | {"months_since_end": 30.0},
            ]
            kinds = [*kinds[2:], *kinds[:2]] if setting == "adjuvant" else kinds
            return [kind | {"months": number} for kind in kinds for number in [*self._months(asked), 9.0]]
        if isinstance(asked, Receiving | Taking):
            return [line, line | {"stopped_for": "toxicity"}]
        ended = [line | ({"stopped_for": stop} if stop else {}) for stop in _STOPS]
        early = [adjuvant | {"months_since_end": number} for number in (30.0, 0.0)]
        if setting == "adjuvant":
            return [*early, *ended[:2]]
        if isinstance(asked, ProgressedOn):
            ended = [ended[1], ended[0]]
        return ended if setting != "any" else ended + early

    def _longer(self, asked: Question, state: State) -> Iterator[State]:
        """Courses that are there, with other lengths."""
        member = "months" if isinstance(asked, MonthsOn) else "months_since_end"
        if isinstance(asked, MonthsOn | MonthsSince | MonthsToRelapse):
            for name in ("metastatic_lines", "adjuvant"):
                have = state.get(name, [])
                for index, course in enumerate(have):
                    for number in self._months(asked):
                        yield {**state, name: [*have[:index], _tidy({**course, member: number}), *have[index + 1 :]]}

    def _interval(self, lists: list[list[str]], state: State, asked: Question) -> Iterator[State]:
        """A time without disease that is recorded by itself, with or without a course that it counts from."""
        for number in [*self._months(asked), None]:
            new = put(state, ("disease_free_interval_months",), number)
            yield new
            yield from ({**new, "adjuvant": [{"drugs": drugs, "months": 9}]} for drugs in lists[:_PARTS])

    def _added(self, state: State, new: dict[str, Any], asked: Question) -> Iterator[State]:
        course = _tidy({name: value for name, value in new.items() if name != "at"})
        name = "metastatic_lines" if new["at"] == "line" else "adjuvant"
        have = state.get(name, [])
        most = 1
        if isinstance(asked, LinesOf):
            most = int(max(self._months(asked)))
        for times in range(1, most + 1):
            yield {**state, name: [*have, *[course] * times]}
            if have and times == 1:
                yield {**state, name: [course, *have]}

    def _changed(self, asked: Question, lists: list[list[str]], state: State) -> Iterator[State]:
        """Changes to courses and medicines that are there."""
        for name in ("metastatic_lines", "adjuvant"):
            have = state.get(name, [])
            for index, course in enumerate(have):
                before, after = have[:index], have[index + 1 :]
                yield put(state, (name,), [*before, *after] or None)
                for changed in self._varied(asked, name, course, lists):
                    yield {**state, name: [*before, _tidy(changed), *after]}
            if len(have) > 1:
                yield put(state, (name,), None)
        if isinstance(asked, Taking) and state.get("medications"):
            yield put(state, ("medications",), None)

    def _varied(self, asked: Question, name: str, course: dict[str, Any], lists: list[list[str]]) -> Iterator[dict[str, Any]]:
        plain = {key: value for key, value in course.items() if key not in ("stopped_for", "months_since_end")}
        if name == "metastatic_lines":
            for stop in _STOPS:
                yield {**course, "stopped_for": stop} if stop else plain
        if name == "adjuvant":
            yield from ({**course, "months_since_end": number} for number in (30.0, 0.0))
        for drugs in lists:
            if drugs != course["drugs"]:
                yield {**course, "drugs": drugs}
                if not set(drugs) <= set(course["drugs"]):
                    yield {**course, "drugs": [*course["drugs"], *(drug for drug in drugs if drug not in course["drugs"])]}

    def _medicines(self, lists: list[list[str]], state: State) -> Iterator[State]:
        have = state.get("medications", [])
        for drugs in lists:
            if not set(drugs) <= set(have):
                yield {**state, "medications": [*have, *drugs]}
        for drug in have:
            yield put(state, ("medications",), [one for one in have if one != drug] or None)

    def _reactions(self, asked: ReactedTo, lists: list[list[str]], state: State) -> Iterator[State]:
        have = state.get("reactions", [])
        for index, one in enumerate(have):
            rest = [*have[:index], *have[index + 1 :]]
            yield put(state, ("reactions",), rest or None)
            for grade in _GRADES:
                yield {**state, "reactions": [*rest, {**one, "grade": grade}]}
            for ongoing in (True, False):
                yield {**state, "reactions": [*rest, {**one, "ongoing": ongoing}]}
        others = [effect for effect in ("rash", "nausea") if effect not in self.effects][:1]
        # The effect that is asked about, then one that no clause names: of a long list the others are seldom needed.
        near = [effect for effect in self.effects if effect == asked.effect]
        for effect in dict.fromkeys((*near, *others, *self.effects)):
            for drugs in lists:
                for some in _COURSES:
                    yield {**state, "reactions": [*have, {"drug": drugs[0], "effect": effect, **some}]}

    def _symptom(self, asked: GradeOf | DaysOf, state: State) -> Iterator[State]:
        have = state.get("symptoms", [])
        rest = [one for one in have if one["name"] != asked.symptom]
        now = next((one for one in have if one["name"] == asked.symptom), {"name": asked.symptom})
        if isinstance(asked, GradeOf):
            for grade in _GRADES:
                yield {**state, "symptoms": [*rest, {**now, "grade": grade}]}
        else:
            for days in self._months(asked):
                yield {**state, "symptoms": [*rest, {**now, "since_days": days}]}
        yield {**state, "symptoms": [*rest, {"name": asked.symptom}]}
        yield put(state, ("symptoms",), rest or None)


def _tidy(course: dict[str, Any]) -> dict[str, Any]:
    """A course as a profile writes it: drugs first, whole numbers without a point."""
    order = ("drugs", "months", "months_since_end", "stopped_for")
    whole = {k: int(v) if isinstance(v, float) and v.is_integer() else v for k, v in course.items()}
    return {name: whole[name] for name in order if name in whole}
