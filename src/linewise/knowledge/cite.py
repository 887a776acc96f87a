"""One source in the usual citation styles."""

from __future__ import annotations

import datetime as dt
import re

from .model import Source

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
        "MLA": f"“{title}.” {publisher}, {f'{number} {month} {year}'.strip()}, {url}. Accessed {read}.",
        "Chicago": f"{publisher}. “{title}.” {long}. {url}.",
        "Harvard": f"{publisher} ({year}) {title}. Available at: {url} (Accessed: {read}).",
        "BibTeX": _bibtex(name, title, publisher, year, url),
    }


def _bibtex(name: str, title: str, publisher: str, year: str, url: str) -> str:
    rows = {"title": f"{{{title}}}", "author": f"{{{publisher}}}", "year": year, "url": url}
    body = ",\n".join(f"  {key} = {{{_tex(value)}}}" for key, value in rows.items() if value and value != "n.d.")
    return f"@misc{{{name},\n{body}\n}}"


def _tex(text: str) -> str:
    return re.sub(r"([&%$#_])", r"\\\1", text) if not text.startswith("http") else text
