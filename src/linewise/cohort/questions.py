"""What a cohort is asked: who is in it, what fits and what was given, whose options changed. Each answer is a `Report`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from linewise.knowledge import Knowledge
from linewise.knowledge.model import Fact, Region, Treatment
from linewise.logic.columns import base

from .decide import STATUS, Matrix
from .events import Events
from .facts import Facts
from .report.page import LEAST, Report
from .report.svg import bars

_SHOWN = ("subtype", "hr", "her2-level", "menopause", "brain-status")
_OFFERED = ("preferred", "suitable")


def offered(name: str) -> pl.Expr:
    """Whether an option is offered."""
    return pl.col(name).is_in(_OFFERED)


# Who is in it


def describe(parts: Iterable[Events], knowledge: Knowledge, day: dt.date, region: Region | None, least: int = LEAST) -> Report:
    """Who is in it: subtypes, sites, ages, lines; and what was never tested although an option hangs on it."""
    report = Report("Who is in this cohort", least)
    shown = [name for name in _SHOWN if name in knowledge.facts]
    tests = [fact for fact in knowledge.facts.values() if fact.test and not fact.derived and fact.type in ("choice", "number")]
    counts: dict[str, list[pl.DataFrame]] = {}
    untested: list[pl.DataFrame] = []
    people = in_scope = 0
    for events in parts:
        matrix = Matrix(knowledge, day, region, (*shown, *(fact.id for fact in tests), "sites", "age", "line"))
        facts = Facts(events, knowledge, matrix.criteria, day)
        table = matrix.table(events, facts).collect()
        table = table.with_columns(matrix.status(table.lazy()).collect())
        inside = table.filter(matrix.in_scope())
        people, in_scope = people + table.height, in_scope + inside.height
        for name in (*shown, "line"):
            counts.setdefault(name, []).append(inside.select(pl.col(name).cast(pl.String).fill_null("not known").alias("value")))
        decade = (pl.col("age") // 10 * 10).cast(pl.Int64)
        bands = pl.when(pl.col("age").is_null()).then(pl.lit("not known")).otherwise(pl.format("{} to {}", decade, decade + 9))
        counts.setdefault("age", []).append(inside.select(bands.alias("value")))
        counts.setdefault("sites", []).append(
            inside.select(pl.col("sites").explode(empty_as_null=True).alias("value")).drop_nulls()
        )
        untested.append(_untested(matrix, inside, tests))
    report.say(
        f"{report.number(people)} people, {report.number(in_scope)} of them with metastatic breast cancer on record, as of {day.isoformat()}."
    )
    for name, frames in counts.items():
        table = pl.concat(frames).group_by("value").len("people").sort("people", "value", descending=[True, False])
        table = table.with_columns((pl.col("people") / max(in_scope, 1) * 100).alias("percent"))
        label = knowledge.facts[name].label if name in knowledge.facts else name
        report.heading(label[0].upper() + label[1:])
        seen = report.table(f"{name}", table, ["people"], ["percent"], show=14)
        rows = [(str(value), float(count), f"{count:,}") for value, count, *_ in seen.head(14).iter_rows() if count is not None]
        report.picture(name, bars(label, rows), f"People by {label}.")
    report.heading("Never tested, and an option hangs on it")
    report.say(
        "Not known, no result recorded; and one of its possible results would make an option fit that does not fit as things stand."
    )
    table = (
        pl.concat(untested).group_by("test", "fact", maintain_order=True).sum().sort("could change the options", descending=True)
    )
    report.table("never-tested", table, ["not known", "could change the options"])
    return report


def _untested(matrix: Matrix, people: pl.DataFrame, tests: Sequence[Fact]) -> pl.DataFrame:
    """For each fact that a test answers: for how many it is not known, and for how many of those a result could open an option."""
    rows = []
    about = {option.id: _about(matrix, option) for option in matrix.options}
    names = {column.name for column in matrix.criteria.columns}
    for fact in tests:
        if fact.id not in names:
            continue
        unknown = people.filter(pl.col(fact.id).is_null())
        resting = [name for name, asked in about.items() if fact.id in asked]
        waiting = unknown.filter(pl.any_horizontal(pl.col(name) == "depends" for name in resting)) if resting else unknown.clear()
        changed = pl.repeat(False, waiting.height, eager=True)
        small = Matrix(matrix.knowledge, matrix.day, matrix.region, options=resting)
        needed = {column.name for column in small.criteria.columns} | {"as_of"}
        base = waiting.select(name for name in waiting.columns if name in needed or name.startswith("#"))
        for value in _results(fact) if waiting.height else ():
            column = pl.lit(value, dtype=base.schema[fact.id]).alias(fact.id)
            small.taken_from(matrix)
            decided = small.status(small.decided(base.with_columns(column))).collect()
            for name in resting:
                changed = changed | (offered_series(decided[name]) & ~offered_series(waiting[name]))
        rows.append(
            {"test": fact.test, "fact": fact.id, "not known": unknown.height, "could change the options": int(changed.sum())}
        )
    schema = {"test": pl.String, "fact": pl.String, "not known": pl.Int64, "could change the options": pl.Int64}
    return pl.DataFrame(rows, schema=schema)


def offered_series(status: pl.Series) -> pl.Series:
    """Whether each is offered."""
    return status.cast(pl.String).is_in(_OFFERED)


def _results(fact: Fact) -> list[Any]:
    """What a test may say: every value, or both ends of the range."""
    return list(fact.values) if fact.type == "choice" else [float(end) for end in fact.range or ()]


def _about(matrix: Matrix, option: Treatment) -> set[str]:
    """The facts that an option's criteria rest on, through every derived one."""
    nodes = {"fits": option.fits} | {str(n): one.fits for n, one in enumerate(option.standing) if one.fits is not None}
    return {column.about for column in base(nodes, matrix.knowledge.vocabulary)}


# What fits


def options(
    parts: Iterable[tuple[str, Events]],
    knowledge: Knowledge,
    day: dt.date,
    region: Region | None,
    out: Path,
    least: int = LEAST,
    written: bool = False,
) -> Report:
    """The option matrix of everybody (kept apart, in `persons/`), and how many each option fits. `written`: it stands there already."""
    report = Report("What fits whom", least)
    matrix = Matrix(knowledge, day, region)
    total, counted = 0, []
    for name, events in parts:
        path = out / "persons" / f"options-{name}.parquet"
        if not written:
            write_matrix(matrix.status(matrix.table(events)).collect(), events, path)
        found = pl.read_parquet(path).drop("patient")
        total += found.height
        long = found.unpivot(variable_name="option", value_name="status").group_by("option", "status").len()
        counted.append(long)
    report.say(
        f"{report.number(total)} people, {len(matrix.options)} options, as of {day.isoformat()}, {region or 'the best of all regions'}."
    )
    table = pl.concat(counted).group_by("option", "status").agg(pl.col("len").sum())
    table = table.pivot("status", index="option", values="len").fill_null(0)
    for status in STATUS.categories:
        if status not in table.columns:
            table = table.with_columns(pl.lit(0).alias(status))
    table = table.select("option", *STATUS.categories).with_columns((pl.col("preferred") + pl.col("suitable")).alias("offered"))
    table = table.sort("offered", "option", descending=[True, False])
    report.heading("Options")
    seen = report.table("options", table, [*STATUS.categories, "offered"])
    rows = [
        (str(row["option"])[:34], float(row["offered"]), f"{row['offered']:,}")
        for row in seen.head(25).iter_rows(named=True)
        if row["offered"]
    ]
    report.picture("options", bars("People to whom each option is offered", rows), "People to whom each option is offered.")
    return report


def write_matrix(matrix: pl.DataFrame, events: Events, path: Path) -> None:
    """One row a person: id, then the status of every option."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = matrix.insert_column(0, events.patients["id"].alias("patient"))
    draft = path.with_name(f".{path.name}")
    whole.write_parquet(draft, compression="zstd", statistics=False)
    draft.replace(path)  # there whole, or not at all


# What changed


def impact(
    parts: Iterable[Events], knowledge: Knowledge, since: dt.date, until: dt.date, region: Region | None, least: int = LEAST
) -> Report:
    """Whose options changed from one day to the other on the same record, and by which statement."""
    report = Report(f"What changed from {since.isoformat()} to {until.isoformat()}", least)
    changed, total = [], 0
    for events in parts:
        # One record, two states of what was said: the record is read as of the later day both times.
        matrix = Matrix(knowledge, None, region)
        facts = Facts(events, knowledge, matrix.criteria, until)
        now = matrix.table(events, facts).collect()
        after = matrix.status(now.lazy()).collect()
        before = matrix.status(now.with_columns(pl.lit(since).alias("as_of")).lazy()).collect()
        total += now.height
        for option in matrix.options:
            old, new = offered_series(before[option.id]), offered_series(after[option.id])
            gained, lost = int((new & ~old).sum()), int((old & ~new).sum())
            if gained or lost:
                changed.append({"option": option.id, "gained": gained, "lost": lost})
    report.say(f"{report.number(total)} people, {region or 'the best of all regions'}; each record as of {until.isoformat()}.")
    schema = {"option": pl.String, "gained": pl.Int64, "lost": pl.Int64}
    table = pl.DataFrame(changed, schema=schema).group_by("option").sum()
    said = {option.id: _statements(option, since, until, region) for option in knowledge.treatments.values()}
    table = table.with_columns(pl.col("option").replace_strict(said, return_dtype=pl.String).alias("by"))
    report.heading("Options gained and lost")
    report.table("impact", table.sort("gained", "option", descending=[True, False]), ["gained", "lost"])
    return report


def _statements(option: Treatment, since: dt.date, until: dt.date, region: Region | None) -> str:
    """The statements of an option that began or ended between the days, with their sources."""
    found = []
    for one in option.standing:
        here = region is None or one.holds_in(region)
        before, after = one.in_force(since), one.in_force(until)
        if here and before != after:
            when = one.since.text if after else one.until.text if one.until else ""
            found.append(
                f"{one.body} {'/'.join(one.region)} {one.says} {'since' if after else 'until'} {when} ({', '.join(one.source)})"
            )
    return "; ".join(found)
