"""The clinic's server: its addresses, its errors, its beginning and end. `create_app` makes one; `linewise clinic serve` runs it."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from linewise import __version__
from linewise.knowledge import open_knowledge

from . import api, chart, hooks, openapi, people
from .answered import failed
from .answers import ENDPOINTS
from .house import House
from .logs import say, set_up
from .medicine import check_files
from .refused import Refused, outcome, problem
from .remote import Remote
from .settings import PREFIX, Settings, load
from .shield import Shield
from .store import SQLAlchemyError, Store, open_store
from .telemetry import Telemetry, Traced, pattern_of


def create_app(house: House) -> Starlette:
    """The app over one house."""
    remote = Remote(house) if house.settings.mcp else None
    telemetry = Telemetry(house.settings.telemetry) if house.settings.telemetry else None

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        say("started", version=__version__, medicine=house.knowledge.content.version)
        tidying = asyncio.create_task(_tidy(house))
        async with remote.running() if remote else nullcontext():
            yield
        tidying.cancel()
        await house.outside.close()
        if telemetry is not None:
            await run_in_threadpool(telemetry.close)
        house.store.close()
        say("stopped")

    routes: list[BaseRoute] = [
        Route("/health", _health, methods=["GET"]),
        Route("/ready", _ready(house), methods=["GET"]),
        Route("/openapi.json", _openapi(house), methods=["GET"]),
        *hooks.routes(house),
        *api.routes(house, ENDPOINTS),
        *chart.routes(house),
        *people.routes(house),
        *([remote.route()] if remote else []),
    ]
    handlers = {Refused: _refused, HTTPException: _refused_by_http, Exception: _broken}
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)
    app.add_middleware(_Browsers, settings=house.settings)
    app.add_middleware(Shield, most=house.settings.largest_mb * 1024 * 1024, seconds=house.settings.body_seconds)
    if telemetry is not None:
        app.add_middleware(Traced, telemetry=telemetry, pattern=pattern_of(routes, ENDPOINTS, api.ROOT))
    app.state.house = house
    return app


def house_of(settings: Settings, today: Callable[[], dt.date] = dt.date.today) -> House:
    """The house of the settings: the medicine checked, the store opened. Raises LinewiseError."""
    knowledge = open_knowledge()
    check_files(knowledge)
    for region in (settings.region, *(one.region for one in settings.ehrs)):
        knowledge.region(region)
    store: Store = open_store(settings)
    return House(settings, store, knowledge, today)


def from_environment() -> Starlette:
    """One of several workers: the command hands the place of the settings over in the environment."""
    set_up()
    return create_app(
        house_of(load(os.environ.get(f"{PREFIX}CONFIG") or None, port=int(os.environ.get(f"{PREFIX}PORT", "8758"))))
    )


async def _tidy(house: House) -> None:
    """Every hour, delete what has reached its day: used JWTs, sessions, launches, kept answers."""
    while True:
        try:
            say("tidied", rows=await run_in_threadpool(house.store.forget_old))
        except SQLAlchemyError as fault:
            say("tidying failed", logging.WARNING, kind=type(fault).__name__)
        await asyncio.sleep(3600)


async def _health(request: Request) -> Response:
    return Response(b'{"status":"ok"}', media_type="application/json")


def _ready(house: House) -> Callable[[Request], object]:
    async def ready(request: Request) -> Response:
        """Whether this worker may answer: the store is there, and the medicine is the right one and not expired."""
        fault = house.fault()
        stored = await run_in_threadpool(house.store.ready)
        body = {"status": "ready" if stored and fault is None else "not ready", "store": stored, "medicine": fault or "ok"}
        body |= {"version": __version__, "knowledge": house.knowledge.content.version, "digest": house.knowledge.content.digest}
        return Response(msgspec.json.encode(body), 200 if stored and fault is None else 503, media_type="application/json")

    return ready


def _openapi(house: House) -> Callable[[Request], object]:
    data = openapi.document(ENDPOINTS, house.settings)

    async def shown(request: Request) -> Response:
        return Response(data, media_type="application/json")

    return shown


class _Browsers:
    """Calls from browsers of the hospitals that are listed (CORS), to CDS Hooks only."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        origins = sorted({origin.rstrip("/") for one in settings.ehrs for origin in one.origins})
        if settings.trial:  # a sandbox client in the browser; the server holds nothing that one could read
            origins = ["*"]
        self.app = app
        self.open = CORSMiddleware(
            app, allow_origins=origins, allow_methods=["GET", "POST"], allow_headers=["Authorization", "Content-Type"]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        about = scope["type"] == "http" and scope["path"].startswith("/cds-services")
        await (self.open if about else self.app)(scope, receive, send)


def _form(request: Request, fault: Refused) -> Response:
    if request.url.path.startswith("/cds-services"):
        return outcome(fault)
    if request.url.path.startswith(("/launch", "/callback", "/app", "/logout", "/sign-in")) and not request.url.path.endswith(
        (".json", "/proposals")
    ):
        return chart.shown_in_frames(request.app.state.house)(fault)
    return problem(fault)


async def _refused(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, Refused)
    return _form(request, fault)


async def _refused_by_http(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    return _form(request, Refused(fault.status_code, "", dict(fault.headers or {})))


async def _broken(request: Request, fault: Exception) -> Response:
    return _form(request, failed(fault))
