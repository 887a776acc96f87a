"""Documents inside documents: base64 of a PDF, a page of HTML, plain text."""

from __future__ import annotations

import base64
import binascii

from linewise.errors import RecordError

from .form import Tools
from .sheet import Sheet


def open_attached(text: str, kind: str, packed: bool, name: str, tools: Tools, notes: list[str]) -> list[Sheet]:
    """The sheets of an attachment; what cannot be read is noted, not raised."""
    try:
        data = base64.b64decode("".join(text.split()), validate=False) if packed else text.encode()
    except (binascii.Error, ValueError):
        notes.append("an attached document could not be unpacked")
        return []
    if not data.strip():
        return []
    try:
        return tools.open(data, f"{name}, attached document")
    except RecordError as fault:
        notes.append(str(fault))
        return []
