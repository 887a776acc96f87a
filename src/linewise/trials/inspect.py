"""Registry exports without a person: the single criteria, and which of them are understood."""

from __future__ import annotations

from typing import Any

from .grammar import read_point
from .model import Entry
from .pair import NO, YES
from .words import Words


def inspected(entry: Entry, words: Words) -> dict[str, Any]:
    """An entry as plain values: its fields, and each criterion with what the grammar makes of it."""
    points = []
    for point in entry.points:
        said = read_point(point, words)
        how = "asked" if said.asked else "checked by the team" if said.says.says_nothing else "decided"
        when, may = said.says.when, said.says.may
        points.append(
            {
                "n": point.n,
                "kind": point.kind,
                "for": point.group or None,
                "text": point.text,
                "how": how,
                "surely": None if when in (NO, YES) else when,
                "possibly": None if may in (NO, YES) or may == when else may,
                "not-understood": list(said.left),
            }
        )
    return {
        "id": entry.id,
        "title": entry.title,
        "format": entry.format,
        "phase": entry.phase,
        "recruitment": entry.status,
        "entry-of": entry.updated.isoformat() if entry.updated else None,
        "conditions": list(entry.conditions),
        "sex": entry.sex,
        "youngest": entry.youngest,
        "oldest": entry.oldest,
        "countries": list(entry.countries),
        "drugs": list(entry.drugs),
        "criteria": points,
        "notes": list(entry.notes),
        "unread": list(entry.unread),
    }


def page(seen: dict[str, Any]) -> str:
    """The same for a terminal."""
    lines = [
        f"{seen['id']}  {seen['title']}",
        f"  {seen['format']}; {seen['recruitment'] or 'no status'}; {len(seen['criteria'])} criteria",
    ]
    for one in seen["criteria"]:
        group = f" [{one['for']}]" if one["for"] else ""
        lines.append(f"  {one['n']:>3} {one['kind']}{group}: {' '.join(one['text'].split())}")
        lines.append(
            f"      {one['how']}" + (f": {one['surely'] or one['possibly']}" if one["surely"] or one["possibly"] else "")
        )
    lines += [f"  note: {note}" for note in seen["notes"]]
    return "\n".join(lines)
