"""What a sentence of a trial says, as two criteria: `when` it surely holds, and `may` it hold at all.

Between the two lies what the text leaves to be looked at. A sentence is true where `when` is, false where `may` is false, and unknown
else. Both are texts of the criteria language; the constants `yes` and `no` are folded away, so that what is left can be read aloud.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

YES, NO = "yes", "no"


class Pair(msgspec.Struct, frozen=True):
    """Surely (`when`) and possibly (`may`)."""

    when: str
    may: str

    @property
    def says_nothing(self) -> bool:
        return (self.when, self.may) == (NO, YES)


OPEN = Pair(NO, YES)
"""Not understood, or not to be known from a record."""


def exactly(criterion: str) -> Pair:
    """A sentence that says what the criterion says."""
    return Pair(criterion, criterion)


def both(pairs: Iterable[Pair]) -> Pair:
    """All of them hold."""
    found = list(pairs)
    return Pair(_joined("and", [one.when for one in found], YES, NO), _joined("and", [one.may for one in found], YES, NO))


def either(pairs: Iterable[Pair]) -> Pair:
    """One of them holds."""
    found = list(pairs)
    return Pair(_joined("or", [one.when for one in found], NO, YES), _joined("or", [one.may for one in found], NO, YES))


def mixed(pairs: Iterable[Pair]) -> Pair:
    """Whether all are meant or one of them is not clear: sure only where both readings agree."""
    found = list(pairs)
    return Pair(both(found).when, either(found).may)


def opposite(pair: Pair) -> Pair:
    """It does not hold."""
    return Pair(negated(pair.may), negated(pair.when))


def negated(criterion: str) -> str:
    """The opposite of a criterion."""
    if criterion in (YES, NO):
        return NO if criterion == YES else YES
    if criterion.startswith("not (") and _one_bracket(criterion[4:]):
        return criterion[5:-1]
    return f"not ({criterion})"


def _joined(word: str, criteria: list[str], neutral: str, settled: str) -> str:
    """Joined by `and` or `or`; the settled constant decides, the neutral one is left out."""
    if settled in criteria:
        return settled
    parts = list(dict.fromkeys(one for one in criteria if one != neutral))
    if not parts:
        return neutral
    return parts[0] if len(parts) == 1 else f" {word} ".join(bracketed(one) for one in parts)


def bracketed(criterion: str) -> str:
    """A criterion in brackets where it is more than one clause."""
    compound = f" {criterion} "
    return f"({criterion})" if (" and " in compound or " or " in compound) and not _one_bracket(criterion) else criterion


def _one_bracket(text: str) -> bool:
    """Whether one pair of brackets holds the whole text."""
    if not (text.startswith("(") and text.endswith(")")):
        return False
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return place == len(text) - 1
    return False
