"""Record + knowledge + day + region -> plan: the heart. Pure, no input or output.

plan = make_plan(record, knowledge, day, region)
plan.offered, plan.tests, plan.urgent, plan.json()
"""

from __future__ import annotations

import datetime as dt
import sys
from types import ModuleType

from linewise.knowledge import Knowledge
from linewise.knowledge.model import Region
from linewise.record import Record

from .make import DISCLAIMER, Plan, make_plan

__all__ = ["DISCLAIMER", "Plan", "make_plan"]


class _Room(ModuleType):
    """The room has the name of what it does: `linewise.plan(record, knowledge, day)` is `make_plan`."""

    def __call__(self, record: Record, knowledge: Knowledge, day: dt.date, region: Region | None = None) -> Plan:
        return make_plan(record, knowledge, day, region)


sys.modules[__name__].__class__ = _Room
