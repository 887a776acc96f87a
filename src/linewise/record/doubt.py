"""What was not understood is never "none": what the unread entries of a record leave open on a day.

Every reader says of an entry that it does not understand what the entry may have been about (`Unread.touches`). Here that becomes, for one day, the
facts, the members of lists and the questions about the history that nobody can answer with "no". One mechanism for every format; the reader of
many people at once does the same (`columns` twins). What was stated stays stated: an open list still has what is in it, and still lacks what the
record says is not there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import msgspec

from .model import TREATMENTS, UNNAMED, Administration, Entry, Unread

RECEIVING = "receiving"
"""Of a treatment that was not understood: it may be going on."""
NEAR = 120
"""Days. A treatment without its drug's name, and a drug recorded within this time of it, are taken for the same. A choice of this project."""


class Open(msgspec.Struct, frozen=True):
    """What touches one list: the words of the entries, and the members that it may hold because of them (None: any)."""

    words: tuple[str, ...] = ()
    members: frozenset[str] | None = frozenset()

    def __bool__(self) -> bool:
        return bool(self.words)


NOTHING = Open()


class Doubt:
    """The unread entries of one record as of a day, by what they touch. `given` are the cancer drugs that are recorded by their names."""

    def __init__(self, unread: Iterable[Unread], day: dt.date, given: Sequence[Administration] = ()) -> None:
        self.day = day
        self._by_name: dict[str, list[tuple[Unread, str]]] = {}
        for one in unread:
            if one.on is not None and one.on > day:
                continue
            for touched in one.touches:
                if touched == UNNAMED and any(_beside(one, drug) for drug in given):
                    continue
                name, _, member = touched.partition(":")
                self._by_name.setdefault(name, []).append((one, member))

    def __bool__(self) -> bool:
        return bool(self._by_name)

    def about(self, name: str, since: dt.date | None = None) -> Open:
        """What touches a list now: what is over does not, nor what is older than `since`."""
        found = [
            (one, member)
            for one, member in self._by_name.get(name, ())
            if (one.until is None or one.until > self.day) and (since is None or one.on is None or one.on >= since)
        ]
        if not found:
            return NOTHING
        members = None if any(not member for _, member in found) else frozenset(member for _, member in found)
        return Open(_words(one for one, _ in found), members)

    def ever(self, name: str) -> tuple[str, ...]:
        """The words of everything that touches a list, over or not."""
        return _words(one for one, _ in self._by_name.get(name, ()))

    def lists(self) -> dict[str, tuple[str, ...]]:
        """For questions about the history: the words of what leaves a list open. What was given once stays given."""
        found = {name: self.about(name).words for name in self._by_name if name != TREATMENTS}
        found[TREATMENTS] = self.ever(TREATMENTS)
        found[RECEIVING] = self.about(TREATMENTS).words
        return {name: words for name, words in found.items() if words}

    def later(self, name: str, deciding: list[Entry], first: bool) -> tuple[str, ...]:
        """The results of a fact that were not understood and could go before those that decide: as new, or without a day.

        `first`: a result from a metastasis takes precedence, so one from the breast cannot replace it.
        """
        on = deciding[0].on if deciding else None
        sure = first and any(one.specimen == "metastasis" for one in deciding)
        return _words(
            one
            for one, _ in self._by_name.get(name, ())
            if not (sure and one.specimen == "primary")
            and (on is None or one.on is None or _newer(one, on) or (first and not sure and one.specimen == "metastasis"))
        )


def _newer(one: Unread, on: dt.date) -> bool:
    """Whether it may replace a result of a day. One that is not final gives way to a final one of the same day."""
    return one.on is not None and (one.on > on if one.would is not None else one.on >= on)


def _beside(one: Unread, drug: Administration) -> bool:
    """Whether a treatment without a name may be this drug."""
    if one.on is None or drug.start is None:
        return True
    near = dt.timedelta(days=NEAR)
    return drug.start - near <= one.on and (drug.ongoing is True or one.on <= (drug.end or drug.start) + near)


def _words(found: Iterable[Unread]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{one.where}: {one.what}" for one in found))
