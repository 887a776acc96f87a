"""Bounds for what is opened: a file that goes beyond them ends with a clear word, in bounded time and memory."""

from __future__ import annotations

from linewise.errors import RecordError

MOST_BYTES = 60_000_000  # of one file
MOST_TEXT = 3_000_000  # characters of one document
MOST_LINES = 40_000
MOST_PAGES = 120
MOST_PICTURES = 20  # pages that are read by eye (OCR) in one go
MOST_PIXELS = 60_000_000
MOST_PARTS = 400  # files in an archive or folder
MOST_UNPACKED = 120_000_000
DEEPEST = 120  # levels of XML


def too_big(name: str, what: str) -> RecordError:
    return RecordError(name, f"it is too large to be read: {what}.", "Give the pages that hold the results.")


def check_bytes(name: str, data: bytes) -> None:
    if len(data) > MOST_BYTES:
        raise too_big(name, f"{len(data) // 1_000_000} MB, at most {MOST_BYTES // 1_000_000}")


def check_text(name: str, length: int, lines: int) -> None:
    if length > MOST_TEXT:
        raise too_big(name, f"{length:,} characters, at most {MOST_TEXT:,}")
    if lines > MOST_LINES:
        raise too_big(name, f"{lines:,} lines, at most {MOST_LINES:,}")
