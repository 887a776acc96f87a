"""Readers of patient records: the hand-written profile, and FHIR R4 with mCODE.

The only room that speaks foreign formats. `read` and `read_bytes` give one `Record` for each person found. What cannot be
read at all raises `RecordError`; what was not understood inside a readable record is listed in its `unread`.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any

from linewise.errors import RecordError
from linewise.exchange.codes import Codes
from linewise.exchange.envelope import from_folder, unpacked
from linewise.exchange.profile import looks_like_profile, read_profile
from linewise.exchange.source import numbered_lines, parse, parse_json
from linewise.exchange.tables import build, check_codes, codes_of
from linewise.record.model import Record

__all__ = [
    "Codes",
    "build",
    "check_codes",
    "codes_of",
    "load",
    "numbered_lines",
    "open_records",
    "read",
    "read_bytes",
    "read_line",
    "read_lines",
]


def read(path_or_dash: str | Path, codes: Codes, text: bytes | None = None) -> list[Record]:
    """The records of a file, or of standard input for `-`; `text`, where given, is read instead of the file."""
    name = "standard input" if str(path_or_dash) == "-" else str(path_or_dash)
    return read_bytes(load(path_or_dash) if text is None else text, name, codes)


def load(path_or_dash: str | Path) -> bytes:
    """The bytes of a file, or of standard input for `-`. Raises RecordError where it cannot be opened."""
    if str(path_or_dash) == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(path_or_dash).read_bytes()
    except FileNotFoundError:
        raise RecordError(str(path_or_dash), "there is no such file.") from None
    except IsADirectoryError:
        return from_folder(Path(path_or_dash))
    except (OSError, ValueError) as fault:
        raise RecordError(str(path_or_dash), f"it cannot be opened: {fault}.") from None


def read_bytes(data: bytes, name: str, codes: Codes, lines: bool = False) -> list[Record]:
    """The records in a file's content; with `lines`, of every line by itself. Raises RecordError at the first fault."""
    if lines:
        records = []
        for result in read_lines(data, name, codes):
            if isinstance(result, RecordError):
                raise result
            records += result
        return records
    data, value = unpacked(data, name)
    notation = "JSON"
    if value is None:
        value, notation = parse(data, name)
    return _records(value, name, codes, notation == "YAML")


def open_records(path_or_dash: str | Path) -> BufferedReader:
    """A file of records as a stream, unpacked where it is packed (gzip); standard input for `-`. Raises RecordError where it cannot be opened."""
    name = str(path_or_dash)
    if name == "-":
        return sys.stdin.buffer  # type: ignore[return-value]  # of a terminal, a pipe or a file it always is one
    try:
        file = Path(path_or_dash).open("rb")  # noqa: SIM115  the caller closes it
    except FileNotFoundError:
        raise RecordError(name, "there is no such file.") from None
    except (OSError, ValueError) as fault:
        raise RecordError(name, f"it cannot be opened: {fault}.") from None
    if file.peek(2)[:2] != b"\x1f\x8b":
        return file
    import gzip

    return BufferedReader(gzip.GzipFile(fileobj=file))


def read_lines(data: bytes, name: str, codes: Codes) -> Iterator[list[Record] | RecordError]:
    """For every line that is not blank, in order: the records in it, or why it cannot be read. It never raises."""
    try:
        for number, line in numbered_lines(BufferedReader(BytesIO(data)), name):
            try:
                yield read_line(line, f"{name}, line {number}", codes)
            except RecordError as fault:
                yield fault
    except RecordError as fault:
        yield fault


def read_line(line: bytes | None, where: str, codes: Codes) -> list[Record]:
    """The records of one line; None stands for one that is too long. Raises RecordError where it cannot be read."""
    if line is None:
        raise RecordError(where, "the line is too long to be one person's record.")
    value, notation = parse(line, where)
    return _records(value, where, codes, notation == "YAML")


def _records(value: Any, name: str, codes: Codes, lenient: bool) -> list[Record]:
    """The records of a value. Nothing that a file says may end a run: what the readers cannot bear is told as a fault of the file."""
    try:
        return _read_value(value, name, codes, lenient)
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as fault:
        raise RecordError(
            name,
            f"it holds something that cannot be read ({type(fault).__name__}).",
            "Please report it: no record should do that.",
        ) from None


def _read_value(value: Any, name: str, codes: Codes, lenient: bool) -> list[Record]:
    for _ in range(3):
        if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
            break
        value = parse_json(value, name)  # a record inside a text
    if looks_like_profile(value, codes):
        return [read_profile(value, name, codes, lenient)]
    held, beside = within(value, name)
    if held:
        value = held
    if isinstance(value, list) and value and all(looks_like_profile(item, codes) for item in value):
        return [read_profile(item, f"{name}, person {number}", codes, lenient) for number, item in enumerate(value, 1)]
    if _looks_like_fhir(value):
        from linewise.exchange.fhir import read_fhir  # a profile does without it

        records = read_fhir(value, name, codes)
        for record in records if beside else ():
            record.notes = sorted({*record.notes, f"Beside the record the file holds what is not read: {', '.join(beside)}."})
        return records
    raise RecordError(name, "this is neither a profile nor a FHIR R4 record.")


def within(value: Any, name: str, depth: int = 3) -> tuple[list[Any], list[str]]:
    """The FHIR that a wrapper holds: in its members, as JSON in a text, or as the data of a Binary. With the names of the members that hold none."""
    if depth == 0 or not isinstance(value, dict) or (_looks_like_fhir(value) and value.get("resourceType") != "Binary"):
        return [], []
    if value.get("resourceType") == "Binary":
        packed = value.get("data") if "fhir" in str(value.get("contentType")) else None
        try:
            data = base64.b64decode(packed, validate=True) if isinstance(packed, str) else b""
        except ValueError:
            raise RecordError(name, "the data of this Binary is no base64.") from None
        if not data:
            return [], []
        plain, found = unpacked(data, name)
        inner = parse(plain, name)[0] if found is None else found
        return (within(inner, name, depth - 1)[0] or [inner]), []
    found_in: list[Any] = []
    beside = []
    for member, part in value.items():
        if isinstance(part, str) and part.lstrip()[:1] in ("{", "[") and '"resourceType"' in part:
            part = parse_json(part, f"{name}, {member}")
        inner = [part] if _looks_like_fhir(part) else within(part, name, depth - 1)[0]
        found_in += inner
        if not inner:
            beside.append(str(member)[:40])
    return found_in, sorted(beside) if found_in else []


def _looks_like_fhir(value: Any) -> bool:
    """Whether a value holds FHIR resources, in any envelope."""
    if isinstance(value, list):
        return any(_looks_like_fhir(item) for item in value[:50])
    return isinstance(value, dict) and (isinstance(value.get("resourceType"), str) or "resource" in value)
