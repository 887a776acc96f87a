"""A knowledge folder of a test's own, written file by file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from small import BASE


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """A folder with the base files, changed or added to: `folder({"drugs/alfa.yaml": "…"})`."""

    def make(changes: dict[str, str] | None = None) -> Path:
        root = tmp_path / "knowledge"
        for name, text in (BASE | (changes or {})).items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return root

    return make
