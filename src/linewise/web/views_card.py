"""A card for emergencies, to print or to keep on the phone: what is taken, what could happen, whom to call."""

from __future__ import annotations

from linewise.plan import Plan
from linewise.plan.risks import risks

from .frame import Answer, Ask, Page, View, plain

_MOST = 6


async def card(ask: Ask) -> Answer:
    """The card."""
    found = ask.plan
    dangers = [{"title": one.title, "plain": one.plain, "sources": list(one.source)} for one in risks(found)]
    data = {
        "as_of": found.as_of,
        "taken": _taken(found),
        "where": [fact.value for fact in found.facts if fact.id == "sites" and fact.known],
        "risks": dangers[:_MOST],
        "more": max(0, len(dangers) - _MOST),
        "numbers": [plain(one) for one in ask.calls.now()],
    }
    return Page(template="card.html", title="Card for emergencies", data=data)


def _taken(found: Plan) -> list[str]:
    """The names of all drugs that are taken now, those against the cancer first; with a mark where that is not certain."""
    names: dict[str, None] = {}
    for line in found.lines:
        if line.ongoing is not False:
            mark = "" if line.ongoing else " (perhaps)"
            names.update(dict.fromkeys(f"{found.knowledge.label(drug)}{mark}" for drug in line.drugs))
    names.update(dict.fromkeys(found.knowledge.label(one.drug) for one in found.chart.history.medications))
    return list(names)


VIEWS = [View(path="/card", summary="A card for emergencies", handler=card, needs_plan=True)]
