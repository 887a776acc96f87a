"""`linewise trials`: which trials may fit a record, which depend on what, and which do not fit and why."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path
from typing import Any

from linewise.errors import RecordError

from .arguments import command, day
from .output import write_json


def add(commands: Any) -> None:
    """Add `trials`."""
    trials = command(
        commands,
        "trials",
        "trials that may fit a record, those that depend on something, and why others do not fit",
        "  linewise trials examples/anna.json\n"
        "  linewise trials me.yaml --import downloads/ --format json\n"
        "  linewise trials import downloads/NCT06016738.json     what is understood of registry exports",
    )
    trials.add_argument("record", metavar="RECORD", help="a record, or the word `import` to look at registry exports alone")
    trials.add_argument("files", nargs="*", metavar="FILE", help="behind `import`: registry exports, or folders with them")
    trials.add_argument(
        "--import",
        dest="imported",
        action="append",
        metavar="FILE",
        help="registry exports to match, in place of the trials of the knowledge",
    )
    trials.add_argument("--as-of", type=day, default=None, metavar="DAY", help="as of which day, as 2024-06-01; today without it")
    trials.add_argument("--format", choices=["text", "json"], default="text")
    trials.add_argument("--all", action="store_true", help="list what does not fit in full, too")
    trials.set_defaults(run=_trials)


def _trials(options: argparse.Namespace) -> int:
    if options.record == "import" and (options.files or not Path("import").exists()):
        return _import(options)
    return _match(options)


def _left_out(fault: RecordError) -> None:
    print(f"left out: {fault}", file=sys.stderr)


def _import(options: argparse.Namespace) -> int:
    """What is understood of each criterion, without a person."""
    from linewise.knowledge import open_knowledge
    from linewise.trials.inspect import inspected, page
    from linewise.trials.read import read_entries
    from linewise.trials.words import words_of

    if not options.files:
        raise RecordError("trials import", "no file is named.", "Name registry exports, or a folder with them.")
    words = words_of(open_knowledge())
    seen = [inspected(entry, words) for entry in read_entries(options.files, words, _left_out)]
    if options.format == "json":
        write_json({"format": "linewise-trials-import/1", "trials": seen})
    else:
        print("\n\n".join(page(one) for one in seen))
    return 0


def _match(options: argparse.Namespace) -> int:
    from linewise.exchange import codes_of, load, read_bytes
    from linewise.knowledge import open_knowledge
    from linewise.trials.document import document
    from linewise.trials.known import known_entries
    from linewise.trials.match import Matcher, Readings
    from linewise.trials.page import person_page
    from linewise.trials.read import read_entries
    from linewise.trials.words import words_of

    if options.files:
        raise RecordError(options.files[0], "is one word too many.", "Name one record; registry exports go behind --import.")
    knowledge = open_knowledge()
    on = options.as_of or dt.date.today()
    words = words_of(knowledge)
    entries = read_entries(options.imported, words, _left_out) if options.imported else known_entries(knowledge)
    readings = Readings(knowledge)
    for record in read_bytes(load(options.record), options.record, codes_of(knowledge)):
        matcher = Matcher(record, knowledge, on)
        matches = [matcher.match(entry, readings) for entry in entries]
        if options.format == "json":
            write_json(document(record, matches, knowledge, on))
        else:
            print(person_page(record, matches, on, options.all), end="")
    return 0
