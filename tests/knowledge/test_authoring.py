"""A newcomer adds a drug, its option and a fact as docs/knowledge-authoring.md says: the drafts pass the check, and offer nothing."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from linewise.cli import main
from linewise.knowledge.check import check_folder
from linewise.knowledge.skeleton import TODO
from linewise.knowledge.store import FOLDER_VARIABLE, open_knowledge, opened
from places import ROOT

PAGE = (ROOT / "docs" / "knowledge-authoring.md").read_text(encoding="utf-8")
SOURCE = """
fda-examplinib-2026:
  title: Examplinib prescribing information
  publisher: US Food and Drug Administration
  date: 2026-10-05
  url: https://example.org/examplinib-label
  kind: label
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The medicine of this checkout, to be written in."""
    path = tmp_path / "knowledge"
    shutil.copytree(ROOT / "knowledge", path)
    with (path / "sources" / "hr-positive.yaml").open("a", encoding="utf-8") as file:
        file.write(SOURCE)
    monkeypatch.setenv(FOLDER_VARIABLE, str(path))
    open_knowledge.cache_clear()
    yield path
    open_knowledge.cache_clear()


def run(command: str) -> int:
    open_knowledge.cache_clear()
    return main(command.split()[1:])


def test_the_commands_of_the_page_write_drafts_that_pass(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commands = re.findall(r"linewise knowledge new [^\n`]+", PAGE)
    assert {command.split()[3] for command in commands} == {"drug", "option", "fact"}
    for command in commands:
        assert run(command) == 0
    faults, remarks, _ = check_folder(root)
    assert faults == []
    assert sum("a draft: TODO is left in it" in one for one in remarks) == 3
    content = opened(root).content
    (option,) = (one for name, one in content.treatments.items() if "examplinib" in name)
    assert "examplinib" in option.drugs and not any(one.decides_in(None) for one in option.standing)
    for command in commands:
        assert run(command) == 2
    assert "already" in capsys.readouterr().err


def test_what_cannot_be_drafted_is_said(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused = {
        "linewise knowledge new drug Examplinib --source fda-examplinib-2026": "is no id",
        "linewise knowledge new drug examplinib": "name one with --source",
        "linewise knowledge new drug examplinib --source fda-examplinb-2026": "did you mean `fda-examplinib-2026`?",
        "linewise knowledge new fact age": "there is a fact `age` already",
    }
    for command, said in refused.items():
        assert run(command) == 2, command
        assert said in capsys.readouterr().err, command


def test_nothing_of_the_medicine_is_a_draft() -> None:
    left = [path.name for path in (ROOT / "knowledge").rglob("*.yaml") if TODO in path.read_text(encoding="utf-8")]
    assert left == []
