"""The layouts of a file's lines: where in its text a resource tells whom, when, and what nobody reads.

A layout says which quotes of a line such values stand between, and what stands before them. It is learned from a few lines of the file itself, and is a
way to cut a line, nothing more: what the values are is found out by parsing (`shapes`).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .resources import Kind

Path = tuple[str, ...]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_VARIES, _FEW = 0.02, 8
"""A value that nobody reads is cut out where more of the lines than this have one of their own: others only make a few shapes more."""
_MOST = 24
"""Values that one layout cuts out."""


@dataclass(frozen=True)
class Cut:
    """A value that is cut out: the quote of its line that it stands behind, the text that ends with that quote, and how many quotes it holds, escaped."""

    quote: int
    anchor: bytes
    inner: int = 0

    @property
    def end(self) -> int:
        """The quote that ends it."""
        return self.quote + 1 + self.inner

    @property
    def looked_at(self) -> tuple[int, ...]:
        """The bytes of the anchor that tell it from others: its beginning, and the end of the name. All of it is part of the shape anyhow."""
        return tuple(sorted({0, max(len(self.anchor) - 4, 0)}))


Layout = tuple[Cut, ...]


@dataclass(frozen=True)
class Text:
    """A text in a line: its path (of lists no numbers), how many quotes stand before its own, the name it has, and what it is."""

    path: Path
    quote: int
    anchor: str
    value: str


def texts(line: str) -> Iterator[Text]:
    """Every text of a line of JSON, in order; of a line that is no JSON as far as it goes."""
    path: list[str] = []
    name: str | None = None
    named = 0
    open_: list[str] = []
    quotes = 0
    for token in _TOKEN.finditer(line):
        said = token[0]
        if said in "{[":
            open_.append(said)
            path.append(name or "")
            name = None
        elif said in "}]":
            if not open_:
                return
            open_.pop()
            path.pop()
            name = None
        elif said == ",":
            name = None
        elif said.startswith('"'):
            if open_ and open_[-1] == "{" and name is None:
                name, named = said[1:-1], token.start()
            else:
                anchor = line[named if name is not None else token.start() : token.start() + 1]
                yield Text(tuple(part for part in (*path, name or "") if part), quotes, anchor, said[1:-1])
            quotes += said.count('"')


def told(kind: Kind) -> set[Path]:
    """The paths of what is always cut out: the id, the person, the version, the days."""
    who: Path = ("id",) if kind.subject == "id" else (kind.subject, "reference")
    return {("id",), who, ("meta", "lastUpdated"), *(tuple(path.split(".")) for path in kind.days)}


def layouts(lines: Sequence[bytes], kind: Kind) -> list[Layout]:
    """The layouts of some lines of a file, those that cut most first: along a shorter one, what stays in the line would make every line a shape."""
    always = told(kind)
    read = {*kind.members, *(path.split(".")[0] for path in kind.days), kind.link} - {"meta", "hasMember"}
    listed = [list(texts(line.decode("latin-1"))) for line in lines]  # a character for a byte: only places and names matter
    different: defaultdict[Path, set[str]] = defaultdict(set)
    for found in listed:
        for text in found:
            if text.path and text.path[0] not in read:
                different[text.path].add(text.value)
    varies = always | {path for path, values in different.items() if len(values) > max(_FEW, _VARIES * len(lines))}
    count: Counter[Layout] = Counter()
    for found in listed:
        cut = [Cut(text.quote, text.anchor.encode("latin-1"), text.value.count('"')) for text in found if text.path in varies]
        count[tuple(cut[:_MOST])] += 1
    return sorted((layout for layout in count if layout), key=lambda layout: (-len(layout), -count[layout]))
