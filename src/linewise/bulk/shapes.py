"""Reading a million lines of JSON as a few thousand: the shape of a line is the line without what only tells whom and when.

A hospital's results differ in their id, their person and their days, and hardly in anything else that is read. A line is cut along one of the layouts of its
file; what is left, its shape, is parsed once, as JSON, and so tells for every line of that shape which of the values cut out is the id, which the person,
which a day. Nothing is guessed: a line that fits no layout, or whose shape leaves anything open, is `odd`, and is parsed whole by `scan`.

Shapes are compared by a hash of 64 bits: of a million different shapes, two are taken for the same in one run of forty million.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import msgspec
import numpy as np
import polars as pl

from .block import Block, Ints, Pieces
from .layout import Layout, layouts
from .resources import Kind
from .templates import MARK, Templates, holds_days, with_days

LEAST = 2
"""A shape that occurs less often in a block is not worth learning."""
_SAMPLE = 400
_MOST = 48
"""Layouts of a type."""
_REFERRING = "extension", "suspectEntity"
_LIFETIME = dt.date(1850, 1, 1), dt.date(2150, 12, 31)


@dataclass(frozen=True)
class Roles:
    """Which of the values cut out is the id, the person, the version, and each day of the type; -1 where there is none."""

    id: int
    patient: int
    version: int
    days: tuple[int, ...]


@dataclass(frozen=True)
class Shape:
    """What is read of all lines of one shape, apart from whom and when."""

    roles: Roles
    body: dict[str, Any]


class Shapes:
    """The shapes of the lines of one resource type, learned as they turn up. `least` is how often one must occur in a block to be learned.

    Several threads may read blocks at the same time.
    """

    def __init__(self, kind_name: str, kind: Kind, templates: Templates, least: int = LEAST) -> None:
        self.kind_name, self.kind, self.templates, self.least = kind_name, kind, templates, least
        self.layouts: list[Layout] = []
        self._known: dict[tuple[Layout, int], Shape | None] = {}
        self._templates: dict[tuple[Layout, int, int], int] = {}
        self._lock = threading.Lock()

    def read(self, block: Block, left: Ints) -> tuple[list[pl.DataFrame], Ints]:
        """Rows of those of some lines that are understood, and which lines are odd."""
        found: list[pl.DataFrame] = []
        tried = 0
        with self._lock:
            known = list(self.layouts)
        while len(left):
            if tried == len(known):
                known += self._more(block, left, known)
                if tried == len(known):
                    break
            rows, left = self._along(known[tried], block, left)
            found += rows
            tried += 1
        return found, left

    # Learning

    def _more(self, block: Block, left: Ints, known: Sequence[Layout]) -> list[Layout]:
        """Layouts of lines that fit none that is known, if they are many."""
        if len(left) < max(self.least, _SAMPLE // 4 if known else 1) or len(known) >= _MOST:
            return []
        sample = left[:: max(1, len(left) // _SAMPLE)][:_SAMPLE]
        found = layouts([block.line(row) for row in sample.tolist()], self.kind)
        new = [layout for layout in found if layout not in known][: _MOST - len(known)]
        with self._lock:
            self.layouts = list(dict.fromkeys([*self.layouts, *new]))[:_MOST]
        return new

    def _learned(self, layout: Layout, block: Block, cut: Pieces) -> tuple[pl.Series, list[tuple[int, Shape]]]:
        """For each line the place of its shape in the list of those that are understood; null for the others."""
        first = cut.shape.to_frame().with_row_index("at").group_by("shape").agg(pl.len().alias("times"), pl.col("at").first())
        found: list[tuple[int, Shape]] = []
        with self._lock:
            for number, times, at in first.iter_rows():
                key = layout, number
                if key not in self._known:
                    if times < self.least:
                        continue
                    self._known[key] = self.learn(block.data, cut.bounds[at].tolist())
                shape = self._known[key]
                if shape is not None:
                    found.append((number, shape))
        known = pl.DataFrame({"shape": [number for number, _ in found]}, {"shape": pl.UInt64}).with_row_index("known")
        return cut.shape.to_frame().join(known, on="shape", how="left", maintain_order="left")["known"], found

    def learn(self, data: bytes, bounds: Sequence[int]) -> Shape | None:
        """What the shape of a line says, with its values cut out; None where that is not certain. Pieces and values stand between the bounds in turn."""
        parts = [data[begin:end] for begin, end in pairwise(bounds)]
        parts[1::2] = [f"{MARK}{index}".encode() for index in range(len(parts) // 2)]
        try:
            resource = msgspec.json.decode(b"".join(parts))
        except ValueError:  # no JSON, or no text
            return None
        if not isinstance(resource, dict):
            return None
        places = dict(_marks(resource, ()))
        return self._shape(resource, places) if len(places) == len(parts) // 2 else None

    def _shape(self, resource: dict[str, Any], places: dict[tuple[str | int, ...], int]) -> Shape | None:
        kind = self.kind
        who: tuple[str | int, ...] = ("id",) if kind.subject == "id" else (kind.subject, "reference")
        days = [tuple(path.split(".")) for path in kind.days]
        if resource.get("resourceType") != self.kind_name or ("id",) not in places or who not in places or kind.link in resource:
            return None
        if not all(_plain(resource, path, places) for path in days):
            return None
        if any(_told(resource, member) for member in _REFERRING) and b"reference" in msgspec.json.encode(
            [resource.get(member) for member in _REFERRING]
        ):
            return None  # it hangs on another resource
        known = {("id",), who, ("meta", "lastUpdated"), *days}
        read = {*kind.members, *(path[0] for path in days)} - {"meta", "hasMember"}
        if any(path not in known and path[0] in read for path in places):
            return None  # what it says depends on a value that was cut out
        if holds_days(msgspec.json.encode(self._body(resource))):
            return None  # the reader compares them with the days of its members
        roles = Roles(
            places[("id",)], places[who], places.get(("meta", "lastUpdated"), -1), tuple(places.get(path, -1) for path in days)
        )
        return Shape(roles, self._body(resource)) if _told(resource, "meta", "lastUpdated") == (roles.version >= 0) else None

    def _body(self, resource: dict[str, Any]) -> dict[str, Any]:
        """What is read of a resource apart from whom and when; of members only that they are there, of the profile only its name."""
        body = {name: resource[name] for name in self.kind.members if resource.get(name) is not None}
        if "hasMember" in body:
            body["hasMember"] = [{}]
        if "meta" in body:
            meta = body.pop("meta")
            if isinstance(meta, dict) and meta.get("profile") is not None:
                body["meta"] = {"profile": meta["profile"]}
        return body

    # Cutting

    def _along(self, layout: Layout, block: Block, left: Ints) -> tuple[list[pl.DataFrame], Ints]:
        """Rows of the lines that this layout cuts into a shape that is understood, and the other lines."""
        cut = block.cut(left, layout)
        known, shapes = self._learned(layout, block, cut)
        if not shapes:
            return [], left
        by_roles: dict[Roles, list[int]] = {}
        for place, (_, shape) in enumerate(shapes):
            by_roles.setdefault(shape.roles, []).append(place)
        found, done = [], np.zeros(len(block.starts), bool)
        for roles, places in by_roles.items():
            mine = known.is_not_null() if len(by_roles) == 1 else known.is_in(places)
            for index in {roles.id, roles.patient, roles.version, *roles.days} - {-1}:
                mine = mine & block.sound(cut.values[index])
            values = cut.values if mine.all() else [value.filter(mine) for value in cut.values]
            rows = cut.rows[mine.to_numpy()]
            done[rows] = True
            found.append(
                self._rows(layout, values, roles, known.filter(mine), shapes).with_columns(
                    pl.Series("place", rows + block.place, pl.UInt32)
                )
            )
        return found, left[~done[left]]

    def _rows(
        self, layout: Layout, values: list[pl.Series], roles: Roles, known: pl.Series, shapes: list[tuple[int, Shape]]
    ) -> pl.DataFrame:
        """Whom, when and what, a row a line."""
        patient = values[roles.patient]
        rows = pl.DataFrame(
            [
                (patient if self.kind.subject == "id" else _key(patient)).alias("patient"),
                values[roles.id].alias("id"),
                (
                    values[roles.version]
                    if roles.version >= 0
                    else pl.Series([None], dtype=pl.String).new_from_index(0, len(known))
                ).alias("version"),
                *(_day(values[value]).alias(f"d{index}") for index, value in enumerate(roles.days) if value >= 0),
            ]
        )
        days = [index for index, value in enumerate(roles.days) if value >= 0]
        order = rows.select(_order(days, len(self.kind.days))).to_series()
        return rows.with_columns(
            self._said(layout, rows, known, order if len(order) == len(rows) else order.new_from_index(0, len(rows)), shapes)
        )

    def _said(
        self, layout: Layout, rows: pl.DataFrame, known: pl.Series, order: pl.Series, shapes: list[tuple[int, Shape]]
    ) -> pl.Series:
        """The template of each row: what is said by that body, with days in that order. Each is read when it is first met."""
        orders = order.unique().sort()
        kind = known.to_numpy().astype(np.int64) * len(orders)
        if len(orders) > 1:
            kind += np.searchsorted(orders.to_numpy(), order.to_numpy())
        first = np.full(len(shapes) * len(orders), -1)
        first[kind[::-1]] = np.arange(len(kind))[::-1]
        template = np.zeros(len(first), np.uint64)
        with self._lock:
            for one in np.flatnonzero(first >= 0).tolist():
                (number, shape), said = shapes[one // len(orders)], orders[one % len(orders)]
                key = layout, number, said
                if key not in self._templates:
                    row = rows.row(int(first[one]), named=True)
                    self._templates[key] = self._template(
                        shape, said, [row.get(f"d{index}") for index in range(len(self.kind.days))]
                    )
                template[one] = self._templates[key]
        return pl.Series("template", template[kind])

    def _template(self, shape: Shape, order: int, days: list[dt.date | None]) -> int:
        body = with_days({"resourceType": self.kind_name, "id": "r"} | shape.body, self.kind, days)
        text = msgspec.json.encode([body, order])
        template = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest())
        self.templates.read(template, body, days)
        return template


def _marks(value: Any, path: tuple[str | int, ...]) -> Any:
    """Every value that was cut out: its path, and its place among them."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _marks(part, (*path, name))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _marks(part, (*path, index))
    elif isinstance(value, str) and value.startswith(MARK) and value[1:].isdigit():
        yield path, int(value[1:])


def _told(resource: dict[str, Any], *path: str) -> bool:
    """Whether a member is there."""
    value: Any = resource
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value is not None


def _plain(resource: dict[str, Any], path: tuple[str, ...], places: dict[tuple[str | int, ...], int]) -> bool:
    """Whether a day is missing, or one of the values cut out."""
    return path in places or (not _told(resource, *path) and (len(path) == 1 or isinstance(resource.get(path[0], {}), dict)))


# Columns


def _key(references: pl.Series) -> pl.Series:
    """The id at the end of references, whatever stands before it, as `scan` takes it; the usual form without a search."""
    key = references.str.strip_prefix("Patient/")
    if references.str.starts_with("Patient/").all() and not key.str.contains("/", literal=True).any():
        return key
    return references.str.replace("/_history.*$", "").str.extract("([^/:]+)$")


def _day(text: pl.Series) -> pl.Series:
    """A day as the reader for one person takes it: of a month or a year alone the first; nothing beyond a lifetime."""
    size = text.str.len_bytes()
    if not (size == 10).all():
        text = text.to_frame("text").select(
            pl.when((size == 10) | (pl.col("text").str.slice(10, 1) == "T")).then(pl.col("text").str.slice(0, 10))
            .when(size == 7).then(pl.concat_str("text", pl.lit("-01")))
            .when(size == 4).then(pl.concat_str("text", pl.lit("-01-01")))
        ).to_series()  # fmt: skip
    found = text.str.to_date("%Y-%m-%d", strict=False)
    within = found.is_between(*_LIFETIME)
    return found if within.all() else found.set(~within, None)


def _order(there: list[int], days: int) -> pl.Expr:
    """Which days there are and in what order, as one number: a bit for each day, two for each pair."""
    code, pairs = pl.lit(0, dtype=pl.UInt64), list(combinations(range(days), 2))
    for index in there:
        code = code | (pl.col(f"d{index}").is_null().cast(pl.UInt64) * (1 << index))
    for first, second in combinations(there, 2):
        one, two = pl.col(f"d{first}"), pl.col(f"d{second}")
        order = pl.when(one.is_null() | two.is_null()).then(3).when(one < two).then(0).when(one == two).then(1).otherwise(2)
        code = code | (order.cast(pl.UInt64) * (1 << (days + 2 * pairs.index((first, second)))))
    return code
