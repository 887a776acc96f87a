"""Trials for one person, for a terminal."""

from __future__ import annotations

import datetime as dt
import textwrap

from linewise.record.model import Record

from .ask import NOTE
from .document import ordered, recruitment, why
from .match import Match

_HEADS = {
    "may-fit": "MAY FIT: worth asking about",
    "depends": "DEPENDS: something has to be known first",
    "does-not-fit": "DOES NOT FIT",
}
_SHOWN = 6


def person_page(record: Record, matches: list[Match], day: dt.date, everything: bool = False) -> str:
    """All trials under three heads; of what does not fit the first reason, or with `everything` all of them."""
    lines = [f"TRIALS  {record.id or ''}  as of {day.isoformat()}", ""]
    for status, head in _HEADS.items():
        found = [one for one in ordered(matches) if one.status == status]
        if not found:
            continue
        lines += [f"{head} ({len(found)})", ""]
        for one in found:
            lines += _trial(one, day, everything)
    if not matches:
        lines += ["No trial is at hand. Name registry exports with --import.", ""]
    return "\n".join([*lines, NOTE]) + "\n"


def _trial(match: Match, day: dt.date, everything: bool) -> list[str]:
    entry = match.entry
    head = f"{entry.id}  {entry.title}" + (f" ({entry.phase})" if entry.phase else "")
    lines = textwrap.wrap(head, 110, initial_indent="  ", subsequent_indent="      ")
    most = None if everything else 1 if match.status == "does-not-fit" else _SHOWN
    lines.append(f"      {recruitment(match, day)}")
    lines += _listed("does not fit", [why(one) for one in match.failed], most)
    if match.status == "depends" or everything:
        lines += _listed("open", [why(one) for one in match.unknown], most)
    if match.status != "does-not-fit":
        lines += _listed("ask", [" ".join(one.text.split())[:110] for one in match.asked], most)
    return [*lines, ""]


def _listed(word: str, items: list[str], most: int | None) -> list[str]:
    lines = []
    for item in items[:most]:
        lines += textwrap.wrap(f"{word}: {item}", 110, initial_indent="      ", subsequent_indent="        ")
    left = len(items) - len(items[:most])
    return [*lines, f"      and {left} more"] if left else lines
