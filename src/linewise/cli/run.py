"""One run of the command: the parser, and every error as a sentence with an exit status."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import os
import sys
from pathlib import Path
from typing import NoReturn

from linewise import __version__
from linewise.errors import KnowledgeError, LinewiseError, UnknownRegion

COMMANDS = {
    "plan": ("plan", "why"),
    "read": ("read",),
    "trials": ("trials",),
    "sequence": ("sequence",),
    "outlook": ("outlook",),
    "knowledge": ("facts", "knowledge"),
    "serve": ("serve",),
    "learn": ("interactions", "side-effects", "calendar", "questions", "learn", "search"),
    "cohort": ("cohort",),
    "mdt": ("mdt",),
    "clinic": ("clinic",),
    "mcp": ("mcp",),
    "bench": ("bench",),
}
"""The modules of this room and the commands that each adds, in the order of the help. Only the module of the command that is asked for is loaded."""
EXIT_OK, EXIT_BAD_INPUT, EXIT_FAULT = 0, 2, 70
SHOW_FAULTS = "LINEWISE_SHOW_FAULTS"
"""The variable that shows a fault of the program with its traceback."""


class _Parser(argparse.ArgumentParser):
    """Errors that say what to do next."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_BAD_INPUT, f"linewise: {message}\nTry `{self.prog} --help`: it shows examples.\n")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status. Errors for the reader are printed, never a traceback."""
    parser = _parser(sys.argv[1:] if arguments is None else arguments)
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
        place = "--region: " if isinstance(error, UnknownRegion) and getattr(options, "region", None) else ""
        print(f"linewise: {place}{error}", file=sys.stderr)
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
    except Exception as fault:
        if os.environ.get(SHOW_FAULTS):
            raise
        print(f"linewise: {_fault(fault)}", file=sys.stderr)
        return EXIT_FAULT
    return EXIT_BAD_INPUT


def _fault(fault: Exception) -> str:
    """What is said of a fault that nobody foresaw: that it is ours, where it is, and what to do."""
    import traceback

    frames = [frame for frame in traceback.extract_tb(fault.__traceback__) if "linewise" in frame.filename]
    place = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return (
        f"something went wrong that should not ({type(fault).__name__}{place}). No whole answer was given. "
        f"It is a fault of the program: please report it with what you ran. {SHOW_FAULTS}=1 shows where it came from."
    )


def _drop_output() -> None:
    """What could not be written is not tried again when Python ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser(arguments: list[str]) -> argparse.ArgumentParser:
    """The parser of the command that these arguments begin with; of all commands where they begin with something else, such as `--help`."""
    parser = _Parser(
        prog="linewise",
        description="Which treatments of metastatic breast cancer fit one person, why, and what to ask next.",
        epilog="examples:\n"
        "  linewise plan examples/anna.json                     the plan of an example person\n"
        "  linewise plan record.yaml --region UK --as-of 2024-06-01\n"
        "  linewise why examples/anna.json OPTION               the full reason for one option\n"
        "  linewise facts                                       what can be recorded\n"
        "  linewise knowledge show ID                           everything about one drug, trial, fact …\n\n"
        "It informs and prepares a decision; it never takes one.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"linewise {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    asked = [module for module, names in COMMANDS.items() if arguments and arguments[0] in names]
    for module in asked or COMMANDS:
        importlib.import_module(f".{module}", __package__).add(commands)
    return parser
