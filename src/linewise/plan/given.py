"""How the drugs of an option are given: with doses for the team and in the document, without them for the person."""

from __future__ import annotations

import re

from linewise.knowledge import Knowledge
from linewise.knowledge.model import Dose, Treatment

from .model import Given

ROUTES = {
    "oral": "by mouth",
    "intravenous": "drip into a vein",
    "subcutaneous": "injection under the skin",
    "intramuscular": "injection into a muscle",
    "topical": "on the skin",
    "other": "in another way",
}


def given(treatment: Treatment, knowledge: Knowledge) -> list[Given]:
    """Each drug of the regimen with dose, route and schedule, as its source has it."""
    return [
        Given(
            drug=one.drug,
            label=knowledge.label(one.drug),
            dose=one.dose or "",
            route=_route(one, knowledge) or "",
            schedule=one.schedule or "",
            cycle=one.cycle,
            days=list(one.days),
            first_days=list(one.first_days),
            text=one.text or "",
            review=one.review,
            sources=list(one.source),
        )
        for one in treatment.regimen
    ]


def taken(treatment: Treatment, knowledge: Knowledge, team: bool = False) -> list[str]:
    """How each drug is taken, a line each. Doses, and notes for those who prescribe, are for the team."""
    lines = [_line(dose, knowledge, team) for dose in treatment.regimen]
    told = {dose.drug for dose in treatment.regimen}
    for name in treatment.drugs:
        drug = knowledge.drugs.get(name)
        if drug is not None and name not in told and drug.route in ROUTES:
            lines.append(f"{drug.label}: {ROUTES[drug.route]}")
    return lines


def routes(treatment: Treatment, knowledge: Knowledge) -> list[str]:
    """The ways in which an option is given, each once."""
    found = [dose.route for dose in treatment.regimen]
    found += [knowledge.drugs[name].route for name in treatment.drugs if name in knowledge.drugs]
    return list(dict.fromkeys(ROUTES[one] for one in found if one in ROUTES))


def _route(dose: Dose, knowledge: Knowledge) -> str | None:
    drug = knowledge.drugs.get(dose.drug)
    return dose.route or (drug.route if drug else None)


def _line(dose: Dose, knowledge: Knowledge, team: bool) -> str:
    route = _route(dose, knowledge)
    schedule = dose.schedule if team else _without_doses(dose.schedule or "")
    parts = [dose.dose if team else None, ROUTES.get(route or "", route), schedule, dose.text if team else None]
    if not dose.schedule and dose.cycle and dose.days:
        days = ", ".join(str(day) for day in dose.days)
        parts.insert(2, f"day {days} of every {dose.cycle} days")
    return f"{knowledge.label(dose.drug)}: {', '.join(part for part in parts if part)}"


def _without_doses(schedule: str) -> str:
    """A schedule without the amounts that stand in it: how often is for everybody, how much for those who prescribe."""
    parts = re.split(r"(?=, | \(|; )", schedule)
    return "".join(part for part in parts if not re.search(r"\d\s*(mg|g|µg|ml|Gy)\b", part)).strip(",; ")
