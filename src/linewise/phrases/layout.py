"""From lines to pieces: headings, paragraphs, list items, rows of tables.

What a document is divided into: `statements.py`. What a heading is: `headings.py`. Where a sentence ends: `sentences.py`.
"""

from __future__ import annotations

import re

from linewise.papers.sheet import Line, Sheet, Span

from .headings import BY_NAME, Sections
from .statements import Cell, Piece

_BULLET = re.compile(
    r"(?:[-•*·◦▪‣●○–—>+]|\(?\d{1,2}[.)]|\(?[a-hA-H][.)]|[ivxIVX]{1,4}\.|\[[ xX]?\])\s+(?=\S)|[•●▪]\s*(?=\S)|\d{1,2}[.)](?=[A-ZÄÖÜ])"
)
_SHORT_DAY = re.compile(r"\d{1,2}\.\d{1,2}\.|\d{1,2}/\d{1,2}")
"""A day without its year, as the heads of a table of measurements have it; one alone may be anything."""
_GAP = re.compile(r"(?:\.\s?){4,}\.*|[_…]{3,}|\s*[|¦]\s*|\t+\s*| {3,}|(?<![.:;!?,]) {2,}|(?<=[:]) {2,}|(?<=\.) {3,}")
_RULE = re.compile(r"[\s\-=_*~#.|+:]+$")
_LABEL = re.compile(r"[^\W\d_][^:();.]{0,42}(?:\([^()]*\))?\s?:(?=\s|$)")
_DAY = re.compile(r"\d{1,2}[./]\s?\d{1,2}[./]\s?\d{2,4}|\d{4}-\d\d-\d\d")
_CLOCK = re.compile(r"\b\d{1,2}:\d\d(?::\d\d)?\b")
"""A time of day, as it stands behind the day in the head of a column."""
_FACTS = ("primaryspecimen", "metspecimen", "biopsy", "sitemet", "cancer", "metastatic", "compoundsite")
_OPEN_ENDS = ("-", "–", "—", "/", "+", "&", "(", ",")
_LISTS = frozenset({"medications", "stopped", "allergies", "current-treatment"})
_APART = frozenset({"specimen", "diagnosis", "clinical"})
_ACCOUNTS = frozenset({"clinical", "illnesses", "treatment", "oncology", "diagnosis"})
"""Sections in which each line may be an entry of its own."""
_ENTRIES = frozenset(
    {"medications", "stopped", "allergies", "illnesses", "past-illnesses", "wishes", "plan", "family", "treatment", "current-treatment", "adjuvant", "metastatic", "imaging", "pending", "oncology", "clinical"}
)  # fmt: skip
"""Headings that may stand beside their text, in the first column of a form."""
_HELD = frozenset({"vus", "negatives", "gene-list", "therapies", "definitions", "controls", "stopped", "education"})
"""Sections that a note inside them does not end: what follows the note is still under their heading."""
_TIMELINES = frozenset({"treatment", "metastatic", "adjuvant", "current-treatment", "oncology", "diagnosis"})


class Layout:
    """Reads a sheet's lines in order, and gives its pieces."""

    def __init__(self, sheet: Sheet, sections: Sections) -> None:
        self.sheet, self.sections = sheet, sections
        self.listed, self.started = sections.listed, sections.days.started
        self.pieces: list[Piece] = []
        self.section, self.heading, self.head = "", "", (0, 0)
        self.kept: tuple[str, str, Span] = ("", "", (0, 0))
        self.part, self.dated_lines = "", 0
        self.dated: Span = (0, 0)  # the section to go back to after an inline heading's block
        self.block = 0
        self.rows: list[Line] = []
        self.heads: tuple[list[int], list[str]] = ([], [])  # of the last table drawn with spaces
        self.prose = self._width()

    def _width(self) -> int:
        """How long lines of running text are: the second longest without columns, as a title may be longer than them."""
        lines = (line for line in self.sheet.lines if not line.table and not line.cells)
        sizes = sorted(line.end - line.start for line in lines if not _GAP.search(self.sheet.text[line.start : line.end].strip()))
        return sizes[-2] if len(sizes) > 5 else 0

    def run(self) -> list[Piece]:
        lines = self.sheet.lines
        blocks: list[list[Line]] = []
        for line in lines:
            if _RULE.match(self.sheet.text[line.start : line.end]) and not line.cells:
                if blocks and blocks[-1]:
                    blocks.append([])
                continue
            if line.gap or not blocks or (blocks[-1] and blocks[-1][-1].table != line.table):
                blocks.append([])
            blocks[-1].append(line)
        for block in blocks:
            if block:
                self.block += 1
                self._block(block)
        return self.pieces

    # One block of lines without a space between them

    def _block(self, lines: list[Line]) -> None:
        if lines[0].table:
            self._table(lines)
            return
        text = self.sheet.text
        width = max((line.end - line.start for line in lines), default=0)
        self.dated_lines = sum(1 for line in lines if self.started.match(text[line.start : line.end].lstrip(" -•*·")))
        grid = self._grid(lines)
        form = self._form(lines) if not grid else 0
        current: Piece | None = None
        last: Line | None = None
        filled: Piece | None = None  # the entry of a form that is being read
        for line in lines:
            content = text[line.start : line.end]
            start = line.start + len(content) - len(content.lstrip())
            if id(line) in grid:
                current = self._grid_row(line, grid[id(line)], current)
                last = line
                continue
            if form and start - line.start < form - 2:
                if filled:
                    self._leave()
                filled = self._entry(line, start, form)
                if filled is not None:
                    current, last = filled, line
                    continue
            bullet = _BULLET.match(text, start, line.end)
            if bullet and current is not None and last is not None and self._mid_sentence(last, bullet.group(), width):
                bullet = None  # `Vitamin` / `D. Another …`: the end of a sentence, not a letter of a list
            if current is not None and not bullet and self._wrapped(current, line, start):
                last = line
                continue
            begin = bullet.end() if bullet else start
            depth = start - line.start
            head = self._titled(line, begin) or self.sections.match(text, begin, line.end, line.depth > 0)
            if head is not None and self._is_result(begin, line):
                head = None
            if head is not None:
                section, end, name, inline = head
                inner = self.sections.match(text, end, line.end, False) if inline else None
                if inner is not None and not inner[3]:  # `Appendix: Genes assayed`
                    section, end, name, inline = inner[0], line.end, text[begin : line.end].strip(), False
                self._enter(section, name, inline, (begin, end))
                current = None
                if end < line.end and text[end : line.end].strip(" :-–="):
                    current = self._begin([(end, line.end)], depth, line, "item" if bullet else "text")
                    if inline and (bullet or section == "superseded" or (section == "comment" and self.kept[0] in _HELD)):
                        self._leave()  # such a heading holds for its item, its sentence
                last = line
                continue
            if line.depth:
                self._enter("", text[begin : line.end].strip(), False, (begin, line.end))
                current = self._begin([(begin, line.end)], depth, line, "text")
                current.lead = True
                current, last = None, line
                continue
            if current is not None and last is not None and not bullet and self._continues(current, last, line, start, width):
                current.spans.append((begin, line.end))
                if current.cells:
                    current.cells[-1].spans.append((begin, line.end))
            else:
                if self.section == "person" and self.kept[0] != "person":
                    self._leave()
                current = self._begin([(begin, line.end)], depth + (1 if bullet else 0), line, "item" if bullet else "text")
                current.lead = text[begin : line.end].rstrip().endswith(":")
                self._split_cells(current, line, begin)
            last = line
        self._leave()

    def _form(self, lines: list[Line]) -> int:
        """Where the second column of a form begins (`Allergies      none known`), 0 where a block is none: four lines and more begin their second cell there."""
        seconds = [cells[1][0] - line.start for line in lines if len(cells := self._cells_of(line, line.start)) > 1]
        column = max(set(seconds), key=seconds.count, default=0)
        return column if column > 10 and seconds.count(column) > 3 else 0

    def _entry(self, line: Line, start: int, form: int) -> Piece | None:
        """A line of a form whose name is a heading: what stands beside it stands under that heading."""
        cells = self._cells_of(line, start)
        if len(cells) < 2 or abs(cells[1][0] - line.start - form) > 1:
            return None
        head = self.sections.match(self.sheet.text, *cells[0], True)
        if head is None or head[1] < cells[0][1] or head[0] not in _ENTRIES:
            return None
        self._enter(head[0], head[2], True, cells[0])
        return self._begin([(cells[1][0], line.end)], start - line.start, line, "text")

    def _begin(self, spans: list[Span], depth: int, line: Line, kind: str) -> Piece:
        made = Piece(
            spans,
            [],
            self.section,
            self.heading,
            depth,
            self.block,
            line.page,
            kind,
            head=self.head,
            part=self.part,
            dated=self.dated,
        )
        self.pieces.append(made)
        return made

    def _enter(self, section: str, name: str, inline: bool, head: Span) -> None:
        if not inline:
            self.kept = (section, name, head)
        self.section, self.heading, self.head = section, name, head
        if section in ("addendum", "superseded"):
            self.part = section if section == "addendum" or not inline else self.part
        elif self.part == "superseded" or (section == "diagnosis" and _DAY.search(name)):
            self.part = ""
        if _DAY.search(name) and not inline:
            self.dated = head

    def _leave(self) -> None:
        """The end of a block ends what an inline heading began."""
        self.section, self.heading, self.head = self.kept

    def _continues(self, current: Piece, last: Line, line: Line, start: int, width: int) -> bool:
        text = self.sheet.text
        before = text[last.start : last.end].rstrip()
        content = text[start : line.end]
        if self._next_entry(current, line, start) or self._next_fact(current, last, line, start):
            return False
        if len(current.cells) > 1:
            second = current.cells[1].spans[0][0] - self.sheet.line_at(current.cells[1].spans[0][0]).start
            if self.started.match(content) and before[-1:] not in _OPEN_ENDS:
                return False  # a list of dated entries beside one name
            return len(self._cells_of(line, start)) == 1 and (
                start - line.start >= second - 1 or content[:1].islower() or content[:1] == "("
            )
        if _LABEL.match(content) and not content[:1].islower():
            return False
        cells = self._cells_of(line, start)
        if len(cells) > 1 and self.sections.names_a_test(text, *cells[0]):
            return False  # a row of results below a sentence
        if before.endswith(":") and len(before) < 0.5 * width:
            return False
        open_ended = before[-1:] in ",-–(/&+" or before.count("(") > before.count(")")
        if self.started.match(content) and not open_ended and self.dated_lines > 1:
            return False
        first = text[current.spans[0][0] : current.spans[0][1]]
        if (
            self.section in _TIMELINES
            and content[:1].isupper()
            and not open_ended
            and self.started.match(first)
            and _last_word(before) not in self.listed("layout.goes-on")
        ):
            return False
        if content[:1].islower() or content[:1] in "(,;)%/&+":
            return True
        if before[-1:] in ",-–(/&+" or _last_word(before) in self.listed("layout.goes-on", "layout.goes-on-anyway"):
            return True
        if before[-1:] in ".;!?":
            return len(before) > 0.72 * width and start - line.start <= last.end - last.start
        filled = len(before) + 1 + len(content.split(maxsplit=1)[0])  # a line is broken where the next word has no room
        if self.section in _ACCOUNTS and filled < 0.8 * max(width, self.prose):
            return False
        return len(before) > 0.62 * width and len(before) > 40

    def _titled(self, line: Line, begin: int) -> tuple[str, int, str, bool] | None:
        """A title with something else beside it on its line: `ALLERGIES          Patient: …`."""
        spans = self._cells_of(line, begin)
        if len(spans) < 2:
            return None
        first = self.sheet.text[slice(*spans[0])].strip()
        beside = self.sheet.text[spans[1][0] : line.end]
        if not (_LABEL.match(beside) or (first.isupper() and len(first.split()) > 1)) or first.endswith(":"):
            return None
        head = self.sections.match(self.sheet.text, *spans[0], line.depth > 0)
        if head is None or head[3] or head[0] in BY_NAME or self.sections.names_a_test(self.sheet.text, *spans[0]):
            return None
        return head[0], spans[1][0], first, False

    def _is_result(self, begin: int, line: Line) -> bool:
        """Whether what could be a heading is the name of a test with its value beside it: `HER2 IHC        2+`."""
        spans = self._cells_of(line, begin)
        return (
            len(spans) == 2
            and self.sheet.text[slice(*spans[1])][:1].isdigit()
            and spans[1][1] - spans[1][0] < 12
            and self.sections.names_a_test(self.sheet.text, *spans[0])
        )

    def _mid_sentence(self, last: Line, mark: str, width: int) -> bool:
        before = self.sheet.text[last.start : last.end].rstrip()
        return mark[:1].isalnum() and len(before) > 0.8 * width and len(before) > 60 and before[-1:] not in ".:;!?"

    def _next_fact(self, current: Piece, last: Line, line: Line, start: int) -> bool:
        """Whether an indented line under a heading of diagnoses begins with a tumour, a specimen or a place of its own."""
        if current.section not in ("diagnosis", "oncology") or start - line.start < 6 or last.start == line.start:
            return False
        before = self.sheet.text[last.start : last.end].rstrip()
        content = self.sheet.text[start : line.end]
        if before[-1:] in ",-–(/&+" or not content[:1].isupper() or before.count("(") > before.count(")"):
            return False
        return self.sections.begins_with(self.sheet.text, start, line.end, _FACTS)

    def _wrapped(self, current: Piece, line: Line, start: int) -> bool:
        """Takes a line whose cells go on in the columns of the row above it: a narrow column broke `03/2022 –` / `01/2024`."""
        if current.kind != "row" or len(current.cells) < 2 or current.header:
            return False
        text = self.sheet.text
        spans = self._cells_of(line, start)
        columns = [cell.spans[0][0] - self.sheet.line_at(cell.spans[0][0]).start for cell in current.cells]
        places = [next((i for i, column in enumerate(columns) if abs(span[0] - line.start - column) <= 1), -1) for span in spans]
        if -1 in places or not places:
            return False
        if 0 in places and text[slice(*current.cells[0].spans[-1])].rstrip()[-1:] not in _OPEN_ENDS:
            return False
        if 0 not in places and len(places) == 1:
            return False  # a single cell is judged by its words
        if 0 not in places and self.sections.measured(text[slice(*spans[0])].strip()):
            return False  # the next of several tests under one name
        for span, place in zip(spans, places, strict=True):
            current.cells[place].spans.append(span)
        current.spans = [span for cell in current.cells for span in cell.spans]
        return True

    def _next_entry(self, current: Piece, line: Line, start: int) -> bool:
        """Whether a line begins another entry of a list: a name of a drug, as the entry above began with one."""
        if not self.sections.begins_with_drug(self.sheet.text, start, line.end):
            return False
        first = self.sheet.text[current.spans[0][0] : current.spans[-1][1]].rstrip()
        if first[-1:] in "+/&(" or _last_word(first) in self.listed("layout.goes-on"):
            return False
        ended = first[-1:] in ").;" or first[-1:].isdigit()
        listed = current.section in _LISTS or (current.section in _TIMELINES and ended)
        return listed and self.sections.begins_with_drug(self.sheet.text, *current.spans[0])

    # Cells

    def _cells_of(self, line: Line, begin: int) -> list[Span]:
        text = self.sheet.text
        found, at = [], begin
        for gap in _GAP.finditer(text, begin, line.end):
            if gap.start() > at:
                found.append((at, gap.start()))
            at = gap.end()
        if at < line.end:
            found.append((at, line.end))
        return [span for span in found if text[span[0] : span[1]].strip()]

    def _split_cells(self, piece: Piece, line: Line, begin: int) -> None:
        spans = self._cells_of(line, begin)
        own = [
            span
            for span in spans[1:]
            if (head := self.sections.match(self.sheet.text, *span, False)) and head[3] and head[0] in _APART
        ]
        if own:  # `Specimen: …` in a line with other things
            cut = spans.index(own[0])
            kept = (self.section, self.heading, self.head)
            for span in spans[cut:]:
                head = self.sections.match(self.sheet.text, *span, False)
                if head is not None and head[3]:
                    self.section, self.heading, self.head = head[0], head[2], (span[0], head[1])
                    span = (head[1], span[1])
                self._begin([span], piece.depth + 1, line, "text")
            self.section, self.heading, self.head = kept
            spans = spans[:cut]
            piece.spans = spans
        if len(spans) > 1:
            piece.cells = [Cell([span], number) for number, span in enumerate(spans)]
            piece.spans = spans
            piece.kind = "row"

    def _grid(self, lines: list[Line]) -> dict[int, list[Cell]]:
        """The lines that are rows of a table drawn with spaces: a line of column heads, and what stands beneath it."""
        found: dict[int, list[Cell]] = {}
        for number, line in enumerate(lines):
            spans = self._cells_of(line, line.start)
            alone = number + 1 >= len(lines)
            if len(spans) < 2 or (alone and (len(spans) < 3 or not self._ruled(line))) or not self._is_heads(spans):
                continue
            starts = [a - line.start for a, _ in spans]
            names = [self.sheet.text[a:b].strip() for a, b in spans]
            found[id(line)] = []
            if alone:
                self.heads = (starts, names)
                break
            below = number + 1
            left = self._left_of(lines[below:], starts[0])
            if left is not None:  # the names of the rows have no head
                starts, names = [left, *starts], ["", *names]
            second = self._cells_of(lines[below], lines[below].start)
            if below + 1 < len(lines) and self._second_heads(lines[below], second, starts):  # heads of two lines
                for a, b in second:
                    column = max((i for i, s in enumerate(starts) if s <= a - lines[below].start + 2), default=0)
                    names[column] += " " + self.sheet.text[a:b].strip()
                found[id(lines[below])] = []
                below += 1
            self._under(lines[below:], starts, names, found)
            self.heads = (starts, names)
            break
        else:
            self._goes_on(lines, found)
        return found

    def _ruled(self, line: Line) -> bool:
        """Whether a line of dashes stands right under a line."""
        below = self.sheet.text[line.end :].lstrip("\n").split("\n", 1)[0]
        return len(below.strip()) > 10 and _RULE.match(below) is not None

    def _left_of(self, lines: list[Line], first: int) -> int | None:
        """Where the rows under a line of heads begin, if that is clearly left of the first head."""
        begins = [
            self._cells_of(line, line.start)[0][0] - line.start for line in lines if len(self._cells_of(line, line.start)) > 2
        ]
        return min(begins) if begins and min(begins) < first - 4 else None

    def _goes_on(self, lines: list[Line], found: dict[int, list[Cell]]) -> None:
        """A block without heads that goes on with the table above it: a ruled line, or the title of a group, stands between. Its rows keep to the columns."""
        starts, names = self.heads
        if len(starts) < 3:
            return
        rows = 0
        for line in lines:
            spans = self._cells_of(line, line.start)
            kept = [any(abs(a - line.start - start) <= 2 for start in starts) for a, _ in spans]
            if len(spans) > 2 and not all(kept):
                return
            rows += len(spans) > 2
        if rows:
            self._under(lines, starts, names, found)
        else:
            self.heads = ([], [])

    def _is_heads(self, spans: list[Span]) -> bool:
        """Whether the cells of a line name columns: words for columns, days, at least half of them."""
        words = [_CLOCK.sub("", self.sheet.text[a:b]).strip() for a, b in spans]
        if any(":" in word or len(word) > 46 for word in words):
            return False
        if any(self.sections.personal(word) for word in words):
            return False
        named = [word for word in words if self.sections.measured(word)]
        if len(named) >= 3 and len(named) >= len(words) - 1:
            return True
        days = sum(bool(_SHORT_DAY.fullmatch(word)) for word in words)
        heads = sum(
            1
            for word in words
            if self.sections.column(word)
            or self.sections.dated(word)
            or (days > 1 and _SHORT_DAY.fullmatch(word))
            or (self.sections.column(words[0]) and self.sections.specimen(word))
        )
        return heads >= max(2, (len(words) + 1) // 2) and not any(re.search(r"\d\s*(?:%|mg|g/dl)", word) for word in words)

    def _second_heads(self, line: Line, spans: list[Span], starts: list[int]) -> bool:
        """A second line of heads: in the columns of the first, without numbers, with a word for a column."""
        if len(spans) < 2:
            return False
        words = [self.sheet.text[a:b].strip() for a, b in spans]
        aligned = all(any(abs(a - line.start - start) <= 2 for start in starts) for a, _ in spans)
        plain = not any(re.search(r"\d", word) for word in words)
        return (
            aligned
            and plain
            and any(self.sections.column(word) for word in words[:1])
            and any(self.sections.column(word) for word in words[1:])
        )

    def _under(self, lines: list[Line], starts: list[int], names: list[str], found: dict[int, list[Cell]]) -> None:
        for line in lines:
            spans = self._cells_of(line, line.start)
            first = spans[0][0] - line.start if spans else 0
            content = self.sheet.text[line.start : line.end].strip()
            if self.sections.match(self.sheet.text, spans[0][0], line.end, False) and len(spans) == 1 and first <= starts[0] + 1:
                return
            if len(spans) == 1 and first <= starts[0] + 1 and len(content) > 60:
                return
            cells: list[Cell] = []
            for a, b in spans:
                column = max((i for i, s in enumerate(starts) if s <= a - line.start + 2), default=0)
                following = starts[column + 1] if column + 1 < len(starts) else None
                if following is not None and b - line.start > following + 3 and a - line.start > starts[column] + 4:
                    column += 1
                if cells and cells[-1].column == column:
                    cells[-1].spans.append((a, b))
                else:
                    cells.append(Cell([(a, b)], column, names[column]))
            found[id(line)] = cells

    def _grid_row(self, line: Line, cells: list[Cell], current: Piece | None) -> Piece:
        if not cells:  # the heads
            made = self._begin([(line.start, line.end)], 0, line, "row")
            made.header = True
            return made
        upper = current if current is not None and current.kind == "row" and not current.header and current.cells else None
        open_ended = upper is not None and self.sheet.text[slice(*upper.cells[0].spans[-1])].rstrip()[-1:] in _OPEN_ENDS
        if upper is not None and (cells[0].column > 0 or (open_ended and len(cells) > 1)):  # what did not fit into the row above
            for cell in cells:
                same = next((one for one in upper.cells if one.column == cell.column), None)
                if same is None:
                    upper.cells.append(cell)
                else:
                    same.spans += cell.spans
            upper.cells.sort(key=lambda one: one.column)
            upper.spans = [span for one in upper.cells for span in one.spans]
            return upper
        made = self._begin([span for cell in cells for span in cell.spans], 0, line, "row")
        made.cells = cells
        return made

    def _table(self, lines: list[Line]) -> None:
        """A table that the form of the file says is one."""
        text = self.sheet.text
        names: list[str] = []
        for number, line in enumerate(lines):
            words = [text[a:b].strip() for a, b in line.cells]
            filled = [word for word in words if word]
            if line.header or (
                number == 0
                and len(filled) > 1
                and self._is_heads([span for span in line.cells if text[span[0] : span[1]].strip()])
            ):
                names = words
                self._begin([(line.start, line.end)], 0, line, "row").header = True
                continue
            cells = [
                Cell([span], column, names[column] if column < len(names) else "")
                for column, span in enumerate(line.cells)
                if text[span[0] : span[1]].strip()
            ]
            if not cells:
                continue
            if len(cells) == 1 or len({cell.column for cell in cells}) == 1:
                a, b = cells[0].spans[0]
                head = self.sections.match(text, a, b, False)
                if head is not None and head[1] >= b - 1:
                    self._enter(head[0], head[2], False, (a, b))
                    continue
            first = self.sections.match(text, *cells[0].spans[0], True) if len(cells) == 2 and not names else None
            if first is not None and first[1] >= cells[0].spans[0][1]:
                self._enter(first[0], first[2], True, cells[0].spans[0])
                made = self._begin(list(cells[1].spans), 0, line, "text")
                self._leave()
                continue
            made = self._begin([span for cell in cells for span in cell.spans], 0, line, "row")
            made.cells = cells


def _last_word(text: str) -> str:
    """The last of several words, as it is written."""
    return text.rpartition(" ")[2] if " " in text else ""
