"""Which medicine an adverse event is put down to: it only refers to it, so the resource that it means is looked up and put into the event.

There are few adverse events beside everything else. What they refer to is collected first, looked up in one pass over the files of medicines, and
written into each event as a contained medication, which the reader for one person understands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl

from .faults import opened

if TYPE_CHECKING:
    from .scan import Scanner

KIND = "AdverseEvent"
_REFERENCE = re.compile(r"(?:^|/)(Medication[A-Za-z]*)/([A-Za-z0-9.-]+)(?:/_history/.*)?$")
_COLUMNS = "{id: 'VARCHAR', resourceType: 'VARCHAR', code: 'JSON', ingredient: 'JSON', medicationCodeableConcept: 'JSON', contained: 'JSON', medicationReference: 'JSON'}"
Key = tuple[str, str]


class Suspects:
    """The medicines that adverse events name, by type and id. `files` are those of an export by type."""

    def __init__(self, scanner: Scanner, files: dict[str, list[Path]]) -> None:
        self.found: dict[Key, dict[str, Any]] = {}
        wanted = {key for path in files.get(KIND, ()) for key in _named(path)}
        kinds = sorted({kind for kind, _ in wanted})
        for kind in kinds:
            self._look_up(scanner, kind, files.get(kind, []), {one for of, one in wanted if of == kind})
        again = {key for one in self.found.values() if (key := _key(one.get("medicationReference"))) and key not in self.found}
        self._look_up(scanner, "Medication", files.get("Medication", []), {one for _, one in again})

    def _look_up(self, scanner: Scanner, kind: str, files: list[Path], wanted: Iterable[str]) -> None:
        ids = sorted(wanted)
        if not files or not ids:
            return
        scanner.database.execute("CREATE OR REPLACE TEMP TABLE named AS SELECT unnest(?::VARCHAR[]) AS id", [ids])
        listed = "[" + ", ".join("'" + str(path).replace("'", "''") + "'" for path in files) + "]"
        rows = scanner.database.execute(
            f"SELECT id, code, ingredient, medicationCodeableConcept, contained, medicationReference FROM read_json({listed}, "
            f"format='newline_delimited', ignore_errors=true, columns={_COLUMNS}) WHERE resourceType = '{kind}' AND id IN (FROM named)"
        ).fetchall()
        names = ("code", "ingredient", "medicationCodeableConcept", "contained", "medicationReference")
        for one, *cells in rows:
            told = {name: msgspec.json.decode(text) for name, text in zip(names, cells, strict=True) if text is not None}
            self.found[kind, one] = {"resourceType": kind, "id": one} | told

    def put_in(self, lines: pl.DataFrame) -> pl.DataFrame:
        """The lines of adverse events with the medicines that they name inside them; a line that is none stays as it is."""
        told = [self._with_medicines(line) for line in lines["line"]]
        return lines.with_columns(pl.Series("line", told, pl.String))

    def _with_medicines(self, line: str) -> str:
        try:
            event = msgspec.json.decode(line)
        except msgspec.DecodeError:
            return line
        suspects = event.get("suspectEntity") if isinstance(event, dict) else None
        if not isinstance(suspects, list):
            return line
        inside = event["contained"] if isinstance(event.get("contained"), list) else []
        for number, suspect in enumerate(suspects):
            key = _key(suspect.get("instance")) if isinstance(suspect, dict) else None
            found = self.found.get(key) if key else None
            if found is not None:
                # Not by its own id: what a thousand events say in the same way is to be read once.
                inside = [*inside, self._medication(found) | {"id": f"suspect-{number}"}]
                suspect["instance"] = {"reference": f"#suspect-{number}"}
        return msgspec.json.encode(event | {"contained": inside} if inside else event).decode()

    def _medication(self, found: dict[str, Any]) -> dict[str, Any]:
        """A resource about a medicine as a medication: its own concept, or that of what it contains or refers to."""
        reference = found.get("medicationReference")
        about = found
        if isinstance(reference, dict) and "medicationCodeableConcept" not in found:
            address = str(reference.get("reference", ""))
            key = _key(reference)
            if address.startswith("#"):
                about = next(
                    (one for one in found.get("contained", ()) if isinstance(one, dict) and one.get("id") == address[1:]), {}
                )
            else:
                about = self.found.get(key, {}) if key else {}
            if not about and reference.get("display"):
                about = {"code": {"text": reference["display"]}}
        code = about.get("medicationCodeableConcept") or about.get("code")
        ingredients = [one.get("itemCodeableConcept") for one in about.get("ingredient") or () if isinstance(one, dict)]
        if not code and len(ingredients) == 1:
            code = ingredients[0]
        return {"resourceType": "Medication"} | ({"code": code} if code else {})


def _named(path: Path) -> Iterable[Key]:
    """What the adverse events of a file refer to."""
    with opened(path) as lines:
        for line in lines:
            try:
                event = msgspec.json.decode(line)
            except ValueError:
                continue
            suspects = event.get("suspectEntity") if isinstance(event, dict) else None
            for suspect in suspects if isinstance(suspects, list) else ():
                key = _key(suspect.get("instance")) if isinstance(suspect, dict) else None
                if key:
                    yield key


def _key(reference: Any) -> Key | None:
    """The type and id that a reference names."""
    found = _REFERENCE.search(str(reference.get("reference", ""))) if isinstance(reference, dict) else None
    return (found[1], found[2]) if found else None
