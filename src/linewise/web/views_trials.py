"""Trials to ask about: what may fit, what has to be known first, what does not fit and why. They are no options and no offer of a place."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool

from linewise.knowledge.wording import TrialWords
from linewise.trials.ask import NOTE, matches_of, places, trial_to_ask
from linewise.trials.document import one_trial
from linewise.trials.match import Judged, Match

from .frame import Answer, Ask, Page, Refusal, View, plain

_GROUPS = ("may-fit", "depends", "does-not-fit")


async def trials(ask: Ask) -> Answer:
    """The trials of the knowledge for the record that is open."""
    words = ask.knowledge.wording.trials
    if words is None:
        raise Refusal(404, "This knowledge has no words for trials.")
    matches: list[Match] = await run_in_threadpool(matches_of, ask.plan)
    told = [(one.status, {**plain(trial_to_ask(one, ask.plan)), "criteria": _criteria(one, words)}, one) for one in matches]
    for _, trial, match in told:
        trial["places"] = places(trial_to_ask(match, ask.plan))
        trial["why"] = [" ".join(one.text.split()) for one in match.failed][:2]
        trial["asked"] = [" ".join(one.text.split()) for one in match.asked]
    groups = {name: [trial for status, trial, _ in told if status == name] for name in _GROUPS}
    data = {"note": NOTE, "trials": [one_trial(one, ask.day) for one in matches]}
    return Page(template="trials.html", title=words.title, data=data, context={"words": words, "groups": groups})


def _criteria(match: Match, words: TrialWords) -> list[dict[str, Any]]:
    """Each sentence of the entry with its answer for this person, in words."""
    return [
        {
            "text": " ".join(one.text.split()),
            "must": words.sentences["must" if one.kind == "inclusion" else "must-not"],
            "answer": words.sentences[f"answer-{_answer(one)}"],
            "because": list(one.reasons) or list(one.missing),
            "fails": one.fails,
        }
        for one in match.points
    ]


def _answer(one: Judged) -> str:
    if one.value is None:
        return "ask" if one.open == "ask" else "open"
    return "yes" if one.value else "no"


VIEWS = [
    View(
        path="/trials",
        summary="Trials to ask about: what may fit, what has to be known first, and what does not fit and why",
        handler=trials,
        needs_plan=True,
    )
]
