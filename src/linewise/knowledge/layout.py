"""The settled layout of knowledge files: lines of at most 120 characters, no blanks at their end, one empty line between parts.

Comments, quotes and the order of members stay as their author wrote them. A long line is broken where YAML reads a line break as one blank; each file
is read before and after, and one whose content would change keeps the line that it had.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from linewise.errors import KnowledgeError

from .files import Fault, parse_yaml
from .model import Content

WIDTH = 120
_BLOCK = re.compile(r"^(?P<indent> *)(?:- )*(?:[^#'\"]*: +)?(?P<sign>[|>])[+-]?\d?\s*(?:#.*)?$")


def formatted(text: str, name: str = "") -> str:
    """A YAML file in the settled layout; its content is the same. Raises Fault where it is no YAML."""
    before = parse_yaml(text, name).value
    tidy = _tidy(text)
    lines = [(line, _broken(line, block)) for line, block in _with_blocks(tidy)]
    whole = _joined(part for _, parts in lines for part in parts)
    if _same(whole, before):
        return whole
    # One break was read in another way: keep the lines that cannot be broken, one after the other.
    kept = [[line] for line, _ in lines]
    for number, (_, parts) in enumerate(lines):
        if len(parts) > 1:
            own, kept[number] = kept[number], parts
            if not _same(_joined(part for one in kept for part in one), before):
                kept[number] = own
    return _joined(part for one in kept for part in one)


def files(root: Path) -> Iterator[Path]:
    """The YAML files of a knowledge folder."""
    yield from sorted(root.rglob("*.yaml"))


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(lines).rstrip("\n") + "\n"


def _same(text: str, before: object) -> bool:
    try:
        return bool(parse_yaml(text, "").value == before)
    except Fault:
        return False


def _tidy(text: str) -> list[str]:
    """The lines without blanks at their end, and never two empty ones together."""
    found: list[str] = []
    for line in text.expandtabs(4).splitlines() if "\t" in text else text.splitlines():
        if line.strip() or (found and found[-1]):
            found.append(line.rstrip())
    return found


def _with_blocks(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Each line, with the sign of the block of text that it is in: `|` kept as written, `>` folded, or nothing."""
    sign, depth = "", 0
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if sign and (not line or indent > depth):
            yield line, sign
            continue
        begun = _BLOCK.match(line)
        sign, depth = (begun["sign"], len(begun["indent"])) if begun else ("", 0)
        yield line, ""


def _broken(line: str, block: str) -> list[str]:
    """A line as lines that fit, where that can be done."""
    if (
        len(line) <= WIDTH or block == "|" or (block and "#" in line)
    ):  # in a criterion `#` begins a comment, which ends with its line
        return [line]
    indent = " " * (len(line) - len(line.lstrip()))
    if block == ">":
        return _wrapped(line[len(indent) :], indent, indent)
    if line.lstrip().startswith("#"):
        return _wrapped(line.lstrip()[1:].strip(), f"{indent}# ", f"{indent}# ")
    comment = _comment(line)
    above = _wrapped(line[comment:].lstrip("# "), f"{indent}# ", f"{indent}# ") if comment is not None else []
    rest = line if comment is None else line[:comment].rstrip()
    lead = re.match(r"(?:- )*", rest[len(indent) :])
    deeper = indent + " " * (len(lead[0]) if lead else 0) + "  "
    return [*above, *_wrapped(rest[len(indent) :], indent, deeper)]


def _wrapped(text: str, first: str, further: str) -> list[str]:
    """Words in lines that fit. A line ends at a blank that stands alone, after a comma where there is one in its last third."""
    found, lead = [], first
    while len(lead) + len(text) > WIDTH:
        room = WIDTH - len(lead)
        places = [
            at
            for at in range(1, room + 1)
            if text[at] == " " and text[at - 1] != " " and text[at + 1 : at + 2] not in ("", " ", "#")
        ]
        places = [at for at in places if text[at - 1] != ":" or "#" in lead]
        if not places:
            later = text.find(" ", room)
            if later < 0:
                break
            places = [later]
        commas = [at for at in places if text[at - 1] == "," and at > room * 2 // 3]
        at = commas[-1] if commas else places[-1]
        found.append(lead + text[:at])
        text, lead = text[at + 1 :], further
    return [*found, lead + text]


def _comment(line: str) -> int | None:
    """Where the comment at the end of a line begins; a `#` inside quotes begins none."""
    quote = ""
    for at, sign in enumerate(line):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"" and (at == 0 or line[at - 1] in " [{(,"):
            quote = sign
        elif sign == "#" and at and line[at - 1] == " ":
            return at
    return None


def unsettled(root: Path) -> dict[Path, str]:
    """The files of a folder that are not in the settled layout, each with the text that it should have. A file that is no YAML is left out."""
    found = {}
    for path in files(root):
        text = path.read_text(encoding="utf-8")
        with suppress(Fault):  # the check names it
            settled = formatted(text, path.name)
            if settled != text:
                found[path] = settled
    return found


def settle(root: Path) -> list[Path]:
    """Write every file of a folder in the settled layout; the knowledge is loaded before and after.

    Raises KnowledgeError where its content would not be the same, and then nothing has changed.
    """
    from .load import load_folder

    changed = unsettled(root)
    if not changed:
        return []
    before, old = load_folder(root), {path: path.read_text(encoding="utf-8") for path in changed}
    for path, text in changed.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    after = load_folder(root)
    if _content(after.content) != _content(before.content) or len(after.problems) != len(before.problems):
        for path, text in old.items():
            path.write_text(text, encoding="utf-8", newline="\n")
        raise KnowledgeError(
            [f"{root}: another layout would change what the files say, so nothing was written; please report it"]
        )
    return list(changed)


def _content(content: Content) -> Content:
    """What the files say, without where they say it."""
    return msgspec.structs.replace(content, places={}, digest="")
