"""Authored Markdown as HTML: tags in it stay text, footnotes become marks of sources, words of the glossary explain themselves."""

from __future__ import annotations

import re
from functools import lru_cache

from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from linewise.knowledge import Knowledge
from linewise.knowledge.model import Term

from .citations import Citations

_NOTE = re.compile(r"\[\^([\w.-]+)\]")
_PLACE = re.compile("\ue000(\\d+)\ue001")  # signs for private use, and a figure: nothing that a word of the glossary could be


@lru_cache(maxsize=1)
def _reader() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


class Explainer:
    """Explains glossary words on one page: the first use of each opens its meaning by hover, tap or key, without a script."""

    def __init__(self, knowledge: Knowledge, most: int = 16) -> None:
        self.knowledge, self.most = knowledge, most
        self._seen: dict[str, None] = {}

    def __call__(self, text: str) -> Markup:
        """Plain text with its words explained."""
        return self.marked(str(escape(text)))

    def marked(self, made: str) -> Markup:
        """HTML with its words explained; headings, links and table heads are left alone."""
        pattern = _pattern(self.knowledge)
        parts = re.split(r"(<h\d.*?</h\d>|<a .*?</a>|<th.*?</th>|<code.*?</code>|<[^>]+>|&\w+;)", made, flags=re.S)
        return Markup("".join(part if part.startswith(("<", "&")) else pattern.sub(self._control, part) for part in parts))

    def _control(self, found: re.Match[str]) -> str:
        term = _words(self.knowledge)[found[0].lower()]
        if term in self._seen or len(self._seen) >= self.most:
            return found[0]
        self._seen[term] = None
        meaning = escape(self.knowledge.content.glossary[term].plain)
        return f'<dfn><button type="button" class="term" popovertarget="word-{escape(term)}" title="{meaning}">{found[0]}</button></dfn>'

    @property
    def listed(self) -> list[Term]:
        """The words that were explained so far: their meanings stand at the end of the page."""
        return [self.knowledge.content.glossary[name] for name in self._seen]


def html(body: str, explain: Explainer, cite: Citations) -> Markup:
    """A page's body. Headings begin at the second level: the page has its own first."""
    noted: list[str] = []

    def place(found: re.Match[str]) -> str:
        noted.append(found[1])
        return f"\ue000{len(noted) - 1}\ue001"

    text = _NOTE.sub(place, re.sub(r"(?m)^\[\^[\w.-]+\]:.*$", "", body))
    made = str(explain.marked(_reader().render(text)))
    frame = '<div class="scroll" tabindex="0" role="region" aria-label="Table"><table>'
    made = made.replace("<table>", frame).replace("</table>", "</table></div>")
    made = re.sub(r'<a href="(?!https?://|/|#)[^"]*"', '<a href="#main"', made)
    return Markup(_PLACE.sub(lambda found: str(cite(noted[int(found[1])])), made))


@lru_cache(maxsize=2)
def _words(knowledge: Knowledge) -> dict[str, str]:
    found: dict[str, str] = {}
    for term in knowledge.content.glossary.values():
        for word in (term.term, *term.also):
            if len(word) > 3 or word.isupper():
                found.setdefault(word.lower(), term.id)
    return found


@lru_cache(maxsize=2)
def _pattern(knowledge: Knowledge) -> re.Pattern[str]:
    words = sorted(_words(knowledge), key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(re.escape(word) for word in words) + r")\b", re.I) if words else re.compile(r"(?!)")
