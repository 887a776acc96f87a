"""One page for one question: tables and pictures, everything inside. Counts are made fit to be shown on the way in, never later."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import polars as pl

from linewise import __version__
from linewise.files import FORMULA

from . import png
from .cells import LEAST, Cells

_STYLE = Path(__file__).with_name("style.css")
_DISCLAIMER = "Linewise informs and prepares a decision; it never takes one."


def without_formulas(frame: pl.DataFrame) -> pl.DataFrame:
    """A table whose texts no spreadsheet takes for a formula."""
    texts = pl.col(pl.String)
    return frame.with_columns(pl.when(texts.str.slice(0, 1).is_in(list(FORMULA))).then("'" + texts).otherwise(texts).name.keep())


@dataclass
class Report:
    """A page while it is put together. `least` is the smallest count of people that is shown."""

    title: str
    least: int = LEAST
    parts: list[str] = field(default_factory=list)
    headings: list[tuple[str, str]] = field(default_factory=list)
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)
    limits: list[str] = field(default_factory=list)
    opening: str = ""
    basis: str = ""
    """What the answer rests on: the state of the knowledge."""

    @property
    def cells(self) -> Cells:
        """How counts are shown."""
        return Cells(self.least)

    # Words

    def lead(self, text: str) -> None:
        """The first sentences: who was asked about, as of when, and the answer in short."""
        self.opening = text

    def cannot_say(self, *texts: str) -> None:
        """What the reader must not conclude; it stands at the top, before any number."""
        self.limits += texts

    def say(self, text: str) -> None:
        """A paragraph."""
        self.parts.append(f"<p>{escape(text)}</p>")

    def note(self, text: str) -> None:
        """A paragraph in small."""
        self.parts.append(f"<p class='note'>{escape(text)}</p>")

    def heading(self, text: str) -> None:
        """A part of the page, which the contents at the top lead to."""
        anchor = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
        self.headings.append((anchor, text))
        self.parts.append(f"<h2 id='{anchor}'>{escape(text)}</h2>")

    def number(self, count: int) -> str:
        """A count of people as it may be shown."""
        return self.cells.text(count)

    def too_few(self, people: int) -> bool:
        """Whether there are too few people for any table: even that a value occurs would tell of one of them. The page then says so."""
        if self.cells.shown(people):
            return False
        self.say(f"There are fewer than {max(self.least, 1)} people, too few for tables and pictures.")
        return True

    # Pictures and tables

    def picture(self, name: str, svg: str, note: str = "", broad: bool = False) -> None:
        """A picture, with a note below it. Whatever it draws must have been made fit to be shown."""
        self.pictures[name] = svg
        files = [f"{name}.svg", *([f"{name}.png"] if png.available() else [])]
        self.parts.append(
            f"<figure{' class=broad' if broad else ''}><div class='scroll' tabindex='0' role='region' aria-label='picture {escape(name, True)}'>"
            f"{svg}</div><figcaption>{escape(note)} {_files('Picture', files)}</figcaption></figure>"
        )

    def table(
        self,
        name: str,
        frame: pl.DataFrame,
        counts: Sequence[str],
        rest: Sequence[str] = (),
        show: int = 60,
        caption: str = "",
        folded: bool = False,
        links: Mapping[str, str] | None = None,
    ) -> pl.DataFrame:
        """A table whose columns `counts` are numbers of people; `rest` hangs on them and goes with a small one. Returns it as shown.

        `folded`: closed at first, where a picture says the same. `links`: for a column of words, the column that holds the address.
        """
        return self.place(name, self.cells.table(frame, counts, rest), counts, show, caption, folded, links)

    def place(
        self,
        name: str,
        shown: pl.DataFrame,
        counts: Sequence[str],
        show: int = 60,
        caption: str = "",
        folded: bool = False,
        links: Mapping[str, str] | None = None,
    ) -> pl.DataFrame:
        """A table that was made fit to be shown before."""
        self.tables[name] = shown
        links = links or {}
        columns = [column for column in shown.columns if column not in links.values()]
        head = "".join(
            f"<th scope='col'{' class=n' if shown.schema[column].is_numeric() else ''}>{escape(column)}</th>"
            for column in columns
        )
        body = "".join(f"<tr>{self._row(row, columns, counts, links)}</tr>" for row in shown.head(show).iter_rows(named=True))
        more = f"<p class='note'>{shown.height - show:,} more rows in {escape(name)}.csv.</p>" if shown.height > show else ""
        title = escape(caption or name.replace("-", " "))
        made = (
            f"<div class='scroll' tabindex='0' role='region' aria-label='table {escape(name, True)}'><table><caption>{title}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{more}"
            f"<p class='note'>{_files('Table', [f'{name}.csv', f'{name}.parquet'])}</p>"
        )
        self.parts.append(f"<details><summary>The numbers: {title}</summary>{made}</details>" if folded else made)
        return shown

    def _row(self, row: Mapping[str, object], columns: Sequence[str], counts: Sequence[str], links: Mapping[str, str]) -> str:
        cells = []
        for column in columns:
            cell, address = row[column], row.get(links.get(column, ""))
            if column in counts:
                inner = escape(f"<{self.least}") if cell is None else f"{cell:,}"
            else:
                inner = _cell(cell)
            if isinstance(address, str) and address.startswith("https://"):
                inner = f"<a href='{escape(address, True)}' rel='noreferrer'>{inner}</a>"
            kind = "n" if column in counts or isinstance(cell, int | float) else _width(cell)
            cells.append(f"<td{f' class={kind}' if kind else ''}>{inner}</td>")
        return "".join(cells)

    # The whole

    def write(self, folder: Path, say: Callable[[str], None] = lambda text: None) -> None:
        """The page, each table as CSV and Parquet, each picture as SVG and PNG. The page is written last: with it the answer is whole."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, frame in self.tables.items():
            without_formulas(frame).write_csv(folder / f"{name}.csv")
            frame.write_parquet(folder / f"{name}.parquet")
        drawn = png.available()
        for name, svg in self.pictures.items():
            (folder / f"{name}.svg").write_text(svg, encoding="utf-8")
            if drawn:
                (folder / f"{name}.png").write_bytes(png.png(svg))
        if self.pictures and not drawn:
            say("pictures are written as SVG only: for PNG as well, pip install 'linewise[cohort]' (it brings resvg-py)")
        (folder / "report.html").write_text(self.html(), encoding="utf-8")

    def html(self) -> str:
        """The page: everything inside it, no script, nothing from elsewhere."""
        contents = "".join(f"<li><a href='#{anchor}'>{escape(text)}</a></li>" for anchor, text in self.headings)
        limits = "".join(f"<li>{escape(text)}</li>" for text in self.limits)
        box = (
            f"<section class='box' aria-labelledby='limits'><h2 id='limits'>What this cannot say</h2><ul>{limits}</ul></section>"
        )
        nav = f"<nav aria-label='Contents'><ol>{contents}</ol></nav>" if len(self.headings) > 1 else ""
        return (
            f"<!doctype html><html lang='en'><head><meta charset='utf-8'><meta name='viewport' content='width=device-width,initial-scale=1'>"
            f"<title>{escape(self.title)}</title><style>{_STYLE.read_text(encoding='utf-8')}</style></head><body>"
            f"<header><h1>{escape(self.title)}</h1><p class='lead'>{escape(self.opening)}</p></header>"
            f"<main>{box if limits else ''}{nav}{''.join(self.parts)}</main>"
            f"<footer><p class='note'>{escape(self._small())}</p><p class='note'>{escape(self._made())}</p></footer></body></html>"
        )

    def _small(self) -> str:
        if self.cells.exact:
            return "Counts are shown as they are, small ones too: this report is for its owner and is not fit to be passed on."
        cells = self.cells
        return (
            f"Counts of people below {self.least} are not shown (<{self.least}). All others stand in steps of {cells.step}: {cells.first} stands for "
            f"{self.least} to {2 * cells.step}, and so on. Shares are worked out from these, curves from rounded counts. Parts need not add up to their total."
        )

    def _made(self) -> str:
        return f"Made with Linewise {__version__}{f', {self.basis}' if self.basis else ''}. {_DISCLAIMER}"


def _files(what: str, names: Sequence[str]) -> str:
    listed = ", ".join(f"<a href='{escape(name, True)}'>{name.rsplit('.', 1)[1].upper()}</a>" for name in names)
    return f"<span class='files'>{what} {escape(names[0].rsplit('.', 1)[0])}: {listed}</span>"


def _width(cell: object) -> str:
    """How a cell of words stands: long ones get room, short ones are not broken."""
    size = len(cell) if isinstance(cell, str) else 0
    return "w" if size > 40 else "t" if 0 < size <= 18 else ""


def _cell(cell: object) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:.1f}"
    return f"{cell:,}" if isinstance(cell, int) else escape(str(cell))
