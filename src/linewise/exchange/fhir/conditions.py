"""Conditions: the cancer itself, where it has spread, its stage, and other illnesses."""

from __future__ import annotations

import datetime as dt

import msgspec

from linewise.exchange.codes import Meaning
from linewise.exchange.fhir.bundle import in_error
from linewise.exchange.fhir.chart import Cancer, Chart, Spread, period
from linewise.exchange.fhir.node import Node, bare_codes, codings, extensions, node, nodes, profiles, text, wording
from linewise.exchange.fhir.observations import stage_spread
from linewise.exchange.words import NOTHING, Illness
from linewise.record.model import TREATMENTS, Event

_DOUBTFUL = {"provisional", "differential", "unconfirmed"}
_OVER = {"resolved", "inactive", "remission"}


def read_conditions(chart: Chart) -> None:
    """Every condition of the person."""
    for resource in chart.of("Condition"):
        with chart.careful(resource):
            _condition(chart, resource)


def _condition(chart: Chart, resource: Node) -> None:
    label = wording(resource.get("code")) or "condition without a name"
    doubt = bare_codes(resource.get("verificationStatus")) & _DOUBTFUL
    if in_error(resource):
        chart.leave(resource, label, "marked as entered in error")
    elif "refuted" in bare_codes(resource.get("verificationStatus")):
        _denied(chart, resource, label)
    elif doubt:
        _doubted(chart, resource, label, f"not confirmed: {doubt.pop()}")
    else:
        _read(chart, resource, label)


def read_concluded(chart: Chart, report: Node, on: dt.date | None) -> None:
    """What a report concludes in codes: an illness, a place of spread or a result that is known here; other codes leave open what their words may say."""
    kept: Node = {name: report[name] for name in ("resourceType", "id", "subject") if name in report}
    for concept in nodes(report.get("conclusionCode")):
        found: Node = {**kept, "code": concept, **({"recordedDate": on.isoformat()} if on else {})}
        if any(item.secondary or item.cancer or (item.fact and item.value is not None) for item in chart.meanings(concept)):
            _read(chart, found, wording(concept))
        elif wording(concept) and not chart.meanings(concept):
            said = f"{wording(report.get('code')) or 'report'}: {wording(concept)}"
            chart.leave(report, said, "a conclusion that is not known here", chart.codes.named_in(wording(concept)), on)


def _denied(chart: Chart, resource: Node, label: str) -> None:
    """What is said not to be the case: a member of a list is stated to be absent; anything else decides nothing."""
    said = f"refuted: {label}"
    for meaning in chart.meanings(resource.get("code")):
        if meaning.fact and isinstance(meaning.value, str) and chart.codes.facts[meaning.fact].type == "set":
            chart.state(meaning.fact, meaning.value, resource, said, onset(chart, resource), absent=True)
    chart.notes.add(f"{label}: recorded as refuted, so it does not count.")


def _doubted(chart: Chart, resource: Node, label: str, why: str) -> None:
    """What may be the case: it leaves open what it would say if it were sure."""
    touches: list[str] = []
    for meaning in chart.meanings(resource.get("code")) or _in_words(chart, resource).meanings:
        if meaning.value is not None and (meaning.fact == "symptoms" or meaning.doubted) and _ended(chart, resource) is None:
            # What is felt counts, and what may press on the cord is looked at, before anybody has confirmed it.
            held = msgspec.structs.replace(meaning, value=meaning.doubted or meaning.value)
            _illness(chart, resource, held, label)
        if meaning.secondary or meaning.stage or (meaning.fact == "sites" and meaning.value):
            touches += ["metastatic", f"sites:{meaning.value}" if meaning.value else "sites"]
        elif meaning.fact and meaning.value is not None:
            of_list = chart.codes.facts[meaning.fact].type == "set"
            touches += [f"{meaning.fact}:{value}" if of_list else meaning.fact for value in (meaning.value, *meaning.also)]
    if not touches and not any(meaning.ignore for meaning in chart.meanings(resource.get("code"))):
        touches = _possible(chart, resource, label)
    _left(chart, resource, label, why, touches)


_LISTS = ("comorbidities", "symptoms", "sites")
"""What a condition may be, besides the cancer itself."""


def _possible(chart: Chart, resource: Node, label: str) -> list[str]:
    """What a condition that is not known here may be: by the letter of its code where that tells, by its words, else anything."""
    hinted = list(chart.codes.named_in(label))
    for coding in codings(resource.get("code")):
        system = chart.codes.short(coding.system)
        told = {fact: chart.codes.members(fact, system, coding.code) for fact in _LISTS}
        if all(members is not None for members in told.values()):
            members = [(fact, member) for fact, found in told.items() for member in found or ()]
            return [f"{fact}:{member}" for fact, member in members] + hinted
    return ["comorbidities", "symptoms", *hinted] + ([] if _worded(resource) else ["sites", "metastatic"])


def _left(chart: Chart, resource: Node, label: str, why: str, touches: list[str]) -> None:
    """List a condition; one that is over leaves open, from then on, only what counts although it is over."""
    began, ended = onset(chart, resource), _ended(chart, resource)
    chart.leave(resource, label, why, touches, began, ended)
    if ended is not None:
        lists = {name.partition(":")[0] for name in touches if ":" not in name}
        lasting = [
            f"{fact}:{member}" for fact in _LISTS for member in sorted(chart.codes.lasting & {*chart.codes.facts[fact].values})
        ]
        kept = [name for name in lasting if name in touches or name.partition(":")[0] in lists]
        if kept:
            chart.leave(resource, label, why, kept, began)


def _worded(resource: Node) -> bool:
    """Whether a condition has words: one of a code alone may be anything."""
    concept = node(resource.get("code"))
    return bool(text(concept.get("text")) or any(coding.display for coding in codings(concept)))


def _in_words(chart: Chart, resource: Node) -> Illness:
    """What the words of a condition say, where no code and no known name does."""
    concept = node(resource.get("code"))
    if chart.book is None:
        return NOTHING
    forms = dict.fromkeys([text(concept.get("text")), *(coding.display for coding in codings(concept))])
    said = [chart.book.illness(form) for form in forms if form]
    return next((one for one in said if one.understood), NOTHING)


def _read(chart: Chart, resource: Node, label: str) -> None:
    meanings = chart.meanings(resource.get("code"))
    if not meanings:
        declined = chart.book.declined(label) if chart.book is not None else ()
        if declined and _ended(chart, resource) is None:
            for what in declined:
                chart.state("declines", what, resource, label, onset(chart, resource))
            return
        said = _in_words(chart, resource)
        if said.understood and not said.meanings:
            _left(chart, resource, label, said.why or "not said for certain", list(said.touches))
            _stages(chart, resource)
            return
        meanings = list(said.meanings)
    secondary = [item for item in meanings if item.secondary]
    cancers = [item for item in meanings if item.cancer]
    if secondary or (not cancers and any("secondary-cancer" in name for name in profiles(resource))):
        _secondary(chart, resource, secondary, label)
        named = [item for item in cancers if item.cancer != "regional"]
        if named:
            _cancer(chart, resource, named, label)
    elif cancers or any("primary-cancer" in name for name in profiles(resource)):
        _cancer(chart, resource, cancers, label)
    elif not meanings:
        _left(chart, resource, label, "a condition that is not known here", _possible(chart, resource, label))
    else:
        for meaning in meanings:
            _illness(chart, resource, meaning, label)
    for meaning in meanings if secondary or cancers else ():
        if meaning.fact and not meaning.secondary and not meaning.cancer:
            _illness(chart, resource, meaning, label)  # named in the same words
    _stages(chart, resource)


def onset(chart: Chart, resource: Node) -> dt.date | None:
    """When a condition began, or else when it was written down."""
    asserted = next(extensions(resource, "assertedDate"), {})
    start, _ = period(resource.get("onsetPeriod"))
    for value in (resource.get("onsetDateTime"), start, asserted.get("valueDateTime"), resource.get("recordedDate")):
        if value is not None and (found := chart.day(resource, value, "onset")):
            return found
    return None


def _ended(chart: Chart, resource: Node) -> dt.date | None:
    """When a condition ended. One that is said to be over without a date ended, at the latest known, when it was written."""
    start, end = period(resource.get("abatementPeriod"))
    for value in (resource.get("abatementDateTime"), end, start):
        if value is not None and (found := chart.day(resource, value, "abatement")):
            return found
    return (onset(chart, resource) or dt.date.min) if _over(resource) else None


def _over(resource: Node) -> bool:
    return bool(bare_codes(resource.get("clinicalStatus")) & _OVER) or resource.get("abatementBoolean") is True


def is_there(resource: Node) -> bool:
    """Whether a condition is said to be there now: not taken back, not refuted, not only suspected, not over."""
    said = bare_codes(resource.get("verificationStatus"))
    return not (in_error(resource) or said & (_DOUBTFUL | {"refuted"}) or _over(resource))


def _illness(chart: Chart, resource: Node, meaning: Meaning, label: str) -> None:
    if meaning.declares:
        chart.declared.add(meaning.declares)
        return
    if meaning.ignore or meaning.value is None or not meaning.fact:
        if not meaning.ignore:
            _left(chart, resource, label, "a condition that is not known here", _possible(chart, resource, label))
        return
    began, ended = onset(chart, resource), _ended(chart, resource)
    shape = chart.codes.facts[meaning.fact]
    if shape.type != "set" and ended is not None:
        return  # a state that is over: pregnancy years ago
    # Where the code itself speaks of the past ("history of"), being over does not take it away.
    until = None if meaning.role == "history" else ended
    recent = began + dt.timedelta(days=meaning.lasts) if began and meaning.lasts else None
    grade = severity(chart, resource) if meaning.fact == "symptoms" else None
    chart.state(meaning.fact, meaning.value, resource, label, began, until=recent or until, grade=grade)
    for value in meaning.also:
        chart.state(meaning.fact, value, resource, label, began, until=until, grade=grade)
    for fact, other in meaning.beside.items():
        chart.state(fact, other, resource, label, began)


def grade_given(resource: Node) -> int | None:
    """The grade that an extension of CTCAE gives, the highest of several."""
    grades = list(extensions(resource, "ctcae-grade"))
    concepts = [node(extension.get("valueCodeableConcept")) for extension in grades]
    told = [str(extension.get("valueInteger") or "") for extension in grades]
    told += [text(coding.code) for concept in concepts for coding in codings(concept)]
    told += [said.lower().removeprefix("grade").strip() for concept in concepts if (said := wording(concept))]
    return max((int(said) for said in told if said in ("1", "2", "3", "4")), default=None)


_GRADES = {"mild": 1, "moderate": 2, "severe": 3}


def severity(chart: Chart, resource: Node) -> int | None:
    """The grade of a symptom: as its words give it, else how severe it is said to be."""
    if (given := grade_given(resource)) is not None:
        return given
    concept = node(resource.get("code"))
    told = [text(concept.get("text")), wording(resource.get("severity"))]
    for said in told if chart.book is not None else ():
        assert chart.book is not None
        if (grade := chart.book.illness(said).grade) is not None:
            return grade
    words = {meaning.word for meaning in chart.meanings(resource.get("severity"))}
    return next((grade for word, grade in _GRADES.items() if word in words), None)


def _secondary(chart: Chart, resource: Node, meanings: list[Meaning], label: str) -> None:
    """A tumour that has spread: its place, and that it is there. Nodes near the breast alone are not metastatic disease."""
    primary = _primary(chart, resource)
    if primary and not _may_be_breast(chart, primary):
        other = any(item.cancer == "other" for item in _named(chart, primary))
        why = "it comes from another tumour" if other else "it comes from a tumour that is not known here"
        touches = () if other else ("metastatic", "sites")
        chart.leave(resource, label, f"{why}: {wording(primary.get('code'))}", touches, onset(chart, resource))
        return
    began, ended = onset(chart, resource), _ended(chart, resource)
    if began is None and chart.misdated(resource):
        chart.leave(
            resource, label, "when the cancer spread is not understood: what was given before is not known", (TREATMENTS,)
        )
    sites = {str(item.value) for item in meanings if item.value}
    if not sites:
        sites = {m.site for place in nodes(resource.get("bodySite")) for m in chart.meanings(place) if m.site}
        sites -= {"breast"}
    for site in sorted(sites):
        chart.state("sites", site, resource, label, began, until=ended)
    if not sites and not any(item.value is None and item.secondary for item in meanings):
        chart.leave(resource, label, "a place of spread that is not known here", ("sites",), began, ended)
    regional = bool(meanings) and all(item.cancer == "regional" for item in meanings)
    chart.spread.append(Spread(None if regional else True, "", began, chart.origin(resource, label)))
    if not regional:
        site_name = min(sites) if sites else None
        chart.events.append(Event(what="metastatic", on=began, site=site_name, origin=chart.origin(resource, label)))


def _primary(chart: Chart, resource: Node) -> Node:
    """The tumour that a secondary one comes from, where the record says so (mCODE has had two extensions for it)."""
    for name in ("related-primary-cancer-condition", "condition-related"):
        for extension in extensions(resource, name):
            found = node(chart.find(extension.get("valueReference"), resource))
            if found.get("resourceType") == "Condition":
                return found
    return {}


def _may_be_breast(chart: Chart, primary: Node) -> bool:
    kinds = {item.cancer for item in _named(chart, primary)}
    return bool(kinds & {"breast", "unknown-site"}) or _in_breast(chart, primary)


def _named(chart: Chart, resource: Node) -> list[Meaning]:
    """What a condition's code says, else its words."""
    return chart.meanings(resource.get("code")) or list(_in_words(chart, resource).meanings)


def _in_breast(chart: Chart, resource: Node) -> bool:
    places = nodes(resource.get("bodySite"))
    return any(meaning.site == "breast" for place in places for meaning in chart.meanings(place))


def _cancer(chart: Chart, resource: Node, meanings: list[Meaning], label: str) -> None:
    """A cancer by its own name; one without a place in its name may have it as body site."""
    kinds = {item.cancer for item in meanings} or {"unknown-site"}
    histology = [e for name in ("histology-morphology-behavior",) for e in extensions(resource, name)]
    forms = [item for extension in histology for item in chart.meanings(extension.get("valueCodeableConcept"))]
    kind = "breast" if kinds & {"breast"} else min(kinds)
    if kind == "unknown-site" and _in_breast(chart, resource):
        kind = "breast"
    if kind == "breast" and any(form.cancer == "in-situ" for form in forms):
        kind = "in-situ"
    began = onset(chart, resource)
    chart.cancers.append(Cancer(kind, chart.origin(resource, label)))
    if kind == "unknown-site":
        why = "a cancer whose first place is not said in a way known here"
        chart.leave(resource, label, why, ("comorbidities:second-cancer", "metastatic"), began)
    for item in meanings:
        if item.why:
            chart.leave(resource, label, item.why)
    if kind == "breast":
        chart.events.append(Event(what="diagnosis", on=began, origin=chart.origin(resource, label)))
        for item in [*meanings, *forms]:
            if item.histology:
                chart.state("histology", item.histology, resource, label, began)


def _stages(chart: Chart, resource: Node) -> None:
    """Stages written in the condition itself."""
    for stage in nodes(resource.get("stage")):
        summary = stage.get("summary")
        found = {item.stage for item in chart.meanings(summary) if item.stage}
        said = wording(summary)
        if len(found) == 1:
            chart.spread.append(stage_spread(found.pop(), said, onset(chart, resource), chart, resource))
        elif said:
            chart.leave(resource, f"stage: {said}", "not a stage that is known here", ("metastatic",))
