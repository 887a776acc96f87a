"""The state of a knowledge folder: which files it has, and a short name that changes whenever one of them does."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path


def digest(root: Path) -> str:
    """A short name for the state of a knowledge folder: changes whenever a file does. Reads no file."""
    found = hashlib.sha256()
    for name, stat in sorted((path, stat) for path, stat in _files(str(root), "")):
        found.update(f"{name}\0{stat[0]}\0{stat[1]}\n".encode())
    return found.hexdigest()[:16]


def _files(folder: str, inside: str) -> Iterator[tuple[str, tuple[int, int]]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = f"{inside}{entry.name}"
            if entry.is_dir():
                yield from _files(entry.path, f"{name}/")
            elif entry.name.endswith((".yaml", ".md")) and entry.name != "README.md":
                stat = entry.stat()
                yield name, (stat.st_size, stat.st_mtime_ns)
