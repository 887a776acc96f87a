"""Reports, letters and notes: their text is read and counts for nothing until a person has confirmed it, but what it may hold is left open and named.

A result that the record lacks is "not known, and a report of that day may say it", never "not tested"; a report on what the record has in codes already
changes nothing. What is no text (a PDF, a picture, a link) is named with the way to read it.
"""

from __future__ import annotations

from collections.abc import Iterator

from linewise.errors import RecordError
from linewise.exchange.fhir.bundle import in_error
from linewise.exchange.fhir.chart import SILENT, Chart
from linewise.exchange.fhir.node import Node, bare_codes, node, nodes, text, wording
from linewise.record.model import MEDICINES, REACTIONS, TREATMENTS

KINDS = ("DiagnosticReport", "DocumentReference", "Composition", "ClinicalImpression")
_MOST = 200
"""Reports of one person that are looked into. Of more, the rest are named only."""
_LONGEST = 60_000
"""Letters of a report that are looked at."""
_CLOSED = ("negated", "of the family", "taken back", "it stands under")


def read_texts(chart: Chart) -> None:
    """Every report, document and note of the person. Apart from a record the text is not looked into: it leaves open what its name says."""
    for number, resource in enumerate(chart.of(*KINDS)):
        if in_error(resource) or bare_codes(resource.get("docStatus")) & {"entered-in-error"}:
            continue
        with chart.careful(resource):
            _read(chart, resource, number < _MOST)


def _read(chart: Chart, resource: Node, look: bool) -> None:
    label = wording(resource.get("code") or resource.get("type")) or text(resource.get("title")) or "a document"
    on = next((day for name in ("effectiveDateTime", "date", "issued") if (day := chart.day(resource, resource.get(name)))), None)
    other = sorted(_others(resource))
    said = _texts(resource)
    if not said and not other:
        return
    if chart.apart:
        named = _by_name(chart, resource)
        labels = ", ".join(one.removeprefix(SILENT) for one in named)
        chart.leave(resource, label, f"the text of a report{f' that may hold {labels}' if labels else ''}", named, on)
        return
    touches = sorted(_touches(chart, resource, said)) if look and chart.book is not None else []
    when = f" of {on.isoformat()}" if on else ""
    if other:
        why = f"it is {', '.join(other)}, which is not read here: “linewise read” reads it, for you to confirm"
    else:
        why = "the text of a report counts only when a person has confirmed it: “linewise read” shows what it says"
    if touches:
        chart.leave(resource, f"{label}{when}", f"it may hold what is not known; {why}", touches, on)
    else:
        chart.notes.add(f"{label}{when}: {why}.")


def _texts(resource: Node) -> bool:
    """Whether a report holds words of its own."""
    narrative = node(resource.get("text"))
    own = text(narrative.get("div")) and text(narrative.get("status")) not in ("generated", "empty")
    sections = any(node(one.get("text")).get("div") for one in nodes(resource.get("section")))
    attached = any(text(one.get("contentType")).startswith("text/") and one.get("data") for one in _attachments(resource))
    return bool(text(resource.get("conclusion")) or text(resource.get("summary")) or own or sections or attached)


def _attachments(resource: Node) -> Iterator[Node]:
    yield from nodes(resource.get("presentedForm"))
    for content in nodes(resource.get("content")):
        yield node(content.get("attachment"))


def _others(resource: Node) -> set[str]:
    """What is attached and is no text, in words."""
    found = set()
    for one in _attachments(resource):
        kind = text(one.get("contentType"))
        if one.get("data") and not kind.startswith("text/"):
            found.add(
                "a PDF"
                if "pdf" in kind
                else "a picture"
                if kind.startswith("image/")
                else f"a file ({kind or 'of a form that is not said'})"
            )
        elif one.get("url") and not one.get("data"):
            found.add("only a link")
    return found


def _touches(chart: Chart, resource: Node, said: bool) -> set[str]:
    """What the text may say that the record does not: facts without a result, members of lists that do not stand there."""
    from linewise.papers.fhir import Fhir
    from linewise.papers.form import Tools
    from linewise.papers.registry import open_bytes
    from linewise.reading.reader import read_paper

    assert chart.book is not None
    knowledge = chart.book.knowledge
    plain = dict(resource)
    plain["presentedForm"] = [
        one for one in nodes(resource.get("presentedForm")) if text(one.get("contentType")).startswith("text/")
    ]
    plain["content"] = [
        one for one in nodes(resource.get("content")) if text(node(one.get("attachment")).get("contentType")).startswith("text/")
    ]
    if text(node(resource.get("text")).get("status")) == "generated":
        plain.pop("text", None)
    try:
        sheets = (
            Fhir([plain], chart.where(resource), Tools(knowledge, lambda data, name: open_bytes(data, name, knowledge))).sheets()
            if said
            else []
        )
    except RecordError:
        sheets = []
    found: set[str] = set()
    for sheet in sheets:
        if len(sheet.text) > _LONGEST:
            found |= {"comorbidities", "symptoms", "sites"}
            continue
        read = read_paper(sheet, chart.book.words)
        for claim in read.claims:
            shape = chart.codes.facts.get(claim.fact)
            if not claim.sure and claim.why.startswith(_CLOSED):
                continue
            if shape is None:
                found |= (
                    {{"medications": MEDICINES, "reactions": REACTIONS}[claim.fact]}
                    if claim.fact in ("medications", "reactions")
                    else set()
                )
            elif shape.type == "set":
                if isinstance(claim.value, str) and claim.value in shape.values:
                    member = chart.where_silent([f"{claim.fact}:{claim.value}"])
                    found |= {*member, *(("metastatic",) if claim.fact == "sites" and member else ())}
            else:
                found |= {*chart.where_silent([claim.fact])}
        if chart.book.one_of(("brainscan",), wording(resource.get("code"))) and not any(
            "brain" in claim.fact or claim.value == "brain" for claim in read.claims
        ):
            found |= {*chart.where_silent(["brain-status", "sites:brain"])}
        if any(course.state != "planned" for course in read.courses):
            found |= {*chart.where_silent([TREATMENTS])}
    if not sheets and said:
        found |= {*_by_name(chart, resource)}
    return found


def _by_name(chart: Chart, resource: Node) -> list[str]:
    """What a report may hold, by its name, that stands nowhere else in the record."""
    return chart.where_silent(chart.codes.named_in(wording(resource.get("code") or resource.get("type"))))
