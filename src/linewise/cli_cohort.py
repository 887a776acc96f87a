"""Commands about many people at once: describe a cohort, plan for it, see what changed, follow its lines, invent one."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewise.cli_arguments import day as _day
from linewise.errors import LinewiseError

if TYPE_CHECKING:
    from linewise.cohort.events import Events
    from linewise.cohort.ingest import Source
    from linewise.cohort.report.page import Report


def add(commands: Any, command: Any) -> None:
    """Add `cohort describe|plan|impact|lines|synthesise`."""
    parser = command(
        commands, "cohort", "the same criteria over many people: reports, tables, pictures",
        "  linewise cohort synthesise 10000 --seed 1 --out made\n  linewise cohort describe made/fhir --out described\n"
        "  linewise cohort plan made/fhir --region EU --out planned\n  linewise cohort impact made/fhir --from 2024-01-01 --to 2026-11-01 --out changed",
    )  # fmt: skip
    inner = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary, run in (
        ("describe", "who is in it, and what was never tested although an option hangs on it", _describe),
        ("plan", "the options of everybody, as a matrix and a report", _plan),
        ("impact", "whose options changed between two days, and by which statement", _impact),
        ("lines", "lines of therapy: sequences, times, survival, and whether what was given fitted on the day", _lines),
    ):
        one = command(inner, name, summary, f"  linewise cohort {name} export --out answers")
        _arguments(one)
        if name == "impact":
            one.add_argument("--from", dest="since", type=_day, required=True, metavar="DAY")
            one.add_argument("--to", dest="until", type=_day, required=True, metavar="DAY")
        if name == "plan":
            one.add_argument(
                "--engine", choices=["local", "spark"], default="local", help="spark: the same, by the workers of a cluster"
            )
            one.add_argument("--master", default="local[*]", help="where Spark runs, as spark://host:7077")
        one.set_defaults(run=run)
    made = command(
        inner, "synthesise", "invent a cohort, with the truth beside it", "  linewise cohort synthesise 10000 --seed 1 --out made"
    )
    made.add_argument("people", type=_people, metavar="N")
    made.add_argument("--seed", type=int, default=1)
    made.add_argument("--out", type=Path, required=True, metavar="DIR")
    made.add_argument("--form", choices=["fhir", "omop", "both"], default="both")
    made.add_argument("--gzip", action="store_true", help="pack the FHIR files")
    made.set_defaults(run=_synthesise)


def add_export(inner: Any, command: Any) -> None:
    """Add `knowledge export`: the criteria for engines that are not ours."""
    export = command(
        inner, "export", "every criterion as HL7 CQL and as ELM, for other engines", "  linewise knowledge export --cql criteria"
    )
    export.add_argument("--cql", type=Path, required=True, metavar="DIR", help="where the library goes")
    export.set_defaults(run=_export)


def _export(options: argparse.Namespace) -> int:
    from linewise.exchange.cql import export
    from linewise.knowledge import open_knowledge

    made = export(open_knowledge(), options.cql)
    print(
        f"{len(made.criteria)} criteria, {len(made.definitions) - len(made.criteria)} definitions they rest on, {len(made.facts)} facts: {options.cql}"
    )
    return 0


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "input",
        metavar="IN",
        help="a folder: FHIR bulk export, OMOP tables, records, or event tables; or the address of a live OMOP database",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the report and its tables go")
    parser.add_argument(
        "--work", type=Path, metavar="DIR", help="where the event tables are kept (OUT/work without it); read again next time"
    )
    parser.add_argument("--as-of", type=_day, metavar="DAY", help="as of which day; the last of the data without it")
    parser.add_argument("--region", choices=["US", "EU", "UK", "DE"])
    parser.add_argument("--least", type=int, default=11, metavar="N", help="smallest count of people that is shown (11)")
    parser.add_argument("--memory", metavar="SIZE", help="memory for reading, as 2GB")


def _people(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text[:12]) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is not a number of people")
    return int(text)


class _Cohort:
    """What every command begins with: knowledge, the people, the day."""

    def __init__(self, options: argparse.Namespace) -> None:
        _needs_extra()
        from linewise.cohort.ingest import ingest
        from linewise.cohort.ingest.run import memory_in_use, say
        from linewise.exchange import codes_of
        from linewise.knowledge import open_knowledge

        self.knowledge = open_knowledge()
        work = options.work or options.out / "work"
        folder = Path(options.input)
        if "://" in options.input:  # not a path: that would fold the two strokes into one
            from linewise.cohort.ingest.database import copied

            folder = copied(options.input, work, say)
        self.source: Source = ingest(folder, work, codes_of(self.knowledge), options.memory or memory_in_use())
        if not any(len(part) for part in self.source):
            inside = [str(folder / name) for name in ("fhir", "omop") if (folder / name).is_dir()]
            raise LinewiseError(
                f"{options.input}: no record of a person was found here. {f'Try {inside[0]}.' if inside else ''}".strip()
            )
        self.day: dt.date = options.as_of or self._last()

    def _last(self) -> dt.date:
        days = [part.patients["last_seen"].max() for part in self.source]
        known = [day for day in days if isinstance(day, dt.date)]
        return min(max(known, default=dt.date.today()), dt.date.today())

    def named(self) -> Iterator[tuple[str, Events]]:
        """The parts with their names."""
        return zip((path.name for path in self.source.parts()), self.source, strict=True)

    def finish(self, report: Report, out: Path) -> int:
        """Write the report, with what was wrong with the input."""
        if self.source.faults:
            report.heading("What was wrong with the input")
            report.say(
                "Counted by kind; each is kept with its file and line in faults.ndjson among the event tables. The rest was answered."
            )
            import polars as pl

            rows = [{"kind": kind, "times": count} for kind, count in self.source.faults.items()]
            report.table("faults", pl.DataFrame(rows), [])
        report.write(out)
        print(out / "report.html")
        return 0


def _needs_extra() -> None:
    try:
        import duckdb  # noqa: F401
        import numpy  # noqa: F401
        import polars  # noqa: F401
    except ImportError as missing:
        raise LinewiseError(f"{missing.name} is not installed; cohorts need it: pip install 'linewise[cohort]'") from None


def _describe(options: argparse.Namespace) -> int:
    cohort = _Cohort(options)
    from linewise.cohort.questions import describe

    report = describe(cohort.source, cohort.knowledge, cohort.day, options.region, options.least)
    return cohort.finish(report, options.out)


def _plan(options: argparse.Namespace) -> int:
    cohort = _Cohort(options)
    if options.engine == "spark":
        from linewise.cohort.spark import options as spread

        spread(cohort.source, cohort.day, options.region, options.out / "persons", options.master)
    from linewise.cohort.questions import options as planned

    report = planned(
        cohort.named(),
        cohort.knowledge,
        cohort.day,
        options.region,
        options.out,
        options.least,
        written=options.engine == "spark",
    )
    return cohort.finish(report, options.out)


def _impact(options: argparse.Namespace) -> int:
    cohort = _Cohort(options)
    from linewise.cohort.questions import impact

    report = impact(cohort.source, cohort.knowledge, options.since, options.until, options.region, options.least)
    return cohort.finish(report, options.out)


def _lines(options: argparse.Namespace) -> int:
    cohort = _Cohort(options)
    from linewise.cohort.journeys import lines

    report = lines(cohort.source, cohort.knowledge, cohort.day, options.region, options.least)
    return cohort.finish(report, options.out)


def _synthesise(options: argparse.Namespace) -> int:
    _needs_extra()
    from linewise.cohort.synthesis.run import synthesise
    from linewise.exchange import codes_of
    from linewise.knowledge import open_knowledge

    knowledge = open_knowledge()
    say = lambda text: print(f"linewise: {text}", file=sys.stderr)  # noqa: E731
    synthesise(options.people, options.seed, options.out, knowledge, codes_of(knowledge), options.form, options.gzip, say)
    print(options.out)
    return 0
