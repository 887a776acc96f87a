"""What would have to be different for a criterion to hold: `if x were y`."""

from __future__ import annotations

from collections.abc import Callable

from .explain import Need
from .nodes import And, AtLeast, Constant, Node, Not, Or, subject

Value = Callable[[Node], bool | None]

_NOTHING = Need("nothing")
_NEVER = Need("never")


def need(node: Node, value: Value, wanted: bool = True) -> Need:
    """The smallest tree of changes that would give the node the wanted value. Leaves that have it are left out."""
    now = value(node)
    if now is wanted:
        return _NOTHING
    if isinstance(node, Constant):
        return _NEVER
    if isinstance(node, Not):
        return need(node.item, value, not wanted)
    if isinstance(node, (And, Or, AtLeast)):
        return _among(node, value, wanted)
    leaf: Node = node if wanted else Not(node)
    return Need("leaf", leaf.text, subject(node), now if wanted or now is None else not now)


def _among(node: And | Or | AtLeast, value: Value, wanted: bool) -> Need:
    """How many parts have to take the wanted value, less those that have it, out of those that could."""
    size = len(node.items)
    least = size if isinstance(node, And) else 1 if isinstance(node, Or) else node.n
    if not wanted:
        least = size - least + 1
    least -= sum(value(item) is wanted for item in node.items)
    found = (need(item, value, wanted) for item in node.items)
    options = tuple(one for one in found if one.kind not in ("nothing", "never"))
    if least > len(options):
        return _NEVER
    if len(options) == 1:
        return options[0]
    kind = "all" if least == len(options) else "any" if least == 1 else "count"
    return Need(kind, n=least, children=options)  # type: ignore[arg-type]
