"""`linewise bench decisions`: the project's cases as a set to measure any system on."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .arguments import command
from .output import write_json

if TYPE_CHECKING:
    from linewise.bench.model import Decisions, Score
    from linewise.knowledge import Knowledge

_SHOWN, _FEW = 20, 5
"""How many mistakes are named: of a system that is scored, and of the reference answers."""


def add(commands: Any) -> None:
    """Add `bench decisions`."""
    bench = command(
        commands,
        "bench",
        "cases to measure any system on, Linewise too",
        "  linewise bench decisions\n  linewise bench decisions --out decisions\n  linewise bench decisions --score answers.json",
    )
    inner = bench.add_subparsers(title="sets", metavar="SET", required=True)
    one = command(
        inner,
        "decisions",
        "what is to be offered and which alarms are due, in cases whose sources are named",
        "  linewise bench decisions --out decisions            the set, its schemas, two reference answers and their scores\n"
        "  linewise bench decisions --score answers.json       how the answers of another system compare",
    )
    one.add_argument("--out", type=Path, metavar="FOLDER", help="write the set with its schemas, reference answers and scores")
    one.add_argument("--score", type=Path, metavar="ANSWERS", help="score the answers of a system")
    one.add_argument("--format", choices=["text", "json"], default="text", help="of the score")
    one.set_defaults(run=_decisions)


def _decisions(options: argparse.Namespace) -> int:
    from linewise.bench.decisions import open_set
    from linewise.bench.page import set_page
    from linewise.bench.score import read_answers, score
    from linewise.knowledge import open_knowledge

    knowledge = open_knowledge()
    answers = read_answers(options.score) if options.score else None
    decisions = open_set(knowledge)
    if answers is not None and options.out is None:
        scores = [score(decisions, answers)]
    else:
        scores = _references(decisions, knowledge, options.out)
        scores += [score(decisions, answers)] if answers is not None else []
    if options.format == "json":
        for one in scores:
            write_json(one)
        return 0
    from linewise.bench.page import CAUTION, score_page

    print(
        "\n".join([set_page(decisions), *(score_page(one, _SHOWN if answers is not None else _FEW) for one in scores), CAUTION])
    )
    return 0


def _references(decisions: Decisions, knowledge: Knowledge, out: Path | None) -> list[Score]:
    """The scores of the reference answers; with a folder the set is written there."""
    from linewise.bench.folder import write_folder
    from linewise.bench.score import score
    from linewise.bench.systems import references
    from linewise.exchange import codes_of

    codes = codes_of(knowledge)
    answers = references(decisions, knowledge, codes, lambda text: print(text, file=sys.stderr, flush=True))
    named = [(name, one, score(decisions, one)) for name, one in zip(("linewise", "subtype"), answers, strict=True)]
    if out is not None:
        write_folder(out, decisions, named, codes)
    return [one for _, _, one in named]
