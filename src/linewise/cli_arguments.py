"""Kinds of arguments that several commands take: what is wrong with one is said in words."""

from __future__ import annotations

import argparse
import datetime as dt


def day(text: str) -> dt.date:
    """A day as 2024-06-01. Raises ArgumentTypeError, which the command prints."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{text}` is not a day; write it as 2024-06-01") from None
