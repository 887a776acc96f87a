"""One person: plans of different people in process, the whole command from cold; and all criteria over many people as columns."""

from __future__ import annotations

import datetime as dt
import random
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.measure import commands, peak_mb, row, spent, timed
from benchmarks.people import Person, people

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "anna.json"
DAY = dt.date(2026, 11, 1)
PEOPLE = 1_000_000


def main() -> None:
    """Print the figures."""
    from linewise.exchange import codes_of, load, read_bytes
    from linewise.knowledge import open_knowledge
    from linewise.knowledge.search import search_of
    from linewise.plan import Plan, make_plan

    knowledge = open_knowledge()
    codes = codes_of(knowledge)
    asked = people(codes)

    def plan(person: Person) -> Plan:
        return make_plan(person.record, knowledge, person.day, person.region)

    def explained(person: Person) -> None:
        found = plan(person)
        found.with_status("preferred", "suitable", "depends", "unsuitable")
        _ = found.tests, found.urgent, found.cautions, found.facts

    print(f"{len(asked)} people of the example cases, {len(knowledge.treatments)} options. Processor time.")
    print(row("read the example bundle (FHIR R4)", spent(lambda _: read_bytes(load(EXAMPLE), "anna", codes), [None] * 20)))
    print(row("status of every option", spent(lambda person: plan(person).judged, asked), target="1 ms"))
    print(row("explained plan: every option that may fit, in words", spent(explained, asked), target="2 ms"))
    print(row("whole JSON document", spent(lambda person: plan(person).json(), asked), target="8 ms"))
    sizes = [len(plan(person).json()) / 1e6 for person in asked]
    print(f"its size: {statistics.median(sizes):.2f} MB, at most {max(sizes):.2f}; target 0.5 MB")
    search = search_of(knowledge)
    print(row("search, 1 to 7 words", spent(lambda words: search.find(words), SEARCHES, rounds=10), target="3 ms"))
    empty, cold = commands(["-c", "pass"], ["-m", "linewise.cli", "plan", str(EXAMPLE), "--region", "EU"])
    print(row("python -c pass", empty))
    print(row("linewise plan, from cold", cold))
    print(f"that is {statistics.median(cold) / statistics.median(empty):.1f} times as much; target 8 times")
    columns(knowledge)
    print(f"memory of this process at its peak: {peak_mb():.0f} MB")


SEARCHES = (
    "mouth sores",
    "hair",
    "what if the treatment stops working",
    "elacestrant",
    "can I drink alcohol with capecitabine tablets",
    "bone pain at night",
    "ESR1",
    "travel insurance",
)


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
