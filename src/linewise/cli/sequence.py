"""`linewise sequence`: what may follow what, as a small tree."""

from __future__ import annotations

import argparse
import datetime as dt
from typing import TYPE_CHECKING, Any

from .arguments import command, day_and_region
from .output import write_json

if TYPE_CHECKING:
    from linewise.knowledge.wording import SequenceWords
    from linewise.sequence.model import Change, Sequence, Step

    from .terminal import Page

_MARK = {1: "• ", 2: "? ", 3: "?? "}
"""The further ahead, the less certain."""
_FEW = 3
DEPTH = len(_MARK)


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
    from .terminal import Page

    page = page or Page()
    page.heading(f"{words.title}{f': {found.id}' if found.id else ''}")
    for line in [*found.first, *found.before]:
        page.say(line)
        page.gap()
    page.heading(words.heads["behind"])
    for one in found.behind:
        ended = f", stopped for {one.stopped_for}" if one.stopped_for else ", going on" if one.ongoing else ""
        page.say(f"{f'line {one.number}: ' if one.number else ''}{' + '.join(one.drugs)}{ended}", 2)
    if not found.behind:
        page.say(words.sentences["none-behind"], 2)
    page.heading(words.heads["now"])
    if found.scope is not None or not found.steps:
        page.say(found.scope or words.sentences["nothing"])
    for number, step in enumerate(found.steps):
        same = next((one for one in found.steps[:number] if _ways(one) == _ways(step)), None)
        _step(step, words, page, results, same)
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


def _ways(step: Step) -> list[tuple[str, list[str]]]:
    """What may follow a step, and what may follow that."""
    return [(one.option, [after.option for after in one.next]) for one in step.next]


def _step(step: Step, words: SequenceWords, page: Page, results: bool, same: Step | None = None) -> None:
    """One step with what it rests on, and below it what may follow, further in and with more question marks.

    `same`: a step that was shown already, after which the same may follow.
    """
    under, said = 5 * step.depth, words.sentences
    if step.depth == DEPTH and not results:
        page.say(f"{step.title}: {_short(step, words)}", under, _MARK[step.depth])
        return
    page.say(page.bold(step.title), under, _MARK[step.depth])
    if step.depends:
        page.say(step.depends, under)
    _grounds(step, words, page, under, results)
    if step.depth == DEPTH:
        return
    own = [one for one in step.closes if not one.common]
    if own:
        page.say(said["closes"].format(options=_few(own, words)), under)
    elif step.depth == 1:
        page.say(said["closes-nothing"], under)
    opened = [one for one in step.opens if one.fits and not one.common]
    if opened:
        page.say(said["opens"].format(options=_few(opened, None)), under)
    page.say(said["keeps"].format(n=len(step.next) + step.more), under)
    if same is not None:
        page.say(said["same"].format(option=same.title), under)
        return
    page.say(said["follow" if step.depth == 1 else "then"] if step.next else said["no-next"], under)
    for one in step.next:
        _step(one, words, page, results)
    if step.more:
        page.say(said["more"].format(n=step.more), under + 5)


def _who(step: Step) -> str:
    """Who says so, each with the year."""
    who = [f"{one.body} ({one.since[:4]}){' [not confirmed]' if one.review else ''}" for one in step.says]
    return ", ".join(dict.fromkeys(who[:_FEW]))


def _short(step: Step, words: SequenceWords) -> str:
    """The grounds of a step far ahead, in one line."""
    asked = ", ".join(one.name for one in step.studies if one.asked)
    return f"{_who(step) or words.sentences['says-none']}; {asked or words.sentences['no-data']}"


def _grounds(step: Step, words: SequenceWords, page: Page, under: int, results: bool) -> None:
    """Who says so, and what was studied: each with its year, or that there is no data."""
    said, now = words.sentences, step.depth == 1
    who = _who(step)
    page.say(said["says"].format(who=who) if who else said["says-none"], under)
    asked = [one for one in step.studies if one.asked]
    shown = (asked or step.studies)[:_FEW]
    trials = ", ".join(f"{one.name} ({one.year})" if one.year else one.name for one in shown)
    if shown:
        page.say(said["like-now" if now else "asked" if asked else "like"].format(trials=trials), under)
    else:
        page.say(said["no-data-now" if now else "no-data"], under)
    for one in shown if results else []:
        page.say(f"{one.name}: {one.result}", under + 2)


def _few(changes: list[Change], words: SequenceWords | None) -> str:
    """The first changes by their names; with `words`, each with the clause that decides."""
    because = words.sentences["because"] if words is not None else "{option}"
    named = [because.format(option=one.title, why=one.because) for one in changes[:_FEW]]
    more = [f"+ {len(changes) - _FEW}"] if len(changes) > _FEW else []
    return "; ".join([*named, *more])
