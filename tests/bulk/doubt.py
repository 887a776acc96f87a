"""Comparing what was read of many people with the truth, where some entries were not understood."""

from __future__ import annotations

import datetime as dt

import polars as pl

from linewise.columns.decide import plan
from linewise.columns.events import Events
from linewise.knowledge import Knowledge

_OFFERED = ("preferred", "suitable")


def by_id(events: Events, knowledge: Knowledge, day: dt.date) -> pl.DataFrame:
    """The plan of everybody, in the order of their ids."""
    return plan(events, knowledge, day, "EU").with_columns(events.patients["id"]).sort("id")


def same_but_for_doubt(found: Events, truth: Events, knowledge: Knowledge, day: dt.date) -> None:
    """The plans are the true ones; of people with an entry that was not understood they may lose offers and gain questions, and no more."""
    touched = set(found.patients["id"].gather(found.unread["patient"].unique()).to_list())
    assert 0 < len(touched) < len(found)
    pairs = zip(
        by_id(found, knowledge, day).iter_rows(named=True), by_id(truth, knowledge, day).iter_rows(named=True), strict=True
    )
    for mine, true in pairs:
        if mine["id"] in touched:
            gained = {name for name in mine if mine[name] in _OFFERED and true[name] not in _OFFERED}
            assert not gained, (mine["id"], gained)
        else:
            assert mine == true
