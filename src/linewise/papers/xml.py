"""XML read safely: no entity, no document type of its own, nothing fetched, bounded depth and size."""

from __future__ import annotations

from typing import Any

from linewise.errors import RecordError

from .limits import DEEPEST, MOST_UNPACKED, too_big
from .missing import need


def parsed(data: bytes, name: str, form: str = "XML") -> Any:
    """The root element. Raises RecordError for what is damaged or hostile."""
    if len(data) > MOST_UNPACKED:
        raise too_big(name, f"{len(data) // 1_000_000} MB of XML")
    trees: Any = need("defusedxml.ElementTree", form, name)
    common: Any = need("defusedxml.common", form, name)
    try:
        root = trees.fromstring(data, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    except common.DefusedXmlException:
        raise RecordError(
            name,
            "this XML defines entities of its own, as hostile files do; it is not read.",
            "Ask for the file again, from its source.",
        ) from None
    except (trees.ParseError, ValueError, LookupError) as fault:
        raise RecordError(name, f"this is not XML that can be read ({str(fault)[:60]}).", "Save or download it again.") from None
    _check(root, name)
    return root


def _check(root: Any, name: str) -> None:
    stack = [(root, 1)]
    while stack:
        element, depth = stack.pop()
        if depth > DEEPEST:
            raise too_big(name, "its elements are nested too deeply")
        stack += [(child, depth + 1) for child in element]


def tag(element: Any) -> str:
    """An element's name without its namespace."""
    name = element.tag
    return name.rsplit("}", 1)[-1] if isinstance(name, str) else ""


def children(element: Any, name: str) -> list[Any]:
    return [child for child in element if tag(child) == name]


def child(element: Any, *names: str) -> Any:
    """The first element down a path of names; None where there is none."""
    for name in names:
        element = next((one for one in element if tag(one) == name), None) if element is not None else None
    return element


def text_of(element: Any) -> str:
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def looks(data: bytes, *roots: str) -> bool:
    """Whether the first element of some bytes has one of these names."""
    import re

    head = data[:6000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head.startswith(b"<"):
        return False
    plain = re.sub(rb"<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^>\[]*(?:\[.*?\])?\s*>", b"", head, flags=re.DOTALL)
    found = re.search(rb"<(?:[\w.-]+:)?([\w.-]+)", plain)
    return found is not None and found.group(1).decode(errors="replace") in roots
