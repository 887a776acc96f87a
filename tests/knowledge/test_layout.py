"""`linewise knowledge format`: one layout, and not a word of the content changes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from linewise.knowledge.files import parse_yaml
from linewise.knowledge.layout import WIDTH, formatted, settle, unsettled
from linewise.knowledge.load import load_folder
from places import ROOT, read_yaml

LONG = "a few words that are said again and again, " * 5


@pytest.mark.parametrize(
    "text",
    [
        f"text: {LONG.strip()}\n",
        f'text: "{LONG}and: more"\n',
        f"text: '{LONG}it''s'\n",
        f"- {{id: one, text: {LONG.replace(',', '')}, source: s}}\n",
        f"- {{id: one, list: [{LONG.strip().strip(',')}], source: s}}   # {LONG}\n",
        f"# {LONG}\nkey: value   # {LONG}\n",
        f"fits: >\n  {LONG.strip()}\nnext: 1\n",
        f"deep:\n  - one:\n      - {LONG}\n      - two\n",
        f"text: {LONG}- and - dashes - in - it {LONG.strip()}\n",
    ],
)
def test_a_long_line_is_broken_where_yaml_reads_one_blank(text: str) -> None:
    found = formatted(text)
    assert max(map(len, found.splitlines())) <= WIDTH
    assert read_yaml(found) == read_yaml(text)
    assert formatted(found) == found
    assert sorted(word for word in found.split() if word != "#") == sorted(word for word in text.split() if word != "#")


@pytest.mark.parametrize(
    "text",
    [
        f"text: |\n  {LONG.strip()}\n",
        f"fits: >\n  age > 18 # {LONG.strip()}\n",
        f"url: https://example.org/{'a' * 150}\n",
        "key: value\n\nother: value\n",
    ],
)
def test_what_cannot_be_broken_stays(text: str) -> None:
    assert formatted(text) == text


def test_blanks_at_the_end_and_empty_lines_go() -> None:
    assert formatted("a: 1  \n\n\n\nb: 2\n\n") == "a: 1\n\nb: 2\n"


def test_every_file_of_the_medicine_keeps_its_content_and_a_second_time_changes_nothing() -> None:
    for path in sorted((ROOT / "knowledge").rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        found = formatted(text, path.name)
        assert parse_yaml(found, path.name).value == parse_yaml(text, path.name).value, path
        assert formatted(found, path.name) == found, path


def test_a_folder_is_settled_once(folder: Callable[..., Path]) -> None:
    root = folder(
        {"tests/all.yaml": f"- {{id: blood, title: Blood count, plain: {LONG.replace(',', '')}, source: label-2020}}\n"}
    )
    shutil.copytree(root, root.parent / "old" / "knowledge")
    assert [path.name for path in unsettled(root)] == [path.name for path in settle(root)] != []
    assert settle(root) == []
    before, after = load_folder(root.parent / "old" / "knowledge").content, load_folder(root).content
    assert before.tests == after.tests and before.treatments == after.treatments
