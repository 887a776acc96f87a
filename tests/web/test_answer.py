"""The answer on one screen: what a phone of 360 px shows of the plan, measured in a browser, and what stands there."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[2]))  # the benchmarks stand beside the tests

from benchmarks.screens import HEIGHT, OPTION, WIDTH, own_plan, plan_figures, tabs_to


def test_the_first_screen_holds_the_answer(chromium: Any, server: Any) -> None:
    page = chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    page.goto(f"{server.address}/start")
    page.get_by_role("button", name="Try the example").click()
    page.wait_for_url("**/plan")
    figures = plan_figures(page)
    page.close()
    assert figures["answer ends at"] <= 1.0
    assert figures["screens"] <= 5.0
    assert figures["most lines of a card"] <= 9


def test_the_answer_says_what_the_plan_says(person: Any) -> None:
    person.example()
    twin = person.get("/plan.json").json()
    text = person.get("/plan").text
    for line in twin["first"]["lines"]:
        assert line.replace("'", "&#39;") in text
    offered = [
        one for one in twin["options"] if one["status"] in ("preferred", "suitable") and one["kind"] in ("systemic", "local")
    ]
    assert len(offered) == len(twin["first"]["choices"])
    assert f"You have {len(offered)} choices now" in text
    assert all(link in text for link in ('href="#choices"', 'href="/visit/sheet"', 'href="/unwell"'))


def test_nothing_of_the_plan_is_lost(person: Any) -> None:
    """Every option is on the plan or on the page behind it, each with its reason."""
    person.example()
    twin = person.get("/plan.json").json()
    text = person.get("/plan").text + person.get("/plan/rest").text
    for one in twin["options"]:
        assert f'href="/option/{one["id"]}"' in text, one["id"]
        assert one["why"], one["id"]
    for test in twin["tests"]:
        assert test["title"].replace("'", "&#39;") in text


@pytest.mark.parametrize("word", ["Named first by guidelines", "not so that", "it is known whether"])
def test_no_heading_without_options_and_no_clause_of_a_machine(person: Any, word: str) -> None:
    person.example()
    groups = {one["group"] for one in person.get("/plan.json").json()["options"]}
    assert (word in person.get("/plan").text) is (word == "Named first by guidelines" and "first" in groups)


def test_the_first_choice_is_eight_tabs_away(chromium: Any, server: Any) -> None:
    context = chromium.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    page = context.new_page()
    own_plan(page, server.address)
    tabs = tabs_to(page, OPTION)
    context.close()
    assert tabs <= 8


RECORDS = {
    "nothing known": {"sex": "female", "metastatic_sites": ["bone"]},
    "HER2-positive": {
        **{
            "region": "UK",
            "sex": "female",
            "age": 48,
            "menopausal_status": "premenopausal",
            "metastatic_sites": ["liver", "brain"],
        },
        **{"er": {"status": "negative"}, "pr": {"status": "negative"}, "her2": {"ihc": "3+"}},
    },
    "two alarms": {
        **{"region": "US", "sex": "female", "age": 60, "metastatic_sites": ["lung"], "her2": {"ihc": "0"}},
        **{"er": {"status": "negative"}, "pr": {"status": "negative"}},
        "symptoms": [{"name": "fever", "celsius": 38.9}, {"name": "leg-weakness"}],
        "metastatic_lines": [{"drugs": ["paclitaxel"], "months": 2}],
    },
    "on treatment": {
        **{"region": "EU", "sex": "female", "age": 61, "menopausal_status": "postmenopausal", "metastatic_sites": ["bone"]},
        **{"er": {"status": "positive"}, "pr": {"status": "positive"}, "her2": {"ihc": "1+"}, "ecog": 1},
        "metastatic_lines": [{"drugs": ["palbociclib", "letrozole"], "months": 12}],
        "medications": ["apixaban", "St John's wort"],
    },
}


@pytest.mark.parametrize("name", RECORDS)
def test_other_plans_are_short_too(name: str, chromium: Any, server: Any) -> None:
    context = chromium.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    page = context.new_page()
    own_plan(page, server.address, json.dumps(RECORDS[name]))
    figures = plan_figures(page)
    context.close()
    assert figures["screens"] <= 5.0
    assert figures["most lines of a card"] <= 9
