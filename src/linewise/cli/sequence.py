"""`linewise sequence`: what may follow what, as a small tree."""

from __future__ import annotations

import argparse
import datetime as dt
from typing import TYPE_CHECKING, Any

from .arguments import command, day_and_region
from .output import write_json

if TYPE_CHECKING:
    from linewise.knowledge.wording import SequenceWords
    from linewise.sequence import Sequence
    from linewise.sequence.shown import Shown

    from .terminal import Page

_MARK = {1: "• ", 2: "? ", 3: "?? "}
"""The further ahead, the less certain."""


def add(commands: Any) -> None:
    """Add `sequence`."""
    sequence = command(
        commands,
        "sequence",
        "what may follow what, at most three lines ahead, and what each choice closes or keeps open",
        "  linewise sequence examples/anna.json --region EU\n"
        "  linewise sequence me.yaml --results       with the published results behind each step\n"
        "  linewise sequence me.yaml --json",
    )
    sequence.add_argument("record", metavar="RECORD", help="a record, or - for standard input")
    day_and_region(sequence)
    sequence.add_argument(
        "--results", action="store_true", help="print the published results, too: they may hold survival figures"
    )
    sequence.add_argument("--json", action="store_true", help="the same as one JSON object, with every option closed and opened")
    sequence.set_defaults(run=_sequence)


def _sequence(options: argparse.Namespace) -> int:
    from linewise.exchange import codes_of, load, read_bytes
    from linewise.knowledge import open_knowledge
    from linewise.sequence import make_sequence

    knowledge = open_knowledge()
    for record in read_bytes(load(options.record), options.record, codes_of(knowledge)):
        found = make_sequence(record, knowledge, options.as_of or dt.date.today(), options.region)
        if options.json:
            write_json(found)
        else:
            assert knowledge.wording.sequence is not None
            print(sequence_page(found, knowledge.wording.sequence, options.results), end="")
    return 0


def sequence_page(found: Sequence, words: SequenceWords, results: bool = False, page: Page | None = None) -> str:
    """The whole tree as text. Without `results` no figure stands in it."""
    from linewise.sequence.shown import line_behind, shown

    from .terminal import Page

    page = page or Page()
    page.heading(f"{words.title}{f': {found.id}' if found.id else ''}")
    for line in [*found.first, *found.before]:
        page.say(line)
        page.gap()
    page.heading(words.heads["behind"])
    for one in found.behind:
        page.say(line_behind(one), 2)
    if not found.behind:
        page.say(words.sentences["none-behind"], 2)
    page.heading(words.heads["now"])
    if found.scope is not None or not found.steps:
        page.say(found.scope or words.sentences["nothing"])
    for step in shown(found, words):
        _step(step, page, results)
        page.gap()
    if found.more:
        page.say(words.sentences["more"].format(n=found.more), 2)
    _close(found, words, page)
    return page.text()


def _close(found: Sequence, words: SequenceWords, page: Page) -> None:
    page.gap()
    for line in found.after:
        page.say(line)
    if found.sources:
        page.heading(words.heads["cited"])
        for source in found.sources.values():
            date = f", {source['date']}" if source["date"] else ""
            page.say(f"{source['publisher']}: {source['title']}{date}. {source['url'] or ''}".strip(), 4, "- ")
    page.gap()
    page.say(found.disclaimer)


def _step(step: Shown, page: Page, results: bool) -> None:
    """One step with what it rests on, and below it what may follow, further in and with more question marks."""
    under = 5 * step.depth
    if step.last and not results:
        page.say(f"{step.title}: {step.short}", under, _MARK[step.depth])
        return
    page.say(page.bold(step.title), under, _MARK[step.depth])
    for line in [step.depends, *step.grounds]:
        if line:
            page.say(line, under)
    for line in step.results if results else []:
        page.say(line, under + 2)
    for line in [*step.changes, step.same or step.lead]:
        if line:
            page.say(line, under)
    for one in step.next:
        _step(one, page, results)
    if step.more:
        page.say(step.more, under + 5)
