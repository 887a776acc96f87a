"""Many people: criteria and options as columns, reading of exports, lines of therapy, Spark, and another engine on the same criteria.

Sizes can be set: LINEWISE_PEOPLE (criteria, 1,000,000), LINEWISE_EXPORT (people in the export that is read, 60,000), LINEWISE_MEMORY (MB for the reader
of an export four times as large, 400).
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import referee
from benchmarks.measure import peak_mb, timed

ROOT = Path(__file__).parents[1]
DAY = dt.date(2026, 10, 31)
PEOPLE = int(os.environ.get("LINEWISE_PEOPLE", "1000000"))
EXPORT = int(os.environ.get("LINEWISE_EXPORT", "60000"))
MEMORY = int(os.environ.get("LINEWISE_MEMORY", "400"))
_DRAWN = 50_000


def main() -> None:
    """Print the figures."""
    from linewise.exchange import codes_of
    from linewise.knowledge import open_knowledge

    knowledge = open_knowledge()
    codes = codes_of(knowledge)
    events, base = _people(knowledge)
    _criteria(knowledge, base)
    del base
    _end_to_end(knowledge, events)
    _lines(knowledge, events)
    with tempfile.TemporaryDirectory() as folder:
        _reading(knowledge, codes, Path(folder))
        _spark(knowledge, events, Path(folder))
        referee.compare(knowledge, codes, Path(folder))
    print(f"memory of this process at its peak: {peak_mb():.0f} MB")


def _say(name: str, seconds: list[float], amount: float, unit: str) -> float:
    """One line: the median, and what it comes to in a second."""
    middle = statistics.median(seconds)
    print(f"{name:<66}{middle:>8.2f} s ({min(seconds):.2f} to {max(seconds):.2f}) {amount / middle:>14,.0f} {unit}/s")
    return middle


def _people(knowledge: Any) -> tuple[Any, Any]:
    """Invented people, and the base columns of a million, drawn from them with replacement."""
    from linewise.columns.decide import Matrix
    from linewise.invented.draw import draw
    from linewise.invented.run import content

    start = time.perf_counter()
    events = draw(content(knowledge), _DRAWN, 1)
    print(f"{_DRAWN:,} people drawn in {time.perf_counter() - start:.1f} s")
    matrix = Matrix(knowledge, DAY, "EU")
    table = matrix.table(events).select([column.name for column in matrix.criteria.columns]).collect()
    return events, table.sample(PEOPLE, with_replacement=True, seed=1)


def _criteria(knowledge: Any, base: Any) -> None:
    """All criteria of all options, and the options themselves; and the same expressions in plain Polars, one by one and together."""
    import polars as pl

    from linewise.columns.decide import Matrix
    from linewise.logic.columns import decided, expressions

    matrix = Matrix(knowledge, DAY, "EU")
    nodes, vocabulary = matrix.criteria.nodes, matrix.criteria.vocabulary
    plain = expressions(nodes, vocabulary)
    print(f"\n{base.height:,} people, {len(nodes)} criteria of {len(matrix.options)} options, {base.width} base columns")
    ours = timed(lambda: decided(base, nodes, vocabulary).collect(), rounds=5, warm=1)
    mine = _say("criteria as columns", ours, base.height, "people")
    print(f"{'':<66}{base.height * len(nodes) / mine:>22,.0f} decisions/s")
    theirs = timed(lambda: base.lazy().select(**plain).collect(), rounds=3, warm=1)
    other = _say("the same expressions in plain Polars, written out", theirs, base.height, "people")
    print(f"ratio to plain Polars: {other / mine:.2f} (target: at least 0.8)")
    single = {name: decided(base, {name: node}, vocabulary) for name, node in list(nodes.items())[::8]}
    ratios = []
    for name, lazy in single.items():
        one = statistics.median(timed(lambda lazy=lazy: lazy.collect(), rounds=3, warm=1))
        two = statistics.median(timed(lambda name=name: base.lazy().select(plain[name]).collect(), rounds=3, warm=1))
        ratios.append(two / one)
    tenths = statistics.quantiles(ratios, n=10)
    print(
        f"per criterion ({len(ratios)} of them): {statistics.median(ratios):.2f} of plain Polars ({tenths[0]:.2f} to {tenths[-1]:.2f})"
    )
    extra = base.with_columns(
        pl.lit(True).alias("#scope"),
        pl.lit(None, dtype=pl.String).alias("#region"),
        pl.lit(DAY).alias("as_of"),
        pl.lit(False).alias("#current"),
    )
    whole = timed(lambda: matrix.status(matrix.decided(extra)).collect(), rounds=5, warm=1)
    _say("status of every option, in one region", whole, base.height, "people")
    ten = timed(lambda: [decided(base, nodes, vocabulary).collect() for _ in range(10)], rounds=1, warm=0)
    _say(f"criteria of {base.height * 10:,} people, in ten parts", ten, base.height * 10, "people")


def _end_to_end(knowledge: Any, events: Any) -> None:
    from linewise.columns.decide import plan

    print()
    _say(
        "events to facts, lines and all options",
        timed(lambda: plan(events, knowledge, DAY, "EU"), rounds=3, warm=1),
        len(events),
        "people",
    )


def _lines(knowledge: Any, events: Any) -> None:
    from linewise.columns.lines import courses_of

    seconds = timed(lambda: courses_of(events, knowledge, DAY), rounds=3, warm=1)
    _say(
        f"lines of therapy, {events.administrations.height / len(events):.0f} administrations a person",
        seconds,
        len(events),
        "people",
    )


def _reading(knowledge: Any, codes: Any, folder: Path) -> None:
    """An export of NDJSON: made, read by DuckDB alone, read to events, and with little memory."""
    import duckdb

    from linewise.bulk import ingest
    from linewise.invented.run import synthesise

    start = time.perf_counter()
    synthesise(EXPORT, 1, folder / "made", knowledge, codes, "fhir", False, lambda text: None)
    took = time.perf_counter() - start
    files = sorted((folder / "made" / "fhir").glob("*.ndjson"))
    size = sum(file.stat().st_size for file in files) / 1e6
    print(
        f"\n{EXPORT:,} people invented and written ({size:.0f} MB) in {took:.1f} s: {EXPORT / took * 60:,.0f} people a minute (target: 100,000)"
    )

    def alone() -> None:
        database = duckdb.connect()
        for file in files:
            database.execute(
                f"CREATE OR REPLACE TEMP TABLE x AS SELECT * FROM read_json('{file}', format='newline_delimited', ignore_errors=true)"
            )

    turns = iter(range(100))

    def ours(memory: str = "4GB") -> None:
        ingest(folder / "made" / "fhir", folder / f"work{next(turns)}", codes, memory, progress=lambda text: None)

    theirs = _say("DuckDB's read_json of the same files, into tables", timed(alone, rounds=3, warm=1), size, "MB")
    mine = _say("read to the event model (facts, courses, reactions …)", timed(ours, rounds=3, warm=1), size, "MB")
    print(f"ratio to DuckDB: {theirs / mine:.2f} (target: at least 0.6)")
    _little_memory(knowledge, codes, folder, EXPORT * 4 * MEMORY / size)


_READ = """
import sys
from pathlib import Path
from linewise.bulk import ingest
from linewise.exchange import codes_of
from linewise.knowledge import open_knowledge
codes = codes_of(open_knowledge())
source = ingest(Path(sys.argv[1]), Path(sys.argv[2]), codes, sys.argv[3], progress=lambda text: None)
# Not ru_maxrss: a child's begins with what its parent used.
peak = next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(len(source.parts()), int(peak) // 1024)
"""


def _little_memory(knowledge: Any, codes: Any, folder: Path, people: float) -> None:
    """An export of four times the memory that is given, read by a process of its own; the most that process used."""
    from linewise.invented.run import synthesise

    synthesise(int(people), 2, folder / "large", knowledge, codes, "fhir", False, lambda text: None)
    size = sum(file.stat().st_size for file in (folder / "large" / "fhir").glob("*.ndjson")) / 1e6
    start = time.perf_counter()
    command = [sys.executable, "-c", _READ, str(folder / "large" / "fhir"), str(folder / "large" / "work"), f"{MEMORY}MB"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    _say(f"{size:,.0f} MB with {MEMORY} MB of memory given", [time.perf_counter() - start], size, "MB")
    print(f"{'':<66}{told[0]} parts; the process used {told[1]} MB at its peak, Python and the knowledge included")
    shutil.rmtree(folder / "large")


def _spark(knowledge: Any, events: Any, folder: Path) -> None:
    """The option matrix by one, two and four workers, against this process."""
    try:
        import pyspark  # noqa: F401
    except ImportError:
        print("\nSpark is not installed: not measured")
        return
    import polars as pl

    from linewise.bulk import Source
    from linewise.cohort import spark

    parts = 8
    for number in range(parts):
        events.take(pl.Series(range(number, len(events), parts))).write(folder / "parts" / f"part-{number:05d}")
    source = Source(folder / "parts")
    medicine = msgspec.msgpack.encode(knowledge.content)
    print()
    seconds = timed(lambda: [spark.one(part, medicine, DAY, "EU", folder / "local") for part in source.parts()], rounds=1, warm=0)
    _say(f"{parts} parts, one after the other in this process", seconds, len(events), "people")
    for workers in (1, 2, 4):
        out = folder / f"spark{workers}"
        seconds = timed(
            lambda out=out, workers=workers: spark.options(source, knowledge, DAY, "EU", out, f"local[{workers}]"),
            rounds=1,
            warm=0,
        )
        _say(f"Spark, {workers} worker{'s' if workers > 1 else ''}, its start included", seconds, len(events), "people")


if __name__ == "__main__":
    sys.exit(main())
