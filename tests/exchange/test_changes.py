"""Whatever is lost, garbled, doubled or coded otherwise in a record: the plan may lose offers and gain questions, and never the other way round.

A short form runs always; 5,000 changes over the people of the example cases are marked slow.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from linewise.errors import RecordError
from linewise.exchange import Codes, codes_of, read_bytes
from linewise.knowledge import Knowledge
from linewise.plan import make_plan
from places import read_yaml

from .variants import WAYS, bundle_of

Json = dict[str, Any]
CASES = Path(__file__).parents[1] / "cases"
OFFERED = ("preferred", "suitable")


@pytest.fixture(scope="module")
def worded(knowledge: Knowledge) -> Codes:
    return codes_of(knowledge)


def people(count: int) -> Iterator[tuple[Json, dt.date]]:
    """Profiles of example cases, spread over their folders."""
    files = [path for path in sorted(CASES.rglob("*.yaml")) if path.name != "people.yaml"]
    for path in files[:: max(1, len(files) // (count * 2))]:
        case = read_yaml(path)
        if "profile" in case and count:
            count -= 1
            yield json.loads(json.dumps(case["profile"], default=str)), dt.date.fromisoformat(str(case["as_of"])[:10])


def _resources(value: Json, kind: str = "") -> list[Json]:
    return [
        one["resource"]
        for one in value["entry"]
        if one["resource"]["resourceType"] != "Patient" and (not kind or one["resource"]["resourceType"] == kind)
    ]


def unread_code(value: Json, roll: random.Random) -> None:
    """The code and the words of one entry become something that nobody knows."""
    one = roll.choice(_resources(value))
    for member in ("code", "medicationCodeableConcept", "event"):
        if member in one:
            one[member] = {"coding": [{"system": "urn:local", "code": "zzz-9"}], "text": "qqq zzz"}


def unread_value(value: Json, roll: random.Random) -> None:
    """The result of one observation becomes words that say nothing."""
    found = _resources(value, "Observation")
    if found:
        one = roll.choice(found)
        for member in [name for name in one if name.startswith("value")]:
            del one[member]
        one["valueString"] = "see comment"


def cut_in_a_text(value: Json, roll: random.Random) -> None:
    """One word of a result is cut in the middle."""
    found = [one for one in _resources(value, "Observation") if len(one.get("valueString", "")) > 5]
    if found:
        one = roll.choice(found)
        one["valueString"] = one["valueString"][: roll.randrange(3, len(one["valueString"]))] + "…"


def twice(value: Json, roll: random.Random) -> None:
    """One entry stands in the file twice."""
    value["entry"].append(
        copy.deepcopy(roll.choice([one for one in value["entry"] if one["resource"]["resourceType"] != "Patient"]))
    )


def broken_date(value: Json, roll: random.Random) -> None:
    """A day becomes a text that is no day."""
    one = roll.choice(_resources(value))
    for member in ("effectiveDateTime", "onsetDateTime", "date"):
        if member in one:
            one[member] = "sometime"


def huge_number(value: Json, roll: random.Random) -> None:
    """A number becomes one that nothing can have."""
    found = [one for one in _resources(value, "Observation") if "valueQuantity" in one]
    if found:
        roll.choice(found)["valueQuantity"]["value"] = roll.choice([1e308, -1e308, 10**30, -5])


def no_words_of_doubt(value: Json, roll: random.Random) -> None:
    """An entry is marked as not confirmed."""
    found = _resources(value, "Condition")[1:]
    if found:
        roll.choice(found)["verificationStatus"] = {"coding": [{"code": "provisional"}]}


CHANGES: tuple[Callable[[Json, random.Random], None], ...] = (
    unread_code,
    unread_value,
    cut_in_a_text,
    twice,
    broken_date,
    huge_number,
    no_words_of_doubt,
)


def _state(value: Json, day: dt.date, knowledge: Knowledge, codes: Codes) -> tuple[set[str], set[str], bool]:
    """What is offered, which warnings are up, and whether there is a plan at all."""
    try:
        (record,) = read_bytes(json.dumps(value).encode(), "a change", codes)
    except RecordError:
        return set(), set(), False
    plan = make_plan(record, knowledge, day, None)
    offered = {name for name in plan.judged if plan.status(name) in OFFERED}
    return offered, {one.id for one in plan.urgent}, record.scope is None


def _rises(count: int, each: int, knowledge: Knowledge, codes: Codes) -> list[str]:
    roll, found = random.Random(2026), []
    for number, (profile, day) in enumerate(people(count)):
        way = WAYS[number % len(WAYS)]
        whole = bundle_of(profile, day, way)
        offered, _, _ = _state(whole, day, knowledge, codes)
        for _ in range(each):
            change = roll.choice(CHANGES)
            other = copy.deepcopy(whole)
            change(other, roll)
            after, _, _ = _state(other, day, knowledge, codes)
            if more := after - offered:
                found.append(f"{profile['id']} ({way}), {change.__name__}: {', '.join(sorted(more))}")
    return found


def test_no_change_of_a_record_gains_an_offer(knowledge: Knowledge, worded: Codes) -> None:
    assert _rises(12, 6, knowledge, worded) == []


@pytest.mark.slow
def test_no_change_of_many_records_gains_an_offer(knowledge: Knowledge, worded: Codes) -> None:
    assert _rises(200, 25, knowledge, worded) == []
