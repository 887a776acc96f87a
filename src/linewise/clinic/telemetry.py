"""Traces and metrics for whoever runs the server (OpenTelemetry), where the settings name a collector. Off without one.

A span says which kind of address was asked, with which status and how long it took, and nothing else: no path, no id, no query, no name, no text of an error.
The provider is ours alone and is not made the global one, so that no library adds values of a call by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from linewise import __version__
from linewise.errors import LinewiseError

_METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}
_SECONDS = 3  # that an export may take
_HERE: ContextVar[Telemetry | None] = ContextVar("TELEMETRY", default=None)


class Telemetry:
    """One exporter of traces and one of metrics, over OTLP/HTTP to `address`. Raises LinewiseError where the extra is not installed."""

    def __init__(self, address: str) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.metrics import MeterProvider
            from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ModuleNotFoundError as missing:
            raise LinewiseError(
                f"telemetry needs {missing.name}; install Linewise with its extra: pip install 'linewise[clinic,telemetry]'"
            ) from None
        base = address.rstrip("/")
        about = Resource({"service.name": "linewise-clinic", "service.version": __version__})
        self._traces = TracerProvider(resource=about, shutdown_on_exit=False)
        self._traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{base}/v1/traces", timeout=_SECONDS)))
        reader = PeriodicExportingMetricReader(
            OTLPMetricExporter(f"{base}/v1/metrics", timeout=_SECONDS), export_interval_millis=15_000
        )
        self._metrics = MeterProvider([reader], resource=about, shutdown_on_exit=False)
        self.tracer = self._traces.get_tracer("linewise.clinic")
        self.durations = self._metrics.get_meter("linewise.clinic").create_histogram(
            "http.server.request.duration", "s", "how long an answer took"
        )

    def close(self) -> None:
        """Send what is left."""
        self._traces.shutdown()
        self._metrics.shutdown(_SECONDS * 1000)

    @contextmanager
    def asked(self, method: str, route: str, parent: str) -> Iterator[Callable[[int], None]]:
        """A span around one request; what it gives takes the status of the answer."""
        from opentelemetry.trace import SpanKind, Status, StatusCode
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        # Of what a caller sends, the ids of its trace alone: the rest could say anything.
        above = TraceContextTextMapPropagator().extract({"traceparent": parent}) if parent else None
        started, known = time.perf_counter(), {"http.request.method": method, "http.route": route}
        with self.tracer.start_as_current_span(
            f"{method} {route}", above, SpanKind.SERVER, known, record_exception=False, set_status_on_exception=False
        ) as span:
            answered = 500

            def status(found: int) -> None:
                nonlocal answered
                answered = found

            try:
                yield status
            finally:
                span.set_attribute("http.response.status_code", answered)
                if answered >= 500:
                    span.set_status(Status(StatusCode.ERROR))
                self.durations.record(time.perf_counter() - started, {**known, "http.response.status_code": answered})


@contextmanager
def part(name: str, **values: str | int) -> Iterator[None]:
    """A span inside of a request, with values that are of the settings or of ours; nothing where no collector is set."""
    here = _HERE.get()
    if here is None:
        yield
        return
    with here.tracer.start_as_current_span(name, attributes=values, record_exception=False, set_status_on_exception=False):
        yield


class Traced:
    """ASGI middleware: a span for each request, under the pattern of its address."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry, pattern: Callable[[Scope], str]) -> None:
        self.app, self.telemetry, self.pattern = app, telemetry, pattern

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        token = _HERE.set(self.telemetry)
        try:
            with self.telemetry.asked(method, self.pattern(scope), Headers(scope=scope).get("traceparent", "")) as status:

                async def noted(message: Message) -> None:
                    if message["type"] == "http.response.start":
                        status(message["status"])
                    await send(message)

                await self.app(scope, receive, noted)
        finally:
            _HERE.reset(token)


def pattern_of(routes: list[Any], more: list[Any], root: str) -> Callable[[Scope], str]:
    """The pattern of an address, such as `/app/{handle}/plan`, never the address itself; `more` are endpoints below `root`."""
    from starlette.routing import Match

    def pattern(scope: Scope) -> str:
        path = scope["path"]
        if path.startswith(f"{root}/"):
            return next((f"{root}{one.path}" for one in more if one.pattern.fullmatch(path.removeprefix(root))), f"{root}/other")
        return next((str(one.path) for one in routes if one.matches(scope)[0] is not Match.NONE), "other")

    return pattern
