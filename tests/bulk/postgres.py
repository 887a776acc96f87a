"""A PostgreSQL server of our own for a test: a scratch folder, a free port on this machine, an unprivileged user, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


def program(name: str) -> str:
    """A program of the server, from the path or from where Debian puts it."""
    places = [
        *os.environ.get("PATH", "").split(os.pathsep),
        *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)),
    ]
    return shutil.which(name, path=os.pathsep.join(places)) or ""


@contextmanager
def server(password: str) -> Iterator[str]:
    """The address of a running server, without a database name at its end. The user is `omop`."""
    if not program("initdb") or not program("postgres"):
        pytest.skip("PostgreSQL is not installed (Debian's package `postgresql`)")
    folder = Path(tempfile.mkdtemp(prefix="linewise-postgres-"))
    who: dict[str, Any] = {}
    if os.geteuid() == 0:  # the server refuses to be run by root
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    secret = folder / "secret"
    secret.write_text(password)
    secret.chmod(0o644)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = folder / "data"
    made = [
        program("initdb"),
        "-D",
        str(data),
        "-U",
        "omop",
        "-E",
        "UTF8",
        "--no-locale",
        "--auth=scram-sha-256",
        f"--pwfile={secret}",
    ]
    subprocess.run(made, check=True, capture_output=True, cwd=folder, **who)
    running = subprocess.Popen(
        [program("postgres"), "-D", str(data), "-p", str(port), "-k", str(folder), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **who,
    )  # fmt: skip
    try:
        for _ in range(100):
            ready = subprocess.run([program("pg_isready"), "-h", "127.0.0.1", "-p", str(port)], capture_output=True, check=False)
            if ready.returncode == 0:
                break
            subprocess.run(["sleep", "0.1"], check=True)
        yield f"postgresql://omop:{password}@127.0.0.1:{port}"
    finally:
        running.send_signal(signal.SIGINT)  # at once, without waiting for those who are connected
        running.wait(30)
        shutil.rmtree(folder, ignore_errors=True)
