"""The tools that an assistant may use: read-only questions with bounded answers that cite their sources and say what is not known.

An assistant hands over a record as an object, never a path or an address. An answer stays below 40 kB, so that it and its text form together stay below 100 kB; what
was left out to keep it so is named in `limits`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from linewise.errors import LinewiseError
from linewise.plan import Plan
from linewise.plan.why import options_named

from . import brief
from .desk import Desk

MOST = 40_000  # bytes of one answer as JSON
_LARGEST = 16 * 1024 * 1024  # bytes of what is asked with
_LONGEST_TEXT = 200_000

Value = dict[str, Any]
_TEXT: Value = {"type": "string"}
_TEXTS: Value = {"type": "array", "items": _TEXT}
_RECORD: Value = {
    "type": "object",
    "description": "The patient's record: a FHIR R4 bundle, or a Linewise profile, as an object. Never a path or an address.",
}
_REGION: Value = {
    "type": "string",
    "description": "Whose approvals and guidelines decide: US, EU, UK or DE. Without it the record's own, else the best of all.",
}
_AS_OF: Value = {"type": "string", "description": "As of which day, as 2026-11-30. Today without it."}
_LIMITS: Value = {"type": "array", "items": _TEXT, "description": "What was left out of this answer, and how to ask for it."}
_UNKNOWN = "Unknown is a value: what is not recorded is not negative. `depends` means that something is not known, never that it does not fit."


class Tool(msgspec.Struct, frozen=True):
    """One tool: its name, what it is for, what it takes and gives."""

    name: str
    title: str
    text: str
    takes: Value
    gives: Value
    work: Callable[[Desk, Value], Value]


def answer(tool: Tool, desk: Desk, given: Value) -> Value:
    """The answer of a tool. Raises LinewiseError with words for the assistant."""
    known = tool.takes["properties"]
    strange = [name for name in given if name not in known]
    missing = [name for name in tool.takes["required"] if name not in given]
    if strange or missing:
        said = [f"not known: {', '.join(map(repr, strange[:5]))}"] if strange else []
        said += [f"missing: {', '.join(missing)}"] if missing else []
        raise LinewiseError(f"{tool.name} takes {', '.join(known)}; {'; '.join(said)}.")
    for name, value in given.items():
        kind = known[name]["type"]
        right = {"string": str, "object": dict, "array": list, "integer": int}[kind]
        if value is not None and (not isinstance(value, right) or isinstance(value, bool)):
            raise LinewiseError(f"{name} must be {'an' if kind[0] in 'aoi' else 'a'} {kind}.")
    if len(msgspec.json.encode(given)) > _LARGEST:
        raise LinewiseError("what was sent is larger than 16 MB.")
    return tool.work(desk, given)


def _object(required: list[str], **properties: Value) -> Value:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


def _gives(required: list[str], **properties: Value) -> Value:
    return {"type": "object", "required": required, "properties": properties}


def _size(value: Value) -> int:
    return len(msgspec.json.encode(value))


def _fitted(value: Value, steps: list[tuple[str, Callable[[Value], None]]]) -> Value:
    """Shorten an answer, one step after the other, until it is small enough, and say what was left out."""
    for said, step in steps:
        if _size(value) <= MOST:
            return value
        step(value)
        value.setdefault("limits", []).append(said)
    if _size(value) > MOST:
        raise LinewiseError("the answer is too large; ask about one option.")
    return value


# Plan


def _plan(desk: Desk, given: Value) -> Value:
    plan = desk.plan(given["record"], given.get("region"), given.get("as_of"))
    return plan_value(plan)


def plan_value(plan: Plan) -> Value:
    """A plan as an assistant gets it: every option with its status, those that may fit in full."""
    lines = [*brief.offered(plan), *brief.depends(plan)]
    full = {one.id for one in lines}
    options: list[Value] = [_line(one) for one in lines]
    for name, status in brief.statuses(plan).items():
        if name not in full:
            options.append({"id": name, "title": plan.knowledge.treatments[name].title, "status": status})
    cited = [name for one in lines for name in one.sources]
    cited += [name for one in plan.tests for name in one.sources] + [name for one in plan.urgent for name in one.sources]
    cited += [name for *_, names in brief.interrupted(plan) for name in names]
    value: Value = {
        "as_of": plan.as_of,
        "region": plan.region,
        "scope": plan.scope,
        "subject": msgspec.to_builtins(plan.subject),
        "urgent": [
            {"id": one.id, "title": one.title, "act": one.act, "because": one.because, "sources": one.sources}
            for one in plan.urgent
        ],
        "going_on": [{"what": words, "action": action, "rules": rules} for words, action, rules, _ in brief.interrupted(plan)],
        "tests": [
            {"id": one.id, "title": one.title, "unlocks": one.unlocks, "because": one.because, "sources": one.sources}
            for one in plan.tests
        ],
        "options": options,
        "facts": [{"label": one.label, "value": one.value, "on": one.on, "assumed": one.assumed} for one in plan.facts],
        "assumed": plan.assumed,
        "unread": plan.unread[:30],
        "notes": plan.notes,
        "sources": brief.cited(plan, cited),
        "medicine": plan.knowledge.edition,
        "unknown": _UNKNOWN,
        "disclaimer": plan.disclaimer,
    }
    if len(plan.unread) > 30:
        value["limits"] = [f"30 of {len(plan.unread)} entries that were not understood are listed."]
    return _fitted(value, _SHORTER)


def _line(one: brief.Line) -> Value:
    found: Value = msgspec.to_builtins(one)
    return found


def _without(*names: str, at_most: int = 0) -> Callable[[Value], None]:
    def step(value: Value) -> None:
        for option in value["options"]:
            for name in names:
                if isinstance(option.get(name), list) and len(option[name]) > at_most:
                    option[name] = option[name][:at_most]
                    if not option[name]:
                        del option[name]

    return step


def _fewer_sources(value: Value) -> None:
    kept = {name for option in value["options"] for name in option.get("sources", [])}
    kept |= {name for part in ("tests", "urgent") for one in value[part] for name in one["sources"]}
    value["sources"] = {name: one for name, one in value["sources"].items() if name in kept}


def _ids_only(value: Value) -> None:
    for option in value["options"]:
        if option["status"] in ("unsuitable", "not-indicated"):
            option.pop("title", None)


def _two_sources(value: Value) -> None:
    _without("sources", at_most=2)(value)
    _fewer_sources(value)


def _short_reasons(value: Value) -> None:
    for option in value["options"]:
        for name in ("evidence", "cautions", "standing"):
            option.pop(name, None)
        if len(option.get("reason", "")) > 160:
            option["reason"] = option["reason"][:159] + "…"


def _few_unread(value: Value) -> None:
    value["unread"] = value["unread"][:5]


_SHORTER: list[tuple[str, Callable[[Value], None]]] = [
    ("Cautions: at most 4 an option; `why` gives all.", _without("cautions", at_most=4)),
    ("Evidence: at most 1 an option; `why` gives all.", _without("evidence", at_most=1)),
    ("Sources: at most 2 an option; `why` gives all.", _two_sources),
    ("Options that do not fit are listed by id only; `why` gives the reason.", _ids_only),
    ("Evidence is left out; `why` gives it.", _without("evidence")),
    ("Cautions: at most 2 an option; `why` gives all.", _without("cautions", at_most=2)),
    ("Standing: at most 1 an option; `why` gives all.", _without("standing", at_most=1)),
    ("Standing, cautions and long reasons are left out; `why` gives them.", _short_reasons),
    ("What was not understood: 5 entries.", _few_unread),
]


# Why


def _why(desk: Desk, given: Value) -> Value:
    plan = desk.plan(given["record"], given.get("region"), given.get("as_of"))
    names = options_named(plan.knowledge, given["option"])
    order = {name: number for number, name in enumerate(names)}
    best = sorted(names, key=lambda name: (plan.status(name) == "not-indicated", order[name]))
    listed = []
    for option, changes in desk.why(given["record"], best[0], given.get("region"), given.get("as_of"))[1]:
        listed.append(_line(brief.of(plan, option)) | {"would_fit": changes, "because": _tree(option.because, 6)})
    for name in best[1:8]:
        line = brief.line(plan, name)
        listed.append(
            {"id": line.id, "title": line.title, "status": line.status, "reason": line.reason, "sources": line.sources[:3]}
        )
    value: Value = {
        "as_of": plan.as_of,
        "region": plan.region,
        "subject": msgspec.to_builtins(plan.subject),
        "options": listed,
        "sources": brief.cited(plan, [name for one in listed for name in one.get("sources", [])]),
        "unknown": _UNKNOWN,
        "disclaimer": plan.disclaimer,
    }
    if len(names) > 8:
        value["limits"] = [f"8 of {len(names)} options with this drug are shown; ask for one by its id: {', '.join(best[8:40])}"]
    return _fitted(
        value,
        [
            ("The tree of reasons is cut at its third level.", lambda found: _cut(found, 3)),
            ("The tree of reasons is cut at its first level.", lambda found: _cut(found, 1)),
            ("Cautions: at most 6.", _without("cautions", at_most=6)),
        ],
    )


def _tree(because: Any, depth: int) -> Value:
    found: Value = {"text": because.plain or because.text, "value": because.value}
    if because.from_:
        found["from"] = because.from_[:4]
    if because.assumed:
        found["assumed"] = True
    if because.note:
        found["note"] = because.note
    if because.parts and depth:
        found["parts"] = [_tree(part, depth - 1) for part in because.parts]
        found["joined"] = "all" if because.all else "any" if because.any else "not"
    return found


def _cut(value: Value, depth: int) -> None:
    def shorter(tree: Value, left: int) -> None:
        if not left:
            tree.pop("parts", None)
        for part in tree.get("parts", []):
            shorter(part, left - 1)

    for option in value["options"]:
        if "because" in option:
            shorter(option["because"], depth)


def _what_if(desk: Desk, given: Value) -> Value:
    plan, moved = desk.what_if(given["record"], given["facts"], given.get("region"), given.get("as_of"))
    shown = [
        {"id": one.option, "title": one.title, "before": one.before, "after": one.after, "because": one.because} for one in moved
    ]
    value: Value = {
        "as_of": plan.as_of,
        "region": plan.region,
        "subject": msgspec.to_builtins(plan.subject),
        "shifts": shown[:60],
        "unknown": _UNKNOWN,
        "disclaimer": plan.disclaimer,
    }
    if len(shown) > 60:
        value["limits"] = [f"60 of {len(shown)} options that move are shown."]
    return value


# Without a record


def _interactions(desk: Desk, given: Value) -> Value:
    found, unknown = desk.interactions(given["medicines"])
    shown = [
        {"drug": one.drug, "meets": one.meets, "id": one.id, "severity": one.severity, "text": one.text, "sources": one.sources}
        for one in found[:60]
    ]
    names = [name for one in found[:60] for name in one.sources]
    return {
        "interactions": shown,
        "not_known": unknown,
        "unknown": "None listed is no promise that there is none; about a name in `not_known` nothing is known here.",
        "sources": _sources(desk, names),
    }


def _sources(desk: Desk, ids: list[str]) -> Value:
    found = {}
    for name, one in desk.knowledge.sources_of(tuple(dict.fromkeys(ids))).items():
        known = {"title": one.title, "publisher": one.publisher, "date": one.date.text if one.date else None, "url": one.url}
        found[name] = {key: value for key, value in known.items() if value}
    return found


def _side_effects(desk: Desk, given: Value) -> Value:
    rows = desk.side_effects(given["option"])[:80]
    shown = [
        {
            "option": one.option, "trial": one.trial, "effect": one.effect, "percent": one.treatment, "severe_percent": one.severe,
            "control_percent": one.control, "control": one.control_label, "sources": one.sources,
        }
        for one in rows
    ]  # fmt: skip
    return {
        "side_effects": shown,
        "unknown": "null: the trial did not count it, or it is not known here.",
        "sources": _sources(desk, [n for o in rows for n in o.sources]),
    }


def _search(desk: Desk, given: Value) -> Value:
    found = desk.search(given["query"], given.get("limit") or 10)
    shown = [
        {"kind": one.kind, "id": one.id, "title": one.title, "extract": one.extract[:600], "sources": one.sources[:4]}
        for one in found
    ]
    return {"results": shown, "sources": _sources(desk, [name for one in shown for name in one["sources"]])}


def _knowledge(desk: Desk, given: Value) -> Value:
    found = desk.thing(given["id"])
    value: Value = {"id": given["id"], "things": found, "medicine": desk.knowledge.edition}
    if _size(value) > MOST:
        parts = {
            folder: {key: part for key, part in thing.items() if _size({"x": part}) < 4000} if isinstance(thing, dict) else thing
            for folder, thing in found.items()
        }
        value |= {"things": parts, "limits": ["Long members are left out."]}
    return value


def _read_document(desk: Desk, given: Value) -> Value:
    """The words of a document as proposals. Nothing counts before a person has confirmed it."""
    from linewise.papers.plain import sheet_of_text
    from linewise.reading.reader import read_sheets

    text = given["text"]
    if len(text) > _LONGEST_TEXT:
        raise LinewiseError(f"the text is longer than {_LONGEST_TEXT} characters.")
    reading = read_sheets([sheet_of_text(text, "the document")], desk.knowledge)
    findings = [
        {
            "fact": one.fact,
            "value": one.value,
            "unit": one.unit,
            "on": one.on,
            "quote": one.quote[:200],
            "sure": one.sure,
            "why": one.why,
        }
        for one in reading.findings
    ]
    courses = [
        {
            "drugs": list(one.drugs),
            "from": one.from_,
            "to": one.to,
            "state": one.state,
            "quote": one.quote[:200],
            "sure": one.sure,
            "why": one.why,
        }
        for one in reading.treatments
    ]
    left = [{"quote": one.quote[:200], "why": one.why} for one in reading.left]
    value: Value = {
        "findings": msgspec.to_builtins(findings)[:120], "treatments": courses[:60], "not_understood": left[:40], "profile": msgspec.to_builtins(reading.profile),
        "unknown": "Proposals only: nothing of this counts before a person has confirmed it. What was not understood is not `none`.",
    }  # fmt: skip
    return value


_PLAN_GIVES = _gives(
    ["as_of", "options", "tests", "urgent", "sources", "unknown", "disclaimer"],
    as_of=_TEXT, region={"type": ["string", "null"]}, scope={"type": ["string", "null"], "description": "why nothing can be offered, where that is so"},
    subject={"type": "object"}, urgent={"type": "array", "items": {"type": "object"}}, going_on={"type": "array", "items": {"type": "object"}},
    tests={"type": "array", "items": _gives(["id", "title", "unlocks"], id=_TEXT, title=_TEXT, unlocks=_TEXTS)},
    options={"type": "array", "items": _gives(["id", "status"], id=_TEXT, title=_TEXT, reason=_TEXT, status={
        "type": "string", "enum": ["preferred", "suitable", "depends", "unsuitable", "not-indicated"], "description": "depends: something is not known, and stays unknown"})},
    facts={"type": "array", "items": {"type": "object"}}, assumed=_TEXTS, unread={"type": "array", "items": {"type": "object"}}, notes=_TEXTS,
    sources={"type": "object"}, medicine=_TEXT, unknown=_TEXT, limits=_LIMITS, disclaimer=_TEXT,
)  # fmt: skip
_LIST: Value = {"type": "array", "items": {"type": "object"}}

TOOLS: dict[str, Tool] = {
    one.name: one
    for one in (
        Tool(
            "plan", "Which treatments fit a record, and why",
            f"Every option for metastatic breast cancer with its status for this record, alarms, tests that are missing, sources with dates. {_UNKNOWN}",
            _object(["record"], record=_RECORD, region=_REGION, as_of=_AS_OF), _PLAN_GIVES, _plan,
        ),
        Tool(
            "why", "Why one option fits or does not",
            "The whole reason for an option (by its id, or by the name of a drug) on this record, and what would have to be different.",
            _object(["record", "option"], record=_RECORD, option=_TEXT, region=_REGION, as_of=_AS_OF),
            _gives(["as_of", "options", "sources"], as_of=_TEXT, options={"type": "array", "items": _gives(["id", "status"], id=_TEXT, status=_TEXT)}, sources={"type": "object"}, limits=_LIMITS), _why,
        ),
        Tool(
            "what_if", "What would change if facts were different",
            "The options whose status would move if facts of this record were different, such as a test result that is still open.",
            _object(["record", "facts"], record=_RECORD, facts={"type": "object", "description": "the name of a fact, and the value it would have"}, region=_REGION, as_of=_AS_OF),
            _gives(["as_of", "shifts"], as_of=_TEXT, shifts=_LIST, limits=_LIMITS), _what_if,
        ),
        Tool(
            "interactions", "What medicines do together", "Known interactions among these medicines, supplements and foods, worst first. None known is no promise.",
            _object(["medicines"], medicines={"type": "array", "items": _TEXT, "minItems": 1, "maxItems": 100}),
            _gives(["interactions", "not_known", "sources"], interactions=_LIST, not_known=_TEXTS, sources={"type": "object"}), _interactions,
        ),
        Tool(
            "side_effects", "How often side effects occurred", "Counted side effects of an option (its id, or a drug), from its trials, in percent of people.",
            _object(["option"], option=_TEXT), _gives(["side_effects", "sources"], side_effects=_LIST, sources={"type": "object"}), _side_effects,
        ),
        Tool(
            "search", "Search everything that Linewise knows", "Extracts with sources about drugs, trials, tests, side effects and pages.",
            _object(["query"], query=_TEXT, limit={"type": "integer", "minimum": 1, "maximum": 30}), _gives(["results", "sources"], results=_LIST, sources={"type": "object"}), _search,
        ),
        Tool(
            "knowledge", "Everything that stands under an id", "The knowledge behind an id: a drug, an option, a fact, a test, a trial, a source, as reviewed by clinicians.",
            _object(["id"], id=_TEXT), _gives(["id", "things"], id=_TEXT, things={"type": "object"}, limits=_LIMITS), _knowledge,
        ),
        Tool(
            "read_document", "Read a letter or report as proposals", "What the text of a document says, with the words that each finding rests on. Proposals only, for a person to confirm.",
            _object(["text"], text=_TEXT), _gives(["findings", "treatments", "not_understood", "unknown"], findings=_LIST, treatments=_LIST, not_understood=_LIST, unknown=_TEXT), _read_document,
        ),
    )
}  # fmt: skip
