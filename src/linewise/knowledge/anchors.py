"""The few facts and values that code may know by name. They are checked whenever knowledge is opened.

A rule of reading that is the same for every medicine needs some of them: the sex of a FHIR Patient, whether the cancer has spread, the line that comes
next. Everything else about facts is data. The readers of documents (`grammar`, `reading`) know more: one reader for each family of facts.
A test finds any other fact, value or code in the source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from linewise.errors import KnowledgeError
from linewise.logic.where import did_you_mean

from .model import Content


class Anchor(msgspec.Struct, frozen=True):
    """What code expects of a fact: its type, and some of its values."""

    type: Literal["choice", "yes-no", "number", "set"]
    values: tuple[str, ...] = ()


_RECEPTOR = Anchor("choice", ("positive", "negative"))
ANCHORS: Mapping[str, Anchor] = {
    # The person, as a record gives her
    "sex": Anchor("choice", ("female", "male")),
    "age": Anchor("number"),
    "menopause": Anchor("choice", ("before", "after")),
    "comorbidities": Anchor("set", ("second-cancer",)),
    "symptoms": Anchor("set"),
    "temperature": Anchor("number"),
    "declines": Anchor("set", ("all-anticancer-treatment", "chemotherapy")),
    "prefers": Anchor("set"),
    "menopausal-status": Anchor("choice", ("postmenopausal",)),
    # The cancer: whom Linewise answers, and what of a record is of another cancer
    "metastatic": Anchor("yes-no"),
    "de-novo": Anchor("yes-no"),
    "sites": Anchor("set", ("brain", "bone", "lymph-node")),
    "histology": Anchor("choice", ("other",)),
    "er": _RECEPTOR,
    "pr": _RECEPTOR,
    # What the words of a report may answer
    "brain-status": Anchor("choice"),
    "cord-compression": Anchor("choice"),
    "best-response": Anchor("choice", ("complete", "partial", "stable", "progression")),
    # What a plan as JSON holds under names of its own, and what is worked out from the history
    "subtype": Anchor("choice"),
    "her2-low": Anchor("yes-no"),
    "line": Anchor("number"),
    "disease-free-interval": Anchor("number"),
}
"""The facts, with the values that code names."""

ANSWERS = (
    "mutated", "wild-type", "altered", "fusion", "germline-pathogenic", "somatic-pathogenic", "variant-of-uncertain-significance",
    "positive", "negative", "high", "low", "ultralow",
)  # fmt: skip
"""What results say, whatever was tested: each is a value of some fact."""


def lacking(content: Content) -> Iterator[str]:
    """What code knows by name and the knowledge does not hold so, a sentence each."""
    for name, anchor in ANCHORS.items():
        fact = content.facts.get(name)
        if fact is None:
            hint = did_you_mean(name, content.facts)
            yield f"facts: the program needs a fact `{name}`, and there is none{f'; {hint}' if hint else ''}"
        elif fact.type != anchor.type:
            yield f"facts: the program needs `{name}` to be of type {anchor.type}, and it is {fact.type}"
        else:
            for value in anchor.values:
                if value not in fact.values:
                    yield f"facts: the program needs `{name}` to have the value `{value}`, and it has {', '.join(fact.values) or 'none'}"

    told = {value for fact in content.facts.values() for value in fact.values}
    for value in ANSWERS:
        if value not in told:
            yield f"facts: the program needs a fact that can be `{value}`, and there is none"


def checked(content: Content) -> Content:
    """The same content. Raises KnowledgeError where it lacks what code knows by name."""
    problems = list(lacking(content))
    if problems:
        raise KnowledgeError(problems)
    return content
