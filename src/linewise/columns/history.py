"""Questions about what was given, for everybody at once: the answers of `record.history`, as columns.

A course is its set of drugs. There are few different sets, however many the people, so each is asked once whether it contains each
treatment that some question names; the answers are bits. What a person had is then the union of the bits of the person's courses, and
every question with a yes or a no is one bit of it. Questions with a number look at the courses that match.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import polars as pl

from linewise.knowledge import Knowledge
from linewise.logic import Question, nodes
from linewise.logic.nodes import Combination, Setting, Treatment
from linewise.record import Course, Origin, Reaction
from linewise.record.doubt import RECEIVING
from linewise.record.history import History
from linewise.record.model import COURSE, MEDICINES, REACTIONS, TREATMENTS
from linewise.record.parameters import STANDARD

from .doubt import Doubts, Misread, reactions_on
from .events import Events
from .lines import courses_of, roles

Bools = np.ndarray[Any, np.dtype[np.bool_]]
Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
Words = np.ndarray[Any, np.dtype[np.uint64]]
Answer = tuple[Bools, Bools]
"""For each person: the answer is yes; it is unknown."""

_COURSE = (
    nodes.Had,
    nodes.ProgressedOn,
    nodes.Receiving,
    nodes.Taking,
    nodes.LinesOf,
    nodes.MonthsOn,
    nodes.MonthsSince,
    nodes.MonthsToRelapse,
)


_KNOWN: WeakKeyDictionary[Knowledge, dict[str, dict[str, Any]]] = WeakKeyDictionary()
"""Of each drug, what it is: asked of the one-person reader once for a knowledge."""


class Contents:
    """Which treatments are in which sets of drugs: certainly, and possibly (where a drug is not known, or only its class)."""

    def __init__(
        self, treatments: Sequence[Treatment], sets: Sequence[Sequence[str]], knowledge: Knowledge, apart: Sequence[int] = ()
    ) -> None:
        self.place = {treatment: index for index, treatment in enumerate(treatments)}
        drugs = sorted({drug for one in sets for drug in one})
        names = sorted({name for treatment in treatments for name in treatment.names})
        sure, maybe = self._of_drugs(drugs, names, knowledge)
        number = {drug: index for index, drug in enumerate(drugs)}
        rows = np.repeat(np.arange(len(sets)), [len(one) for one in sets])
        columns = np.array([number[drug] for one in sets for drug in one], dtype=np.int64)
        has = np.zeros((len(sets), len(names)), bool)
        may = np.zeros((len(sets), len(names)), bool)
        np.logical_or.at(has, rows, sure[columns])
        np.logical_or.at(may, rows, maybe[columns])
        may &= ~has
        self.yes = np.zeros((len(sets), len(treatments)), bool)
        self.maybe = np.zeros((len(sets), len(treatments)), bool)
        where = {name: index for index, name in enumerate(names)}
        for index, treatment in enumerate(treatments):
            parts = [self._combination(one, has, may, where) for one in treatment.alternatives]
            self.yes[:, index] = np.logical_or.reduce([yes for yes, _ in parts])
            self.maybe[:, index] = np.logical_or.reduce([unknown for _, unknown in parts]) & ~self.yes[:, index]
        self.several = np.zeros((len(sets), len(treatments)), bool)
        self._undated([(index, sets[index]) for index in apart], treatments, knowledge)

    def _undated(self, sets: list[tuple[int, Sequence[str]]], treatments: Sequence[Treatment], knowledge: Knowledge) -> None:
        """Sets of which nobody knows what was given together; they are few, so each is asked. `several`: by more than one of its drugs."""
        for row, drugs in sets:
            whole = History(knowledge, (Course(drugs=tuple(drugs), setting="metastatic", undated=True),), frozenset())
            alone = [History(knowledge, (Course(drugs=(drug,), setting="metastatic"),), frozenset()) for drug in drugs]
            for column, treatment in enumerate(treatments):
                value = whole.had(treatment, "any").value
                self.yes[row, column], self.maybe[row, column] = value is True, value is None
                self.several[row, column] = sum(one.had(treatment, "any").value is not False for one in alone) > 1

    @staticmethod
    def _of_drugs(drugs: list[str], names: list[str], knowledge: Knowledge) -> tuple[Bools, Bools]:
        sure, maybe = np.zeros((len(drugs), len(names)), bool), np.zeros((len(drugs), len(names)), bool)
        known = _KNOWN.setdefault(knowledge, {})
        asked = {name: Treatment((Combination((name,)),)) for name in names}
        for row, drug in enumerate(drugs):
            told = known.setdefault(drug, {})
            missing = asked.keys() - told.keys()
            if missing:
                history = History(knowledge, (Course(drugs=(drug,), setting="metastatic"),), frozenset())
                told.update({name: history.had(asked[name], "any").value for name in missing})
            values = [told[name] for name in names]
            sure[row], maybe[row] = [value is True for value in values], [value is None for value in values]
        return sure, maybe

    @staticmethod
    def _combination(one: Combination, has: Bools, may: Bools, where: dict[str, int]) -> Answer:
        false = np.zeros(len(has), bool)
        unknown = np.zeros(len(has), bool)
        for name in one.has:
            yes, perhaps = has[:, where[name]], may[:, where[name]]
            false |= ~yes & ~perhaps
            unknown |= perhaps
        for name in one.without:
            false |= has[:, where[name]]
            unknown |= may[:, where[name]]
        return ~false & ~unknown, ~false & unknown


def packed(bits: Bools) -> Words:
    """Bits in words of 64, the words in columns."""
    count = max(1, -(-bits.shape[1] // 64))
    whole = np.zeros((len(bits), count * 64), bool)
    whole[:, : bits.shape[1]] = bits
    return np.packbits(whole, axis=1, bitorder="little").view(np.uint64)


@dataclass(frozen=True)
class Courses:
    """The courses of everybody as arrays, sorted by person. Months are NaN where unknown."""

    table: pl.DataFrame
    sets: list[list[str]]
    apart: list[int]
    people: int

    @classmethod
    def of(cls, table: pl.DataFrame, people: int) -> Courses:
        undated = pl.when("undated").then(pl.lit("\x1e")).otherwise(pl.lit(""))
        kept = table.select(pl.col("drugs").list.set_difference("dropped").list.sort(), "undated")
        key = pl.concat([table.select(pl.col("drugs"), "undated"), kept])
        text = pl.concat_str(pl.col("drugs").list.join("\x1f"), undated)
        key = key.select(text.cast(pl.Categorical).to_physical().alias("set"), "drugs", "undated")
        distinct = key.unique("set", maintain_order=True)
        sets = [list(one) for one in distinct["drugs"].to_list()]
        apart = [index for index, one in enumerate(distinct["undated"].to_list()) if one]
        number = (
            key["set"].replace_strict(distinct["set"], pl.int_range(len(sets), eager=True), return_dtype=pl.Int64)
            if len(sets)
            else key["set"]
        )
        whole, present = number.head(table.height), number.tail(table.height)
        return cls(table.with_columns(whole.alias("set"), present.alias("present")), sets, apart, people)

    @cached_property
    def person(self) -> Ints:
        return self.table["patient"].cast(pl.Int64).to_numpy()

    @cached_property
    def set(self) -> Ints:
        return self.table["set"].cast(pl.Int64).to_numpy()

    @cached_property
    def present(self) -> Ints:
        """The set of what is given now, or was until the end (see `Course.present`)."""
        return self.table["present"].cast(pl.Int64).to_numpy()

    @cached_property
    def metastatic(self) -> Bools:
        return (self.table["setting"] == "metastatic").to_numpy()

    @cached_property
    def ongoing(self) -> Bools:
        return self.table["ongoing"].fill_null(False).to_numpy()

    @cached_property
    def perhaps(self) -> Bools:
        """Those of which it is not known whether they go on."""
        return self.table["ongoing"].is_null().to_numpy()

    @cached_property
    def undated(self) -> Bools:
        return self.table["undated"].to_numpy()

    @cached_property
    def unplaced(self) -> Bools:
        """For each person, whether it is not known which line was the first or the last."""
        found = np.zeros(self.people, bool)
        found[self.person[self.undated & self.metastatic]] = True
        return found

    def floats(self, name: str) -> Floats:
        return self.table[name].fill_null(math.nan).to_numpy()

    @cached_property
    def stopped(self) -> Answer:
        """Stopped for progression; not said why."""
        why = self.table["stopped_for"]
        return (why == "progression").fill_null(False).to_numpy(), why.is_null().to_numpy()

    def rows(self, setting: Setting) -> Ints:
        """The courses of a setting, as far as it is known which they are."""
        if setting == "any":
            return np.arange(len(self.person))
        if setting == "adjuvant":
            return np.flatnonzero(~self.metastatic)
        lines = np.flatnonzero(self.metastatic)
        if setting == "metastatic" or not len(lines):
            return lines
        lines = lines[~self.unplaced[self.person[lines]]]
        who = self.person[lines]
        differ = who[1:] != who[:-1]
        edge = np.r_[True, differ] if setting == "first" else np.r_[differ, True]
        found: Ints = lines[edge[: len(lines)]]
        return found

    def possible(self, setting: Setting) -> Ints:
        """The lines of which any may be the first or the last, where that is asked."""
        if setting not in ("first", "last"):
            return np.zeros(0, np.int64)
        found: Ints = np.flatnonzero(self.metastatic & self.unplaced[self.person])
        return found


class Histories:
    """Answers questions about everybody. `answer` gives an expression over the columns that `frame` adds."""

    def __init__(
        self,
        events: Events,
        knowledge: Knowledge,
        day: dt.date | None,
        questions: Sequence[Question],
        interval: Floats,
        doubts: Doubts,
    ) -> None:
        self.events, self.knowledge, self.people, self.doubts = events, knowledge, len(events), doubts
        self.days, self.interval = events.days(day), interval
        self.table = courses_of(events, knowledge, day)
        self.courses = Courses.of(self.table, self.people)
        asked = [one for one in questions if isinstance(one, _COURSE)]
        self.treatments = list(dict.fromkeys(one.treatment for one in asked))
        self.contents = Contents(self.treatments, self.courses.sets, knowledge, self.courses.apart)
        self.words = packed(self.contents.yes), packed(self.contents.maybe)
        self.columns: dict[str, pl.Series] = {}
        self._dense: dict[tuple[str, int], str] = {}

    # Yes or no

    def answer(self, question: Question) -> pl.Expr:
        """The answer to a question, as an expression over `columns` that is named by the question's key."""
        return _ANSWERS[type(question)](self, question).alias(question.key)

    def misread(self, question: Question) -> Bools:
        """Whose unknown answer an entry may have left open that was not understood (see `Reading.open`)."""
        lists = _LISTS[type(question)]
        if lists not in self._misread:
            self._misread[lists] = Misread(self.doubts, self.table, self.taken).lists(*lists)
        return self._misread[lists]

    @cached_property
    def _misread(self) -> dict[tuple[str, ...], Bools]:
        return {}

    def had(self, asked: nodes.Had) -> pl.Expr:
        courses = self.courses
        return self._bit(
            asked.treatment,
            f"had {asked.setting}",
            lambda: self._opened(self._given(courses.rows(asked.setting), courses.possible(asked.setting)), TREATMENTS),
        )

    def receiving(self, asked: nodes.Receiving | nodes.Taking) -> pl.Expr:
        going, perhaps = np.flatnonzero(self.courses.ongoing), np.flatnonzero(self.courses.perhaps)
        return self._bit(
            asked.treatment, "receiving", lambda: self._opened(self._given(going, perhaps, self.courses.present), RECEIVING)
        )

    def taking(self, asked: nodes.Taking) -> pl.Expr:
        given = self.receiving(asked)
        return given | self._bit(asked.treatment, "medicines", lambda: self._opened(self._medicines(), MEDICINES))

    def progressed(self, asked: nodes.ProgressedOn) -> pl.Expr:
        setting: Setting = "metastatic" if asked.setting == "any" else asked.setting
        return self._bit(asked.treatment, f"progressed {setting}", lambda: self._opened(self._ended(setting), TREATMENTS, COURSE))

    def _opened(self, given: tuple[Words, Words], *lists: str) -> tuple[Words, Words]:
        """Every answer that is not yes may be, of people with an entry on these lists that was not understood."""
        yes, maybe = given
        if any(name in self.doubts.names for name in (*lists, *((TREATMENTS,) if RECEIVING in lists else ()))):
            for name in lists:
                maybe[self.doubts.lists(name)] = np.uint64(2**64 - 1)
        return yes, maybe

    def _bit(self, treatment: Treatment, group: str, make: Callable[[], tuple[Words, Words]]) -> pl.Expr:
        """One bit of a person's yes-words; where it is not set, of the maybe-words."""
        if (group, 0) not in self._dense:
            for kind, words in zip(("yes", "maybe"), make(), strict=True):
                for index in range(words.shape[1]):
                    name = f"#{group} {kind} {index}"
                    if kind == "yes" or words[:, index].any():
                        self.columns[name] = pl.Series(name, words[:, index])
                    self._dense[group, index] = group
        word, bit = divmod(self.contents.place[treatment], 64)
        mask = pl.lit(1 << bit, dtype=pl.UInt64)
        yes = (pl.col(f"#{group} yes {word}") & mask) != 0
        unsure = f"#{group} maybe {word}"
        if unsure not in self.columns:
            return yes
        return pl.when(yes).then(True).when((pl.col(unsure) & mask) == 0).then(False)

    def _given(self, rows: Ints, possible: Ints, contained: Ints | None = None) -> tuple[Words, Words]:
        """What the courses contained, and what they may have; those that are only possible may have what they contained."""
        yes, maybe = self.words
        contained = self.courses.set if contained is None else contained
        sets, others = contained[rows], contained[possible]
        return self._union(rows, yes[sets]), self._union(rows, maybe[sets]) | self._union(possible, yes[others] | maybe[others])

    def _ended(self, setting: Setting) -> tuple[Words, Words]:
        rows, possible = self.courses.rows(setting), self.courses.possible(setting)
        ended, _ = self._ended_by_progression(rows)
        yes, _ = self.words
        sure = np.where(ended[:, None], yes[self.courses.present[rows]], np.uint64(0))
        return self._union(rows, sure), self._perhaps_ended(rows) | self._perhaps_ended(possible)

    def _perhaps_ended(self, rows: Ints) -> Words:
        ended, unsure = self._ended_by_progression(rows)
        yes, maybe = self.words
        sets = self.courses.present[rows]
        return self._union(rows, np.where((ended | unsure)[:, None], yes[sets] | maybe[sets], np.uint64(0)))

    def _ended_by_progression(self, rows: Ints) -> Answer:
        stopped, silent = self.courses.stopped
        metastatic, ongoing = self.courses.metastatic[rows], self.courses.ongoing[rows]
        gap = self._gaps[rows]
        ended = np.where(metastatic, ~ongoing & stopped[rows], gap <= 0)
        unsure = np.where(metastatic, ~ongoing & silent[rows], np.isnan(gap))
        return ended, unsure

    def _union(self, rows: Ints, words: Words, owner: Ints | None = None) -> Words:
        """The union of the words of each person's rows."""
        found = np.zeros((self.people, words.shape[1]), np.uint64)
        who = self.courses.person[rows] if owner is None else owner
        if len(who):
            starts = np.flatnonzero(np.r_[True, who[1:] != who[:-1]])
            found[who[starts]] = np.bitwise_or.reduceat(words, starts, axis=0)
        return found

    @cached_property
    def taken(self) -> pl.DataFrame:
        """What is taken on the day besides cancer treatment, or may be: drugs that make or join no line included (see `supply.medicine_of`)."""
        columns = ["patient", "drug", "start", "end", "unsure"]
        taken = self.events.medications.with_columns(pl.col("unsure").fill_null(False)).select(columns)
        part_of = roles(self.events.administrations["drug"], self.knowledge)
        others = [drug for drug, role in part_of.items() if role == "other"]
        given = self.events.administrations.filter(pl.col("drug").is_in(others) & ~pl.col("planned"))
        going = pl.col("ongoing").fill_null(False) | (pl.col("end").is_not_null() & pl.col("end").ne_missing(pl.col("start")))
        given = given.filter(going | pl.col("ongoing").is_null())
        awaited = pl.when(pl.col("supply").is_not_null()).then(STANDARD.grace).otherwise(0)
        lasts = pl.coalesce("end", "start") + pl.duration(days=STANDARD.pack + STANDARD.grace)
        perhaps = pl.when(~pl.col("unsure").fill_null(False)).then(lasts)
        end = pl.when(going).then(pl.col("end") + pl.duration(days=awaited)).otherwise(perhaps)
        given = given.with_columns(end.alias("end"), (~going).alias("unsure")).select(columns)
        taken = pl.concat([taken, given]).sort("patient", maintain_order=True)
        day = pl.Series(self.days).cast(pl.Date).gather(taken["patient"])
        begun = taken["start"].is_null() | (taken["start"] <= day)
        return taken.filter(begun.fill_null(False) & (taken["end"].is_null() | (day <= taken["end"])).fill_null(False))

    def _medicines(self) -> tuple[Words, Words]:
        taken = self.taken
        drugs = taken["drug"].unique(maintain_order=True)
        contents = Contents(self.treatments, [[drug] for drug in drugs.to_list()], self.knowledge)
        index = (
            taken["drug"].replace_strict(drugs, pl.int_range(len(drugs), eager=True), return_dtype=pl.Int64)
            if len(drugs)
            else taken["drug"]
        )
        rows, unsure = index.cast(pl.Int64).to_numpy(), taken["unsure"].to_numpy()
        owner = taken["patient"].cast(pl.Int64).to_numpy()
        yes, maybe = packed(contents.yes)[rows], packed(contents.maybe)[rows]
        sure = np.where(unsure[:, None], np.uint64(0), yes)
        return self._union(rows, sure, owner), self._union(rows, np.where(unsure[:, None], yes | maybe, maybe), owner)

    # Reactions

    def reacted(self, asked: nodes.ReactedTo) -> pl.Expr:
        """Each different reaction is asked by itself; of a person's reactions one that is it is enough, else one that may be."""
        yes, unknown = np.zeros(self.people, bool), np.zeros(self.people, bool)
        for history, who in self._reactions:
            value = history.reacted(asked).value
            if value is not False:
                (yes if value else unknown)[who] = True
        unknown |= self.doubts.lists(REACTIONS)
        return self._kept(asked.key, yes, unknown & ~yes)

    @cached_property
    def _reactions(self) -> list[tuple[History, Ints]]:
        """Every different reaction, as the history of somebody who had nothing else, with the people who had it."""
        keys = ["drug", "effect", "grade", "ongoing"]
        parts = reactions_on(self.events, self.days).drop("on").partition_by(keys, as_dict=True, include_key=False)
        origin = Origin("reactions")
        found = []
        for (drug, effect, grade, ongoing), part in parts.items():
            reaction = Reaction(drug=drug, effect=effect, grade=grade, ongoing=ongoing, origin=origin)
            found.append((History(self.knowledge, (), frozenset(), (reaction,)), part["patient"].cast(pl.Int64).to_numpy()))
        return found

    def _kept(self, key: str, yes: Bools, unknown: Bools) -> pl.Expr:
        name = f"#{key}"
        answer = pl.Series(name, yes)
        self.columns[name] = answer.set(pl.Series(unknown), None) if unknown.any() else answer
        return pl.col(name)

    # Numbers

    @cached_property
    def _gaps(self) -> Floats:
        """Months from the end of each adjuvant course to the relapse, NaN where unknown; see `History._gap`."""
        courses = self.courses
        stopped, _ = courses.stopped
        months = courses.floats("months")
        since = courses.floats("months_since_end")
        gap = np.where(stopped | courses.ongoing, 0.0, since)
        rows = np.flatnonzero(~courses.metastatic)
        who = courses.person[rows]
        known = ~np.isnan(self.interval[who])
        for index in np.flatnonzero(known & np.isnan(gap[rows])):
            after = index + 1
            while after < len(rows) and who[after] == who[index]:
                after += 1
            later = months[rows[index + 1 : after]]
            gap[rows[index]] = self.interval[who[index]] + sum(later.tolist())  # NaN where one of them has no length
        return gap

    def _matches(self, treatment: Treatment, setting: Setting) -> tuple[Ints, Bools]:
        """The courses of a setting that contain the treatment, and the people of whom it is not known for some course."""
        column, rows, possible = self.contents.place[treatment], self.courses.rows(setting), self.courses.possible(setting)
        unsure = np.zeros(self.people, bool)
        contained, perhaps = self.contents.yes[:, column], self.contents.maybe[:, column]
        unsure[self.courses.person[rows[perhaps[self.courses.set[rows]]]]] = True
        unsure[self.courses.person[possible[(contained | perhaps)[self.courses.set[possible]]]]] = True
        unsure |= self.doubts.lists(TREATMENTS)
        return rows[contained[self.courses.set[rows]]], unsure

    def _least(self, rows: Ints, values: Floats, none: float, most: bool = False) -> Floats:
        """The least (or most) value of each person's rows, NaN where one of them is NaN, `none` where there is no row."""
        found = np.full(self.people, none)
        who = self.courses.person[rows]
        if len(who):
            starts = np.flatnonzero(np.r_[True, who[1:] != who[:-1]])
            found[who[starts]] = (np.maximum if most else np.minimum).reduceat(values, starts)
        return found

    def _number(self, key: str, values: Floats) -> pl.Expr:
        name = f"#{key}"
        self.columns[name] = pl.Series(name, values, nan_to_null=True)
        return pl.col(name)

    def months_on(self, asked: nodes.MonthsOn) -> pl.Expr:
        rows, unsure = self._matches(asked.treatment, asked.setting)
        longest = self._least(rows, self.courses.floats("months")[rows], 0.0, most=True)
        return self._number(asked.key, np.where(unsure, math.nan, longest))

    def months_since(self, asked: nodes.MonthsSince) -> pl.Expr:
        rows, unsure = self._matches(asked.treatment, asked.setting)
        since = np.where(self.courses.ongoing[rows], 0.0, self.courses.floats("months_since_end")[rows])
        return self._number(asked.key, self._nearest(rows, since, unsure))

    def months_to_relapse(self, asked: nodes.MonthsToRelapse) -> pl.Expr:
        rows, unsure = self._matches(asked.treatment, "adjuvant")
        found = self._nearest(rows, np.maximum(self._gaps[rows], 0.0), unsure)
        untold = np.isinf(found) & ~np.isnan(self.interval) & ~self.events.declared("adjuvant")
        return self._number(asked.key, np.where(untold, math.nan, found))

    def _nearest(self, rows: Ints, values: Floats, unsure: Bools) -> Floats:
        """The least of what is known where that is 0; else unknown where anything is; else the least, or infinity for none."""
        known = self._least(rows, np.where(np.isnan(values), math.inf, values), math.inf)
        unknown = unsure.copy()
        unknown[self.courses.person[rows[np.isnan(values)]]] = True
        return np.where(known == 0.0, 0.0, np.where(unknown, math.nan, known))

    def lines_of(self, asked: nodes.LinesOf) -> pl.Expr:
        rows, unsure = self._matches(asked.treatment, asked.setting)
        counted = np.bincount(self.courses.person[rows], minlength=self.people).astype(np.float64)
        undated = rows[self.courses.undated[rows]]  # one line or several, of which one may be another that is counted
        several = self.contents.several[self.courses.set[undated], self.contents.place[asked.treatment]]
        who = self.courses.person[undated]
        unsure[who[several | (counted[who] > 1)]] = True
        unsure |= self.doubts.lists(COURSE)
        return self._number(asked.key, np.where(unsure, math.nan, counted))

    def next_line(self) -> Floats:
        """The number of each person's next line for metastatic disease; NaN where some drug has no day."""
        rows = self.courses.rows("metastatic")
        counted = np.bincount(self.courses.person[rows], minlength=self.people).astype(np.float64) + 1.0
        untold = self.courses.unplaced | self.doubts.lists(TREATMENTS) | self.doubts.lists(COURSE)
        return np.where(untold, math.nan, counted)

    def current(self) -> pl.DataFrame:
        """The drugs of the courses that go on, or may: `patient`, `drug`."""
        going = self.table.filter(pl.col("ongoing").fill_null(True)).select(
            "patient", pl.col("drugs").list.set_difference("dropped").alias("drug")
        )
        return going.explode("drug")


_LISTS: dict[type, tuple[str, ...]] = {
    nodes.Had: (TREATMENTS,),
    nodes.ProgressedOn: (TREATMENTS, COURSE),
    nodes.Receiving: (RECEIVING,),
    nodes.Taking: (RECEIVING, MEDICINES),
    nodes.ReactedTo: (REACTIONS,),
    nodes.MonthsOn: (TREATMENTS,),
    nodes.MonthsSince: (TREATMENTS,),
    nodes.MonthsToRelapse: (TREATMENTS,),
    nodes.LinesOf: (TREATMENTS, COURSE),
}
"""The lists that a question of each kind is about, as `History` has them."""

_ANSWERS: dict[type, Callable[[Histories, Any], pl.Expr]] = {
    nodes.Had: Histories.had,
    nodes.ProgressedOn: Histories.progressed,
    nodes.Receiving: Histories.receiving,
    nodes.Taking: Histories.taking,
    nodes.ReactedTo: Histories.reacted,
    nodes.MonthsOn: Histories.months_on,
    nodes.MonthsSince: Histories.months_since,
    nodes.MonthsToRelapse: Histories.months_to_relapse,
    nodes.LinesOf: Histories.lines_of,
}
