"""Questionnaires: an answer to a question that is known here is read as an observation of the day on which the questionnaire was filled in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from linewise.exchange.fhir.chart import Chart
from linewise.exchange.fhir.node import Node, nodes, text
from linewise.exchange.fhir.observations import as_it_stands, read_answer

_DEEPEST = 12  # items may hold items
_CODED = "valueCoding"


def read_answers(chart: Chart) -> None:
    """Every questionnaire of the person that was filled in."""
    for resource in chart.of("QuestionnaireResponse"):
        with chart.careful(resource), as_it_stands(chart, resource, "questionnaire") as counts:
            for found in _observations(resource, resource.get("item"), 0) if counts else ():
                read_answer(chart, found)


def _observations(resource: Node, items: Any, depth: int) -> Iterator[Node]:
    """Each question with one answer, in the form of an observation."""
    for item in nodes(items) if depth < _DEEPEST else ():
        answers = nodes(item.get("answer"))
        if len(answers) == 1 and text(item.get("text")):
            value = {name: part for name, part in answers[0].items() if name.startswith("value")}
            if _CODED in value:
                value = {"valueCodeableConcept": {"coding": [value[_CODED]]}}
            kept: Node = {name: resource[name] for name in ("resourceType", "id", "subject") if name in resource}
            yield {**kept, "code": {"text": text(item.get("text"))}, "effectiveDateTime": resource.get("authored"), **value}
        for answer in answers:
            yield from _observations(resource, answer.get("item"), depth + 1)
        yield from _observations(resource, item.get("item"), depth + 1)
