"""One person as trials see her: what is only assumed to be absent is unknown, for a trial never matches on silence."""

from __future__ import annotations

import datetime as dt
import math

import msgspec

from linewise.knowledge import Knowledge
from linewise.logic import UNKNOWN, Question, Reading
from linewise.record.chart import Chart
from linewise.record.history import worded
from linewise.record.model import Record

_RESPONSE = "best-response"
_RESPONSES = {"CR": "complete", "PR": "partial", "SD": "stable", "PD": "progression"}


class Cautious:
    """A chart whose assumptions do not count. A person whose disease had spread at first diagnosis had no adjuvant treatment."""

    def __init__(self, record: Record, knowledge: Knowledge, day: dt.date) -> None:
        spread_at_first = any(entry.fact == "de-novo" and entry.value is True for entry in record.entries)
        if spread_at_first and not any(course.setting == "adjuvant" for course in record.courses):
            record = msgspec.structs.replace(record, declared=record.declared | {"adjuvant"})
        self.chart, self.as_of = Chart(record, knowledge, day), day
        self._unread = {one.where.split("[", 1)[0].split(".", 1)[0] for one in record.unread}
        drugs = {drug for course in self.chart.courses for drug in course.drugs}
        self.knows_every_drug = all(drug in knowledge.drugs for drug in drugs)

    def read(self, about: str | Question) -> Reading:
        """The reading of the chart, where it does not rest on silence."""
        found = self.chart.read(about)
        if about == _RESPONSE and found.value is None:
            return self._response()
        if isinstance(found.value, frozenset):
            whole = found.complete and not found.assumed and about not in self._unread
            return found if whole else msgspec.structs.replace(found, complete=False)
        if found.assumed and found.value in (False, 0.0, math.inf):
            return msgspec.structs.replace(UNKNOWN, note="not recorded")
        return found

    def _response(self) -> Reading:
        """The best response of the latest line, as the record tells it with the line."""
        lines = self.chart.history.lines
        said = lines[-1].best_response if lines and not any(line.undated for line in lines) else None
        return UNKNOWN if said is None else Reading(_RESPONSES[said], tuple(worded(origin) for origin in lines[-1].origins))
