"""What a member of a file may be, for the faults of shape: the choices, the names of members, and the nearest of them."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator

import msgspec

from linewise.logic.where import did_you_mean

Path_ = tuple[str | int, ...]


def worded(message: str, kind: type, path: Path_) -> tuple[Path_, str]:
    """A fault of shape as msgspec words it, with the choices and the nearest name, and the path of the very member."""
    if "Invalid enum value" in message:
        choices = list(dict.fromkeys(one for each in _types(kind, path) for one in _choices(each)))
        given = message.rpartition("Invalid enum value ")[2].strip("'\"")
        hint = did_you_mean(given, choices)
        return path, f"`{given}` is none of {', '.join(choices)}{f'; {hint}' if hint else ''}"
    unknown = re.search(r"unknown field `([^`]*)`", message)
    if unknown:
        names = [one for each in _types(kind, path) for one in _members(each)]
        hint = did_you_mean(unknown[1], names) or f"there are {', '.join(names)}"
        return (*path, unknown[1]), f"there is no member `{unknown[1]}`; {hint}"
    missing = re.search(r"missing required field `([^`]*)`", message)
    return path, f"`{missing[1]}` is missing" if missing else message


def _types(kind: object, path: Path_) -> Iterator[object]:
    """What may stand at a path below a type."""
    for one in _parts(kind):
        if not path:
            yield one
        elif isinstance(one, type) and issubclass(one, msgspec.Struct):
            hints = typing.get_type_hints(one)
            names = {field.encode_name: hints[field.name] for field in msgspec.structs.fields(one)}
            if path[0] in names:
                yield from _types(names[str(path[0])], path[1:])
        elif typing.get_args(one):
            yield from _types(typing.get_args(one)[-1 if typing.get_origin(one) is dict else 0], path[1:])


def _parts(kind: object) -> Iterator[object]:
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        for one in typing.get_args(kind):
            yield from _parts(one)
    else:
        yield kind


def _choices(kind: object) -> list[str]:
    return [str(one) for one in typing.get_args(kind)] if typing.get_origin(kind) is typing.Literal else []


def _members(kind: object) -> list[str]:
    return (
        [field.encode_name for field in msgspec.structs.fields(kind)]
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
        else []
    )
