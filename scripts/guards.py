"""Break each guard of docs/hazards.md in a copy of the code, and see that its tests notice (`make guards`).

The list is tests/guards.yaml. A guard that can be broken unnoticed is a guard in name only: then the exit code is 1.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]


def listed() -> list[dict[str, Any]]:
    """The guards of tests/guards.yaml, in its order."""
    found: list[dict[str, Any]] = yaml.safe_load((ROOT / "tests/guards.yaml").read_text(encoding="utf-8"))
    return found


def broken(guard: dict[str, Any], source: str) -> str:
    """The text of a guard's file with the guard broken. Raises ValueError where its place is not there exactly once."""
    if source.count(guard["from"]) != 1:
        raise ValueError(
            f"{guard['file']}: the text of “{guard['guard']}” stands there {source.count(guard['from'])} times, not once"
        )
    return source.replace(guard["from"], guard["to"])


def run(copy: Path, *asked: str) -> list[str]:
    """The tests that fail on the copy. Raises SystemExit where they could not run."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *asked]
    env = os.environ | {"PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(asked)}: the tests could not run\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    lines = [line for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return [line.partition(" ")[2].partition(" - ")[0] for line in lines]


def noticed(guard: dict[str, Any], copy: Path) -> str:
    """The first test that fails with the guard broken, and does not fail otherwise; empty where there is none."""
    place = copy / "src/linewise" / guard["file"]
    whole = place.read_text(encoding="utf-8")
    place.write_text(broken(guard, whole), encoding="utf-8")
    try:
        failed = run(copy, *guard["tests"], *(["-k", guard["only"]] if guard.get("only") else []))
    finally:
        place.write_text(whole, encoding="utf-8")
    return failed[0] if failed and not run(copy, failed[0]) else ""


def main() -> int:
    """Break every guard, or those whose words contain the argument; returns how many nobody noticed, at most 1."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("words", nargs="?", default="", help="only guards whose words contain this")
    words = asked.parse_args().words
    guards = [one for one in listed() if words in one["guard"]]
    unnoticed = 0
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__"))
        for part in (
            "tests",
            "knowledge",
            "benchmarks",
            "examples",
            "docs",
            "scripts",
            "pyproject.toml",
            "README.md",
            "CHANGELOG.md",
        ):
            (copy / part).symlink_to(ROOT / part)
        for number, guard in enumerate(guards, 1):
            started = time.monotonic()
            test = noticed(guard, copy)
            unnoticed += not test
            said = f"noticed by {test}" if test else "NOT NOTICED"
            print(
                f"{number}/{len(guards)} hazard {guard['hazard']}: {guard['guard']}: {said} ({time.monotonic() - started:.0f} s)",
                flush=True,
            )
    print(f"{len(guards) - unnoticed} of {len(guards)} broken guards are noticed.")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
