"""Who may come in: the person who started the app, and nobody else on the computer, on another port or in another tab."""

from __future__ import annotations

import json
import logging
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from linewise.journal import WrongPassphraseError
from linewise.knowledge import Knowledge
from linewise.web import door
from linewise.web.app import create_app
from linewise.web.session import LOCK_SECONDS, Sessions
from linewise.web.throttle import FREE, Throttle, TooOftenError

from . import people
from .conftest import Person, TestClient

KEY = "a-key-of-one-start"
PHRASE = "four words in a row"


@pytest.fixture
def closed(knowledge: Knowledge, tmp_path: Path) -> Any:
    """Browsers at an app with a door."""
    app = create_app(knowledge, tmp_path / "data", ["testserver"], lambda: people.DAY, key=KEY, port=8757)
    return lambda: Person(TestClient(app, raise_server_exceptions=False))


def test_without_the_key_nothing_is_read_made_or_closed(closed: Any) -> None:
    owner = closed()
    assert owner.get(f"/?key={KEY}").status_code == 200
    owner.example()
    for _ in range(80):
        stranger = closed()
        for path in ("/start", "/plan.json", "/openapi.json", "/?key=wrong", "/mine/export.json"):
            answer = stranger.get(path)
            assert answer.status_code == 403 and "set-cookie" not in answer.headers and "key" in answer.text
        assert stranger.client.post("/start/example").status_code == 403
    assert owner.get("/plan").status_code == 200


def test_a_session_cookie_alone_opens_nothing(closed: Any) -> None:
    owner, stranger = closed(), closed()
    owner.get(f"/?key={KEY}")
    owner.example()
    stranger.client.cookies.set("linewise-8757", owner.client.cookies["linewise-8757"])
    assert stranger.get("/plan").status_code == 403


def test_cookies_carry_the_port_and_are_kept_from_scripts_and_sites(closed: Any) -> None:
    owner = closed()
    opened = owner.get(f"/plan?key={KEY}&q=a%26b")
    assert 'url=/plan?q=a%26b"' in opened.text and KEY not in opened.text
    for answer in (opened, owner.get("/start")):
        cookie = answer.headers["set-cookie"]
        assert "8757=" in cookie and "HttpOnly" in cookie and "SameSite=strict" in cookie


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example"])
def test_the_key_leads_nowhere_else(closed: Any, path: str) -> None:
    owner = closed()
    answer = owner.client.request("GET", f"http://testserver{path}?key={KEY}")
    assert "url=//" not in answer.text and "url=/\\" not in answer.text


def test_the_cookie_of_another_port_or_start_is_none() -> None:
    made = {door.Door(None, key, port).value for key in ("a", "b") for port in (8757, 8758)}  # type: ignore[arg-type]
    assert len(made) == 4


def test_a_connection_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = "   0: 0100007F:{:04X} 0100007F:{:04X} 01 00000000:00000000 00:00000000 00000000 {:5d} 0 0"
    table = tmp_path / "tcp"
    table.write_text("\n".join(["  sl", row.format(50000, 8757, 1000), row.format(50001, 8757, 1001)]), encoding="ascii")
    monkeypatch.setattr(door, "_TABLES", (tmp_path / "none", table))
    monkeypatch.setattr(door.os, "getuid", lambda: 1000, raising=False)
    assert not door.other_user(("127.0.0.1", 50000), 8757)
    assert door.other_user(("127.0.0.1", 50001), 8757)
    assert not door.other_user(("127.0.0.1", 50002), 8757)
    assert not door.other_user(None, 8757)


def test_another_user_gets_nothing_even_with_the_key(closed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "other_user", lambda client, port: True)
    assert closed().get(f"/?key={KEY}").status_code == 403


def test_many_sessions_close_nothing_that_is_open() -> None:
    sessions = Sessions(8757)
    owner = sessions.get(None)
    owner.journal.write("health", b"{}", 0)
    for _ in range(200):
        sessions.get(None)
    assert sessions.get(owner.token) is owner


def test_what_is_kept_closes_when_nobody_uses_it_and_says_so(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    house = make.app.state.house
    monkeypatch.setattr(house.sessions, "_clock", lambda: now[0])
    person = make()
    person.upload(json.dumps(people.SECOND_LINE).encode())
    person.post("/start/keep", label="Me", passphrase=PHRASE, again=PHRASE, understood="yes")
    csrf = person.csrf
    now[0] += LOCK_SECONDS - 10
    assert person.get("/start.json").json()["open"]
    now[0] += LOCK_SECONDS + 10
    typed = person.client.post("/mine/team", data={"csrf": csrf, "name": "Nurse Kim", "phone": "030 1"})
    assert typed.status_code == 403 and "Nurse Kim" in typed.text
    assert "nobody used it" in person.get("/mine").text
    assert not person.get("/start.json").json()["open"]
    assert person.get("/plan").url.path == "/start"


def test_what_is_not_kept_is_not_lost_after_half_an_hour(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(make.app.state.house.sessions, "_clock", lambda: now[0])
    person = make()
    person.example()
    now[0] += LOCK_SECONDS + 10
    assert person.get("/plan").url.path == "/plan"


def test_guessing_gets_slower_and_slower_and_the_right_one_frees() -> None:
    import anyio

    now = [0.0]

    def wrong() -> None:
        raise WrongPassphraseError("no")

    async def run() -> None:
        throttle = Throttle(lambda: now[0])
        for _ in range(FREE):
            with pytest.raises(WrongPassphraseError):
                await throttle.run("anna", wrong)
        with pytest.raises(TooOftenError, match="Wait"):
            await throttle.run("anna", lambda: 1)
        assert await throttle.run("ben", lambda: 2) == 2
        waits = []
        for _ in range(12):
            with pytest.raises(TooOftenError) as told:
                await throttle.run("anna", wrong)
            waits.append(told.value.seconds)
            now[0] += told.value.seconds
            with pytest.raises(WrongPassphraseError):
                await throttle.run("anna", wrong)
        assert waits == sorted(waits) and waits[-1] > 600
        now[0] += 2000
        assert await throttle.run("anna", lambda: 3) == 3
        with pytest.raises(WrongPassphraseError):
            await throttle.run("anna", wrong)

    anyio.run(run)


def test_a_page_with_a_wrong_passphrase_says_when_to_try_again(make: Any) -> None:
    person = make()
    person.upload(json.dumps(people.SECOND_LINE).encode())
    person.post("/start/keep", label="Me", passphrase=PHRASE, again=PHRASE, understood="yes")
    one = make.app.state.house.vault.people()[0].id
    stranger = make()
    answers = [stranger.post(f"/start/open/{one}", passphrase=f"guess number {n}").text for n in range(FREE + 1)]
    assert "does not open it" in answers[0] and "Too many wrong tries" in answers[-1]


def test_others_read_on_while_a_passphrase_is_tried() -> None:
    import anyio

    started = threading.Event()

    def slow() -> int:
        started.set()
        time.sleep(0.5)
        return 1

    async def run() -> float:
        throttle = Throttle()
        longest = 0.0
        async with anyio.create_task_group() as group:
            for _ in range(2):
                group.start_soon(throttle.run, "anna", slow)
            for _ in range(40):
                before = time.monotonic()
                await anyio.sleep(0.01)
                longest = max(longest, time.monotonic() - before)
        return longest

    assert anyio.run(run) < 0.4
    assert started.is_set()


def test_a_fault_of_ours_prints_no_line_of_a_record(
    person: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("name of the patient")

    monkeypatch.setattr("linewise.web.views_learn.read", broken, raising=False)
    monkeypatch.setattr("linewise.web.session.read", broken)
    with caplog.at_level(logging.DEBUG):
        answer = TestClient(person.client.app, raise_server_exceptions=True).get("/plan")
    assert answer.status_code == 500 and "patient" not in answer.text + caplog.text


def test_a_lost_passphrase_has_a_way_on(make: Any) -> None:
    person = make()
    person.upload(json.dumps(people.SECOND_LINE).encode())
    person.post("/start/keep", label="Me", passphrase=PHRASE, again=PHRASE, understood="yes")
    one = make.app.state.house.vault.people()[0].id
    other = make()
    assert "I lost the passphrase" in other.get(f"/start/open/{one}").text
    assert other.post(f"/start/forget/{one}", sure="").status_code == 422
    assert make.app.state.house.vault.people()
    assert "Deleted for good" in other.post(f"/start/forget/{one}", sure="delete").text
    assert make.app.state.house.vault.people() == []
    assert other.get(f"/start/open/{one}").status_code == 404


def test_damaged_parts_are_named_before_anything_is_shown(make: Any, tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    person = make()
    person.upload(json.dumps(people.SECOND_LINE).encode())
    person.post("/mine/team", name="Kim", phone="030 1")
    person.post("/start/keep", label="Me", passphrase=PHRASE, again=PHRASE, understood="yes")
    one = make.app.state.house.vault.people()[0].id
    with closing(sqlite3.connect(make.app.state.house.vault.path)) as db:
        db.execute("UPDATE document SET sealed = x'00' WHERE name = 'team'")
        db.commit()
    other = make()
    told = other.post(f"/start/open/{one}", passphrase=PHRASE)
    assert told.status_code == 409 and "your team’s numbers" in told.text
    assert not other.get("/start.json").json()["open"]
    assert "begins empty" in other.post(f"/start/open/{one}", passphrase=PHRASE, aside="yes").text
    assert other.get("/start.json").json()["has_record"]


@pytest.mark.parametrize("weak", ["password", "12345678", "        "])
def test_the_commonest_passphrases_are_refused_at_the_field(person: Person, weak: str) -> None:
    person.upload(json.dumps(people.SECOND_LINE).encode())
    answer = person.client.post(
        "/start/keep", data={"csrf": person.csrf, "label": "Me", "passphrase": weak, "again": weak, "understood": "yes"}
    )
    assert answer.status_code == 422 and "error-passphrase" in answer.text
