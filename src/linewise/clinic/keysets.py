"""Public keys of others: fetched from the address that the settings name, kept for a while, fetched again for a key that is new."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from .outside import Outside, OutsideError

_FRESH = 600.0  # seconds for which keys are taken from memory
_WINDOW, _MOST = 10.0, 3  # calls in a window: a flood of invented key names is no flood of calls
_SMALLEST_RSA = 2048

Key = ECKey | RSAKey


class KeySets:
    """The key sets by their address."""

    def __init__(self, outside: Outside) -> None:
        self.outside = outside
        self._sets: dict[str, tuple[float, list[tuple[str, Key]]]] = {}
        self._calls: dict[str, list[float]] = {}
        self._lock = asyncio.Lock()

    async def key(self, address: str, kid: str, family: str) -> Key | None:
        """The key of that name and family (EC or RSA); without a name the only one of the family. None where there is none."""
        found = self._pick(address, kid, family)
        if found is not None and time.monotonic() - self._sets[address][0] < _FRESH:
            return found
        async with self._lock:
            if self._may_call(address):
                await self._fetch(address)
        return self._pick(address, kid, family)

    def _pick(self, address: str, kid: str, family: str) -> Key | None:
        known = [(name, key) for name, key in self._sets.get(address, (0.0, []))[1] if key.key_type == family]
        if kid:
            return next((key for name, key in known if name == kid), None)
        return known[0][1] if len(known) == 1 else None

    def _may_call(self, address: str) -> bool:
        now = time.monotonic()
        calls = [at for at in self._calls.get(address, []) if now - at < _WINDOW]
        self._calls[address] = calls
        if len(calls) >= _MOST:
            return False
        calls.append(now)
        return True

    async def _fetch(self, address: str) -> None:
        """Fetch the set. Where that fails, what is there stays until it is no longer fresh, so that a short fault stops nobody."""
        try:
            found = await self.outside.json("GET", address, headers={"Accept": "application/json"})
        except OutsideError:
            kept = self._sets.get(address)
            if kept is not None and time.monotonic() - kept[0] > 6 * _FRESH:
                del self._sets[address]
            return
        listed = found.get("keys")
        keys = [key for one in (listed if isinstance(listed, list) else []) if (key := _key(one)) is not None]
        self._sets[address] = (time.monotonic(), keys)


def _key(value: Any) -> tuple[str, Key] | None:
    """A public key that may sign; None for any other, also for a secret one, which nobody publishes."""
    if not isinstance(value, dict) or value.get("use", "sig") != "sig":
        return None
    kinds: dict[str, type[ECKey] | type[RSAKey]] = {"EC": ECKey, "RSA": RSAKey}
    kind = kinds.get(str(value.get("kty")))
    if kind is None:
        return None
    try:
        key: Key = kind.import_key(
            {name: part for name, part in value.items() if isinstance(part, str) and name not in ("d", "use")}
        )
        if isinstance(key, RSAKey) and key.public_key.key_size < _SMALLEST_RSA:
            return None
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return str(value.get("kid") or ""), key
