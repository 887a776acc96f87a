"""The errors that a reader meets. Each says what is wrong, where, and what to do; none is shown with a traceback."""

from __future__ import annotations


class LinewiseError(Exception):
    """Any error meant for the person who reads it. `str(error)` is the whole message."""


class RecordError(LinewiseError):
    """A record that cannot be read at all: not JSON or YAML, truncated, not a person's record.

    `where` names the file and, where known, the place in it; `what` the fault; `todo` what helps.
    """

    def __init__(self, where: str, what: str, todo: str = "") -> None:
        self.where, self.what, self.todo = where, what, todo
        super().__init__(f"{where}: {what}" + (f" {todo}" if todo else ""))


class KnowledgeError(LinewiseError):
    """Knowledge that cannot be loaded: `problems` lists every fault with file and line."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class TooBigError(LinewiseError):
    """More was sent than was said, or than is taken."""


class UnknownRegion(LinewiseError):
    """A region that the knowledge does not have."""
