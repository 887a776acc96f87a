"""All options for everybody, as columns: the status that the one-person plan gives, for every option and every person.

`Matrix` is made once for a day and a region; `status` turns a table of base columns into one column an option. Status, contraindications and what
decides in a region follow `plan.options` word for word; the tests compare every cell.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

import polars as pl

from linewise.knowledge import Knowledge
from linewise.knowledge.model import REGIONS, Caution, Region, Statement, Treatment
from linewise.logic import Node
from linewise.logic.columns import AS_OF, Stages
from linewise.plan.judge import CURRENT, DECIDING
from linewise.plan.model import STATUSES

from .criteria import Criteria, lowered
from .events import Events
from .facts import Facts

STATUS = pl.Enum(list(STATUSES))
PREFERRED, SUITABLE, DEPENDS, UNSUITABLE, NOT_INDICATED = range(5)
_BLOCKING = ("not-recommended", "withdrawn")
_ADULT = 18
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
        self.knowledge, self.day, self.region = knowledge, day, region
        named = knowledge.treatments if options is None else options
        self.options = [knowledge.treatments[name] for name in named]
        self._names: dict[Node, str] = {}
        self._taken: dict[str, None] = {}
        self._codes: dict[tuple[str, ...], list[pl.Expr]] = {}
        self.scope = "metastatic", "age"
        self._collect()
        nodes = {name: node for node, name in self._names.items()}
        self.criteria: Criteria = lowered(nodes, knowledge, (*dict.fromkeys((*self.scope, *facts)),))

    # What is asked

    def _collect(self) -> None:
        for option in self.options:
            self._named(option.fits)
            for statement in option.standing:
                if statement.fits is not None and self._may_count(statement):
                    self._named(statement.fits)
            for caution in self._cautions(option):
                if caution.when is not None:
                    self._named(caution.when)

    def _may_count(self, statement: Statement) -> bool:
        return self.day is None or statement.in_force(self.day)

    def _named(self, node: Node) -> pl.Expr:
        """The column of a criterion; equal ones share one."""
        return pl.col(self._names.setdefault(node, f"§{len(self._names)}"))

    def _cautions(self, option: Treatment) -> Iterator[Caution]:
        yield from option.avoid
        for name in (*option.drugs, *option.classes):
            yield from self._current_cautions() if name == CURRENT else self.knowledge.avoid(name)
        for partner in option.partners:
            for drug in partner.one_of:
                yield from self.knowledge.avoid(drug)

    def _current_cautions(self) -> Iterator[Caution]:
        for drug in self.knowledge.drugs:
            yield from self.knowledge.avoid(drug)

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
        drugs = [drug for drug in current["drug"].unique().to_list() if drug in self.knowledge.drugs] if current.height else []
        self._taken = dict.fromkeys(sorted(drugs))
        going = _mark(len(events), current["patient"]).alias("#current")
        takes = [
            _mark(len(events), current.filter(pl.col("drug") == drug)["patient"]).alias(f"#takes {drug}") for drug in self._taken
        ]
        base = facts.table().collect()
        added = [one for one in (*extra, going, *takes) if one.name not in base.columns]
        return self.decided(base.with_columns(added))

    def decided(self, base: pl.DataFrame | pl.LazyFrame) -> pl.LazyFrame:
        """Base columns with the criteria as further columns."""
        return self._stages.add_to(base)

    @cached_property
    def _stages(self) -> Stages:
        return Stages(self.criteria.nodes, self.criteria.vocabulary, self.criteria.derived)

    def taken_from(self, other: Matrix) -> None:
        """Work on a table that another matrix has made: with its columns of what is taken now."""
        self._taken = other._taken

    # Status

    def status(self, table: pl.LazyFrame) -> pl.LazyFrame:
        """One column an option: its status for each person."""
        taken = tuple(self._taken)
        if taken not in self._codes:  # the same for every part of a cohort
            self._codes[taken] = [self._code(option).alias(option.id).cat.to(STATUS) for option in self.options]
        return table.select(self._codes[taken])

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
        return table.select(found)

    def in_scope(self) -> pl.Expr:
        """Whether anything can be offered on a record at all: an adult's, of metastatic breast cancer."""
        child = (pl.col("age") < _ADULT).fill_null(False)
        return pl.col("#scope") & ~child & (pl.col("metastatic").fill_null(False))

    def _code(self, option: Treatment) -> pl.Expr:
        if self.region is not None:
            found = self._status(option, self.region)
        else:
            each = {region: self._status(option, region) for region in REGIONS}
            found = pl.min_horizontal(*each.values())
            for region, code in each.items():
                found = pl.when(pl.col("#region") == region).then(code).otherwise(found)
        return pl.when(self.in_scope()).then(found).otherwise(pl.lit(NOT_INDICATED, dtype=pl.UInt8)).cast(pl.UInt8)

    def _status(self, option: Treatment, region: Region) -> pl.Expr:
        if not any(one.says in DECIDING[region] for one in self._here(option, region)):
            return pl.lit(NOT_INDICATED, dtype=pl.UInt8)
        part = self._parts(option, region)
        indicated = part.fits & part.stands
        offered = pl.when(part.preferred).then(_code(PREFERRED)).otherwise(_code(SUITABLE))
        return (
            pl.when(~indicated).then(_code(NOT_INDICATED))
            .when(part.forbidden).then(_code(UNSUITABLE))
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
        deciding = [(one, self._holds(one)) for one in here if one.says in DECIDING[region]]
        blocked = _any(self._holds(one) for one in here if one.says in _BLOCKING)
        stands = _any(holds for _, holds in deciding) & ~blocked
        preferred = _any(holds for one, holds in deciding if one.preferred and one.says == "recommended")
        return Parts(fits, stands, self._forbidden(option), preferred)

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

    def _forbidden(self, option: Treatment) -> pl.Expr:
        answers = [self._forbids(one) for one in option.avoid]
        for name in (*option.drugs, *option.classes):
            if name == CURRENT:
                for drug in self._taken:
                    answers += [pl.col(f"#takes {drug}") & self._forbids(one) for one in self.knowledge.avoid(drug)]
            else:
                answers += [self._forbids(one) for one in self.knowledge.avoid(name)]
        for partner in option.partners:
            if partner.one_of:
                answers.append(reduce(lambda a, b: a & b, map(self._partner_forbidden, partner.one_of)))
        return _any(answers)

    def _forbids(self, caution: Caution) -> pl.Expr:
        if caution.when is None:
            return _YES
        holds = self._named(caution.when)
        return holds if caution.unknown == "depends" else holds.fill_null(False)

    def _partner_forbidden(self, drug: str) -> pl.Expr:
        return _any(_YES if one.when is None else self._named(one.when).fill_null(False) for one in self.knowledge.avoid(drug))


def _code(status: int) -> pl.Expr:
    return pl.lit(status, dtype=pl.UInt8)


def _any(items: Iterable[pl.Expr]) -> pl.Expr:
    return reduce(lambda one, other: one | other, items, _NO)


def _mark(size: int, who: pl.Series) -> pl.Series:
    return pl.select(pl.int_range(size, dtype=pl.UInt32).is_in(who.unique().implode())).to_series()


def plan(events: Events, knowledge: Knowledge, day: dt.date | None, region: Region | None) -> pl.DataFrame:
    """The status of every option for everybody, a row a person."""
    matrix = Matrix(knowledge, day, region)
    return matrix.status(matrix.table(events)).collect()
