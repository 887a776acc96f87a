"""Linewise: which treatments of metastatic breast cancer fit one person, why, and what to ask next.

    import datetime as dt

    import linewise

    knowledge, day = linewise.open_knowledge(), dt.date.today()
    for record in linewise.read("me.yaml", knowledge):
        found = linewise.plan(record, knowledge, day, region="EU")
        for option in found.offered:
            print(option.title, option.reason)

`open_knowledge`, `read` and `plan` are the public interface, with the types that they give and the errors that they raise.
Everything else may change between two releases. It informs and prepares a decision; it never takes one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from linewise.errors import KnowledgeError, LinewiseError, RecordError

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from linewise.knowledge import Knowledge
    from linewise.knowledge.model import Region
    from linewise.plan import Plan
    from linewise.record import Record

    def plan(record: Record, knowledge: Knowledge, day: dt.date, region: Region | None = None) -> Plan:
        """The plan for one record as of a day, in a region (the record's own without it, else the best of all)."""


__all__ = ["KnowledgeError", "LinewiseError", "RecordError", "__version__", "open_knowledge", "plan", "read"]
__version__ = "0.1.0"


def open_knowledge(folder: str | Path | None = None) -> Knowledge:
    """The medicine: of the folder, or without one of this installation.

    Raises KnowledgeError where the folder cannot be used; its `problems` lists every fault with file and line.
    """
    from linewise.knowledge import store

    return store.open_knowledge() if folder is None else store.opened(folder)


def read(source: str | Path | bytes, knowledge: Knowledge) -> list[Record]:
    """The records of a file, of standard input (`-`), or of bytes: a profile, a FHIR bundle, or FHIR resources line by line.

    What was understood in part is listed in each record's `unread`. Raises RecordError where nothing can be read.
    """
    from linewise import exchange

    codes = exchange.codes_of(knowledge)
    return exchange.read_bytes(source, "the record", codes) if isinstance(source, bytes) else exchange.read(source, codes)


def __getattr__(name: str) -> Any:
    if name == "plan":  # the room itself, which can be called; loaded when it is asked for
        import importlib

        return importlib.import_module("linewise.plan")
    raise AttributeError(f"module `linewise` has no attribute `{name}`")
