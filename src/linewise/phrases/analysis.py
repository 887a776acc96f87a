"""A sheet as something to read: its language, its dates, its statements with the terms in them, and what kind of document it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import msgspec

from linewise.papers.sheet import Sheet, Span

from .dates import Day, day_first, latest
from .headings import Sections, either
from .layout import Layout
from .lexicon import LANGUAGES, Lexicon, Words
from .sentences import sentences
from .statements import Piece, Statement
from .tokens import Token, folded, tokens_of

_LONGEST = 400_000  # characters of a document that are read


class Paper(msgspec.Struct):
    """One document, taken apart."""

    sheet: Sheet
    words: Words
    lexicon: Lexicon
    language: str
    american: bool | None
    date: Day | None
    born: Day | None
    days: list[Day]
    statements: list[Statement]
    kind: str = ""

    def text(self, start: int, end: int) -> str:
        return self.sheet.text[start:end]

    def section(self, *names: str) -> list[Statement]:
        return [one for one in self.statements if one.section in names]


def analyse(sheet: Sheet, words: Words) -> Paper:
    """Take a sheet apart."""
    text = sheet.text
    language = sheet.hints.get("language") or _language(text, words)
    lexicon = words.lexicon(language)
    american = _american(text, words) if language == "en" else False
    dates = words.dates(language)
    guess = None if american is None else not american
    first = day_first(text, guess)
    found = dates.find(text, first, None)
    born = _born(sheet, words, language, found)
    date = _date(sheet, words, language, found, born)
    if date is not None and date.month:
        found = dates.find(text, first, date)
    never = _plain_labels(words, language, "guideline-label")
    found = [day for day in found if day.month or not _labelled(text, day, never)]
    sections = Sections(words, language)
    pieces = Layout(sheet, sections).run()
    paper = Paper(sheet, words, lexicon, language, american, date, born, found, [])
    paper.statements = list(_statements(pieces, paper, sections))
    return paper


def _language(text: str, words: Words) -> str:
    sample = Counter(folded(word) for word in re.findall(r"[^\W\d_]{2,}", text[:20000]))
    common = words.markers("common")
    scores = {one: sum(sample[word] for word in common[one]) for one in LANGUAGES}
    umlauts = len(re.findall(r"[äöüß]", text[:20000]))
    scores["de"] = scores.get("de", 0) + umlauts // 3
    return max(LANGUAGES, key=lambda one: (scores[one], one == "en"))


def _american(text: str, words: Words) -> bool | None:
    """Whether dates are likely written month first; None where nothing says."""
    sample = Counter(folded(word) for word in re.findall(r"[^\W\d_]{2,}", text[:20000]))
    british = sum(sample[word] for word in words.markers("british")["en"])
    american = sum(sample[word] for word in words.markers("american")["en"])
    if british == american:
        return None
    return american > british


def _labelled(text: str, day: Day, labels: frozenset[str]) -> bool:
    before = folded(re.sub(r"[\s:.()\-/]+", " ", text[max(0, day.start - 34) : day.start])).strip()
    return any(before.endswith(label) for label in labels)


def _plain_labels(words: Words, language: str, name: str) -> frozenset[str]:
    return frozenset(re.sub(r"[\s:.()\-/]+", " ", word).strip() for word in words.markers(name)[language])


def _born(sheet: Sheet, words: Words, language: str, days: list[Day]) -> Day | None:
    hint = sheet.hints.get("born")
    if hint and len(hint) >= 8:
        digits = re.sub(r"\D", "", hint)[:8]
        return Day(0, 0, int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    labels = _plain_labels(words, language, "born-label")
    for day in days:
        if _labelled(sheet.text, day, labels):
            return day
    text = sheet.text
    for day in days:  # next to the person's name, in a line of its own
        if day.day and day.year < 2008 and day.start < 900 and re.search(r"[*†]\s*$", text[max(0, day.start - 3) : day.start]):
            return day
    full = [day for day in days if day.day]
    if full and text:
        newest = max(day.year for day in full)
        named, letters = words.written("person.beside-a-birthday"), words.written("person.sex-beside-a-birthday")
        beside = re.compile(rf"{either(named)}|\b(?:{either(letters)})\b", re.IGNORECASE)
        old = [day for day in full if day.start < 700 and 18 <= newest - day.year <= 105 and day.year < 2004]
        line = [day for day in old if beside.search(text[max(0, day.start - 80) : day.end + 40])]
        if len(line) == 1:
            return line[0]
    return None


def _date(sheet: Sheet, words: Words, language: str, days: list[Day], born: Day | None) -> Day | None:
    hint = sheet.hints.get("date")
    if hint and len(re.sub(r"\D", "", hint)) >= 8:
        digits = re.sub(r"\D", "", hint)[:8]
        return Day(0, 0, int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    text = sheet.text
    full = [day for day in days if day.day and (born is None or day.key != born.key)]
    never = _plain_labels(words, language, "not-date-label")
    full = [day for day in full if not _labelled(text, day, never)]
    labels = _plain_labels(words, language, "date-label")
    said = [day for day in full if _labelled(text, day, labels)]
    if said:
        newest = latest(said)
        assert newest is not None
        head = latest([day for day in full if day.start < 500])
        return newest if head is None or newest.key >= head.key else head
    unclear = [day for day in days if not day.month and "/" in text[day.start : day.end] and not _labelled(text, day, never)]
    unclear = [day for day in unclear if born is None or day.key != born.key]
    head_lines = sheet.lines[min(14, len(sheet.lines) - 1)].end
    return (
        latest([day for day in full if day.start < head_lines])
        or latest([day for day in unclear if day.start < head_lines])
        or latest(full)
        or latest([day for day in days if day.month and (born is None or day.key != born.key)])
    )


def _statements(pieces: list[Piece], paper: Paper, sections: Sections) -> Iterator[Statement]:
    text, lexicon, language = paper.sheet.text, paper.lexicon, paper.language
    short = frozenset(paper.words.markers("short")[language])
    ordinals = frozenset(word.lower() for word in paper.words.of(f"{language}/calendar").get("ordinal-nouns", ()))
    number = 0
    stack: list[tuple[int, Piece, Statement]] = []
    fuzzy = True
    for index, piece in enumerate(pieces):
        if piece.header:
            continue
        block_section, heading, place = piece.section, piece.heading, piece.head
        while stack and (stack[-1][1].block != piece.block or stack[-1][0] >= piece.depth) and not _above(stack[-1], piece):
            stack.pop()
        parent = stack[-1][2] if stack else None
        if piece.cells and len(piece.cells) > 1:
            parts: list[tuple[list[Span], list[int]]] = [
                (
                    [span for cell in piece.cells for span in cell.spans],
                    [i for i, cell in enumerate(piece.cells) for _ in cell.spans],
                )
            ]
        else:
            parts = [(spans, [0] * len(spans)) for spans in sentences(text, piece.spans, short, ordinals)]
        before: Statement | None = None
        first: Statement | None = None
        for spans, cells in parts:
            if not any(text[a:b].strip() for a, b in spans):
                continue
            head = (
                sections.match(
                    text,
                    spans[0][0] + (len(text[spans[0][0] : spans[0][1]]) - len(text[spans[0][0] : spans[0][1]].lstrip())),
                    spans[0][1],
                    False,
                )
                if len(parts) > 1 and before is not None
                else None
            )
            if head is not None and head[3] and head[0] in _MIDWAY:
                block_section, heading, place = head[0], head[2], (spans[0][0], head[1])
                spans = [(head[1], spans[0][1]), *spans[1:]]
            tokens = _ticked(
                tokens_of(text, spans, [day for day in paper.days if any(a <= day.start < b for a, b in spans)], cells)
            )
            if not tokens:
                continue
            number += 1
            made = Statement(
                number, tokens, lexicon.matches(tokens, fuzzy), block_section, heading, piece.block, piece.kind, index, parent,
                tuple(cell.header for cell in piece.cells) if len(piece.cells) > 1 else (),
                [token.day for token in tokens if token.day is not None], before, place, piece.part, piece.dated,
            )  # fmt: skip
            before = made
            first = first or made
            yield made
        if first is not None:
            stack.append((piece.depth, piece, first))


_MIDWAY = frozenset(
    {
        "medications",
        "stopped",
        "allergies",
        "labs",
        "family",
        "plan",
        "illnesses",
        "past-illnesses",
        "comment",
        "social",
        "pending",
        "current-treatment",
        "exam",
        "wishes",
    }
)
"""Sections that may begin in the middle of a paragraph, before a colon."""


def _above(entry: tuple[int, Piece, Statement], piece: Piece) -> bool:
    """Whether an announcing line holds for a piece of the next block."""
    depth, upper, _ = entry
    return upper.lead and piece.block - upper.block == 1 and (piece.depth > depth or piece.kind == "item") and not upper.cells


def _ticked(tokens: list[Token]) -> list[Token]:
    """Without what stands after an empty box, where boxes are ticked: `[x] positive [ ] negative`."""
    boxes: list[tuple[int, int, bool]] = []
    for at, token in enumerate(tokens):
        if token.text in _EMPTY or token.text in _FULL:
            boxes.append((at, at + 1, token.text in _FULL))
        elif token.text == "[" and at + 1 < len(tokens):
            inner = tokens[at + 1]
            if inner.text == "]":
                boxes.append((at, at + 2, False))
            elif inner.norm == "x" and at + 2 < len(tokens) and tokens[at + 2].text == "]":
                boxes.append((at, at + 3, True))
    if len(boxes) < 2 or all(full for _, _, full in boxes):
        return tokens
    kept = tokens[: boxes[0][0]]
    for number, (_, end, full) in enumerate(boxes):
        stop = boxes[number + 1][0] if number + 1 < len(boxes) else len(tokens)
        if full:
            kept += tokens[end:stop]
        else:  # an empty box speaks of the words in its cell
            kept += [token for token in tokens[end:stop] if end < len(tokens) and token.cell != tokens[end].cell]
    return kept or tokens[:1]


_EMPTY, _FULL = frozenset("☐□"), frozenset("☒☑✓✔✗✘■")
