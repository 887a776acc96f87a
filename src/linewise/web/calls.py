"""Whom to call: the team's own numbers first, then those of the place where a person is treated. All numbers stand in the knowledge."""

from __future__ import annotations

import re

import msgspec

from linewise.journal.documents import Contact
from linewise.knowledge import Knowledge
from linewise.knowledge.app import Number


class Call(msgspec.Struct, kw_only=True):
    """One number to call. `dial` is what the phone dials."""

    name: str
    number: str
    kind: str  # team, emergency, doctor, crisis
    text: str = ""
    sources: list[str] = []

    @property
    def dial(self) -> str:
        return re.sub(r"[^\d+*#]", "", self.number)


class Calls(msgspec.Struct, kw_only=True):
    """The numbers for one reader, by kind. `place` is empty where nobody knows where they are."""

    place: str
    team: list[Call]
    emergency: list[Call]
    doctor: list[Call]
    crisis: list[Call]
    crisis_alerts: list[str]

    def now(self, alert: str = "") -> list[Call]:
        """Whom to call when life may be in danger: the team, a crisis line where it is about that, the emergency number."""
        return [*self.team, *(self.crisis if alert in self.crisis_alerts else []), *self.emergency]

    def today(self, alert: str = "") -> list[Call]:
        """Whom to call the same day. The emergency number stands there too: things can get worse."""
        return [*self.team, *(self.crisis if alert in self.crisis_alerts else []), *self.doctor, *self.emergency]


def calls_for(region: str | None, knowledge: Knowledge, contacts: list[Contact] | None = None) -> Calls:
    """The numbers of a region and of somebody's team."""
    found = knowledge.numbers
    place = found.regions.get(region or "")
    numbers = [_call(one) for one in (place.numbers if place else found.anywhere)]
    team = [Call(name=one.name, number=one.phone, kind="team", text=one.when) for one in contacts or []]
    return Calls(
        place=knowledge.content.regions[region].label if place and region else "",
        team=team,
        emergency=[one for one in numbers if one.kind == "emergency"],
        doctor=[one for one in numbers if one.kind == "doctor"],
        crisis=[one for one in numbers if one.kind == "crisis"],
        crisis_alerts=list(found.crisis_alerts),
    )


def _call(one: Number) -> Call:
    return Call(name=one.name, number=one.dial, kind=one.kind, text=one.text, sources=list(one.source))
