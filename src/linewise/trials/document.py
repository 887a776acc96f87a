"""The answer as a document: for JSON, and for every face that shows trials."""

from __future__ import annotations

import datetime as dt
from typing import Any

from linewise.knowledge import Knowledge
from linewise.record.model import Record

from .match import Judged, Match
from .model import Entry

FORMAT = "linewise-trials/1"
_RECRUITS = ("recruiting", "active", "not yet recruiting", "enrolling by invitation", "ongoing, recruiting")


def document(record: Record, matches: list[Match], knowledge: Knowledge, day: dt.date) -> dict[str, Any]:
    """Every trial with its criteria, reasons and what is open, the fitting ones first.

    A criterion's `value` says whether its sentence holds for the person: an exclusion that is true excludes. `decided` is false where it is
    unknown; `open` says why: a fact that is not in the record, a text for the team to read, or something only asking can tell.
    """
    return {
        "format": FORMAT,
        "person": record.id,
        "day": day.isoformat(),
        "knowledge": knowledge.edition,
        "trials": [one_trial(match, day) for match in ordered(matches)],
        "unread": [f"{one.where}: {one.what}: {one.why}" for one in record.unread],
    }


def ordered(matches: list[Match]) -> list[Match]:
    """May fit first, then what depends on the least of what was read, then what does not fit.

    The share counts, not the number: of an entry that was read in few points less is open, and it is no nearer for that.
    """
    rank = {"may-fit": 0, "depends": 1, "does-not-fit": 2}
    open_share = {id(one): len(one.unknown) / max(len(one.points), 1) for one in matches}
    return sorted(matches, key=lambda one: (rank[one.status], open_share[id(one)], len(one.failed), one.entry.id))


def one_trial(match: Match, day: dt.date) -> dict[str, Any]:
    """One trial as plain values."""
    entry = match.entry
    return {
        "id": entry.id,
        "title": entry.title,
        "status": match.status,
        "phase": entry.phase,
        "recruitment": entry.status,
        "entry-of": entry.updated.isoformat() if entry.updated else None,
        "read-on": entry.read_on.isoformat() if entry.read_on else None,
        "to-ask": recruitment(match, day),
        "countries": list(entry.countries),
        "drugs": list(entry.drugs),
        "source": entry.url,
        "criteria": [_criterion(one) for one in match.points],
        "fails": [why(one) for one in match.failed],
        "open": [why(one) for one in match.unknown],
        "ask": [_short(one.text) for one in match.asked],
        "notes": list(entry.notes),
    }


def recruits(entry: Entry) -> bool:
    """Whether an entry says that its trial takes people, or says nothing of it."""
    return not entry.status or any(entry.status.startswith(word) for word in _RECRUITS)


def recruitment(match: Match, day: dt.date) -> str:
    """What to ask about recruitment: entries grow old, and a place may be closed."""
    entry = match.entry
    on = entry.updated or entry.read_on
    status = f" ({entry.status})" if entry.status else ""
    if not recruits(entry):
        return f"its entry says: {entry.status}"
    if on is None:
        return f"the entry has no day{status}: ask whether it recruits"
    age = (day - on).days
    old = f", {age // 30} months ago" if age >= 60 else ""
    whole = f"{on.day} {on:%B %Y}"
    said = f"entry of {whole}" if entry.updated else f"entry read in {on:%B %Y}" if entry.month_only else f"entry read on {whole}"
    return f"{said}{old}{status}: ask whether it still recruits"


def _criterion(one: Judged) -> dict[str, Any]:
    return {
        "n": one.n,
        "kind": one.kind,
        "text": one.text,
        "value": one.value,
        "decided": one.value is not None,
        "open": one.open or None,
        "says": one.says if one.says not in ("", "yes", "no") else None,
        "missing": list(one.missing),
        "reasons": list(one.reasons),
        "for": one.group or None,
    }


def why(one: Judged) -> str:
    """A criterion in one line: what it says, and what decides it or is missing."""
    text = _short(one.text)
    if one.value is None:
        need = "; ".join(one.missing) if one.open == "fact" and one.missing else "to be checked by the team"
        return f"{text} [{need}]"
    said = "; ".join(one.reasons)
    return f"{text} [{said}]" if said else text


def _short(text: str, most: int = 160) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1].rsplit(' ', 1)[0]} …"
