"""The stored pairs: one file for each knowledge file, one line for each record and each pair, so that a change is read as a diff."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from linewise.knowledge import Knowledge

from .bench import Bench, State, differing
from .criteria import Clause, Criterion, clauses, criteria_of
from .reach import allowed

FOLDER = Path(__file__).parents[1] / "pairs"
OPEN = "no record found that tells them apart"
"""Why a mutant lives, where not everything could be tried."""
_REMAKE = "run `make pairs` and read what it changes"


class Record(msgspec.Struct, array_like=True):
    """The answer of a criterion for a profile."""

    answer: bool | None
    profile: State


class Pairs(msgspec.Struct, omit_defaults=True):
    """What is stored of one criterion.

    pairs: for each clause the two records that differ in it. also: further records, and the mutant that each tells apart.
    idle: clauses without a pair, and why. equal: mutants that no record tells apart, and why.
    rests: a sign of the criterion with all derived facts behind it.
    """

    text: str
    rests: str = ""
    records: list[Record] = []
    pairs: dict[str, tuple[int, int]] = {}
    also: dict[str, str] = {}
    idle: dict[str, str] = {}
    equal: dict[str, str] = {}


Stored = dict[str, Pairs]
"""The criteria of one file, by name."""


def read(folder: Path = FOLDER) -> dict[str, Stored]:
    """All that is stored, by knowledge file."""
    found = {}
    for path in sorted(folder.rglob("*.json")):
        if path.parent != folder:
            found[path.relative_to(folder).with_suffix(".yaml").as_posix()] = msgspec.json.decode(path.read_bytes(), type=Stored)
    return found


def write(stored: dict[str, Stored], folder: Path = FOLDER) -> None:
    """Write every file, and remove those of knowledge that is gone."""
    wanted = {folder / file.replace(".yaml", ".json"): one for file, one in stored.items() if one}
    for path in folder.rglob("*.json"):
        if path not in wanted and path.parent != folder:
            path.unlink()
    for path, one in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        text = as_text(one)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def as_text(stored: Stored) -> str:
    """JSON with one line for each record and each pair."""
    return _object([f"{_json(name)}: {_criterion(one)}" for name, one in sorted(stored.items())], 0) + "\n"


def _criterion(one: Pairs) -> str:
    members = [
        f'"text": {_json(one.text)}',
        f'"rests": {_json(one.rests)}',
        f'"records": {_list([_json([r.answer, r.profile]) for r in one.records], 2)}',
    ]
    for name in ("pairs", "also", "idle", "equal"):
        rows = [f"{_json(key)}: {_json(value)}" for key, value in getattr(one, name).items()]
        if rows:
            members.append(f'"{name}": {_object(rows, 2)}')
    return _object(members, 1)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _object(rows: list[str], depth: int) -> str:
    return _lines(rows, depth, "{", "}")


def _list(rows: list[str], depth: int) -> str:
    return _lines(rows, depth, "[", "]")


def _lines(rows: list[str], depth: int, start: str, end: str) -> str:
    indent = " " * (depth + 1)
    return f"{start}\n{indent}" + f",\n{indent}".join(rows) + f"\n{' ' * depth}{end}"


# Comparing


def faults(knowledge: Knowledge, stored: dict[str, Stored]) -> list[str]:
    """Everything in which the knowledge is not what the stored pairs say of it."""
    bench = Bench(knowledge)
    listed = criteria_of(knowledge.content)
    found = [fault for one in listed for fault in faults_of(bench, one, stored.get(one.file, {}).get(one.name))]
    known = {(one.file, one.name) for one in listed}
    for file, criteria in stored.items():
        found += [f"{file}: {name}: it is gone; {_REMAKE}" for name in criteria if (file, name) not in known]
    return found


def faults_of(bench: Bench, criterion: Criterion, stored: Pairs | None) -> Iterator[str]:
    """Everything in which one criterion is not what is stored of it."""
    place = f"{criterion.file}: {criterion.name}"
    if stored is None:
        yield f"{place}: it has no pairs; {_REMAKE}"
        return
    if stored.text != criterion.node.text:
        yield f"{place}: it was `{stored.text}`, and is `{criterion.node.text}`; {_REMAKE}"
        return
    for index, record in enumerate(stored.records):
        decider = bench.decider(record.profile)
        if decider is None:
            yield f"{place}: record {index} cannot be read any more; {_REMAKE}"
            return
        if decider.value(criterion.node) is not record.answer:
            answer = decider.value(criterion.node)
            yield f"{place}: record {index} gave {record.answer}, and gives {answer}: {_json(record.profile)}; {_REMAKE}"
    for clause in clauses(criterion.node):
        pair = stored.pairs.get(clause.text)
        if pair is not None:
            yield from (
                f"{place}: {clause.text}: {fault}; {_REMAKE}" for fault in pair_faults(bench, criterion, clause, stored, pair)
            )
        elif clause.text not in stored.idle:
            yield f"{place}: no pair for `{clause.text}`; {_REMAKE}"


def pair_faults(bench: Bench, criterion: Criterion, clause: Clause, stored: Pairs, pair: tuple[int, int]) -> Iterator[str]:
    """Why two records are no pair for a clause: they differ in more, get the same answer, or get it without the clause."""
    one, other = (stored.records[index] for index in pair)
    more = differing(one.profile, other.profile) - allowed(bench, clause.leaf)
    if more:
        yield f"the two records differ in {', '.join('.'.join(place) for place in sorted(more))} too"
    if one.answer is other.answer:
        yield "both records get the same answer"
    if all(bench.value(clause.dropped, record.profile) is record.answer for record in (one, other)):
        yield "both records get their answers without the clause as well"
