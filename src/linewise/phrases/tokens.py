"""Text taken apart into words, numbers, dates and signs, each with its place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import msgspec

from linewise.papers.sheet import Span

from .dates import Day


class Token(msgspec.Struct, gc=False):
    """A word (`w`), number (`n`), date (`d`) or sign (`s`). `glued`: it follows without a space."""

    text: str
    norm: str
    kind: str
    start: int
    end: int
    glued: bool
    day: Day | None = None
    cell: int = 0


_TOKEN = re.compile(r"(\d+(?:[.,]\d+)*)|([^\W\d_]+)|(\S)")
HYPHENS = frozenset("-‐‑‒–—\u00ad")
_SIGNS = str.maketrans(
    {
        "‐": "-",
        "‑": "-",
        "‒": "-",
        "–": "-",
        "—": "-",
        "−": "-",
        "≥": "≥",
        "⩾": "≥",
        "≤": "≤",
        "⩽": "≤",
        "’": "'",
        "‘": "'",
        "´": "'",
        "`": "'",
        "＋": "+",
    }
)


@lru_cache(maxsize=65536)
def folded(word: str) -> str:
    """A word as it is compared: lower case, without accents, ß as ss, µ as u."""
    low = word.lower().replace("ß", "ss").replace("µ", "u").replace("μ", "u").translate(_SIGNS)
    if low.isascii():
        return low
    plain = unicodedata.normalize("NFKD", low)
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


def tokens_of(text: str, spans: Sequence[Span], days: Sequence[Day] = (), cells: Sequence[int] = ()) -> list[Token]:
    """The tokens of some stretches of a text, in their order; a word divided at a line's end is one again."""
    found: list[Token] = []
    for number, (start, end) in enumerate(spans):
        cell = cells[number] if cells else 0
        inside = [day for day in days if day.start >= start and day.end <= end]
        at = start
        for day in inside:
            _plain(text, at, day.start, cell, found)
            word = text[day.start : day.end]
            found.append(
                Token(word, word.lower(), "d", day.start, day.end, day.start > start and text[day.start - 1] > " ", day, cell)
            )
            at = day.end
        _plain(text, at, end, cell, found)
    return found


def _plain(text: str, start: int, end: int, cell: int, found: list[Token]) -> None:
    for match in _TOKEN.finditer(text, start, end):
        word, kind = match.group(), ("n", "w", "s")[(match.lastindex or 1) - 1]
        at = match.start()
        glued = at > 0 and at > start - 1 and text[at - 1] > " " and text[at - 1] != "\xa0"
        if kind == "w" and len(found) > 1 and found[-1].kind == "s" and found[-1].text in HYPHENS:
            before = found[-2]
            broken = before.kind == "w" and found[-1].glued and not glued and before.cell == cell
            if (
                broken
                and word[0].islower()
                and "\n" in text[found[-1].end : at]
                and len(before.text) > 2
                and not before.text.isupper()
            ):
                whole = before.text + word
                found[-2:] = [Token(whole, folded(whole), "w", before.start, match.end(), before.glued, None, cell)]
                continue
        found.append(Token(word, folded(word), kind, at, match.end(), glued, None, cell))


def number(token: Token) -> float | None:
    """The value of a number: `11,4` and `11.4`, `4,850` and `1.234` as thousands where exactly three digits follow a lone sign."""
    return value_of(token.text)


def value_of(text: str) -> float | None:
    plain = text.strip().rstrip(".,")
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3}){2,}", plain):
        return float(re.sub(r"[.,]", "", plain))
    if plain.count(",") + plain.count(".") > 1:
        return None
    if re.fullmatch(r"[1-9]\d{0,2},\d{3}", plain):
        return float(plain.replace(",", ""))
    try:
        return float(plain.replace(",", "."))
    except ValueError:
        return None
