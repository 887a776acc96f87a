"""Which members of a resource the readers look at, by type: those that say something, those that are days, and what is looked up elsewhere."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One resource type. `days` are paths of days; a period is written `effectivePeriod.start`. `link` is a member that refers to another resource."""

    members: tuple[str, ...]
    days: tuple[str, ...] = ()
    subject: str = "subject"
    link: str = ""


_MEDICINE = (
    "medicationCodeableConcept", "contained", "status", "doNotPerform", "intent", "statusReason", "reasonNotTaken", "extension", "dosageInstruction",
    "dosage", "dispenseRequest", "daysSupply",
)  # fmt: skip
_MEDICINE_DAYS = (
    "effectivePeriod.start", "effectivePeriod.end", "effectiveDateTime", "whenHandedOver", "authoredOn", "whenPrepared", "dateAsserted",
)  # fmt: skip

KINDS: dict[str, Kind] = {
    "Patient": Kind(("gender", "extension"), ("birthDate", "deceasedDateTime"), subject="id"),
    "Observation": Kind(
        (
            "status", "code", "valueCodeableConcept", "valueQuantity", "valueInteger", "valueDecimal", "valueBoolean", "valueString", "valueRange",
            "valueRatio", "interpretation", "component", "dataAbsentReason", "hasMember", "method", "bodySite", "extension",
        ),
        ("effectiveDateTime", "effectiveInstant", "effectivePeriod.start", "effectivePeriod.end", "issued"),
        link="specimen",
    ),
    "Condition": Kind(
        ("code", "clinicalStatus", "verificationStatus", "bodySite", "stage", "extension", "meta", "abatementBoolean"),
        ("onsetDateTime", "onsetPeriod.start", "recordedDate", "abatementDateTime", "abatementPeriod.start", "abatementPeriod.end"),
    ),
    "Procedure": Kind(("status", "code", "bodySite"), ("performedDateTime", "performedPeriod.start", "performedPeriod.end")),
    "AllergyIntolerance": Kind(("code", "verificationStatus", "reaction", "category"), ("onsetDateTime", "recordedDate"), subject="patient"),
} | {
    name: Kind(_MEDICINE, _MEDICINE_DAYS, link="medicationReference")
    for name in ("MedicationStatement", "MedicationAdministration", "MedicationRequest", "MedicationDispense")
}  # fmt: skip
"""The types that are read in bulk."""


@dataclass(frozen=True)
class Linked:
    """A type that others refer to: its members as SQL expressions, and its own day, if it has one that counts."""

    kind: str
    columns: str
    members: dict[str, str]
    day: str = ""


LINKED: dict[str, Linked] = {
    "specimen": Linked(
        "Specimen",
        "{id: 'VARCHAR', type: 'JSON', collection: 'JSON', extension: 'JSON'}",
        {"type": "type", "collection": "CASE WHEN (collection->'bodySite') IS NOT NULL THEN json_object('bodySite', (collection->'bodySite')) END",
         "extension": "extension"},
        "collection->>'collectedDateTime'",
    ),
    "medicationReference": Linked(
        "Medication", "{id: 'VARCHAR', code: 'JSON', ingredient: 'JSON'}", {"code": "code", "ingredient": "ingredient"}
    ),
}  # fmt: skip
"""For each referring member, what is read of the resource that it names."""
