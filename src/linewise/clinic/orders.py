"""What is being ordered, against the plan: whether it fits, why not, what it meets. The rules are those of the plan."""

from __future__ import annotations

from typing import Any

import msgspec

from linewise.exchange.fhir import read_fhir
from linewise.plan import Plan
from linewise.plan.interactions import Interaction, interactions, interactions_of
from linewise.plan.model import OFFERED, Option, Status

from . import brief, cards
from .cards import Card, Says, card, escaped
from .gather import about_another
from .house import House
from .refused import Refused

REASONS = (
    ("board", "Decided by a tumour board"),
    ("not-in-record", "The record lacks something that I know"),
    ("person-wishes", "The person wishes it so"),
    ("trial", "Given within a trial"),
    ("no-alternative", "There is no better option for this person"),
    ("other", "Another reason"),
)
"""Why somebody goes on against a card: about the decision, never about medicine."""
_SYSTEM = "urn:linewise:override-reason"
_BEST: tuple[Status, ...] = ("preferred", "suitable", "depends", "unsuitable", "not-indicated")


class Order(msgspec.Struct, frozen=True):
    """One order that is being written: its reference and its drugs."""

    reference: str
    label: str
    drugs: tuple[str, ...]


def orders_of(
    house: House, context: dict[str, Any], patient: str, selected_only: bool
) -> tuple[list[Order], list[Order], list[str]]:
    """The orders to judge, all drafted ones, and the kinds of what was about somebody else. Raises Refused (400)."""
    drafts = context.get("draftOrders")
    if not isinstance(drafts, dict) or drafts.get("resourceType") != "Bundle":
        raise Refused(400, "context.draftOrders must be a FHIR Bundle.")
    selections = context.get("selections")
    if selected_only and (not isinstance(selections, list) or not all(isinstance(one, str) for one in selections)):
        raise Refused(400, "context.selections must be a list of references.")
    listed, strange = [], []
    resources = [one.get("resource") for one in drafts.get("entry") or [] if isinstance(one, dict)]
    for one in resources:
        if not isinstance(one, dict) or one.get("resourceType") != "MedicationRequest":
            continue
        if about_another(one, patient):
            strange.append("MedicationRequest")
            continue
        listed.append(_order(house, one, [other for other in resources if isinstance(other, dict)], patient))
    chosen = listed
    if selected_only:
        wanted = {str(one).split("/_history")[0] for one in selections or []}
        chosen = [one for one in listed if one.reference in wanted or any(each.endswith("/" + one.reference) for each in wanted)]
    return chosen, listed, strange


def _order(house: House, resource: dict[str, Any], all_: list[dict[str, Any]], patient: str) -> Order:
    """Read with the reader of records, as a medicine that is going to be given."""
    shown = {**resource, "status": "active", "intent": "order", "subject": {"reference": f"Patient/{patient}"}}
    shown.pop("doNotPerform", None)
    shared = [one for one in all_ if one.get("resourceType") == "Medication"]
    record = read_fhir([{"resourceType": "Patient", "id": patient}, shown, *shared], "the orders", house.codes)[0]
    given = [(one.drug, one.origin.text) for one in record.administrations] + [
        (one.drug, one.origin.text) for one in record.medications
    ]
    name = f"{resource['resourceType']}/{resource.get('id', '')}"
    return Order(name, given[0][1] if given else "", tuple(dict.fromkeys(drug for drug, _ in given)))


def order_cards(house: House, says: Says, chosen: list[Order], drafted: list[Order], quiet: bool) -> list[Card]:
    """The cards for the orders. `quiet`: an order that fits needs no card."""
    plan, found = says.plan, []
    together = {drug for one in drafted for drug in one.drugs}
    for order in chosen:
        for drug in order.drugs:
            one = _judged(plan, drug, together) if plan.scope is None else None
            if one is not None:
                found += _about(says, order, drug, one, quiet)
            found += _held(says, order, drug)
    found += _interactions(house, says, chosen)
    severe = [one for one in cards.urgent(says) if one["indicator"] == "critical"]
    if says.gathered.partial:
        found.append(cards.partial(says))
    return [*severe, *found, *(cards.strangers(says) if not says.gathered.partial else [])]


def _judged(plan: Plan, drug: str, together: set[str]) -> list[Option] | None:
    """The options that an order of this drug can mean, the best first: those whose drugs are all ordered or taken, else all with it.

    None where the drug is in no option: then the plan has no word on it.
    """
    with_it = [one for one in plan.knowledge.treatments.values() if drug in one.drugs or _partner(plan, one.id, drug)]
    if not with_it:
        return None
    taken = together | {one.drug for one in plan.going_on}
    whole = [one for one in with_it if set(one.drugs) <= taken]
    same = [one for one in whole if len(one.drugs) == max(len(each.drugs) for each in whole)] if whole else []
    found = [plan.option(one.id, brief=True) for one in same or with_it]
    return sorted(found, key=lambda one: _BEST.index(one.status))


def _partner(plan: Plan, name: str, drug: str) -> bool:
    return any(drug in choice for choice in plan.option(name, brief=True).partners) if name in plan.judged else False


def _about(says: Says, order: Order, drug: str, options: list[Option], quiet: bool) -> list[Card]:
    best = options[0]
    if best.status in OFFERED:
        if quiet or says.gathered.partial:
            return []
        return [_fits(says, drug, [one for one in options if one.status in OFFERED])]
    if says.gathered.partial and best.status != "unsuitable":
        return []  # what was not read could make it fit: the card on the partial record says so
    return [_why_not(says, order, drug, options)]


def _fits(says: Says, drug: str, options: list[Option]) -> Card:
    lines = []
    for one in options:
        line = brief.of(says.plan, one)
        lines += [f"* **{escaped(line.title)}**: {escaped(line.reason)}", *(f"  * {escaped(text)}" for text in line.standing[:3])]
        lines += [f"  * Caution: {escaped(text)}" for text in line.cautions[:4]]
    label = says.plan.knowledge.label(drug)
    sources = cards.sources_of(says, [name for one in options for name in brief.of(says.plan, one).sources])
    return card(says, "info", f"{label}: fits this record", [*lines, *sources], {one.id: one.status for one in options})


def _why_not(says: Says, order: Order, drug: str, options: list[Option]) -> Card:
    """Why an order does not fit, with the ways to go on against it."""
    plan, best = says.plan, options[0]
    words = {"depends": "depends on what is not known", "unsuitable": "must not be given, by what is recorded"}.get(
        best.status, "does not fit"
    )
    lines = []
    for one in options[:4]:
        line = brief.of(plan, one)
        lines.append(f"* **{escaped(line.title)}**: {escaped(line.reason)}")
        if one.status == "unsuitable":
            lines += [
                f"  * {escaped(brief.caution(plan, each))}"
                for each in one.cautions
                if each.severity == "contraindicated" and each.applies
            ]
        if one.status == "depends":
            lines.append(f"  * Not known: {escaped(', '.join(_names(plan, one.depends_on)))}")
    sources = cards.sources_of(says, [name for one in options[:4] for name in brief.of(plan, one).sources])
    indicator = "critical" if best.status == "unsuitable" else "warning"
    summary = f"{plan.knowledge.label(drug)} {words}"
    return card(
        says, indicator, summary, [*lines, *sources], {one.id: one.status for one in options}, overrideReasons=override_reasons()
    )


def _names(plan: Plan, ids: list[str]) -> list[str]:
    found = []
    for name in ids:
        fact, test = plan.knowledge.facts.get(name), plan.knowledge.tests.get(name)
        found.append(fact.label if fact else test.title if test else name)
    return found


def override_reasons() -> list[dict[str, str]]:
    return [{"code": code, "system": _SYSTEM, "display": words} for code, words in REASONS]


def _held(says: Says, order: Order, drug: str) -> list[Card]:
    """A drug that is taken now and waits or ends by a rule of conduct, and is ordered again."""
    plan = says.plan
    one = next((each for each in plan.going_on if each.drug == drug and each.action != "goes-on"), None)
    if one is None:
        return []
    lines = [f"* {escaped(rule.text)}{escaped(f' ({rule.because})') if rule.because else ''}" for rule in one.rules]
    lines += [f"* A red flag is up that it may have caused: {escaped(name)}" for name in one.alarms]
    sources = cards.sources_of(says, [name for rule in one.rules for name in rule.sources])
    indicator = "critical" if one.action == "stop" else "warning"
    return [card(says, indicator, one.words, [*lines, *sources], {}, overrideReasons=override_reasons())]


def _interactions(house: House, says: Says, chosen: list[Order]) -> list[Card]:
    """What is ordered, against what is taken and what else is ordered."""
    ordered = {drug for one in chosen for drug in one.drugs}
    if not ordered:
        return []
    plan = says.plan
    record = msgspec.structs.replace(plan.record, medications=list(plan.record.medications))
    record, _ = interactions_of(sorted(ordered), house.knowledge, record)
    met = interactions(house.plan(record, plan.region, plan.day))
    mine = [one for one in met if one.now and ({one.drug, *one.meets} & ordered)]
    return [_meeting(says, one) for one in mine if one.severity in ("contraindicated", "major")]


def _meeting(says: Says, one: Interaction) -> Card:
    indicator = "critical" if one.severity == "contraindicated" else "warning"
    summary = f"{one.drug_label} and {', '.join(one.meets_labels)}: {one.severity} interaction"
    lines = [f"* {escaped(one.text)}", *cards.sources_of(says, one.sources)]
    return card(says, indicator, summary, lines, {}, overrideReasons=override_reasons())
