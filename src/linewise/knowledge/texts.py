"""What search can find: every text of the knowledge that a person may read, with the words that lead to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from linewise.logic import Node
from linewise.logic.nodes import Ask, AtLeast, Had, Includes, Is, Or, ReactedTo, Receiving, Taking

from .book import Knowledge
from .model import Caution, Drug

CONDITION = "Only if "
"""How a warning begins that holds for some people only."""
NOT_COUNTED = "How often its side effects occur is not entered here yet."
_MOST = 3  # clauses of a condition that can be said in one breath


class Text(msgspec.Struct, frozen=True):
    """One thing that can be found. `names` lead to it without being its title; `head` weighs more than `body`."""

    kind: str
    id: str
    title: tuple[str, ...]
    names: tuple[str, ...]
    head: tuple[str, ...]
    body: tuple[str, ...]
    sources: tuple[str, ...]
    pages: tuple[str, ...] = ()


def texts(knowledge: Knowledge) -> Iterator[Text]:
    """All of them."""
    content = knowledge.content
    for answer in content.answers.values():
        yield Text("answer", answer.id, (answer.question,), answer.also, (answer.plain,), (), answer.source, answer.pages)
    for page in content.pages.values():
        body = re.sub(r"\[\^[^\]]+\]|\[([^\]]*)\]\([^)]*\)", r"\1", page.body)
        heads = tuple(line.lstrip("# ") for line in body.splitlines() if line.startswith("#"))
        plain = re.sub(r"[#*_`>|]|^-+$", " ", re.sub(r"(?m)^#.*$", "", body))
        lines = tuple(line.strip(" -") for line in plain.splitlines() if line.strip(" -"))
        yield Text("page", page.id, (page.title,), (page.topic, page.id), (page.summary, *heads), lines, page.sources, (page.id,))
    for ask in content.questions.values():
        yield Text("question", ask.id, (ask.text,), (), (), (ask.topic,), ask.source)
    for term in content.glossary.values():
        yield Text("glossary", term.id, (term.term,), (term.id, *term.also), (term.plain,), (), term.source)
    for drug in content.drugs.values():
        yield _drug(drug, knowledge)
    for treatment in content.treatments.values():
        drugs = [content.drugs[name] for name in treatment.drugs if name in content.drugs]
        names = tuple(word for one in drugs for word in (one.label, *one.brands))
        does = tuple(part for part in (treatment.aim, treatment.harm) if part)
        yield Text(
            "option", treatment.id, (treatment.title,), (*names, *map(knowledge.label, treatment.classes)), (treatment.plain or "",),
            does, _cited(treatment.standing),
        )  # fmt: skip
    for effect in content.effects.values():
        helps = (*(one.plain or one.text for one in effect.helps), *effect.call.values())
        title = effect.plain_name or effect.label
        names = (effect.label, *effect.also, f"{title} what helps")
        yield Text("side effect", effect.id, (title,), names, (effect.plain or "",), helps, _cited(effect.helps) or effect.source)
    for alert in content.alerts.values():
        yield Text("red flag", alert.id, (alert.title,), (), (alert.plain,), (), alert.source)
    for test in content.tests.values():
        yield Text("test", test.id, (test.title,), (test.id,), (test.plain,), (), test.source)
    for trial in content.evidence.values():
        if not trial.results and not trial.plain:
            continue  # counts of side effects alone: they are told under the drug
        found = (trial.population or "", trial.plain or "")
        yield Text("trial", trial.id, (trial.name,), (trial.nct or "",), (), found, trial.source or _cited(trial.results))
    for one in content.organisations.values():
        yield Text("organisation", one.id, (one.name,), one.countries, (one.plain,), (), one.source)


def _drug(drug: Drug, knowledge: Knowledge) -> Text:
    """A drug: what it is, what its trials counted, and its warnings, those for some people with their condition."""
    kinds = tuple(knowledge.label(name) for name in sorted(knowledge.classes_of(drug.id)))
    counted = ", ".join(counted_effects(drug.id, knowledge))
    treats = any(knowledge.classes[name].makes_line for name in knowledge.classes_of(drug.id) if name in knowledge.classes)
    side = (f"Side effects counted in its trials: {counted}.",) if counted else (NOT_COUNTED,) if treats else ()
    warnings = tuple(text for one in (*drug.avoid, *drug.caution) if (text := warning(one, knowledge)))
    names = (*drug.brands, *drug.also, *kinds, f"{drug.label} side effects")
    sources = drug.source or _cited((*drug.avoid, *drug.caution))
    return Text("drug", drug.id, (drug.label,), names, (drug.plain or "", *side), (drug.how or "", *warnings), sources)


def counted_effects(drug: str, knowledge: Knowledge, most: int = 12) -> list[str]:
    """The effects that the trials of a drug counted, by name, the most frequent first."""
    shares: dict[str, float] = {}
    for trial in knowledge.evidence.values():
        if trial.treatment is not None and drug in trial.treatment.drugs:
            for one in trial.effects:
                shares[one.effect] = max(shares.get(one.effect, 0.0), one.treatment or one.treatment_severe or 0.0)
    effects = knowledge.content.effects
    names = sorted(shares, key=lambda name: (-shares[name], name))[:most]
    return [(effects[name].plain_name or effects[name].label).lower() if name in effects else name for name in names]


def warning(one: Caution, knowledge: Knowledge) -> str:
    """A warning in words for people. What holds for some only is said with its condition; where that cannot be said shortly, not at all."""
    if not one.plain:
        return ""
    if one.when is None:
        return one.plain
    condition = condition_words(one.when, knowledge)
    return f"{CONDITION}{condition}: {one.plain}" if condition else ""


def condition_words(when: Node, knowledge: Knowledge) -> str:
    """A condition as a person would say it, `you have had a blood clot`; empty where it is too long or too fine for that."""
    clauses = _clauses(when, knowledge)
    return "" if clauses is None or len(clauses) > _MOST else " or ".join(dict.fromkeys(clauses))


def _clauses(node: Node, knowledge: Knowledge) -> list[str] | None:
    if isinstance(node, Or) or (isinstance(node, AtLeast) and node.n == 1):
        inner = [_clauses(part, knowledge) for part in node.items]
        return None if None in inner else [clause for clauses in inner for clause in clauses or ()]
    if isinstance(node, Ask):
        return _asked(node, knowledge)
    if isinstance(node, Includes) and node.mode != "only" and node.fact in knowledge.facts:
        labels = [
            value.label if (value := knowledge.facts[node.fact].values.get(one)) else one.replace("-", " ") for one in node.values
        ]
        return [f"you have or had {_few(labels)}"]
    if isinstance(node, Is) and node.fact in knowledge.facts and knowledge.facts[node.fact].type == "yes-no":
        return [f"this is so: {knowledge.facts[node.fact].label}"]
    return None


def _asked(node: Ask, knowledge: Knowledge) -> list[str] | None:
    question = node.question
    label = _few([knowledge.label(name) for name in question.treatment.names])
    if isinstance(question, Taking | Receiving):
        known = all(name in knowledge.drugs or knowledge.classes[name].makes_line for name in question.treatment.names)
        return [f"you take {label}" if known else "you take certain other medicines"]
    if isinstance(question, Had):
        return [f"you have had {label}"]
    if isinstance(question, ReactedTo):
        effect = knowledge.content.effects.get(question.effect or "")
        return [f"{label} has harmed you before{f' ({(effect.plain_name or effect.label).lower()})' if effect else ''}"]
    return None


def _few(labels: list[str]) -> str:
    return " or ".join(labels[:_MOST]) + (" or similar" if len(labels) > _MOST else "")


def _cited(parts: Iterable[Any], most: int = 3) -> tuple[str, ...]:
    return tuple(dict.fromkeys(source for one in parts for source in one.source))[:most]
