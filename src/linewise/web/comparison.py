"""Options beside each other as an option grid: the rows are people's questions, marked where a wish makes one matter more."""

from __future__ import annotations

import msgspec

from linewise.knowledge.counted import tested
from linewise.plan import Plan
from linewise.plan.calendar import Calendar, calendar
from linewise.plan.model import Option
from linewise.plan.side_effects import Rate, rates, strongest

from . import glance

DAYS = 84
_PREFERS = "prefers"


class Line(msgspec.Struct):
    """One line of a cell; `share` of 100 people where it can be drawn."""

    text: str
    share: float | None = None


class Row(msgspec.Struct):
    """One question, with a cell for each option. `wish`: what the person said matters to them."""

    id: str
    label: str
    cells: list[list[Line]]
    wish: str = ""


def comparison(found: Plan, chosen: list[Option]) -> list[Row]:
    """The rows that hold something; what matters to the person comes first among them."""
    knowledge = found.knowledge
    said = knowledge.wording.first.compare
    effects = {one.id: {rate.effect: rate for rate in strongest(rates([one.id], knowledge))} for one in chosen}
    plans = {one.id: calendar(knowledge.treatments[one.id], knowledge, DAYS) for one in chosen}
    plain: dict[str, list[list[str]]] = {
        "fit": [[glance.STATUS[one.status], *found.why(one.id)[:2]] for one in chosen],
        "what": [[one.plain] if one.plain else [] for one in chosen],
        "help": [_benefit(found, one) for one in chosen],
        "way": [glance.routes(knowledge.treatments[one.id], knowledge) for one in chosen],
        "visits": [_visits(plans[one.id], said) for one in chosen],
        "taken": [glance.taken(knowledge.treatments[one.id], knowledge) for one in chosen],
        "tests": [_tests(plans[one.id]) for one in chosen],
    }
    rows = [Row(name, said[name], [[Line(text) for text in cell] for cell in cells]) for name, cells in plain.items()]
    rows.append(Row("feel", said["feel"], [[_rate(rate, said) for rate in list(effects[one.id].values())[:5]] for one in chosen]))
    for each in knowledge.guide.compare:
        cells = [[_rate(effects[one.id][name], said) for name in each.effects if name in effects[one.id]] for one in chosen]
        rows.append(Row(each.effects[0], each.label, cells))
    care = [[Line(glance.for_me(one, knowledge)) for one in glance.cautions_for_me(option.cautions)][:4] for option in chosen]
    rows.append(Row("care", said["care"], care))
    rows = [row for row in rows if any(row.cells)]
    _wishes(found, rows)
    return sorted(rows, key=lambda row: (row.id != "fit", not row.wish))


def _wishes(found: Plan, rows: list[Row]) -> None:
    """Mark the rows that a wish is about. A wish never hides an option."""
    wished = found.decider.fact_value(_PREFERS)
    for wish, row_id in found.knowledge.guide.wishes.items():
        if isinstance(wished, frozenset) and wish in wished:
            for row in rows:
                if row.id == row_id:
                    row.wish = found.words.value_label(_PREFERS, wish)


def _visits(found: Calendar, said: dict[str, str]) -> list[str]:
    days = {one.day for one in found.days if one.day > 0}
    return [said["days"].format(n=len(days))] if days else []


def _tests(found: Calendar) -> list[str]:
    return list(dict.fromkeys(day.what for day in [*found.days, *found.also] if day.kind == "test"))[:6]


def _benefit(found: Plan, one: Option) -> list[str]:
    """What the trials found; of people who were other, only that they were."""
    told = []
    for each in one.evidence:
        trial = found.knowledge.evidence.get(each.id)
        if trial is not None and tested(trial, found.knowledge.treatments[one.id], found.knowledge):
            told.append(each.whose if each.people is False else f"{trial.plain or each.result} {each.whose}".strip())
    return told[:2]


def _rate(rate: Rate, said: dict[str, str]) -> Line:
    """How often, in both ways of saying it, on one scale of 100 people."""
    if rate.treatment is None:
        text = said["severe"].format(n=f"{rate.severe:g}") if rate.severe is not None else rate.often or said["unknown"]
        return Line(f"{rate.label}: {text}", rate.severe)
    text = said["share"].format(n=f"{rate.treatment:g}", rest=f"{round(100 - rate.treatment, 1):g}")
    severe = f" {said['severe'].format(n=f'{rate.severe:g}')}" if rate.severe is not None else ""
    return Line(f"{rate.label}: {text}{severe}", rate.treatment)
