"""Words written for those who prescribe never reach a person: not on a card, not in a reason, not in a comparison."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from linewise.knowledge import Knowledge
from linewise.web.app import create_app

from . import people

MARK = "PRESCRIBER"


def _unworded(knowledge: Knowledge) -> Knowledge:
    """The same medicine, with no words for people: every warning, rule and red flag only in its words for the team."""

    def strip(one: Any) -> Any:
        return msgspec.structs.replace(one, plain=None, text=f"{MARK} {one.text}")

    def owner(one: Any) -> Any:
        fields = {
            name: tuple(strip(each) for each in getattr(one, name))
            for name in ("avoid", "caution", "conduct")
            if hasattr(one, name)
        }
        return msgspec.structs.replace(one, **fields)

    content = knowledge.content
    return Knowledge(
        msgspec.structs.replace(
            content,
            drugs={name: owner(one) for name, one in content.drugs.items()},
            classes={name: owner(one) for name, one in content.classes.items()},
            treatments={name: owner(one) for name, one in content.treatments.items()},
            alerts={name: msgspec.structs.replace(one, text=f"{MARK} {one.text or ''}") for name, one in content.alerts.items()},
        )
    )


@pytest.fixture
def plainless(knowledge: Knowledge, tmp_path: Path) -> Any:
    from starlette.testclient import TestClient

    from .conftest import Person

    return Person(TestClient(create_app(_unworded(knowledge), tmp_path / "data", ["testserver"], lambda: people.DAY)))


def test_no_page_of_a_person_says_what_is_meant_for_the_team(plainless: Any) -> None:
    plainless.example()
    for name in ("St John's wort", "apixaban", "grapefruit juice"):
        plainless.post("/medicines", name=name, do="add")
    options = [one["id"] for one in plainless.get("/plan.json").json()["options"]]
    plainless.post("/unwell/fever", symptom="fever")
    paths = ["/plan", "/plan/rest", "/medicines", "/visit/sheet", "/record", "/changes", *(f"/option/{name}" for name in options)]
    paths += ["&".join(["/compare?x=1", *(f"option={name}" for name in options[at : at + 4])]) for at in (0, 4, 8)]
    for path in paths:
        text = plainless.get(path).text
        assert MARK not in text, f"{path}: {text[text.index(MARK) - 300 : text.index(MARK) + 200] if MARK in text else ''}"


def test_the_team_sees_them(plainless: Any) -> None:
    plainless.example()
    plainless.post("/plan/view", team="yes")
    options = [one["id"] for one in plainless.get("/plan.json").json()["options"]][:6]
    assert any(MARK in plainless.get(f"/option/{name}").text for name in options)


def test_doses_are_for_the_team(person: Any) -> None:
    person.example()
    options = [one["id"] for one in person.get("/plan.json").json()["options"] if one["status"] in ("preferred", "suitable")]
    text = "".join(person.get(f"/option/{name}.json").text for name in options)
    assert " mg" not in "".join(str(person.get(f"/option/{name}.json").json()["taken"]) for name in options)
    assert all("regimen" not in person.get(f"/option/{name}.json").json()["option"] for name in options)
    assert text
