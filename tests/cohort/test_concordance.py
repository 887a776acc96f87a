"""Whether what was given fitted on the day: what the one-person plan says of everybody at the start of every line."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import msgspec
import polars as pl
import pytest

from linewise.cohort.concordance import (
    ANYWAY,
    FITTED,
    FORBIDDEN,
    NO_OPTION,
    NO_SCOPE,
    UNAVAILABLE,
    UNKNOWN,
    WHY,
    Judged,
    concordance,
    matching,
)  # fmt: skip
from linewise.cohort.journeys import followed
from linewise.cohort.report.wording import Wording, conjuncts
from linewise.cohort.reports import options
from linewise.columns.events import Events, of_records
from linewise.invented.draw import draw
from linewise.invented.run import content
from linewise.knowledge import Knowledge, open_knowledge
from linewise.knowledge.model import Region
from linewise.plan import Plan
from linewise.record import Administration, Entry, Event, Origin, Record
from sizes import sizes

from .back import records_of

DAY = dt.date(2026, 10, 31)
_CYCLE = dt.timedelta(days=28)


@pytest.fixture(scope="module")
def drawn() -> Events:
    return draw(content(open_knowledge()), 300, 5)


def begun(record: Record, line: dict[str, Any]) -> frozenset[str]:
    """The drugs that a line began with, of one person."""
    found = {
        one.drug for one in record.administrations
        if one.drug in line["drugs"] and not one.planned and (one.start is None or one.start <= line["start"] + _CYCLE)
        and (one.end is None or one.end >= line["start"])
    }  # fmt: skip
    return frozenset(found or line["drugs"])


def before(record: Record, day: dt.date) -> Record:
    """The record as it stood on a day, without what was begun on it."""
    return msgspec.structs.replace(
        record,
        administrations=[one for one in record.administrations if one.start is None or one.start < day],
        courses=[one for one in record.courses if one.start is None or one.start < day],
    )


def judged_alone(record: Record, line: dict[str, Any], knowledge: Knowledge, region: Region | None) -> int:
    """What is said of one line, by the one-person plan."""
    own = [region] if region else [record.region] if record.region else knowledge.regions
    ranks = []
    for place in own:
        plan = Plan(before(record, line["start"]), knowledge, line["start"], place)
        if plan.scope is not None:
            return NO_SCOPE
        for name in matching(begun(record, line), knowledge):
            option = knowledge.treatments[name]
            status = plan.status(name)
            deciding, blocking, _ = plan._judge.stand(option, place)
            failing = sum(plan.decider.value(node) is False for node in conjuncts(option.fits, knowledge))
            if status in ("preferred", "suitable"):
                ranks.append((0.0, FITTED))
            elif status == "depends":
                ranks.append((1.0, UNKNOWN))
            elif status == "unsuitable":
                ranks.append((2.0, FORBIDDEN))
            elif not deciding or any(holds for _, holds in blocking):
                ranks.append((4.5 + failing / 1000 if failing else 3.0, UNAVAILABLE))
            else:
                ranks.append((4.0 + failing / 1000, ANYWAY))
    return min(ranks)[1] if ranks else NO_OPTION


def compare(events: Events, knowledge: Knowledge, region: Region | None) -> Counter[str]:
    lines = followed(events, knowledge, DAY)
    judged = concordance(events, lines, knowledge, region)
    records = records_of(events, knowledge)
    said: Counter[str] = Counter()
    for row, line in enumerate(judged.lines.iter_rows(named=True)):
        alone = judged_alone(records[line["patient"]], line, knowledge, region)
        assert WHY[line["why"]] == WHY[alone], (line["patient"], line["start"], line["drugs"])
        said[WHY[alone]] += 1
        has = judged.reasons.filter(pl.col("row") == row)["reason"].to_list()
        assert bool(has) == (alone in (UNKNOWN, FORBIDDEN, UNAVAILABLE, ANYWAY)), (WHY[alone], has)
        assert "several things together" not in has
    return said


@pytest.mark.parametrize("part", sizes(3, 1))
@pytest.mark.parametrize("region", ["EU", "UK", None])
def test_every_line_is_judged_as_the_plan_of_that_day(
    region: Region | None, part: int, drawn: Events, knowledge: Knowledge
) -> None:
    some = drawn.take(pl.Series(range(0, 300, part * (2 if region else 6))))
    if region is None:
        some = _with_regions(some)
    said = compare(some, knowledge, region)
    assert said["fitted"] and said["not known"] and said["given anyway"]


@pytest.mark.slow
@pytest.mark.parametrize("region", ["EU", "US"])
def test_two_thousand_people_are_judged_as_their_plans(region: Region, knowledge: Knowledge) -> None:
    said = compare(draw(content(open_knowledge()), 2000, 1), knowledge, region)
    assert set(said) >= {"fitted", "not known", "contraindicated", "not available then", "given anyway"}


def _with_regions(events: Events) -> Events:
    regions = pl.Series("region", [(None, "US", "DE", "UK")[number % 4] for number in range(len(events))], dtype=pl.String)
    return Events(**{**vars_of(events), "patients": events.patients.with_columns(regions)})


def vars_of(events: Events) -> dict[str, pl.DataFrame]:
    return {name: getattr(events, name) for name in events.__dataclass_fields__}


@pytest.mark.parametrize("part", sizes(4, 1))
def test_the_report_counts_what_was_judged(part: int, drawn: Events, knowledge: Knowledge, tmp_path: Any) -> None:
    drawn = drawn.take(pl.Series(range(0, 300, part)))
    report = options([("part", drawn)], knowledge, DAY, "EU", tmp_path, least=1)
    lines = followed(drawn, knowledge, DAY)
    judged = concordance(drawn, lines, knowledge, "EU")
    table = report.tables["concordance"]
    assert table["lines"].sum() == lines.height
    first = Counter(WHY[why] for why, number in judged.lines.select("why", "number").iter_rows() if number == 1)
    assert {name: table[name][0] for name in WHY} == {name: first[name] for name in WHY}
    by_regimen = report.tables["concordance-by-regimen"]
    assert {name: by_regimen[name].sum() for name in WHY} == {name: table[name].sum() for name in WHY}


# Worked out by hand


def person(*given: tuple[str, str, str | None], **facts: str) -> Record:
    """Somebody with spread since 2020, and drugs from a day to a day."""
    record = Record(
        id="x", birth=dt.date(1955, 1, 1), declared=frozenset({"adjuvant", "metastatic_lines", "sites", "comorbidities"})
    )
    record.entries += [
        Entry(fact=name.replace("_", "-"), value=value, on=dt.date(2020, 1, 1), origin=Origin("e"))
        for name, value in facts.items()
    ]
    record.entries.append(Entry(fact="metastatic", value=True, on=dt.date(2020, 1, 1), origin=Origin("m")))
    record.events.append(Event(what="metastatic", on=dt.date(2020, 1, 1), origin=Origin("e")))
    for drug, start, end in given:
        ended = dt.date.fromisoformat(end) if end else None
        record.administrations.append(
            Administration(
                drug=drug, start=dt.date.fromisoformat(start), end=ended, ongoing=end is None, origin=Origin(f"{drug} {start}")
            )
        )
    return record


def judged_of(record: Record, knowledge: Knowledge, region: Region = "EU") -> Judged:
    events = of_records([record])
    return concordance(events, followed(events, knowledge, DAY), knowledge, region)


def test_a_line_counts_by_what_it_began_with(knowledge: Knowledge) -> None:
    # Palbociclib with letrozole; after a year anastrozole takes the place of letrozole, inside its class: the same line.
    record = person(
        ("palbociclib", "2020-02-01", "2022-02-01"), ("letrozole", "2020-02-03", "2021-02-01"), ("anastrozole", "2021-02-02", "2022-02-01"),
        er="positive", pr="positive", her2_ihc="0", sex="female", menopausal_status="postmenopausal",
    )  # fmt: skip
    judged = judged_of(record, knowledge).lines
    assert judged["begun with"].to_list() == ["letrozole + palbociclib"]
    assert judged["option"].to_list() == ["palbociclib-aromatase-inhibitor"]


def test_a_drug_before_its_approval_was_not_available(knowledge: Knowledge) -> None:
    record = person(
        ("letrozole", "2020-02-01", "2021-02-01"), ("capivasertib", "2021-03-01", None), ("fulvestrant", "2021-03-01", None),
        er="positive", pr="positive", her2_ihc="0", sex="female", menopausal_status="postmenopausal", PIK3CA="mutated", ecog="1",
    )  # fmt: skip
    record.events.append(Event(what="progression", on=dt.date(2021, 2, 1), origin=Origin("p")))
    judged = judged_of(record, knowledge)
    assert judged.lines["why"].to_list()[1] == UNAVAILABLE
    (reason,) = judged.reasons.filter(pl.col("row") == 1)["reason"].to_list()
    assert reason.startswith("not yet: EMA") and "2024-06-17" in reason


def test_what_no_option_consists_of_is_said_to_be_none(knowledge: Knowledge) -> None:
    record = person(
        ("olaparib", "2020-02-01", None), ("eribulin", "2020-02-01", None), er="negative", pr="negative", her2_ihc="0"
    )
    assert judged_of(record, knowledge).lines["why"].to_list() == [NO_OPTION]


def test_an_option_of_partners_alone_is_found(knowledge: Knowledge) -> None:
    assert "aromatase-inhibitor-alone" in matching(frozenset({"letrozole"}), knowledge)
    assert "aromatase-inhibitor-alone" in matching(frozenset({"letrozole", "goserelin"}), knowledge)
    assert "aromatase-inhibitor-alone" not in matching(frozenset({"letrozole", "anastrozole"}), knowledge)


def test_a_regimen_is_an_option_of_just_these_drugs(knowledge: Knowledge) -> None:
    for option in knowledge.treatments.values():
        if option.drugs and not option.partners and "current" not in option.drugs:
            joins = {
                drug for drug in option.drugs
                if any(knowledge.classes[c].joins_line for c in knowledge.classes_of(drug) if c in knowledge.classes)
            }  # fmt: skip
            if not joins:
                assert option.id in matching(frozenset(option.drugs), knowledge)
                assert option.id not in matching(frozenset(option.drugs) | {"an-unknown-drug"}, knowledge)


def test_every_reason_can_be_read(knowledge: Knowledge) -> None:
    """No name of a fact, no sign of the criteria language, nothing too long for a table."""
    wording = Wording(knowledge)
    names = [name for name in knowledge.facts if "-" in name]
    for option in knowledge.treatments.values():
        for node in conjuncts(option.fits, knowledge):
            for holds in (True, False):
                said = wording.of(node, holds)
                assert 3 < len(said) < 420, said
                assert not any(f" {name} " in f" {said} " and name not in knowledge.facts[name].label for name in names), said
                assert not any(sign in said for sign in ("<=", ">=", "any of (", "not (")), said


def test_the_parts_of_a_criterion_together_are_the_criterion(drawn: Events, knowledge: Knowledge) -> None:
    for record in records_of(drawn.take(pl.Series(range(15))), knowledge):
        decider = Plan(record, knowledge, DAY, "EU").decider
        for option in knowledge.treatments.values():
            parts = [decider.value(node) for node in conjuncts(option.fits, knowledge)]
            assert decider.value(option.fits) is (False if False in parts else None if None in parts else True)
