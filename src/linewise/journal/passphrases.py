"""Passphrases: which are too short or too common, how one is written the same on every keyboard, and the key that scrypt makes of it.

The cost follows OWASP's Password Storage Cheat Sheet (scrypt with N = 2^17, r = 8, p = 1). A wrong guess costs about half a second and
128 MB, so guessing is throttled and runs one at a time (`linewise.web.throttle`).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from importlib.resources import files

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from linewise.errors import LinewiseError

SHORTEST = 8
LONGEST = 1000
_HIGHEST_COST = 2**20
_LOOKS_LIKE = str.maketrans(
    {"0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s", "!": "i", "|": "l"}
)
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "1qaz2wsx3edc4rfv5tgb",
    "1q2w3e4r5t6y7u8i9o0p",
    "1q2w3e4r5t6z7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "q1w2e3r4t5z6u7i8o9p0",
)


class DamagedError(LinewiseError):
    """Something that is kept cannot be read any more."""


def check(passphrase: str, label: str = "") -> None:
    """Raise LinewiseError where a passphrase is too short, or among the first that anybody would try."""
    written = normal(passphrase)
    if len(written.strip()) < SHORTEST:
        raise LinewiseError(f"Choose a passphrase of at least {SHORTEST} letters. A few words together are easy to keep in mind.")
    if len(written) > LONGEST:
        raise LinewiseError(f"Choose a passphrase of at most {LONGEST} letters.")
    if common(written, label):
        raise LinewiseError("This is one of the first that others would try. Take a few words that only you would put together.")


def normal(passphrase: str) -> str:
    """Written the same, whatever keyboard it comes from: `é` as one sign, or as `e` with a mark, is one passphrase."""
    return unicodedata.normalize("NFC", passphrase)


def common(passphrase: str, label: str = "") -> bool:
    """Whether it is a common word with figures and signs round it, a row of the keyboard, or a few signs again and again."""
    plain = passphrase.casefold().strip()
    letters = re.sub(r"[^a-z]", "", plain.translate(_LOOKS_LIKE))
    bare = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    if _repeats(plain) or _in_a_row(plain) or (not re.search(r"[^\W\d_]", plain) and len(set(plain)) < 7):
        return True
    own = re.sub(r"\W", "", label.casefold())
    words = _words()
    cores = {letters, bare, bare.translate(_LOOKS_LIKE), re.sub(r"(.)\1+$", r"\1", bare)}
    halves = {bare[: len(bare) // 2]} if len(bare) % 2 == 0 and bare[: len(bare) // 2] == bare[len(bare) // 2 :] else set()
    parts = {part for part in re.split(r"[\W_]+", bare) if part}
    again = parts if len(parts) == 1 else set()
    return bool((cores | halves | again) & words) or bool(own and len(own) > 3 and bare == own)


def _repeats(text: str) -> bool:
    """`aaaaaaaa`, `abcabcabc`, `12121212`."""
    return any(
        len(text) >= 2 * size and text == (text[:size] * (len(text) // size + 1))[: len(text)]
        for size in range(1, len(text) // 2 + 1)
    )


def _in_a_row(text: str) -> bool:
    """Keys beside each other, forwards or backwards: `12345678`, `qwertzui`, `zyxwvuts`, also two such rows behind each other."""
    rows = [row * 2 if row.isdigit() else row for row in _ROWS]
    rows += [row[::-1] for row in rows]
    parts = [text, *(part for part in re.split(r"[\W_]+", text) if part), re.sub(r"^[\W\d_]+|[\W\d_]+$", "", text)]
    if any(len(part) >= SHORTEST - 2 and any(part in row for row in rows) for part in parts):
        return True
    return any(
        any(text[:cut] in row for row in rows) and any(text[cut:] in row for row in rows) for cut in range(3, len(text) - 2)
    )


@lru_cache(maxsize=1)
def _words() -> frozenset[str]:
    text = (files("linewise.journal") / "common.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


def derive(passphrase: str, salt: bytes, cost: int) -> bytes:
    """The key for a passphrase. Raises DamagedError where what stands beside it was never written by this program."""
    if not isinstance(salt, bytes) or not isinstance(cost, int) or not 2 <= cost <= _HIGHEST_COST or cost & (cost - 1):
        raise DamagedError("What is kept beside the passphrase is damaged. A backup copy may help: see the folder `backups`.")
    return Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(passphrase.encode("utf-8", "surrogatepass"))
