"""Questions about the history of treatment that a CQL library answers from medicines alone, without lines of therapy."""

from __future__ import annotations

from collections.abc import Callable

from linewise.knowledge import Knowledge
from linewise.logic import Question
from linewise.logic.nodes import Combination, DaysOf, GradeOf, Had, ReactedTo, Taking, Treatment
from linewise.record.lines import role

from .lookup import AS_OF, there
from .queries import DECIMAL, get, nothing, query
from .terms import (
    UNKNOWN,
    Term,
    back,
    boolean,
    choose,
    compared,
    is_false,
    is_null,
    is_true,
    joined,
    member,
    negated,
    number,
    ref,
    some,
    whole,
    words,
)


class Questions:
    """Answers to questions about the history, as far as they need no lines; `answer` gives None for the others."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self._lines = frozenset(drug for drug in knowledge.drugs if role(knowledge, drug) != "other")

    def answer(self, asked: Question, handed: Term) -> Term | None:
        """The answer as CQL. `handed` is the member that would hold it: where a part of the answer needs lines, that part is taken from there."""
        if isinstance(asked, Had) and asked.setting in ("any", "adjuvant", "metastatic") and _alone(asked.treatment):
            return self._had(asked)
        if isinstance(asked, Taking):
            return self._taking(asked.treatment, handed)
        if isinstance(asked, ReactedTo):
            return self._reacted(asked)
        if isinstance(asked, GradeOf | DaysOf):
            felt = handed if isinstance(asked, DaysOf) else nothing(DECIMAL)
            return choose(some(self._felt(asked.symptom)), felt, number(0.0))
        return None

    def _felt(self, symptom: str) -> Term:
        """The statements of a symptom that is there: not over, and not too old to count."""
        fact = self.knowledge.facts["symptoms"]
        tests = [
            lambda one: compared(get(one, "fact"), "=", words("symptoms")),
            lambda one: compared(get(one, "value"), "=", words(symptom)),
            there,
        ]
        if fact.current_for is not None:
            since = back(AS_OF, fact.current_for.count, fact.current_for.unit)
            tests.append(lambda one: joined("Or", [is_null(get(one, "on")), compared(get(one, "on"), ">=", since)]))
        return query(ref("Statements"), "S", where=lambda one: joined("And", [test(one) for test in tests]))

    def in_part(self, asked: Question) -> bool:
        """Whether the answer needs, besides what is worked out, to know which line is going on."""
        if isinstance(asked, DaysOf):
            return True
        if not isinstance(asked, Taking):
            return False
        return any(all(self._in_lines(name) for name in one.has) for one in asked.treatment.alternatives)

    def why(self, asked: Question) -> str:
        """Why the answer, or a part of it, is handed in."""
        if isinstance(asked, Taking):
            return "other medicines are read; a drug of the line that is going on needs lines of therapy"
        if isinstance(asked, DaysOf):
            return (
                "that a symptom is not there is read; for how long it has been there, only who reads its dates as a whole can say"
            )
        if isinstance(asked, Had) and asked.setting in ("any", "adjuvant", "metastatic"):
            return "drugs given together in one course need lines of therapy"
        return "it needs lines of therapy: which drugs belong together, when a line ended, and why"

    def _in_lines(self, name: str) -> bool:
        return any(self.knowledge.is_a(drug, name) for drug in self._lines)

    def _had(self, asked: Had) -> Term:
        given = ref("Given")
        wanted = [_combined(one) for one in asked.treatment.alternatives]
        return some(query(given, "G", where=lambda one: joined("And", [
            *([compared(get(one, "setting"), "=", words(asked.setting))] if asked.setting != "any" else []),
            joined("Or", [want(one) for want in wanted]),
        ])))  # fmt: skip

    def _taking(self, treatment: Treatment, handed: Term) -> Term:
        wanted = [_combined(one) for one in treatment.alternatives]
        besides = some(query(ref("Taken"), "T", where=lambda one: joined("Or", [want(one) for want in wanted])))
        return joined("Or", [besides, handed]) if self.in_part(Taking(treatment)) else besides

    def _reacted(self, asked: ReactedTo) -> Term:
        """A harm without a grade, of an unknown kind, or of which nobody says whether it is over, may be the one asked about."""
        wanted = [_combined(one) for one in asked.treatment.alternatives]
        by = query(ref("Harms"), "H", where=lambda one: joined("Or", [want(one) for want in wanted]))
        meant = asked.effect and (self.knowledge.find_effect(asked.effect) or asked.effect)

        def holds(one: Term) -> Term:
            parts = [boolean(True)]
            if asked.effect and meant:
                said = compared(get(one, "said"), "=", words(asked.effect))
                parts.append(choose(said, boolean(True), compared(get(one, "effect"), "=", words(meant))))
            if asked.grade is not None:
                parts.append(compared(get(one, "grade"), ">=", whole(asked.grade)))
            if asked.course is not None:  # an allergy does not say whether the harm is over
                parts.append(UNKNOWN)
            return joined("And", parts)

        sure = query(by, "S", where=lambda one: is_true(holds(one)))
        maybe = query(by, "U", where=lambda one: negated(is_false(holds(one))))
        return choose(some(sure), boolean(True), choose(some(maybe), UNKNOWN, boolean(False)))


def _alone(treatment: Treatment) -> bool:
    """Whether each alternative is one drug or class, so that one medicine is enough to settle it."""
    return all(len(one.has) <= 1 and not one.without for one in treatment.alternatives)


def _combined(one: Combination) -> Callable[[Term], Term]:
    """Whether a medicine is all of what a combination has and none of what it has not."""

    def holds(medicine: Term) -> Term:
        has = [member(words(name), get(medicine, "kinds")) for name in one.has]
        without = [negated(member(words(name), get(medicine, "kinds"))) for name in one.without]
        return joined("And", [*has, *without]) if has or without else boolean(True)

    return holds
