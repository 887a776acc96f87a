"""The same run on Apache Spark: each set of people goes to a worker, which runs the very code that runs locally.

Parts are the unit: a part is read, decided and written by one task, and its file is there whole or not at all. So a worker that dies costs its part, which
Spark gives to another, and a run that was cut off goes on with the parts that are missing. Only the names of files travel; the workers see the same folders.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewise.errors import LinewiseError
from linewise.knowledge.model import Region

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

    from linewise.bulk import Source
    from linewise.columns.decide import Matrix


def options(source: Source, day: dt.date, region: Region | None, out: Path, master: str = "local[*]") -> list[Path]:
    """The option matrix of every part, as `<out>/options-<part>.parquet`, written by the workers. Raises LinewiseError without Spark."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise LinewiseError("Spark is not installed; it needs Java and: pip install 'linewise[spark]'") from None
    parts = [str(part.resolve()) for part in source.parts()]
    missing = [part for part in parts if not _target(Path(part), out).exists()]
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # the workers' Python: the one that has Linewise
    session = SparkSession.builder.master(master).appName("linewise").config("spark.ui.enabled", "false").getOrCreate()
    try:
        if missing:
            rows = session.createDataFrame([(part,) for part in missing], "part string").repartitionByRange(len(missing), "part")
            work = _work(day, region, str(out.resolve()))
            rows.mapInArrow(work, "part string, people long").collect()
    finally:
        session.stop()
    return [_target(Path(part), out) for part in parts]


def _work(day: dt.date, region: Region | None, out: str) -> Any:
    """What a worker does with its names of parts."""

    def decide(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow

        for batch in batches:
            names = batch.column("part").to_pylist()
            people = [one(Path(name), day, region, Path(out)) for name in names]
            yield pyarrow.RecordBatch.from_pydict({"part": names, "people": pyarrow.array(people, pyarrow.int64())})

    return decide


def one(part: Path, day: dt.date, region: Region | None, out: Path) -> int:
    """One part: read, decided, written. The number of its people."""
    from linewise.columns import events as model

    from .reports import write_matrix

    events = model.read(part)
    matrix = _matrix(day, region)
    write_matrix(matrix.status(matrix.table(events)).collect(), events, _target(part, out))
    return len(events)


@lru_cache(maxsize=4)
def _matrix(day: dt.date, region: Region | None) -> Matrix:
    """A worker that is given many parts reads the knowledge once."""
    from linewise.columns.decide import Matrix
    from linewise.knowledge import open_knowledge

    return Matrix(open_knowledge(), day, region)


def _target(part: Path, out: Path) -> Path:
    return out / f"options-{part.name}.parquet"
