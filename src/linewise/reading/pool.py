"""All claims of all papers of one person: which of them outranks another, and which of them disagree with equal right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from linewise.phrases.claims import Claim
from linewise.phrases.lexicon import Words

from .model import Conflict

if TYPE_CHECKING:
    from .reader import Read

LOW = -10
"""The strength at which a claim only counts where there is no other."""


class Placed(msgspec.Struct):
    """A claim with its paper."""

    claim: Claim
    read: Any
    number: int
    id: str = ""

    @property
    def day(self) -> tuple[int, int, int]:
        day = self.claim.day
        return day.key if day is not None else (0, 0, 0)


class Pool:
    """The claims, and what was chosen of them: `chosen` by fact, `profile` for the lists."""

    def __init__(self, reads: Sequence[Read], words: Words) -> None:
        self.reads, self.words = reads, words
        self.facts = words.knowledge.facts
        self.placed: list[Placed] = []
        self.conflicts: list[Conflict] = []
        self.profile: dict[str, Any] = {}
        self.chosen: dict[str, Placed] = {}

    def of(self, *facts: str) -> list[Placed]:
        return [placed for placed in self.placed if placed.claim.fact in facts and placed.claim.sure]

    def rank(self, placed: Placed, first: bool) -> tuple[Any, ...]:
        claim = placed.claim
        day = placed.day
        if (
            day == (0, 0, 0)
            and placed.read.paper.kind in ("pathology report", "laboratory")
            and placed.read.paper.date is not None
        ):
            day = placed.read.paper.date.key
        return (claim.strength > LOW, claim.about == "metastasis" if first else False, day, claim.strength, claim.start)

    def best(self, ones: Sequence[Placed], first: bool = False) -> Placed | None:
        """The claim that decides; a conflict where another of the same right says otherwise."""
        if not ones:
            return None
        ranked = sorted(ones, key=lambda one: self.rank(one, first), reverse=True)
        best = ranked[0]
        top = self.rank(best, first)
        rivals = [one for one in ranked[1:] if self.rank(one, first)[:3] == top[:3] and one.claim.value != best.claim.value]
        rivals = [
            one for one in rivals if (top[3] - one.claim.strength <= 1 and one.read is best.read) or one.read is not best.read
        ]
        if rivals and best.claim.section == "addendum" and all(one.claim.section != "addendum" for one in rivals):
            rivals = []
        if rivals:
            self.conflict(best.claim.fact, [best, *rivals])
            return None
        return best

    def conflict(self, fact: str, ones: Sequence[Placed]) -> None:
        values = ", ".join(dict.fromkeys(str(one.claim.value) for one in ones))
        self.conflicts.append(
            Conflict(fact, tuple(one.id for one in ones), f"the papers say {values}, and nothing decides between them")
        )
        for one in ones:
            one.claim.sure, one.claim.why = False, one.claim.why or "another place disagrees"

    def same_specimen(self, one: Placed, other: Placed, loose: bool = False) -> bool:
        a, b = one.claim, other.claim
        if one.read is not other.read and a.about != b.about:
            return False
        if a.about is not None and b.about is not None and a.about != b.about:
            return False
        if a.statement == b.statement and one.read is other.read:
            return True
        if a.day is not None and b.day is not None:
            months = a.day.months_to(b.day)
            return abs(months) <= 3 if months is not None else a.day.year == b.day.year
        return True
