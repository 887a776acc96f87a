"""The plain form of a sentence: lower case, one way of writing signs and numbers, and names of treatments as tags.

`Prior treatment with A or B for metastatic breast cancer` becomes `prior treatment with ⟨0⟩ for ⟨adv⟩`, where tag 0
stands for the treatments (A or B).
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from itertools import product

import msgspec

from .words import Words

NOTHING = "nothing-known"
"""In the words: a treatment to which no drug of the knowledge belongs."""
_LIST = re.compile(
    r"⟨(\d+)⟩(\s*(?:,\s*(?:and/or|and|or|nor)|,|/|and/or|and|or|nor|&)\s*(?:(?:an?|the|any|other|another|investigational|novel)\s+)*)⟨(\d+)⟩"
)
_BRACKET = re.compile(r"⟨(\d+)⟩ ?\((?:e\.?g\.?,? |i\.?e\.?,? |such as |including |either )?⟨(\d+)⟩(?:,? etc\.?)?\)")


class Named(msgspec.Struct):
    """Treatments that a text names together: any of them, or all (`and`).

    `outside`: some are of no drug that the knowledge has. `lines`: they are given against the cancer, so that a course with them is a line.
    """

    ones: tuple[str, ...]
    every: bool = False
    outside: bool = False
    lines: bool = True

    def template(self, criterion: str, counts: Mapping[str, str]) -> str:
        """A criterion with `{t}` or `{c}`, filled in. `counts`: what counts as a treatment where its lines are counted."""
        if not self.ones:
            return "no"
        if self.every and len(self.ones) > 1:
            return " and ".join(f"({_filled(criterion, (one,), counts)})" for one in self.ones)
        return _filled(criterion, self.ones, counts)


def _filled(criterion: str, ones: tuple[str, ...], counts: Mapping[str, str]) -> str:
    counted = tuple(dict.fromkeys((*ones, *(counts[one] for one in ones if one in counts))))
    return criterion.replace("{t}", _group(ones)).replace("{c}", _group(counted))


def _group(ones: tuple[str, ...]) -> str:
    text = " or ".join(ones)
    return f"({text})" if len(ones) > 1 or " with " in text else text


class Tagged(msgspec.Struct):
    """A sentence in plain form and its treatments."""

    text: str
    named: list[Named]


def plain(text: str, words: Words) -> str:
    """One way of writing: no escapes of Markdown or HTML, lower case, signs and numbers as digits."""
    text = html.unescape(html.unescape(text)).replace("\\", "")
    text = text.lower()
    for find, put in words.plain:
        text = find.sub(put, text)
    return re.sub(r"\s+", " ", text).strip()


def tagged(text: str, words: Words) -> Tagged:
    """A plain sentence with its treatments and settings as tags."""
    named: list[Named] = []
    for pattern, name in words.treatments:
        if pattern.search(text) is None:
            continue

        def put(_: re.Match[str], name: str = name) -> str:
            outside = name == NOTHING
            named.append(Named(() if outside else tuple(name.split(" | ")), outside=outside, lines=words.lines[name]))
            return f"⟨{len(named) - 1}⟩"

        text = pattern.sub(put, text)
    for pattern, name in words.settings:
        text = pattern.sub(f" ⟨{name}⟩ ", text)
    text = re.sub(r"\s+", " ", text).strip()
    return _joined(text, named, words)


def _joined(text: str, named: list[Named], words: Words) -> Tagged:
    """Lists, brackets and combinations of treatments made one tag each."""

    def bracket(found: re.Match[str]) -> str:
        return f"⟨{found.group(1)}⟩"

    def combine(found: re.Match[str]) -> str:
        first, second = named[int(found.group("a"))], named[int(found.group("b"))]
        ones = tuple(dict.fromkeys(f"{a} with {b}" for a, b in product(first.ones, second.ones)))
        named.append(Named(ones, outside=first.outside or second.outside, lines=first.lines and second.lines))
        return f"⟨{len(named) - 1}⟩"

    def lists(found: re.Match[str]) -> str:
        first, second = named[int(found.group(1))], named[int(found.group(3))]
        every = "and" in found.group(2) and "or" not in found.group(2)
        comma = found.group(2).strip().startswith(",") and not every and "or" not in found.group(2)
        made = Named(
            tuple(dict.fromkeys((*first.ones, *second.ones))),
            every=every or (first.every and comma) or (second.every and comma),
            outside=first.outside or second.outside,
            lines=first.lines and second.lines,
        )
        named.append(made)
        return f"⟨{len(named) - 1}⟩"

    def first_only(found: re.Match[str]) -> str:
        return f"⟨{found.group('a')}⟩"

    while True:
        before = text
        text = _BRACKET.sub(bracket, text)
        text = words.or_not.sub(first_only, text)
        text = words.combined.sub(combine, text, count=1)
        if text == before:
            text = _LIST.sub(lists, text, count=1)
        if text == before:
            return Tagged(text, named)
