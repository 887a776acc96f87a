"""A place in a document, as it is told to people."""

from __future__ import annotations

import msgspec


class Where(msgspec.Struct, frozen=True, omit_defaults=True, rename={"from_": "from"}):
    """A place: document, page and line (from 1), and the characters of the line (from 0, the end excluded).

    Of a scan, `box` is the place on the page: left, top, width, height, as shares of the page's width and height.
    """

    document: str
    page: int
    line: int
    from_: int
    to: int
    box: tuple[float, float, float, float] | None = None
