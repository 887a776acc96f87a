"""Learn and ask: pages, glossary, search, side effects, help, sources with ready citations, feedback that stays here."""

from __future__ import annotations

import datetime as dt
from typing import Any

from linewise.journal.documents import Settings, read, write
from linewise.knowledge.cite import itself, styles
from linewise.knowledge.search import Answers, Found, search_of
from linewise.knowledge.texts import NOT_COUNTED, warning
from linewise.plan.side_effects import rates_of_drug, strongest

from .citations import Citations
from .frame import Answer, Ask, Go, Page, Refusal, View, plain
from .text import Explainer, html

_KINDS = {
    "page": "/learn/{}",
    "drug": "/drug/{}",
    "glossary": "/glossary#{}",
    "option": "/option/{}",
    "side effect": "/effect/{}",
    "organisation": "/help#{}",
}


async def learn(ask: Ask) -> Answer:
    """Where to begin, then all pages by topic, and the search."""
    pages = ask.knowledge.content.pages
    order = ask.knowledge.guide.learn
    topics = [
        {
            "topic": title,
            "pages": [{"id": p.id, "title": p.title, "summary": p.summary} for p in pages.values() if p.topic == topic],
        }
        for topic, title in order.topics.items()
    ]
    start = [{"id": name, "title": pages[name].title, "summary": pages[name].summary} for name in order.start if name in pages]
    return Page(template="learn.html", title="Learn", data={"start": start, "topics": topics})


async def search(ask: Ask) -> Answer:
    """Answers as extracts with their sources. What was asked is never changed without saying so."""
    words = ask.one("q", most=200)
    answers = search_of(ask.knowledge).ask(words, 15) if words else Answers(found=[])
    with_plan = ask.maybe_plan is not None
    rows = [{**plain(one), "link": _link(one, with_plan)} for one in answers.found]
    data = {"q": words, "found": rows, "instead": answers.instead, "unknown": answers.unknown}
    return Page(template="search.html", title="Search", data=data)


def _link(one: Found, with_plan: bool) -> str:
    """Where to read on; an option has a page only where there is a plan."""
    if one.kind == "option" and not with_plan:
        return ""
    if one.kind == "answer" and one.pages:
        return f"/learn/{one.pages[0]}"
    return _KINDS.get(one.kind, "").format(one.id)


async def drug(ask: Ask) -> Answer:
    """One drug: what it is, what it may do, and for whom it may be wrong. It needs no record."""
    found = ask.knowledge.drugs.get(ask.part("drug"))
    if found is None:
        raise Refusal(404, "There is no drug under this name.")
    knowledge = ask.knowledge
    options = [one for one in knowledge.treatments.values() if found.id in one.drugs]
    effects = strongest(rates_of_drug(found.id, knowledge))
    cautions = dict.fromkeys((*knowledge.avoid(found.id), *knowledge.cautions(found.id)))
    told = {one: text for one in cautions if (text := warning(one, knowledge))}
    data = {
        "id": found.id,
        "brands": list(found.brands),
        "kinds": [knowledge.label(name) for name in found.classes],
        "plain": found.plain or "",
        "effects": plain(effects),
        "warnings": list(told.values()),
        "options": [{"id": one.id, "title": one.title} for one in options],
    }
    context = {
        "drug": found,
        "told": told,
        "effects": effects,
        "not_counted": NOT_COUNTED,
        "with_plan": ask.maybe_plan is not None,
    }
    return Page(template="drug.html", title=found.label, data=data, context=context)


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
        "related": [{"id": name, "title": ask.knowledge.content.pages[name].title} for name in found.related],
        "cite_as": styles(found.id, itself(found), ask.day),
    }
    return Page(template="page.html", title=found.title, data=data, context={"html": body, "cite": cite, "explain": explain})


async def glossary(ask: Ask) -> Answer:
    """Every word, in the order of the alphabet."""
    terms = sorted(ask.knowledge.content.glossary.values(), key=lambda one: one.term.lower())
    return Page(template="glossary.html", title="Words explained", data={"terms": plain(terms)})


async def effects(ask: Ask) -> Answer:
    """Side effects, by name."""
    found = sorted(ask.knowledge.content.effects.values(), key=lambda one: (one.plain_name or one.label).lower())
    data = {"effects": [{"id": one.id, "name": one.plain_name or one.label} for one in found]}
    return Page(template="effects.html", title="Side effects", data=data)


async def effect(ask: Ask) -> Answer:
    """One side effect: what it is, what helps, when to call."""
    found = ask.knowledge.content.effects.get(ask.part("effect"))
    if found is None:
        raise Refusal(404, "There is no side effect under this name.")
    return Page(
        template="effect.html", title=found.plain_name or found.label, data={"effect": plain(found)}, context={"one": found}
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
    View(path="/drug/{drug}", summary="One drug", handler=drug),
    View(path="/glossary", summary="Words explained", handler=glossary),
    View(path="/effects", summary="Side effects, by name", handler=effects),
    View(path="/effect/{effect}", summary="One side effect: what helps, and when to call", handler=effect),
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
