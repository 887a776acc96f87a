"""`linewise outlook`: how it went for people like this one in studies. Words first; figures only for somebody who asks for them."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewise.errors import RecordError

from .arguments import command, day_and_region
from .output import write_json

if TYPE_CHECKING:
    from linewise.knowledge.wording import OutlookWords
    from linewise.outlook.model import Arms, Figure, Outlook
    from linewise.plan import Plan

    from .terminal import Page

_MOST_REFUSED = 4
_OWN_PEOPLE = "Each row is one trial with its own people: rows are not compared with each other."


def add(commands: Any) -> None:
    """Add `outlook`."""
    outlook = command(
        commands,
        "outlook",
        "how it went for people like this one in studies, in words; figures only on request",
        "  linewise outlook examples/anna.json               words, then the question whether you want figures\n"
        "  linewise outlook examples/anna.json --figures     with the figures\n"
        "  linewise outlook examples/anna.json --team        published survival side by side, for a team\n"
        "  linewise outlook examples/anna.json --team --plot arms.svg",
    )
    outlook.add_argument("record", metavar="RECORD", help="a record, or - for standard input")
    day_and_region(outlook)
    outlook.add_argument("--figures", action="store_true", help="show the figures without asking again")
    outlook.add_argument("--team", action="store_true", help="for a team: the published arms side by side, with hazard ratios")
    outlook.add_argument(
        "--plot",
        metavar="FILE",
        help="with --team: the hazard ratios as a forest plot (.svg, .png), or every published comparison as a table (.csv)",
    )
    outlook.add_argument("--json", action="store_true", help="the same as one JSON object; figures only with --figures")
    outlook.set_defaults(run=_outlook)


def _outlook(options: argparse.Namespace) -> int:
    from linewise.exchange import codes_of, load, read_bytes
    from linewise.knowledge import open_knowledge
    from linewise.outlook import make_outlook
    from linewise.plan import make_plan

    if options.plot is not None and not options.team:
        raise RecordError(options.plot, "a plot is for teams.", "Ask with --team as well: it shows published survival.")
    knowledge = open_knowledge()
    for record in read_bytes(load(options.record), options.record, codes_of(knowledge)):
        plan = make_plan(record, knowledge, options.as_of or dt.date.today(), options.region)
        if options.json:
            write_json(make_outlook(plan, options.figures, options.team))
        elif options.team:
            found = make_outlook(plan, figures=False, arms=True)
            if options.plot is not None:
                _plot(found, Path(options.plot))
            else:
                _team(found)
        else:
            _show(plan, options.figures)
    return 0


def _plot(outlook: Outlook, path: Path) -> None:
    """The published arms as a picture or a table, by the ending of the file."""
    from linewise.outlook.forest import as_csv, as_svg

    title = f"Published survival{f': {outlook.id}' if outlook.id else ''}, as of {outlook.as_of}"
    svg = as_svg(outlook.arms, title, f"{_OWN_PEOPLE} Filled squares: people like this one.")
    ending = path.suffix.lower()
    if ending == ".csv":
        data = as_csv(outlook.arms).encode()
    elif ending == ".svg":
        data = svg.encode()
    elif ending == ".png":
        from linewise.cohort.report import png

        if not png.available():
            raise RecordError(
                str(path),
                "a PNG cannot be drawn here.",
                "pip install 'linewise[cohort]' (it brings resvg-py), or name an .svg file.",
            )
        data = png.png(svg)
    else:
        raise RecordError(str(path), "this kind of file is not written.", "Name a file that ends in .svg, .png or .csv.")
    try:
        path.write_bytes(data)
    except OSError as fault:
        raise RecordError(
            str(path), f"it cannot be written: {fault.strerror}.", "Name a file in a folder that you may write to."
        ) from None
    print(
        f"written: {path} ({len(outlook.arms)} published comparisons, {sum(one.hr is not None for one in outlook.arms)} with a hazard ratio)"
    )


def _show(plan: Plan, asked: bool) -> None:
    """The words; then the figures one after the other, each only while somebody wants to go on; then whom to talk to."""
    from linewise.outlook import make_outlook

    from .terminal import Page

    words = plan.knowledge.wording.outlook
    outlook = make_outlook(plan, figures=False)
    assert words is not None
    page = Page()
    _before(outlook, page)
    _print(page)
    here = sys.stdin.isatty() and sys.stdout.isatty()
    wanted = asked or (here and _yes(words.ask))
    if wanted:
        outlook = make_outlook(plan, figures=True)
        for number, part in enumerate(_figures(outlook, words)):
            if number > 1 and here and not asked and not _yes(words.go_on):
                break
            _print(part)
    else:
        print(f"\n{words.stopped if here else words.how}")
    page = Page()
    _after(outlook, words, page, wanted)
    _print(page)


def _yes(question: str) -> bool:
    try:
        return input(f"\n{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _print(page: Page) -> None:
    print(page.text(), end="", flush=True)


def _before(outlook: Outlook, page: Page) -> None:
    page.heading(outlook.title)
    for line in [*outlook.first, *outlook.before]:
        page.say(line)
        page.gap()


def _figures(outlook: Outlook, words: OutlookWords) -> Iterator[Page]:
    """A page for what the figures mean, and one for each of them."""
    from .terminal import Page

    page = Page()
    page.heading(words.heads["figures"])
    for line in [*outlook.meaning, *([outlook.none] if outlook.none else [])]:
        page.say(line)
        page.gap()
    yield page
    for figure in outlook.figures:
        page = Page()
        _figure(figure, words, page)
        yield page


def _figure(figure: Figure, words: OutlookWords, page: Page) -> None:
    from linewise.outlook.picture import as_text

    page.say(page.bold(figure.head))
    page.say(page.dim(f"{figure.name}: {figure.population}"), 2)
    page.gap()
    for line in figure.sentences:
        page.say(line, 2)
    for picture in figure.pictures:
        page.gap()
        page.say(words.picture["lead"], 2)
        for row in as_text(picture):
            page.lines.append(f"    {row}")
    page.gap()


def _after(outlook: Outlook, words: OutlookWords, page: Page, asked: bool) -> None:
    if outlook.refused:
        page.heading(words.heads["refused"])
        for one in outlook.refused[:_MOST_REFUSED]:
            page.say(one.text, 4, "- ")
    for head, lines in (("changes", outlook.changes), ("stays", outlook.stays)):
        page.heading(words.heads[head])
        for line in lines:
            page.say(line, 4, "- ")
    page.heading(words.heads["support"])
    for line in outlook.support:
        page.say(line)
    for place in outlook.places:
        page.say(f"{page.bold(place['name'])} {place['phone']}".strip(), 4, "- ")
        page.say(" ".join(part for part in (place["plain"], place.get("url", "")) if part), 4)
    if asked:
        page.heading(words.heads["cited"])
        for source in outlook.sources.values():
            date = f", {source['date']}" if source["date"] else ""
            page.say(f"{source['publisher']}: {source['title']}{date}. {source['url'] or ''}".strip(), 4, "- ")
    page.gap()
    page.say(outlook.disclaimer)


def _team(outlook: Outlook) -> None:
    """Published survival side by side. Trials differ in whom they took: no row is to be compared with another."""
    from .terminal import Page

    page = Page()
    page.heading(f"Published survival{f': {outlook.id}' if outlook.id else ''}")
    page.say(f"As of {outlook.as_of}. {_OWN_PEOPLE}")
    for line in outlook.first:
        page.say(line)
    for one in sorted(outlook.arms, key=lambda row: (row.like is not True, row.name)):
        page.gap()
        _row(one, page)
    if not outlook.arms:
        page.gap()
        page.say("No trial of the knowledge took people like this one.")
    page.gap()
    page.say(outlook.disclaimer)
    _print(page)


def _row(one: Arms, page: Page) -> None:
    like = {True: "people like this one", None: "not known whether like this one", False: "another group than this person's"}
    page.say(page.bold(f"{one.name} ({one.year or 'no year'}): {one.endpoint}{f', {one.group}' if one.group else ''}"), 2)
    page.say(f"{like[one.like]}{f': {one.differs}' if one.differs else ''}", 6)
    unit = f" {one.unit}" if one.unit else ""
    for arm, result in ((one.treatment, one.treatment_result), (one.control, one.control_result)):
        if arm and result is not None:
            page.say(f"{arm}: {result:g}{unit}" if isinstance(result, float) else f"{arm}: {result}", 6)
    if one.hr is not None:
        page.say(f"hazard ratio {one.hr:g}{f' ({one.ci[0]:g} to {one.ci[1]:g})' if one.ci else ''}", 6)
    for note in (one.note, "not confirmed" if one.review else None):
        if note:
            page.say(f"note: {note}", 6)
    page.say(f"source: {', '.join(one.sources)}", 6)
