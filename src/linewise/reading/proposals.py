"""A reading as things to confirm: one proposal for each member of the profile, with the words it rests on, what changes the plan first.

Nothing is true before a person has said so: `confirmed` makes a profile of what was confirmed and of nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from linewise.knowledge import Knowledge
from linewise.papers.place import Where
from linewise.plan.words import unit_words

from .model import Finding, Reading, TreatmentRead

_COURSES = ("adjuvant", "metastatic_lines")
_ENTRIES = (*_COURSES, "reactions", "symptoms")
_NEVER_ASKED = (
    "negated",
    "of the family",
    "taken back",
    "stopped",
    "control",
    "it stands under",
    "it explains",
    "of another cancer",
)
_SETTINGS = {"adjuvant": "before any spread", "metastatic_lines": "for metastatic disease"}
_FROM_IHC = {"her2.status": ("her2-reported", "her2-ihc", "her2-ish"), "receptors_from": ("er", "her2-ihc", "pr")}


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the papers say, to be confirmed.

    `key` names the member of the profile (`er.status`, `medications=examplinib`, `metastatic_lines[0]`), `choices` what else it may be.
    `sure` proposals may be confirmed together; the others only one by one. `matters`: without it the plan is another.
    """

    key: str
    label: str
    value: Any
    words: str
    sure: bool
    why: str
    on: str | None = None
    about: str | None = None
    quote: str = ""
    where: Where | None = None
    matters: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    number: bool = False


def proposals(
    reading: Reading, knowledge: Knowledge, matters: Callable[[Mapping[str, Any]], object] | None = None
) -> list[Proposal]:
    """What the papers say, as proposals; those without which the plan is another come first.

    `matters` gives something that is equal for two profiles where their plans are (None: nothing is weighed).
    """
    found = [*_sure(reading, knowledge), *_unsure(reading, knowledge)]
    if matters is None:
        return found
    whole = matters(reading.profile)
    taken = {one.key for one in found if one.sure}
    weighed = []
    for one in found:
        without = confirmed(reading.profile, taken - {one.key}) if one.sure else None
        weighed.append(msgspec.structs.replace(one, matters=without is not None and matters(without) != whole))
    return sorted(weighed, key=lambda one: (not one.sure, not one.matters))


def confirmed(profile: Mapping[str, Any], keys: Iterable[str], changed: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The profile of what was confirmed, with the values that were changed."""
    wanted, other = set(keys), changed or {}
    out: dict[str, Any] = {}
    for key, path, value in _leaves(profile):
        if key in wanted or key in other:
            _put(out, path, other.get(key, value), key)
    known = {key for key, _, _ in _leaves(profile)}
    for key, value in other.items():
        if key not in known:
            path = key.split("=")[0].split("[")[0]
            _put(out, path, value, key)
    return out


def _put(out: dict[str, Any], path: str, value: Any, key: str) -> None:
    *above, last = path.split(".")
    for part in above:
        out = out.setdefault(part, {})
    if "=" in key or "[" in key:
        out.setdefault(last, []).append(value)
    else:
        out[last] = value


def _leaves(profile: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str, Any]]:
    for name, value in profile.items():
        path = f"{above}.{name}" if above else name
        if isinstance(value, Mapping):
            yield from _leaves(value, path)
        elif path in _ENTRIES:
            for number, one in enumerate(value):
                yield f"{path}[{number}]", path, one
        elif isinstance(value, list | tuple):
            for one in value:
                yield f"{path}={one}", path, one
        else:
            yield path, path, value


# What is sure


def _sure(reading: Reading, knowledge: Knowledge) -> Iterator[Proposal]:
    facts = _facts(knowledge)
    for key, path, value in _leaves(reading.profile):
        if path in _COURSES:
            course = _course_of(reading.treatments, path, value)
            words = _course_words(value, knowledge)
            yield Proposal(
                key=key, label=f"Treatment {_SETTINGS[path]}", value=value, words=words, sure=True, why="",
                on=course.from_ if course else None, quote=course.quote if course else "", where=course.where if course else None,
            )  # fmt: skip
            continue
        found = _finding_of(reading.findings, path, value, facts)
        label = _label(path, facts, knowledge)
        yield Proposal(
            key=key, label=label, value=value, words=_words(path, value, facts, knowledge), sure=True, why="",
            on=found.on if found else None, about=found.about if found else None, quote=found.quote if found else "",
            where=found.where if found else None, choices=_choices(path, facts, knowledge) if key == path else (),
            number=isinstance(value, int | float) and not isinstance(value, bool),
        )  # fmt: skip


def _facts(knowledge: Knowledge) -> dict[str, str]:
    members = knowledge.content.codes.get("profile", {}).get("members", {})
    return {str(path): str(fact) for path, fact in members.items()}


def _fact(path: str, facts: Mapping[str, str]) -> str:
    last = path.rsplit(".", 1)[-1]
    if path.startswith("variants."):
        return facts.get(f"*.{last}", last)
    return facts.get(path) or facts.get(f"*.{last}") or path


def _label(path: str, facts: Mapping[str, str], knowledge: Knowledge) -> str:
    fact = knowledge.facts.get(_fact(path, facts))
    if fact is not None:
        return fact.label[:1].upper() + fact.label[1:]
    return {"medications": "Medicine taken now", "reactions": "Harm from a treatment", "symptoms": "Symptom now"}.get(path, path)


def _words(path: str, value: Any, facts: Mapping[str, str], knowledge: Knowledge) -> str:
    if isinstance(value, Mapping):
        parts = [str(value.get("drug") or ""), str(value.get("effect") or value.get("name") or "").replace("-", " ")]
        drug = knowledge.drugs.get(parts[0])
        parts[0] = drug.label if drug is not None else parts[0]
        words = ": ".join(part for part in parts if part)
        return f"{words}, grade {value['grade']}" if value.get("grade") else words
    if path == "medications":
        drug = knowledge.drugs.get(str(value))
        return drug.label if drug is not None else str(value).replace("-", " ")
    fact = knowledge.facts.get(_fact(path, facts))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if fact is not None and str(value) in fact.values:
        return fact.values[str(value)].label
    unit = f" {unit_words(fact.unit)}" if fact is not None and fact.unit else ""
    return f"{value:g}{unit}" if isinstance(value, int | float) else str(value).replace("-", " ")


def _choices(path: str, facts: Mapping[str, str], knowledge: Knowledge) -> tuple[tuple[str, str], ...]:
    fact = knowledge.facts.get(_fact(path, facts))
    if fact is None or fact.type != "choice":
        return (("true", "yes"), ("false", "no")) if fact is not None and fact.type == "yes-no" else ()
    return tuple((name, one.label) for name, one in fact.values.items())


def _finding_of(findings: Sequence[Finding], path: str, value: Any, facts: Mapping[str, str]) -> Finding | None:
    names = (_fact(path, facts), *_FROM_IHC.get(path, ()))
    sure = [one for one in findings if one.sure and one.fact in names]
    same = [one for one in sure if one.fact == names[0] and _equal(one.value, value)] or ([] if path not in _FROM_IHC else sure)
    return max(same, key=lambda one: (one.about == "metastasis", one.on or ""), default=None)


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, Mapping):
        return all(one.get(name) == other.get(name) for name in ("drug", "effect", "name") if name in one)
    if isinstance(other, Mapping):
        return str(other.get("name")) == str(one)
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(float(one) - float(other)) < 0.006
    return str(one) == str(other)


def _course_of(treatments: Sequence[TreatmentRead], setting: str, value: Mapping[str, Any]) -> TreatmentRead | None:
    drugs = set(value.get("drugs", ()))
    shared = [one for one in treatments if one.sure and drugs & set(one.drugs)]
    return max(shared, key=lambda one: (len(drugs & set(one.drugs)), one.from_ is not None), default=None)


def _course_words(value: Mapping[str, Any], knowledge: Knowledge) -> str:
    names = [knowledge.drugs[drug].label if drug in knowledge.drugs else str(drug) for drug in value.get("drugs", ())]
    words = " + ".join(names)
    if value.get("months") is not None:
        words += f", {value['months']:g} months"
    if value.get("stopped_for"):
        words += f", stopped: {value['stopped_for']}"
    return words


# What is not sure


def _unsure(reading: Reading, knowledge: Knowledge) -> Iterator[Proposal]:
    facts = _facts(knowledge)
    members = {fact: path for path, fact in facts.items() if not path.startswith("*.")}
    members |= {fact: f"labs.{path[2:]}" for path, fact in facts.items() if path.startswith("*.") and "_" in path}
    members["medications"] = "medications"
    known = {key for key, _, _ in _leaves(reading.profile)}
    seen: set[tuple[str, str]] = set()
    for one in reading.findings:
        if one.sure or one.why.startswith(_NEVER_ASKED) or isinstance(one.value, dict):
            continue
        path = members.get(one.fact) or (f"variants.{one.fact}" if _is_gene(one.fact, knowledge) else "")
        if not path:
            continue
        fact = knowledge.facts.get(one.fact)
        several = path == "medications" or (fact is not None and fact.type == "set")
        key = f"{path}={one.value}" if several else path
        if (key, str(one.value)) in seen or key in known:
            continue
        seen.add((key, str(one.value)))
        yield Proposal(
            key=key, label=_label(path, facts, knowledge), value=one.value, words=_words(path, one.value, facts, knowledge),
            sure=False, why=one.why, on=one.on, about=one.about, quote=one.quote, where=one.where,
        )  # fmt: skip


def _is_gene(name: str, knowledge: Knowledge) -> bool:
    fact = knowledge.facts.get(name)
    return fact is not None and bool(set(fact.values) & {"mutated", "altered", "fusion", "somatic-pathogenic"})
