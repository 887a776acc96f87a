"""Lines of therapy of many people: administrations grouped into courses, equal to `record.lines` for every person.

The table that comes out has one row a course, in the order of `record.lines`: what the event model says of a course, and `number`, `reason`,
`contested`, `assumed` in words. Courses that a source states itself are taken as they are.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import numpy as np
import polars as pl

from linewise.knowledge import Knowledge
from linewise.logic.nodes import DAYS_IN
from linewise.record import Course
from linewise.record import lines as rules
from linewise.record.parameters import STANDARD, Parameters
from linewise.record.parts import joined

from .events import Events
from .grouping import (
    ADDED,
    AGAIN,
    ALWAYS,
    BEYOND,
    FIRST,
    GREW,
    MAINTENANCE,
    NEVER,
    NOW,
    PAUSED,
    SWAP,
    Found,
    Given,
    Kinship,
    group,
)
from .supply import known_on

COURSES: dict[str, Any] = {
    "patient": pl.UInt32,
    "setting": pl.String,
    "number": pl.UInt16,
    "drugs": pl.List(pl.String),
    "dropped": pl.List(pl.String),
    "start": pl.Date,
    "end": pl.Date,
    "months": pl.Float64,
    "months_since_end": pl.Float64,
    "stopped_for": pl.String,
    "ongoing": pl.Boolean,
    "undated": pl.Boolean,
    "reason": pl.String,
    "contested": pl.String,
    "assumed": pl.List(pl.String),
}
_MONTH = DAYS_IN["months"]
_KEY = 2**42  # more than any number of days
_DAYS = 2**18  # more than there are days between the first and the last that a record may have
_ROW = ["patient", "line", "drug", "start", "end", "ongoing", "open", "stopped_for"]
_APART = 2**20  # a line that has no place among the others


def courses_of(
    events: Events, knowledge: Knowledge, day: dt.date | None = None, parameters: Parameters = STANDARD
) -> pl.DataFrame:
    """The courses of everybody as of the day (each person's own `as_of` where none is given)."""
    days = pl.Series("day", events.days(day)).cast(pl.Date)
    asked = pl.DataFrame({"patient": pl.arange(len(events), eager=True, dtype=pl.UInt32), "day": days})
    stated = events.courses.join(asked, on="patient", maintain_order="left")
    stated = stated.filter(pl.col("start").is_null() | (pl.col("start") <= pl.col("day"))).drop("day")
    given = events.administrations.join(stated.select("patient").unique(), on="patient", how="anti", maintain_order="left")
    grouped = _Many(events, knowledge, asked, parameters).courses(given)
    stated = _joined(stated, events, asked, knowledge, parameters)
    if stated.height:
        stated = stated.with_columns(pl.lit(False).alias("undated"))
        grouped = pl.concat([stated, grouped], how="diagonal").sort("patient", maintain_order=True)
    grouped = grouped.with_columns(pl.col("dropped").fill_null([]))
    return _numbered(grouped).select(pl.col(name).cast(kind) for name, kind in COURSES.items())


def _joined(
    stated: pl.DataFrame, events: Events, asked: pl.DataFrame, knowledge: Knowledge, parameters: Parameters
) -> pl.DataFrame:
    """The stated courses, those that are parts of one line put together by the one-person reader's rule (`record.parts`)."""
    none = pl.lit([], dtype=pl.List(pl.String))
    words = [none.alias("dropped"), none.alias("assumed"), pl.lit("").alias("reason"), pl.lit("").alias("contested")]
    stated = stated.with_columns(*words)
    several = stated.filter(pl.col("setting") == "metastatic").group_by("patient").len().filter(pl.col("len") > 1)["patient"]
    if not len(several):
        return stated
    seen = events.events.filter((pl.col("what") == "progression") & pl.col("patient").is_in(several.implode()))
    seen = seen.join(asked, on="patient").filter(pl.col("on") <= pl.col("day"))
    grown = {who: part["on"].to_list() for (who,), part in seen.group_by("patient")}
    mine = stated["patient"].is_in(several.implode())
    rows: list[dict[str, Any]] = []
    for (who,), part in stated.filter(mine).group_by("patient", maintain_order=True):
        given = (msgspec.convert(row, Course) for row in part.drop("patient").iter_rows(named=True))
        rows += [
            {"patient": who} | msgspec.structs.asdict(one) for one in joined(given, knowledge, grown.get(who, ()), parameters)
        ]
    put = pl.DataFrame([{name: row[name] for name in stated.columns} for row in rows], schema=stated.schema)
    return pl.concat([stated.filter(~mine), put]).sort("patient", maintain_order=True)


def roles(drugs: pl.Series, knowledge: Knowledge) -> dict[str, str]:
    """Whether each drug makes a line, joins one, or is other medicine."""
    return {drug: rules.role(knowledge, drug) for drug in drugs.unique().drop_nulls().to_list()}


def _numbered(courses: pl.DataFrame) -> pl.DataFrame:
    """Lines for metastatic disease numbered; one that another followed is over. What has no place has no number."""
    if not courses.height:
        return courses.with_columns(pl.lit(None, dtype=pl.UInt16).alias("number"))
    metastatic = (courses["setting"] == "metastatic").to_numpy() & ~courses["undated"].to_numpy()
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
    said = pl.col("assumed").list.concat(pl.lit([rules.OVERTAKEN]))
    return courses.with_columns(over).with_columns(
        pl.when("over").then(False).otherwise(pl.col("ongoing")).alias("ongoing"),
        pl.when("over").then(pl.lit("progression")).otherwise(pl.col("stopped_for")).alias("stopped_for"),
        pl.when("over").then(said).otherwise(pl.col("assumed")).alias("assumed"),
    )


class _Many:
    """The grouping of everybody's administrations, each person as of a day."""

    def __init__(self, events: Events, knowledge: Knowledge, asked: pl.DataFrame, parameters: Parameters) -> None:
        self.events, self.knowledge, self.asked, self.parameters = events, knowledge, asked, parameters
        self.progressions = self._turns("progression")
        self.settled = self._turns("response", "stable")
        self.spread = _spread(events, asked)
        grown, _ = _last(self.progressions, asked["patient"].cast(pl.Int64).to_numpy(), _days(asked["day"], NEVER))
        self.grown = asked.select("patient", _date(grown).alias("grown"))

    def _turns(self, *what: str) -> Any:
        """The dated turns of the disease known by the day, as sorted keys of person and day."""
        seen = self.events.events.filter(pl.col("what").is_in(what)).join(self.asked, on="patient")
        seen = seen.filter(pl.col("on") <= pl.col("day"))
        return np.sort(seen["patient"].cast(pl.Int64).to_numpy() * _KEY + _days(seen["on"], 0))

    def courses(self, given: pl.DataFrame) -> pl.DataFrame:
        """A row a course, in the order of the one-person reader."""
        part_of = roles(given["drug"], self.knowledge)
        given = known_on(given.join(self.asked, on="patient", maintain_order="left"), self.grown, self.parameters)
        given = given.with_columns(pl.col("drug").replace_strict(part_of, return_dtype=pl.String).alias("role"))
        given = given.join(self.spread, on="patient", how="left", maintain_order="left")
        given = given.with_columns(
            _setting(self.parameters).alias("own_setting"),
            (pl.col("start").is_null() & ~pl.col("ongoing").fill_null(False)).alias("loose"),
        )
        given = _ordered(given)
        making, joining = (given.filter(pl.col("role") == role) for role in ("makes", "joins"))
        making, lines = self._lined(making)
        apart = making.filter(pl.col("line") >= _APART)
        joining = _homes(joining, lines, apart, self.parameters)
        making = making.filter(pl.col("line") < _APART)
        making, beside = (_carried(part, lines, self.parameters) for part in (making, joining.filter(pl.col("line") < _APART)))
        told = self._told(lines, making, beside)
        several = self._several(apart, _drugs(apart, joining.filter(pl.col("line") >= _APART)), lines)
        return pl.concat([told, several], how="diagonal").sort("patient", "line", maintain_order=True)

    def _lined(self, making: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Each row with its line; what has no day with the last line that has the drug, or apart. And the lines."""
        placed, loose = making.filter(~pl.col("loose")), making.filter(pl.col("loose"))
        people = placed["patient"].unique(maintain_order=True)
        drugs = sorted(placed["drug"].unique().to_list())
        kinship = Kinship.of(drugs, self.knowledge)
        found = group(self._arrays(placed, people, drugs), kinship, len(people), self.parameters)
        placed = placed.with_columns(pl.Series("line", found.line))
        lines = _lines(found, people, drugs).join(self.spread, on="patient", how="left", maintain_order="left")
        key = ["patient", "own_setting", "drug"]
        if not loose.height:
            return placed, lines
        apart = pl.lit(_APART) + (pl.col("own_setting") == "metastatic").cast(pl.Int64)
        loose = loose.join(placed.group_by(key).agg(pl.col("line").max()), on=key, how="left", maintain_order="left")
        loose = loose.with_columns(pl.coalesce("line", apart).alias("line"))
        return pl.concat([placed, loose]), lines

    def _arrays(self, making: pl.DataFrame, people: pl.Series, drugs: list[str]) -> Given:
        who = making["patient"].cast(pl.Int64).to_numpy()
        start = _days(making["start"], ALWAYS)
        grown, epoch = _last(self.progressions, who, start)
        settled, _ = _last(self.settled, who, start)
        codes = making["drug"].cast(pl.Enum(drugs)).to_physical() if drugs else making["drug"].cast(pl.UInt32)
        return Given(
            person=np.searchsorted(people.cast(pl.Int64).to_numpy(), who),
            drug=codes.cast(pl.Int64).to_numpy(),
            start=start,
            end=_days(making["end"], NEVER),
            ongoing=making["ongoing"].fill_null(False).to_numpy(),
            metastatic=(making["own_setting"] == "metastatic").to_numpy(),
            completed=(making["stopped_for"] == "completion").fill_null(False).to_numpy(),
            grown=grown,
            settled=settled,
            epoch=epoch,
            since=_days(making["day"], NEVER) - self.parameters.recent,
        )

    # The finished courses

    def _told(self, lines: pl.DataFrame, making: pl.DataFrame, beside: pl.DataFrame) -> pl.DataFrame:
        """The lines in their order: whether each goes on, when it ended, and what of that was inferred."""
        table = lines.join(self.asked, on="patient", how="left", maintain_order="left")
        same = pl.col("patient") == pl.col("patient").shift(-1)
        table = table.with_columns(
            pl.when(same).then(pl.col("start").shift(-1)).alias("next_start"),
            pl.when(same).then(pl.col("setting").shift(-1)).alias("next_setting"),
        )
        follows = (pl.col("next_setting") == pl.col("setting")).fill_null(False)
        table = table.with_columns(follows.alias("follows"), pl.when(follows).then(pl.col("next_start")).alias("limit"))
        given = pl.concat([making.select(_ROW), beside.select(_ROW)])
        for part in (self._makers(making, table), _drugs(making, beside)):
            table = table.join(part, on=["patient", "line"], how="left", maintain_order="left")
        free = ~pl.col("follows") & (pl.col("next_setting").is_null() | (pl.col("setting") == "metastatic"))
        going = free & pl.col("going")
        perhaps = free & ~pl.col("going") & pl.col("recent")
        table = table.with_columns(going.alias("going"), perhaps.alias("perhaps"), free.alias("free"))
        opened = pl.col("end").is_not_null() | (pl.col("repeated") & ~pl.col("follows"))
        end = pl.max_horizontal("end", pl.when(opened).then(pl.col("opened")))
        end = pl.when(pl.col("went_on") & pl.col("limit").is_not_null()).then(pl.col("limit")).otherwise(end)
        # The least of both would be the limit where there is no end.
        end = pl.when(end > pl.col("limit")).then(pl.col("limit")).otherwise(end)
        table = table.with_columns(pl.when(~pl.col("going") & ~pl.col("perhaps")).then(end).alias("end"))
        inferred = ~pl.col("going") & pl.col("end").is_null() & pl.col("limit").is_not_null()
        table = table.with_columns(inferred.alias("inferred"), pl.when(inferred).then("limit").otherwise("end").alias("end"))
        return self._stopped(
            table.join(_dropped(table, given, self.parameters), on=["patient", "line"], how="left", maintain_order="left")
        )

    def _makers(self, making: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
        """What the rows of each line say together."""
        on = ["patient", "line"]
        rows = making.join(lines.select(*on, "limit", "follows"), on=on, how="left", maintain_order="left")
        going, single = pl.col("ongoing").fill_null(False), pl.col("open")
        went = pl.col("follows") & _reaches("limit", self.parameters)
        rows = rows.with_columns(going.alias("going"), went.alias("went"))
        near = (pl.col("day") - pl.col("start")).dt.total_days() <= self.parameters.recent
        quiet = pl.col("grown").is_null() | (pl.col("grown") <= pl.col("start"))
        supply = pl.col("supply").is_not_null()
        other = ~supply & (pl.col("end").is_not_null() | single)
        found = rows.group_by(on, maintain_order=True).agg(
            pl.col("going").any(),
            (single & quiet & (near | pl.col("unsure").fill_null(False))).any().alias("recent"),
            (single & quiet & near).any().alias("lately"),
            (pl.col("going") & ~supply).any().alias("said_going"),
            pl.col("went").any().alias("went_on"),
            pl.col("end").filter(~pl.col("went")).max(),
            pl.col("start").filter(single).max().alias("opened"),
            single.any().alias("single"),
            pl.col("setting").is_not_null().any().alias("told"),
            pl.col("end").filter(supply).max().alias("supplied"),
            pl.coalesce("end", "start").filter(other).max().alias("beside"),
        )
        singles = rows.filter("open").select(*on, "drug", "start").unique()
        times = singles.group_by(on).agg((pl.len() > pl.col("drug").n_unique()).alias("repeated"))
        said = rows.filter(pl.col("stopped_for").is_not_null() & ~pl.col("went"))
        said = said.sort(*on, pl.coalesce("end", "start").fill_null(dt.date.min), "drug", "place", maintain_order=True)
        why = said.group_by(on, maintain_order=True).agg(
            (pl.col("stopped_for") == "progression").any().alias("for_growth"), pl.col("stopped_for").last().alias("said")
        )
        for part in (times, why):
            found = found.join(part, on=on, how="left", maintain_order="left")
        return found.with_columns(pl.col("repeated").fill_null(False))

    def _stopped(self, table: pl.DataFrame) -> pl.DataFrame:
        """Why each ended, how long it lasted, and what was assumed about it."""
        until = pl.when(pl.col("next_setting").is_null()).then(pl.col("day")).otherwise(pl.col("next_start"))
        until_days = _days(table.select(until.alias("until"))["until"], NEVER)
        who = table["patient"].cast(pl.Int64).to_numpy()
        grown, _ = _last(self.progressions, who, np.maximum(until_days, -_KEY // 4))
        table = table.with_columns(pl.Series("grew", (grown > _days(table["start"], ALWAYS)) & (until_days != NEVER)))
        metastatic = pl.col("setting") == "metastatic"
        over = ~pl.col("going") & ~pl.col("perhaps")
        silent = over & pl.col("said").is_null() & metastatic
        followed = (pl.col("next_setting") == "metastatic").fill_null(False) & ~pl.col("went_on")
        assumed_growth = silent & ~pl.col("grew") & followed
        stopped = (
            pl.when(~over).then(None)
            .when(pl.col("for_growth")).then(pl.lit("progression"))
            .when(pl.col("said").is_not_null()).then(pl.col("said"))
            .when(silent & (pl.col("grew") | assumed_growth)).then(pl.lit("progression"))
        )  # fmt: skip
        table = table.with_columns(
            stopped.alias("stopped_for"),
            pl.when("going").then(True).when(~pl.col("perhaps")).then(False).alias("ongoing"),
            pl.lit(False).alias("undated"),
        )
        unplaced = metastatic & ~pl.col("told")
        ran_out = (pl.col("supplied") == pl.col("end")) & (pl.col("beside") < pl.col("end")).fill_null(True)
        return _worded(
            table,
            {
                rules.NO_SPREAD_DAY: unplaced & pl.col("spread_on").is_null(),
                rules.NO_DAY: unplaced & pl.col("spread_on").is_not_null() & pl.col("start").is_null(),
                rules.UNTIL_NEXT: pl.col("inferred"),
                rules.PERHAPS: pl.col("perhaps") & pl.col("lately"),
                rules.UNSURE: pl.col("perhaps") & ~pl.col("lately"),
                rules.OVER: pl.col("free") & over & pl.col("stopped_for").is_null() & pl.col("single"),
                rules.SUPPLIED: pl.col("going") & ~pl.col("said_going"),
                rules.RAN_OUT: ran_out.fill_null(False),
                rules.GREW: assumed_growth,
            },
        )

    def _several(self, apart: pl.DataFrame, drugs: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
        """The drugs without a day: by person and setting one course, which may be one line or several."""
        on = ["patient", "line"]
        table = apart.group_by(on, maintain_order=True).agg(
            pl.col("own_setting").first().alias("setting"), pl.col("spread_on", "day").first(), pl.col("drug").n_unique().alias("drugs_made"),
            pl.when(pl.col("stopped_for").n_unique() == 1).then(pl.col("stopped_for").first()).first().alias("stopped_for"),
            pl.when(pl.col("drug").n_unique() == 1).then(pl.col("end").max()).first().alias("end"),
            pl.col("setting").is_not_null().any().alias("told"), pl.col("unsure").fill_null(False).any().alias("untold"),
        )  # fmt: skip
        untold = pl.col("untold") & pl.col("stopped_for").is_null() & pl.col("end").is_null()
        others = lines.select("patient", "setting", pl.lit(True).alias("others")).unique()
        table = table.join(others, on=["patient", "setting"], how="left", maintain_order="left")
        table = table.join(drugs, on=on, how="left", maintain_order="left").with_columns(
            pl.lit(None, dtype=pl.Date).alias("start"),
            pl.when(~untold).then(False).alias("ongoing"),
            ((pl.col("drugs_made") > 1) | pl.col("others").fill_null(False)).alias("undated"),
            pl.lit(rules.UNDATED).alias("reason"),
            pl.lit("").alias("contested"),
        )
        unplaced = (pl.col("setting") == "metastatic") & ~pl.col("told")
        day = pl.col("spread_on")
        return _worded(
            table,
            {
                rules.NO_SPREAD_DAY: unplaced & day.is_null(),
                rules.NO_DAY: unplaced & day.is_not_null(),
                rules.UNSURE: pl.col("ongoing").is_null(),
            },
        )


def _ordered(given: pl.DataFrame) -> pl.DataFrame:
    """In the order of time, of one day what is new first: then what it is given with is found to be part of the same line."""
    who, start = given["patient"].cast(pl.Int64).to_numpy(), _days(given["start"], ALWAYS)
    drug = given["drug"].cast(pl.Enum(given["drug"].unique().sort())).to_physical().cast(pl.Int64).to_numpy()
    day = np.clip(start + _DAYS // 2, 0, _DAYS - 1)
    key = (who * (drug.max(initial=0) + 1) + drug) * _DAYS + day
    order = _by_place(given["place"], np.argsort(key, kind="stable"), key)
    who, start, day, key = who[order], start[order], day[order], key[order]
    same = np.r_[False, key[1:] // _DAYS == key[:-1] // _DAYS]
    fresh = np.r_[True, key[1:] != key[:-1]]  # the first record of a drug on a day
    place = np.maximum.accumulate(np.where(fresh, np.arange(len(order)), 0))
    before = np.where(same[place], start[place - 1], NEVER)
    earlier = np.where(start == ALWAYS, NEVER, before)
    found: pl.DataFrame = given[order[np.lexsort((earlier, who * _DAYS + day))]]
    return found


def _by_place(places: pl.Series, order: Any, key: Any) -> Any:
    """What a person was given of one drug on one day, in the order of where it stands."""
    key = key[order]
    equal = key[1:] == key[:-1]
    tied = np.flatnonzero(np.r_[False, equal] | np.r_[equal, False])
    if len(tied):
        rows = pl.DataFrame({"key": key[tied], "row": order[tied]})
        rows = rows.with_columns(places.gather(rows["row"]).alias("place"))
        order = order.copy()
        order[tied] = rows.sort("key", "place", maintain_order=True)["row"].to_numpy()
    return order


def _worded(table: pl.DataFrame, notes: dict[str, pl.Expr]) -> pl.DataFrame:
    """With what was assumed, in words, and the months."""
    relapse = pl.when((pl.col("setting") != "metastatic") & pl.col("spread_on").is_not_null()).then(pl.col("spread_on"))
    end = pl.when("ongoing").then(pl.col("day")).otherwise(pl.col("end"))
    return table.with_columns(
        _months(pl.col("start"), end).alias("months"),
        _months(pl.col("end"), relapse.otherwise(pl.col("day"))).alias("months_since_end"),
        pl.sum_horizontal(where.fill_null(False).cast(pl.Int64) * 2**bit for bit, where in enumerate(notes.values())).alias(
            "notes"
        ),
    ).pipe(_assumed, list(notes))


def _assumed(table: pl.DataFrame, texts: list[str]) -> pl.DataFrame:
    """What was assumed, in words. Few different sets are."""
    sets = table["notes"].unique().to_list()
    said = [[text for bit, text in enumerate(texts) if one & 2**bit] for one in sets]
    words = pl.DataFrame({"notes": sets, "assumed": said}, schema={"notes": table["notes"].dtype, "assumed": pl.List(pl.String)})
    return table.join(words, on="notes", how="left", maintain_order="left").drop("notes")


def _months(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    days = (end - start).dt.total_days()
    return (pl.when(days < 0).then(0).otherwise(days) / _MONTH).round(1)


def _reaches(next_start: str, parameters: Parameters) -> pl.Expr:
    """Whether what was begun before is still given when the next line has begun, and not only until the change."""
    going = pl.col("ongoing").fill_null(False) & pl.col("stopped_for").is_null()
    return going | ((pl.col("end") - pl.col(next_start)).dt.total_days() > parameters.window).fill_null(False)


def _carried(rows: pl.DataFrame, lines: pl.DataFrame, parameters: Parameters) -> pl.DataFrame:
    """With a further row in every later line of the setting for each agent that goes on while it is given."""
    on = ["patient", "line", "drug"]
    line = pl.col("line").cast(pl.Int64)
    rows = rows.with_columns(line)
    homes = lines.select("patient", line, pl.col("setting").alias("home"))
    later = lines.select("patient", pl.col("setting").alias("home"), line.alias("later"), pl.col("start").alias("began"))
    lasting = rows.filter(pl.col("ongoing").fill_null(False) | pl.col("end").is_not_null())
    lasting = lasting.join(homes, on=["patient", "line"]).join(later, on=["patient", "home"])
    more = lasting.filter((pl.col("later") > pl.col("line")) & _reaches("began", parameters))
    more = more.with_columns(pl.col("later").alias("line"))
    more = more.join(rows.select(on).unique(), on=on, how="anti", maintain_order="left")
    return pl.concat([rows, more.select(rows.columns)])


def _dropped(table: pl.DataFrame, given: pl.DataFrame, parameters: Parameters) -> pl.DataFrame:
    """By line the drugs that were given no more when it ended, or are not now: the rule of `record.lines`."""
    on = ["patient", "line"]
    given = given.join(table.select(*on, pl.col("end").alias("over"), "day"), on=on, how="inner", maintain_order="left")
    ongoing = pl.col("ongoing").fill_null(False)
    said = ~ongoing & ((~pl.col("ongoing")).fill_null(False) | pl.col("end").is_not_null() | pl.col("stopped_for").is_not_null())
    drugs = given.group_by(*on, "drug").agg(
        ongoing.any().alias("going"), pl.col("open").any().alias("single"), said.all().alias("said"), pl.col("over", "day").first(),
        (pl.col("end").is_null() & ~pl.col("open")).any().alias("untold"), pl.col("start").n_unique().alias("times"),
        pl.max_horizontal(pl.col("start").max(), pl.col("end").max()).alias("last"),
    )  # fmt: skip
    going = pl.col("over").is_null() & pl.col("going").any().over(on)
    until = pl.when(going).then(pl.col("day")).otherwise(pl.coalesce("over", pl.col("last").max().over(on)))
    long = pl.when("single").then(parameters.recent).otherwise(parameters.window)
    late = (
        ~pl.col("going")
        & ~pl.col("untold")
        & ~(pl.col("single") & (pl.col("times") < 2))
        & ((until - pl.col("last")).dt.total_days() > long)
    )
    drugs = drugs.filter(pl.when(going & ~pl.col("single")).then(pl.col("said")).otherwise(late).fill_null(False))
    return drugs.sort(*on, "drug").group_by(on, maintain_order=True).agg(pl.col("drug").alias("dropped"))


def _drugs(making: pl.DataFrame, joining: pl.DataFrame) -> pl.DataFrame:
    on = ["patient", "line"]
    pairs = pl.concat([making.select(*on, "drug"), joining.select(*on, "drug")]).unique().sort(*on, "drug")
    return pairs.group_by(on, maintain_order=True).agg(pl.col("drug").alias("drugs"))


def _spread(events: Events, asked: pl.DataFrame) -> pl.DataFrame:
    """For everybody with spread: `spread`, and the first day on which it is recorded."""
    seen = events.events.filter(pl.col("what") == "metastatic").join(asked, on="patient")
    seen = seen.filter(pl.col("on").is_null() | (pl.col("on") <= pl.col("day"))).select("patient", "on")
    facts = events.entries_of.get("metastatic", events.entries.clear())
    told = facts.filter(pl.col("number") == 1).select("patient", pl.lit(None, dtype=pl.Date).alias("on"))
    both = pl.concat([seen, told]).group_by("patient").agg(pl.col("on").min().alias("spread_on"))
    return both.with_columns(pl.lit(True).alias("spread"))


def _setting(parameters: Parameters) -> pl.Expr:
    window = pl.col("spread_on") - dt.timedelta(days=parameters.window)
    undated = pl.col("spread_on").is_null() | pl.col("start").is_null()
    return (
        pl.when(pl.col("setting").is_not_null()).then(pl.col("setting"))
        .when(pl.col("spread").is_null()).then(pl.lit("adjuvant"))
        .when(undated | (pl.col("start") >= window)).then(pl.lit("metastatic"))
        .otherwise(pl.lit("adjuvant"))
    )  # fmt: skip


def _days(column: pl.Series, absent: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return column.cast(pl.Date).to_physical().cast(pl.Int64).fill_null(absent).to_numpy()


def _date(days: Any) -> pl.Series:
    """Days since 1970 as dates, null for NEVER."""
    return pl.Series(days).set(pl.Series(days == NEVER), None).cast(pl.Int32).cast(pl.Date)


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
    told = [np.concatenate(column) for column in zip(*found.contested, strict=True)] or [np.zeros(0, np.int64)] * 5
    other = pl.DataFrame(dict(zip(("person", "line", "kind", "agent", "other"), told, strict=True))).unique(maintain_order=True)
    words = pl.Series(drugs, dtype=pl.String)
    other = other.with_columns(
        words.gather(other["agent"]).alias("agent"),
        words.gather(other["other"].set(other["other"] < 0, None)).alias("other"),
    ).with_columns(_contested().alias("contested"))
    other = other.group_by("person", "line", maintain_order=True).agg(pl.col("contested").str.join(" "))
    reason = (
        pl.when(pl.col("why") == GREW).then(pl.format("new agent {} days after progression", "ago"))
        .when(pl.col("why") == AGAIN).then(pl.format("the same agent again {} days after progression", "ago"))
        .when(pl.col("why") == PAUSED).then(pl.format("begun after a pause of {} days", "ago"))
        .when(pl.col("why") == FIRST).then(pl.lit(rules.FIRST))
        .when(pl.col("why") == NOW).then(pl.lit(rules.NOW))
        .otherwise(pl.lit(rules.OTHER))
    )  # fmt: skip
    return lines.join(other, on=["person", "line"], how="left", maintain_order="left").select(
        people.gather(lines["person"]).alias("patient") if lines.height else pl.lit(None, dtype=pl.UInt32).alias("patient"),
        "line",
        pl.when(pl.col("began") < ALWAYS).then(pl.col("began")).cast(pl.Int32).cast(pl.Date).alias("start"),
        pl.when(pl.col("metastatic") == 1).then(pl.lit("metastatic")).otherwise(pl.lit("adjuvant")).alias("setting"),
        reason.alias("reason"),
        pl.col("contested").fill_null(""),
    )


def _contested() -> pl.Expr:
    alone = "Were it given for progression, it would be a line of its own."
    swapped = pl.format(
        f"{{}} took the place of {{}} inside its class and no progression is recorded: the same line. {alone}", "agent", "other"
    )
    kept = pl.format(f"{{}} followed without progression, as maintenance: the same line. {alone}", "agent")
    beyond = pl.format(
        "{} went on although the disease had grown, and it was no new agent: the same line. "
        "Counted by progression, it would be a line of its own.",
        "agent",
    )
    added = pl.format(
        "{} was added while {} went on, and no progression is recorded: a line of its own. "
        "Had it been planned from the start, it would be the same line.",
        "agent",
        "other",
    )
    texts = {SWAP: swapped, MAINTENANCE: kept, BEYOND: beyond, ADDED: added}
    return pl.coalesce(pl.when(pl.col("kind") == kind).then(text) for kind, text in texts.items())


def _homes(joining: pl.DataFrame, lines: pl.DataFrame, apart: pl.DataFrame, parameters: Parameters) -> pl.DataFrame:
    """The line of each drug that joins one: the last that had begun by then, else the first; the last for one without a day.

    Of people without a line it is what stands apart.
    """
    who = joining["patient"].cast(pl.Int64).to_numpy()
    start = _days(joining["start"], ALWAYS)
    owner = lines["patient"].cast(pl.Int64).to_numpy()
    keys = owner * _KEY + np.minimum(_days(lines["start"], _KEY // 4), _KEY // 4)
    limit = np.where(start == ALWAYS, _KEY // 3, start + parameters.window)
    index = np.searchsorted(keys, who * _KEY + limit, side="right") - 1
    first = np.searchsorted(owner, who)
    has = np.zeros(len(who), bool)
    if len(owner):
        has = (first < len(owner)) & (owner[np.minimum(first, len(owner) - 1)] == who)
    line = pl.Series("line", np.maximum(index, first) - first).set(pl.Series(~has), None)
    last = apart.group_by("patient").agg(pl.col("line").max().alias("beside"))
    joining = joining.with_columns(line).join(last, on="patient", how="left", maintain_order="left")
    return joining.with_columns(pl.coalesce("line", "beside").alias("line")).drop("beside").filter(pl.col("line").is_not_null())
