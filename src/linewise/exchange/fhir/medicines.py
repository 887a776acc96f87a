"""Medicines given, asked for, handed out or stated, at any level of coding, rolled up to the drug itself."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

from linewise.exchange.codes import unit_key
from linewise.exchange.fhir.chart import Chart, first_concept, period
from linewise.exchange.fhir.conditions import grade_given
from linewise.exchange.fhir.node import Node, bare_codes, codings, extensions, node, nodes, number, profiles, text, wording
from linewise.logic.nodes import DAYS_IN
from linewise.record.model import (
    MEDICINES,
    REACTIONS,
    TREATMENTS,
    Administration,
    Reaction,
    Setting,
    StopReason,
    Supply,
)
from linewise.record.supply import medicine_of

KINDS = ("MedicationAdministration", "MedicationStatement", "MedicationRequest", "MedicationDispense")
SUPPLY = "urn:linewise:supply"
"""An extension of our own: the end of the period is the last day of a supply, `dispensed` or `requested`, and not a stop."""
_NOT_GIVEN = {"not-done", "not-taken", "cancelled", "declined"}
_PLANNED = {"intended", "draft", "preparation"}
_GOING_ON = {"active", "in-progress", "on-hold"}
# A statement that is completed says that the drug is no longer taken, and a request that is stopped that it shall not be. A completed
# infusion, dispensing or request says nothing of the next (FHIR R4, the value sets of the four statuses).
_OVER = {"MedicationStatement": {"completed", "stopped"}, "MedicationRequest": {"stopped"}}
_SAID = {"active", "completed", "entered-in-error", "intended", "stopped", "on-hold", "not-taken", "cancelled", "draft", "in-progress", "not-done",
         "preparation", "declined"}  # fmt: skip
"""Every status that says something; `unknown`, none, and one that FHIR does not have say nothing."""
_IN_DAYS = {
    "d": 1.0,
    "day": 1.0,
    "days": 1.0,
    "wk": 7.0,
    "week": 7.0,
    "weeks": 7.0,
    "mo": DAYS_IN["months"],
    "month": DAYS_IN["months"],
    "months": DAYS_IN["months"],
}
_LONGEST_SUPPLY = 730
"""Days. What is to last longer than two years is a slip of the pen, or not days."""
_STOPPED = {"progression", "toxicity", "completion", "choice"}
_REASONS = {"worsening": "progression"}
"""Courses of the disease that are given as the reason to stop."""
_INTENTS: dict[str, Setting] = {"curative": "adjuvant", "palliative": "metastatic"}


def read_medicines(chart: Chart) -> None:
    """Every medicine of the person."""
    for resource in chart.of(*KINDS):
        with chart.careful(resource):
            _medicine(chart, resource)


def _medicine(chart: Chart, resource: Node) -> None:
    concept = _concept(chart, resource)
    label = wording(concept) or "medicine without a name"
    status = bare_codes(resource.get("status"))
    if "entered-in-error" in status:
        chart.leave(resource, label, "marked as entered in error")
    elif declared := {meaning.declares for meaning in chart.meanings(concept) if meaning.declares}:
        chart.declared |= declared
    elif status & _NOT_GIVEN or resource.get("doNotPerform") is True:
        chart.notes.add(f"{label}: recorded as not given or cancelled.")
    else:
        _read(chart, resource, concept, label, status)


def _concept(chart: Chart, resource: Node) -> Node:
    """The medicine's own concept: in the resource, contained in it, or in a Medication that it refers to."""
    direct = node(resource.get("medicationCodeableConcept"))
    if direct:
        return direct
    reference = node(resource.get("medicationReference"))
    medication = node(chart.find(reference, resource))
    if medication.get("code"):
        return node(medication["code"])
    ingredients = [node(item.get("itemCodeableConcept")) for item in nodes(medication.get("ingredient"))]
    if len(ingredients) == 1:
        return ingredients[0]
    if ingredients:
        return {"text": " / ".join(wording(item) for item in ingredients)}
    said = text(reference.get("display"))
    return {"text": said} if said else {}


def _read(chart: Chart, resource: Node, concept: Node, label: str, status: set[str]) -> None:
    drugs, why = drugs_of(chart, concept)
    start, end = _dates(chart, resource)
    kind = text(resource.get("resourceType"))
    handed = kind == "MedicationDispense"
    planned = bool(status & _PLANNED) or text(resource.get("intent")) in ("proposal", "plan", "option")
    planned = planned or (handed and bool(status & _GOING_ON))  # made ready, and not handed over yet
    ongoing = False if planned or (end is not None and end != start) else _ongoing(kind, status)
    if ongoing and end is not None:
        ongoing = None
    supply: Supply | None = _marked(resource) if end is not None else None
    if start is not None and end is None and ongoing is None and (days := _supplied(chart, resource)):
        supply, end = "dispensed" if handed else "requested", start + dt.timedelta(days=days - 1)
    given = Administration(
        drug="",
        start=start,
        end=end,
        ongoing=None if supply else ongoing,
        supply=supply,
        planned=planned,
        unsure=ongoing is None and end is None and supply is None and not status & _SAID and not planned,
        setting=_setting(chart, resource),
        stopped_for=_stopped_for(chart, resource),
        origin=chart.origin(resource, label),
    )
    for drug in drugs:
        _enter(chart, resource, concept, msgspec.structs.replace(given, drug=drug))
    if not drugs:
        _left(chart, resource, concept, given, why)


def _left(chart: Chart, resource: Node, concept: Node, given: Administration, why: str) -> None:
    """List a medicine that is not known here, with what it may be, and for how long it may be taken."""
    if given.planned:
        chart.leave(resource, given.origin.text, why)
        return
    taken = medicine_of(given)
    over = dt.date.min if taken is None else taken.end + dt.timedelta(days=1) if taken.end is not None else None
    chart.leave(resource, given.origin.text, why, _possible(chart, resource, concept), given.start, over)


def _possible(chart: Chart, resource: Node, concept: Node) -> tuple[str, ...]:
    """What a medicine that is not known here may be: a cancer treatment too, unless its code or its name tells that it is none."""
    if any("cancer-related" in name for name in profiles(resource)) or _setting(chart, resource) is not None:
        return (TREATMENTS, MEDICINES)
    listed = codings(concept)
    chapters = [coding.code[:1].upper() for coding in listed if chart.codes.short(coding.system) == "atc" and coding.code]
    names = [name for name in (text(concept.get("text")), *(coding.display for coding in listed)) if name]
    told = chapters and all(letter in chart.codes.others.chapters for letter in chapters)
    return (MEDICINES,) if told or any(chart.codes.is_other(name) for name in names) else (TREATMENTS, MEDICINES)


def _enter(chart: Chart, resource: Node, concept: Node, given: Administration) -> None:
    """As part of the cancer's treatment, or as a medicine besides it."""
    if given.drug not in chart.codes.drugs:
        _left(chart, resource, concept, given, f"the knowledge says nothing about {given.drug}")
    elif given.drug in chart.codes.anticancer:
        chart.administrations.append(given)
    elif (taken := medicine_of(given)) is not None:
        chart.medications.append(taken)
    elif not given.planned:
        chart.notes.add(f"{given.origin.text}: no longer taken, as recorded.")


def _ongoing(kind: str, status: set[str]) -> bool | None:
    """Whether the source says that the drug is still given, or that it is not; None where it says neither."""
    return True if status & _GOING_ON else False if status & _OVER.get(kind, set()) else None


def _marked(resource: Node) -> Supply | None:
    said = {text(extension.get("valueCode")) for extension in extensions(resource, SUPPLY)}
    return "dispensed" if "dispensed" in said else "requested" if "requested" in said else None


def _supplied(chart: Chart, resource: Node) -> int:
    """For how many days there is enough, as the source says; 0 where it does not say."""
    wanted = node(resource.get("dispenseRequest")).get("expectedSupplyDuration")
    for amount in (node(resource.get("daysSupply")), node(wanted)):
        value = number(amount.get("value"))
        if value is None:
            continue
        unit = text(amount.get("code")) or text(amount.get("unit")) or "d"
        days = value * _IN_DAYS.get(unit_key(unit), 0.0)
        if 0.5 < days <= _LONGEST_SUPPLY:
            return round(days)
        chart.leave(resource, f"enough for {value:g} {unit}", "not a length of time that a supply can last")
    return 0


def drugs_of(chart: Chart, concept: Node) -> tuple[tuple[str, ...], str]:
    """The drugs of a concept, by its codes, else by its name; or none, and why. A code and a name that differ are none."""
    listed = codings(concept)
    known = [chart.codes.meaning(coding.system, coding.code) for coding in listed]
    by_code = {meaning.drug for meaning in known if meaning is not None and meaning.drug}
    names = [text(concept.get("text")), *(coding.display for coding in listed)]
    by_name = {" + ".join(drugs) for name in names if name and (drugs := chart.codes.drugs_named(name))}
    systems = [
        chart.codes.short(coding.system)
        for coding, meaning in zip(listed, known, strict=True)
        if meaning is not None and meaning.drug
    ]
    if len(by_code) > 1 and len(set(systems)) == 1 and len(systems) == len(by_code) and by_name <= by_code:
        return tuple(
            sorted({drug for each in by_code for drug in each.split(" + ")})
        ), ""  # several codes of one system are several medicines
    if len(by_code) > 1 or (by_code and by_name and not by_code & by_name):
        return (), f"its code and its name are different medicines: {', '.join(sorted(by_code | by_name))}"
    found = by_code or by_name
    if not found and chart.book is not None:
        worded = {" + ".join(drugs) for name in names if name and (drugs := chart.book.drugs(name))}
        found = {drug for drug in worded if drug in chart.codes.drugs}
    if len(found) != 1:
        return (), "a medicine that is not known here"
    return tuple(found.pop().split(" + ")), ""


def _dates(chart: Chart, resource: Node) -> tuple[dt.date | None, dt.date | None]:
    """From when to when. A single day of administration starts and does not end the drug; requests start when written."""
    spans = [resource.get("effectivePeriod"), node(resource.get("dispenseRequest")).get("validityPeriod")]
    for dosage in nodes(resource.get("dosageInstruction")) + nodes(resource.get("dosage")):
        spans.append(node(node(dosage.get("timing")).get("repeat")).get("boundsPeriod"))
    first, *others = [period(span) for span in spans]
    starts = [resource.get("effectiveDateTime"), first[0], resource.get("whenHandedOver"), *(s for s, _ in others)]
    starts += [resource.get("authoredOn"), resource.get("whenPrepared"), resource.get("dateAsserted")]
    start = next((found for value in starts if value is not None and (found := chart.day(resource, value))), None)
    end = chart.day(resource, first[1]) if first[1] is not None else None
    if end is None and text(resource.get("status")) in ("completed", "stopped"):
        end = next((found for _, value in others if (found := chart.day(resource, value))), None)
    if start and end and end < start:
        chart.leave(resource, f"{start} to {end}", "it ends before it begins")
        end = None
    return start, end


def _setting(chart: Chart, resource: Node) -> Setting | None:
    """Whether it was meant to cure or for metastatic disease, where the record says so."""
    concepts = [ext.get("valueCodeableConcept") for ext in extensions(resource, "procedure-intent")]
    concepts += [ext.get("valueCodeableConcept") for ext in extensions(resource, "treatment-intent")]
    words = {meaning.word for concept in concepts for meaning in chart.meanings(concept)}
    found = {_INTENTS[word] for word in words if word in _INTENTS}
    return found.pop() if len(found) == 1 else None


def _stopped_for(chart: Chart, resource: Node) -> StopReason | None:
    """Why it was stopped, where the record says so."""
    concepts = [*nodes(resource.get("statusReason")), *nodes(resource.get("reasonNotTaken"))]
    concepts += [node(ext.get("valueCodeableConcept")) for ext in extensions(resource, "termination-reason")]
    concepts += [node(ext.get("valueCodeableConcept")) for ext in extensions(resource, "TreatmentTerminationReason")]
    found: set[str] = set()
    for concept in concepts:
        words = {_REASONS.get(meaning.word, meaning.word) for meaning in chart.meanings(concept)} & _STOPPED
        if not words and chart.book is not None:
            words = {chart.book.one_of(("stop",), wording(concept))} & _STOPPED
        found |= words
        if not words:
            chart.leave(resource, f"reason: {wording(concept)}", "a reason that is not known here")
    if len(found) != 1:
        return None
    reason: Literal["progression", "toxicity", "completion", "choice"] = found.pop()  # type: ignore[assignment]
    return reason


def read_reactions(chart: Chart) -> None:
    """Allergies and adverse events, where the medicine that caused them is known."""
    for resource in chart.of("AllergyIntolerance"):
        with chart.careful(resource):
            _allergy(chart, resource)
    for resource in chart.of("AdverseEvent"):
        with chart.careful(resource):
            _adverse(chart, resource)


def _allergy(chart: Chart, resource: Node) -> None:
    label = wording(resource.get("code")) or "allergy without a name"
    said = bare_codes(resource.get("verificationStatus"))
    if said & {"entered-in-error", "refuted"}:
        chart.leave(resource, label, f"marked as {', '.join(sorted(said))}")
        return
    declared = {meaning.declares for meaning in chart.meanings(resource.get("code")) if meaning.declares}
    if declared:
        chart.declared |= declared
        return
    reactions = nodes(resource.get("reaction"))
    concepts = [node(resource.get("code")), *(node(item.get("substance")) for item in reactions)]
    drugs = {drug for concept in concepts if concept for drug in drugs_of(chart, concept)[0]}
    if not drugs:
        foods = resource.get("category")
        if not (isinstance(foods, list) and foods and set(map(str, foods)) <= {"food", "environment"}):
            names = [wording(concept) for concept in concepts if concept]
            known = any(chart.codes.is_other(name) for name in names if name)
            touches = () if known else (REACTIONS,)
            on = chart.day(resource, resource.get("onsetDateTime") or resource.get("recordedDate"))
            chart.leave(resource, label, "an allergy to something that is not known here", touches, on)
        return
    forms = [concept for item in reactions for concept in nodes(item.get("manifestation"))]
    onsets = [item.get("onset") for item in reactions]
    on = next(
        (
            day
            for said in (*onsets, resource.get("onsetDateTime"), resource.get("recordedDate"))
            if (day := chart.day(resource, said))
        ),
        None,
    )
    grade = 3 if any("severe" in bare_codes(item.get("severity")) for item in reactions) else None
    for drug in sorted(drugs):
        for effect, said_effect in _effects(chart, forms):
            origin = chart.origin(resource, f"{label}: {said_effect}")
            chart.reactions.append(Reaction(drug=drug, effect=effect, grade=grade, on=on, origin=origin))


def _effects(chart: Chart, forms: list[Node]) -> list[tuple[str, str]]:
    """What the reaction was, as an effect's id where it is known, else in the record's words; `allergy` where nothing is."""
    listed = []
    for concept in forms:
        known = next((meaning.effect for meaning in chart.meanings(concept) if meaning.effect), "")
        if not known and chart.book is not None and wording(concept).lower() not in chart.codes.effects:
            known = chart.book.effect(wording(concept))
        listed.append((known or wording(concept).lower() or "allergy", wording(concept)))
    return listed or [("allergy", "allergy")]


def _adverse(chart: Chart, resource: Node) -> None:
    label = wording(resource.get("event")) or "adverse event"
    if text(resource.get("actuality")) == "potential":
        return
    drugs: set[str] = set()
    for suspect in nodes(resource.get("suspectEntity")):
        target = node(chart.find(suspect.get("instance"), resource))
        concept = node(target.get("code")) if target.get("resourceType") == "Medication" else _concept(chart, target)
        said = text(node(suspect.get("instance")).get("display"))
        drugs |= set(drugs_of(chart, concept or {"text": said})[0])
    harm = chart.book.harm(label) if chart.book is not None else None
    if not drugs and harm is not None:
        drugs = {harm[0]}
    if not drugs:
        on = chart.day(resource, resource.get("date"))
        chart.leave(resource, label, "the medicine that caused it is not known here", (REACTIONS,), on)
    on = next((day for name in ("date", "detected", "recordedDate") if (day := chart.day(resource, resource.get(name)))), None)
    effect = harm[1] if harm is not None and harm[0] in drugs else _effects(chart, [first_concept(resource.get("event"))])[0][0]
    grade, ongoing = _grade(chart, resource, label), _ongoing_harm(resource)
    for drug in sorted(drugs):
        origin = chart.origin(resource, label)
        chart.reactions.append(Reaction(drug=drug, effect=effect, grade=grade, ongoing=ongoing, on=on, origin=origin))


def _grade(chart: Chart, resource: Node, label: str) -> int | None:
    """The grade of a harm: as an extension gives it, as its words do, or how severe it was (CTCAE: 1 mild, 2 moderate, 3 severe)."""
    given = grade_given(resource)
    grades = set() if given is None else {given}
    if not grades and chart.book is not None and (found := chart.book.illness(label).grade):
        grades = {found}
    severities = {"mild": 1, "moderate": 2, "severe": 3}
    grades = grades or {severities[word] for word in bare_codes(resource.get("severity")) if word in severities}
    return max(grades, default=None)


def _ongoing_harm(resource: Node) -> bool | None:
    """Whether a harm is still there, as the source says."""
    said = bare_codes(resource.get("outcome"))
    return (
        True if said & {"ongoing", "recovering"} else False if said & {"resolved", "resolvedwithsequelae", "recovered"} else None
    )
