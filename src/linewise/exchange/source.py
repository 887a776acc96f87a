"""Bytes to plain values: which text encoding, JSON, JSON lines or YAML, and a clear word where it is none of them.

Everything here raises `RecordError` only; the messages name line and column where they are known.
"""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Iterator
from io import BufferedReader
from typing import Any, Literal

import msgspec

from linewise.errors import RecordError
from linewise.exchange.envelope import unreadable

Notation = Literal["JSON", "JSON lines", "YAML"]

_MARKS = (  # the four-byte marks first: that of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_DEEPEST = 200  # levels of nesting: a FHIR bundle has about 20
_ALIASES = 100  # anchors a hand-written profile may repeat; far more is an attack on memory


_LONGEST_YAML = 200_000
"""Letters of a profile in YAML, which is read a hundred times slower than JSON."""


def decode_text(data: bytes, name: str) -> str:
    """The text of a file in UTF-8 or, where a byte-order mark or zero bytes say so, UTF-16 or UTF-32."""
    if not data.strip(b" \t\r\n\x00"):
        raise RecordError(name, "the file is empty.")
    encoding = next((word for mark, word in _MARKS if data.startswith(mark)), "")
    if not encoding:
        head = data[:4]
        encoding = "utf-16-be" if head[:1] == b"\0" else "utf-16-le" if head[1:2] == b"\0" else "utf-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as fault:
        what = f"the text is not {encoding.upper()} (byte {fault.start})."
        raise RecordError(name, what, "Save it as UTF-8 and try again.") from None
    if not text.strip("\ufeff \t\r\n"):
        raise RecordError(name, "the file is empty.")
    return text.removeprefix("\ufeff")


def parse(data: bytes, name: str) -> tuple[Any, Notation]:
    """The plain value of a file and its notation. Of JSON lines, the value is the list of the lines' values."""
    text = decode_text(data, name)
    if text.lstrip()[:1] == '"':
        return parse_json(text, name), "JSON"
    if text.lstrip()[:1] not in ("{", "["):
        return _yaml(text, name), "YAML"
    try:
        return parse_json(text, name), "JSON"
    except RecordError as fault:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > 1 and _whole(lines[0]):
            return _lines(text, name), "JSON lines"
        if "\n" not in text.strip() and re.match(r"\{\s*\w+\s*:", text.lstrip()):
            return _yaml(text, name), "YAML"  # the flow notation: {sex: female, …}
        raise fault from None


def _lines(text: str, name: str) -> list[Any]:
    """The values of the lines. In an export of FHIR resources one bad line costs only itself: it is kept as something that could not be read."""
    found: list[Any] = []
    for number, line in numbered(text):
        try:
            found.append(parse_json(line, f"{name}, line {number}"))
        except RecordError:
            if not (found and isinstance(found[0], dict) and "resourceType" in found[0]):
                raise
            found.append(unreadable(f"line {number}"))
    return found


LONGEST = 400_000_000
"""Bytes of a line: one that is longer is no record of one person."""


def numbered_lines(file: BufferedReader, name: str) -> Iterator[tuple[int, bytes | None]]:
    """The lines of a stream that are not blank, in UTF-8, with their numbers from 1; None in place of one that is too long.

    A stream of another encoding (UTF-16, UTF-32, by its mark or its zero bytes) is read whole. Raises RecordError where nothing is in it, and where it
    ends before its time.
    """
    number, found = 0, False
    try:
        head = file.peek(4)[:4]
        if b"\0" in head or any(head.startswith(mark) for mark, word in _MARKS if word != "utf-8-sig"):
            for number, text in numbered(decode_text(file.read(), name)):
                yield number, text.encode(errors="surrogatepass")
            return
        while line := file.readline(LONGEST):
            number += 1
            if number == 1:
                line = line.removeprefix(codecs.BOM_UTF8)
            long = len(line) == LONGEST and not line.endswith(b"\n")
            while long and (more := file.readline(LONGEST)) and not more.endswith(b"\n"):
                pass
            if long or line.strip():
                found = True
                yield number, None if long else line.rstrip(b"\r\n")
    except (EOFError, OSError, zlib.error) as fault:
        what = f"it is damaged or cut off after line {number} ({fault})."
        raise RecordError(name, what, "What stands before was read; get the file again.") from None
    if not found:
        raise RecordError(name, "the file is empty.")


def numbered(text: str) -> list[tuple[int, str]]:
    """The lines that are not blank, with their numbers from 1."""
    return [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]


def parse_json(text: str, name: str) -> Any:
    try:
        value = msgspec.json.decode(text.encode())
    except UnicodeEncodeError:
        raise RecordError(name, "the text holds half a character (a lone surrogate).") from None
    except (msgspec.MsgspecError, ValueError, OverflowError) as fault:
        raise RecordError(name, _json_fault(str(fault), text)) from None
    except RecursionError:
        raise RecordError(name, "brackets are nested too deeply to be a patient record.") from None
    _check_depth(value, name)
    if '"resourceType"' in text:
        return _once(text)
    _check_twice(text, name)
    return value


def _check_twice(text: str, name: str) -> None:
    """A profile is written by hand: a member that stands twice would lose what stands first."""
    import json  # the reader of the whole keeps the last of two members and does not say so

    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for member, value in members:
            if member in found:
                raise RecordError(name, f"“{member}” stands twice in one group.", "Keep one, or write both into one list.")
            found[member] = value
        return found

    json.loads(text, object_pairs_hook=pairs)


TWICE = "__twice__"
"""In a group of FHIR members: those that stand in it twice. Lists are joined; of other members nobody knows which holds."""


def _once(text: str) -> Any:
    """A FHIR value with nothing lost of members that stand twice: the plain reader would keep the last and not say so."""
    import json

    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(members)
        if len(found) < len(members):
            twice = {member for member in found if sum(other == member for other, _ in members) > 1}
            for member in twice:
                values = [value for other, value in members if other == member]
                if all(isinstance(value, list) for value in values):
                    found[member] = [item for value in values for item in value]
                elif any(value != values[0] for value in values):
                    found[TWICE] = [*found.get(TWICE, ()), member]
        return found

    return json.loads(text, object_pairs_hook=pairs)


def _whole(line: str) -> bool:
    try:
        msgspec.json.decode(line.encode())
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError):
        return False
    return True


def _json_fault(message: str, text: str) -> str:
    if "truncated" in message:
        return "the file ends in the middle: it was cut off, or a closing bracket is missing."
    found = re.search(r"\(byte (\d+)\)", message)
    if not found:
        return f"this is not valid JSON: {message}."
    before = text.encode()[: int(found[1])].decode(errors="ignore")
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    reason = re.sub(r"^JSON is malformed: |\s*\(byte \d+\)$", "", message)
    return f"this is not valid JSON: line {line}, column {column}: {reason}."


def _check_depth(value: Any, name: str) -> None:
    """Walk level by level, without recursion, so that no later step meets more depth than it can bear."""
    level = [value]
    for _ in range(_DEEPEST):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner += [part for part in item.values() if isinstance(part, dict | list)]
            elif isinstance(item, list):
                inner += [part for part in item if isinstance(part, dict | list)]
        if not inner:
            return
        level = inner
    raise RecordError(name, "brackets are nested too deeply to be a patient record.")


def _yaml(text: str, name: str) -> Any:
    if len(text) > _LONGEST_YAML:
        what = f"it is YAML of {len(text)} letters: profiles that people write have a few thousand."
        raise RecordError(name, what, "Save it as JSON, which is read at any length.")
    if len(re.findall(r"(?m)(?:^|[\s,\[{:])\*\w", text)) > _ALIASES:
        raise RecordError(name, "the YAML repeats itself by reference too often to be read safely.")
    import yaml  # only profiles in YAML pay for loading it

    class Loader(yaml.SafeLoader):
        """Safe, a date stays the text that was written, and no member stands twice."""

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            seen = set()
            for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
                if isinstance(key, yaml.ScalarNode) and key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        problem=f"“{key.value}” stands twice in one group", problem_mark=key.start_mark
                    )
                seen.add(key.value if isinstance(key, yaml.ScalarNode) else id(key))
            return super().construct_mapping(node, deep)

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:timestamp"]
        for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    try:
        value = yaml.load(text, Loader)
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise RecordError(name, f"this is neither JSON nor YAML: {place}{fault.problem}.") from None
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, KeyError) as fault:
        raise RecordError(name, f"this is neither JSON nor YAML: {fault}.") from None
    except RecursionError:
        raise RecordError(name, "the YAML is nested too deeply to be a patient record.") from None
    _check_tree(value, name)
    return value


def _check_tree(value: Any, name: str) -> None:
    """A YAML reference may make a value hold itself, or multiply: count what a reader would visit."""
    visited, todo = 0, [(value, 0)]
    while todo:
        item, depth = todo.pop()
        visited += 1
        if visited > 200_000 or depth > _DEEPEST:
            raise RecordError(name, "the YAML repeats itself by reference too often to be read safely.")
        parts = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        todo += [(part, depth + 1) for part in parts]
