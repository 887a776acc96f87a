"""What somebody does not know stays unknown: never none, never going on. What goes on is an answer of its own."""

from __future__ import annotations

from typing import Any

import pytest

BASICS: dict[str, str] = {
    "region": "EU", "sex": "female", "age": "61", "menopause": "postmenopausal", "er": "positive", "pr": "positive", "her2": "1+",
}  # fmt: skip


def basics(person: Any) -> None:
    for step, value in BASICS.items():
        assert person.post(f"/guide/{step}", answer=value, do="next").status_code == 200, step
    person.post("/guide/sites", answer=["bone"], do="next")


def statuses(person: Any) -> dict[str, str]:
    return {one["id"]: one["status"] for one in person.get("/plan.json").json()["options"]}


def line(person: Any, stopped: str) -> None:
    person.post("/guide/lines", drug0="palbociclib", drug1="letrozole", months="20", stopped=stopped, do="add")


def said(person: Any) -> dict[str, Any]:
    found: dict[str, Any] = person.get("/mine/export.json").json()["health"]
    return found


def test_why_it_stopped_has_no_answer_chosen_beforehand(person: Any) -> None:
    basics(person)
    page = person.get("/guide/lines").text
    assert 'value="going"' in page and 'value="unsure"' in page and "checked" not in page
    answer = person.post("/guide/lines", drug0="palbociclib", do="add")
    assert answer.status_code == 422 and 'id="error-stopped"' in answer.text


@pytest.mark.parametrize(
    ("stopped", "receiving", "progressed"),
    [
        ("going", True, False),
        ("progression", False, True),
        ("toxicity", False, False),
        ("ended", False, None),
        ("unsure", None, None),
    ],
)
def test_each_answer_means_what_it_says(person: Any, make: Any, stopped: str, receiving: Any, progressed: Any) -> None:
    from linewise.logic import parse

    basics(person)
    line(person, stopped)
    (session,) = [one for one in make.app.state.house.sessions._open.values() if one.journal.names()]
    house = make.app.state.house
    plan = session.plan(house.knowledge, house.codes, house.today())
    assert plan.decider.value(parse("receiving palbociclib")) is receiving
    assert plan.decider.value(parse("progressed on cdk4-6-inhibitor for metastatic disease")) is progressed


def test_i_do_not_know_what_i_had_is_not_none(person: Any) -> None:
    basics(person)
    person.post("/guide/lines", do="next")
    person.post("/guide/before", do="next")
    none = statuses(person)
    person.post("/guide/lines", do="unknown")
    person.post("/guide/before", do="unknown")
    unknown = statuses(person)
    assert not {name for name, status in unknown.items() if status in ("preferred", "suitable")} & {
        name
        for name in ("ribociclib-aromatase-inhibitor", "palbociclib-aromatase-inhibitor")
        if none.get(name) in ("preferred", "suitable")
    }
    plan = person.get("/plan.json").json()
    assert plan["subject"]["line"] is None
    assert not [text for text in plan["assumed"] if "no treatment" in text]
    assert "I don’t know" in {one["id"]: one["answer"] for one in person.get("/answers.json").json()["steps"]}["lines"]


def test_after_i_do_not_know_one_rough_question_is_asked(person: Any) -> None:
    basics(person)
    page = person.post("/guide/lines", do="unknown")
    assert page.url.path == "/guide/lines-kinds"
    person.post("/guide/lines-kinds", answer=["chemotherapy"], do="next")
    assert said(person)["coarse"] == {"lines": ["chemotherapy"]}
    assert person.get("/plan.json").json()["subject"]["line"] is None
    person.post("/guide/lines-kinds", none="yes", do="next")
    assert said(person)["answers"]["metastatic_lines"] == []
    assert person.get("/plan.json").json()["subject"]["line"] == 1


def test_no_other_illness_is_only_what_was_said(person: Any) -> None:
    basics(person)
    person.post("/guide/illnesses", do="unknown")
    assert "no other illness" not in person.get("/plan.json").json()["assumed"]
    person.post("/guide/illnesses", none="yes", do="next")
    assert said(person)["answers"]["comorbidities"] == []


def test_i_do_not_know_what_i_take_leaves_what_meets_it_open(person: Any, make: Any) -> None:
    from linewise.logic import parse

    basics(person)
    person.post("/guide/medicines", do="unknown")
    (session,) = [one for one in make.app.state.house.sessions._open.values() if one.journal.names()]
    house = make.app.state.house
    plan = session.plan(house.knowledge, house.codes, house.today())
    assert plan.decider.value(parse("taking cyp3a4-inhibitor-strong")) is None
    assert person.get("/medicines.json").json()["medicines"] == []


def test_what_a_record_says_is_shown_and_not_overwritten_by_i_do_not_know(person: Any) -> None:
    import json

    from . import people

    person.upload(json.dumps(people.SECOND_LINE).encode())
    assert "ribociclib + letrozole" in person.get("/guide/lines.json").json()["recorded"]
    assert 'value="positive" checked' in person.get("/guide/er").text
    person.post("/guide/lines", do="unknown")
    assert person.get("/plan.json").json()["subject"]["line"] == 2
    person.post("/guide/lines", do="copy")
    assert person.get("/guide/lines.json").json()["answer"][0] == {
        "drugs": ["ribociclib", "letrozole"], "months": 22, "stopped_for": "progression", "going": "no",
    }  # fmt: skip


def test_something_and_nothing_at_once_is_asked_about(person: Any) -> None:
    basics(person)
    answer = person.post("/guide/sites", answer=["liver"], none="yes", do="next")
    assert answer.status_code == 422 and "choose one of the two" in answer.text
    assert said(person)["answers"]["metastatic_sites"] == ["bone"]


def test_where_i_am_treated_is_asked_first_and_marks_what_is_not_used_there(person: Any) -> None:
    assert person.get("/guide").url.path == "/guide/region"
    assert person.post("/guide/region", answer="elsewhere", do="next").url.path == "/guide/sex"
    for step, value in list(BASICS.items())[1:]:
        person.post(f"/guide/{step}", answer=value, do="next")
    person.post("/guide/sites", answer=["bone"], do="next")
    line(person, "progression")
    for step in ("before", "illnesses", "medicines"):
        person.post(f"/guide/{step}", none="yes", do="next")
    person.post("/guide/activity", answer="1", do="next")
    assert person.get("/plan.json").json()["region"] is None
    assert "Only in " in person.get("/plan").text
    person.post("/guide/region", answer="UK", do="next")
    assert person.get("/plan.json").json()["region"] == "UK"
    assert "Only in " not in person.get("/plan").text


def test_a_test_says_what_that_very_gene_could_make_possible(knowledge: Any) -> None:
    """An option is named beside a gene only where this gene can change it, not where another gene of the same test can."""
    from linewise.exchange import codes_of
    from linewise.journal.documents import Health
    from linewise.logic import subject, walk
    from linewise.web import guide

    from . import people

    answers = {name: value for name, value in people.SECOND_LINE.items() if name not in ("id", "variants")}
    plan = people.plan_of(answers, knowledge)
    steps = guide._tests(Health(answers=answers), plan, knowledge, codes_of(knowledge), set())
    assert len(steps) > 3
    for step in steps:
        for name in plan.waiting.get(step.fact, []):
            treatment = knowledge.treatments[name]
            criteria = [
                treatment.fits,
                *(one.fits for one in treatment.standing if one.fits),
                *(one.when for one in plan._judge.avoid(treatment) if one.when),
            ]
            assert step.fact in _facts(criteria, knowledge, subject, walk), (step.fact, name)


def _facts(criteria: list[Any], knowledge: Any, subject: Any, walk: Any) -> set[str]:
    found: set[str] = set()
    waiting = list(criteria)
    while waiting:
        for node in walk(waiting.pop()):
            try:
                about = subject(node)
            except (AttributeError, TypeError, KeyError):
                continue
            if isinstance(about, str) and about not in found and about in knowledge.facts:
                found.add(about)
                fact = knowledge.facts[about]
                waiting += [case.when for case in fact.cases] + ([fact.criterion] if fact.criterion else [])
    return found


def test_at_most_twelve_questions_before_the_first_answer(person: Any) -> None:
    page, asked = person.get("/guide"), 0
    while page.url.path != "/plan":
        step = page.url.path.rsplit("/", 1)[1]
        twin = person.get(f"{page.url.path}.json").json()
        asked += 1
        if twin["kind"] == "number":
            page = person.post(f"/guide/{step}", answer="50", do="next")
        elif twin["kind"] in ("courses", "names", "pick", "kinds"):
            page = person.post(f"/guide/{step}", do="next", none="yes")
        else:
            page = person.post(f"/guide/{step}", answer=twin["choices"][0]["value"], do="next")
        assert asked <= 12
    assert asked >= 8
