"""Lines of therapy of many people: administrations grouped into courses, equal to `record.lines` for every person.

The table that comes out has one row a course, in the order of `record.lines`: what the event model says of a course, and `number`, `reason`,
`contested`, `assumed` in words. Courses that a source states itself are taken as they are.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl

from linewise.knowledge import Knowledge
from linewise.record import lines as rules

from .events import Events
from .grouping import ALWAYS, GREW, MAINTENANCE, NEVER, SWAP, Found, Given, Kinship, group

COURSES: dict[str, Any] = {
    "patient": pl.UInt32,
    "setting": pl.String,
    "number": pl.UInt16,
    "drugs": pl.List(pl.String),
    "start": pl.Date,
    "end": pl.Date,
    "months": pl.Float64,
    "months_since_end": pl.Float64,
    "stopped_for": pl.String,
    "ongoing": pl.Boolean,
    "reason": pl.String,
    "contested": pl.String,
    "assumed": pl.List(pl.String),
}
_MONTH = 30.4375
_KEY = 2**42  # more than any number of days
_UNTIL_NEXT = "taken as given until the next line began: no end is recorded"
_NO_SPREAD_DAY = "taken as given for metastatic disease: the day it was found is not recorded"
_GREW = "taken as stopped because the disease grew: no reason is recorded, and a new line followed"
_OVERTAKEN = "taken as stopped because the disease grew: a new line followed"


def courses_of(events: Events, knowledge: Knowledge, day: dt.date | None = None) -> pl.DataFrame:
    """The courses of everybody as of the day (each person's own `as_of` where none is given)."""
    days = pl.Series("day", events.days(day)).cast(pl.Date)
    asked = pl.DataFrame({"patient": pl.arange(len(events), eager=True, dtype=pl.UInt32), "day": days})
    stated = events.courses.join(asked, on="patient", maintain_order="left")
    stated = stated.filter(pl.col("start").is_null() | (pl.col("start") <= pl.col("day"))).drop("day")
    given = events.administrations.join(stated.select("patient").unique(), on="patient", how="anti", maintain_order="left")
    grouped = _grouped(events, given, knowledge, asked)
    if stated.height:
        words = [pl.lit("").alias("reason"), pl.lit("").alias("contested"), pl.lit([], dtype=pl.List(pl.String)).alias("assumed")]
        grouped = pl.concat([stated.with_columns(words), grouped], how="diagonal").sort("patient", maintain_order=True)
    return _numbered(grouped).select(pl.col(name).cast(kind) for name, kind in COURSES.items())


def roles(drugs: pl.Series, knowledge: Knowledge) -> dict[str, str]:
    """Whether each drug makes a line, joins one, or is other medicine."""
    return {drug: rules.role(knowledge, drug) for drug in drugs.unique().drop_nulls().to_list()}


def _numbered(courses: pl.DataFrame) -> pl.DataFrame:
    """Lines for metastatic disease numbered; one that another followed is over."""
    if not courses.height:
        return courses.with_columns(pl.lit(None, dtype=pl.UInt16).alias("number"))
    metastatic = (courses["setting"] == "metastatic").to_numpy()
    who = courses["patient"].to_numpy()
    firsts = np.flatnonzero(np.r_[True, who[1:] != who[:-1]])
    sizes = np.diff(np.r_[firsts, len(who)])
    running = np.cumsum(metastatic)
    number = running - np.repeat(running[firsts] - metastatic[firsts], sizes)
    whole = np.repeat(np.add.reduceat(metastatic.astype(np.int64), firsts), sizes)
    courses = courses.with_columns(pl.Series("number", number).set(pl.Series(~metastatic), None))
    over = pl.Series("over", metastatic & courses["ongoing"].fill_null(False).to_numpy() & (number < whole))
    if not over.any():
        return courses
    said = pl.col("assumed").list.concat(pl.lit([_OVERTAKEN]))
    return courses.with_columns(over).with_columns(
        pl.when("over").then(False).otherwise(pl.col("ongoing")).alias("ongoing"),
        pl.when("over").then(pl.lit("progression")).otherwise(pl.col("stopped_for")).alias("stopped_for"),
        pl.when("over").then(said).otherwise(pl.col("assumed")).alias("assumed"),
    )


def _grouped(events: Events, given: pl.DataFrame, knowledge: Knowledge, asked: pl.DataFrame) -> pl.DataFrame:
    part_of = roles(given["drug"], knowledge)
    given = given.with_columns(pl.col("ongoing").fill_null(False))
    given = given.join(asked, on="patient", maintain_order="left")
    given = given.filter(~pl.col("planned") & (pl.col("start").is_null() | (pl.col("start") <= pl.col("day"))))
    later = (pl.col("end") > pl.col("day")).fill_null(False)  # ended behind the day: going on, and nobody knew why it would stop
    spread = _spread(events, asked)
    given = given.with_columns(
        pl.when(~later).then(pl.col("end")).alias("end"),
        (pl.col("ongoing") | later).alias("ongoing"),
        pl.when(~later).then(pl.col("stopped_for")).alias("stopped_for"),
        pl.col("drug").replace_strict(part_of, return_dtype=pl.String).alias("role"),
    ).join(spread, on="patient", how="left", maintain_order="left")
    given = given.with_columns(_setting().alias("own_setting")).sort(
        "patient", pl.col("start").fill_null(dt.date.max), "drug", "place", maintain_order=True
    )
    making = given.filter(pl.col("role") == "makes")
    people = making["patient"].unique(maintain_order=True)
    drugs = sorted(making["drug"].unique().to_list())
    found = group(_arrays(making, people, drugs, events, asked), Kinship.of(drugs, knowledge), len(people))
    making = _carried(making.with_columns(pl.Series("line", found.line), pl.Series("slot", found.slot)))
    lines = _lines(found, people, drugs)
    joining = _joined_on(_homes(given.filter(pl.col("role") == "joins"), lines), lines)
    return _courses(making, joining, lines.join(spread, on="patient", how="left", maintain_order="left"), events, asked)


def _carried(making: pl.DataFrame) -> pl.DataFrame:
    """With a second row for every agent still being given that was begun in an earlier line: it is part of the last one too."""
    going = pl.col("ongoing") & pl.col("stopped_for").is_null()
    kind = ["patient", "own_setting"]
    last = making.group_by(kind).agg(pl.col("line").max().alias("last"))
    rows = making.with_columns(going.alias("carried")).join(last, on=kind, how="left", maintain_order="left")
    there = rows.filter(pl.col("line") == pl.col("last")).select("patient", "line", "drug").unique()
    more = rows.filter(pl.col("carried") & (pl.col("line") < pl.col("last"))).with_columns(
        pl.col("last").alias("line"), (pl.col("slot") + pl.lit(_KEY)).alias("slot"), pl.lit(True).alias("copied")
    )
    more = more.join(there, on=["patient", "line", "drug"], how="anti", maintain_order="left")
    return pl.concat([rows.with_columns(pl.lit(False).alias("copied")), more]).drop("last")


def _joined_on(joining: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """The same for drugs that join a line: still given, they go with the last line of the setting of theirs."""
    home = lines.select("patient", pl.col("line").cast(pl.Int64), pl.col("setting").alias("home"))
    last = home.group_by("patient", "home").agg(pl.col("line").max().alias("last"))
    rows = (
        joining.with_columns(pl.col("line").cast(pl.Int64))
        .join(home, on=["patient", "line"], how="left")
        .join(last, on=["patient", "home"], how="left")
    )
    going = pl.col("ongoing") & pl.col("stopped_for").is_null() & (pl.col("line") < pl.col("last"))
    more = rows.filter(going).with_columns(pl.col("last").alias("line"))
    return pl.concat([rows, more]).drop("home", "last")


def _spread(events: Events, asked: pl.DataFrame) -> pl.DataFrame:
    """For everybody with spread: `spread`, and the first day on which it is recorded."""
    seen = events.events.filter(pl.col("what") == "metastatic").join(asked, on="patient")
    seen = seen.filter(pl.col("on").is_null() | (pl.col("on") <= pl.col("day"))).select("patient", "on")
    facts = events.entries_of.get("metastatic", events.entries.clear())
    told = facts.filter(pl.col("number") == 1).select("patient", pl.lit(None, dtype=pl.Date).alias("on"))
    both = pl.concat([seen, told]).group_by("patient").agg(pl.col("on").min().alias("spread_on"))
    return both.with_columns(pl.lit(True).alias("spread"))


def _setting() -> pl.Expr:
    window = pl.col("spread_on") - rules.REGIMEN_WINDOW
    undated = pl.col("spread_on").is_null() | pl.col("start").is_null()
    return (
        pl.when(pl.col("setting").is_not_null()).then(pl.col("setting"))
        .when(pl.col("spread").is_null()).then(pl.lit("adjuvant"))
        .when(undated | (pl.col("start") >= window)).then(pl.lit("metastatic"))
        .otherwise(pl.lit("adjuvant"))
    )  # fmt: skip


def _days(column: pl.Series, absent: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return column.cast(pl.Date).to_physical().cast(pl.Int64).fill_null(absent).to_numpy()


def _arrays(making: pl.DataFrame, people: pl.Series, drugs: list[str], events: Events, asked: pl.DataFrame) -> Given:
    who = making["patient"].cast(pl.Int64).to_numpy()
    start = _days(making["start"], ALWAYS)
    grown, epoch = _last(_turns(events, asked, ("progression",)), who, start)
    settled, _ = _last(_turns(events, asked, ("response", "stable")), who, start)
    codes = making["drug"].cast(pl.Enum(drugs)).to_physical() if drugs else making["drug"].cast(pl.UInt32)
    return Given(
        person=np.searchsorted(people.cast(pl.Int64).to_numpy(), who),
        drug=codes.cast(pl.Int64).to_numpy(),
        start=start,
        end=_days(making["end"], NEVER),
        ongoing=making["ongoing"].to_numpy(),
        metastatic=(making["own_setting"] == "metastatic").to_numpy(),
        completed=(making["stopped_for"] == "completion").fill_null(False).to_numpy(),
        grown=grown,
        settled=settled,
        epoch=epoch,
    )


def _turns(events: Events, asked: pl.DataFrame, what: tuple[str, ...]) -> Any:
    """The dated turns of the disease known by the day, as sorted keys of person and day."""
    seen = events.events.filter(pl.col("what").is_in(what)).join(asked, on="patient").filter(pl.col("on") <= pl.col("day"))
    return np.sort(seen["patient"].cast(pl.Int64).to_numpy() * _KEY + _days(seen["on"], 0))


def _last(keys: Any, who: Any, until: Any) -> tuple[Any, Any]:
    """The last of a person's days not behind `until` (NEVER where there is none), and its place among all."""
    index = np.searchsorted(keys, who * _KEY + np.minimum(until, _KEY // 4), side="right")
    if not len(keys):
        return np.full(len(who), NEVER), index
    near = keys[np.maximum(index - 1, 0)]
    # Days before 1970 are negative: the person of a key is the nearest multiple.
    same = (index > 0) & ((near + _KEY // 2) // _KEY == who)
    return np.where(same, near - who * _KEY, NEVER), index


def _lines(found: Found, people: pl.Series, drugs: list[str]) -> pl.DataFrame:
    """One row a line, in the order of its people."""
    names = ("person", "line", "began", "metastatic", "why", "ago")
    parts = [np.concatenate(column) for column in zip(*found.began, strict=True)] or [np.zeros(0, np.int64)] * 6
    lines = pl.DataFrame(dict(zip(names, parts, strict=True))).sort("person", "line")
    last = [np.concatenate(column) for column in zip(*found.contested, strict=True)] or [np.zeros(0, np.int64)] * 5
    other = pl.DataFrame(dict(zip(("person", "line", "kind", "agent", "other"), last, strict=True)))
    other = other.group_by("person", "line", maintain_order=True).last()
    words = pl.Series(drugs, dtype=pl.String)
    agent = other.with_columns(
        words.gather(other["agent"]).alias("agent"),
        words.gather(other["other"].set(other["other"] < 0, None)).alias("other"),
    )
    agent = agent.with_columns(_contested().alias("contested"))
    reason = (
        pl.when(pl.col("why") == GREW).then(pl.format("new agent {} days after progression", "ago"))
        .when(pl.col("why") == 0).then(pl.lit("first treatment recorded in this setting"))
        .otherwise(pl.lit("a different agent, after the one before"))
    )  # fmt: skip
    return lines.join(agent, on=["person", "line"], how="left", maintain_order="left").select(
        people.gather(lines["person"]).alias("patient") if lines.height else pl.lit(None, dtype=pl.UInt32).alias("patient"),
        "line",
        pl.when(pl.col("began") < ALWAYS).then(pl.col("began")).cast(pl.Int32).cast(pl.Date).alias("start"),
        pl.when(pl.col("metastatic") == 1).then(pl.lit("metastatic")).otherwise(pl.lit("adjuvant")).alias("setting"),
        reason.alias("reason"),
        pl.col("contested").fill_null(""),
    )


def _contested() -> pl.Expr:
    swapped = pl.format(
        "{} took the place of {} inside its class and no progression is recorded: the same line. "
        "Were it given for progression, it would be a line of its own.",
        "agent",
        "other",
    )
    kept = pl.format("{} followed without progression, as maintenance: the same line.", "agent")
    return pl.when(pl.col("kind") == SWAP).then(swapped).when(pl.col("kind") == MAINTENANCE).then(kept)


def _homes(joining: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """The line of each drug that joins one: the last that had begun by then, else the first; the last for one without a day."""
    if not joining.height or not lines.height:
        return joining.clear().with_columns(pl.lit(0, dtype=pl.Int64).alias("line"))
    who = joining["patient"].cast(pl.Int64).to_numpy()
    start = _days(joining["start"], ALWAYS)
    owner = lines["patient"].cast(pl.Int64).to_numpy()
    keys = owner * _KEY + np.minimum(_days(lines["start"], _KEY // 4), _KEY // 4)
    limit = np.where(start == ALWAYS, _KEY // 3, start + rules.REGIMEN_WINDOW.days)
    index = np.searchsorted(keys, who * _KEY + limit, side="right") - 1
    first = np.searchsorted(owner, who)
    has = (first < len(owner)) & (owner[np.minimum(first, len(owner) - 1)] == who)
    line = np.maximum(index, first) - first
    return joining.with_columns(pl.Series("line", line)).filter(pl.Series(has))


def _courses(
    making: pl.DataFrame, joining: pl.DataFrame, lines: pl.DataFrame, events: Events, asked: pl.DataFrame
) -> pl.DataFrame:
    """The finished courses, a row a line."""
    on = ["patient", "line"]
    pairs = pl.concat([making.select(*on, "drug"), joining.select(*on, "drug")]).unique().sort(*on, "drug")
    drugs = pairs.group_by(on, maintain_order=True).agg(pl.col("drug").alias("drugs"))
    said = making.filter(pl.col("stopped_for").is_not_null()).sort(*on, "slot", maintain_order=True)
    makers = making.group_by(on, maintain_order=True).agg(
        pl.col("ongoing").any().alias("going"),
        pl.col("end").max(),
        pl.col("setting").is_not_null().any().alias("told"),
        (pl.col("carried") & ~pl.col("copied")).any().alias("goes_on"),
    )
    why = said.group_by(on, maintain_order=True).agg(
        (pl.col("stopped_for") == "progression").any().alias("for_growth"), pl.col("stopped_for").last().alias("said")
    )
    table = lines.join(asked, on="patient", how="left", maintain_order="left")
    for part in (makers, why, drugs):
        table = table.join(part, on=on, how="left", maintain_order="left")
    same = pl.col("patient") == pl.col("patient").shift(-1)
    table = table.with_columns(
        pl.when(same).then(pl.col("start").shift(-1)).alias("next_start"),
        pl.when(same).then(pl.col("setting").shift(-1)).alias("next_setting"),
    )
    follows = (pl.col("next_setting") == pl.col("setting")).fill_null(False)
    free = pl.col("next_setting").is_null() | (pl.col("setting") == "metastatic")
    table = table.with_columns(follows.alias("follows"), (~follows & pl.col("going") & free).alias("ongoing"))
    inferred = ~pl.col("ongoing") & pl.col("end").is_null() & pl.col("follows") & pl.col("next_start").is_not_null()
    table = table.with_columns(inferred.alias("inferred"))
    table = table.with_columns(
        pl.when(pl.col("ongoing")).then(None).when("inferred").then(pl.col("next_start")).otherwise(pl.col("end")).alias("end")
    )
    return _stopped(table, events, asked)


def _stopped(table: pl.DataFrame, events: Events, asked: pl.DataFrame) -> pl.DataFrame:
    """Why each ended, how long it lasted, and what was assumed about it."""
    until = pl.when(pl.col("next_setting").is_null()).then(pl.col("day")).otherwise(pl.col("next_start"))
    until_days = _days(table.select(until.alias("until"))["until"], NEVER)
    who = table["patient"].cast(pl.Int64).to_numpy()
    grown, _ = _last(_turns(events, asked, ("progression",)), who, np.maximum(until_days, -_KEY // 4))
    grew = pl.Series("grew", (grown > _days(table["start"], ALWAYS)) & (until_days != NEVER))
    table = table.with_columns(grew)
    metastatic = pl.col("setting") == "metastatic"
    silent = ~pl.col("ongoing") & pl.col("said").is_null() & metastatic
    followed = (pl.col("next_setting") == "metastatic").fill_null(False) & ~pl.col("goes_on")
    assumed_growth = silent & ~pl.col("grew") & followed
    unplaced = metastatic & pl.col("spread_on").is_null() & ~pl.col("told")
    stopped = (
        pl.when(pl.col("ongoing")).then(None)
        .when(pl.col("for_growth")).then(pl.lit("progression"))
        .when(pl.col("said").is_not_null()).then(pl.col("said"))
        .when(silent & (pl.col("grew") | assumed_growth)).then(pl.lit("progression"))
    )  # fmt: skip
    notes = [(unplaced, _NO_SPREAD_DAY), (pl.col("inferred"), _UNTIL_NEXT), (assumed_growth, _GREW)]
    relapse = pl.when(~metastatic & pl.col("spread_on").is_not_null()).then(pl.col("spread_on")).otherwise(pl.col("day"))
    end = pl.when(pl.col("ongoing")).then(pl.col("day")).otherwise(pl.col("end"))
    return table.with_columns(
        stopped.alias("stopped_for"),
        _months(pl.col("start"), end).alias("months"),
        _months(pl.col("end"), relapse).alias("months_since_end"),
        pl.concat_list([pl.when(where).then(pl.lit(text)) for where, text in notes]).list.drop_nulls().alias("assumed"),
    )


def _months(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    days = (end - start).dt.total_days()
    return (pl.when(days < 0).then(0).otherwise(days) / _MONTH).round(1)
