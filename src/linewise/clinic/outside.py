"""The way outside: only to the hospitals of the settings, without redirects or proxies of the environment, bounded in time and size."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from linewise import __version__

from .settings import Settings, origin_of
from .telemetry import part

_LARGEST = 64 * 1024 * 1024
_NEVER_SENT = (
    httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL, UnicodeError,
)  # fmt: skip


class OutsideError(Exception):
    """Somebody outside did not answer, or not in a form that can be read. `status` is 0 where there was no answer.

    `sent`: the question may have arrived. `wait`: the seconds after which it may be asked again, where the other side names them.
    """

    def __init__(self, status: int, what: str, sent: bool = True, wait: float | None = None) -> None:
        super().__init__(what)
        self.status, self.what, self.sent, self.wait = status, what, sent, wait

    @property
    def may_be_done(self) -> bool:
        """Whether what was asked for may have been done all the same: nobody knows after silence, an error inside, or an answer that cannot be read."""
        return self.sent and not 300 <= self.status < 500


class Outside:
    """One client for all calls that leave the server."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._origins = {
            origin_of(address)
            for one in settings.ehrs
            for address in (one.fhir, one.iss, one.jku, *one.servers, *one.origins)
            if "://" in address
        }
        if settings.openid is not None:
            self._origins |= {origin_of(one) for one in (settings.openid.issuer, *settings.openid.servers)}
        self._client: httpx.AsyncClient | None = None

    @property
    def client(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                trust_env=False,
                follow_redirects=False,
                timeout=httpx.Timeout(self.settings.call_seconds, connect=min(3.0, self.settings.call_seconds)),
                limits=httpx.Limits(max_connections=100, max_keepalive_connections=20),
                headers={"User-Agent": f"Linewise/{__version__}"},
            )
        return self._client

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def known(self, address: str) -> bool:
        """Whether an address is of a server that the settings name."""
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and not parts.username and origin_of(address) in self._origins

    async def json(self, method: str, address: str, **named: Any) -> dict[str, Any]:
        """The object that an address answers with. Raises OutsideError, also before the call where the address is not known."""
        if not self.known(address):
            raise OutsideError(0, "the address is not of a server that the settings name", sent=False)
        try:
            with part(f"ask {method}", **{"server.address": origin_of(address)}):
                async with self.client.stream(method, address, **named) as answer:
                    data = await _read(answer)
        except (
            httpx.HTTPError,
            httpx.InvalidURL,
            UnicodeError,
            OSError,
        ) as fault:  # UnicodeError: a token that no header can hold
            raise OutsideError(0, type(fault).__name__, sent=not isinstance(fault, _NEVER_SENT)) from None
        if answer.status_code // 100 != 2:
            raise OutsideError(answer.status_code, f"status {answer.status_code}", wait=_wait(answer))
        try:
            found = msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise OutsideError(answer.status_code, "not JSON") from None
        if not isinstance(found, dict):
            raise OutsideError(answer.status_code, "not an object")
        return found


def _wait(answer: httpx.Response) -> float | None:
    """Seconds that a `Retry-After` names, as a number or as a time; None where there is none that can be read."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        at = parsedate_to_datetime(said)
    except (TypeError, ValueError):
        return None
    return max(0.0, at.timestamp() - time.time())


async def _read(answer: httpx.Response) -> bytes:
    parts, size = [], 0
    async for piece in answer.aiter_bytes():
        size += len(piece)
        if size > _LARGEST:
            raise OutsideError(answer.status_code, "larger than 64 MB")
        parts.append(piece)
    return b"".join(parts)
