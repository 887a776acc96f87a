"""Two reference answers: by Linewise, and by a rule that knows the kind of cancer and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

from linewise import __version__
from linewise.exchange import Codes
from linewise.exchange.profile import read_profile
from linewise.knowledge import Knowledge
from linewise.logic import UNKNOWN, Decider, Question, Reading
from linewise.logic.decide import Subject
from linewise.logic.nodes import walk
from linewise.plan import Plan, make_plan
from linewise.plan.model import OFFERED

from .model import ANSWERS, Answer, Answers, Asked, Case, Decisions, Said, Says

SOON = ("emergency", "same-day")
"""What calls for help the same day; "at the next visit" is no alarm."""
_SUBTYPE, _SYMPTOMS = "subtype", "symptoms"
_TOLD = 500
"""After how many cases the progress is told."""
_BEST: tuple[Says, ...] = ("offered", "depends", "not-offered")


def plan_of(case: Case, knowledge: Knowledge, codes: Codes) -> Plan:
    """The plan of a case, on its day and in its region (`any`: none)."""
    record = read_profile(case.profile, case.id, codes, True)
    return make_plan(record, knowledge, dt.date.fromisoformat(case.as_of), None if case.region == "any" else case.region)


def references(
    decisions: Decisions, knowledge: Knowledge, codes: Codes, say: Callable[[str], None] = lambda text: None
) -> tuple[Answers, Answers]:
    """The answers of Linewise and of the trivial rule, in one walk over the cases."""
    told = _rests_on(_SUBTYPE, knowledge)
    ours, trivial = [], []
    for number, case in enumerate(decisions.cases):
        if number % _TOLD == 0:
            say(f"deciding ({number} of {len(decisions.cases)} cases)")
        plan = plan_of(case, knowledge, codes)
        ours.append(by_plan(case, plan))
        trivial.append(by_subtype(case, plan, told))
    edition = f"Linewise {__version__} ({knowledge.edition})"
    return _answers(decisions, edition, ours), _answers(decisions, "Every option whose subtype matches", trivial)


def _answers(decisions: Decisions, system: str, found: list[Answer]) -> Answers:
    return Answers(format=ANSWERS, set=decisions.digest, system=system, answers=tuple(found))


def by_plan(case: Case, plan: Plan) -> Answer:
    """What a plan says: of each question's option the best status, and the red flags that are up."""
    status: dict[str, Says] = {
        name: "offered" if one.status in OFFERED else "depends"
        for name, one in plan.judged.items()
        if one.status in OFFERED or one.status == "depends"
    }
    urgent = any(one.act in SOON for one in plan.urgent)
    return _answer(case, plan, status, urgent, [one.id for one in plan.urgent])


def by_subtype(case: Case, plan: Plan, told: frozenset[str]) -> Answer:
    """A trivial rule: offer whatever the subtype does not rule out, and call for help wherever a symptom is recorded."""
    decider = Decider(plan.knowledge.vocabulary, _OnlyThese(plan.chart, told))
    options = plan.knowledge.treatments.values()
    status: dict[str, Says] = {one.id: "offered" for one in options if decider.value(one.fits) is not False}
    return _answer(case, plan, status, any(entry.fact == _SYMPTOMS for entry in plan.record.entries), [])


def _answer(case: Case, plan: Plan, status: dict[str, Says], urgent: bool, alarms: list[str]) -> Answer:
    names = {name: plan.names(name) for name in status}
    options = [Said(names=one.names, says=_says(one, names, status)) for one in case.questions if one.about == "option"]
    return Answer(case=case.id, options=tuple(options), urgent=urgent, alarms=tuple(sorted(alarms)))


def _says(asked: Asked, names: dict[str, frozenset[str]], status: dict[str, Says]) -> Says:
    """The best that is said of any option that holds every name of a question."""
    return best(status[name] for name, words in names.items() if words.issuperset(asked.names))


def best(said: Iterable[Says]) -> Says:
    """Offered before depends; what nobody names is not offered."""
    return min(said, key=_BEST.index, default="not-offered")


class _OnlyThese:
    """A person of whom nothing is known but some facts."""

    def __init__(self, subject: Subject, told: frozenset[str]) -> None:
        self.subject, self.told, self.as_of = subject, told, subject.as_of

    def read(self, about: str | Question) -> Reading:
        return self.subject.read(about) if isinstance(about, str) and about in self.told else UNKNOWN


def _rests_on(fact: str, knowledge: Knowledge) -> frozenset[str]:
    """The facts that a derived one follows from."""
    found, waiting = {fact}, [fact]
    while waiting:
        definition = knowledge.vocabulary.facts[waiting.pop()].definition
        for node in definition.nodes if definition is not None else ():
            for part in walk(node):
                name = getattr(part, "fact", None)
                if isinstance(name, str) and name not in found:
                    found.add(name)
                    waiting.append(name)
    return frozenset(found)
