"""The template environment of the app and the plan page: everything is escaped, names that are not there are errors."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from . import glance, pictures


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Templates with autoescape on and undefined names an error."""
    found = Environment(
        loader=PackageLoader("linewise.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals.update(glance=glance, pictures=pictures, NOTICES={}, DISCLAIMER="")
    found.filters.update(sentence=sentence, figure=figure, day=day, slug=slug, few=few, pair=pair)
    return found


def render(template: str, **context: Any) -> str:
    """One template as text."""
    return environment().get_template(template).render(**context)


@lru_cache(maxsize=1)
def stylesheet() -> str:
    """The one stylesheet of the project."""
    return (files("linewise.web") / "static" / "linewise.css").read_text(encoding="utf-8")


def sentence(text: str) -> str:
    """With a capital first and a full stop last."""
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def figure(value: float) -> str:
    """8.6, 12: as people write it."""
    return f"{value:g}"


def day(value: str | dt.date) -> str:
    """3 November 2026: a day as people write it; anything else stays as it is (2024, 2024-06)."""
    try:
        found = dt.date.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return f"{found.day} {found:%B %Y}"


def slug(text: str) -> str:
    """Fit for an id or an address."""
    return re.sub(r"[^a-zA-Z0-9_-]+", "-", text).strip("-") or "x"


def few(names: list[str], most: int = 4) -> str:
    """Some names, and how many more."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def pair(value: str) -> tuple[str, str]:
    """A value that is its own label."""
    return value, value
