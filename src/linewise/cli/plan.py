"""`linewise plan` and `linewise why`: the options for a record, and the full reason for one of them."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewise.errors import LinewiseError, RecordError

from .arguments import command, day_and_region, jobs
from .plan_papers import is_paper, plan_of_papers

if TYPE_CHECKING:
    from linewise.knowledge import Knowledge
    from linewise.knowledge.model import Region
    from linewise.plan import Plan
    from linewise.record import Record


def add(commands: Any) -> None:
    """Add `plan` and `why`."""
    plan = command(
        commands,
        "plan",
        "the options for a record, with reasons, tests to ask for, cautions and sources",
        "  linewise plan examples/anna.json\n  linewise plan me.yaml --format html > plan.html\n"
        "  linewise plan cohort.ndjson --lines --format json --jobs 4\n  cat bundle.json | linewise plan - --region EU",
    )
    plan.add_argument(
        "records",
        nargs="+",
        metavar="RECORD",
        help="a profile (YAML, JSON), a FHIR R4 bundle, or - for standard input; or papers, to be confirmed",
    )
    day_and_region(plan)
    plan.add_argument("--format", choices=["text", "json", "html"], default="text")
    plan.add_argument("--lines", action="store_true", help="one record on every line (NDJSON), answered while the file is read")
    plan.add_argument("--jobs", type=jobs, default=1, metavar="N", help="with --lines: how many processes share the work")
    plan.add_argument(
        "--all", action="store_true", help="list the options that do not fit, too; as JSON, give their whole reasons"
    )
    plan.add_argument(
        "--confirmed", metavar="PROFILE", help="of papers (PDF, scan, Word, text): the profile that a person has confirmed"
    )
    plan.set_defaults(run=_plan)

    why = command(
        commands,
        "why",
        "the full reason for one option, and what would have to be different",
        "  linewise why examples/anna.json OPTION\n  linewise why examples/anna.json DRUG --region UK",
    )
    why.add_argument("record", metavar="RECORD")
    why.add_argument("option", metavar="OPTION", help="the id of an option, or of a drug that is in it")
    day_and_region(why)
    why.add_argument("--format", choices=["text", "json"], default="text")
    why.set_defaults(run=_why)


def _plan(options: argparse.Namespace) -> int:
    from linewise.knowledge import open_knowledge

    if options.jobs > 1 and (not options.lines or options.format == "html"):
        raise LinewiseError("--jobs shares the lines of --lines, as text or JSON; leave it out here.")
    knowledge = open_knowledge()
    if options.lines and options.format != "html":
        return _said(_lines(options, knowledge))
    if options.format == "json":
        failed = _print_json(_answers(options, knowledge), several=len(options.records) > 1, whole=options.all)
        return _said(failed)
    answers = list(_answers(options, knowledge))
    failed = [answer for answer in answers if isinstance(answer, RecordError)]
    if failed and len(answers) == 1 and not options.lines:
        raise failed[0]
    if options.format == "html":
        from linewise.web.plan_page import plan_html

        print(plan_html([answer for answer in answers if not isinstance(answer, RecordError)], knowledge))
    else:
        from .terminal import plan_page

        pages = [plan_page(answer, everything=options.all) for answer in answers if not isinstance(answer, RecordError)]
        print("\n\n".join(pages), end="")
    return _said(failed)


def _lines(options: argparse.Namespace, knowledge: Knowledge) -> list[RecordError]:
    from .plan_lines import Asked, answer_lines
    from .terminal import Page

    page, day = Page(), options.as_of or dt.date.today()
    asked = Asked(day, knowledge.region(options.region), options.all, options.format == "json", page.width, page.colour)
    return answer_lines(options.records, asked, options.jobs)


def _said(failed: list[RecordError]) -> int:
    """The faults on standard error, and the exit status that goes with them."""
    for failure in failed:
        print(f"linewise: {failure}", file=sys.stderr)
    return 2 if failed else 0


def _answers(options: argparse.Namespace, knowledge: Knowledge) -> Iterator[Plan | RecordError]:
    """A plan, or the error, for every record in order."""
    from linewise.exchange import load, read_bytes, read_lines
    from linewise.plan import make_plan

    codes, day = _codes(knowledge), options.as_of or dt.date.today()
    region: Region | None = options.region

    def plans(records: list[Record]) -> list[Plan]:
        return [make_plan(record, knowledge, day, region) for record in records]

    papers = [name for name in options.records if is_paper(name)]
    if papers:
        try:
            yield plan_of_papers(options, papers, knowledge)
        except RecordError as error:
            yield error
    for name in options.records:
        if name in papers:
            continue
        try:
            data = load(name)
            if not options.lines:
                yield from plans(read_bytes(data, _name(name), codes))
                continue
        except RecordError as error:
            yield error
            continue
        for result in read_lines(data, _name(name), codes):
            if isinstance(result, RecordError):
                yield result
            else:
                yield from plans(result)


def _print_json(answers: Iterable[Plan | RecordError], several: bool, whole: bool) -> list[RecordError]:
    """One object a line, each written before the next is made; returns what failed. A failure alone has no object."""
    import msgspec

    from linewise.trials.ask import to_ask

    failed = []
    for answer in answers:
        if isinstance(answer, RecordError):
            failed.append(answer)
            if not several:
                continue
            data = msgspec.json.encode({"error": {"where": answer.where, "what": answer.what, "todo": answer.todo}})
        else:
            data = answer.json(whole, to_ask(answer))
        sys.stdout.buffer.write(data + b"\n")
    sys.stdout.buffer.flush()
    return failed


def _why(options: argparse.Namespace) -> int:
    from linewise.exchange import load, read_bytes
    from linewise.knowledge import open_knowledge
    from linewise.plan import make_plan
    from linewise.plan.why import explain_option

    knowledge = open_knowledge()
    records = read_bytes(load(options.record), _name(options.record), _codes(knowledge))
    day = options.as_of or dt.date.today()
    for record in records:
        plan = make_plan(record, knowledge, day, options.region)
        found = explain_option(plan, options.option)
        if options.format == "json":
            import msgspec

            for option, _ in found:
                sys.stdout.buffer.write(msgspec.json.encode(option) + b"\n")
        else:
            from .terminal import why_page

            print("\n\n".join(why_page(option, plan, changes) for option, changes in found), end="")
    return 0


def _codes(knowledge: Knowledge) -> Any:
    from linewise.exchange import codes_of

    return codes_of(knowledge)


def _name(path: str) -> str:
    return "standard input" if path == "-" else str(Path(path))
