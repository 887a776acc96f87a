"""The text of eligibility taken apart into single criteria, as registries write it.

One criterion is one bullet of the outermost level, with everything below it. Headings say which are inclusions, and which are for one arm,
phase or cohort alone. A paragraph behind the list is a note: it is kept and shown, and is no criterion.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from .model import Kind, Point
from .words import Words

_BULLET = re.compile(r"^(\s*)(\\?[-*•·◦▪‣⁃∙‑–]|\(?\d{1,2}\\?[.)]\)?|\(?[a-zA-Z]\\?[.)]|\(?[ivxIVX]{1,4}\\?[.)])\s+(?=\S)")
_OR = re.compile(r"^\W*(and/or|or|and)\W*$", re.IGNORECASE)
_SHORT = 110  # letters of a heading


class _Line(msgspec.Struct):
    indent: int
    style: str  # "" without a bullet; else its kind: a sign, a number, a letter
    text: str


class _Draft(msgspec.Struct):
    kind: Kind
    group: str
    parts: list[str]
    styles: set[str]


class Split(msgspec.Struct):
    """The criteria in the order of the text, and what is no criterion."""

    points: list[Point] = []
    notes: list[str] = []


def split(text: str, words: Words) -> Split:
    """The single criteria of a text. A text without a heading is taken as inclusions."""
    return _Splitting(words).run(text)


class _Splitting:
    def __init__(self, words: Words) -> None:
        self.words = words
        self.drafts: list[_Draft] = []
        self.notes: list[str] = []
        self.kind: Kind | None = None
        self.group = ""
        self.base: tuple[int, str] | None = None
        self.bulleted = False
        self.joined = False  # an "or" on a line of its own
        self.gathering = False  # bullets that belong to the one above, though the indent does not say so

    def run(self, text: str) -> Split:
        lines = [_line(raw) for raw in text.replace("\r", "").split("\n") if raw.strip()]
        if not any(self.words.heading(one.text) for one in lines):
            self.kind = "inclusion"
            self.bulleted = any(one.style for one in lines)
        for place, line in enumerate(lines):
            self._take(line, lines[place + 1 :])
        points = [
            Point(n=number, kind=draft.kind, parts=tuple(draft.parts), group=draft.group)
            for number, draft in enumerate(self.drafts, 1)
        ]
        return Split(points, self.notes)

    def _take(self, line: _Line, after: Sequence[_Line]) -> None:
        heading = self.words.heading(line.text) if len(line.text) <= _SHORT else None
        if heading is not None:
            self._enter(heading, line.text, after)
        elif self.kind is None:
            self.notes.append(line.text)
        elif _OR.match(line.text) and not line.style:
            self.joined = line.text.strip(" .:").lower() != "and"
        elif self._label(line, after):
            self.group = self.words.group(line.text)
            self.gathering = False
        elif line.style:
            self._bullet(line)
        else:
            self._plain(line)

    def _enter(self, kind: Kind, text: str, after: Sequence[_Line]) -> None:
        self.kind, self.base, self.gathering = kind, None, False
        self.group = self.words.group(text)
        section = []
        for line in after:
            if len(line.text) <= _SHORT and self.words.heading(line.text):
                break
            section.append(line)
        self.bulleted = any(one.style for one in section)

    def _label(self, line: _Line, after: Sequence[_Line]) -> bool:
        """Whether a line is a heading inside the list: of an arm, a phase, or in capitals."""
        text = line.text.strip()
        if len(text) > _SHORT or (line.style and self.base is not None and line.indent > self.base[0]):
            return False
        if line.style:
            shouted = (
                text == text.upper() and len(text.split()) >= 2 and all(len(word) > 3 and word.isalpha() for word in text.split())
            )
            return shouted or (text == text.upper() and self.words.group_label.match(text) is not None)
        if self.words.group_label.match(text):
            return True
        return text.endswith(":") and bool(after) and (bool(after[0].style) and self.bulleted) and not self._continues(line)

    def _continues(self, line: _Line) -> bool:
        return (
            bool(self.drafts)
            and self.base is not None
            and (line.indent > self.base[0] or self.drafts[-1].parts[-1].endswith(":"))
        )

    def _bullet(self, line: _Line) -> None:
        if self.base is None:
            self.base = (line.indent, line.style)
        top = line.indent <= self.base[0]
        last = self.drafts[-1] if self.drafts and self.drafts[-1].kind == self.kind else None
        if last is not None and self.joined:
            last.parts.append(f"OR {line.text}")
        elif last is not None and (not top or self._gathers(last, line)):
            last.parts.append(line.text)
        else:
            self._begin(line.text, line.style)
        self.joined = False

    def _gathers(self, last: _Draft, line: _Line) -> bool:
        """A list that its registry did not indent: behind a colon, as long as its items end in "or", "and" or a comma."""
        said = last.parts[-1].rstrip()
        if len(last.parts) == 1 and said.endswith(":"):
            self.gathering = True
            return True
        if self.gathering and re.search(r"(,|;|\bor|\band)$", said, re.IGNORECASE):
            return True
        self.gathering = False
        return bool(re.search(r"\bor$", said, re.IGNORECASE)) and line.style in last.styles

    def _begin(self, text: str, style: str) -> None:
        assert self.kind is not None
        self.drafts.append(_Draft(self.kind, self.group, [text], {style}))
        self.gathering = False

    def _plain(self, line: _Line) -> None:
        last = self.drafts[-1] if self.drafts and self.drafts[-1].kind == self.kind else None
        if not self.bulleted:
            if self.words.preface.search(line.text) or line.text.endswith(":"):
                self.notes.append(line.text)
            else:
                self._begin(line.text, "")
        elif last is not None and self._continues(line):
            last.parts.append(line.text)
        elif last is not None and self.joined:
            last.parts.append(f"OR {line.text}")
            self.joined = False
        else:
            self.notes.append(line.text)


def _line(raw: str) -> _Line:
    raw = raw.expandtabs(4)
    found = _BULLET.match(raw)
    if found is None:
        return _Line(len(raw) - len(raw.lstrip()), "", raw.strip())
    sign = found.group(2).strip("\\()")
    style = "number" if sign[0].isdigit() else "letter" if sign[0].isalpha() else "sign"
    text = raw[found.end() :].strip()
    again = _BULLET.match(text)  # a bullet inside a bullet, as "* • text"
    if again is not None and not again.group(2)[0].isalnum():
        text = text[again.end() :].strip()
    return _Line(len(found.group(1)), style, text)
