"""The plan of the house holds: a room imports only from rooms before it, nothing goes round, and the command loads nothing heavy."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from places import ROOT

SRC = ROOT / "src" / "linewise"
ROOMS = [
    "errors", "files", "logic", "views", "knowledge", "record", "plan", "sequence", "outlook", "trials", "papers", "phrases", "grammar", "reading", "exchange", "columns", "bulk", "cql", "cohort",
    "invented", "bench", "journal", "cli", "web", "clinic",
]  # fmt: skip
"""From the ground up; the faces (`cli`, `web`, `clinic`) import from any room and hardly from each other."""
FACE = SRC / "__init__.py"
LARGEST = 1 / 8
"""No room holds a larger share of the code."""


def _module(path: Path) -> str:
    parts = ("linewise", *path.relative_to(SRC).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_module(path): path for path in sorted(SRC.rglob("*.py"))}


@cache
def imports(path: Path, when_run: bool = False) -> frozenset[str]:
    """The modules of Linewise that a file imports, at the top or inside a function, whole names and relative ones.

    `when_run` leaves out what stands there for types only.
    """
    package = _module(path).split(".")[: None if path.name == "__init__.py" else -1]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if when_run and node in typing:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) + 1 - node.level] if node.level else [])
            source = ".".join(part for part in (base, node.module) if part)
            names = {f"{source}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else source for name in names}
    return frozenset(name for name in found if name in MODULES) - {_module(path)}


def room(module: str) -> str:
    return [*module.split("."), "__init__"][1]


def test_every_room_has_its_place_in_the_order() -> None:
    assert {room(name) for name in MODULES} - set(ROOMS) == {"__init__", "__main__"}


def test_the_order_is_that_of_the_page() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = [line for line in page.splitlines() if line.startswith("| `")]
    listed = [name for line in table for name in re.findall(r"`([a-z]+)(?:/|\.py)`", line.split("|")[1])]
    assert listed == [name for name in ROOMS if name in listed]
    assert {room(name) for name in MODULES} - {"__init__", "__main__"} <= set(listed)


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_imports_only_from_rooms_before_it(name: str) -> None:
    allowed = {*ROOMS[: ROOMS.index(name) + 1], "__init__"}
    for module, path in MODULES.items():
        if room(module) == name:
            beyond = {other for other in imports(path) if room(other) not in allowed}
            assert name == "cli" or not beyond, f"{path.relative_to(SRC)} imports {sorted(beyond)}"


def test_only_the_command_line_opens_another_face() -> None:
    faces = {"cli", "web", "clinic"}
    for module, path in MODULES.items():
        if room(module) in faces - {"cli"}:
            assert {room(other) for other in imports(path)} & faces <= {room(module)}, path.name


def test_nothing_is_imported_in_a_circle() -> None:
    """What stands for types only does not count, nor does the face of the package, which opens the rooms when it is called."""
    arrows = {name: {*imports(path, when_run=True)} for name, path in MODULES.items() if path != FACE}
    while True:
        ends = {name for name, others in arrows.items() if not others & arrows.keys()}
        if not ends:
            break
        arrows = {name: others for name, others in arrows.items() if name not in ends}
    started = {name for others in arrows.values() for name in others}  # what only imports from a circle is not in it
    assert sorted(arrows.keys() & started) == []


def test_no_room_is_larger_than_an_eighth_of_the_house() -> None:
    sizes: dict[str, int] = {}
    for module, path in MODULES.items():
        sizes[room(module)] = sizes.get(room(module), 0) + len(path.read_text(encoding="utf-8").splitlines())
    most = sum(sizes.values()) * LARGEST
    assert {name: lines for name, lines in sizes.items() if lines > most} == {}


def test_the_logic_knows_no_medicine_and_no_record() -> None:
    for module, path in MODULES.items():
        if room(module) == "logic":
            assert {room(other) for other in imports(path)} <= {"logic", "errors"}, path.name


@pytest.mark.parametrize("heavy", ["polars", "duckdb", "starlette", "jinja2", "yaml", "cryptography"])
def test_the_command_starts_without_what_it_does_not_need(heavy: str) -> None:
    rooms = "linewise.cli, linewise.knowledge, linewise.exchange, linewise.plan, linewise.cli.terminal"
    code = f"import sys, {rooms}; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_face_costs_nothing_until_it_is_used() -> None:
    code = "import sys, linewise; sys.exit(any(name.startswith(('linewise.plan', 'msgspec')) for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
