"""Explanations in words: from the facts, labels and courses they are about, for a person and for a team.

Every rendering of a reason goes through here, so that the sentence, the table and the trace cannot contradict each other.
"""

from __future__ import annotations

from linewise.knowledge import Knowledge
from linewise.knowledge.model import Caution, Conduct, Result, Trial
from linewise.logic import Decider, Explanation, Question, nodes

_SETTING = {
    "any": "",
    "adjuvant": " before the cancer had spread",
    "metastatic": " since the cancer had spread",
    "first": " as the first line",
    "last": " as the last line",
}


_UNITS = {"a": "years", "mo": "months", "Cel": "°C", "{ULN}": "times the upper limit", "10*9/L": "× 10⁹/L", "/Mb": "per megabase"}
"""UCUM units as people read them."""


UNCONFIRMED = "not yet checked by a second person"
"""Said of every statement that carries a mark (`review: "needed: …"`)."""


def unit_words(unit: str | None) -> str:
    """A UCUM unit as people read it: `a` is years."""
    return _UNITS.get(unit or "", unit or "")


def number(value: float) -> str:
    """A figure as people write it: 8.6, 12, 0.57."""
    return f"{value:g}"


class Words:
    """Words for one person's explanations."""

    def __init__(self, knowledge: Knowledge, decider: Decider) -> None:
        self.knowledge, self.decider = knowledge, decider
        self._leaves: dict[tuple[str, bool | None], str] = {}

    def told(self, one: Caution | Conduct) -> str:
        """What a person is told of it. Words written for those who prescribe never reach them: then it is only said that there is something."""
        return one.plain or self.knowledge.guide.unworded["contraindicated"]

    def fact_value(self, name: str) -> str:
        """What a fact is on this record: `not changed`, `55 %`, `bone, liver`, `not known`."""
        fact = self.knowledge.facts.get(name)
        value = self.decider.fact_value(name)
        if value is None:
            return "not known"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, float):
            return f"{number(value)} {unit_words(fact.unit) if fact else ''}".strip()
        if isinstance(value, frozenset):
            return ", ".join(self.value_label(name, one) for one in sorted(value)) or "none"
        return self.value_label(name, value)

    def value_label(self, name: str, value: str) -> str:
        """What one value of a fact is called."""
        fact = self.knowledge.facts.get(name)
        return fact.values[value].label if fact and value in fact.values else value

    def leaf(self, explained: Explanation) -> str:
        """One reason in plain words: `FACT: value`, `had CLASS`, `FACT: not known`."""
        key = (explained.text, explained.value)
        found = self._leaves.get(key)
        if found is None:
            found = self._leaves[key] = self._leaf(explained)
        return found

    def _leaf(self, explained: Explanation) -> str:
        about = explained.about
        if isinstance(about, str):
            return self._fact_words(about, explained)
        return self.question(about, explained.value)

    def _fact_words(self, name: str, explained: Explanation) -> str:
        fact = self.knowledge.facts.get(name)
        label = fact.label if fact else name
        value = self.decider.fact_value(name)
        if isinstance(value, frozenset) and fact is not None:
            return self._set_words(name, label, value, explained)
        if isinstance(value, bool):
            return label if value else f"{label}: no"
        return f"{label}: {self.fact_value(name)}"

    def _set_words(self, name: str, label: str, value: frozenset[str], explained: Explanation) -> str:
        """Of a set, what was asked about: the members that were found, or the ones that were not."""
        node = explained.node
        if not isinstance(node, nodes.Includes) or node.mode == "only":
            return f"{label}: {self.fact_value(name)}"
        if explained.value is None:
            return f"{label}: not known"
        asked = self.knowledge.vocabulary.members(name, node.values)
        found = [self.value_label(name, one) for one in sorted(value & asked)]
        if found:
            return f"{label}: {', '.join(found)}"
        sought = [self.value_label(name, one) for one in sorted(asked)]
        return f"{label}: no {' or '.join(sought[:3])}{' or similar' if len(sought) > 3 else ''}"

    def question(self, asked: Question, value: bool | None) -> str:
        """A question about the history, with its answer."""
        answer = self.decider.reading(asked).value
        unknown = value is None
        if isinstance(asked, nodes.GradeOf | nodes.DaysOf):
            what = "grade of" if isinstance(asked, nodes.GradeOf) else "days of"
            return f"{what} {self.value_label('symptoms', asked.symptom)}: {_figure(answer)}"
        drug = self.treatment(asked.treatment)
        where = _SETTING[getattr(asked, "setting", "any")]
        if isinstance(asked, nodes.Had):
            return f"not known whether {drug} was given{where}" if unknown else f"{'had' if value else 'had no'} {drug}{where}"
        if isinstance(asked, nodes.ProgressedOn):
            if unknown:
                return f"not known whether the cancer grew on {drug}{where}"
            return f"the cancer {'grew' if value else 'has not grown'} on {drug}{where}"
        if isinstance(asked, nodes.Receiving | nodes.Taking):
            if unknown:
                return f"not known whether {drug} is taken now"
            return f"takes {drug} now" if value else f"does not take {drug} now"
        if isinstance(asked, nodes.ReactedTo):
            return f"{'a' if value else 'no'} reaction to {drug}{' known' if unknown else ''}"
        if isinstance(asked, nodes.LinesOf):
            return f"lines with {drug}{where}: {_figure(answer)}"
        head = {
            nodes.MonthsOn: f"months on {drug}{where}",
            nodes.MonthsSince: f"months since {drug}{where}",
            nodes.MonthsToRelapse: f"months from {drug} to relapse",
        }[type(asked)]
        return f"{head}: {_figure(answer)}"

    def treatment(self, treatment: nodes.Treatment) -> str:
        """`CDK4/6 inhibitor`, `A or B`, `hormone therapy without CDK4/6 inhibitor`."""
        parts = []
        for one in treatment.alternatives:
            text = " with ".join(self.knowledge.label(name) for name in one.has) or "any treatment"
            parts.append(text + "".join(f" without {self.knowledge.label(name)}" for name in one.without))
        return " or ".join(parts[:3]) + (" or similar" if len(parts) > 3 else "")

    def reasons(self, explained: Explanation, most: int = 4) -> str:
        """The reasons that decide, in one clause: what holds where it is true, what fails where it is false.

        That something is known at all is a reason only where nothing else is.
        """
        seen: dict[str, None] = {}
        leaves = list(explained.reasons())
        telling = [leaf for leaf in leaves if not isinstance(leaf.node, nodes.Known)] or leaves
        for leaf in telling:
            seen[self.leaf(leaf) + (" (assumed)" if leaf.assumed and leaf.value is not True else "")] = None
        return "; ".join(list(seen)[:most])


def _figure(value: object) -> str:
    if value is None:
        return "not known"
    if isinstance(value, float):
        return "never given" if value == float("inf") else number(value)
    return str(value)


def result(found: Result, beside: str = "") -> str:
    """One result of a trial, in absolute figures first. `beside` names the arm that the trial is named after, where this one was the comparator."""
    group = f" ({found.group})" if found.group else ""
    unit = f" {found.unit}" if found.unit and found.unit != "%" else "%" if found.unit == "%" else ""
    parts = []
    if beside and found.control is not None:
        other = f", against {_arm(found.treatment)}{unit} with {beside}" if found.treatment is not None else ""
        parts.append(f"{_arm(found.control)}{unit}{other}")
    elif beside and found.treatment is not None:
        parts.append(f"{_arm(found.treatment)}{unit} with {beside}, not counted here")
    elif found.treatment is not None and found.control is not None:
        parts.append(f"{_arm(found.treatment)} against {_arm(found.control)}{unit}")
    elif found.treatment is not None:
        parts.append(f"{_arm(found.treatment)}{unit}")
    if found.hr is not None:
        interval = f", 95% CI {number(found.ci[0])} to {number(found.ci[1])}" if found.ci else ""
        parts.append(f"hazard ratio {f'of {beside} ' if beside else ''}{number(found.hr)}{interval}")
    if found.note:
        parts.append(found.note)
    if found.review:
        parts.append(UNCONFIRMED)
    return f"{found.endpoint}{group}: {'; '.join(parts)}" if parts else found.endpoint


def _arm(value: float | str) -> str:
    return number(value) if isinstance(value, int | float) else value


def trial(found: Trial, comparator: bool = False) -> str:
    """All results of a trial, in one line; those of the comparator begin by saying so, and their own figure comes first."""
    beside = found.treatment.label if comparator and found.treatment else ""
    said = ". ".join(result(one, beside) for one in found.results) or (found.plain or "")
    return f"as the comparator: {said}" if beside else said
