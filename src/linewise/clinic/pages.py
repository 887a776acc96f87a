"""Templates of the clinic: pages without a word from elsewhere; every text is escaped."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from . import brief


@cache
def _environment() -> Environment:
    folder = str(files("linewise.clinic") / "templates")
    found = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    found.globals["status"] = brief.STATUS
    return found


def policy(frames: str, style: str = "'self'") -> dict[str, str]:
    """The Content-Security-Policy of a page that `frames` may show: no script, nothing from elsewhere."""
    parts = (
        f"default-src 'none'; style-src {style}; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {frames}"
    )
    return {"Content-Security-Policy": parts}


@cache
def stylesheet() -> str:
    return (files("linewise.clinic") / "templates" / "clinic.css").read_text(encoding="utf-8")


def render(name: str, **values: Any) -> str:
    """A page."""
    return _environment().get_template(name).render(**values)
