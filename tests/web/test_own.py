"""The invented person and one's own record never meet: own questions begin empty, an example is never kept, and passes for nobody."""

from __future__ import annotations

import json
from typing import Any

import pytest

from . import people

PROFILE = json.dumps(people.SECOND_LINE).encode()


def health(person: Any) -> dict[str, Any]:
    found: dict[str, Any] = person.get("/mine/export.json").json()["health"]
    return found


@pytest.mark.parametrize("way", ["/guide", "/guide/region", "/guide/er", "/guide/lines"])
def test_own_questions_begin_empty_whatever_way_they_begin(person: Any, way: str) -> None:
    person.example()
    person.post("/diary/new", note="not mine")
    page = person.get(way)
    assert page.url.path == "/guide/region"
    assert "nothing is filled in" in page.text
    assert health(person)["answers"] == {} and not health(person)["example"]
    assert person.get("/mine/export.json").json()["diary"]["entries"] == []
    person.post("/guide/age", answer="49", do="next")
    assert health(person)["answers"] == {"age": 49}


def test_an_answer_sent_from_an_old_page_of_the_example_does_not_mix(person: Any) -> None:
    person.example()
    assert person.post("/guide/age", answer="49", do="next").url.path == "/guide/region"
    assert health(person)["answers"] == {}


def test_the_button_on_every_page_begins_empty(person: Any) -> None:
    person.example()
    assert "Start with my own, empty record" in person.get("/learn").text
    assert person.post("/start/own").url.path == "/guide/region"
    assert health(person)["answers"] == {}


def test_a_file_takes_nothing_from_the_example(person: Any) -> None:
    person.example()
    person.post("/visit", own="a question of nobody", do="save")
    person.upload(PROFILE)
    assert health(person)["answers"] == {} and not health(person)["example"]
    assert person.get("/visit.json").json()["visit"]["own"] == []


def test_the_example_takes_nothing_from_me(person: Any) -> None:
    person.post("/unwell/back", symptom="leg-weakness")
    assert person.post("/start/example").status_code == 409
    assert not person.get("/start.json").json()["example"]


def test_the_team_s_numbers_are_mine_and_stay(person: Any) -> None:
    person.example()
    person.post("/mine/team", name="Night line", phone="030 999", when="nights")
    person.get("/guide")
    assert person.get("/mine.json").json()["contacts"][0]["phone"] == "030 999"


def test_an_example_cannot_be_kept(person: Any, make: Any) -> None:
    person.example()
    assert "cannot be kept" in person.get("/start/keep").text
    answer = person.post(
        "/start/keep", label="Me", passphrase="four words in a row", again="four words in a row", understood="yes"
    )
    assert answer.status_code == 409
    assert make().get("/start.json").json()["people"] == []


@pytest.mark.parametrize(
    "path",
    [
        "/plan",
        "/plan/rest",
        "/record",
        "/medicines",
        "/diary",
        "/diary/report",
        "/visit",
        "/visit/sheet",
        "/compare",
        "/mine",
        "/answers",
    ],
)
def test_every_page_of_the_example_says_so(person: Any, path: str) -> None:
    person.example()
    text = person.get(path).text
    assert "This is an invented person." in text and "<title>Invented person:" in text


def test_what_leaves_the_example_carries_its_mark(person: Any) -> None:
    person.example()
    assert "invented-person" in person.get("/mine/export.json").headers["content-disposition"]
    bundle = person.get("/mine/export-fhir.json")
    assert bundle.json()["meta"]["tag"][0]["code"] == "HTEST"
    person.get("/guide")
    person.upload(bundle.content)
    assert "This is an invented person." in person.get("/plan").text
    assert "cannot be kept" in person.get("/start/keep").text
