"""Logs as JSON, a line each. Only named values are written, never text from outside: no line of a record reaches a log."""

from __future__ import annotations

import datetime as dt
import logging
import sys
from typing import Any

import msgspec

log = logging.getLogger("linewise.clinic")


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        found: dict[str, Any] = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
        }
        values = getattr(record, "values", None)
        if isinstance(values, dict):
            found |= {"event": record.getMessage(), **values}
        elif record.exc_info and record.exc_info[0] is not None:  # the kind of the error; its text may hold a record
            found |= {"event": "error", "kind": record.exc_info[0].__name__, "logger": record.name}
        else:
            found |= {"event": "message", "logger": record.name, "text": str(record.msg)[:200]}
        return msgspec.json.encode(found).decode()


def set_up(level: str = "INFO") -> None:
    """Send every log of this process to standard error in that form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    log.setLevel(level)
    for name in ("mcp", "sse_starlette", "opentelemetry"):  # they write values of a call into their messages
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    for name in ("httpx", "httpcore", "uvicorn", "uvicorn.error", "uvicorn.access", "alembic", "sqlalchemy"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).setLevel(logging.WARNING)


def say(event: str, level: int = logging.INFO, **values: Any) -> None:
    """One line. The values are names, numbers and ids of our own making."""
    log.log(level, event, extra={"values": values})
