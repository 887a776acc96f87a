"""`linewise mdt`: the page for the meeting."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path
from typing import Any

from linewise.errors import LinewiseError, RecordError

from .arguments import command, day_and_region
from .clinic import needed


def add(commands: Any) -> None:
    """Add `mdt`."""
    one = command(
        commands,
        "mdt",
        "one page for the tumour conference: where the disease stands, what fits, what is missing, room for the decision",
        "  linewise mdt examples/anna.json --format html --output anna.html\n"
        "  linewise mdt examples/anna.json --format fhir --region DE --output anna.fhir.json",
    )
    one.add_argument("record", metavar="RECORD")
    one.add_argument("--format", choices=["html", "pdf", "docx", "fhir"], default="html")
    one.add_argument("--output", metavar="FILE", default="-", help="where to write it; standard output without it")
    day_and_region(one)
    one.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from linewise.exchange import codes_of, load, read_bytes
    from linewise.knowledge import open_knowledge
    from linewise.plan import make_plan

    try:
        from linewise.clinic.papers import paper
    except ModuleNotFoundError as missing:
        raise needed(missing) from None
    knowledge = open_knowledge()
    codes, data = codes_of(knowledge), load(options.record)
    records = read_bytes(data, options.record, codes)
    if len(records) != 1:
        raise RecordError(options.record, f"it holds {len(records)} people.", "Give one person's record.")
    plan = make_plan(records[0], knowledge, options.as_of or dt.date.today(), knowledge.region(options.region))
    try:
        found = paper(plan, options.format, codes, _resources(data))
    except ModuleNotFoundError as missing:
        raise needed(missing) from None
    if options.output == "-":
        sys.stdout.buffer.write(found)
        return 0
    try:
        Path(options.output).write_bytes(found)
    except OSError as fault:
        raise LinewiseError(f"{options.output} cannot be written: {fault.strerror}.") from None
    return 0


def _resources(data: bytes) -> list[dict[str, Any]]:
    """The FHIR resources of a file, for references to them; none of a profile."""
    from linewise.exchange.source import parse

    value, _ = parse(data, "the record")
    entries = value.get("entry") if isinstance(value, dict) else value if isinstance(value, list) else []
    found = [one.get("resource", one) for one in entries or [] if isinstance(one, dict)]
    return [one for one in found if isinstance(one, dict) and "resourceType" in one]
