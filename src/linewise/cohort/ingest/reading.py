"""Reading the files of an export block by block: lines of a known shape by `shapes`, the odd ones by `scan`. A file that is done stays done."""

from __future__ import annotations

import datetime as dt
import queue
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from .block import Block, blocks
from .faults import Faults
from .resources import KINDS
from .rows import Rows
from .scan import Scanner
from .shapes import LEAST, Shapes

_ODD = 200_000
"""Odd lines that are held before they are parsed."""
_Found = tuple[list[pl.DataFrame], pl.DataFrame]


@dataclass
class _File:
    """A file that is being read: its rows so far, its odd lines, and what was wrong with it."""

    path: Path
    kind: str
    state: dict[str, Any]
    rows: Rows
    faults: Faults
    odd: list[pl.DataFrame] = field(default_factory=list)
    writing: list[Future[None]] = field(default_factory=list)


class Reading:
    """Reads files with the threads of a scanner; `block` is how many bytes are read at a time."""

    def __init__(self, scanner: Scanner, block: int, progress: Callable[[str], None], least: int = LEAST) -> None:
        self.scanner, self.block, self.progress = scanner, block, progress
        self._shapes = {name: Shapes(name, kind, scanner.templates, least) for name, kind in KINDS.items()}
        self._scanners: queue.SimpleQueue[Scanner] = queue.SimpleQueue()
        for _ in range(max(1, scanner.threads // 2)):
            self._scanners.put(scanner.beside())

    def files(self, files: list[tuple[Path, str]]) -> None:
        """Read every file, with its type, that an earlier run has not read."""
        self.scanner.forget({path.name for path, _ in files})
        waiting: deque[tuple[_File, Future[_Found] | None]] = deque()
        last: deque[Future[None]] = deque()

        def take(most: int) -> None:
            """Take what is ready, in the order of the files: no more is read ahead than can be worked on, for it is held in memory."""
            while len(waiting) > most:
                file, found = waiting.popleft()
                if found is None:
                    last.append(pool.submit(self._finish, file))
                else:
                    self._take(file, *found.result())
                    if file.rows.full:
                        file.writing.append(pool.submit(file.rows.write, file.rows.release()))

        with ThreadPoolExecutor(self.scanner.threads) as pool:
            for path, kind in sorted(files, key=lambda pair: -pair[0].stat().st_size):
                stat = path.stat()
                state = {"size": stat.st_size, "time": stat.st_mtime_ns, "block": self.block}
                if self.scanner.done(path.name, state):
                    continue
                target = self.scanner.folder / "files" / path.name
                file = _File(path, kind, state, Rows(target, kind, self.scanner.parts), Faults(target / "faults.ndjson"))
                for place, block in blocks(path, self.block):
                    waiting.append((file, pool.submit(self._block, file, place, block)))
                    take(self.scanner.threads + 1)
                waiting.append((file, None))
            take(0)
            for done in last:
                done.result()

    def _block(self, file: _File, place: int, data: bytes) -> _Found:
        block = Block(data, place)
        found, odd = self._shapes[file.kind].read(block)
        for rows in found:
            days = [name for name in rows.columns if name[0] == "d"]
            late = rows.filter(pl.max_horizontal(days) > dt.date.today())["place"] if days else ()
            if len(late):
                file.faults.count("dated in the future", len(late))
                file.faults.places(file.path.name, "dated in the future", late, block.texts(np.array(late) - place))
        return [file.rows.ready(rows) for rows in found], block.texts(odd)

    def _take(self, file: _File, found: list[pl.DataFrame], odd: pl.DataFrame) -> None:
        for rows in found:
            file.rows.take(rows, ready=True)
        if odd.height:
            file.odd.append(odd)
            if sum(part.height for part in file.odd) >= _ODD:
                self._parse(file)

    def _parse(self, file: _File) -> None:
        """Parse the odd lines of a file that are held."""
        if not file.odd:
            return
        lines, file.odd = pl.concat(file.odd), []
        with self._free() as scanner:
            for rows in scanner.lines(file.kind, lines, file.path.name, file.faults):
                file.rows.take(rows)

    @contextmanager
    def _free(self) -> Any:
        scanner = self._scanners.get()
        try:
            yield scanner
        finally:
            self._scanners.put(scanner)

    def _finish(self, file: _File) -> None:
        self._parse(file)
        file.rows.flush()
        for written in file.writing:
            written.result()
        self.scanner.finish(file.path.name, file.state, file.faults)
        self.progress(f"read {file.path.name}")
