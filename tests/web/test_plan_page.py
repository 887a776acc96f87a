"""The plan as one page: whole, safe, and without a request."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from linewise.knowledge import Knowledge
from linewise.web.plan_page import plan_html

from . import people

_VOID = {"meta", "link", "br", "img", "input", "hr", "rect", "circle", "path", "polyline"}


class _Page(HTMLParser):
    """Collects ids and local links, and checks that every element is closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.targets: set[str] = set()
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if values.get("id"):
            self.ids.append(str(values["id"]))
        if str(values.get("href", "")).startswith("#"):
            self.targets.add(str(values["href"])[1:])
        self.loads += [str(values[name]) for name in ("src", "srcset", "data", "action") if values.get(name)]
        if tag in ("script", "link", "iframe"):
            self.loads.append(tag)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open.pop() == tag


@pytest.mark.parametrize("profile", [people.SECOND_LINE, people.EARLY, people.UNKNOWN])
def test_page_is_whole_and_loads_nothing(profile: dict[str, object], knowledge: Knowledge) -> None:
    text = plan_html([people.plan_of(profile, knowledge)], knowledge)
    page = _Page()
    page.feed(text)
    assert page.open == []
    assert page.loads == []
    assert "url(" not in text and "@import" not in text
    assert len(page.ids) == len(set(page.ids))
    assert page.targets <= set(page.ids)


def test_a_name_with_markup_stays_text(knowledge: Knowledge) -> None:
    text = plan_html([people.plan_of(people.SECOND_LINE, knowledge)], knowledge)
    assert "<b>name</b>" not in text
    assert "Example &lt;b&gt;name&lt;/b&gt;" in text


def test_everything_of_the_plan_is_there(knowledge: Knowledge) -> None:
    plan = people.plan_of(people.SECOND_LINE, knowledge)
    text = re.sub(r"\s+", " ", plan_html([plan], knowledge))
    for option in plan.options:
        assert option.title in text.replace("&amp;", "&").replace("&#39;", "'")
    assert text.count(plan.disclaimer) == 1
    assert all(test.title in text.replace("&#39;", "'") for test in plan.tests)


def test_several_plans_on_one_page(knowledge: Knowledge) -> None:
    plans = [people.plan_of(people.SECOND_LINE, knowledge), people.plan_of(people.EARLY, knowledge)]
    text = plan_html(plans, knowledge)
    assert text.count("<h1>") == 2
    assert str(plans[1].scope) in text
