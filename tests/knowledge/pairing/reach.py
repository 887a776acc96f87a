"""Which members of a profile a clause asks about."""

from __future__ import annotations

from linewise.logic import Node, subjects
from linewise.logic.nodes import DaysOf, GradeOf

from .bench import Bench

_HISTORY = {("adjuvant",), ("disease_free_interval_months",), ("metastatic_lines",), ("medications",), ("reactions",)}


def allowed(bench: Bench, node: Node) -> set[tuple[str, ...]]:
    """The members that may differ between two records that differ in this clause alone, through every derived fact."""
    found: set[tuple[str, ...]] = set()
    waiting, done = [node], set[str]()
    while waiting:
        for about in subjects(waiting.pop()):
            if isinstance(about, GradeOf | DaysOf):
                found.add(("symptoms",))
            elif not isinstance(about, str) or about == "line":
                found |= _HISTORY
            elif about in bench.vocabulary.derived:
                if about not in done:
                    done.add(about)
                    waiting += bench.vocabulary.derived[about].nodes
            else:
                found.add(bench.place(about))
    return found
