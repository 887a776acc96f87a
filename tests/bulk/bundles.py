"""The same people as FHIR bundles, one a file: from the lines of an export."""

from __future__ import annotations

import json
from pathlib import Path


def write_bundles(export: Path, folder: Path) -> int:
    """Write a bundle for each person of an export; returns how many. Lines that are no resource of anybody are left out."""
    people: dict[str, list[str]] = {}
    for file in sorted(export.glob("*.ndjson"), key=lambda path: (not path.name.startswith("Patient"), path.name)):
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                resource = json.loads(line)
            except ValueError:
                continue
            about = resource.get("subject") or resource.get("patient")
            who = about["reference"].removeprefix("Patient/") if about else resource.get("id")
            if who is not None:
                people.setdefault(who, []).append(line)
    folder.mkdir(parents=True, exist_ok=True)
    for who, lines in people.items():
        entries = ",".join(f'{{"resource":{line}}}' for line in lines)
        (folder / f"{who}.json").write_text(
            f'{{"resourceType":"Bundle","type":"collection","entry":[{entries}]}}', encoding="utf-8"
        )
    return len(people)
