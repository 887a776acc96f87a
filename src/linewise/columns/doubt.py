"""What was not understood is never "none", for everybody at once: `record.doubt` as columns.

The `unread` table has a row for each thing that an entry touches. Here it becomes, for each fact and each question, who is touched.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from linewise.knowledge import Knowledge
from linewise.record.doubt import NEAR, RECEIVING
from linewise.record.lines import role
from linewise.record.model import COURSE, MEDICINES, NOT_KNOWN, REACTIONS, TREATMENTS, UNNAMED

from .events import Days, Events

Bools = np.ndarray[Any, np.dtype[np.bool_]]


class Doubts:
    """The unread entries of everybody, each person asked about a day."""

    def __init__(self, events: Events, knowledge: Knowledge, days: Days) -> None:
        self.events, self.knowledge, self.days, self.people = events, knowledge, days, len(events)
        rows = events.unread
        rows = rows.with_columns(pl.Series("day", days[rows["patient"].to_numpy()]), *_numbers("on", "until"))
        rows = rows.filter(pl.col("on").is_null() | (pl.col("on") <= pl.col("day")))
        parts = rows.with_columns(
            pl.col("touches").str.split(":").list.first().alias("name"),
            pl.col("touches").str.split(":").list.get(1, null_on_oob=True).alias("member"),
        )
        self._by_name = {str(key[0]): part for key, part in parts.partition_by("name", as_dict=True, maintain_order=True).items()}
        self._lists: dict[str, Bools] = {}

    def __bool__(self) -> bool:
        return bool(self._by_name)

    @property
    def names(self) -> frozenset[str]:
        """What is touched of anybody."""
        return frozenset(self._by_name)

    def rows(self, name: str) -> pl.DataFrame:
        """Everything that touches a name: `patient`, `member`, `on`, `until`, `specimen`, `day`."""
        if name == TREATMENTS:
            return self._treatments
        return self._by_name.get(name, pl.DataFrame(schema=_ROWS))

    def now(self, name: str) -> pl.DataFrame:
        """What touches it on the day: what is over does not."""
        return self.rows(name).filter(pl.col("until").is_null() | (pl.col("until") > pl.col("day")))

    def mark(self, *parts: pl.DataFrame) -> Bools:
        """Who stands in these rows."""
        found = np.zeros(self.people, bool)
        for part in parts:
            found[part["patient"].to_numpy()] = True
        return found

    def lists(self, name: str) -> Bools:
        """For questions about the history: whose list is left open; not to be written to. What was given once stays given."""
        if name not in self._lists:  # every question asks for one of these few
            rows = self.rows(TREATMENTS) if name == TREATMENTS else self.now(TREATMENTS if name == RECEIVING else name)
            self._lists[name] = self.mark(rows)
            self._lists[name].setflags(write=False)
        return self._lists[name]

    @cached_property
    def _treatments(self) -> pl.DataFrame:
        """Without treatments that lack a name where a drug stands beside them that may be the one."""
        rows = self._by_name.get(TREATMENTS, pl.DataFrame(schema=_ROWS))
        unnamed = rows.with_row_index("at").filter(pl.col("touches") == UNNAMED)
        if not unnamed.height:
            return rows
        given = self.events.administrations.filter(~pl.col("planned") & pl.col("drug").is_in(self._making))
        given = given.select("patient", *_numbers("start", "end"), pl.col("ongoing").fill_null(False))
        pairs = unnamed.join(given, on="patient")
        last = pl.coalesce("end", "start") + NEAR
        beside = (pl.col("start") - NEAR <= pl.col("on")) & (pl.col("ongoing") | (pl.col("on") <= last))
        beside = pl.col("on").is_null() | pl.col("start").is_null() | beside
        return rows.with_row_index("at").join(pairs.filter(beside), on="at", how="anti").drop("at")

    @cached_property
    def _making(self) -> list[str]:
        drugs = self.events.administrations["drug"].unique().drop_nulls().to_list()
        return [drug for drug in drugs if role(self.knowledge, drug) == "makes"]


_ROWS: dict[str, Any] = {
    "patient": pl.UInt32, "touches": pl.String, "on": pl.Int32, "until": pl.Int32, "specimen": pl.String, "day": pl.Int32,
    "name": pl.String, "member": pl.String, "not_final": pl.Boolean,
}  # fmt: skip


def _numbers(*names: str) -> list[pl.Expr]:
    return [pl.col(name).to_physical().cast(pl.Int32).alias(name) for name in names]


class Misread:
    """For each kind of question about the history, who has something that nobody understood: see `History._misread_by_list`."""

    def __init__(self, doubts: Doubts, courses: pl.DataFrame, medicines: pl.DataFrame) -> None:
        self.doubts, self._courses, self._medicines = doubts, courses, medicines
        self.knowledge, self.events = doubts.knowledge, doubts.events

    def lists(self, *names: str) -> Bools:
        found = np.zeros(self.doubts.people, bool)
        for name in names:
            found |= self.doubts.lists(name) | self._strange(name)
        return found

    def _strange(self, name: str) -> Bools:
        if name in (TREATMENTS, RECEIVING):
            rows = self._courses if name == TREATMENTS else self._courses.filter(pl.col("ongoing").fill_null(True))
            drugs = rows.select("patient", pl.col("drugs").alias("drug")).explode("drug")
            return self.doubts.mark(drugs.filter(pl.col("drug").is_in(self._unknown(drugs["drug"]))))
        if name == MEDICINES:
            strange = pl.col("unsure") | pl.col("drug").is_in(self._unknown(self._medicines["drug"]))
            return self.doubts.mark(self._medicines.filter(strange))
        if name == REACTIONS:
            return self._strange_reactions
        assert name == COURSE
        return np.zeros(self.doubts.people, bool)

    @cached_property
    def _strange_reactions(self) -> Bools:
        rows = reactions_on(self.events, self.doubts.days)
        effects = [one for one in rows["effect"].unique().drop_nulls().to_list() if self.knowledge.find_effect(one) is None]
        return self.doubts.mark(rows.filter(pl.col("effect").is_in(effects) | pl.col("drug").is_in(self._unknown(rows["drug"]))))

    def _unknown(self, drugs: pl.Series) -> list[str]:
        known = self.knowledge.drugs.keys() | self.knowledge.classes.keys() | {NOT_KNOWN}
        return [drug for drug in drugs.unique().drop_nulls().to_list() if drug not in known]


def reactions_on(events: Events, days: Days) -> pl.DataFrame:
    """The reactions that there were by each person's day."""
    rows = events.reactions
    day = pl.Series("day", days[rows["patient"].to_numpy()])
    return rows.with_columns(day).filter(pl.col("on").is_null() | (pl.col("on").to_physical() <= pl.col("day"))).drop("day")
