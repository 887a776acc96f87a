"""The server on a real PostgreSQL: the trail that the store guards, several workers, a database that goes away and comes back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from bulk.postgres import server
from linewise.clinic.audit import Act, append, page
from linewise.clinic.settings import Settings
from linewise.clinic.store import open_store

from .conftest import Clinic, httpx
from .hospital import Hospital, anna, prefetch_of
from .sign_in import SignIn

psycopg = pytest.importorskip("psycopg", reason="the extra `clinic` is not installed")
KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


def _until(reached: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "the servers answer no more"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with server("a secret of this test") as found:
        yield found.replace("a secret of this test", "a%20secret%20of%20this%20test") + "/postgres"


@pytest.fixture(scope="module")
def clinic(address: str, hospital: Hospital, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    folder = tmp_path_factory.mktemp("clinic")
    found = Clinic(folder, [hospital.settings()], environment={"LINEWISE_CLINIC_KEY": KEY}, store=address)
    yield found
    found.stop()


def test_the_store_itself_refuses_to_change_the_trail(clinic: Clinic, hospital: Hospital, address: str) -> None:
    assert clinic.cds(hospital, hospital.call(prefetch=prefetch_of(anna()))).status_code == 200
    with psycopg.connect(address, autocommit=True) as connection:
        for act in ("UPDATE audit SET event = ''", "DELETE FROM audit", "TRUNCATE audit"):
            with pytest.raises(psycopg.Error, match="never changed"):
                connection.execute(act)
    assert clinic.run("audit", "verify").returncode == 0
    assert "secret" not in clinic.log.read_text()


def test_the_trail_of_one_patient_is_found_by_the_database(
    clinic: Clinic, hospital: Hospital, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINEWISE_CLINIC_KEY", KEY)
    for _ in range(2):
        assert clinic.cds(hospital, hospital.call(prefetch=prefetch_of(anna()))).status_code == 200
    store = open_store(Settings(public_url=clinic.base, store=address))
    for number in range(20):
        append(store, Act(what="plan", who="meier", patient="rare" if number in (3, 9) else f"p{number}"), "here")
    rows, _ = page(store, patient="rare")
    first, before = page(store, most=1, patient="rare")
    assert len(rows) == 2 and first == rows[:1] and page(store, before, most=1, patient="rare") == (rows[1:], None)
    assert len(page(store, patient="anna")[0]) >= 2 and page(store, patient="nobody' OR 1=1")[0] == []
    with psycopg.connect(address) as connection:
        connection.execute("SET enable_seqscan = off")
        query = "EXPLAIN SELECT number FROM audit WHERE CAST(event AS jsonb) @> CAST(%s AS jsonb)"
        plan = connection.execute(query, ('{"entity": [{"what": {"reference": "Patient/rare"}}]}',)).fetchall()
    assert "audit_names" in str(plan)
    store.close()


def test_two_servers_share_what_they_must(clinic: Clinic, hospital: Hospital, address: str, tmp_path: Path) -> None:
    """Migrations do not collide, a JWT counts once for both, and a launch that one began the other ends."""
    sign_in = SignIn(hospital)
    other = Clinic(
        tmp_path, [hospital.settings()], environment={"LINEWISE_CLINIC_KEY": KEY}, store=address, public_url=clinic.base
    )
    try:
        path = f"/cds-services/{clinic.service()}"
        header = {"Authorization": f"Bearer {hospital.jwt(clinic.base + path)}"}
        body = hospital.call(prefetch=prefetch_of(anna()))
        assert [one.client.post(path, json=body, headers=header).status_code for one in (clinic, other)] == [200, 401]
        with httpx.Client(trust_env=False, timeout=30) as browser:
            back = sign_in.allow(
                browser.get(f"{clinic.base}/launch", params={"iss": hospital.fhir, "launch": "x"}).headers["location"]
            )
            answer = browser.get(back.replace(clinic.base, other.base))
            assert answer.status_code == 303
            chart = answer.headers["location"]
            assert browser.get(chart).status_code == browser.get(chart.replace(clinic.base, other.base)).status_code == 200
    finally:
        other.stop()


def test_many_at_once_keep_one_chain(clinic: Clinic, hospital: Hospital) -> None:
    body = hospital.call(prefetch=prefetch_of(anna()))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: clinic.cds(hospital, body), range(40)))
    assert {answer.status_code for answer in answers} == {200}
    assert clinic.run("audit", "verify").returncode == 0


def test_a_killed_worker_loses_nothing_and_doubles_nothing(
    clinic: Clinic, hospital: Hospital, address: str, tmp_path: Path
) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        before = connection.execute("SELECT count(*) FROM audit").fetchone()[0]
    own = Clinic(tmp_path, [hospital.settings()], environment={"LINEWISE_CLINIC_KEY": KEY}, store=address, workers=2)
    answered: list[str] = []
    stop = threading.Event()

    def ask() -> None:
        body = hospital.call(prefetch=prefetch_of(anna()))
        while not stop.is_set():
            try:
                answer = own.cds(hospital, body)
            except httpx.TransportError:
                continue
            if answer.status_code == 200:
                answered.append(answer.headers["x-linewise-answer"])

    try:
        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        _until(lambda: len(answered) >= 20)
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(own.process.pid)], capture_output=True, text=True, check=False
        ).stdout.split()
        os.kill(int(children[-1]), signal.SIGKILL)
        before_the_end = len(answered)
        _until(lambda: len(answered) >= before_the_end + 20)
        stop.set()
        for thread in threads:
            thread.join(30)
        assert own.client.get("/ready").status_code == 200
    finally:
        own.stop()
    with psycopg.connect(address) as connection:
        rows = connection.execute("SELECT id FROM audit ORDER BY number OFFSET %s", (before,)).fetchall()
    listed = [row[0] for row in rows]
    assert answered and len(set(listed)) == len(listed) and set(answered) <= set(listed)
    assert own.run("audit", "verify").returncode == 0


def test_a_database_that_is_gone_is_told_and_comes_back(hospital: Hospital, tmp_path: Path) -> None:
    """Connections are cut under the server's hands, and the next call opens another; without a database there is no answer."""
    body = hospital.call(prefetch=prefetch_of(anna()))
    with ExitStack() as database:
        address = database.enter_context(server("x"))
        own = Clinic(tmp_path, [hospital.settings()], environment={"LINEWISE_CLINIC_KEY": KEY}, store=f"{address}/postgres")
        try:
            assert own.cds(hospital, body).status_code == 200
            with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
                )
            assert own.cds(hospital, body).status_code == 200
            database.close()
            assert own.client.get("/health").status_code == 200 and own.client.get("/ready").status_code == 503
            answer = own.cds(hospital, body)
            assert answer.status_code == 503 and "elacestrant" not in answer.text
        finally:
            own.stop()


def test_a_store_that_cannot_be_reached_is_told_in_words(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("public_url: http://127.0.0.1:1\nstore: postgresql://nobody:pass@127.0.0.1:1/none\n", encoding="utf-8")
    command = [sys.executable, "-m", "linewise", "clinic", "audit", "verify", "--config", str(config)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 2 and "store" in found.stderr and "Traceback" not in found.stderr and "pass" not in found.stderr
