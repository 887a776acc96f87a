"""One option in full, also one that does not fit: its reason, and what would have to be different."""

from __future__ import annotations

import datetime as dt

from linewise.errors import LinewiseError
from linewise.knowledge import Knowledge
from linewise.knowledge.model import REGIONS, Region
from linewise.logic.explain import Need
from linewise.logic.where import did_you_mean
from linewise.record import Record

from . import model
from .make import Making


def explain_option(
    record: Record, knowledge: Knowledge, day: dt.date, region: Region | None, name: str
) -> tuple[model.Plan, list[tuple[model.Option, str]]]:
    """The option of that id, or every option with that drug, each with what would have to be different.

    Raises LinewiseError where no option is called so, with the nearest name.
    """
    making = Making(record, knowledge, day, region or record.region)
    ids = _options_named(knowledge, name)
    found = []
    for id_ in ids:
        judged = making.options.best(knowledge.treatments[id_], (making.region,) if making.region else REGIONS)
        option = making.options.option(judged)
        need = making.decider.needed(judged.treatment.fits)
        changes = changes_text(need, making)
        if judged.stands is False:
            changes = " ".join(part for part in (changes, option.reason if judged.fits else "An approval or recommendation is missing, too.") if part)
        found.append((option, changes))
    return making.plan(), found


def _options_named(knowledge: Knowledge, name: str) -> list[str]:
    if name in knowledge.treatments:
        return [name]
    drug = knowledge.find_drug(name)
    found = [one.id for one in knowledge.treatments.values() if drug in one.drugs or drug in one.classes] if drug else []
    if found:
        return found
    hint = did_you_mean(name, [*knowledge.treatments, *knowledge.drugs])
    raise LinewiseError(f"no option is called `{name}`. {hint[0].upper() + hint[1:] if hint else ''}".strip())


def changes_text(need: Need, making: Making) -> str:
    """`If ESR1 gene were changed, and …`: the smallest changes that would make an option fit."""
    if need.kind in ("nothing", "never"):
        return "Nothing in the record could change this." if need.kind == "never" else ""
    return f"It would fit if {_need(need, making)}."


def _need(need: Need, making: Making) -> str:
    if need.kind == "leaf":
        return f"`{need.text}`" + (" (not known now)" if need.value is None else "")
    parts = [_need(child, making) for child in need.children]
    if need.kind == "all":
        return " and ".join(f"({part})" if child.kind == "any" else part for part, child in zip(parts, need.children, strict=True))
    if need.kind == "any":
        return " or ".join(parts)
    return f"at least {need.n} of ({', '.join(parts)})"
