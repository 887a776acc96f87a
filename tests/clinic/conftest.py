"""The clinic's server as tests use it: a real process on a loopback port, with a hospital beside it."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

for name in ("starlette", "uvicorn", "sqlalchemy", "alembic", "joserfc", "argon2"):
    pytest.importorskip(name, reason="the extra `clinic` is not installed")
httpx = pytest.importorskip("httpx", reason="httpx is not installed")

from linewise.cli import main  # noqa: E402

from .hospital import Hospital  # noqa: E402


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Clinic:
    """One running server, its settings and its log."""

    def __init__(
        self,
        folder: Path,
        hospitals: list[dict[str, Any]],
        port: int | None = None,
        workers: int = 1,
        environment: Any = None,
        **settings: Any,
    ) -> None:
        self.port = port or free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.workers = workers
        self.folder, self.config = folder, folder / "clinic.yaml"
        whole = {
            "public_url": self.base,
            "store": f"sqlite:///{folder / 'clinic.sqlite'}",
            "region": "US",
            "ehrs": hospitals,
            **settings,
        }
        self.config.write_text(json.dumps(whole), encoding="utf-8")
        self.environment = {**os.environ, **(environment or {})}
        self.log = folder / "log"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "linewise", "clinic", "serve", "--config", str(self.config), "--port", str(self.port)]
        command += ["--workers", str(self.workers)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=self.environment)
        self.client = httpx.Client(base_url=self.base, timeout=30, trust_env=False)
        for _ in range(900):
            if self.process.poll() is not None:
                raise RuntimeError(self.log.read_text())
            try:
                self.client.get("/health")
                return
            except httpx.TransportError:
                time.sleep(0.05)
        self.stop()
        raise RuntimeError(self.log.read_text())

    def stop(self) -> int:
        self.client.close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(90)

    def run(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """A command of `linewise clinic` on the same settings, beside the server and in this process, with what somebody types into it."""
        command = ["clinic", *arguments, "--config", str(self.config)]
        said, wrong = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
        with pytest.MonkeyPatch.context() as here, redirect_stdout(said), redirect_stderr(wrong):
            for name, value in self.environment.items():
                here.setenv(name, value)
            here.setattr("sys.stdin", io.StringIO(typed))
            status = main(command)
        texts = []
        for stream in (said, wrong):
            stream.seek(0)
            texts.append(stream.read())
        return subprocess.CompletedProcess(command, status, *texts)

    def service(self, hook: str = "patient-view") -> str:
        listed = self.client.get("/cds-services").json()["services"]
        return str(next(one["id"] for one in listed if one["hook"] == hook))

    def cds(self, hospital: Hospital, body: Any, **jwt: Any) -> Any:
        """A signed call of the hook that the body names."""
        path = f"/cds-services/{self.service(body['hook'])}"
        token = jwt.pop("token", None) or hospital.jwt(jwt.pop("audience", f"{self.base}{path}"), **jwt)
        return self.client.post(path, json=body, headers={"Authorization": f"Bearer {token}"})


@pytest.fixture(scope="module")
def hospital() -> Iterator[Hospital]:
    found = Hospital()
    yield found
    found.close()


@pytest.fixture(scope="module")
def clinic(hospital: Hospital, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    found = Clinic(tmp_path_factory.mktemp("clinic"), [hospital.settings(origins=["https://ehr.example"])])
    yield found
    found.stop()


@pytest.fixture(autouse=True)
def _honest(hospital: Hospital) -> Iterator[None]:
    """A hospital that misbehaved in one test is honest in the next."""
    yield
    hospital.answers.clear()
    hospital.asked.clear()
    hospital.posted.clear()
    hospital.page = 0
