"""Places in files, and the errors that point at them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import msgspec

from linewise.errors import LinewiseError


class Where(msgspec.Struct, frozen=True):
    """Where a criterion's text stands: its file, the line and column of its first character, and the text itself.

    `indent` is how many columns were cut from every further line, as a block of YAML does.
    With `text` given, problems found later can point at the word and not only at the sentence.
    """

    file: str = ""
    line: int = 1
    column: int = 1
    indent: int = 0
    text: str = ""

    def at(self, text: str, offset: int) -> tuple[int, int]:
        """The line and column, in the file, of an offset in the text."""
        before = text[:offset]
        lines = before.count("\n")
        column = offset - (before.rfind("\n") + 1)
        return self.line + lines, column + (self.indent + 1 if lines else self.column)


class CriterionError(LinewiseError):
    """A criterion that cannot be read: says what is wrong, where, and where it helps, what was probably meant."""

    def __init__(self, message: str, *, file: str, line: int, column: int, snippet: str, hint: str = "") -> None:
        self.message, self.file, self.line, self.column = message, file, line, column
        self.snippet, self.hint = snippet, hint
        place = f"{file}:{line}:{column}" if file else f"line {line}, column {column}"
        super().__init__("\n".join(part for part in (f"{place}: {message}", snippet, hint) if part))


class Problem(msgspec.Struct, frozen=True):
    """Something wrong with a criterion that could be read."""

    message: str
    file: str = ""
    line: int = 1
    column: int = 1
    clause: str = ""
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.file else f"line {self.line}, column {self.column}"
        about = f" (in `{self.clause}`)" if self.clause else ""
        return f"{place}: {self.message}{about}" + (f"; {self.hint}" if self.hint else "")


def snippet(text: str, offset: int) -> str:
    """The line of the text that holds the offset, with a caret under it."""
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    line = text[start : end if end >= 0 else len(text)]
    return f"    {line}\n    {' ' * (offset - start)}^"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean x?`, or nothing where no known name is near."""
    names = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return f"did you mean `{names[near[0]]}`?" if near else ""
