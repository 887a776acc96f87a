"""The app's pages in a language that nobody speaks: what they say comes from the catalogue, whole."""

from __future__ import annotations

import importlib.util
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import pytest

from linewise.knowledge import Knowledge
from linewise.knowledge.check_wording import faults
from linewise.web.app import create_app

from . import people

_SCRIPT = Path(__file__).parents[2] / "scripts" / "pseudo_language.py"
_SPEC = importlib.util.spec_from_file_location("pseudo_language", _SCRIPT)
assert _SPEC is not None and _SPEC.loader is not None
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
pseudo = _MODULE.pseudo


def _with_pages(knowledge: Knowledge, pages: dict[str, dict[str, str]], language: str = "en") -> Knowledge:
    content = knowledge.content
    wording = {**content.wording, language: msgspec.structs.replace(content.wording["en"], pages=pages)}
    return Knowledge(msgspec.structs.replace(content, wording=wording))


def _pseudo_pages(knowledge: Knowledge) -> dict[str, dict[str, str]]:
    return {page: {name: pseudo(text) for name, text in said.items()} for page, said in knowledge.wording.pages.items()}


@pytest.fixture
def abroad(knowledge: Knowledge, tmp_path: Path) -> Any:
    from starlette.testclient import TestClient

    from .conftest import Person

    pages = _pseudo_pages(knowledge)
    app = create_app(_with_pages(knowledge, pages), tmp_path / "data", ["testserver"], lambda: people.DAY)
    return Person(TestClient(app))


def test_a_sentence_is_longer_and_keeps_its_slots() -> None:
    assert pseudo("Open: {label}") == "[Öpéñ: {label} éé]"
    assert len(pseudo("Everything you entered is locked.")) >= 1.4 * len("Everything you entered is locked.") - 1


@pytest.mark.parametrize(
    ("page", "path", "not_now"),
    [("unwell", "/unwell", {"heading-week", "none-of-these"}), ("keep", "/start/keep", set())],
)
def test_a_page_says_all_of_the_catalogue_and_nothing_beside_it(
    abroad: Any, knowledge: Knowledge, page: str, path: str, not_now: set[str]
) -> None:
    abroad.upload(b'{"sex": "female", "age": 58, "metastatic_sites": ["bone"]}')
    text = unescape(abroad.get(path).text)
    main = text[text.index("<main") : text.index("</main>")]
    for name, said in knowledge.wording.pages[page].items():
        assert (pseudo(said) in main) is (name not in not_now), name
        assert f">{said}<" not in main, name


def test_what_a_language_lacks_is_listed(knowledge: Knowledge) -> None:
    pages = _pseudo_pages(knowledge)
    del pages["keep"]["again"]
    pages["unlock"]["heading"] = "Öffnen"
    found = [one for one in faults(_with_pages(knowledge, pages, "xx")) if "wording/xx/pages" in one]
    assert len(found) == 2
    assert "`again` is missing" in found[0] and "the slots are [], not ['label']" in found[1]
    assert not [one for one in faults(knowledge) if "pages.yaml" in one]
