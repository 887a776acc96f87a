"""Lines of therapy beside published tools, on the tools' own examples: where both agree, where not, and why.

The examples stand in `tests/columns/published/`, each with its source and with what the tool makes of it. They are grouped here with the tool's
parameters where it has the same ones, by the reader for one person and by the one for many. Every difference is named with its reason; one
that is not is a fault (`tests/columns/test_published.py`).
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from linewise.knowledge import Knowledge
from linewise.knowledge.load import load
from linewise.record import Administration, Course, Event, Origin, Record
from linewise.record.lines import courses_of
from linewise.record.parameters import Parameters

PUBLISHED = Path(__file__).parents[1] / "tests" / "columns" / "published"
_EARLY, _LATE = dt.date(2000, 1, 1), dt.date(2030, 1, 1)
Line = tuple[tuple[str, ...], dt.date | None, dt.date | None]
"""The drugs of a line, its first day and its last; without days where the tool gives none."""


@dataclass(frozen=True)
class Example:
    """One example of a tool: what was given, what the tool makes of it, and what is expected of ours, with the reason where it differs."""

    id: str
    record: Record
    parameters: Parameters
    theirs: tuple[Line, ...]
    expected: tuple[Line, ...]
    because: str


@dataclass(frozen=True)
class Tool:
    """A published tool and its examples. `reasons` says in words why ours differ."""

    name: str
    source: dict[str, str]
    reasons: dict[str, str]
    knowledge: Knowledge
    examples: list[Example]


def tools() -> Iterator[Tool]:
    """Every tool of which examples are there."""
    for path in sorted(PUBLISHED.glob("*.yaml")):
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
        reasons = told.get("reasons", {})
        examples = [_example(case, told.get("parameters", {}), reasons) for case in told["cases"]]
        yield Tool(told["tool"], told["source"], reasons, _knowledge(told), examples)


def _example(case: dict[str, Any], shared: dict[str, Any], reasons: dict[str, str]) -> Example:
    given = [
        Administration(drug=drug, start=start, end=end, origin=Origin(f"{drug} {number}"))
        for drug, days in case["given"].items()
        for number, (start, end) in enumerate(map(_span, days))
    ]
    spread = Event(what="metastatic", on=_EARLY, origin=Origin("spread"))
    theirs = tuple(_line(one) for one in case["theirs"])
    ours = tuple(_line(one) for one in case["ours"]) if "ours" in case else theirs
    because = case.get("because", "")
    if ("ours" in case) != (because in reasons):
        raise ValueError(f"{case['id']}: what differs needs a reason, and what does not needs none")
    return Example(
        case["id"],
        Record(administrations=given, events=[spread]),
        Parameters(**(shared | case.get("parameters", {}))),
        theirs,
        ours,
        because,
    )


def _span(days: dt.date | str) -> tuple[dt.date, dt.date]:
    if isinstance(days, dt.date):
        return days, days
    start, _, end = days.partition(" to ")
    return dt.date.fromisoformat(start), dt.date.fromisoformat(end)


def _line(one: dict[str, Any]) -> Line:
    return tuple(sorted(one["drugs"])), one.get("start"), one.get("end")


def _knowledge(told: dict[str, Any]) -> Knowledge:
    """The drugs of the examples as a small knowledge of their own: each makes a line; classes are those that the tool has."""
    classes = [{"id": "agent", "label": "agent", "makes-line": True}]
    member: dict[str, list[str]] = {}
    for name, rule in told.get("classes", {}).items():
        classes.append({"id": name, "label": name, **{key: value for key, value in rule.items() if key != "drugs"}})
        for drug in rule["drugs"]:
            member.setdefault(drug, []).append(name)
    files = {
        "facts/all.yaml": [{"id": "metastatic", "label": "metastatic", "type": "yes-no"}],
        "classes/all.yaml": classes,
    } | {
        f"drugs/{drug}.yaml": {"id": drug, "label": drug, "classes": ["agent", *member.get(drug, [])]}
        for drug in {drug for case in told["cases"] for drug in case["given"]} | set(member)
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return Knowledge(load(Path(folder)))


def of_one(tool: Tool, example: Example) -> tuple[Line, ...]:
    """What the reader for one person makes of an example."""
    return tuple(_told(one, example) for one in courses_of(example.record, tool.knowledge, _LATE, example.parameters))


def of_many(tool: Tool) -> list[tuple[Line, ...]]:
    """What the reader for many people makes of all examples that have the same parameters, put back in their order."""
    from linewise.columns import events, lines

    found: dict[int, tuple[Line, ...]] = {}
    for parameters in {one.parameters for one in tool.examples}:
        places = [place for place, one in enumerate(tool.examples) if one.parameters == parameters]
        table = lines.courses_of(events.of_records(tool.examples[p].record for p in places), tool.knowledge, _LATE, parameters)
        for number, place in enumerate(places):
            rows = table.filter(table["patient"] == number).iter_rows(named=True)
            example = tool.examples[place]
            found[place] = tuple(
                _told(Course(drugs=tuple(row["drugs"]), setting="metastatic", start=row["start"], end=row["end"]), example)
                for row in rows
            )
    return [found[place] for place in range(len(tool.examples))]


def _told(course: Course, example: Example) -> Line:
    dated = any(start for _, start, _ in example.theirs)
    return course.drugs, course.start if dated else None, course.end if dated else None


def words(lines: tuple[Line, ...]) -> str:
    """Lines in one row: `A, then A + B`."""
    return ", then ".join(" + ".join(drugs) + (f" ({start} to {end})" if start else "") for drugs, start, end in lines)


def main() -> None:
    """Print how far each tool and ours agree, and every difference."""
    for tool in tools():
        many = of_many(tool)
        same: Counter[str] = Counter()
        differ: list[str] = []
        for example, theirs_of_many in zip(tool.examples, many, strict=True):
            ours = of_one(tool, example)
            wrong = "" if ours == theirs_of_many == example.expected else "  NOT AS STATED"
            if ours == example.theirs:
                same["the same"] += 1
            else:
                same[example.because] += 1
                differ.append(
                    f"  {example.id}: {example.because}{wrong}\n    theirs: {words(example.theirs)}\n    ours:   {words(ours)}"
                )
        print(f"{tool.name} ({tool.source['repository']}, {tool.source['commit'][:10]})")
        print(f"  {same['the same']} of {len(tool.examples)} examples the same")
        for reason, text in tool.reasons.items():
            print(f"  {same[reason]} differ, {reason}: {text}")
        print("\n".join(differ) + "\n" if differ else "")


if __name__ == "__main__":
    main()
