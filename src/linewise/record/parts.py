"""Lines that a record gives in parts: induction and its maintenance, a pause and a restart, a drug dropped, a change of drug for harm.

People and letters often count these as lines of their own. After the framework of Saini and Twelves (Br J Cancer 2021;125:155-163,
doi:10.1038/s41416-021-01319-8) growth of the disease or a new agent begins a line, and nothing else does. Lines that a record groups from single
administrations follow the same rules in `lines`; both ask `Kinship` what the classes of two drugs allow.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import msgspec

from linewise.knowledge import Knowledge

from .model import NOT_KNOWN, Course
from .parameters import STANDARD, Parameters

IN_PARTS = "The record gives this line in parts, and nothing says that the disease had grown between them: one line."
"""In the words of `Course.contested`."""

_CHANGED = ("toxicity", "choice")
_CONTROLLED = ("CR", "PR", "SD")


def swaps(knowledge: Knowledge, drug: str, other: str) -> bool:
    """Whether a drug may take the place of another inside its class: no new line without growth (`swaps: true` of a class)."""
    classes = knowledge.classes
    return any(name in classes and classes[name].swaps and knowledge.is_a(other, name) for name in knowledge.classes_of(drug))


def maintains(knowledge: Knowledge, drug: str, other: str) -> bool:
    """Whether a drug may follow another as maintenance (`maintains` of a class)."""
    classes = knowledge.classes
    behind = {name for own in knowledge.classes_of(drug) if own in classes for name in classes[own].maintains}
    return any(knowledge.is_a(other, name) for name in behind)


def joined(
    courses: Iterable[Course], knowledge: Knowledge, progressions: Sequence[dt.date] = (), parameters: Parameters = STANDARD
) -> list[Course]:
    """The courses of one person in their order, with the parts of one line put together. `progressions`: the days of recorded growth."""
    found: list[Course] = []
    for course in courses:
        before = next((index for index in range(len(found) - 1, -1, -1) if found[index].setting == course.setting), None)
        if before is not None and _continues(found[before], course, knowledge, progressions, parameters):
            found[before] = _together(found[before], course)
        else:
            found.append(course)
    return found


def _continues(
    line: Course, course: Course, knowledge: Knowledge, progressions: Sequence[dt.date], parameters: Parameters
) -> bool:
    """Whether a course goes on with the line before it."""
    if course.setting != "metastatic" or line.undated or course.undated or NOT_KNOWN in (*line.drugs, *course.drugs):
        return False
    if line.ongoing or line.stopped_for == "progression" or line.best_response == "PD":
        return False
    if course.start is not None and any((line.start is None or line.start < day) and day <= course.start for day in progressions):
        return False
    left = [drug for drug in line.present if drug not in course.drugs]
    new = [drug for drug in course.drugs if drug not in line.drugs]
    return all(
        _replaces(line, drug, left, knowledge) or _maintained(line, course, drug, left, knowledge, parameters) for drug in new
    )


def _replaces(line: Course, drug: str, left: list[str], knowledge: Knowledge) -> bool:
    return line.stopped_for in _CHANGED and any(swaps(knowledge, drug, other) for other in left)


def _maintained(line: Course, course: Course, drug: str, left: list[str], knowledge: Knowledge, parameters: Parameters) -> bool:
    if line.start and line.end and course.start and (course.start - line.end).days > parameters.maintenance:
        return False
    controlled = line.stopped_for == "completion" or line.best_response in _CONTROLLED
    return controlled and bool(left) and all(maintains(knowledge, drug, other) for other in left)


def _together(line: Course, course: Course) -> Course:
    """One course of two parts. What only the first part contained is no longer given."""
    drugs = (*line.drugs, *(drug for drug in course.drugs if drug not in line.drugs))
    months = None if line.months is None or course.months is None else round(line.months + course.months, 1)
    return msgspec.structs.replace(
        course,
        drugs=drugs,
        dropped=tuple(drug for drug in drugs if drug not in course.present),
        start=line.start,
        months=months,
        best_response=course.best_response or line.best_response,
        assumed=tuple(dict.fromkeys((*line.assumed, *course.assumed))),
        reason=line.reason,
        contested=line.contested if IN_PARTS in line.contested else f"{line.contested} {IN_PARTS}".strip(),
        origins=(*line.origins, *course.origins),
    )
