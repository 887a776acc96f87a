"""`linewise plan letter.pdf`: what would be taken from papers, and a plan only once a person has confirmed it."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewise.errors import RecordError

if TYPE_CHECKING:
    from linewise.knowledge import Knowledge
    from linewise.plan import Plan
    from linewise.reading.proposals import Proposal

_RECORDS = (".json", ".yaml", ".yml", ".ndjson", ".gz", "")
"""Endings of records; what has another one is looked at: a paper, or a record all the same."""

_PAPERS = ("pdf", "picture", "docx", "odt", "rtf", "html", "ccda", "obds", "hl7", "bmp", "xlsx")
"""Forms that only `linewise.papers` opens."""


def is_paper(name: str) -> bool:
    """Whether a file is a paper to be read and confirmed, not a record."""
    path = Path(name)
    if name == "-" or not path.is_file() or path.suffix.lower() in _RECORDS:
        return False
    if path.suffix.lower() in (".txt", ".md", ".text"):
        return True
    from linewise.papers.registry import form_of

    try:
        form = form_of(path.read_bytes(), path.name)
    except OSError:
        return False
    return form is not None and form.id in _PAPERS


def plan_of_papers(options: argparse.Namespace, names: Sequence[str], knowledge: Knowledge) -> Plan:
    """The plan of what was confirmed of some papers. Raises RecordError that says how to confirm, where nobody has."""
    from linewise.exchange import codes_of
    from linewise.exchange.profile import read_profile
    from linewise.plan import make_plan
    from linewise.reading import read_files
    from linewise.reading.proposals import proposals

    codes, day = codes_of(knowledge), options.as_of or dt.date.today()
    if options.confirmed:
        profile = _profile_of(options.confirmed)
    else:
        reading = read_files(names, knowledge)
        found = [one for one in proposals(reading, knowledge) if one.sure]
        print(_taken(found), file=sys.stderr)
        if not _agreed():
            raise RecordError(
                ", ".join(Path(name).name for name in names),
                "nothing was confirmed, so no plan was made.",
                "Write what was read to a file (linewise read FILE --format profile > me.json), look it through, "
                "and say: linewise plan FILE --confirmed me.json",
            )
        profile = reading.profile
    record = read_profile(profile, options.confirmed or "the papers, confirmed", codes, lenient=True)
    return make_plan(record, knowledge, day, options.region)


def _profile_of(name: str) -> Mapping[str, Any]:
    from linewise.exchange import load
    from linewise.exchange.source import parse

    value, _ = parse(load(name), name)
    if not isinstance(value, dict):
        raise RecordError(name, "this is not a profile.", "Make one with: linewise read FILE --format profile")
    return value


def _taken(found: Sequence[Proposal]) -> str:
    """What would be taken, each with its words and its place."""
    lines = ["This would be taken from the papers:"]
    for one in found:
        lines.append(f"  {one.label}: {one.words}")
        if one.quote and one.where is not None:
            lines.append(f"      “{one.quote[:110]}” ({one.where.document}, page {one.where.page}, line {one.where.line})")
    if not found:
        lines.append("  nothing: no finding was certain")
    return "\n".join(lines)


def _agreed() -> bool:
    """Asks the person at the terminal; without one, nobody has agreed."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print("\nIs all of this right? Write yes to go on: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("yes", "y", "ja", "j")
