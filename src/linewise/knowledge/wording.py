"""The sentences that a person reads, by language, as data: `knowledge/wording/`. Named slots, never pieces glued in code."""

from __future__ import annotations

import string

import msgspec


class Reasons(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """`reasons.yaml`: one sentence for each answer that a criterion can give. An empty one is not worth saying."""

    facts: dict[str, dict[str, str]]
    history: dict[str, dict[str, str]]
    where: dict[str, str]
    any_treatment: str
    said: dict[str, str]
    months: dict[str, str]


class Answers(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """`first.yaml`: the first lines of a plan, on the screen and in the terminal."""

    urgent: dict[str, str]
    going_on: dict[str, str]
    choices: dict[str, str]
    test: dict[str, str]
    new: dict[str, str]
    groups: dict[str, dict[str, str]]
    compare: dict[str, str]


class Advice(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """`advice.yaml`: sentences of advice that every face says alike."""

    child: str
    not_metastatic: str
    spread_not_said: str
    usual_plan: str
    off_label: str
    not_counted: str
    no_interaction: str
    no_answer: str
    unknown_drug: str
    not_known: str


class Said(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """A sentence or two for people, with what they rest on."""

    plain: str
    source: tuple[str, ...] = ()


class OutlookWords(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """`outlook.yaml`: what somebody reads who asks how long. `sentences`, `picture`, `spans` and `heads` have slots."""

    title: str
    before: tuple[Said, ...]
    ask: str
    go_on: str
    yes: str
    stop: str
    how: str
    stopped: str
    urgent: str
    heads: dict[str, str]
    meaning: tuple[Said, ...]
    sentences: dict[str, str]
    picture: dict[str, str]
    spans: dict[str, str]
    changes: tuple[Said, ...]
    stays: tuple[Said, ...]
    support: tuple[Said, ...]


class SequenceWords(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """`sequence.yaml`: the sentences of the tree of what may follow what. `sentences` have slots."""

    title: str
    before: tuple[Said, ...]
    heads: dict[str, str]
    sentences: dict[str, str]
    after: tuple[Said, ...]


class TrialWords(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """`trials.yaml`: what somebody reads about trials to ask about. `sentences` have slots."""

    title: str
    before: tuple[Said, ...]
    heads: dict[str, str]
    sentences: dict[str, str]
    after: tuple[Said, ...]


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """All sentences of one language."""

    reasons: Reasons
    first: Answers
    advice: Advice
    outlook: OutlookWords | None = None
    sequence: SequenceWords | None = None
    trials: TrialWords | None = None
    pages: dict[str, dict[str, str]] = {}  # of the app: by page and name, with slots


SLOTS: dict[str, frozenset[str]] = {
    "facts": frozenset({"list", "value"}),
    "history": frozenset({"drug", "where", "number"}),
    "said": frozenset({"why", "what", "place", "body", "label", "value", "sentence", "number"}),
    "months": frozenset({"number"}),
}
"""The slots that a sentence may have, by where it stands."""


def slots(text: str) -> frozenset[str]:
    """The named slots of a sentence."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)
