"""FHIR R4 with mCODE, or plain codings: bundles of any kind, arrays, lines and single resources, one record a person."""

from __future__ import annotations

from collections import Counter
from typing import Any

from linewise.exchange.codes import Codes
from linewise.exchange.envelope import UNREADABLE
from linewise.exchange.fhir.answers import read_answers
from linewise.exchange.fhir.bundle import Person, Pool, people
from linewise.exchange.fhir.chart import Chart, ordered
from linewise.exchange.fhir.conditions import read_conditions
from linewise.exchange.fhir.medicines import KINDS, read_medicines, read_reactions
from linewise.exchange.fhir.mentions import read_mentions
from linewise.exchange.fhir.node import day, node, text
from linewise.exchange.fhir.observations import read_observations
from linewise.exchange.fhir.procedures import read_procedures, read_reports, read_requests
from linewise.exchange.fhir.reports import read_texts
from linewise.exchange.fhir.scope import conclude, end_with_life, read_patient, strays
from linewise.record.model import COURSE, MEDICINES, REACTIONS, TREATMENTS, Record, Unread

ANYTHING = (TREATMENTS, MEDICINES, REACTIONS, COURSE, "comorbidities", "symptoms", "sites")
"""What may be in a part of a file that could not be read."""
_READ = {
    UNREADABLE, "Patient", "Condition", "Observation", "Procedure", "DiagnosticReport", "AllergyIntolerance", "AdverseEvent",
    "Specimen", "BodyStructure", "ClinicalImpression", "QuestionnaireResponse", *KINDS,
}  # fmt: skip


def read_fhir(value: Any, name: str, codes: Codes) -> list[Record]:
    """One record for each person, in the order of their ids. Raises RecordError where there is nobody to read about."""
    listed, pool = people(value, name)
    records = [_record(person, pool, codes) for person in listed]
    bundle = node(value)
    stamp = day(bundle.get("timestamp"))
    for record in records:
        record.day = stamp
        record.format = f"FHIR R4 {text(bundle.get('type'))} bundle" if bundle.get("resourceType") == "Bundle" else "FHIR R4"
    return records


def _record(person: Person, pool: Pool, codes: Codes) -> Record:
    chart = Chart(person, pool, codes)
    birth = read_patient(chart)
    read_conditions(chart)
    read_observations(chart)
    read_answers(chart)
    read_medicines(chart)
    read_reactions(chart)
    read_procedures(chart)
    read_requests(chart)
    read_reports(chart)
    read_texts(chart)
    read_mentions(chart)
    end_with_life(chart)
    for resource in chart.of(UNREADABLE):
        chart.leave(
            resource, text(resource.get("where")), "this part of the file could not be read: it may hold anything", ANYTHING
        )
    scope = conclude(chart, birth)
    unread = [*chart.unread(), *strays(chart), *_other_kinds(chart)]
    return Record(
        chart=True,
        id=person.key or None,
        birth=birth,
        entries=ordered(_collapsed(chart)),
        administrations=ordered(chart.administrations),
        events=ordered(chart.events),
        reactions=ordered(chart.reactions),
        medications=ordered(chart.medications),
        declared=frozenset(chart.declared),
        unread=ordered(unread),
        notes=sorted(chart.notes | _counted(chart)),
        scope=scope,
    )


def _collapsed(chart: Chart) -> list[Any]:
    """Entries as they are; only nodes near the breast do not count as a place of spread while nothing else does."""
    if any(item.says for item in chart.spread):
        return chart.entries
    return [entry for entry in chart.entries if entry.fact != "sites"]


def _counted(chart: Chart) -> set[str]:
    """One note for everything that is about administration, not about the illness."""
    kinds = Counter(text(resource.get("resourceType")) for resource in chart.person.resources)
    silent = [f"{count} {kind}" for kind, count in sorted(kinds.items()) if kind in chart.codes.silent]
    return {f"Not used for a plan: {', '.join(silent)}."} if silent else set()


def _other_kinds(chart: Chart) -> list[Unread]:
    kinds = Counter(text(resource.get("resourceType")) for resource in chart.person.resources)
    return [
        Unread(where=kind, what=f"{count} {kind}", why="resources of this type are not read")
        for kind, count in sorted(kinds.items())
        if kind not in _READ and kind not in chart.codes.silent
    ]
