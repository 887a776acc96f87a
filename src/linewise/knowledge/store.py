"""Where knowledge comes from: the folder of a checkout, compiled once and again when a file changes, or the artefact of the wheel.

The artefact is the typed content in MessagePack behind the hash of its bytes. It holds no code. One in the cache that is broken, foreign or altered is
thrown away and made again; an altered one of a wheel is refused.
"""

from __future__ import annotations

import gc
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import msgspec

from linewise import __version__
from linewise.errors import KnowledgeError

from .anchors import checked
from .book import Knowledge
from .model import Content
from .state import touched

FOLDER_VARIABLE = "LINEWISE_KNOWLEDGE"
_PACKAGED = Path(__file__).with_name("compiled.msgpack")
_FORMAT = 4
_HASH = 32


Stored = TypeVar("Stored")


class _Artefact(msgspec.Struct, frozen=True):
    format: int
    version: str
    content: Content


class _Table(msgspec.Struct, frozen=True):
    of: str
    table: msgspec.Raw


def folder() -> Path | None:
    """The knowledge folder in use: the one named by LINEWISE_KNOWLEDGE, or that of the checkout; None in a wheel."""
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named)
    beside = Path(__file__).parents[3] / "knowledge"
    return beside if (beside / "facts").is_dir() else None


@lru_cache(maxsize=1)
def open_knowledge() -> Knowledge:
    """The knowledge in use, ready to be asked. Raises KnowledgeError with every fault of the files."""
    root = folder()
    if root is None:
        content = _read(_PACKAGED)
        if content is None:
            raise KnowledgeError(["the knowledge of this installation is missing or was altered; install Linewise again"])
        return Knowledge(checked(content))
    return opened(root)


def opened(root: str | Path) -> Knowledge:
    """The knowledge of a folder. Raises KnowledgeError with every fault of its files."""
    root = Path(root)
    usual = Path(__file__).parents[3] / "knowledge"
    return Knowledge(checked(compiled(root)), None if root == usual else str(root))


def compiled(root: Path) -> Content:
    """The content of a folder, from its artefact where that is up to date."""
    if not root.is_dir():
        raise KnowledgeError([f"{root}: there is no knowledge folder here"])
    state = touched(root)
    artefact = _cache() / f"knowledge-{state}.msgpack"
    content = _read(artefact)
    if content is None:
        from .load import load  # reads YAML: not needed where the artefact is up to date

        content = load(root)
        with suppress(OSError):  # a read-only home folder costs time, nothing else
            write(content, artefact)
            _forget_others(artefact, "knowledge")
    return content


def write(content: Content, path: Path) -> None:
    """Write the artefact; whole or not at all."""
    data = msgspec.msgpack.encode(_Artefact(_FORMAT, __version__, content))
    msgspec.msgpack.decode(data, type=_Artefact)  # one that cannot be read would be made again at every start, and break a wheel
    _put(path, data)


def kept(content: Content, name: str, kind: type[Stored], make: Callable[[], Stored], *code: str) -> Stored:
    """A table made of the knowledge, from the cache where this very content has it there; else it is made, and kept for the next start.

    `kind` is a struct that says all that the table holds; `code` are the files of the program that make it: where one of them was written since,
    the table is made again. Content without a digest (made in a test) is never kept.
    """
    if not content.digest:
        return make()
    stats = [
        Path(file).stat() for file in code if Path(file).exists()
    ]  # a packed program has its code elsewhere, and it never changes
    of = f"{__version__} {content.digest} {[(stat.st_size, stat.st_mtime_ns) for stat in stats]}"
    path = _cache() / f"{name}-{_hash(of.encode()).hex()[:16]}.msgpack"
    found = _decoded(path, _Table)
    if found is not None and found.of == of:
        with suppress(msgspec.DecodeError), uncollected():
            return msgspec.msgpack.decode(found.table, type=kind)
    made = make()
    with suppress(OSError):
        _put(path, msgspec.msgpack.encode(_Table(of, msgspec.Raw(msgspec.msgpack.encode(made)))))
        _forget_others(path, name)
    return made


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the search for cycles: while many objects are made that all stay, it only costs time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _put(path: Path, data: bytes) -> None:
    """Write what `_decoded` reads."""
    import tempfile

    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(_hash(data) + data)
    Path(file.name).replace(path)


def _decoded(path: Path, kind: type[Stored]) -> Stored | None:
    """What a file of the cache holds; None where it is missing, broken or altered."""
    try:
        data = path.read_bytes()
        if data[:_HASH] != _hash(data[_HASH:]):
            return None
        with uncollected():
            return msgspec.msgpack.decode(memoryview(data)[_HASH:], type=kind)
    except (OSError, msgspec.DecodeError):
        return None


def _read(path: Path) -> Content | None:
    found = _decoded(path, _Artefact)
    return found.content if found is not None and (found.format, found.version) == (_FORMAT, __version__) else None


def _hash(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_HASH).digest()


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "linewise"


def _forget_others(artefact: Path, name: str) -> None:
    """Keep the newest few: several checkouts may share a home folder."""
    old = sorted(artefact.parent.glob(f"{name}-*.msgpack"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in old[4:]:
        path.unlink(missing_ok=True)
