"""The views of the bulk reader, one ViewDefinition for each type of resource: they say which members are looked at, and `bulk` follows them."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import msgspec

_ORDER = (
    "Patient", "Observation", "Condition", "Procedure", "AllergyIntolerance", "AdverseEvent", "MedicationStatement",
    "MedicationAdministration", "MedicationRequest", "MedicationDispense", "QuestionnaireResponse", "DiagnosticReport", "ServiceRequest", "CarePlan", "EpisodeOfCare", "Flag", "Specimen", "Medication",
)  # fmt: skip


def reader_views() -> list[dict[str, Any]]:
    """The ViewDefinitions, decoded."""
    folder = files(__package__)
    return [msgspec.json.decode((folder / f"{kind}.json").read_bytes()) for kind in _ORDER]
