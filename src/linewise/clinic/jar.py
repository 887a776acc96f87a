"""Cookies: one way to write and to read them, so that on https none can be set by another host or over http (`__Host-`, `__Secure-`)."""

from __future__ import annotations

from starlette.requests import Request

from .settings import Settings


def cookie(settings: Settings, name: str, value: str, seconds: int, path: str = "/", site: str = "Lax") -> str:
    """A cookie as a header has it; out of reach of scripts. `site`: what SameSite is, `None` for one that lives inside a record system's frame."""
    https = settings.base.startswith("https:")
    if site == "None" and not https:
        site = "Lax"
    end = ("; Secure" if https else "") + ("; Partitioned" if site == "None" else "")
    return f"{_prefix(https, path)}{name}={value}; Path={path}; HttpOnly; SameSite={site}; Max-Age={seconds}{end}"


def cookies_of(settings: Settings, request: Request) -> dict[str, str]:
    """The cookies of ours that a browser sent, by the names that we gave; on https only those that no other host could set."""
    if not settings.base.startswith("https:"):
        return dict(request.cookies)
    found = {}
    for name, value in request.cookies.items():
        for prefix in ("__Host-", "__Secure-"):
            if name.startswith(prefix):
                found[name.removeprefix(prefix)] = value
    return found


def name_of(settings: Settings, name: str, path: str = "/") -> str:
    """The whole name of a cookie."""
    return f"{_prefix(settings.base.startswith('https:'), path)}{name}"


def _prefix(https: bool, path: str) -> str:
    return "" if not https else "__Host-" if path == "/" else "__Secure-"
