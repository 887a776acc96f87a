"""The trials of the knowledge: written by hand from registry entries, each criterion with the registry's own sentence."""

from __future__ import annotations

from linewise.knowledge import Knowledge

from .model import Entry


def known_entries(knowledge: Knowledge) -> list[Entry]:
    """The trials that the knowledge holds."""
    return []
