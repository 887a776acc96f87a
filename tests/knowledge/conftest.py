"""A knowledge folder of a test's own, written file by file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

BASE = {
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
standing:
  - {body: FDA, region: US, since: 2020-03, until: 2022-09, says: approved, source: label-2020}
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """A folder with the base files, changed or added to: `folder({"drugs/alfa.yaml": "…"})`."""

    def make(changes: dict[str, str] | None = None) -> Path:
        root = tmp_path / "knowledge"
        for name, text in (BASE | (changes or {})).items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return root

    return make
