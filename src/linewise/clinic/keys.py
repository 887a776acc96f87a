"""The key of the house: from it come the keys for what is kept and for the audit trail. Only `cryptography` and `hmac` do the work."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from linewise.errors import LinewiseError

from .settings import PREFIX, Settings

_NONCE = 12


class Keys:
    """Encrypts what is kept, and signs the audit trail. `lasting` is False where the key ends with this process."""

    def __init__(self, root: bytes, lasting: bool) -> None:
        self.lasting = lasting
        self._root = root
        self._cipher = AESGCM(self._part("kept"))
        # Without a lasting key a later process must still be able to follow the chain: then it is a plain hash.
        self._chain = self._part("audit") if lasting else b"linewise"

    def _part(self, what: str) -> bytes:
        return hmac.new(self._root, what.encode(), hashlib.sha256).digest()

    def lock(self, data: bytes, about: str) -> bytes:
        """Encrypt, tied to what it is about, so that one row cannot stand in for another."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, data, about.encode())

    def unlock(self, data: bytes, about: str) -> bytes | None:
        """What was encrypted; None where the key is another or a byte was changed."""
        try:
            return self._cipher.decrypt(data[:_NONCE], data[_NONCE:], about.encode())
        except (InvalidTag, ValueError):
            return None

    def link(self, before: str, event: str) -> str:
        """One link of the audit chain."""
        return hmac.new(self._chain, f"{before}\n{event}".encode(), hashlib.sha256).hexdigest()

    def name(self, text: str) -> str:
        """A stable name for something that must not be readable in the store, such as a patient's id."""
        return hmac.new(self._part("names"), text.encode(), hashlib.sha256).hexdigest()


def hashed(*parts: str) -> str:
    """The SHA-256 of texts, unmistakable in its parts."""
    found = hashlib.sha256()
    for part in parts:
        data = part.encode()
        found.update(len(data).to_bytes(8, "big") + data)
    return found.hexdigest()


def digest_of(data: bytes) -> str:
    """The SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def keys_of(settings: Settings) -> Keys:
    """The key from the environment, from the file that is named, or, beside an SQLite store, from a file that is made once."""
    named = os.environ.get(f"{PREFIX}KEY")
    if named:
        return Keys(_decoded(named, f"{PREFIX}KEY"), True)
    path = Path(settings.key_file) if settings.key_file else None
    if path is not None and not path.is_file():
        raise LinewiseError(f"{path}: there is no such key file. Make one: openssl rand -base64 32 > {path}")
    if path is None and settings.store.startswith("sqlite:///") and settings.store != "sqlite:///:memory:":
        path = Path(settings.store.removeprefix("sqlite:///")).with_suffix(".key")
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_private(path, base64.b64encode(os.urandom(32)))
    if path is None:
        return Keys(secrets.token_bytes(32), False)
    return Keys(_decoded(path.read_text(encoding="ascii", errors="replace").strip(), str(path)), True)


def _write_private(path: Path, data: bytes) -> None:
    """A file of which only its owner can read; one that another process made first stays."""
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(number, "wb") as file:
        file.write(data)


def _decoded(text: str, where: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) < 32:
        raise LinewiseError(f"{where}: the key must be at least 32 random bytes in base64: openssl rand -base64 32")
    return found
