"""Which administration belongs to which line, for everybody at once: the rules of `record.lines`, one step of the history a turn.

The administrations of a person are taken in their order. Turn k takes the k-th of everybody who has one, and asks of all of
them together what `record.lines` asks of one: the state of each person's current line stands in arrays. So the work is done by NumPy,
and the number of turns is that of the longest history, not of the people.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from linewise.knowledge import Knowledge
from linewise.record import parts
from linewise.record.parameters import Parameters

Ints = np.ndarray[Any, np.dtype[np.int64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]

NEVER, ALWAYS = -(2**40), 2**40
"""Days before and behind all days: an end that is not known, and a start that is not (it sorts last) or an end still to come."""
FIRST, GREW, OTHER, AGAIN, PAUSED, NOW = 0, 1, 2, 3, 4, 5
"""Why a line is new: nothing before it in its setting; the disease had grown; a different agent; the same one after growth; a pause; going on now."""
SWAP, MAINTENANCE, BEYOND, ADDED = 1, 2, 3, 4
"""In which way a line could be read otherwise."""


@dataclass(frozen=True)
class Kinship:
    """What the knowledge says of each pair of drugs: one may take the other's place, one may follow the other as maintenance."""

    swaps: Bools
    maintains: Bools

    @classmethod
    def of(cls, drugs: list[str], knowledge: Knowledge) -> Kinship:
        pairs = [(drug, other) for drug in drugs for other in drugs]
        swaps, maintains = (
            np.array([rule(knowledge, drug, other) for drug, other in pairs], bool).reshape(len(drugs), len(drugs))
            for rule in (parts.swaps, parts.maintains)
        )
        return cls(swaps, maintains)


@dataclass(frozen=True)
class Given:
    """Administrations in order of person, then of time. `grown` and `settled` are the last such day not after the start."""

    person: Ints
    drug: Ints
    start: Ints
    end: Ints
    ongoing: Bools
    metastatic: Bools
    completed: Bools
    grown: Ints
    settled: Ints
    epoch: Ints  # how many progressions lie behind
    since: Ints  # what was given on this day or later may still be going on

    def __getitem__(self, rows: Ints) -> Given:
        return Given(**{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})


@dataclass
class Found:
    """For each administration its line; for each line how it began and how else it could be read."""

    line: Ints
    began: list[tuple[Ints, ...]] = field(
        default_factory=list
    )  # person, line, start, metastatic, why, days (since what it followed)
    contested: list[tuple[Ints, ...]] = field(default_factory=list)  # person, line, kind, drug, other


class _Lines:
    """The current line of everybody. What is in it, or goes on beside it, stands in slots, one a drug, in the order in which the drugs came."""

    EMPTY: ClassVar = {"drug": -1, "until": NEVER, "before": NEVER, "epoch": -1, "seen": NEVER}

    def __init__(self, people: int, kinship: Kinship, parameters: Parameters) -> None:
        self.kinship, self.parameters = kinship, parameters
        self.number = np.full(people, -1, np.int64)
        self.metastatic = np.zeros(people, bool)
        self.start = np.full(people, ALWAYS, np.int64)
        self.last = np.full(people, NEVER, np.int64)
        self.completed = np.zeros(people, bool)
        self.count = np.zeros(people, np.int64)
        self.drug = np.full((people, 4), -1, np.int32)
        self.until = np.full((people, 4), NEVER, np.int64)  # the last end in the epoch of the latest administration
        self.before = np.full((people, 4), NEVER, np.int64)  # the last end in the epochs before
        self.epoch = np.full((people, 4), -1, np.int64)
        self.seen = np.full((people, 4), NEVER, np.int64)  # the last day on which the drug is known to have been given

    def widen(self) -> None:
        for name, empty in self.EMPTY.items():
            now = getattr(self, name)
            setattr(self, name, np.concatenate([now, np.full_like(now, empty)], axis=1))

    def begin(self, who: Ints, given: Given, held: Bools) -> None:
        """A new line for each of these people. `held` are the slots of what goes on from the line before: they stay, in front."""
        self.number[who] += 1
        self.metastatic[who], self.start[who], self.completed[who] = given.metastatic, given.start, False
        order = np.argsort(~held, axis=1, kind="stable")
        stays = np.take_along_axis(held, order, axis=1)
        for name, empty in self.EMPTY.items():
            part = getattr(self, name)
            part[who] = np.where(stays, np.take_along_axis(part[who], order, axis=1), empty)
        self.count[who] = held.sum(axis=1)
        self.last[who] = self.seen[who].max(axis=1)

    def going(self, who: Ints) -> Bools:
        """Whether anything in the line is said to go on."""
        found: Bools = (np.maximum(self.until[who], self.before[who]) == ALWAYS).any(axis=1)
        return found

    def paused(self, given: Given) -> Bools:
        """Whether nothing was given for longer than a pause may last."""
        gap = self.parameters.gap
        if gap is None:
            return np.zeros(len(given.person), bool)
        last = self.last[given.person]
        longer: Bools = (last > NEVER) & (given.start < ALWAYS) & (given.start - last > gap) & ~self.going(given.person)
        return longer


def group(given: Given, kinship: Kinship, people: int, parameters: Parameters) -> Found:
    """The lines of everybody. `given.person` counts from 0 and is sorted."""
    size = len(given.person)
    found = Found(np.zeros(size, np.int64))
    if not size:
        return found
    firsts = np.flatnonzero(np.r_[True, given.person[1:] != given.person[:-1]])
    turn = np.arange(size) - np.repeat(firsts, np.diff(np.r_[firsts, size]))
    order = np.argsort(turn, kind="stable")
    bounds = np.searchsorted(turn[order], np.arange(turn.max() + 2))
    lines = _Lines(people, kinship, parameters)
    for start, stop in pairwise(bounds):
        rows = order[start:stop]
        _turn(lines, given[rows], rows, found)
    return found


def _turn(lines: _Lines, given: Given, rows: Ints, found: Found) -> None:
    who = given.person
    hit = lines.drug[who] == given.drug[:, None]
    inside = hit.any(axis=1)
    slot = np.where(inside, hit.argmax(axis=1), 0)
    grew = (given.grown > lines.start[who]) & (given.start < ALWAYS)
    belongs, kind, other = _belongs(lines, given, inside, slot, grew)
    _contest(found, lines, given, np.flatnonzero(kind), kind, other)
    new = np.flatnonzero(~belongs)
    if len(new):
        _begin(lines, given[new], inside[new], grew[new], found)
    fresh = ~belongs | ~inside
    _add(lines, given, slot, fresh)
    found.line[rows] = lines.number[who]


def _contest(found: Found, lines: _Lines, given: Given, rows: Ints, kind: Ints, other: Ints) -> None:
    if len(rows):
        who = given.person[rows]
        found.contested.append((who, lines.number[who], kind[rows], given.drug[rows], other[rows]))


def _begin(lines: _Lines, given: Given, inside: Bools, grew: Bools, found: Found) -> None:
    """New lines, why they are new, and what may speak against it."""
    who = given.person
    first = (lines.number[who] < 0) | (lines.metastatic[who] != given.metastatic)
    undated = (given.start == ALWAYS) | (lines.start[who] == ALWAYS)
    paused = lines.paused(given)
    why = np.select([first, undated, grew & inside, grew, paused], [FIRST, NOW, AGAIN, GREW, PAUSED], OTHER)
    days = given.start - np.where(why == PAUSED, lines.last[who], given.grown)
    held = (lines.drug[who] >= 0) & ~_ended(lines, given) & ~(first | undated)[:, None]
    added = (why == OTHER) & held.any(axis=1)
    other = lines.drug[who, held.argmax(axis=1)].astype(np.int64)
    lines.begin(who, given, held)
    found.began.append((who, lines.number[who], lines.start[who], lines.metastatic[who].astype(np.int64), why, days))
    _contest(found, lines, given, np.flatnonzero(added), np.full(len(who), ADDED), other)


def _belongs(lines: _Lines, given: Given, inside: Bools, slot: Ints, grew: Bools) -> tuple[Bools, Ints, Ints]:
    """Whether each administration is part of the line going on; if one may read it otherwise, in which way, and for which drug."""
    who, start = given.person, lines.start[given.person]
    same = (lines.number[who] >= 0) & (lines.metastatic[who] == given.metastatic)
    undated = (given.start == ALWAYS) | (start == ALWAYS)
    now = _now(lines, given) if undated.any() else undated
    kept = ~lines.paused(given)
    before = lines.before[who, slot]
    earlier = np.where(given.epoch > lines.epoch[who, slot], np.maximum(before, lines.until[who, slot]), before)
    near = given.start - lines.seen[who, slot] <= lines.parameters.recent
    beyond = grew & ((earlier > given.grown) | near)
    window = (given.start - start <= lines.parameters.window) & ~grew
    plain = same & np.where(undated, now, kept & np.where(inside, ~grew | beyond, window))
    kind, other = np.zeros(len(who), np.int64), np.full(len(who), -1, np.int64)
    kind[same & ~undated & kept & inside & beyond] = BEYOND
    asked = np.flatnonzero(same & ~undated & kept & ~inside & ~window & ~grew)
    if len(asked):
        swap, replaced = _swap(lines, given[asked])
        maintained = _maintenance(lines, given[asked])
        kind[asked] = np.where(swap, SWAP, np.where(maintained, MAINTENANCE, 0))
        other[asked] = replaced
    return plain | (kind > 0), kind, other


def _now(lines: _Lines, given: Given) -> Bools:
    """Whether what goes on, begun on an unknown day, goes with the line: something of it goes on, or was given lately and the disease did not grow."""
    who = given.person
    last = lines.last[who]
    lately = (last > NEVER) & (last >= given.since) & (given.grown <= last)
    answer: Bools = (lines.start[who] == ALWAYS) | lines.going(who) | lately
    return answer


def _ended(lines: _Lines, given: Given) -> Bools:
    """For each slot, whether the drug in it was not given any more when another was begun, or only until the change."""
    until = np.maximum(lines.until[given.person], lines.before[given.person])
    answer: Bools = until <= (given.start + lines.parameters.window)[:, None]
    return answer


def _swap(lines: _Lines, given: Given) -> tuple[Bools, Ints]:
    who = given.person
    drugs = lines.drug[who]
    taken = (drugs >= 0) & lines.kinship.swaps[given.drug[:, None], drugs] & _ended(lines, given)
    found: Bools = np.asarray(taken.any(axis=1))
    return found, drugs[np.arange(len(who)), taken.argmax(axis=1)].astype(np.int64)


def _maintenance(lines: _Lines, given: Given) -> Bools:
    who, kinship = given.person, lines.kinship
    drugs = lines.drug[who]
    follows = (drugs >= 0) & kinship.maintains[given.drug[:, None], drugs]
    every = ((drugs < 0) | follows | ~_ended(lines, given)).all(axis=1) & follows.any(axis=1)
    soon = given.start - lines.last[who] <= lines.parameters.maintenance
    controlled = lines.completed[who] | (given.settled > lines.start[who])
    answer: Bools = every & soon & controlled
    return answer


def _add(lines: _Lines, given: Given, slot: Ints, fresh: Bools) -> None:
    who = given.person
    end = np.where(given.ongoing, ALWAYS, given.end)
    if (lines.count[who[fresh]] >= lines.drug.shape[1]).any():
        lines.widen()
    new, at = who[fresh], lines.count[who[fresh]]
    lines.drug[new, at], lines.until[new, at], lines.epoch[new, at] = given.drug[fresh], end[fresh], given.epoch[fresh]
    dated = np.where(given.start == ALWAYS, NEVER, given.start)
    seen = np.maximum(dated, given.end)
    lines.before[new, at], lines.seen[new, at] = NEVER, seen[fresh]
    lines.count[new] += 1
    old, at, ends, epoch = who[~fresh], slot[~fresh], end[~fresh], given.epoch[~fresh]
    later = epoch > lines.epoch[old, at]
    until, before = lines.until[old, at], lines.before[old, at]
    lines.before[old, at] = np.where(later, np.maximum(before, until), before)
    lines.until[old, at] = np.where(later, ends, np.maximum(until, ends))
    lines.epoch[old, at] = epoch
    lines.seen[old, at] = np.maximum(lines.seen[old, at], seen[~fresh])
    lines.last[who] = np.maximum(lines.last[who], seen)
    lines.completed[who] |= given.completed
