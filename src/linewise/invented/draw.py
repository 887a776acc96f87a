"""Drawing the people: whole columns at a time, from a seed, so that the same seed gives the same people.

Nothing here knows what is drawn: `plan` is the content of `knowledge/cohort/synthesis.yaml`, and a share is a number or a number a subtype.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from linewise.columns.events import SCHEMAS, Events, made
from linewise.logic.nodes import DAYS_IN

Array = np.ndarray[Any, Any]
_EPOCH = dt.date(1970, 1, 1)
_MONTH = DAYS_IN["months"]
_MOST_LINES = 6


@dataclass
class People:
    """The people while they are drawn: arrays with one place a person, and tables that grow."""

    plan: Mapping[str, Any]
    chance: np.random.Generator
    size: int
    first: int = 0  # the number of the first of them
    subtype: Array = field(init=False)
    names: list[str] = field(init=False)
    rows: dict[str, list[pl.DataFrame]] = field(init=False)

    def __post_init__(self) -> None:
        self.names = list(self.plan["subtypes"])
        self.rows = {name: [] for name in SCHEMAS}
        self.subtype = self.one_of({name: about["share"] for name, about in self.plan["subtypes"].items()}, self.size)

    # Chance

    def number(self, value: Any) -> Array:
        """A number for everybody: the same, or one a subtype."""
        if isinstance(value, Mapping):
            return np.array([float(value[name]) for name in self.names])[self.subtype]
        return np.full(self.size, float(value))

    def happens(self, share: Any) -> Array:
        return self.chance.random(self.size) < self.number(share)

    def one_of(self, shares: Mapping[str, float], size: int) -> Array:
        """The number of one of the words, by their shares."""
        weights = np.array(list(shares.values()), float)
        return np.searchsorted(np.cumsum(weights / weights.sum())[:-1], self.chance.random(size), side="right")

    def words(self, shares: Mapping[str, Any]) -> Array:
        """A word for everybody, by shares that may differ between subtypes."""
        if set(shares) >= set(self.names):
            found = np.full(self.size, "", dtype=object)
            for index, name in enumerate(self.names):
                who = np.flatnonzero(self.subtype == index)
                found[who] = np.array(list(shares[name]), dtype=object)[self.one_of(shares[name], len(who))]
            return found
        return np.array(list(shares), dtype=object)[self.one_of(shares, self.size)]

    # Rows

    def add(self, table: str, who: Array, **columns: Any) -> None:
        """Rows about some people. Days are numbers of days since 1970."""
        made_of: dict[str, Any] = {"patient": who.astype(np.uint32)}
        for name, value in columns.items():
            kind = SCHEMAS[table][name]
            if isinstance(value, np.ndarray):
                series = pl.Series(name, value) if value.dtype != object else pl.Series(name, value.tolist(), dtype=pl.String)
                value = series.cast(pl.Int32).cast(pl.Date) if kind == pl.Date else series
            elif not isinstance(value, pl.Series):
                value = pl.repeat(value, len(who), dtype=kind, eager=True)
            made_of[name] = value
        self.rows[table].append(pl.DataFrame(made_of).with_columns(pl.col(name).cast(SCHEMAS[table][name]) for name in columns))


def draw(plan: Mapping[str, Any], size: int, seed: int, first: int = 0) -> Events:
    """Some people, as events. `first` numbers them on, so that a cohort can be drawn in parts."""
    people = People(plan, np.random.default_rng([seed, first]), size, first)
    life = _Life(people)
    _tumour(people, life)
    _results(people, life)
    _set(people, life, "sites", plan["sites"]["shares"], life.spread)
    _illnesses(people, life)
    _adjuvant(people, life)
    _lines(people, life)
    _reactions(people)
    return _events(people, life)


class _Life:
    """When each person was born, fell ill, when it spread, and when they were last seen."""

    def __init__(self, people: People) -> None:
        about, chance = people.plan["person"], people.chance
        start, self.cut = (_day(people.plan["window"][end]) for end in ("from", "to"))
        self.spread = chance.integers(start, self.cut - 30, people.size)
        age = chance.normal(people.number(about["age"]["mean"]), about["age"]["sd"])
        self.age = np.clip(age, about["age"]["low"], about["age"]["high"])
        self.born = (self.spread - self.age * DAYS_IN["years"]).astype(np.int64)
        self.male = people.happens(about["male"]["share"])
        self.de_novo = people.happens(about["de-novo"]["share"])
        gap = chance.exponential(people.number(about["free-months"]["mean"])) + 1
        self.gap = np.minimum(gap, 240) * _MONTH
        self.survival = (
            chance.exponential(people.number({k: v["survival"] for k, v in people.plan["subtypes"].items()}) / math.log(2))
            * _MONTH
        )
        self.ends = (self.spread + np.maximum(self.survival, 20)).astype(np.int64)
        self.died = self.ends <= self.cut
        self.last = np.minimum(self.ends, self.cut)
        self.adjuvant_start = np.full(people.size, self.cut, np.int64)
        self.going: dict[str, Array] = {}


def _day(value: Any) -> int:
    return (dt.date.fromisoformat(str(value)) - _EPOCH).days


# Facts


def _tumour(people: People, life: _Life) -> None:
    """Results of the metastasis where there is a biopsy, and of the primary, which may say something else."""
    biopsied = people.happens(people.plan["person"]["biopsy"]["share"])
    primary_day = np.where(life.de_novo, life.spread, life.spread - life.gap - 30 * 7).astype(np.int64)
    before: dict[str, tuple[Array, Array]] = {}
    for about in people.plan["tumour"]:
        here = people.words(about["values"])
        there = here.copy()
        for word, turned in about["primary"].items():
            who = np.flatnonzero(here == word)
            there[who] = np.array(list(turned), dtype=object)[people.one_of(turned, len(who))]
        known = people.happens(about["known"])
        now_known = then_known = known
        for name, value in about.get("where", {}).items():  # only done where another result asks for it
            now_known, then_known = known & (before[name][0] == value), known & (before[name][1] == value)
        before[about["fact"]] = (here, there)
        who = np.flatnonzero(now_known & biopsied)
        people.add("entries", who, fact=about["fact"], text=here[who], on=life.spread[who] + 7, specimen="metastasis")
        who = np.flatnonzero(then_known & ~life.de_novo)
        people.add("entries", who, fact=about["fact"], text=there[who], on=primary_day[who], specimen="primary")
        who = np.flatnonzero(now_known & life.de_novo & ~biopsied)
        people.add("entries", who, fact=about["fact"], text=here[who], on=life.spread[who], specimen="primary")
        twice = now_known & biopsied & (here != there) & people.happens(min(people.plan["recording"]["contradiction"] * 8, 1))
        who = np.flatnonzero(twice)  # two results of one day that say different things
        people.add("entries", who, fact=about["fact"], text=there[who], on=life.spread[who] + 7, specimen="metastasis")


def _results(people: People, life: _Life) -> None:
    about = people.plan["person"]
    everybody = np.arange(people.size)
    people.add("entries", everybody, fact="sex", text=np.where(life.male, "male", "female").astype(object))
    menopause = about["menopause"]
    age = life.age + people.chance.normal(0, menopause["spread"], people.size)
    limits = list(menopause["values"].values())
    words = np.array(list(menopause["values"]), dtype=object)[np.searchsorted(limits, np.minimum(age, limits[-1]))]
    who = np.flatnonzero(~life.male)
    people.add("entries", who, fact=menopause["fact"], text=words[who], on=life.last[who] - 60)
    for result in people.plan["results"]:
        who = np.flatnonzero(people.happens(result["known"]))
        people.add("entries", who, fact=result["fact"], text=people.words(result["values"])[who], on=life.spread[who] + 20)
    for result in people.plan["numbers"]:
        _measured(people, life, result)


def _measured(people: People, life: _Life, about: Mapping[str, Any]) -> None:
    low, high = about["range"]
    known = people.happens(about["known"])
    own = people.chance.normal(about["mean"], about["sd"], people.size)
    for time in range(about["times"]):
        who = np.flatnonzero(known)
        value = own[who] + people.chance.normal(0, about["sd"] / 4, len(who))
        value = np.round(np.clip(np.round(value / about["step"]) * about["step"], low, high), 4) + 0.0  # no zero below zero
        back = people.chance.integers(0, 40, len(who)) + 120 * time
        people.add("entries", who, fact=about["fact"], number=value, on=np.maximum(life.last[who] - back, life.spread[who] - 30))


def _set(people: People, life: _Life, fact: str, shares: Mapping[str, Any], when: Array) -> None:
    """Members of a set. Everybody with spread has one place of it at least: the first that is listed."""
    some = np.zeros(people.size, bool)
    for number, (member, share) in enumerate(shares.items()):
        present = people.happens(share)
        if number == len(shares) - 1 and fact == "sites":
            rest = np.flatnonzero(~some & ~present)
            people.add("entries", rest, fact=fact, text=next(iter(shares)), on=when[rest])
            life.going[next(iter(shares))][rest] = True
        some |= present
        life.going[member] = present
        who = np.flatnonzero(present)
        people.add("entries", who, fact=fact, text=member, on=when[who] + people.chance.integers(0, 20, len(who)))


def _illnesses(people: People, life: _Life) -> None:
    older = life.age >= 60
    for member, (young, old) in people.plan["comorbidities"]["shares"].items():
        who = np.flatnonzero(people.chance.random(people.size) < np.where(older, old, young))
        people.add("entries", who, fact="comorbidities", text=member, on=life.spread[who] - 400)
    for drug, share in people.plan["medicines"]["shares"].items():
        who = np.flatnonzero(people.happens(share))
        people.add("medications", who, drug=drug, start=life.spread[who] - 200)


# Treatment


def _adjuvant(people: People, life: _Life) -> None:
    relapse = life.spread
    for index, name in enumerate(people.names):
        end = (relapse - life.gap).astype(np.int64)
        start = np.full(people.size, -(2**40), np.int64)
        had: dict[bool, Array] = {}
        for course in people.plan["adjuvant"][name]:
            taken = (people.subtype == index) & ~life.de_novo & people.happens(course["share"])
            if course.get("instead"):
                taken &= ~had[True]
            had[True] = taken if "on" in course else had.get(True, np.zeros(people.size, bool))
            length = int(course["months"] * _MONTH)
            begin = np.where(start > -(2**40), start, end - length - 30)
            finish = begin + length
            through = taken & people.happens(course.get("on", 0)) if "on" in course else np.zeros(people.size, bool)
            finish = np.where(through, relapse, np.minimum(finish, relapse - 5))
            begin = np.minimum(begin, finish - 20)
            who = np.flatnonzero(taken)
            reason = np.where(through[who], "progression", "completion").astype(object)
            _give(people, who, course, begin[who], finish[who], np.zeros(len(who), bool), reason, "adjuvant")
            start = np.where(taken, finish + 20, start)


def _give(
    people: People, who: Array, course: Mapping[str, Any], start: Array, end: Array, going: Array, reason: Array, setting: str
) -> None:
    """The drugs of a course: as a span of time each, or, for some people, one by one as they were infused or handed out."""
    recording, tablets = people.plan["recording"], people.plan["tablets"]
    cycle = course.get("cycle")
    told = people.chance.random(len(who)) < recording["reason"]
    single = (people.chance.random(len(who)) < recording["cycles"]) & bool(cycle)
    handed = (people.chance.random(len(who)) < recording["dispensed"]) & ~single
    reasons = np.where(told & ~going & ~single, reason, np.array(None, dtype=object))
    for drug in course["drugs"]:
        spans = np.flatnonzero(~single & ~(handed if drug in tablets else np.zeros(len(who), bool)))
        later = people.chance.integers(0, 6, len(spans))
        people.add(
            "administrations", who[spans], drug=drug, start=np.minimum(start[spans] + later, end[spans]), end=_until(end[spans], going[spans]),
            ongoing=going[spans], planned=False, stopped_for=reasons[spans],
        )  # fmt: skip
        if cycle and single.any():
            each, turn = _turns(np.flatnonzero(single), (end - start) // cycle, 30)
            people.add("administrations", who[each], drug=drug, start=start[each] + turn * cycle, planned=False)
        if drug in tablets and handed.any():
            days = int(tablets[drug])
            each, turn = _turns(np.flatnonzero(handed), (end - start) // days, 60)
            fetched = start[each] + turn * days + people.chance.integers(0, recording["late"] + 1, len(each)) * (turn > 0)
            people.add(
                "administrations", who[each], drug=drug, start=fetched, end=fetched + days - 1, supply="dispensed", planned=False
            )


def _turns(rows: Array, more: Array, most: int) -> tuple[Array, Array]:
    """Some rows as often as something happened, once and so many times more, with the number of each time from 0."""
    times = np.clip(more[rows] + 1, 1, most)
    each = np.repeat(rows, times)
    return each, np.arange(len(each)) - np.repeat(np.cumsum(times) - times, times)


def _until(end: Array, going: Array) -> pl.Series:
    return pl.Series(np.where(going, -1, end)).set(pl.Series(going), None).cast(pl.Int32).cast(pl.Date)


def _lines(people: People, life: _Life) -> None:
    start = life.spread + people.chance.integers(7, 45, people.size)
    alive = start < life.last
    stops = people.plan["stops"]
    reasons = np.array(list(stops), dtype=object)
    for line in range(1, _MOST_LINES + 1):
        going_on = np.zeros(people.size, bool)
        finish = np.full(people.size, life.cut, np.int64)
        for index, name in enumerate(people.names):
            who = np.flatnonzero(alive & (people.subtype == index))
            for regimen, rows in _chosen(people, name, line, start, who):
                length = people.chance.exponential(regimen["months"] / math.log(2), len(rows)) * _MONTH
                end = (start[rows] + np.maximum(length, 15)).astype(np.int64)
                going = end >= life.last[rows]
                end = np.minimum(end, life.last[rows])
                still = going & ~life.died[rows]
                why = reasons[people.one_of(stops, len(rows))]
                _give(people, rows, regimen, start[rows], end, still, why, "metastatic")
                finish[rows], going_on[rows] = end, ~going
                grew = rows[
                    (why == "progression") & ~going & (people.chance.random(len(rows)) < people.plan["recording"]["progression"])
                ]
                people.add("events", grew, what="progression", on=finish[grew])
        alive = going_on & people.happens(people.plan["going-on"])
        start = finish + people.chance.integers(10, 60, people.size)
        alive &= start < life.last
    bone = people.plan["bone"]
    who = np.flatnonzero(life.going[bone["with"]] & people.happens(bone["share"]))
    drugs = np.array(bone["drugs"], dtype=object)[people.chance.integers(0, len(bone["drugs"]), len(who))]
    going = ~life.died[who]
    begin = life.spread[who] + 30
    people.add(
        "administrations",
        who,
        drug=drugs,
        start=begin,
        end=_until(np.maximum(life.last[who], begin), going),
        ongoing=going,
        planned=False,
    )


def _chosen(people: People, subtype: str, line: int, start: Array, who: Array) -> Iterable[tuple[Mapping[str, Any], Array]]:
    """Who gets which regimen: those for the line that were there on the day, by their weights."""
    offered = [one for one in people.plan["lines"][subtype] if line in one["lines"]]
    if not offered or not len(who):
        return
    since = np.array([_day(one["since"]) if "since" in one else -(2**40) for one in offered])
    weights = np.array([float(one["weight"]) for one in offered])[None, :] * (start[who, None] >= since[None, :])
    total = weights.sum(axis=1)
    picked = (np.cumsum(weights, axis=1) < (people.chance.random(len(who)) * total)[:, None]).sum(axis=1)
    for number, one in enumerate(offered):
        rows = who[(picked == number) & (total > 0)]
        if len(rows):
            yield one, rows


def _reactions(people: People) -> None:
    given = pl.concat(people.rows["administrations"], how="diagonal").select("patient", "drug").unique().sort("patient", "drug")
    for about in people.plan["reactions"]:
        who = given.filter(pl.col("drug") == about["drug"])["patient"].to_numpy()
        who = who[people.chance.random(len(who)) < about["share"]]
        people.add("reactions", who, drug=about["drug"], effect=about["effect"])


def _events(people: People, life: _Life) -> Events:
    place = pl.concat_str(pl.lit("a"), pl.int_range(pl.len()).cast(pl.String).str.zfill(9))
    spread = pl.concat(people.rows["entries"], how="diagonal").filter(pl.col("fact") == "sites")
    who, on = spread["patient"].to_numpy(), spread["on"].to_physical().to_numpy()
    people.add("entries", who, fact="metastatic", number=1.0, on=on)
    people.add("events", who, what="metastatic", on=on)
    people.add(
        "events",
        np.flatnonzero(~life.de_novo),
        what="diagnosis",
        on=(life.spread - life.gap - 240)[~life.de_novo].astype(np.int64),
    )
    operated = np.flatnonzero(~life.de_novo & people.happens(people.plan["person"]["surgery"]["share"]))
    people.add("events", operated, what="surgery", on=(life.spread - life.gap - 210)[operated].astype(np.int64), site="breast")
    tables = {name: pl.concat(rows, how="diagonal") for name, rows in people.rows.items() if rows}
    tables["administrations"] = tables["administrations"].with_columns(place.alias("place"))
    tables["patients"] = pl.DataFrame(
        {
            "id": [f"p{number:08d}" for number in range(people.first, people.first + people.size)],
            "birth": pl.Series(life.born).cast(pl.Int32).cast(pl.Date),
            "died": pl.Series(life.ends).set(pl.Series(~life.died), None).cast(pl.Int32).cast(pl.Date),
            "last_seen": pl.Series(life.last).cast(pl.Int32).cast(pl.Date),
            "subtype": pl.Series([people.names[index] for index in people.subtype.tolist()]),
        }
    ).with_columns(pl.lit(True).alias("chart"), pl.lit([], dtype=pl.List(pl.String)).alias("declared"))
    return made(tables)
