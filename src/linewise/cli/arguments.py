"""What several commands share: how a command is added, and kinds of arguments, each with words for what is wrong."""

from __future__ import annotations

import argparse
import datetime as dt
from typing import Any


def day(text: str) -> dt.date:
    """A day as 2024-06-01. Raises ArgumentTypeError, which the command prints."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{text}` is not a day; write it as 2024-06-01") from None


def jobs(text: str) -> int:
    """How many processes share the work. Raises ArgumentTypeError, which the command prints."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError(f"`{text}` is not a number of processes; write one from 1 to 256")
    return int(text)


def command(commands: Any, name: str, summary: str, examples: str) -> argparse.ArgumentParser:
    """A command with its summary and examples; `commands` is what `add_subparsers` gave."""
    found: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return found


def day_and_region(parser: argparse.ArgumentParser) -> None:
    """Add `--as-of` and `--region`."""
    parser.add_argument("--as-of", type=day, default=None, metavar="DAY", help="as of which day, as 2024-06-01; today without it")
    parser.add_argument(
        "--region",
        metavar="REGION",
        help="as US; without it the record's own, else the best of all",
    )
