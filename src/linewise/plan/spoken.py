"""Reasons as a tired person reads them: whole sentences, made from the same tree as the team's trace.

Which words belong to which answer stands in `knowledge/wording/`. What is not worth saying is left out there, not here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from linewise.knowledge import Knowledge
from linewise.knowledge.model import Region
from linewise.knowledge.wording import Reasons
from linewise.logic import Decider, Explanation, Question, nodes

from .judge import CURRENT, Judged
from .words import Words, number

if TYPE_CHECKING:
    from .options import Options

_MOST, _ASKED = 3, 2
"""Most sentences of a reason, and most things that one asks for."""
_SETTING = {"last": "latest"}
_NAMES: dict[type, str] = {
    nodes.Had: "had",
    nodes.ProgressedOn: "grew",
    nodes.Receiving: "takes",
    nodes.Taking: "takes",
    nodes.ReactedTo: "reacted",
    nodes.LinesOf: "lines",
    nodes.MonthsOn: "months-on",
    nodes.MonthsSince: "months-since",
    nodes.MonthsToRelapse: "months-to-relapse",
    nodes.GradeOf: "grade",
    nodes.DaysOf: "days",
}
_IN_MONTHS = (nodes.MonthsOn, nodes.MonthsSince, nodes.MonthsToRelapse)


class Spoken:
    """Sentences for one person's plan."""

    def __init__(self, words: Words, reasons: Reasons) -> None:
        self.words, self.reasons = words, reasons
        self.knowledge: Knowledge = words.knowledge
        self.decider: Decider = words.decider

    def why(self, judged: Judged, options: Options) -> list[str]:
        """Why an option has its status: up to three sentences."""
        said, treatment = self.reasons.said, judged.treatment
        if judged.fits is False:
            if CURRENT in treatment.drugs and not options.judge.current:
                return [said["no-current"]]
            return self.sentences(self.decider.explain(treatment.fits), 2) or [said["not-fitting"]]
        if judged.stands is False:
            return [self._no_standing(judged)]
        if judged.forbidden is True:
            return [said["forbidden"].format(why=options.why_forbidden(judged))]
        if judged.status == "depends":
            alarms = [one.title for one in options.judge.waits_for(treatment)] if judged.forbidden is None else []
            asked = [one for one in options.still_open(judged, tests=True) if one not in alarms]
            found = [said["alarm"].format(what="; ".join(alarms[:_ASKED]))] if alarms else []
            return [*found, said["depends"].format(what=self._few(asked))] if asked else found
        found = self.sentences(self.decider.explain(treatment.fits), _MOST, self._own(treatment.drugs))
        if judged.second:
            return [said["second"].format(why=options.why_second(judged)), *found[:1]]
        if not found:
            return [said["everybody" if _constant(treatment.fits) else "fitting"]]
        return found

    def sentences(self, explained: Explanation, most: int = _MOST, own: frozenset[str] = frozenset()) -> list[str]:
        """The reasons that decide, each as a sentence: what holds before what does not, and what says nothing left out.

        `own` are the drugs and classes of the option itself: that it has not been given yet is no reason to tell.
        """
        leaves = [leaf for leaf in explained.reasons() if not isinstance(leaf.node, nodes.Known) or leaf.value is False]
        telling = [leaf for leaf in leaves if not (own and _about(leaf, own) and leaf.value is not True)]
        found = self._said(sorted(telling, key=lambda leaf: not _positive(leaf))) if own else self._said(leaves)
        return found[:most]

    def _few(self, names: list[str]) -> str:
        """The first of what is asked for, and how many more there are."""
        shown = "; ".join(names[:_ASKED])
        more = len(names) - _ASKED
        return shown if more <= 0 else self.reasons.said["more"].format(what=shown, number=more)

    def _own(self, drugs: Iterable[str]) -> frozenset[str]:
        names = set(drugs)
        for drug in drugs:
            names |= set(self.knowledge.drugs[drug].classes) if drug in self.knowledge.drugs else set()
        return frozenset(names)

    def _said(self, leaves: Iterable[Explanation]) -> list[str]:
        found: dict[str, None] = {}
        for leaf in leaves:
            text = self.leaf(leaf)
            if text:
                found[text] = None
        return list(found)

    def leaf(self, explained: Explanation) -> str:
        """One answer as a sentence; empty where it is not worth saying."""
        about = explained.about
        text = self._fact(about, explained) if isinstance(about, str) else self._question(about, explained.value)
        if text and explained.assumed and explained.value is not True:
            return self.reasons.said["assumed"].format(sentence=text[0].lower() + text[1:])
        return text

    def _fact(self, name: str, explained: Explanation) -> str:
        fact = self.knowledge.facts.get(name)
        label = fact.label if fact is not None else name
        value = self.decider.fact_value(name)
        sentences = self.reasons.facts.get(name, {})
        if explained.value is None or value is None:  # also of `is known`: what is asked for is the value
            return _capital(self.reasons.said["unknown"].format(label=label))
        if isinstance(value, frozenset):
            key, listed = self._listed(name, value, explained)
            text = sentences.get(key)
            return text.format(list=listed) if text is not None else self._other(label, listed)
        if isinstance(value, bool):
            text = sentences.get("yes" if value else "no")
        elif isinstance(value, float):
            text = sentences.get(number(value), sentences.get("number"))
        else:
            text = sentences.get(value)
        return self._other(label, self.words.fact_value(name)) if text is None else text.format(value=self.words.fact_value(name))

    def _listed(self, name: str, value: frozenset[str], explained: Explanation) -> tuple[str, str]:
        """Of a set, what was asked about: the members that are there, or those that are not."""
        node = explained.node
        asked = (
            self.knowledge.vocabulary.members(name, node.values)
            if isinstance(node, nodes.Includes) and node.mode != "only"
            else value
        )
        found = sorted(self.words.value_label(name, one) for one in value & asked)
        if found:
            return "some", ", ".join(found)
        sought = sorted(self.words.value_label(name, one) for one in asked)
        return "none", ", ".join(sought[:3])

    def _other(self, label: str, value: str) -> str:
        return _capital(self.reasons.said["other"].format(label=label, value=value))

    def _question(self, asked: Question, value: bool | None) -> str:
        sentences = self.reasons.history[_NAMES[type(asked)]]
        answer = self.decider.reading(asked).value
        if isinstance(asked, nodes.GradeOf | nodes.DaysOf):
            drug, where = self.words.value_label("symptoms", asked.symptom), ""
        else:
            drug = self._drug(asked.treatment)
            setting = getattr(asked, "setting", "any")
            where = self.reasons.where[_SETTING.get(setting, setting)]
        if value is None or answer is None:
            return _capital(self.reasons.said["unknown"].format(label=f"{drug}{where}"))
        if isinstance(answer, bool):
            return _capital(sentences["yes" if value else "no"].format(drug=drug, where=where, number=""))
        count = answer if isinstance(answer, float) else 0.0
        if count == float("inf"):
            return _capital(sentences["never"].format(drug=drug, where=where, number=""))
        figure = number(count)
        text = sentences.get(figure, sentences["number"])
        if isinstance(asked, _IN_MONTHS):
            words = self.reasons.months
            figure = words["one"] if figure == "1" else words["many"].format(number=figure)
        return _capital(text.format(drug=drug, where=where, number=figure))

    def _drug(self, treatment: nodes.Treatment) -> str:
        """`hormone therapy`, `A or B`, `cancer treatment`."""
        names = []
        for one in treatment.alternatives:
            text = " with ".join(self.knowledge.label(name) for name in one.has) or self.reasons.any_treatment
            names.append(text + "".join(f" without {self.knowledge.label(name)}" for name in one.without))
        return " or ".join(names[:3])

    def _no_standing(self, judged: Judged) -> str:
        said, place = self.reasons.said, self._place(judged.region)
        if any(holds for _, holds in judged.blocking):
            return said["refused"].format(place=place)
        narrower = [one for one, holds in judged.deciding if holds is False and one.fits is not None]
        if narrower and narrower[0].fits is not None:
            why = " ".join(self.sentences(self.decider.explain(narrower[0].fits), 2)) or said["not-fitting"]
            return said["narrower"].format(body=narrower[0].body, why=why)
        ended = any(one.until is not None and one.holds_in(judged.region) for one in judged.treatment.standing)
        return said["ended" if ended else "not-yet"].format(place=place)

    def _place(self, region: Region) -> str:
        return self.knowledge.content.regions[region].short


def _positive(leaf: Explanation) -> bool:
    return leaf.value is True and not isinstance(leaf.node, nodes.Compare)


def _about(leaf: Explanation, own: frozenset[str]) -> bool:
    """Whether an answer is about the option's own drugs."""
    about = leaf.about
    return not isinstance(about, str) and hasattr(about, "treatment") and any(name in own for name in about.treatment.names)


def _constant(node: nodes.Node) -> bool:
    return all(isinstance(one, nodes.Constant) for one in nodes.walk(node))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
