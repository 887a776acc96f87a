"""Questions to ask, chosen by the person's plan: those for everybody, those whose criterion holds, those that belong to an option."""

from __future__ import annotations

import msgspec

from .make import Plan


class Chosen(msgspec.Struct, kw_only=True):
    """A question with what brought it up."""

    id: str
    text: str
    topic: str
    because: str = ""
    sources: list[str] = []


def questions(plan: Plan, option: str | None = None) -> list[Chosen]:
    """The questions for a plan, the personal ones first; for one option, those that belong to it."""
    options = [plan.option(option)] if option else plan.with_status("preferred", "suitable", "depends")
    ids = {one.id: one.title for one in options}
    words = {name: one.title for one in options for name in (*one.classes, *one.drugs)}
    found: list[tuple[int, Chosen]] = []
    for ask in plan.knowledge.content.questions.values():
        because, rank = "", 2
        belongs = bool(ask.treatments or ask.classes)
        if ask.when is not None:
            if plan.decider.value(ask.when) is not True:
                continue
            because, rank = plan.words.reasons(plan.decider.explain(ask.when), 2), 0
        if belongs:
            titles = [ids[name] for name in ask.treatments if name in ids] + [
                words[name] for name in ask.classes if name in words
            ]
            if not titles:
                continue
            because, rank = because or titles[0], min(rank, 1)
        elif option and ask.when is None:
            continue
        found.append((rank, Chosen(id=ask.id, text=ask.text, topic=ask.topic, because=because, sources=list(ask.source))))
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]
