"""Rules of conduct that are said once for many drugs: what follows from a reaction that the drug itself has caused.

A rule of `conduct.yaml` names the classes or drugs it is for, and `this-drug` stands in it for each of them. Every drug gets the rule as its own,
so that no reader knows of it. What a drug's own rules (or its classes', or its contraindications) already say is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from linewise.logic import Node, parse
from linewise.logic.nodes import Ask, AtLeast, Or, ReactedTo, Treatment

from .model import Class, Conduct, Drug, Ids, Step

THIS_DRUG = "this-drug"
_AS_GOOD: Mapping[Step, frozenset[Step]] = {
    "start": frozenset({"start", "stop"}),
    "hold": frozenset({"hold", "stop"}),
    "reduce": frozenset({"reduce", "hold", "stop"}),
    "stop": frozenset({"stop"}),
}
"""Steps of a drug's own rule that already do what a shared rule asks for."""


class Shared(msgspec.Struct, frozen=True):
    """One rule, and the drugs and classes it is for."""

    members: Ids
    rule: Conduct


def own_rules(shared: Iterable[Shared], drug: Drug, classes: Mapping[str, Class]) -> Iterator[Conduct]:
    """The shared rules as one drug's own, without what its own rules and those of its classes already say."""
    above = frozenset(_up(drug.classes, classes))
    owners: list[Drug | Class] = [drug, *(classes[name] for name in sorted(above))]
    told = [rule for owner in owners for rule in owner.conduct]
    barred = [one.when for owner in owners for one in owner.avoid if one.when is not None]
    for one in shared:
        if drug.id in one.members or above & set(one.members):
            when = parse(one.rule.when.text.replace(THIS_DRUG, drug.id))
            said = [rule.when for rule in told if not rule.region and _does(rule, one.rule)]
            said += barred if "stop" in one.rule.do else []
            left = [
                part for part in _parts(when) if not any(_covers(other, part, above) for node in said for other in _parts(node))
            ]
            if left:
                yield msgspec.structs.replace(one.rule, when=left[0] if len(left) == 1 else Or(tuple(left)))


def _up(names: Iterable[str], classes: Mapping[str, Class]) -> Iterator[str]:
    for name in names:
        if name in classes:
            yield name
            yield from _up(classes[name].is_, classes)


def _does(own: Conduct, shared: Conduct) -> bool:
    return all(_AS_GOOD[step] & set(own.do) for step in shared.do)


def _parts(node: Node) -> Iterator[Node]:
    """The criteria of which each alone makes this one true."""
    if isinstance(node, Or) or (isinstance(node, AtLeast) and node.n == 1):
        for item in node.items:
            yield from _parts(item)
    else:
        yield node


def _covers(own: Node, part: Node, above: frozenset[str]) -> bool:
    """Whether one question about a reaction is true wherever another is: as wide an effect, as low a grade, the same course."""
    if not (isinstance(own, Ask) and isinstance(part, Ask)):
        return False
    wide, narrow = own.question, part.question
    return (
        isinstance(wide, ReactedTo)
        and isinstance(narrow, ReactedTo)
        and wide.effect in (None, narrow.effect)
        and (wide.grade or 0) <= (narrow.grade or 0)
        and wide.course in (None, narrow.course)
        and _includes(wide.treatment, narrow.treatment, above)
    )


def _includes(wide: Treatment, narrow: Treatment, above: frozenset[str]) -> bool:
    names = {*narrow.names, *above}
    return any(set(one.has) <= names and not one.without for one in wide.alternatives)
