"""The app asks the knowledge it was made with, and no other."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec
import pytest
from starlette.testclient import TestClient

from linewise.knowledge import Knowledge
from linewise.web.app import create_app

from . import people


@pytest.fixture
def other(knowledge: Knowledge) -> Knowledge:
    """The same medicine, with a question and a number of its own."""
    guide, numbers = knowledge.guide, knowledge.numbers
    steps = tuple(msgspec.structs.replace(one, question="Another question?") if one.id == "sex" else one for one in guide.steps)
    calls = tuple(msgspec.structs.replace(one, dial="000") for one in numbers.anywhere)
    content = msgspec.structs.replace(
        knowledge.content,
        guide=msgspec.structs.replace(guide, steps=steps),
        numbers=msgspec.structs.replace(numbers, anywhere=calls, regions={}),
    )
    return Knowledge(content)


def test_its_questions_and_numbers_are_those_of_its_own_knowledge(
    other: Knowledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> Knowledge:
        raise AssertionError("the knowledge in use was opened behind the app's back")

    monkeypatch.setattr("linewise.knowledge.store.open_knowledge", nobody)
    monkeypatch.setattr("linewise.knowledge.open_knowledge", nobody)
    client = TestClient(create_app(other, tmp_path / "data", ["testserver"], lambda: people.DAY))
    assert "Another question?" in client.get("/guide/sex").text
    assert "000" in client.get("/unwell").text or "000" in client.get("/help").text


def test_its_day_is_the_one_that_it_was_given(knowledge: Knowledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which questions are asked does not hang on the clock of the machine: a diary of long ago has no place in today's answers."""

    class Never(dt.date):
        @classmethod
        def today(cls) -> Never:
            raise AssertionError("the clock of the machine was read")

    monkeypatch.setattr("linewise.web.guide.dt.date", Never)
    client = TestClient(create_app(knowledge, tmp_path / "data", ["testserver"], lambda: people.DAY))
    assert client.get("/guide/sex").status_code == 200
