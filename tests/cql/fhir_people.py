"""Invented people as FHIR bundles, one each, from the bulk export of an invented cohort: with the faults that it has, but for broken lines and people without an id."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from linewise.exchange import Codes
from linewise.invented.run import synthesise
from linewise.knowledge import Knowledge


def bundles(knowledge: Knowledge, codes: Codes, count: int, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Bundles in the order of the people's ids."""
    synthesise(count, seed, folder, knowledge, codes, "fhir", False, lambda text: None)
    found: dict[str, list[dict[str, Any]]] = {}
    for file in sorted((folder / "fhir").glob("*.ndjson")):
        for line in file.read_text().splitlines():
            try:
                resource = json.loads(line)
            except json.JSONDecodeError:
                continue
            person = resource.get("id") if resource["resourceType"] == "Patient" else _subject(resource)
            if person is None:
                continue  # a patient without an id is nobody
            found.setdefault(person, []).append(resource)
    people = (resources for _, resources in sorted(found.items()))
    return [bundle(resources) for resources in people if any(one["resourceType"] == "Patient" for one in resources)]


def bundle(resources: list[dict[str, Any]]) -> dict[str, Any]:
    """A bundle of resources."""
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


def _subject(resource: dict[str, Any]) -> str:
    reference = resource.get("subject") or resource["patient"]
    return str(reference["reference"]).split("/")[-1]
