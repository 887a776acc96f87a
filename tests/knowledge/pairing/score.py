"""How many mistakes the stored pairs and tables catch: in criteria, and in what bodies and cautions say."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from linewise.knowledge import Knowledge
from linewise.knowledge.model import Content, Statement, Territory, When

from . import standing
from .bench import Bench
from .criteria import Criterion, criteria_of
from .golden import Pairs, Stored
from .mutants import mutants

_OPPOSITE = {
    "approved": "not-recommended",
    "recommended": "not-recommended",
    "established": "not-recommended",
    "not-recommended": "recommended",
    "withdrawn": "approved",
    "under-review": "recommended",
}
_NEXT_REGION = {"US": "EU", "EU": "US", "UK": "EU", "DE": "UK"}


class Score(msgspec.Struct):
    """What was tried and caught, by kind of mistake; the survivors, with the reason where one is known."""

    tried: Counter[str]
    caught: Counter[str]
    survivors: list[tuple[str, str, str]]  # where, mistake, reason or nothing

    @property
    def share(self) -> float:
        return self.caught.total() / max(self.tried.total(), 1)

    def add(self, other: Score) -> None:
        self.tried.update(other.tried)
        self.caught.update(other.caught)
        self.survivors += other.survivors


_bench: Bench | None = None


def score(knowledge: Knowledge, stored: dict[str, Stored], jobs: int) -> Score:
    """Try every mistake."""
    global _bench
    _bench = Bench(knowledge)
    tasks = [(one, stored.get(one.file, {}).get(one.name)) for one in criteria_of(knowledge.content)]
    total = _of_tables(knowledge.content)
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        for found in pool.imap(_of_criterion, tasks, chunksize=16):
            total.add(found)
    return total


def _of_criterion(task: tuple[Criterion, Pairs | None]) -> Score:
    """The mistakes in one criterion, against the records stored of it: caught where an answer changes."""
    assert _bench is not None
    criterion, pairs = task
    found = Score(Counter(), Counter(), [])
    records = [(_bench.fresh(one.profile), one.answer) for one in pairs.records] if pairs is not None else []
    readable = [(decider, answer) for decider, answer in records if decider is not None]
    for mutant in mutants(criterion.node, _bench.knowledge):
        found.tried[mutant.kind] += 1
        if any(decider.value(mutant.node) is not answer for decider, answer in readable):
            found.caught[mutant.kind] += 1
        else:
            reason = pairs.equal.get(mutant.text, "") if pairs is not None else ""
            found.survivors.append((f"{criterion.file}: {criterion.name}", mutant.text, reason))
    return found


# What stands in tables


def _of_tables(content: Content) -> Score:
    """The mistakes in statements and cautions, against the stored tables: caught where a row comes or goes."""
    found = Score(Counter(), Counter(), [])
    stored = standing.read(standing.STANDING)
    for name, treatment in content.treatments.items():
        for kind, text, changed in _statements(treatment.standing, content.regions):
            new = msgspec.structs.replace(treatment, standing=changed)
            table = standing.standing(msgspec.structs.replace(content, treatments={name: new}))
            _count(found, kind, f"treatments/{name}", text, table.get(name, []) != stored.get(name, []))
    stored = standing.read(standing.CAUTIONS)
    for folder in ("classes", "drugs", "treatments"):
        for name, thing in getattr(content, folder).items():
            for kind, text, changed in _cautions(thing):
                only: dict[str, Any] = {"classes": {}, "drugs": {}, "treatments": {}, "alerts": {}} | {folder: {name: changed}}
                key = f"{folder}/{name}"
                table = standing.cautions(msgspec.structs.replace(content, **only))
                _count(found, kind, key, text, table.get(key, []) != stored.get(key, []))
    return found


def _count(found: Score, kind: str, where: str, text: str, caught: bool) -> None:
    found.tried[kind] += 1
    if caught:
        found.caught[kind] += 1
    else:
        found.survivors.append((where, text, ""))


def _statements(
    ones: tuple[Statement, ...], regions: Mapping[str, Territory]
) -> Iterator[tuple[str, str, tuple[Statement, ...]]]:
    for index, one in enumerate(ones):
        text = f"{one.body} {'+'.join(one.region)} {one.says} {one.since.text}"
        yield "statement: dropped", text, (*ones[:index], *ones[index + 1 :])
        for kind, changes in _of_statement(one):
            new = msgspec.structs.replace(one, **changes).under(regions)  # where it holds follows from its region
            yield f"statement: {kind}", f"{text}: {changes}", (*ones[:index], new, *ones[index + 1 :])


def _of_statement(one: Statement) -> Iterator[tuple[str, dict[str, Any]]]:
    for months in (-1, 1):
        since = moved(one.since, months)
        if one.until is None or since.last < one.until.first:
            yield "since", {"since": since}
        if one.until is not None and moved(one.until, months).first > one.since.last:
            yield "until", {"until": moved(one.until, months)}
    if one.until is not None:
        yield "until", {"until": None}
    if one.fits is not None:
        yield "fits", {"fits": None}
    yield "says", {"says": _OPPOSITE[one.says]}
    other = tuple(dict.fromkeys(_NEXT_REGION[region] for region in one.region))
    yield "region", {"region": other if {*other} != {*one.region} else ("UK",)}
    yield "preferred", {"preferred": not one.preferred}


def moved(when: When, months: int) -> When:
    """A date moved by months; one that is only a year, by years."""
    parts = [int(part) for part in when.text.split("-")]
    if len(parts) == 1:
        return When(str(parts[0] + months))
    index = parts[0] * 12 + parts[1] - 1 + months
    day = [f"{min(parts[2], 28):02}"] if len(parts) == 3 else []
    return When("-".join([str(index // 12), f"{index % 12 + 1:02}", *day]))


def _cautions(thing: Any) -> Iterator[tuple[str, str, Any]]:
    """A drug, class or option with one caution, contraindication or need dropped or changed."""
    for member in ("avoid", "caution", "needs"):
        ones = getattr(thing, member, ())
        for index, one in enumerate(ones):
            name = getattr(one, "id", "") or getattr(one, "class_", "")
            for kind, new in _of_caution(member, one):
                changed = msgspec.structs.replace(thing, **{member: (*ones[:index], *new, *ones[index + 1 :])})
                yield f"caution: {kind}", f"{member} {name}: {kind}", changed


def _of_caution(member: str, one: Any) -> Iterator[tuple[str, tuple[Any, ...]]]:
    yield "dropped", ()
    if member == "avoid":
        other = "check" if one.unknown == "depends" else "depends"
        yield "unknown", (msgspec.structs.replace(one, unknown=other),)
    if member == "caution":
        other = "moderate" if one.severity == "major" else "major"
        yield "severity", (msgspec.structs.replace(one, severity=other),)
    if member != "needs" and one.when is not None:
        yield "always", (msgspec.structs.replace(one, when=None),)
