"""What a resource says, apart from whom and when: read once for every different body.

The days of a resource are replaced by far-apart stand-ins in the same order, so that the reader's own arithmetic (which comes first, a fortnight
after) holds. Where a stand-in comes out again, it stands for that member of the resource, with so many days added.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import shutil
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from linewise.exchange import Codes
from linewise.exchange.fhir import scope
from linewise.exchange.fhir.answers import read_answers
from linewise.exchange.fhir.bundle import Person, Pool, held
from linewise.exchange.fhir.chart import Chart
from linewise.exchange.fhir.conditions import read_conditions
from linewise.exchange.fhir.medicines import read_medicines, read_reactions
from linewise.exchange.fhir.mentions import read_mentions
from linewise.exchange.fhir.observations import read_observations
from linewise.exchange.fhir.procedures import read_procedures, read_reports, read_requests
from linewise.exchange.fhir.reports import read_texts

from .resources import Kind

_FIRST, _APART = dt.date(1860, 1, 1).toordinal(), 14_000  # within what the reader takes for a lifetime
_DAYS = {
    "entries": ("on", "until"),
    "administrations": ("start", "end"),
    "events": ("on",),
    "medications": ("start", "end"),
    "spread": ("on",),
    "reactions": ("on",),
    "unread": ("on", "until"),
}
_COLUMNS: dict[str, tuple[str, ...]] = {
    "entries": ("fact", "text", "number", "specimen", "absent"),
    "administrations": ("drug", "ongoing", "supply", "planned", "unsure", "setting", "stopped_for"),
    "events": ("what", "site"),
    "reactions": ("drug", "effect", "grade", "ongoing"),
    "medications": ("drug", "unsure"),
    "spread": ("says",),
    "cancers": ("kind",),
    "declared": ("name",),
    "unread": ("why", "what", "touches", "specimen", "not_final"),
}
_TYPES: dict[str, Any] = {
    "number": pl.Float64, "absent": pl.Boolean, "ongoing": pl.Boolean, "planned": pl.Boolean, "unsure": pl.Boolean, "grade": pl.Int16, "says": pl.Boolean, "not_final": pl.Boolean,
}  # fmt: skip
MARK = "\ue000"
"""Stands before the number of a day, or of a value that was taken out: a character that no text of a record has."""
DAY_TEXT = '"(18|19|20|21)[0-9][0-9](-[0-9][0-9]|")'
"""What a day looks like in JSON."""
_holds_day = re.compile(DAY_TEXT.encode()).search
ALWAYS = dt.date.min
"""An end without a day: it ended when it was written, at the latest."""


def schema(table: str) -> dict[str, Any]:
    """The columns of a table of templates: `template`, what is said, and for each day its member (-1 for none) and days to add."""
    days = {f"{name}_{part}": pl.Int32 for name in _DAYS.get(table, ()) for part in ("member", "plus")}
    return {"template": pl.UInt64} | {name: _TYPES.get(name, pl.String) for name in _COLUMNS[table]} | days


class Templates:
    """Reads bodies. What they said is held in `rows`, by table, until it is written. Several threads may read at the same time.

    `sign` tells one way to read from another: other codes, or other hashes.
    """

    def __init__(self, codes: Codes) -> None:
        self.codes = codes
        text = msgspec.json.encode([codes.sign, sorted(_COLUMNS.items()), pl.__version__])
        self.sign = hashlib.blake2b(text, digest_size=8).hexdigest()
        self.known: set[int] = set()
        self._new: list[int] = []
        self.rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in _COLUMNS}
        self._lock = threading.Lock()

    def read(
        self,
        template: int,
        body: Mapping[str, Any],
        days: Sequence[dt.date | None],
        linked: Mapping[str, Any] | None = None,
        literal: bool = False,
    ) -> None:
        """Read one body. `days` are the days of its members, in the order of their marks, as they stand in one resource that says it.

        `literal`: other days stand in the body itself, and the reader compares them with those of the members. Such a template is that of one set of days.
        """
        with self._lock:
            if template in self.known:
                return
            self.known.add(template)
            self._new.append(template)
            there = sorted({day for day in days if day is not None})
            if literal:
                stands, member = {day: day.toordinal() for day in there}, dict[int, int]()
            else:
                stands = {day: _FIRST + _APART * rank for rank, day in enumerate(there)}
                member = {stand: days.index(day) for day, stand in stands.items()}
            stood = [dt.date.fromordinal(stands[day]).isoformat() if day else None for day in days]
            chart = self._chart(_filled(dict(body), stood), _filled(dict(linked or {}), stood))
            for table, things in (
                ("entries", chart.entries), ("administrations", chart.administrations), ("events", chart.events), ("reactions", chart.reactions),
                ("medications", chart.medications), ("spread", chart.spread), ("cancers", chart.cancers), ("unread", chart.unread()),
                ("declared", sorted(chart.declared)),
            ):  # fmt: skip
                for thing in things:
                    self.rows[table].append((template, *_cells(table, thing), *_days(table, thing, member)))

    def _chart(self, body: dict[str, Any], linked: Mapping[str, Any]) -> Chart:
        pool = Pool({key: dict(one) for key, one in linked.items()})
        patient = body if body["resourceType"] == "Patient" else None
        chart = Chart(Person("", patient, [] if patient else [body, *held(body)], []), pool, self.codes, apart=True)
        if patient is not None:
            scope.read_patient(chart)
            return chart
        read_conditions(chart)
        read_observations(chart)
        read_medicines(chart)
        read_reactions(chart)
        read_procedures(chart)
        read_answers(chart)
        read_requests(chart)
        read_reports(chart)
        read_texts(chart)
        read_mentions(chart)
        return chart

    # What was read is never taken back: rows of a file that is done may rest on a body that another file had first.

    def write(self, folder: Path) -> None:
        """Write what was read since the last time, behind what stands in the folder already."""
        with self._lock:
            if not self._new:
                return
            told = {table: pl.DataFrame(rows, schema=schema(table), orient="row") for table, rows in self.rows.items() if rows}
            told["known"] = pl.DataFrame({"template": self._new}, {"template": pl.UInt64})
            self._new, self.rows = [], {table: [] for table in _COLUMNS}
            number = len(list(folder.glob("*"))) if folder.exists() else 0
            draft = folder.parent / f".said-{number:05d}"
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(parents=True)
            for table, rows in told.items():
                rows.write_parquet(draft / f"{table}.parquet")
            folder.mkdir(exist_ok=True)
            draft.rename(folder / f"{number:05d}")

    def again(self, folder: Path) -> None:
        """What earlier runs have read and written there."""
        for path in sorted(folder.glob("*/known.parquet")):
            self.known.update(pl.read_parquet(path)["template"].to_list())


def holds_days(body: bytes) -> bool:
    """Whether days stand in a body, in JSON, besides those that are marked."""
    return _holds_day(body) is not None


def said(folder: Path, table: str) -> pl.DataFrame:
    """Everything that bodies said, of one table."""
    files = sorted(folder.glob(f"*/{table}.parquet"))
    return pl.concat([pl.read_parquet(file) for file in files]) if files else pl.DataFrame(schema=schema(table))


def with_days(body: dict[str, Any], kind: Kind, days: Sequence[dt.date | None]) -> dict[str, Any]:
    """A body with marks where its days stand; `days` are those of one resource, by their place in the kind."""
    for index, path in enumerate(kind.days):
        if days[index] is not None:
            top, _, end = path.partition(".")
            body[top] = (body.get(top, {}) | {end: f"{MARK}{index}"}) if end else f"{MARK}{index}"
    return body


def _filled(value: Any, days: Sequence[str | None]) -> Any:
    """The body with a day in the place of each mark; a member whose day is missing goes."""
    if isinstance(value, dict):
        filled = {name: _filled(part, days) for name, part in value.items()}
        return {name: part for name, part in filled.items() if part is not None}
    if isinstance(value, str) and value.startswith(MARK) and value[1:].isdigit() and int(value[1:]) < len(days):
        return days[int(value[1:])]
    return value


def _cells(table: str, thing: Any) -> tuple[Any, ...]:
    if table == "declared":
        return (thing,)
    if table == "unread":
        return (thing.why, thing.what, " ".join(thing.touches), thing.specimen, thing.would is not None)
    if table == "entries":
        said = (thing.value, None) if isinstance(thing.value, str) else (None, float(thing.value))
        return (thing.fact, *said, thing.specimen, thing.absent)
    return tuple(getattr(thing, name) for name in _COLUMNS[table])


def _days(table: str, thing: Any, member: Mapping[int, int]) -> list[int | None]:
    found: list[int | None] = []
    for name in _DAYS.get(table, ()):
        day = getattr(thing, name)
        if day is None:
            found += [-1, 0]
        elif day == ALWAYS:
            found += [-2, 0]
        else:
            stand = max((one for one in member if one - 1000 <= day.toordinal()), default=None)
            if stand is None or abs(day.toordinal() - stand) > _APART // 2:  # a day that stands in the body itself
                found += [-3, day.toordinal()]
            else:
                found += [member[stand], day.toordinal() - stand]
    return found


def dated(rows: pl.DataFrame, table: str, days: Sequence[str]) -> pl.DataFrame:
    """Rows of templates joined to resources, with the resource's own days in their places."""
    found = []
    for name in _DAYS.get(table, ()):
        member, plus = pl.col(f"{name}_member"), pl.col(f"{name}_plus")
        nothing = pl.lit(None, dtype=pl.Date)
        day = pl.coalesce(nothing, *(pl.when(member == int(column[1:])).then(pl.col(column)) for column in days))
        day = day + pl.duration(days=plus)
        absolute = (plus - dt.date(1970, 1, 1).toordinal()).cast(pl.Int32).cast(pl.Date)
        found.append(pl.when(member == -3).then(absolute).when(member == -2).then(pl.lit(ALWAYS)).otherwise(day).alias(name))
    gone = [f"{name}_{part}" for name in _DAYS.get(table, ()) for part in ("member", "plus")]
    return rows.with_columns(found).drop(gone)
