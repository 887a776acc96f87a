"""Sources of one page: numbered in the order in which the page cites them, listed once at its end."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from markupsafe import Markup, escape

from linewise.knowledge import Knowledge


class Cited(msgspec.Struct):
    """One source as a page lists it."""

    number: int
    id: str
    title: str
    publisher: str
    date: str | None
    url: str | None


class Citations:
    """Numbers sources while a page is written; `prefix` keeps several plans on one page apart."""

    def __init__(self, knowledge: Knowledge, prefix: str = "source") -> None:
        self.knowledge, self.prefix = knowledge, prefix
        self._numbers: dict[str, int] = {}

    def __call__(self, ids: Iterable[str] | str) -> Markup:
        """The marks of these sources, each a link to its entry."""
        names = [ids] if isinstance(ids, str) else ids
        marks = []
        for name in dict.fromkeys(names):
            if name in self.knowledge.sources:
                number = self._numbers.setdefault(name, len(self._numbers) + 1)
                title, place = escape(self.knowledge.sources[name].title), f"#{self.prefix}-{escape(name)}"
                marks.append(f'<a class="cite" href="{place}" aria-label="Source {number}: {title}">{number}</a>')
        return Markup(" ".join(marks))

    @property
    def listed(self) -> list[Cited]:
        """Every source cited so far, by number."""
        found = []
        for name, number in self._numbers.items():
            source = self.knowledge.sources[name]
            date = source.date.text if source.date else None
            url = source.url if source.url and source.url.startswith(("https://", "http://")) else None
            found.append(Cited(number, name, source.title, source.publisher, date, url))
        return found
