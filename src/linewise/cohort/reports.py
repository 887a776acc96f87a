"""What a cohort is asked: who is in it, what fits whom, what was given. Each answer is a `Report`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from linewise.columns.decide import STATUS, Matrix
from linewise.columns.events import Events
from linewise.columns.facts import Facts
from linewise.knowledge import Knowledge
from linewise.knowledge.model import Region
from linewise.plan.shown import KINDS

from .concordance import FITTED, NO_OPTION, WHY, concordance
from .journeys import followed
from .kept import Kept, Parts, Tables
from .report.cells import LEAST, Cells
from .report.page import Report
from .report.svg import bars, nested, sentences, shares
from .report.wording import Wording
from .testing import untested

_NOT_KNOWN = "not known"
_COLUMNS, _REGIMENS, _REASONS = 6, 15, 40

OBSERVED = (
    "It counts what is on record. What was done and not recorded here, or somewhere else, is missing, and nobody can tell how much.",
    "It describes; it does not compare treatments. Who was given what was not left to chance, so different outcomes need not come from treatment.",
)


def where(region: Region | None) -> str:
    """The region in words."""
    return region or "everybody's own region, else the best of all"


def based_on(knowledge: Knowledge) -> str:
    """The state of the knowledge, for the foot of a page."""
    return knowledge.edition


# Who is in it


def describe(
    parts: Parts, knowledge: Knowledge, day: dt.date, region: Region | None, least: int = LEAST, kept: Kept | None = None
) -> Report:
    """Who is in it: subtypes, sites, ages, lines; and what was never tested although an option hangs on it."""
    report = Report("Who is in this cohort", least, basis=based_on(knowledge))
    shown = knowledge.content.shown.cohort
    found = list((kept or Kept()).each(parts, lambda _, events: _described(events, knowledge, day, region, shown)))
    size = pl.concat(one["size"] for one in found).sum()
    people, inside = size["people"].item(), size["in scope"].item()
    report.lead(
        f"{report.number(people)} people, {report.number(inside)} of them adults with metastatic breast cancer on record, as of "
        f"{day.isoformat()}. Options are those of {where(region)}."
    )
    report.cannot_say(
        *OBSERVED,
        "That no result is on record does not show that nobody tested: the result may stand in a letter or at another hospital.",
        "That a result could open an option is said of the criteria. It is no advice to test a given person.",
    )
    if report.too_few(inside):
        return report
    counts = pl.concat(one["counts"] for one in found).group_by("name", "value").agg(pl.col("people").sum())
    _characteristics(report, counts, inside, knowledge, shown)
    _testing(report, pl.concat(one["untested"] for one in found), knowledge, day)
    return report


def _described(events: Events, knowledge: Knowledge, day: dt.date, region: Region | None, shown: Sequence[str]) -> Tables:
    tests = [fact.id for fact in knowledge.facts.values() if fact.test and not fact.derived]
    derived = [name for name, fact in knowledge.facts.items() if fact.derived]
    matrix = Matrix(knowledge, day, region, (*shown, *tests, *derived, "sites", "age", "line"))
    facts = Facts(events, knowledge, matrix.criteria, day)
    table = matrix.table(events, facts).collect()
    table = table.hstack(matrix.status(table.lazy()).collect()).with_columns(_on_record(events, tests, day))
    inside = table.filter(matrix.in_scope())
    decade = (pl.col("age") // 10 * 10).cast(pl.Int64)
    bands = pl.when(pl.col("age").is_null()).then(pl.lit(_NOT_KNOWN)).otherwise(pl.format("{} to {}", decade, decade + 9))
    values = {
        **{name: pl.col(name).cast(pl.String).fill_null(_NOT_KNOWN) for name in shown},
        "age": bands,
        "line": pl.col("line").cast(pl.Int64).cast(pl.String).fill_null(_NOT_KNOWN),
    }
    counted = [
        inside.select(pl.lit(name).alias("name"), value.alias("value")).group_by("name", "value").len("people")
        for name, value in values.items()
    ]
    counted.append(_sites(inside))
    had = inside.select(pl.col(f"@record {name}").alias(name) for name in tests)
    return {
        "size": pl.DataFrame({"people": [table.height], "in scope": [inside.height]}),
        "counts": pl.concat(one.with_columns(pl.col("people").cast(pl.Int64)) for one in counted),
        "untested": untested(matrix, inside, had),
    }


def _sites(inside: pl.DataFrame) -> pl.DataFrame:
    listed = inside.select(pl.col("sites").fill_null([]).list.unique()).with_row_index()
    each = listed.explode("sites").drop_nulls("sites").select(pl.lit("sites").alias("name"), pl.col("sites").alias("value"))
    return each.group_by("name", "value").len("people")


def _on_record(events: Events, facts: Iterable[str], day: dt.date) -> list[pl.Series]:
    """For each fact, who has any result of it by the day, however old."""
    by = events.entries.filter(pl.col("on").is_null() | (pl.col("on") <= day)).select("patient", "fact").unique()
    everybody = pl.int_range(len(events), dtype=pl.UInt32, eager=True)
    return [everybody.is_in(by.filter(pl.col("fact") == name)["patient"].implode()).alias(f"@record {name}") for name in facts]


def _characteristics(report: Report, counts: pl.DataFrame, inside: int, knowledge: Knowledge, shown: Sequence[str]) -> None:
    """A table and a picture of each characteristic; shares are of everybody in scope."""
    wording, whole = Wording(knowledge), report.cells.shown(inside)
    titles = {name: knowledge.facts[name].label for name in shown} | {
        "age": "age", "line": "the line that comes next", "sites": "places the cancer has spread to",
    }  # fmt: skip
    for name in (*shown[:1], "age", "line", "sites", *shown[1:]):
        own = counts.filter(pl.col("name") == name).select("value", "people")
        values = [
            value if value == _NOT_KNOWN or name in ("age", "line", "subtype") else wording.value(name, value)
            for value in own["value"].to_list()
        ]
        own = own.with_columns(pl.Series("value", values, dtype=pl.String)).group_by("value").agg(pl.col("people").sum())
        order = ["value"] if name in ("age", "line") else ["people", "value"]
        own = own.sort(pl.col("value") == _NOT_KNOWN, *order, descending=[False, *(one == "people" for one in order)])
        table = report.cells.table(own, ["people"])
        percent = [report.cells.share(count, whole) for count in table["people"].to_list()]
        table = table.with_columns(pl.Series("percent", percent, dtype=pl.Float64))
        title = titles[name][0].upper() + titles[name][1:]
        report.heading(title)
        rows = [
            (
                value,
                float(count or 0),
                f"{report.cells.text(count)} ({share:.0f} %)" if share is not None else report.cells.text(count),
            )
            for value, count, share in table.head(16).iter_rows()
        ]
        note = "One person can have several." if name == "sites" else f"Of {report.cells.text(whole)} people."
        report.picture(name, bars(f"People by {titles[name]}", rows), note)
        report.place(name, table, ["people"], caption=f"People by {titles[name]}", folded=True)


def _percent(share: float | None) -> str:
    """A share behind its count."""
    return "" if share is None else " (below 1 %)" if 0 < share < 0.5 else f" ({share:.0f} %)"


def _testing(report: Report, table: pl.DataFrame, knowledge: Knowledge, day: dt.date) -> None:
    """Completeness of testing: who has no result, and who of them could act on one."""
    report.heading("Never tested, and an option hangs on it")
    report.say(
        "For every test that an option hangs on: how many have no result of it on record, and for how many of them one possible result would make an "
        "option fit that does not fit as things stand. Where a test was done, but what follows from it stays open, that stands in a row of its own."
    )
    table = table.group_by("test", "open", maintain_order=True).sum()
    table = table.sort("could act", "lacking", "test", descending=[True, True, False])
    names = {test: knowledge.tests[test].title if test in knowledge.tests else test for test in table["test"].to_list()}
    said = [
        names[test] if not open_ else f"{knowledge.facts[open_].label}: open, although tested"
        for test, open_ in table.select("test", "open").iter_rows()
    ]
    table = table.select(
        pl.Series("what", said, dtype=pl.String),
        pl.col("test"),
        pl.col("lacking").alias("no result"),
        pl.col("could act").alias("could act on it"),
        pl.col("people").alias("of"),
    )
    shown = report.cells.table(table, ["no result", "could act on it", "of"])
    rows = [
        (row["what"], float(row["could act on it"] or 0), float(row["no result"] or 0),
         f"{report.cells.text(row['could act on it'])} of {report.cells.text(row['no result'])}")
        for row in shown.iter_rows(named=True)
        if row["could act on it"] != 0
    ]  # fmt: skip
    note = f"Full: could act on a result. Pale: no result on record, as of {day.isoformat()}."
    report.picture("never-tested", nested("Never tested, and could act on a result", rows), note)
    report.place(
        "never-tested", shown, ["no result", "could act on it", "of"], caption="Never tested, and could act", folded=True
    )


# What fits


def options(
    parts: Parts,
    knowledge: Knowledge,
    day: dt.date,
    region: Region | None,
    out: Path,
    least: int = LEAST,
    written: bool = False,
    kept: Kept | None = None,
) -> Report:
    """The option matrix of everybody (kept apart, in `persons/`), how many each option fits, and whether what was given fitted.

    `written`: the matrix stands there already.
    """
    report = Report("What fits whom, and what was given", least, basis=based_on(knowledge))
    matrix = Matrix(knowledge, day, region)

    def answer(name: str, events: Events) -> Tables:
        path = out / "persons" / f"options-{name}.parquet"
        if not written:
            write_matrix(matrix.status(matrix.table(events)).collect(), events, path)
        found = pl.read_parquet(path).drop("patient")
        long = found.unpivot(variable_name="option", value_name="status").group_by("option", "status").len()
        size = pl.DataFrame({"people": [found.height]})
        return {"counts": long, "size": size, **_agreement(events, knowledge, day, region)}

    found = list((kept or Kept()).each(parts, answer))
    total = int(pl.concat(one["size"] for one in found)["people"].sum())
    report.lead(
        f"{report.number(total)} people, {len(matrix.options)} options, as of {day.isoformat()}, in {where(region)}. The answer for each person "
        "stands apart, in persons/: it belongs to the owner of the records."
    )
    report.cannot_say(
        *OBSERVED,
        "That an option is offered says that its criteria hold and that somebody has approved or recommended it. Whether it is right for a person is "
        "for the person and the team.",
        "That something else was given is no fault: people decline, trials are open, and reasons are often not recorded.",
    )
    if report.too_few(total):
        return report
    _given(report, found, region)
    _offered(report, pl.concat(one["counts"] for one in found), knowledge, total)
    return report


def _offered(report: Report, counts: pl.DataFrame, knowledge: Knowledge, total: int) -> None:
    table = (
        counts.group_by("option", "status").agg(pl.col("len").sum().cast(pl.Int64)).with_columns(pl.col("status").cast(pl.String))
    )
    table = table.pivot("status", index="option", values="len").fill_null(0)
    statuses = list(STATUS.categories)
    table = table.with_columns(pl.lit(0, dtype=pl.Int64).alias(status) for status in statuses if status not in table.columns)
    titles = {option.id: option.title for option in knowledge.treatments.values()}
    kinds = {option.id: option.kind for option in knowledge.treatments.values()}
    table = table.select(
        pl.col("option").replace_strict(titles, return_dtype=pl.String).alias("title"),
        "option",
        pl.col("option").replace_strict(kinds, return_dtype=pl.String).alias("kind"),
        (pl.col("preferred") + pl.col("suitable")).alias("offered"),
        *statuses,
    ).sort("offered", "option", descending=[True, False])
    report.heading("What fits today")
    report.say(
        "Offered: the criteria hold, somebody has approved or recommended it in the region, nothing forbids it. Depends: something that decides is "
        "not on record. Preferred: a guideline names it first for this situation."
    )
    shown = report.cells.table(table, ["offered", *statuses])
    for kind, title in KINDS.items():
        rows = [
            (str(row["title"]), float(row["offered"]), report.cells.text(row["offered"]))
            for row in shown.filter(pl.col("kind") == kind).head(25).iter_rows(named=True)
            if row["offered"]
        ]
        if rows:
            note = f"{title}: the options offered to most, of {report.number(total)} people. All others are in the table."
            report.picture(f"options-{kind}", bars(f"{title}: people to whom each option is offered", rows), note)
    report.place(
        "options", shown, ["offered", *statuses], caption="All options, with how many people have which status", folded=True
    )


def write_matrix(matrix: pl.DataFrame, events: Events, path: Path) -> None:
    """One row a person: id, then the status of every option."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = matrix.insert_column(0, events.patients["id"].alias("patient"))
    draft = path.with_name(f".{path.name}")
    whole.write_parquet(draft, compression="zstd", statistics=False)
    draft.replace(path)  # there whole, or not at all


# What was given


def _agreement(events: Events, knowledge: Knowledge, day: dt.date, region: Region | None) -> Tables:
    """Of one part: lines by number, regimen and what is said of them; and the reasons, with how many people they are about."""
    lines = followed(events, knowledge, day)
    judged = concordance(events, lines, knowledge, region)
    known = pl.Series(list(knowledge.drugs) + list(knowledge.classes), dtype=pl.String)
    said = judged.lines.with_row_index("row").with_columns(
        pl.min_horizontal(pl.col("number").cast(pl.Int64), pl.lit(_COLUMNS, dtype=pl.Int64)).alias("line"),
        # A drug that the knowledge does not know may be anything that stood in a record.
        pl.when(pl.col("begun with").str.split(" + ").list.eval(pl.element().is_in(known.implode())).list.all())
        .then(pl.col("begun with"))
        .otherwise(pl.lit("with a drug that is not known here"))
        .alias("regimen"),
    )
    reasons = judged.reasons.unique(maintain_order=True).join(said.select("row", "why", "patient"), on="row")
    return {
        "lines": said.group_by("line", "why").agg(*_SIZES),
        "regimens": said.group_by("regimen", "why").agg(*_SIZES),
        "regimen people": said.group_by("regimen").agg(pl.col("patient").n_unique().alias("people")),
        "why": said.group_by("why").agg(*_SIZES),
        "reasons": reasons.group_by("why", "reason").agg(*_SIZES),
    }


_SIZES = (pl.len().cast(pl.Int64).alias("lines"), pl.col("patient").n_unique().cast(pl.Int64).alias("people"))


def _given(report: Report, found: Sequence[Tables], region: Region | None) -> None:
    report.heading("What was given, and what fitted on that day")
    place = region or "the region of each person, else the one that comes closest"
    report.say(
        "Every line for metastatic disease was judged on the day it began: by the drugs that it began with, on the record as it stood before it, by what "
        f"had been approved or recommended by then in {place}."
    )
    cells = report.cells
    wide = _wide(pl.concat(one["lines"] for one in found), "line", cells).sort("line")
    shown = cells.table(wide, [*WHY, "lines"])
    label = [f"line {number}" if number < _COLUMNS else f"line {number} and later" for number in shown["line"].to_list()]
    shown = shown.with_columns(pl.Series("line", label, dtype=pl.String))
    drawn = [name for name in WHY if any(shown[name].fill_null(0).to_list())]
    rows = [(row["line"], [float(row[name] or 0) for name in drawn]) for row in shown.iter_rows(named=True)]
    report.picture(
        "concordance",
        shares("What was given, and whether it fitted, by line", drawn, rows, colours=[_COLOURS[name] for name in drawn]),
        _MEANING,
    )
    report.place("concordance", shown, [*WHY, "lines"], caption="Lines by what the plan would have said", folded=True)
    _by_regimen(report, found, cells)
    _by_reason(report, found, cells)


_COLOURS = dict(zip(WHY, (0, 5, 1, 3, 4, 7, 6), strict=True))
_MEANING = (
    "Fitted: the plan of that day would have offered it. Not known: it hung on something that was not on record. Contraindicated: something on record "
    "forbade it. Not available then: nobody had approved or recommended it there by then. Given anyway: its criteria did not hold. Not an option here: the "
    "knowledge has no option of just these drugs. Small parts are left out of the bars."
)


def _wide(lines: pl.DataFrame, by: str, cells: Cells) -> pl.DataFrame:
    """A row each, a column for everything that can be said, and their sum. Many lines of few people count as few."""
    summed = lines.group_by(by, "why").agg(pl.col("lines", "people").sum())
    few = pl.when(pl.col("people") < cells.least).then(pl.col("people")).otherwise(pl.col("lines"))
    columns = [few.filter(pl.col("why") == place).sum().alias(name) for place, name in enumerate(WHY)]
    return summed.group_by(by).agg(*columns, pl.col("lines").sum())


def _by_regimen(report: Report, found: Sequence[Tables], cells: Cells) -> None:
    """Regimens of enough people, each with what is said of it; the rest together."""
    people = pl.concat(one["regimen people"] for one in found).group_by("regimen").agg(pl.col("people").sum())
    enough = people.filter(pl.col("people") >= max(cells.least, 1))["regimen"]
    lines = pl.concat(one["regimens"] for one in found)
    named = (
        pl.when(pl.col("regimen").is_in(enough.implode())).then(pl.col("regimen")).otherwise(pl.lit("others, of few people each"))
    )
    wide = _wide(lines.with_columns(named.alias("regimen")), "regimen", cells).sort("lines", "regimen", descending=[True, False])
    shown = cells.table(wide, [*WHY, "lines"])
    drawn = [name for name in WHY if any(shown[name].fill_null(0).to_list())]
    rows = [
        (str(row["regimen"]), [float(row[name] or 0) for name in drawn]) for row in shown.head(_REGIMENS).iter_rows(named=True)
    ]
    report.picture(
        "concordance-by-regimen",
        shares("Whether it fitted, by regimen", drawn, rows, colours=[_COLOURS[name] for name in drawn]),
        "The regimens given most, as they began.",
    )
    report.place(
        "concordance-by-regimen",
        shown,
        [*WHY, "lines"],
        caption="Regimens by what the plan would have said",
        show=100,
        folded=True,
    )


def _by_reason(report: Report, found: Sequence[Tables], cells: Cells) -> None:
    """Why what was given did not fit: counted in people, so that few people with many lines stay hidden."""
    report.heading("Why it did not fit")
    report.say("One line can have several reasons. The share is of all lines of which the same is said.")
    reasons = pl.concat(one["reasons"] for one in found).group_by("why", "reason").agg(pl.col("lines", "people").sum())
    whole = pl.concat(one["why"] for one in found).group_by("why").agg(pl.col("lines").sum().alias("of"))
    table = reasons.join(whole, on="why").sort("why", "lines", "reason", descending=[False, True, False])
    table = table.filter(pl.col("people") >= max(cells.least, 1))
    shown = cells.table(table, ["lines", "people", "of"])
    share = [cells.share(row["lines"], row["of"]) for row in shown.iter_rows(named=True)]
    shown = shown.select(
        pl.col("why").replace_strict(dict(enumerate(WHY)), return_dtype=pl.String).alias("what"), "reason", "lines", "people",
        pl.Series("percent", share, dtype=pl.Float64),
    )  # fmt: skip
    for place in range(FITTED + 1, NO_OPTION):
        part = shown.filter(pl.col("what") == WHY[place])
        if part.height:
            report.parts.append(f"<h3>{WHY[place].capitalize()}</h3>")
            rows = [
                (row["reason"], row["percent"] or 0.0, f"{cells.text(row['lines'])}{_percent(row['percent'])}")
                for row in part.head(10).iter_rows(named=True)
                if row["percent"] is not None
            ]
            report.picture(
                f"reasons-{WHY[place].replace(' ', '-')}",
                sentences(f"Reasons: {WHY[place]}", rows),
                "Reasons of fewer people are left out.",
            )
    report.place(
        "reasons", shown, ["lines", "people"], caption="Reasons, by how many lines and people", show=_REASONS, folded=True
    )
