"""One person: a full explained plan in process, the whole command from cold; and all criteria over many people as columns."""

from __future__ import annotations

import datetime as dt
import random
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.measure import command, peak_mb, row, timed

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "anna.json"
DAY = dt.date(2026, 11, 1)
PEOPLE = 1_000_000


def main() -> None:
    """Print the figures."""
    from linewise.exchange import codes_of, load, read_bytes
    from linewise.knowledge import open_knowledge
    from linewise.plan import make_plan

    knowledge = open_knowledge()
    codes = codes_of(knowledge)
    (record,) = read_bytes(load(EXAMPLE), "anna", codes)

    def explained() -> None:
        plan = make_plan(record, knowledge, DAY, "EU")
        plan.with_status("preferred", "suitable", "depends", "unsuitable")
        _ = plan.tests, plan.urgent, plan.cautions, plan.facts

    print(f"One person: {len(knowledge.treatments)} options, {EXAMPLE.name}, EU, {DAY}")
    print(row("read the bundle (FHIR R4)", timed(lambda: read_bytes(load(EXAMPLE), "anna", codes))))
    print(row("status of every option", timed(lambda: make_plan(record, knowledge, DAY, "EU").judged)))
    print(row("explained plan: every option that may fit, in words", timed(explained), target="3 ms"))
    print(
        row(
            "the same as JSON, the options that do not fit included",
            timed(lambda: make_plan(record, knowledge, DAY, "EU").json()),
        )
    )
    print(row("the command from cold", command(["-m", "linewise.cli", "plan", str(EXAMPLE), "--region", "EU"]), target="400 ms"))
    columns(knowledge)
    print(f"memory of this process at its peak: {peak_mb():.0f} MB")


def columns(knowledge: Any) -> None:
    """Every treatment's criteria over a million generated people, by the column reader."""
    import polars as pl

    from linewise.logic.columns import base, evaluate

    nodes = {name: one.fits for name, one in knowledge.treatments.items()}
    chance = random.Random(1)
    wanted = base(nodes, knowledge.vocabulary)
    start = time.perf_counter()
    frame = pl.DataFrame({column.name: _column(column, knowledge, chance) for column in wanted})
    print(f"\n{PEOPLE:,} people, {len(wanted)} base columns made in {time.perf_counter() - start:.1f} s")

    def decide() -> None:
        evaluate(frame, nodes, knowledge.vocabulary).select(list(nodes)).collect()

    seconds = timed(decide, rounds=5, warm=1)
    print(row(f"criteria of {len(nodes)} options over {PEOPLE:,} people", seconds, "s"))


def _column(column: Any, knowledge: Any, chance: random.Random) -> Any:
    """A column of plausible values, a fifth of them unknown, drawn from a pool so that making it is quick."""
    import polars as pl

    fact = knowledge.facts.get(column.name)
    types: dict[str, Any] = {
        "choice": pl.String,
        "set": pl.List(pl.String),
        "yes-no": pl.Boolean,
        "date": pl.Date,
        "number": pl.Float64,
    }
    pool: list[Any]
    if column.type == "choice":
        pool = list(fact.values)
    elif column.type == "set":
        values = list(fact.values) if fact is not None and fact.values else ["x"]
        pool = [chance.sample(values, min(len(values), n % 3)) for n in range(40)]
    elif column.type == "yes-no":
        pool = [True, False, False, False]
    elif column.type == "date":
        pool = [DAY - dt.timedelta(days=d) for d in range(0, 900, 30)]
    else:
        low, high = fact.range if fact is not None and fact.range else (0.0, 40.0)
        pool = [round(chance.uniform(low, high), 1) for _ in range(200)]
    whole = column.name.endswith("@complete") or column.name == "as_of"
    drawn = [None if not whole and chance.random() < 0.2 else chance.choice(pool) for _ in range(5000)]
    small = pl.Series(column.name, drawn, dtype=types[column.type])
    return small.sample(PEOPLE, with_replacement=True, seed=chance.randint(0, 2**31))


if __name__ == "__main__":
    sys.exit(main())
