"""Making `Codes` of the knowledge: facts, drugs, classes, and the tables of `knowledge/facts/codes.yaml`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from linewise.exchange import codes as _shapes
from linewise.exchange.codes import (
    Bound,
    Codes,
    FactShape,
    Hint,
    Meaning,
    Named,
    Others,
    ProfileForm,
    Standing,
    System,
    Test,
    UnitRule,
    normal,
    unit_key,
)
from linewise.exchange.words import remember
from linewise.knowledge.store import kept
from linewise.record.model import COURSE, MEDICINES, REACTIONS, TREATMENTS

# The sections of codes.yaml; every other one is a code system: code -> meaning.
_SECTIONS = frozenset(
    ("systems", "words", "fillers", "answers", "drugs", "units", "bounds", "silent", "phrases", "groups", "profile")
) | {
    "anticancer", "hints", "profiles", "chapters", "statuses", "others", "tests", "subjects", "against", "named",
}  # fmt: skip

Tables = Mapping[str, Mapping[str, Any]]
Thing = Mapping[str, Any]
_FILE = "facts/codes.yaml"


def build(
    facts: Iterable[Any],
    drugs: Iterable[Any],
    tables: Tables,
    classes: Iterable[Any] = (),
    effects: Iterable[str] = (),
    omop: Mapping[str, Any] | None = None,
    version: str = "",
    adult: int = 0,
    regions: Iterable[str] = (),
    worded: bool = False,
) -> Codes:
    """Make `Codes` from the knowledge: facts, drugs and classes as plain members or loaded objects, and codes.yaml.

    Raises ValueError naming the place where a table is not formed as it should be. What `faults_of_codes` finds is not
    looked for here: it is checked with the knowledge, not at every start.
    """
    facts, drugs, classes = _plain(facts, _FACT), _plain(drugs, _DRUG), _plain(classes, _CLASS)
    names = _names(drugs, tables.get("drugs", {}))
    words = tables.get("words", {}).items()
    systems = {short: _convert(row, System, f"systems.{short}") for short, row in tables.get("systems", {}).items()}
    codes = _codes(facts, drugs, tables)
    numbers: dict[int, int] = {}
    listed: list[Meaning] = []
    for row in codes.values():
        for meaning in row.values():
            if id(meaning) not in numbers:
                numbers[id(meaning)] = len(listed)
                listed.append(meaning)
    return Codes(
        facts={fact["id"]: _shape(fact) for fact in facts},
        groups=_groups(facts),
        drugs=frozenset(drug["id"] for drug in drugs),
        anticancer=_anticancer(drugs, classes, tables.get("anticancer", {})),
        classes=frozenset(item["id"] for item in classes),
        effects=frozenset(effects),
        names=names,
        addresses={a.rstrip("/").lower(): short for short, row in systems.items() for a in (short, *row.addresses)},
        systems=systems,
        meanings=tuple(listed),
        codes={system: {code: numbers[id(item)] for code, item in row.items()} for system, row in codes.items()},
        words={normal(str(form)): str(word) for word, row in words for form in (word, *row.get("also", ()))},
        fillers=_words(tables, "of-results"),
        forms=_words(tables, "of-medicines"),
        answers={fact: {str(w): str(v) for w, v in row.items()} for fact, row in tables.get("answers", {}).items()},
        phrases=_phrases(tables),
        units=_units(tables.get("units", {})),
        bounds={fact: _convert(row, Bound, f"bounds.{fact}") for fact, row in tables.get("bounds", {}).items()},
        silent={kind: row["why"] for kind, row in tables.get("silent", {}).items()},
        hints=tuple(_convert(row, Hint, f"hints.{name}") for name, row in tables.get("hints", {}).items()),
        profiles={name: tuple(row) for name, row in tables.get("profiles", {}).items()},
        chapters=_chapters(tables.get("chapters", {}), codes),
        statuses=_statuses(tables.get("statuses", {})),
        others=_others(tables.get("others", {})),
        profile=_profile(tables.get("profile", {}), regions),
        tests=tuple(_convert(row, Test, f"tests.{name}") for name, row in tables.get("tests", {}).items()),
        subjects=frozenset(tables.get("subjects", {}).get("of-names", {}).get("kinds", ())),
        against=frozenset(tables.get("against", {}).get("of-names", {}).get("kinds", ())),
        named={kind: _convert(row, Named, f"named.{kind}") for kind, row in tables.get("named", {}).items()},
        of_names=_words(tables, "of-names"),
        of_illnesses=_words(tables, "of-illnesses"),
        of_endings=frozenset(str(one).lower() for one in tables.get("fillers", {}).get("of-endings", {}).get("words", ())),
        of_medicines=_words(tables, "of-products"),
        cancer_names=tuple(sorted(phrase for phrase, one in _phrases(tables).items() if one.cancer == "breast")),
        worded=worded,
        omop=dict(omop or {}),
        adult=adult,
        version=version,
        lasting=frozenset(str(item.value) for item in listed if item.role == "history" and item.value),
    )


def _profile(row: Mapping[str, Any], regions: Iterable[str]) -> ProfileForm:
    """The short form, with the regions that the knowledge knows as what `region` may be."""
    form: ProfileForm = _convert(row, ProfileForm, "profile")
    members = form.schema.get("properties", {})
    if "region" not in members or not (named := list(regions)):
        return form
    known = members | {"region": members["region"] | {"enum": named}}
    return msgspec.structs.replace(form, schema=form.schema | {"properties": known})


_FACT = ("id", "type", "values", "unit", "range", "codes")
_DRUG = ("id", "label", "classes", "brands", "also", "codes")
_CLASS = ("id", "is_")
_VALUE = ("is_", "codes")


def _plain(items: Iterable[Any], names: tuple[str, ...]) -> list[Thing]:
    """Things as plain members, also where the loader has made objects of them."""
    return [_members(item, names) for item in items]


def _members(item: Any, names: tuple[str, ...]) -> Thing:
    if not isinstance(item, msgspec.Struct):
        found: Thing = item or {}
        return found
    members = {name.rstrip("_"): getattr(item, name) for name in names}
    if "values" in members:
        members["values"] = {value: _members(about, _VALUE) for value, about in members["values"].items()}
    return members


def _convert(row: Any, kind: Any, place: str) -> Any:
    try:
        return msgspec.convert(row, kind)
    except msgspec.ValidationError as fault:
        raise ValueError(f"{_FILE}: {place}: {fault}") from None


def _meaning(row: Any, place: str) -> Meaning:
    meaning: Meaning = _convert(row, Meaning, place)
    return meaning


def _shape(fact: Thing) -> FactShape:
    low, high = fact.get("range") or (None, None)
    values = tuple(str(value) for value in fact.get("values") or ())
    return FactShape(fact["type"], values, str(fact.get("unit") or ""), low, high)


def _groups(facts: list[Thing]) -> dict[str, tuple[str, ...]]:
    groups: dict[str, tuple[str, ...]] = {}
    for fact in facts:
        for value, about in (fact.get("values") or {}).items():
            for group in (about or {}).get("is") or ():
                groups[group] = (*groups.get(group, ()), str(value))
    return groups


def _words(tables: Tables, name: str) -> frozenset[str]:
    return frozenset(normal(str(word)) for word in tables.get("fillers", {}).get(name, {}).get("words", ()))


Chapters = dict[str, dict[str, dict[str, tuple[str, ...]]]]


def _statuses(table: Mapping[str, Any]) -> dict[str, dict[str, Standing]]:
    """For each type of resource, how a result of each status counts."""
    rows: dict[str, dict[Standing, tuple[str, ...]]] = _convert(table, dict[str, dict[Standing, tuple[str, ...]]], "statuses")
    return {kind: {word: standing for standing, words in row.items() for word in words} for kind, row in rows.items()}


def _chapters(table: Mapping[str, Any], codes: Mapping[str, Mapping[str, Meaning]]) -> Chapters:
    """What a code's first letter may mean: as written, and every member that has a code of that letter itself."""
    found: Chapters = _convert(table, Chapters, "chapters")
    for system, rows in found.items():
        for code, meaning in codes.get(system, {}).items():
            row = rows.get(code[:1], {})
            for value in (meaning.value, *meaning.also):
                if meaning.fact in row and isinstance(value, str) and value not in row[meaning.fact]:
                    row[meaning.fact] = (*row[meaning.fact], value)
    return found


def _others(table: Mapping[str, Any]) -> Others:
    """Names in groups, for people who read the file; the groups mean nothing."""
    words = frozenset(normal(str(word)) for group in table.get("words", {}).values() for word in group)
    found: Others = _convert({**table, "words": words}, Others, "others")
    return found


def _units(table: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, UnitRule]]:
    """A unit's rule is a factor, or `{factor, less, plus}`."""
    return {
        fact: {
            unit_key(unit): _convert(rule, UnitRule, f"units.{fact}") if isinstance(rule, dict) else UnitRule(rule)
            for unit, rule in row.items()
        }
        for fact, row in table.items()
    }


def _said(facts: list[Thing], drugs: list[Thing], tables: Tables) -> Iterator[tuple[str, str, Meaning, str]]:
    """Code system, code, what it means, and where that is said. What comes later is more exact, and is taken."""
    for fact in facts:
        place = f"fact {fact['id']}"
        for system, listed in (fact.get("codes") or {}).items():
            meaning = Meaning(fact=fact["id"], role="gene" if system == "hgnc" else "")
            yield from ((system, str(code), meaning, place) for code in listed)
        for value, about in (fact.get("values") or {}).items():
            meaning = Meaning(fact=fact["id"], value=str(value), secondary=fact["id"] == "sites")
            for system, listed in ((about or {}).get("codes") or {}).items():
                yield from ((system, str(code), meaning, f"{place}, {value}") for code in listed)
    for drug_id, about in tables.get("drugs", {}).items():
        for code in (about or {}).get("rxnorm", ()):
            yield "rxnorm", str(code), Meaning(drug=drug_id), f"{_FILE}: drugs.{drug_id}"
    for drug in drugs:
        for system, listed in (drug.get("codes") or {}).items():
            yield from ((system, str(code), Meaning(drug=drug["id"]), f"drug {drug['id']}") for code in listed)
    for name, row in tables.get("groups", {}).items():
        meaning = _meaning(row["meaning"], f"groups.{name}")
        for system in sorted(row.keys() - {"meaning", "text"}):
            yield from ((system, str(code), meaning, f"{_FILE}: groups.{name}") for code in row[system])
    for system in sorted(tables.keys() - _SECTIONS):
        for code, row in tables[system].items():
            yield system, str(code), _meaning(row, f"{system}.{code}"), f"{_FILE}: {system}.{code}"


def _codes(facts: list[Thing], drugs: list[Thing], tables: Tables) -> dict[str, dict[str, Meaning]]:
    codes: dict[str, dict[str, Meaning]] = {}
    for system, code, meaning, _ in _said(facts, drugs, tables):
        codes.setdefault(system, {})[code] = meaning
    return codes


def _phrases(tables: Tables) -> dict[str, Meaning]:
    phrases = {normal(key): _meaning(row, f"phrases.{key}") for key, row in tables.get("phrases", {}).items()}
    for name, row in tables.get("groups", {}).items():
        meaning = _meaning(row["meaning"], f"groups.{name}")
        phrases.update({normal(str(phrase)): meaning for phrase in row.get("text", ())})
    return phrases


def contradictions(facts: Iterable[Any], drugs: Iterable[Any], tables: Tables) -> list[str]:
    """Codes and names that are said twice with different meanings, each with both places: one of the two would be lost without a word.

    A table may say more of a code than its fact does (a percentage, answers, a fallback), and more drugs of a product; never something else.
    """
    facts, drugs = _plain(facts, _FACT), _plain(drugs, _DRUG)
    found, seen, named = [], dict[tuple[str, str], tuple[Meaning, str]](), dict[str, tuple[str, str]]()
    for spelling, drug, place in _spellings(drugs, tables.get("drugs", {})):
        other, first = named.get(spelling, (drug, place))
        if not set(other.split(" + ")) <= set(drug.split(" + ")):
            found.append(f"{place}: the name {spelling} stands for another drug in {first}: take it out of one of the two")
        named[spelling] = (drug, place)
    prefixes = {short: row.get("prefix") or "" for short, row in tables.get("systems", {}).items()}
    for system, code, meaning, place in _said(facts, drugs, tables):
        code = code.removeprefix(prefixes.get(system, ""))
        before, first = seen.get((system, code), (meaning, place))
        if not _refines(meaning, before):
            found.append(f"{place}: the code {code} of {system} has another meaning in {first}: take it out of one of the two")
        seen[system, code] = (meaning, place)
    return found


_IDENTITY = ("value", "drug", "word", "site", "cancer", "event", "stage", "effect", "histology")


def _refines(later: Meaning, earlier: Meaning) -> bool:
    """Whether a meaning keeps everything that an earlier one says what the code stands for."""
    if bool(later.ignore) != bool(earlier.ignore):
        return False
    facts = {later.fact, later.percent, later.fallback}
    return {earlier.fact, earlier.percent, earlier.fallback} - {""} <= facts and all(
        getattr(earlier, name) in (getattr(later, name), None, "") for name in _IDENTITY
    )


def _spellings(drugs: list[Thing], table: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Every spelling of every drug, the drug, and where that is said. A table may name products of several drugs: `a + b`."""
    for drug in drugs:
        spellings = (drug["id"], drug.get("label"), *(drug.get("brands") or ()), *(drug.get("also") or ()))
        yield from ((normal(str(spelling)), drug["id"], f"drug {drug['id']}") for spelling in spellings if spelling)
    for drug_id, about in table.items():
        place = f"{_FILE}: drugs.{drug_id}"
        yield from ((normal(str(spelling)), drug_id, place) for spelling in (drug_id, *(about or {}).get("also", ())))


def _names(drugs: list[Thing], table: Mapping[str, Any]) -> dict[str, str]:
    return {spelling: drug for spelling, drug, _ in _spellings(drugs, table)}


def _anticancer(drugs: list[Thing], classes: list[Thing], table: Mapping[str, Any]) -> frozenset[str]:
    """Drugs of the classes named in codes.yaml, or of a class below them."""
    parents = {item["id"]: tuple(item.get("is") or ()) for item in classes}
    wanted: frozenset[str] = frozenset(table.get("classes", {}).get("any-of", ()))

    def belongs(name: str, seen: frozenset[str]) -> bool:
        up = parents.get(name, ())
        return name in wanted or any(belongs(parent, seen | {name}) for parent in up if parent not in seen)

    return frozenset(drug["id"] for drug in drugs if any(belongs(name, frozenset()) for name in drug.get("classes") or ()))


def faults_of_codes(codes: Codes) -> list[str]:
    """Facts named by a table that do not exist, and values that a fact cannot have; each with its place."""
    problems = [
        f"{_FILE}: profile.members.{member}: there is no fact {fact}"
        for member, fact in codes.profile.members.items()
        if fact not in codes.facts
    ]
    places = {number: f"{system}.{code}" for system, row in codes.codes.items() for code, number in row.items()}
    for number, item in enumerate(codes.meanings):
        problems += _faults(codes, places[number], item)
    for key, item in codes.phrases.items():
        problems += _faults(codes, f"phrases.{key}", item)
    for test in codes.tests:
        problems += _faults(codes, f"tests {test.say}", test.meaning)
    problems += [
        f"{_FILE}: named.{kind}: there is no fact {one.fact}" for kind, one in codes.named.items() if one.fact not in codes.facts
    ]
    if "" in codes.words or "" in codes.phrases or "" in codes.names:
        problems.append(f"{_FILE}: a wording has neither letters nor digits: it would match every empty text")
    problems += _faults_of_touches(codes)
    for section, table in (("answers", codes.answers), ("units", codes.units), ("bounds", codes.bounds)):
        problems += [f"{_FILE}: {section}.{fact}: there is no such fact" for fact in table if fact not in codes.facts]
    return problems


def _faults_of_touches(codes: Codes) -> Iterable[str]:
    """Facts and members named as what an unread entry may be about, that do not exist."""
    listed = [(f"hints {hint.words[:1]}", name) for hint in codes.hints for name in hint.touches]
    listed += [(f"profiles.{profile}", name) for profile, names in codes.profiles.items() for name in names]
    listed += [
        (f"chapters.{system}.{letter}", f"{fact}:{member}")
        for system, rows in codes.chapters.items()
        for letter, row in rows.items()
        for fact, members in row.items()
        for member in members
    ]
    for place, touched in listed:
        name, _, member = touched.partition(":")
        if name not in codes.facts and name not in (TREATMENTS, MEDICINES, REACTIONS, COURSE):
            yield f"{_FILE}: {place}: there is no fact {name}"
        elif member and member not in codes.facts[name].values:
            yield f"{_FILE}: {place}: {name} cannot be {member}"


def _faults(codes: Codes, place: str, item: Meaning) -> Iterable[str]:
    for fact in (item.fact, item.percent, item.fallback):
        if fact and fact not in codes.facts:
            yield f"{_FILE}: {place}: there is no fact {fact}"
    shape, other = codes.facts.get(item.fact), codes.facts.get(item.fallback)
    said = [*item.answers.values(), *([item.value] if isinstance(item.value, str) else [])]
    allowed = (*(shape.values if shape else ()), *(other.values if other else ()))
    if shape and shape.values:
        yield from (f"{_FILE}: {place}: {item.fact} cannot be {value}" for value in said if value not in allowed)


_made: WeakKeyDictionary[Any, Codes] = WeakKeyDictionary()


def codes_of(knowledge: Any) -> Codes:
    """The code tables of loaded knowledge: of its `content`, and of the effects that its vocabulary knows. Made once for each knowledge."""
    remember(knowledge)
    found = _made.get(knowledge)
    if found is None:
        found = _made[knowledge] = kept(
            knowledge.content, "codes", Codes, lambda: _codes_of(knowledge), __file__, _shapes.__file__
        )
    return found


def _codes_of(knowledge: Any) -> Codes:
    content = knowledge.content
    return build(
        content.facts.values(),
        content.drugs.values(),
        content.codes,
        content.classes.values(),
        knowledge.vocabulary.effects,
        content.extras.get("omop"),
        content.version,
        knowledge.adult,
        knowledge.regions,
        worded=True,
    )


def check_codes(knowledge: Any) -> list[str]:
    """Every fault of the code tables of loaded knowledge, with its place."""
    content = knowledge.content
    return [
        *faults_of_codes(codes_of(knowledge)),
        *contradictions(content.facts.values(), content.drugs.values(), content.codes),
    ]
