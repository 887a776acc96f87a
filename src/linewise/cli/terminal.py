"""The terminal's face of a plan: calm, readable at 80 columns, the same without colour.

Everything here is taken from the plan; nothing is decided or worded anew except headings.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap

from linewise.plan import Plan
from linewise.plan.answer import first
from linewise.plan.given import taken
from linewise.plan.model import Because, Caution, Option, Standing
from linewise.plan.shown import KINDS, SEVERITY, STATUS, cautions_for_me, known_facts, standing_here, where
from linewise.plan.words import UNCONFIRMED

ACT = {"emergency": "NOW", "same-day": "TODAY", "next-visit": "NEXT VISIT"}
_MARK = {True: "yes", False: "no", None: "?"}


_CONTROL = re.compile(r"\x1b(?!\[[012]m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What a record could steer a terminal with; bold, dim and normal, which are written here, stay."""


def printable(text: str) -> str:
    """Text that only shows: no control character of a record reaches the terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


class Page:
    """Lines of text, wrapped and indented; headings in bold where the terminal can."""

    def __init__(self, width: int | None = None, colour: bool | None = None) -> None:
        self.width = width or min(shutil.get_terminal_size((88, 24)).columns, 100)
        self.colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ if colour is None else colour
        self.lines: list[str] = []

    def heading(self, text: str) -> None:
        if self.lines:
            self.lines.append("")
        text = " ".join(printable(text).split())
        self.lines.append(self.bold(text))
        self.lines.append("─" * min(len(text), self.width))

    def bold(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self.colour else text

    def dim(self, text: str) -> str:
        return f"\x1b[2m{text}\x1b[0m" if self.colour else text

    def say(self, text: str, indent: int = 0, first: str = "") -> None:
        """One paragraph; `first` stands in the indent of its first line."""
        lead = " " * indent
        start = lead[: max(indent - len(first), 0)] + first if first else lead
        self.lines += textwrap.wrap(
            printable(text),
            self.width,
            initial_indent=start,
            subsequent_indent=lead,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]

    def gap(self) -> None:
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


def plan_page(plan: Plan, page: Page | None = None, everything: bool = False) -> str:
    """The whole plan as text. With `everything`, the options that do not fit are listed with their reasons too."""
    page = page or Page()
    page.heading(f"In short{f': {plan.subject.id}' if plan.subject.id else ''}")
    for line in first(plan).lines:
        page.say(line, 2)
    _where_you_stand(plan, page)
    _urgent(plan, page)
    _going_on(plan, page)
    if plan.scope is not None:
        page.heading("No options on this record")
        page.say(plan.scope)
    _tests(plan, page)
    _options(plan, page)
    _trials(plan, page)
    if plan.scope is None:
        _rest(plan, page, everything)
    _now(plan, page)
    _unread(plan, page)
    _sources(plan, page)
    page.gap()
    page.say(plan.disclaimer)
    page.say(f"{plan.knowledge.edition}.")
    return page.text()


def _where_you_stand(plan: Plan, page: Page) -> None:
    subject = plan.subject
    page.heading("Where things stand")
    page.say(f"As of {plan.as_of}, region: {where(plan.region, plan.regions)}.")
    for fact in known_facts(plan, plan.knowledge.content.shown.always):
        when = f" ({fact.on})" if fact.on else ""
        page.say(f"{fact.label}: {fact.value}{when}{' (assumed)' if fact.assumed else ''}", 2)
        if fact.note:
            page.say(fact.note, 6)
    page.say(f"subtype: {subject.subtype}; next line: {subject.line or 'not known'}", 2)
    for line in plan.lines:
        apart = "on unknown days" if line.setting == "metastatic" else "before it had spread"
        name = f"line {line.number}" if line.number else apart
        until = "now" if line.ongoing else "perhaps now" if line.ongoing is None else line.end or ""
        when = " to ".join(part for part in (line.start or "", until) if part)
        months = f", {_months(line.months)}" if line.months is not None else ""
        ended = f", stopped for {line.stopped_for}" if line.stopped_for else ""
        beside = " + " if line.number or line.setting != "metastatic" else ", "  # nobody knows which were given together
        page.say(f"{name}: {beside.join(line.drugs)}{f' ({when}{months})' if when else months}{ended}", 2)
        if line.contested:
            page.say(f"contested: {line.contested}", 6)
    for text in plan.notes:
        page.say(text, 2, "! ")
    if plan.assumed:
        page.say("Not recorded, so assumed:", 2)
        for text in plan.assumed:
            page.say(text, 6, "- ")


def _months(count: float) -> str:
    return f"{count:g} month{'' if count == 1 else 's'}"


def _urgent(plan: Plan, page: Page) -> None:
    if not plan.urgent:
        return
    page.heading("Urgent")
    for one in plan.urgent:
        page.say(f"{ACT[one.act]}: {one.title}", 2)
        page.say(one.plain, 6)
        page.say(f"because: {one.because}", 6)


def _going_on(plan: Plan, page: Page) -> None:
    if not plan.interrupted:
        return
    page.heading("What you take now")
    for one in plan.going_on:
        page.say(one.words, 2)
        for rule in one.rules:
            page.say(rule.plain or rule.text, 6)
            page.say(f"because: {rule.because}", 6)
        alerts = plan.knowledge.content.alerts
        for name in one.alarms:
            page.say(f"first: {alerts[name].title}", 6)


def _tests(plan: Plan, page: Page) -> None:
    if not plan.tests:
        return
    page.heading("Tests to ask for")
    titles = {name: one.title for name, one in plan.knowledge.treatments.items()}
    for test in plan.tests:
        page.say(test.title, 2)
        if test.unlocks:
            page.say(f"could open: {_few([titles.get(name, name) for name in test.unlocks])}", 6)
        if test.before:
            page.say(f"before the start of: {_few([titles.get(name, name) for name in test.before])}", 6)


def _few(names: list[str], most: int = 4, between: str = ", ") -> str:
    return between.join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _options(plan: Plan, page: Page) -> None:
    everything = plan.offered
    for kind, title in KINDS.items():
        offered = [option for option in everything if option.kind == kind]
        if not offered:
            continue
        page.heading(f"{title}: what fits")
        for option in offered:
            _option(option, plan, page)
    waiting = plan.with_status("depends")
    if waiting:
        page.heading("Depends on what is still unknown")
        most = [f"{what} ({len(names)} options)" for what, names in plan.unsettled if len(names) > 2][:5]
        if most:
            page.say(f"Most of all on: {'; '.join(most)}.", 2)
        for option in waiting:
            page.say(page.bold(option.title), 2)
            page.say(option.reason, 6)


def _option(option: Option, plan: Plan, page: Page) -> None:
    mark = "★ " if option.status == "preferred" else "• "
    declined = " (the person does not want this)" if option.declined else ""
    page.say(f"{page.bold(option.title)}{declined}", 4, mark)
    if option.plain:
        page.say(option.plain, 6)
    page.say(option.reason, 6)
    standing = standing_here(option, plan)
    if standing:
        page.say(f"{option.region}: {_few([_said(one) for one in standing], 3, '; ')}", 6)
    holding = cautions_for_me(option.cautions)
    for caution in holding[:6]:
        page.say(f"{_severity(caution)} {caution.drug}: {caution.plain or caution.text}{_doubt(caution.review)}", 6, "! ")
    if len(holding) > 6:
        page.say(f"and {len(holding) - 6} more to know: `linewise why` tells them all for {option.id}.", 6)
    if option.taken:
        page.say(f"how it is given: {'; '.join(option.taken)}", 6)
    checks = sorted({check for caution in option.cautions if caution.applies is None for check in caution.check})
    if checks:
        page.say(f"check first: {', '.join(checks)}", 6)
    if option.evidence:
        best = next((one for one in option.evidence if one.people is not False), option.evidence[0])
        others = f" (other people: {best.differs})" if best.people is False else ""
        page.say(f"trial: {best.trial}{others}: {best.result}", 6)


def _said(one: Standing) -> str:
    """`NICE recommended since 2025-02`."""
    strength = f" ({one.strength})" if one.strength else ""
    return f"{one.body} {one.statement.removesuffix('.')}{strength} since {one.since}{_doubt(one.review)}"


def _doubt(review: str | None) -> str:
    """Said behind every statement that could not be confirmed."""
    return f" [{UNCONFIRMED}]" if review else ""


def _severity(caution: Caution) -> str:
    return f"{SEVERITY[caution.severity].lower()}:"


def _trials(plan: Plan, page: Page) -> None:
    from linewise.trials.ask import depends, places, to_ask

    trials = to_ask(plan)
    if not trials.shown:
        return
    page.heading("Trials to ask about")
    for one in trials.shown:
        page.say(f"{one.title}{f' ({one.phase})' if one.phase else ''}, {places(one)}: {one.id}", 2)
        page.say(one.ask, 6)
        page.say(depends(one), 6)
    if trials.more:
        page.say(f"and {trials.more} more: `linewise trials` shows each, and why others do not fit.", 2)
    page.say(trials.note, 2)


def _rest(plan: Plan, page: Page, everything: bool) -> None:
    unsuitable = plan.with_status("unsuitable")
    if unsuitable:
        page.heading("Would fit, but something speaks against it")
        for option in unsuitable:
            page.say(page.bold(option.title), 2)
            page.say(option.reason, 6)
    if plan.unwanted:
        page.heading("Would fit, but is not wanted")
        for option in plan.unwanted:
            page.say(page.bold(option.title), 2)
            page.say(option.plain or option.reason, 6)
    count = sum(one.status == "not-indicated" for one in plan.judged.values()) - len(plan.unwanted)
    if not count:
        return
    page.heading("Does not fit")
    if everything:
        for option in plan.with_status("not-indicated"):
            page.say(f"{option.title}. {option.reason}", 2)
    else:
        page.say(f"{count} more options do not fit this record. `--all` lists them, `linewise why` explains each.", 2)


def _now(plan: Plan, page: Page) -> None:
    holding = cautions_for_me(plan.cautions)
    if holding:
        page.heading("About what is taken now")
        for caution in holding:
            page.say(f"{caution.drug}: {caution.plain or caution.text}{_doubt(caution.review)}", 4, "! ")


def _unread(plan: Plan, page: Page) -> None:
    if not plan.unread:
        return
    page.heading("Not understood in the record")
    for one in plan.unread[:12]:
        page.say(f"{one['where']}: {one['what']} ({one['why']})", 2)
    if len(plan.unread) > 12:
        page.say(f"and {len(plan.unread) - 12} more: `--format json` lists them all.", 2)


def _sources(plan: Plan, page: Page) -> None:
    used: dict[str, None] = {}
    offered = plan.offered
    for option in offered:
        used.update(dict.fromkeys(one.source for one in standing_here(option, plan)))
        used.update(dict.fromkeys(one.source for one in option.evidence))
    used.update(dict.fromkeys(source for one in plan.urgent for source in one.sources))
    used.update(dict.fromkeys(source for test in plan.tests for source in test.sources))
    sources = plan.sources_of(offered)
    shown = [(name, sources[name]) for name in used if name in sources]
    if not shown:
        return
    page.heading("Sources")
    for _, source in shown[:24]:
        date = f", {source['date']}" if source["date"] else ""
        page.say(f"{source['publisher']}: {source['title']}{date}. {source['url'] or ''}".strip(), 4, "- ")
    if len(shown) > 24:
        page.say(f"and {len(shown) - 24} more: `--format json` or `--format html` lists them all.", 4)


def why_page(option: Option, plan: Plan, changes: str, page: Page | None = None) -> str:
    """The full reason of one option, and what would have to be different."""
    page = page or Page()
    page.heading(f"{option.title}: {STATUS[option.status].lower()}")
    page.say(f"As of {plan.as_of}, region: {plan.region or option.region}.")
    page.say(option.reason)
    page.gap()
    _tree(option.because, page, 0)
    if changes:
        page.heading("What would have to be different")
        page.say(changes)
    if option.cautions:
        page.heading("Cautions")
        for caution in option.cautions:
            applies = {True: "", False: " (does not hold here)", None: " (not known whether it holds)"}[caution.applies]
            page.say(f"{_severity(caution)} {caution.drug}, {caution.id}{applies}: {caution.text}", 4, "! ")
    doses = taken(plan.knowledge.treatments[option.id], plan.knowledge, team=True)
    if doses:
        page.heading("How it is given (doses are for those who prescribe)")
        for line in doses:
            page.say(line, 4, "- ")
    page.heading("Who says so")
    sources = plan.sources_of([option])
    for one in option.standing:
        now = "in force" if one.in_force else "not in force"
        until = f" until {one.until}" if one.until else ""
        review = _doubt(one.review)
        strength = f" ({one.strength})" if one.strength else ""
        page.say(
            f"{one.region} {one.body}: {one.statement.removesuffix('.')}{strength} since {one.since}{until}; {now}{review}",
            4,
            "- ",
        )
        source = sources.get(one.source)
        if source:
            place = f", {one.at}" if one.at else ""
            page.say(f"{source['title']}{place}. {source['url'] or ''}".strip(), 6)
    for found in option.evidence:
        page.heading(f"Trial: {found.trial}")
        page.say(f"{found.population}. {found.result}. {found.whose}".strip())
    return page.text()


def _tree(node: Because, page: Page, depth: int) -> None:
    indent = 2 * depth + 4
    mark = {True: "✓ ", False: "✗ ", None: "? "}[node.value]
    if node.not_ and len(node.not_) == 1 and not node.not_[0].parts:
        node = node.not_[0]  # its words say what is the case; the mark is that of the denial
    words = node.plain or node.text
    extra = f" [{node.text}]" if node.plain and node.plain != node.text and node.about else ""
    assumed = " (assumed: not recorded)" if node.assumed else ""
    page.say(f"{words}{extra}{assumed}", indent, mark)
    if node.note:
        page.say(node.note, indent + 2)
    for source in node.from_[:4]:
        page.say(f"from {source}", indent + 2)
    for part in node.parts:
        _tree(part, page, depth + 1)


def markdown(text: str, page: Page) -> None:
    """A page for people in the terminal: headings, lists and paragraphs; marks of emphasis and footnotes are left out."""
    for block in re.split(r"\n{2,}", text.strip()):
        plain = re.sub(r"\[\^[^\]]+\]|\*\*|__|`", "", block)
        plain = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", plain)
        if plain.startswith("#"):
            page.gap()
            page.say(page.bold(plain.lstrip("# ")))
            continue
        for item in re.split(r"\n(?=[-*] |\d+\. )", plain):
            listed = re.match(r"([-*]|\d+\.) +", item)
            body = " ".join(item[listed.end() :].split() if listed else item.split())
            page.say(body, 4 if listed else 0, "- " if listed else "")
        page.gap()
