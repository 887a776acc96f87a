"""The app as tests use it: on the real knowledge, on one day, with a data folder of its own."""

from __future__ import annotations

import datetime as dt
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the web extra is not installed")
pytest.importorskip("httpx", reason="httpx is not installed: it drives the app in tests")

from starlette.testclient import TestClient

from linewise.knowledge import Knowledge
from linewise.web.app import create_app

from . import people


@pytest.fixture(autouse=True)
def _cheap_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linewise.journal.vault._COST", 2**10)


class Person:
    """Somebody at the app: sends forms the way its pages do."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    @property
    def csrf(self) -> str:
        return str(self.client.get("/start.json").json()["csrf"])

    def get(self, path: str, **named: Any) -> Any:
        return self.client.get(path, **named)

    def post(self, path: str, **form: Any) -> Any:
        return self.client.post(path, data={"csrf": self.csrf, **form})

    def upload(self, data: bytes, name: str = "record.json") -> Any:
        return self.client.post("/start/import", data={"csrf": self.csrf}, files={"file": (name, data)})

    def example(self) -> None:
        """Open the invented person; the plan that follows is not looked at here."""
        answer = self.client.post("/start/example", data={"csrf": self.csrf}, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/plan")


@pytest.fixture
def make(knowledge: Knowledge, tmp_path: Path) -> Any:
    """Browsers, each with its own cookies, at one app."""
    app = create_app(knowledge, tmp_path / "data", ["testserver"], lambda: people.DAY)

    def browser() -> Person:
        return Person(TestClient(app, raise_server_exceptions=False))

    browser.app = app  # type: ignore[attr-defined]
    return browser


@pytest.fixture
def person(make: Any) -> Person:
    return make()


class Server:
    """The app on a port of its own, for browsers."""

    def __init__(self, knowledge: Knowledge, folder: Path) -> None:
        import uvicorn

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        app = create_app(knowledge, folder, [f"127.0.0.1:{self.port}"], dt.date.today)
        self.server = uvicorn.Server(uvicorn.Config(app, port=self.port, log_level="error", access_log=False, lifespan="off"))
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.02)


@pytest.fixture(scope="module")
def server(knowledge: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = Server(knowledge, tmp_path_factory.mktemp("data"))
    yield found
    found.server.should_exit = True
    found.thread.join(5)
