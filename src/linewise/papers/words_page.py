"""A page of words with boxes, as lines of text: reading order, columns, tables and headings from where the words stand."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
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
    order: int = -1  # its place in the file, where the form keeps one
    unclear: bool = False  # a figure that the reader of a picture was not sure of

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


def add_page(builder: Builder, words: Sequence[Word], width: float, height: float, scanned: bool) -> None:
    """Write a page's words into a sheet, line after line in reading order."""
    if not words:
        return
    unit = max(1.0, median((word.right - word.left) / max(1, len(word.text)) for word in words))
    usual = median(word.bottom - word.top for word in words)
    size = median(word.size for word in words) if any(word.size for word in words) else 0.0
    for block in _blocks(list(words), unit, 0):
        rows = _rows(block)
        below: float | None = None
        before: list[Word] = []
        left = min(word.left for row in rows for word in row)
        for row in rows:
            top = min(word.top for word in row)
            space = top - below if below is not None else 0.0
            if space > (1.9 if _same_table(before, row, unit) else 0.75) * usual:
                builder.blank()
            below = max(word.bottom for word in row)
            before = row
            _line(builder, row, unit, left, size, width, height, scanned)
        builder.gap = True


def _same_table(one: Sequence[Word], other: Sequence[Word], unit: float) -> bool:
    """Whether two rows have columns that begin at one place."""
    if not one:
        return False
    first, second = _segments(one, unit), _segments(other, unit)
    if len(first) < 2 or len(second) < 2:
        return False
    starts = [group[0].left for group in first[1:]]
    return any(abs(group[0].left - start) < 1.5 * unit for group in second[1:] for start in starts)


def _blocks(words: list[Word], unit: float, depth: int) -> list[list[Word]]:
    """Words in reading order, as blocks: what stands above two columns, the left one, the right one, what stands below."""
    found = _two(words, unit) if depth < 4 else None
    if found is None:
        return [words]
    cut, top, bottom = found
    inside = [word for word in words if top <= word.middle <= bottom]
    parts = [
        [word for word in words if word.middle < top],
        [word for word in inside if word.left < cut],
        [word for word in inside if word.left >= cut],
        [word for word in words if word.middle > bottom],
    ]
    return [block for part in parts if part for block in _blocks(part, unit, depth + 1)]


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


def _two(words: Sequence[Word], unit: float) -> tuple[float, float, float] | None:
    """Two columns of text beside each other: the line that divides them, where they begin and end.

    In a table the rows of both sides stand at one height; columns of text have lines of their own, or are full of words.
    """
    rows = _rows(words)
    if len(rows) < 6:
        return None
    cuts: dict[int, int] = {}
    for row in rows:
        for group in _segments(row, unit)[1:]:
            cuts[round(group[0].left / (1.5 * unit))] = cuts.get(round(group[0].left / (1.5 * unit)), 0) + 1
    starts = sorted(word.left for word in words)
    best: tuple[float, float, float] | None = None
    most = 0
    for step in sorted(cuts, key=lambda one: -cuts[one])[:6]:
        if cuts[step] < 3:
            continue
        near = [start for start in starts if abs(start - step * 1.5 * unit) <= 1.6 * unit]
        cut = min(near) - 0.4 * unit if near else step * 1.5 * unit
        for first, last in _runs(rows, cut, unit):
            block = [word for row in rows[first:last] for word in row]
            left, right = [w for w in block if w.left < cut], [w for w in block if w.left >= cut]
            many = last - first
            if many > most and _are_columns(_rows(left), _rows(right), unit):
                top = min(word.top for word in block) - 0.1
                ends = max(word.order for word in right)
                late = [word.top for word in left if 0 <= ends < word.order]  # written after both columns: it stands below them
                bottom = min(late) if late else max(word.bottom for word in block) + 0.1
                best, most = (cut, top, bottom), many
    return best


def _runs(rows: list[list[Word]], cut: float, unit: float) -> list[tuple[int, int]]:
    """Stretches of rows that nothing crosses at a line, with enough on both sides."""
    found, first, lefts, rights = [], 0, 0, 0

    def close(last: int) -> None:
        if lefts >= 4 and rights >= 4:
            found.append((first, last))

    for number, row in enumerate(rows):
        crossing = any(word.left < cut - 0.3 * unit and word.right > cut + 0.3 * unit for word in row)
        left, right = [word for word in row if word.left < cut], [word for word in row if word.left >= cut]
        tight = bool(left and right) and right[0].left - left[-1].right < 1.4 * unit
        if crossing or tight:
            close(number)
            first, lefts, rights = number + 1, 0, 0
        else:
            lefts += bool(left)
            rights += bool(right)
    close(len(rows))
    return found


def _are_columns(left: list[list[Word]], right: list[list[Word]], unit: float) -> bool:
    if len(left) < 4 or len(right) < 4:
        return False
    tall = median(word.bottom - word.top for row in left for word in row)
    heights = [median(word.middle for word in row) for row in right]
    if _full(left) >= 0.5 and _full(right) >= 0.5:
        return True  # lines of running text on both sides, though they stand at one height
    if _written_apart(left, right):
        return True
    aligned = sum(1 for row in left if any(abs(median(word.middle for word in row) - height) < 0.22 * tall for height in heights))
    share = aligned / min(len(left), len(right))
    return share < 0.6


def _written_apart(left: list[list[Word]], right: list[list[Word]]) -> bool:
    """Whether the file holds the whole left side before the right one. A table is written row by row."""
    sides = sorted([(word.order, 0) for row in left for word in row] + [(word.order, 1) for row in right for word in row])
    turns = sum(1 for (_, one), (_, other) in pairwise(sides) if one != other)
    return sides[0][0] >= 0 and turns <= 2 and _full(right) >= 0.2


def _full(rows: list[list[Word]]) -> float:
    """The share of a column's lines that fill it from edge to edge without a gap, as lines of running text do."""
    start, end = min(row[0].left for row in rows), max(row[-1].right for row in rows)
    wide = [row for row in rows if len(row) >= 4 and row[-1].right - row[0].left >= 0.72 * (end - start)]
    return len(wide) / len(rows)


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
            if word.unclear:
                builder.unclear.append((made.start + offset, made.start + offset + len(word.text)))
            builder.boxes[made.start + offset] = (
                word.left / width,
                word.top / height,
                (word.right - word.left) / width,
                (word.bottom - word.top) / height,
            )
