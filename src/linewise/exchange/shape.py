"""A small reader of JSON Schema: the part of it that the profile's schema uses, with all faults at once, in plain words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_KINDS = {
    "string": "text", "number": "a number", "integer": "a whole number", "boolean": "true or false",
    "array": "a list", "object": "a group of named members", "null": "nothing",
}  # fmt: skip


def faults(value: Any, schema: Schema) -> list[str]:
    """Every way in which the value is not what the schema asks for, each beginning with its place; empty if none."""
    return list(_faults(value, schema, schema, ""))


def kind(value: Any) -> str:
    """The JSON Schema name of a value's type; a whole number is `integer`, also when written 3.0."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    if isinstance(value, float):
        return "number"
    known = ((str, "string"), (list, "array"), (dict, "object"), (type(None), "null"))
    return next((word for type_, word in known if isinstance(value, type_)), "unknown")


def shown(value: Any) -> str:
    """A value as it is quoted in a message: short, and text in quotation marks."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "nothing"}[value]
    if isinstance(value, dict | list):
        return _KINDS[kind(value)]
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "…" + ('"' if isinstance(value, str) else "")


def _faults(value: Any, schema: Schema, root: Schema, where: str) -> Iterator[str]:
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
    label = where or "the profile"
    if "enum" in schema:
        if not any(value == word and isinstance(value, bool) == isinstance(word, bool) for word in schema["enum"]):
            words = ", ".join(shown(word) for word in schema["enum"])
            yield f"{label}: {shown(value)} is not one of {words}"
        return
    wanted = schema.get("type", ())
    wanted = [wanted] if isinstance(wanted, str) else list(wanted)
    found = kind(value)
    if wanted and found not in wanted and not (found == "integer" and "number" in wanted):
        yield f"{label}: {shown(value)} is not {' or '.join(_KINDS[word] for word in wanted)}"
        return
    if found in ("integer", "number"):
        yield from _number_faults(value, schema, label)
    elif found == "array":
        yield from _list_faults(value, schema, root, where)
    elif found == "object":
        yield from _member_faults(value, schema, root, where)


def _number_faults(value: float, schema: Schema, label: str) -> Iterator[str]:
    if not _finite(value):
        yield f"{label}: {shown(value)} is not a number that anything can have"
        return
    if value < schema.get("minimum", value):
        yield f"{label}: {shown(value)} is less than {schema['minimum']}"
    if value > schema.get("maximum", value):
        yield f"{label}: {shown(value)} is more than {schema['maximum']}"


def _finite(value: float) -> bool:
    """Whether arithmetic can bear the number: YAML writes `.nan` and `.inf`, and a whole number may be of any length."""
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _list_faults(value: list[Any], schema: Schema, root: Schema, where: str) -> Iterator[str]:
    if len(value) < schema.get("minItems", 0):
        yield f"{where}: the list is empty"
    for number, item in enumerate(value):
        yield from _faults(item, schema.get("items", {}), root, f"{where}[{number}]")


def _member_faults(value: dict[Any, Any], schema: Schema, root: Schema, where: str) -> Iterator[str]:
    members, others = schema.get("properties", {}), schema.get("additionalProperties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{where or 'the profile'}: {name} is missing"
    for name, item in value.items():
        place = f"{where}.{name}" if where else str(name)
        if not isinstance(name, str):
            yield f"{place}: the name of a member must be text"
        elif name in members:
            yield from _faults(item, members[name], root, place)
        elif others is False:
            yield f"{place}: {_unknown_member(name, members)}"
        else:
            yield from _faults(item, others, root, place)


def _unknown_member(name: str, members: Mapping[str, Any]) -> str:
    import difflib  # only when something is wrong

    near = difflib.get_close_matches(name, list(members), 1)
    return "a profile has no such member here" + (f"; did you mean {near[0]}?" if near else "")


def softened(value: Any, schema: Schema, root: Schema | None = None) -> Any:
    """The value with numbers made text where only text is asked for: in YAML, `ihc: 0` is how people write "0"."""
    root = schema if root is None else root
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
    if isinstance(value, dict):
        members, others = schema.get("properties", {}), schema.get("additionalProperties")
        inner = others if isinstance(others, dict) else {}
        return {name: softened(item, members.get(name, inner), root) for name, item in value.items()}
    if isinstance(value, list):
        return [softened(item, schema.get("items", {}), root) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        words = schema.get("enum", ())
        if schema.get("type") == "string" or (words and all(isinstance(word, str) for word in words)):
            return str(value)
    return value
