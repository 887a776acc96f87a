"""Why an option is not offered: it may come later, it is not for this cancer, or it is not possible now.

The history of a treatment only grows: what was given stays given, and further lines may come. An option whose criteria could hold after further
lines is for later. One whose criteria could hold for the same cancer in a person of other health is not possible now. The rest is not for this
kind of cancer.
"""

from __future__ import annotations

from typing import Literal

from linewise.knowledge import Knowledge
from linewise.knowledge.model import Treatment
from linewise.logic import UNKNOWN, Decider, Question, Reading, nodes
from linewise.logic.decide import Subject

Group = Literal["first", "also", "depends", "later", "not-now", "other-cancer", "not-wanted"]
"""Where an option stands on a page: named first, also used, waiting for a fact, and the ways of not being offered."""

_LINES_AHEAD = 4
_HAPPENED = (nodes.Had, nodes.ProgressedOn)
_GOES_ON = (nodes.Receiving, nodes.Taking)
_COUNTED = (nodes.LinesOf, nodes.MonthsOn)
_ABOUT_PERSON = (nodes.ReactedTo, nodes.Taking, nodes.GradeOf, nodes.DaysOf)


class Later:
    """The same person, further on in treatment or in other health."""

    def __init__(self, knowledge: Knowledge, decider: Decider) -> None:
        subject, vocabulary = decider.subject, knowledge.vocabulary
        self._ahead = [Decider(vocabulary, _Ahead(subject, lines, knowledge)) for lines in range(1, _LINES_AHEAD + 1)]
        self._well = Decider(vocabulary, _InOtherHealth(subject, knowledge))

    def group(self, treatment: Treatment) -> Group:
        """The group of an option whose own criteria fail now."""
        if any(one.value(treatment.fits) is not False for one in self._ahead):
            return "later"
        return "not-now" if self._well.value(treatment.fits) is not False else "other-cancer"


class _Ahead:
    """The subject some lines further on: what was given stays given, what was not may have been, counts are higher."""

    def __init__(self, subject: Subject, lines: int, knowledge: Knowledge) -> None:
        self.subject, self.lines, self.knowledge = subject, lines, knowledge
        self.as_of = subject.as_of

    def read(self, about: str | Question) -> Reading:
        found = self.subject.read(about)
        if isinstance(about, str):
            fact = self.knowledge.facts.get(about)
            if fact is None or fact.of != "history":
                return found
            return Reading(found.value + self.lines) if isinstance(found.value, float) else UNKNOWN
        if isinstance(about, _COUNTED):
            return Reading(found.value + self.lines) if isinstance(found.value, float) else found
        if isinstance(about, _GOES_ON) or (isinstance(about, _HAPPENED) and found.value is not True):
            return UNKNOWN
        return UNKNOWN if isinstance(about, nodes.MonthsSince) else found


class _InOtherHealth:
    """The subject with the same cancer and the same history, and nothing known of the person's health."""

    def __init__(self, subject: Subject, knowledge: Knowledge) -> None:
        self.subject, self.knowledge = subject, knowledge
        self.as_of = subject.as_of

    def read(self, about: str | Question) -> Reading:
        if isinstance(about, str):
            fact = self.knowledge.facts.get(about)
            return UNKNOWN if fact is not None and fact.of == "person" else self.subject.read(about)
        return UNKNOWN if isinstance(about, _ABOUT_PERSON) else self.subject.read(about)
