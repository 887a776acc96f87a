"""How easy the app's own words read: school grade 8 or easier on every page for people, drug names and medical names aside."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

textstat = pytest.importorskip("textstat", reason="textstat is not installed")

PAGES = [
    "/start",
    "/start/import",
    "/start/keep",
    "/guide/sex",
    "/guide/lines",
    "/guide/medicines",
    "/answers",
    "/plan",
    "/sequence",
    "/trials",
    "/medicines",
    "/diary",
    "/diary/new",
    "/visit",
    "/learn",
    "/feedback",
    "/mine",
    "/changes",
    "/compare",
]


def readable(html: str, names: set[str]) -> str:
    """The sentences of a page: what stands in paragraphs, lists and headings, without names."""
    main = html[html.index("<main") : html.index("</main>")]
    main = re.sub(r"<(script|style|svg|datalist|pre|code|option|dt|dd)\b.*?</\1>", " ", main, flags=re.S)
    main = re.sub(r'<a class="cite".*?</a>|<section class="page-sources".*', " ", main, flags=re.S)
    blocks = re.split(
        r"<span class=.from.>|</?(?:p|li|h\d|legend|label|div|section|summary|button|td|th|fieldset|form|ul|ol|article)\b[^>]*>",
        main,
    )
    found = []
    for block in blocks:
        text = " ".join(unescape(re.sub(r"<[^>]+>", "", block)).split())
        text = re.sub(r"[A-Za-z][\w/-]*", lambda word: "name" if word[0].lower() in names else word[0], text)
        if len(text.split()) > 3:
            found.append(text if text[-1] in ".?!" else f"{text}.")
    return " ".join(found)


@pytest.fixture(scope="module")
def names(knowledge: Any) -> set[str]:
    """Drugs, brands, classes, genes and tests: names that nobody can make shorter."""
    found: set[str] = set()
    for drug in knowledge.drugs.values():
        for name in (drug.id, drug.label, *drug.brands):
            found.update(name.lower().split())
    for name in (*knowledge.classes, *knowledge.tests):
        found.update(name.lower().split())
    found |= {"oestrogen", "progesterone", "receptor", "hormone-receptor", "her2-negative", "metastases", "medicine", "medicines"}
    return {name for name in found if len(name) > 4}


@pytest.mark.parametrize("path", PAGES)
def test_grade_eight_or_easier(person: Any, names: set[str], path: str) -> None:
    person.example()
    text = readable(person.get(path).text, names)
    grade = textstat.flesch_kincaid_grade(text)
    assert grade <= 8, f"{grade}: {text[:600]}"
