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
from linewise.record.model import COURSE, TREATMENTS

from .age import whole_years
from .criteria import Criteria
from .doubt import Doubts
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
    if column.name.endswith("@open"):
        clause = criteria.includes.get(column.about)
        reading = decider.reading(criteria.questions.get(column.about, clause.fact if clause else column.about))
        return bool(reading.open) and (reading.value is None if clause is None else decider.value(clause) is None)
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


@dataclass(frozen=True)
class Bits:
    """A set of everybody: words of a bit a member. `unsure` may be in it; `known` has anything recorded or assumed of it."""

    members: list[str]
    words: Any
    unsure: Any
    known: Any


class Facts:
    """The facts of everybody as of a day. Columns are made when they are asked for."""

    def __init__(self, events: Events, knowledge: Knowledge, criteria: Criteria, day: dt.date | None) -> None:
        self.events, self.knowledge, self.criteria, self.day = events, knowledge, criteria, day
        self.days: Days = events.days(day)
        self.people = len(events)
        self.doubts = Doubts(events, knowledge, self.days)
        asked = tuple(criteria.questions.values())
        self.history = Histories(events, knowledge, day, asked, self._numbers("disease-free-interval"), self.doubts)

    def table(self) -> pl.LazyFrame:
        """All columns that the criteria need."""
        added: dict[str, pl.Series] = {}
        asked: list[pl.Expr] = []
        for column in self.criteria.columns:
            question = self.criteria.questions.get(column.about)
            if question is None or column.name.endswith("@open"):
                added[column.name] = self.column(column)
            elif isinstance(question, nodes.GradeOf | nodes.DaysOf):
                added[column.name] = self._symptom(question).alias(column.name)
            else:
                asked.append(self.history.answer(question))
        base = pl.DataFrame([*added.values(), *self.history.columns.values()])
        if not base.width:
            base = pl.DataFrame({"#": pl.repeat(None, self.people, eager=True)})
        whole = base.lazy().with_columns(asked)
        left = [pl.col(one.name) & pl.col(one.about).is_null() for one in self.criteria.columns if one.name.endswith("@open")]
        return whole.with_columns(left).select(column.name for column in self.criteria.columns)

    def column(self, column: Column) -> pl.Series:
        """One column about a fact, by its name."""
        if column.name == AS_OF:
            return pl.Series(AS_OF, self.days).cast(pl.Date)
        if column.name in self.criteria.includes:
            return self._includes(self.criteria.includes[column.name]).alias(column.name)
        if column.name.endswith("@open"):
            return pl.Series(column.name, self.left_open(column.about))
        if column.name.endswith("@complete"):
            known = self._set_known(column.about)
            unsure = self._sets_of(column.about).unsure.any(axis=1)
            return pl.Series(column.name, ~unsure).set(pl.Series(~known), None)
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
        entries = entries.filter(pl.col("since").is_null() | (pl.col("since") <= pl.col("day")))
        fact = self._fact(name)
        return entries if fact is None or fact.earlier is None else self._with_earlier(entries, fact.earlier)

    def _with_earlier(self, entries: pl.DataFrame, name: str) -> pl.DataFrame:
        """The entries, and for who has none those of another fact from before the day of the value that decides it."""
        found, latest = self._rows(name), self._scattered(name, "since")[0]
        before = found["since"] < latest.gather(found["patient"].cast(pl.Int64))
        added = found.filter(before.fill_null(False)).join(
            entries.select("patient").unique(), on="patient", how="anti", maintain_order="left"
        )
        return pl.concat([entries, added]).sort("patient", maintain_order=True) if added.height else entries

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
        if not entries.height and name not in self.doubts.names:
            return pl.Series(column, [None], dtype=entries.schema[column]).new_from_index(0, self.people), np.zeros(
                self.people, bool
            )
        choice = self.choice(name, entries)
        index = np.full(self.people, -1, np.int64)
        index[choice.person] = np.where(choice.decided, choice.row, -1)
        has = np.zeros(self.people, bool)
        has[choice.person] = True
        if name in self.doubts.names:
            index[self._replaced(name, entries, index)] = -1
        places = pl.Series(index).cast(pl.Int64)
        return entries[column].gather(places.set(places < 0, None)), has

    # What was not understood

    def _replaced(self, name: str, entries: pl.DataFrame, index: Ints) -> Any:
        """Whose deciding result an entry may replace that was not understood: one as new, or without a day (see `Doubt.later`)."""
        first = self.knowledge.facts[name].use == "metastasis-first"
        rows = self.doubts.rows(name)
        place = index[rows["patient"].to_numpy()]
        decided = pl.Series(place).set(pl.Series(place < 0), None)
        on, specimen = entries["since"].gather(decided), entries["specimen"].gather(decided)
        rows = rows.with_columns(
            on.alias("decided_on"), (specimen == "metastasis").fill_null(False).alias("sure"), pl.Series("has", place >= 0)
        )
        same_day = (pl.col("on") == pl.col("decided_on")) & ~pl.col("not_final").fill_null(
            False
        )  # a final result goes before one that is not
        newer = pl.col("decided_on").is_null() | pl.col("on").is_null() | (pl.col("on") > pl.col("decided_on")) | same_day
        if first:
            of_metastasis = (pl.col("specimen") == "metastasis").fill_null(False)
            of_breast = (pl.col("specimen") == "primary").fill_null(False)
            newer = (newer | (of_metastasis & ~pl.col("sure"))) & ~(pl.col("sure") & of_breast)
        if self.knowledge.facts[name].stays:
            rows = rows.with_columns((entries["number"].gather(decided) == 1).fill_null(False).alias("stays"))
            newer = newer & ~pl.col("stays")
        return self.doubts.mark(rows.filter(pl.col("has") & newer))

    def _about(self, name: str) -> Any:
        """Who has an entry that was not understood and may be about a fact, neither over nor too old."""
        fact, rows = self._fact(name), self.doubts.now(name)
        if fact is not None and fact.current_for is not None and rows.height:
            limit = self._limit(rows, fact.current_for)
            rows = rows.filter(pl.col("on").is_null() | (pl.col("on") >= limit))
        return self.doubts.mark(rows)

    @cached_property
    def _open(self) -> dict[str, Any]:
        return {}

    def open(self, name: str) -> Any:
        """Who has an unknown fact that an entry leaves open which was not understood; of a set, whose set it touches."""
        if name not in self._open:
            found = self._about(name)
            if name == "line":
                found = self.doubts.lists(TREATMENTS) | self.doubts.lists(COURSE)
            elif name in self.doubts.names and self.knowledge.facts[name].type != "set":
                entries = self._rows(name)
                choice = self.choice(name, entries)
                index = np.full(self.people, -1, np.int64)
                index[choice.person] = np.where(choice.decided, choice.row, -1)
                found = found | self._replaced(name, entries, index)
            self._open[name] = found
        return self._open[name]

    def left_open(self, about: str) -> Any:
        """Of a fact, a question or a clause about a set, by its column: who has an entry that was not understood and may change its answer."""
        question = self.criteria.questions.get(about)
        if question is not None and not isinstance(question, nodes.GradeOf | nodes.DaysOf):
            return self.history.misread(question)
        clause = self.criteria.includes.get(about)
        return self.open("symptoms" if question is not None else clause.fact if clause is not None else about)

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
        has = has | self._about(name)
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
    def _made_sets(self) -> dict[str, Bits]:
        return {}

    def _sets_of(self, name: str) -> Bits:
        """A set as words of a bit a member for each person: what is in it, what may be because of an entry that was not understood."""
        if name not in self._made_sets:
            fact = self._fact(name)
            entries = self._present(name) if fact else self.events.entries.clear()
            members = sorted({*entries["text"].drop_nulls().unique().to_list(), *(fact.values if fact else ())})
            words = self._bits(entries, members)
            unsure = np.zeros_like(words)
            if name in self.doubts.names:
                unsure = self._unsure(name, members) & ~words
            if fact and fact.silence != "none":
                unsure |= self._beyond_denied(name, members)
            self._made_sets[name] = Bits(members, words, unsure, self._set_known(name))
        return self._made_sets[name]

    def _beyond_denied(self, name: str, members: list[str]) -> Any:
        """Of people of whom the record says only what is not in a set: everything else may be."""
        rows = self._rows(name)
        absent = rows["absent"].fill_null(False)
        denied, only = rows.filter(absent), np.zeros(self.people, bool)
        only[denied["patient"].to_numpy()] = True
        only[rows.filter(~absent)["patient"].to_numpy()] = False
        only &= ~self.events.declared(name)
        found = np.where(only[:, None], _mask([True] * len(members), max(1, -(-len(members) // 64))), np.uint64(0))
        return found & ~self._bits(denied.filter(pl.col("text").is_in(members)).sort("patient"), members)

    def _bits(self, rows: pl.DataFrame, members: list[str]) -> Any:
        """The members in `text`, as bits of each person."""
        words = np.zeros((self.people, max(1, -(-len(members) // 64))), np.uint64)
        if rows.height and members:
            code = rows["text"].cast(pl.Enum(members)).to_physical().cast(pl.Int64).to_numpy()
            bits = np.zeros((len(code), words.shape[1]), np.uint64)
            bits[np.arange(len(code)), code // 64] = np.uint64(1) << (code % 64).astype(np.uint64)
            who = rows["patient"].to_numpy()
            starts = np.flatnonzero(np.r_[True, who[1:] != who[:-1]])
            words[who[starts]] = np.bitwise_or.reduceat(bits, starts, axis=0)
        return words

    def _unsure(self, name: str, members: list[str]) -> Any:
        """What may be in a set because of entries that were not understood: without what is stated not to be in it."""
        fact, rows = self.knowledge.facts[name], self.doubts.now(name).sort("patient", maintain_order=True)
        if fact.current_for is not None and rows.height:
            limit = self._limit(rows, fact.current_for)
            rows = rows.filter(pl.col("on").is_null() | (pl.col("on") >= limit))
        named = rows.filter(pl.col("member").is_in(members)).with_columns(pl.col("member").alias("text"))
        words = self._bits(named, members)
        words[self.doubts.mark(rows.filter(pl.col("member").is_null()))] = _mask([True] * len(members), words.shape[1])
        denied = self._rows(name).filter(pl.col("absent").fill_null(False) & pl.col("text").is_in(members))
        return words & ~self._bits(denied, members)

    def _includes(self, node: nodes.Includes) -> pl.Series:
        """Whether a set includes what a criterion asks for. What may be in it, because of what was not understood, is not known to be absent."""
        found = self._sets_of(node.fact)
        known = found.known if node.within is None else np.zeros(self.people, bool)  # a set has no date
        holds, fails = np.ones(self.people, bool), np.zeros(self.people, bool)
        wanted = [node.values] if node.mode != "all" else [(value,) for value in node.values]
        for values in wanted:
            inside = self.knowledge.vocabulary.members(node.fact, values)
            mask = _mask([member in inside for member in found.members], found.words.shape[1])
            if node.mode == "only":
                within = ((found.words & ~mask) == 0).all(axis=1)
                settled = ((found.unsure & ~mask) == 0).all(axis=1)
                some = (found.words != 0).any(axis=1)
                holds, fails = within & settled & some, ~within | (settled & ~some)
            else:
                there = ((found.words & mask) != 0).any(axis=1)
                holds, fails = holds & there, fails | (~there & ((found.unsure & mask) == 0).all(axis=1))
        answer = pl.Series(node.text, holds)
        unknown = ~known | ~(holds | fails)
        return answer.set(pl.Series(unknown), None) if unknown.any() else answer

    # Symptoms

    @cached_property
    def _felt(self) -> dict[str, pl.DataFrame]:
        """The entries of each symptom that is there."""
        parts = self._present("symptoms").partition_by("text", as_dict=True)
        return {str(name): part for (name,), part in parts.items()}

    def _symptom(self, asked: nodes.GradeOf | nodes.DaysOf) -> pl.Series:
        entries = self._felt.get(asked.symptom)
        if entries is None and "symptoms" not in self.doubts.names:
            return pl.Series(asked.key, np.zeros(self.people))
        if entries is None:
            entries = self._present("symptoms").clear()
        known = pl.when(pl.col("grade").null_count() == 0).then(pl.col("grade").max())
        standing = self.knowledge.facts["symptoms"].standing_after if "symptoms" in self.knowledge.facts else None
        if isinstance(asked, nodes.GradeOf) or standing is None or not entries.height:
            value = known if isinstance(asked, nodes.GradeOf) else pl.col("since_days").max()
        else:  # what is dated long ago has been there at least since then
            entries = entries.with_columns(pl.Series("standing", self._limit(entries, standing)))
            dated = (pl.col("since").null_count() == 0) & (pl.col("since").max() <= pl.col("standing").first())
            value = pl.coalesce(
                pl.col("since_days").max(), pl.when(dated).then(pl.col("day").first() - pl.col("since").max()).cast(pl.Float64)
            )
        found = entries.group_by("patient").agg(value.cast(pl.Float64).alias("value"))
        numbers = np.zeros(self.people)
        if "symptoms" in self.doubts.names:
            bits = self._sets_of("symptoms")
            mask = _mask([member == asked.symptom for member in bits.members], bits.words.shape[1])
            numbers[((bits.unsure & mask) != 0).any(axis=1)] = math.nan
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
