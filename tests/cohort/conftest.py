"""What the cohort tests share: the knowledge, and the reference records where they are at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from linewise.exchange import Codes, codes_of
from linewise.knowledge import Knowledge, open_knowledge

pytest.importorskip("polars")
pytest.importorskip("duckdb")
pytest.importorskip("numpy")


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return open_knowledge()


@pytest.fixture(scope="session")
def codes(knowledge: Knowledge) -> Codes:
    return codes_of(knowledge)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference material, named by LINEWISE_SHARED or beside the checkout."""
    folder = Path(os.environ.get("LINEWISE_SHARED", Path(__file__).parents[2].parent / "shared")) / "records"
    if not folder.is_dir():
        pytest.skip("the reference records are not here (set LINEWISE_SHARED to their folder)")
    return folder
