"""Procedures: operations and radiotherapy are events; a procedure never stands for a drug."""

from __future__ import annotations

import datetime as dt

from linewise.exchange.codes import Meaning
from linewise.exchange.fhir.chart import Chart, period
from linewise.exchange.fhir.conditions import read_concluded
from linewise.exchange.fhir.node import Node, bare_codes, node, nodes, wording
from linewise.exchange.fhir.observations import as_it_stands
from linewise.record.model import UNNAMED, Event

_NOT_DONE = {"not-done", "preparation"}


def read_procedures(chart: Chart) -> None:
    """Every procedure of the person."""
    for resource in chart.of("Procedure"):
        with chart.careful(resource):
            _procedure(chart, resource)


def _procedure(chart: Chart, resource: Node) -> None:
    label = wording(resource.get("code")) or "procedure without a name"
    status = bare_codes(resource.get("status"))
    if "entered-in-error" in status:
        chart.leave(resource, label, "marked as entered in error")
    elif status & _NOT_DONE:
        _refused(chart, resource, label)
        chart.notes.add(f"{label}: recorded as not done, or not yet.")
    else:
        _read(chart, resource, label)


def _refused(chart: Chart, resource: Node, label: str) -> None:
    """What was not done because the person did not want it is declined."""
    if chart.book is None or bare_codes(resource.get("status")) != {"not-done"}:
        return
    words = {meaning.word for reason in nodes(resource.get("statusReason")) for meaning in chart.meanings(reason)}
    named = {chart.book.one_of(("declined", "stop"), wording(reason)) for reason in nodes(resource.get("statusReason"))}
    if "choice" in words or named & {"declined", "choice"}:
        what = chart.book.one_of(("decline",), label)
        if what in chart.codes.facts["declines"].values:
            chart.state("declines", what, resource, f"not done: {label}", _when(chart, resource))


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
    if not meanings and _worded(chart, resource, label, on):
        return
    if not any(_known(meaning) for meaning in meanings):
        why = next((meaning.why for meaning in meanings if meaning.why), "a procedure that is not known here")
        treated = any(meaning.role == "treatment" for meaning in meanings)
        chart.leave(resource, label, why, [UNNAMED] if treated else chart.codes.named_in(label), on)


def _worded(chart: Chart, resource: Node, label: str, on: dt.date | None) -> bool:
    """A procedure by its name: radiotherapy, an operation, ovaries removed, or drug treatment that lacks the drug's name. True where it was understood."""
    if chart.book is None:
        return False
    origin = chart.origin(resource, label)
    if chart.book.one_of(("ovaries",), label) == "removed":
        return chart.state("menopausal-status", "postmenopausal", resource, label, on)
    kind = chart.book.one_of(("decline",), label)
    if kind.endswith("radiotherapy") or chart.book.one_of(("radiotherapy",), label) == "rt":
        site = "brain" if kind.startswith("brain") else chart.book.one_of(("site",), label) or _site(chart, resource)
        chart.events.append(Event(what="radiotherapy", on=on, site=site, origin=origin))
        return True
    if chart.book.one_of(("surgery",), label):
        site = "breast" if chart.book.one_of(("primaryplace",), label) == "no" else _site(chart, resource)
        chart.events.append(Event(what="surgery", on=on, site=site, origin=origin))
        return True
    if kind == "chemotherapy":
        chart.leave(resource, label, "treatment was given, but the record does not name the drug here", [UNNAMED], on)
        return True
    return False


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


_ASKED = {"active", "on-hold", "draft"}


def read_requests(chart: Chart) -> None:
    """What is planned and matters for a drug: an operation, a tooth to be pulled, a live vaccine. Other requests are no results."""
    shape = chart.codes.facts.get("planned")
    for resource in chart.of("ServiceRequest"):
        with chart.careful(resource):
            label = wording(resource.get("code"))
            if (
                chart.book is None
                or shape is None
                or resource.get("doNotPerform") is True
                or not bare_codes(resource.get("status")) & _ASKED
            ):
                continue
            if (what := chart.book.one_of(("planned",), label)) in shape.values:
                chart.state("planned", what, resource, f"planned: {label}", chart.day(resource, resource.get("authoredOn")))


def read_reports(chart: Chart) -> None:
    """Reports add what they conclude in codes; a result that they name and the file lacks is listed."""
    for resource in chart.of("DiagnosticReport"):
        with chart.careful(resource), as_it_stands(chart, resource, wording(resource.get("code")) or "report") as counts:
            if counts:
                read_concluded(chart, resource, report_day(chart, resource))
        if chart.apart:
            continue  # its results stand in other files
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
