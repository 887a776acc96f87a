"""One SQLite file that holds every person's documents, each encrypted under that person's own key.

A person's key is random. It is kept only wrapped: encrypted (AES-GCM) under a key that scrypt derives from the passphrase. So the
passphrase can change without writing everything anew, and without it nothing can be read by anybody. Each document
carries a version: who writes on an old one is told so (`StaleError`), and loses nothing.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from linewise.errors import LinewiseError

from .upgrade import SCHEMA, upgrade

_COST = 2**16  # scrypt: about 64 MB and a quarter of a second for each try
SHORTEST = 8
_BUSY_SECONDS = 10


class WrongPassphraseError(LinewiseError):
    """The passphrase does not open this person's data."""


class StaleError(LinewiseError):
    """Somebody (another tab) wrote the document in the meantime. `version` is the one that stands now."""

    def __init__(self, name: str, version: int) -> None:
        self.name, self.version = name, version
        super().__init__("This was changed somewhere else in the meantime, perhaps in another tab.")


class Person(msgspec.Struct, frozen=True):
    """One person in the vault, as shown before it is opened. The label is not secret."""

    id: str
    label: str
    created: str


class Vault:
    """The file. Opening it upgrades an older one, after a backup copy."""

    def __init__(self, path: Path) -> None:
        self.path = path
        _private_folder(path.parent)
        upgrade(path)
        if os.name == "posix":
            path.chmod(0o600)

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection inside one transaction: all of it is kept, or nothing."""
        try:
            with closing(sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None)) as db:
                db.execute("PRAGMA synchronous = FULL")
                db.execute("PRAGMA secure_delete = ON")
                db.execute("PRAGMA foreign_keys = ON")
                db.execute("BEGIN IMMEDIATE")
                try:
                    yield db
                except BaseException:
                    db.rollback()
                    raise
                db.execute("COMMIT")
        except sqlite3.Error as fault:
            raise LinewiseError(_worded(fault)) from fault

    def people(self) -> list[Person]:
        """Everybody in the vault, in the order of their labels."""
        with self.connection() as db:
            rows = db.execute("SELECT id, label, created FROM person ORDER BY label, created").fetchall()
        return [Person(*row) for row in rows]

    def create(self, label: str, passphrase: str) -> Journal:
        """A new person, opened. Raises LinewiseError where the passphrase is too short."""
        _check(passphrase)
        person, key, salt = secrets.token_hex(12), AESGCM.generate_key(256), secrets.token_bytes(16)
        wrapped = _seal(_derive(passphrase, salt, _COST), key, person.encode())
        created = dt.datetime.now(dt.UTC).date().isoformat()
        with self.connection() as db:
            db.execute(
                "INSERT INTO person (id, label, created, salt, cost, wrapped) VALUES (?, ?, ?, ?, ?, ?)",
                (person, label, created, salt, _COST, wrapped),
            )
        return Journal(person, key, self, label)

    def open(self, person: str, passphrase: str) -> Journal:
        """A person's journal. Raises WrongPassphraseError, also where there is no such person."""
        with self.connection() as db:
            row = db.execute("SELECT label, salt, cost, wrapped FROM person WHERE id = ?", (person,)).fetchone()
        if row is None:
            raise WrongPassphraseError("There is nobody here under this name.")
        label, salt, cost, wrapped = row
        key = _unseal(_derive(passphrase, salt, cost), wrapped, person.encode())
        if key is None:
            raise WrongPassphraseError("This passphrase does not open it. Nothing was changed. Try again.")
        return Journal(person, key, self, label)

    def backups(self) -> list[Path]:
        """The copies made before upgrades, the newest last."""
        return sorted((self.path.parent / "backups").glob("*.sqlite"))


class Journal:
    """One person's open documents. Without a vault they are held in memory only, and gone when the program ends."""

    def __init__(self, person: str, key: bytes, vault: Vault | None, label: str = "") -> None:
        self.person, self.label, self.vault = person, label, vault
        self._key = key
        self._memory: dict[str, tuple[bytes, int]] = {}

    @classmethod
    def in_memory(cls) -> Journal:
        """A journal that is not kept."""
        return cls("memory", AESGCM.generate_key(256), None)

    @property
    def kept(self) -> bool:
        return self.vault is not None

    def read(self, name: str) -> tuple[bytes | None, int]:
        """A document and its version; None and 0 where there is none."""
        if self.vault is None:
            return self._memory.get(name, (None, 0))
        with self.vault.connection() as db:
            row = db.execute("SELECT sealed, version FROM document WHERE person = ? AND name = ?", (self.person, name)).fetchone()
        if row is None:
            return None, 0
        text = _unseal(self._key, row[0], self._about(name, row[1]))
        if text is None:
            raise LinewiseError(
                "A stored document is damaged and cannot be read. A backup copy may help: see the folder `backups`."
            )
        return text, row[1]

    def write(self, name: str, text: bytes, version: int) -> int:
        """Save a document over the version that was read. Raises StaleError where a newer one stands there."""
        if self.vault is None:
            standing = self._memory.get(name, (b"", 0))[1]
            if standing != version:
                raise StaleError(name, standing)
            self._memory[name] = (text, version + 1)
            return version + 1
        sealed = _seal(self._key, text, self._about(name, version + 1))
        with self.vault.connection() as db:
            row = db.execute("SELECT version FROM document WHERE person = ? AND name = ?", (self.person, name)).fetchone()
            standing = row[0] if row else 0
            if standing != version:
                raise StaleError(name, standing)
            db.execute(
                "INSERT INTO document (person, name, version, sealed) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (person, name) DO UPDATE SET version = excluded.version, sealed = excluded.sealed",
                (self.person, name, version + 1, sealed),
            )
        return version + 1

    def drop(self, name: str) -> None:
        """A document that stands under another name now."""
        if self.vault is None:
            self._memory.pop(name, None)
            return
        with self.vault.connection() as db:
            db.execute("DELETE FROM document WHERE person = ? AND name = ?", (self.person, name))

    def names(self) -> list[str]:
        """The documents there are."""
        if self.vault is None:
            return sorted(self._memory)
        with self.vault.connection() as db:
            return [row[0] for row in db.execute("SELECT name FROM document WHERE person = ? ORDER BY name", (self.person,))]

    def keep(self, vault: Vault, label: str, passphrase: str) -> Journal:
        """The same documents, kept in a vault from now on."""
        kept = vault.create(label, passphrase)
        for name in self.names():
            text, _ = self.read(name)
            if text is not None:
                kept.write(name, text, 0)
        return kept

    def change_passphrase(self, old: str, new: str) -> None:
        """Wrap the key anew. Raises WrongPassphraseError where the old one is not right."""
        if self.vault is None:
            raise LinewiseError("Nothing is kept yet, so there is no passphrase.")
        _check(new)
        self.vault.open(self.person, old)
        salt = secrets.token_bytes(16)
        wrapped = _seal(_derive(new, salt, _COST), self._key, self.person.encode())
        with self.vault.connection() as db:
            db.execute("UPDATE person SET salt = ?, cost = ?, wrapped = ? WHERE id = ?", (salt, _COST, wrapped, self.person))

    def delete(self) -> None:
        """Delete this person for good: here and in every backup copy. What was overwritten is wiped from the files."""
        self._memory.clear()
        if self.vault is None:
            return
        for path in (self.vault.path, *self.vault.backups()):
            _forget(path, self.person)

    def _about(self, name: str, version: int) -> bytes:
        """What a sealed text belongs to: it cannot be passed off as another document, person or version."""
        return f"{self.person}/{name}/{version}".encode()


def _forget(path: Path, person: str) -> None:
    with closing(sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)) as db:
        db.execute("PRAGMA secure_delete = ON")
        db.execute("BEGIN IMMEDIATE")
        db.execute("DELETE FROM document WHERE person = ?", (person,))
        db.execute("DELETE FROM person WHERE id = ?", (person,))
        db.execute("COMMIT")
        db.execute("VACUUM")


def _check(passphrase: str) -> None:
    if len(passphrase) < SHORTEST:
        raise LinewiseError(f"Choose a passphrase of at least {SHORTEST} letters. A few words together are easy to keep in mind.")


def _derive(passphrase: str, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(passphrase.encode())


def _seal(key: bytes, text: bytes, about: bytes) -> bytes:
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(key).encrypt(nonce, text, about)


def _unseal(key: bytes, sealed: bytes, about: bytes) -> bytes | None:
    try:
        return AESGCM(key).decrypt(sealed[:12], sealed[12:], about)
    except InvalidTag:
        return None


def _private_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def _worded(fault: sqlite3.Error) -> str:
    text = str(fault)
    if "full" in text:
        return "The disk is full. Nothing was saved, and what was there before is still there. Make room and try again."
    if "locked" in text:
        return "Another program is writing at this moment. Nothing was saved. Try again."
    if "readonly" in text or "unable to open" in text:
        return "The data folder cannot be written. Nothing was saved."
    return f"The data file cannot be used ({text}). Nothing was saved."


__all__ = ["SCHEMA", "SHORTEST", "Journal", "Person", "StaleError", "Vault", "WrongPassphraseError"]
