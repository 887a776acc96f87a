"""The example documents beside the checkout, each with what a careful reader takes from it; the scorer beside them judges."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from linewise.errors import RecordError
from linewise.knowledge import open_knowledge
from linewise.reading import read_files
from places import SHARED, read_yaml

FOLDERS = sorted(path.parent for path in (SHARED / "reading").glob("*/truth.yaml"))


def _scorer() -> ModuleType:
    path = SHARED / "tools" / "score_reading.py"
    if not path.exists():
        pytest.skip("the scorer is not here")
    spec = importlib.util.spec_from_file_location("score_reading", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _profile(files: list[Path]) -> dict[str, Any]:
    try:
        reading = read_files([str(path) for path in files], open_knowledge())
    except RecordError:
        return {}
    found: dict[str, Any] = json.loads(msgspec.json.encode(reading.profile))
    return found


@pytest.fixture(scope="module")
def scorer() -> Iterator[ModuleType]:
    yield _scorer()


@pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])
def test_an_example_is_read_as_a_careful_reader_does(folder: Path, scorer: ModuleType) -> None:
    files = scorer.files_of(folder)
    if files[0].suffix == ".png" and shutil.which("tesseract") is None:
        pytest.skip("Tesseract is not installed")
    truth = scorer.Truth(read_yaml(folder / "truth.yaml"))
    score = scorer.score(truth, _profile(files))
    assert score["traps"] == []
    assert score["wrong"] == []
    assert score["missed"] == []
