"""Files that must not be found again: overwritten before they are removed."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_CHUNK = 1024 * 1024


def overwrite(path: Path) -> None:
    """Write zeros over a file, put them on the disk, and remove it. (On a disk that moves blocks by itself, an old block may outlast this.)"""
    with contextlib.suppress(OSError):
        left = path.stat().st_size
        with path.open("r+b") as file:
            while left > 0:
                file.write(b"\0" * min(left, _CHUNK))
                left -= _CHUNK
            file.flush()
            os.fsync(file.fileno())
    path.unlink(missing_ok=True)


def tidy(folder: Path) -> None:
    """Wipe what an interrupted copy left behind: `.part` files, and the journals of SQLite beside copies that are gone."""
    for path in (
        *folder.glob("*.part"),
        *folder.glob("*.part-*"),
        *folder.glob("*.sqlite-journal"),
        *folder.glob("*.sqlite-wal"),
    ):
        overwrite(path)
