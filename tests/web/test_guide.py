"""The guided questions: nothing asked that cannot matter, nothing lost on the way back."""

from __future__ import annotations

from typing import Any

from linewise.exchange import codes_of
from linewise.exchange.profile import read_profile
from linewise.journal.documents import Health
from linewise.knowledge import Knowledge, open_knowledge
from linewise.logic import check
from linewise.web import guide


def answer(person: Any, step: str, *values: str, **more: str) -> Any:
    return person.post(f"/guide/{step}", answer=list(values), do="next", **more)


def test_all_of_it_leads_to_a_plan(person: Any) -> None:
    """The first answer offered everywhere: at the end there is a plan."""
    page = person.get("/guide")
    for _ in range(60):
        if page.url.path == "/plan":
            break
        step = page.url.path.rsplit("/", 1)[1]
        twin = person.get(f"{page.url.path}.json").json()
        kind = twin["kind"]
        if kind == "number":
            page = answer(person, step, "57")
        elif kind in ("courses",):
            page = person.post(f"/guide/{step}", do="next")
        elif kind in ("names", "pick", "kinds"):
            page = person.post(f"/guide/{step}", do="next", none="yes")
        else:
            page = answer(person, step, twin["choices"][0]["value"])
        assert page.status_code == 200, (step, page.text)
    assert page.url.path == "/plan"
    assert person.get("/plan.json").json()["scope"] is None


def test_i_do_not_know_is_always_an_answer(person: Any) -> None:
    page = person.get("/guide")
    for _ in range(60):
        if page.url.path == "/plan" or page.url.path == "/start":
            break
        page = person.post(page.url.path, do="unknown")
        assert page.status_code == 200
    assert page.url.path in ("/plan", "/start")


def test_only_what_can_matter_is_asked(person: Any) -> None:
    answer(person, "sex", "male")
    ids = [one["id"] for one in person.get("/answers.json").json()["steps"]]
    assert "menopause" not in ids and "pregnant" not in ids
    assert "brain" not in ids and "her2-gene" not in ids
    answer(person, "her2", "2+")
    answer(person, "sites", "brain", "bone")
    ids = [one["id"] for one in person.get("/answers.json").json()["steps"]]
    assert "brain" in ids and "her2-gene" in ids


def test_going_back_shows_what_was_answered(person: Any) -> None:
    answer(person, "sex", "female")
    answer(person, "age", "57")
    assert 'value="57"' in person.get("/guide/age").text
    assert 'value="female" checked' in person.get("/guide/sex").text
    answer(person, "age", "58")
    assert person.get("/guide/sex.json").json()["answer"] == "female"


def test_errors_stand_beside_the_field(person: Any) -> None:
    for values in ([], ["abc"], ["700"]):
        page = answer(person, "age", *values)
        assert page.status_code == 422
        assert 'role="alert"' in page.text and 'id="error-answer"' in page.text
        assert 'aria-invalid="true"' in page.text


def test_courses_are_added_and_taken_away(person: Any) -> None:
    page = person.post("/guide/lines", drug0="Kisqali", drug1="letrozole", months="19", stopped="progression", do="add")
    assert page.status_code == 200
    assert person.get("/guide/lines.json").json()["answer"][0]["drugs"] == ["ribociclib", "letrozole"]
    wrong = person.post("/guide/lines", drug0="ribociclip", do="add")
    assert wrong.status_code == 422 and "ribociclib" in wrong.text
    person.post("/guide/lines", do="remove-0")
    assert not person.get("/guide/lines.json").json()["answer"]
    person.post("/guide/lines", do="next")
    assert person.get("/guide/lines.json").json()["answer"] == []


def test_a_late_tab_is_told(person: Any) -> None:
    version = person.get("/guide/sex.json").json()["version"]
    answer(person, "sex", "female", version=str(version))
    late = answer(person, "sex", "male", version=str(version))
    assert late.status_code == 409
    assert person.get("/guide/sex.json").json()["answer"] == "female"


def test_the_guide_itself_is_right(knowledge: Knowledge) -> None:
    codes = codes_of(knowledge)
    for step in guide.core(knowledge, codes):
        assert "?" in step.question, step.id
        if step.when:
            assert not check(step.when, knowledge.vocabulary), step.id
        assert step.kind in ("courses", "kinds", "names") or step.fact or step.member == "region", step.id
        assert step.why or step.section == "wishes", step.id
    example = open_knowledge().guide.example.profile
    assert read_profile(example, "example", codes).unread == []


def test_every_answer_is_a_record_that_can_be_read(knowledge: Knowledge) -> None:
    codes = codes_of(knowledge)
    answers: dict[str, Any] = {}
    for step in guide.core(knowledge, codes):
        if step.kind in ("courses", "kinds", "names", "pick"):
            continue
        value, error = guide.parse_answer(step, [step.choices[0][0] if step.choices else "50"], False, knowledge)
        assert not error, step.id
        answers = guide.put(answers, step.member, value)
    assert read_profile(answers, "answers", codes).unread == []
    assert Health(answers=answers).answers == answers


def test_every_red_flag_symptom_is_asked_about(knowledge: Knowledge) -> None:
    from linewise.journal.proctcae import terms
    from linewise.logic import walk
    from linewise.logic.nodes import Includes

    asked = {name for group in open_knowledge().guide.groups for name in group.symptoms}
    asked |= {term.symptom for term in terms(open_knowledge()).values()}
    for alert in knowledge.content.alerts.values():
        for node in walk(alert.when):
            if isinstance(node, Includes) and node.fact == "symptoms":
                assert knowledge.vocabulary.members("symptoms", node.values) <= asked, alert.id
