"""`linewise mcp`: read-only tools for an assistant, on standard input and output."""

from __future__ import annotations

import argparse
from typing import Any

from .arguments import command
from .clinic import needed


def add(commands: Any) -> None:
    """Add `mcp`."""
    one = command(
        commands,
        "mcp",
        "read-only tools for an assistant (Model Context Protocol, on standard input and output)",
        "  linewise mcp                  name this command in the settings of your assistant",
    )
    one.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    try:
        from linewise.clinic.assistant import run
    except ModuleNotFoundError as missing:
        raise needed(missing) from None
    run()
    return 0
