"""Safe hands for FHIR JSON: any member may be missing or of the wrong type, and nothing here raises."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

Node = dict[str, Any]


class Coding(NamedTuple):
    """One code: the address of its system, the code, and how it was displayed."""

    system: str
    code: str
    display: str


def node(value: Any) -> Node:
    """The value where it is a group of members, else an empty one."""
    return value if isinstance(value, dict) else {}


def nodes(value: Any) -> list[Node]:
    """The groups in a list; a single group counts as a list of one, as careless writers have it."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: Any) -> str:
    """The value where it is text, with spaces around it taken off, else nothing."""
    return value.strip() if isinstance(value, str) else ""


def number(value: Any) -> float | None:
    """The value where it is a finite number, else None. Truth values are no numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        plain = float(value)
    except OverflowError:
        return None
    return plain if plain - plain == 0 else None  # neither infinite nor undefined


def codings(concept: Any) -> list[Coding]:
    """The codes of a concept. A bare code, or a quantity that carries one, counts as well: old mCODE writers do that."""
    found = [*nodes(node(concept).get("coding")), node(concept)]
    listed = (Coding(text(item.get("system")), text(item.get("code")), text(item.get("display"))) for item in found)
    return [coding for coding in listed if coding.code or coding.display]


def concepts(value: Any) -> list[Node]:
    """The concepts of a member that may hold one or several."""
    return nodes(value)


def wording(concept: Any) -> str:
    """How a concept is called: its text, or the first display, or the first code."""
    said = text(node(concept).get("text"))
    listed = codings(concept)
    return said or next((c.display for c in listed if c.display), "") or next((c.code for c in listed), "")


def bare_codes(concept: Any) -> set[str]:
    """The codes of a concept, lower case, whatever their system; of a plain text, the text. For FHIR's own status words."""
    if isinstance(concept, str):
        return {concept.strip().lower()}
    return {coding.code.lower() for part in nodes(concept) for coding in codings(part)}


_DAY = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T.*)?)?)?", re.DOTALL)


def day(value: Any) -> dt.date | None:
    """The day of a FHIR date or time. Of a month or a year alone, its first day. None where it is neither, or no lifetime's."""
    found = _DAY.fullmatch(text(value))
    if not found or not 1850 <= int(found[1]) <= 2150:
        return None
    try:
        return dt.date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return None


def extensions(resource: Node, ending: str) -> Iterator[Node]:
    """The extensions whose address ends in the given name."""
    for extension in nodes(resource.get("extension")):
        if text(extension.get("url")).rstrip("/").endswith(ending):
            yield extension


def profiles(resource: Node) -> list[str]:
    """The profiles that a resource says it keeps, without the address before the name."""
    listed = node(resource.get("meta")).get("profile")
    return [text(item).split("|")[0].rsplit("/", 1)[-1] for item in listed] if isinstance(listed, list) else []
