"""Which members of a resource the readers look at, by type: those that say something, those that are days, and what is looked up elsewhere.

The views of the reader (`views/definitions`, ViewDefinitions of SQL-on-FHIR v2) are the one place where this is said; here it is taken from
them in the form that the readers use. Columns of a day or time are days, in the order in which they count; `getReferenceKey()` without a type is
the person, with one it is another resource that is looked up; every other column is a member that says something.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from linewise.views.definitions import reader_views
from linewise.views.fhirpath import Call, Member, Node, parse

_DAYS = frozenset({"date", "dateTime", "instant"})


@dataclass(frozen=True)
class Kind:
    """One resource type. `days` are paths of days; a period is written `effectivePeriod.start`. `link` is a member that refers to another resource."""

    members: tuple[str, ...]
    days: tuple[str, ...] = ()
    subject: str = "subject"
    link: str = ""


@dataclass(frozen=True)
class Linked:
    """A type that others refer to: its members as SQL expressions, and its own day, if it has one that counts."""

    kind: str
    columns: str
    members: dict[str, str]
    day: str = ""


def _steps(node: Node | None) -> tuple[str, ...]:
    """The members that a path of a view goes through, as they are named in JSON: `effective.ofType(Period).start` is effectivePeriod, start."""
    match node:
        case Member(of, name):
            return (*_steps(of), name)
        case Call(Member(of, name), "ofType", (Member(None, kind),)):
            return (*_steps(of), name + kind[0].upper() + kind[1:])
        case Call(of, "getReferenceKey", _):
            return _steps(of)
    return ()


@dataclass
class _Looked:
    """What one view looks at."""

    members: dict[tuple[str, ...], None]
    days: list[tuple[str, ...]]
    subject: str = "id"
    link: str = ""
    linked: str = ""


def _looked(view: dict[str, Any]) -> _Looked:
    found = _Looked({}, [])
    for column in view["select"][0]["column"]:
        node = parse(column["path"])
        match node, _steps(node):
            case Call(None, "getResourceKey", _), _:
                pass
            case Call(_, "getReferenceKey", ()), (subject,):
                found.subject = subject
            case Call(_, "getReferenceKey", (Member(None, kind),)), (link,):
                found.link, found.linked = link, kind
            case _, steps if column["type"] in _DAYS:
                found.days.append(steps)
            case _, steps if steps[0] != found.link:
                found.members[steps] = None
    return found


def _kind(looked: _Looked) -> Kind:
    members = tuple(dict.fromkeys(steps[0] for steps in looked.members))
    return Kind(members, tuple(".".join(steps) for steps in looked.days), looked.subject, looked.link)


def _linked(kind: str, looked: _Looked) -> Linked:
    members = {}
    for top, *inner in looked.members:
        part = f"({top}->'{inner[0]}')" if inner else ""
        members[top] = f"CASE WHEN {part} IS NOT NULL THEN json_object('{inner[0]}', {part}) END" if inner else top
    columns = ", ".join(["id: 'VARCHAR'", *(f"{name}: 'JSON'" for name in members)])
    day = "->>".join([looked.days[0][0], *(f"'{step}'" for step in looked.days[0][1:])]) if looked.days else ""
    return Linked(kind, f"{{{columns}}}", members, day)


_LOOKED = {view["resource"]: _looked(view) for view in reader_views()}
_NAMED = {looked.link: looked.linked for looked in _LOOKED.values() if looked.link}

KINDS: dict[str, Kind] = {kind: _kind(looked) for kind, looked in _LOOKED.items() if kind not in _NAMED.values()}
"""The types that are read in bulk."""

LINKED: dict[str, Linked] = {member: _linked(kind, _LOOKED[kind]) for member, kind in _NAMED.items()}
"""For each referring member, what is read of the resource that it names."""
