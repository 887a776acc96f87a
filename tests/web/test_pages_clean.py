"""What a page shows is for people: no control character, no id of the knowledge, no mark of a template."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from linewise.knowledge import Knowledge

from .test_app import pages

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ue000-\uf8ff\ufffd]")
_MARKS = re.compile(r"\{\{|\}\}|\{%|\[\^|\]\(|</?[a-z]+>|(?<=[:(] )None\b|\bTrue\b|\bFalse\b|\bnan\b")


class _Shown(HTMLParser):
    """The text that a reader sees, code and the team's parts aside."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._aside = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._aside += tag in ("code", "pre", "script", "style", "title")

    def handle_endtag(self, tag: str) -> None:
        self._aside -= tag in ("code", "pre", "script", "style", "title")

    def handle_data(self, data: str) -> None:
        if not self._aside:
            self.parts.append(data)


def shown(text: str) -> str:
    page = _Shown()
    page.feed(text)
    return " ".join(page.parts)


@pytest.fixture(scope="module")
def ids(request: pytest.FixtureRequest) -> Any:
    """Ids that cannot be words of a sentence: facts, alerts and options with two hyphens or more, and underscores."""
    knowledge: Knowledge = request.getfixturevalue("knowledge")
    content = knowledge.content
    names = {*content.facts, *content.alerts, *content.treatments, *content.sources, *content.tests, *content.evidence}
    return re.compile(r"(?<![\w/-])(" + "|".join(re.escape(one) for one in sorted(names) if one.count("-") >= 2) + r")(?![\w/-])")


def faults(text: str, ids: re.Pattern[str]) -> list[str]:
    words = shown(text)
    return _CONTROL.findall(words) + _MARKS.findall(words) + ids.findall(words)


def test_no_page_shows_a_control_character_an_id_or_a_mark(person: Any, knowledge: Knowledge, ids: re.Pattern[str]) -> None:
    person.example()
    bad = {}
    for path in pages(person):
        if path != "/openapi.json":
            text = person.get(path).text
            if "<html" in text and faults(text, ids):
                bad[path] = faults(text, ids)[:4]
    assert bad == {}


def test_no_page_to_read_does_either(person: Any, knowledge: Knowledge, ids: re.Pattern[str]) -> None:
    content = knowledge.content
    paths = [f"/learn/{name}" for name in content.pages] + [f"/effect/{name}" for name in list(content.effects)[::3]]
    paths += [f"/drug/{name}" for name in list(knowledge.drugs)[::12]] + ["/search?q=fever", "/search?q=is it curable"]
    bad = {path: found[:4] for path in paths if (found := faults(person.get(path).text, ids))}
    assert bad == {}
