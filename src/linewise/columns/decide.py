"""All options for everybody, as columns: the status that the one-person plan gives, for every option and every person.

`Matrix` is made once for a day and a region; `status` turns a table of base columns into one column an option. Status, contraindications and what
decides in a region follow `plan.options` word for word; the tests compare every cell.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from weakref import WeakKeyDictionary

import polars as pl

from linewise.knowledge import Knowledge
from linewise.knowledge.model import Alert, Caution, Conduct, Region, Statement, Treatment
from linewise.logic import Node
from linewise.logic.columns import AS_OF, Stages
from linewise.logic.nodes import DaysOf, GradeOf, subjects
from linewise.plan.conduct import BEGINNING, BLOCKING, GOING_ON, SOON, holding, taken_now
from linewise.plan.judge import CURRENT, expires_on
from linewise.plan.model import STATUSES

from .criteria import Criteria, lowered
from .events import Events
from .facts import Facts

STATUS = pl.Enum(list(STATUSES))
PREFERRED, SUITABLE, DEPENDS, UNSUITABLE, NOT_INDICATED = range(5)
_NO, _YES = pl.lit(False), pl.lit(True)


@dataclass(frozen=True)
class Parts:
    """What a status is made of, each true, false or unknown."""

    fits: pl.Expr
    stands: pl.Expr
    forbidden: pl.Expr
    preferred: pl.Expr


class Matrix:
    """The options of the knowledge on a day (everybody's own day where it is None), in a region (the best of all where it is None)."""

    def __init__(
        self,
        knowledge: Knowledge,
        day: dt.date | None,
        region: Region | None,
        facts: Iterable[str] = (),
        options: Iterable[str] | None = None,
    ) -> None:
        self.knowledge, self.day, self.region = knowledge, day, knowledge.region(region)
        named = knowledge.treatments if options is None else options
        self.options = [knowledge.treatments[name] for name in named]
        self._names: dict[Node, str] = {}
        self._taken: dict[str, None] = {}
        self._doubted: dict[str, str] = {}
        self._leaves_of: dict[str, tuple[str, ...]] = {}
        self._soon = [one for one in knowledge.content.alerts.values() if one.act in SOON]
        self._alerts_of: dict[str, list[Alert]] = {}
        self._codes: dict[tuple[tuple[str, ...], tuple[tuple[str, str], ...]], list[list[pl.Expr]]] = {}
        self._clauses: dict[str, pl.Expr] = {}
        self._by_drug: dict[str, pl.Expr] = {}
        self.scope = "metastatic", "age"
        self._collect()
        nodes = {name: node for node, name in self._names.items()}
        self.criteria: Criteria = lowered(nodes, knowledge, (*dict.fromkeys((*self.scope, *facts)),))

    # What is asked

    def _collect(self) -> None:
        drugs: dict[str, None] = {}
        for option in self.options:
            self._named(option.fits)
            for statement in option.standing:
                if statement.fits is not None and self._may_count(statement):
                    self._named(statement.fits)
            self._name_cautions(option.avoid, option.caution)
            drugs |= dict.fromkeys(self._drugs(option))
        for drug in drugs:
            self._name_cautions(self.knowledge.avoid(drug), self.knowledge.cautions(drug))
            for rule in self.knowledge.conduct(drug):
                self._named(rule.when)
            if self.knowledge.conduct(drug) or self._alerts(drug):
                self._named(taken_now(drug))
            for alert in self._alerts(drug):
                self._named(alert.when)

    def _name_cautions(self, avoid: Iterable[Caution], cautions: Iterable[Caution]) -> None:
        """Every contraindication that may count, and every warning with which a label says to avoid."""
        for caution in (*avoid, *_advised(cautions)):
            if caution.when is not None:
                self._named(caution.when)

    def _may_count(self, statement: Statement) -> bool:
        return self.day is None or statement.in_force(self.day)

    def _named(self, node: Node) -> pl.Expr:
        """The column of a criterion; equal ones share one."""
        return pl.col(self._names.setdefault(node, f"§{len(self._names)}"))

    def column_of(self, node: Node) -> str:
        """The name of the column of a criterion that an option, a statement or a contraindication rests on. Raises KeyError for another."""
        return self._names[node]

    def _drugs(self, option: Treatment) -> Iterator[str]:
        """The drugs and local words that an option may consist of: whatever may be taken now, too."""
        for name in (*option.drugs, *option.classes):
            yield from (*self.knowledge.drugs, *self.knowledge.classes) if name == CURRENT else (name,)
        for partner in option.partners:
            yield from partner.one_of

    def _alerts(self, drug: str) -> list[Alert]:
        """The red flags that going on with a drug waits for."""
        if drug not in self._alerts_of:
            self._alerts_of[drug] = holding(self._soon, drug, self.knowledge)
        return self._alerts_of[drug]

    # Facts and criteria

    def table(self, events: Events, facts: Facts | None = None) -> pl.LazyFrame:
        """Everybody's facts and criteria, and the few columns beside them that a status needs."""
        facts = facts or Facts(events, self.knowledge, self.criteria, self.day)
        extra = [
            events.patients["scope"].is_null().alias("#scope"),
            events.patients["region"].alias("#region"),
            pl.Series(AS_OF, facts.days).cast(pl.Date),
        ]
        current = facts.history.current()
        known = self.knowledge.drugs.keys() | self.knowledge.classes.keys()  # a record may name no more than a class
        drugs = [drug for drug in current["drug"].unique().to_list() if drug in known] if current.height else []
        self._taken = dict.fromkeys(sorted(drugs))
        going = _mark(len(events), current["patient"]).alias("#current")
        takes = [
            _mark(len(events), current.filter(pl.col("drug") == drug)["patient"]).alias(f"#takes {drug}") for drug in self._taken
        ]
        base = facts.table().collect()
        added = [one for one in (*extra, going, *takes, *self._doubts(facts)) if one.name not in base.columns]
        return self.decided(base.with_columns(added))

    def decided(self, base: pl.DataFrame | pl.LazyFrame) -> pl.LazyFrame:
        """Base columns with the criteria as further columns."""
        return self._stages.add_to(base)

    @cached_property
    def _stages(self) -> Stages:
        return Stages(self.criteria.nodes, self.criteria.vocabulary, self.criteria.derived)

    def taken_from(self, other: Matrix) -> None:
        """Work on a table that another matrix has made: with its columns of what is taken now."""
        self._taken, self._doubted = other._taken, other._doubted

    # Status

    def status(self, table: pl.LazyFrame) -> pl.LazyFrame:
        """One column an option: its status for each person."""
        taken = (tuple(self._taken), tuple(sorted(self._doubted.items())))
        if taken not in self._codes:  # the same for every part of a cohort
            self._codes[taken] = self._steps([self._code(option).alias(option.id).cat.to(STATUS) for option in self.options])
        return _stepped(table, self._codes[taken])

    def _steps(self, wanted: list[pl.Expr]) -> list[list[pl.Expr]]:
        """Expressions behind the columns that they share, in the order of work: a clause or a drug is worked out once, not in every option."""
        shared = [[one.alias(name) for name, one in part.items()] for part in (self._clauses, self._by_drug)]
        self._clauses, self._by_drug = {}, {}
        return [*shared, wanted]

    def _shared(self, drug: str, what: str, made: Callable[[], pl.Expr]) -> pl.Expr:
        """What is asked of one drug, as a column."""
        name = f"#{what} {drug}"
        if name not in self._by_drug:
            self._by_drug[name] = made()
        return pl.col(name)

    def parts(self, table: pl.LazyFrame, region: Region, options: Sequence[str]) -> pl.LazyFrame:
        """Of some options what their status is made of: `<option>|fits`, `|stands`, `|forbidden`."""
        found = []
        for name in options:
            part = self._parts(self.knowledge.treatments[name], region)
            found += [
                part.fits.alias(f"{name}|fits"),
                part.stands.alias(f"{name}|stands"),
                part.forbidden.alias(f"{name}|forbidden"),
            ]
        return _stepped(table, self._steps(found))

    def in_scope(self) -> pl.Expr:
        """Whether anything can be offered on a record at all: an adult's, of metastatic breast cancer."""
        child = (pl.col("age") < self.knowledge.adult).fill_null(False)
        return pl.col("#scope") & ~child & (pl.col("metastatic").fill_null(False))

    def _code(self, option: Treatment) -> pl.Expr:
        if self.region is not None:
            found = self._status(option, self.region)
        else:
            each = {region: self._status(option, region) for region in self.knowledge.regions}
            found = pl.min_horizontal(*each.values())
            for region, code in each.items():
                found = pl.when(pl.col("#region") == region).then(code).otherwise(found)
        return pl.when(self.in_scope()).then(found).otherwise(pl.lit(NOT_INDICATED, dtype=pl.UInt8)).cast(pl.UInt8)

    def _status(self, option: Treatment, region: Region) -> pl.Expr:
        if not any(one.decides_in(region) for one in self._here(option, region)):
            return pl.lit(NOT_INDICATED, dtype=pl.UInt8)
        part = self._parts(option, region)
        indicated = part.fits & part.stands
        offered = pl.when(part.preferred).then(_code(PREFERRED)).otherwise(_code(SUITABLE))
        return (
            pl.when(~indicated).then(_code(NOT_INDICATED))
            .when(part.forbidden).then(_code(UNSUITABLE))
            .when(self._expired(option)).then(_code(DEPENDS))
            .when(indicated & ~part.forbidden).then(offered)
            .otherwise(_code(DEPENDS))
        )  # fmt: skip

    def _here(self, option: Treatment, region: Region) -> list[Statement]:
        return [one for one in option.standing if one.holds_in(region) and self._may_count(one)]

    def _parts(self, option: Treatment, region: Region) -> Parts:
        here = self._here(option, region)
        fits = self._named(option.fits)
        if CURRENT in option.drugs:
            fits = fits & pl.col("#current")
        deciding = [(one, self._holds(one)) for one in here if one.decides_in(region)]
        blocked = _any(self._holds(one) for one in here if one.blocks_in(region))
        stands = _any(holds for _, holds in deciding) & ~blocked
        own = [(one, holds) for one, holds in deciding if one.position is not None and region in one.region]
        taken_over = [(one, holds) for one, holds in deciding if one.position is not None and region not in one.region]
        first_here = _any(holds.fill_null(False) for one, holds in own if one.names_first)
        first_there = _any(holds.fill_null(False) for one, holds in taken_over if one.names_first)
        preferred = first_here | (first_there & ~_any(holds.fill_null(False) for _, holds in own))
        return Parts(fits, stands, self._forbidden(option, region), preferred & ~self._second(option))

    def _expired(self, option: Treatment) -> pl.Expr:
        """Whether the review of an option is so long overdue that it is no longer offered."""
        end = expires_on(option)
        if end is None or (self.day is not None and self.day < end):
            return _NO
        return _YES if self.day is not None else pl.col(AS_OF) >= end

    def _holds(self, statement: Statement) -> pl.Expr:
        holds = _YES if statement.fits is None else self._named(statement.fits)
        if self.day is not None:
            return holds
        in_force = pl.col(AS_OF) >= statement.since.last
        if statement.until is not None:
            # Whether it counts to the first or the last day that `until` can mean is the statement's own to say.
            late = statement.in_force(statement.until.last - dt.timedelta(days=1))
            in_force = in_force & (pl.col(AS_OF) < (statement.until.last if late else statement.until.first))
        return in_force & holds

    def _forbidden(self, option: Treatment, region: Region) -> pl.Expr:
        answers = [self._forbids(one) for one in option.avoid]
        for name in (*option.drugs, *option.classes):
            if name == CURRENT:
                answers += [pl.col(f"#takes {drug}") & self._kept_from(drug, region) for drug in self._taken]
            else:
                answers.append(self._kept_from(name, region))
        for partner in option.partners:
            if partner.one_of:
                forbidden = (self._partner_forbidden(drug, region) for drug in partner.one_of)
                answers.append(reduce(lambda a, b: a & b, forbidden))
        return _any(answers)

    def _kept_from(self, drug: str, region: Region) -> pl.Expr:
        """What keeps one drug from beginning or going on: contraindications, rules of conduct, red flags that it may have caused."""
        return self._shared(drug, f"kept in {self._like(drug, region)}", lambda: _any(self._keeping(drug, region)))

    def _keeping(self, drug: str, region: Region) -> list[pl.Expr]:
        found = [self._forbids(one) for one in self.knowledge.avoid(drug)]
        found += [self._blocks(rule, drug) for rule in self._rules(drug, region)]
        alerts = self._alerts(drug)
        if alerts:
            up = _any(self._up(one) for one in alerts) & self._named(taken_now(drug)).fill_null(True)
            found.append(pl.when(up).then(pl.lit(None, dtype=pl.Boolean)).otherwise(_NO))
        return found

    def _up(self, alert: Alert) -> pl.Expr:
        """Whether a red flag is up, or may be for a measured value that was not understood or is not final (see `Conducts._up`)."""
        holds, facts = self._named(alert.when), self.knowledge.facts
        doubted = [
            pl.col(leaf).is_null() & pl.col(self._doubted[leaf])
            for leaf in self._leaves(alert.when)
            if leaf in self._doubted and leaf in facts and facts[leaf].type == "number"
        ]
        name = f"#up {alert.id}"
        self._clauses.setdefault(name, holds.fill_null(_any(doubted)) if doubted else holds.fill_null(False))
        return pl.col(name)

    def _rules(self, drug: str, region: Region) -> list[Conduct]:
        return [one for one in self.knowledge.conduct(drug) if one.holds_in(region) and BLOCKING & frozenset(one.do)]

    def _like(self, drug: str, region: Region) -> Region:
        """The first region with the same rules for a drug: what keeps it from beginning is the same there, and is worked out once."""
        rules = self._rules(drug, region)
        return next(one for one in self.knowledge.regions if self._rules(drug, one) == rules)

    def _blocks(self, rule: Conduct, drug: str, partner: bool = False) -> pl.Expr:
        """Whether a rule blocks: some are asked of what is taken now, some of what would begin, and all where that is not known."""
        steps = BLOCKING & frozenset(rule.do)
        taken = self._named(taken_now(drug))
        asked = _NO
        if steps & GOING_ON:
            asked = asked | taken.fill_null(True)
        if steps & BEGINNING:
            asked = asked | ~taken.fill_null(False)
        return asked & self._held(rule.when, rule.unknown == "depends" and not partner)

    def _held(self, when: Node | None, waits: bool = False) -> pl.Expr:
        """Whether a criterion that forbids something holds; unknown as `Decider.held` has it."""
        if when is None:
            return _YES
        holds = self._named(when)
        if waits:
            return holds
        doubted = [pl.col(leaf).is_null() & pl.col(self._doubted[leaf]) for leaf in self._leaves(when) if leaf in self._doubted]
        sure = holds.fill_null(False)
        if not doubted:
            return sure
        name = f"#held {self._names[when]}"
        self._clauses.setdefault(name, pl.when(_any(doubted)).then(holds).otherwise(sure))
        return pl.col(name)

    def _leaves(self, when: Node) -> tuple[str, ...]:
        """The columns of the facts and questions that a criterion rests on, through every derived fact."""
        name = self._names[when]
        if name not in self._leaves_of:
            derived, found = self.criteria.vocabulary.derived, dict[str, None]()
            waiting, seen = [self.criteria.nodes[name]], set[str]()
            while waiting:
                for about in subjects(waiting.pop()):
                    key = about if isinstance(about, str) else about.key
                    if key in derived:
                        waiting += derived[key].nodes if key not in seen else ()
                        seen.add(key)
                    else:
                        found[key] = None
            self._leaves_of[name] = tuple(found)
        return self._leaves_of[name]

    def _doubts(self, facts: Facts) -> list[pl.Series]:
        """A column for each fact and kind of question that something leaves open which was not understood; `_doubted` says for which leaf."""
        self._doubted = {}
        columns: dict[str, pl.Series] = {}
        for column in self.criteria.columns:
            if "@" in column.name or column.name == AS_OF:
                continue
            question, clause = self.criteria.questions.get(column.name), self.criteria.includes.get(column.name)
            asked = None if isinstance(question, GradeOf | DaysOf) else question
            about = clause.fact if clause is not None else "symptoms" if question is not asked else column.about
            name = f"#open {about if asked is None else type(asked).__name__}"
            if name not in columns:
                columns[name] = pl.Series(name, facts.left_open(column.about))
            self._doubted[column.name] = name
        told = {name for name, column in columns.items() if column.any()}
        self._doubted = {leaf: name for leaf, name in self._doubted.items() if name in told}
        return [columns[name] for name in sorted(told)]

    def _second(self, option: Treatment) -> pl.Expr:
        """Whether a label says to avoid the option here: for the option, a fixed drug, or every partner to choose from."""
        found = [self._avoided(option.caution)]
        for name in (*option.drugs, *option.classes):
            if name == CURRENT:
                found += [pl.col(f"#takes {drug}") & self._avoided_with(drug) for drug in self._taken]
            else:
                found.append(self._avoided_with(name))
        for partner in option.partners:
            if partner.one_of:
                found.append(reduce(lambda a, b: a & b, map(self._avoided_with, partner.one_of)))
        return _any(found)

    def _avoided_with(self, drug: str) -> pl.Expr:
        return self._shared(drug, "avoided with", lambda: self._avoided(self.knowledge.cautions(drug)))

    def _avoided(self, cautions: Iterable[Caution]) -> pl.Expr:
        return _any(self._held(one.when).fill_null(True) for one in _advised(cautions))

    def _forbids(self, caution: Caution) -> pl.Expr:
        return self._held(caution.when, caution.unknown == "depends")

    def _partner_forbidden(self, drug: str, region: Region) -> pl.Expr:
        return self._shared(drug, f"no partner in {self._like(drug, region)}", lambda: self._no_partner(drug, region))

    def _no_partner(self, drug: str, region: Region) -> pl.Expr:
        avoid = [self._held(one.when) for one in self.knowledge.avoid(drug)]
        return _any([*avoid, *(self._blocks(rule, drug, partner=True) for rule in self._rules(drug, region))])


def _stepped(table: pl.LazyFrame, steps: list[list[pl.Expr]]) -> pl.LazyFrame:
    """The last of the steps, each of which may use the columns of those before."""
    for step in steps[:-1]:
        if step:
            table = table.with_columns(step)
    return table.select(steps[-1])


def _advised(cautions: Iterable[Caution]) -> list[Caution]:
    return [one for one in cautions if one.advice]


def _code(status: int) -> pl.Expr:
    return pl.lit(status, dtype=pl.UInt8)


def _any(items: Iterable[pl.Expr]) -> pl.Expr:
    return reduce(lambda one, other: one | other, items, _NO)


def _mark(size: int, who: pl.Series) -> pl.Series:
    return pl.select(pl.int_range(size, dtype=pl.UInt32).is_in(who.unique().implode())).to_series()


_MATRICES: WeakKeyDictionary[Knowledge, dict[tuple[dt.date | None, Region | None], Matrix]] = WeakKeyDictionary()
"""What is worked out of a knowledge alone, kept for as long as it is open: making it costs more than deciding for a thousand people."""


def plan(events: Events, knowledge: Knowledge, day: dt.date | None, region: Region | None) -> pl.DataFrame:
    """The status of every option for everybody, a row a person."""
    made = _MATRICES.setdefault(knowledge, {})
    matrix = made.get((day, region)) or made.setdefault((day, region), Matrix(knowledge, day, region))
    return matrix.status(matrix.table(events)).collect()
