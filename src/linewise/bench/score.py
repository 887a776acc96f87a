"""Answers marked against what sources expect: how many are right, and how dangerous each kind of mistake is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec

from linewise.errors import LinewiseError

from .model import ANSWERS, SCORE, Answer, Answers, Asked, Danger, Decisions, Given, Named, Score, Wrong
from .systems import best

DANGERS = {
    "wrongly-offered": "offered, and must not be",
    "missed-alarm": "an alarm that is due is not raised",
    "wrongly-withheld": "not offered, and must be",
    "left-open": "left open, and must be offered",
    "false-alarm": "an alarm that is not due is raised",
    "no-answer": "no answer",
}
"""Kinds of mistakes, the most dangerous first."""
_DANGER = {
    ("not-offered", "offered"): "wrongly-offered",
    ("raised", "not-raised"): "missed-alarm",
    ("offered", "not-offered"): "wrongly-withheld",
    ("offered", "depends"): "left-open",
    ("not-raised", "raised"): "false-alarm",
}
"""Expected and given. What must not be offered may be left open: that is right, and stands in a column of its own."""
_COULD = {
    danger: {expected for (expected, _), kind in _DANGER.items() if kind == danger}
    or {"offered", "not-offered", "raised", "not-raised"}
    for danger in DANGERS
}


def read_answers(path: Path) -> Answers:
    """The answers of a file. Raises LinewiseError with what is wrong and where."""
    try:
        answers = msgspec.json.decode(path.read_bytes(), type=Answers)
    except OSError as fault:
        raise LinewiseError(f"{path} cannot be read: {fault.strerror}.") from None
    except msgspec.DecodeError as fault:
        raise LinewiseError(
            f"{path}: these are no answers: {fault}. `linewise bench decisions --out` writes the schema."
        ) from None
    if answers.format != ANSWERS:
        raise LinewiseError(f"{path}: its format is `{answers.format}`; answers say `{ANSWERS}`.")
    return answers


def score(decisions: Decisions, answers: Answers) -> Score:
    """How the answers compare with what is expected.

    Raises LinewiseError where they answer another set, or one case twice.
    """
    if answers.set != decisions.digest:
        raise LinewiseError(
            f"these are answers to the set {answers.set}, and this release holds {decisions.digest}: score them with the release that wrote their questions."
        )
    by_case: dict[str, Answer] = {}
    for one in answers.answers:
        if one.case in by_case:
            raise LinewiseError(f"the case {one.case} is answered twice: leave one answer for each case.")
        by_case[one.case] = one
    confusion = {row: Counter[str]() for row in ROWS}
    dangers, could, wrong, right = Counter[str](), Counter[str](), [], 0
    for case in decisions.cases:
        for asked in case.questions:
            assert asked.expected is not None
            given = given_to(asked, by_case.get(case.id), decisions.names)
            confusion[row_of(asked)][given] += 1
            could.update(danger for danger, expected in _COULD.items() if asked.expected in expected)
            danger = "no-answer" if given == "no-answer" else _DANGER.get((asked.expected, given))
            if danger is None:
                right += 1
                continue
            dangers[danger] += 1
            wrong.append(
                Wrong(case=case.id, name=case.name, about=asked.about, names=asked.names, expected=asked.expected, given=given)
            )
    rank = list(DANGERS)
    wrong.sort(key=lambda one: rank.index(_DANGER.get((one.expected, one.given), "no-answer")))
    return Score(
        format=SCORE,
        set=decisions.digest,
        system=answers.system,
        cases=len(decisions.cases),
        questions=sum(len(case.questions) for case in decisions.cases),
        right=right,
        confusion={row: dict(sorted(counts.items())) for row, counts in confusion.items()},
        dangers={danger: Danger(count=dangers[danger], of=could[danger]) for danger in DANGERS},
        wrong=tuple(wrong),
        unknown=_unknown(decisions, answers),
    )


ROWS = (
    "option: offered",
    "option: not-offered",
    "same-day: raised",
    "same-day: not-raised",
    "alarm: raised",
    "alarm: not-raised",
)
"""What is asked, and what is expected."""


def row_of(asked: Asked) -> str:
    return f"{asked.about}: {asked.expected}"


def given_to(asked: Asked, answer: Answer | None, names: dict[str, Named]) -> Given:
    """What an answer says to a question. A treatment counts where it holds every name that is asked for, or a drug of that class."""
    if answer is None:
        return "no-answer"
    if asked.about == "option":
        if answer.options is None:
            return "no-answer"
        wanted = set(asked.names)
        return best(one.says for one in answer.options if wanted <= _widened(one.names, names))
    if asked.about == "same-day":
        return "no-answer" if answer.urgent is None else "raised" if answer.urgent else "not-raised"
    if answer.alarms is None:
        return "no-answer"
    return "raised" if asked.names[0] in answer.alarms else "not-raised"


def _widened(words: tuple[str, ...], names: dict[str, Named]) -> set[str]:
    """The names of a treatment with the classes that they belong to."""
    return set(words).union(*(names[word].is_ for word in words if word in names))


def _unknown(decisions: Decisions, answers: Answers) -> tuple[str, ...]:
    """What the answers name and the set does not hold: cases, drugs, alarms. It counts for nothing, and is told."""
    cases = {case.id for case in decisions.cases}
    found: set[str] = set()
    for one in answers.answers:
        if one.case not in cases:
            found.add(f"case {one.case}")
        found.update(f"name {name}" for said in one.options or () for name in said.names if name not in decisions.names)
        found.update(f"alarm {name}" for name in one.alarms or () if name not in decisions.alarms)
    return tuple(sorted(found))
