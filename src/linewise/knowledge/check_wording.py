"""Checks of `knowledge/wording/`: sentences name only facts, answers and slots that there are, and every clause of an option has one."""

from __future__ import annotations

from collections.abc import Iterator

from linewise.logic import nodes

from .book import Knowledge
from .model import Fact
from .wording import SLOTS, Reasons, slots


def faults(knowledge: Knowledge) -> Iterator[str]:
    """What names something that is not there."""
    for language, wording in knowledge.content.wording.items():
        place = f"knowledge/wording/{language}/reasons.yaml"
        reasons = wording.reasons
        for name, sentences in reasons.facts.items():
            fact = knowledge.facts.get(name)
            if fact is None:
                yield f"{place}: facts: there is no fact `{name}`"
                continue
            for answer in sentences:
                if answer not in _answers(fact) and not (fact.type == "number" and _is_number(answer)):
                    yield f"{place}: facts: `{name}` has no answer `{answer}`"
        for section in ("facts", "history"):
            for name, sentences in getattr(reasons, section).items():
                for answer, text in sentences.items():
                    if not slots(text) <= SLOTS[section]:
                        yield f"{place}: {section}: {name}, {answer}: there is no slot {sorted(slots(text) - SLOTS[section])}"
        yield from _pages(language, wording.pages, knowledge)
        for section in ("said", "months"):
            for name, text in getattr(reasons, section).items():
                if not slots(text) <= SLOTS[section]:
                    yield f"{place}: {section}: {name}: there is no slot {sorted(slots(text) - SLOTS[section])}"


def _pages(language: str, pages: dict[str, dict[str, str]], knowledge: Knowledge) -> Iterator[str]:
    """What the pages of the app say in a language, against what they say in the language of the app: the same names, the same slots."""
    place = f"knowledge/wording/{language}/pages.yaml"
    for page, sentences in knowledge.wording.pages.items():
        for name, text in sentences.items():
            here = pages.get(page, {}).get(name)
            if here is None:
                yield f"{place}: {page}: `{name}` is missing"
            elif slots(here) != slots(text):
                yield f"{place}: {page}: {name}: the slots are {sorted(slots(here))}, not {sorted(slots(text))}"
        for name in sorted(pages.get(page, {}).keys() - sentences.keys()):
            yield f"{place}: {page}: no page says `{name}`"


def gaps(knowledge: Knowledge) -> Iterator[str]:
    """The answers of criteria of options for which a language has no sentence."""
    asked = {
        node.fact if not isinstance(node, nodes.Compare) else node.what
        for treatment in knowledge.treatments.values()
        for criterion in (treatment.fits, *(one.fits for one in treatment.standing if one.fits is not None))
        for node in nodes.walk(criterion)
        if isinstance(node, nodes.Is | nodes.Includes | nodes.Compare)
    }
    for language, wording in knowledge.content.wording.items():
        for name in sorted(one for one in asked if isinstance(one, str)):
            missing = _missing(name, knowledge, wording.reasons)
            if missing:
                yield f"knowledge/wording/{language}/reasons.yaml: facts: `{name}` has no sentence for {', '.join(missing)}"


def _missing(name: str, knowledge: Knowledge, reasons: Reasons) -> list[str]:
    fact = knowledge.facts[name]
    needed = {"number"} if fact.type == "number" else _answers(fact)
    return sorted(needed - reasons.facts.get(name, {}).keys())


def _answers(fact: Fact) -> set[str]:
    """The answers that a fact can give, as the file names them."""
    if fact.type == "yes-no":
        return {"yes", "no"}
    return {"some", "none"} if fact.type == "set" else {"number"} if fact.type == "number" else set(fact.values)


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()
