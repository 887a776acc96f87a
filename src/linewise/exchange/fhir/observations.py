"""Observations: receptors, measurements, performance, stage, course of the disease. Genes are in `variants`."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager

from linewise.exchange.codes import Meaning, unit_key
from linewise.exchange.fhir.chart import Chart, Specimen, Spread
from linewise.exchange.fhir.node import Node, bare_codes, extensions, node, nodes, number, profiles, text, wording
from linewise.exchange.fhir.results import Finding, finding
from linewise.exchange.fhir.variants import read_variant
from linewise.record.model import COURSE, Event

_UNKNOWN = "what was observed is not known here"


def read_observations(chart: Chart) -> None:
    """Every observation of the person."""
    for resource in chart.of("Observation"):
        with chart.careful(resource):
            _observation(chart, resource)


def _observation(chart: Chart, resource: Node) -> None:
    label = wording(resource.get("code")) or "observation"
    with as_it_stands(chart, resource, label) as counts:
        if not counts:
            return
        meaning = _about(chart, resource)
        if meaning is not None and meaning.role == "variant":
            read_variant(chart, resource, when(chart, resource))
        else:
            _read(chart, resource, resource, meaning, label)
        _absent_conditions(chart, resource)


@contextmanager
def as_it_stands(chart: Chart, resource: Node, label: str) -> Iterator[bool]:
    """Whether a result is to be read, for its status; while it lasts, what is not final decides nothing."""
    said = bare_codes(resource.get("status"))
    standing = chart.codes.standing(text(resource.get("resourceType")), said)
    if standing == "taken-back":
        chart.leave(resource, label, "marked as entered in error or cancelled")
        yield False
    elif standing == "not-final":
        with chart.not_final(resource, f"the result is not final ({', '.join(sorted(said))}): it may still change"):
            yield True
    else:
        yield True


def read_answer(chart: Chart, resource: Node) -> None:
    """An answer of a questionnaire in the form of an observation. A question that is about nothing here is passed over: there are many."""
    label = wording(resource.get("code"))
    meaning = _about(chart, resource)
    known = meaning is not None or (chart.book is not None and chart.book.test(label) is not None)
    if known or _touched(chart, resource, None, label):
        _read(chart, resource, resource, meaning, label)


def when(chart: Chart, resource: Node) -> dt.date | None:
    """The day a result was true of the person: of the observation, else of its specimen, else when it was issued."""
    span = node(resource.get("effectivePeriod"))
    specimen = chart.find(resource.get("specimen"), resource) if resource.get("specimen") else None
    taken = node(node(specimen).get("collection"))
    for value in (
        resource.get("effectiveDateTime"), resource.get("effectiveInstant"), span.get("end"), span.get("start"),
        taken.get("collectedDateTime"), node(taken.get("collectedPeriod")).get("start"), resource.get("issued"),
    ):  # fmt: skip
        if value is not None and (found := chart.day(resource, value)):
            return found
    return None


def _about(chart: Chart, resource: Node) -> Meaning | None:
    """What an observation is about. Of several codes the most exact decides; None where none is known."""
    known = chart.meanings(resource.get("code"))
    return next((item for item in known if not item.general), known[0] if known else None)


def _read(chart: Chart, owner: Node, part: Node, meaning: Meaning | None, label: str) -> None:
    """One observation, or one component of it (`part`): by what its code says it is about, else by what its name does."""
    parts = nodes(part.get("component"))
    found = finding(part, chart.codes)
    say = ""
    if meaning is None and chart.book is not None and (named := chart.book.test(label)) is not None:
        meaning, say = named

    def leave(said: str, why: str) -> None:
        touches = _touched(chart, owner, meaning, label)
        chart.leave(owner, said, why, touches, when(chart, owner) if touches else None, specimen=specimen_of(chart, owner))

    if (meaning is not None and meaning.ignore) or _graded(chart, owner, found, meaning, label):
        return
    if parts and found.missing:
        _components(chart, owner, parts)
    elif meaning is None:
        if _whole(chart, owner, found, label) or _sign(chart, owner, found, label) or _wish(chart, owner, found, label):
            return
        if not found.missing or not part.get("hasMember"):
            leave(f"{label}: {found.said}" if found.said else label, _UNKNOWN)
    elif found.problem:
        if meaning.role == "spread" and _placed(chart, owner, found, label):
            return
        if meaning.role != "histology" and not _worded(chart, owner, found, meaning, label, say):
            leave(f"{label}: {found.said}", found.problem)
    elif meaning.role in ("stage", "spread"):
        _spread(chart, owner, found, meaning, label)
    elif found.missing:
        if not part.get("hasMember"):
            chart.leave(owner, label, f"no result: {found.missing}")
    elif meaning.role == "histology":
        for kind in sorted({item.histology for item in found.meanings if item.histology}):
            chart.state("histology", kind, owner, f"{label}: {found.said}", when(chart, owner), specimen_of(chart, owner))
    elif meaning.role == "course":
        _course(chart, owner, found, meaning, label)
    elif meaning.fact:
        if not (say and _sign(chart, owner, found, label) and "positive" in found.words):
            _fact(chart, owner, part, found, meaning, label, say)
    else:
        leave(f"{label}: {found.said}", meaning.why or _UNKNOWN)


def _touched(chart: Chart, resource: Node, meaning: Meaning | None, label: str) -> tuple[str, ...]:
    """What a result that was not understood may be about: by its code, else by its words, else by the profile that it says it keeps."""
    if meaning is not None:
        role = {"stage": "metastatic", "spread": "metastatic", "course": COURSE}.get(meaning.role, "")
        member = (
            f"{meaning.fact}:{meaning.value}"
            if meaning.fact and chart.codes.facts[meaning.fact].type == "set" and meaning.value
            else meaning.fact
        )
        return tuple(name for name in (member, meaning.percent, meaning.fallback, role) if name)
    named = chart.codes.named_in(label)
    if chart.book is not None:
        illness = chart.book.illness(label)
        members = [
            f"{one.fact}:{one.value}" for one in illness.meanings if one.fact and chart.codes.facts[one.fact].type == "set"
        ]
        named = tuple(dict.fromkeys((*named, *chart.book.about(label), *members, *illness.touches)))
    if named:
        return named
    kept = profiles(resource)
    return tuple(
        name for part, names in chart.codes.profiles.items() if any(part in profile for profile in kept) for name in names
    )


def _components(chart: Chart, owner: Node, parts: list[Node]) -> None:
    for part in parts:
        known = chart.meanings(part.get("code"))
        meaning = next((item for item in known if not item.general), known[0] if known else None)
        _read(chart, owner, part, meaning, wording(part.get("code")) or "component")


def _whole(chart: Chart, owner: Node, found: Finding, label: str) -> bool:
    """An answer that says all by itself (`postmenopausal state`) counts, whatever the question. Members of lists do not: whose they are, the question says."""
    answers = {(item.fact, item.value) for item in found.meanings if item.fact and isinstance(item.value, str | bool)}
    if found.problem or len(answers) != 1 or len(answers) != len(found.meanings):
        return False
    ((fact, value),) = answers
    if (
        chart.codes.facts[fact].type == "set"
        or value is None
        or (chart.book is not None and chart.book.one_of(("family",), label))
    ):
        return False
    return chart.state(fact, value, owner, f"{label}: {found.said}", when(chart, owner), specimen_of(chart, owner))


def _sign(chart: Chart, owner: Node, found: Finding, label: str) -> bool:
    """A symptom or an illness as the question, and yes or no as the answer."""
    if chart.book is None or found.problem or not found.words & {"positive", "negative"}:
        return False
    said = chart.book.illness(label)
    if len(said.meanings) != 1 or not said.meanings[0].fact or chart.codes.facts[said.meanings[0].fact].type != "set":
        return False
    return _member(chart, owner, found, said.meanings[0], label)


def _member(chart: Chart, owner: Node, found: Finding, meaning: Meaning, label: str) -> bool:
    """A member of a list that is there or is not."""
    yes, on = "positive" in found.words, when(chart, owner)
    if not isinstance(meaning.value, str) or yes is ("negative" in found.words):
        return False
    if meaning.secondary and yes:
        chart.spread.append(Spread(None if meaning.cancer == "regional" else True, "", on, chart.origin(owner, label)))
    return chart.state(meaning.fact, meaning.value, owner, f"{label}: {found.said}", on, absent=not yes)


def _graded(chart: Chart, owner: Node, found: Finding, meaning: Meaning | None, label: str) -> bool:
    """A symptom as the question and its grade as the answer. Grade 0 says that it is not there."""
    if found.missing or (meaning is not None and meaning.fact != "symptoms") or chart.book is None:
        return False
    named = (meaning,) if meaning is not None else chart.book.illness(label).meanings
    if len(named) != 1 or named[0].fact != "symptoms" or not isinstance(named[0].value, str):
        return False
    grade = chart.book.grade(label, found.said)
    if grade is None:
        return False
    on, said = when(chart, owner), f"{label}: {found.said}"
    for value in (named[0].value, *named[0].also):
        chart.state("symptoms", value, owner, said, on, absent=grade == 0, grade=grade or None)
    return True


def _wish(chart: Chart, owner: Node, found: Finding, label: str) -> bool:
    """What the person does not want, as a question that is answered by yes, or in the answer's own words."""
    if chart.book is None:
        return False
    yes = found.missing or found.words == {"positive"}
    declined = chart.book.declined(label) if yes else () if found.words else chart.book.declined(found.said)
    for what in declined:
        chart.state("declines", what, owner, f"{label}: {found.said}", when(chart, owner))
    return bool(declined)


def _worded(chart: Chart, owner: Node, found: Finding, meaning: Meaning, label: str, say: str) -> bool:
    """A result in words that the tables do not know: read as a line of a report is. True where it was understood as a whole."""
    if chart.book is None or found.coded or not found.said or not meaning.fact:
        return False
    facts = tuple(sorted({name for name in (meaning.fact, meaning.percent, meaning.fallback) if name}))
    answer = chart.book.result(say or chart.book.say(meaning.fact) or label, found.said, facts)
    said, specimen = f"{label}: {found.said}", specimen_of(chart, owner)
    values = dict(answer.values)
    if meaning.fact in values:
        values.pop(meaning.fallback, None)
    stated = [chart.state(fact, value, owner, said, when(chart, owner), specimen) for fact, value in values.items()]
    return any(stated)


def _fact(chart: Chart, owner: Node, part: Node, found: Finding, meaning: Meaning, label: str, say: str = "") -> None:
    """A result that answers a fact."""
    said, shape = f"{label}: {found.said}", chart.codes.facts[meaning.fact]
    if meaning.note:
        chart.notes.add(f"{said}: {meaning.note}.")
    if shape.type == "set" and _member(chart, owner, found, meaning, label):
        return
    touches = _touched(chart, owner, meaning, label)
    on, specimen = when(chart, owner), specimen_of(chart, owner)
    if shape.type == "number" and len(found.words) == 1:
        (word,) = found.words  # a coded score: the answer "ambulatory" stands for 2
        score = chart.codes.answers.get(meaning.fact, {}).get(word, word)
        scored = float(score) if score.isdigit() else None
        if found.number is not None and scored is not None and scored != found.number:
            chart.leave(owner, said, "the score and its words differ", touches, on, specimen=specimen)
            return
        found.number = scored if found.number is None else found.number
    if found.number is not None and shape.type == "number":
        _number(chart, owner, part, found, meaning, said)
        return
    unclear = sorted(found.words & set(meaning.unclear))
    if unclear and not _worded(chart, owner, found, meaning, label, say):
        chart.leave(owner, said, meaning.why or f"“{unclear[0]}” can be read in two ways here", touches, on, specimen=specimen)
    if unclear:
        return
    stated = False
    if found.number is not None and meaning.percent and found.unit:
        percent = Meaning(fact=meaning.percent)
        stated = _number(chart, owner, part, found, percent, said)
        if not stated and not found.words:
            return
    values = _values(chart, found, meaning)
    if len(values) > 1:
        chart.leave(owner, said, "the result contradicts itself", touches, on, specimen=specimen)
    elif values:
        fact, value = values.pop()
        chart.state(fact, value, owner, said, on, specimen)
    elif not stated and not _worded(chart, owner, found, meaning, label, say):
        why = meaning.why or f"not a result that {meaning.fact} can have"
        chart.leave(owner, said, why, touches, on, specimen=specimen)


def _values(chart: Chart, found: Finding, meaning: Meaning) -> set[tuple[str, str | bool]]:
    """The fact's values that a result stands for: by its words, by a score, or stated whole by a code."""
    facts = [fact for fact in (meaning.fact, meaning.fallback) if fact]
    values: set[tuple[str, str | bool]] = {
        (item.fact, item.value) for item in found.meanings if item.fact in facts and isinstance(item.value, str | bool)
    }
    words = set(found.words)
    if found.number is not None and not found.unit and not found.comparator:
        words.add(f"{found.number:g}")
    for word in words:
        for fact in facts:
            shape = chart.codes.facts[fact]
            own = meaning.answers if fact == meaning.fact else {}
            value = own.get(word) or chart.codes.answers.get(fact, {}).get(word, word)
            if shape.type == "yes-no" and value in ("positive", "negative"):
                values.add((fact, value == "positive"))
            elif value in shape.values:
                values.add((fact, value))
            else:
                continue
            break
    exact = {pair for pair in values if pair[0] == meaning.fact}
    return exact or values


def _number(chart: Chart, owner: Node, part: Node, found: Finding, meaning: Meaning, said: str) -> bool:
    """A measured number, in the fact's unit. True where it was entered."""
    fact, value = meaning.fact, found.number
    on, specimen = when(chart, owner), specimen_of(chart, owner)
    assert value is not None
    unit = found.unit or meaning.unit
    if meaning.bands:
        held = [float(low) for low in meaning.bands if value >= float(low)]
        value, why = (meaning.bands[f"{max(held):g}"], "") if held and value <= 100 else (None, "not on the scale")
    elif meaning.relative:
        value, why = _relative(part, value, found.unit), "the upper limit of normal is not given with it"
    else:
        value, why = chart.converted(fact, value, unit), f"the unit {unit} is not one for {fact}"
        if not unit:
            why = f"no unit is given, and one is needed for {fact}"
    if value is not None and found.comparator:
        value, why = _bounded(chart, fact, value, found.comparator), "only a limit is given, not the value"
    if value is None:
        chart.leave(owner, said, why, (fact,), on, specimen=specimen)
        return False
    return chart.state(fact, float(value), owner, said, on, specimen)


def _relative(part: Node, value: float, unit: str) -> float | None:
    """The value in multiples of the upper limit of normal that stands with it, in the same unit, as numbers or in words ("5 - 40 U/L")."""
    for entry in nodes(part.get("referenceRange")):
        high = node(entry.get("high"))
        limit, units = number(high.get("value")), {unit_key(own) for name in ("code", "unit") if (own := text(high.get(name)))}
        worded = _LIMIT.fullmatch(text(entry.get("text")).lower()) if limit is None else None
        if worded is not None:
            limit, units = float(worded["high"].replace(",", ".")), {unit_key(worded["unit"] or unit)}
        if limit and limit > 0 and unit_key(unit) in units:
            return value / limit
    return None


_LIMIT = re.compile(
    r"(?:\d+(?:[.,]\d{1,2})?\s*(?:-|–|to)\s*|<=?\s*|≤\s*|up to\s*)(?P<high>\d+(?:[.,]\d{1,2})?)\s*(?P<unit>[^\W\d]\S*)?"
)
"""The normal values of a laboratory in words, with their upper limit."""


def _bounded(chart: Chart, fact: str, value: float, comparator: str) -> float | None:
    """What `> 60` may be taken as, where the knowledge says that the rest makes no difference."""
    bound = chart.codes.bounds.get(fact)
    if bound is None:
        return None
    if comparator in (">", ">=") and bound.at_least is not None and value >= bound.at_least:
        return value
    if comparator == "<" and bound.below is not None and value <= bound.below:
        return 0.0
    return None


def specimen_of(chart: Chart, resource: Node) -> Specimen | None:
    """Whether the tissue came from the first tumour or from a metastasis; None where the record does not say."""
    specimen = node(chart.find(resource.get("specimen"), resource)) if resource.get("specimen") else {}
    places = [resource.get("bodySite"), node(specimen.get("collection")).get("bodySite")]
    places += [node(ext.get("valueReference")) for ext in extensions(specimen, "bodySite")]
    kinds: set[Specimen] = set()
    for concept in [*places, specimen.get("type")]:
        for meaning in chart.meanings(concept):
            if meaning.site == "breast":
                kinds.add("primary")
            elif meaning.site in chart.codes.facts["sites"].values:
                kinds.add("metastasis")
    return kinds.pop() if len(kinds) == 1 else None


def _spread(chart: Chart, resource: Node, found: Finding, meaning: Meaning, label: str) -> None:
    """A stage, a category of spread, or a place of spread."""
    on, said = when(chart, resource), f"{label}: {found.said}" if found.said else label
    origin = chart.origin(resource, said)
    sites = {str(item.value) for item in found.meanings if item.fact == "sites" and item.value} | {
        item.site for item in found.meanings if item.site and item.site != "breast"
    }
    stages = {item.stage for item in found.meanings if item.stage}
    if meaning.role == "stage" and len(stages) == 1:
        chart.spread.append(stage_spread(stages.pop(), found.said, on, chart, resource))
    elif meaning.role == "spread" and sites:
        for site in sorted(sites):
            chart.state("sites", site, resource, said, on)
        chart.spread.append(Spread(True, "", on, origin))
    elif meaning.role == "spread" and found.words <= {"positive"} and not found.meanings and _some(found):
        # A situation code ("history of cancer spread to the liver") says it without a value; so does a count of metastases, if there are any.
        chart.spread.append(Spread(True, "", on, origin))
        if meaning.value:
            chart.state("sites", str(meaning.value), resource, said, on)
    elif meaning.role == "spread" and found.words and found.words <= {"negative", "none"}:
        if not meaning.value:  # none in one organ says nothing of the others
            chart.spread.append(Spread(False, "M0", on, origin))
    else:
        chart.leave(resource, said, "not a stage that is known here", ("metastatic", "sites"), on)


def _placed(chart: Chart, resource: Node, found: Finding, label: str) -> bool:
    """Places of spread as a list in words."""
    places = chart.book.places(found.said) if chart.book is not None and not found.coded else ()
    on, said = when(chart, resource), f"{label}: {found.said}"
    for site in places:
        chart.state("sites", site, resource, said, on)
    if places:
        chart.spread.append(Spread(True, "", on, chart.origin(resource, said)))
    return bool(places)


def _some(found: Finding) -> bool:
    """Whether a number, if there is one, is more than none. None counted is not `no`: it may be all that was looked for."""
    return found.number is None or (found.number > 0 and not found.comparator.startswith("<"))


def stage_spread(stage: str, said: str, on: dt.date | None, chart: Chart, resource: Node) -> Spread:
    """A stage as a statement about spread: IV and M1 yes, the lower stages and M0 no."""
    return Spread(stage in ("IV", "M1"), said or stage, on, chart.origin(resource, said or stage))


def _course(chart: Chart, resource: Node, found: Finding, meaning: Meaning, label: str) -> None:
    """How the disease went: progression, response, stable."""
    kinds = {meaning.answers[word] for word in found.words if word in meaning.answers}
    if len(kinds) != 1:
        why = "the course of the disease is not said in a way known here"
        chart.leave(resource, f"{label}: {found.said}", why, (COURSE,), when(chart, resource))
        return
    kind = kinds.pop()
    if kind in ("progression", "response", "stable"):
        on, origin = when(chart, resource), chart.origin(resource, f"{label}: {found.said}")
        chart.events.append(Event(what=kind, on=on, origin=origin))  # type: ignore[arg-type]


def _absent_conditions(chart: Chart, resource: Node) -> None:
    """mCODE's list of comorbidities may say what is not there."""
    for extension in extensions(resource, "mcode-related-condition-absent"):
        concept = node(extension.get("valueCodeableConcept"))
        for meaning in chart.meanings(concept):
            if meaning.fact == "comorbidities" and isinstance(meaning.value, str):
                said = f"absent: {wording(concept)}"
                chart.state("comorbidities", meaning.value, resource, said, when(chart, resource), absent=True)
