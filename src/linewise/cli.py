"""The command line: thin, teaching by example. It calls the rooms and holds no medicine and no logic."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import io
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from linewise import __version__
from linewise.cli_arguments import day as _day
from linewise.errors import KnowledgeError, LinewiseError, RecordError

if TYPE_CHECKING:
    from linewise.knowledge import Knowledge
    from linewise.knowledge.model import Region
    from linewise.plan import Plan
    from linewise.record import Record

EXIT_OK, EXIT_BAD_INPUT = 0, 2


class _Parser(argparse.ArgumentParser):
    """Errors that say what to do next."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_BAD_INPUT, f"linewise: {message}\nTry `{self.prog} --help`: it shows examples.\n")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status. Errors for the reader are printed, never a traceback."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not hasattr(options, "run"):
        parser.print_help()
        return EXIT_OK
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console that lacks a letter shows a sign in its place
            stream.reconfigure(errors="replace")
    try:
        status = int(options.run(options))
        sys.stdout.flush()
        return status
    except KnowledgeError as error:
        print("linewise: the knowledge cannot be used:", *error.problems, sep="\n  ", file=sys.stderr)
    except LinewiseError as error:
        print(f"linewise: {error}", file=sys.stderr)
    except BrokenPipeError:
        sys.stderr.close()  # the reader closed the page; nothing is wrong
        return EXIT_OK
    except OSError as fault:
        place = f" ({fault.filename})" if fault.filename else ""
        print(f"linewise: the answer could not be read or written: {fault.strerror or fault}{place}.", file=sys.stderr)
        _drop_output()
    except KeyboardInterrupt:
        print("\nlinewise: stopped.", file=sys.stderr)
        return 130
    return EXIT_BAD_INPUT


def _drop_output() -> None:
    """What could not be written is not tried again when Python ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="linewise",
        description="Which treatments of metastatic breast cancer fit one person, why, and what to ask next.",
        epilog="examples:\n"
        "  linewise plan examples/anna.json                     the plan of an example person\n"
        "  linewise plan record.yaml --region UK --as-of 2024-06-01\n"
        "  linewise why examples/anna.json elacestrant          the full reason for one option\n"
        "  linewise facts                                       what can be recorded\n"
        "  linewise knowledge show capivasertib                 everything about one drug, trial, fact …\n\n"
        "It informs and prepares a decision; it never takes one.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"linewise {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    plan = _command(
        commands,
        "plan",
        "the options for a record, with reasons, tests to ask for, cautions and sources",
        "  linewise plan examples/anna.json\n  linewise plan me.yaml --format html > plan.html\n"
        "  linewise plan cohort.ndjson --lines --format json\n  cat bundle.json | linewise plan - --region EU",
    )
    plan.add_argument(
        "records", nargs="+", metavar="RECORD", help="a profile (YAML, JSON), a FHIR R4 bundle, or - for standard input"
    )
    _day_and_region(plan)
    plan.add_argument("--format", choices=["text", "json", "html"], default="text")
    plan.add_argument("--lines", action="store_true", help="one record on every line (NDJSON), one plan a line")
    plan.add_argument("--all", action="store_true", help="list the options that do not fit, too")
    plan.set_defaults(run=_plan)

    why = _command(
        commands,
        "why",
        "the full reason for one option, and what would have to be different",
        "  linewise why examples/anna.json elacestrant\n  linewise why examples/anna.json olaparib --region UK",
    )
    why.add_argument("record", metavar="RECORD")
    why.add_argument("option", metavar="OPTION", help="the id of an option, or of a drug that is in it")
    _day_and_region(why)
    why.add_argument("--format", choices=["text", "json"], default="text")
    why.set_defaults(run=_why)

    facts = _command(commands, "facts", "what can be recorded", "  linewise facts\n  linewise facts her2")
    facts.add_argument("words", nargs="*", metavar="WORD", help="only facts whose name or label contains it")
    facts.add_argument("--format", choices=["text", "json"], default="text")
    facts.set_defaults(run=_facts)

    from linewise import cli_cohort, cli_knowledge, cli_learn, cli_serve

    cli_knowledge.add(commands, _command)
    cli_serve.add(commands, _command)
    cli_learn.add(commands, _command, _day_and_region)
    cli_cohort.add(commands, _command)
    return parser


def _command(commands: Any, name: str, summary: str, examples: str) -> argparse.ArgumentParser:
    found: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return found


def _day_and_region(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--as-of", type=_day, default=None, metavar="DAY", help="as of which day, as 2024-06-01; today without it"
    )
    parser.add_argument("--region", choices=["US", "EU", "UK", "DE"], help="without it the record's own, else the best of all")


# Commands


def _plan(options: argparse.Namespace) -> int:
    from linewise.knowledge import open_knowledge

    knowledge = open_knowledge()
    if options.format == "json":
        failed = _print_json(_answers(options, knowledge), several=options.lines or len(options.records) > 1)
        return _said(failed)
    answers = list(_answers(options, knowledge))
    failed = [answer for answer in answers if isinstance(answer, RecordError)]
    if failed and len(answers) == 1 and not options.lines:
        raise failed[0]
    if options.format == "html":
        from linewise.web.plan_page import plan_html

        print(plan_html([answer for answer in answers if not isinstance(answer, RecordError)], knowledge))
    else:
        from linewise.terminal import plan_page

        pages = [plan_page(answer, everything=options.all) for answer in answers if not isinstance(answer, RecordError)]
        print("\n\n".join(pages), end="")
    return _said(failed)


def _said(failed: list[RecordError]) -> int:
    """The faults on standard error, and the exit status that goes with them."""
    for failure in failed:
        print(f"linewise: {failure}", file=sys.stderr)
    return EXIT_BAD_INPUT if failed else EXIT_OK


def _answers(options: argparse.Namespace, knowledge: Knowledge) -> Iterator[Plan | RecordError]:
    """A plan, or the error, for every record in order."""
    from linewise.exchange import load, read_bytes, read_lines
    from linewise.plan import make_plan

    codes, day = _codes(knowledge), options.as_of or dt.date.today()
    region: Region | None = options.region

    def plans(records: list[Record]) -> list[Plan]:
        return [make_plan(record, knowledge, day, region) for record in records]

    for name in options.records:
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


def _print_json(answers: Iterable[Plan | RecordError], several: bool) -> list[RecordError]:
    """One object a line, each written before the next is made; returns what failed. A failure alone has no object."""
    import msgspec

    failed = []
    for answer in answers:
        if isinstance(answer, RecordError):
            failed.append(answer)
            if not several:
                continue
            data = msgspec.json.encode({"error": {"where": answer.where, "what": answer.what, "todo": answer.todo}})
        else:
            data = answer.json()
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
            from linewise.terminal import why_page

            print("\n\n".join(why_page(option, plan, changes) for option, changes in found), end="")
    return EXIT_OK


def _facts(options: argparse.Namespace) -> int:
    from linewise.cli_knowledge import facts

    return facts(options.words, options.format)


def _codes(knowledge: Knowledge) -> Any:
    from linewise.exchange import codes_of

    return codes_of(knowledge)


def _name(path: str) -> str:
    return "standard input" if path == "-" else str(Path(path))


if __name__ == "__main__":
    sys.exit(main())
