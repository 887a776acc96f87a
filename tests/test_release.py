"""A release can be built again: the same commit gives the same bytes."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release", ROOT / "scripts" / "release.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["release"] = module
    spec.loader.exec_module(module)
    return module


release = _script()


@pytest.mark.slow
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="a release is made of a commit, and this is no checkout")
def test_two_builds_of_a_commit_are_equal(tmp_path: Path) -> None:
    wheel = release.wheel_of(ROOT, tmp_path)
    assert wheel.is_file() and wheel.suffix == ".whl"


@pytest.fixture
def commit(tmp_path: Path) -> Path:
    """A repository with one small package, whose build looks at the time of a file."""
    root = tmp_path / "repository"
    (root / "small").mkdir(parents=True)
    (root / "small" / "__init__.py").write_text("", encoding="utf-8")
    (root / "hook.py").write_text(
        "import os\n"
        "from hatchling.builders.hooks.plugin.interface import BuildHookInterface\n"
        "class Hook(BuildHookInterface):\n"
        "    def initialize(self, version, data):\n"
        "        with open(os.path.join(self.root, 'small', 'time.txt'), 'w') as file:\n"
        "            file.write(str(os.stat(os.path.join(self.root, 'pyproject.toml')).st_mtime))\n",
        encoding="utf-8",
    )
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n[project]\nname = "small"\nversion = "1"\n'
        '[tool.hatch.build.targets.wheel]\npackages = ["small"]\nartifacts = ["small/time.txt"]\n'
        '[tool.hatch.build.targets.wheel.hooks.custom]\npath = "hook.py"\n',
        encoding="utf-8",
    )
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "one"]):
        subprocess.run(["git", *command], cwd=root, check=True, capture_output=True)
    return root


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not here")
def test_a_build_that_depends_on_the_time_of_a_file_is_no_release(commit: Path, tmp_path: Path) -> None:
    with pytest.raises(release.Failed, match="two builds of this commit differ"):
        release.wheel_of(commit, tmp_path / "out")


def test_a_package_that_names_no_licence_is_said_so(tmp_path: Path) -> None:
    parts = [
        {"name": "b", "version": "2", "licenses": [{"license": {"id": "MIT"}}]},
        {"name": "a", "version": "1", "licenses": []},
        {"name": "c", "version": "3", "licenses": [{"expression": "MIT OR Apache-2.0"}]},
    ]
    (tmp_path / "sbom.json").write_text(json.dumps({"components": parts}), encoding="utf-8")
    text = release.licences(tmp_path / "sbom.json", tmp_path).read_text(encoding="utf-8")
    assert text.splitlines()[2:] == ["| a | 1 | none named |", "| b | 2 | MIT |", "| c | 3 | MIT OR Apache-2.0 |"]


def test_the_lock_holds_every_file_to_its_hash() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pinned = [index for index, line in enumerate(lines) if "==" in line and not line.startswith((" ", "#"))]
    assert pinned
    assert [lines[index] for index in pinned if not lines[index + 1].strip().startswith("--hash=sha256:")] == []


def test_an_image_holds_the_code_and_the_knowledge_alone() -> None:
    """What of this folder is handed to the build of a container: what the wheel is made of, and no key, store, setting or record."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]

    def handed_over(path: str) -> bool:
        found = True
        for rule in rules:  # the last rule that fits counts
            pattern = rule.removeprefix("!")
            parts = [path, *(str(one) for one in Path(path).parents)]
            if any(
                fnmatch(part, pattern) or fnmatch(f"/{part}", f"*/{pattern.removeprefix('**/')}") for part in parts if part != "."
            ):
                found = rule.startswith("!")
        return found

    needed = [
        "pyproject.toml",
        "hatch_build.py",
        "README.md",
        "LICENSE",
        "src/linewise/cli/run.py",
        "knowledge/regions.yaml",
        "tests/cases/x.yaml",
    ]
    assert all((ROOT / one).exists() for one in needed[:-1]) and all(handed_over(one) for one in needed)
    for one in [
        "clinic.yaml",
        ".env",
        "deploy/.env",
        "clinic.sqlite",
        "clinic.key",
        ".git/config",
        "examples/anna.json",
        "tests/clinic/hospital.py",
    ]:
        assert not handed_over(one), one
    assert not handed_over("src/linewise/__pycache__/x.pyc")
