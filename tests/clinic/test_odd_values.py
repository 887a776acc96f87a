"""Values of the wrong type at any place of a call, drawn at random: an answer or a refusal in words, never a fault of the server."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the extra `clinic` is not installed")
pytest.importorskip("sqlalchemy", reason="the extra `clinic` is not installed")

from starlette.testclient import TestClient

from linewise.clinic.app import create_app, house_of
from linewise.clinic.settings import Settings
from sizes import sizes

from .hospital import anna, prefetch_of
from .test_hooks import drafts, order

ODD: list[Any] = [
    None,
    7,
    -1e300,
    "",
    " ",
    "x" * 3000,
    "\u0000\u202e",
    True,
    [],
    {},
    [None],
    [[]],
    {"x": None},
    "2026-13-45",
    "9999-12-31",
    "<b>",
    "../..",
    {"reference": 7},
]
ROUNDS = sizes(8, 250)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every member of a value: where it is, and its name or number."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    place = tmp_path_factory.mktemp("odd") / "a.sqlite"
    house = house_of(
        Settings(public_url="http://127.0.0.1:1", store=f"sqlite:///{place}", trial=True, calls_per_minute=10**6, region="US")
    )
    house.store.add_user("meier", "x", "clinician")
    house.store.open_session("t" * 40, "meier", "clinician", 6000.0)
    with TestClient(create_app(house), base_url="http://127.0.0.1:1", raise_server_exceptions=False) as found:
        yield found


def copied(value: Any) -> Any:
    return json.loads(json.dumps(value))


def changed(value: Any, roll: random.Random) -> Any:
    """A copy with one to three members of another kind."""
    copy = copied(value)
    for _ in range(roll.randint(1, 3)):
        where, key = roll.choice(list(places(copy)))
        where[key] = copied(roll.choice(ODD))
    return copy


@pytest.mark.parametrize("hook", ["patient-view", "order-select", "order-sign"])
@pytest.mark.parametrize("rounds", ROUNDS)
def test_a_call_of_odd_values_is_answered_or_refused(browser: TestClient, hook: str, rounds: int) -> None:
    roll = random.Random(hook)
    context = {"userId": "Practitioner/1", "patientId": "anna"} | (drafts(order("olaparib")) if hook != "patient-view" else {})
    whole = {"hook": hook, "hookInstance": "1", "context": context, "prefetch": prefetch_of(anna())}
    statuses: dict[int, int] = {}
    for number in range(rounds):
        call = changed(whole, roll)
        answer = browser.post(f"/cds-services/linewise-{hook}", json=call)
        assert answer.status_code in (200, 400, 412), (number, answer.status_code, answer.text)
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
    assert rounds < 100 or len(statuses) > 1, "what is refused occurs, too"


@pytest.mark.parametrize("rounds", ROUNDS)
def test_feedback_of_odd_values_is_kept_or_refused(browser: TestClient, rounds: int) -> None:
    roll = random.Random(1)
    reason = {"reason": {"code": "other", "system": "urn:x", "display": "y"}, "userComment": "z"}
    one = {
        "card": "c",
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": "a"}],
        "overrideReason": reason,
        "outcomeTimestamp": "2026-11-30T10:00:00Z",
    }
    for number in range(rounds):
        answer = browser.post("/cds-services/linewise-patient-view/feedback", json=changed({"feedback": [one]}, roll))
        assert answer.status_code in (200, 400), (number, answer.text)


@pytest.mark.parametrize("path", ["plan", "why", "what-if", "worklist", "interactions", "decisions"])
@pytest.mark.parametrize("rounds", ROUNDS)
def test_a_question_of_odd_values_is_answered_or_refused(browser: TestClient, path: str, rounds: int) -> None:
    roll = random.Random(path)
    record = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in anna()]}
    whole: dict[str, Any] = {
        "plan": {"record": record, "region": "US", "as_of": "2026-11-30"},
        "why": {"record": record, "option": "olaparib", "region": "US"},
        "what-if": {"record": record, "facts": {"ESR1": "wild-type"}},
        "worklist": {"records": [record], "region": "US"},
        "interactions": {"medicines": ["ribociclib", "clarithromycin"]},
        "decisions": {"patient": "anna", "decision": "elacestrant", "option": "elacestrant", "reason": "x", "deviation": "y"},
    }[path]
    for number in range(rounds):
        answer = browser.post(f"/api/v1/{path}", json=changed(whole, roll), headers={"Authorization": f"Bearer {'t' * 40}"})
        assert answer.status_code in (200, 201, 400, 422), (number, answer.status_code, answer.text)
