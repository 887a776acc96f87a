"""Learn and ask in the app: no sign of the machine on any page, search that says what it did, pages that cite themselves and lead on."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import pytest

from linewise.cli import main


def _everything(knowledge: Any) -> list[str]:
    """Every page of the app that needs no record, all learn pages, drugs and sources among them."""
    content = knowledge.content
    paths = [
        "/start",
        "/learn",
        "/glossary",
        "/effects",
        "/help",
        "/feedback",
        "/search?q=mouth+sores",
        "/unwell",
        "/medicines",
        "/diary",
    ]
    paths += [f"/learn/{name}" for name in content.pages]
    paths += [f"/effect/{name}" for name in content.effects]
    paths += [f"/drug/{name}" for name in list(content.drugs)[::9]]
    paths += [f"/source/{name}" for name in list(content.sources)[::29]]
    return paths


def strange(text: str) -> list[str]:
    """Control signs, signs for private use, and marks of footnotes that were not resolved."""
    found = [hex(ord(sign)) for sign in text if unicodedata.category(sign) in ("Cc", "Co", "Cs") and sign not in "\n\t"]
    return found + re.findall(r"\[\^[\w.-]*\]?|\w\[[a-z0-9]+-[a-z0-9-]+\]", text)


def test_no_page_shows_a_control_sign_or_a_raw_mark(person: Any, knowledge: Any) -> None:
    faults = []
    for path in _everything(knowledge):
        answer = person.get(path)
        assert answer.status_code == 200, path
        if found := strange(answer.text):
            faults.append((path, found[:4]))
    assert faults == []


def test_the_plan_of_a_person_shows_none_either(person: Any) -> None:
    person.example()
    options = [one["id"] for one in person.get("/plan.json").json()["options"]][:30]
    for path in (
        "/plan",
        "/plan/rest",
        "/record",
        "/visit",
        "/visit/sheet",
        "/changes",
        "/compare",
        *(f"/option/{one}" for one in options),
    ):
        assert strange(person.get(path).text) == [], path


def test_every_mark_of_a_source_leads_to_its_entry(person: Any, knowledge: Any) -> None:
    for name, page in knowledge.content.pages.items():
        text = person.get(f"/learn/{name}").text
        assert set(re.findall(r'href="#source-([\w.-]+)"', text)) <= set(re.findall(r'id="source-([\w.-]+)"', text)), name
        assert set(re.findall(r"\[\^([\w.-]+)\]", page.body)) <= set(re.findall(r'id="source-([\w.-]+)"', text)), name


def test_every_page_leads_on_and_cites_itself_with_its_address(person: Any, knowledge: Any) -> None:
    for name, page in knowledge.content.pages.items():
        twin = person.get(f"/learn/{name}.json").json()
        assert [one["id"] for one in twin["related"]] == list(page.related)
        assert set(twin["cite_as"]) == {"APA", "MLA", "Chicago", "Harvard", "BibTeX"}
        for style, text in twin["cite_as"].items():
            assert f"/learn/{name}" in text and page.review.last.text[:4] in text, (name, style)


@pytest.mark.parametrize("style", ["APA", "MLA", "Chicago", "Harvard", "BibTeX"])
def test_the_command_cites_with_an_address_too(style: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["learn", "bone-metastases", "--cite", style]) == 0
    text = capfd.readouterr().out
    assert "http" in text and "learn/bone-metastases" in text and ":  (" not in text


@pytest.mark.parametrize("drug", ["tamoxifen", "docetaxel", "trastuzumab-emtansine"])
def test_side_effects_of_a_drug_are_answered_or_honestly_not_entered(drug: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["side-effects", drug]) == 0
    text = capfd.readouterr().out
    assert "did you mean" not in text
    assert "of 100 people" in text or "not entered here yet" in text
    assert len(text.splitlines()) > 4


def test_every_cancer_drug_has_a_page_that_says_what_is_known(person: Any, knowledge: Any) -> None:
    given = {drug for one in knowledge.treatments.values() for drug in one.drugs if drug in knowledge.drugs}
    for name in sorted(given)[::3]:
        text = person.get(f"/drug/{name}").text
        assert " of 100" in text or "how often: not known" in text or "not entered here yet" in text, name


def test_a_warning_for_some_stands_with_its_condition(person: Any) -> None:
    text = person.get("/drug/tamoxifen").text
    warnings = text[text.index("<h2>Warnings</h2>") :]
    assert "Only if " in warnings


def test_search_says_what_it_did(person: Any) -> None:
    assert "It was taken as “tamoxifen”" in person.get("/search?q=tamoxifin").text
    assert "Nothing here answers that" in person.get("/search?q=football+results").text
    twin = person.get("/search.json?q=is+it+curable").json()
    assert twin["found"][0]["id"] == "is-it-curable" and twin["found"][0]["link"].startswith("/learn/")


def test_learn_begins_with_where_to_start(person: Any) -> None:
    twin = person.get("/learn.json").json()
    assert twin["start"][0]["id"] == "what-mbc-is"
    text = person.get("/learn").text
    assert text.index("Start here") < text.index("The medicines")


def test_every_topic_of_the_pages_has_its_place(knowledge: Any) -> None:
    assert set(knowledge.guide.learn.topics) == {page.topic for page in knowledge.content.pages.values()}
