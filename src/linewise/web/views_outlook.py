"""How things may go: words for whoever opens the page; figures, one after the other, only for somebody who asks each time."""

from __future__ import annotations

from linewise.outlook import make_outlook
from linewise.outlook.picture import as_svg

from .frame import Answer, Ask, Page, Refusal, View, plain

_MOST_REFUSED = 4
_DIGITS = 2


async def outlook(ask: Ask) -> Answer:
    """The words. No figure is looked up, and no address leads to one: they come only as the answer to a form."""
    return _page(ask, 0)


async def figures(ask: Ask) -> Answer:
    """The first figure, and with `shown` as many as were asked for."""
    said = ask.one("shown", "1", most=_DIGITS)
    return _page(ask, max(1, int(said)) if said.isdecimal() else 1)


def _page(ask: Ask, shown: int) -> Answer:
    words = ask.knowledge.wording.outlook
    if words is None:
        raise Refusal(404, "This knowledge has no words for an outlook.")
    found = make_outlook(ask.plan, figures=shown > 0)
    every = len(found.figures)
    found.figures = found.figures[:shown]
    data = plain(found)
    del data["how"], data["arms"]  # how to ask the command, and what is for teams
    pictures = [[(as_svg(one, figure.head, legend=False), one) for one in figure.pictures] for figure in found.figures]
    context = {"words": words, "pictures_of": pictures, "left": max(0, every - shown), "most": _MOST_REFUSED}
    return Page(template="outlook.html", title=found.title, data=data, context=context)


VIEWS = [
    View(path="/outlook", summary="How things may go, in words", handler=outlook, needs_plan=True),
    View(
        path="/outlook/figures",
        summary="Figures of studies, for somebody who asked for them",
        handler=figures,
        methods=("POST",),
        fields={"shown": "how many figures were asked for so far"},
        needs_plan=True,
    ),
]
