"""What the tests of the exported CQL share: the engines."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent / "engine"


def engine(package: str = "cql-execution") -> str:
    """The program that runs the engines; the test is skipped where it or a package of it is not here."""
    found = shutil.which("node")
    if found is None or not (HERE / "node_modules" / package).is_dir():
        pytest.skip("the CQL engine is not here: it needs node, and `make referee`")
    return found


def run(node: str, form: str, library: Path, people: Path, *more: object, models: Path | None = None) -> list[dict[str, Any]]:
    """What the referee says: one line a person. Many people are dealt out to three processes."""
    lines = people.read_text().splitlines()
    size = len(lines) if len(lines) < 200 else -(-len(lines) // 3)
    parts = []
    for start in range(0, len(lines), size):
        parts.append(people.with_name(f"{people.name}.{start}"))
        parts[-1].write_text("\n".join(lines[start : start + size]) + "\n")
    with ThreadPoolExecutor(len(parts)) as pool:
        said = pool.map(lambda part: _one(node, models, form, library, part, *more), parts)
        return [one for answers in said for one in answers]


def _one(node: str, models: Path | None, *arguments: object) -> list[dict[str, Any]]:
    environment = dict(os.environ) | ({"CQL_MODELINFO": str(models)} if models else {})
    command = [node, "--stack-size=8000", str(HERE / "referee.mjs"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]
