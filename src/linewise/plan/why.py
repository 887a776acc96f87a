"""One option in full, also one that does not fit: its reason, and what would have to be different."""

from __future__ import annotations

from linewise.errors import LinewiseError
from linewise.knowledge import Knowledge
from linewise.logic.explain import Need
from linewise.logic.where import did_you_mean

from . import model
from .make import Plan


def explain_option(plan: Plan, name: str) -> list[tuple[model.Option, str]]:
    """The option of that id, or every option with that drug, each with what would have to be different.

    Raises LinewiseError where no option is called so, with the nearest name.
    """
    found = []
    for id_ in options_named(plan.knowledge, name):
        option = plan.option(id_)
        judged = plan.judged.get(id_)
        changes = changes_text(plan.needed(id_))
        if judged is not None and judged.stands is False:
            lacking = option.reason if judged.fits else "An approval or recommendation is missing, too."
            changes = f"{changes} {lacking}".strip()
        found.append((option, changes))
    return found


def options_named(knowledge: Knowledge, name: str) -> list[str]:
    """The options that a name means: an option's id, or every option with that drug. Raises LinewiseError with the nearest name."""
    if name in knowledge.treatments:
        return [name]
    drug = knowledge.find_drug(name)
    found = [one.id for one in knowledge.treatments.values() if drug in one.drugs or drug in one.classes] if drug else []
    if found:
        return found
    hint = did_you_mean(name, [*knowledge.treatments, *knowledge.drugs])
    raise LinewiseError(f"no option is called `{name}`. {hint[0].upper() + hint[1:] if hint else ''}".strip())


def changes_text(need: Need) -> str:
    """The smallest changes that would make an option fit: `It would fit if FACT were VALUE, and …`."""
    if need.kind in ("nothing", "never"):
        return "Nothing in the record could change this." if need.kind == "never" else ""
    return f"It would fit if {_need(need)}."


def _need(need: Need) -> str:
    if need.kind == "leaf":
        return f"`{need.text}`" + (" (not known now)" if need.value is None else "")
    parts = [_need(child) for child in need.children]
    if need.kind == "all":
        return " and ".join(
            f"({part})" if child.kind == "any" else part for part, child in zip(parts, need.children, strict=True)
        )
    if need.kind == "any":
        return " or ".join(parts)
    return f"at least {need.n} of ({', '.join(parts)})"
