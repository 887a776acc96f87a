"""Checks of the conduct of treatment: no drug without rules, no rule that exists in words alone, no name that does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .book import Knowledge
from .model import ANY_TREATMENT, Caution, Class, Conduct, Drug, Step

_CANCER = "drugs/cancer/"
_NEEDED: tuple[Step, ...] = ("start", "hold", "stop")
_LIMIT = re.compile(
    r"\b(hold|held|holds|stop|stops|pause|interrupt|withhold|not with|not below|not above|not given)\b[^.;]*?(\bgrade [1-4]|\d)",
    re.IGNORECASE,
)
"""Words of a limit: something is held or stopped, and behind it in the same sentence a grade or a number."""
_BESIDE = "taking "
"""How the criterion of a caution begins that is about another medicine."""
_AVOID = re.compile(r"\bavoid(ed)?\b", re.IGNORECASE)


def faults(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """What is wrong, as owner and message."""
    content = knowledge.content
    names = {*content.drugs, *content.classes}
    owners: list[tuple[str, Drug | Class]] = [(f"drugs/{name}", one) for name, one in content.drugs.items()]
    owners += [(f"classes/{name}", one) for name, one in content.classes.items()]
    for owner, thing in owners:
        for rule in thing.conduct:
            if not rule.do:
                yield owner, f"conduct {rule.id}: `do` says nothing: start, hold, reduce or stop"
            if not rule.source:
                yield owner, f"conduct {rule.id}: no source"
            for name in rule.goes_on:
                if name not in names:
                    yield owner, f"conduct {rule.id}: `goes-on`: there is no drug or class `{name}`"
        for text in _twice(thing.conduct):
            yield owner, f"conduct: the same rule twice: {text}"
    for name, alert in content.alerts.items():
        for held in alert.holds:
            if held != ANY_TREATMENT and held not in names:
                yield f"alerts/{name}", f"`holds`: there is no drug or class `{held}`"


def gaps(knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """What is missing, as owner and message: a drug without rules, a limit that exists in words alone, a text that is for the team alone."""
    content = knowledge.content
    for name, drug in content.drugs.items():
        owner = f"drugs/{name}"
        if _CANCER in content.places.get(owner, ""):
            said = {step for rule in knowledge.conduct(name) for step in rule.do} | set(drug.no_conduct)
            missing = [step for step in _NEEDED if step not in said]
            if missing:
                yield owner, f"no conduct for {', '.join(missing)}: write the label's rule, or why it has none under `no-conduct`"
            ruled = {rule.id for rule in knowledge.conduct(name)}
            for one in drug.caution:
                if one.when is None and one.id not in ruled and _LIMIT.search(one.text):
                    yield owner, f"caution {one.id}: a limit in words that no rule reads: {one.text[:80]}"
                if one.when is not None and one.when.text.startswith(_BESIDE) and _AVOID.search(one.text) and not one.advice:
                    yield (
                        owner,
                        f"caution {one.id}: the label says “avoid”, and no `advice: avoid` lets it cost the star: {one.text[:80]}",
                    )
    for folder in ("classes", "drugs", "treatments"):
        for name, thing in getattr(content, folder).items():
            for text in _without_plain([*thing.avoid, *thing.caution, *getattr(thing, "conduct", ())]):
                yield f"{folder}/{name}", f"no `plain` words for people: {text}"
    for kind, things in (("alerts", content.alerts), ("tests", content.tests), ("treatments", content.treatments)):
        for name, thing in things.items():
            if not thing.plain:
                yield f"{kind}/{name}", "no `plain` words for people"


def _twice(rules: tuple[Conduct, ...]) -> list[str]:
    seen: set[tuple[object, ...]] = set()
    found = []
    for rule in rules:
        key = (rule.when, rule.do, rule.region)
        if key in seen:
            found.append(rule.when.text)
        seen.add(key)
    return found


def _without_plain(things: list[Caution | Conduct]) -> list[str]:
    return [f"{one.id}: {one.text[:60]}" for one in things if not one.plain]
