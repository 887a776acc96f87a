"""The tree in words, once for every face: what a terminal prints and what a page draws."""

from __future__ import annotations

import msgspec

from linewise.knowledge.wording import SequenceWords
from linewise.plan.model import LineOfTherapy

from .make import DEPTH
from .model import Change, Sequence, Step

_FEW = 3


class Shown(msgspec.Struct, kw_only=True):
    """One step in sentences. `short` is all of it in one line, for the last step of the tree; `changes` say what it closes, opens and keeps.

    `same` says that the same may follow as after another step, which is then not drawn again. `results` may hold figures of survival.
    """

    option: str
    title: str
    depth: int
    depends: str
    grounds: list[str]
    short: str
    results: list[str]
    changes: list[str]
    same: str
    lead: str
    next: list[Shown]
    more: str
    sources: list[str]
    no_data: bool

    @property
    def last(self) -> bool:
        """Whether the tree ends here."""
        return self.depth == DEPTH


def shown(found: Sequence, words: SequenceWords) -> list[Shown]:
    """The steps that are open now, each with what may follow it."""
    steps = []
    for number, step in enumerate(found.steps):
        same = next((one for one in found.steps[:number] if _ways(one) == _ways(step)), None)
        steps.append(_step(step, words, same))
    return steps


def line_behind(one: LineOfTherapy) -> str:
    """A line of therapy that is behind the person, or going on."""
    ended = f", stopped for {one.stopped_for}" if one.stopped_for else ", going on" if one.ongoing else ""
    return f"{f'line {one.number}: ' if one.number else ''}{' + '.join(one.drugs)}{ended}"


def _step(step: Step, words: SequenceWords, same: Step | None = None) -> Shown:
    said = words.sentences
    asked = [one for one in step.studies if one.asked]
    studies = (asked or step.studies)[:_FEW]
    last = step.depth == DEPTH
    lead = said["follow" if step.depth == 1 else "then"] if step.next else said["no-next"]
    return Shown(
        option=step.option,
        title=step.title,
        depth=step.depth,
        depends=step.depends,
        grounds=_grounds(step, words),
        short=f"{_who(step) or said['says-none']}; {', '.join(one.name for one in asked) or said['no-data']}",
        results=[f"{one.name}: {one.result}" for one in studies],
        changes=[] if last else _changes(step, words),
        same=said["same"].format(option=same.title) if same is not None else "",
        lead="" if last else lead,
        next=[] if last or same is not None else [_step(one, words) for one in step.next],
        more=said["more"].format(n=step.more) if step.more and not last and same is None else "",
        sources=list(dict.fromkeys([*(one.source for one in step.says), *(name for one in studies for name in one.sources)])),
        no_data=not studies,
    )


def _ways(step: Step) -> list[tuple[str, list[str]]]:
    """What may follow a step, and what may follow that."""
    return [(one.option, [after.option for after in one.next]) for one in step.next]


def _who(step: Step) -> str:
    """Who says so, each with the year."""
    who = [f"{one.body} ({one.since[:4]}){' [not confirmed]' if one.review else ''}" for one in step.says]
    return ", ".join(dict.fromkeys(who[:_FEW]))


def _grounds(step: Step, words: SequenceWords) -> list[str]:
    """Who says so, and what was studied: each with its year, or that there is no data."""
    said, now, who = words.sentences, step.depth == 1, _who(step)
    lines = [said["says"].format(who=who) if who else said["says-none"]]
    asked = [one for one in step.studies if one.asked]
    trials = [f"{one.name} ({one.year})" if one.year else one.name for one in (asked or step.studies)[:_FEW]]
    if trials:
        lines.append(said["like-now" if now else "asked" if asked else "like"].format(trials=", ".join(trials)))
    else:
        lines.append(said["no-data-now" if now else "no-data"])
    return lines


def _changes(step: Step, words: SequenceWords) -> list[str]:
    said, lines = words.sentences, []
    closed = [one for one in step.closes if not one.common]
    if closed:
        lines.append(said["closes"].format(options=_few(closed, said["because"])))
    elif step.depth == 1:
        lines.append(said["closes-nothing"])
    opened = [one for one in step.opens if one.fits and not one.common]
    if opened:
        lines.append(said["opens"].format(options=_few(opened, "{option}")))
    return [*lines, said["keeps"].format(n=len(step.next) + step.more)]


def _few(changes: list[Change], words: str) -> str:
    """The first changes, each in these words with its name and the clause that decides."""
    named = [words.format(option=one.title, why=one.because) for one in changes[:_FEW]]
    more = [f"+ {len(changes) - _FEW}"] if len(changes) > _FEW else []
    return "; ".join([*named, *more])
