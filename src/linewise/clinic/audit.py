"""The audit trail: who saw which patient, when, what was asked, which medicine and program answered. FHIR R4 AuditEvents after IHE BALP.

Each row carries the keyed hash of itself and of the row before, and the end of the chain stands apart: what was changed, put in, taken out
or cut off is found. No clinical content stands in it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any, Literal

import msgspec
import sqlalchemy as sa

from linewise import __version__

from . import tables
from .store import Store

Outcome = Literal["0", "4", "8"]
"""Done; refused, or the request was wrong; the server failed."""
_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_TYPE = "http://terminology.hl7.org/CodeSystem/audit-event-type"


class Act(msgspec.Struct, kw_only=True):
    """One thing that was done, or refused."""

    what: str  # cds, plan, why, what-if, sign-in, launch, proposal, …
    who: str  # a user, or the person that the record system names
    outcome: Outcome = "0"
    system: str = ""  # the record system that called for them
    hospital: str = ""
    patient: str = ""
    others: tuple[str, ...] = ()  # further patients whom the same answer speaks of
    action: Literal["C", "R", "U", "D", "E"] = "E"
    medicine: str = ""
    asked: str = ""  # the hash of what was asked
    answered: str = ""  # the hash of what was answered
    reason: str = ""  # why it was refused, in a word of ours
    id: str = msgspec.field(default_factory=lambda: str(uuid.uuid4()))

    def refused(self, status: int) -> None:
        """There is no answer, for this status."""
        self.outcome, self.reason = ("4" if status < 500 else "8"), str(status)


def event_of(act: Act, observer: str) -> dict[str, Any]:
    """The act as a FHIR AuditEvent."""
    sign_in = act.what in ("sign-in", "sign-out")
    type_: dict[str, Any] = (
        {"system": _DCM, "code": "110114", "display": "User Authentication"}
        if sign_in
        else {"system": _TYPE, "code": "rest", "display": "RESTful Operation"}
    )
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": act.id,
        "type": type_,
        "subtype": [{"system": "urn:linewise:audit", "code": act.what}],
        "action": act.action,
        "recorded": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
        "outcome": act.outcome,
        "agent": [{"who": _who(act.who), "requestor": True}],
        "source": {"observer": {"display": f"Linewise {__version__}", "identifier": {"value": observer}}},
    }
    if act.reason:
        event["outcomeDesc"] = act.reason
    if act.system:
        event["agent"].append({"who": {"identifier": {"value": act.system}}, "requestor": False})
    if act.hospital:
        event["agent"].append({"who": {"display": act.hospital}, "requestor": False})
    entities: list[dict[str, Any]] = []
    for patient in dict.fromkeys([*([act.patient] if act.patient else []), *act.others]):
        role = {"system": "http://terminology.hl7.org/CodeSystem/object-role", "code": "1", "display": "Patient"}
        kind = {"system": "http://terminology.hl7.org/CodeSystem/audit-entity-type", "code": "1", "display": "Person"}
        entities.append({"what": {"reference": f"Patient/{patient}"}, "type": kind, "role": role})
    details = [
        {"type": name, "valueString": value} for name in ("medicine", "asked", "answered") if (value := getattr(act, name))
    ]
    if details:
        kind = {"system": "http://terminology.hl7.org/CodeSystem/audit-entity-type", "code": "2", "display": "System Object"}
        entities.append({"type": kind, "what": {"identifier": {"value": act.id}}, "detail": details})
    if entities:
        event["entity"] = entities
    return event


def _who(name: str) -> dict[str, Any]:
    """A person whom the record system names, as a reference; somebody who signed in here, by name."""
    kind = name.rstrip("/").split("/")[-2] if name.count("/") else ""
    known = kind in ("Practitioner", "PractitionerRole", "Patient", "RelatedPerson", "Device")
    return {"reference": name} if known else {"identifier": {"value": name or "unknown"}}


def append(store: Store, act: Act, observer: str) -> str:
    """Write one act at the end of the trail, before its answer leaves. Returns its id. Raises SQLAlchemyError where it cannot be written."""
    event = msgspec.json.encode(event_of(act, observer)).decode()
    with store.begin() as connection:
        head = connection.execute(sa.select(tables.audit_head).with_for_update()).mappings().one()
        one = tables.audit.c
        before = connection.execute(sa.select(one.hash).where(one.number == head["number"])).scalar() or ""
        number, link = head["number"] + 1, store.keys.link(before, event)
        connection.execute(tables.audit.insert().values(number=number, id=act.id, event=event, before=before, hash=link))
        connection.execute(tables.audit_head.update().values(number=number, hash=_seal(store, number, link)))
    return act.id


def _seal(store: Store, number: int, link: str) -> str:
    """The end of the chain, under the key: an earlier row cannot be made to look like the last one."""
    return store.keys.link(f"end {number}", link)


def verify(store: Store) -> tuple[int, str]:
    """Follow the whole chain: how many rows hold, and what is wrong with the first that does not; empty where all hold."""
    number, before = 0, ""
    with store.begin() as connection:
        head = connection.execute(sa.select(tables.audit_head)).mappings().one_or_none()
        if head is None:
            return 0, "the end of the trail is missing"
        for row in connection.execute(sa.select(tables.audit).order_by(tables.audit.c.number)).mappings():
            if row["number"] != number + 1:
                return number, f"row {number + 1} is missing"
            if row["before"] != before or row["hash"] != store.keys.link(before, row["event"]):
                return number, f"row {number + 1} was changed"
            if msgspec.json.decode(row["event"])["id"] != row["id"]:
                return number, f"row {number + 1} was changed"
            number, before = row["number"], row["hash"]
    if head["number"] != number or (number and head["hash"] != _seal(store, number, before)):
        return number, f"the trail ends at row {number}, and had {head['number']}"
    return number, ""


def every(store: Store) -> Iterator[dict[str, Any]]:
    """All events, the earliest first."""
    one = tables.audit.c
    with store.begin() as connection:
        for row in connection.execute(sa.select(one.event).order_by(one.number)):
            yield msgspec.json.decode(row[0])


def page(store: Store, before: int | None = None, most: int = 100, patient: str = "") -> tuple[list[dict[str, Any]], int | None]:
    """Events, the latest first, and the row before which the next page goes on; None at the end. `patient`: those that name this id."""
    one = tables.audit.c
    query = sa.select(one.number, one.event).order_by(one.number.desc()).limit(most + 1)
    if before is not None:
        query = query.where(one.number < before)
    if patient:
        query = query.where(_names(store, patient))
    with store.begin() as connection:
        rows = connection.execute(query).all()
    found = [msgspec.json.decode(row[1]) for row in rows[:most]]
    return found, (rows[most - 1][0] if len(rows) > most else None)


def _names(store: Store, patient: str) -> sa.ColumnElement[bool]:
    """Whether an event names a patient, asked of the event itself: nothing beside the trail can hide a row of it."""
    reference = f"Patient/{patient}"
    if store.engine.dialect.name == "postgresql":  # the index of the second migration serves this
        told = msgspec.json.encode({"entity": [{"what": {"reference": reference}}]}).decode()
        return sa.text("CAST(audit.event AS jsonb) @> CAST(:told AS jsonb)").bindparams(told=told)  # type: ignore[return-value]
    return sa.text(  # type: ignore[return-value]
        "EXISTS (SELECT 1 FROM json_each(audit.event, '$.entity') AS one WHERE json_extract(one.value, '$.what.reference') = :reference)"
    ).bindparams(reference=reference)


def patients_of(store: Store, id_: str) -> list[str]:
    """The patients whom the answer with this id speaks of, as its row names them."""
    with store.begin() as connection:
        found = connection.execute(sa.select(tables.audit.c.event).where(tables.audit.c.id == id_)).scalar()
    entities = msgspec.json.decode(found).get("entity", []) if found is not None else []
    named = [str(one.get("what", {}).get("reference", "")) for one in entities]
    return [one.removeprefix("Patient/") for one in named if one.startswith("Patient/")]
