"""Authored Markdown as HTML: tags in it stay text, footnotes become marks of sources, words of the glossary explain themselves."""

from __future__ import annotations

import re
from functools import lru_cache

from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from linewise.knowledge import Knowledge

from .citations import Citations

_NOTE = re.compile(r"\[\^([\w.-]+)\]")
_PLACE = re.compile(r"\x02([\w.-]+)\x03")


@lru_cache(maxsize=1)
def _reader() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def html(body: str, knowledge: Knowledge, cite: Citations) -> Markup:
    """A page's body. Headings begin at the second level: the page has its own first."""
    text = _NOTE.sub(lambda found: f"\x02{found[1]}\x03", re.sub(r"(?m)^\[\^[\w.-]+\]:.*$", "", body))
    made = _reader().render(text)
    made = _explained(made, knowledge)
    made = made.replace("<table>", '<div class="scroll" tabindex="0" role="region" aria-label="Table"><table>').replace(
        "</table>", "</table></div>"
    )
    made = re.sub(r'<a href="(?!https?://|/|#)[^"]*"', '<a href="#main"', made)
    return Markup(_PLACE.sub(lambda found: str(cite(found[1])), made))


def _explained(made: str, knowledge: Knowledge) -> str:
    """The first use of a glossary word becomes a control that opens its meaning: by tap, click or key, without a script."""
    words = _words(knowledge)
    seen: set[str] = set()

    def explain(found: re.Match[str]) -> str:
        term = words[found[0].lower()]
        if term in seen or len(seen) > 14:
            return found[0]
        seen.add(term)
        return f'<dfn class="term"><a href="/glossary#{escape(term)}" title="{escape(knowledge.content.glossary[term].plain)}">{found[0]}</a></dfn>'

    pattern = _pattern(knowledge)
    parts = re.split(r"(<h\d.*?</h\d>|<a .*?</a>|<th.*?</th>|<[^>]+>)", made, flags=re.S)
    return "".join(part if part.startswith("<") else pattern.sub(explain, part) for part in parts)


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
