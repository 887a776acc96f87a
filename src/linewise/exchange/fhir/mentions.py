"""Plans of care, episodes and flags: they are no statements of what was given or found, but a drug or an illness that they name and nothing else in the record does is
listed, and leaves open what it may be.
"""

from __future__ import annotations

from collections.abc import Iterator

from linewise.exchange.fhir.bundle import in_error
from linewise.exchange.fhir.chart import Chart, period
from linewise.exchange.fhir.node import Node, bare_codes, node, nodes, text, wording
from linewise.record.model import TREATMENTS

KINDS = ("CarePlan", "EpisodeOfCare", "Flag")
_NOT_BEGUN = {"draft", "planned", "waitlist", "revoked", "cancelled", "inactive"}
_OVER = {"completed", "finished", "on-hold", "onhold"}


def read_mentions(chart: Chart) -> None:
    """Every plan of care, episode and flag of the person; read after everything else."""
    for resource in chart.of(*KINDS) if chart.codes.worded else ():
        with chart.careful(resource):
            if not in_error(resource) and not bare_codes(resource.get("status")) & _NOT_BEGUN:
                _read(chart, resource)


def _read(chart: Chart, resource: Node) -> None:
    assert chart.book is not None
    said = [words for words in _words(resource) if words]
    label = "; ".join(dict.fromkeys(said))
    start, _ = period(resource.get("period"))
    begun = bare_codes(resource.get("status")) & _OVER or start is not None
    if resource["resourceType"] != "Flag":
        named = sorted({drug for words in said for drug in chart.book.named_drugs(words)} & chart.codes.anticancer)
        unnamed = any(chart.book.one_of(("decline",), words) == "chemotherapy" for words in said)
        lacking = chart.where_silent([f"{TREATMENTS}/{drug}" for drug in named] or [TREATMENTS] * unnamed)
        if begun and lacking:
            why = "it names treatment that stands nowhere else in the record"
            chart.leave(resource, label, why, lacking, chart.day(resource, start) if start else None)
        return
    touches: list[str] = []
    for words in said:
        illness = chart.book.illness(words)
        for meaning in illness.meanings:
            if meaning.fact:
                of_list = chart.codes.facts[meaning.fact].type == "set"
                touches += chart.where_silent([f"{meaning.fact}:{meaning.value}" if of_list else meaning.fact])
        touches += illness.touches
    if touches:
        chart.leave(resource, label, "a flag names what stands nowhere else in the record", touches)


def _words(resource: Node) -> Iterator[str]:
    """The words by which a plan, an episode or a flag is called, and those of its activities."""
    yield from (text(resource.get(name)) for name in ("title", "description"))
    for member in ("code", "type", "category"):
        yield from (wording(concept) for concept in nodes(resource.get(member)))
    for activity in nodes(resource.get("activity")):
        detail = node(activity.get("detail"))
        if not bare_codes(detail.get("status")) & {"not-started", "scheduled", "cancelled", "entered-in-error"}:
            yield wording(detail.get("code")) or text(detail.get("description"))
            yield wording(detail.get("productCodeableConcept"))
