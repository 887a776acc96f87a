"""A folder of records, each read by the reader for one person: FHIR bundles, profiles, one or several people a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from linewise.errors import RecordError
from linewise.exchange import Codes, read

from .. import events as model
from .faults import Faults
from .run import Source


def read_folder(path: Path, work: Path, codes: Codes, progress: Callable[[str], None]) -> Source:
    """Files of one or several records each, by the reader for one person."""
    faults, records = Faults(work / "faults.ndjson"), []
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.suffix in (".json", ".yaml", ".yml"))
    if not files:
        raise RecordError(str(path), "there is nothing here that can be read: no NDJSON, no OMOP tables, no records.")
    for file in files:
        try:
            records += read(file, codes)
        except RecordError as fault:
            faults.count("a file that cannot be read")
            faults.keep(str(file), None, "a file that cannot be read", fault.what)
    progress(f"{len(records)} records from {len(files)} files")
    for record in records:
        for one in record.unread:
            faults.count(f"not understood: {one.why}")
    model.of_records(records).write(work / "part-00000")
    return Source(work, faults.counts())
