"""The shape of the vault's file, and how an older one becomes it: a backup copy first, then one transaction."""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from linewise.errors import LinewiseError

_STEPS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE person (id TEXT PRIMARY KEY, label TEXT NOT NULL, created TEXT NOT NULL, salt BLOB NOT NULL, "
        "cost INTEGER NOT NULL, wrapped BLOB NOT NULL) STRICT",
        "CREATE TABLE document (person TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE, name TEXT NOT NULL, "
        "version INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (person, name)) STRICT, WITHOUT ROWID",
    ),
    ("ALTER TABLE person ADD COLUMN listed BLOB",),  # the sealed list of a person's documents: what is gone is told
)
"""One entry for every version of the file: what leads to it from the one before. Never changed, only added to."""

SCHEMA = len(_STEPS)


def upgrade(path: Path) -> None:
    """Bring a file to the present shape. Raises LinewiseError where it is newer than this program, or no vault at all."""
    try:
        with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA:
                raise LinewiseError(
                    f"{path} was written by a newer Linewise. Nothing was touched. Install the newer version to open it."
                )
            if version == SCHEMA:
                return
            if version > 0:
                _back_up(db, path, version)
            db.execute("BEGIN IMMEDIATE")
            for step in _STEPS[version:]:
                for statement in step:
                    db.execute(statement)
            db.execute(f"PRAGMA user_version = {SCHEMA}")
            db.execute("COMMIT")
    except sqlite3.DatabaseError as fault:
        raise LinewiseError(f"{path} cannot be used as a data file: {fault}. Nothing was changed.") from fault


def _back_up(db: sqlite3.Connection, path: Path, version: int) -> None:
    """A whole copy beside the file, written under another name and then moved: there is never half a copy."""
    folder = path.parent / "backups"
    folder.mkdir(exist_ok=True, mode=0o700)
    now = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S%f")
    target = folder / f"{path.stem}-{now}-version-{version}.sqlite"
    partial = target.with_suffix(".part")
    with closing(sqlite3.connect(partial)) as copy:
        db.backup(copy)
    if os.name == "posix":
        partial.chmod(0o600)
    partial.replace(target)
