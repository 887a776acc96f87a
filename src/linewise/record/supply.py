"""What was known of each administration on a day: what came later is not, and how long a supply lasts is worked out.

A drug that is handed out lasts as long as its supply. Supplies that follow each other with no more than the time allowed between them (`grace`)
are one; what is left of one that was handed over adds to the next (`stockpile`). The last is taken as going on until it has run out and the time
allowed has passed, unless the disease grew or the drug was stopped in the meantime. Where supplies were handed over, those that were only asked
for say nothing of how long.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

from .model import Administration, Medication
from .parameters import STANDARD, Parameters

_DAY = dt.timedelta(days=1)


class Known(Administration, frozen=True, kw_only=True):
    """An administration as known on a day. `open`: given on a single day, and nothing is said of what came after.

    Where `supply` is still set, `ongoing` and `end` are worked out from it.
    """

    open: bool = False


def known_on(
    given: Iterable[Administration], day: dt.date, progressions: Sequence[dt.date], parameters: Parameters
) -> list[Known]:
    """Everything given by a day, as known on it, in the order of `given`. `progressions` are those known by the day, sorted."""
    counted = [_as_of(one, day) for one in given if not one.planned and (one.start is None or one.start <= day)]
    by_drug: dict[str, list[int]] = {}
    for index, one in enumerate(counted):
        by_drug.setdefault(one.drug, []).append(index)
    for places in by_drug.values():
        stops = [stop for place in places if (stop := _stopped_on(counted[place])) is not None]
        supplies = sorted((place for place in places if counted[place].supply), key=lambda place: _order(counted[place]))
        for place, one in zip(
            supplies, _covered([counted[p] for p in supplies], day, progressions, stops, parameters), strict=True
        ):
            counted[place] = one
        _opened(counted, places, stops)
    return counted


def medicine_of(given: Administration) -> Medication | None:
    """What was given, as a medicine that is taken between two days; None where it was not, or is said to be over.

    One of which the source says neither that it goes on nor that it is over may still be taken: a single dose or pack for as long as a pack
    usually lasts, one of unknown status without end.
    """
    if given.planned:
        return None
    found = Medication(drug=given.drug, start=given.start, end=given.end, origin=given.origin)
    if given.ongoing or (given.end is not None and given.end != given.start):
        awaited = dt.timedelta(days=STANDARD.grace if given.supply else 0)
        return msgspec.structs.replace(found, end=given.end + awaited if given.end is not None else None)
    if given.ongoing is False:
        return None
    last = given.end or given.start
    lasts = None if given.unsure or last is None else last + dt.timedelta(days=STANDARD.pack + STANDARD.grace)
    return msgspec.structs.replace(found, end=lasts, unsure=True)


def _as_of(one: Administration, day: dt.date) -> Known:
    """One that ended later was going on, and nobody knew why it would stop. A supply counts where nothing better is said."""
    known = Known(**{name: getattr(one, name) for name in Administration.__struct_fields__})
    if known.supply is not None:
        if known.ongoing is None and known.stopped_for is None and known.start is not None and known.end is not None:
            return known if known.start <= known.end else msgspec.structs.replace(known, supply=None, end=None)
        unsure = known.ongoing is True or known.start is None
        known = msgspec.structs.replace(known, supply=None, end=None if unsure else known.end)
    if known.end is None or known.end <= day:
        return known
    return msgspec.structs.replace(known, end=None, ongoing=True, stopped_for=None)


def _stopped_on(one: Known) -> dt.date | None:
    """The day from which the drug is said not to have been given any more."""
    if one.supply is not None or one.ongoing:
        return None
    if one.stopped_for is not None or one.ongoing is False:
        return one.end or one.start
    return one.end if one.end != one.start else None


def _covered(
    supplies: list[Known], day: dt.date, progressions: Sequence[dt.date], stops: list[dt.date], parameters: Parameters
) -> list[Known]:
    """The supplies of one drug, in their order, each until the next or until it ran out."""
    handed = any(one.supply == "dispensed" for one in supplies)
    counted = [one for one in supplies if not handed or one.supply == "dispensed"]
    until: list[dt.date] = []
    for one in counted:
        assert one.start is not None
        assert one.end is not None
        last = until[-1] if until else dt.date.min
        begins = max(one.start, last + _DAY) if handed and parameters.stockpile and until else one.start
        until.append(max(last, begins + (one.end - one.start)))
    found: dict[int, Known] = {}
    for (one, covered), (after, _) in pairwise(zip(counted, until, strict=True)):
        assert after.start is not None
        bridged = (after.start - covered).days - 1 <= parameters.grace
        found[id(one)] = msgspec.structs.replace(one, end=after.start if bridged else covered)
    if counted:
        found[id(counted[-1])] = _last(counted[-1], until[-1], day, progressions, stops, parameters)
    silent = {"supply": None, "end": None, "ongoing": False}  # only asked for, where others were handed over
    return [found.get(id(one)) or msgspec.structs.replace(one, **silent) for one in supplies]


def _last(
    one: Known, covered: dt.date, day: dt.date, progressions: Sequence[dt.date], stops: list[dt.date], parameters: Parameters
) -> Known:
    assert one.start is not None
    start = one.start
    stopped = min((stop for stop in stops if stop >= start), default=None)
    if stopped is not None:
        return msgspec.structs.replace(one, end=min(covered, stopped))
    if any(start < grown for grown in progressions):
        return msgspec.structs.replace(one, end=covered if covered <= day else None)
    if (day - covered).days <= parameters.grace:
        return msgspec.structs.replace(one, end=None, ongoing=True)
    return msgspec.structs.replace(one, end=covered)


def _opened(counted: list[Known], places: list[int], stops: list[dt.date]) -> None:
    """Mark the single days of one drug behind which neither a stop nor a supply is recorded."""
    stop = max(stops, default=dt.date.min)
    supplied = max((one.start for place in places if (one := counted[place]).supply and one.start), default=dt.date.min)
    for place in places:
        one = counted[place]
        single = one.supply is None and one.ongoing is None and one.stopped_for is None and one.end in (None, one.start)
        if single and one.start is not None and one.start > stop and one.start >= supplied:
            counted[place] = msgspec.structs.replace(one, open=True)


def _order(one: Known) -> tuple[dt.date, dt.date, str]:
    return (one.start or dt.date.min, one.end or dt.date.min, one.origin.where)
