"""One SQLite file that holds every person's documents, each encrypted under that person's own key.

A person's key is random. It is kept only wrapped: encrypted (AES-GCM) under a key that scrypt derives from the passphrase. A new passphrase comes
with a new key, so that an old copy of the file and the old passphrase open nothing that was written later. Each document
carries a version: who writes on an old one is told so (`StaleError`), and loses nothing. Which documents there are, in which version, stands in a
sealed list beside them, so that one that is gone is told, never read as empty.
"""

from __future__ import annotations

import contextlib
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

from linewise.errors import LinewiseError

from .passphrases import SHORTEST, DamagedError, check, derive, normal
from .upgrade import SCHEMA, upgrade
from .wipe import overwrite, tidy

_COST = 2**17  # scrypt, as OWASP has it: about 128 MB and half a second for each try
_BUSY_SECONDS = 10
_LIST = "_documents"
"""The name of the sealed list of a person's documents and their versions."""
_ASIDE = "_aside/"
_DAMAGED = "A stored document ({}) is damaged or missing, and cannot be read. Nothing else was touched. A backup copy may help: see the folder `backups`."


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
    """The file. Opening it upgrades an older one, after a backup copy, and clears away what an interrupted copy left behind."""

    def __init__(self, path: Path) -> None:
        self.path = path
        _private_folder(path.parent)
        upgrade(path)
        if os.name == "posix":
            path.chmod(0o600)
        tidy(path.parent / "backups")
        self.damaged = self._is_damaged()

    def _is_damaged(self) -> bool:
        """Whether something in the file is broken, so that it can be told before anybody opens what is left."""
        try:
            with closing(sqlite3.connect(self.path, timeout=_BUSY_SECONDS)) as db:
                return bool(db.execute("PRAGMA quick_check").fetchone() != ("ok",))
        except sqlite3.Error:
            return True

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

    def create(self, label: str, passphrase: str, documents: dict[str, bytes] | None = None) -> Journal:
        """A new person, opened, with these documents: all of it at once, or nothing. Raises LinewiseError where the passphrase is too weak."""
        check(passphrase, label)
        person, key, salt = secrets.token_hex(12), AESGCM.generate_key(256), secrets.token_bytes(16)
        wrapped = _seal(derive(normal(passphrase), salt, _COST), key, person.encode())
        created = dt.datetime.now(dt.UTC).date().isoformat()
        journal = Journal(person, key, self, label)
        with self.connection() as db:
            db.execute(
                "INSERT INTO person (id, label, created, salt, cost, wrapped) VALUES (?, ?, ?, ?, ?, ?)",
                (person, label, created, salt, _COST, wrapped),
            )
            for name, text in (documents or {}).items():
                journal._put(db, name, text, 1)
        return journal

    def open(self, person: str, passphrase: str) -> Journal:
        """A person's journal. Raises WrongPassphraseError, also where there is no such person, and DamagedError where what is kept is broken."""
        with self.connection() as db:
            row = db.execute("SELECT label, salt, cost, wrapped FROM person WHERE id = ?", (person,)).fetchone()
        if row is None:
            raise WrongPassphraseError("There is nobody here under this name.")
        label, salt, cost, wrapped = row
        for written in dict.fromkeys((normal(passphrase), passphrase)):  # as older versions took it, letter by letter
            key = _unseal(derive(written, salt, cost), wrapped, person.encode())
            if key is not None:
                return Journal(person, key, self, label)
        raise WrongPassphraseError("This passphrase does not open it. Nothing was changed. Try again.")

    def backups(self) -> list[Path]:
        """The copies made before upgrades, the newest last."""
        return sorted((self.path.parent / "backups").glob("*.sqlite"))

    def forget(self, person: str) -> None:
        """Delete a person for good, without opening them: here and in every backup copy. A copy that is damaged is wiped whole."""
        _forget(self.path, person)
        self.forget_copies(person)

    def forget_copies(self, person: str) -> int:
        """Delete a person from every backup copy; returns how many copies there were."""
        copies = self.backups()
        for path in copies:
            try:
                _forget(path, person)
            except (sqlite3.Error, LinewiseError):
                overwrite(path)  # nobody can say what still stands in it
        tidy(self.path.parent / "backups")
        return len(copies)


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
        """A document and its version; None and 0 where there is none. Raises DamagedError where there was one."""
        if self.vault is None:
            return self._memory.get(name, (None, 0))
        with self.vault.connection() as db:
            return self._get(db, name)

    def write(self, name: str, text: bytes, version: int) -> int:
        """Save a document over the version that was read. Raises StaleError where a newer one stands there."""
        if self.vault is None:
            standing = self._memory.get(name, (b"", 0))[1]
            if standing != version:
                raise StaleError(name, standing)
            self._memory[name] = (text, version + 1)
            return version + 1
        with self.vault.connection() as db:
            if db.execute("SELECT 1 FROM person WHERE id = ?", (self.person,)).fetchone() is None:
                raise LinewiseError(
                    "This was deleted in the meantime, or got a new passphrase elsewhere. Close it and open it again."
                )
            standing = self._get(db, name)[1]
            if standing != version:
                raise StaleError(name, standing)
            self._put(db, name, text, version + 1)
        return version + 1

    def drop(self, name: str) -> None:
        """A document that stands under another name now."""
        if self.vault is None:
            self._memory.pop(name, None)
            return
        with self.vault.connection() as db:
            listed = self._listed(db)
            db.execute("DELETE FROM document WHERE person = ? AND name = ?", (self.person, name))
            self._list(db, {one: version for one, version in {**self._stored(db), **listed}.items() if one != name})

    def names(self) -> list[str]:
        """The documents there are, those that are damaged or missing among them."""
        if self.vault is None:
            return sorted(self._memory)
        with self.vault.connection() as db:
            try:
                listed = self._listed(db).keys()
            except DamagedError:
                listed = {_LIST: 0}.keys()
            return sorted(self._stored(db).keys() | listed)

    def damaged(self) -> list[str]:
        """The documents that are kept and cannot be read: told when a journal is opened. `_documents` is the list of them itself."""
        found = []
        for name in self.names() if self.vault is not None else []:
            try:
                self.read(name)
            except DamagedError:
                found.append(name)
        return found

    def set_aside(self) -> list[str]:
        """Go on without what is damaged: it stays sealed in the file, under a name that nobody reads, and each such document begins empty.

        Returns the names that begin empty. Where the list of documents itself is damaged, what can still be read counts as all there is.
        """
        if self.vault is None:
            return []
        gone = []
        with self.vault.connection() as db:
            try:
                listed = self._listed(db)
            except DamagedError:
                listed = {}
                db.execute("UPDATE person SET listed = NULL WHERE id = ?", (self.person,))
            whole: dict[str, int] = {}
            for name in sorted(self._stored(db).keys() | listed.keys()):
                try:
                    whole[name] = self._get(db, name)[1]
                except DamagedError:
                    gone.append(name)
                    aside = f"{_ASIDE}{name}-{secrets.token_hex(4)}"
                    db.execute("UPDATE document SET name = ? WHERE person = ? AND name = ?", (aside, self.person, name))
            self._list(db, whole)
        return gone

    def keep(self, vault: Vault, label: str, passphrase: str) -> Journal:
        """The same documents, kept in a vault from now on: all of them at once."""
        return vault.create(label, passphrase, {name: text for name in self.names() if (text := self.read(name)[0]) is not None})

    def change_passphrase(self, old: str, new: str) -> int:
        """A new passphrase with a new key: everything is sealed anew, all at once. This person's data goes from every backup copy, where the
        old passphrase would still open it; returns how many copies there were. Raises WrongPassphraseError where the old one is not right."""
        if self.vault is None:
            raise LinewiseError("Nothing is kept yet, so there is no passphrase.")
        check(new, self.label)
        self.vault.open(self.person, old)
        fresh = Journal(self.person, AESGCM.generate_key(256), self.vault, self.label)
        salt = secrets.token_bytes(16)
        wrapped = _seal(derive(normal(new), salt, _COST), fresh._key, self.person.encode())
        with self.vault.connection() as db:
            versions = {**self._stored(db), **self._listed(db)}
            for name in versions:
                text, versions[name] = self._get(db, name)
                fresh._seal_in(db, name, text or b"", versions[name])
            fresh._list(db, versions)
            db.execute("UPDATE person SET salt = ?, cost = ?, wrapped = ? WHERE id = ?", (salt, _COST, wrapped, self.person))
        self._key = fresh._key
        return self.vault.forget_copies(self.person)

    def delete(self) -> None:
        """Delete this person for good: here and in every backup copy. What was overwritten is wiped from the files."""
        self._memory.clear()
        if self.vault is not None:
            self.vault.forget(self.person)

    # Inside one transaction

    def _get(self, db: sqlite3.Connection, name: str) -> tuple[bytes | None, int]:
        row = db.execute("SELECT sealed, version FROM document WHERE person = ? AND name = ?", (self.person, name)).fetchone()
        expected = self._listed(db).get(name)
        if row is None and expected is None:
            return None, 0
        text = None if row is None else _unseal(self._key, row[0], self._about(name, row[1]))
        if text is None or expected not in (None, row[1]):
            raise DamagedError(_DAMAGED.format(name))
        return text, row[1]

    def _listed(self, db: sqlite3.Connection) -> dict[str, int]:
        """The documents and their versions as they were last written; nothing where an older version kept them, which wrote no list."""
        row = db.execute("SELECT listed FROM person WHERE id = ?", (self.person,)).fetchone()
        if row is None or row[0] is None:
            return {}
        text = _unseal(self._key, row[0], self._about(_LIST, 0))
        if text is None:
            raise DamagedError(_DAMAGED.format("the list of all documents"))
        return msgspec.json.decode(text, type=dict[str, int])

    def _stored(self, db: sqlite3.Connection) -> dict[str, int]:
        """What stands in the file, without what was set aside."""
        rows = db.execute("SELECT name, version FROM document WHERE person = ?", (self.person,))
        return {name: version for name, version in rows if not str(name).startswith(_ASIDE)}

    def _put(self, db: sqlite3.Connection, name: str, text: bytes, version: int) -> None:
        """Write a document, and the list of documents with it."""
        self._seal_in(db, name, text, version)
        self._list(db, {**self._stored(db), **self._listed(db), name: version})

    def _seal_in(self, db: sqlite3.Connection, name: str, text: bytes, version: int) -> None:
        db.execute(
            "INSERT INTO document (person, name, version, sealed) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (person, name) DO UPDATE SET version = excluded.version, sealed = excluded.sealed",
            (self.person, name, version, _seal(self._key, text, self._about(name, version))),
        )

    def _list(self, db: sqlite3.Connection, versions: dict[str, int]) -> None:
        sealed = _seal(self._key, msgspec.json.encode(versions), self._about(_LIST, 0))
        db.execute("UPDATE person SET listed = ? WHERE id = ?", (sealed, self.person))

    def _about(self, name: str, version: int) -> bytes:
        """What a sealed text belongs to: it cannot be passed off as another document, person or version."""
        return f"{self.person}/{name}/{version}".encode()


def _forget(path: Path, person: str) -> None:
    try:
        with closing(sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)) as db:
            db.execute("PRAGMA secure_delete = ON")
            # Where another program left a write-ahead log: it goes into the file, and is gone.
            db.execute("PRAGMA journal_mode = DELETE")
            db.execute("BEGIN IMMEDIATE")
            db.execute("DELETE FROM document WHERE person = ?", (person,))
            db.execute("DELETE FROM person WHERE id = ?", (person,))
            db.execute("COMMIT")
            db.execute("VACUUM")
    except sqlite3.Error as fault:
        raise LinewiseError(_worded(fault)) from fault
    for beside in (path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-journal")):
        if beside.exists():
            overwrite(beside)


def _seal(key: bytes, text: bytes, about: bytes) -> bytes:
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(key).encrypt(nonce, text, about)


def _unseal(key: bytes, sealed: bytes, about: bytes) -> bytes | None:
    try:
        return AESGCM(key).decrypt(sealed[:12], sealed[12:], about)
    except (InvalidTag, ValueError, TypeError):
        return None


def _private_folder(folder: Path) -> None:
    """The folder, for its owner alone: also where it was there already, and open to others."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.name == "posix":
        with contextlib.suppress(OSError):  # it belongs to somebody else: then the file's own rights have to do
            folder.chmod(0o700)


def _worded(fault: sqlite3.Error) -> str:
    text = str(fault)
    if "full" in text:
        return "The disk is full. Nothing was saved, and what was there before is still there. Make room and try again."
    if "locked" in text:
        return "Another program is writing at this moment. Nothing was saved. Try again."
    if "readonly" in text or "unable to open" in text:
        return "The data folder cannot be written. Nothing was saved."
    return f"The data file is damaged or cannot be used ({type(fault).__name__}). Nothing was saved. A backup copy may help: see the folder `backups`."


__all__ = ["SCHEMA", "SHORTEST", "DamagedError", "Journal", "Person", "StaleError", "Vault", "WrongPassphraseError"]
