"""Learn and ask: pages, glossary, search, side effects, help, sources with ready citations, feedback that stays here."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any

from linewise.journal.documents import Settings, read, write
from linewise.knowledge import Knowledge
from linewise.knowledge.cite import styles
from linewise.knowledge.search import Search

from .citations import Citations
from .frame import Answer, Ask, Go, Page, Refusal, View, plain
from .text import Explainer, html

_KINDS = {
    "page": "/learn/{}",
    "glossary": "/glossary#{}",
    "option": "/option/{}",
    "side effect": "/effects#{}",
    "organisation": "/help#{}",
}


@lru_cache(maxsize=2)
def _search(knowledge: Knowledge) -> Search:
    return Search(knowledge)


async def learn(ask: Ask) -> Answer:
    """All pages by topic, and the search."""
    pages = ask.knowledge.content.pages.values()
    topics = [
        {
            "topic": topic.replace("-", " "),
            "pages": [{"id": p.id, "title": p.title, "summary": p.summary} for p in pages if p.topic == topic],
        }
        for topic in dict.fromkeys(p.topic for p in pages)
    ]
    return Page(template="learn.html", title="Learn", data={"topics": topics})


async def search(ask: Ask) -> Answer:
    """Answers as extracts with their sources."""
    words = ask.one("q", most=200)
    found = _search(ask.knowledge).find(words, 15) if words else []
    rows = [{**plain(one), "link": _KINDS.get(one.kind, "").format(one.id)} for one in found]
    return Page(template="search.html", title="Search", data={"q": words, "found": rows})


async def page(ask: Ask) -> Answer:
    """One page, with its sources and the date of its review."""
    found = ask.knowledge.content.pages.get(ask.part("page"))
    if found is None:
        raise Refusal(404, "There is no page under this name.")
    cite = Citations(ask.knowledge)
    explain = Explainer(ask.knowledge)
    body = html(found.body, explain, cite)
    cite(found.sources)
    data = {
        "id": found.id,
        "summary": found.summary,
        "body": found.body,
        "reviewed": found.review.last.text,
        "due": found.review.next.text,
        "overdue": found.review.next.last < ask.day,
        "sources": list(found.sources),
    }
    return Page(template="page.html", title=found.title, data=data, context={"html": body, "cite": cite, "explain": explain})


async def glossary(ask: Ask) -> Answer:
    """Every word, in the order of the alphabet."""
    terms = sorted(ask.knowledge.content.glossary.values(), key=lambda one: one.term.lower())
    return Page(template="glossary.html", title="Words explained", data={"terms": plain(terms)})


async def effects(ask: Ask) -> Answer:
    """Side effects: what they are, what helps, when to call."""
    found = sorted(ask.knowledge.content.effects.values(), key=lambda one: (one.plain_name or one.label).lower())
    return Page(
        template="effects.html",
        title="Side effects",
        data={"effects": [{"id": one.id, "name": one.plain_name or one.label} for one in found]},
        context={"all": found},
    )


async def support(ask: Ask) -> Answer:
    """Organisations, by country."""
    found = ask.knowledge.content.organisations.values()
    countries = sorted({country for one in found for country in one.countries})
    chosen = ask.one("country", most=10)
    shown = [one for one in found if not chosen or chosen in one.countries]
    return Page(
        template="help.html",
        title="Where to find support",
        data={"organisations": plain(shown), "country": chosen},
        context={"countries": countries},
    )


async def source(ask: Ask) -> Answer:
    """One source, ready to cite."""
    found = ask.knowledge.sources.get(ask.part("source"))
    if found is None:
        raise Refusal(404, "There is no source under this name.")
    data: dict[str, Any] = {
        "id": ask.part("source"),
        "name": found.title,
        "publisher": found.publisher,
        "date": found.date.text if found.date else None,
        "url": found.url,
        "styles": styles(ask.part("source"), found, ask.day),
    }
    return Page(template="source.html", title="A source", data=data)


async def feedback(ask: Ask) -> Answer:
    """A note on what was unclear or wrong. It is stored here and never sent."""
    settings = read(ask.journal, Settings)
    text = ask.one("text")
    if not text:
        return Page(
            template="feedback.html",
            title="A note about Linewise",
            data={"notes": settings.feedback, "errors": {"text": "Write something first."} if ask.posted else {}},
            status=422 if ask.posted else 200,
        )
    settings.feedback = [
        *settings.feedback,
        {"on": dt.date.isoformat(ask.day), "about": ask.one("about", most=200), "text": text},
    ][-200:]
    write(ask.journal, settings)
    return Go("/feedback", "thanks")


VIEWS = [
    View(path="/learn", summary="All pages by topic", handler=learn),
    View(path="/learn/{page}", summary="One page", handler=page),
    View(path="/search", summary="Search everything", handler=search, query={"q": "words"}),
    View(path="/glossary", summary="Words explained", handler=glossary),
    View(path="/effects", summary="Side effects and what helps", handler=effects),
    View(path="/help", summary="Where to find support", handler=support, query={"country": "an ISO code"}),
    View(path="/source/{source}", summary="One source, ready to cite", handler=source),
    View(
        path="/feedback",
        summary="A note that stays here",
        handler=feedback,
        methods=("GET", "POST"),
        fields={"text": "the note", "about": "the page"},
    ),
]
