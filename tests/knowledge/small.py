"""A knowledge folder as small as it can be."""

from __future__ import annotations

import yaml

from linewise.knowledge.anchors import ANCHORS, ANSWERS


def _anchors() -> str:
    """The facts that code knows by name, as short as they can be."""
    kinds: dict[str, list[str]] = {
        name: list(anchor.values) for name, anchor in ANCHORS.items() if anchor.type in ("choice", "set")
    }
    kinds["subtype"] = list(ANSWERS)
    facts = []
    for name, anchor in ANCHORS.items():
        values = {value: {"label": value} for value in kinds.get(name) or ["any"]} if name in kinds else {}
        fact = {"id": name, "label": name, "type": anchor.type}
        facts.append(fact | ({"values": values} if values else {"range": [0, 150]} if anchor.type == "number" else {}))
    return yaml.safe_dump(facts)


BASE = {
    "facts/anchors.yaml": _anchors(),
    "sources/all.yaml": "label-2020: {title: A label, publisher: A publisher, date: 2020, url: https://example.org}\n",
    "facts/all.yaml": """
- {id: marker, label: marker, type: choice, values: {positive: {label: positive}, negative: {label: negative}}}
- {id: level, label: level, type: number, unit: "%", range: [0, 100]}
""",
    "regions.yaml": "US: {label: the United States, short: the US, decides: [approved]}\n",
    "cautions.yaml": "marker: {label: what it warns of}\n",
    "classes/all.yaml": "- {id: blocker, label: blocker}\n",
    "drugs/alfa.yaml": "{id: alfa, label: alfa, classes: [blocker]}\n",
    "treatments/alfa.yaml": """
id: alfa-alone
title: Alfa
kind: systemic
drugs: [alfa]
plain: A tablet.
fits: marker is positive
regimen:
  - {drug: alfa, dose: 10 mg, route: oral, schedule: once daily, source: label-2020}
standing:
  - {body: FDA, region: US, since: 2020-03, until: 2022-09, says: approved, source: label-2020}
""",
    "effects/sick.yaml": "{id: sick, label: feeling sick}\n",
    "effects/tired.yaml": "{id: tired, label: tiredness}\n",
    "effects/lung.yaml": "{id: lung, label: lung inflammation}\n",
    "evidence/labels/alfa.yaml": """
id: label-alfa
name: alfa (label)
treatment: {label: alfa, drugs: [alfa]}
effects:
  - {effect: sick, treatment: 40, source: label-2020}
  - {effect: tired, often: very-common, source: label-2020}
  - {effect: lung, treatment: 1, serious: true, source: label-2020}
""",
}
