"""What may follow what: a small tree, at most three lines ahead. Figures stand in the view for the team alone."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool

from linewise.sequence import make_sequence
from linewise.sequence.shown import line_behind, shown

from .frame import Answer, Ask, Page, Refusal, View, plain


async def sequence(ask: Ask) -> Answer:
    """The tree for the record that is open."""
    words, plan = ask.knowledge.wording.sequence, ask.plan
    if words is None:
        raise Refusal(404, "This knowledge has no words for what may come.")
    found = await run_in_threadpool(make_sequence, plan.record, ask.knowledge, ask.day, plan.region)
    behind = [line_behind(one) for one in found.behind]
    context = {"words": words, "tree": shown(found, words), "behind_lines": behind, "more_now": found.more}
    return Page(template="sequence.html", title=words.title, data=plain(found), context=context)


VIEWS = [
    View(
        path="/sequence",
        summary="What may come after what, at most three lines ahead, and what each choice closes or keeps open",
        handler=sequence,
        needs_plan=True,
    )
]
