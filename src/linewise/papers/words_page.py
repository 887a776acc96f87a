"""A page of words with boxes, as lines of text: reading order, columns, tables and headings from where the words stand."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import msgspec

from .sheet import Builder

_SLACK = 0.55  # of a line's height: how far words of one line may stand apart


class Word(msgspec.Struct, gc=False):
    """A word and its box; `size` is the height of its letters, `bold` where the form says so."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float = 0.0
    bold: bool = False

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


def add_page(builder: Builder, words: Sequence[Word], width: float, height: float, scanned: bool) -> None:
    """Write a page's words into a sheet, line after line in reading order."""
    if not words:
        return
    rows = _rows(words)
    unit = max(1.0, median((word.right - word.left) / max(1, len(word.text)) for word in words))
    usual = median(word.bottom - word.top for word in words)
    size = median(word.size for word in words) if any(word.size for word in words) else 0.0
    blocks = _columns(rows, unit)
    for block in blocks:
        below: float | None = None
        left = min(word.left for row in block for word in row)
        for row in block:
            top = min(word.top for word in row)
            if below is not None and top - below > 0.75 * usual:
                builder.blank()
            below = max(word.bottom for word in row)
            _line(builder, row, unit, left, size, width, height, scanned)
        builder.gap = True


def _rows(words: Sequence[Word]) -> list[list[Word]]:
    """Words of one height, from the top, each from left to right."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda one: (one.middle, one.left)):
        home = None
        for row in reversed(rows[-4:]):
            reach = row[-1]
            tall = max(word.bottom - word.top, reach.bottom - reach.top)
            middle = median(one.middle for one in row[-6:])
            if abs(word.middle - middle) <= _SLACK * tall * 0.9:
                home = row
                break
        if home is None:
            rows.append([word])
        else:
            home.append(word)
    for row in rows:
        row.sort(key=lambda one: one.left)
    rows.sort(key=lambda row: median(word.middle for word in row))
    return rows


def _segments(row: Sequence[Word], unit: float) -> list[list[Word]]:
    """A row's words in groups, divided where there is a wide space."""
    groups: list[list[Word]] = [[row[0]]]
    for word in row[1:]:
        if word.left - groups[-1][-1].right > 2.2 * unit:
            groups.append([word])
        else:
            groups[-1].append(word)
    return groups


def _columns(rows: list[list[Word]], unit: float) -> list[list[list[Word]]]:
    """Rows in reading order: where text runs in two columns beside each other, the left one first."""
    blocks: list[list[list[Word]]] = []
    at = 0
    while at < len(rows):
        found = _two(rows, at, unit)
        if found is None:
            if not blocks or blocks[-1] is None:
                blocks.append([])
            blocks[-1].append(rows[at])
            at += 1
            continue
        cut, end = found
        lefts = [[word for word in row if word.left < cut] for row in rows[at:end]]
        rights = [[word for word in row if word.left >= cut] for row in rows[at:end]]
        blocks += [[row for row in lefts if row], [row for row in rights if row], []]
        at = end
    return [block for block in blocks if block]


def _two(rows: list[list[Word]], first: int, unit: float) -> tuple[float, int] | None:
    """Where two columns of running text begin, their dividing line and their end; None where there is one column, or a table."""
    groups = _segments(rows[first], unit)
    for index in range(1, len(groups)):
        cut = groups[index][0].left
        gap_left = groups[index - 1][-1].right
        if index != len(groups) - 1 or cut - gap_left < 2.2 * unit:
            continue
        end, both, last_right = first, 0, first
        left_words: list[int] = []
        right_words: list[int] = []
        for number in range(first, len(rows)):
            row = rows[number]
            crossing = [word for word in row if word.left < cut - 0.8 * unit and word.right > cut - 0.4 * unit]
            if crossing:
                break
            left = [word for word in row if word.left < cut - 0.5 * unit]
            right = [word for word in row if word.left >= cut - 0.5 * unit]
            if left and right:
                if right[0].left - left[-1].right < 1.2 * unit:
                    break
                both += 1
                left_words.append(len(left))
                right_words.append(len(right))
            if right:
                last_right = number
            end = number + 1
        end = min(end, last_right + 1) if last_right + 3 < end else end
        if both >= 5 and median(left_words) >= 3 and median(right_words) >= 4 and _aligned(rows[first:end], cut, unit):
            return cut - 0.5 * unit, end
    return None


def _aligned(rows: list[list[Word]], cut: float, unit: float) -> bool:
    """Whether what stands right of a line mostly begins at it, as a column does."""
    starts = [next((word.left for word in row if word.left >= cut - 0.5 * unit), None) for row in rows]
    known = [start for start in starts if start is not None]
    return bool(known) and sum(1 for start in known if start - cut < 3.5 * unit) >= 0.6 * len(known)


def _line(
    builder: Builder, row: Sequence[Word], unit: float, left: float, size: float, width: float, height: float, scanned: bool
) -> None:
    text = ""
    places: list[tuple[int, Word]] = []
    before: Word | None = None
    for word in row:
        column = round((word.left - left) / unit)
        if before is not None:
            gap = word.left - before.right
            if gap > 2.2 * unit:
                text += " " * max(3, column - len(text))
            else:
                text += " "
        elif column > 0:
            text += " " * min(column, 90)
        places.append((len(text), word))
        text += word.text
        before = word
    plain = text.strip()
    bold = all(word.bold for word in row)
    tall = size and median(word.size for word in row) > 1.18 * size
    head = (bold or bool(tall)) and len(plain) < 70 and len(_segments(row, unit)) == 1 and not plain.endswith((".", ","))
    made = builder.line(text, 1 if head else 0)
    if made is not None and scanned:
        for offset, word in places:
            builder.boxes[made.start + offset] = (
                word.left / width,
                word.top / height,
                (word.right - word.left) / width,
                (word.bottom - word.top) / height,
            )
