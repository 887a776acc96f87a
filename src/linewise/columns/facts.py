"""Facts of many people as columns: what `record.Chart` says of each, for the columns that criteria need.

`frame_of` asks the chart itself, person by person: it is the truth that the columns are tested against. `table` works on the
columnar events, all people at once. Both give the columns that `columns.base` names, and two more kinds that `criteria.lowered` asks for:
whether a set includes something, as a yes-or-no column of its own.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from linewise.knowledge import Knowledge
from linewise.knowledge.model import Fact
from linewise.logic import Decider, Within, nodes
from linewise.logic.columns import AS_OF, Column
from linewise.logic.recent import earliest
from linewise.record import Chart, Record

from .age import whole_years
from .criteria import Criteria
from .events import Days, Events
from .history import Floats, Histories, Ints

TYPES: dict[str, Any] = {
    "yes-no": pl.Boolean,
    "number": pl.Float64,
    "choice": pl.String,
    "set": pl.List(pl.String),
    "date": pl.Date,
}
_EPOCH = dt.date(1970, 1, 1)
_UNDATED = -(2**30)
_SURE = 2**40


def frame_of(records: Iterable[Record], knowledge: Knowledge, day: dt.date, criteria: Criteria) -> pl.DataFrame:
    """The base columns of these criteria, each cell read by the chart of one person."""
    charts = [Chart(record, knowledge, day) for record in records]
    deciders = [Decider(knowledge.vocabulary, chart) for chart in charts]
    series = []
    for column in criteria.columns:
        cells = [_cell(chart, decider, column, criteria) for chart, decider in zip(charts, deciders, strict=True)]
        series.append(pl.Series(column.name, cells, TYPES[column.type]))
    return pl.DataFrame(series)


def _cell(chart: Chart, decider: Decider, column: Column, criteria: Criteria) -> Any:
    if column.name == AS_OF:
        return chart.as_of
    if column.name in criteria.includes:
        return decider.value(criteria.includes[column.name])
    reading = decider.reading(criteria.questions.get(column.about, column.about))
    if column.name.endswith("@on"):
        return reading.on if reading.value is not None else None
    if column.name.endswith("@complete"):
        return reading.complete if reading.value is not None else None
    return sorted(reading.value) if isinstance(reading.value, frozenset) else reading.value


@dataclass(frozen=True)
class Choice:
    """Of each person who has any result of a fact in the end: the row that decides; None of a contradiction or of one too old."""

    person: Ints
    row: Ints
    decided: np.ndarray[Any, np.dtype[np.bool_]]


class Facts:
    """The facts of everybody as of a day. Columns are made when they are asked for."""

    def __init__(self, events: Events, knowledge: Knowledge, criteria: Criteria, day: dt.date | None) -> None:
        self.events, self.knowledge, self.criteria, self.day = events, knowledge, criteria, day
        self.days: Days = events.days(day)
        self.people = len(events)
        asked = tuple(criteria.questions.values())
        self.history = Histories(events, knowledge, day, asked, self._numbers("disease-free-interval"))

    def table(self) -> pl.LazyFrame:
        """All columns that the criteria need."""
        added: dict[str, pl.Series] = {}
        asked: list[pl.Expr] = []
        for column in self.criteria.columns:
            question = self.criteria.questions.get(column.about)
            if question is None:
                added[column.name] = self.column(column)
            elif isinstance(question, nodes.GradeOf | nodes.DaysOf):
                added[column.name] = self._symptom(question).alias(column.name)
            else:
                asked.append(self.history.answer(question))
        base = pl.DataFrame([*added.values(), *self.history.columns.values()])
        if not base.width:
            base = pl.DataFrame({"#": pl.repeat(None, self.people, eager=True)})
        return base.lazy().with_columns(asked).select(column.name for column in self.criteria.columns)

    def column(self, column: Column) -> pl.Series:
        """One column about a fact, by its name."""
        if column.name == AS_OF:
            return pl.Series(AS_OF, self.days).cast(pl.Date)
        if column.name in self.criteria.includes:
            return self._includes(self.criteria.includes[column.name]).alias(column.name)
        if column.name.endswith("@complete"):
            known = self._set_known(column.about)
            return pl.Series(column.name, known).set(pl.Series(~known), None)
        if column.name.endswith("@on"):
            return self._on(column.about).alias(column.name)
        if column.type == "set":
            return self._members(column.about).alias(column.name)
        if column.type == "number":
            return pl.Series(column.name, self._numbers(column.about), nan_to_null=True)
        return self._value(column.about).alias(column.name)

    # One result of several

    def _fact(self, name: str) -> Fact | None:
        return self.knowledge.facts.get(name)

    def _rows(self, name: str) -> pl.DataFrame:
        """The entries of a fact that were there by the day, with `day`, that of their person, as a number."""
        entries = self.events.entries_of.get(name, self.events.entries.clear())
        own = pl.Series("day", self.days[entries["patient"].to_numpy()])
        entries = entries.with_columns(own, pl.col("on").to_physical().alias("since"))
        return entries.filter(pl.col("since").is_null() | (pl.col("since") <= pl.col("day")))

    def _limit(self, entries: pl.DataFrame, current_for: Within) -> Any:
        """The first day that still counts, for each entry; the calendar is asked once for each day."""
        days = entries["day"].unique()
        limits = [(earliest(_EPOCH + dt.timedelta(days=day), current_for) - _EPOCH).days for day in days.to_list()]
        return (
            entries["day"].replace_strict(days, pl.Series(limits, dtype=pl.Int32), return_dtype=pl.Int32)
            if len(days)
            else entries["day"]
        )

    def choice(self, name: str, entries: pl.DataFrame) -> Choice:
        """Which entry decides: not too old, from a metastasis where that goes first, the latest; of contradicting ones none."""
        fact = self.knowledge.facts[name]
        who = entries["patient"].cast(pl.Int64).to_numpy()
        when = entries["since"].fill_null(_UNDATED).cast(pl.Int64).to_numpy()
        counts = np.ones(len(who), bool)
        if fact.current_for is not None and len(who):
            limit = self._limit(entries, fact.current_for)
            counts = (entries["since"].is_null() | (entries["since"] >= limit)).fill_null(False).to_numpy()
        rank = when.copy()
        if fact.use == "metastasis-first":
            rank = rank + np.where((entries["specimen"] == "metastasis").fill_null(False).to_numpy(), _SURE, 0)
        people, first = np.unique(who, return_index=True)
        if len(people) == len(who):  # nobody has two
            return Choice(people, first, counts)
        rank = np.where(counts, rank, -(2**60))
        best = np.maximum.reduceat(rank, first)
        deciding = counts & (rank == np.repeat(best, np.diff(np.r_[first, len(who)])))
        value = self._comparable(entries)
        low = np.minimum.reduceat(np.where(deciding, value, math.inf), first)
        high = np.maximum.reduceat(np.where(deciding, value, -math.inf), first)
        wanted = {"highest": high, "lowest": low}.get(fact.use, high)
        chosen = deciding & (value == np.repeat(wanted, np.diff(np.r_[first, len(who)])))
        place = np.where(chosen, np.arange(len(who)), len(who))
        row = np.minimum.reduceat(place, first)
        decided = (row < len(who)) & ((low == high) | (fact.use in ("highest", "lowest")))
        return Choice(people, np.where(row < len(who), row, first), decided)

    @staticmethod
    def _comparable(entries: pl.DataFrame) -> Floats:
        """Values as numbers, equal where the values are."""
        text = entries["text"].cast(pl.Categorical).to_physical().cast(pl.Float64)
        return entries["number"].fill_null(text).fill_null(-1.0).to_numpy()

    def _scattered(self, name: str, column: str) -> tuple[pl.Series, Any]:
        """For each person the deciding entry's cell, null where nothing decides; and who has any entry."""
        entries = self._rows(name)
        choice = self.choice(name, entries)
        index = np.full(self.people, -1, np.int64)
        index[choice.person] = np.where(choice.decided, choice.row, -1)
        has = np.zeros(self.people, bool)
        has[choice.person] = True
        places = pl.Series(index).cast(pl.Int64)
        return entries[column].gather(places.set(places < 0, None)), has

    def _value(self, name: str) -> pl.Series:
        fact = self._fact(name)
        if fact is None:
            return pl.Series(name, [None] * self.people, dtype=pl.String)
        if fact.type != "yes-no":
            text = self._scattered(name, "text")[0]
            others = set(text.unique().drop_nulls().to_list()) - set(fact.values)
            return text.cast(pl.Enum([*fact.values, *sorted(others)]))
        number, has = self._scattered(name, "number")
        answer = number == 1
        if fact.silence == "none-in-chart":
            has = has | ~self.events.patients["chart"].fill_null(False).to_numpy()
        return answer if fact.silence == "unknown" else answer.set(pl.Series(~has), False)

    def _numbers(self, name: str) -> Floats:
        """A number for each person, NaN where unknown."""
        if self._fact(name) is None:
            return np.full(self.people, math.nan)
        value, has = self._scattered(name, "number")
        found = value.fill_null(math.nan).to_numpy().copy()
        if name == "age":
            found[~has] = self._ages()[~has]
        if name == "line":
            found[~has] = self.history.next_line()[~has]
        return found

    def _ages(self) -> Floats:
        frame = pl.DataFrame({"born": self.events.patients["birth"], "day": pl.Series(self.days).cast(pl.Date)})
        years = whole_years(pl.col("born"), pl.col("day")).cast(pl.Float64)
        return frame.select(years.fill_null(math.nan)).to_series().to_numpy()

    def _on(self, name: str) -> pl.Series:
        fact = self._fact(name)
        if fact is None or fact.type == "set":
            return pl.Series(name, [None] * self.people, dtype=pl.Date)
        return self._scattered(name, "on")[0]

    # Sets

    def _present(self, name: str) -> pl.DataFrame:
        """What is in a set now: neither absent nor over nor too old."""
        fact, entries = self.knowledge.facts[name], self._rows(name)
        over = pl.col("until").is_not_null() & (pl.col("until").to_physical() <= pl.col("day"))
        keep = ~pl.col("absent").fill_null(False) & ~over
        if fact.current_for is not None:
            limit = self._limit(entries, fact.current_for)
            keep = keep & (pl.col("since").is_null() | (pl.col("since") >= pl.lit(limit)))
        return entries.filter(keep)

    def _set_known(self, name: str) -> Any:
        fact = self._fact(name)
        if fact is None:
            return np.zeros(self.people, bool)
        if fact.silence == "none":
            return np.ones(self.people, bool)
        known = self.events.declared(name).copy()
        known[self._rows(name)["patient"].to_numpy()] = True
        return known

    def _members(self, name: str) -> pl.Series:
        """The set itself as a sorted list, null where unknown."""
        known = self._set_known(name)
        if self._fact(name) is None:
            return pl.Series(name, [None] * self.people, dtype=pl.List(pl.String))
        listed = self._present(name).select("patient", "text").unique().sort("patient", "text")
        lists = listed.group_by("patient", maintain_order=True).agg("text")
        everybody = pl.DataFrame({"patient": pl.arange(self.people, eager=True, dtype=pl.UInt32), "known": known})
        empty = pl.lit([], dtype=pl.List(pl.String))
        text = pl.when("known").then(pl.coalesce("text", empty))
        return everybody.join(lists, on="patient", how="left", maintain_order="left").select(text.alias(name)).to_series()

    @cached_property
    def _sets(self) -> dict[str, tuple[Any, list[str], Any]]:
        """For each set that a criterion names: words of a bit a member for each person, the members, and who is known."""
        found = {}
        for name in dict.fromkeys(one.fact for one in self.criteria.includes.values()):
            entries = self._present(name) if self._fact(name) else self.events.entries.clear()
            members = sorted(entries["text"].drop_nulls().unique().to_list())
            words = np.zeros((self.people, max(1, -(-len(members) // 64))), np.uint64)
            codes = (
                entries["text"].cast(pl.Enum(members)).to_physical().cast(pl.Int64).to_numpy()
                if members
                else np.zeros(0, np.int64)
            )
            who = entries["patient"].to_numpy()
            if len(who):
                bits = np.zeros((len(who), words.shape[1]), np.uint64)
                bits[np.arange(len(who)), codes // 64] = np.uint64(1) << (codes % 64).astype(np.uint64)
                starts = np.flatnonzero(np.r_[True, who[1:] != who[:-1]])
                words[who[starts]] = np.bitwise_or.reduceat(bits, starts, axis=0)
            found[name] = (words, members, self._set_known(name))
        return found

    def _includes(self, node: nodes.Includes) -> pl.Series:
        """Whether a set includes what a criterion asks for; a set that is known is known whole."""
        words, members, known = self._sets[node.fact]
        if node.within is not None:  # a set has no date
            known = np.zeros(self.people, bool)
        wanted = [node.values] if node.mode != "all" else [(value,) for value in node.values]
        holds = np.ones(self.people, bool)
        for values in wanted:
            inside = self.knowledge.vocabulary.members(node.fact, values)
            mask = _mask([member in inside for member in members], words.shape[1])
            if node.mode == "only":
                holds &= ((words & ~mask) == 0).all(axis=1) & (words != 0).any(axis=1)
            else:
                holds &= ((words & mask) != 0).any(axis=1)
        answer = pl.Series(node.text, holds)
        return answer if known.all() else answer.set(pl.Series(~known), None)

    # Symptoms

    def _symptom(self, asked: nodes.GradeOf | nodes.DaysOf) -> pl.Series:
        entries = self._rows("symptoms").filter((pl.col("text") == asked.symptom) & ~pl.col("absent").fill_null(False))
        known = pl.when(pl.col("grade").null_count() == 0).then(pl.col("grade").max())
        value = known if isinstance(asked, nodes.GradeOf) else pl.col("since_days").max()
        found = entries.group_by("patient").agg(value.cast(pl.Float64).alias("value"))
        numbers = np.zeros(self.people)
        numbers[found["patient"].to_numpy()] = found["value"].fill_null(math.nan).to_numpy()
        return pl.Series(asked.key, numbers, nan_to_null=True)


def _mask(bits: Sequence[bool], words: int) -> Any:
    mask = np.zeros(words, np.uint64)
    for index, bit in enumerate(bits):
        if bit:
            mask[index // 64] |= np.uint64(1) << np.uint64(index % 64)
    return mask


def table(events: Events, knowledge: Knowledge, criteria: Criteria, day: dt.date | None = None) -> pl.LazyFrame:
    """The columns that the criteria need, for everybody, as of a day or of each person's own."""
    return Facts(events, knowledge, criteria, day).table()
