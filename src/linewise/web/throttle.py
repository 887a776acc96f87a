"""Passphrases, one at a time and off the event loop: a guess costs time and memory, and must never make other readers wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from linewise.errors import LinewiseError
from linewise.journal import WrongPassphraseError

T = TypeVar("T")
FREE = 4
"""So many wrong tries cost nothing: people mistype."""
LONGEST_WAIT = 900.0


class TooOftenError(LinewiseError):
    """Too many wrong passphrases one after the other. `seconds` is how long to wait."""

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, round(seconds + 0.5))
        wait = f"{self.seconds} seconds" if self.seconds < 120 else f"{round(self.seconds / 60)} minutes"
        super().__init__(f"Too many wrong tries. Nothing was changed. Wait {wait}, then try again.")


class Throttle:
    """Counts the wrong tries for each person kept here. After the first few, each one doubles the wait, up to 15 minutes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: dict[str, tuple[int, float]] = {}
        self._one: anyio.CapacityLimiter | None = None

    async def run(self, person: str, attempt: Callable[[], T]) -> T:
        """Run something that needs a passphrase, in a thread. Raises TooOftenError before it begins, or what it raises itself."""
        self._ready(person)
        if self._one is None:
            self._one = anyio.CapacityLimiter(1)
        return await anyio.to_thread.run_sync(lambda: self._try(person, attempt), limiter=self._one)

    def _try(self, person: str, attempt: Callable[[], T]) -> T:
        self._ready(person)  # others may have guessed while this one waited for its turn
        try:
            found = attempt()
        except WrongPassphraseError:
            count = self._wrong.get(person, (0, 0.0))[0] + 1
            wait = 0.0 if count < FREE else min(LONGEST_WAIT, 2.0 ** (count - FREE))
            self._wrong[person] = (count, self._clock() + wait)
            raise
        self._wrong.pop(person, None)
        return found

    def _ready(self, person: str) -> None:
        left = self._wrong.get(person, (0, 0.0))[1] - self._clock()
        if left > 0:
            raise TooOftenError(left)
