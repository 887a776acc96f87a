"""Authored material that the journal and the app read besides the typed knowledge: `proctcae.yaml` and `guide.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from linewise.errors import KnowledgeError
from linewise.knowledge import open_knowledge


def extra(name: str) -> dict[str, Any]:
    """A plain file of the knowledge, by its name."""
    found = open_knowledge().content.extras.get(Path(name).stem)
    if found is None:
        raise KnowledgeError([f"{name} is not in the knowledge"])
    return found
