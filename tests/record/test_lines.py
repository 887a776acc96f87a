"""Lines of therapy from administrations: what makes a new line, what does not, and what is said to be contested."""

from __future__ import annotations

import datetime as dt
import itertools

from hypothesis import given
from hypothesis import strategies as st

from linewise.knowledge import Knowledge
from linewise.logic.nodes import Combination, Treatment
from linewise.record import Administration, Course, Event, Origin, Record
from linewise.record.chart import Chart
from linewise.record.lines import courses_of
from linewise.record.parameters import STANDARD, Parameters

DAY = dt.date(2024, 6, 1)


def day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def gave(drug: str, start: str | None = None, end: str | None = None, **more: object) -> Administration:
    return Administration(drug=drug, start=day(start), end=day(end), origin=Origin(f"{drug} {start}"), **more)  # type: ignore[arg-type]


def event(what: str, on: str | None) -> Event:
    return Event(what=what, on=day(on), origin=Origin(f"{what} {on}"))  # type: ignore[arg-type]


def lines(
    knowledge: Knowledge, *things: Administration | Event, until: dt.date = DAY, parameters: Parameters = STANDARD
) -> tuple[Course, ...]:
    given_ = [one for one in things if isinstance(one, Administration)]
    events = [one for one in things if isinstance(one, Event)]
    spread = [] if any(one.what == "metastatic" for one in events) else [event("metastatic", "2018-01-01")]
    return courses_of(Record(administrations=given_, events=[*events, *spread]), knowledge, until, parameters)


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


# What goes on beside, and beyond


def test_an_agent_that_was_still_given_in_the_next_line_is_part_of_both(knowledge: Knowledge) -> None:
    first, second, third = lines(
        knowledge,
        gave("hotel", "2020-01-01", "2022-01-01", stopped_for="toxicity"),
        gave("papa", "2020-06-01", "2021-01-01"),
        gave("quebec", "2021-06-01", "2022-06-01"),
    )
    assert drugs((first, second, third)) == [("hotel",), ("hotel", "papa"), ("hotel", "quebec")]
    assert (first.end, second.end) == (day("2020-06-01"), day("2021-06-01"))  # the next line began
    assert (first.stopped_for, second.stopped_for, third.stopped_for) == (None, None, "toxicity")
    assert "papa was added while hotel went on" in second.contested


def test_what_was_given_only_until_the_change_is_not_part_of_the_next_line(knowledge: Knowledge) -> None:
    _, second = lines(knowledge, gave("papa", "2020-01-01", "2020-06-20"), gave("quebec", "2020-06-01", "2020-12-01"))
    assert second.drugs == ("quebec",)
    assert not second.contested


def test_the_next_record_of_an_agent_that_went_on_begins_no_line(knowledge: Knowledge) -> None:
    found = lines(
        knowledge,
        gave("papa", "2020-01-01", "2020-04-10"),
        gave("quebec", "2020-03-01", "2020-12-01"),
        gave("papa", "2020-04-11", "2020-08-01"),
    )
    assert drugs(found) == [("papa",), ("papa", "quebec")]


def test_of_one_day_the_new_agent_comes_first(knowledge: Knowledge) -> None:
    found = lines(knowledge, gave("papa", "2020-01-01"), gave("papa", "2020-03-01"), gave("quebec", "2020-03-01"))
    assert drugs(found) == [("papa",), ("papa", "quebec")]


def test_treatment_beyond_progression_is_the_same_line(knowledge: Knowledge) -> None:
    cycles = [gave("papa", f"2024-0{month}-05") for month in range(1, 6)]
    (only,) = lines(knowledge, *cycles, event("progression", "2024-03-20"))
    assert only.ongoing is None  # given a month ago
    assert only.contested.count("papa went on although the disease had grown") == 1


def test_the_same_agent_after_a_break_and_a_progression_is_a_new_line(knowledge: Knowledge) -> None:
    found = lines(
        knowledge,
        gave("papa", "2020-01-01", "2020-06-01"),
        event("progression", "2021-01-01"),
        gave("papa", "2021-02-10", "2021-06-01"),
    )
    assert drugs(found) == [("papa",), ("papa",)]
    assert found[1].reason == "the same agent again 40 days after progression"


def test_every_other_way_to_read_a_line_is_kept(knowledge: Knowledge) -> None:
    (only,) = lines(
        knowledge,
        gave("alfa", "2020-01-01", "2020-03-01"),
        gave("bravo", "2020-03-05", "2020-05-01"),
        gave("bravo", "2020-05-20", "2020-07-01"),
        event("progression", "2020-05-10"),
    )
    assert "bravo took the place of alfa" in only.contested
    assert "bravo went on although the disease had grown" in only.contested


def test_a_pause_begins_a_line_only_where_one_is_asked_for(knowledge: Knowledge) -> None:
    given_ = [gave("papa", "2020-01-01", "2020-02-01"), gave("papa", "2020-09-01", "2020-10-01")]
    assert len(lines(knowledge, *given_)) == 1
    first, second = lines(knowledge, *given_, parameters=Parameters(gap=120))
    assert first.end == day("2020-02-01")
    assert second.reason == "begun after a pause of 213 days"


def test_the_window_is_a_parameter(knowledge: Knowledge) -> None:
    given_ = [gave("papa", "2020-01-01", "2020-02-01"), gave("quebec", "2020-01-20", "2020-02-01")]
    assert drugs(lines(knowledge, *given_)) == [("papa", "quebec")]
    assert drugs(lines(knowledge, *given_, parameters=Parameters(window=7))) == [("papa",), ("papa", "quebec")]


# What may still go on


def test_single_days_a_short_time_ago_may_go_on(knowledge: Knowledge) -> None:
    (only,) = lines(knowledge, gave("papa", "2024-04-01"), gave("papa", "2024-04-22"))
    assert only.ongoing is None
    assert (only.end, only.months, only.stopped_for) == (None, None, None)
    assert only.assumed == ("given a short time before this day: whether it goes on is not recorded",)


def test_single_days_long_ago_are_over(knowledge: Knowledge) -> None:
    (only,) = lines(knowledge, gave("papa", "2024-03-01"), gave("papa", "2024-04-03"))
    assert only.ongoing is False
    assert only.end == day("2024-04-03")
    assert only.assumed == ("taken as over since it was last recorded: no end is recorded",)


def test_single_days_before_a_progression_were_stopped_by_it(knowledge: Knowledge) -> None:
    (only,) = lines(knowledge, gave("papa", "2024-04-22"), event("progression", "2024-05-20"))
    assert (only.ongoing, only.stopped_for) == (False, "progression")


def test_what_is_said_to_be_over_is_over(knowledge: Knowledge) -> None:
    (only,) = lines(knowledge, gave("papa", "2024-05-20", ongoing=False))
    assert only.ongoing is False


def test_whether_a_drug_is_received_may_be_unknown(knowledge: Knowledge) -> None:
    spread = event("metastatic", "2018-01-01")
    record = Record(administrations=[gave("papa", "2024-05-20")], events=[spread])
    chart = Chart(record, knowledge, DAY)
    answers = [chart.history.receiving(treatment(name)).value for name in ("papa", "poison", "hotel")]
    assert answers == [None, None, False]
    assert chart.history.progressed(treatment("papa"), "metastatic").value is None
    assert chart.history.had(treatment("papa"), "metastatic").value is True


# Drugs without a day


def test_drugs_without_a_day_are_one_course_without_a_number(knowledge: Knowledge) -> None:
    found = lines(knowledge, gave("alfa", "2020-01-01", "2021-01-01"), gave("papa"), gave("quebec"), gave("alfa"))
    assert [(course.drugs, course.number, course.undated) for course in found] == [
        (("alfa",), 1, False),
        (("papa", "quebec"), None, True),
    ]


def test_a_single_drug_without_a_day_is_a_line(knowledge: Knowledge) -> None:
    (only,) = lines(knowledge, gave("papa"), gave("papa"))
    assert (only.drugs, only.number, only.undated) == (("papa",), 1, False)


def test_what_goes_on_now_is_one_regimen_whenever_it_was_begun(knowledge: Knowledge) -> None:
    (only,) = lines(knowledge, gave("alfa", ongoing=True), gave("hotel", ongoing=True))
    assert (only.drugs, only.ongoing, only.number, only.undated) == (("alfa", "hotel"), True, 1, False)
    (dated,) = lines(knowledge, gave("alfa", "2024-01-01", ongoing=True), gave("hotel", ongoing=True))
    assert dated.drugs == ("alfa", "hotel")
    first, now = lines(knowledge, gave("papa", "2020-01-01", "2020-06-01"), gave("hotel", ongoing=True))
    assert (first.drugs, now.drugs) == (("papa",), ("hotel",))
    assert now.reason == "going on, and begun on a day that is not recorded"


def test_what_has_no_day_answers_what_was_given_and_not_in_which_line(knowledge: Knowledge) -> None:
    record = Record(
        administrations=[gave("alfa", "2020-01-01", "2021-01-01"), gave("papa"), gave("hotel")],
        events=[event("metastatic", "2018-01-01")],
    )
    chart = Chart(record, knowledge, DAY)
    history = chart.history
    assert chart.read("line").value is None
    assert history.had(treatment("papa"), "metastatic").value is True
    assert history.had(treatment("papa", "hotel"), "metastatic").value is None  # perhaps not together
    assert history.had(treatment("papa", "alfa"), "metastatic").value is False
    assert history.had(treatment("hotel", without="papa"), "metastatic").value is None
    assert history.had(treatment("papa"), "first").value is None
    assert history.had(treatment("quebec"), "first").value is False
    assert history.lines_of(treatment("papa"), "metastatic").value == 1.0
    assert history.lines_of(treatment(), "metastatic").value is None


def test_drugs_without_a_day_cannot_have_been_given_without_themselves(knowledge: Knowledge) -> None:
    record = Record(administrations=[gave("papa"), gave("quebec")], events=[event("metastatic", "2018-01-01")])
    history = Chart(record, knowledge, DAY).history
    assert history.had(treatment(without="poison"), "metastatic").value is False
    assert history.had(treatment(without="papa"), "metastatic").value is None
    assert history.had(treatment("poison", without="hormone"), "metastatic").value is True


def treatment(*has: str, without: str | None = None) -> Treatment:
    return Treatment((Combination(has, (without,) if without else ()),))
