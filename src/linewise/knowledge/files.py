"""YAML with its line numbers: what an author wrote, and where each part of it stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml

from linewise.errors import LinewiseError
from linewise.logic import Where

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Path_ = tuple[str | int, ...]


class Place(msgspec.Struct, frozen=True):
    """Where a value begins: its line and column. Of a block (`>` or `|`), the lines as written, and their indent.

    A folded block loses its line breaks in YAML; criteria are read from the lines as written, so that an error points at
    its line and a `#` comment ends with it.
    """

    line: int
    column: int
    block: str | None = None
    indent: int = 0


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

    def values(self) -> Iterator[tuple[Path_, Any]]:
        """Every single value with its path, as far as its place is known."""
        for path in self.places:
            value = self.value
            for part in path:
                if isinstance(value, dict):
                    value = value.get(part, value.get(int(part)) if isinstance(part, str) and part.isdigit() else None)
                else:
                    value = value[part] if isinstance(value, list) and isinstance(part, int) and part < len(value) else None
            if value is not None and not isinstance(value, dict | list):
                yield path, value

    def where(self, path: Path_, text: str) -> Where:
        """The place of a criterion and its text as written, for the errors of the criteria language."""
        place = self.places.get(path)
        if place is None:
            return Where(self.file, self.line(path), 1, 0, text)
        if place.block is not None:
            return Where(self.file, place.line + 1, place.indent + 1, place.indent, place.block)
        return Where(self.file, place.line, place.column, 0, text)


class Fault(LinewiseError):
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
        reading = _Reading(loader, name, text.splitlines(), first_line - 1, places)
        value = None if node is None else reading.value(node, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + first_line if mark else first_line
        raise Fault(f"{name}:{line}: this is not YAML: {error.problem or error}") from None
    except yaml.YAMLError as error:
        raise Fault(f"{name}: this is not YAML: {error}") from None
    finally:
        loader.dispose()
    return Document(name, value, places)


class _Reading:
    """From the nodes of a YAML file to plain values, with the place of each."""

    def __init__(self, loader: Any, name: str, lines: list[str], shift: int, places: dict[Path_, Place]) -> None:
        self.loader, self.name, self.lines, self.shift, self.places = loader, name, lines, shift, places

    def value(self, node: Any, path: Path_) -> Any:
        self.places[path] = self.place(node)
        if isinstance(node, yaml.MappingNode):
            found: dict[Any, Any] = {}
            for key_node, value_node in node.value:
                key = self.key(key_node)
                if key in found:
                    raise Fault(f"{self.name}:{key_node.start_mark.line + 1 + self.shift}: `{key}` stands twice")
                found[key] = self.value(value_node, (*path, str(key)))
            return found
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self.loader.construct_object(node, deep=True)

    def key(self, node: Any) -> str | int:
        """Keys are words, or the whole numbers of grades; `yes`, `no` and dates are taken as written."""
        key = self.loader.construct_object(node, deep=True)
        if isinstance(key, int) and not isinstance(key, bool):
            return key
        return key if isinstance(key, str) else str(node.value)

    def place(self, node: Any) -> Place:
        mark = node.start_mark
        line, column = mark.line + 1 + self.shift, mark.column + 1
        if getattr(node, "style", None) not in (">", "|"):
            return Place(line, column)
        raw = self.lines[mark.line + 1 : node.end_mark.line + (1 if node.end_mark.column else 0)]
        first = next((text for text in raw if text.strip()), "")
        indent = len(first) - len(first.lstrip())
        return Place(line, column, "\n".join(text[indent:] for text in raw).rstrip(), indent)
