"""What a board decided, kept beside what the plan said at that moment, so that the two can be compared later. Records are not kept."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from typing import Any

import msgspec

from linewise.plan import Plan

from .api import Ask, Reply, threaded
from .keys import hashed
from .orders import REASONS
from .refused import Refused
from .store import Store

_TEXT: dict[str, Any] = {"type": "string"}
_CODES = {code for code, _ in REASONS}
_WORDS = ("decision", "option", "deviation", "reason")
_LONGEST = 4000  # signs of each

DECISION: dict[str, Any] = {
    "type": "object", "required": ["patient", "decision"],
    "properties": {
        "patient": _TEXT, "decision": {**_TEXT, "description": "in words"}, "option": {**_TEXT, "description": "the id of the option that was decided on"},
        "deviation": {**_TEXT, "description": f"why it differs from what was shown: {', '.join(sorted(_CODES))}, or words"}, "reason": _TEXT,
        "record": {"type": "object", "description": "the record that the board saw; what the plan says of it today is kept, the record is not"}, "region": _TEXT, "as_of": _TEXT,
    },
}  # fmt: skip


class Said(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What the plan said when the board decided: of the option, and of all that it offered."""

    as_of: str
    medicine: str
    status: str = ""  # of the option that was decided on; empty where it is none of the knowledge's
    offered: list[str] = []
    first: list[str] = []  # what a guideline names first


async def decide(ask: Ask) -> Reply:
    """Keep what the board decided: the option or its own words, and why it differs from what was shown."""
    patient, decision = ask.one("patient"), ask.one("decision")
    if not isinstance(patient, str) or not patient or not isinstance(decision, str) or not decision or len(patient) > 200:
        raise Refused(422, "patient and decision are missing.")
    kept: dict[str, Any] = {name: ask.body.get(name) for name in _WORDS if isinstance(ask.body.get(name), str)}
    if any(len(words) > _LONGEST for words in kept.values()):
        raise Refused(422, f"Each of {', '.join(_WORDS)} has at most {_LONGEST} signs.")
    option = kept.get("option", "")
    if option and option not in ask.house.knowledge.treatments:
        raise Refused(422, "option must be the id of an option; what is no option of Linewise stands in decision, in words.")
    record = ask.body.get("record")
    if record is not None:
        found: Plan = await threaded(ask.house.desk.plan, record, ask.one("region"), ask.one("as_of"))
        if found.subject.id and found.subject.id != patient:
            raise Refused(422, "The record is about another patient than the decision.")
        kept["plan"] = msgspec.to_builtins(_said(found, option))
    key = ask.request.headers.get("idempotency-key")
    id_ = str(uuid.UUID(hashed(ask.who, key)[:32])) if key else str(uuid.uuid4())
    ask.act.patient, ask.act.action = patient, "C"
    at = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    data = msgspec.json.encode({"patient": patient, **kept})
    await ask.house.asked(ask.house.store.add_decision, id_, patient, at, ask.who, data)
    return Reply({"id": id_, "patient": patient, **kept}, 201)


def _said(plan: Plan, option: str) -> Said:
    offered = [name for name, one in plan.judged.items() if one.status in ("preferred", "suitable")]
    return Said(
        as_of=plan.as_of,
        medicine=plan.knowledge.edition,
        status=plan.status(option) if option in plan.judged else "",
        offered=offered,
        first=[name for name in offered if plan.status(name) == "preferred"],
    )


async def decisions(ask: Ask) -> Reply:
    """The decisions about a patient, or all that are kept; the trail names every patient of the answer."""
    patient = ask.one("patient")
    listed = await ask.house.asked(every, ask.house.store, str(patient) if patient else None)
    ask.act.patient = str(patient or "")
    ask.act.others = tuple(str(one["patient"]) for one in listed if one.get("patient"))
    return Reply({"decisions": listed})


def every(store: Store, patient: str | None = None) -> list[dict[str, Any]]:
    """What is kept, the earliest first."""
    rows = store.decisions(patient)
    return [{"id": one["id"], "at": one["at"], "by": one["by"], **msgspec.json.decode(one["data"] or b"{}")} for one in rows]


async def compare(ask: Ask) -> Reply:
    """Counts alone: nobody is named, and words of a board are not shown."""
    return Reply(concordance(await ask.house.asked(every, ask.house.store)))


def concordance(listed: list[dict[str, Any]]) -> dict[str, Any]:
    """How often a board decided on what the plan offered, what it said of the others, and why they differed, by the codes of the reasons."""
    known = [one for one in listed if isinstance(one.get("plan"), dict)]
    statuses = Counter(str(one["plan"].get("status") or "no option of Linewise") for one in known)
    against = [one for one in known if one["plan"].get("status") not in ("preferred", "suitable")]
    why = Counter(_code(one.get("deviation")) for one in against)
    return {
        "decisions": len(listed),
        "without_a_plan": len(listed) - len(known),
        "as_offered": len(known) - len(against),
        "by_status": dict(sorted(statuses.items())),
        "why_it_differed": dict(sorted(why.items())),
    }


def _code(said: Any) -> str:
    return said if said in _CODES else "in words" if said else "not said"
