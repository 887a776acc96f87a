"""Invented documents of every kind, in both languages, each with what a careful reader takes from it, and what must never be taken.

The truth stands beside each text. `not_yet` names what is still missed; nothing may be wrong, and no trap taken.
"""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from linewise.errors import RecordError
from linewise.knowledge import Knowledge
from linewise.reading import read_files
from places import read_yaml

from .papermaker import make
from .scoring import score

FOLDER = Path(__file__).parent / "documents"
DOCUMENTS = [one for path in sorted(FOLDER.glob("*.yaml")) for one in read_yaml(path)]
PLAIN = [one for one in DOCUMENTS if one.get("form", "text") == "text"]
QUICK = [one for one in DOCUMENTS if one.get("form") != "scan"]
SCANS = [one for one in DOCUMENTS if one.get("form") == "scan"]


def _profile(paths: list[Path], knowledge: Knowledge) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(msgspec.json.encode(read_files([str(path) for path in paths], knowledge).profile))
        return found
    except RecordError:
        return {}


def _judge(document: dict[str, Any], folder: Path, knowledge: Knowledge) -> None:
    found = score(document, _profile(make(document, folder), knowledge))
    assert found.traps == []
    assert found.wrong == []
    assert sorted(set(found.missed) - set(document.get("not_yet", ()))) == []


def test_there_are_documents_of_every_kind_in_both_languages() -> None:
    assert len({one["id"] for one in DOCUMENTS}) == len(DOCUMENTS) >= 60
    kinds = {one["kind"] for one in DOCUMENTS}
    assert kinds >= {
        "pathology",
        "gene-panel",
        "imaging",
        "clinic-letter",
        "discharge-summary",
        "mdt-outcome",
        "after-visit-summary",
    }
    assert {one.get("language", "en") for one in DOCUMENTS} == {"en", "de"}
    assert {one.get("form", "text") for one in DOCUMENTS} >= {"text", "pdf", "docx", "rtf", "scan"}


@pytest.mark.parametrize("document", QUICK, ids=[one["id"] for one in QUICK])
def test_a_document_is_read_as_a_careful_reader_does(document: dict[str, Any], tmp_path: Path, knowledge: Knowledge) -> None:
    _judge(document, tmp_path, knowledge)


@pytest.mark.slow
@pytest.mark.parametrize("document", SCANS, ids=[one["id"] for one in SCANS])
def test_a_scan_is_read_as_a_careful_reader_does(document: dict[str, Any], tmp_path: Path, knowledge: Knowledge) -> None:
    _judge(document, tmp_path, knowledge)


# Noise: recall may fall, precision may not

_LOOKALIKE = {
    "o": "0",
    "l": "1",
    "i": "l",
    "e": "c",
    "a": "o",
    "n": "u",
    "m": "rn",
    "s": "5",
    "t": "f",
    "h": "b",
    "g": "q",
    "r": "n",
}


def _letters_wrong(text: str, share: float, dice: random.Random) -> str:
    """Letters changed into lookalikes, as a poor reader of pictures does. Figures stay: a wrong figure is another text."""
    return "".join(_LOOKALIKE.get(one, one) if one.isalpha() and dice.random() < share else one for one in text)


def _lines_broken(text: str, dice: random.Random) -> str:
    """Long lines broken at a space, as when a letter is pasted into a narrow window."""
    return "\n".join(re.sub(r"(.{58}\S*) (?=\S.{18})", r"\1\n", line) if len(line) > 90 else line for line in text.split("\n"))


def _sections_moved(text: str, dice: random.Random) -> str:
    """The last paragraphs before the earlier ones; the head stays."""
    head, *rest = re.split(r"\n\s*\n", text)
    dice.shuffle(rest)
    return "\n\n".join([head, *rest])


def _total(documents: list[dict[str, Any]], change: Any, folder: Path, knowledge: Knowledge) -> tuple[float, float, list[str]]:
    wanted = missed = given = wrong = 0
    faults: list[str] = []
    for document in documents:
        path = folder / "document.txt"
        path.write_text(change(document["text"], random.Random(document["id"])), encoding="utf-8")
        found = score(document, _profile([path], knowledge))
        wanted, missed = wanted + found.wanted, missed + len(found.missed)
        given, wrong = given + found.given, wrong + len(found.wrong)
        faults += [f"{document['id']}: {one}" for one in (*found.wrong, *found.traps)]
    return 1 - missed / wanted, 1 - wrong / max(1, given), faults


@pytest.mark.slow
@pytest.mark.parametrize(("share", "recall"), [(0.01, 0.90), (0.03, 0.75), (0.05, 0.60)])
def test_letters_misread_cost_recall_and_not_precision(share: float, recall: float, tmp_path: Path, knowledge: Knowledge) -> None:
    got, precise, faults = _total(PLAIN, lambda text, dice: _letters_wrong(text, share, dice), tmp_path, knowledge)
    assert precise >= 0.97, faults
    assert got >= recall


@pytest.mark.slow
@pytest.mark.parametrize("change", [_lines_broken, _sections_moved])
def test_broken_lines_and_moved_sections_cost_little(change: Any, tmp_path: Path, knowledge: Knowledge) -> None:
    got, precise, faults = _total(PLAIN, change, tmp_path, knowledge)
    assert precise >= 0.97, faults
    assert got >= 0.90
