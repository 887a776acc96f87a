"""Commands that explain: interactions, side effects, calendar, questions, pages, search."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewise.errors import LinewiseError

from .arguments import command, day_and_region
from .output import write_json

if TYPE_CHECKING:
    from linewise.knowledge import Knowledge
    from linewise.plan import Plan
    from linewise.plan.side_effects import Rate

    from .terminal import Page

_BAR = 30
_HELPED = 6  # frequent effects for which the help is printed
_LONGEST = 3660  # days of a calendar


def _start(text: str) -> dt.date:
    """A day on which a calendar can begin: some years of the calendar must lie behind it."""
    try:
        day = dt.date.fromisoformat(text)
        day + dt.timedelta(days=_LONGEST)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"`{text}` is not a day to begin on; write it as 2026-12-01") from None
    return day


def _span(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= _LONGEST:
        raise argparse.ArgumentTypeError(f"`{text}` is not a number of days from 1 to {_LONGEST}")
    return int(text)


def add(commands: Any) -> None:
    """Add the commands to the parser."""
    one = command(
        commands,
        "interactions",
        "medicines, supplements and foods against present and offered drugs",
        "  linewise interactions examples/anna.json\n  linewise interactions DRUG FOOD\n  linewise interactions DRUG OTHER-DRUG",
    )
    one.add_argument("what", nargs="+", metavar="RECORD|NAME", help="a record, or the names of what is taken together")
    day_and_region(one)
    one.add_argument("--format", choices=["text", "json"], default="text")
    one.set_defaults(run=_interactions)

    one = command(
        commands,
        "side-effects",
        "how often side effects occur, options side by side, with the comparator",
        "  linewise side-effects OPTION OTHER-OPTION\n  linewise side-effects DRUG",
    )
    one.add_argument("options", nargs="+", metavar="OPTION", help="the id of an option, or of a drug")
    one.add_argument("--format", choices=["text", "json", "html"], default="text")
    one.set_defaults(run=_side_effects)

    one = command(
        commands,
        "calendar",
        "visits and tests of the first months of an option, also as an .ics file",
        "  linewise calendar examples/anna.json OPTION\n  linewise calendar examples/anna.json OPTION --start 2026-12-01 --ics plan.ics",
    )
    one.add_argument("record", metavar="RECORD")
    one.add_argument("option", metavar="OPTION")
    one.add_argument("--start", type=_start, default=None, metavar="DAY", help="the first day of treatment")
    one.add_argument("--days", type=_span, default=84, metavar="N", help=f"how many days to show, 1 to {_LONGEST} (84)")
    one.add_argument("--ics", metavar="FILE", help="write an iCalendar file")
    one.set_defaults(run=_calendar)

    one = command(
        commands, "questions", "questions to ask the team, chosen by the plan", "  linewise questions examples/anna.json"
    )
    one.add_argument("record", metavar="RECORD")
    day_and_region(one)
    one.add_argument("--format", choices=["text", "json"], default="text")
    one.set_defaults(run=_questions)

    one = command(commands, "learn", "pages for people", "  linewise learn\n  linewise learn bone-metastases")
    one.add_argument("topic", nargs="*", metavar="TOPIC")
    one.add_argument("--cite", choices=["APA", "MLA", "Chicago", "Harvard", "BibTeX"], help="how to cite the page")
    one.set_defaults(run=_learn)

    one = command(
        commands,
        "search",
        "search everything known: pages, drugs, options, side effects, tests, trials",
        "  linewise search mouth sores\n  linewise search estrogen\n  linewise search BRAND --format json",
    )
    one.add_argument("words", nargs="+", metavar="WORD")
    one.add_argument("--format", choices=["text", "json"], default="text")
    one.set_defaults(run=_search)


def _plans(path: str, knowledge: Knowledge, day: dt.date | None, region: Any) -> list[Plan]:
    from linewise.exchange import codes_of, load, read_bytes
    from linewise.plan import make_plan

    records = read_bytes(load(path), path, codes_of(knowledge))
    return [make_plan(record, knowledge, day or dt.date.today(), region) for record in records]


def _interactions(options: argparse.Namespace) -> int:
    from linewise.knowledge import open_knowledge
    from linewise.plan import make_plan
    from linewise.plan.interactions import interactions, interactions_of
    from linewise.plan.shown import together_inside

    from .terminal import Page

    knowledge = open_knowledge()
    if len(options.what) == 1 and Path(options.what[0]).exists():
        plans = _plans(options.what[0], knowledge, options.as_of, options.region)
    else:
        record, unknown = interactions_of(options.what, knowledge)
        if unknown:
            raise LinewiseError(
                f"nothing is known under {', '.join(f'`{name}`' for name in unknown)}. Try `linewise search NAME`."
            )
        plans = [make_plan(record, knowledge, options.as_of or dt.date.today(), options.region)]
    for plan in plans:
        found = interactions(plan)
        if options.format == "json":
            write_json(found)
            continue
        page = Page()
        page.heading("Interactions")
        if not found:
            page.say(knowledge.wording.advice.no_interaction)
        for one in found:
            word = together_inside(one.severity, one.advice)
            when = "taken now" if one.now else "an option"
            page.say(page.bold(f"{one.drug_label} ({when}) and {', '.join(one.meets_labels)}: {word}"), 4, "! ")
            page.say(one.plain or one.text, 6)
            _cite(one.sources, knowledge, page)
        print(page.text(), end="")
    return 0


def _cite(ids: list[str], knowledge: Knowledge, page: Page) -> None:
    for source in knowledge.sources_of(tuple(ids)).values():
        date = f", {source.date.text}" if source.date else ""
        page.say(f"{source.publisher}: {source.title}{date}. {source.url or ''}".strip(), 8, "- ")


def _side_effects(options: argparse.Namespace) -> int:
    from linewise.knowledge import open_knowledge
    from linewise.plan.side_effects import rates

    from .terminal import Page

    knowledge = open_knowledge()
    names: dict[str, None] = {}
    rows: list[Rate] = []
    without: list[str] = []
    effects: list[str] = []
    for name in options.options:
        found, told, effect = _named(name, knowledge)
        names.update(dict.fromkeys(found))
        rows += told
        effects += [effect] if effect else []
        if not told and not effect and not rates(found, knowledge):
            without.append(name)
    rows += rates(names, knowledge)
    if options.format == "json":
        write_json(rows)
        return 0
    if options.format == "html" and rows:
        from linewise.web.side_effects_page import side_effects_html

        print(side_effects_html(rows, knowledge))
        return 0
    page = Page()
    if rows:
        page.heading("Side effects, of 100 people")
        page.say("█ all grades, ▓ severe (grade 3 or worse); where a trial counted the comparator, it stands below with ·", 2)
        _bars(rows, knowledge, page)
        _helps(effects or [row.effect for row in rows], rows, knowledge, page)
    for name in without:
        _not_counted(name, knowledge, page)
    print(page.text(), end="")
    return 0


def _named(name: str, knowledge: Knowledge) -> tuple[list[str], list[Rate], str]:
    """What a name leads to: options, or counts that belong to no option (a drug's, an effect's), and the effect, where it is one.

    Whatever search knows answers: a word that is no drug, option or side effect is told as what it is.
    """
    from linewise.knowledge.search import search_of
    from linewise.logic.where import did_you_mean
    from linewise.plan.side_effects import options_named, rates_of_drug, rates_of_effect

    if name in knowledge.treatments:
        return [name], [], ""
    effect = knowledge.find_effect(name)
    drug = knowledge.find_drug(name)
    if drug is not None and drug in knowledge.drugs:
        return [], rates_of_drug(drug, knowledge), ""
    if effect is not None:
        return [], rates_of_effect(effect, knowledge), effect
    found = options_named(name, knowledge)
    if found or drug is not None:
        return found, [], ""
    answers = search_of(knowledge).ask(name)
    first = answers.found[0] if answers.found and not answers.instead and not answers.unknown else None
    if first is not None and first.kind in ("drug", "option", "side effect") and first.id != name:
        return _named(first.id, knowledge)
    if first is not None:
        raise LinewiseError(
            f"`{name}` is no drug, option or side effect here; the nearest is {first.title} ({first.kind}). Try `linewise search {name}`."
        )
    hint = did_you_mean(name, [*knowledge.treatments, *knowledge.drugs, *knowledge.content.effects])
    raise LinewiseError(f"no option, drug or side effect is called `{name}`. {hint}".strip())


def _helps(effects: list[str], rows: list[Rate], knowledge: Knowledge, page: Page) -> None:
    """What helps with the most frequent effects and with those that are serious, and when to call."""
    from .terminal import ACT

    serious = {row.effect for row in rows if row.serious}
    frequent = list(dict.fromkeys(effects))
    chosen = [name for name in frequent if name in frequent[:_HELPED] or name in serious]
    page.heading("What helps, and when to call")
    for name in chosen:
        effect = knowledge.content.effects.get(name)
        if effect is None:
            continue
        page.gap()
        page.say(page.bold((effect.plain_name or effect.label) + (" (serious)" if name in serious else "")), 2)
        for tip in effect.helps[: None if len(chosen) == 1 else 1]:
            page.say(tip.plain or tip.text, 6, "- ")
        for how, text in effect.call.items():
            page.say(f"{ACT.get(how, how)}: {text}", 6, "! ")


def _not_counted(name: str, knowledge: Knowledge, page: Page) -> None:
    """What there is to say of a drug whose side effects no trial here counted: that, and its warnings with their conditions."""
    from linewise.knowledge.texts import NOT_COUNTED, warning

    drug = knowledge.find_drug(name) or name
    label = knowledge.treatments[name].title if name in knowledge.treatments else knowledge.label(drug)
    page.heading(f"Side effects of {label}")
    page.say(f"{NOT_COUNTED} {knowledge.wording.advice.not_counted}")
    drugs = knowledge.treatments[name].drugs if name in knowledge.treatments else (drug,)
    cautions = [one for drug in drugs if drug in knowledge.drugs for one in (*knowledge.cautions(drug), *knowledge.avoid(drug))]
    told = list(dict.fromkeys(text for one in cautions if (text := warning(one, knowledge))))
    if told:
        page.gap()
        page.say("Known warnings:", 2)
    for text in told:
        page.say(text, 6, "- ")


def _bars(rows: list[Rate], knowledge: Knowledge, page: Page) -> None:
    from linewise.plan.words import UNCONFIRMED

    last = ""
    for row in rows:
        if row.effect != last:
            page.gap()
            page.say(page.bold(row.label), 2)
            last = row.effect
        title = knowledge.treatments[row.option].title if row.option else ""
        note = "; ".join(part for part in (row.trial, row.note, UNCONFIRMED if row.review else "") if part)
        drawn = (
            _bar(row.treatment, row.severe)
            if row.treatment is not None or row.severe is not None
            else row.often or "how often: not known"
        )
        page.lines.append(f"    {drawn} {f'{title} ({note})' if title else note}")
        if row.control is not None or row.control_severe is not None:
            page.lines.append(f"    {_bar(row.control, row.control_severe, '·')} {row.control_label}")


def _bar(value: float | None, severe: float | None, sign: str = "█") -> str:
    """`████▓▓      52 (12)`: of 100 people, how many, and how many severely."""
    whole = value if value is not None else severe or 0.0
    bad = round((severe or 0.0) * _BAR / 100)
    drawn = "▓" * bad + sign * max(round(whole * _BAR / 100) - bad, 0)
    figure = f"{value:g}" if value is not None else "?"
    return f"{drawn:<{_BAR}} {figure:>5}{f' ({severe:g} severe)' if severe is not None else '':<15}"


def _calendar(options: argparse.Namespace) -> int:
    from linewise.knowledge import open_knowledge
    from linewise.plan.calendar import calendar, icalendar
    from linewise.plan.why import options_named

    from .terminal import Page

    knowledge = open_knowledge()
    plans = _plans(options.record, knowledge, None, None)
    names = options_named(knowledge, options.option)
    best = sorted(names, key=lambda name: plans[0].status(name) not in ("preferred", "suitable"))
    found = calendar(knowledge.treatments[best[0]], knowledge, options.days)
    if options.ics:
        Path(options.ics).write_text(
            icalendar(found, options.start or dt.date.today(), options.days), encoding="utf-8", newline=""
        )
        print(f"Written: {options.ics}")
        return 0
    page = Page()
    page.heading(f"{found.title}: the first {options.days} days")
    page.say(found.note)
    for number in sorted({one.day for one in found.upto(options.days)}):
        here = [one for one in found.days if one.day == number]
        when = "before" if number == 0 else f"day {number}"
        if number and options.start:
            when = f"{options.start + dt.timedelta(days=number - 1):%a %d %b %Y} ({when})"
        page.say(f"{when}: {'; '.join(dict.fromkeys(one.what for one in here))}", 2)
    if found.also:
        page.gap()
        page.say("Without a fixed day:", 2)
        for one in found.also:
            page.say(f"{one.what}: {one.text}", 6, "- ")
    print(page.text(), end="")
    return 0


def _questions(options: argparse.Namespace) -> int:
    from linewise.knowledge import open_knowledge
    from linewise.plan.questions import questions

    from .terminal import Page

    knowledge = open_knowledge()
    for plan in _plans(options.record, knowledge, options.as_of, options.region):
        found = questions(plan)
        if options.format == "json":
            write_json(found)
            continue
        page = Page()
        topics = dict.fromkeys(one.topic for one in found)
        for topic in topics:
            page.heading(topic.replace("-", " ").capitalize())
            for one in found:
                if one.topic == topic:
                    page.say(one.text, 4, "? ")
        print(page.text(), end="")
    return 0


def _learn(options: argparse.Namespace) -> int:
    from linewise.knowledge import open_knowledge
    from linewise.knowledge.search import search_of

    from .terminal import Page, markdown

    knowledge = open_knowledge()
    pages = knowledge.content.pages
    page = Page()
    if not options.topic:
        for topic in dict.fromkeys(one.topic for one in pages.values()):
            page.heading(topic.replace("-", " ").capitalize())
            for one in pages.values():
                if one.topic == topic:
                    page.say(f"{page.bold(one.id)}: {one.summary}", 4)
        print(page.text(), end="")
        return 0
    name = "-".join(options.topic).lower()
    if name not in pages:
        near = search_of(knowledge).find(" ".join(options.topic), 1, "page")
        if not near:
            raise LinewiseError(f"there is no page about `{' '.join(options.topic)}`. `linewise learn` lists them all.")
        name = near[0].id
    shown = pages[name]
    if options.cite:
        from linewise.knowledge.cite import itself, styles

        print(styles(shown.id, itself(shown), dt.date.today())[options.cite])
        return 0
    page.heading(shown.title)
    markdown(shown.body, page)
    page.heading("Sources")
    _cite(list(shown.sources), knowledge, page)
    page.gap()
    if shown.related:
        page.say(f"Read next: {', '.join(f'linewise learn {name}' for name in shown.related)}.")
    page.say(f"Last reviewed {shown.review.last.text}; next review {shown.review.next.text}. To cite it: --cite APA.")
    print(page.text(), end="")
    return 0


def _search(options: argparse.Namespace) -> int:
    from linewise.knowledge import open_knowledge
    from linewise.knowledge.search import search_of

    from .terminal import Page

    knowledge = open_knowledge()
    words = " ".join(options.words)
    answers = search_of(knowledge).ask(words)
    if options.format == "json":
        write_json(answers.found)
        return 0
    page = Page()
    page.heading(f"About “{words}”")
    for word, near in answers.instead.items():
        page.say(f"“{word}” does not occur here. Taken as “{near}”.")
    if answers.unknown:
        page.say(f"Not known here: {', '.join(answers.unknown)}.")
    if not answers.found:
        page.say(f"{knowledge.wording.advice.no_answer} (linewise learn care-team)")
    for one in answers.found:
        page.say(page.bold(f"{one.title} ({one.kind}: {one.id})"), 2)
        page.say(one.extract, 6)
        if one.kind == "answer" and one.pages:
            page.say(f"Read on: {', '.join(f'linewise learn {name}' for name in one.pages[:3])}", 6)
        _cite(one.sources[:1], knowledge, page)
    print(page.text(), end="")
    return 0
