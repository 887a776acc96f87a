"""PRO-CTCAE: which terms to ask, and the composite grade exactly as published. All words and numbers stand in `proctcae.yaml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from linewise.knowledge import Knowledge
from linewise.knowledge.app import BankTerm, ItemBank

_ORDER = ("frequency", "severity", "interference", "amount", "presence")


class Item(msgspec.Struct, frozen=True):
    """One question of a term: its id in the item bank, what it asks about, and the answers from 0 up."""

    id: str
    kind: str
    question: str
    answers: tuple[str, ...]


class Term(msgspec.Struct, frozen=True):
    """One symptom with its one to three questions. `symptom` is the record's word for it, or empty; `table` gives its composite grade."""

    number: int
    name: str
    symptom: str
    items: tuple[Item, ...]
    table: Any = None

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(item.kind for item in self.items)


@lru_cache(maxsize=4)
def terms(knowledge: Knowledge) -> dict[int, Term]:
    """All terms, by number."""
    bank = knowledge.item_bank
    return {number: _term(number, one, bank) for number, one in bank.terms.items()}


def _term(number: int, one: BankTerm, bank: ItemBank) -> Term:
    name = one.plain or one.name
    kinds = sorted(one.items, key=_ORDER.index)
    alone = kinds[0] == "severity"
    items = []
    for kind in kinds:
        question = bank.severity_alone if kind == "severity" and alone else bank.questions[kind]
        items.append(Item(one.items[kind], kind, question.format(name=name), bank.scales[kind]))
    return Term(number, name, one.symptom, tuple(items), bank.composite.get(" ".join(kinds)))


def chosen(classes: Iterable[str], places: Iterable[str], knowledge: Knowledge) -> list[Term]:
    """The terms to ask: the core, those of what is taken, those of where the cancer is. In the order of the file."""
    bank = knowledge.item_bank
    numbers = dict.fromkeys(bank.core)
    for name in classes:
        numbers.update(dict.fromkeys(bank.with_.get(name, ())))
    for name in places:
        numbers.update(dict.fromkeys(bank.at.get(name, ())))
    return [terms(knowledge)[number] for number in numbers]


def imputed(term: Term, answers: Mapping[str, int]) -> dict[str, int]:
    """The answers with the skip rule: where the first is 0 (never, none), the later ones are 0 too."""
    found = {item.id: answers[item.id] for item in term.items if item.id in answers}
    first = term.items[0].id
    if found.get(first) == 0:
        found.update({item.id: 0 for item in term.items})
    return found


def composite(term: Term, answers: Mapping[str, int]) -> int | None:
    """The grade, 0 to 3; None where an answer is missing, the combination is not defined, or the term has none."""
    if term.table is None:
        return None
    full = imputed(term, answers)
    if len(full) < len(term.items):
        return None
    values = [full[item.id] for item in term.items]
    if any(not 0 <= value <= 4 for value in values):
        return None
    table = term.table
    for value in values[:-1]:
        table = table[value]
    mark = table.split()[values[-1]]
    return None if mark == "." else int(mark)
