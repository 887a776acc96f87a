"""The plan of the house holds: a room imports only from rooms before it, and starting the command loads nothing heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src" / "linewise"
ROOMS = ["errors", "logic", "knowledge", "record", "plan", "exchange", "cohort", "journal", "web"]


def _imports(path: Path) -> set[str]:
    """The rooms that a file imports, at the top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) and node.level == 0 else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        found |= {name.split(".")[1] for name in names if name.startswith("linewise.")}
    return found & set(ROOMS)


@pytest.mark.parametrize("room", ROOMS[1:])
def test_a_room_imports_only_from_rooms_before_it(room: str) -> None:
    allowed = set(ROOMS[: ROOMS.index(room) + 1])
    for path in sorted((SRC / room).rglob("*.py")):
        assert _imports(path) <= allowed, f"{path.relative_to(SRC)} imports {sorted(_imports(path) - allowed)}"


def test_the_logic_knows_no_medicine_and_no_record() -> None:
    for path in sorted((SRC / "logic").rglob("*.py")):
        assert _imports(path) <= {"logic"}, path.name


@pytest.mark.parametrize("heavy", ["polars", "duckdb", "starlette", "jinja2", "yaml", "cryptography"])
def test_the_command_starts_without_what_it_does_not_need(heavy: str) -> None:
    code = f"import sys, linewise.cli, linewise.knowledge, linewise.exchange, linewise.plan, linewise.terminal; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
