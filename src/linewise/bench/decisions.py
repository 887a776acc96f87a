"""The set of decisions: made of the project's example cases, carried by a wheel, and the same without what is expected."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from linewise import __version__
from linewise.errors import LinewiseError
from linewise.knowledge import Knowledge

from .model import QUESTIONS, SET, Asked, Case, Cited, Decisions, Expected, Named

LICENCE = "Apache-2.0"
_PACKAGED = Path(__file__).with_name("decisions.json.gz")
_BESIDE = Path(__file__).parents[3] / "tests" / "cases"
_WANTED: tuple[tuple[str, Expected], ...] = (("offered", "offered"), ("preferred", "offered"), ("not_offered", "not-offered"))
_ALARMS: tuple[tuple[str, Expected], ...] = (("flags", "raised"), ("no_flags", "not-raised"))


def open_set(knowledge: Knowledge) -> Decisions:
    """The set of this release: made of the cases of a checkout, or the one that the wheel carries.

    Raises LinewiseError where neither is there.
    """
    if _BESIDE.is_dir():
        return made(_BESIDE, knowledge)
    try:
        return msgspec.json.decode(gzip.decompress(_PACKAGED.read_bytes()), type=Decisions)
    except (OSError, EOFError, msgspec.DecodeError):
        raise LinewiseError(
            "the set of decisions is missing from this installation, or it was altered. Install Linewise again, or run the command in a checkout of the source: the cases are in tests/cases."
        ) from None


def packed(decisions: Decisions) -> bytes:
    """The set for a wheel: the same bytes for the same set."""
    return gzip.compress(encoded(decisions), mtime=0)


def encoded(value: Any) -> bytes:
    """A structure as JSON: the same bytes each time."""
    return msgspec.json.encode(value, order="deterministic")


def made(folder: Path, knowledge: Knowledge) -> Decisions:
    """The set of the cases in a folder: those that ask about options or alarms, in the order of their ids."""
    from .cases import load_cases  # reads YAML: a wheel does not need it

    cases = sorted((case for one in load_cases(folder) if (case := _case(one, knowledge)).questions), key=lambda case: case.id)
    _check(cases, knowledge)
    asked = {name for case in cases for one in case.questions if one.about == "option" for name in one.names}
    names = {name: Named(label=knowledge.label(name), is_=_classes(name, knowledge)) for name in _names(asked, knowledge)}
    alarms = {one.id: one.title for one in knowledge.content.alerts.values()}
    content = encoded([cases, names, alarms])
    return Decisions(
        format=SET,
        release=__version__,
        digest=hashlib.sha256(content).hexdigest()[:16],
        licence=LICENCE,
        names=names,
        alarms=alarms,
        cases=tuple(cases),
    )


def blind(decisions: Decisions) -> Decisions:
    """The same set without anything that tells what is expected: to be given to a system."""
    cases = tuple(
        Case(
            id=one.id,
            as_of=one.as_of,
            region=one.region,
            profile=one.profile,
            questions=tuple(msgspec.structs.replace(asked, expected=None) for asked in one.questions),
        )
        for one in decisions.cases
    )
    return msgspec.structs.replace(decisions, format=QUESTIONS, cases=cases)


def _case(raw: dict[str, Any], knowledge: Knowledge) -> Case:
    day = raw["as_of"].isoformat() if isinstance(raw["as_of"], dt.date) else str(raw["as_of"])
    profile = {key: _plain(value) for key, value in raw["profile"].items() if key != "id"}
    name, region = str(raw["id"]), str(raw.get("region") or "any")
    # The id tells nothing of what is expected, as names do, and stays when other cases come or go.
    mark = hashlib.sha256(encoded([name, day, region, profile])).hexdigest()[:10]
    reason = [raw.get("situation") or raw.get("rationale") or "", str(raw.get("why") or "")]
    return Case(
        id=mark,
        as_of=day,
        region=region,
        profile=profile,
        questions=tuple(_asked(raw["expect"], raw.get("taking") or [])),
        name=name,
        says="; ".join(part for part in reason if part),
        basis="memory" if raw.get("sure") == "memory" else "source",
        corrected=str(raw.get("corrected") or ""),
        sources=tuple(_cited(raw.get("source"), knowledge)),
    )


def _check(cases: Iterable[Case], knowledge: Knowledge) -> None:
    """Refuse a case that stands twice, and a question about what no option can hold: it would be answered rightly for no reason."""
    there = {"option": {*knowledge.drugs, *knowledge.classes}, "alarm": {*knowledge.content.alerts}, "same-day": set[str]()}
    seen: dict[str, str] = {}
    for case in cases:
        if case.id in seen:
            raise LinewiseError(f"the case {case.name} stands twice: give one of the two another id.")
        seen[case.id] = case.name
        for one in case.questions:
            unknown = sorted(set(one.names) - there[one.about])
            if unknown:
                raise LinewiseError(f"the case {case.name}: no drug, class or alarm is called {', '.join(unknown)}.")


def _asked(expect: dict[str, Any], taking: list[str]) -> Iterator[Asked]:
    """The questions of a case, each once, in an order that does not tell what is expected."""
    found: dict[tuple[str, ...], Asked] = {}
    for key, expected in _WANTED:
        for names in expect.get(key, []):
            asked = Asked(about="option", names=tuple(names), now=bool(taking) and names == taking, expected=expected)
            found.setdefault(asked.names, asked)
    yield from (found[key] for key in sorted(found))
    if "urgent" in expect:
        yield Asked(about="same-day", expected="raised" if expect["urgent"] else "not-raised")
    alarms = [Asked(about="alarm", names=(name,), expected=said) for key, said in _ALARMS for name in expect.get(key, [])]
    yield from sorted(alarms, key=lambda one: one.names)


def _cited(source: Any, knowledge: Knowledge) -> Iterator[Cited]:
    """The sources of a case: written out, or ids of the bibliography."""
    if isinstance(source, dict):
        yield Cited(**{key: str(source[key]) for key in ("title", "publisher", "date", "url") if source.get(key)})
        return
    for name in source or []:
        one = knowledge.sources[name]
        yield Cited(title=one.title, publisher=one.publisher, date=one.date.text if one.date else "", url=one.url or "")


def _names(asked: Iterable[str], knowledge: Knowledge) -> list[str]:
    """Every drug and class that an option of the knowledge holds or a question names, and the drugs of those classes."""
    found = set(asked)
    for treatment in knowledge.treatments.values():
        found.update(treatment.drugs, treatment.classes, (partner.class_ for partner in treatment.partners))
    found.update(name for name in knowledge.drugs if knowledge.classes_of(name) & found)
    found.update(*(knowledge.classes_of(name) for name in found))
    return sorted(name for name in found if name in knowledge.drugs or name in knowledge.classes)


def _classes(name: str, knowledge: Knowledge) -> tuple[str, ...]:
    return tuple(sorted(knowledge.classes_of(name) - {name}))


def _plain(value: Any) -> Any:
    """A value of YAML as JSON has it: days as text."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, dt.date) else value
