"""What if one fact were different: which choices come and which go, on the whole plan. Nothing of it is stored."""

from __future__ import annotations

from typing import Any

from linewise.knowledge.model import Fact
from linewise.plan import Plan, make_plan
from linewise.plan.model import OFFERED
from linewise.plan.what_if import changed

from .frame import Answer, Ask, Page, Refusal, View

_KINDS = ("choice", "yes-no", "set")
_YES_NO = {"true": "yes", "false": "no"}


async def what_if(ask: Ask) -> Answer:
    """First which fact, then what it would be, then what changes."""
    found, name = ask.plan, ask.one("fact", most=80)
    fact = _asked(found).get(name) if name else None
    if name and fact is None:
        raise Refusal(404, "This cannot be changed here.")
    value = ask.one("value", most=80)
    values = _values(fact) if fact is not None else {}
    if value and value not in values:
        raise Refusal(422, "Choose one of the answers.")
    data: dict[str, Any] = {
        "facts": [{"id": one.id, "label": one.label, "now": found.words.fact_value(one.id)} for one in _asked(found).values()],
        "fact": {"id": name, "label": fact.label, "now": found.words.fact_value(name), "values": values} if fact else None,
        "value": value,
        "moves": _moves(ask, found, name, value) if fact is not None and value else None,
    }
    open_first = {about for about in found.waiting if isinstance(about, str)}
    data["facts"].sort(key=lambda one: (one["id"] not in open_first, one["label"].lower()))
    return Page(template="what_if.html", title="What if", data=data, context={"open_first": open_first})


def _asked(found: Plan) -> dict[str, Fact]:
    """The facts that can be changed: recorded ones with few answers that the questions ask about, or that an option waits for."""
    steps = {one.member.split(".")[-1] for one in found.knowledge.guide.steps}
    waiting = {about for about in found.waiting if isinstance(about, str)}
    return {
        name: fact
        for name, fact in found.knowledge.facts.items()
        if fact.type in _KINDS and not fact.derived and (name in waiting or name in steps or fact.test or fact.ask is not None)
    }


def _values(fact: Fact) -> dict[str, str]:
    """The answers that a fact can have, and what they are called."""
    return _YES_NO if fact.type == "yes-no" else {name: one.label for name, one in fact.values.items()}


def _moves(ask: Ask, found: Plan, name: str, value: str) -> dict[str, list[dict[str, str]]]:
    """The options that would come, go, or hang on something, each with why it would be so."""
    fact = found.knowledge.facts[name]
    said: object = value == "true" if fact.type == "yes-no" else value
    record = changed(found.record, {name: said}, found.knowledge, found.day)
    other = make_plan(record, found.knowledge, ask.day, found.region)
    moves: dict[str, list[dict[str, str]]] = {"come": [], "go": [], "open": []}
    for one in other.with_status("preferred", "suitable", "depends", "unsuitable", "not-indicated", brief=True):
        before, after = found.status(one.id) in OFFERED, one.status in OFFERED
        into = "come" if after and not before else "go" if before and not after else ""
        into = into or ("open" if one.status == "depends" and found.status(one.id) != "depends" else "")
        if into:
            moves[into].append({"id": one.id, "title": one.title, "why": " ".join(other.why(one.id))})
    return moves


VIEWS = [
    View(
        path="/what-if",
        summary="What if one fact were different",
        handler=what_if,
        query={"fact": "the fact to change", "value": "what it would be"},
        needs_plan=True,
    )
]
