"""Lines of therapy of a cohort: what was given after what, for how long, until when people lived."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from linewise.columns.decide import Matrix
from linewise.columns.events import Events
from linewise.columns.lines import courses_of
from linewise.knowledge import Knowledge
from linewise.logic.nodes import DAYS_IN
from linewise.record.parameters import STANDARD, Parameters

from .kept import Kept, Parts, Tables
from .report.cells import LEAST
from .report.curves import curves
from .report.page import Report
from .report.survival import Curve, Times, curve
from .report.svg import flows, intervals

MONTH = DAYS_IN["months"]
_MONTHS = [0, 12, 24, 36, 48, 60]
_SHORT = [0, 6, 12, 18, 24, 30, 36]
_MOST, _COLUMNS, _ROWS = 7, 4, 8
_OTHER, _DIED, _NONE = "other", "died", "no further line yet"
_NOT_KNOWN = "not known"


def lines(
    parts: Parts,
    knowledge: Knowledge,
    day: dt.date,
    least: int = LEAST,
    observed_since: dt.date | None = None,
    kept: Kept | None = None,
    parameters: Parameters = STANDARD,
) -> Report:
    """Sequences of lines, time on treatment and to the next, survival by line and subtype.

    `parameters` are those of the grouping into lines. `observed_since`: from when on deaths are known, as the first day of a registry; time before it is not at risk (left truncation).
    """
    report = Report("Lines of therapy", least, basis=knowledge.edition)
    found = list(
        (kept or Kept()).each(
            parts,
            lambda _, events: {
                "lines": followed(events, knowledge, day, observed_since, parameters), "size": pl.DataFrame({"people": [len(events)]})
            },
        )
    )  # fmt: skip
    table = _apart(found)
    people = int(pl.concat(one["size"] for one in found)["people"].sum())
    since = f" Deaths are taken as known from {observed_since.isoformat()} on." if observed_since else ""
    report.lead(
        f"{report.number(people)} people, {report.number(table['who'].n_unique())} with a line for metastatic disease, as of {day.isoformat()}.{since} "
        f"Lines are grouped with {parameters.words()}."
    )
    report.cannot_say(
        "It counts what is on record. Who was treated or died elsewhere is missing; who was lost from sight is taken as alive until last seen, and to "
        "be like those who stayed.",
        "It does not compare treatments. Who was given what was not left to chance: longer survival on one regimen need not come from it.",
        "Lines are grouped from what was given, by stated rules; some can be read in another way (contested lines).",
    )
    if report.too_few(table["who"].n_unique()):
        return report
    _sequences(report, table)
    _times(report, table)
    _survival(report, table)
    return report


def _apart(found: Sequence[Tables]) -> pl.DataFrame:
    """The lines of all parts, with `who`, a number of the person that no other part uses."""
    before, tables = 0, []
    for one in found:
        tables.append(one["lines"].with_columns((pl.col("patient").cast(pl.Int64) + before).alias("who")))
        before += int(one["size"]["people"].item())
    return pl.concat(tables)


def followed(
    events: Events, knowledge: Knowledge, day: dt.date, observed_since: dt.date | None = None, parameters: Parameters = STANDARD
) -> pl.DataFrame:
    """Everybody's lines for metastatic disease, a row a line, with times in months.

    `next` is when the next line began; `dead` and `seen` how and when observation ended. `on`, `stopped`: until when the line was given or seen
    to be given, and whether it ended (null where no end is known). `to_next`, `moved`: until the next line or death. `survived`: from the start
    of the line; `entry`: from when on the person was observed. `diagnosed`, `late`: the same from the day the spread was recorded, `late`
    being the start of the first line, as only who lived until then has one.
    """
    matrix = Matrix(knowledge, day, None, ("subtype",), options=[])
    subtype = matrix.table(events).select(pl.col("subtype").cast(pl.String).fill_null(_NOT_KNOWN)).collect()["subtype"]
    spread = events.events.filter((pl.col("what") == "metastatic") & (pl.col("on") <= pl.lit(day)))
    people = events.patients.with_row_index("patient").select(
        pl.col("patient").cast(pl.UInt32),
        pl.when(pl.col("died") <= pl.lit(day)).then(pl.col("died")).alias("died"),
        pl.min_horizontal("last_seen", pl.lit(day)).alias("last_seen"),
        subtype.alias("subtype"),
    ).join(spread.group_by("patient").agg(pl.col("on").min().alias("spread")), on="patient", how="left", maintain_order="left")  # fmt: skip
    found = courses_of(events, knowledge, day, parameters).filter(
        (pl.col("setting") == "metastatic") & pl.col("start").is_not_null()
    )
    same = pl.col("patient") == pl.col("patient").shift(-1)
    found = found.with_columns(pl.when(same).then(pl.col("start").shift(-1)).alias("next")).join(
        people, on="patient", how="left", maintain_order="left"
    )
    dead = pl.col("died").is_not_null()
    seen = pl.when(dead).then(pl.col("died")).otherwise(pl.max_horizontal("last_seen", "start"))
    found = found.with_columns(_regimen(knowledge), dead.alias("dead"), seen.alias("seen"))
    ongoing = pl.col("ongoing").fill_null(False)
    end = pl.when(ongoing).then(pl.col("seen")).when(pl.col("end").is_not_null()).then(pl.min_horizontal("end", "seen"))
    moved = pl.col("next").is_not_null()
    first = pl.col("start").min().over("patient")
    begun = pl.lit(observed_since, dtype=pl.Date)
    found = found.with_columns(
        _months("start", end).alias("on"),
        (~ongoing | pl.col("dead")).alias("stopped"),
        _months("start", pl.when(moved).then(pl.col("next")).otherwise(pl.col("seen"))).alias("to_next"),
        (moved | pl.col("dead")).alias("moved"),
        _months("start", pl.col("seen")).alias("survived"),
        _entry("start", begun).alias("entry"),
        _months("spread", pl.col("seen")).alias("diagnosed"),
        _entry("spread", pl.max_horizontal(first, begun)).alias("late"),
    )
    wanted = ["patient", "number", "drugs", "start", "next", "regimen", "subtype", "dead", "seen", "ongoing", "contested"]
    return found.select(*wanted, "on", "stopped", "to_next", "moved", "survived", "entry", "diagnosed", "late")


def _regimen(knowledge: Knowledge) -> pl.Expr:
    """The drugs of a line in words; one that the knowledge does not know may be anything that stood in a record, and is not shown."""
    known = pl.Series([*knowledge.drugs, *knowledge.classes], dtype=pl.String)
    word = pl.when(pl.element().is_in(known.implode())).then(pl.element()).otherwise(pl.lit("a drug not known here"))
    return pl.col("drugs").list.eval(word).list.unique(maintain_order=True).list.join(" + ").alias("regimen")


def _months(start: str, end: pl.Expr) -> pl.Expr:
    """Months from one day to another; the day itself counts as half a day, an end before the start as not known."""
    days = (end - pl.col(start)).dt.total_days()
    return pl.when(days >= 0).then(pl.max_horizontal(days.cast(pl.Float64), pl.lit(0.5)) / MONTH)


def _entry(start: str, since: pl.Expr) -> pl.Expr:
    days = (since - pl.col(start)).dt.total_days().fill_null(0)
    return pl.max_horizontal(days.cast(pl.Float64), pl.lit(0.0)) / MONTH


# Sequences


def _sequences(report: Report, table: pl.DataFrame) -> None:
    many = table.filter(pl.col("number") <= _COLUMNS).group_by("regimen").agg(pl.col("who").n_unique().alias("people"))
    many = many.filter(pl.col("people") >= max(report.least, 1)).sort("people", "regimen", descending=[True, False])
    common = many.head(_MOST)["regimen"]
    label = pl.when(pl.col("regimen").is_in(common.implode())).then(pl.col("regimen")).otherwise(pl.lit(_OTHER))
    named = table.filter(pl.col("number") <= _COLUMNS).with_columns(label.alias("label"))
    rows = []
    for number in range(1, _COLUMNS):
        here = named.filter(pl.col("number") == number)
        there = named.filter(pl.col("number") == number + 1).select("who", pl.col("label").alias("to"))
        end = pl.when("dead").then(pl.lit(_DIED)).otherwise(pl.lit(_NONE))
        both = here.join(there, on="who", how="left").with_columns(pl.coalesce("to", end).alias("to"))
        counted = (
            both.group_by(pl.col("label").alias("from"), "to").len("people").with_columns(pl.lit(number).alias("after line"))
        )
        rows.append(counted.select("after line", "from", "to", pl.col("people").cast(pl.Int64)))
    report.heading("From line to line")
    frame = pl.concat(rows).sort("after line", "people", "from", "to", descending=[False, True, False, False])
    shown = report.cells.table(frame, ["people"])
    links = [(number - 1, source, target, count) for number, source, target, count in shown.iter_rows() if count]
    # Of flows that are too small to be shown not even the number is told.
    shown = shown.filter(pl.col("people").is_not_null())
    report.picture(
        "sequences",
        flows("From line to line", [f"line {n}" for n in range(1, _COLUMNS + 1)], links, (_OTHER, _DIED, _NONE)),
        f"The {_MOST} regimens given most; all else is “{_OTHER}”. The width of a band is the number of people. Bands of few people are left out.",
        broad=True,
    )
    report.place("sequences", shown, ["people"], show=40, caption="People who went from one regimen to another", folded=True)


# Times


def _times(report: Report, table: pl.DataFrame) -> None:
    """Time on treatment and to the next, by Kaplan-Meier: what still goes on counts as far as it goes."""
    kinds = (
        ("on", "stopped", "time-on-treatment", "Time on treatment", "Until the last drug of the line ended, or death. "),
        ("to_next", "moved", "time-to-next-treatment", "Time to the next treatment", "Until the next line began, or death. "),
    )
    for months, came, name, title, meaning in kinds:
        report.heading(title)
        usable = table.filter(pl.col(months).is_not_null())
        lost = table.height - usable.height
        if lost:
            meaning += f"Of {report.number(lost)} lines the end is not known; they are left out. "
        by_line = [(f"line {number}", usable.filter(pl.col("number") == number)) for number in range(1, _COLUMNS + 1)]
        drawn = _curves(report, by_line, months, came, "entry", _SHORT)
        if drawn:
            report.picture(
                name,
                curves(f"{title}, by line", drawn, _SHORT, "months from the start of the line", report.cells),
                meaning + _HOW,
            )
        rows = []
        for number in range(1, _COLUMNS + 1):
            part = usable.filter(pl.col("number") == number)
            groups = [(str(key[0]), one) for key, one in part.group_by("regimen")]
            made = _curves(report, sorted(groups, key=lambda pair: (-pair[1].height, pair[0])), months, came, "entry", [0])
            rows += [(number, one) for one in made[:_ROWS]]
        _medians(report, f"{name}-by-regimen", f"{title}, by line and regimen: medians with 95 % limits", rows, "months")


_HOW = "Kaplan-Meier with 95 % limits; below, how many are still at risk. A curve ends where too few are left."


def _curves(
    report: Report, groups: Sequence[tuple[str, pl.DataFrame]], months: str, came: str, entry: str, at: Sequence[int]
) -> list[Curve]:
    """The curves of all groups of enough people."""
    found = []
    for name, part in groups:
        known = part.filter(pl.col(months).is_not_null())
        times = Times.of(known[months].to_numpy(), known[came].to_numpy(), known[entry].to_numpy())
        if len(times) >= max(report.least, 1):
            found.append(curve(name, times, at, report.cells))
    return found


def _medians(report: Report, name: str, title: str, rows: Sequence[tuple[object, Curve]], axis: str, group: str = "line") -> None:
    """Medians with their limits, as a picture and a table."""
    if not rows:
        return
    frame = pl.DataFrame(
        [
            {group: str(key), "group": one.name, "people": one.people, "events": one.events, "median": one.median[0],
             "lower": one.median[1], "upper": one.median[2]}
            for key, one in rows
        ],
        schema={group: pl.String, "group": pl.String, "people": pl.Int64, "events": pl.Int64, "median": pl.Float64, "lower": pl.Float64, "upper": pl.Float64},
    ).with_columns(_as_told(report, "median", "lower", "upper"))  # fmt: skip
    drawn, gaps, before = [], [], rows[0][0]
    for number, (key, one) in enumerate(rows):
        if key != before:
            gaps.append(number)
            before = key
        lead = f"{key}: " if not str(key).isdigit() else f"line {key}: "
        drawn.append((lead + one.name, *one.median, _median_words(one)))
    note = "Median with 95 % limits; a broken line: the upper limit is not reached. "
    if not report.cells.exact:
        note += f"In whole months; none is given where fewer than {report.least} came to an end."
    report.picture(name, intervals(title, drawn, axis, gaps), note)
    report.place(name, frame, ["people", "events"], caption=title, show=60, folded=True)


def _as_told(report: Report, *names: str) -> list[pl.Expr]:
    """Medians in whole months, where they are told so."""
    return [pl.col(name) if report.cells.exact else pl.col(name).cast(pl.Int64) for name in names]


def _median_words(one: Curve) -> str:
    middle, low, high = one.median
    if middle is None:
        return "not reached" if one.events is not None else "too few"
    said = [f"{value:.0f}" if value is not None else "?" for value in (low, high)]
    return (
        f"{middle:.0f} ({said[0]} to {said[1]})"
        if one.joined
        else f"{middle:.1f} ({low or 0:.1f} to {f'{high:.1f}' if high else '?'})"
    )


# Survival


def _survival(report: Report, table: pl.DataFrame) -> None:
    first = table.filter(pl.col("number") == 1)
    early = table.filter(pl.col("number") <= _COLUMNS)
    by_subtype = sorted(
        ((str(key[0]), part) for key, part in first.group_by("subtype")), key=lambda pair: (pair[0] == _NOT_KNOWN, pair[0])
    )
    by_line = [(f"line {number}", early.filter(pl.col("number") == number)) for number in range(1, _COLUMNS + 1)]
    late = "Only who lived until a first line is in it: people count from its start on, not from the spread (left truncation). "
    asked = (
        ("subtype", "from the day the spread was recorded, by subtype", by_subtype, "diagnosed", "late", late),
        ("line", "from the start of each line", by_line, "survived", "entry", "One person can be in several curves. "),
    )
    for name, title, groups, months, entry, meaning in asked:
        report.heading(f"Overall survival {title}")
        drawn = _curves(report, groups, months, "dead", entry, _MONTHS)
        if drawn:
            shown = curves(f"Overall survival {title}", drawn, _MONTHS, "months", report.cells)
            report.picture(f"survival-by-{name}", shown, meaning + _HOW)
            _told(report, f"survival-by-{name}", drawn)
        else:
            report.say("Too few people for a curve.")
    rows = []
    for name, _ in by_subtype:
        several = [
            (f"line {number}", early.filter((pl.col("number") == number) & (pl.col("subtype") == name)))
            for number in range(1, _COLUMNS + 1)
        ]
        rows += [(name, one) for one in _curves(report, several, "survived", "dead", "entry", [0])]
    report.heading("Overall survival by subtype and line")
    _medians(
        report, "survival-by-subtype-and-line", "Median overall survival from the start of a line", rows, "months", "subtype"
    )


def _told(report: Report, name: str, drawn: Sequence[Curve]) -> None:
    """The curves as numbers: what is drawn, and no more."""
    rows = [
        {"group": one.name, "months": month, "share": round(share, 4), "lower": round(lower, 4), "upper": round(upper, 4)}
        for one in drawn
        for month, share, lower, upper in one.steps
    ]
    schema = {"group": pl.String, "months": pl.Float64, "share": pl.Float64, "lower": pl.Float64, "upper": pl.Float64}
    report.tables[f"{name}-steps"] = pl.DataFrame(rows, schema=schema)
    summary = pl.DataFrame(
        [
            {"group": one.name, "people": one.people, "deaths": one.events, "median months": one.median[0], "lower": one.median[1],
             "upper": one.median[2]}
            for one in drawn
        ],
        schema={"group": pl.String, "people": pl.Int64, "deaths": pl.Int64, "median months": pl.Float64, "lower": pl.Float64, "upper": pl.Float64},
    ).with_columns(_as_told(report, "median months", "lower", "upper"))  # fmt: skip
    report.place(name, summary, ["people", "deaths"], caption="People, deaths, median months with 95 % limits")
