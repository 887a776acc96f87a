"""Commands about many people at once: describe a cohort, plan for it, see what changed, follow its lines, invent one."""

from __future__ import annotations

import argparse
import datetime as dt
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewise.errors import KnowledgeError, LinewiseError

from .arguments import command
from .arguments import day as _day
from .lines import add_parameters, parameters_of
from .views import add as add_views

if TYPE_CHECKING:
    from linewise.bulk import Source
    from linewise.cohort.kept import Kept
    from linewise.cohort.report.page import Report
    from linewise.columns.events import Events
    from linewise.knowledge import Knowledge


def add(commands: Any) -> None:
    """Add `cohort describe|plan|impact|trials|lines|synthesise`."""
    parser = command(
        commands, "cohort", "the same criteria over many people: reports, tables, pictures",
        "  linewise cohort synthesise 10000 --seed 1 --out made\n  linewise cohort describe made/fhir --out described\n"
        "  linewise cohort plan made/fhir --region EU --out planned\n  linewise cohort impact made/fhir --from 2024-01-01 --to 2026-11-01 --out changed",
    )  # fmt: skip
    inner = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary, run in (
        ("describe", "who is in it, and what was never tested although an option hangs on it", _describe),
        ("plan", "the options of everybody, and whether what was given fitted on the day it began", _plan),
        ("impact", "whose options changed between two days or two releases of the medicine, and by which statement", _impact),
        ("trials", "who could join which trial, as counts; for the owner of the records, who they are", _trials),
        ("lines", "lines of therapy: sequences, time on treatment and to the next, survival", _lines),
    ):
        one = command(inner, name, summary, _EXAMPLES[name])
        _arguments(one)
        if name not in ("lines", "trials"):  # who was given what, for how long, does not hang on a region
            region = "whose approvals and recommendations count; without it everybody's own, else the best of all"
            one.add_argument("--region", metavar="REGION", help=region)
        if name == "impact":
            one.add_argument("--from", dest="since", type=_day, metavar="DAY", help="what was said on this day …")
            one.add_argument("--to", dest="until", type=_day, metavar="DAY", help="… against what was said on this one")
            release = "a knowledge folder, or a release (its folder, or its archive as tar.gz or zip)"
            one.add_argument(
                "--from-knowledge", metavar="RELEASE", help=f"instead of days: {release}; the knowledge in use without it"
            )
            one.add_argument("--to-knowledge", metavar="RELEASE", help="the other release; the knowledge in use without it")
        if name == "trials":
            one.add_argument("--trial", metavar="ID", help="one trial, by its number in the registry; all without it")
            one.add_argument(
                "--people", action="store_true",
                help="you hold these records and may look at each: write the ids of those whom nothing excludes to OUT/persons",
            )  # fmt: skip
        if name == "lines":
            one.add_argument(
                "--observed-since", type=_day, metavar="DAY",
                help="from when on deaths are known, as the first day of a registry: time before it does not count as survived",
            )  # fmt: skip
            add_parameters(one)
        if name == "plan":
            one.add_argument(
                "--engine", choices=["local", "spark"], default="local", help="spark: the same, by the workers of a cluster"
            )
            one.add_argument("--master", default="local[*]", help="where Spark runs, as spark://host:7077")
        one.set_defaults(run=run)
    made = command(
        inner, "synthesise", "invent a cohort, with the truth beside it", "  linewise cohort synthesise 10000 --seed 1 --out made"
    )
    made.add_argument("people", type=_number, metavar="N")
    made.add_argument("--seed", type=_number, default=1, metavar="S", help="the same number gives the same people")
    made.add_argument("--out", type=Path, required=True, metavar="DIR")
    made.add_argument("--form", choices=["fhir", "omop", "both"], default="both")
    made.add_argument("--gzip", action="store_true", help="pack the FHIR files")
    made.set_defaults(run=_synthesise)
    add_views(inner)


_EXAMPLES = {
    "trials": "  linewise cohort trials made/fhir --out joining\n"
    "  linewise cohort trials made/fhir --trial NCT05894239 --people --out joining",
    "describe": "  linewise cohort describe made/fhir --out described",
    "plan": "  linewise cohort plan made/fhir --region EU --out planned",
    "impact": "  linewise cohort impact made/fhir --from 2024-01-01 --to 2026-11-01 --region EU --out changed\n"
    "  linewise cohort impact made/fhir --from-knowledge linewise-0.1.0.tar.gz --region EU --out changed",
    "lines": "  linewise cohort lines made/fhir --out followed\n"
    "  linewise cohort lines registry --observed-since 2018-01-01 --out followed",
}


def add_export(inner: Any) -> None:
    """Add `knowledge export`: the criteria for engines that are not ours."""
    export = command(
        inner, "export", "every criterion as HL7 CQL and as ELM, for other engines", "  linewise knowledge export --cql criteria"
    )
    export.add_argument("--cql", type=Path, required=True, metavar="DIR", help="where the library goes")
    export.set_defaults(run=_export)


def _export(options: argparse.Namespace) -> int:
    from linewise.cql.library import export
    from linewise.exchange import codes_of
    from linewise.knowledge import open_knowledge

    knowledge = open_knowledge()
    made = export(knowledge, codes_of(knowledge), options.cql)
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
    parser.add_argument(
        "--least", type=_number, default=11, metavar="N",
        help="smallest count of people that is shown (11); the others are rounded. 1 shows everything as it is, for your own eyes",
    )  # fmt: skip
    parser.add_argument("--memory", type=_size, metavar="SIZE", help="memory for reading, as 2GB")


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text[:12]) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is not a whole number from 1 on")
    return int(text)


def _size(text: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{0,5}(\.[0-9]+)?\s?[KMGT]i?B", text, re.IGNORECASE):
        raise argparse.ArgumentTypeError(f"`{text}` is not a size of memory; write it as 2GB or 800MB")
    return text


class _Cohort:
    """What every command begins with: knowledge, the people, the day."""

    def __init__(self, options: argparse.Namespace) -> None:
        _needs_extra()
        if options.out.exists() and not options.out.is_dir():
            raise LinewiseError(f"{options.out} is a file; name a folder with --out.")
        from linewise.bulk import ingest
        from linewise.bulk.run import memory_in_use, say
        from linewise.exchange import codes_of
        from linewise.knowledge import open_knowledge

        self.knowledge = open_knowledge()
        from linewise.bulk.database import copied, shown

        self.input, work = shown(options.input), options.work or options.out / "work"
        self.work: Path = work
        folder = Path(options.input)
        self.invented = _invented(folder)
        if "://" in options.input:  # not a path: that would fold the two strokes into one
            folder = copied(options.input, work, say)
        self.source: Source = ingest(folder, work, codes_of(self.knowledge), options.memory or memory_in_use())
        if not any(len(part) for part in self.source):
            inside = [str(folder / name) for name in ("fhir", "omop") if (folder / name).is_dir()]
            raise LinewiseError(
                f"{self.input}: no record of a person was found here. {f'Try {inside[0]}.' if inside else ''}".strip()
            )
        self.day: dt.date = options.as_of or self._last()

    def _last(self) -> dt.date:
        days = [part.patients["last_seen"].max() for part in self.source]
        known = [day for day in days if isinstance(day, dt.date)]
        return min(max(known, default=dt.date.today()), dt.date.today())

    def named(self) -> Iterator[tuple[str, Events]]:
        """The parts with their names."""
        return zip((path.name for path in self.source.parts()), self.source, strict=True)

    def kept(self, *asked: object) -> Kept:
        """What a run that was cut off has worked out for the same question."""
        from linewise.bulk.run import say
        from linewise.cohort.kept import Kept

        parts = self.source.parts()
        stamps = [(path / "patients.parquet").stat().st_mtime_ns for path in parts]
        return Kept.of(self.work, (self.input, self.day, *asked, *stamps), self.knowledge, say, len(parts))

    def finish(self, report: Report, out: Path, kept: Kept) -> int:
        """Write the report, with what was wrong with the input."""
        from linewise.bulk.run import say

        if self.invented:
            report.limits.insert(0, "These people are invented. No figure here says anything about real ones.")
        if self.source.faults:
            report.heading("What was wrong with the input")
            report.say(
                "Counted by kind; each is kept with its file and line in faults.ndjson among the event tables. The rest was answered."
            )
            import polars as pl

            rows = [{"kind": kind, "times": count} for kind, count in self.source.faults.items()]
            report.table("faults", pl.DataFrame(rows), ["times"], caption="Faults by kind")
        say("writing the report")
        report.write(out, say)
        kept.done()
        print(out / "report.html")
        return 0


def _invented(folder: Path) -> bool:
    """Whether `cohort synthesise` made these people: it says so beside them."""
    return any((place / "made.json").is_file() for place in (folder, *list(folder.resolve().parents)[:3]))


def _needs_extra() -> None:
    try:
        import duckdb  # noqa: F401
        import numpy  # noqa: F401
        import polars  # noqa: F401
    except ImportError as missing:
        raise LinewiseError(f"{missing.name} is not installed; cohorts need it: pip install 'linewise[cohort]'") from None


def _describe(options: argparse.Namespace) -> int:
    cohort = _Cohort(options)
    from linewise.cohort.reports import describe

    kept = cohort.kept("describe", options.region)
    report = describe(cohort.named(), cohort.knowledge, cohort.day, options.region, options.least, kept)
    return cohort.finish(report, options.out, kept)


def _plan(options: argparse.Namespace) -> int:
    cohort = _Cohort(options)
    if options.engine == "spark":
        from linewise.cohort.spark import options as spread

        spread(cohort.source, cohort.knowledge, cohort.day, options.region, options.out / "persons", options.master)
    from linewise.cohort.reports import options as planned

    kept = cohort.kept("plan", options.region, options.out.resolve())
    report = planned(
        cohort.named(),
        cohort.knowledge,
        cohort.day,
        options.region,
        options.out,
        options.least,
        written=options.engine == "spark",
        kept=kept,
    )
    return cohort.finish(report, options.out, kept)


def _impact(options: argparse.Namespace) -> int:
    _two_states(options)
    cohort = _Cohort(options)
    from linewise.cohort.changes import Side, impact

    if options.since:
        read_on = options.as_of or options.until
        before = Side(cohort.knowledge, options.since, options.since.isoformat())
        after = Side(cohort.knowledge, options.until, options.until.isoformat())
    else:
        read_on = cohort.day
        before, after = (
            Side(_release(name, cohort.work) or cohort.knowledge, cohort.day, Path(name).name if name else "the knowledge in use")
            for name in (options.from_knowledge, options.to_knowledge)
        )
    states = [text for side in (before, after) for text in (side.knowledge.content.digest, side.day)]
    kept = cohort.kept("impact", options.region, read_on, *states)
    report = impact(cohort.named(), before, after, read_on, options.region, options.least, kept)
    return cohort.finish(report, options.out, kept)


def _trials(options: argparse.Namespace) -> int:
    cohort = _Cohort(options)
    from linewise.cohort.trials import trials

    known = cohort.knowledge.content.studies
    if options.trial is not None and options.trial not in known:
        raise LinewiseError(f"--trial {options.trial}: no such trial is in the knowledge; it holds {', '.join(sorted(known))}.")
    kept = cohort.kept("trials", options.trial, options.people, options.out.resolve())
    report = trials(cohort.named(), cohort.knowledge, cohort.day, options.out, options.least, kept, options.trial, options.people)
    return cohort.finish(report, options.out, kept)


def _two_states(options: argparse.Namespace) -> None:
    """Refuse what does not name two states of the medicine, before anything long begins."""
    days, releases = (options.since, options.until), (options.from_knowledge, options.to_knowledge)
    if any(days) and any(releases):
        raise LinewiseError(
            "two days or two releases, not both: leave out --from and --to, or --from-knowledge and --to-knowledge."
        )
    if any(releases):
        return
    if not all(days):
        lacking = " and ".join(name for name, day in zip(("--from", "--to"), days, strict=True) if day is None)
        raise LinewiseError(
            f"{lacking} is missing: name two days, as --from 2024-01-01 --to 2026-11-01, or a release with --from-knowledge."
        )
    if options.since >= options.until:
        said = "is the same day as" if options.since == options.until else "is later than"
        raise LinewiseError(f"--from {options.since} {said} --to {options.until}; name the earlier day with --from.")


def _release(name: str | None, work: Path) -> Knowledge | None:
    """The knowledge of a folder, of the folder of a release, or of its archive (unpacked into the work folder)."""
    if name is None:
        return None
    from linewise.knowledge import Knowledge
    from linewise.knowledge.store import compiled

    path = Path(name)
    if path.is_file():
        path = _unpacked(path, work / "releases" / path.name)
    if not (path / "treatments").is_dir() and (path / "knowledge" / "treatments").is_dir():
        path = path / "knowledge"
    if not (path / "treatments").is_dir():
        raise LinewiseError(f"{name}: no knowledge is here; name a knowledge folder, or a release as folder, tar.gz or zip.")
    try:
        return Knowledge(compiled(path))
    except KnowledgeError as fault:
        first = fault.problems[0] if fault.problems else "unknown"
        raise LinewiseError(
            f"{name}: this knowledge cannot be read by this version of Linewise ({len(fault.problems)} faults; the first: {first})."
        ) from None


def _packed(archive: Path) -> Iterator[tuple[str, bytes]]:
    """The plain files of an archive, zip or tar, with their names."""
    import tarfile
    import zipfile

    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as packed:
            for name in packed.namelist():
                if not name.endswith("/"):
                    yield name, packed.read(name)
    else:
        with tarfile.open(archive) as packed_tar:
            for one in packed_tar:
                content = packed_tar.extractfile(one) if one.isfile() else None
                if content is not None:
                    yield one.name, content.read()


def _unpacked(archive: Path, target: Path) -> Path:
    """The folder of a release out of its archive. Only plain files under `knowledge/` are taken, and none that would lie outside of the folder."""
    import shutil
    import tarfile
    import zipfile

    shutil.rmtree(target, ignore_errors=True)
    try:
        for name, content in _packed(archive):
            path = (target / name).resolve()
            if "knowledge/" in name and path.is_relative_to(target.resolve()):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as fault:
        raise LinewiseError(f"{archive}: this is no archive that can be read ({fault}).") from None
    found = sorted(target.rglob("knowledge/treatments"))
    return found[0].parent if found else target


def _lines(options: argparse.Namespace) -> int:
    cohort = _Cohort(options)
    if options.observed_since and options.observed_since >= cohort.day:
        raise LinewiseError(f"--observed-since {options.observed_since} is not before {cohort.day}, the day that is asked about.")
    from linewise.cohort.journeys import lines

    parameters = parameters_of(options)
    kept = cohort.kept("lines", options.observed_since, parameters)
    report = lines(cohort.named(), cohort.knowledge, cohort.day, options.least, options.observed_since, kept, parameters)
    return cohort.finish(report, options.out, kept)


def _synthesise(options: argparse.Namespace) -> int:
    _needs_extra()
    from linewise.exchange import codes_of
    from linewise.invented.run import synthesise
    from linewise.knowledge import open_knowledge

    knowledge = open_knowledge()
    say = lambda text: print(f"linewise: {text}", file=sys.stderr)  # noqa: E731
    synthesise(options.people, options.seed, options.out, knowledge, codes_of(knowledge), options.form, options.gzip, say)
    print(options.out)
    return 0
