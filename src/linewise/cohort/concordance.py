"""What was given, and what fitted: for every line, what the plan would have said of its regimen on the day it began, in the region.

A line is judged by the agents that it began with, on the record as it stood that day, without what was begun on it. Of several options that
consist of just these drugs the one that comes closest counts. Why one did not fit is told part by part.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from linewise.columns.criteria import lowered
from linewise.columns.decide import Matrix
from linewise.columns.events import Events
from linewise.knowledge import Knowledge
from linewise.knowledge.model import Alert, Caution, Conduct, Region, Statement, Treatment
from linewise.logic import Node
from linewise.logic.columns import evaluate
from linewise.plan.conduct import BEGINNING, BLOCKING, GOING_ON, SOON, holding, taken_now
from linewise.plan.judge import CURRENT
from linewise.plan.options import statement_text
from linewise.record.parameters import STANDARD

from .report.wording import Wording, conjuncts

WHY = (
    "fitted",
    "not known",
    "contraindicated",
    "not available then",
    "given anyway",
    "not an option here",
    "spread not on record yet",
)
"""What can be said of a line, the better first: the plan offered it; it hung on something that is not on record; something forbade it; nobody
had approved or recommended it there by then; its criteria failed; the knowledge has no option of just these drugs; the record did not yet
say that the cancer had spread (or is of a child)."""

FITTED, UNKNOWN, FORBIDDEN, UNAVAILABLE, ANYWAY, NO_OPTION, NO_SCOPE = range(len(WHY))
_LAST = 4.5
_EPOCH = dt.date(1970, 1, 1)
_CYCLE = dt.timedelta(days=STANDARD.window)
"""Agents begun within one usual cycle of the first are the regimen that a line began with, as in the grouping of lines."""


def begun_with(events: Events, lines: pl.DataFrame) -> pl.Series:
    """The drugs that each line began with, within one usual cycle, of those that belong to it; all of them where no day tells."""
    rows = lines.select("patient", "start", "drugs").with_row_index("row").explode("drugs").rename({"drugs": "drug"})
    given = events.administrations.filter(~pl.col("planned").fill_null(False)).select(
        "patient", "drug", pl.col("start").alias("given"), pl.col("end").alias("until")
    )
    window = pl.col("start") + _CYCLE
    early = rows.join(given, on=["patient", "drug"], how="inner").filter(
        (pl.col("given").is_null() | (pl.col("given") <= window))
        & (pl.col("until").is_null() | (pl.col("until") >= pl.col("start")))
    )
    # A drug of an earlier line counts only where it was still being given: ended before, it has come back later in this one.
    first = early.select("row", "drug").unique().sort("row", "drug").group_by("row", maintain_order=True).agg(pl.col("drug"))
    joined = lines.with_row_index("row").join(first, on="row", how="left", maintain_order="left")
    return joined.select(pl.coalesce("drug", "drugs").list.sort().alias("begun")).to_series()


def matching(drugs: frozenset[str], knowledge: Knowledge) -> list[str]:
    """The options that consist of just these drugs: the fixed ones, and a choice of each partner; what joins a line does not count."""
    counted = frozenset(
        drug
        for drug in drugs
        if not any(knowledge.classes[c].joins_line for c in knowledge.classes_of(drug) if c in knowledge.classes)
    )
    named = (one for one in knowledge.treatments.values() if (one.drugs or one.partners) and CURRENT not in one.drugs)
    return [option.id for option in named if counted and _consists(option, counted, knowledge)]


def _consists(option: Treatment, drugs: frozenset[str], knowledge: Knowledge) -> bool:
    rest = drugs - frozenset(option.drugs)
    if len(drugs) - len(rest) != len(set(option.drugs)):
        return False
    return _chosen(option, rest, knowledge)


def _chosen(option: Treatment, rest: frozenset[str], knowledge: Knowledge, number: int = 0) -> bool:
    """Whether the rest is one drug for each partner that is to be chosen, in any order."""
    if number == len(option.partners):
        return not rest
    partner = option.partners[number]
    fitting = [drug for drug in rest if (drug in partner.one_of if partner.one_of else knowledge.is_a(drug, partner.class_))]
    return any(_chosen(option, rest - {drug}, knowledge, number + 1) for drug in fitting)


def asked_at(events: Events, lines: pl.DataFrame) -> Events:
    """Everybody on the first day of each line, as the record stood then: without what was begun on that day."""
    whole = events.at(lines.select("patient", pl.col("start").alias("as_of")))
    days = pl.Series("day", whole.patients["as_of"])

    def earlier(table: pl.DataFrame) -> pl.DataFrame:
        own = days.gather(table["patient"].cast(pl.Int64))
        return table.filter(table["start"].is_null() | (table["start"] < own))

    return replace(whole, administrations=earlier(whole.administrations), courses=earlier(whole.courses))


@dataclass(frozen=True)
class Judged:
    """Lines with what is said of each (`why`, a place in WHY; `option`), and why one did not fit: a row a reason (`row` of the line, `reason`)."""

    lines: pl.DataFrame
    reasons: pl.DataFrame


def concordance(events: Events, lines: pl.DataFrame, knowledge: Knowledge, region: Region | None) -> Judged:
    """Every line judged on its first day. `lines` needs `patient`, `start`, `drugs`.

    Without a region, everybody's own; of whom it is not recorded, the region that comes closest.
    """
    begun = begun_with(events, lines)
    sets = {tuple(drugs): matching(frozenset(drugs), knowledge) for drugs in begun.unique().to_list()}
    wanted = begun.map_elements(lambda drugs: " + ".join(drugs), return_dtype=pl.String)
    judge = _Judge(asked_at(events, lines), knowledge, sorted({name for found in sets.values() for name in found}))
    regimens, places = wanted.to_numpy(), [region] if region else knowledge.regions
    judge.ask(node for name in judge.names for place in places for node in judge.parts_of(knowledge.treatments[name], place))
    for drugs, names in sets.items():
        rows = np.flatnonzero(regimens == " + ".join(drugs))
        for name in names:
            for place in places:
                judge.look(knowledge.treatments[name], place, rows, own=region is None)
    return judge.told(lines.with_columns(wanted.alias("begun with")))


class _Judge:
    """The best that was found for each line so far."""

    def __init__(self, asked: Events, knowledge: Knowledge, names: Sequence[str]) -> None:
        self.knowledge, self.names, self.wording = knowledge, names, Wording(knowledge)
        matrix = Matrix(knowledge, None, None, options=names)
        self.state = matrix.table(asked).collect()
        self.scope = self.state.select(matrix.in_scope().fill_null(False)).to_series().to_numpy()
        self.facts = self.state.select(name for name in self.state.columns if not name.startswith("§"))
        self.answers: dict[Node, pl.Series] = {}
        self.days = asked.days(None).astype(np.int64)
        self.region = asked.patients["region"].to_numpy()
        self.status: dict[Region, pl.DataFrame] = {}
        size = len(asked)
        self.rank, self.why = np.full(size, float(NO_OPTION)), np.full(size, NO_OPTION)
        self.option: Any = np.full(size, None, dtype=object)
        self.place: Any = np.full(size, None, dtype=object)

    def look(self, option: Treatment, region: Region, rows: Any, own: bool) -> None:
        """Judge an option for some lines, and keep it where it comes closer than what was found."""
        if own:  # who has a region of their own is asked about that one alone
            mine = self.region[rows]
            rows = rows[np.array([one is None or one == region for one in mine], dtype=bool)]
        if not len(rows):
            return
        part = self._parts(option, region, rows)
        absent = ~part.in_force | part.blocked
        why = np.where(absent, UNAVAILABLE, ANYWAY)
        # What only the approval was missing for comes before what failed on its criteria; what both were missing for comes last.
        rank = np.where(absent & (part.failing > 0), _LAST, why) + part.failing / 1000
        for status, place in (("unsuitable", FORBIDDEN), ("depends", UNKNOWN), ("preferred", FITTED), ("suitable", FITTED)):
            why[part.status == status] = rank[part.status == status] = place
        closer = rank < self.rank[rows]
        self.rank[rows[closer]], self.why[rows[closer]] = rank[closer], why[closer]
        self.option[rows[closer]] = option.id
        self.place[rows[closer]] = region

    def _parts(self, option: Treatment, region: Region, rows: Any) -> _Parts:
        if region not in self.status:
            matrix = Matrix(self.knowledge, None, region, options=self.names)
            self.status[region] = matrix.status(self.state.lazy()).collect()
        status = self.status[region][option.id].gather(rows).cast(pl.String).to_numpy()
        deciding, blocking = _here(option, region)
        found = self._values(self.parts_of(option, region), rows)
        parts = conjuncts(option.fits, self.knowledge)
        failing = sum((found[node] == False).fill_null(False).to_numpy().astype(int) for node in parts)  # noqa: E712
        days = self.days[rows]
        in_force = _any(_in_force(one, days) for one in deciding) if deciding else np.zeros(len(rows), bool)
        blocked = np.zeros(len(rows), bool)
        for one in blocking:
            holds = np.ones(len(rows), bool) if one.fits is None else found[one.fits].fill_null(False).to_numpy()
            blocked |= _in_force(one, days) & holds
        return _Parts(status, in_force, blocked, failing)

    def parts_of(self, option: Treatment, region: Region) -> list[Node]:
        """The criteria that say how close a line came to an option."""
        _, blocking = _here(option, region)
        return [*conjuncts(option.fits, self.knowledge), *(one.fits for one in blocking if one.fits is not None)]

    def ask(self, nodes: Iterable[Node]) -> None:
        """Decide criteria for every line, all at once: to begin deciding costs more than to decide."""
        unique = [node for node in dict.fromkeys(nodes) if node not in self.answers]
        if unique:
            criteria = lowered({f"§{number}": node for number, node in enumerate(unique)}, self.knowledge)
            table = evaluate(self.facts, criteria.nodes, criteria.vocabulary).select(list(criteria.nodes)).collect()
            self.answers |= {node: table[f"§{number}"] for number, node in enumerate(unique)}

    def _values(self, nodes: Iterable[Node], rows: Any) -> dict[Node, pl.Series]:
        """Of some lines, whether criteria hold that were asked."""
        return {node: self.answers[node].gather(rows) for node in dict.fromkeys(nodes)}

    # What is told

    def told(self, lines: pl.DataFrame) -> Judged:
        """Everything that was found, with the reasons where a line did not fit."""
        why = np.where(self.scope, self.why, NO_SCOPE)
        said = lines.with_columns(
            pl.Series("why", why, dtype=pl.UInt8), pl.Series("option", self.option.tolist(), dtype=pl.String),
            pl.Series("where", self.place.tolist(), dtype=pl.String),
        )  # fmt: skip
        cases = said.with_row_index("row").filter((pl.col("why") >= UNKNOWN) & (pl.col("why") <= ANYWAY))
        found = [pl.DataFrame(schema={"row": pl.UInt32, "reason": pl.String})]
        closest = [
            (_Reasons(self.knowledge, self.knowledge.treatments[str(name)], place), part["row"].sort().to_numpy())
            for (name, place), part in sorted(cases.group_by("option", "where"), key=lambda item: str(item[0]))
        ]
        self.ask(node for asked, _ in closest for node in asked.nodes())
        for asked, rows in closest:
            found += self._reasons(asked, rows, why[rows])
        return Judged(said, pl.concat(found).unique(maintain_order=True).sort("row", maintain_order=True))

    def _reasons(self, asked: _Reasons, rows: Any, why: Any) -> list[pl.DataFrame]:
        """The reasons of the lines that one option was the closest for."""
        option, region, parts = asked.option, asked.region, asked.parts
        values, days, found = self._values(asked.nodes(), rows), self.days[rows], []

        def add(where: Any, text: str) -> None:
            if where.any():
                found.append(pl.DataFrame({"row": rows[where].astype(np.uint32), "reason": [text] * int(where.sum())}))

        def holds(node: Node | None) -> tuple[Any, Any]:
            """Whether it holds, whether that is known."""
            if node is None:
                return np.ones(len(rows), bool), np.ones(len(rows), bool)
            return values[node].fill_null(False).to_numpy(), values[node].is_not_null().to_numpy()

        for node in parts:
            yes, known = holds(node)
            add((why == UNKNOWN) & ~known, f"not on record, whether: {self.wording.of(node)}")
            add((why == ANYWAY) & ~yes & known, f"asks for: {self.wording.of(node)}")
        for caution in asked.forbidding:
            yes, known = holds(caution.when)
            add((why == FORBIDDEN) & yes, caution.text.strip())
            add(
                (why == UNKNOWN) & ~known & (caution.unknown == "depends"),
                f"not on record, what would forbid it: {caution.text.strip()}",
            )
        for drug, rule in asked.rules:
            (yes, known), (taken, sure) = holds(rule.when), holds(taken_now(drug))
            due = _any([(taken | ~sure) & bool(GOING_ON & set(rule.do)), ~taken & bool(BEGINNING & set(rule.do))])
            add((why == FORBIDDEN) & due & yes, rule.text.strip())
            missing = due & ~known & (rule.unknown == "depends")
            add((why == UNKNOWN) & missing, f"not on record, what would forbid it: {rule.text.strip()}")
        for drug, alert in asked.alerts:
            (yes, _), (taken, sure) = holds(alert.when), holds(taken_now(drug))
            add((why == UNKNOWN) & yes & (taken | ~sure), f"a red flag is up that going on waits for: {alert.title}")
        standing = [(one, *holds(one.fits), _in_force(one, days)) for one in asked.deciding]
        unbroken = ~_any([~yes & known for yes, known in map(holds, parts)])
        carried = _any([yes & now for _, yes, _, now in standing]) if standing else np.zeros(len(rows), bool)
        for one, yes, known, now in standing:
            add((why == UNKNOWN) & now & ~known & ~carried, f"not on record, whether, as {one.body} asks: {self._asked(one)}")
            add((why == ANYWAY) & unbroken & now & ~yes & known, f"{one.body} only where: {self._asked(one)}")
        refused = np.zeros(len(rows), bool)
        for one in asked.blocking:
            yes, known = holds(one.fits)
            now = _in_force(one, days)
            refused |= yes & now
            add((why == UNAVAILABLE) & yes & now, f"refused or withdrawn: {_said(one)}")
            add((why == UNKNOWN) & now & ~known, f"not on record, whether, as {one.body} asks: {self._asked(one)}")
        for text, where in _absent(option, region, days):
            add((why == UNAVAILABLE) & ~refused & where, text)
        covered = np.zeros(self.state.height, bool)
        for frame in found:
            covered[frame["row"].to_numpy()] = True
        add(~covered[rows] & (why == FORBIDDEN), "every partner to choose from is contraindicated")
        add(~covered[rows] & (why != FORBIDDEN), "several things together")
        return found

    def _asked(self, one: Statement) -> str:
        return self.wording.of(one.fits) if one.fits is not None else ""


class _Reasons:
    """Everything that can say why a line was not the option that came closest."""

    def __init__(self, knowledge: Knowledge, option: Treatment, region: Region) -> None:
        self.option, self.region = option, region
        self.parts = conjuncts(option.fits, knowledge)
        self.deciding, self.blocking = _here(option, region)
        forbidding = [*option.avoid, *(one for name in (*option.drugs, *option.classes) for one in knowledge.avoid(name))]
        self.forbidding: list[Caution] = list(dict.fromkeys(forbidding))
        """The contraindications of the option and of what is fixed in it, each once."""
        rules = ((drug, rule) for drug in (*option.drugs, *option.classes) for rule in knowledge.conduct(drug))
        self.rules: list[tuple[str, Conduct]] = [
            (drug, rule) for drug, rule in rules if rule.holds_in(region) and BLOCKING & set(rule.do)
        ]
        """The rules of conduct that can keep a fixed drug from beginning or going on, each with its drug."""
        soon = [one for one in knowledge.content.alerts.values() if one.act in SOON]
        self.alerts: list[tuple[str, Alert]] = [(drug, one) for drug in option.drugs for one in holding(soon, drug, knowledge)]
        """The red flags that going on with a fixed drug waits for, each with its drug."""

    def nodes(self) -> list[Node]:
        """Every criterion that is asked."""
        found = [*self.parts, *(one.fits for one in (*self.deciding, *self.blocking) if one.fits)]
        found += [*(one.when for one in self.forbidding if one.when), *(one.when for _, one in self.rules)]
        found += [*(one.when for _, one in self.alerts), *(taken_now(drug) for drug, _ in (*self.rules, *self.alerts))]
        return found


@dataclass(frozen=True)
class _Parts:
    status: Any
    in_force: Any
    blocked: Any
    failing: Any


def _here(option: Treatment, region: Region) -> tuple[list[Statement], list[Statement]]:
    """The statements that decide in a region, and those that block, on any day."""
    return [one for one in option.standing if one.decides_in(region)], [one for one in option.standing if one.blocks_in(region)]


def _said(one: Statement) -> str:
    """A statement in words, its own full stop left out."""
    return statement_text(one).replace("., since", ", since")


def _in_force(one: Statement, days: Any) -> Any:
    """Whether a statement was in force on each day (days since 1970)."""
    unique, place = np.unique(days, return_inverse=True)
    return np.array([one.in_force(_EPOCH + dt.timedelta(days=int(day))) for day in unique], dtype=bool)[place]


def _absent(option: Treatment, region: Region, days: Any) -> list[tuple[str, Any]]:
    """Why no statement decided on a day: not yet, no longer, or none known; with the days for which it is so."""
    deciding, _ = _here(option, region)
    none = ~_any(_in_force(one, days) for one in deciding) if deciding else np.ones(len(days), bool)
    later = sorted((one for one in deciding), key=lambda one: one.since.last)
    found, rest = [], none.copy()
    for one in later:  # the first that came after the day
        where = rest & (days < (one.since.last - _EPOCH).days)
        found.append((f"not yet: {_said(one)}", where))
        rest = rest & ~where
    for one in sorted(deciding, key=lambda one: one.since.last, reverse=True):
        if one.until is not None:
            found.append((f"no longer: {_said(one)}", rest.copy()))
            rest = np.zeros(len(days), bool)
            break
    found.append((f"no approval or recommendation is known in {region}", rest))
    return found


def _any(items: Iterable[Any]) -> Any:
    return np.logical_or.reduce(list(items))
