"""The JSON twins keep to their document, whatever is sent to them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from . import people

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

from hypothesis import HealthCheck, given, settings  # noqa: E402
from starlette.testclient import TestClient  # noqa: E402

from linewise.knowledge import open_knowledge  # noqa: E402
from linewise.web.app import VIEWS, create_app  # noqa: E402
from linewise.web.openapi import document  # noqa: E402


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("data")
    return create_app(open_knowledge(), folder, ["testserver", "localhost"], lambda: people.DAY)


@pytest.fixture(scope="module")
def api(app: Any) -> Any:
    return schemathesis.openapi.from_asgi("/openapi.json", app)


_NOT_OURS = ("negative_data_rejection", "positive_data_acceptance", "unsupported_method", "missing_required_header")
"""Forms are lenient: what is not understood in a field is said in `errors`, or left out."""
OPERATIONS = [(path, method) for path, one in json.loads(document(VIEWS))["paths"].items() for method in one]


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_answers_keep_to_the_document(path: str, method: str, app: Any, api: Any) -> None:
    """With a session that has a record, and the token of it: every answer is one that the document names, and none is a failure."""
    client = TestClient(app, raise_server_exceptions=False)
    client.post("/start/example", data={"csrf": client.get("/start.json").json()["csrf"]}, follow_redirects=False)
    names = schemathesis.checks.CHECKS.get_all_names()
    excluded = [schemathesis.checks.CHECKS.get_one(name) for name in _NOT_OURS if name in names]

    @settings(max_examples=8, database=None, suppress_health_check=list(HealthCheck))
    @given(case=api[path][method].as_strategy())
    def tried(case: Any) -> None:
        headers = {"cookie": f"linewise={client.cookies['linewise']}"}
        if method == "post":
            headers["X-CSRF-Token"] = client.get("/start.json").json()["csrf"]
        response = case.call(headers=headers)
        case.validate_response(response, excluded_checks=excluded)

    tried()


def test_every_page_with_a_twin_is_in_the_document(app: Any) -> None:
    paths = TestClient(app).get("/openapi.json").json()["paths"]
    assert len(paths) == len(VIEWS)
