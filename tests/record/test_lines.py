"""Lines of therapy from administrations: what makes a new line, what does not, and what is said to be contested."""

from __future__ import annotations

import datetime as dt
import itertools

from hypothesis import given
from hypothesis import strategies as st

from linewise.knowledge import Knowledge
from linewise.record import Administration, Course, Event, Origin, Record
from linewise.record.lines import courses_of

DAY = dt.date(2024, 6, 1)


def day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def gave(drug: str, start: str, end: str | None = None, **more: object) -> Administration:
    return Administration(drug=drug, start=day(start), end=day(end), origin=Origin(f"{drug} {start}"), **more)  # type: ignore[arg-type]


def event(what: str, on: str | None) -> Event:
    return Event(what=what, on=day(on), origin=Origin(f"{what} {on}"))  # type: ignore[arg-type]


def lines(knowledge: Knowledge, *things: Administration | Event, until: dt.date = DAY) -> tuple[Course, ...]:
    given_ = [one for one in things if isinstance(one, Administration)]
    events = [one for one in things if isinstance(one, Event)]
    spread = [] if any(one.what == "metastatic" for one in events) else [event("metastatic", "2018-01-01")]
    return courses_of(Record(administrations=given_, events=[*events, *spread]), knowledge, until)


def drugs(courses: tuple[Course, ...]) -> list[tuple[str, ...]]:
    return [course.drugs for course in courses]


def test_agents_started_together_are_one_line(knowledge: Knowledge) -> None:
    found = lines(knowledge, gave("alfa", "2020-01-01"), gave("hotel", "2020-01-20"))
    assert drugs(found) == [("alfa", "hotel")]


def test_a_new_agent_after_progression_is_a_new_line(knowledge: Knowledge) -> None:
    found = lines(
        knowledge,
        gave("alfa", "2020-01-01", "2021-01-01"),
        event("progression", "2021-01-10"),
        gave("bravo", "2021-02-01", ongoing=True),
    )
    assert drugs(found) == [("alfa",), ("bravo",)]
    assert found[0].stopped_for == "progression"
    assert found[1].reason == "new agent 22 days after progression"
    assert found[1].ongoing


def test_a_swap_inside_a_class_without_progression_is_the_same_line(knowledge: Knowledge) -> None:
    found = lines(knowledge, gave("alfa", "2020-01-01", "2020-05-01"), gave("bravo", "2020-05-10", ongoing=True))
    assert drugs(found) == [("alfa", "bravo")]
    assert "same line" in found[0].contested


def test_an_unrelated_agent_is_a_new_line_and_growth_is_assumed(knowledge: Knowledge) -> None:
    found = lines(knowledge, gave("alfa", "2020-01-01", "2020-05-01"), gave("papa", "2020-06-10"))
    assert drugs(found) == [("alfa",), ("papa",)]
    assert found[0].stopped_for == "progression"
    assert any("no reason is recorded" in text for text in found[0].assumed)


def test_bone_drugs_and_companions_are_never_lines(knowledge: Knowledge) -> None:
    found = lines(
        knowledge,
        gave("bonafide", "2019-01-01", ongoing=True),
        gave("alfa", "2020-01-01", ongoing=True),
        gave("charlie", "2020-01-05", ongoing=True),
    )
    assert drugs(found) == [("alfa", "charlie")]


def test_maintenance_after_a_completed_course_is_the_same_line(knowledge: Knowledge) -> None:
    completed = gave("papa", "2020-01-01", "2020-06-01", stopped_for="completion")
    found = lines(knowledge, completed, gave("hotel", "2020-06-20", ongoing=True))
    assert drugs(found) == [("hotel", "papa")]
    assert "maintenance" in found[0].contested
    unexplained = lines(knowledge, gave("papa", "2020-01-01", "2020-06-01"), gave("hotel", "2020-06-20", ongoing=True))
    assert drugs(unexplained) == [("papa",), ("hotel",)]


def test_cycles_of_one_drug_collapse(knowledge: Knowledge) -> None:
    cycles = [gave("papa", f"2020-0{month}-01", f"2020-0{month}-01") for month in range(1, 9)]
    found = lines(knowledge, *cycles)
    assert len(found) == 1
    assert found[0].months == 7.0


def test_what_came_before_the_spread_is_adjuvant(knowledge: Knowledge) -> None:
    found = lines(
        knowledge,
        gave("papa", "2015-01-01", "2015-06-01"),
        event("metastatic", "2018-03-01"),
        gave("alfa", "2018-03-20", ongoing=True),
    )
    assert [(course.setting, course.number) for course in found] == [("adjuvant", None), ("metastatic", 1)]
    assert found[0].months_since_end == round((dt.date(2018, 3, 1) - dt.date(2015, 6, 1)).days / 30.4375, 1)


def test_start_dates_alone_cope(knowledge: Knowledge) -> None:
    found = lines(
        knowledge, gave("alfa", "2020-01-01"), gave("papa", "2020-05-01"), gave("quebec", "2020-09-01"), event("metastatic", None)
    )
    assert drugs(found) == [("alfa",), ("papa",), ("quebec",)]
    assert [course.end for course in found[:2]] == [dt.date(2020, 5, 1), dt.date(2020, 9, 1)]
    assert not found[2].ongoing


def test_planned_and_later_treatment_does_not_count(knowledge: Knowledge) -> None:
    found = lines(knowledge, gave("alfa", "2020-01-01"), gave("papa", "2024-01-01", planned=True), gave("quebec", "2025-01-01"))
    assert drugs(found) == [("alfa",)]


def test_as_of_an_earlier_day_the_line_was_still_going_on(knowledge: Knowledge) -> None:
    record = Record(
        administrations=[gave("alfa", "2020-01-01", "2021-01-01"), gave("papa", "2021-02-01", "2021-08-01")],
        events=[event("metastatic", "2019-12-01")],
    )
    (only,) = courses_of(record, knowledge, dt.date(2020, 6, 1))
    assert only.ongoing
    assert only.stopped_for is None


def test_an_agent_still_given_is_part_of_the_line_that_is_going_on(knowledge: Knowledge) -> None:
    first, second = lines(knowledge, gave("papa", "2023-01-01", ongoing=True), gave("hotel", "2023-06-01", ongoing=True))
    assert second.drugs == ("hotel", "papa")
    assert second.ongoing
    assert first.stopped_for is None  # nobody says that the disease grew
    assert not any("the disease grew" in text for text in first.assumed)


_GIVEN = st.lists(
    st.builds(
        lambda drug, start, length: gave(
            drug,
            (dt.date(2018, 1, 1) + dt.timedelta(days=start)).isoformat(),
            (dt.date(2018, 1, 1) + dt.timedelta(days=start + length)).isoformat(),
        ),
        st.sampled_from(["alfa", "bravo", "hotel", "papa", "quebec", "charlie"]),
        st.integers(0, 1500),
        st.integers(0, 400),
    ),
    max_size=6,
)


@given(_GIVEN, st.randoms())
def test_order_changes_nothing_and_nothing_is_lost(knowledge: Knowledge, things: list[Administration], random: object) -> None:
    found = lines(knowledge, *things)
    shuffled = list(things)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert lines(knowledge, *shuffled) == found
    making = {one.drug for one in things} - {"charlie"}
    assert {drug for course in found for drug in course.drugs} >= making
    for earlier, later in itertools.pairwise(course for course in found if course.setting == "metastatic"):
        assert earlier.start is not None
        assert later.start is not None
        assert earlier.start <= later.start
        assert not earlier.ongoing
    assert [course.number for course in found if course.setting == "metastatic"] == list(
        range(1, sum(c.setting == "metastatic" for c in found) + 1)
    )


def test_two_lines_that_read_the_same_are_two_lines(knowledge: Knowledge) -> None:
    same = Course(drugs=("alfa",), setting="metastatic", ongoing=True)
    found = courses_of(Record(courses=[same, same]), knowledge, DAY)
    assert [(course.number, course.ongoing) for course in found] == [(1, False), (2, True)]
