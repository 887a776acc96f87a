"""Makes `pairs/` anew from the knowledge: `make pairs`.

For every clause of every criterion it looks for two records that differ in that clause alone and get different answers, and
for every mutant that these do not catch a further record. Where there is none, it says so.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time

from pairing import generate, golden, report, standing
from pairing.bench import Bench
from pairing.criteria import Criterion, criteria_of
from pairing.generate import Maker
from pairing.golden import Pairs
from pairing.score import Score, score

from linewise.errors import KnowledgeError
from linewise.knowledge import Knowledge
from linewise.knowledge.load import load
from linewise.knowledge.store import folder

_bench: Bench | None = None
_SAVED_EVERY = 250
"""Criteria after which what was found is kept: a run that is broken off loses little."""


def make(task: tuple[Criterion, Pairs | None]) -> tuple[Criterion, Pairs, float]:
    """The pairs of one criterion."""
    assert _bench is not None
    begun = time.perf_counter()
    found = Maker(_bench, *task).make()
    _bench.forget()
    return task[0], found, time.perf_counter() - begun


def main() -> int:
    global _bench
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="only files whose path begins so; the others stay as they are")
    parser.add_argument("--fresh", action="store_true", help="forget what is stored")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--slow", type=float, default=20.0, help="name criteria that take longer, in seconds")
    parser.add_argument(
        "--effort", type=float, default=1.0, help="how long to search, of the usual: 0.1 gives up ten times as soon"
    )
    parser.add_argument(
        "--clauses", action="store_true", help="only the pairs of clauses; mutants that these do not catch wait for a later run"
    )
    parser.add_argument("--again", action="store_true", help="search again for what was not found before")
    options = parser.parse_args()
    generate.AGAIN, generate.MUTANTS = options.again, not options.clauses
    generate.EFFORT = options.effort
    root = folder()
    if root is None:
        print("There is no knowledge folder here.", file=sys.stderr)
        return 1
    try:
        knowledge = Knowledge(load(root))
    except KnowledgeError as fault:
        print(f"The knowledge cannot be read: {fault}", file=sys.stderr)
        return 1
    _bench = Bench(knowledge)
    before = golden.read()
    listed = criteria_of(knowledge.content)
    stored = {file: dict(ones) for file, ones in before.items() if not file.startswith(options.only)}
    tasks = []
    for one in listed:
        if one.file.startswith(options.only):
            tasks.append((one, None if options.fresh else before.get(one.file, {}).get(one.name)))
    done = 0
    with multiprocessing.get_context("fork").Pool(options.jobs) as pool:
        for criterion, pairs, seconds in pool.imap_unordered(make, tasks, chunksize=4):
            stored.setdefault(criterion.file, {})[criterion.name] = pairs
            done += 1
            if done % _SAVED_EVERY == 0:
                golden.write({file: stored.get(file) or ones for file, ones in (before | stored).items()})
                print(f"{done} of {len(tasks)}", flush=True)
            if seconds > options.slow:
                print(f"{seconds:.0f} s: {criterion.file}: {criterion.name}")
    golden.write(stored)
    standing.write(knowledge.content)
    found = score(knowledge, stored, options.jobs)
    report.DOCUMENT.write_text(report.document(stored, found), encoding="utf-8")
    tell(stored, found)
    return 0


def tell(stored: dict[str, golden.Stored], found: Score) -> None:
    """How much there is, what decides nothing, and what is not caught."""
    known = report.listed()
    for name, why in report.idle(stored).items():
        print(f"{'known' if name in known else 'NEW'}: {name}: {known.get(name, why)}")
    print(", ".join(f"{name} {number}" for name, number in report.figures(stored).items()))
    print(f"mutants {found.tried.total()}, caught {found.caught.total()} ({100 * found.share:.2f} %)")


if __name__ == "__main__":
    raise SystemExit(main())
