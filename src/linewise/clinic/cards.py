"""One plan as CDS Hooks cards: what is urgent, what waits, what is missing, what fits. Text of a record is never formatting."""

from __future__ import annotations

import re
import uuid
from typing import Any

import msgspec

from linewise.exchange.codes import Codes
from linewise.plan import Plan
from linewise.plan.model import Status

from . import brief
from .gather import Gathered
from .proposals import Proposals
from .settings import Ehr, Settings

Card = dict[str, Any]

EXTENSION = "org.linewise.plan"
_LONGEST = 139
_MOST_OPTIONS, _MOST_TESTS, _MOST_URGENT = 12, 8, 5
_SPECIAL = re.compile(r"[\\`*_\[\]<>#|~&@!]|:(?=//)|(?<=\bwww)\.|:(?=[^\s])")


class Says(msgspec.Struct, frozen=True):
    """What a card needs to know besides its plan."""

    plan: Plan
    gathered: Gathered
    settings: Settings
    ehr: Ehr | None
    codes: Codes
    user: str
    answer: str


def escaped(text: str) -> str:
    """Text of a record or of the medicine as GitHub Markdown shows it letter by letter, never at the beginning of a line.

    A character reference shows a sign and never formats, links or begins a tag.
    """
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", " ".join(text.split()))


def short(text: str, most: int = _LONGEST) -> str:
    """A summary: one line, below 140 characters."""
    plain = " ".join(text.split())
    return plain if len(plain) <= most else plain[: most - 1].rstrip(" ,;") + "…"


def card(says: Says, indicator: str, summary: str, lines: list[str], options: dict[str, Status], **more: Any) -> Card:
    """One card. Members without content are left out."""
    plan = says.plan
    shown = [{"id": name, "status": status} for name, status in options.items()]
    extension = {
        "answer": says.answer,
        "as_of": plan.as_of,
        "region": plan.region,
        "medicine": plan.knowledge.content.version,
        "options": shown,
    }
    source = {"label": "Linewise", "url": says.settings.base}
    found: Card = {"uuid": str(uuid.uuid4()), "summary": short(summary), "indicator": indicator, "source": source}
    if lines:
        found["detail"] = "\n".join(lines)
    if says.ehr is not None and says.ehr.client_id:
        found["links"] = [{"label": "Open the whole plan", "url": f"{says.settings.base}/launch", "type": "smart"}]
    found |= {name: value for name, value in more.items() if value}
    found["extension"] = {EXTENSION: {name: value for name, value in extension.items() if value is not None and value != ""}}
    return found


def patient_view(says: Says) -> list[Card]:
    """The cards when a chart is opened. A record that was read in part gives alarms, and no word on what fits or lacks."""
    plan = says.plan
    found = [*urgent(says), *waiting(says)]
    if says.gathered.partial:
        return [*found, partial(says)]
    if plan.scope is None:
        found += [*missing(says), *fitting(says)]
    return [*found, *strangers(says)] if found or says.gathered.strangers else []


def urgent(says: Says) -> list[Card]:
    """The red flags that are up, the most urgent first."""
    found = []
    for one in says.plan.urgent[:_MOST_URGENT]:
        indicator = "critical" if one.act == "emergency" else "warning"
        lines = [
            f"What to do: {escaped(one.text or one.plain or one.title)}",
            "",
            f"Because: {escaped(one.because)}",
            *sources_of(says, one.sources),
        ]
        found.append(card(says, indicator, one.title, lines, {}))
    rest = says.plan.urgent[_MOST_URGENT:]
    if rest:
        worst = "critical" if any(one.act == "emergency" for one in rest) else "warning"
        found.append(
            card(says, worst, f"Also: {'; '.join(one.title for one in rest)}", [f"* {escaped(one.title)}" for one in rest], {})
        )
    return found


def waiting(says: Says) -> list[Card]:
    """What is taken now and does not simply go on."""
    parts = brief.interrupted(says.plan)
    if not parts:
        return []
    lines = []
    for words, _, rules, _ in parts:
        lines += [f"* **{escaped(words)}**", *(f"  * {escaped(rule)}" for rule in rules)]
    sources = [name for *_, names in parts for name in names]
    severe = any(action in ("hold", "stop") for _, action, *_ in parts)
    summary = "; ".join(words for words, *_ in parts)
    return [card(says, "warning" if severe else "info", summary, [*lines, *sources_of(says, sources)], {})]


def partial(says: Says) -> Card:
    """The record was read in part: what lacks in it may only not have been read."""
    lines = ["What fits and what is missing is not said, because this was not read:", ""]
    lines += [f"* {escaped(part)}" for part in says.gathered.partial]
    return card(says, "warning", "The record was read in part: no options are shown", [*lines, *_strange_lines(says)], {})


def strangers(says: Says) -> list[Card]:
    lines = _strange_lines(says)
    return [card(says, "warning", "Entries about another patient were left out", lines, {})] if lines else []


def _strange_lines(says: Says) -> list[str]:
    kinds = says.gathered.strangers
    return (
        [f"* {len(kinds)} entries about another patient were left out: {escaped(', '.join(sorted(set(kinds))))}"] if kinds else []
    )


def missing(says: Says) -> list[Card]:
    """What is not known and could open options, or must come before one; as proposals that a person may take."""
    plan = says.plan
    tests = [one for one in plan.tests if one.due or one.unlocks][:_MOST_TESTS]
    waits = {name: plan.status(name) for one in tests for name in one.unlocks}
    if not tests:
        return []
    lines = []
    for one in tests:
        opens = [plan.knowledge.treatments[name].title for name in one.unlocks]
        about = f": could open {', '.join(opens[:4])}{' and more' if len(opens) > 4 else ''}" if opens else ""
        lines.append(f"* **{escaped(one.title)}**{escaped(about)} ({escaped(one.because)})")
    made = Proposals(plan, says.codes, says.gathered.resources, says.gathered.patient, says.user)
    suggestions = [_suggestion(f"Propose: {one.title}", [made.test(one)]) for one in tests]
    summary = f"Not known yet and could change the options: {', '.join(one.title for one in tests)}"
    sources = sources_of(says, [name for one in tests for name in one.sources])
    return [card(says, "info", summary, [*lines, *sources], waits, suggestions=suggestions, selectionBehavior="any")]


def fitting(says: Says) -> list[Card]:
    """What fits, in the order of the plan, with who stands behind it; as proposals that a person may take."""
    plan = says.plan
    lines_ = brief.offered(plan)
    if not lines_:
        return []
    shown = [one for one in lines_ if one.kind == "systemic"][:_MOST_OPTIONS]
    shown += [one for one in lines_ if one.kind != "systemic"][: _MOST_OPTIONS - len(shown)]
    lines = []
    for one in shown:
        lines += [
            f"* **{escaped(one.title)}**: {escaped(brief.STATUS[one.status])}",
            *(f"  * {escaped(text)}" for text in one.standing[:3]),
        ]
        lines += [f"  * Caution: {escaped(text)}" for text in one.cautions[:3]]
        lines += [f"  * Source: {text}" for text in _links(says, one.sources)]
    if len(shown) < len(lines_):
        lines.append(f"* and {len(lines_) - len(shown)} more in the whole plan")
    lines += _unread(plan)
    made = Proposals(plan, says.codes, says.gathered.resources, says.gathered.patient, says.user)
    suggestions = [_suggestion(f"Propose: {one.title}", made.for_order_entry(one.id)) for one in shown if one.kind == "systemic"]
    summary = f"Fits this record: {', '.join(one.title for one in shown)}"
    more = {"suggestions": suggestions, "selectionBehavior": "any" if suggestions else None}
    return [card(says, "info", summary, lines, {one.id: one.status for one in lines_}, **more)]


def _unread(plan: Plan) -> list[str]:
    if not plan.unread:
        return []
    listed = [f"  * {escaped(one['where'])}: {escaped(one['what'])} ({escaped(one['why'])})" for one in plan.unread[:6]]
    more = f" (the first 6 of {len(plan.unread)})" if len(plan.unread) > 6 else ""
    return [f"* Not understood in the record{more}:", *listed]


def _suggestion(label: str, resources: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    actions = [{"type": "create", "description": _about(one), "resource": one} for _, one in resources]
    return {"label": short(label, 80), "uuid": str(uuid.uuid4()), "actions": actions}


def _about(resource: dict[str, Any]) -> str:
    concept = resource.get("medicationCodeableConcept") or resource.get("code") or {}
    return short(f"A proposal, no order: {concept.get('text') or 'these belong together'}")


def _links(says: Says, ids: list[str], most: int = 2) -> list[str]:
    found = []
    for one in list(brief.cited(says.plan, ids).values())[:most]:
        words = escaped(", ".join(str(one[key]) for key in ("publisher", "title", "date") if key in one))
        found.append(f"[{words}]({one['url']})" if "url" in one and not set(one["url"]) & set(" ()<>\"'") else words)
    return found


def sources_of(says: Says, ids: list[str]) -> list[str]:
    links = _links(says, list(dict.fromkeys(ids)), 4)
    return ["", "Sources:", *(f"* {one}" for one in links)] if links else []
