"""Reading the files of an export block by block: lines of a known shape by `shapes`, the odd ones by `scan`. A file that is done stays done."""

from __future__ import annotations

import datetime as dt
import queue
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from .block import Block, blocks
from .faults import Faults
from .referred import FOLLOWED, Referred
from .resources import KINDS, LINKED
from .rows import Rows
from .scan import Scanner
from .shapes import LEAST, Shapes

_ODD = 200_000
"""Odd lines that are held before they are parsed."""
_WRITING = 2
"""Sets of rows of a file that may wait to be written."""
_Found = tuple[list[tuple[str, pl.DataFrame]], pl.DataFrame]
_LOOKED_UP = {one.kind for one in LINKED.values()}


@dataclass
class _File:
    """A file that is being read: its rows so far by type, its odd lines, and what was wrong with it."""

    path: Path
    target: Path
    parts: int
    kind: str
    state: dict[str, Any]
    faults: Faults
    rows: dict[str, Rows] = field(default_factory=dict)
    odd: list[pl.DataFrame] = field(default_factory=list)
    writing: deque[Future[None]] = field(default_factory=deque)

    def of(self, kind: str) -> Rows:
        """The rows of one type: most files hold only one."""
        if kind not in self.rows:
            self.rows[kind] = Rows(self.target, kind, self.parts)
        return self.rows[kind]


class Reading:
    """Reads files with the threads of a scanner; `block` is how many bytes are read at a time."""

    def __init__(
        self, scanner: Scanner, block: int, progress: Callable[[str], None], referred: Referred | None = None, least: int = LEAST
    ) -> None:
        self.scanner, self.block, self.progress, self.referred = scanner, block, progress, referred
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
                    for rows in file.rows.values():
                        if rows.full:
                            file.writing.append(pool.submit(rows.write, rows.release()))
                    while len(file.writing) > _WRITING:
                        file.writing.popleft().result()

        with ThreadPoolExecutor(self.scanner.threads) as pool:
            for path, kind in sorted(files, key=lambda pair: -pair[0].stat().st_size):
                stat = path.stat()
                state = {"size": stat.st_size, "time": stat.st_mtime_ns, "block": self.block}
                if self.scanner.done(path.name, state):
                    continue
                target = self.scanner.folder / "files" / path.name
                shutil.rmtree(target, ignore_errors=True)
                file = _File(path, target, self.scanner.parts, kind, state, Faults(target / "faults.ndjson"))
                file.of(kind)
                for place, block in blocks(path, self.block):
                    waiting.append((file, pool.submit(self._block, file, place, block)))
                    take(self.scanner.threads + 1)
                waiting.append((file, None))
            take(0)
            for done in last:
                done.result()

    def _block(self, file: _File, place: int, data: bytes) -> _Found:
        block = Block(data, place)
        left, ready = block.lines, []
        for kind, rows in list(file.rows.items()):
            found, left = self._shapes[kind].read(block, left)
            ready += [(kind, rows.ready(part)) for part in found]
            for part in found:
                self._late(file, block, part)
        return ready, block.texts(left)

    @staticmethod
    def _late(file: _File, block: Block, rows: pl.DataFrame) -> None:
        days = [name for name in rows.columns if name[0] == "d"]
        late = rows.filter(pl.max_horizontal(days) > dt.date.today())["place"] if days else ()
        if len(late):
            file.faults.count("dated in the future", len(late))
            file.faults.places(file.path.name, "dated in the future", late, block.texts(np.array(late) - block.place))

    def _take(self, file: _File, found: list[tuple[str, pl.DataFrame]], odd: pl.DataFrame) -> None:
        for kind, rows in found:
            file.of(kind).take(rows, ready=True)
        if odd.height:
            file.odd.append(odd)
            if sum(part.height for part in file.odd) >= _ODD:
                self._parse(file)

    def _parse(self, file: _File) -> None:
        """Parse the odd lines of a file that are held, each as what it says it is."""
        if not file.odd:
            return
        with self._free() as scanner:
            lines, file.odd = scanner.kinds(pl.concat(file.odd)), []
            for kind, mine in self._by_kind(file, lines):
                for rows in scanner.lines(kind, mine, file.path.name, file.faults):
                    file.of(kind).take(rows)

    def _by_kind(self, file: _File, lines: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
        known = {kind for kind in lines["kind"].unique().drop_nulls() if kind in KINDS}
        for kind in sorted(known | {file.kind}):
            mine = lines.filter(pl.col("kind") == kind)
            if kind == file.kind:
                mine = pl.concat([mine, lines.filter(pl.col("kind").is_null())]).sort("place")
            if kind in FOLLOWED and self.referred is not None:
                mine = self.referred.put_in(kind, mine)
            if mine.height:
                yield kind, mine.select("place", "line")
        others = lines.filter(pl.col("kind").is_not_null() & ~pl.col("kind").is_in([*KINDS, *_LOOKED_UP]))
        for (kind,), part in sorted(others.partition_by("kind", as_dict=True).items()):
            file.faults.count(f"a resource of a type that is not read: {kind}", part.height)

    @contextmanager
    def _free(self) -> Any:
        scanner = self._scanners.get()
        try:
            yield scanner
        finally:
            self._scanners.put(scanner)

    def _finish(self, file: _File) -> None:
        self._parse(file)
        for rows in file.rows.values():
            rows.flush()
        for written in file.writing:
            written.result()
        self.scanner.finish(file.path.name, file.state, file.faults)
        self.progress(f"read {file.path.name}")
