"""Whose options changed, and by what: between two days of one knowledge, or between two releases of it on one day.

The record stands still: the same facts are asked both times. What is different for a person is traced to the part of the decision that turned
(criteria, who says so, what forbids it), and of what is said, to the statements that began or ended for just this person.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from linewise.columns.decide import Matrix
from linewise.columns.events import Events
from linewise.knowledge import Knowledge
from linewise.knowledge.model import Region, Statement, Treatment
from linewise.logic import Node, walk
from linewise.logic.columns import AS_OF
from linewise.plan.options import statement_text

from .kept import Kept, Parts, Tables
from .report.cells import LEAST
from .report.page import Report
from .report.svg import two_sided
from .reports import OBSERVED, based_on, where
from .testing import offered

_SHOWN = 25
_COUNTS = ("gained", "lost", "named first", "no longer named first")
_NO_SOURCE = ("", "", "", "")
_SCHEMA = {
    "option": pl.String, "what": pl.String, "statement": pl.String, "since or until": pl.String, "source": pl.String, "published": pl.String,
    "address": pl.String, **dict.fromkeys(_COUNTS, pl.Int64),
}  # fmt: skip


@dataclass(frozen=True)
class Side:
    """One of the two states that are compared."""

    knowledge: Knowledge
    day: dt.date
    name: str


def impact(
    parts: Parts, before: Side, after: Side, read_on: dt.date, region: Region | None, least: int = LEAST, kept: Kept | None = None
) -> Report:
    """Whose options changed from one state of the knowledge to another, each record read as of `read_on`, and by which statement."""
    report = Report(f"What changed from {before.name} to {after.name}", least, basis=based_on(after.knowledge))
    found = list((kept or Kept()).each(parts, lambda _, events: _compared(events, before, after, read_on, region)))
    size = pl.concat(one["size"] for one in found).sum()
    said = {name: report.number(size[name].item()) for name in size.columns}
    report.lead(
        f"{said['people']} people, {where(region)}; each record as of {read_on.isoformat()}. {said['gained']} gained at least one option, "
        f"{said['lost']} lost at least one."
    )
    report.cannot_say(
        *OBSERVED,
        "The record stands still: the same people, as they are on the day given, under two states of the medicine. It does not say who was treated "
        "differently.",
        "An approval is no access: whether it is paid for, and on sale, is not known here.",
    )
    if report.too_few(size["people"].item()):
        return report
    counts = pl.concat(one["counts"] for one in found).group_by("option").agg(pl.col(*_COUNTS).sum())
    _options(report, counts, before, after)
    _reasons(report, pl.concat(one["reasons"] for one in found), after, before)
    return report


def _options(report: Report, counts: pl.DataFrame, before: Side, after: Side) -> None:
    titles = {one.id: one.title for side in (before, after) for one in side.knowledge.treatments.values()}
    table = counts.filter(pl.any_horizontal(pl.col(name) > 0 for name in _COUNTS)).select(
        pl.col("option").replace_strict(titles, return_dtype=pl.String).alias("title"), "option", *_COUNTS
    )
    table = table.sort(pl.col("gained") + pl.col("lost"), "option", descending=[True, False])
    report.heading("Options gained and lost")
    if not table.height:
        report.say("Nobody's options changed.")
    shown = report.cells.table(table, _COUNTS)
    rows = [
        (
            str(row["title"]),
            float(row["lost"] or 0),
            report.cells.text(row["lost"]),
            float(row["gained"] or 0),
            report.cells.text(row["gained"]),
        )
        for row in shown.head(_SHOWN).iter_rows(named=True)
        if row["lost"] != 0 or row["gained"] != 0
    ]
    if rows:
        report.picture(
            "impact",
            two_sided("People who gained and who lost each option", rows, "lost", "gained"),
            "The options that changed for most people.",
        )
    report.note("Named first: a guideline now prefers it for this situation; it was offered before as well.")
    report.place("impact", shown, _COUNTS, caption="Options by how many people gained or lost them", show=100, folded=True)


def _reasons(report: Report, table: pl.DataFrame, after: Side, before: Side) -> None:
    """By which statement: what turned, with its source, and for how many."""
    report.heading("By which statement")
    report.say(
        "What was said anew, or no longer, for these people: each statement with the day from which or to which it holds, and its source. One person's "
        "option can have changed by several statements at once. What changed nobody's options here is left out; linewise knowledge diff lists all."
    )
    table = table.group_by([name for name in _SCHEMA if name not in _COUNTS]).agg(pl.col(*_COUNTS).sum())
    titles = {one.id: one.title for side in (before, after) for one in side.knowledge.treatments.values()}
    table = table.with_columns(pl.col("option").replace_strict(titles, return_dtype=pl.String))
    table = table.sort(pl.sum_horizontal(*_COUNTS), "option", "statement", descending=[True, False, False])
    table = table.select("option", *_COUNTS, "what", "statement", "since or until", "source", "published", "address")
    report.table("statements", table, _COUNTS, show=150, links={"source": "address"}, caption="What changed, by statement")


# One part


def _compared(events: Events, before: Side, after: Side, read_on: dt.date, region: Region | None) -> Tables:
    """Of one part: for each option who gained and who lost it, and for each thing that changed, for how many it turned the answer."""
    one = _State(events, before, read_on, region)
    two = one if after.knowledge is before.knowledge else _State(events, after, read_on, region)
    old, new = one.status(before.day), two.status(after.day)
    gained_any, lost_any = np.zeros(len(events), bool), np.zeros(len(events), bool)
    changed: dict[str, Sequence[Any]] = {}
    for name in dict.fromkeys([*before.knowledge.treatments, *after.knowledge.treatments]):
        was, now = _offered(old, name, len(events)), _offered(new, name, len(events))
        gained, lost = now & ~was, was & ~now
        up, down = _first(new, name) & was & ~_first(old, name), _first(old, name) & now & ~_first(new, name)
        figures = (gained, lost, up, down)
        if any(figure.any() for figure in figures):
            changed[name] = figures
            gained_any, lost_any = gained_any | gained, lost_any | lost
    then, today = one.parts(changed, before.day), two.parts(changed, after.day)
    reasons: list[dict[str, Any]] = []
    for name, turned in changed.items():
        reasons += _because(name, one, two, before, after, turned, (then.get(name, {}), today.get(name, {})))
    counts = [{"option": name} | _sums(turned) for name, turned in changed.items()]
    size = {"people": len(events), "gained": int(gained_any.sum()), "lost": int(lost_any.sum())}
    return {
        "size": pl.DataFrame({name: [value] for name, value in size.items()}),
        "counts": pl.DataFrame(counts, schema={"option": pl.String} | dict.fromkeys(_COUNTS, pl.Int64)),
        "reasons": pl.DataFrame(reasons, schema=_SCHEMA),
    }


def _offered(status: pl.DataFrame, name: str, size: int) -> Any:
    return offered(status[name]).to_numpy() if name in status.columns else np.zeros(size, bool)


def _first(status: pl.DataFrame, name: str) -> Any:
    return (status[name].cast(pl.String) == "preferred").to_numpy() if name in status.columns else np.zeros(1, bool)


def _sums(figures: Sequence[Any]) -> dict[str, int]:
    return {name: int(figure.sum()) for name, figure in zip(_COUNTS, figures, strict=True)}


class _State:
    """Everybody's facts as of one day, under one knowledge; decided for any day."""

    def __init__(self, events: Events, side: Side, read_on: dt.date, region: Region | None) -> None:
        self.knowledge, self.region, self.size = side.knowledge, region, len(events)
        self.matrix = Matrix(side.knowledge, None, region)
        own = events.at(
            pl.DataFrame(
                {"patient": range(len(events)), "as_of": [read_on] * len(events)}, schema={"patient": pl.UInt32, "as_of": pl.Date}
            )
        )
        self.table = self.matrix.table(own).collect()
        self.own_region = events.patients["region"].to_numpy()

    def on(self, day: dt.date) -> pl.DataFrame:
        """The same facts and criteria, asked for a day: only what is in force moves with it."""
        return self.table.with_columns(pl.lit(day).alias(AS_OF))

    def status(self, day: dt.date) -> pl.DataFrame:
        return self.matrix.status(self.on(day).lazy()).collect()

    def parts(self, names: Iterable[str], day: dt.date) -> dict[str, dict[str, Any]]:
        """Of options whether each fits, stands and is forbidden, in the region of each person; where none is asked for, in any that may count."""
        asked = [name for name in names if name in self.knowledge.treatments]
        found: dict[str, dict[str, Any]] = {name: {} for name in asked}
        for place in (self.region,) if self.region else self.knowledge.regions:
            part = self.matrix.parts(self.on(day).lazy(), place, asked).collect() if asked else pl.DataFrame()
            here = self._counts_in(place)
            for name, key in itertools.product(asked, ("fits", "stands", "forbidden")):
                holds = part[f"{name}|{key}"].fill_null(False).to_numpy() & (here if key == "stands" else True)
                found[name][key] = found[name][key] | holds if key in found[name] else holds
        return found

    def _counts_in(self, place: Region) -> Any:
        if self.region is not None:
            return np.ones(self.size, bool)
        return np.array([one is None or one == place for one in self.own_region], dtype=bool)

    def in_force(self, one: Statement, day: dt.date) -> Any:
        """For whom a statement holds on a day."""
        if not one.in_force(day) or not (self.region is None or one.holds_in(self.region)):
            return np.zeros(self.size, bool)
        places = list(one.where)
        here = np.logical_or.reduce([self._counts_in(place) for place in places])
        return here if one.fits is None else here & self.holds(one.fits)

    def holds(self, node: Node) -> Any:
        """For whom a criterion of the knowledge holds, as things stand."""
        return self.table[self.matrix.column_of(node)].fill_null(False).to_numpy()


# By what


Source = tuple[str, str, str, str]
"""Since or until when, title with publisher, date of publication, address."""

Holding = Mapping[str, Any]
"""Of one option for whom it `fits`, `stands` and is `forbidden`."""


def _because(
    name: str, one: _State, two: _State, before: Side, after: Side, figures: Sequence[Any], parts: tuple[Holding, Holding]
) -> Iterator[dict[str, Any]]:
    """What turned the answer about one option, and for how many. `parts`: for whom it fitted, stood and was forbidden, before and after."""
    old, new = before.knowledge.treatments.get(name), after.knowledge.treatments.get(name)
    if old is None or new is None:
        there, side = (new, after) if old is None else (old, before)
        assert there is not None
        said = [_said(each, side) for each in there.standing if _counts(each, two.region)]
        text = "; ".join(f"{words}, {source[0]}" for words, source in said) or there.title
        yield _row(name, f"option {'added' if old is None else 'removed'}", text, said[0][1] if said else _NO_SOURCE, figures)
        return
    left = list(figures)
    for what, text, source, speaks in _turned(old, new, one, two, before, after, *parts):
        mine = [figure & for_it for figure, for_it in zip(figures, speaks, strict=True)]
        if any(figure.any() for figure in mine):
            left = [rest & ~figure for rest, figure in zip(left, mine, strict=True)]
            yield _row(name, what, text, source, mine)
    if any(rest.any() for rest in left):
        yield _row(name, "what the criteria rest on", _redefined(new, before.knowledge, after.knowledge), _NO_SOURCE, left)


def _turned(
    old: Treatment, new: Treatment, one: _State, two: _State, before: Side, after: Side, was: Holding, now: Holding
) -> Iterator[tuple[str, str, Source, tuple[Any, Any, Any, Any]]]:
    """Everything that is different about an option, with for whom it speaks for each of the four changes."""
    nobody = np.zeros(one.size, bool)
    if old.fits != new.fits:
        text = f"criteria: {old.fits.text} became: {new.fits.text}"
        yield (
            "criteria",
            text,
            _source(new.source, after),
            (now["fits"] & ~was["fits"], was["fits"] & ~now["fits"], nobody, nobody),
        )
    for statement in dict.fromkeys([*old.standing, *new.standing]):
        began = two.in_force(statement, after.day) if statement in new.standing else nobody
        held = one.in_force(statement, before.day) if statement in old.standing else nobody
        starts, ends = began & ~held, held & ~began
        if not starts.any() and not ends.any():
            continue
        text, source = _said(statement, after if statement in new.standing else before)
        decides, blocks = statement.decides_in(one.region), statement.blocks_in(None)
        for_it, against = (starts, ends) if decides else (ends, starts) if blocks else (nobody, nobody)
        first = decides and statement.names_first
        speaks = (for_it & ~was["stands"], against & was["stands"], starts if first else nobody, ends if first else nobody)
        yield _what(statement, old, new, bool(starts.any())), text, source, speaks
    for caution, there in _cautions(old, new, before, after):
        state, side = (two, after) if there else (one, before)
        holds = np.ones(one.size, bool) if caution.when is None else state.holds(caution.when)
        speaks = (nobody, holds, nobody, nobody) if there else (holds & was["forbidden"], nobody, nobody, nobody)
        yield f"contraindication {'added' if there else 'removed'}", caution.text.strip(), _source(caution.source, side), speaks


def _redefined(option: Treatment, old: Knowledge, new: Knowledge) -> str:
    """Which derived facts, among those that the criteria of an option rest on, mean something else now."""
    waiting = [option.fits, *(one.fits for one in option.standing if one.fits is not None)]
    seen: set[str] = set()
    while waiting:
        for node in walk(waiting.pop()):
            fact = getattr(node, "fact", None)
            if isinstance(fact, str) and fact in new.vocabulary.derived and fact not in seen:
                seen.add(fact)
                waiting.extend(new.vocabulary.derived[fact].nodes)
    changed = [name for name in sorted(seen) if old.vocabulary.derived.get(name) != new.vocabulary.derived[name]]
    if not changed:
        return "something that its criteria rest on is read in another way"
    return f"another meaning of: {'; '.join(new.facts[name].label for name in changed)}"


def _counts(one: Statement, region: Region | None) -> bool:
    return one.decides_in(region) or one.blocks_in(region)


def _what(one: Statement, old: Treatment, new: Treatment, starts: bool) -> str:
    if one in old.standing and one in new.standing:
        return "began" if starts else "ended"
    return "statement added" if one in new.standing else "statement removed"


def _said(one: Statement, side: Side) -> tuple[str, Source]:
    """A statement in words; since and until when it holds, and its source."""
    when = f"since {one.since.text}" + (f" until {one.until.text}" if one.until else "")
    head, _, tail = statement_text(one).partition(":")
    return f"{head} ({'/'.join(one.region)}):{tail.rsplit(', since', 1)[0]}", (when, *_source(one.source, side)[1:])


def _source(ids: Sequence[str], side: Side) -> Source:
    """The first source of a statement."""
    found = next((side.knowledge.sources[name] for name in ids if name in side.knowledge.sources), None)
    if found is None:
        return _NO_SOURCE
    return "", f"{found.title} ({found.publisher})", found.date.text if found.date else "", found.url or ""


def _cautions(old: Treatment, new: Treatment, before: Side, after: Side) -> Iterable[tuple[Any, bool]]:
    """The contraindications that only one of two releases has, each with whether it is the later one."""
    had = dict.fromkeys([*old.avoid, *(c for drug in (*old.drugs, *old.classes) for c in before.knowledge.avoid(drug))])
    has = dict.fromkeys([*new.avoid, *(c for drug in (*new.drugs, *new.classes) for c in after.knowledge.avoid(drug))])
    yield from ((one, True) for one in has if one not in had)
    yield from ((one, False) for one in had if one not in has)


def _row(name: str, what: str, text: str, source: Source, figures: Sequence[Any]) -> dict[str, Any]:
    when, title, published, address = source
    said = {"option": name, "what": what, "statement": text, "since or until": when, "source": title, "published": published}
    return {**said, "address": address, **_sums(figures)}
