"""Who could join which trial: counts, and for the owner of the records a list of people to look at. What nobody recorded is unknown here, never "no"."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from linewise.columns.criteria import lowered
from linewise.columns.events import Events
from linewise.columns.facts import Facts
from linewise.knowledge import Knowledge
from linewise.knowledge.model import Asked, Study
from linewise.logic import Node, parse
from linewise.logic.columns import evaluate
from linewise.record.model import COURSE, MEDICINES, REACTIONS, TREATMENTS
from linewise.trials.document import recruits
from linewise.trials.known import known_entries

from .kept import Kept, Parts, Tables
from .report.cells import LEAST
from .report.page import Report, without_formulas

_COUNTS = ["nothing open on record", "depends", "does not fit"]
_SCOPE = "metastatic"
_LISTS = {
    TREATMENTS: ("adjuvant", "metastatic_lines"),
    COURSE: ("metastatic_lines",),
    MEDICINES: ("medications",),
    REACTIONS: ("reactions",),
}
"""What a question about the history rests on: known to be whole where a record declares every one of these lists."""


def trials(
    parts: Parts,
    knowledge: Knowledge,
    day: dt.date,
    out: Path,
    least: int = LEAST,
    kept: Kept | None = None,
    only: str | None = None,
    people: bool = False,
) -> Report:
    """For each trial of the knowledge how many could join, depend on something, or do not fit; and which facts are open most.

    `people`: write who they are to `persons/trials-*.csv`, for the owner of the records alone. `only`: one trial by its id.
    """
    open_ = {one.id for one in known_entries(knowledge) if recruits(one)}
    studies = [one for one in knowledge.content.studies.values() if one.id == only or (only is None and one.id in open_)]
    report = Report("Who could join a trial", least, basis=knowledge.edition)

    def answer(name: str, events: Events) -> Tables:
        found = matched(events, knowledge, day, studies)
        if people:
            _write(found, events, studies, out / "persons" / f"trials-{name}.csv")
        return {
            "size": pl.DataFrame({"people": [found.height]}),
            "counts": _counted(found, studies),
            "open": _open(found, studies),
        }

    found = list((kept or Kept()).each(parts, answer))
    total = int(pl.concat(one["size"] for one in found)["people"].sum())
    apart = " Who they are stands apart, in persons/: it belongs to the owner of the records." if people else ""
    report.lead(
        f"{report.number(total)} living adults with metastatic breast cancer on record, {len(studies)} trials, as of {day.isoformat()}.{apart}"
    )
    report.cannot_say(
        "Each trial is read from a public registry entry as it stood on its day; ask whether it still recruits, and where.",
        "Only the criteria that decide most were written down. Nobody is said to fit: the trial team reads the whole entry.",
        "What is not on record is unknown, never no: a list that a record does not have leaves open what rests on it.",
    )
    if any(one.date.first > day for one in studies):
        report.cannot_say(
            f"Some entries were read after {day.isoformat()}: whether their trials recruited on that day is not said."
        )
    if not studies or report.too_few(total):
        return report
    titles = {one.id: one for one in studies}
    counts = pl.concat(one["counts"] for one in found).group_by("trial", maintain_order=True).sum().sort(_COUNTS, descending=True)
    _place(report, "trials", "Who could join", counts, titles, _COUNTS)
    waiting = pl.concat(one["open"] for one in found).group_by("trial", "criterion", maintain_order=True).sum()
    waiting = waiting.filter(pl.col("open for") > 0).sort("open for", "trial", "criterion", descending=[True, False, False])
    _place(report, "trials-open", "What is open, of people whom nothing excludes", waiting, titles, ["open for"])
    return report


def matched(events: Events, knowledge: Knowledge, day: dt.date, studies: Sequence[Study]) -> pl.DataFrame:
    """For each living adult with metastatic disease (`row`: in the events) and each criterion of each trial whether it lets the person in: true, false, unknown."""
    wary = cautious(events, knowledge)
    nodes: dict[str, Node] = {"@scope": parse(_SCOPE)}
    for study in studies:
        nodes |= {f"{study.id}|{n}|{side}": node for n, one in enumerate(_asked(study)) for side, node in _sides(one)}
    criteria = lowered(nodes, knowledge, ("age",))
    table = Facts(wary, knowledge, criteria, day).table()
    values = evaluate(table, criteria.nodes, criteria.vocabulary).select("age", *nodes).collect()
    inside = (
        wary.patients["scope"].is_null() & (values["age"] >= knowledge.adult).fill_null(True) & values["@scope"].fill_null(False)
    )
    inside &= wary.patients["died"].is_null() | (wary.patients["died"] > day)
    lets = [
        _lets_in(study, n, one, {side for side, _ in _sides(one)}) for study in studies for n, one in enumerate(_asked(study))
    ]
    return values.with_row_index("row").filter(inside).select("row", *lets)


def _asked(study: Study) -> list[Asked]:
    """What a record can tell of a trial's criteria, its field of sex among them."""
    field = [] if study.sex == "all" else [Asked(n=0, text=f"sex: {study.sex}", when=parse(f"sex is {study.sex}"))]
    return field + [one for one in study.criteria if one.when is not None or one.may is not None]


def _sides(one: Asked) -> Iterator[tuple[str, Node]]:
    if one.when is not None:
        yield "when", one.when
    if one.may is not None:
        yield "may", one.may


def _lets_in(study: Study, n: int, one: Asked, sides: set[str]) -> pl.Expr:
    """Surely true where `when` holds, surely false where `may` fails; without `may` the two are the same. An exclusion lets in where it fails."""
    column = f"{study.id}|{n}"
    surely = pl.col(f"{column}|when") if "when" in sides else pl.lit(None, dtype=pl.Boolean)
    possibly = pl.col(f"{column}|may") if "may" in sides else surely
    holds = pl.when(surely.fill_null(False)).then(pl.lit(True)).when(~possibly.fill_null(True)).then(pl.lit(False))
    value = holds.otherwise(pl.lit(None, dtype=pl.Boolean))
    return (~value if one.kind == "exclusion" else value).alias(column)


def status(study: Study) -> pl.Expr:
    """Of each person: `does not fit`, `depends`, or `nothing open on record`."""
    lets = [pl.col(f"{study.id}|{n}") for n in range(len(_asked(study)))]
    fails = pl.any_horizontal(~one.fill_null(True) for one in lets)
    waits = pl.any_horizontal(one.is_null() for one in lets)
    said = pl.when(fails).then(pl.lit(_COUNTS[2])).when(waits).then(pl.lit(_COUNTS[1])).otherwise(pl.lit(_COUNTS[0]))
    return said.alias(study.id)


def cautious(events: Events, knowledge: Knowledge) -> Events:
    """The same people with silence marked as something that was not understood: what rests on it is unknown and no longer "no"."""
    everybody = pl.Series("patient", range(len(events)), dtype=pl.UInt32)
    silent = {touched: ~np.logical_and.reduce([events.declared(name) for name in lists]) for touched, lists in _LISTS.items()}
    for fact in knowledge.facts.values():
        if fact.derived or not (fact.type == "set" or (fact.type == "yes-no" and fact.silence != "unknown")):
            continue
        told = events.declared(fact.id)
        if fact.type != "set":  # its own entry decides; those of a set tell only what is in it
            told = told | everybody.is_in(events.entries.filter(pl.col("fact") == fact.id)["patient"].implode()).to_numpy()
        silent[fact.id] = ~told
    rows = [
        everybody.filter(pl.Series(who)).to_frame().with_columns(pl.lit(name).alias("touches")) for name, who in silent.items()
    ]
    return dataclasses.replace(events, unread=pl.concat([events.unread, *rows], how="diagonal_relaxed"))


def _counted(found: pl.DataFrame, studies: Sequence[Study]) -> pl.DataFrame:
    said = found.select(status(one) for one in studies)
    rows = [{"trial": one.id, **{name: int((said[one.id] == name).sum()) for name in _COUNTS}} for one in studies]
    return pl.DataFrame(rows, schema={"trial": pl.String, **dict.fromkeys(_COUNTS, pl.Int64)})


def _open(found: pl.DataFrame, studies: Sequence[Study]) -> pl.DataFrame:
    """For each criterion of how many people it is unknown, of those whom nothing excludes."""
    rows = []
    for study in studies:
        left = found.filter(status(study) == _COUNTS[1])
        rows += [
            {"trial": study.id, "criterion": one.text, "open for": left[f"{study.id}|{n}"].null_count()}
            for n, one in enumerate(_asked(study))
        ]
    return pl.DataFrame(rows, schema={"trial": pl.String, "criterion": pl.String, "open for": pl.Int64})


def _place(
    report: Report, name: str, title: str, table: pl.DataFrame, studies: Mapping[str, Study], counts: Sequence[str]
) -> None:
    ids = table["trial"].to_list()
    table = table.with_columns(
        pl.Series("title", [studies[one].title for one in ids], dtype=pl.String),
        pl.Series("entry read on", [studies[one].date.text for one in ids], dtype=pl.String),
        pl.Series("address", [studies[one].url for one in ids], dtype=pl.String),
    )
    report.heading(title)
    report.table(name, table, counts, show=120, caption=title, links={"trial": "address"})


def _write(found: pl.DataFrame, events: Events, studies: Sequence[Study], path: Path) -> None:
    """One row a person and trial that nothing on record excludes, with what is open: those with the least open first."""
    people = found["row"].to_list()
    ids, seen = events.patients["id"].to_list(), events.patients["last_seen"].to_list()
    rows = []
    for study in studies:
        said = found.select(status(study))[study.id].to_list()
        asked = _asked(study)
        values = [found[f"{study.id}|{n}"].to_list() for n in range(len(asked))]
        for at, person in enumerate(people):
            if said[at] != _COUNTS[2]:
                open_ = [one.text for one, value in zip(asked, values, strict=True) if value[at] is None]
                rows.append(
                    {
                        "trial": study.id,
                        "patient": ids[person],
                        "last seen": seen[person],
                        "open": len(open_),
                        "what is open": "; ".join(open_),
                    }
                )
    schema = {"trial": pl.String, "patient": pl.String, "last seen": pl.Date, "open": pl.Int64, "what is open": pl.String}
    table = pl.DataFrame(rows, schema=schema).sort("trial", "open", "patient")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}")
    draft.write_text(without_formulas(table).write_csv(), encoding="utf-8")
    draft.replace(path)  # there whole, or not at all
