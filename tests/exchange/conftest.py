"""The codes of this repository's knowledge, built from its files: the readers are tested without the loader."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest

from linewise.exchange import Codes, build
from places import read_yaml

KNOWLEDGE = Path(__file__).parents[2] / "knowledge"


def _tables() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in [KNOWLEDGE / "facts/codes.yaml", *sorted((KNOWLEDGE / "codes").glob("*.yaml"))]:
        for section, rows in read_yaml(path).items():
            found.setdefault(section, {}).update(rows)
    return found


@functools.cache
def all_codes() -> Codes:
    files = [path for path in sorted((KNOWLEDGE / "facts").glob("*.yaml")) if path.name != "codes.yaml"]
    facts = [fact for path in files for fact in read_yaml(path)]
    drugs = [read_yaml(path) for path in sorted((KNOWLEDGE / "drugs").rglob("*.yaml"))]
    classes = [c for path in sorted((KNOWLEDGE / "classes").glob("*.yaml")) for c in read_yaml(path)]
    described = [read_yaml(path) for path in sorted((KNOWLEDGE / "effects").glob("*.yaml"))]
    effects = [word for effect in described for word in (effect["id"], *(effect.get("also") or ()))]
    adult = read_yaml(KNOWLEDGE / "scope.yaml")["adult"]
    return build(facts, drugs, _tables(), classes, effects, adult=adult)


@pytest.fixture(scope="session")
def codes() -> Codes:
    return all_codes()
