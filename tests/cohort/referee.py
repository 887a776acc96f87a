"""What the tests of the exported CQL share: the engines."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent / "cql"


def engine(package: str = "cql-execution") -> str:
    """The program that runs the engines; the test is skipped where it or a package of it is not here."""
    found = shutil.which("node")
    if found is None or not (HERE / "node_modules" / package).is_dir():
        pytest.skip("the CQL engine is not here: it needs node, and `make referee`")
    return found


def run(node: str, *arguments: object, shared: Path | None = None) -> list[dict[str, Any]]:
    """What the referee says: one line a person."""
    environment = dict(os.environ) | ({"CQL_MODELINFO": str(shared / "cql_modelinfo")} if shared else {})
    command = [node, "--stack-size=8000", str(HERE / "referee.mjs"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]
