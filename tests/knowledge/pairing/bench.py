"""Profiles as criteria see them: deciding a criterion for one, and setting one fact in one."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Any

import msgspec

from linewise.errors import RecordError
from linewise.exchange import codes_of
from linewise.exchange.profile import read_profile
from linewise.knowledge import Knowledge
from linewise.logic import Decider, Node
from linewise.record.chart import Chart
from linewise.record.model import Entry, Origin

State = dict[str, Any]
"""A profile. `chart` holds what only a clinical chart can say: facts that a profile has no member for."""

DAY = dt.date(2026, 1, 1)
_KEPT = 2000
"""Deciders that are kept at a time."""
EMPTY: State = {"sex": "female"}


class Bench:
    """Decides criteria for profiles with one state of the knowledge."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge, self.vocabulary, self.codes = knowledge, knowledge.vocabulary, codes_of(knowledge)
        self._deciders: dict[bytes, Decider | None] = {}

    def decider(self, state: State) -> Decider | None:
        """The decider for a profile; None where it is no profile, or holds a word that is not understood."""
        key = msgspec.json.encode(state)
        if key not in self._deciders:
            if len(self._deciders) >= _KEPT:  # a long search would fill the memory
                self.forget()
            self._deciders[key] = self.fresh(state)
        return self._deciders[key]

    def fresh(self, state: State) -> Decider | None:
        profile = {name: value for name, value in state.items() if name != "chart"}
        try:
            record = read_profile(profile, "a pair", self.codes)
        except RecordError:
            return None
        if record.unread:
            return None
        for fact, value in state.get("chart", {}).items():
            record.entries.append(Entry(fact=fact, value=value, origin=Origin(f"chart.{fact}")))
        return Decider(self.vocabulary, Chart(record, self.knowledge, DAY))

    def value(self, node: Node, state: State) -> bool | None:
        """The answer of a criterion for a profile that can be read."""
        decider = self.decider(state)
        assert decider is not None
        return decider.value(node)

    def forget(self) -> None:
        """Let go of all deciders: they hold every answer they ever gave."""
        self._deciders.clear()

    # Where a fact stands in a profile

    @cached_property
    def _places(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {"symptoms": ("symptoms",)}
        for path, fact in self.codes.profile.members.items():
            if path == "symptoms.celsius":
                continue  # inside a symptom: a temperature is told as a measurement instead
            if path.startswith("*."):
                if fact in found or fact[0].isupper():
                    continue
                found[fact] = ("labs", path[2:])
            else:
                found[fact] = tuple(path.split("."))
        return found

    def place(self, fact: str) -> tuple[str, ...]:
        """The members that lead to a fact's value in a profile."""
        found = self._places.get(fact)
        if found is None:
            if self.vocabulary.facts[fact].kind == "yes-no":
                found = ("chart", fact)
            else:
                found = ("variants" if fact[0].isupper() else "labs", fact)
        return found

    def get(self, state: State, fact: str) -> Any:
        here: Any = state
        for name in self.place(fact):
            if name not in here:
                return None
            here = here[name]
        return here

    def put(self, state: State, fact: str, value: Any) -> State:
        """The profile with one fact set; None takes it out."""
        return put(state, self.place(fact), value)


def put(state: State, place: tuple[str, ...], value: Any) -> State:
    """The profile with one member set; None takes it out, and a group that becomes empty as well."""
    new = dict(state)
    first, rest = place[0], place[1:]
    if rest:
        inner = put(new.get(first, {}), rest, value)
        value = inner or None
    if value is None:
        new.pop(first, None)
    else:
        new[first] = int(value) if isinstance(value, float) and value.is_integer() else value
    return new


def differing(one: State, other: State) -> set[tuple[str, ...]]:
    """The members in which two profiles differ; members of groups one by one."""
    found: set[tuple[str, ...]] = set()
    for name in {*one, *other}:
        a, b = one.get(name), other.get(name)
        if a == b:
            continue
        if isinstance(a or {}, dict) and isinstance(b or {}, dict):
            found |= {(name, *inner) for inner in differing(a or {}, b or {})}
        else:
            found.add((name,))
    return found
