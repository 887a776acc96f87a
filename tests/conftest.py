"""What tests of several rooms share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest
from hypothesis import settings

from linewise.exchange import Codes, codes_of
from linewise.knowledge import Knowledge, open_knowledge
from places import Shared

settings.register_profile("test", deadline=None, print_blob=True, derandomize=True)
settings.register_profile("verify", deadline=None, print_blob=True, max_examples=250)
settings.load_profile("test")  # `make verify` asks for the other: --hypothesis-profile

if any(find_spec(name) is None for name in ("polars", "duckdb", "numpy")):
    collect_ignore = ["bulk", "cohort", "columns", "cql", "invented", "views"]  # they need the extra `cohort`


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    """The knowledge of this checkout. A room that tests with an invented medicine has a fixture of its own."""
    return open_knowledge()


@pytest.fixture(scope="session")
def codes(knowledge: Knowledge) -> Codes:
    return codes_of(knowledge)


@pytest.fixture(scope="session")
def shared() -> Shared:
    """The folder of records and cases that others wrote. A test that asks for a part that is absent is skipped."""
    return Shared()


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
