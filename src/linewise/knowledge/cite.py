"""One source in the usual citation styles."""

from __future__ import annotations

import datetime as dt
import re

from linewise import __version__

from .model import Page, Source, When

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


ADDRESS = "http://localhost:8757/learn/{}"
"""Where a page stands while `linewise serve` runs on the reader's own computer: there is no other place."""


def itself(page: Page) -> Source:
    """A page as a source: to cite it."""
    return Source(
        title=page.title,
        publisher=f"Linewise {__version__}",
        date=When(page.review.last.text),
        url=ADDRESS.format(page.id),
    )


def styles(name: str, source: Source, day: dt.date) -> dict[str, str]:
    """The source in APA, MLA, Chicago, Harvard and BibTeX. A page that may change carries the day on which it was read."""
    parts = source.date.text.split("-") if source.date else []
    year = parts[0] if parts else "n.d."
    month = _MONTHS[int(parts[1]) - 1] if len(parts) > 1 else ""
    number = str(int(parts[2])) if len(parts) > 2 else ""
    long = f"{month} {number}, {year}" if number else f"{month} {year}".strip()
    url, title, publisher = source.url or "", source.title.rstrip("."), source.publisher
    read = f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    apa_date = f"{year}, {month} {number}".strip().rstrip(",") if month else year
    return {
        "APA": f"{publisher}. ({apa_date}). {title}. {url}".strip(),
        "MLA": f"“{title}.” {publisher}, {f'{number} {month} {year}'.strip()}{f', {url}. Accessed {read}' if url else ''}.",
        "Chicago": f"{publisher}. “{title}.” {long}.{f' {url}.' if url else ''}",
        "Harvard": f"{publisher} ({year}) {title}.{f' Available at: {url} (Accessed: {read}).' if url else ''}",
        "BibTeX": _bibtex(name, title, publisher, year, url),
    }


def _bibtex(name: str, title: str, publisher: str, year: str, url: str) -> str:
    rows = {"title": f"{{{title}}}", "author": f"{{{publisher}}}", "year": year, "url": url}
    body = ",\n".join(f"  {key} = {{{_tex(value)}}}" for key, value in rows.items() if value and value != "n.d.")
    return f"@misc{{{name},\n{body}\n}}"


def _tex(text: str) -> str:
    return re.sub(r"([&%$#_])", r"\\\1", text) if not text.startswith("http") else text
