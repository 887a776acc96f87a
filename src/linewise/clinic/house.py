"""What every interface of the server shares: settings, store, medicine, the way outside, and the door to the plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool

from linewise.exchange import Codes
from linewise.exchange.fhir import read_fhir
from linewise.knowledge import Knowledge
from linewise.knowledge.model import Region
from linewise.plan import Plan, make_plan
from linewise.record import Record

from . import audit
from .desk import Desk
from .keysets import KeySets
from .medicine import cannot_assess
from .outside import Outside
from .refused import Refused
from .settings import Settings
from .store import SQLAlchemyError, Store
from .telemetry import part

T = TypeVar("T")


class House:
    """One server. Made once for a process; what several processes share is in the store."""

    def __init__(
        self, settings: Settings, store: Store, knowledge: Knowledge, today: Callable[[], dt.date] = dt.date.today
    ) -> None:
        self.settings, self.store, self.knowledge, self.today = settings, store, knowledge, today
        self.outside = Outside(settings)
        self.keysets = KeySets(self.outside)
        self.desk = Desk(knowledge, lambda: self.today(), self.check, settings.region)

    @property
    def codes(self) -> Codes:
        return self.desk.codes

    @property
    def medicine(self) -> str:
        """Which medicine answers, for the audit trail."""
        content = self.knowledge.content
        return f"{content.version or 'without a version'} {content.digest}"

    def fault(self) -> str | None:
        """Why this medicine may not answer today; None where it may."""
        return cannot_assess(self.knowledge, self.settings, self.today())

    def check(self) -> None:
        """Raises Refused where the medicine is expired or is not the one that was released: no answer is better than an old one."""
        fault = self.fault()
        if fault is not None:
            raise Refused(503, f"Cannot assess: {fault}")

    def plan(self, record: Record, region: Region | None, day: dt.date | None = None) -> Plan:
        """The plan of a record, as every face of Linewise makes it."""
        self.check()
        return make_plan(record, self.knowledge, day or self.today(), region)

    def record(self, resources: list[dict[str, Any]], patient: str) -> Record:
        """One patient's record out of FHIR resources. Raises RecordError where they are no record."""
        records = read_fhir(resources, "the record", self.codes)
        return next((one for one in records if one.id == patient), records[0])

    async def audited(self, act: audit.Act) -> str:
        """Write an act into the trail before its answer leaves. Without the trail there is no answer."""
        act.medicine = act.medicine or self.medicine
        return await self.asked(audit.append, self.store, act, self.settings.base)

    async def asked(self, work: Callable[..., T], *values: Any, **named: Any) -> T:
        """Ask the store in a thread. Raises Refused where it does not answer."""
        try:
            with part("store"):
                return await run_in_threadpool(partial(work, *values, **named))
        except SQLAlchemyError:
            raise Refused(503, "The store does not answer; nothing was done.", {"Retry-After": "5"}) from None

    async def limit(self, who: str, most: int) -> None:
        """Count a call of somebody. Raises Refused above the limit of a minute."""
        if not await self.asked(self.store.allowed, who, most):
            raise Refused(429, "Too many calls; try again in a minute.", {"Retry-After": "60"})
