"""The state of a knowledge folder: its files, a short name that changes whenever one of them is touched, the hash of what they say, its version."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

VERSION = "VERSION"
"""The file at the top of the folder with the version of the medicine and the day of that version, a line each."""


def touched(root: Path) -> str:
    """A short name for the files of a knowledge folder as they lie there: changes whenever one is written. Reads no file."""
    found = hashlib.sha256()
    for name, stat in sorted((path, stat) for path, stat in _files(str(root), "")):
        found.update(f"{name}\0{stat[0]}\0{stat[1]}\n".encode())
    return found.hexdigest()[:16]


def digest(root: Path) -> str:
    """The hash of what a knowledge folder says: the same wherever and whenever the same files were written."""
    found = hashlib.sha256()
    for name in sorted(name for name, _ in _files(str(root), "")):
        content = (root / name).read_bytes().replace(b"\r\n", b"\n")
        found.update(f"{name}\0{len(content)}\n".encode() + content)
    return found.hexdigest()


def version(root: Path) -> tuple[str, str]:
    """The version of the medicine and its day, as text; empty where the folder names none."""
    path = root / VERSION
    lines = path.read_text(encoding="utf-8").split() if path.is_file() else []
    return (lines[0], lines[1]) if len(lines) >= 2 else ("", "")


_ABOUT = frozenset({"README.md", "CHANGES.md"})
"""Pages about the folder, which say nothing of the medicine itself."""


def _files(folder: str, inside: str) -> Iterator[tuple[str, tuple[int, int]]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = f"{inside}{entry.name}"
            if entry.is_dir():
                yield from _files(entry.path, f"{name}/")
            elif entry.name == VERSION or (entry.name.endswith((".yaml", ".md")) and entry.name not in _ABOUT):
                stat = entry.stat()
                yield name, (stat.st_size, stat.st_mtime_ns)
