"""What tests of several rooms share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of records and cases that others wrote; tests that use it skip where it is absent.

    It is not part of the repository: LINEWISE_SHARED names it, or it lies beside the checkout as `shared`.
    """
    named = os.environ.get("LINEWISE_SHARED")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("the shared records are not here; set LINEWISE_SHARED to their folder")
    return folder
