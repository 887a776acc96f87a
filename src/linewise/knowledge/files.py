"""YAML with its line numbers: what an author wrote, and where each part of it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import yaml

from linewise.logic import Where

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Path_ = tuple[str | int, ...]


class Place(msgspec.Struct, frozen=True):
    """Where a value begins: its line and column, and how far a block is indented."""

    line: int
    column: int
    block: bool


class Document(msgspec.Struct):
    """One file as read: plain values, and the place of each by its path (`("standing", 2, "since")`)."""

    file: str
    value: Any
    places: dict[Path_, Place]

    def line(self, path: Path_) -> int:
        """The line of the nearest place that is known."""
        while path not in self.places and path:
            path = path[:-1]
        return self.places[path].line if path in self.places else 1

    def where(self, path: Path_, text: str) -> Where:
        """The place of a criterion, for the errors of the criteria language."""
        place = self.places.get(path)
        if place is None:
            return Where(self.file, self.line(path), 1, 0, text)
        if place.block:  # the text begins on the line after the `>` or `|`
            return Where(self.file, place.line + 1, 1, 0, text)
        return Where(self.file, place.line, place.column, 0, text)


class Fault(Exception):
    """One fault of a file, worded with its line."""


def read_yaml(path: Path, name: str) -> Document:
    """Read one file. Raises Fault where it is not YAML, or where a key stands twice."""
    return parse_yaml(path.read_text(encoding="utf-8"), name)


def parse_yaml(text: str, name: str, first_line: int = 1) -> Document:
    """Read YAML text that begins on `first_line` of the file `name`."""
    places: dict[Path_, Place] = {}
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        value = None if node is None else _value(node, (), places, loader, name, first_line - 1)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + first_line if mark else first_line
        raise Fault(f"{name}:{line}: this is not YAML: {error.problem or error}") from None
    except yaml.YAMLError as error:
        raise Fault(f"{name}: this is not YAML: {error}") from None
    finally:
        loader.dispose()
    return Document(name, value, places)


def _value(node: Any, path: Path_, places: dict[Path_, Place], loader: Any, name: str, shift: int) -> Any:
    mark = node.start_mark
    places[path] = Place(mark.line + 1 + shift, mark.column + 1, getattr(node, "style", None) in (">", "|"))
    if isinstance(node, yaml.MappingNode):
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                key = key_node.value if not isinstance(key, int) or isinstance(key, bool) else key
            if key in found:
                raise Fault(f"{name}:{key_node.start_mark.line + 1 + shift}: `{key}` stands twice")
            found[key] = _value(value_node, (*path, str(key)), places, loader, name, shift)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, index), places, loader, name, shift) for index, item in enumerate(node.value)]
    return loader.construct_object(node, deep=True)
