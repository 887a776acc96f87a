"""Every clause of the knowledge has two records that differ in it alone and get different answers; dates are where they were."""

from __future__ import annotations

import datetime as dt

import pytest
from pairing import golden, report, standing

from linewise.knowledge import Knowledge

_SHOWN = 25
_DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def stored() -> dict[str, golden.Stored]:
    return golden.read()


def told(faults: list[str]) -> str:
    return "\n".join([f"{len(faults)} faults; where the medicine was changed on purpose, run `make pairs`", *faults[:_SHOWN]])


def test_every_record_gets_its_stored_answer_and_every_clause_has_a_pair(
    knowledge: Knowledge, stored: dict[str, golden.Stored]
) -> None:
    faults = golden.faults(knowledge, stored)
    assert not faults, told(faults)


def test_a_clause_without_a_pair_is_listed_with_the_reason(stored: dict[str, golden.Stored]) -> None:
    idle, listed = report.idle(stored), report.listed()
    new = [
        f"{name}: {why}: mend the criterion, or list it in {report.LISTED.name}"
        for name, why in idle.items()
        if name not in listed
    ]
    gone = [f"{name}: it is listed in {report.LISTED.name}, and has a pair or is gone" for name in listed if name not in idle]
    assert not new + gone, told(new + gone)


@pytest.mark.parametrize(("name", "table"), [(standing.STANDING, standing.standing), (standing.CAUTIONS, standing.cautions)])
def test_what_is_said_is_what_is_stored(knowledge: Knowledge, name: str, table: object) -> None:
    faults = standing.differences(name, standing.read(name), table(knowledge.content))  # type: ignore[operator]
    assert not faults, told(faults)


def test_a_statement_is_out_of_force_the_day_before_its_first_and_the_day_after_its_last(knowledge: Knowledge) -> None:
    stored, faults = standing.read(standing.STANDING), []
    for name, treatment in knowledge.treatments.items():
        rows = {tuple(row[:5]) for row in stored.get(name, ())}
        for one in treatment.standing:
            for region in one.where:
                fitting = [row for row in rows if row[:3] == (region, one.body, one.says)]
                # Of several rows of one body, the statement is that of exactly one of them.
                if not any(_in_force_exactly(one, row[3], row[4]) for row in fitting):
                    faults.append(f"{name}: {region} {one.body} {one.says} since {one.since.text}: {sorted(map(str, fitting))}")
    assert not faults, told(faults)


def _in_force_exactly(one: object, first: str, last: str | None) -> bool:
    in_force = one.in_force  # type: ignore[attr-defined]
    start = dt.date.fromisoformat(first)
    begins = in_force(start) and not in_force(start - _DAY)
    if last is None:
        return bool(begins and in_force(dt.date.max))
    end = dt.date.fromisoformat(last)
    return bool(begins and in_force(end) and not in_force(end + _DAY))
