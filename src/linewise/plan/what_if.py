"""What if a fact were different: the same record with one answer changed, and the options whose status moves."""

from __future__ import annotations

import datetime as dt

import msgspec

from linewise.errors import LinewiseError
from linewise.knowledge import Knowledge
from linewise.logic.where import did_you_mean
from linewise.record import Entry, Origin, Record


def changed(record: Record, facts: dict[str, object], knowledge: Knowledge, day: dt.date) -> Record:
    """The record with these facts as they would be, found on the day; the fact's other entries are left out.

    Raises LinewiseError for a fact that cannot be recorded, and for a value that it cannot have.
    """
    entries = list(record.entries)
    for name, value in facts.items():
        fact = knowledge.facts.get(name)
        if fact is None:
            hint = did_you_mean(name, list(knowledge.facts))
            raise LinewiseError(f"no fact is called `{name}`. {hint[0].upper() + hint[1:] if hint else ''}".strip())
        if fact.criterion is not None or fact.cases:
            raise LinewiseError(f"`{name}` follows from other facts; change those.")
        said = value if isinstance(value, list) else [value]
        if not said or (fact.type != "set" and len(said) != 1):
            raise LinewiseError(f"`{name}` takes one value.")
        entries = [one for one in entries if one.fact != name]
        for one in said:
            if fact.type == "yes-no" and isinstance(one, bool):
                held: bool | float | str = one
            elif (
                fact.type == "number"
                and isinstance(one, int | float)
                and not isinstance(one, bool)
                and _within(float(one), fact.range)
            ):
                held = float(one)
            elif fact.type in ("choice", "set") and isinstance(one, str) and one in fact.values:
                held = one
            else:
                allowed = ", ".join(fact.values) or (
                    "true, false" if fact.type == "yes-no" else f"a number in {fact.unit or 'its unit'}"
                )
                raise LinewiseError(f"`{name}` cannot be that; it can be {allowed}.")
            entries.append(Entry(fact=name, value=held, on=day, specimen="metastasis", origin=Origin("what if", str(one))))
    return msgspec.structs.replace(record, entries=entries)


def _within(value: float, limits: tuple[float, float] | None) -> bool:
    return value - value == 0 and (limits is None or limits[0] <= value <= limits[1])
