"""A folder of records, each read by the reader for one person: FHIR bundles, profiles, one or several people a file.

Files are read some hundred at a time, by several processes where there are many; such a share that is done stays done. The people of many shares make
one part. Nobody else is in memory.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import multiprocessing
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from linewise.columns import events as model
from linewise.errors import RecordError
from linewise.exchange import Codes, load, read
from linewise.record import Record

from .faults import Faults
from .source import Source

_ENDINGS = (".json", ".yaml", ".yml")
_FILES, _BYTES = 250, 50_000_000
"""Files of one share, and about how many bytes."""
_MANY = 2
"""Shares from which on several processes are worth their start."""
_PART = 20_000
"""About as many people make one part."""
_SHOWN = 1000
"""Faults of one kind and share that are kept with their places."""
_TWICE = "a person who is in another file already"

Row = tuple[str, int | None, str, str]
"""A fault: its file, its line where it has one, its kind, and what was there."""


class _Share(msgspec.Struct):
    """What was found in a share: which files they were, the faults, and the file of each person."""

    state: str
    counts: dict[str, int] = {}
    kept: list[Row] = []
    files: list[str] = []


def read_folder(path: Path, work: Path, codes: Codes, progress: Callable[[str], None], workers: int | None = None) -> Source:
    """Read every file of a folder, or the one file named. Raises RecordError where there is nothing to read.

    `workers` is the number of processes; as many as the machine has, where it is not said and there are files enough.
    """
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.suffix in _ENDINGS and file.is_file())
    if not files:
        raise RecordError(str(path), "there is nothing here that can be read: no NDJSON, no OMOP tables, no records.")
    root = path.parent if path.is_file() else path
    way = codes.sign
    shares = [([str(file.relative_to(root)) for file in share], _sign(share, way)) for share in _shares(files)]
    targets = [work / "shares" / f"{number:05d}" for number in range(len(shares))]
    for old in (work / "shares").glob("*"):
        if old not in targets:
            shutil.rmtree(old)  # of an earlier run with more files
    todo = [number for number, (_, sign) in enumerate(shares) if not _done(targets[number], sign)]
    asked = [(root, shares[number][0], shares[number][1], targets[number]) for number in todo]
    read_before = sum(len(names) for number, (names, _) in enumerate(shares) if number not in set(todo))
    for (_, names, *_), _ in zip(asked, _run(asked, codes, workers), strict=True):
        read_before += len(names)
        progress(f"{read_before:,} of {len(files):,} files")
    return _put_together(work, targets, hashlib.blake2b("".join(sign for _, sign in shares).encode(), digest_size=16).hexdigest())


def _shares(files: Sequence[Path]) -> Iterator[list[Path]]:
    share: list[Path] = []
    size = 0
    for file in files:
        if share and (len(share) == _FILES or size > _BYTES):
            yield share
            share, size = [], 0
        share.append(file)
        size += file.stat().st_size
    yield share


def _sign(files: Sequence[Path], way: str) -> str:
    """Which files a share has, in what state, and the way to read them (codes, medicine, Linewise)."""
    told = [way, *((str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files)]
    return hashlib.blake2b(msgspec.json.encode(told), digest_size=16).hexdigest()


def _done(target: Path, sign: str) -> bool:
    """Whether an earlier run has read the same files in the same way."""
    told = target / "read.json"
    return told.exists() and msgspec.json.decode(told.read_bytes(), type=_Share).state == sign


def _run(asked: list[tuple[Path, list[str], str, Path]], codes: Codes, workers: int | None) -> Iterator[None]:
    count = min(workers or os.cpu_count() or 1, len(asked))
    if count < 2 or len(asked) < _MANY:
        for one in asked:
            _share(codes, *one)
            yield
        return
    start = multiprocessing.get_context("spawn")  # threads of the readers do not survive a fork
    with ProcessPoolExecutor(count, start, initializer=_begin, initargs=(msgspec.msgpack.encode(codes),)) as pool:
        yield from pool.map(_shared, asked)


_codes: Codes | None = None


def _begin(codes: bytes) -> None:
    global _codes
    _codes = msgspec.msgpack.decode(codes, type=Codes)


def _shared(asked: tuple[Path, list[str], str, Path]) -> None:
    assert _codes is not None
    _share(_codes, *asked)


# One share


def _share(codes: Codes, root: Path, names: list[str], sign: str, target: Path) -> None:
    """Read the files of a share and write their people; it is done when `read.json` tells its sign."""
    (target / "read.json").unlink(missing_ok=True)
    told, records, dates = _Share(sign), [], []
    counts: Counter[str] = Counter()

    def keep(name: str, kind: str, text: str) -> None:
        counts[kind] += 1
        if counts[kind] <= _SHOWN:
            told.kept.append((name, None, kind, text))

    for name in names:
        try:
            data = load(root / name)
            found = read(root / name, codes, data)
        except RecordError as fault:
            keep(name, "a file that cannot be read", fault.what)
            continue
        died = _deaths(data)
        for record in found:
            records.append(record)
            told.files.append(name)
            last = _last_seen(record)
            dates.append((died.get(record.id or ""), last))
            _wrong(record, name, keep)
    told.counts = dict(counts)
    whole = model.of_records(records)
    seen = pl.DataFrame(dates, schema={"died": pl.Date, "last_seen": pl.Date}, orient="row")
    patients = whole.patients.with_columns(seen["died"], seen["last_seen"])
    model.Events(**{table: getattr(whole, table) if table != "patients" else patients for table in model.SCHEMAS}).write(target)
    (target / "read.json").write_bytes(msgspec.json.encode(told))


def _wrong(record: Record, name: str, keep: Callable[[str, str, str], None]) -> None:
    """What is wrong with a record that can be read."""
    for one in record.unread:
        keep(name, f"not understood: {one.why}", f"{one.where}: {one.what}")
    today = dt.date.today()
    dated = [*((entry.on, entry.origin) for entry in record.entries), *((event.on, event.origin) for event in record.events)]
    dated += [(given.start, given.origin) for given in record.administrations]
    for place in sorted({f"{origin.where}: {on}" for on, origin in dated if on is not None and on > today}):
        keep(name, "dated in the future", place)
    if record.chart and not record.id:
        keep(name, "no id", "a person without an id")


def _last_seen(record: Record) -> dt.date | None:
    """The last day on which anything is recorded. What is dated in the future tells of no day."""
    days = [*(entry.on for entry in record.entries), *(event.on for event in record.events)]
    # What was handed out may last beyond the day on which anybody was seen.
    days += [day for given in record.administrations for day in (given.start, None if given.supply else given.end)]
    days += [day for taken in record.medications for day in (taken.start, taken.end)]
    today = dt.date.today()
    return max((day for day in days if day is not None and day <= today), default=None)


class _Resource(msgspec.Struct, gc=False):
    id: Any = None
    deceasedDateTime: Any = None  # noqa: N815


class _Entry(msgspec.Struct, gc=False):
    resource: _Resource = msgspec.field(default_factory=_Resource)


class _Bundle(msgspec.Struct, gc=False):
    entry: list[_Entry] = []


def _deaths(data: bytes) -> dict[str, dt.date]:
    """When people of a bundle died. A record does not hold it: it is no part of a plan."""
    if b"deceasedDateTime" not in data:
        return {}
    try:
        bundle = msgspec.json.decode(data, type=_Bundle)
    except msgspec.MsgspecError:
        return {}
    found = {}
    for entry in bundle.entry:
        said = entry.resource.deceasedDateTime
        if isinstance(said, str) and isinstance(entry.resource.id, str):
            try:
                found[entry.resource.id] = dt.date.fromisoformat(said[:10])
            except ValueError:
                continue
    return found


# All shares


def _put_together(work: Path, targets: list[Path], sign: str) -> Source:
    """The people of all shares as parts, and the faults of all; of people who are in several files the first stays."""
    done = work / "faults.json"
    told = msgspec.json.decode(done.read_bytes()) if done.exists() else {}
    if told.get("state") == sign:
        return Source(work, told["faults"])
    for old in work.glob("part-*"):
        shutil.rmtree(old)
    faults = Faults(work / "faults.ndjson")
    known: dict[str, str] = {}
    held: list[model.Events] = []
    parts = 0
    for target in targets:
        held.append(_once(target, known, faults))
        if sum(len(one) for one in held) >= _PART or target is targets[-1]:
            model.joined(held).write(work / f"part-{parts:05d}")
            held, parts = [], parts + 1
    done.write_bytes(msgspec.json.encode({"state": sign, "faults": faults.counts()}))
    return Source(work, faults.counts())


def _once(target: Path, known: dict[str, str], faults: Faults) -> model.Events:
    """The people of a share who were in no file before, and what was wrong in it. `known` holds the file of each person."""
    told = msgspec.json.decode((target / "read.json").read_bytes(), type=_Share)
    faults.add_counts(told.counts)
    for name, line, kind, text in told.kept:
        faults.keep(name, line, kind, text)
    people = model.read(target)
    first = []
    for row, (who, name) in enumerate(zip(people.patients["id"], told.files, strict=True)):
        if who is None or known.setdefault(who, name) == name:
            first.append(row)
        else:
            faults.count(_TWICE)
            faults.keep(name, None, _TWICE, f"{who} is read from {known[who]}")
    return people if len(first) == len(people) else people.take(pl.Series(first, dtype=pl.UInt32))
