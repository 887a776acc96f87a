"""Facts as of a day: which entry decides, which is too old, what contradicts itself, what was assumed."""

from __future__ import annotations

import datetime as dt

from linewise.knowledge import Knowledge
from linewise.logic.nodes import DaysOf
from linewise.record import Chart, Entry, Origin, Record

DAY = dt.date(2024, 6, 1)


def entry(fact: str, value: bool | float | str, on: str | None = None, **more: object) -> Entry:
    day = dt.date.fromisoformat(on) if on else None
    return Entry(fact=fact, value=value, on=day, origin=Origin(f"{fact} {on or ''}".strip(), str(value)), **more)  # type: ignore[arg-type]


def chart(knowledge: Knowledge, *entries: Entry, day: dt.date = DAY, **more: object) -> Chart:
    return Chart(Record(entries=list(entries), **more), knowledge, day)  # type: ignore[arg-type]


def test_the_latest_result_decides_and_the_other_is_shown(knowledge: Knowledge) -> None:
    reading = chart(knowledge, entry("marker", "negative", "2018-02-01"), entry("marker", "positive", "2022-03-01")).read(
        "marker"
    )
    assert (reading.value, reading.on) == ("positive", dt.date(2022, 3, 1))
    assert "negative (2018-02-01)" in reading.note


def test_a_metastasis_goes_before_a_later_sample_of_the_breast(knowledge: Knowledge) -> None:
    reading = chart(
        knowledge,
        entry("marker", "positive", "2022-03-01", specimen="metastasis"),
        entry("marker", "negative", "2023-01-01", specimen="primary"),
    ).read("marker")
    assert reading.value == "positive"
    assert "from a metastasis" in reading.note


def test_results_of_one_day_that_contradict_each_other_leave_it_unknown(knowledge: Knowledge) -> None:
    reading = chart(knowledge, entry("marker", "negative", "2022-03-01"), entry("marker", "positive", "2022-03-01")).read(
        "marker"
    )
    assert reading.value is None
    assert "contradict" in reading.note


def test_a_value_that_is_too_old_does_not_count(knowledge: Knowledge) -> None:
    old = chart(knowledge, entry("pump", 55.0, "2023-11-30")).read("pump")
    assert old.value is None
    assert "older than 6 months" in old.note
    assert chart(knowledge, entry("pump", 55.0, "2023-12-01")).read("pump").value == 55.0


def test_what_happened_after_the_day_is_not_known_on_it(knowledge: Knowledge) -> None:
    assert chart(knowledge, entry("marker", "positive", "2024-06-02")).read("marker").value is None


def test_an_undated_result_is_older_than_a_dated_one(knowledge: Knowledge) -> None:
    assert (
        chart(knowledge, entry("marker", "negative"), entry("marker", "positive", "2020-01-01")).read("marker").value
        == "positive"
    )


def test_silence_about_a_set(knowledge: Knowledge) -> None:
    nothing = chart(knowledge)
    assert nothing.read("sites").value is None
    illnesses = nothing.read("comorbidities")
    assert illnesses.value == frozenset()
    assert illnesses.assumed
    declared = chart(knowledge, declared=frozenset({"comorbidities"})).read("comorbidities")
    assert not declared.assumed


def test_silence_that_is_taken_for_no_says_so(knowledge: Knowledge) -> None:
    silent = chart(knowledge)
    assert silent.read("expecting").value is False and silent.read("expecting").assumed
    assert [fact.id for fact in silent.assumed_absent()] == ["expecting"]
    assert not chart(knowledge, entry("expecting", False)).read("expecting").assumed


def test_what_was_resolved_or_denied_is_not_there(knowledge: Knowledge) -> None:
    reading = chart(
        knowledge,
        entry("comorbidities", "gout", "2019-01-01", until=dt.date(2020, 1, 1)),
        entry("comorbidities", "asthma", "2019-01-01", absent=True),
    ).read("comorbidities")
    assert reading.value == frozenset()


def test_age_is_counted_on_the_calendar(knowledge: Knowledge) -> None:
    assert chart(knowledge, birth=dt.date(1960, 6, 2)).read("age").value == 63.0
    assert chart(knowledge, birth=dt.date(1960, 6, 1)).read("age").value == 64.0


def test_the_order_of_entries_changes_nothing(knowledge: Knowledge) -> None:
    entries = [
        entry("marker", "negative", "2018-02-01"),
        entry("marker", "positive", "2022-03-01"),
        entry("pump", 50.0, "2024-05-01"),
    ]
    forward, backward = chart(knowledge, *entries), chart(knowledge, *reversed(entries))
    for name in ("marker", "pump", "sites", "comorbidities"):
        assert forward.read(name) == backward.read(name)


def test_the_value_before_the_latest_is_the_earlier_one(knowledge: Knowledge) -> None:
    dated = [entry("pump", 70.0, "2023-09-01"), entry("pump", 66.0, "2024-01-10"), entry("pump", 51.0, "2024-05-20")]
    assert chart(knowledge, *dated).read("pump-before").value == 66.0
    assert chart(knowledge, *dated, day=dt.date(2024, 2, 1)).read("pump-before").value == 70.0
    assert chart(knowledge, *dated, entry("pump-before", 60.0)).read("pump-before").value == 60.0  # stated as such
    assert chart(knowledge, dated[-1]).read("pump-before").value is None
    assert chart(knowledge, entry("pump", 70.0), entry("pump", 51.0)).read("pump-before").value is None  # which was first?


def test_a_symptom_that_is_dated_long_ago_has_been_there_since(knowledge: Knowledge) -> None:
    asked = DaysOf("cough")
    old, new, undated = (entry("symptoms", "cough", on) for on in ("2022-01-01", "2024-05-31", None))
    assert chart(knowledge, old).read(asked).value == 882.0
    assert chart(knowledge, new).read(asked).value is None  # noted yesterday: who knows since when
    assert chart(knowledge, old, new).read(asked).value is None  # it may have become worse
    assert chart(knowledge, old, undated).read(asked).value is None
    assert chart(knowledge).read(asked).value == 0.0
