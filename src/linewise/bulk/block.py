"""A file in blocks of lines, and a block cut into pieces: by its quotes, found once for all lines together.

A block is one array of bytes. Where its lines begin and its quotes stand is found in two passes over it; every piece of every line is then a pair of
numbers, and no text is copied or looked at one by one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]

from linewise.files import opened

from .layout import Layout

Ints = np.ndarray[Any, np.dtype[np.int64]]
_NEWLINE, _QUOTE, _BACKSLASH = b'\n"\\'
_scratch = threading.local()


def blocks(path: Path, size: int) -> Iterator[tuple[int, bytes]]:
    """The number of the first line (from 1) and the bytes of each block of about `size` bytes, cut at the end of a line; packed files are unpacked."""
    place, rest = 1, b""
    with opened(path) as file:
        while read := file.read(size):
            cut = read.rfind(b"\n") + 1
            if not cut:  # a line longer than a block
                rest += read
                continue
            block, rest = rest + read[:cut] if rest else read[:cut], read[cut:]
            yield place, block
            place += block.count(b"\n")
    if rest:
        yield place, rest


@dataclass(frozen=True)
class Pieces:
    """Lines that a layout fits, cut: `rows` are the lines, `values` what was cut out (a column a value), `shape` the hash of what is left."""

    rows: Ints
    values: list[pl.Series]
    shape: pl.Series
    bounds: Ints


class Block:
    """Lines of a file. `place` is the number of the first in its file."""

    def __init__(self, data: bytes, place: int) -> None:
        self.data, self.place = data, place
        self.bytes = np.frombuffer(data, np.uint8)
        ends = self._where(_NEWLINE)
        if not data.endswith(b"\n"):
            ends = np.r_[ends, len(data)]
        self.ends = ends
        self.starts = np.r_[0, ends[:-1] + 1] if len(ends) else ends
        self.lines = np.flatnonzero(self.ends - self.starts > 1)
        """The lines that hold anything."""

    def _where(self, byte: int) -> Ints:
        """Where a byte stands. The memory for the comparison is each thread's own and kept: to ask for it anew costs more than to compare."""
        if len(getattr(_scratch, "marks", ())) < len(self.data):
            _scratch.marks = np.empty(len(self.data), np.bool_)
        marks = _scratch.marks[: len(self.data)]
        np.equal(self.bytes, byte, out=marks)
        return np.flatnonzero(marks)

    @cached_property
    def _quotes(self) -> tuple[Ints, Ints]:
        """Where the quotes of the block stand, and which is the first of each line; one more than there are lines."""
        quotes = self._where(_QUOTE)
        first: Ints = np.asarray(np.searchsorted(quotes, np.r_[self.starts, len(self.data)]), np.int64)
        return quotes, first

    @cached_property
    def _escapes(self) -> bool:
        return b"\\" in self.data

    def sound(self, values: pl.Series) -> pl.Series:
        """Which values mean what they say: they are text, not empty, and nothing in them is escaped."""
        there = values.is_not_null() & (values.str.len_bytes() > 0)
        return there & ~values.str.contains("\\", literal=True) if self._escapes else there

    def line(self, row: int) -> bytes:
        return self.data[self.starts[row] : self.ends[row]]

    def texts(self, rows: Ints) -> pl.DataFrame:
        """Lines as text, with their numbers in the file: `place`, `line`. Bytes that are no text are replaced."""
        told = [self.line(row).decode(errors="replace") for row in rows.tolist()]
        return pl.DataFrame({"place": rows + self.place, "line": told}, {"place": pl.UInt32, "line": pl.String})

    def cut(self, rows: Ints, layout: Layout) -> Pieces:
        """Those of some lines that a layout fits, cut along it. The quotes that a value holds are escaped, the one that ends it is not."""
        quotes, first = self._quotes
        rows = rows[first[rows + 1] - first[rows] > layout[-1].end]
        for one in layout:
            begin = quotes[first[rows] + one.quote] + 1 - len(one.anchor)
            rows, begin = rows[begin >= 0], begin[begin >= 0]
            for index in one.looked_at:
                fits = self.bytes[begin + index] == one.anchor[index]
                if not fits.all():
                    rows, begin = rows[fits], begin[fits]
            if self._escapes:
                for number in range(one.quote + 1, one.end + 1):
                    at = quotes[first[rows] + number]
                    escaped = (self.bytes[at - 1] == _BACKSLASH) & (self.bytes[at - 2] != _BACKSLASH)
                    rows = rows[escaped if number < one.end else self.bytes[at - 1] != _BACKSLASH]
            elif one.inner:
                rows = rows[:0]
        width = 2 * len(layout) + 2  # pieces and values in turn, the last piece, and what stands before the next of these lines
        bounds = np.empty((len(rows), width), np.int64)
        bounds[:, 0] = self.starts[rows]
        for index, one in enumerate(layout):
            bounds[:, 2 * index + 1] = quotes[first[rows] + one.quote] + 1
            bounds[:, 2 * index + 2] = quotes[first[rows] + one.end]
        bounds[:, -1] = self.ends[rows]
        offsets = np.append(bounds.ravel(), len(self.data))
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(self.data)]
        whole = pl.Series(pl.from_arrow(pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(offsets) - 1, buffers)))
        hashes = whole.hash().to_numpy().reshape(-1, width)
        shape = np.zeros(len(rows), np.uint64)
        for index in range(
            0, width - 1, 2
        ):  # each piece by another odd number: the same pieces in another order are another shape
            shape ^= hashes[:, index] * np.uint64(2 * index + 1)
        values = [whole.gather_every(width, 2 * index + 1).cast(pl.String, strict=False) for index in range(len(layout))]
        return Pieces(rows, values, pl.Series("shape", shape), bounds)
