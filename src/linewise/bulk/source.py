"""What a run leaves: a folder of event tables by part. Here the people of a run are put together, part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from linewise.columns import events as model
from linewise.columns.events import Events

from .faults import Faults
from .people import People
from .scan import Scanner

_PARTS_AT_ONCE = 4


@dataclass
class Source:
    """A cohort that has been read: a folder of event tables by part, and what was wrong with the input."""

    folder: Path
    faults: dict[str, int] = field(default_factory=dict)

    def parts(self) -> list[Path]:
        """The folders of the parts; one that holds the tables itself is its own only part."""
        if (self.folder / "patients.parquet").exists():
            return [self.folder]
        return sorted(path.parent for path in self.folder.glob("part-*/patients.parquet"))

    def __iter__(self) -> Iterator[Events]:
        for part in self.parts():
            yield model.read(part)

    def whole(self) -> Events:
        return model.joined(list(self))


def put_together(scanner: Scanner, progress: Callable[[str], None]) -> Source:
    """The people of all parts, from the rows that a scanner's run has written."""
    work, parts = scanner.folder, scanner.parts
    told = work / "faults.json"
    if told.exists() and all((work / f"part-{number:05d}" / "patients.parquet").exists() for number in range(parts)):
        _side_file(scanner)
        return Source(work, msgspec.json.decode(told.read_bytes(), type=dict[str, int]))
    people = People(work, scanner.said, scanner.templates.codes.adult)

    def put(number: int) -> dict[str, int]:
        target = work / f"part-{number:05d}"
        if not (target / "patients.parquet").exists():
            progress(f"putting people together ({number + 1} of {parts})")
            target.mkdir(parents=True, exist_ok=True)
            faults = Faults(target / "faults.ndjson")
            found = people.part(number, faults)
            (target / "faults.json").write_bytes(msgspec.json.encode(faults.counts()))
            found.write(target)
        return msgspec.json.decode((target / "faults.json").read_bytes(), type=dict[str, int])

    with ThreadPoolExecutor(min(_PARTS_AT_ONCE, scanner.threads)) as pool:
        for counts in pool.map(put, range(parts)):
            scanner.faults.add_counts(counts)
    _side_file(scanner)
    told.write_bytes(msgspec.json.encode(scanner.faults.counts()))
    return Source(work, scanner.faults.counts())


def _side_file(scanner: Scanner) -> None:
    """`faults.ndjson`: what this run found wrong, and what each file and each part kept when it was done."""
    work = scanner.folder
    kept = [scanner.faults.path, *sorted((work / "files").glob("*/faults.ndjson")), *sorted(work.glob("part-*/faults.ndjson"))]
    whole = b"".join(path.read_bytes() for path in kept if path.exists())
    (work / "faults.ndjson").write_bytes(whole)
