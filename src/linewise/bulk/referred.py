"""What a resource only refers to, and what it says hangs on: it is looked up and written into the resource, where the reader for one person finds it.

That is the medicine that an adverse event is put down to, and the tumour that a secondary one comes from. What is referred to is collected first, then
looked up in one pass over the files of that type. Each takes about 200 bytes of memory: there are few such references beside everything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from sys import intern
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl

from .block import blocks
from .scan import names_of

if TYPE_CHECKING:
    from .scan import Scanner

FOLLOWED = {"AdverseEvent": b'"suspectEntity"', "Condition": b'"valueReference"'}
"""The types with such references, and the text that a line with one holds."""
_REFERENCE = re.compile(r"(?:^|/)(Medication[A-Za-z]*|Condition)/([A-Za-z0-9.-]+)(?:/_history/.*)?$")
_MEMBERS = ("code", "bodySite", "ingredient", "medicationCodeableConcept", "contained", "medicationReference")
_BLOCK = 8_000_000
Key = tuple[str, str]


class Referred:
    """What the resources of an export refer to, by type and id, as JSON. `files` are those of the export by type."""

    def __init__(self, scanner: Scanner, files: dict[str, list[Path]]) -> None:
        self.found: dict[Key, str] = {}
        wanted = {key for kind, sign in FOLLOWED.items() for path in files.get(kind, ()) for key in _named(kind, path, sign)}
        for kind in sorted({kind for kind, _ in wanted}):
            self._look_up(scanner, kind, files.get(kind, []), {one for of, one in wanted if of == kind})
        inner = (
            msgspec.json.decode(told).get("medicationReference") for (kind, _), told in self.found.items() if kind != "Condition"
        )
        again = {key for reference in inner if (key := _key(reference)) and key not in self.found}
        self._look_up(scanner, "Medication", files.get("Medication", []), {one for _, one in again})

    def _look_up(self, scanner: Scanner, kind: str, files: list[Path], wanted: Iterable[str]) -> None:
        ids = sorted(wanted)
        if not files or not ids:
            return
        scanner.database.execute("CREATE OR REPLACE TEMP TABLE named AS SELECT unnest(?::VARCHAR[]) AS id", [ids])
        columns = ", ".join(["id: 'VARCHAR'", "resourceType: 'VARCHAR'", *(f"{name}: 'JSON'" for name in _MEMBERS)])
        rows = scanner.database.execute(
            f"SELECT id, {', '.join(_MEMBERS)} FROM read_json({names_of(files)}, format='newline_delimited', ignore_errors=true, "
            f"columns={{{columns}}}) WHERE resourceType = '{kind}' AND id IN (FROM named)"
        )
        while batch := rows.fetchmany(5000):
            for one, *cells in batch:
                told = ", ".join(f'"{name}": {text}' for name, text in zip(_MEMBERS, cells, strict=True) if text is not None)
                self.found[kind, one] = intern(f"{{{told}}}")  # many say the same

    def put_in(self, kind: str, lines: pl.DataFrame) -> pl.DataFrame:
        """Lines of resources of a type with what they refer to inside them; a line that is none stays as it is."""
        sign = FOLLOWED[kind].decode()
        told = [self._with(kind, line) if sign in line else line for line in lines["line"]]
        return lines.with_columns(pl.Series("line", told, pl.String))

    def _with(self, kind: str, line: str) -> str:
        try:
            resource = msgspec.json.decode(line)
        except msgspec.DecodeError:
            return line
        inside = []
        for number, (holder, name) in enumerate(_holders(kind, resource)):
            key = _key(holder[name])
            if key in self.found:
                # Not by its own id: what a thousand resources say in the same way is to be read once.
                inside.append(self._contained(key) | {"id": f"referred-{number}"})
                holder[name] = {"reference": f"#referred-{number}"}
        if not inside:
            return line
        before = resource.get("contained")
        resource["contained"] = [*(before if isinstance(before, list) else ()), *inside]
        return msgspec.json.encode(resource).decode()

    def _contained(self, key: Key) -> dict[str, Any]:
        """What was found as it is contained: a condition, or of any resource about a medicine the medication."""
        found: dict[str, Any] = msgspec.json.decode(self.found[key])
        if key[0] == "Condition":
            return {"resourceType": "Condition"} | {name: found[name] for name in ("code", "bodySite") if name in found}
        code = found.get("medicationCodeableConcept")
        about = found if key[0] == "Medication" or code else self._medication(found)
        code = code or about.get("code")
        ingredients = [one.get("itemCodeableConcept") for one in about.get("ingredient") or () if isinstance(one, dict)]
        if not code and len(ingredients) == 1:
            code = ingredients[0]
        return {"resourceType": "Medication"} | ({"code": code} if code else {})

    def _medication(self, found: dict[str, Any]) -> dict[str, Any]:
        """The medication that a statement, a request or the like refers to."""
        reference = found.get("medicationReference")
        if not isinstance(reference, dict):
            return {}
        address, key = str(reference.get("reference", "")), _key(reference)
        if address.startswith("#"):
            inside = found.get("contained")
            return next((one for one in inside or () if isinstance(one, dict) and one.get("id") == address[1:]), {})
        if key in self.found:
            told: dict[str, Any] = msgspec.json.decode(self.found[key])
            return told
        return {"code": {"text": reference["display"]}} if reference.get("display") else {}


def _named(kind: str, path: Path, sign: bytes) -> Iterator[Key]:
    """What the resources of a file refer to."""
    for _, block in blocks(path, _BLOCK):
        for line in block.split(b"\n") if sign in block else ():
            if sign in line:
                try:
                    resource = msgspec.json.decode(line)
                except ValueError:
                    continue
                for holder, name in _holders(kind, resource):
                    key = _key(holder[name])
                    if key is not None:
                        yield intern(key[0]), key[1]


def _holders(kind: str, resource: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Where a resource refers to something that what it says hangs on."""
    if not isinstance(resource, dict) or resource.get("resourceType") != kind:
        return
    member, name = ("suspectEntity", "instance") if kind == "AdverseEvent" else ("extension", "valueReference")
    listed = resource.get(member)
    for holder in listed if isinstance(listed, list) else ():
        if isinstance(holder, dict) and isinstance(holder.get(name), dict):
            yield holder, name


def _key(reference: Any) -> Key | None:
    """The type and id that a reference names."""
    found = _REFERENCE.search(str(reference.get("reference", ""))) if isinstance(reference, dict) else None
    return (found[1], found[2]) if found else None
