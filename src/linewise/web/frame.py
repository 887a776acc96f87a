"""The frame of every page: one handler answers as HTML, and at the same address with `.json` as JSON, under the same rules."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from linewise.errors import LinewiseError, TooBigError
from linewise.exchange import Codes
from linewise.journal import StaleError, Vault
from linewise.journal.documents import Document, Settings, Team, read
from linewise.knowledge import Knowledge
from linewise.plan import Plan

from .calls import Calls, calls_for
from .citations import Citations
from .pages import render
from .session import Session, Sessions
from .text import Explainer
from .throttle import Throttle

Data = dict[str, Any]


class House:
    """What all pages share: the knowledge, the vault, the sessions."""

    def __init__(self, knowledge: Knowledge, codes: Codes, vault: Vault, today: Callable[[], dt.date], port: int = 0) -> None:
        self.knowledge, self.codes, self.vault, self.today = knowledge, codes, vault, today
        self.sessions = Sessions(port)
        self.throttle = Throttle()


class Page(msgspec.Struct, kw_only=True):
    """An answer to read. `data` is what JSON says; `context` what the template needs besides."""

    template: str
    title: str
    data: Data = {}
    context: Data = {}
    status: int = 200
    wide: bool = False


class Go(msgspec.Struct):
    """Done: go on at another page. `note` is one of the fixed notices, never text from a record."""

    to: str
    note: str = ""


class File(msgspec.Struct):
    """A file to keep."""

    body: bytes
    media: str
    name: str


class Refusal(LinewiseError):
    """An answer that is no page: status and what to do."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        super().__init__(text)


Answer = Page | Go | File
Handler = Callable[["Ask"], Awaitable[Answer]]


class View(msgspec.Struct, kw_only=True):
    """One address: what it is, who answers, what can be sent to it."""

    path: str
    summary: str
    handler: Handler
    methods: tuple[str, ...] = ("GET",)
    fields: dict[str, str] = {}  # of a form: name and what it holds
    query: dict[str, str] = {}
    needs_plan: bool = False
    file: bool = False


class Ask:
    """One request, with what handlers want to know of it."""

    def __init__(self, house: House, request: Request, session: Session, json: bool) -> None:
        self.house, self.request, self.session, self.json = house, request, session, json
        self.form: dict[str, list[str]] = {}
        self.files: list[UploadFile] = []
        self.day = house.today()

    @property
    def knowledge(self) -> Knowledge:
        return self.house.knowledge

    @property
    def journal(self) -> Any:
        return self.session.journal

    @property
    def posted(self) -> bool:
        return self.request.method == "POST"

    def one(self, name: str, default: str = "", most: int = 4000) -> str:
        """One value of the form, else of the address, trimmed. Control characters are dropped."""
        values = self.form.get(name) or self.request.query_params.getlist(name)
        text = values[0] if values else default
        return "".join(sign for sign in text if sign >= " " or sign in "\n\t").strip()[:most]

    def many(self, name: str, most: int = 200) -> list[str]:
        """All values under a name that are not empty."""
        values = self.form.get(name) or self.request.query_params.getlist(name)
        return [value.strip()[:400] for value in values[:most] if value.strip()]

    def whole(self, name: str) -> int | None:
        """A whole number of the form, from 0 on; None where something else was sent."""
        return whole(self.one(name))

    def versioned(self, document: Document) -> None:
        """Write later over the version that the page was made from, not over one that came in between."""
        version = self.whole("version")
        if version is not None:
            document.version = version

    def part(self, name: str) -> str:
        """A part of the address."""
        return str(self.request.path_params[name])

    @property
    def maybe_plan(self) -> Plan | None:
        return self.session.plan(self.knowledge, self.house.codes, self.day)

    @property
    def plan(self) -> Plan:
        """The plan, on pages that need one."""
        found = self.maybe_plan
        if found is None:
            raise Refusal(404, "There is no record yet. Start with a few questions, a file, or the example.")
        return found

    @property
    def region(self) -> str:
        """Where the reader is treated, as far as it was said; empty where not. The invented person is never asked."""
        plan = None if self.session.example else self.maybe_plan
        return read(self.journal, Settings).region or (plan.region if plan and plan.region else "")

    @property
    def calls(self) -> Calls:
        """Whom the reader can call: their own team first."""
        region = "" if self.session.example else self.region
        return calls_for(region, self.knowledge, read(self.journal, Team).contacts)

    @property
    def team_view(self) -> bool:
        return read(self.journal, Settings).team_view


async def answer(view: View, house: House, request: Request, json: bool) -> Response:
    """Run one handler under the rules that hold for all, and give its answer the asked form."""
    session = house.sessions.get(request.cookies.get(house.sessions.cookie))
    if session.idle and request.method != "POST":  # a form is answered below: what was typed into it is shown again
        session.idle = False
        if not json:
            return _with_cookie(RedirectResponse("/start?done=idle", 303), session, house.sessions.cookie)
    ask = Ask(house, request, session, json)
    try:
        if request.method == "POST":
            await _read_form(ask)
            _check_origin(ask)
        if view.needs_plan and ask.maybe_plan is None:
            if not json:
                house.sessions.put(session)
                return _with_cookie(RedirectResponse("/start", 303), session, house.sessions.cookie)
            raise Refusal(404, "There is no record yet. Start with a few questions, a file, or the example.")
        found = await view.handler(ask)
    except StaleError as stale:
        found = problem(
            409, f"{stale} Nothing was saved now, and nothing was lost. Go back, load the page again, and enter it again."
        )
    except Refusal as refusal:
        found = problem(refusal.status, str(refusal))
        if refusal.status == 403:
            found.data["entered"] = _entered(ask)
    except TooBigError:
        raise  # the app answers it
    except LinewiseError as error:
        found = problem(422, str(error))
    house.sessions.put(session)
    return _with_cookie(_formed(ask, found), session, house.sessions.cookie)


def _entered(ask: Ask) -> list[str]:
    """What somebody typed, so that it is not lost when it cannot be saved."""
    hidden = ("csrf", "version", "do", "passphrase", "again", "old", "new")
    return [value for name, values in ask.form.items() if name not in hidden for value in values if value.strip()]


def problem(status: int, text: str) -> Page:
    """A page that says what is wrong and what to do."""
    title = {403: "Not done", 404: "Not found", 409: "Changed in the meantime", 413: "Too big"}.get(status, "That did not work")
    return Page(template="problem.html", title=title, data={"error": text}, status=status)


def _formed(ask: Ask, found: Answer) -> Response:
    if isinstance(found, File):
        return Response(
            found.body, media_type=found.media, headers={"content-disposition": f'attachment; filename="{found.name}"'}
        )
    if ask.json:
        if isinstance(found, Go):
            return _json({"next": found.to})
        return _json({"title": found.title, "csrf": ask.session.csrf, **found.data}, found.status)
    if isinstance(found, Go):
        to = found.to + (f"{'&' if '?' in found.to else '?'}done={found.note}" if found.note else "")
        return RedirectResponse(to, 303)
    return HTMLResponse(page_html(ask, found), found.status)


def _json(data: Data, status: int = 200) -> Response:
    return Response(msgspec.json.encode(data), status, media_type="application/json")


def page_html(ask: Ask, page: Page) -> str:
    """A page inside the frame, with what every page needs."""
    context: Data = {
        "page": page,
        "ask": ask,
        "session": ask.session,
        "knowledge": ask.knowledge,
        "words": ask.knowledge.wording.pages,
        "plan": ask.maybe_plan,
        "team": ask.team_view,
        "calls": ask.calls,
        "cite": Citations(ask.knowledge),
        "explain": Explainer(ask.knowledge),
        "here": ask.request.url.path,
        "done": ask.request.query_params.get("done", ""),
        "today": ask.day,
        "errors": {},
        "about_me": False,
        "example_open": lambda: ask.session.example,
        **page.data,
        **page.context,
    }
    return render(page.template, **context)


def _with_cookie(response: Response, session: Session, name: str) -> Response:
    response.set_cookie(name, session.token, httponly=True, samesite="strict", path="/")
    return response


async def _read_form(ask: Ask) -> None:
    """The form, from a page or as a JSON object; files apart."""
    kind = ask.request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "application/json":
        try:
            sent = msgspec.json.decode(await ask.request.body(), type=dict[str, Any])
        except (msgspec.MsgspecError, RecursionError, ValueError):
            raise Refusal(422, "A JSON object is needed here.") from None
        ask.form = {name: [str(one) for one in (value if isinstance(value, list) else [value])] for name, value in sent.items()}
        return
    try:
        form = await ask.request.form(max_files=4, max_fields=2000)
    except TooBigError:
        raise
    except Exception:
        raise Refusal(422, "The form could not be read. Nothing was saved.") from None
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if value.filename:
                ask.files.append(value)
        else:
            ask.form.setdefault(name, []).append(value)


def _check_origin(ask: Ask) -> None:
    """A form counts only from one of our own pages: the token of this session, and no foreign origin."""
    token = ask.request.headers.get("x-csrf-token") or (ask.form.get("csrf") or [""])[0]
    origin = ask.request.headers.get("origin")
    foreign = origin not in (None, "") and urlsplit(str(origin)).netloc != ask.request.headers.get("host")
    if foreign or not secrets.compare_digest(token.encode(), ask.session.csrf.encode()):
        raise Refusal(
            403,
            "This form is out of date, or it came from another page. Nothing was saved. Load the page again and try once more.",
        )


def whole(text: str) -> int | None:
    """A whole number from 0 on, in figures 0 to 9 alone (`²` is no number), and not a longer one than anything here needs."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def plain(thing: Any) -> Any:
    """Any struct as plain values."""
    return msgspec.to_builtins(thing)
