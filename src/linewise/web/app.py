"""The web app: its addresses, its files, its errors. `create_app` makes one; `linewise serve` runs it."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from importlib.resources import files
from pathlib import Path

from starlette.applications import Starlette
from starlette.formparsers import MultiPartParser
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from linewise.errors import TooBigError
from linewise.exchange import codes_of
from linewise.journal import Vault
from linewise.knowledge import Knowledge
from linewise.plan import DISCLAIMER

from . import (
    views_card,
    views_diary,
    views_documents,
    views_guide,
    views_learn,
    views_mine,
    views_outlook,
    views_plan,
    views_sequence,
    views_start,
    views_trials,
    views_unwell,
    views_visit,
    views_what_if,
)
from .door import Door
from .frame import Ask, House, View, _formed, answer, problem
from .openapi import document
from .pages import environment
from .shield import LARGEST_UPLOAD, TOO_BIG, Shield

VIEWS: list[View] = [
    *views_start.VIEWS,
    *views_guide.VIEWS,
    *views_plan.VIEWS,
    *views_card.VIEWS,
    *views_what_if.VIEWS,
    *views_outlook.VIEWS,
    *views_sequence.VIEWS,
    *views_trials.VIEWS,
    *views_unwell.VIEWS,
    *views_diary.VIEWS,
    *views_visit.VIEWS,
    *views_learn.VIEWS,
    *views_mine.VIEWS,
    *views_documents.VIEWS,
]
NOTICES = {
    "kept": "Kept. From now on everything is saved as you enter it.",
    "idle": "Closed, because nobody used it for half an hour. Nothing is lost: your passphrase opens it again.",
    "aside": "The damaged part begins empty. What could be read is all here.",
    "rekeyed": "Saved. The old passphrase opens nothing any more, and what it would still have opened is gone from the backup copies.",
    "closed": "Closed. Only the passphrase opens it again.",
    "imported": "Your record was read. Please check it here.",
    "saved": "Saved.",
    "deleted": "Deleted for good.",
    "own": "The invented person is closed. These questions are about you, and nothing is filled in yet.",
    "papers": "Taken from your papers, with their words. Your plan counts it now.",
    "paper-gone": "The paper is gone. What you confirmed of it stays in your record.",
    "thanks": "Thank you. Your note was stored on this computer only.",
}
log = logging.getLogger("linewise.web")


def create_app(
    knowledge: Knowledge,
    data: Path,
    hosts: Iterable[str],
    today: Callable[[], dt.date] = dt.date.today,
    key: str = "",
    port: int = 0,
) -> Starlette:
    """The app over one knowledge and one data folder, answering under these host names only.

    With a key (see `door`), only who opened the address with the key is answered; without one, everybody who reaches the port.
    """
    MultiPartParser.spool_max_size = LARGEST_UPLOAD + 1  # an upload stays in memory: no unlocked copy on the disk
    house = House(knowledge, codes_of(knowledge), Vault(data / "linewise.sqlite"), today, port)
    environment().globals.update(NOTICES=NOTICES, DISCLAIMER=DISCLAIMER)
    routes: list[BaseRoute] = [Route("/", _home), Route("/openapi.json", _openapi)]
    for view in VIEWS:
        routes += _routes(view, house)
    routes.append(Mount("/static", StaticFiles(directory=str(files("linewise.web") / "static"))))
    app = Starlette(routes=routes, exception_handlers={404: _missing(house), 405: _missing(house), 500: _broken(house)})
    if key:
        app.add_middleware(Door, key=key, port=port)
    app.add_middleware(Shield, hosts=list(hosts))  # the outermost: the door's answers carry its headers too
    app.state.house = house
    return app


def _routes(view: View, house: House) -> list[BaseRoute]:
    """The page and its JSON twin; the twin first, so that a name in the address does not swallow `.json`."""

    async def page(request: Request) -> Response:
        return await _guarded(view, house, request, view.file)

    async def twin(request: Request) -> Response:
        return await _guarded(view, house, request, True)

    found: list[BaseRoute] = []
    if not view.file:
        found.append(Route(f"{view.path}.json", twin, methods=list(view.methods)))
    found.append(Route(view.path, page, methods=list(view.methods)))
    return found


async def _guarded(view: View, house: House, request: Request, json: bool) -> Response:
    try:
        return await answer(view, house, request, json)
    except TooBigError:
        return _shown(house, request, 413, TOO_BIG, json)
    except Exception as error:  # answered here, so that no server prints it: it may hold a line of a record
        return _failed(house, request, error, json)


async def _home(request: Request) -> Response:
    return RedirectResponse("/start", 303)


async def _openapi(request: Request) -> Response:
    return Response(document(VIEWS), media_type="application/json")


def _shown(house: House, request: Request, status: int, text: str, json: bool | None = None) -> Response:
    session = house.sessions.get(request.cookies.get(house.sessions.cookie))
    ask = Ask(house, request, session, request.url.path.endswith(".json") if json is None else json)
    return _formed(ask, problem(status, text))


def _missing(house: House) -> Callable[[Request, Exception], Response]:
    def handler(request: Request, error: Exception) -> Response:
        status = getattr(error, "status_code", 404)
        return _shown(house, request, status, "There is no page here." if status == 404 else "This cannot be done here.")

    return handler


def _broken(house: House) -> Callable[[Request, Exception], Response]:
    def handler(request: Request, error: Exception) -> Response:
        return _failed(house, request, error)

    return handler


def _failed(house: House, request: Request, error: Exception, json: bool | None = None) -> Response:
    log.error("a page failed: %s", type(error).__name__)  # no text of the error: it may hold a record
    text = "Something went wrong in Linewise itself. Nothing you saved is lost. Go back and try again."
    try:
        return _shown(house, request, 500, text, json)
    except Exception:  # the frame itself fails: the words alone
        return PlainTextResponse(text, 500)
