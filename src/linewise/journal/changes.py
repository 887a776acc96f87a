"""What changed for one person since the last look: options that fit now or no longer do, with the statement that changed."""

from __future__ import annotations

import msgspec

from linewise.plan import Plan

from .documents import Look


class Change(msgspec.Struct):
    """One option whose status is another one now."""

    id: str
    title: str
    before: str
    now: str
    because: list[str]


def look(plan: Plan) -> Look:
    """The state to remember."""
    return Look(
        on=plan.day,
        digest=plan.knowledge.content.digest,
        region=plan.region or "",
        statuses={name: plan.status(name) for name in plan.judged},
        statements={name: _in_force(plan, name) for name in plan.judged},
        alerts=[one.id for one in plan.urgent],
    )


def changes(plan: Plan, before: Look) -> list[Change]:
    """The options whose status differs from what was remembered, with what became new or ended."""
    found = []
    for name in plan.judged:
        old = before.statuses.get(name, "new" if before.statuses else "")
        now = plan.status(name)
        if not old or old == now or (old == "new" and now == "not-indicated"):
            continue
        statements = _in_force(plan, name)
        earlier = before.statements.get(name, [])
        because = [f"New: {text}" for text in statements if text not in earlier]
        because += [f"No longer: {text}" for text in earlier if text not in statements]
        found.append(Change(name, plan.knowledge.treatments[name].title, old, now, because or [plan.option(name).reason]))
    return found


def _in_force(plan: Plan, name: str) -> list[str]:
    """The statements on an option that hold on the day, in one line each."""
    return [f"{one.region} {one.body}: {one.statement} since {one.since}" for one in plan.option(name).standing if one.in_force]
