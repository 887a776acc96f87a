"""The parts of a document, from lines to what one reads in one breath: cells, pieces, statements."""

from __future__ import annotations

import msgspec

from linewise.papers.sheet import Span

from .dates import Day
from .lexicon import Match
from .tokens import Token


class Cell(msgspec.Struct, gc=False):
    """One cell of a row: its stretches of text, the column's number and the words that head the column."""

    spans: list[Span]
    column: int
    header: str = ""


class Piece(msgspec.Struct):
    """A stretch of lines that belong together, before it is divided into statements."""

    spans: list[Span]
    cells: list[Cell]
    section: str
    heading: str
    depth: int
    block: int
    page: int
    kind: str  # text, item, row
    lead: bool = False  # it announces what follows
    header: bool = False
    head: Span = (0, 0)  # where its heading stands
    part: str = ""  # addendum, or superseded: the part of a report in which it stands
    dated: Span = (0, 0)  # the last heading with a day


class Statement(msgspec.Struct):
    """One statement, with its words and the terms found in them."""

    number: int
    tokens: list[Token]
    matches: list[Match]
    section: str
    heading: str
    block: int
    kind: str
    piece: int
    parent: Statement | None = None
    headers: tuple[str, ...] = ()  # of its cells, by cell number
    days: list[Day] = msgspec.field(default_factory=list)
    before: Statement | None = None  # the one before it in the same paragraph
    head: Span = (0, 0)
    part: str = ""
    dated: Span = (0, 0)

    @property
    def start(self) -> int:
        return min(token.start for token in self.tokens)

    @property
    def end(self) -> int:
        return max(token.end for token in self.tokens)

    def near(self, kind: str) -> list[Match]:
        return [match for match in self.matches if match.has(kind)]
