"""Knowledge as plain values, criteria and dates worded again: for showing, exporting and comparing."""

from __future__ import annotations

from typing import Any

import msgspec

from linewise.logic import Within

from .model import WORKED_OUT, Conduct, Statement, When
from .monitoring import Times


def readable(thing: Any) -> Any:
    """Plain values of a struct: what the author wrote, without what was left out."""
    if isinstance(thing, When | Times):
        return thing.text
    if isinstance(thing, Within):
        return thing.span
    if isinstance(thing, msgspec.Struct):
        if hasattr(thing, "text") and type(thing).__module__.startswith("linewise.logic"):
            return thing.text
        names = {field.name: field.encode_name for field in msgspec.structs.fields(thing)}
        pairs = (
            (encoded, getattr(thing, name), field)
            for (name, encoded), field in zip(names.items(), msgspec.structs.fields(thing), strict=True)
        )
        hidden = WORKED_OUT if isinstance(thing, Statement | Conduct) else ()
        return {
            encoded: readable(value)
            for encoded, value, field in pairs
            if value not in (None, (), {}) and value != field.default and field.name not in hidden
        }
    if isinstance(thing, dict):
        return {key: readable(value) for key, value in thing.items()}
    if isinstance(thing, tuple | list):
        return [readable(value) for value in thing]
    return thing
