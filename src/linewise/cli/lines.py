"""The parameters of the grouping into lines, as options of a command."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linewise.record.parameters import Parameters

# What is usual stands here in words, so that the command starts without the record room; a test holds it to `STANDARD`.
OPTIONS = {
    "window": "agents begun within so many days of the first are one regimen (28)",
    "maintenance": "maintenance begins within so many days of what it follows (90)",
    "grace": "so many days after a supply has run out, the next is still awaited (30)",
    "gap": "a pause of more days begins a new line; without it no pause does",
}


def add_parameters(parser: Any) -> None:
    """Add an option for each parameter."""
    group = parser.add_argument_group("grouping into lines (docs/lines-of-therapy.md)")
    for name, text in OPTIONS.items():
        group.add_argument(f"--{name}", type=_days, metavar="DAYS", help=text)
    group.add_argument(
        "--no-stockpile", action="store_true",
        help="what is left of a supply is thrown away, as in OMOP's drug eras, not added to the next",
    )  # fmt: skip


def parameters_of(options: argparse.Namespace) -> Parameters:
    """The parameters that were asked for."""
    from linewise.record.parameters import Parameters

    asked = {name: value for name in OPTIONS if (value := getattr(options, name)) is not None}
    return Parameters(**asked, stockpile=not options.no_stockpile)


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 5:
        raise argparse.ArgumentTypeError(f"`{text}` is not a number of days")
    return int(text)
