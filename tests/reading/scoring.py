"""Compares a profile that was read with what a careful reader takes: what was missed, what is wrong, which trap was taken."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

_COURSES = ("adjuvant", "metastatic_lines")
_LISTS = (
    "reactions",
    "symptoms",
    "comorbidities",
    "medications",
    "metastatic_sites",
    "preferences.declines",
    "preferences.prefers",
)
_BESIDE = {"denosumab", "zoledronic-acid", "filgrastim", "pegfilgrastim", "dexamethasone"}
_SAME = {
    "diarrhea": "diarrhoea", "hyperglycemia": "hyperglycaemia", "anemia": "anaemia", "ild": "interstitial-lung-disease",
    "pneumonitis": "interstitial-lung-disease", "stomatitis": "mouth-sores", "hypothyroidism": "thyroid-disease",
    "peripheral-neuropathy": "neuropathy", "hepatitis": "hepatotoxicity", "drug-induced-liver-injury": "hepatotoxicity",
    "calcium": "calcium-carbonate", "acetylsalicylic-acid": "aspirin", "cholecalciferol": "vitamin-d",
}  # fmt: skip


class Score(msgspec.Struct):
    """Leaves of one document: `wanted` and `given` are how many, the rest are their names."""

    wanted: int
    given: int
    missed: list[str]
    wrong: list[str]
    traps: list[str]


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """`er.percent` 90, `medications=apixaban` True, `metastatic_lines[a+b].months` 20."""
    if path in ("id", "region") or value is None:
        return
    if path in _COURSES or path in ("reactions", "symptoms"):
        for one in value:
            one = one if isinstance(one, Mapping) else {"name": one}
            key = _course(one["drugs"]) if path in _COURSES else _entry(one)
            yield f"{path}={key}", True
            for name, part in one.items():
                if name not in ("drugs", "drug", "effect", "name") and not name.endswith(("_maybe", "_ok")):
                    yield f"{path}[{key}].{name}", part
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from leaves(part, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list | tuple):
        for one in value:
            yield f"{path}={_name(one)}", True
    else:
        yield path, value


def _name(word: Any) -> str:
    return _SAME.get(str(word), str(word))


def _course(drugs: Any) -> str:
    return "+".join(sorted(set(drugs) - _BESIDE or set(drugs)))


def _entry(one: Mapping[str, Any]) -> str:
    return ":".join(_name(one[name]) for name in ("drug", "effect", "name") if one.get(name))


def _equal(path: str, got: Any, want: Any) -> bool:
    if isinstance(got, bool) or isinstance(want, bool):
        return got is want
    try:
        one, other = float(got), float(want)
    except (TypeError, ValueError):
        return str(got) == str(want)
    if path.endswith("her2.ihc"):
        return str(got) == str(want)
    slack = 1.5 if re.search(r"\.months(_since_end)?$", path) else max(0.02, 0.03 * abs(other) if "_x_uln" in path else 0)
    return abs(one - other) <= slack


def score(document: Mapping[str, Any], profile: Mapping[str, Any]) -> Score:
    """Judge a profile by a document's truth: `expect`, `accept`, `optional`, `traps`, and `split_ok` courses."""
    want, got = dict(leaves(document.get("expect") or {})), dict(leaves(profile))
    accept = document.get("accept") or {}
    optional = [one if isinstance(one, Mapping) else {"path": one} for one in document.get("optional") or ()]
    maybe = dict(_maybe(document))
    _split(document, want, got)
    _other_words(accept, want, got)
    wrong: list[str] = []
    missed = [path for path in want if path not in got and not _soft(path, optional)]
    for path, value in got.items():
        rights = [want[path]] if path in want else []
        also = accept.get(path, [])
        if isinstance(also, Mapping):  # a range
            rights += [value] if also["min"] <= float(value) <= also["max"] else []
        else:
            rights += also
        rights += [maybe[path]] if path in maybe else []
        if any(_equal(path, value, one) for one in rights):
            continue
        if path in ("age", "sex") and path not in want:
            continue
        if any(_matches(path, one["path"]) and ("value" not in one or _equal(path, value, one["value"])) for one in optional):
            continue
        wrong.append(f"{path} {value}")
        if path in want and not _soft(path, optional):
            missed.append(path)
    traps = [f"{trap['path']} {trap.get('value')}" for trap in document.get("traps") or () if _taken(trap, profile, got)]
    return Score(sum(not _soft(path, optional) for path in want), len(got), missed, wrong, traps)


def _soft(path: str, optional: list[Any]) -> bool:
    return any("value" not in one and _matches(path, one["path"]) for one in optional)


def _matches(path: str, pattern: str) -> bool:
    """Whether a leaf is meant. `*` stands for any words; `adjuvant[*].*` means members of courses, never that there was a course."""
    plain = "".join(".*" if one == "*" else re.escape(one) for one in pattern)
    return re.match(plain + ("$" if "=" in pattern else r"(?:[=\[.].*)?$"), path) is not None


def _maybe(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for setting in _COURSES:
        for one in (document.get("expect") or {}).get(setting) or ():
            for name, value in one.items():
                if name.endswith("_maybe"):
                    yield f"{setting}[{_course(one['drugs'])}].{name.removesuffix('_maybe')}", value


def _other_words(accept: Mapping[str, Any], want: Mapping[str, Any], got: dict[str, Any]) -> None:
    """An accepted member of a list stands for one expected member that is missing, of the same drug where it is a reaction; for one, not for all."""
    for head, others in accept.items():
        if head not in _LISTS:
            continue
        for other in others:
            path = f"{head}={other}"
            if path not in got or path in want:
                continue
            free = [one for one in want if one.startswith(f"{head}=") and one not in got]
            if head == "reactions":
                free = [one for one in free if one.split("=")[1].split(":")[0] == other.split(":")[0]]
            del got[path]
            if not free:
                continue
            got[free[0]] = True
            name = free[0].split("=")[1]
            for part in [one for one in got if one.startswith(f"{head}[{other}].")]:
                got[part.replace(f"[{other}]", f"[{name}]")] = got.pop(part)


def _split(document: Mapping[str, Any], want: dict[str, Any], got: dict[str, Any]) -> None:
    """A course that may come in parts: the parts stand for the whole, and their members are not judged."""
    for setting in _COURSES:
        for one in (document.get("expect") or {}).get(setting) or ():
            whole = _course(one["drugs"])
            if not one.get("split_ok") or f"{setting}={whole}" in got:
                continue
            drugs = set(whole.split("+"))
            parts = [
                path
                for path in got
                if path.startswith(f"{setting}=") and path not in want and set(path.split("=")[1].split("+")) <= drugs
            ]
            covered = {drug for path in parts for drug in path.split("=")[1].split("+")}
            if covered != drugs:
                continue
            got[f"{setting}={whole}"] = True
            for path in [name for name in got if any(name.startswith(f"{setting}[{part.split('=')[1]}]") for part in parts)]:
                del got[path]
            for part in parts:
                del got[part]
            for path in [name for name in want if name.startswith(f"{setting}[{whole}]")]:
                del want[path]


def _taken(trap: Mapping[str, Any], profile: Mapping[str, Any], got: Mapping[str, Any]) -> bool:
    path, value = str(trap["path"]), trap.get("value")
    if path in _COURSES:
        wanted = set() if value == "*" else set(value if isinstance(value, list) else [value])
        return any(wanted <= set(one.get("drugs", ())) for one in profile.get(path) or ())
    for leaf, one in got.items():
        if not (leaf == path or leaf.startswith((f"{path}.", f"{path}=", f"{path}["))):
            continue
        if value == "*" or _equal(leaf, one, value) or (isinstance(value, str) and value in re.split(r"[=:]", leaf)[1:]):
            return True
    return False
