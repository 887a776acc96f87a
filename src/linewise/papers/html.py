"""HTML: its text, headings, lists and tables. Nothing is fetched, and what is struck through or hidden is left out."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from .sheet import Builder

_BREAKS = frozenset(
    {
        "p",
        "div",
        "section",
        "article",
        "header",
        "footer",
        "ul",
        "ol",
        "dl",
        "blockquote",
        "table",
        "hr",
        "paragraph",
        "list",
        "caption",
        "pre",
    }
)
_LINES = frozenset({"li", "dt", "dd", "br", "tr", "item"})
_HIDDEN = frozenset(
    {
        "script",
        "style",
        "head",
        "title",
        "template",
        "noscript",
        "s",
        "del",
        "strike",
        "svg",
        "object",
        "iframe",
        "select",
        "button",
    }
)
_VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "col", "base", "area", "wbr", "source"})


class HtmlText(HTMLParser):
    """Writes a page of HTML into a sheet."""

    def __init__(self, builder: Builder) -> None:
        super().__init__(convert_charrefs=True)
        self.builder = builder
        self.words: list[str] = []
        self.stack: list[tuple[str, bool]] = []
        self.hidden = 0
        self.rows: list[list[str]] = []
        self.heads: list[bool] = []
        self.tables = 0
        self.cell: list[str] | None = None
        self.bold = 0
        self.strong = True

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        style = " ".join(value or "" for key, value in attributes if key in ("style", "class")).lower()
        gone = (
            name in _HIDDEN
            or "line-through" in style
            or "display:none" in style.replace(" ", "")
            or any(key == "hidden" for key, _ in attributes)
        )
        if name not in _VOID:
            self.stack.append((name, gone))
            self.hidden += gone
        if name == "br" or name in _LINES:
            self._break(name)
        elif name in _BREAKS or re.fullmatch(r"h[1-6]", name):
            self._flush(True)
        if name in ("b", "strong"):
            self.bold += 1
        if name == "table":
            self._flush(True)
            self.tables += 1
            if self.tables == 1:
                self.rows, self.heads = [], []
        elif name == "tr" and self.tables:
            self.rows.append([])
            self.heads.append(False)
        elif name in ("td", "th") and self.tables and self.rows:
            self.cell = []
            if name == "th":
                self.heads[-1] = True
        elif name == "li":
            self.words.append("• ")

    def handle_endtag(self, name: str) -> None:
        while self.stack and any(one == name for one, _ in self.stack):
            top, gone = self.stack.pop()
            self.hidden -= gone
            if top == name:
                break
        if name in ("b", "strong"):
            self.bold = max(0, self.bold - 1)
        if name in ("td", "th") and self.cell is not None:
            if self.rows:
                self.rows[-1].append(" ".join("".join(self.cell).split()))
            self.cell = None
        elif name == "table" and self.tables:
            self.tables -= 1
            if not self.tables:
                self._table()
        elif re.fullmatch(r"h[1-6]", name):
            self._flush(True, int(name[1]))
        elif name in _BREAKS:
            self._flush(True)
        elif name in _LINES:
            self._flush(False)

    def handle_data(self, data: str) -> None:
        if self.hidden > 0:
            return
        if self.cell is not None:
            self.cell.append(data)
        elif self.tables and self.rows and data.strip():
            pass
        else:
            if data.strip() and not self.bold:
                self.strong = False
            if "pre" in [name for name, _ in self.stack]:
                for number, line in enumerate(data.split("\n")):
                    if number:
                        self._flush(False)
                        if not line.strip():
                            self.builder.blank()
                    self.words.append(line)
            else:
                self.words.append(re.sub(r"\s+", " ", data))

    def _break(self, name: str) -> None:
        if self.cell is not None:
            self.cell.append(" ; " if name != "br" and "".join(self.cell).strip() else " ")
        else:
            self._flush(False)

    def _flush(self, gap: bool, depth: int = 0) -> None:
        text = "".join(self.words).rstrip()
        if text.strip():
            head = depth or (1 if self.strong and len(text.strip()) < 60 and not text.strip().endswith((".", ",")) else 0)
            self.builder.line(text if "\t" in text or text.startswith("  ") else text.strip(), head)
        if gap:
            self.builder.blank()
        self.words, self.strong = [], True

    def _table(self) -> None:
        rows = [row for row in self.rows if any(cell.strip() for cell in row)]
        if not rows:
            return
        first = next((i for i, row in enumerate(self.rows) if any(cell.strip() for cell in row)), 0)
        header = self.heads[first] and len(rows[0]) > 1 and not (len(self.heads) > 1 and all(self.heads[first:]))
        wide = max(len(row) for row in rows)
        if wide == 1:
            for row in rows:
                self.builder.line(row[0])
        else:
            self.builder.table(rows, header)
        self.rows, self.heads = [], []

    def close(self) -> None:
        super().close()
        if self.tables:
            self._table()
        self._flush(True)


def add_html(builder: Builder, text: str) -> None:
    """Write HTML into a sheet."""
    parser = HtmlText(builder)
    parser.feed(text[:3_000_000])
    parser.close()
