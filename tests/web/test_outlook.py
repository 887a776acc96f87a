"""How things may go: words first, figures only as the answer to a form, one at a time, and always a way back."""

from __future__ import annotations

from typing import Any

from linewise.knowledge import Knowledge
from linewise.outlook import make_outlook

from . import people
from .test_card import bring


def test_words_come_first_and_no_address_leads_to_a_figure(person: Any) -> None:
    bring(person, people.SECOND_LINE)
    assert 'href="/outlook"' in person.get("/plan").text
    page, twin = person.get("/outlook"), person.get("/outlook.json").json()
    assert "Nobody can tell how long you will live" in page.text and "Do you want to see figures?" in page.text
    assert "<figure" not in page.text and "--figures" not in page.text and "linewise learn" not in page.text
    assert twin["asked"] is False and twin["figures"] == [] and twin["refused"] == []
    for address in ("/outlook?figures=1", "/outlook?shown=3"):
        assert "<figure" not in person.get(address).text
    assert person.get("/outlook/figures").status_code in (404, 405)


def test_figures_come_one_by_one_in_the_words_of_the_command(person: Any, knowledge: Knowledge) -> None:
    bring(person, people.SECOND_LINE)
    whole = make_outlook(people.plan_of(people.SECOND_LINE, knowledge), figures=True)
    assert whole.figures, "this person has figures, or the test says nothing"
    for shown in range(1, len(whole.figures) + 1):
        page = person.post("/outlook/figures", shown=str(shown)).text
        assert page.count('<article class="card"') == shown
        figure = whole.figures[shown - 1]
        legends = [part.label for picture in figure.pictures for part in picture]
        assert all(f"</strong>: {label}<" in page for label in legends), "the legend is text of the page, as large as its own"
        assert figure.name in page and "Stop here" in page
        assert ("Do you want to see more?" in page) is (shown < len(whole.figures))
    assert "<figure" not in person.get("/outlook").text, "to stop is to have the words alone again"


def test_a_number_that_is_none_shows_the_first_figure_only(person: Any) -> None:
    bring(person, people.SECOND_LINE)
    for said in ("", "-1", "many", "0"):
        assert person.post("/outlook/figures", shown=said).text.count('<article class="card"') == 1, said
