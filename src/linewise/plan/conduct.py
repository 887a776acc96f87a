"""May a drug begin, and may what is taken now go on: the rules of conduct and the red flags, for one person.

A drug that is taken now is asked about its `hold`, `reduce` and `stop` rules; one that an option would begin about its `start` and `stop`
rules; where it is not known whether it is taken, about all of them. A rule that holds blocks, except one that only makes the dose smaller.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from linewise.knowledge import Knowledge
from linewise.knowledge.model import ANY_TREATMENT, Alert, Conduct, Region, Step
from linewise.logic import Decider
from linewise.logic.kleene import any_of
from linewise.logic.nodes import Ask, Combination, Taking, Treatment

BLOCKING: frozenset[Step] = frozenset({"start", "hold", "stop"})
GOING_ON: frozenset[Step] = frozenset({"hold", "reduce", "stop"})
BEGINNING: frozenset[Step] = frozenset({"start", "stop"})
SOON = frozenset({"emergency", "same-day"})
"""How fast a red flag must be for going on to wait for it."""


def taken_now(drug: str) -> Ask:
    """The criterion "this drug is taken now", for every reader."""
    return Ask(Taking(Treatment((Combination((drug,)),))))


def asked_of(rule: Conduct, taken: bool | None) -> frozenset[Step]:
    """What a rule asks for, of a drug that is taken now, that would begin, or of which that is not known."""
    steps = frozenset(rule.do)
    return steps if taken is None else steps & (GOING_ON if taken else BEGINNING)


def holding(alerts: Iterable[Alert], drug: str, knowledge: Knowledge) -> list[Alert]:
    """The red flags that going on with a drug waits for while they are up."""
    names = {ANY_TREATMENT, drug, *knowledge.classes_of(drug)}
    return [one for one in alerts if not names.isdisjoint(one.holds)]


class Conducts:
    """The rules of conduct of the knowledge, decided for one person on one day."""

    def __init__(self, knowledge: Knowledge, decider: Decider) -> None:
        self.knowledge, self.decider = knowledge, decider
        self._blocks: dict[tuple[str, Region, bool], bool | None] = {}

    def taken(self, drug: str) -> bool | None:
        """Whether a drug is taken now."""
        return self.decider.value(taken_now(drug))

    def asked(self, drug: str, region: Region) -> list[Conduct]:
        """The rules that are asked of a drug here, whatever they answer.

        A rule that ends the drug for good comes first: "it waits until tomorrow's blood test" must not be what is told of it.
        """
        rules = sorted(self.knowledge.conduct(drug), key=lambda rule: "stop" not in rule.do)
        taken = self.taken(drug) if rules else None
        return [rule for rule in rules if asked_of(rule, taken) and rule.holds_in(region)]

    def rules(self, drug: str, region: Region) -> Iterable[tuple[Conduct, frozenset[Step], bool | None]]:
        """The rules that are asked of a drug here, with what each asks for and whether it holds; those that do not hold are left out."""
        for rule in self.asked(drug, region):
            holds = self.decider.value(rule.when)
            if holds is not False:
                yield rule, asked_of(rule, self.taken(drug)), holds

    def blocks(self, drug: str, region: Region, partner: bool = False) -> bool | None:
        """Whether a rule keeps a drug from beginning, or from going on.

        Unknown only where a rule says that not knowing leaves it open (never of a `partner`, one of several to choose from), and where an entry
        leaves it open that was not understood.
        """
        key = (drug, region, partner)
        if key not in self._blocks:
            answers = [
                self.decider.held(rule.when, rule.unknown == "depends" and not partner)
                for rule, steps, _ in self.rules(drug, region)
                if steps & BLOCKING
            ]
            self._blocks[key] = any_of(answers)
        return self._blocks[key]

    @cached_property
    def _up(self) -> list[Alert]:
        """The red flags that are up, and those that a measured value may raise which was not understood or is not final."""
        alerts = (one for one in self.knowledge.content.alerts.values() if one.act in SOON and one.holds)
        return [one for one in alerts if (up := self.decider.value(one.when)) or (up is None and self._measured(one))]

    def _measured(self, alert: Alert) -> bool:
        """Whether a measured value that nobody could use is behind a red flag of which it is not known whether it is up."""
        return any(
            isinstance(about, str) and self.knowledge.facts[about].type == "number" for about in self.decider.doubtful(alert.when)
        )

    def waits_for(self, drug: str) -> list[Alert]:
        """The red flags that are up and that going on with this drug waits for; none for a drug that is not taken now."""
        if not self._up or self.taken(drug) is False:
            return []
        return holding(self._up, drug, self.knowledge)
