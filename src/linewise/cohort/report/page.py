"""One page for one question: tables and pictures, everything inside, small cells suppressed before they get here."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import polars as pl

LEAST = 11
"""Counts of people below this are not shown: a usual limit for what may leave a health system."""

_STYLE = """body{font-family:system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;line-height:1.45}
table{border-collapse:collapse;margin:1rem 0;font-size:.9rem}th,td{border-bottom:1px solid #ccc;padding:.25rem .7rem;text-align:left}
td.n{text-align:right;font-variant-numeric:tabular-nums}figure{margin:1.5rem 0}svg{max-width:100%;height:auto}.note{color:#444}"""


@dataclass
class Report:
    """A page while it is put together. `least` is the smallest count that is shown."""

    title: str
    least: int = LEAST
    parts: list[str] = field(default_factory=list)
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)

    def say(self, text: str) -> None:
        """A paragraph."""
        self.parts.append(f"<p>{escape(text)}</p>")

    def heading(self, text: str) -> None:
        self.parts.append(f"<h2>{escape(text)}</h2>")

    def picture(self, name: str, svg: str, note: str = "") -> None:
        """A picture, with a note below it."""
        self.pictures[name] = svg
        self.parts.append(f"<figure>{svg}<figcaption class='note'>{escape(note)}</figcaption></figure>")

    def table(
        self, name: str, frame: pl.DataFrame, counts: list[str], rest: list[str] | None = None, show: int = 60
    ) -> pl.DataFrame:
        """A table whose columns `counts` are numbers of people; `rest` hangs on them and goes with a small one. Returns it as shown."""
        hidden = suppressed(frame, counts, rest or [], self.least)
        self.tables[name] = hidden
        head = "".join(f"<th>{escape(column)}</th>" for column in hidden.columns)
        rows = []
        for row in hidden.head(show).iter_rows():
            cells = "".join(f"<td class='{'n' if isinstance(cell, int | float) else ''}'>{_cell(cell)}</td>" for cell in row)
            rows.append(f"<tr>{cells}</tr>")
        self.parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>")
        if hidden.height > show:
            self.parts.append(f"<p class='note'>{hidden.height - show} more rows in {escape(name)}.csv.</p>")
        return hidden

    def write(self, folder: Path) -> None:
        """The page, each table as CSV and Parquet, each picture as SVG."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, frame in self.tables.items():
            frame.write_csv(folder / f"{name}.csv")
            frame.write_parquet(folder / f"{name}.parquet")
        for name, svg in self.pictures.items():
            (folder / f"{name}.svg").write_text(svg, encoding="utf-8")
        note = f"<p class='note'>Counts below {self.least} are not shown. Linewise informs and prepares a decision; it never takes one.</p>"
        page = (
            f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{escape(self.title)}</title><style>{_STYLE}</style></head>"
            f"<body><h1>{escape(self.title)}</h1>{''.join(self.parts)}{note}</body></html>"
        )
        (folder / "report.html").write_text(page, encoding="utf-8")

    def number(self, count: int) -> str:
        """A count of people as it may be shown."""
        return f"{count:,}" if count == 0 or count >= self.least else f"<{self.least}"


def suppressed(frame: pl.DataFrame, counts: list[str], rest: list[str], least: int) -> pl.DataFrame:
    """Null in the place of every count from 1 to below `least`, and of what could give it away in its row.

    Where one count alone of a row is hidden, and the others add up to a total that stands with them, the next smallest goes as well.
    """
    if not counts:
        return frame
    small = {name: (pl.col(name) > 0) & (pl.col(name) < least) for name in counts}
    alone = pl.sum_horizontal(*(one.cast(pl.UInt8) for one in small.values())) == 1
    others = [pl.when(small[name] | (pl.col(name) == 0)).then(None).otherwise(pl.col(name)) for name in counts]
    next_small = pl.min_horizontal(*others) if len(counts) > 2 else pl.lit(None)
    hidden = [
        pl.when(small[name] | (alone & (pl.col(name) == next_small)).fill_null(False))
        .then(None)
        .otherwise(pl.col(name))
        .alias(name)
        for name in counts
    ]
    some = pl.any_horizontal(*small.values())
    return frame.with_columns(*hidden, *(pl.when(some).then(None).otherwise(pl.col(name)).alias(name) for name in rest))


def _cell(cell: object) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:.1f}"
    return f"{cell:,}" if isinstance(cell, int) else escape(str(cell))
