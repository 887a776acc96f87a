"""Answers as JSON on standard output: one object a line, or indented for people who read it."""

from __future__ import annotations

import sys
from typing import Any


def write_json(value: Any, indented: bool = False) -> None:
    """Write one value as JSON, with a line end."""
    import msgspec

    data = msgspec.json.encode(value)
    sys.stdout.buffer.write((msgspec.json.format(data, indent=1) if indented else data) + b"\n")
    sys.stdout.buffer.flush()
