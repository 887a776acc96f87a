"""Search answers what people ask, in their words, never changes a word in silence, and tells nobody a condition as a fact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import textstat

from linewise.knowledge import Knowledge, open_knowledge
from linewise.knowledge.search import Found, Search
from linewise.knowledge.texts import texts, warning
from places import read_yaml

ASKED: dict[str, Any] = read_yaml(Path(__file__).parent / "asked.yaml")


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return open_knowledge()


@pytest.fixture(scope="module")
def search(knowledge: Knowledge) -> Search:
    return Search(knowledge)


def hit(found: list[Found], wanted: list[str]) -> bool:
    return any(one.id in wanted or f"{one.kind}:{one.id}" in wanted for one in found)


@pytest.mark.parametrize("question", ASKED["first"])
def test_the_first_or_second_answer_answers(search: Search, question: str) -> None:
    found = search.find(question)
    assert hit(found[:2], ASKED["first"][question]), [(one.kind, one.id) for one in found[:4]]


@pytest.mark.parametrize("question", ASKED["found"])
def test_it_is_among_the_answers(search: Search, question: str) -> None:
    found = search.find(question)
    assert hit(found, ASKED["found"][question]), [(one.kind, one.id) for one in found]


@pytest.mark.parametrize("question", ASKED["nothing"])
def test_where_nothing_answers_nothing_is_shown(search: Search, question: str) -> None:
    assert search.find(question) == []


def test_every_curated_answer_is_found_by_every_way_to_ask_it(search: Search, knowledge: Knowledge) -> None:
    lost = []
    for answer in knowledge.content.answers.values():
        for question in (answer.question, *answer.also):
            first = [one.id for one in search.find(question)[:4]]
            if answer.id not in first:
                lost.append((question, answer.id, first))
    assert lost == []


def test_the_questions_for_the_team_are_found(search: Search, knowledge: Knowledge) -> None:
    for ask in list(knowledge.content.questions.values())[::7]:
        assert ask.id in [one.id for one in search.find(ask.text)], ask.text


@pytest.mark.parametrize(("word", "near"), [("tamoxifin", "tamoxifen"), ("diarrea", "diarrhea"), ("letrozzole", "letrozole")])
def test_a_word_nearly_known_is_taken_and_said(search: Search, word: str, near: str) -> None:
    answers = search.ask(word)
    assert answers.found
    assert answers.instead == {word: near}


@pytest.mark.parametrize("word", ["Schmetterling", "bananarama", "zebra crossing"])
def test_a_word_that_nobody_knows_is_said_and_replaced_by_none(search: Search, word: str) -> None:
    answers = search.ask(word)
    assert answers.unknown and not answers.instead


def test_a_caution_for_some_is_never_told_as_a_fact(search: Search, knowledge: Knowledge) -> None:
    """No record is open here: what holds only on a condition stands with it, in the text and in every extract."""
    conditional = {
        one.plain: drug.id
        for drug in knowledge.drugs.values()
        for one in (*drug.avoid, *drug.caution)
        if one.plain and one.when is not None
    }
    always = {one.plain for drug in knowledge.drugs.values() for one in (*drug.avoid, *drug.caution) if one.when is None}
    for text in texts(knowledge):
        for part in (*text.head, *text.body):
            assert part not in conditional or part in always, (text.kind, text.id, part)
    for drug in ("tamoxifen", "capivasertib", "everolimus", "bevacizumab"):
        for one in (found for found in search.find(f"{drug} clot heart liver diabetes", 20) if found.kind == "drug"):
            for sentence in conditional:
                if sentence in one.extract and not any(sentence in other for other in always):
                    assert "Only if " in one.extract[: one.extract.index(sentence)], (one.id, one.extract)


def test_a_condition_that_cannot_be_said_shortly_is_left_out(knowledge: Knowledge) -> None:
    told = [warning(one, knowledge) for drug in knowledge.drugs.values() for one in (*drug.avoid, *drug.caution) if one.when]
    assert any(told) and not all(told)
    assert all(text == "" or text.startswith("Only if ") for text in told)


def test_both_spellings_find_the_same(search: Search) -> None:
    for british, american in (("tumour", "tumor"), ("oestrogen", "estrogen"), ("anaemia", "anemia"), ("diarrhoea", "diarrhea")):
        assert [one.id for one in search.find(british)] == [one.id for one in search.find(american)]


def test_the_name_of_a_drug_weighs_most(search: Search, knowledge: Knowledge) -> None:
    for name in ("fulvestrant", "olaparib", "capivasertib"):
        first = search.find(f"{name} tiredness")[0]
        whole = " ".join(
            part
            for text in search.texts
            if (text.kind, text.id) == (first.kind, first.id)
            for part in (*text.title, *text.names, *text.head, *text.body)
        )
        assert name in whole.lower()


def test_there_are_answers_enough_each_with_sources_and_pages(knowledge: Knowledge) -> None:
    answers = knowledge.content.answers.values()
    assert len(answers) >= 120
    for one in answers:
        assert one.source and one.pages and one.also, one.id


def test_answers_are_easy_to_read(knowledge: Knowledge) -> None:
    """Pooled, and none by itself much harder than the rest."""
    answers = list(knowledge.content.answers.values())
    assert textstat.flesch_kincaid_grade(" ".join(one.plain for one in answers)) <= 7
    hard = {one.id: grade for one in answers if (grade := textstat.flesch_kincaid_grade(one.plain)) > 9.5}
    assert hard == {}


def test_every_page_of_learn_has_sources_and_pages_to_read_next(knowledge: Knowledge) -> None:
    for page in knowledge.content.pages.values():
        assert page.sources, page.id
        assert page.related and page.id not in page.related, page.id
