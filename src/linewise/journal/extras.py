"""Authored material that the journal and the app read besides the typed knowledge: `proctcae.yaml` and `guide.yaml`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from linewise.errors import KnowledgeError
from linewise.knowledge import folder


@lru_cache(maxsize=8)
def extra(name: str) -> dict[str, Any]:
    """A file of the knowledge folder, or the copy that the wheel carries."""
    root = folder()
    places = [root / name] if root is not None else []
    places.append(Path(__file__).with_name(name))
    for path in places:
        if path.is_file():
            found = yaml.safe_load(path.read_text(encoding="utf-8"))
            if isinstance(found, dict):
                return found
    raise KnowledgeError([f"{name} is not in the knowledge folder"])
