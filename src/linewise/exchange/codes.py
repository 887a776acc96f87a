"""What the readers know of the knowledge: facts and their shapes, names of drugs, and what codes mean.

No code, drug or result word stands in this package. `knowledge/facts/codes.yaml` and the `codes:` members of facts and drugs
hold them, and `build` makes one flat, serialisable `Codes` of it all. Its sections are described at the head of that file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

_SECTIONS = {"systems", "words", "drugs", "units", "silent", "phrases", "profile"}  # every other one is a code system
FactType = Literal["choice", "yes-no", "number", "set"]


class FactShape(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one fact may hold: its type, values (for choices and sets), unit and range (for numbers)."""

    type: FactType
    values: tuple[str, ...] = ()
    unit: str = ""
    low: float | None = None
    high: float | None = None


class Meaning(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one code stands for. Which member is set says what kind of code it is.

    `fact` is what an observation answers; `percent` the fact that takes its value where that is a percentage; `answers` turns result words into the
    fact's values where they are not the same; `unclear` lists words that this code leaves ambiguous, and `why` says so.
    `value` goes with `fact` for a code that is a whole statement (a condition is a comorbidity, a value code a value).
    """

    fact: str = ""
    value: str | float | bool | None = None
    percent: str = ""
    answers: dict[str, str] = {}
    unclear: tuple[str, ...] = ()
    why: str = ""
    word: str = ""  # a coded answer: the result word it stands for
    drug: str = ""
    site: str = ""  # where a secondary tumour is, or what part of the body a body-site code names
    cancer: str = ""  # breast, other, regional (nodes near the breast), in-situ, unknown-site
    event: str = ""  # of record.Event, for procedures
    role: str = ""  # what a member of a larger statement is: gene, variant, stage, …
    stage: str = ""  # of a stage or category code: 0, I, II, III, IV, M0, M1
    current: bool = True  # for illnesses: False where the code itself says "history of"
    ignore: str = ""  # understood and of no use here: why


class ProfileForm(msgspec.Struct, frozen=True):
    """The short form of a record: its JSON Schema, and which fact each member answers."""

    schema: dict[str, Any] = {}
    members: dict[str, str] = {}


class Codes(msgspec.Struct, frozen=True):
    """Everything the readers look up. Build it with `build`; it can be stored with msgspec."""

    facts: dict[str, FactShape]
    groups: dict[str, tuple[str, ...]]  # group of values -> the values: said in hints
    drugs: frozenset[str]
    classes: frozenset[str]
    effects: frozenset[str]
    names: dict[str, str]  # normalised name, brand or synonym -> drug id
    systems: dict[str, str]  # address of a code system, lower case -> short name
    codes: dict[str, dict[str, Meaning]]  # short name -> code -> meaning
    words: dict[str, str]  # normalised wording of a result -> result word
    phrases: dict[str, Meaning]  # normalised name of what is observed or diagnosed -> meaning, where no code is known
    units: dict[str, dict[str, float]]  # fact -> unit, normalised -> factor to the fact's own unit
    silent: dict[str, str]  # resource type -> why it is only counted
    profile: ProfileForm

    def meaning(self, system: str, code: str) -> Meaning | None:
        """What a code stands for; None where it is not known. Versions and case of the system's address do not matter."""
        short = self.systems.get(system.split("|")[0].strip().rstrip("/").lower())
        return self.codes.get(short, {}).get(code.strip()) if short else None

    def drug(self, name: str) -> str | None:
        """The drug that a name, brand or synonym stands for, also with strength, salt or biosimilar suffix around it."""
        plain = normal(name)
        for candidate in (plain, *_shortened(plain)):
            if candidate in self.names:
                return self.names[candidate]
        return None


def normal(text: str) -> str:
    """Lower case, one space between words, no accents of spelling that names differ in."""
    return " ".join(re.sub(r"[\s_\-,;]+", " ", text.lower().replace("®", "").replace("™", "")).split())


_STRENGTH = re.compile(r"\b[\d.]+ ?(?:mg|mcg|ug|g|ml|unt|units?|meq|%|actuat)(?:/[\d.]* ?\w+)?.*$")


def _shortened(name: str) -> Iterable[str]:
    """The name without strength, form and dose words; then without a biosimilar's four-letter suffix or the last words."""
    base = _STRENGTH.sub("", name).strip()
    bracket = re.search(r"\[([^\]]+)\]", name)
    yield base
    if bracket:
        yield bracket[1]
    yield re.sub(r"\s*[\[(].*$", "", base).strip()
    words = base.split()
    while len(words) > 1:
        words = words[:-1]
        yield " ".join(words)


def build(
    facts: Iterable[Mapping[str, Any]],
    drugs: Iterable[Mapping[str, Any]],
    tables: Mapping[str, Any],
    classes: Iterable[str] = (),
    effects: Iterable[str] = (),
) -> Codes:
    """Make `Codes` from the knowledge as it stands in YAML: fact and drug objects, and the content of `facts/codes.yaml`.

    Raises ValueError or msgspec.ValidationError, naming the place, where the tables contradict the facts or each other.
    """
    facts, drugs = [_plain(fact) for fact in facts], [_plain(drug) for drug in drugs]
    codes: dict[str, dict[str, Meaning]] = {}
    for fact in facts:
        _codes_of_fact(fact, codes)
    for drug in drugs:
        for system, listed in (drug.get("codes") or {}).items():
            codes.setdefault(system, {}).update({str(code): Meaning(drug=drug["id"]) for code in listed})
    for drug_id, about in _section(tables, "drugs").items():
        codes.setdefault("rxnorm", {}).update({str(code): Meaning(drug=drug_id) for code in about.get("rxnorm", ())})
    for system in tables.keys() - _SECTIONS:
        codes.setdefault(system, {}).update(
            {str(code): _meaning(entry, f"{system}.{code}") for code, entry in _section(tables, system).items()}
        )
    addresses = _section(tables, "systems").items()
    words = _section(tables, "words").items()
    result = Codes(
        facts={fact["id"]: _shape(fact) for fact in facts},
        groups=_groups(facts),
        drugs=frozenset(drug["id"] for drug in drugs),
        classes=frozenset(classes),
        effects=frozenset(effects),
        names=_names(drugs, _section(tables, "drugs")),
        systems={str(a).rstrip("/").lower(): short for short, row in addresses for a in (short, *row["addresses"])},
        codes=codes,
        words={normal(str(form)): word for word, row in words for form in (word, *row.get("also", ()))},
        phrases={normal(key): _meaning(item, f"phrases.{key}") for key, item in _section(tables, "phrases").items()},
        units={fact: {unit_key(u): float(f) for u, f in row.items()} for fact, row in _section(tables, "units").items()},
        silent={name: row["why"] for name, row in _section(tables, "silent").items()},
        profile=msgspec.convert(tables.get("profile") or {}, ProfileForm),
    )
    _check(result)
    return result


def _plain(item: Any) -> Mapping[str, Any]:
    """A fact or drug as plain members, also where the loader has made an object of it."""
    members: Mapping[str, Any] = msgspec.to_builtins(item) if isinstance(item, msgspec.Struct) else item
    return members


def _section(tables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section: Mapping[str, Any] = tables.get(name) or {}
    return section


def _meaning(entry: Any, place: str) -> Meaning:
    try:
        return msgspec.convert(entry, Meaning)
    except msgspec.ValidationError as fault:
        raise ValueError(f"facts/codes.yaml: {place}: {fault}") from None


def unit_key(unit: object) -> str:
    """A unit as it is compared: UCUM, with the spellings people use folded together."""
    text = str(unit).strip().replace(" ", "").replace("µ", "u").replace("μ", "u").replace("^", "*").lower()
    return text.removeprefix("x")


def _shape(fact: Mapping[str, Any]) -> FactShape:
    low, high = fact.get("range") or (None, None)
    values = tuple(str(value) for value in fact.get("values") or ())
    return FactShape(fact["type"], values, str(fact.get("unit", "")), low, high)


def _groups(facts: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    groups: dict[str, tuple[str, ...]] = {}
    for fact in facts:
        for value, about in (fact.get("values") or {}).items():
            for group in (about or {}).get("is", ()):
                groups[group] = (*groups.get(group, ()), str(value))
    return groups


def _codes_of_fact(fact: Mapping[str, Any], codes: dict[str, dict[str, Meaning]]) -> None:
    role = "gene" if "hgnc" in (fact.get("codes") or {}) else ""
    for system, listed in (fact.get("codes") or {}).items():
        own = role if system == "hgnc" else ""
        codes.setdefault(system, {}).update({str(code): Meaning(fact=fact["id"], role=own) for code in listed})
    for value, about in (fact.get("values") or {}).items():
        for system, listed in ((about or {}).get("codes") or {}).items():
            meaning = Meaning(fact=fact["id"], value=str(value), site=str(value) if fact["id"] == "sites" else "")
            codes.setdefault(system, {}).update({str(code): meaning for code in listed})


def _names(drugs: Iterable[Mapping[str, Any]], table: Mapping[str, Any]) -> dict[str, str]:
    """Every spelling of every drug. An id wins over a brand or a synonym of another drug."""
    names: dict[str, str] = {}
    for drug_id, about in table.items():
        names.update({normal(str(spelling)): drug_id for spelling in about.get("also", ())})
    for drug in drugs:
        spellings = (drug.get("label"), *(drug.get("brands") or ()), *(drug.get("also") or ()))
        names.update({normal(str(spelling)): drug["id"] for spelling in spellings if spelling})
    for drug_id in (*table, *(drug["id"] for drug in drugs)):
        names[normal(drug_id)] = drug_id
    return names


def _check(codes: Codes) -> None:
    """Every fact named by a table exists, and every value it names is one the fact can have."""
    problems = [
        f"facts/codes.yaml: profile.members.{member}: there is no fact {fact}"
        for member, fact in codes.profile.members.items()
        if fact not in codes.facts
    ]
    places = [(f"{system}.{code}", item) for system, row in codes.codes.items() for code, item in row.items()]
    for place, item in places + [(f"phrases.{key}", item) for key, item in codes.phrases.items()]:
        for fact in (item.fact, item.percent):
            if fact and fact not in codes.facts:
                problems.append(f"facts/codes.yaml: {place}: there is no fact {fact}")
        shape = codes.facts.get(item.fact)
        said = [*item.answers.values(), *([item.value] if isinstance(item.value, str) else [])]
        if shape and shape.values:
            wrong = [value for value in said if value not in shape.values]
            problems += [f"facts/codes.yaml: {place}: {item.fact} cannot be {value}" for value in wrong]
    if problems:
        raise ValueError("\n".join(problems))
