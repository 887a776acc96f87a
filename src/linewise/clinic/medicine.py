"""Whether this medicine may answer: the one that was released, unaltered, and not too old. Without that there is no answer."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from linewise.errors import LinewiseError
from linewise.knowledge import Knowledge
from linewise.knowledge.state import digest
from linewise.knowledge.store import folder
from linewise.logic.recent import later

from .settings import Settings


def check_files(knowledge: Knowledge) -> None:
    """At the start: the compiled medicine says what its files say. Raises LinewiseError where it was altered.

    An installed package has no files beside its artefact; there the hash over the artefact was checked when it was read.
    """
    place = folder()
    root = Path(knowledge.folder) if knowledge.folder else place
    if root is not None and root.is_dir() and digest(root) != knowledge.content.digest:
        raise LinewiseError("the medicine was altered: its files are not those that it was made of. Install Linewise again.")


def cannot_assess(knowledge: Knowledge, settings: Settings, day: dt.date) -> str | None:
    """Why nothing may be answered with this medicine on this day; None where it may."""
    content = knowledge.content
    if settings.medicine_digest and not content.digest.startswith(settings.medicine_digest):
        return "the medicine is not the one that the settings name."
    if content.version_on is None:
        return "the medicine does not say of which day it is."
    if day >= later(content.version_on.last, settings.medicine_months):
        return f"the medicine is of {content.version_on.text} and has expired; install a newer Linewise."
    return None
