"""The same run on Apache Spark: each set of people goes to a worker, which runs the very code that runs locally.

Parts are the unit: a part is read, decided and written by one task, and its file is there whole or not at all. So a worker that dies costs its part, which
Spark gives to another, and a run that was cut off goes on with the parts that are missing. Only the names of files travel; the workers see the same folders.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from linewise import __version__
from linewise.errors import LinewiseError
from linewise.knowledge import Knowledge
from linewise.knowledge.model import Region

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

    from linewise.bulk import Source
    from linewise.columns.decide import Matrix


def options(
    source: Source, knowledge: Knowledge, day: dt.date, region: Region | None, out: Path, master: str = "local[*]"
) -> list[Path]:
    """The option matrix of every part, by this knowledge, as `<out>/options-<part>.parquet`, written by the workers. Raises LinewiseError without Spark."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise LinewiseError("Spark is not installed; it needs Java and: pip install 'linewise[spark]'") from None
    parts = [str(part.resolve()) for part in source.parts()]
    begin(source, knowledge, day, region, out)
    missing = [part for part in parts if not _target(Path(part), out).exists()]
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # the workers' Python: the one that has Linewise
    session = SparkSession.builder.master(master).appName("linewise").config("spark.ui.enabled", "false").getOrCreate()
    try:
        if missing:
            rows = session.createDataFrame([(part,) for part in missing], "part string").repartitionByRange(len(missing), "part")
            medicine = session.sparkContext.broadcast(msgspec.msgpack.encode(knowledge.content))
            work = _work(medicine, day, region, str(out.resolve()))
            rows.mapInArrow(work, "part string, people long").collect()
    finally:
        session.stop()
    return [_target(Path(part), out) for part in parts]


def begin(source: Source, knowledge: Knowledge, day: dt.date, region: Region | None, out: Path) -> None:
    """Keep what an earlier run of the same question has written; of another question, medicine or people nothing stays."""
    stamps = [(part / "patients.parquet").stat().st_mtime_ns for part in source.parts()]
    asked = msgspec.json.encode([__version__, knowledge.content.digest, day, region, stamps])
    sign, told = hashlib.blake2b(asked, digest_size=16).hexdigest(), out / ".asked"
    if not told.exists() or told.read_text() != sign:
        for old in out.glob("options-*.parquet"):
            old.unlink()
        out.mkdir(parents=True, exist_ok=True)
        told.write_text(sign)


def _work(medicine: Any, day: dt.date, region: Region | None, out: str) -> Any:
    """What a worker does with its names of parts; `medicine` holds the knowledge, sent once to each machine."""

    def decide(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow

        for batch in batches:
            names = batch.column("part").to_pylist()
            people = [one(Path(name), medicine.value, day, region, Path(out)) for name in names]
            yield pyarrow.RecordBatch.from_pydict({"part": names, "people": pyarrow.array(people, pyarrow.int64())})

    return decide


def one(part: Path, medicine: bytes, day: dt.date, region: Region | None, out: Path) -> int:
    """One part: read, decided, written. The number of its people."""
    from linewise.columns import events as model

    from .reports import write_matrix

    events = model.read(part)
    matrix = _matrix(medicine, day, region)
    write_matrix(matrix.status(matrix.table(events)).collect(), events, _target(part, out))
    return len(events)


@lru_cache(maxsize=4)
def _matrix(medicine: bytes, day: dt.date, region: Region | None) -> Matrix:
    """A worker that is given many parts reads the knowledge once."""
    from linewise.columns.decide import Matrix
    from linewise.knowledge.model import Content

    return Matrix(Knowledge(msgspec.msgpack.decode(medicine, type=Content)), day, region)


def _target(part: Path, out: Path) -> Path:
    return out / f"options-{part.name}.parquet"
