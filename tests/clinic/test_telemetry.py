"""What leaves as traces and metrics: which kind of address was asked, how it ended, how long it took. Nothing of a patient or of who asked."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from .conftest import Clinic, httpx
from .hospital import Hospital, anna, prefetch_of
from .people import RECORD, signed_in
from .sign_in import SignIn
from .test_smart import opened

pytest.importorskip("opentelemetry.sdk", reason="the extra `telemetry` is not installed")
pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="the extra `telemetry` is not installed")


class Collector:
    """Takes what is exported over OTLP/HTTP."""

    def __init__(self) -> None:
        self.bodies: list[tuple[str, bytes]] = []
        mine = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers["Content-Length"]))
                mine.bodies.append((self.path, gzip.decompress(data) if self.headers.get("Content-Encoding") == "gzip" else data))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def spans(self) -> list[Any]:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        found = [ExportTraceServiceRequest.FromString(data) for path, data in self.bodies if path == "/v1/traces"]
        return [span for one in found for whole in one.resource_spans for scope in whole.scope_spans for span in scope.spans]

    def metrics(self) -> list[Any]:
        from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

        found = [ExportMetricsServiceRequest.FromString(data) for path, data in self.bodies if path == "/v1/metrics"]
        return [
            metric for one in found for whole in one.resource_metrics for scope in whole.scope_metrics for metric in scope.metrics
        ]


@pytest.fixture
def collector() -> Iterator[Collector]:
    found = Collector()
    yield found
    found.server.shutdown()
    found.server.server_close()


def values_of(span: Any) -> dict[str, Any]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


def test_spans_say_what_was_asked_and_nothing_of_whom(hospital: Hospital, collector: Collector, tmp_path: Path) -> None:
    own = Clinic(tmp_path, [hospital.settings()], telemetry=collector.address)
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    try:
        people, sign_in = signed_in(own), SignIn(hospital)
        own.cds(hospital, hospital.call(prefetch=prefetch_of(anna())))
        own.cds(hospital, hospital.call(fhirServer=hospital.fhir, fhirAuthorization={"access_token": "s3cr3t"}))
        with httpx.Client(base_url=own.base, timeout=30, trust_env=False) as browser:
            chart = opened(browser, hospital, sign_in)
            browser.get(f"{chart}/plan")
        traced = {"traceparent": parent, "tracestate": "evil=Mrs-Example", "baggage": "patient=anna"}
        people["clinician"].post("/api/v1/plan?region=US", json=RECORD, headers=traced)
        people["clinician"].get("/api/v1/decisions?patient=anna")
        people["auditor"].get("/api/v1/audit?patient=anna")
        own.client.get("/patients/anna")
        accept = {"Accept": "application/json, text/event-stream"}
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "plan", "arguments": {"record": RECORD}}}
        assert people["clinician"].post("/mcp", json=call, headers=accept).status_code == 200
    finally:
        assert own.stop() == 0
    spans = collector.spans()
    named = {span.name for span in spans}
    assert {
        "POST /cds-services/{id}", "GET /app/{handle}/plan", "POST /api/v1/plan", "GET /api/v1/decisions", "POST /mcp", "GET /callback", "GET other", "ask GET", "store",
    } <= named  # fmt: skip
    (plan,) = [span for span in spans if span.name == "POST /api/v1/plan"]
    assert values_of(plan) == {"http.request.method": "POST", "http.route": "/api/v1/plan", "http.response.status_code": 200}
    assert plan.trace_id.hex() == parent.split("-")[1] and not plan.trace_state
    for span in spans:
        assert not span.events and not span.status.message
        assert set(values_of(span)) <= {"http.request.method", "http.route", "http.response.status_code", "server.address"}
    assert "http.server.request.duration" in {metric.name for metric in collector.metrics()}
    whole = b"".join(data for _, data in collector.bodies)
    words = [
        "anna",
        "Anna",
        "Example",
        anna()[0]["birthDate"],
        "breast",
        "s3cr3t",
        "clinician",
        "auditor",
        "Practitioner",
        "evil",
        chart.rsplit("/", 1)[-1],
        "eyJ",
    ]
    for word in words:
        assert word.encode() not in whole, word


def test_without_a_collector_nothing_is_sent_and_with_a_dead_one_answers_leave(hospital: Hospital, tmp_path: Path) -> None:
    own = Clinic(tmp_path, [hospital.settings()], telemetry="http://127.0.0.1:9")
    try:
        assert own.cds(hospital, hospital.call(prefetch=prefetch_of(anna()))).status_code == 200
    finally:
        assert own.stop() == 0
    assert "Traceback" not in own.log.read_text() and "127.0.0.1:9/" not in own.log.read_text()
