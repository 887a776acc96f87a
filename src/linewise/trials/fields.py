"""The structured fields of an entry as criteria: the condition, sex and age decide at once. Recruitment and places never do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from linewise.knowledge import Knowledge

from .grammar import Reading, receptors
from .model import Entry
from .pair import OPEN, exactly
from .words import words_of


def field_points(entry: Entry, said: Sequence[Reading], knowledge: Knowledge) -> Iterator[tuple[str, Reading]]:
    """Each field that says whom the trial takes, in words and as a criterion. The title counts where no criterion (`said`) names a receptor."""
    words = words_of(knowledge) if entry.conditions or not any(told.firm for told in said) else None
    if (
        words
        and entry.conditions
        and not any(words.breast.search(one) or words.solid.search(one) for one in (*entry.conditions, entry.title))
    ):
        named = ", ".join(entry.conditions[:3])
        yield f"Condition: {named}", Reading(exactly("no"), rules=("condition",))
    if words and not any(told.firm for told in said):
        for criterion in receptors(entry.title, words):
            yield f"Title: {entry.title}", Reading(exactly(criterion), rules=("title",))
    if entry.sex != "all":
        yield f"Sex: {entry.sex}", Reading(exactly(f"sex is {entry.sex}"), rules=("sex",))
    low, high = knowledge.facts["age"].range or (0.0, 200.0)
    if entry.youngest is not None and entry.youngest > low:
        yield f"Youngest age: {entry.youngest:g} years", Reading(exactly(f"age >= {entry.youngest:g}"), rules=("age",))
    if entry.youngest is not None and entry.youngest > high:
        yield f"Youngest age: {entry.youngest:g} years", Reading(OPEN)
    if entry.oldest is not None and entry.oldest < high:
        yield f"Oldest age: {entry.oldest:g} years", Reading(exactly(f"age <= {entry.oldest:g}"), rules=("age",))
