"""Who is reading: a journal that is open, in this process only. Nothing of it is written to disk but through the journal."""

from __future__ import annotations

import datetime as dt
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from linewise.exchange import Codes
from linewise.journal import Journal
from linewise.journal.documents import Diary, Health, Settings, Team, read, write
from linewise.journal.person import empty, record_of
from linewise.knowledge import Knowledge
from linewise.plan import Plan, make_plan

COOKIE = "linewise"
_MOST = 64
LOCK_SECONDS = 30 * 60
"""What is kept closes after this time without a request: only the passphrase opens it again, and nothing is lost."""
_IDLE_SECONDS = 8 * 3600
_OWN = frozenset({"health", "diary", "visit", "papers"})
"""The documents in which a person writes about themselves."""


class Session:
    """One browser. The token names it, `csrf` proves that a form came from one of its pages."""

    def __init__(self) -> None:
        self.token, self.csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
        self.journal = Journal.in_memory()
        self.seen = time.monotonic()
        self.idle = False  # it was closed because nobody used it: said once
        self.theme = ""
        self.pending: list[Any] = []  # records that were read and wait for a choice
        self.pending_name = ""
        self.pending_invented = False  # they carry the mark of records of nobody
        self.papers: Any = None  # what was read of papers and waits to be confirmed
        self._plan: tuple[Any, Plan] | None = None

    def plan(self, knowledge: Knowledge, codes: Codes, day: dt.date) -> Plan | None:
        """The plan of the record that is open; None where nothing has been said yet. Made once for each state of it."""
        health, diary, settings = read(self.journal, Health), read(self.journal, Diary), read(self.journal, Settings)
        if empty(health):
            return None
        key = (self.journal.person, health.version, diary.version, settings.region, day)
        if self._plan is None or self._plan[0] != key:
            record = record_of(health, diary, knowledge, codes, day)
            self._plan = (key, make_plan(record, knowledge, day, settings.region or None))
        return self._plan[1]

    def open(self, journal: Journal) -> None:
        """Change to another journal: under new tokens, so that an old page of somebody else can do nothing."""
        self.journal, self._plan, self.pending, self.papers = journal, None, [], None
        self.token, self.csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)

    @property
    def example(self) -> bool:
        """Whether the invented person is open."""
        return read(self.journal, Health).example

    @property
    def unsaved(self) -> bool:
        """Whether something of the reader's own would be lost if this were closed now."""
        return not self.journal.kept and bool(_OWN & set(self.journal.names())) and not self.example

    def begin_own(self) -> None:
        """From the invented person to an empty record of one's own. The team's numbers are the reader's, and stay."""
        team = read(self.journal, Team)
        self.close()
        if team.contacts:
            write(self.journal, Team(contacts=team.contacts))

    def close(self) -> None:
        """Forget the key and everything that was shown."""
        self.open(Journal.in_memory())


class Sessions:
    """The open sessions, few and bounded; those that nobody uses for long are closed.

    The cookie's name carries the port, so that two apps on one computer do not take each other's place.
    """

    def __init__(self, port: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self._open: OrderedDict[str, Session] = OrderedDict()
        self._clock = clock
        self.cookie = f"{COOKIE}-{port}" if port else COOKIE

    def get(self, token: str | None) -> Session:
        """The session of a token, or a new one."""
        now = self._clock()
        for name, one in list(self._open.items()):
            if now - one.seen > _IDLE_SECONDS:
                del self._open[name]
            elif one.journal.kept and now - one.seen > LOCK_SECONDS:
                self._lock(name, one)
        session = self._open.get(token or "")
        if session is None:
            session = Session()
            session.seen = now
            self.put(session)
        session.seen = now
        self._open.move_to_end(session.token)
        return session

    def _lock(self, name: str, session: Session) -> None:
        """Forget the key. The browser keeps its token, which opens nothing now, so that it can be told why."""
        session.close()
        session.token, session.idle = name, True

    def put(self, session: Session) -> None:
        """Keep a session under its present token. Of too many, an empty one goes first, then one that is kept, the longest unused first."""
        self._open = OrderedDict((name, one) for name, one in self._open.items() if one is not session)
        self._open[session.token] = session
        while len(self._open) > _MOST:
            others = [(name, one) for name, one in self._open.items() if one is not session]
            empty = [name for name, one in others if not one.journal.kept and not one.journal.names()]
            self._open.pop((empty or [name for name, one in others if one.journal.kept] or [name for name, _ in others])[0])
