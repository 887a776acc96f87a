"""Lines of therapy of a cohort: what was given after what, for how long, with what survival; and whether it fitted on the day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl

from linewise.knowledge import Knowledge
from linewise.knowledge.model import Region, Treatment

from .decide import Matrix
from .events import Events
from .lines import courses_of
from .report.page import LEAST, Report
from .report.survival import curve, kaplan_meier, median
from .report.svg import flows, survival

_MONTH = 30.4375
_MONTHS = [0, 12, 24, 36, 48, 60]
_MOST, _COLUMNS = 7, 4
_WHY = ("fits", "not known", "contraindicated", "not available then", "given although it does not fit", "no such option")


def lines(parts: Iterable[Events], knowledge: Knowledge, day: dt.date, region: Region | None, least: int = LEAST) -> Report:
    """Sequences of lines, times on treatment and to the next, survival by line and subtype, and concordance."""
    report = Report("Lines of therapy", least)
    tables, judged = [], []
    people = 0
    for events in parts:
        table = followed(events, knowledge, day)
        tables.append(table)
        judged.append(concordance(events, table, knowledge, region))
        people += len(events)
    table = pl.concat(tables)
    report.say(
        f"{report.number(people)} people, {report.number(table['person'].n_unique())} with a line for metastatic disease, as of {day.isoformat()}."
    )
    _sequences(report, table)
    _times(report, table)
    _survival(report, table)
    report.heading("What was given, and what fitted on that day")
    said = (
        pl.concat(judged)
        .group_by("line", "why")
        .len("lines")
        .pivot("why", index="line", values="lines")
        .fill_null(0)
        .sort("line")
    )
    said = said.select("line", *(name for name in _WHY if name in said.columns))
    report.table("concordance", said, [name for name in said.columns if name != "line"])
    return report


def followed(events: Events, knowledge: Knowledge, day: dt.date) -> pl.DataFrame:
    """Everybody's lines for metastatic disease, with the next one, the end of observation, and the subtype."""
    matrix = Matrix(knowledge, day, "EU", ("subtype",), options=[])
    subtype = matrix.table(events).select(pl.col("subtype").cast(pl.String).fill_null("not known")).collect()["subtype"]
    people = events.patients.with_row_index("patient").select(
        pl.col("patient").cast(pl.UInt32),
        pl.col("id").alias("person"),
        "died",
        pl.min_horizontal("last_seen", pl.lit(day)).alias("seen"),
    )
    found = courses_of(events, knowledge, day).filter((pl.col("setting") == "metastatic") & pl.col("start").is_not_null())
    same = pl.col("patient") == pl.col("patient").shift(-1)
    found = found.with_columns(pl.when(same).then(pl.col("start").shift(-1)).alias("next")).join(
        people.with_columns(subtype.alias("subtype")), on="patient", how="left", maintain_order="left"
    )
    dead = pl.col("died").is_not_null() & (pl.col("died") <= pl.lit(day))
    end = pl.when(dead).then(pl.col("died")).otherwise(pl.max_horizontal("seen", "start"))
    return found.with_columns(
        pl.col("drugs").list.join(" + ").alias("regimen"),
        dead.alias("dead"),
        ((end - pl.col("start")).dt.total_days() / _MONTH).alias("survived"),
    )


def _sequences(report: Report, table: pl.DataFrame) -> None:
    common = table["regimen"].value_counts(sort=True).head(_MOST)["regimen"].to_list()
    named = table.filter(pl.col("number") <= _COLUMNS).with_columns(
        pl.when(pl.col("regimen").is_in(common)).then(pl.col("regimen")).otherwise(pl.lit("other")).alias("label")
    )
    links: list[tuple[int, str, str, int]] = []
    for number in range(1, _COLUMNS):
        here = named.filter(pl.col("number") == number).select("person", pl.col("label").alias("from"))
        there = named.filter(pl.col("number") == number + 1).select("person", pl.col("label").alias("to"))
        both = here.join(there, on="person", how="left").with_columns(pl.col("to").fill_null("none yet"))
        for source, target, count in both.group_by("from", "to").len().sort("from", "to").iter_rows():
            if count >= report.least:
                links.append((number - 1, source, target, count))
    report.heading("From line to line")
    frame = pl.DataFrame(links, schema={"line": pl.Int64, "from": pl.String, "to": pl.String, "people": pl.Int64}, orient="row")
    report.picture(
        "sequences",
        flows("From line to line", [f"line {n}" for n in range(1, _COLUMNS + 1)], links),
        "Flows of fewer people are left out.",
    )
    report.table("sequences", frame.with_columns(pl.col("line") + 1), ["people"], show=20)


def _times(report: Report, table: pl.DataFrame) -> None:
    """Time on treatment and to the next, by Kaplan-Meier: what still goes on counts as far as it goes."""
    report.heading("Time on treatment, and to the next treatment")
    rows = []
    for (number, regimen), part in table.group_by(["number", "regimen"], maintain_order=True):
        if number > _COLUMNS or part.height < report.least:
            continue
        on = part.filter(pl.col("months").is_not_null())
        stays = kaplan_meier(on["months"].to_numpy(), (~on["ongoing"]).to_numpy())
        gap = ((part["next"] - part["start"]).dt.total_days() / _MONTH).fill_null(part["survived"])
        until = kaplan_meier(gap.to_numpy(), (part["next"].is_not_null() | part["dead"]).to_numpy())
        rows.append(
            {
                "line": number,
                "regimen": regimen,
                "people": part.height,
                "months on treatment": median(stays),
                "months to next or death": median(until),
            }
        )
    frame = (
        pl.DataFrame(rows, infer_schema_length=None)
        if rows
        else pl.DataFrame(schema={"line": pl.Int64, "regimen": pl.String, "people": pl.Int64})
    )
    report.table("times", frame.sort("line", "people", descending=[False, True]), ["people"], show=40)


def _survival(report: Report, table: pl.DataFrame) -> None:
    for name, column, title in (("subtype", "subtype", "by subtype, from the first line"), ("line", "number", "by line")):
        part = table.filter(pl.col("number") == 1) if name == "subtype" else table.filter(pl.col("number") <= _COLUMNS)
        curves, rows = [], []
        for (value,), group in sorted(part.group_by([column]), key=lambda item: str(item[0])):
            if group.height < report.least:
                continue
            months, dead = group["survived"].to_numpy(), group["dead"].to_numpy()
            label = str(value) if name == "subtype" else f"line {value}"
            curves.append(curve(label, months, dead, _MONTHS, report.least))
            rows.append(
                {
                    "group": label,
                    "people": group.height,
                    "deaths": int(dead.sum()),
                    "median months": median(kaplan_meier(months, dead)),
                }
            )
        if curves:
            report.heading(f"Overall survival {title}")
            note = "Kaplan-Meier with 95 % limits. Curves end where too few are at risk."
            report.picture(f"survival-by-{name}", survival(f"Overall survival {title}", curves, _MONTHS), note)
            report.table(
                f"survival-by-{name}", pl.DataFrame(rows, infer_schema_length=None), ["people", "deaths"], ["median months"]
            )


# What was given, and what fitted


def concordance(events: Events, table: pl.DataFrame, knowledge: Knowledge, region: Region | None) -> pl.DataFrame:
    """For each line: whether an option with just these drugs fitted on the day before it began, and if not, why."""
    sets = table.select("regimen", "drugs").unique("regimen", maintain_order=True)
    wanted = {regimen: matching(frozenset(drugs), knowledge) for regimen, drugs in sets.iter_rows()}
    names = sorted({name for found in wanted.values() for name in found})
    cases = table.select("patient", (pl.col("start") - dt.timedelta(days=1)).alias("as_of"), "regimen", "number", "person")
    asked = events.at(cases)
    here: Region = region or "EU"
    matrix = Matrix(knowledge, None, here, options=names)
    state = matrix.table(asked).collect()
    status = matrix.status(state.lazy()).collect()
    parts = matrix.parts(state.lazy(), here, names).collect()
    why = np.full(len(asked), "no such option", dtype=object)
    regimens = asked.patients["regimen"].to_numpy()
    for regimen, found in wanted.items():
        rows = np.flatnonzero(regimens == regimen)
        if found and len(rows):
            why[rows] = _why([(status[name].gather(rows), parts, name, rows) for name in found])
    return pl.DataFrame({"line": asked.patients["number"].cast(pl.Int64), "why": pl.Series(why.tolist(), dtype=pl.String)})


def _why(found: list[tuple[pl.Series, pl.DataFrame, str, Any]]) -> Any:
    """The best that can be said over the options that a regimen may have been."""
    ranks = []
    for status, parts, name, rows in found:
        fits, stands = (parts[f"{name}|{part}"].gather(rows) for part in ("fits", "stands"))
        words = status.cast(pl.String)
        rank = np.full(len(rows), 4)
        rank[(fits.fill_null(False) & ~stands.fill_null(True)).to_numpy()] = 3
        rank[(words == "unsuitable").to_numpy()] = 2
        rank[(words == "depends").to_numpy()] = 1
        rank[words.is_in(["preferred", "suitable"]).to_numpy()] = 0
        ranks.append(rank)
    return np.array(_WHY, dtype=object)[np.min(ranks, axis=0)]


def matching(drugs: frozenset[str], knowledge: Knowledge) -> list[str]:
    """The options that consist of just these drugs: the fixed ones, and a choice of each partner; what joins a line does not count."""
    counted = frozenset(
        drug
        for drug in drugs
        if not any(knowledge.classes[c].joins_line for c in knowledge.classes_of(drug) if c in knowledge.classes)
    )
    return [option.id for option in knowledge.treatments.values() if option.drugs and _consists(option, counted, knowledge)]


def _consists(option: Treatment, drugs: frozenset[str], knowledge: Knowledge) -> bool:
    rest = drugs - frozenset(option.drugs)
    if len(drugs) - len(rest) != len(option.drugs):
        return False
    for partner in option.partners:
        chosen = [drug for drug in rest if drug in partner.one_of or knowledge.is_a(drug, partner.class_)]
        if len(chosen) != 1:
            return False
        rest = rest - {chosen[0]}
    return not rest
