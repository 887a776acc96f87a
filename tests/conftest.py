"""What tests of several rooms share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A real browser: Playwright driving the system's Chromium."""
    pytest.importorskip("playwright", reason="playwright is not installed")
    path = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium on this machine: install the package chromium to run the browser tests")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
