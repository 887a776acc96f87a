"""What could become an emergency for one person: the red flags that their treatment or disease has already half raised.

For a card that others read when it is needed: the same alerts, asked with every sign and every measured value left open. One that could
come up, and of which something holds already (a drug that is taken, a place of the cancer), is a risk of this person.
"""

from __future__ import annotations

from collections.abc import Iterator

from linewise.knowledge import Knowledge
from linewise.knowledge.model import Alert
from linewise.logic import UNKNOWN, Decider, Explanation, Question, Reading, nodes
from linewise.logic.decide import Subject

from .make import Plan

_SIGNS = "symptoms"


class _WithAnySign:
    """The subject with nothing known of signs and measured values."""

    def __init__(self, subject: Subject, knowledge: Knowledge) -> None:
        self.subject, self.knowledge = subject, knowledge
        self.as_of = subject.as_of

    def read(self, about: str | Question) -> Reading:
        if isinstance(about, nodes.GradeOf | nodes.DaysOf):
            return UNKNOWN
        if isinstance(about, str):
            fact = self.knowledge.facts.get(about)
            if about == _SIGNS or (fact is not None and fact.type == "number" and fact.of == "person" and about != "age"):
                return UNKNOWN
        return self.subject.read(about)


def risks(plan: Plan) -> list[Alert]:
    """What could become urgent because of what this person has or takes: what the card names first, then all other emergencies."""
    knowledge = plan.knowledge
    alerts = knowledge.content.alerts
    decider = Decider(knowledge.vocabulary, _WithAnySign(plan.chart, knowledge))
    first = [
        one.alert
        for one in knowledge.guide.card
        if (decider.value(one.when) is True if one.when is not None else _could(alerts[one.alert], decider))
    ]
    rest = [name for name, one in alerts.items() if one.act == "emergency" and name not in first and _could(one, decider)]
    return [alerts[name] for name in (*first, *rest)]


def _could(alert: Alert, decider: Decider) -> bool:
    """Whether an alert could come up, and something of it holds already."""
    return decider.value(alert.when) is not False and any(_holds(leaf) for leaf in _leaves(decider.explain(alert.when)))


def _holds(leaf: Explanation) -> bool:
    """Whether something of the treatment, the illnesses or the disease holds already."""
    return leaf.value is True and not isinstance(leaf.node, nodes.Known | nodes.Compare) and not _of_signs(leaf)


def _of_signs(explained: Explanation) -> bool:
    """Whether an answer, or what it was derived from, is about a sign: then it says nothing while the signs are left open."""
    if explained.about == _SIGNS or isinstance(explained.about, nodes.GradeOf | nodes.DaysOf):
        return True
    return any(_of_signs(child) for child in explained.children)


def _leaves(explained: Explanation) -> Iterator[Explanation]:
    if explained.kind == "leaf":
        yield explained
    elif explained.kind != "not":  # what is excluded is no reason
        for child in explained.children:
            yield from _leaves(child)
