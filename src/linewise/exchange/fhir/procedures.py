"""Procedures: operations and radiotherapy are events; a procedure never stands for a drug."""

from __future__ import annotations

import datetime as dt

from linewise.exchange.codes import Meaning
from linewise.exchange.fhir.chart import Chart, period
from linewise.exchange.fhir.node import Node, bare_codes, node, nodes, wording
from linewise.record.model import UNNAMED, Event

_NOT_DONE = {"not-done", "preparation"}


def read_procedures(chart: Chart) -> None:
    """Every procedure of the person."""
    for resource in chart.of("Procedure"):
        label = wording(resource.get("code")) or "procedure without a name"
        status = bare_codes(resource.get("status"))
        if "entered-in-error" in status:
            chart.leave(resource, label, "marked as entered in error")
        elif status & _NOT_DONE:
            chart.notes.add(f"{label}: recorded as not done, or not yet.")
        else:
            _read(chart, resource, label)


def _read(chart: Chart, resource: Node, label: str) -> None:
    meanings = chart.meanings(resource.get("code"))
    on = _when(chart, resource)
    for meaning in meanings:
        if meaning.event in ("surgery", "radiotherapy"):
            site = meaning.site or _site(chart, resource)
            origin = chart.origin(resource, label)
            chart.events.append(Event(what=meaning.event, on=on, site=site, origin=origin))  # type: ignore[arg-type]
        if meaning.fact and meaning.value is not None:
            chart.state(meaning.fact, meaning.value, resource, label, on)
    if not any(_known(meaning) for meaning in meanings):
        why = next((meaning.why for meaning in meanings if meaning.why), "a procedure that is not known here")
        treated = any(meaning.role == "treatment" for meaning in meanings)
        chart.leave(resource, label, why, [UNNAMED] if treated else chart.codes.named_in(label), on)


def _known(meaning: Meaning) -> bool:
    return bool(meaning.event or meaning.ignore or (meaning.fact and meaning.value is not None))


def _when(chart: Chart, resource: Node) -> dt.date | None:
    """The day it was done; of a course over weeks, its first day."""
    start, end = period(resource.get("performedPeriod"))
    for value in (resource.get("performedDateTime"), start, end):
        if value is not None and (found := chart.day(resource, value)):
            return found
    return None


def _site(chart: Chart, resource: Node) -> str | None:
    sites = {m.site for place in nodes(resource.get("bodySite")) for m in chart.meanings(place) if m.site}
    return sites.pop() if len(sites) == 1 else None


def read_reports(chart: Chart) -> None:
    """Reports add nothing of their own, but a result that they name and the file lacks is listed."""
    for resource in chart.of("DiagnosticReport"):
        missing = [item for item in nodes(resource.get("result")) if chart.find(item, resource) is None]
        if missing:
            label = wording(resource.get("code")) or "report"
            names = sorted({str(node(item).get("display") or node(item).get("reference") or "") for item in missing})
            touches = dict.fromkeys(touched for name in names for touched in chart.codes.named_in(name))
            chart.leave(
                resource,
                f"{label}: {', '.join(names[:3])}",
                "results of the report are not in the file",
                touches,
                report_day(chart, resource),
            )


def report_day(chart: Chart, resource: Node) -> dt.date | None:
    """The day of a report: of what it looked at, else of its writing."""
    start, end = period(resource.get("effectivePeriod"))
    for value in (resource.get("effectiveDateTime"), end, start, resource.get("issued")):
        if value is not None and (found := chart.day(resource, value)):
            return found
    return None
