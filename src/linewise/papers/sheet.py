"""A document as text with positions: one string, and for each line its page, its number and its cells.

Every form of file is turned into a sheet; everything after works on sheets only. Offsets are into `Sheet.text`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from .place import Where

Span = tuple[int, int]
Box = tuple[float, float, float, float]


class Line(msgspec.Struct):
    """One line: where it stands, and what the form of the file knows about it.

    `cells` are the cells of a table's row (the whole text where it is none). `table` numbers the table, 0: none. `depth` is the level of a
    heading, 0: not said to be one. A line that starts a new block has `gap`.
    """

    start: int
    end: int
    page: int
    number: int
    cells: tuple[Span, ...] = ()
    table: int = 0
    header: bool = False
    depth: int = 0
    gap: bool = False
    box: Box | None = None


class Sheet(msgspec.Struct):
    """A whole document as text. `boxes` are the places of words on a scanned page, by their start; `hints` what the form says of itself."""

    name: str
    text: str
    lines: list[Line]
    pages: int = 1
    form: str = "text"
    scanned: bool = False
    boxes: dict[int, Box] = msgspec.field(default_factory=dict)
    unclear: list[Span] = msgspec.field(default_factory=list)  # figures of a scan that were not read with certainty
    hints: dict[str, str] = msgspec.field(default_factory=dict)
    notes: list[str] = msgspec.field(default_factory=list)

    def line_at(self, offset: int) -> Line:
        low, high = 0, len(self.lines) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self.lines[middle].start <= offset:
                low = middle
            else:
                high = middle - 1
        return self.lines[low]

    def where(self, start: int, end: int) -> Where:
        """The place of a stretch of text, as it is told to people: of one that runs on, the part in its first line."""
        line = self.line_at(start)
        box = None
        if self.boxes:
            found = [box for at, box in self.boxes.items() if start <= at < end]
            if found:
                left, top = min(b[0] for b in found), min(b[1] for b in found)
                right, bottom = max(b[0] + b[2] for b in found), max(b[1] + b[3] for b in found)
                box = (round(left, 4), round(top, 4), round(right - left, 4), round(bottom - top, 4))
        return Where(self.name, line.page, line.number, start - line.start, min(end, line.end) - line.start, box)

    def quote(self, start: int, end: int) -> str:
        """The words of a stretch of text, on one line."""
        return " ".join(self.text[start:end].split())


class Builder:
    """Puts a sheet together, line after line."""

    def __init__(self, name: str, form: str) -> None:
        self.name, self.form = name, form
        self.parts: list[str] = []
        self.lines: list[Line] = []
        self.length, self.page, self.number, self.tables = 0, 1, 0, 0
        self.gap = True
        self.hints: dict[str, str] = {}
        self.notes: list[str] = []
        self.boxes: dict[int, Box] = {}
        self.scanned = False
        self.unclear: list[Span] = []

    def new_page(self) -> None:
        if self.lines:
            self.page += 1
            self.number = 0

    def blank(self) -> None:
        """A space between blocks."""
        self.number += 1
        self.gap = True

    def line(self, text: str, depth: int = 0) -> Line | None:
        """One line of text; an empty one only marks a space."""
        text = text.rstrip()
        if not text.strip():
            self.blank()
            return None
        self.number += 1
        made = Line(self.length, self.length + len(text), self.page, self.number, depth=depth, gap=self.gap)
        self._put(made, text)
        return made

    def row(self, cells: Sequence[str], table: int, header: bool = False) -> Line | None:
        """One row of a table. Cells are kept apart by ` | `, and each knows its place."""
        plain = [" ".join(cell.split()) for cell in cells]
        if not any(plain):
            return None
        self.number += 1
        spans, at = [], self.length
        for cell in plain:
            spans.append((at, at + len(cell)))
            at += len(cell) + 3
        text = " | ".join(plain)
        made = Line(self.length, self.length + len(text), self.page, self.number, tuple(spans), table, header, gap=self.gap)
        self._put(made, text)
        return made

    def table(self, rows: Iterable[Sequence[str]], header: bool = False) -> None:
        """A whole table; `header`: its first row names the columns."""
        self.tables += 1
        self.gap = True
        for number, row in enumerate(rows):
            self.row(row, self.tables, header and number == 0)
        self.gap = True

    def _put(self, line: Line, text: str) -> None:
        self.parts.append(text)
        self.lines.append(line)
        self.length += len(text) + 1
        self.gap = False

    def sheet(self) -> Sheet:
        if not self.lines:
            self.line(" .")
        return Sheet(
            self.name,
            "\n".join(self.parts),
            self.lines,
            self.page,
            self.form,
            self.scanned,
            self.boxes,
            self.unclear,
            self.hints,
            self.notes,
        )
