"""The public face of the package: three functions, the errors that they raise, and nothing that must be imported besides."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

import linewise
from linewise import errors
from linewise.plan import make_plan
from places import ROOT

DAY = dt.date(2026, 12, 1)
PROFILE = b"{sex: female, age: 58, er: {status: positive}, her2: {ihc: '0'}, metastatic_sites: [bone]}"


def test_a_record_from_a_file_and_from_bytes_gets_the_plan_that_the_room_makes() -> None:
    knowledge = linewise.open_knowledge()
    (example,) = linewise.read(ROOT / "examples" / "anna.json", knowledge)
    (typed,) = linewise.read(PROFILE, knowledge)
    for record in (example, typed):
        assert linewise.plan(record, knowledge, DAY, "EU").json() == make_plan(record, knowledge, DAY, "EU").json()


def test_knowledge_of_a_folder_is_that_of_the_folder() -> None:
    assert linewise.open_knowledge(ROOT / "knowledge").drugs.keys() == linewise.open_knowledge().drugs.keys()


def test_what_cannot_be_used_is_said_in_words(tmp_path: Path) -> None:
    knowledge = linewise.open_knowledge()
    with pytest.raises(linewise.RecordError, match="there is no such file"):
        linewise.read(tmp_path / "nothing.json", knowledge)
    with pytest.raises(linewise.KnowledgeError, match="no knowledge folder"):
        linewise.open_knowledge(tmp_path / "nothing")


def test_every_error_for_readers_is_of_one_family() -> None:
    """What a caller has to catch is LinewiseError; an error of a room that it calls is one, too."""
    from linewise.journal.vault import StaleError, WrongPassphraseError
    from linewise.knowledge.files import Fault
    from linewise.logic import CriterionError
    from linewise.views.view import ViewError

    for error in (
        errors.RecordError,
        errors.KnowledgeError,
        StaleError,
        WrongPassphraseError,
        Fault,
        CriterionError,
        ViewError,
        errors.TooBigError,
    ):
        assert issubclass(error, linewise.LinewiseError)
