"""The files of example cases: a profile, a day, a region, and what a published source expects of the plan."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import yaml

_PEOPLE = "people.yaml"
_TODAY = dt.date(2026, 11, 30)
_FLAGS = {"due": "flags", "calm": "no_flags"}
"""In a situation: the red flags that must be up, and those that must not."""


def load_cases(folder: Path) -> list[dict[str, Any]]:
    """Every case under a folder; a file of situations holds one case for each."""
    found = []
    for path in sorted(folder.rglob("*.yaml")):
        if path.name != _PEOPLE:
            case = _yaml(path)
            found += situations(path, case) if "situations" in case else [case | {"file": path.name}]
    return found


def _yaml(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return found


def situations(path: Path, file: dict[str, Any]) -> list[dict[str, Any]]:
    """The cases of a file that says, for one treatment that is going on, what a label expects of many situations.

    Each differs from a named person of `people.yaml` in what stands under `with`. `goes-on` says whether the treatment may go on,
    `urgent` whether anything calls for help the same day, `due` and `calm` name red flags that must be up or must not.
    """
    people, found = load_people(path.parent), []
    for number, one in enumerate(file["situations"], 1):
        taking = one.get("taking", file.get("taking", []))
        person = merged(people[one.get("base", file["base"])], file.get("with", {}))
        if taking:
            person["metastatic_lines"] = [*person.get("metastatic_lines", []), {"drugs": taking, "months": 3}]
        expect = dict(one.get("expect", {})) | ({"urgent": one["urgent"]} if "urgent" in one else {})
        for short, key in _FLAGS.items():
            expect.update({key: one[short]} if short in one else {})
        if "goes-on" in one:
            key = "offered" if one["goes-on"] else "not_offered"
            expect[key] = [*expect.get(key, []), taking]
        case = {
            "id": f"{path.stem}-{number}",
            "expect": expect,
            "profile": merged(person, one.get("with", {})),
            "file": path.name,
            "situation": one["says"],
            "taking": taking,
        }
        found.append(
            {"as_of": file.get("as_of", _TODAY), "region": file.get("region", "EU")}
            | {key: file[key] for key in ("source",) if key in file}
            | {key: one[key] for key in ("as_of", "region", "source", "why", "sure", "corrected") if key in one}
            | case
        )
    return found


def load_people(folder: Path) -> dict[str, Any]:
    """The people that the situations of a folder differ from: its own, else those of `conduct`."""
    own = folder / _PEOPLE
    return _yaml(own if own.exists() else folder.parent / "conduct" / _PEOPLE)


def merged(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """A profile with some members added or replaced; maps inside it are merged too."""
    both = {
        key: merged(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
        for key, value in more.items()
    }
    return dict(base) | both
