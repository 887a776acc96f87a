"""Who was never tested and could act on it: the same as adding each possible result to the record and asking the one-person plan."""

from __future__ import annotations

import datetime as dt

import msgspec
import polars as pl
import pytest

from linewise.cohort.reports import describe
from linewise.cohort.testing import Test, needed_tests, results
from linewise.columns.decide import Matrix
from linewise.columns.events import Events, of_records
from linewise.invented.draw import draw
from linewise.invented.run import content
from linewise.knowledge import Knowledge, open_knowledge
from linewise.knowledge.model import Region
from linewise.plan import Plan
from linewise.record import Entry, Origin, Record
from sizes import sizes

from .back import part_of, records_of

DAY = dt.date(2026, 10, 31)


def offered(plan: Plan) -> set[str]:
    return {
        name
        for name, judged in plan.judged.items()
        if judged.status in ("preferred", "suitable") and judged.treatment.kind == "systemic"
    }


def alone(plan: Plan, test: Test, matrix: Matrix, region: Region | None) -> tuple[bool, set[str], bool]:
    """Of one person: never tested; what stays open although tested; whether a result would open an option."""
    knowledge, record = matrix.knowledge, plan.record
    names = {fact.id for fact in test.facts}
    never = not any(entry.fact in names and (entry.on is None or entry.on <= DAY) for entry in record.entries)
    open_ = {name for name in test.derived if plan.decider.fact_value(name) is None} if not never else set()
    if not never and not open_:
        return never, open_, False
    now = offered(plan)
    for fact in test.facts:
        if plan.decider.fact_value(fact.id) is None:
            for value in results(fact, matrix):
                entry = Entry(fact=fact.id, value=value, on=DAY, origin=Origin("the result"))
                more = msgspec.structs.replace(record, entries=[*record.entries, entry])
                if offered(Plan(more, knowledge, DAY, region)) - now:
                    return never, open_, True
    return never, open_, False


def _told(report_table: pl.DataFrame, what: str) -> tuple[int, int]:
    row = report_table.filter(pl.col("what") == what)
    return (0, 0) if not row.height else (row["no result"].item(), row["could act on it"].item())


@pytest.mark.parametrize("part", sizes(3, 1))
@pytest.mark.parametrize("region", [pytest.param("EU", marks=pytest.mark.slow), None])
def test_who_could_act_is_who_gets_an_option_by_a_result(region: Region | None, part: int, knowledge: Knowledge) -> None:
    drawn = draw(content(open_knowledge()), 24 if region else 8, 9)
    drawn = drawn.take(pl.Series(range(1 % part, len(drawn), part)))
    table = describe([("a", drawn)], knowledge, DAY, region, least=1).tables["never-tested"]
    matrix = Matrix(knowledge, DAY, region)
    plans = [Plan(record, knowledge, DAY, region) for record in records_of(drawn, knowledge)]
    compared = 0
    for test in needed_tests(matrix):
        if len(test.facts) > 2 and region is None:
            continue  # many results in four regions each take long; they are compared in one
        answers = [alone(plan, test, matrix, region) for plan in plans if plan.scope is None]
        title = knowledge.tests[test.id].title
        assert _told(table, title) == (sum(never for never, _, _ in answers), sum(never and act for never, _, act in answers)), (
            test.id
        )
        for name in test.derived:
            said = f"{knowledge.facts[name].label}: open, although tested"
            assert _told(table, said) == (
                sum(name in open_ for _, open_, _ in answers),
                sum(name in open_ and act for _, open_, act in answers),
            )
        compared += 1
    assert compared > 8
    assert table["could act on it"].sum() > 0


def test_the_tests_that_people_ask_about_are_among_them(knowledge: Knowledge) -> None:
    found = {test.id: test for test in needed_tests(Matrix(knowledge, DAY, "EU"))}
    assert {"HER2", "ESR1", "gBRCA", "PD-L1"} <= set(found)
    assert "her2-low" in found["HER2"].derived
    assert not {"blood-count", "calcium"} & set(found)  # a low count calls for help with it; it opens no treatment of the cancer


def person(**facts: str) -> Record:
    record = Record(
        id="x", birth=dt.date(1960, 1, 1), declared=frozenset({"adjuvant", "metastatic_lines", "sites", "comorbidities"})
    )
    stated = {"sex": "female", "er": "negative", "pr": "negative", "her2_ihc": "0", "ecog": "0"} | facts
    record.entries = [
        Entry(fact=name.replace("_", "-"), value=value, on=dt.date(2026, 1, 1), origin=Origin("e"))
        for name, value in stated.items()
        if value
    ]
    record.entries += [Entry(fact="metastatic", value=True, origin=Origin("m"))]
    return record


def never_tested(records: list[Record], knowledge: Knowledge) -> pl.DataFrame:
    events: Events = of_records(records)
    medicine = part_of(knowledge, "trastuzumab-deruxtecan-her2-low-tnbc")  # it hangs on HER2-low
    return describe([("a", events)], medicine, DAY, "EU", least=1).tables["never-tested"]


def test_her2_reported_negative_without_a_stain_leaves_her2_low_open(knowledge: Knowledge) -> None:
    table = never_tested(
        [person(her2_ihc="", her2_reported="negative"), person(), person(her2_ihc="", her2_reported="")], knowledge
    )
    assert _told(table, knowledge.tests["HER2"].title)[0] == 1
    assert _told(table, f"{knowledge.facts['her2-low'].label}: open, although tested")[0] == 1


def test_an_old_result_is_a_result(knowledge: Knowledge) -> None:
    """Who was tested once was not "never tested", even where the result is too old to decide."""
    record = person()
    record.entries.append(Entry(fact="lvef", value=60.0, on=dt.date(2015, 1, 1), origin=Origin("old")))
    assert _told(never_tested([record, person()], knowledge), knowledge.tests["LVEF"].title)[0] == 1
